"""What AWS gives back for what it was sent, and which differences the provider takes for none: what a second `up` makes of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from local.previews import Plan
from local.provider.services import RESOURCES
from local.provider.wire import decode, provider_pb2
from tests.local.provider.samples import KEY, TOPIC, VALID
from tests.local.provider.talk import UNKNOWN_MARK, create, struct, urn

ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
QUEUE_POLICY = "aws:sqs/queuePolicy:QueuePolicy"
SERVICE = "aws:ecs/service:Service"
TABLE = "aws:dynamodb/table:Table"
TASK = "aws:ecs/taskDefinition:TaskDefinition"
BUDGET = "aws:budgets/budget:Budget"
CONTAINER = {
    "name": "engine",
    "image": "engine",
    "essential": True,
    "portMappings": [{"containerPort": 8000, "protocol": "tcp"}],
    "healthCheck": {"command": ["CMD", "true"], "interval": 30},
}
ENVIRONMENT = [{"name": "EVOLUTION_MODE", "value": "autonomous"}, {"name": "BEDROCK_REGION", "value": "us-east-1"}]


def second(provider: Any, token: str, first: dict[str, Any], then: dict[str, Any], **options: Any) -> Any:
    """How the provider sees a second `up` with other inputs, after a first that made the resource."""
    identity, state = create(provider, token, first)
    request = provider_pb2.DiffRequest(
        urn=urn(token), id=identity, olds=struct(state), old_inputs=struct(first), news=struct(then), **options
    )
    return provider.Diff(request)


def task(**changes: Any) -> dict[str, Any]:
    """The sample task definition, its container changed."""
    return VALID[TASK] | {"containerDefinitions": json.dumps([CONTAINER | {"environment": ENVIRONMENT} | changes])}


def dropping(**lists: list[str]) -> dict[str, Any]:
    """The sample task definition, with kernel capabilities."""
    return task(linuxParameters={"initProcessEnabled": True, "capabilities": lists})


def test_capabilities_of_which_one_list_was_left_out_replace_the_task_at_every_up(provider: Any) -> None:
    """AWS answers both lists, and the provider doesn't take an empty one for none."""
    answer = second(provider, TASK, dropping(drop=["ALL"]), dropping(drop=["ALL"]))
    assert list(answer.replaces) == ["containerDefinitions"]
    assert not second(provider, TASK, dropping(add=[], drop=["ALL"]), dropping(add=[], drop=["ALL"])).diffs
    assert not second(provider, TASK, dropping(drop=["ALL"]), dropping(add=[], drop=["ALL"])).diffs


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_a_second_up_of_the_program_changes_nothing(provider: Any, plan: Callable[..., Plan], stack: str) -> None:
    for resource in plan(stack).resources:
        if resource.type in RESOURCES:
            texts = {name: json.dumps(value).replace(UNKNOWN_MARK, "known-once-it-is-made") for name, value in resource.inputs.items()}
            inputs = {name: json.loads(text) for name, text in texts.items() if "ciphertext" not in text}
            assert not second(provider, resource.type, inputs, inputs).diffs, resource.name


def test_a_refresh_finds_what_the_creation_read(provider: Any) -> None:
    first = dropping(drop=["ALL"])
    identity, state = create(provider, TASK, first)
    read = provider.Read(provider_pb2.ReadRequest(urn=urn(TASK), id=identity, properties=struct(state), inputs=struct(first)))
    assert decode(read.properties) == state
    assert json.loads(state["containerDefinitions"])[0]["linuxParameters"]["capabilities"] == {"add": [], "drop": ["ALL"]}


@pytest.mark.parametrize(
    "rewritten",
    [
        {"environment": ENVIRONMENT[::-1], "volumesFrom": [], "cpu": 0},
        {"portMappings": [{"containerPort": 8000, "hostPort": 8000}]},
        {"healthCheck": {"command": ["CMD", "true"], "retries": 3, "timeout": 5}},
        {"dependsOn": None, "essential": None},
    ],
)
def test_containers_that_mean_the_same_are_no_difference(provider: Any, rewritten: dict[str, Any]) -> None:
    assert not second(provider, TASK, task(), task(**rewritten)).diffs


