"""The checks of an individual. The engine runs them before a promotion, the monitor on a sample of all that is stored."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from engine import keyed
from engine.evaluators import EvaluatorPool, ScoreBatch
from engine.individuals import DEAD, Individual
from engine.tasks import TaskSpec


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """An individual, and its fitness when it is scored again.

    Attributes:
        again: its fitness in the same episodes.
        held_out: its fitness in new episodes; None if it wasn't scored in any.
    """

    individual: Individual
    again: float
    held_out: float | None = None


def findings(one: Candidate, task: TaskSpec, limit: int) -> list[str]:
    """What is wrong with an individual, in sentences; empty if nothing is."""
    individual = one.individual
    found: list[str] = []
    if individual.size > limit:
        found.append(f"it occupies {individual.size} bytes, and AGENT_MEMORY_LIMIT allows {limit}")
    if len(individual.genome) != task.weights:
        found.append(f"it has {len(individual.genome)} weights, and its task has {task.weights}")
    if wild := _wild(individual.genome, task.weight_limit):
        found.append(f"{wild} of its weights are no numbers within ±{task.weight_limit:g}")
    if individual.fitness != DEAD and not _same(individual.fitness, one.again):
        found.append(f"its fitness is said to be {individual.fitness:g}, and in the same episodes it is {one.again:g}")
    if one.held_out is not None and individual.fitness > 0 and one.held_out < individual.fitness * HELD_OUT_SHARE:
        found.append(f"its fitness is {individual.fitness:g}, and only {one.held_out:g} in episodes that it has never seen")
    return found


@dataclass(frozen=True, kw_only=True)
class Validator:
    """Scores individuals of an evolution again, in the same episodes.

    Attributes:
        seed: the evolution's.
        limit: AGENT_MEMORY_LIMIT.
    """

    pool: EvaluatorPool
    seed: int
    limit: int

    def findings(self, island: int, generation: int, individuals: Mapping[int, Individual]) -> dict[int, list[str]]:
        """The findings of each individual that has any, by index."""
        task = self.pool.spec
        fitting = {index: individual.genome.tobytes() for index, individual in individuals.items() if individual.size <= self.limit}
        seeds = keyed.episode_seeds(self.seed, island, generation, [*fitting], task.episodes)
        again = self.pool.run(ScoreBatch(genomes=fitting, seeds=seeds)).fitness if fitting else {}
        tried = {index: Candidate(individual=individual, again=again.get(index, DEAD)) for index, individual in individuals.items()}
        return {index: found for index, one in tried.items() if (found := findings(one, task, self.limit))}


HELD_OUT_SHARE = 0.5
"""Of its fitness, what an individual must reach in new episodes. Less is luck, or overfitting."""


def _wild(genome: Sequence[float], most: float) -> int:
    return sum(not (math.isfinite(weight) and abs(weight) <= most) for weight in genome)


def _same(told: float, again: float) -> bool:
    return math.isclose(told, again, rel_tol=1e-6, abs_tol=1e-9)
