"""A choice that nobody has approved is refused, and so is one that is missing; free text, names and the table's values are free."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from approval import Names
from choices import ALL, ALONE, BEGINS, ENDS, HOLDS, LEAST, NAMES_OF, OPEN, OR, REFERENCE, SHARED, approved_for, name_in
from limits import configured
from make_choices import Seen, choices_of, narrower
from plain import UNKNOWN as UNSEEN
from plain import Plain, dig, items
from properties import SYSTEM, approved
from rule import Reference, Resource, Stack, StackRule, judge_stack
from rules.evolution.approved_choices import choices, presence
from tests.approve import PROFILES
from tests.policy.builders import TAGS, UNKNOWN, Node, Nodes
from tests.policy.edits import Edit, adding
from tests.policy.edits_containment import setting
from tests.policy.in_memory import judged, nodes_of, stack_of
from tests.policy.planned import GONE
from tests.policy.test_approved_shape import another
from tokens import FUNCTION, SERVICE

CHOICES, PRESENCE, SECOND = "approved/choices", "approved/presence", "approved/second"
NAMES = Names(account="1" * 12, region="us-east-1", stack="qa", profile=PROFILES["us"])
CONTAINER, ACL = "containerDefinitions.0", "rules.{}.statement.managedRuleGroupStatement.ruleActionOverrides"


def resource(name: str, **props: Any) -> Resource:
    return Resource(urn=name, type="x", name=name, props={}, inputs=props, limits=configured({}).of("qa"))


def entries(*resources: Resource, own: bool = False) -> dict[str, Any]:
    seen = Seen()
    for one in resources:
        seen.add(one, NAMES, {})
    return seen.entries("x", own=own)


def test_a_text_or_flag_is_a_choice_and_a_number_or_a_text_of_the_stack_is_none() -> None:
    found = entries(resource("a", mode="ON", flag=True, days=7, size="512", role="x-qa", description="Any.", tags={"a": "b"}))
    assert found == {"mode": "ON", "flag": True, "days": "*", "size": "*", "role": "*", "description?": "*"}


def test_for_one_resource_the_stacks_own_names_are_approved_too() -> None:
    assert entries(resource("a", role="x-qa"), own=True) == {"role": "x-{stack}"}


def test_what_is_missing_in_a_resource_or_in_a_part_of_it_is_told_apart() -> None:
    first = resource("a", mode="ON", rules=[{"kind": "A", "only": "B"}, {"kind": "A"}])
    second = resource("b", rules=[{"kind": "A", "only": "B"}])
    assert entries(first, second) == {"mode?": "ON", "rules.kind": "A", "rules.only+": "B"}


def test_what_each_holds_all_of_is_told_from_what_each_holds_one_of() -> None:
    first, second = (resource("a", kinds=kinds) for kinds in (["A", "B"], ["B", "A"]))
    assert entries(first, second) == {"kinds": {ALL: ["A", "B"]}}
    less = resource("a", kinds=["A"])
    assert entries(first, less) == {"kinds": ["A", "B"]}
    assert entries(first, less, own=True) == {"kinds": {ALL: ["A"], OR: ["B"]}}


def test_what_may_be_anything_and_is_not_known_in_each_plan_is_said() -> None:
    first, second = (resource("a", title=title, size=7, mode=UNSEEN) for title in ("x", UNSEEN))
    assert entries(first, second)[OPEN] == ["mode", "title"]
    assert OPEN not in entries(resource("a", title="x", size=7))


def test_an_empty_part_of_a_part_says_something() -> None:
    assert entries(resource("a", action={"block": {}})) == {"action.block": {}}
    assert entries(resource("a", action={})) == {}


def stack(*resources: Resource, image: str | None = None) -> Stack:
    table = {"engine_image_digest": image}
    return Stack(name="qa", project="evolution-system", resources=resources, limits=configured({}).of("qa"), table=table)


def test_one_name_is_only_told_what_its_type_is_not() -> None:
    kinds, own = choices_of([(stack(*(resource(f"a-{index}", mode="ON") for index in range(3)), resource("b", mode="OFF")), NAMES)])
    assert kinds == {"x": {"#": ["a-#", "b"], "mode": ["OFF", "ON"]}}
    assert own == {"x": {"a-#": {"mode": "ON"}, "b": {"mode": "OFF"}}}
    assert narrower({"mode": "ON"}, {"mode": "ON"}) == {}


def test_what_a_stack_always_has_is_told_from_what_it_has_with_an_image_or_sometimes() -> None:
    always, ours, sometimes = (resource(name) for name in ("always", "ours", "sometimes"))
    stacks = (stack(always), stack(always, ours, image="sha256"), stack(always, ours, sometimes, image="sha256"))
    kinds, _ = choices_of([(one, NAMES) for one in stacks])
    assert kinds["x"]["#"] == ["always", "ours+", "sometimes?"]


def test_what_a_value_comes_from_says_more_than_its_text() -> None:
    comes = {"role": (Reference(urn="urn:pulumi:qa::evolution-system::y::role-7", type="y"),)}
    assert entries(replace(resource("a", role="x-qa"), references=comes), own=True) == {"@role": "role-#"}


def test_a_name_ends_as_those_of_its_type_do_or_goes_on_within_the_stack() -> None:
    found = entries(*(resource("a", alarmName=name) for name in ("evolution-a-qa", "/evolution/qa/engine", "/evolution/qa/traces")))
    assert found == {"alarmName": {BEGINS: ["/evolution", "evolution"], HOLDS: "{stack}", ENDS: ["", "/*"]}}
    assert entries(resource("a", alarmName="evolution-a-qa-eu-west-1"))["alarmName"][ENDS] == ["-eu-west-1"]


def test_a_number_has_a_bound_where_the_safe_direction_is_known() -> None:
    seen = Seen()
    for healthy in (50, 100):
        seen.add(resource("a", deploymentMinimumHealthyPercent=healthy, desiredCount=10), NAMES, {})
    assert seen.entries(SERVICE, own=False) == {"deploymentMinimumHealthyPercent": {LEAST: 50}, "desiredCount": "*"}


def test_a_number_that_is_one_and_the_same_is_a_choice_of_its_resource_and_not_of_its_type() -> None:
    first, second = (resource("a", days=days, size=2) for days in (7, 30))
    assert entries(first, second, own=True) == {"days": "*", "size": 2}
    assert entries(first, second) == {"days": "*", "size": "*"}


def test_what_others_of_its_type_have_set_and_one_has_not_stays_unset() -> None:
    _, own = choices_of([(stack(resource("a", mode="ON"), resource("b", limit=3), resource("c", mode="ON", limit=3)), NAMES)])
    assert [dig(own, "x", name, "-") for name in ("a", "b", "c")] == [["limit"], ["mode"], None]


def test_a_type_that_nobody_has_approved_has_no_parts() -> None:
    assert approved_for(SYSTEM, "x", "a").parts == {}


@pytest.mark.parametrize("rule", [choices, presence])
def test_what_cannot_be_read_is_a_finding_and_the_others_are_judged(rule: StackRule) -> None:
    deep: Plain = []
    for _ in range(10_000):
        deep = [deep]
    broken = replace(resource("broken", loggingConfig=deep), type=FUNCTION)
    other = replace(resource("other", loggingConfig={"logFormat": "Text"}), type=FUNCTION)
    found = [one for one in judge_stack(rule, stack(broken, other)) if one.resource]
    assert [one.resource and one.resource.name for one in found][:2] == ["broken", "other"]
    assert "could not read it" in found[0].message


def spent_only(nodes: Nodes) -> None:
    for one in nodes["monitoring-budget"].props["notifications"]:
        one["notificationType"] = "ACTUAL"


def gone(*names: str) -> Edit:
    def edit(nodes: Nodes) -> None:
        for name in names:
            del nodes[name]

    return edit


def replaced(name: str) -> Edit:
    def edit(nodes: Nodes) -> None:
        nodes[name].delete_before_replace = True

    return edit


def unheard(nodes: Nodes) -> None:
    nodes["network-dns-allowed"].props["domains"].remove("logs.us-east-1.amazonaws.com")


def referring(called: str, of: str, key: str, *sources: str) -> Edit:
    """A resource like another one, under another name, whose property's value comes from others."""

    def edit(nodes: Nodes) -> None:
        another(called, of, name="evolution-more-prod")(nodes)
        nodes[called].references[key] = [*sources]

    return edit


