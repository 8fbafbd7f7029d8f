"""The provider as the engine meets it: a process that prints a port and answers gRPC."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf.empty_pb2 import Empty

from local.provider.services import RESOURCES
from local.provider.wire import decode, provider_pb2
from tests.local.provider.samples import VALID
from tests.local.provider.talk import REGION, TAGS, create, struct, urn

ROOT = Path(__file__).resolve().parents[2]


def test_nothing_is_answered_before_the_configuration(bare: Any) -> None:
    with pytest.raises(grpc.RpcError) as error:
        bare.Check(provider_pb2.CheckRequest(urn=urn("aws:ec2/vpc:Vpc")))
    assert "must call Configure first" in str(error.value)


def test_it_introduces_itself_with_the_sdks_version(provider: Any) -> None:
    assert provider.Handshake(provider_pb2.ProviderHandshakeRequest()).accept_secrets
    expected = next(line for line in (ROOT / "pyproject.toml").read_text().splitlines() if "pulumi-aws==" in line)
    assert f"=={provider.GetPluginInfo(Empty()).version}" in expected


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({}, "region: must be given"),
        (
            {"region": "us-east-1", "accessKey": "AKIA"},
            "accessKey: the local cloud takes only allowedAccountIds, defaultTags, region and never credentials",
        ),
        ({"region": "us-east-1", "profile": "production"}, "profile: "),
        ({"region": "us-east-1", "endpoints": "[]"}, "endpoints: "),
        ({"region": "us-east-1", "allowedAccountIds": '["123456789012"]'}, "allowedAccountIds: AWS account ID not allowed: 000000000000"),
        ({"region": "us-east-1", "defaultTags": "tags"}, "defaultTags: "),
        ({"region": "us-east-1", "defaultTags": '{"tags": {"a": 1}}'}, "defaultTags: must be"),
    ],
)
def test_a_configuration_that_could_reach_an_account_is_refused(provider: Any, arguments: dict[str, Any], says: str) -> None:
    failures = provider.CheckConfig(provider_pb2.CheckRequest(news=struct(arguments))).failures
    assert len(failures) == 1
    assert failures[0].reason.startswith(says)
    assert "AKIA" not in failures[0].reason


def test_the_sdks_own_configuration_is_taken(provider: Any) -> None:
    arguments = {"region": REGION, "skipCredentialsValidation": "false", "skipRegionValidation": "true", "version": "7.51.1"}
    assert not provider.CheckConfig(provider_pb2.CheckRequest(news=struct(arguments))).failures


def test_another_region_replaces_the_provider(provider: Any) -> None:
    answer = provider.DiffConfig(
        provider_pb2.DiffRequest(old_inputs=struct({"region": REGION}), news=struct({"region": "us-east-1"}), urn=urn("x"))
    )
    assert list(answer.replaces) == ["region"]


def test_check_adds_all_tags_and_reports_failures_without_a_property(provider: Any) -> None:
    """The engine prints the whole value of a property that a failure names, and `<nil>` for a nested one."""
    answer = provider.Check(
        provider_pb2.CheckRequest(urn=urn("aws:sns/topic:Topic"), news=struct({"name": "a", "tags": {"A": "b"}, "colour": "blue"}))
    )
    assert decode(answer.inputs)["tagsAll"] == {"A": "b", **TAGS}
    assert [failure.property for failure in answer.failures] == [""]
    assert answer.failures[0].reason.startswith("colour: ")


def test_an_unknown_type_is_refused_by_name(provider: Any) -> None:
    answer = provider.Check(provider_pb2.CheckRequest(urn=urn("aws:glue/job:Job"), news=struct({})))
    assert "doesn't know aws:glue/job:Job" in answer.failures[0].reason


@pytest.mark.parametrize("token", sorted(RESOURCES))
def test_a_preview_returns_the_inputs_and_all_tags_and_nothing_else(provider: Any, token: str) -> None:
    """What is left out is unknown to the program, as with AWS."""
    identity, outputs = create(provider, token, VALID[token], preview=True)
    assert identity == ""
    tags = {"tagsAll": {**TAGS, **VALID[token].get("tags", {})}} if RESOURCES[token].tags else {}
    assert outputs == {name: value for name, value in VALID[token].items() if name not in RESOURCES[token].write_only} | tags


@pytest.mark.parametrize("token", sorted(RESOURCES))
def test_a_creation_adds_outputs_and_keeps_the_inputs(provider: Any, token: str) -> None:
    identity, outputs = create(provider, token, VALID[token])
    resource = RESOURCES[token]
    assert identity
    assert {name: outputs.get(name) for name in VALID[token] if name not in resource.write_only}.items() <= VALID[token].items()
    assert not resource.write_only & outputs.keys()
    assert ("tagsAll" in outputs) == bool(resource.tags)
    assert "{" not in identity
    assert outputs.get("region", REGION) == REGION


@pytest.mark.slow
def test_it_ends_when_the_engine_is_gone() -> None:
    """An engine that is killed can't stop its providers."""
    script = (
        "import os, subprocess, sys\n"
        "child = subprocess.Popen([sys.executable, '-u', '-m', 'local.provider'], stdout=subprocess.PIPE)\n"
        "child.stdout.readline()\n"
        "print(child.pid, flush=True)\n"
        "os._exit(1)\n"
    )
    pid = int(subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, check=False).stdout)
    for _ in range(50):
        state = Path(f"/proc/{pid}/stat")
        if not state.exists() or state.read_text().rpartition(")")[2].split()[0] == "Z":
            return
        subprocess.run(["sleep", "0.1"], check=True)
    pytest.fail(f"process {pid} outlived its engine by 5 s")
