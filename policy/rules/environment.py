"""Environment limits: no tier runs with more autonomy, memory, agents or generations, or with less safety, than is approved for it."""

from __future__ import annotations

from collections.abc import Iterator

from containers import Container, containers_of
from limits import ROWS, Bounds
from plain import Plain, Unknown, shown
from rule import Family, Fault, Resource, ResourceRule, Severity, Stack, StackRule, broken, cannot_tell
from system import TABLE_KEY, is_evolution_system

TASK_DEFINITION = "aws:ecs/taskDefinition:TaskDefinition"
SERVICE = "aws:ecs/service:Service"

LIMITED = {
    "AI_AUTONOMY_LEVEL": "autonomy_percent",
    "AGENT_MEMORY_LIMIT": "agent_memory_bytes",
    "MAX_CONCURRENT_AGENTS": "max_concurrent_agents",
    "INSTANTIATION_TARGET_US": "instantiation_target_us",
    "EVOLUTION_GENERATIONS": "generations",
    "EVOLUTION_SAFETY_MODE": "safety_mode",
}
"""A container's environment variable to the row of the table that it comes from."""

SAFETY = ("EVOLUTION_SAFETY_ENABLED", "EVOLUTION_SAFETY_MODE")
"""What every container of the system is told; the rest of LIMITED only the one that evolves."""

ENGINE = frozenset(LIMITED) - frozenset(SAFETY) | {"EVOLUTION_MODE"}
"""A container with any of these evolves."""


def _against_limit(where: str, row: str, value: Plain, bounds: Bounds) -> Iterator[Fault]:
    limit = bounds.rows[row]
    allowed = ROWS[row].allows(value, limit)
    if allowed:
        return
    bound = {"maximum": f"at most {limit}", "minimum": f"at least {limit}", "order": f"{limit} or stricter"}[ROWS[row].direction]
    must = f"in the tier `{bounds.tier}` it must be {bound}"
    if not bounds.known_tier:
        must += " (the tier is not known, so the strictest limit counts)"
    if allowed is None:
        # What stands in the place of a number may be a secret.
        kind = "not known yet" if isinstance(value, Unknown) else "missing" if value is None else "of the wrong kind"
        yield cannot_tell(f"{where} is {kind}, so it can't be compared; {must}.")
    else:
        yield broken(f"{where} is {shown(value)}; {must}.")


def _container(container: Container, task: Resource) -> Iterator[Fault]:
    found: set[str] = set()
    for name, value in container.environment():
        found.add(name)
        where = f"{name} of container `{container.name}`"
        if name in LIMITED:
            yield from _against_limit(where, LIMITED[name], value, task.bounds)
        elif name == "EVOLUTION_SAFETY_ENABLED" and value != "true":
            yield (cannot_tell if isinstance(value, Unknown) else broken)(f"{where} is not true; it must be the literal text true.")
    required: set[str] = set()
    if found & ENGINE:
        required = {*LIMITED, *SAFETY}
    elif found & set(SAFETY):
        required = set(SAFETY)
    for name in sorted(required - found):
        yield broken(f"{name} of container `{container.name}` is missing; without it the engine would run unbounded, so it must be set.")


def _containers(task: Resource) -> Iterator[Fault]:
    for container in containers_of(task):
        if isinstance(container, Fault):
            yield container
        else:
            yield from _container(container, task)


def _engine(stack: Stack) -> Iterator[Fault]:
    if not is_evolution_system(stack) or not stack.of_type(SERVICE):
        return
    for task in stack.of_type(TASK_DEFINITION):
        for container in containers_of(task):
            if isinstance(container, Container) and {*LIMITED, *SAFETY} <= {name for name, _ in container.environment()}:
                return
    yield broken(f"it runs services, but no container is told its limits ({', '.join(LIMITED)}); the engine's must be.")


def _table(stack: Stack) -> Iterator[Fault]:
    if not is_evolution_system(stack):
        return
    if stack.table is None:
        yield cannot_tell(f"neither the configuration {TABLE_KEY} nor the stack's output `environment` holds the environment table.")
        return
    for row in ROWS:
        yield from _against_limit(f"{row} in the environment table", row, stack.table.get(row), stack.bounds)


def _configuration(stack: Stack) -> Iterator[Fault]:
    for fault in stack.configuration_faults:
        yield broken(f"the pack's own configuration can't be used: {fault} Until then the approved limits are in force.")


FAMILY = Family(
    name="environment",
    title="No tier may run beyond the limits that are approved for it.",
    resource_rules=(
        ResourceRule(
            id="environment/container-limits",
            severity=Severity.CRITICAL,
            protects="The bounds that the engine is really started with.",
            why="The engine obeys its environment, not the table: a value that is changed on the way there is the one that counts.",
            mend="Take the value from the stack's environment table, and keep the table within the tier's limits (policy/limits.py).",
            check=_containers,
            types=frozenset({TASK_DEFINITION}),
        ),
    ),
    stack_rules=(
        StackRule(
            id="environment/engine-bounded",
            severity=Severity.CRITICAL,
            protects="The rule above from an engine that is told nothing at all.",
            why="An engine without limits in its environment evolves unbounded, whatever the table says.",
            mend="Give the engine's container all variables of components/containers.py, from the stack's environment table.",
            check=_engine,
        ),
        StackRule(
            id="environment/table-limits",
            severity=Severity.CRITICAL,
            protects="The one table from which containers, alarms and dashboard take their figures.",
            why="The limits were approved for the tier; the program can't raise them.",
            mend="Lower the row in Pulumi.<stack>.yaml, or have the limit approved and give it with --policy-pack-config.",
            check=_table,
        ),
        StackRule(
            id="environment/pack-configuration",
            severity=Severity.CRITICAL,
            protects="The limits themselves from a misspelt override.",
            why="An override that is not understood would otherwise silently change nothing.",
            mend='Write {"environment": {"limits": {"prod": {"autonomy_percent": 80}}}}, with only the keys to replace.',
            check=_configuration,
        ),
    ),
)
