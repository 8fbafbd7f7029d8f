"""JSON documents as their consumers read them: containers by Go, policies by IAM, and no key twice for anybody."""

from __future__ import annotations

import json
from typing import Any

import pytest

import make_container_keys
from containers import Container, containers_of
from documents import statements_of
from limits import configured
from rule import Resource, Stack, judge_stack
from rules import FAMILIES
from tests.policy.builders import Nodes, document
from tests.policy.samples import GRANTS, Node, compliant, configure, containers, rules_that_fire, set_at

READABLE, UNPRIVILEGED = "environment/readable", "workload/unprivileged"


@pytest.fixture
def nodes(monkeypatch: pytest.MonkeyPatch) -> Nodes:
    configure(monkeypatch)
    return compliant()


def with_text(*texts: str) -> str:
    """The engine's container with more text in it, as JSON that no dictionary could hold."""
    return containers().replace('"name": "engine"', ", ".join(['"name": "engine"', *texts]), 1)


def read(definitions: str) -> Container:
    kind = "aws:ecs/taskDefinition:TaskDefinition"
    [found] = containers_of(
        Resource(urn="", type=kind, name="task", props={"containerDefinitions": definitions}, limits=configured({}).of("prod"))
    )
    return found


@pytest.mark.parametrize(
    ("definitions", "fires"),
    [
        (with_text('"Privileged": true'), {READABLE, UNPRIVILEGED}),
        (with_text('"PRIVILEGED": true', '"privileged": false'), {READABLE}),
        (with_text('"privileged": false', '"PRIVILEGED": true'), {READABLE, UNPRIVILEGED}),
        (with_text('"privileged": false', '"privileged": true'), {READABLE}),
        (with_text('"privileged": true', '"privileged": false'), {READABLE}),
        (containers().replace('"user": "10001:10001"', '"u\u017fer": "0"'), {READABLE, "workload/not-root"}),
        (containers().replace('"user": "10001:10001"', '"user": "10001:10001", "u\u017fer": "0"'), {READABLE, "workload/not-root"}),
        (with_text('"lin\u212aParameters": {}'), {READABLE}),
        (containers().replace('"linuxParameters"', '"LinuxParameters": {"Capabilities": {"add": ["ALL"]}}, "linuxParameters"'), {READABLE}),
        (containers().replace('"drop": ["ALL"]', '"Add": ["ALL"], "drop": ["ALL"]'), {READABLE, UNPRIVILEGED}),
        (with_text('"linuxParameters ": {}'), {READABLE}),
        (with_text('"portMappings": [{"containerPort": 8000, "HostPort": 80}]'), {READABLE}),
        (with_text('"dockerLabels": {"Privileged": "true", "anything": "goes"}'), set[str]()),
        (with_text('"systemControls": [], "ulimits": [], "essential": true, "cpu": 1'), set[str]()),
    ],
)
def test_containers_are_read_by_go(definitions: str, fires: set[str], nodes: Nodes) -> None:
    """Source: Go's documentation, encoding/json, Unmarshal: keys match in any case, and the provider decodes into AWS's structs."""
    set_at(nodes, "task", "containerDefinitions", definitions)
    assert rules_that_fire(nodes) & {READABLE, UNPRIVILEGED, "workload/not-root"} == fires


def test_objects_under_one_key_are_merged_as_go_does() -> None:
    one = '"LinuxParameters": {"initProcessEnabled": true, "capabilities": {"add": ["SYS_ADMIN"]}}'
    other = '"linuxParameters": {"sharedMemorySize": 1, "capabilities": {"drop": ["ALL"]}}'
    found = read(f'[{{"name": "x", {one}, {other}}}]')
    assert found.definition["linuxParameters"] == {
        "initProcessEnabled": True,
        "capabilities": {"add": ["SYS_ADMIN"], "drop": ["ALL"]},
        "sharedMemorySize": 1,
    }


def test_what_a_container_may_hold_is_what_botocore_says() -> None:
    text = (make_container_keys.Path(make_container_keys.__file__).with_name("container_keys.json")).read_text(encoding="utf-8")
    assert make_container_keys.text() == text, "container_keys.json is stale: run make actions"


def stating(statement: str) -> str:
    return f'{{"Statement": [{statement}]}}'


GRANT = json.dumps(GRANTS[0])