@pytest.mark.parametrize(
    "changed",
    [
        {"environment": [*ENVIRONMENT, {"name": "A", "value": "b"}]},
        {"healthCheck": {"command": ["CMD", "true"], "interval": 31}},
        {"command": ["engine", "--fast"]},
        {"linuxParameters": {"initProcessEnabled": False}},
    ],
)
def test_containers_that_mean_something_else_replace_the_task(provider: Any, changed: dict[str, Any]) -> None:
    assert list(second(provider, TASK, task(), task(**changed)).replaces) == ["containerDefinitions"]


def test_what_the_program_leaves_to_others_is_no_difference(provider: Any) -> None:
    assert not second(provider, TASK, dropping(drop=["ALL"]), dropping(drop=["ALL"]), ignoreChanges=["containerDefinitions"]).diffs


@pytest.mark.parametrize(("amount", "differs"), [("500.0", []), ("501", ["limitAmount"])])
def test_a_budgets_amount_is_a_number(provider: Any, amount: str, differs: list[str]) -> None:
    first = VALID[BUDGET] | {"limitAmount": "500"}
    assert list(second(provider, BUDGET, first, first | {"limitAmount": amount}).diffs) == differs


@pytest.mark.parametrize(
    ("token", "said"),
    [
        pytest.param(ALARM, {"actionsEnabled": True}, id="a property"),
        pytest.param(SERVICE, {"waitForSteadyState": False, "schedulingStrategy": "REPLICA"}, id="two"),
        pytest.param(SERVICE, {"networkConfiguration": {"assignPublicIp": False}}, id="a part"),
    ],
)
def test_to_say_what_the_provider_fills_in_is_no_difference(provider: Any, token: str, said: dict[str, Any]) -> None:
    saying, silent = VALID[token], VALID[token]
    for name, value in said.items():
        if isinstance(value, dict):
            saying[name] |= value
            silent[name] = {key: kept for key, kept in silent[name].items() if key not in value}
        else:
            saying[name], silent[name] = value, None
    assert not second(provider, token, silent, saying).diffs
    assert not second(provider, token, saying, silent).diffs


def test_to_stop_saying_something_else_is_a_difference(provider: Any) -> None:
    assert list(second(provider, ALARM, VALID[ALARM] | {"actionsEnabled": False}, VALID[ALARM]).diffs) == ["actionsEnabled"]


def test_to_stop_saying_what_aws_fills_in_is_no_difference(provider: Any) -> None:
    first = VALID[TABLE] | {"pointInTimeRecovery": {"enabled": True, "recoveryPeriodInDays": 7}}
    assert not second(provider, TABLE, first, first | {"pointInTimeRecovery": {"enabled": True}}).diffs
    assert not second(provider, TABLE, first, {name: value for name, value in first.items() if name != "pointInTimeRecovery"}).diffs
    assert list(second(provider, TABLE, first, first | {"pointInTimeRecovery": {"enabled": False}}).diffs) == ["pointInTimeRecovery"]


def test_a_part_that_cannot_be_changed_replaces_the_whole_and_its_neighbours_do_not(provider: Any) -> None:
    token = "aws:ec2/vpcEndpoint:VpcEndpoint"
    first = VALID[token] | {"dnsOptions": {"dnsRecordIpType": "ipv4", "privateDnsPreference": "VERIFIED_DOMAINS_ONLY"}}
    other = first | {"dnsOptions": first["dnsOptions"] | {"dnsRecordIpType": "dualstack"}}
    assert (list(second(provider, token, first, other).diffs), list(second(provider, token, first, other).replaces)) == (["dnsOptions"], [])
    anew = first | {"dnsOptions": first["dnsOptions"] | {"privateDnsPreference": "ALL_DOMAINS"}}
    assert list(second(provider, token, first, anew).replaces) == ["dnsOptions"]


STATEMENTS = [
    {
        "Sid": "Sends",
        "Effect": "Allow",
        "Principal": {"AWS": "000000000000"},
        "Action": ["sqs:SendMessage", "sqs:GetQueueUrl"],
        "Resource": "*",
        "Condition": {"Bool": {"aws:SecureTransport": True}, "StringEquals": {"aws:SourceAccount": ["000000000000", "111111111111"]}},
    },
    {"Sid": "NobodyElse", "Effect": "Deny", "Principal": "*", "Action": "sqs:*", "Resource": ["*"]},
]


