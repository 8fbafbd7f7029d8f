"""Environment limits: no tier runs with more autonomy, memory, agents or generations, or with less safety, than is approved for it."""

from __future__ import annotations

from collections.abc import Iterator

from limits import ROWS
from rule import Family, Finding, ResourceRule, Severity, Stack, StackRule
from rules import environment_functions, environment_secrets, environment_sources, environment_table
from rules.environment_limits import ENGINE, SAFETY, against_limit, within_limits
from system import TABLE_KEY, is_evolution_system
from tokens import AGENT_RUNTIME, FUNCTION, SERVICE, TASK_DEFINITION
from variables import Environment, environments_of


def _engine(stack: Stack) -> Iterator[Finding]:
    if not is_evolution_system(stack) or not stack.of_type(SERVICE):
        return
    for task in stack.of_type(TASK_DEFINITION):
        for environment in environments_of(task):
            if isinstance(environment, Environment) and environment.variables.keys() >= {*ENGINE, *SAFETY}:
                return
    yield Finding(f"it runs services, but no container is told its limits ({', '.join(sorted(ENGINE))}); the engine's must be.")


def _table(stack: Stack) -> Iterator[Finding]:
    if not is_evolution_system(stack):
        return
    if stack.table is None:
        yield Finding(f"neither the configuration {TABLE_KEY} nor the stack's output `environment` holds the environment table.")
        return
    for row in ROWS:
        yield from against_limit(f"{row} in the environment table", row, stack.table.get(row), stack.bounds)


def _configuration(stack: Stack) -> Iterator[Finding]:
    for finding in stack.configuration_faults:
        yield Finding(f"the pack's own configuration can't be used: {finding} Until then the approved limits are in force.")


FAMILY = Family(
    name="environment",
    title="No tier may run beyond the limits that are approved for it.",
    resource_rules=(
        ResourceRule(
            id="environment/container-limits",
            severity=Severity.CRITICAL,
            protects="The bounds that the engine is really started with.",
            why="The engine obeys its environment, not the table: a value that is changed on the way there is the one that counts.",
            fix="Take the value from the stack's environment table, and keep the table within the tier's limits (policy/limits.py).",
            check=within_limits,
            types=frozenset({TASK_DEFINITION}),
        ),
        ResourceRule(
            id="environment/function-limits",
            severity=Severity.CRITICAL,
            protects="The bounds that the Lambda functions hold requests to.",
            why="The handler refuses what is beyond its variables; one that is raised on the way there lets more through.",
            fix="Take AUTONOMY_LEVEL and AGENT_MEMORY_LIMIT from the stack's environment table, and set EVOLUTION_SAFETY_ENABLED to true.",
            check=within_limits,
            types=frozenset({FUNCTION}),
        ),
        ResourceRule(
            id="environment/runtime-limits",
            severity=Severity.CRITICAL,
            protects="The bounds that agents run with in the AgentCore runtime.",
            why="An agent that is told no bound has none.",
            fix="Give the runtime AUTONOMY_LEVEL, AGENT_MEMORY_LIMIT and EVOLUTION_SAFETY_ENABLED from the stack's environment table.",
            check=within_limits,
            types=frozenset({AGENT_RUNTIME}),
        ),
        *environment_secrets.RULES,
    ),
    stack_rules=(
        StackRule(
            id="environment/engine-bounded",
            severity=Severity.CRITICAL,
            protects="The rule above from an engine that is told nothing at all.",
            why="An engine without limits in its environment evolves unbounded, whatever the table says.",
            fix="Give the engine's container all variables of components/containers.py, from the stack's environment table.",
            check=_engine,
        ),
        StackRule(
            id="environment/table-limits",
            severity=Severity.CRITICAL,
            protects="The one table from which containers, alarms and dashboard take their figures.",
            why="The limits were approved for the tier; the program can't raise them.",
            fix="Lower the row in Pulumi.<stack>.yaml, or have the limit approved and give it with --policy-pack-config.",
            check=_table,
        ),
        StackRule(
            id="environment/pack-configuration",
            severity=Severity.CRITICAL,
            protects="The limits themselves from a misspelt override.",
            why="An override that is not understood would otherwise silently change nothing.",
            fix='Write {"environment": {"limits": {"prod": {"autonomy_percent": 80}}}}, with only the keys to replace.',
            check=_configuration,
        ),
        *environment_sources.STACK_RULES,
        *environment_table.STACK_RULES,
        *environment_functions.STACK_RULES,
    ),
)
