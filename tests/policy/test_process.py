"""The pack as the engine runs it: a process of its own, spoken to over gRPC. Needs no Pulumi CLI."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import grpc
import pytest
from google.protobuf import empty_pb2, struct_pb2
from pulumi.runtime.proto import analyzer_pb2, analyzer_pb2_grpc
from pulumi_policy.deserialize import serialize_properties

from tests.policy.samples import KEY_ARN, TABLE, UNKNOWN, Nodes, compliant, set_at

PACK = Path(__file__).parents[2] / "policy"

pytestmark = pytest.mark.slow


class Pack:
    """The running pack."""

    def __init__(self, port: int, pid: int) -> None:
        limits = [("grpc.max_receive_message_length", -1)]
        self.stub: Any = analyzer_pb2_grpc.AnalyzerStub(grpc.insecure_channel(f"127.0.0.1:{port}", limits))
        self.pid = pid

    def info(self) -> analyzer_pb2.AnalyzerInfo:
        return self.stub.GetAnalyzerInfo(empty_pb2.Empty())

    def configure(self, config: Mapping[str, Any]) -> None:
        message = analyzer_pb2.PolicyConfig(enforcementLevel=analyzer_pb2.MANDATORY)
        message.properties.update(config)
        self.stub.Configure(analyzer_pb2.ConfigureAnalyzerRequest(policyConfig={"environment": message}))

    def violations(self, nodes: Nodes, project: str = "evolution-system", stack: str = "prod") -> list[str]:
        """The messages of all violations: each resource by itself, then all of them; not that nobody has approved it."""
        return [one for one in self.ask(*requests(nodes, project, stack)) if "[approved/" not in one]

    def ask(self, each: Sequence[analyzer_pb2.AnalyzeRequest], whole: analyzer_pb2.AnalyzeStackRequest) -> list[str]:
        found = [one for request in each for one in self.stub.Analyze(request).diagnostics]
        found += self.stub.AnalyzeStack(whole).diagnostics
        assert all(one.enforcementLevel == analyzer_pb2.MANDATORY for one in found), "a finding that is advisory stops nothing"
        return [one.message for one in found]


def requests(nodes: Nodes, project: str, stack: str) -> tuple[list[analyzer_pb2.AnalyzeRequest], analyzer_pb2.AnalyzeStackRequest]:
    """What the engine asks about a stack."""
    urns = {name: f"urn:pulumi:{stack}::{project}::{node.type}::{name}" for name, node in nodes.items()}
    each: list[analyzer_pb2.AnalyzeRequest] = []
    resources: list[analyzer_pb2.AnalyzerResource] = []
    for name, node in nodes.items():
        properties = struct_pb2.Struct()
        properties.update(serialize_properties(node.props))
        options = analyzer_pb2.AnalyzerResourceOptions(protect=node.protect, ignoreChanges=node.ignore_changes)
        each.append(analyzer_pb2.AnalyzeRequest(type=node.type, properties=properties, urn=urns[name], name=name, options=options))
        resources.append(
            analyzer_pb2.AnalyzerResource(
                type=node.type,
                properties=properties,
                urn=urns[name],
                name=name,
                options=options,
                dependencies=[urns[source] for source in node.depends_on],
                propertyDependencies={
                    key: analyzer_pb2.AnalyzerPropertyDependencies(urns=[urns[source] for source in sources])
                    for key, sources in node.references.items()
                },
            )
        )
    return each, analyzer_pb2.AnalyzeStackRequest(resources=resources)


@contextmanager
def running(table: Mapping[str, Any] = TABLE, folder: Path = PACK) -> Generator[Pack]:
    """Start the pack the way the engine's shim does, with the configuration that the engine gives it."""
    environment = {**os.environ, "PULUMI_CONFIG": json.dumps({"evolution-system:environment": json.dumps(table)})}
    command = [sys.executable, "-u", "-m", "pulumi.policy", "127.0.0.1:1", "."]
    with subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.PIPE) as process:
        assert process.stdout
        try:
            yield Pack(int(process.stdout.readline()), process.pid)
        finally:
            process.kill()


