"""A type, a property or a setting of the way to the halt that nobody has approved is refused; stores of their own are left alone."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pulumi_aws
import pytest

from make_approved import shape_of
from plain import dig
from properties import SYSTEM, approved
from rule import Reference, judge_stack
from rules.evolution.approved_shape import taken_roles, types
from tests.policy.builders import TAGS, UNKNOWN, Node, Nodes
from tests.policy.edits import Edit, adding, both
from tests.policy.edits_containment import setting
from tests.policy.in_memory import judged, nodes_of, stack_of

TYPES, PROPERTIES, IGNORED, SETTINGS, TAKEN, FLOORS = (
    f"approved/{name}" for name in ("types", "properties", "options", "switch-settings", "taken-roles", "floors")
)

SWITCH, RESUME, HEARS, INVOKES = (
    "evolution-safety-switch",
    "evolution-resume",
    "evolution-switch-hears-topic",
    "evolution-topic-invokes-switch",
)
SCHEDULE, TARGET = "evolution-safety-switch-schedule", ("evolution-scheduler-role", "evolution-safety-switch", "evolution-dead-letters")
TRIGGERS, STARTS = "evolution-trigger-schedule", ("evolution-scheduler-role", "evolution-trigger", "evolution-dead-letters")
CHOICES = "approved/choices"
REPORTS = "evolution-reports-prod-000000000000-us-east-1"


def ignoring(name: str, *changes: str) -> Edit:
    def edit(nodes: Nodes) -> None:
        nodes[name].ignore_changes = changes

    return edit


def another(called: str, of: str, **props: Any) -> Edit:
    """A resource like another one, but for some of its properties."""

    def edit(nodes: Nodes) -> None:
        like = nodes[of]
        references = {key: found for key, found in like.references.items() if key not in props}
        nodes[called] = Node(like.type, {**like.props, **props}, references, protect=like.protect, ignore_changes=like.ignore_changes)

    return edit


def moved(name: str, called: str) -> Edit:
    """A resource under another name."""
    return lambda nodes: nodes.update({called: nodes.pop(name)})


def kept(prefix: str, days: int, noncurrent: int) -> Edit:
    """A rule more of the artifacts' lifecycle."""

    def edit(nodes: Nodes) -> None:
        first = nodes["data-artifacts-lifecycle"].props["rules"][0]
        ends = {"expiration": {"days": days}, "noncurrentVersionExpiration": {"noncurrentDays": noncurrent}}
        nodes["data-artifacts-lifecycle"].props["rules"].append({**first, "filter": {"prefix": prefix}, **ends})

    return edit


