"""Which stacks are the Evolution System, and the environment table that one is configured with."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Unpack, overload

from plain import NotJsonError, Plain, dig, parse
from rule import Finding, Findings, Metadata, Resource, ResourceCheck, Stack, StackCheck, StackRule, about
from tokens import METRIC_ALARM, PARAMETER, STACK, TOPIC

PROJECT = "evolution-system"
TABLE_KEY = f"{PROJECT}:environment"
"""The configuration key of the table."""

ACCOUNT_PROJECT = "evolution-account"
"""The project that prepares an account (account_project.py)."""

TABLES = (TABLE_KEY, f"{ACCOUNT_PROJECT}:account")
"""The configuration keys of a stack's table: its environment's, or its account's. What a stack exports as its table is called so, too."""

METRIC_NAMESPACE = "EvolutionSystem"
"""Where the safety monitor publishes its score, and nobody else: PutMetricData can be narrowed to a namespace, and no further."""

ENGINE_NAMESPACE = "EvolutionSystem/Engine"
"""Where the engine publishes what it says of itself."""

ALERT_TOPIC = "evolution-system-alerts"
"""The first part of the alert topic's name; the stack's name follows. By its name, because a stack may hold other topics."""

UNSAFE_ALARM = "evolution-unsafe"
"""The first part of the name of the composite alarm that halts evolution."""


def is_evolution_system(stack: Stack) -> bool:
    """Whether the rules about this system apply. Any one of its marks is enough, so that no single edit takes a stack out of them:
    the project's name, a component of its own, an alarm on its metrics."""
    return (
        stack.project == PROJECT
        or any(resource.type.startswith("evolution:") for resource in stack.resources)
        or any(alarm.at("namespace") in (METRIC_NAMESPACE, ENGINE_NAMESPACE) for alarm in stack.of_type(METRIC_ALARM))
    )


def mode_parameters_of(stack: Stack) -> list[Resource]:
    """The parameters that hold the mode, or might: those whose name isn't known."""
    name = mode_parameter(stack)
    return [one for one in stack.of_type(PARAMETER) if one.at("name") == name or not isinstance(one.at("name"), str)]


def mode_parameter(stack: Stack) -> str:
    """The name of the parameter that says whether evolution runs or is halted."""
    return f"/evolution/{stack.name}/mode"


def alert_topic_of(stack: Stack) -> Resource | None:
    """The topic that all alarms of the stack go to."""
    return next((topic for topic in stack.of_type(TOPIC) if topic.at("name") == f"{ALERT_TOPIC}-{stack.name}"), None)


@overload
def evolution_rule(*, types: Collection[str], **metadata: Unpack[Metadata]) -> Callable[[ResourceCheck], StackRule]: ...
@overload
def evolution_rule(**metadata: Unpack[Metadata]) -> Callable[[StackCheck], StackRule]: ...
def evolution_rule(
    *, types: Collection[str] | None = None, **metadata: Unpack[Metadata]
) -> Callable[[ResourceCheck], StackRule] | Callable[[StackCheck], StackRule]:
    """`rule` for a decision of this system alone: other programs are not held to it."""
    return rule_where(is_evolution_system, types, metadata)


def rule_where(
    applies: Callable[[Stack], bool], types: Collection[str] | None, metadata: Metadata
) -> Callable[[ResourceCheck], StackRule] | Callable[[StackCheck], StackRule]:
    """`rule` for some stacks alone.

    A rule about single resources is judged with the whole stack, because only the stack shows which system a resource belongs to.
    """

    def only_here(check: StackCheck) -> StackRule:
        def here(stack: Stack) -> Findings:
            return check(stack) if applies(stack) else ()

        return StackRule(check=here, types=frozenset(types or ()), ours_only=True, **metadata)

    def of_each(check: ResourceCheck) -> StackRule:
        def whole(stack: Stack) -> Iterator[Finding]:
            for kind in sorted(types or ()):
                for resource in stack.of_type(kind):
                    yield from about(resource, _later(check, resource))

        return only_here(whole)

    return only_here if types is None else of_each


def _later(check: ResourceCheck, resource: Resource) -> Iterator[Finding]:
    """Run a check only when its findings are read, so that `about` catches what it raises."""
    yield from check(resource)


def table_of(configuration: str, resources: list[Resource]) -> Mapping[str, Plain] | None:
    """The table of a stack, its environment's or its account's; None where it has none.

    Args:
        configuration: the stack's configuration as the engine gives it to the pack's process (PULUMI_CONFIG), a JSON object of texts;
            empty where the pack runs over a state (`pulumi policy analyze`): then it is the stack's output `environment`, or `account`.
        resources: the stack's resources.
    """
    roots = [root for root in resources if root.type == STACK]
    for source in (*_configured(configuration), *(root.at(key.partition(":")[2]) for root in roots for key in TABLES)):
        try:
            table = parse(source)
        except NotJsonError:
            continue
        if isinstance(table, dict):
            return table
    return None


def _configured(configuration: str) -> list[Plain]:
    try:
        whole = parse(configuration)
    except NotJsonError:
        return []
    return [dig(whole, key) for key in TABLES]