def policy(*statements: dict[str, Any]) -> dict[str, Any]:
    return VALID[QUEUE_POLICY] | {"policy": json.dumps({"Version": "2012-10-17", "Statement": statements})}


@pytest.mark.parametrize(
    "rewritten",
    [
        pytest.param(STATEMENTS[::-1], id="the order of the statements"),
        pytest.param([STATEMENTS[0] | {"Action": ["sqs:GetQueueUrl", "sqs:SendMessage"]}, STATEMENTS[1]], id="the order of a list"),
        pytest.param([STATEMENTS[0] | {"Resource": ["*"]}, STATEMENTS[1] | {"Resource": "*"}], id="a list of one"),
        pytest.param([STATEMENTS[0] | {"Principal": {"AWS": ["arn:aws:iam::000000000000:root"]}}, STATEMENTS[1]], id="an account's root"),
        pytest.param([STATEMENTS[0], STATEMENTS[1] | {"Principal": {"AWS": "*"}}], id="everybody"),
        pytest.param(
            [
                STATEMENTS[0]
                | {
                    "Condition": {
                        "Bool": {"aws:SecureTransport": ["true"]},
                        "StringEquals": {"aws:SourceAccount": ["111111111111", "000000000000"]},
                    }
                },
                STATEMENTS[1],
            ],
            id="a condition's values",
        ),
    ],
)
def test_a_policy_that_grants_the_same_is_no_difference(provider: Any, rewritten: list[dict[str, Any]]) -> None:
    assert not second(provider, QUEUE_POLICY, policy(*STATEMENTS), policy(*rewritten)).diffs


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param([STATEMENTS[0]], id="a statement less"),
        pytest.param([STATEMENTS[0] | {"Action": "sqs:SendMessage"}, STATEMENTS[1]], id="an action less"),
        pytest.param([STATEMENTS[0] | {"Principal": {"AWS": "*"}}, STATEMENTS[1]], id="anybody"),
        pytest.param([{key: value for key, value in STATEMENTS[0].items() if key != "Condition"}, STATEMENTS[1]], id="unconditionally"),
        pytest.param([STATEMENTS[0] | {"Effect": "Deny"}, STATEMENTS[1]], id="denied"),
    ],
)
def test_a_policy_that_grants_something_else_is_a_difference(provider: Any, changed: list[dict[str, Any]]) -> None:
    assert list(second(provider, QUEUE_POLICY, policy(*STATEMENTS), policy(*changed)).diffs) == ["policy"]


def test_a_policy_that_is_not_known_yet_is_a_difference(provider: Any) -> None:
    assert list(second(provider, QUEUE_POLICY, policy(*STATEMENTS), policy() | {"policy": UNKNOWN_MARK}).diffs) == ["policy"]


def test_the_order_of_a_set_is_no_difference_and_that_of_a_list_is(provider: Any) -> None:
    first = VALID[ALARM] | {"okActions": [f"{TOPIC}-a", f"{TOPIC}-b"]}
    assert not second(provider, ALARM, first, first | {"okActions": first["okActions"][::-1]}).diffs
    token = "aws:lambda/function:Function"
    first = VALID[token] | {"layers": ["arn:a", "arn:b"]}
    assert list(second(provider, token, first, first | {"layers": ["arn:b", "arn:a"]}).diffs) == ["layers"]


@pytest.mark.parametrize(
    ("token", "name", "was", "now"),
    [
        ("aws:kms/alias:Alias", "targetKeyId", KEY, KEY.rpartition("/")[2]),
        (
            "aws:lambda/eventSourceMapping:EventSourceMapping",
            "functionName",
            "archiver",
            "arn:aws:lambda:us-east-1:000000000000:function:archiver",
        ),
        ("aws:cloudwatch/dashboard:Dashboard", "dashboardBody", '{"widgets": [], "start": "-PT1H"}', '{"start":"-PT1H","widgets":[]}'),
    ],
)
def test_other_words_for_the_same_are_no_difference(provider: Any, token: str, name: str, was: str, now: str) -> None:
    assert not second(provider, token, VALID[token] | {name: was}, VALID[token] | {name: now}).diffs
    assert list(second(provider, token, VALID[token] | {name: was}, VALID[token] | {name: "another"}).diffs) == [name]
