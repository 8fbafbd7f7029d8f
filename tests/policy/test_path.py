"""The path of an alarm to its end: what is missing anywhere on it is said, and what is written otherwise but enough is not."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from calls import AwsCall, allowed
from documents import statements_of
from limits import configured
from rule import Resource
from tests.plans import Plan
from tests.policy.builders import Nodes, document
from tests.policy.edits import Edit, without
from tests.policy.edits_containment import more, setting
from tests.policy.planned import edit_at, nodes_of
from tests.policy.samples import rules_that_fire

HEARD, CALLED, HALTS, LOGS = "alarms/heard-by-topic", "alarms/switch-is-called", "alarms/switch-may-halt", "encryption/logs-may-encrypt"
SENDS = "workload/failures-granted"
PATH = {HEARD, CALLED, HALTS, LOGS, SENDS}

TOPIC, KEY, QUEUE = "monitoring-alerts-policy", "security-key", "evolution-dead-letters-policy"
SWITCH, RESUME, SCHEDULES = (f"evolution-{name}-role-grants" for name in ("safety-switch", "resume", "scheduler"))
BOUNDARY = "security-boundary"


@pytest.fixture
def nodes(plan: Callable[..., Plan], monkeypatch: pytest.MonkeyPatch) -> Nodes:
    """prod as it is planned, with its table."""
    planned = plan("prod")
    monkeypatch.setenv("PULUMI_CONFIG", json.dumps({"evolution-system:environment": json.dumps(planned.outputs["environment"])}))
    return nodes_of(planned)


def statements(nodes: Nodes, name: str) -> list[dict[str, Any]]:
    return json.loads(nodes[name].props["policy"])["Statement"]


def rewritten(name: str, change: Callable[[list[dict[str, Any]]], object]) -> Edit:
    """Change the statements of a document."""

    def edit(nodes: Nodes) -> None:
        found = statements(nodes, name)
        change(found)
        nodes[name].props["policy"] = document(*found)

    return edit


def as_list(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def dropped(name: str, action: str) -> Edit:
    """Take an action away, wherever a document allows it."""

    def change(found: list[dict[str, Any]]) -> None:
        for one in [each for each in found if each["Effect"] == "Allow"]:
            one["Action"] = [each for each in as_list(one["Action"]) if each != action]
            if not one["Action"]:
                found.remove(one)

    return rewritten(name, change)


def denied(name: str, action: str, **more_of_it: Any) -> Edit:
    return more(name, "policy", {"Effect": "Deny", "Action": action, "Resource": "*", **more_of_it})


def conditioned(name: str, sid: str, condition: dict[str, Any]) -> Edit:
    def change(found: list[dict[str, Any]]) -> None:
        next(one for one in found if one.get("Sid") == sid)["Condition"] = condition

    return rewritten(name, change)


def sending_to(queue: str) -> Edit:
    """Let the archiver send to this queue alone."""

    def change(found: list[dict[str, Any]]) -> None:
        next(one for one in found if "sqs:SendMessage" in as_list(one["Action"]))["Resource"] = queue

    return rewritten("evolution-archiver-role-grants", change)


FOREIGN = {"StringEquals": {"aws:SourceAccount": "999999999999"}}
OTHER_ALARMS = {"ArnLike": {"aws:SourceArn": "arn:aws:cloudwatch:eu-west-1:000000000000:alarm:*"}}
MODE = "arn:aws:ssm:us-east-1:000000000000:parameter/evolution/prod/mode"

BROKEN: list[tuple[str, Edit, set[str]]] = [
    ("alarms don't publish", dropped(TOPIC, "sns:Publish"), {HEARD}),
    ("alarms of another account publish", conditioned(TOPIC, "AlarmsPublish", FOREIGN), {HEARD}),
    ("alarms of another region publish", conditioned(TOPIC, "AlarmsPublish", OTHER_ALARMS), {HEARD}),
    ("alarms publish through something", conditioned(TOPIC, "AlarmsPublish", {"StringEquals": {"aws:SourceVpce": "vpce-1"}}), {HEARD}),
    ("the topic denies alarms", more(TOPIC, "policy", {"Effect": "Deny", "Principal": "*", "Action": "sns:*", "Resource": "*"}), {HEARD}),
    (
        "the topic denies all but an endpoint's",
        more(
            TOPIC,
            "policy",
            {
                "Effect": "Deny",
                "Principal": "*",
                "Action": "sns:Publish",
                "Resource": "*",
                "Condition": {"StringNotEquals": {"aws:SourceVpce": "vpce-1"}},
            },
        ),
        {HEARD},
    ),
    (
        "the topic admits but one",
        more(
            TOPIC,
            "policy",
            {"Effect": "Deny", "NotPrincipal": {"AWS": "arn:aws:iam::000000000000:root"}, "Action": "sns:Publish", "Resource": "*"},
        ),
        {HEARD},
    ),
    ("the key keeps alarms out", conditioned(KEY, "AlarmsPublishToTopic", FOREIGN), {HEARD}),
    ("the key keeps the budget out", conditioned(KEY, "BudgetPublishesToTopic", FOREIGN), {HEARD}),
    ("the budget doesn't publish", conditioned(TOPIC, "BudgetPublishes", FOREIGN), {HEARD}),
    ("the key keeps dead letters out", conditioned(KEY, "TopicSendsDeadLetters", FOREIGN), {CALLED}),
    ("the queue keeps them out", conditioned(QUEUE, "TopicSendsDeadLetters", FOREIGN), {CALLED}),
    ("nothing keeps them", setting("evolution-switch-hears-topic", "redrivePolicy", None), {CALLED}),
    ("no permission", without("evolution-topic-invokes-switch"), {CALLED}),
    ("a permission for a version", setting("evolution-topic-invokes-switch", "qualifier", "1"), {CALLED}),
    ("a permission for another's topic", setting("evolution-topic-invokes-switch", "sourceAccount", "999999999999"), {CALLED}),
    ("a permission for events", setting("evolution-topic-invokes-switch", "principal", "events.amazonaws.com"), {CALLED}),
    ("the schedules may not invoke", dropped(SCHEDULES, "lambda:InvokeFunction"), {CALLED}),
    ("their boundary doesn't let them", dropped(BOUNDARY, "lambda:InvokeFunction"), {CALLED}),
    ("the switch may not write the mode", dropped(SWITCH, "ssm:PutParameter"), {HALTS}),
    ("the switch may not see alarms", dropped(SWITCH, "cloudwatch:DescribeAlarms"), {HALTS}),
    ("resume may not set the count", dropped(RESUME, "ecs:UpdateService"), {HALTS}),
    ("the boundary keeps the bounds", dropped(BOUNDARY, "application-autoscaling:RegisterScalableTarget"), {HALTS}),
    ("a denial in the role", denied(SWITCH, "ssm:Put*"), {HALTS}),
    ("a denial in the boundary", denied(BOUNDARY, "ecs:*"), {HALTS}),
    (
        "a denial in some hours",
        denied(SWITCH, "ssm:PutParameter", Condition={"DateGreaterThan": {"aws:CurrentTime": "2027-01-01"}}),
        {HALTS},
    ),
    (
        "a denial of all but reading",
        more(SWITCH, "policy", {"Effect": "Deny", "NotAction": "*:Describe*", "Resource": "*"}),
        {HALTS, SENDS},
    ),
    ("the tag is another", conditioned(SWITCH, "SetBounds", {"StringEquals": {"aws:ResourceTag/Environment": "dev"}}), {HALTS}),
    ("the mode is another's", rewritten(SWITCH, lambda found: found[1].update(Resource=MODE.replace("prod", "dev"))), {HALTS}),
    *(
        (f"{name} may not send its failures", dropped(f"evolution-{name}-role-grants", "sqs:SendMessage"), {SENDS})
        for name in ("archiver", "resume", "safety-switch", "scheduler", "trigger")
    ),
    ("the agents' handler may not", dropped("agentcore-handler-role-grants", "sqs:SendMessage"), {SENDS}),
    ("it sends to another queue", sending_to("arn:aws:sqs:us-east-1:000000000000:other"), {SENDS}),
    ("the queue of another account", sending_to("arn:aws:sqs:us-east-1:999999999999:evolution-dead-letters-prod"), {SENDS}),
    ("a denial of the sending", denied("evolution-archiver-role-grants", "sqs:*"), {SENDS}),
    ("the boundary keeps all from sending", dropped(BOUNDARY, "sqs:SendMessage"), {SENDS}),
    ("logs may not encrypt", conditioned(KEY, "LogGroupsOfThisStack", {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": MODE}}), {LOGS}),
    ("logs only decrypt", rewritten(KEY, lambda found: found[4].update(Action="kms:Decrypt")), {LOGS}),
]


@pytest.mark.parametrize(("edit", "fires"), [pytest.param(edit, fires, id=name) for name, edit, fires in BROKEN])
def test_what_breaks_the_path_is_said(edit: Edit, fires: set[str], nodes: Nodes) -> None:
    edit(nodes)
    assert rules_that_fire(nodes) & PATH == fires


ENOUGH: list[tuple[str, Edit]] = [
    ("a wildcard in the resource", rewritten(SWITCH, lambda found: found[1].update(Resource=MODE.replace("mode", "m*")))),
    ("statements apart", rewritten(SWITCH, lambda found: found.append({**found[1], "Action": found[1]["Action"].pop(), "Sid": "Apart"}))),
    (
        "another order, another case",
        rewritten(SWITCH, lambda found: (found.reverse(), found[-1].update(Action="cloudwatch:describealarms"))),
    ),
    ("sending to dead letters of any stack", sending_to("arn:aws:sqs:us-east-1:000000000000:evolution-dead-letters-*")),
    ("a denial of others", denied(SWITCH, "dynamodb:*")),
    ("a denial without TLS", denied(SWITCH, "*", Condition={"Bool": {"aws:SecureTransport": "false"}})),
    ("a denial in other regions", denied(BOUNDARY, "*", Condition={"StringNotEquals": {"aws:RequestedRegion": "us-east-1"}})),
    ("the account alone", conditioned(TOPIC, "AlarmsPublish", {"StringEquals": {"aws:SourceAccount": ["999999999999", "000000000000"]}})),
    (
        "the alarms alone",
        conditioned(KEY, "AlarmsPublishToTopic", {"ArnEquals": {"AWS:SourceArn": "arn:aws:cloudwatch:*:000000000000:alarm:*"}}),
    ),
    ("a permission for the whole account's topics", setting("evolution-topic-invokes-switch", "sourceAccount", "000000000000")),
    ("one more alarm", lambda nodes: nodes.update(more=nodes["monitoring-safety-score"])),
    (
        "logs of every group",
        conditioned(KEY, "LogGroupsOfThisStack", {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": "arn:aws:logs:*:000000000000:*"}}),
    ),
]


@pytest.mark.parametrize("edit", [pytest.param(edit, id=name) for name, edit in ENOUGH])
def test_what_is_enough_is_left_alone(edit: Edit, nodes: Nodes) -> None:
    edit(nodes)
    assert rules_that_fire(nodes) & PATH == set()


@pytest.mark.parametrize(("stack", "image"), [("dev", None), ("staging", None), ("prod", "none"), ("dev", "none")])
def test_no_stack_breaks_it(stack: str, image: str | None, plan: Callable[..., Plan], monkeypatch: pytest.MonkeyPatch) -> None:
    planned = plan(stack, image)
    monkeypatch.setenv("PULUMI_CONFIG", json.dumps({"evolution-system:environment": json.dumps(planned.outputs["environment"])}))
    assert rules_that_fire(nodes_of(planned), stack=stack) & PATH == set()


@pytest.mark.parametrize(
    ("condition", "passes"),
    [
        ({}, True),
        ({"StringEquals": {"k": "v"}}, True),
        ({"StringEquals": {"K": ["u", "v"]}}, True),
        ({"StringNotEquals": {"k": "u"}}, True),
        ({"StringNotEquals": {"k": ["u", "v"]}}, False),
        ({"StringLike": {"k": "?"}}, True),
        ({"StringEqualsIgnoreCase": {"k": "V"}}, True),
        ({"StringEqualsIfExists": {"k": "v"}}, True),
        ({"ForAnyValue:StringEquals": {"k": "v"}}, True),
        ({"StringEquals": {"other": "v"}}, False),
        ({"StringNotEquals": {"other": "v"}}, False),
        ({"NumericLessThan": {"k": "1"}}, False),
        ({"Null": {"k": "false"}}, True),
        ({"Null": {"k": "true"}}, False),
        ({"Null": {"other": "true"}}, False),
        ({"StringEquals": {"k": "v"}, "Bool": {"b": "false"}}, False),
    ],
)
def test_a_condition_lets_through_what_it_surely_does(condition: dict[str, Any], passes: bool) -> None:
    """An Allow by what is known; a Deny by whatever isn't known not to be."""
    request = AwsCall(action="s3:GetObject", resource="arn:aws:s3:::b/o", context={"k": "v", "b": "true"})
    allow = {"Effect": "Allow", "Action": "s3:Get*", "Resource": "arn:aws:s3:::b/*"}
    assert allowed(request, _read({**allow, "Condition": condition})) is passes
    unsure = "NumericLessThan" in condition or any(key not in ("k", "K", "b") for keys in condition.values() for key in keys)
    assert allowed(request, _read(allow, {**allow, "Effect": "Deny", "Condition": condition})) is (not passes and not unsure)


def _read(*stated: dict[str, Any]) -> list[Any]:
    props: dict[str, Any] = {"policy": document(*stated)}
    return list(
        statements_of(Resource(urn="", type="aws:iam/rolePolicy:RolePolicy", name="x", props=props, limits=configured({}).of("prod")))
    )


def test_the_switchs_boundary_is_found_by_its_arn(nodes: Nodes) -> None:
    """Once it is made, its ARN is known, and nothing refers to it."""
    nodes["evolution-safety-switch-role"].references.pop("permissionsBoundary", None)
    nodes[BOUNDARY].props["arn"] = arn = "arn:aws:iam::000000000000:policy/evolution-boundary-prod-us-east-1"
    nodes["evolution-safety-switch-role"].props = edit_at(nodes["evolution-safety-switch-role"].props, ["permissionsBoundary"], arn)
    dropped(BOUNDARY, "ssm:PutParameter")(nodes)
    assert HALTS in rules_that_fire(nodes)
