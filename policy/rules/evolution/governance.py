"""Governance: everything says whose it is, stands where it may, and costs what was agreed. Tags and region are judged of an
account, too."""

from __future__ import annotations

from collections.abc import Iterator

from checks import absent, literal
from graph import Linked
from plain import Plain, Unknown, dig, items, number, shown
from properties import ACCOUNT, SYSTEM, Shape, shaped_rule
from rule import Finding, Resource, Severity, Stack, about
from system import ACCOUNT_PROJECT, PROJECT, alert_topic_of, evolution_rule
from taggable import TAGGABLE
from tokens import AGENT_RUNTIME, BUDGET, CLUSTER, FUNCTION, PROVIDER, SERVICE, TASK_DEFINITION, TOPIC

REGIONS = frozenset(
    {
        *("us-east-1", "us-east-2", "us-west-2"),
        *("ap-northeast-1", "ap-south-1", "ap-southeast-1", "ap-southeast-2"),
        *("eu-central-1", "eu-west-1"),
    }
)
"""Where every service of this system is offered, and where it is approved to run. Source: AgentCore developer guide, "Supported AWS
Regions"."""

BYTES_PER_KB = 1024

COMMON = {
    SYSTEM: {"Project": PROJECT, "ManagedBy": "pulumi", "Purpose": "AI Evolution System"},
    ACCOUNT: {"Project": ACCOUNT_PROJECT, "ManagedBy": "pulumi", "Purpose": "AWS account of the AI Evolution System"},
}
"""The tags that everything has beside the stack's name. The project's differ: what deploys the system reaches nothing of the account's."""

ENFORCES = frozenset({AGENT_RUNTIME, CLUSTER, SERVICE, TASK_DEFINITION})
HANDLER = "evolution-agentcore-handler"
"""What enforces the table's limits: some types, and the function of which this is the first part of the name."""


def _limit_tags(stack: Stack) -> dict[str, str]:
    """The tags of what enforces the table's limits, and their values as far as the table has them."""
    found: dict[str, str] = {}
    if stack.table is not None:
        if (autonomy := number(stack.table.get("autonomy_percent"))) is not None:
            found["Autonomy"] = str(autonomy)
        if (memory := number(stack.table.get("agent_memory_bytes"))) is not None:
            found["AgentMemoryLimit"] = f"{memory / BYTES_PER_KB:g}KB"
    return found


def _enforces(resource: Resource, stack: Stack) -> bool:
    return resource.type in ENFORCES or (resource.type == FUNCTION and resource.at("name") == f"{HANDLER}-{stack.name}")


@shaped_rule(
    id="governance/tags",
    severity=Severity.MEDIUM,
    protects="The bill, the inventory and whoever looks at a resource and asks whose it is.",
    why="A tag that is missing or says something else than the table misleads, and the roles' conditions rest on some.",
    fix="Let the explicit provider's default_tags carry the stack's tags, and what enforces the table's limits theirs "
    "(components/environment.py: common_tags, Limits.tags; account/table.py: common_tags).",
)
def tags(stack: Stack, shape: Shape) -> Iterator[Finding]:
    """Wherever a limit's tag stands, in whatever case, it says what the table says.

    `tagsAll` has the provider's default tags, which `tags` hasn't; of some types the provider says it only of the planned resource.
    """
    common = {**COMMON[shape], "Environment": stack.name}
    limits = _limit_tags(stack)
    spelt = {key.lower(): key for key in limits}
    for resource in stack.resources:
        if resource.type in TAGGABLE:
            tags = resource.at("tagsAll")
            if isinstance(tags, Unknown):
                yield Finding("tagsAll is not known at preview; tags must be literal.", resource)
                continue
            given: dict[str, Plain] = tags if isinstance(tags, dict) else {}
            wanted = {**common, **(limits if _enforces(resource, stack) else {})}
            wanted |= {key: limits[spelt[key.lower()]] for key in given if key.lower() in spelt}
            wrong = {key: given.get(key) for key, value in wanted.items() if given.get(key) != value}
            if wrong:
                found = ", ".join(f"{key} is {shown(value)}" for key, value in sorted(wrong.items()))
                must = ", ".join(f"{key}={wanted[key]}" for key in sorted(wrong))
                yield Finding(f"among its tags {found}; they must be {must}.", resource)