REFUSED: dict[str, tuple[Edit, list[tuple[str, str]]]] = {
    # Types.
    "a topology of its own": (
        adding("more", Node("aws:ec2/networkAcl:NetworkAcl", {"vpcId": UNKNOWN, "tagsAll": TAGS})),
        [(TYPES, "more")],
    ),
    "what another stack puts out": (adding("more", Node("pulumi:pulumi:StackReference", {"name": "x/y/z"})), [(TYPES, "more")]),
    "a provider of something else": (adding("more", Node("pulumi:providers:command", {"version": "1.0.0"})), [(TYPES, "more")]),
    "one of ten policies that an account may have": (
        another("more", "security-web-acl-log-delivery", policyName="evolution-more-prod"),
        [(TYPES, "more")],
    ),
    "an endpoint of the table's under another name": (moved("network-logs-endpoint", "more"), [(TYPES, "more")]),
    # Tried again.
    "an evolution that is started a day late": (
        setting(TRIGGERS, "target.retryPolicy.maximumEventAgeInSeconds", 86400, *STARTS),
        [(CHOICES, TRIGGERS)],
    ),
    "a new schedule that is tried for a day": (
        both(
            another("more", TRIGGERS, name="evolution-night-prod", scheduleExpression="cron(0 3 * * ? *)"),
            setting("more", "target.retryPolicy.maximumRetryAttempts", 185, *STARTS),
        ),
        [(CHOICES, "more")],
    ),
    "a record that is tried twice as often": (
        setting("evolution-archiver-reads-stream", "maximumRetryAttempts", 10),
        [(CHOICES, "evolution-archiver-reads-stream")],
    ),
    # Properties.
    "a version": (setting("evolution-trigger", "publish", True), [(PROPERTIES, "evolution-trigger")]),
    "a mirror of the network": (setting("network-vpc", "enableNetworkAddressUsageMetrics", True), [(PROPERTIES, "network-vpc")]),
    "a part of a part": (setting("compute-cluster", "serviceConnectDefaults", {"namespace": "x"}), [(PROPERTIES, "compute-cluster")]),
    "a flag that is off by default": (
        setting("compute-engine-scaling-cpu", "targetTrackingScalingPolicyConfiguration.disableScaleIn", True),
        [(PROPERTIES, "compute-engine-scaling-cpu")],
    ),
    "a part that nobody can see": (setting("compute-cluster", "configuration", UNKNOWN), [(PROPERTIES, "compute-cluster")]),
    # Changes that are ignored.
    "the switch's schedule": (ignoring(SCHEDULE, "scheduleExpression"), [(IGNORED, SCHEDULE)]),
    "a policy": (ignoring("evolution-dead-letters-policy", "policy"), [(IGNORED, "evolution-dead-letters-policy")]),
    "everything": (ignoring("data-artifacts", "*"), [(IGNORED, "data-artifacts")]),
    # Tags.
    "a tag by which others are let in": (
        setting("compute-engine-role", "tags", {"team": "billing"}),
        [("approved/tags", "compute-engine-role")],
    ),
    "a tag on everything": (
        setting("aws", "defaultTags.tags.chaos", "enabled"),
        [("approved/tags", "aws")],
    ),
    # The way to the halt.
    "the switch's memory": (setting(SWITCH, "memorySize", 128), [(SETTINGS, SWITCH)]),
    "a variable": (setting(SWITCH, "environment.variables.DRY_RUN", "1"), [(SETTINGS, SWITCH)]),
    "resume has less time": (setting(RESUME, "timeout", 90), [(SETTINGS, RESUME)]),
    "the schedule tells the switch something else": (
        setting(SCHEDULE, "target.input", '{"dry_run": true}', *TARGET),
        [(SETTINGS, SCHEDULE)],
    ),
    "the permission is the budget's": (setting(INVOKES, "sourceArn", UNKNOWN, "monitoring-budget"), [(SETTINGS, INVOKES)]),
    "a permission more": (another("more", INVOKES, statementId="More", sourceArn=UNKNOWN), [(SETTINGS, "more")]),
    # Roles in other hands.
    "the engine's role is its execution's": (
        setting("compute-engine-task", "taskRoleArn", UNKNOWN, "compute-execution-role"),
        [(TAKEN, "compute-engine-task")],
    ),
    "the trigger runs as the archiver": (
        setting("evolution-trigger", "role", UNKNOWN, "evolution-archiver-role"),
        [(TAKEN, "evolution-trigger")],
    ),
    # Floors.
    "populations expire within a day": (
        setting("data-artifacts-lifecycle", "rules.1.expiration.days", 1),
        [(FLOORS, "data-artifacts-lifecycle")],
    ),
    "and what was replaced": (
        setting("data-access-logs-lifecycle", "rules.0.noncurrentVersionExpiration.noncurrentDays", 1),
        [(FLOORS, "data-access-logs-lifecycle")],
    ),
    "old versions of champions go after a month": (kept("champions/", 365, 30), [(FLOORS, "data-artifacts-lifecycle")]),
    "champions go after a month": (kept("champions/", 30, 90), [(FLOORS, "data-artifacts-lifecycle")]),
    "old versions of what begins as populations do": (kept("pop", 365, 1), [(FLOORS, "data-artifacts-lifecycle")]),
    "old access logs go sooner than the table says": (
        setting("data-access-logs-lifecycle", "rules.0.noncurrentVersionExpiration.noncurrentDays", 89),
        [(FLOORS, "data-access-logs-lifecycle")],
    ),
    "old versions in a new bucket": (
        both(
            another("more", "data-artifacts", bucket=REPORTS),
            another("more-lifecycle", "data-artifacts-lifecycle", bucket=REPORTS),
            lambda nodes: nodes["more-lifecycle"].references.update(bucket=["more"]),
        ),
        [(FLOORS, "more-lifecycle")],
    ),
    "another threshold in the secret": (
        setting("security-safety-settings-value", "secretStringWo.safety_threshold", "0.1"),
        [(FLOORS, "security-safety-settings-value")],
    ),
    "whatever it is filled with": (
        setting("security-safety-settings-value", "secretStringWo", UNKNOWN),
        [(FLOORS, "security-safety-settings-value")],
    ),
    "a schedule more": (another("more", SCHEDULE, name="evolution-more-prod"), [(SETTINGS, "more")]),
}
"""What no other rule refuses."""


@pytest.mark.parametrize(("edit", "found"), [pytest.param(edit, found, id=name) for name, (edit, found) in REFUSED.items()])
def test_what_has_no_approved_shape_is_refused(edit: Edit, found: list[tuple[str, str]], monkeypatch: pytest.MonkeyPatch) -> None:
    prod = stack_of("prod")
    nodes = nodes_of(prod)
    edit(nodes)
    assert judged(prod, nodes, monkeypatch) == found


@pytest.mark.parametrize(
    ("like", "key", "role", "refused"),
    [
        ("evolution-archiver", "role", "evolution-archiver-role", True),
        ("evolution-archiver", "role", "evolution-scheduler-role", True),
        (SCHEDULE, "target", "evolution-trigger-role", True),
        (SCHEDULE, "target", "evolution-scheduler-role", False),
    ],
)
def test_one_more_takes_no_approved_role_but_a_schedule_its_own(like: str, key: str, role: str, refused: bool) -> None:
    prod = stack_of("prod")
    there = {one.name: one for one in prod.resources}
    references = {**there[like].references, key: (Reference(urn=there[role].urn, type=there[role].type),)}
    more = replace(there[like], name="more", urn="more", references=references)
    found = judge_stack(taken_roles, replace(prod, resources=(*prod.resources, more)))
    assert [one.resource.name for one in found if one.resource] == ["more"] * refused


