"""Governance: everything says whose it is, stands where it may, and costs what was agreed."""

from __future__ import annotations

import re
from collections.abc import Iterator

from checks import absent, literal
from graph import Linked
from plain import Plain, Unknown, dig, items, number, shown
from rule import Family, Finding, Resource, ResourceRule, Severity, Stack, StackRule, about
from system import PROJECT, alert_topic_of, each_of_this_system, of_this_system
from taggable import TAGGABLE
from tokens import AGENT_RUNTIME, BUDGET, CLUSTER, FUNCTION, PROVIDER, SERVICE, TASK_DEFINITION, TOPIC

TAG_VALUE = re.compile(r"[\w\s.:/=+\-@]{0,256}")
TAG_KEY = re.compile(r"(?!aws:)[\w\s.:/=+\-@]{1,128}", re.IGNORECASE)
"""What every service takes; some take more. Source: AWS general reference, "Tagging your AWS resources"."""

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

ENFORCES = frozenset({AGENT_RUNTIME, CLUSTER, SERVICE, TASK_DEFINITION})
HANDLER = "evolution-agentcore-handler"
"""What enforces the table's limits: some types, and the function of which this is the first part of the name."""


def _characters(resource: Resource) -> Iterator[Finding]:
    tags = resource.at("tags")
    if not isinstance(tags, dict):
        return
    for key, value in tags.items():
        if not TAG_KEY.fullmatch(key):
            yield Finding(f"the tag key {shown(key)} must keep to letters, digits and . : / = + - @ _.")
        elif isinstance(value, str) and not TAG_VALUE.fullmatch(value):
            yield Finding(f"the tag {key} is {shown(value)}; it must keep to letters, digits, spaces and . : / = + - @ _.")


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


def _tags(stack: Stack) -> Iterator[Finding]:
    """Wherever a limit's tag stands, in whatever case, it says what the table says."""
    common = {"Project": PROJECT, "Environment": stack.name, "ManagedBy": "pulumi", "Purpose": "AI Evolution System"}
    limits = _limit_tags(stack)
    spelt = {key.lower(): key for key in limits}
    for resource in stack.resources:
        if resource.type in TAGGABLE:
            tags = resource.at("tags")
            if isinstance(tags, Unknown):
                yield Finding("tags is not known at preview; it must be literal tags.", resource)
                continue
            given: dict[str, Plain] = tags if isinstance(tags, dict) else {}
            wanted = {**common, **(limits if _enforces(resource, stack) else {})}
            wanted |= {key: limits[spelt[key.lower()]] for key in given if key.lower() in spelt}
            wrong = {key: given.get(key) for key, value in wanted.items() if given.get(key) != value}
            if wrong:
                found = ", ".join(f"{key} is {shown(value)}" for key, value in sorted(wrong.items()))
                must = ", ".join(f"{key}={wanted[key]}" for key in sorted(wrong))
                yield Finding(f"among its tags {found}; they must be {must}.", resource)


def _explicit_provider(stack: Stack) -> Iterator[Finding]:
    """The engine names a provider that it makes by itself `default_<version>`."""
    for provider in stack.of_type(PROVIDER):
        if provider.name.startswith("default"):
            yield Finding(
                "it is the default provider, which carries no tags and takes its region from wherever it runs; it must not be used.",
                provider,
            )


def _credentials(provider: Resource) -> Iterator[Finding]:
    for name in ("accessKey", "secretKey", "token"):
        yield from absent(name, provider.at(name), "credentials belong to whoever deploys, not in a program or a state")
    yield from literal("insecure", provider.at("insecure"), False, "false", or_missing=True)


def _region(stack: Stack) -> Iterator[Finding]:
    table = None if stack.table is None else stack.table.get("region")
    for provider in stack.of_type(PROVIDER):
        region = provider.at("region")
        if not isinstance(region, str) or region not in REGIONS:
            yield Finding(f"region is {shown(region)}; it must be one of {', '.join(sorted(REGIONS))}.", provider)
        elif isinstance(table, str) and region != table:
            yield Finding(f"region is {shown(region)}; it must be {table}, as the environment table has it.", provider)
    for resource in stack.resources:
        own = resource.at("region") if resource.type.startswith("aws:") else None
        if isinstance(own, str) and isinstance(table, str) and own != table:
            yield Finding(f"region is {own}; it must be {table}, as the environment table has it.", resource)


def _budget(stack: Stack) -> Iterator[Finding]:
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


def _task_tags(service: Resource) -> Iterator[Finding]:
    yield from literal("propagateTags", service.at("propagateTags"), "SERVICE", "TASK_DEFINITION")


FAMILY = Family(
    name="governance",
    title="Everything must say whose it is, stand where it may, and cost what was agreed.",
    resource_rules=(
        ResourceRule(
            id="governance/tag-characters",
            severity=Severity.MEDIUM,
            protects="The deployment from a tag that one of the services refuses.",
            why="Most services take no % and no other special character in a tag, and say so when half of the stack is made.",
            fix="Write Autonomy='85', without a percent sign.",
            check=_characters,
            types=TAGGABLE,
        ),
        ResourceRule(
            id="governance/no-credentials",
            severity=Severity.CRITICAL,
            protects="The credentials of whoever deploys.",
            why="A key that is written into a provider is in the state, and in everybody's copy of it.",
            fix="Remove access_key, secret_key and token; AWS's own chain of credentials finds them.",
            check=_credentials,
            types=frozenset({PROVIDER}),
        ),
    ),
    stack_rules=(
        StackRule(
            id="governance/tags",
            severity=Severity.MEDIUM,
            protects="The bill, the inventory and whoever looks at a resource and asks whose it is.",
            why="A tag that is missing or says something else than the table misleads, and the roles' conditions rest on some.",
            fix="Let the explicit provider's default_tags carry the stack's tags, and what enforces the table's limits theirs "
            "(components/environment.py: common_tags, Limits.tags).",
            check=of_this_system(_tags),
        ),
        StackRule(
            id="governance/explicit-provider",
            severity=Severity.MEDIUM,
            protects="Resources from standing in another region, without tags.",
            why="The default provider knows neither the table's region nor its tags.",
            fix="Pass the layer's options on: parent=self in every child, and the provider at the top.",
            check=of_this_system(_explicit_provider),
        ),
        StackRule(
            id="governance/region",
            severity=Severity.HIGH,
            protects="Data from leaving the regions that are approved for it.",
            why="A resource in another region is outside the endpoints, the alarms and the agreements that hold here.",
            fix="Take the region from the environment table, and give no resource one of its own.",
            check=of_this_system(_region),
        ),
        StackRule(
            id="governance/budget",
            severity=Severity.HIGH,
            protects="The bill of a system that decides by itself what to run.",
            why="Evolution that runs away is first seen in its cost.",
            fix="Declare a monthly COST budget with alerts.monthly_budget_usd as its limit, and notifications to the alert topic.",
            check=of_this_system(_budget),
        ),
        StackRule(
            id="governance/task-tags",
            severity=Severity.MEDIUM,
            protects="The cost of each task from being nobody's.",
            why="ECS gives tasks no tags unless it is told to; they are most of the bill.",
            fix="Write propagate_tags='SERVICE' and enable_ecs_managed_tags=True.",
            check=each_of_this_system(_task_tags, SERVICE),
        ),
    ),
)
