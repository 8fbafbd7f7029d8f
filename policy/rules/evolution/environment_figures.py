"""Environment, the figures: what the table says of sizes, schedules and retention is what is deployed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from approval import names_of
from choices import called
from graph import Linked
from plain import Plain, Unknown, dig, items, number, shown
from properties import given_in
from rule import Finding, Resource, Severity, Stack
from rules.evolution.containment import CALLED
from schedules import shortest_gap, starts_a_day
from system import evolution_rule
from tokens import BUCKET_LIFECYCLE, EIP, FUNCTION, NAT_GATEWAY, SCHEDULE, SERVICE, SUBNET, TASK_DEFINITION, VPC

CONTAINER = "containerDefinitions"

FIGURES: Mapping[tuple[str, str], Mapping[str, str]] = {
    (SCHEDULE, "evolution-trigger-schedule"): {"scheduleExpression": "evolution_schedule"},
    (TASK_DEFINITION, "compute-engine-task"): {
        "cpu": "engine.task.cpu",
        "memory": "engine.task.memory",
        f"{CONTAINER}.cpu": "engine.container_cpu",
        f"{CONTAINER}.memory": "engine.container_memory",
    },
    (TASK_DEFINITION, "compute-monitor-task"): {"cpu": "monitor_task.cpu", "memory": "monitor_task.memory"},
    (VPC, "network-vpc"): {"cidrBlock": "network.vpc_cidr"},
}
"""By type and what the program calls it, a property of a resource, and the row of the table that it must equal."""

COUNTS: Mapping[str, tuple[int, str]] = {
    EIP: (1, "network.nat_gateways"),
    NAT_GATEWAY: (1, "network.nat_gateways"),
    SUBNET: (2, "network.availability_zones"),  # a private one and a public one in each
}
"""By type, how many there may be, whatever they are called: so many for each of a row of the table."""

KEPT = {
    "expiration.days": "retention.artifact_retention_days",
    "noncurrentVersionExpiration.noncurrentDays": "retention.noncurrent_retention_days",
}
"""The same for the rules of the artifacts' lifecycle that are about all of them."""

ARTIFACTS = "data-artifacts-lifecycle"

ENGINE = "compute-engine-service"

TRIGGER = "evolution-trigger"
"""The first part of the name of the function that starts an evolution."""


@evolution_rule(
    id="environment/table-figures",
    severity=Severity.HIGH,
    protects="What the table was reviewed for: how much is run and paid for, how often, and how long the record is kept.",
    why="A reviewer reads the table; what is deployed beside it costs or keeps something else than was agreed.",
    fix="Take the value from the stack's environment table.",
)
def table_figures(stack: Stack) -> Iterator[Finding]:
    """Each figure that a reviewer reads in the table, where it is deployed."""
    table, names = stack.table or {}, names_of(stack)
    for resource in stack.resources:
        for path, row in FIGURES.get((resource.type, called(resource, names)), {}).items():
            yield from _against(resource, path, _at(given_in(resource), path), table, row)
        if (resource.type, called(resource, names)) == (SERVICE, ENGINE):
            yield from _at_most(resource, "desiredCount", table, "engine.maximum")
        if (resource.type, called(resource, names)) == (BUCKET_LIFECYCLE, ARTIFACTS):
            for rule in items(resource.at("rules")):
                prefix = dig(rule, "filter", "prefix")
                if prefix is None:
                    yield Finding('rules.filter.prefix is missing; a rule that is about all artifacts must say "".', resource)
                for path, row in KEPT.items() if prefix == "" else ():
                    yield from _against(resource, f"rules.{path}", [dig(rule, *path.split("."))], table, row)
    counts = Counter(resource.type for resource in stack.resources)
    for kind, (each, row) in COUNTS.items():
        most = number(_row(table, row))
        if most is not None and counts[kind] > each * most:
            yield Finding(f"it has {counts[kind]} of {kind}; it may have at most {shown(each * most)}, by {row} of the table.")
    yield from _too_often(stack, table.get("evolution_schedule"))


def _too_often(stack: Stack, row: Plain) -> Iterator[Finding]:
    """Each schedule starts an evolution when none runs: one more mustn't do so more often than the table's, and all others together no more
    often in a day."""
    functions, names = Linked(stack, FUNCTION, CALLED), names_of(stack)
    triggers = {urn for urn, one in functions.all.items() if one.at("name") == f"{TRIGGER}-{stack.name}"}
    others = [one for one in stack.of_type(SCHEDULE) if (one.type, called(one, names)) not in FIGURES]
    started = 0.0
    for schedule in others if row is not None else ():
        if not triggers & functions.by(schedule, "target"):
            continue
        expression = schedule.at("scheduleExpression")
        if shortest_gap(expression) >= shortest_gap(row):
            started += starts_a_day(expression)
        else:
            yield Finding(
                f"scheduleExpression is {shown(expression)}; it must start evolution no more often than {shown(row)}, evolution_schedule "
                "of the table.",
                schedule,
            )
    if started > starts_a_day(row):
        yield Finding(
            f"its schedules beside the table's start evolution {started:g} times a day; all together may do so {starts_a_day(row):g} "
            "times, as often as evolution_schedule of the table."
        )


def _row(table: Mapping[str, Plain], row: str) -> Plain:
    first, *rest = row.split(".")
    return dig(table.get(first), *rest)


def _at(props: Plain, path: str) -> list[Plain]:
    """The values of a property, of each part that has it."""
    values: list[Plain] = [props]
    for name in path.split("."):
        values = [part for value in values for part in items(dig(value, name))]
    return values


def _at_most(resource: Resource, path: str, table: Mapping[str, Plain], row: str) -> Iterator[Finding]:
    """Of the engine's count, which is ignored once it is made: a table with another one meets the count of before."""
    most, count = number(_row(table, row)), number(resource.at(path))
    if most is not None and (count is None or count > most):
        yield Finding(f"{path} is {shown(resource.at(path))}; it may be at most {shown(most)}, {row} of the table.", resource)


def _against(resource: Resource, path: str, values: list[Plain], table: Mapping[str, Plain], row: str) -> Iterator[Finding]:
    must = _row(table, row)
    for value in values:
        if must is None or value is None or value == must or (number(value) is not None and number(value) == number(must)):
            continue
        is_ = "not known at preview" if isinstance(value, Unknown) else shown(value)
        yield Finding(f"{path} is {is_}; it must be {shown(must)}, {row} of the table.", resource)
