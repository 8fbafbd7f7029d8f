"""The workflows: every action pinned, no permission but the needed, every shell line a target of the Makefile, the preview before `up`."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.naming import Names
from local import stackfile

ROOT = Path(__file__).resolve().parents[1]
FILES = sorted((ROOT / ".github/workflows").glob("*.yml"))
STACKS = set(stackfile.stacks(ROOT))
PROMOTED = ["dev", "staging", "prod"]
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))


PERMISSIONS = {
    "drift": {"stacks": {"contents": "read"}},
    "deploy": {"stacks": {"contents": "read"}},
    "preview": {"check": {"contents": "read"}, "report": {"contents": "read"}, "real-provider": {"contents": "read"}},
    "image": {
        "push": {"contents": "read", "id-token": "write"},
        "propose": {"contents": "write", "pull-requests": "write"},
    },
}
"""What a job may do, where it isn't to read the code and to ask AWS for a role."""


def jobs(path: Path) -> dict[str, Any]:
    return yaml.safe_load(path.read_text(encoding="utf-8"))["jobs"]


def workflow(name: str) -> Path:
    return ROOT / f".github/workflows/{name}.yml"


def steps(path: Path) -> list[dict[str, Any]]:
    return [step for job in jobs(path).values() for step in job.get("steps", [])]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
class TestEveryWorkflow:
    def test_pins_its_actions_by_commit_and_names_the_version(self, path: Path) -> None:
        used = re.findall(r"uses: (.+)", path.read_text(encoding="utf-8"))
        loose = [one for one in used if not one.startswith("./") and not re.fullmatch(r"[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", one)]
        assert loose == [], "pin the action by its commit and write its version behind it: `owner/name@<40 hex digits> # v1.2.3`"

    def test_runs_nothing_but_targets_of_the_makefile(self, path: Path) -> None:
        lines = [line for step in steps(path) for line in step.get("run", "").splitlines()]
        assert [
            line for line in lines if not (match := re.match(r"make ([a-z-]+)( [A-Z]+=\"\$[A-Z_]+\")*$", line)) or match[1] not in TARGETS
        ] == []

    def test_gives_no_permission_by_default_and_each_job_only_what_it_uses(self, path: Path) -> None:
        assert yaml.safe_load(path.read_text(encoding="utf-8"))["permissions"] == {}
        for name, job in jobs(path).items():
            allowed = PERMISSIONS.get(path.stem, {}).get(name, {"contents": "read", "id-token": "write"})
            assert job["permissions"] == allowed, name

    def test_leaves_no_token_in_the_checkout(self, path: Path) -> None:
        checkouts = [step for step in steps(path) if step.get("uses", "").startswith("actions/checkout@")]
        assert [step for step in checkouts if step["with"]["persist-credentials"] is not False] == []


def test_the_preview_of_a_pull_request_has_no_credentials() -> None:
    text = workflow("preview").read_text(encoding="utf-8")
    assert "pull_request_target" not in text
    assert "secrets" not in text
    assert "id-token" not in text


def test_the_pack_judges_a_preview_before_anything_is_deployed() -> None:
    listed = steps(workflow("deploy-stack"))
    commands = [step["with"]["command"] for step in listed if "command" in step.get("with", {})]
    assert commands == ["preview", "up"]
    assert next(step["run"] for step in listed if "run" in step) == "make pack-config"
    for step in listed:
        if "command" in step.get("with", {}):
            assert step["with"]["policyPacks"] == "policy"
            assert "if" not in step
            assert not step.get("continue-on-error")


def test_prod_comes_after_staging_and_staging_after_dev_and_every_other_stack_last() -> None:
    order = jobs(workflow("deploy"))
    assert {name: job.get("needs") for name, job in order.items()} == {
        "stacks": None,
        "dev": None,
        "staging": "dev",
        "prod": "staging",
        "others": ["stacks", "prod"],
    }
    assert [order[name]["with"]["stack"] for name in PROMOTED] == PROMOTED


