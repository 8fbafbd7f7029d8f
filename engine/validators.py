"""What an agent must be, whoever bred it. The engine asks before a promotion, the monitor asks of a sample of all that is stored."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from engine import keyed
from engine.agents import DEAD, Agent
from engine.nursery import Exam, Nursery
from engine.tasks import Task


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """An agent, and what it does when it is tried again.

    Attributes:
        again: its fitness in the very episodes that it was scored in.
        held_out: its fitness in episodes that it has never seen; None if that wasn't tried.
    """

    agent: Agent
    again: float
    held_out: float | None = None


def findings(one: Candidate, task: Task, limit: int) -> list[str]:
    """What is wrong with an agent, in sentences; empty if nothing is."""
    agent = one.agent
    found: list[str] = []
    if agent.size > limit:
        found.append(f"it occupies {agent.size} bytes, and AGENT_MEMORY_LIMIT allows {limit}")
    if len(agent.genome) != task.weights:
        found.append(f"it has {len(agent.genome)} weights, and its task has {task.weights}")
    if wild := _wild(agent.genome, task.weight_limit):
        found.append(f"{wild} of its weights are no numbers within ±{task.weight_limit:g}")
    if agent.fitness != DEAD and not _same(agent.fitness, one.again):
        found.append(f"its fitness is said to be {agent.fitness:g}, and in the same episodes it is {one.again:g}")
    if one.held_out is not None and agent.fitness > 0 and one.held_out < agent.fitness * HELD_OUT_SHARE:
        found.append(f"its fitness is {agent.fitness:g}, and only {one.held_out:g} in episodes that it has never seen")
    return found


@dataclass(frozen=True, kw_only=True)
class Examiner:
    """Tries agents of an evolution again, in the episodes that they were scored in.

    Attributes:
        seed: the evolution's.
        limit: AGENT_MEMORY_LIMIT.
    """

    nursery: Nursery
    task: Task
    seed: int
    limit: int

    def faults(self, island: int, generation: int, agents: Mapping[int, Agent]) -> dict[int, list[str]]:
        """What is wrong with those agents, by index, with which something is wrong."""
        fitting = {index: agent.genome.tobytes() for index, agent in agents.items() if agent.size <= self.limit}
        seeds = {index: keyed.episode_seeds(self.seed, island, generation, index, self.task.episodes) for index in fitting}
        again = self.nursery.run(Exam(genomes=fitting, seeds=seeds)).fitness if fitting else {}
        tried = {index: Candidate(agent=agent, again=again.get(index, DEAD)) for index, agent in agents.items()}
        return {index: found for index, one in tried.items() if (found := findings(one, self.task, self.limit))}


HELD_OUT_SHARE = 0.5
"""Of its fitness, what an agent must reach in new episodes. Less is luck, or learnt by heart."""


def _wild(genome: Sequence[float], most: float) -> int:
    return sum(not (math.isfinite(weight) and abs(weight) <= most) for weight in genome)


def _same(told: float, again: float) -> bool:
    return math.isclose(told, again, rel_tol=1e-6, abs_tol=1e-9)
