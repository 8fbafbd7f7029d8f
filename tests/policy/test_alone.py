"""The pack by itself, as it is published: its folder and its own requirements, over a program that no one here wrote."""

from __future__ import annotations

import datetime
import json
import re
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
import yaml

import exemptions
from rules import FAMILIES
from tests.policy.builders import UNKNOWN, Node, Nodes, document
from tests.policy.test_process import PACK, running

FOREIGN: Nodes = {
    "stack": Node("pulumi:pulumi:Stack", {}),
    "site": Node("aws:s3/bucketV2:BucketV2", {"bucket": "site"}),
    "bucket": Node("aws:s3/bucket:Bucket", {"bucket": "files"}),
    "function": Node(
        "aws:lambda/function:Function",
        {"role": UNKNOWN, "runtime": "nodejs22.x", "code": UNKNOWN, "handler": "index.handler"},
        {"role": ["role"]},
    ),
    "role": Node(
        "aws:iam/role:Role",
        {
            "assumeRolePolicy": {
                "Version": "2012-10-17",
                "Statement": {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"},
            }
        },
    ),
    "grants": Node("aws:iam/rolePolicy:RolePolicy", {"policy": document({"Effect": "Allow", "Action": "s3:*", "Resource": "*"})}),
    "chart": Node("kubernetes:helm.sh/v3:Release", {"values": {"replicas": 3.0, "secret": UNKNOWN}}),
    "dynamic": Node("pulumi-nodejs:dynamic:Resource", {"__provider": "exports.x", "list": [[], {}, None]}),
    "component": Node("awsx:ecs:FargateService", {}),
}
"""Such as a TypeScript program of somebody else's plans it: other providers, older types, components, documents as data."""


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory, _processes: None) -> Path:
    folder = tmp_path_factory.mktemp("published") / "pack"
    shutil.copytree(PACK, folder, ignore=shutil.ignore_patterns("__pycache__", ".venv"))
    return folder


def published() -> set[str]:
    """What `pulumi policy publish` sends: all that the pack's own .gitignore doesn't name."""
    ignored = {line.rstrip("/") for line in (PACK / ".gitignore").read_text(encoding="utf-8").splitlines() if not line.startswith("#")}
    paths = [path.relative_to(PACK) for path in PACK.rglob("*") if path.is_file()]
    return {str(path) for path in paths if not ignored & set(path.parts)}


def required() -> set[str]:
    return set(re.findall(r"^([A-Za-z0-9_.-]+)==", (PACK / "requirements.txt").read_text(encoding="utf-8"), re.MULTILINE))


def test_it_imports_nothing_but_its_own_requirements(alone: Path) -> None:
    """And none of them but CrossGuard's: the rules are plain Python."""
    script = "import sys, json; import adapter, rules, catalogue; print(json.dumps(sorted({m.partition('.')[0] for m in sys.modules})))"
    loaded: list[str] = json.loads(
        subprocess.run([sys.executable, "-c", script], cwd=alone, capture_output=True, text=True, check=True).stdout
    )
    providers = metadata.packages_distributions()
    distributions = {name.lower() for module in loaded for name in providers.get(module, ())}
    # What a virtual environment puts there itself, and what the SDK imports only where it is there.
    distributions -= {"pip", "setuptools", "psutil"}
    assert "pulumi-policy" in {name.replace("_", "-") for name in distributions}
    assert {name.replace("_", "-") for name in distributions} <= {name.lower().replace("_", "-") for name in required()}


def test_somebody_elses_program_gets_sensible_answers(alone: Path) -> None:
    with running({}, folder=alone) as pack:
        said = pack.violations(FOREIGN, project="webshop", stack="production")
    rules = {found[1] for message in said if (found := re.search(r"\[([a-z-]+/[a-z-]+)\] `(?:role|grants|bucket|function)`", message))}
    assert {"identity/trust-source", "identity/no-wildcard-action", "identity/no-wildcard-resource", "identity/boundary"} <= rules
    ours = [message for message in said if re.search(r"\[(alarms|environment|agentcore)/", message)]
    assert ours == [], "rules about this system must leave others alone"
    assert not [message for message in said if "could not read it" in message]
    assert not [message for message in said if re.search(r"`(chart|dynamic|component|site)`", message)]


def test_a_known_type_with_nothing_in_it_is_no_crash(alone: Path) -> None:
    empty: dict[str, Any] = {f"empty-{index}": Node(node.type, {}) for index, node in enumerate(FOREIGN.values())}
    with running({}, folder=alone) as pack:
        assert not [message for message in pack.violations(empty, project="webshop", stack="production") if "could not read it" in message]


def test_what_is_published_is_what_is_committed() -> None:
    """Nothing that a machine made, such as the virtual environment of `pulumi install`."""
    committed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], cwd=PACK, capture_output=True, text=True, check=True
    ).stdout
    assert published() == set(committed.split())


def test_it_says_of_itself_what_publishing_asks_for(alone: Path) -> None:
    project = yaml.safe_load((alone / "PulumiPolicy.yaml").read_text(encoding="utf-8"))
    assert project["runtime"] == {"name": "python", "options": {"toolchain": "pip", "virtualenv": ".venv"}}
    assert re.fullmatch(r"\d+\.\d+\.\d+", project["version"])
    with running({}, folder=alone) as pack:
        said = pack.info()
    assert (said.name, said.description, said.provider) == ("evolution-system", project["description"], "aws")
    assert said.readme == (alone / "README.md").read_text(encoding="utf-8")
    assert all(policy.description for policy in said.policies)


def test_the_readmes_exemption_is_one(alone: Path) -> None:
    [example] = re.findall(r"```json\n(.*?)```", (alone / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    entries = json.loads(example)["environment"]["exemptions"]
    rules = {rule.id for family in FAMILIES for rule in family.rules}
    last = datetime.date.fromisoformat(entries[0]["expires"])
    found, faults = exemptions.configured(entries, rules, last - datetime.timedelta(days=30))
    assert len(found) == 1
    assert faults == []