REFUSED: dict[str, tuple[Edit, str, str]] = {
    "everything that the runtime says": (
        setting("evolution-trigger", "loggingConfig.systemLogLevel", "DEBUG"),
        CHOICES,
        "evolution-trigger",
    ),
    "a log format that isn't known": (setting("evolution-trigger", "loggingConfig.logFormat", UNKNOWN), CHOICES, "evolution-trigger"),
    "other words of the gateway": (
        setting("agentcore-gateway-logs-source", "logType", "TRACES"),
        CHOICES,
        "agentcore-gateway-logs-source",
    ),
    "another parameter's type": (setting("evolution-mode", "type", "StringList"), CHOICES, "evolution-mode"),
    "insights that say less": (setting("compute-cluster", "settings.0.value", "enabled"), CHOICES, "compute-cluster"),
    "another user": (setting("compute-monitor-task", f"{CONTAINER}.user", "10002:10002"), CHOICES, "compute-monitor-task"),
    "an alarm on half of its metrics": (
        setting("monitoring-evolution-state-throttles", "metricQueries.1.metric.metricName", "SystemErrors"),
        CHOICES,
        "monitoring-evolution-state-throttles",
    ),
    "logs under the other log group's name": (
        setting("compute-monitor-task", f"{CONTAINER}.logConfiguration.options.awslogs-stream-prefix", "engine"),
        CHOICES,
        "compute-monitor-task",
    ),
    "no forecast": (
        spent_only,
        PRESENCE,
        "monitoring-budget",
    ),
    "zones that aren't balanced": (
        setting("compute-engine-service", "availabilityZoneRebalancing", GONE),
        PRESENCE,
        "compute-engine-service",
    ),
    "no reaper of processes": (
        setting("compute-monitor-task", f"{CONTAINER}.linuxParameters.initProcessEnabled", False),
        PRESENCE,
        "compute-monitor-task",
    ),
    "no time to stop in": (setting("compute-monitor-task", f"{CONTAINER}.stopTimeout", GONE), PRESENCE, "compute-monitor-task"),
    "a health check that never gives up": (
        setting("compute-engine-task", f"{CONTAINER}.healthCheck.retries", 10),
        CHOICES,
        "compute-engine-task",
    ),
    "images that are gone within a day": (
        setting("compute-repository-lifecycle", "policy.rules.0.selection.countNumber", 1),
        CHOICES,
        "compute-repository-lifecycle",
    ),
    "sessions that idle for an hour": (
        setting("agentcore-runtime", "lifecycleConfigurations.0.idleRuntimeSessionTimeout", 61),
        CHOICES,
        "agentcore-runtime",
    ),
    "individuals that pile up in another queue": (
        setting("evolution-archiver-reads-stream", "destinationConfig.onFailure.destinationArn", UNKNOWN, "monitoring-alerts"),
        CHOICES,
        "evolution-archiver-reads-stream",
    ),
    "a source of logs that nobody made here": (
        setting("agentcore-gateway-logs-delivery", "deliverySourceName", "other"),
        PRESENCE,
        "agentcore-gateway-logs-delivery",
    ),
    "no log group for insights": (gone("compute-insights-logs"), PRESENCE, ""),
    "a lifecycle that wins over the first": (another("more", "data-artifacts-lifecycle"), SECOND, "more"),
    "a second version of the secret": (another("more", "security-safety-settings-value"), SECOND, "more"),
    "another way to the agents": (another("more", "agentcore-gateway-target"), SECOND, "more"),
    "no wall while it is replaced": (replaced("security-web-acl"), "approved/replaced", "security-web-acl"),
    "another stack's mode": (
        adding(
            "more", Node("aws:ssm/parameter:Parameter", {"name": "/evolution/dev/mode", "type": "String", "value": "x", "tagsAll": TAGS})
        ),
        CHOICES,
        "more",
    ),
    "the alias that another stack's grants name": (
        another("more", "security-key-alias", name="alias/evolution-dev"),
        CHOICES,
        "more",
    ),
    "another program's alarm is written over": (
        setting("monitoring-resume-errors", "name", "billing-api-errors-prod"),
        CHOICES,
        "monitoring-resume-errors",
    ),
    "another program's alarm, by a new one": (
        another("more", "monitoring-agent-memory", name="billing-api-errors-prod", metricName="Births"),
        CHOICES,
        "more",
    ),
    **{
        f"another stack's name, of {of}": (another("more", of, **{key: name}), CHOICES, "more")
        for of, key, name in (
            ("monitoring-agent-memory", "name", "evolution-unsafe-prod-eu"),
            ("evolution-trigger-logs", "name", "/aws/lambda/evolution-night-prod-us-east-1"),
            ("security-key-alias", "name", "alias/evolution-prod-eu"),
            ("monitoring-dashboard", "dashboardName", "Evolution-System-Cost-prod-us-east-2"),
            ("evolution-mode", "name", "/evolution/prod-eu/mode"),
        )
    },
    "an alarm by a name that isn't known": (another("more", "monitoring-agent-memory", name=UNKNOWN), CHOICES, "more"),
    "another program's settings": (
        adding("more", Node("aws:ssm/parameter:Parameter", {"name": "/billing/prod/url", "type": "String", "value": "x", "tagsAll": TAGS})),
        CHOICES,
        "more",
    ),
    "a schedule that runs nothing": (
        referring("more", "evolution-trigger-schedule", "target", "evolution-scheduler-role", "evolution-dead-letters"),
        CHOICES,
        "more",
    ),
    "two policies of one name": (
        setting("security-web-acl-log-delivery", "policyName", "evolution-gateway-logs-prod"),
        CHOICES,
        "security-web-acl-log-delivery",
    ),
    "a second policy of the topic": (another("more", "monitoring-alerts-policy"), SECOND, "more"),
    "a second policy of the dead letters": (another("more", "evolution-dead-letters-policy"), SECOND, "more"),
    "a name that is taken": (another("more", "monitoring-dashboard"), SECOND, "more"),
    "a sum of a minute against the threshold of five": (
        setting("monitoring-web-acl-blocked", "period", 60),
        CHOICES,
        "monitoring-web-acl-blocked",
    ),
    "a week until it scales in": (
        setting("compute-engine-scaling-cpu", "targetTrackingScalingPolicyConfiguration.scaleInCooldown", 604800),
        CHOICES,
        "compute-engine-scaling-cpu",
    ),
    "a provider of two years ago": (setting("aws", "version", "6.66.0"), CHOICES, "aws"),
    "agents without end": (setting("agentcore-handler", "reservedConcurrentExecutions", 1000), CHOICES, "agentcore-handler"),
    "a request that is tried again": (
        setting("agentcore-handler-invocations", "maximumRetryAttempts", 1),
        CHOICES,
        "agentcore-handler-invocations",
    ),
    "a sleep for an alarm that has none": (
        setting("monitoring-agent-memory", "warmUpConfiguration", {"warmUpPeriodDurationInMinutes": 5}),
        CHOICES,
        "monitoring-agent-memory",
    ),
    "a reservation for what has none": (setting("evolution-archiver", "reservedConcurrentExecutions", 10), CHOICES, "evolution-archiver"),
    "ten gigabytes": (setting("agentcore-handler", "memorySize", 10240), CHOICES, "agentcore-handler"),
    "agents one by one": (setting("agentcore-handler", "reservedConcurrentExecutions", 1), CHOICES, "agentcore-handler"),
    "what is logged finds no way": (unheard, PRESENCE, "network-dns-allowed"),
    "a way out that isn't known": (setting("compute-workload-https", "cidrIpv4", UNKNOWN), CHOICES, "compute-workload-https"),
    "a mode that may be anything": (setting("evolution-mode", "allowedPattern", GONE), PRESENCE, "evolution-mode"),
}
"""What no other rule refuses: the edit, the rule, and what the finding is about."""