@pytest.mark.slow
def test_every_stack_that_has_a_file_is_deployed_and_looked_at_for_drift(tmp_path: Path) -> None:
    (tmp_path / "Makefile").symlink_to(ROOT / "Makefile")
    for stack in (*PROMOTED, "canary", "sandbox"):
        (tmp_path / f"Pulumi.{stack}.yaml").touch()
    listed = subprocess.run(["make", "-s", "stacks"], cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    told = {name: json.loads(value) for name, _, value in (line.partition("=") for line in listed.splitlines())}
    assert sorted(told["all"]) == sorted((*PROMOTED, "canary", "sandbox"))
    assert sorted(told["others"]) == ["canary", "sandbox"]
    for name, job, output in (("deploy", "others", "others"), ("drift", "drift", "all")):
        asked = jobs(workflow(name))
        assert asked[job]["strategy"]["matrix"]["stack"] == f"${{{{ fromJSON(needs.stacks.outputs.{output}) }}}}"
        assert asked["stacks"]["outputs"][output] == f"${{{{ steps.list.outputs.{output} }}}}"
        assert asked["stacks"]["steps"][-1]["id"] == "list"
        assert asked["stacks"]["steps"][-1]["run"] == 'make stacks OUTPUT="$GITHUB_OUTPUT"'
    assert set(PROMOTED) <= STACKS


@pytest.mark.slow
def test_an_image_is_built_for_a_stack_that_has_a_file_only() -> None:
    first, second = [step["run"] for step in jobs(workflow("image"))["push"]["steps"] if "run" in step][:2]
    assert (first, second) == ('make known-stack STACK="$STACK"', "make image")
    for stack, status in (("prod", 0), ("prodd", 2), ("", 2)):
        asked = subprocess.run(["make", "-s", "known-stack", f"STACK={stack}"], cwd=ROOT, capture_output=True, text=True, check=False)
        assert asked.returncode == status, stack
        assert status == 0 or f"there is no Pulumi.{stack}.yaml" in asked.stderr


def test_a_stack_has_one_run_at_a_time_and_none_is_cut_off() -> None:
    up = jobs(workflow("deploy-stack"))["up"]
    assert up["concurrency"] == {"group": "stack-${{ inputs.stack }}", "cancel-in-progress": False}
    assert up["environment"] == "${{ inputs.stack }}"


def test_a_deployment_looks_at_what_really_runs() -> None:
    """After a rollback the state still names the revision that failed: a second run would find nothing to do, and end well."""
    asked = [step["with"] for step in jobs(workflow("deploy-stack"))["up"]["steps"] if "command" in step.get("with", {})]
    assert {one["command"]: one.get("refresh") for one in asked} == {"preview": True, "up": True}


@pytest.mark.parametrize("stack", sorted(STACKS))
def test_an_image_goes_to_the_repository_of_its_stack_and_is_proposed_for_that_one(stack: str) -> None:
    names = Names(stack=stack, region="us-east-1", account="123456789012")
    image = jobs(workflow("image"))
    chosen = "${{ inputs.stack || 'dev' }}"
    to = next(step["env"]["TO"] for step in image["push"]["steps"] if "TO" in step.get("env", {}))
    registry, _, rest = to.replace(chosen, stack).partition("/")
    assert registry == "${{ steps.registry.outputs.registry }}"
    assert rest.partition(":")[0] == names.repository
    assert image["push"]["environment"] == f"{chosen}-image"
    proposed = next(step["with"] for step in image["propose"]["steps"] if "add-paths" in step.get("with", {}))
    assert proposed["add-paths"].replace(chosen, stack) == f"Pulumi.{stack}.yaml"


@pytest.mark.slow
def test_a_pushed_image_hands_on_its_digest_and_one_that_is_refused_does_not(tmp_path: Path) -> None:
    docker = tmp_path / "docker"
    docker.write_text('#!/bin/sh\necho "$@" >> "$0.calls"\ncase $1 in push) exit "$REFUSED";; image) echo digest=sha256:1;; esac\n')
    docker.chmod(0o755)
    command = ["make", "-s", "-C", str(ROOT), "push-image", "TO=registry/evolution-engine-dev:1", f"OUTPUT={tmp_path / 'output'}"]
    surroundings = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    assert subprocess.run(command, env={**surroundings, "REFUSED": "1"}, capture_output=True, check=False).returncode != 0
    assert not (tmp_path / "output").exists()
    subprocess.run(command, env={**surroundings, "REFUSED": "0"}, capture_output=True, check=True)
    assert (tmp_path / "output").read_text(encoding="utf-8") == "digest=sha256:1\n"
    calls = Path(f"{docker}.calls").read_text(encoding="utf-8").splitlines()
    assert calls[:2] == ["tag evolution-engine:local registry/evolution-engine-dev:1", "push registry/evolution-engine-dev:1"]
