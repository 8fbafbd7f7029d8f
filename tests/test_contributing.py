"""What CONTRIBUTING.md tells a contributor to do, done by its steps alone: a made-up type is planned, a made-up rule judged and told."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.plans import Plan

ROOT = Path(__file__).resolve().parents[1]

RULE = '''

@evolution_rule(
    id="network/made-up",
    types={VPC},
    severity=Severity.MEDIUM,
    protects="Nothing; it is made up.",
    why="A contributor tries the steps.",
    fix="Take it away again.",
)
def made_up(vpc: Resource) -> Iterator[Finding]:
    """Every network is one too many."""
    if vpc.at("cidrBlock"):
        yield Finding("the network is there; it must be made up.")
'''
"""All that a rule needs, in the module of its family."""

PROGRAM = """
import pulumi, pulumi_aws as aws

on_aws = pulumi.ResourceOptions(provider=aws.Provider("aws", region="us-east-1"))
aws.kinesis.Stream("stream", name="evolution-events-dev", shard_count=1, opts=on_aws)
"""

SERVICE = '''
"""Streams."""

from local.provider.resource_type import Call, Read, Request, ResourceType, tagging

_STREAM = {"StreamName": "{name}"}

RESOURCES = (
    ResourceType(
        token="aws:kinesis/stream:Stream",
        create=(Call("kinesis:CreateStream", {"name": "StreamName"}),),
        id="{arn}",
        outputs={"arn": "arn:aws:kinesis:{region}:{account}:stream/{name}"},
        read=Read(Request("kinesis:DescribeStreamSummary", _STREAM), "StreamDescriptionSummary"),
        update=(Call("kinesis:UpdateShardCount", {"shardCount": "TargetShardCount"}, {**_STREAM, "ScalingType": "UNIFORM_SCALING"}),),
        delete=(Request("kinesis:DeleteStream", _STREAM),),
        tags=tagging("kinesis", "ResourceARN"),
    ),
)
'''
"""What a type needs in the file of its service."""

FACTS = {"aws:kinesis/stream:Stream": {"terraform": "aws_kinesis_stream", "autoname": "name", "force_new": ["name"]}}
"""And in the facts."""

PREVIEW_TYPE = """
import json, os, pathlib
from local import previews
plan = previews.preview("dev", pack=False, place=pathlib.Path(".local"))
streams = [one.inputs for one in plan.resources if one.type == "aws:kinesis/stream:Stream"]
print(json.dumps([plan.succeeded, plan.errors, streams]), flush=True)
os._exit(0)  # see local/__main__.py
"""


@pytest.fixture
def repo(linked_checkout: Path) -> Path:
    """A checkout whose pack and documents can be changed."""
    for folder in ("policy", "docs"):
        (linked_checkout / folder).unlink()
        shutil.copytree(ROOT / folder, linked_checkout / folder, ignore=shutil.ignore_patterns("__pycache__"))
    return linked_checkout


def ran(*command: str | Path) -> str:
    return subprocess.run([sys.executable, *command], cwd=ROOT, capture_output=True, text=True, check=True).stdout


def test_a_rule_is_one_function_and_its_documents_are_written(repo: Path, preview: Callable[..., Plan]) -> None:
    module = repo / "policy/rules/evolution/network.py"
    module.write_text(module.read_text(encoding="utf-8") + RULE, encoding="utf-8")
    refused = preview("dev", repo=repo)
    assert not refused.succeeded
    found = [(one.rule, one.resource, one.message, one.fix) for one in refused.findings]
    # The functions' code lies outside of this checkout, which is refused, too: the layers are imported from the other one.
    assert [one for one in found if one[0] != "approved/choices"] == [
        ("network/made-up", "network-vpc", "the network is there; it must be made up.", "Take it away again.")
    ]
    before = {path: path.read_bytes() for path in (repo / "docs").glob("*.md")}
    ran(repo / "policy/catalogue.py", repo / "docs")
    written = {path.name for path, content in before.items() if path.read_bytes() != content}
    assert written == {"invariants.md"}, "a rule that meets a control changes coverage.md, too"
    assert "network/made-up" in (repo / "docs/invariants.md").read_text(encoding="utf-8")


def planned(checkout: Path) -> Any:
    ran = subprocess.run([sys.executable, "-c", PREVIEW_TYPE], cwd=checkout, capture_output=True, text=True, check=True)
    return json.loads(ran.stdout)


def test_a_type_is_an_entry_in_its_services_file_and_a_row_of_facts(small_checkout: Path) -> None:
    (small_checkout / "__main__.py").write_text(PROGRAM, encoding="utf-8")
    succeeded, errors, _ = planned(small_checkout)
    assert not succeeded
    assert "doesn't know aws:kinesis/stream:Stream" in "".join(errors)
    assert "local/provider/services/" in "".join(errors), "where to add it"
    (small_checkout / "local/provider/services/kinesis.py").write_text(SERVICE, encoding="utf-8")
    succeeded, errors, _ = planned(small_checkout)
    assert not succeeded
    assert "has no row in local/provider/facts.json" in "".join(errors)
    facts = small_checkout / "local/provider/facts.json"
    facts.write_text(json.dumps(json.loads(facts.read_text(encoding="utf-8")) | FACTS), encoding="utf-8")
    succeeded, errors, streams = planned(small_checkout)
    assert succeeded, errors
    assert [one["name"] for one in streams] == ["evolution-events-dev"]
    (small_checkout / "__main__.py").write_text(PROGRAM.replace("shard_count=1", "shard_count=0"), encoding="utf-8")
    succeeded, errors, _ = planned(small_checkout)
    assert not succeeded
    assert "shardCount: 0 is refused" in "".join(errors), "AWS's model judges it"