@shaped_rule(
    id="governance/explicit-provider",
    severity=Severity.MEDIUM,
    protects="Resources from standing in another region, without tags.",
    why="The default provider knows neither the table's region nor its tags.",
    fix="Pass the layer's options on: parent=self in every child, and the provider at the top.",
)
def explicit_provider(stack: Stack, _: Shape) -> Iterator[Finding]:
    """The engine names a provider that it makes by itself `default_<version>`."""
    for provider in stack.of_type(PROVIDER):
        if provider.name.startswith("default"):
            yield Finding(
                "it is the default provider, which carries no tags and takes its region from wherever it runs; it must not be used.",
                provider,
            )


@shaped_rule(
    id="governance/region",
    severity=Severity.HIGH,
    protects="Data from leaving the regions that are approved for it.",
    why="A resource in another region is outside the endpoints, the alarms and the agreements that hold here.",
    fix="Take the region from the table, and give no resource one of its own.",
)
def region(stack: Stack, _: Shape) -> Iterator[Finding]:
    table = None if stack.table is None else stack.table.get("region")
    for provider in stack.of_type(PROVIDER):
        region = provider.at("region")
        if not isinstance(region, str) or region not in REGIONS:
            yield Finding(f"region is {shown(region)}; it must be one of {', '.join(sorted(REGIONS))}.", provider)
        elif isinstance(table, str) and region != table:
            yield Finding(f"region is {shown(region)}; it must be {table}, as the table has it.", provider)
    for resource in stack.resources:
        own = resource.at("region") if resource.type.startswith("aws:") else None
        if own is not None and isinstance(table, str) and own != table:
            yield Finding(f"region is {shown(own)}; it must be {table}, as the table has it.", resource)


@evolution_rule(
    id="governance/budget",
    severity=Severity.HIGH,
    protects="The bill of a system that decides by itself what to run.",
    why="Evolution that runs away is first seen in its cost.",
    fix="Declare a monthly COST budget with alerts.monthly_budget_usd as its limit, and notifications to the alert topic.",
)
def budget(stack: Stack) -> Iterator[Finding]:
    budgets = stack.of_type(BUDGET)
    if not budgets:
        yield Finding("it has no budget; it must have one, for evolution spends by itself.")
    limit = None if stack.table is None else number(dig(stack.table.get("alerts"), "monthly_budget_usd"))
    topic, topics = alert_topic_of(stack), Linked(stack, TOPIC)
    for budget in budgets:
        for name, wanted in (("budgetType", "COST"), ("timeUnit", "MONTHLY"), ("limitUnit", "USD")):
            yield from about(budget, literal(name, budget.at(name), wanted))
        given = number(budget.at("limitAmount"))
        if given is None or (limit is not None and given != limit):
            yield Finding(
                f"limitAmount is {shown(budget.at('limitAmount'))}; it must be {limit}, alerts.monthly_budget_usd of the table.", budget
            )
        for name in ("costFilters", "filterExpression", "autoAdjustData", "plannedLimits"):
            # The provider fills some of these in; only what is given narrows or moves the budget.
            yield from about(budget, absent(name, budget.at(name), "the whole account's cost must count"))
        told = [one for one in items(budget.at("notifications")) if _is_told(one)]
        if not any(dig(one, "notificationType") == "ACTUAL" for one in told):
            yield Finding("no notification at 100 percent of the limit or less tells anybody of the actual cost; one must.", budget)
        elif (
            topic is not None
            and topic.urn not in topics.by(budget, "notifications")
            and not any(dig(one, "subscriberEmailAddresses") for one in told)
        ):
            yield Finding(f"its notifications do not lead to the alert topic `{topic.name}`; they must.", budget)


def _is_told(notification: Plain) -> bool:
    threshold = number(dig(notification, "threshold"))
    return (
        dig(notification, "comparisonOperator") == "GREATER_THAN"
        and dig(notification, "thresholdType") == "PERCENTAGE"
        and threshold is not None
        and threshold <= 100
        and any(items(dig(notification, key)) for key in ("subscriberSnsTopicArns", "subscriberEmailAddresses"))
    )


@evolution_rule(
    id="governance/task-tags",
    types={SERVICE},
    severity=Severity.MEDIUM,
    protects="The cost of each task from being nobody's.",
    why="ECS gives tasks no tags unless it is told to; they are most of the bill.",
    fix="Write propagate_tags='SERVICE' and enable_ecs_managed_tags=True.",
)
def task_tags(service: Resource) -> Iterator[Finding]:
    yield from literal("propagateTags", service.at("propagateTags"), "SERVICE", "TASK_DEFINITION")