@pytest.mark.parametrize(("edit", "rule", "about"), [pytest.param(*case, id=name) for name, case in REFUSED.items()])
def test_what_was_not_approved_is_refused(edit: Edit, rule: str, about: str, monkeypatch: pytest.MonkeyPatch) -> None:
    prod = stack_of("prod")
    nodes = nodes_of(prod)
    edit(nodes)
    assert set(judged(prod, nodes, monkeypatch)) == {(rule, about)}


ADD_UP = {"Alias", "AgentcoreGateway", "AgentcorePolicyEngine", "Budget", "Cluster", "CompositeAlarm", "EventSourceMapping"} | {
    *("FlowLog", "InternetGateway", "Permission", "Queue", "Repository", "ResolverFirewallRuleGroupAssociation", "Secret", "Topic")
}
"""Types of which a key, queue, topic or VPC may have several, or whose second AWS refuses, though the program gives each one."""


def test_of_each_type_it_is_said_whether_a_shared_resource_may_have_two() -> None:
    """A type that is new in the program must be looked up: does AWS keep one of it for a resource?"""
    kinds = {name_in(name): kind for kind, entries in approved(SYSTEM)["types"].items() for name in items(entries[NAMES_OF])}
    single: set[tuple[str, str]] = set()
    for kind, entries in approved(SYSTEM)["types"].items():
        named = {name: approved_for(SYSTEM, kind, name_in(name)).parts for name in items(entries[NAMES_OF])}
        for key in {path for parts in named.values() for path in parts if path.startswith(REFERENCE)}:
            led = [str(one) for parts in named.values() if key in parts for one in parts[key].allowed or ()]
            shared = [one for one in led if kinds.get(one) in SHARED]
            single |= {(kind, key.removeprefix(REFERENCE))} if shared and len({*led}) == len(led) else set()
    alone = {(kind, key) for kind, keys in ALONE.items() for key in keys}
    assert alone <= single, "of these the program has several for one"
    assert {kind.rpartition(":")[2] for kind, _ in single - alone} == ADD_UP


