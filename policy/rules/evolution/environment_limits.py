"""Environment, the limits: which variables carry them, and whether a value keeps to the tier's."""

from __future__ import annotations

from collections.abc import Iterator

from limits import ROWS, Bounds
from plain import Plain, Unknown, shown
from rule import Finding, Resource
from tokens import AGENT_RUNTIME, FUNCTION
from variables import Environment, environments_of

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


def against_limit(where: str, row: str, value: Plain, bounds: Bounds) -> Iterator[Finding]:
    limit = bounds.rows[row]
    allowed = ROWS[row].allows(value, limit)
    if allowed:
        return
    must = f"in the tier `{bounds.tier}` it must be {ROWS[row].wants(limit)}"
    if not bounds.known_tier:
        must += " (the tier is not known, so the strictest limit counts)"
    if allowed is None:
        # What stands in the place of a number may be a secret.
        kind = "not known yet" if isinstance(value, Unknown) else "missing" if value is None else "of the wrong kind"
        yield Finding(f"{where} is {kind}, so it can't be compared; {must}.")
    else:
        yield Finding(f"{where} is {shown(value)}; {must}.")


def _required(resource: Resource, found: frozenset[str]) -> frozenset[str]:
    """What an environment with these variables must have."""
    if resource.type in (AGENT_RUNTIME, FUNCTION):
        starts = STARTS | {"AGENT_MEMORY_LIMIT"} if found & STARTS else frozenset[str]()
        asked = (found - starts) & {"AGENT_MEMORY_LIMIT", "AUTONOMY_LEVEL", "BEDROCK_MODEL_ID"}
        return starts | HANDLER if asked else starts
    if found & EVOLVES:
        return ENGINE | frozenset(SAFETY)
    return frozenset(SAFETY) if found & frozenset(SAFETY) else frozenset()


def within_limits(resource: Resource) -> Iterator[Finding]:
    """What is wrong with the limits in the environments of a task, a function or a runtime."""
    for environment in environments_of(resource):
        yield from _environment(environment, resource)


def _environment(environment: Environment, resource: Resource) -> Iterator[Finding]:
    for name, value in environment.variables.items():
        where = f"{name}{environment.owner}"
        if name in LIMITED:
            yield from against_limit(where, LIMITED[name], value, resource.bounds)
        elif name == "EVOLUTION_SAFETY_ENABLED" and value != "true":
            yield Finding(f"{where} is not true; it must be the literal text true.")
    found = frozenset(environment.variables)
    for name in sorted(_required(resource, found) - found):
        yield Finding(f"{name}{environment.owner} is missing; without it there would be no bound, so it must be set.")
