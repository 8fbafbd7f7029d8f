"""An evolution keeps the bounds with which it began; a changed table applies to the next one.

So the table may change while an evolution runs, and workers with the old and the new table may share it: they all use the same bounds.
"""

from __future__ import annotations

from engine.breeding import unsuitable
from engine.individuals import size_of
from engine.records import Bounds, EvolutionPlan, Header
from engine.settings import AGENTS, GENERATIONS, ISLANDS, MEMORY, SMALLEST_ISLAND, EngineSettings, Workload


def bounds_of(header: Header, settings: EngineSettings) -> Bounds:
    """The bounds in the header, which the trigger took from the table; the worker's own if there are none."""
    own = Bounds(islands=settings.islands, max_concurrent_agents=settings.most_agents, agent_memory_bytes=memory_limit(header, settings))
    return header.bounds or own


def memory_limit(header: Header, settings: Workload) -> int:
    """The most bytes that an individual of this evolution may occupy, but never more than any table may allow."""
    return min(header.bounds.agent_memory_bytes, MEMORY.most) if header.bounds else settings.memory_limit


def plan_of(header: Header, settings: EngineSettings, weights: int) -> EvolutionPlan:
    """The plan of an evolution. It stays within what tables allow even if the bounds don't: `impossible` then says what is wrong."""
    bounds = bounds_of(header, settings)
    islands = min(max(bounds.islands, ISLANDS.least), ISLANDS.most)
    individuals = min(bounds.max_concurrent_agents, AGENTS.most)
    size = min(settings.population or individuals, individuals) // islands
    return EvolutionPlan(task=settings.task, islands=islands, size=max(size, SMALLEST_ISLAND), weights=weights, strategy=settings.strategy)


def impossible(header: Header, plan: EvolutionPlan, settings: EngineSettings) -> str:
    """Why no worker may run an evolution, in a sentence; empty if it can be run."""
    bounds = bounds_of(header, settings)
    for what, value, allowed in (
        ("generations", header.generations, GENERATIONS),
        ("islands", bounds.islands, ISLANDS),
        ("islands", plan.islands, ISLANDS),
        ("individuals", bounds.max_concurrent_agents, AGENTS),
        ("individuals", plan.islands * plan.size, AGENTS),
        ("bytes for an individual", bounds.agent_memory_bytes, MEMORY),
    ):
        if not allowed.least <= value <= allowed.most:
            return f"it was begun with {value} {what}, and any table allows {allowed.least} to {allowed.most}"
    if bounds.islands * SMALLEST_ISLAND > bounds.max_concurrent_agents:
        return f"it was begun with {bounds.max_concurrent_agents} individuals, too few for {bounds.islands} islands of {SMALLEST_ISLAND}"
    return ""


def unfit(header: Header, plan: EvolutionPlan, settings: EngineSettings, weights: int) -> str:
    """Why a worker in whose image the plan's task has so many weights can't run the evolution, though others may; empty if it can."""
    size, limit = size_of(weights), memory_limit(header, settings)
    if plan.weights not in (0, weights):
        return f"it was begun with a task of {plan.weights} weights, and {plan.task!r} has {weights} here"
    if why := unsuitable(plan.strategy, weights, plan.size):
        return why
    if size > limit:
        return f"its individuals may occupy {limit} bytes, and those of {plan.task!r} occupy {size} here"
    return ""


def differences(header: Header, settings: EngineSettings) -> str:
    """The differences between an evolution's bounds and this worker's; empty if there are none."""
    bounds = bounds_of(header, settings)
    pairs = (
        ("EVOLUTION_GENERATIONS", settings.most_generations, header.generations),
        ("EVOLUTION_ISLANDS", settings.islands, bounds.islands),
        ("MAX_CONCURRENT_AGENTS", settings.most_agents, bounds.max_concurrent_agents),
        ("AGENT_MEMORY_LIMIT", settings.memory_limit, bounds.agent_memory_bytes),
    )
    return ", ".join(f"{name} is {own} here and {its} for it" for name, own, its in pairs if own != its)