UNREAD = [
    f'{{"Statement": [{GRANT}], "Statement": [{GRANT}]}}',
    f'{{"Statement": [{GRANT}], "statement": [{GRANT}]}}',
    json.dumps({"Statement": [{**GRANTS[0], "action": "iam:*"}]}),
    stating(GRANT.replace('"Effect": "Allow"', '"Effect": "Deny", "Effect": "Allow"')),
    stating(GRANT.replace('"Effect": "Allow"', '"Effect": "allow"')),
    document({**GRANTS[0], "NotAction": "s3:*"}),
    document({**GRANTS[0], "NotResource": "*"}),
    document({**GRANTS[0], "Condition": {"StringEquals": {"aws:PrincipalTag/a": "x", "AWS:PrincipalTag/A": "*"}}}),
    document({**GRANTS[0], "Condition": {"StringEquals": {"a": "x"}, "stringequals": {"a": "*"}}}),
    document({**GRANTS[0], "Condition": {"StringEquals": "x"}}),
    document({**GRANTS[0], "Condition": {"Bool": {"aws:SecureTransport": "true"}}}).replace(
        '"Bool": {', '"Bool": {"aws:SecureTransport": "false", '
    ),
]


@pytest.mark.parametrize("policy", UNREAD)
def test_what_iam_may_read_otherwise_is_not_read(policy: str, nodes: Nodes) -> None:
    set_at(nodes, "role-grants", "policy", policy)
    assert rules_that_fire(nodes) == {"identity/document"}


@pytest.mark.parametrize("kind", ["aws", "SERVICE", "Federation"])
def test_a_principal_is_of_a_kind_that_iam_has(kind: str, nodes: Nodes) -> None:
    allowed = {"Effect": "Allow", "Principal": {kind: "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    set_at(nodes, "role", "assumeRolePolicy", document(allowed))
    assert "identity/document" in rules_that_fire(nodes)


def test_what_iam_reads_alike_is_read() -> None:
    """Actions and condition keys in any case, one value or many, and what a document may hold beside."""
    policy = {
        "Version": "2012-10-17",
        "Id": "x",
        "Statement": {
            **GRANTS[0],
            "Action": "DYNAMODB:getitem",
            "Condition": {"Bool": {"AWS:securetransport": "true"}, "StringEquals": {"a": ["b"]}},
        },
    }
    kind = "aws:iam/rolePolicy:RolePolicy"
    resource = Resource(urn="", type=kind, name="x", props={"policy": json.dumps(policy)}, limits=configured({}).of("prod"))
    [statement] = statements_of(resource)
    assert statement.actions == ("DYNAMODB:getitem",)


TWICE = '{"maxReceiveCount": 5, "maxReceiveCount": 1000}'


@pytest.mark.parametrize(
    ("kind", "props", "fires"),
    [
        ("sqs/queue:Queue", {"redrivePolicy": TWICE}, True),
        ("cloudwatch/eventRule:EventRule", {"eventPattern": '{"source": ["aws.ec2"], "source": [""]}'}, True),
        ("sfn/stateMachine:StateMachine", {"definition": ' {"States": {"a": {"Type": "Pass", "Type": "Fail"}}}'}, True),
        ("scheduler/schedule:Schedule", {"target": {"input": '[{"a": 1, "a": 2}]'}}, True),
        ("sqs/queue:Queue", {"redrivePolicy": '{"maxReceiveCount": 5, "deadLetterTargetArn": "x"}'}, False),
        ("ec2/instance:Instance", {"userData": "{a: 1, a: 2}"}, False),
        ("cloudwatch/metricAlarm:MetricAlarm", {"alarmDescription": f"see {TWICE}"}, False),
    ],
)
def test_no_key_stands_twice_in_whatever_is_json(kind: str, props: dict[str, Any], fires: bool, nodes: Nodes) -> None:
    nodes["more"] = Node(f"aws:{kind}", props)
    assert ("governance/json-keys" in rules_that_fire(nodes)) is fires


def test_no_key_stands_twice_in_what_is_only_written() -> None:
    """The engine tells it as an input, and of what there is nothing."""
    limits = configured({}).of("prod")
    kind = "aws:secretsmanager/secretVersion:SecretVersion"
    value = Resource(urn="", type=kind, name="value", props={}, inputs={"secretStringWo": TWICE}, limits=limits)
    [json_keys] = [rule for family in FAMILIES for rule in family.stack_rules if rule.id == "governance/json-keys"]
    assert [one.resource for one in judge_stack(json_keys, Stack(name="prod", project="own", resources=(value,), limits=limits))] == [value]


@pytest.mark.parametrize(
    ("name", "key", "text"),
    [
        ("role-grants", "policy", UNREAD[0]),
        ("task", "containerDefinitions", with_text('"cpu": 1', '"cpu": 2')),
        ("dashboard", "dashboardBody", '{"widgets": [], "widgets": []}'),
    ],
)
def test_what_a_rule_reads_is_said_by_one_rule_only(name: str, key: str, text: str, nodes: Nodes) -> None:
    set_at(nodes, name, key, text)
    [said] = rules_that_fire(nodes)
    assert said in {"identity/document", READABLE, "alarms/dashboard"}