SECOND_AGENTS = {
    "aws:bedrock/agentAgent:AgentAgent",
    "aws:bedrock/agentFlow:AgentFlow",
    "aws:bedrock/agentcoreApiKeyCredentialProvider:AgentcoreApiKeyCredentialProvider",
    "aws:bedrock/agentcoreBrowser:AgentcoreBrowser",
    "aws:bedrock/agentcoreCodeInterpreter:AgentcoreCodeInterpreter",
    "aws:bedrock/agentcoreGatewayRule:AgentcoreGatewayRule",
    "aws:bedrock/agentcoreHarness:AgentcoreHarness",
    "aws:bedrock/agentcoreOauth2CredentialProvider:AgentcoreOauth2CredentialProvider",
    "aws:bedrock/inferenceProfile:InferenceProfile",
    "aws:bedrock/provisionedModelThroughput:ProvisionedModelThroughput",
    "aws:bedrockmodel/invocationJob:InvocationJob",
}
"""What asks a model, or acts for an agent, past the gateway, the guardrail or the wall."""


def test_no_second_agent_is_approved_by_any_type_that_the_provider_has() -> None:
    """Every type of Bedrock and AgentCore, as the provider's classes name them, but those of this system."""
    classes = Path(pulumi_aws.__file__).parent
    files = (path for folder in ("bedrock", "bedrockfoundation", "bedrockmodel") for path in (classes / folder).glob("*.py"))
    created = re.compile(r"super\([^)]*\)\.__init__\(\s*'(aws:[^']+)'")
    kinds = {token for path in files for token in created.findall(path.read_text(encoding="utf-8"))} - approved(SYSTEM)["types"].keys()
    assert kinds >= SECOND_AGENTS
    prod = stack_of("prod")
    more = [replace(prod.resources[0], type=kind, name=kind, urn=kind, inputs={}, props={}) for kind in sorted(kinds)]
    found = judge_stack(types, replace(prod, resources=(*prod.resources, *more)))
    assert [one.resource.type for one in found if one.resource] == sorted(kinds)


RIGHT: dict[str, Edit] = {
    "a table": another("more", "data-population", name="agent-lineage-prod"),
    "a bucket": another("more", "data-artifacts", bucket=REPORTS),
    "a parameter": adding(
        "more", Node("aws:ssm/parameter:Parameter", {"name": "/evolution/prod/cursor", "type": "String", "value": "0", "tagsAll": TAGS})
    ),
    "a log group": another("more", "compute-engine-logs", name="/evolution/prod/more"),
    "another handler's memory": setting("evolution-archiver", "memorySize", 512),
    "a text": setting(SWITCH, "description", "Halts."),
    "code, as a state has it: without what is in it": setting(SWITCH, "code", []),
    "populations, again": kept("populations/", 7, 1),
    "old access logs are kept longer": setting("data-access-logs-lifecycle", "rules.0.noncurrentVersionExpiration.noncurrentDays", 120),
    "a new bucket, whose objects go within a week, and old versions as the table says": both(
        another("more", "data-artifacts", bucket=REPORTS),
        another("more-lifecycle", "data-access-logs-lifecycle", bucket=REPORTS),
        lambda nodes: nodes["more-lifecycle"].references.update(bucket=["more"]),
        setting("more-lifecycle", "rules.0.expiration.days", 7),
    ),
    "a default that is written out": setting("network-vpc", "instanceTenancy", "default"),
}
"""What needs no approval, whatever other rules want of it."""


@pytest.mark.parametrize("edit", [pytest.param(edit, id=name) for name, edit in RIGHT.items()])
def test_stores_and_sizes_are_left_alone(edit: Edit, monkeypatch: pytest.MonkeyPatch) -> None:
    prod = stack_of("prod")
    nodes = nodes_of(prod)
    edit(nodes)
    assert judged(prod, nodes, monkeypatch) == []


def test_a_type_that_is_planned_is_approved_by_writing_the_file_again() -> None:
    """The one file of the pack that a new type changes beside its token, and nothing in it by hand."""
    prod = stack_of("prod")
    of_stream = {"name": "events", "shardCount": 1}
    stream = replace(prod.resources[0], type="aws:kinesis/stream:Stream", name="more", urn="more", inputs=of_stream, ignore_changes=())
    before, after = (shape_of([one], [], lambda _: {}) for one in (prod, replace(prod, resources=(*prod.resources, stream))))
    assert dig(after, "types", stream.type) == {"#": "more", "*": ["name", "shardCount"]}
    assert dig(before, "types", stream.type) is None
    assert dig(after, "resources", stream.type) == {"more": {"name": "events", "shardCount": 1}}
    assert {**after, **{part: dig(before, part) for part in ("types", "resources")}} == before
