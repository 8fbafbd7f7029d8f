"""Environment limits: no tier runs with more autonomy, memory, agents or generations, or with less safety, than is approved for it."""

from __future__ import annotations

from collections.abc import Iterator

from limits import ROWS, TierLimits
from plain import Plain, Unknown, shown
from rule import Finding, Resource, Severity, Stack, rule
from system import TABLE_KEY, evolution_rule
from tokens import AGENT_RUNTIME, FUNCTION, SERVICE, TASK_DEFINITION
from variables import RunnerEnvironment, environments_of, unreadable

LIMITED = {
    "AI_AUTONOMY_LEVEL": "autonomy_percent",
    "AGENT_MEMORY_LIMIT": "agent_memory_bytes",
    "MAX_CONCURRENT_AGENTS": "max_concurrent_agents",
    "INSTANTIATION_TARGET_US": "instantiation_target_us",
    "EVOLUTION_GENERATIONS": "generations",
    "EVOLUTION_SAFETY_MODE": "safety_mode",
    "AUTONOMY_LEVEL": "autonomy_percent",
}
"""An environment variable to the row of the table that it comes from."""

SAFETY = ("EVOLUTION_SAFETY_ENABLED", "EVOLUTION_SAFETY_MODE")
"""What every container of the system is told; the rest of LIMITED only the one that evolves."""

ENGINE = frozenset(LIMITED) - frozenset(SAFETY) - {"AUTONOMY_LEVEL"}
"""What a container that evolves is told besides."""

EVOLVES = ENGINE - {"AGENT_MEMORY_LIMIT"} | {"EVOLUTION_MODE"}
"""A container that has any of these evolves. The safety monitor is told how large an agent may be, too: it judges them by it."""

STARTS = frozenset({"EVOLUTION_GENERATIONS", "MAX_CONCURRENT_AGENTS"})
"""A function that has any of these starts evolutions, and is told how large an agent of theirs may be."""

HANDLER = frozenset({"AGENT_MEMORY_LIMIT", "AUTONOMY_LEVEL", "EVOLUTION_SAFETY_ENABLED"})
"""What a function or a runtime that takes agent requests is told; one that has any of the first two, or a model, does take them."""


def against_limit(where: str, row: str, value: Plain, limits: TierLimits) -> Iterator[Finding]:
    limit = limits.rows[row]
    allowed = ROWS[row].allows(value, limit)
    if allowed:
        return
    must = f"in the tier `{limits.tier}` it must be {ROWS[row].wants(limit)}"
    if not limits.known_tier:
        must += " (the tier is not known, so the strictest limit counts)"
    if allowed is None:
        # What stands in the place of a number may be a secret.
        kind = "not known yet" if isinstance(value, Unknown) else "missing" if value is None else "of the wrong kind"
        yield Finding(f"{where} is {kind}, so it can't be compared; {must}.")
    else:
        yield Finding(f"{where} is {shown(value)}; {must}.")


def _required(resource: Resource, found: frozenset[str]) -> frozenset[str]:
    """What an environment with these variables must have: one of a role's variables calls for all of them."""
    if resource.type in (AGENT_RUNTIME, FUNCTION):
        trigger = STARTS | {"AGENT_MEMORY_LIMIT"} if found & STARTS else frozenset[str]()
        handler = HANDLER if (found - trigger) & {"AGENT_MEMORY_LIMIT", "AUTONOMY_LEVEL", "BEDROCK_MODEL_ID"} else frozenset[str]()
        return trigger | handler
    if found & EVOLVES:
        return ENGINE | frozenset(SAFETY)
    return frozenset(SAFETY) if found & frozenset(SAFETY) else frozenset()


def within_limits(resource: Resource) -> Iterator[Finding]:
    """What is wrong with the limits in the environments of a task, a function or a runtime."""
    for environment in environments_of(resource):
        yield from _environment(environment, resource)


def _environment(environment: RunnerEnvironment, resource: Resource) -> Iterator[Finding]:
    for name, value in environment.variables.items():
        where = f"{name}{environment.owner}"
        if name in LIMITED:
            yield from against_limit(where, LIMITED[name], value, resource.limits)
        elif name == "EVOLUTION_SAFETY_ENABLED" and value != "true":
            yield Finding(f"{where} is not true; it must be the literal text true.")
    found = frozenset(environment.variables)
    for name in sorted(_required(resource, found) - found):
        yield Finding(f"{name}{environment.owner} is missing; without it there would be no bound, so it must be set.")


@rule(
    id="environment/container-limits",
    types={TASK_DEFINITION},
    severity=Severity.CRITICAL,
    protects="The bounds that the engine is really started with.",
    why="The engine obeys its environment, not the table: a value that is changed on the way there is the one that counts.",
    fix="Take the value from the stack's environment table, and keep the table within the tier's limits (policy/limits.py).",
)
def container_limits(task: Resource) -> Iterator[Finding]:
    return within_limits(task)


@rule(
    id="environment/function-limits",
    types={FUNCTION},
    severity=Severity.CRITICAL,
    protects="The bounds that the Lambda functions hold requests to.",
    why="The handler refuses what is beyond its variables; one that is raised on the way there lets more through.",
    fix="Take AUTONOMY_LEVEL and AGENT_MEMORY_LIMIT from the stack's environment table, and set EVOLUTION_SAFETY_ENABLED to true.",
)
def function_limits(function: Resource) -> Iterator[Finding]:
    return within_limits(function)


@rule(
    id="environment/runtime-limits",
    types={AGENT_RUNTIME},
    severity=Severity.CRITICAL,
    protects="The bounds that agents run with in the AgentCore runtime.",
    why="An agent that is told no bound has none.",
    fix="Give the runtime AUTONOMY_LEVEL, AGENT_MEMORY_LIMIT and EVOLUTION_SAFETY_ENABLED from the stack's environment table.",
)
def runtime_limits(runtime: Resource) -> Iterator[Finding]:
    return within_limits(runtime)


@evolution_rule(
    id="environment/engine-bounded",
    severity=Severity.CRITICAL,
    protects="The limits from an engine that is told nothing at all.",
    why="An engine without limits in its environment evolves unbounded, whatever the table says.",
    fix="Give the engine's container all variables of components/containers.py, from the stack's environment table.",
)
def engine_bounded(stack: Stack) -> Iterator[Finding]:
    if not stack.of_type(SERVICE):
        return
    for task in stack.of_type(TASK_DEFINITION):
        for environment in environments_of(task):
            if environment.variables.keys() >= {*ENGINE, *SAFETY}:
                return
    if any(any(unreadable(task)) for task in stack.of_type(TASK_DEFINITION)):
        return  # environment/readable says it
    yield Finding(f"it runs services, but no container is told its limits ({', '.join(sorted(ENGINE))}); the engine's must be.")


@evolution_rule(
    id="environment/table-limits",
    severity=Severity.CRITICAL,
    protects="The one table from which containers, alarms and dashboard take their figures.",
    why="The limits were approved for the tier; the program can't raise them.",
    fix="Lower the row in Pulumi.<stack>.yaml, or have the limit approved and give it with --policy-pack-config.",
)
def table_limits(stack: Stack) -> Iterator[Finding]:
    if stack.table is None:
        yield Finding(f"neither the configuration {TABLE_KEY} nor the stack's output `environment` holds the environment table.")
        return
    for row in ROWS:
        yield from against_limit(f"{row} in the environment table", row, stack.table.get(row), stack.limits)
