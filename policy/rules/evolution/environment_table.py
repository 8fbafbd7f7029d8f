"""Environment, the table: what runs is told the table's own figures, not merely figures within the limit."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from accounts import own_account
from containers import containers_of
from graph import Linked
from plain import Plain, Unknown, dig, number, shown
from rule import Finding, Resource, Severity, Stack
from rules.evolution.environment import HANDLER, LIMITED
from system import ENGINE_NAMESPACE, METRIC_NAMESPACE, evolution_rule, mode_parameter
from tokens import AGENT_RUNTIME, FUNCTION, GUARDRAIL, REPOSITORY, SCALABLE_TARGET, SCHEDULED_ACTION, SERVICE, TASK_DEFINITION
from variables import RUNNERS, RunnerEnvironment, environments_of, unreadable

FROM_TABLE = {
    **LIMITED,
    "BEDROCK_REGION": "region",
    "BEDROCK_MODEL_ID": "model_id",
    "EVOLUTION_TASK": "evolution_task",
    "EVOLUTION_STRATEGY": "engine.strategy",
    "EVOLUTION_ISLANDS": "engine.islands",
}
"""A variable to the row of the table that it must equal."""

OFTEN = re.compile(r"rate\((\d+) minutes?\)")
MINUTES = 60
"""The schedule of what brings bounds into force, and the longest that it may take."""


def _wanted(stack: Stack) -> dict[str, Plain]:
    fixed: dict[str, Plain] = {
        "EVOLUTION_ENVIRONMENT": stack.name,
        "EVOLUTION_MODE": "autonomous",
        "EVOLUTION_STATE_TABLE": f"evolution-state-{stack.name}",
        "EVOLUTION_POPULATION_TABLE": f"agent-population-{stack.name}",
        "EVOLUTION_CHECKPOINT_TABLE": f"evolution-checkpoints-{stack.name}",
        "EVOLUTION_SAFETY_SECRET": f"EvolutionSafetyConfig-{stack.name}",
        # An engine that looks for its mode elsewhere is never halted.
        "EVOLUTION_MODE_PARAMETER": mode_parameter(stack),
    }
    table: Mapping[str, Plain] = stack.table or {}
    rows = {name: dig(dict(table), *row.split(".")) for name, row in FROM_TABLE.items()}
    return fixed | {name: value for name, value in rows.items() if value is not None}


def _equal(value: Plain, wanted: Plain) -> bool:
    return value == wanted or (number(value) is not None and number(value) == number(wanted))


@evolution_rule(
    id="environment/table-equality",
    severity=Severity.CRITICAL,
    protects="The table from being a lie: alarms and dashboard take their figures from it, so what runs must, too.",
    why="An engine that is told other figures than the table's is watched by alarms that were set for another engine.",
    fix="Take the value from the stack's environment table (components/containers.py does).",
)
def table_equality(stack: Stack) -> Iterator[Finding]:
    yield from _other_images(stack)
    wanted = _wanted(stack)
    for kind in RUNNERS:
        for runner in stack.of_type(kind):
            for environment in environments_of(runner):
                # Figures that are published elsewhere are seen by no alarm.
                namespace = METRIC_NAMESPACE if environment.container == "monitor" else ENGINE_NAMESPACE
                yield from _against_table(environment, runner, {**wanted, "EVOLUTION_METRIC_NAMESPACE": namespace}, stack)


def _other_images(stack: Stack) -> Iterator[Finding]:
    """Another image of the stack's own repository is one that was withdrawn, or that nobody has released; workload/own-repository says
    where an image is from."""
    digest = (stack.table or {}).get("engine_image_digest")
    own, repositories = f"{own_account(stack)}.", tuple(f"/{one.at('name')}" for one in stack.of_type(REPOSITORY))
    images = [(task, one.definition.get("image")) for task in stack.of_type(TASK_DEFINITION) for one in containers_of(task)]
    images += [(one, dig(one.at("agentRuntimeArtifact"), "containerConfiguration", "containerUri")) for one in stack.of_type(AGENT_RUNTIME)]
    for runner, image in images:
        place, _, found = image.partition("@") if isinstance(image, str) else ("", "", "")
        if isinstance(digest, str) and found not in ("", digest) and place.startswith(own) and place.endswith(repositories):
            yield Finding(f"its image is {shown(image)}; its digest must be engine_image_digest of the table.", runner)


def _against_table(environment: RunnerEnvironment, runner: Resource, wanted: Mapping[str, Plain], stack: Stack) -> Iterator[Finding]:
    for name in wanted.keys() & environment.variables.keys():
        value, where = environment.variables[name], f"{name}{environment.owner}"
        must = f"it must be {wanted[name]}, as the stack `{stack.name}` and its table have it"
        if isinstance(value, Unknown):
            yield Finding(f"{where} is not known at preview; {must}.", runner)
        elif not _equal(value, wanted[name]):
            # What stands there instead may be a secret.
            yield Finding(f"{where} is something else; {must}.", runner)


@evolution_rule(
    id="environment/handler-bounded",
    severity=Severity.CRITICAL,
    protects="The handler of agent requests from accepting whatever is asked of it.",
    why="The handler refuses more memory or autonomy than its variables allow; without them it refuses nothing.",
    fix="Give agentcore_handler AGENT_MEMORY_LIMIT, AUTONOMY_LEVEL, EVOLUTION_SAFETY_ENABLED, BEDROCK_MODEL_ID and BEDROCK_REGION.",
)
def handler_bounded(stack: Stack) -> Iterator[Finding]:
    """Of the functions one takes requests, and every runtime does. Judged once the stack has functions and a guardrail."""
    for runtime in stack.of_type(AGENT_RUNTIME):
        for environment in environments_of(runtime):
            for name in sorted(HANDLER - environment.variables.keys()):
                yield Finding(f"{name} is missing; without it there would be no bound, so it must be set.", runtime)
    functions = stack.of_type(FUNCTION)
    if not functions or not stack.of_type(GUARDRAIL):
        return
    for function in functions:
        for environment in environments_of(function):
            if environment.variables.keys() >= {*HANDLER, "BEDROCK_MODEL_ID", "BEDROCK_REGION"}:
                return
    if any(any(unreadable(function)) for function in functions):
        return  # environment/readable says it
    names = ", ".join(sorted({*HANDLER, "BEDROCK_MODEL_ID", "BEDROCK_REGION"}))
    yield Finding(f"it has functions, but none that is told {names}; the handler of agent requests must be.")


@evolution_rule(
    id="environment/scale-bounds",
    severity=Severity.HIGH,
    protects="The bill, and the number of agents that evolve at a time.",
    why="Each task runs as many agents as it is allowed; the number of tasks multiplies that.",
    fix="Take min_capacity and max_capacity from the table, those of the target and those of its scheduled action: it brings a "
    "changed table's bounds into force, except in a halt.",
)
def scale_bounds(stack: Stack) -> Iterator[Finding]:
    """As many tasks as the table has. A deployment sets a target's own bounds only when it makes the target; from then on they are the
    switch's, `resume`'s and the scheduled action's, which holds the table's."""
    if stack.table is None:
        return
    lowest, highest = (number(dig(stack.table.get("engine"), row)) for row in ("minimum", "maximum"))
    targets, actions = Linked(stack, SCALABLE_TARGET, ("resourceId",)), stack.of_type(SCHEDULED_ACTION)
    held = targets.by_all(actions, "resourceId")
    if targets.all and (lowest is None or highest is None):
        yield Finding("engine.minimum or engine.maximum of the environment table is no number; both must be.")
        return
    if stack.of_type(SERVICE) and not targets.all:
        yield Finding("it has services, but no scalable target bounds how many tasks they run; the engine's must.")
    for urn, target in targets.all.items():
        if not isinstance(target.at("arn"), str):  # AWS gives it: the target isn't there yet
            yield from _bounds(target, target.at("minCapacity"), target.at("maxCapacity"), lowest, highest)
        if urn not in held:
            yield Finding("no scheduled action holds its bounds; one must, or a change of the table's would never be in force.", target)
    for action in actions:
        bounds = action.at("scalableTargetAction")
        yield from _bounds(action, dig(bounds, "minCapacity"), dig(bounds, "maxCapacity"), lowest, highest)
        often = OFTEN.fullmatch(str(action.at("schedule")))
        if not often or not 1 <= int(often[1]) <= MINUTES or action.at("startTime") is not None or action.at("endTime") is not None:
            yield Finding(f"its schedule must be rate(… minutes), {MINUTES} at most, without a start or an end.", action)


def _bounds(about: Resource, minimum: Plain, maximum: Plain, lowest: float | None, highest: float | None) -> Iterator[Finding]:
    for name, value, wanted in (("minCapacity", minimum, lowest), ("maxCapacity", maximum, highest)):
        if isinstance(value, Unknown):
            yield Finding(f"{name} is not known at preview; it must be {wanted}.", about)
        elif number(value) != wanted:
            yield Finding(f"{name} is {shown(value)}; it must be {wanted}, as the table has it.", about)
