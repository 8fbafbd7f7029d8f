"""Environment limits: no tier runs with more autonomy, memory, agents or generations, or with less safety, than is approved for it."""

from __future__ import annotations

from collections.abc import Iterator

from limits import ROWS
from rule import Finding, Resource, Severity, Stack, rule
from rules.evolution.environment_limits import ENGINE, SAFETY, against_limit, within_limits
from system import TABLE_KEY, evolution_rule
from tokens import AGENT_RUNTIME, FUNCTION, SERVICE, TASK_DEFINITION
from variables import environments_of, unreadable


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
        yield from against_limit(f"{row} in the environment table", row, stack.table.get(row), stack.bounds)