@pytest.fixture(scope="module")
def pack() -> Generator[Pack]:
    with running() as started:
        yield started


def test_what_nobody_has_approved_is_refused(pack: Pack) -> None:
    assert any("[approved/new-access] `role-grants`" in one for one in pack.ask(*requests(compliant(), "evolution-system", "prod")))


def test_a_stack_that_breaks_no_rule_is_left_alone(pack: Pack) -> None:
    assert pack.violations(compliant()) == []


def test_every_policy_is_mandatory_and_there_are_few(pack: Pack) -> None:
    """The SDK deserialises every resource once for each policy."""
    policies = list(pack.info().policies)
    assert {policy.enforcementLevel for policy in policies} == {analyzer_pb2.MANDATORY}
    assert [policy.name for policy in policies] == ["environment", "system"]


def test_an_unknown_literal_is_a_violation_and_an_unknown_reference_is_none(pack: Pack) -> None:
    nodes = compliant()
    set_at(nodes, "state", "serverSideEncryption.enabled", UNKNOWN)
    [message] = pack.violations(nodes)
    assert "[encryption/table-cmk]" in message
    assert "not known at preview" in message


def test_a_secret_is_judged_by_its_value_and_never_shown(pack: Pack) -> None:
    def secret(value: object) -> dict[str, object]:
        return {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "value": value}

    nodes = compliant()
    set_at(nodes, "secret", "kmsKeyId", secret(KEY_ARN))
    containers = json.loads(cast("str", nodes["task"].props["containerDefinitions"]))
    containers[0]["environment"].append({"name": "PASSWORD", "value": "hunter2"})
    containers[0]["image"] = containers[0]["image"].partition("@")[0] + ":latest"
    set_at(nodes, "task", "containerDefinitions", secret(json.dumps(containers)))
    image, password = sorted(pack.violations(nodes), reverse=True)
    assert "[workload/image-by-digest]" in image
    assert "[environment/no-secret]" in password
    assert "hunter2" not in image + password


def engine_with(nodes: Nodes, old: str, new: str) -> None:
    """Replace the value of the engine's variables that have it."""
    containers = cast("str", nodes["task"].props["containerDefinitions"])
    set_at(nodes, "task", "containerDefinitions", containers.replace(f'"value": "{old}"', f'"value": "{new}"'))


def test_an_approved_override_is_what_the_whole_pack_judges_by() -> None:
    nodes = compliant()
    engine_with(nodes, "85", "90")
    set_at(nodes, "autonomy", "threshold", 90.0)
    body = nodes["dashboard"].props["dashboardBody"].replace("85.0", "90").replace("at least 85", "at least 90")
    set_at(nodes, "dashboard", "dashboardBody", body)
    for node in nodes.values():
        if "Autonomy" in node.props.get("tagsAll", {}):
            node.props["tagsAll"]["Autonomy"] = "90"
    with running({**TABLE, "autonomy_percent": 90}) as started:
        assert len(started.violations(nodes)) == 2
        started.configure({"limits": {"prod": {"autonomy_percent": 90}}})
        assert started.violations(nodes) == []


def test_a_bad_override_is_a_violation_that_names_the_key_and_changes_nothing() -> None:
    nodes = compliant()
    engine_with(nodes, "50", "60")
    with running({**TABLE, "generations": 60}) as started:
        started.configure({"limits": {"prod": {"autonomy_percnt": 90, "generations": 60}}})
        found = started.violations(nodes)
    assert len(found) == 3
    assert any("EVOLUTION_GENERATIONS" in one for one in found)
    (bad,) = (one for one in found if "[environment/pack-configuration]" in one)
    assert "limits.prod.autonomy_percnt is not a key of the configuration. Did you mean `autonomy_percent`?" in bad


def test_the_pack_starts_and_needs_nothing_of_the_program() -> None:
    """It is published by itself. How soon it is ready, `make bench` says."""
    with running() as pack:
        assert pack.info().name == "evolution-system"
    imported = subprocess.run(
        [sys.executable, "-c", "import sys; import rules, adapter; print(*sys.modules)"],
        cwd=PACK,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    assert not {"components", "pulumi_aws", "pydantic", "botocore"} & set(imported)
