"""Environment, the table: what runs is told the table's own figures, not merely figures within the limit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from plain import Plain, Unknown, dig, number
from rule import Fault, Resource, Severity, Stack, StackRule, broken, cannot_tell
from rules.environment_limits import HANDLER, LIMITED
from system import ENGINE_NAMESPACE, METRIC_NAMESPACE, of_this_system
from tokens import AGENT_RUNTIME, FUNCTION, GUARDRAIL, SCALABLE_TARGET, SERVICE
from variables import RUNNERS, Environment, environments_of

FROM_TABLE = {**LIMITED, "BEDROCK_REGION": "region", "BEDROCK_MODEL_ID": "model_id"}
"""A variable to the row of the table that it must equal."""


def _wanted(stack: Stack) -> dict[str, Plain]:
    fixed: dict[str, Plain] = {
        "EVOLUTION_ENVIRONMENT": stack.name,
        "EVOLUTION_MODE": "autonomous",
        "EVOLUTION_STATE_TABLE": f"evolution-state-{stack.name}",
        "EVOLUTION_POPULATION_TABLE": f"agent-population-{stack.name}",
        "EVOLUTION_CHECKPOINT_TABLE": f"evolution-checkpoints-{stack.name}",
        "EVOLUTION_SAFETY_SECRET": f"EvolutionSafetyConfig-{stack.name}",
        # An engine that looks for its mode elsewhere is never halted.
        "EVOLUTION_MODE_PARAMETER": f"/evolution/{stack.name}/mode",
    }
    table: Mapping[str, Plain] = stack.table or {}
    return fixed | {name: table[row] for name, row in FROM_TABLE.items() if row in table}


def _equal(value: Plain, wanted: Plain) -> bool:
    return value == wanted or (number(value) is not None and number(value) == number(wanted))


def _table_equality(stack: Stack) -> Iterator[Fault]:
    wanted = _wanted(stack)
    for kind in RUNNERS:
        for runner in stack.of_type(kind):
            for environment in environments_of(runner):
                if isinstance(environment, Fault):
                    yield environment if environment.about else cannot_tell(environment.what, runner)
                else:
                    # Figures that are published elsewhere are seen by no alarm.
                    namespace = METRIC_NAMESPACE if environment.container == "monitor" else ENGINE_NAMESPACE
                    yield from _against_table(environment, runner, {**wanted, "EVOLUTION_METRIC_NAMESPACE": namespace}, stack)


def _against_table(environment: Environment, runner: Resource, wanted: Mapping[str, Plain], stack: Stack) -> Iterator[Fault]:
    for name in wanted.keys() & environment.variables.keys():
        value, where = environment.variables[name], f"{name}{environment.owner}"
        must = f"it must be {wanted[name]}, as the stack `{stack.name}` and its table have it"
        if isinstance(value, Unknown):
            yield cannot_tell(f"{where} is not known at preview; {must}.", runner)
        elif not _equal(value, wanted[name]):
            # What stands there instead may be a secret.
            yield broken(f"{where} is something else; {must}.", runner)


def _handler(stack: Stack) -> Iterator[Fault]:
    """Of the functions one takes requests, and every runtime does. Judged once the stack has functions and a guardrail."""
    for runtime in stack.of_type(AGENT_RUNTIME):
        for environment in environments_of(runtime):
            for name in sorted(HANDLER - environment.variables.keys()) if isinstance(environment, Environment) else ():
                yield broken(f"{name} is missing; without it there would be no bound, so it must be set.", runtime)
    functions = stack.of_type(FUNCTION)
    if not functions or not stack.of_type(GUARDRAIL):
        return
    for function in functions:
        for environment in environments_of(function):
            if isinstance(environment, Environment) and environment.variables.keys() >= {*HANDLER, "BEDROCK_MODEL_ID", "BEDROCK_REGION"}:
                return
    names = ", ".join(sorted({*HANDLER, "BEDROCK_MODEL_ID", "BEDROCK_REGION"}))
    yield broken(f"it has functions, but none that is told {names}; the handler of agent requests must be.")


def _scale(stack: Stack) -> Iterator[Fault]:
    """Not more tasks than the table has. The bounds are what they were made as, or what `resume` or the switch has set since: a deployment
    leaves them alone, so that they may be stricter than the table until `resume` has applied it, but never looser."""
    if stack.table is None:
        return
    lowest, highest = (number(dig(stack.table.get("engine"), row)) for row in ("minimum", "maximum"))
    targets = stack.of_type(SCALABLE_TARGET)
    if targets and (lowest is None or highest is None):
        yield cannot_tell("engine.minimum or engine.maximum of the environment table is no number; both must be.")
        return
    if stack.of_type(SERVICE) and not targets:
        yield broken("it has services, but no scalable target bounds how many tasks they run; the engine's must.")
    for target in targets:
        maximum, minimum = number(target.at("maxCapacity")), number(target.at("minCapacity"))
        if maximum is None or minimum is None:
            yield cannot_tell(f"maxCapacity or minCapacity is not known at preview; they must be {highest} and {lowest}.", target)
            continue
        if not 1 <= maximum <= (highest or 0):
            yield broken(f"maxCapacity is {maximum}; it must be at most {highest}, engine.maximum of the table.", target)
        if not 0 <= minimum <= (lowest or 0):
            yield broken(f"minCapacity is {minimum}; it must be {lowest}, engine.minimum of the table, or 0 in a halt.", target)


STACK_RULES = (
    StackRule(
        id="environment/table-equality",
        severity=Severity.CRITICAL,
        protects="The table from being a lie: alarms and dashboard take their figures from it, so what runs must, too.",
        why="An engine that is told other figures than the table's is watched by alarms that were set for another engine.",
        mend="Take the value from the stack's environment table (components/containers.py does).",
        check=of_this_system(_table_equality),
    ),
    StackRule(
        id="environment/handler-bounded",
        severity=Severity.CRITICAL,
        protects="The handler of agent requests from accepting whatever is asked of it.",
        why="The handler refuses more memory or autonomy than its variables allow; without them it refuses nothing.",
        mend="Give agentcore_handler AGENT_MEMORY_LIMIT, AUTONOMY_LEVEL, EVOLUTION_SAFETY_ENABLED, BEDROCK_MODEL_ID and BEDROCK_REGION.",
        check=of_this_system(_handler),
    ),
    StackRule(
        id="environment/scale-bounds",
        severity=Severity.HIGH,
        protects="The bill, and the number of agents that evolve at a time.",
        why="Each task runs as many agents as it is allowed; the number of tasks multiplies that.",
        mend="Take min_capacity and max_capacity from the table. To lower bounds in force, register the lower ones, then refresh: "
        "a deployment leaves them alone, and `resume` applies those that were raised.",
        check=of_this_system(_scale),
    ),
)