def defaults(nodes: Nodes) -> None:
    nodes["more"] = Node("aws:ssm/parameter:Parameter", {"name": "/evolution/prod/cursor", "type": "String", "value": "0"})


RIGHT: dict[str, Edit] = {
    "an alarm that warms up again": replaced("monitoring-agent-memory"),
    "a second schedule for the same role": another("more", "evolution-trigger-schedule", name="evolution-night-prod"),
    "another alarm looks at something else": another("more", "monitoring-agent-memory", name="evolution-more-prod", metricName="Births"),
    "a log group of another function": another("more", "evolution-trigger-logs", name="/aws/lambda/evolution-night-prod"),
    "a log group within the stack": another("more", "evolution-trigger-logs", name="/evolution/prod/night/shift"),
    "numbers": setting("evolution-trigger", "memorySize", 512),
    "no text": setting("evolution-trigger", "description", ""),
    "a parameter without a pattern": defaults,
    "a provider of whatever version the SDK wants": setting("aws", "version", GONE),
    "a default, written out": setting("evolution-trigger", "packageType", "Zip"),
}


@pytest.mark.parametrize("edit", [pytest.param(edit, id=name) for name, edit in RIGHT.items()])
def test_what_is_free_is_left_alone(edit: Edit, monkeypatch: pytest.MonkeyPatch) -> None:
    prod = stack_of("prod")
    nodes = nodes_of(prod)
    edit(nodes)
    assert [found for found in judged(prod, nodes, monkeypatch) if found[0] != "approved/switch-settings"] == []
