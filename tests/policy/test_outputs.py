"""What is taken over from another resource is what it is there: nothing beside it, and nothing that is made of it."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest

from approval import Names
from limits import configured
from make_choices import Seen, choices_of
from outputs import EACH, FROM, built_of
from plain import UNKNOWN, Plain
from rule import Reference, Resource, Stack
from tests.approve import IMAGE, PROFILES, STACKS, planned, table_of
from tests.policy.attacks import ARN, FUNCTION
from tests.policy.builders import UNKNOWN as UNKNOWN_TEXT
from tests.policy.in_memory import judged, nodes_of, stack_of
from tests.policy.planned import Edit, edited

pytestmark = pytest.mark.slow  # whole plans, each half a second of the processor

CHOICES, RUNS = "approved/choices", "approved/what-runs"
NAMES = Names(account="1" * 12, region="us-east-1", stack="qa", profile=PROFILES["us"])
GROUP, TOPIC = "sg-0123456789abcdef0", ARN.format("sns", "billing-alerts-prod")
KEY = ARN.format("kms", "key/11111111-2222-4333-8444-555555555555")


@cache
def made_of(stack: str) -> Stack:
    """A committed stack once AWS has made it."""
    return planned(stack, {**table_of(stack), "engine_image_digest": IMAGE}, made=True)


@pytest.mark.parametrize("stack", STACKS)
def test_what_is_made_is_as_approved(stack: str, monkeypatch: pytest.MonkeyPatch) -> None:
    made = made_of(stack)
    assert judged(made, nodes_of(made), monkeypatch) == []


BESIDE: dict[str, tuple[str, str, Plain]] = {
    "a group more": ("compute-engine-service", "networkConfiguration.securityGroups.+", GROUP),
    "a subnet more": ("compute-engine-service", "networkConfiguration.subnets.+", "subnet-0123456789abcdef0"),
    "a way into an endpoint": ("network-logs-endpoint", "securityGroupIds.+", GROUP),
    "a topic more at OK": ("monitoring-unsafe", "okActions.+", TOPIC),
    "a topic more that is computed from the right one": ("monitoring-unsafe", "okActions.+", UNKNOWN_TEXT),
    "as many groups as somebody likes": ("compute-engine-service", "networkConfiguration.securityGroups", UNKNOWN_TEXT),
    "a name that is computed from the right one": ("agentcore-handler", "loggingConfig.logGroup", UNKNOWN_TEXT),
    "a topic in the place of one of two": ("monitoring-budget", "notifications.1.subscriberSnsTopicArns", [TOPIC]),
}
"""What stands beside a reference, or in the place of one of several: told at the first preview, too."""

COMPUTED: dict[str, tuple[str, str, Plain]] = {
    "the flow logs' destination": ("network-flow-logs", "logDestination", ARN.format("logs", "log-group:/billing/prod")),
    "a version of the switch": ("evolution-safety-switch-schedule", "target.arn", FUNCTION.format("evolution-safety-switch-prod:1")),
    "the tables' key": ("data-state", "serverSideEncryption.kmsKeyArn", KEY),
    "whose default endpoint it is": ("agentcore-runtime-default-policy", "resourceArn", ARN.format("bedrock-agentcore", "runtime/theirs")),
    "where the topic's lost messages go": ("evolution-switch-hears-topic", "redrivePolicy", f'{{"deadLetterTargetArn": "{TOPIC}"}}'),
    "a bucket whose lifecycle it is": ("data-artifacts-lifecycle", "bucket", "billing-artifacts-prod"),
}
"""What is computed from a reference, as it is once AWS has made that; names are known before."""

EDITS = [pytest.param(*case, id=name) for name, case in {**BESIDE, **COMPUTED}.items()]


def refused(stack: Stack, about: str, path: str, value: Plain, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """What the approved files say of an edit that leaves the references as they were."""
    nodes = nodes_of(stack)
    references = nodes[about].references
    changed = edited(nodes, Edit(about, path, value, frozenset()))
    changed[about].references = references
    return [one for one in judged(stack, changed, monkeypatch) if one[0] != "approved/switch-settings"]


@pytest.mark.parametrize(("about", "path", "value"), EDITS)
def test_what_is_no_output_of_what_it_refers_to_is_refused(about: str, path: str, value: Plain, monkeypatch: pytest.MonkeyPatch) -> None:
    for stack in (stack_of("prod"), made_of("prod")):
        assert refused(stack, about, path, value, monkeypatch) == [(CHOICES, about)]


def test_a_value_that_is_computed_from_the_right_one_is_told_only_when_that_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """Until then it isn't known, as the right one isn't."""
    assert refused(stack_of("prod"), "network-flow-logs", "logDestination", UNKNOWN_TEXT, monkeypatch) == []


def test_another_guardrail_by_its_id_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    for stack in (stack_of("prod"), made_of("prod")):
        for about, variables in (("agentcore-runtime", "environmentVariables"), ("agentcore-handler", "environment.variables")):
            assert refused(stack, about, f"{variables}.BEDROCK_GUARDRAIL_ID", "abcdefghij", monkeypatch) == [(RUNS, about)]


def resource(name: str, kind: str, of: str = "", /, **props: Plain) -> Resource:
    """One whose values come from others of the type `topic`."""
    references = {key: (Reference(urn=of, type="topic"),) for key in props if of}
    return Resource(urn=name, type=kind, name=name, props=props, inputs=props, limits=configured({}).of("qa"), references=references)


def approved_of(fresh: Plain, made: Plain) -> Plain:
    """What is written down for a value that is known only once it is made."""
    topic = resource("alerts", "topic", name="alerts-qa")
    there = replace(topic, props={"name": "alerts-qa", "arn": "arn:x:alerts-qa", "id": "arn:x:alerts-qa", "region": "us-east-1"})
    before, after = (
        Stack(name="qa", project="evolution-system", resources=(one, resource("a", "alarm", "alerts", tells=value)), limits=topic.limits)
        for one, value in ((topic, fresh), (there, made))
    )
    types, _ = choices_of([(before, NAMES)], [(after, NAMES)])
    return types["alarm"].get("tells")


def test_an_output_is_told_from_what_is_made_of_it_by_a_stack_that_is_made() -> None:
    assert approved_of(UNKNOWN, "arn:x:alerts-qa") == {FROM: "topic.arn"}
    assert approved_of([UNKNOWN], ["arn:x:alerts-qa"]) == {EACH: "topic.arn"}
    assert approved_of("alerts-qa", "alerts-qa") == {FROM: "topic.name"}
    assert approved_of(UNKNOWN, "arn:x:alerts-qa:1") is None
    assert approved_of(UNKNOWN, "us-east-1") is None


def test_a_text_that_is_made_of_an_output_has_its_form_approved() -> None:
    topic = resource("alerts", "topic", arn="arn:x:alerts-qa", name="alerts-qa", id="arn:x:alerts-qa")
    assert built_of("logs/arn:x:alerts-qa/1", [topic], NAMES) == "logs/<topic.arn>/1"
    assert built_of("logs/other", [topic], NAMES) == built_of(7, [topic], NAMES) == ""


def test_what_one_name_never_has_known_is_what_its_type_has() -> None:
    kept = Seen()
    found: dict[str, Plain] = {"tells": {FROM: "topic.arn"}}
    topic = resource("alerts", "topic")
    kept.add(resource("a", "alarm", "alerts", tells=UNKNOWN), NAMES, {"alerts": topic})
    assert kept.entries("alarm", own=True, of_type=found)["tells"] == {FROM: "topic.arn"}
