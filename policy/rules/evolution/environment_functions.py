"""Environment, the functions and the agents: each of the system's is there, and is told what its work rests on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from plain import UNKNOWN, Plain, Unknown, dig, number
from rule import Finding, Resource, Severity, Stack
from system import UNSAFE_ALARM, evolution_rule, mode_parameter
from tokens import AGENT_RUNTIME, FUNCTION
from variables import environments_of

GIVEN: Final = UNKNOWN
"""Stands for any value: the variable must be there, and AWS makes what is in it."""

Wanted = Mapping[str, Plain]


def _common(stack: Stack) -> Wanted:
    """What all but the archiver look at before they do anything."""
    return {"EVOLUTION_ENVIRONMENT": stack.name, "EVOLUTION_MODE_PARAMETER": mode_parameter(stack)}


def _told(stack: Stack) -> Mapping[str, Wanted]:
    """By the first part of a function's name, its variables."""
    table: Mapping[str, Plain] = stack.table or {}
    engine = table.get("engine")
    common = _common(stack)
    guarded: Wanted = {
        **common,
        "UNSAFE_ALARM_NAME": f"{UNSAFE_ALARM}-{stack.name}",
        "ENGINE_CLUSTER": f"evolution-system-{stack.name}",
        "ENGINE_SERVICE": f"evolution-engine-{stack.name}",
    }
    return {
        "evolution-agentcore-handler": common,
        "evolution-trigger": {
            **common,
            "EVOLUTION_STATE_TABLE": f"evolution-state-{stack.name}",
            "EVOLUTION_GENERATIONS": table.get("generations"),
            "EVOLUTION_ISLANDS": dig(engine, "islands"),
            "MAX_CONCURRENT_AGENTS": table.get("max_concurrent_agents"),
            "AGENT_MEMORY_LIMIT": table.get("agent_memory_bytes"),
        },
        "evolution-safety-switch": guarded,
        "evolution-resume": {**guarded, "ENGINE_MINIMUM": dig(engine, "minimum"), "ENGINE_MAXIMUM": dig(engine, "maximum")},
        "evolution-archiver": {
            "EVOLUTION_ENVIRONMENT": stack.name,
            "EVOLUTION_ARTIFACTS_BUCKET": GIVEN,
            "EVOLUTION_DEAD_LETTERS_URL": GIVEN,
        },
    }


@evolution_rule(
    id="environment/functions-told",
    severity=Severity.CRITICAL,
    protects="What starts, halts, resumes, archives and asks, from doing it to something else or to nothing.",
    why="A switch that is told another alarm or another service halts nothing, and says that it did.",
    fix="Declare the functions as components/evolution.py and agentcore.py do, with their variables from the names and the table.",
)
def functions_told(stack: Stack) -> Iterator[Finding]:
    """Judged once the stack has any function; each runtime of agents by itself."""
    for runtime in stack.of_type(AGENT_RUNTIME):
        yield from _is_told(runtime, _common(stack))
    functions = stack.of_type(FUNCTION)
    for stem, wanted in _told(stack).items() if functions else ():
        name = f"{stem}-{stack.name}"
        function = next((one for one in functions if one.at("name") == name), None)
        if function is None:
            yield Finding(f"it has functions, but none named {name}; it must have one.")
        else:
            yield from _is_told(function, wanted)


def _is_told(runner: Resource, wanted: Wanted) -> Iterator[Finding]:
    for environment in environments_of(runner):
        yield from _against(environment.variables, wanted, runner)


def _against(variables: Mapping[str, Plain], wanted: Wanted, function: Resource) -> Iterator[Finding]:
    for name, value in wanted.items():
        found = variables.get(name)
        must = "it must be there" if value is GIVEN else f"it must be {value}"
        if found is None:
            yield Finding(f"{name} is missing; {must}.", function)
        elif value is GIVEN:
            continue
        elif isinstance(found, Unknown) or value is None:
            yield Finding(f"{name}, or the row of the table that it comes from, is not known at preview; {must}.", function)
        elif found != value and (number(found) is None or number(found) != number(value)):
            yield Finding(f"{name} is something else; {must}.", function)
