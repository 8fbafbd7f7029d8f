"""Genetic operators: DEAP's, each drawing from numbers keyed by (seed, island, generation, individual).

DEAP draws from Python's global generator, so breeding happens only in the evaluators (engine/evaluators.py): single-threaded processes in
which nobody else draws from it.
"""

from __future__ import annotations

import importlib
import random
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from engine import keyed
from engine.individuals import DEAD, Individual
from engine.tasks import Task

tools: Any = importlib.import_module("deap.tools")  # it publishes no types

ELITES = 2
"""The island's best go on unchanged, to be scored again: luck doesn't last."""

TOURNAMENT = 3
CROSSOVER_RATE = 0.6
BLEND = 0.3
MUTATION_RATE = 0.2
MUTATION_SIGMA = 0.5
"""Common choices for real-valued genomes; CartPole is solved with them on every seed tried (docs/engine.md)."""


@dataclass(frozen=True, kw_only=True)
class Breeder:
    """Makes the individuals of one island's generation.

    Attributes:
        own: the island's generation before, in its order; empty for the first generation.
        migrants: the best of the neighbours' generation before.
        limit: AGENT_MEMORY_LIMIT.
    """

    seed: int
    island: int
    generation: int
    own: Sequence[Individual]
    migrants: Sequence[Individual]
    task: Task
    limit: int

    @cached_property
    def _living(self) -> list[Individual]:
        return [individual for individual in (*self.own, *self.migrants) if individual.fitness != DEAD]

    @cached_property
    def _elite(self) -> list[Individual]:
        return best(self.own, ELITES)

    def breed(self, index: int) -> Individual:
        """The individual of an index: one of the elite, a child of two, or, where nobody is left to breed from, a new one."""
        if index < len(self._elite):
            return Individual(self._elite[index].genome, self.limit)
        random.seed(keyed.seed(self.seed, self.island, self.generation, index))
        if not self._living:
            return self._ready(array("f", [random.gauss(0.0, 1.0) for _ in range(self.task.weights)]))
        mother, father = tools.selTournament(self._living, 2, TOURNAMENT)
        child = array("f", mother.genome)
        if random.random() < CROSSOVER_RATE:
            tools.cxBlend(child, array("f", father.genome), BLEND)
        tools.mutGaussian(child, 0.0, MUTATION_SIGMA, MUTATION_RATE)
        return self._ready(child)

    def _ready(self, genome: array[float]) -> Individual:
        """Within the task's limit: blending and mutation know none. In this order of comparisons NaN becomes the limit, too."""
        most = self.task.weight_limit
        return Individual(array("f", [max(-most, min(most, weight)) for weight in genome]), self.limit)


def best(individuals: Sequence[Individual], count: int) -> list[Individual]:
    """The fittest of the living, best first; the one of the lower index where two are equal."""
    return [individuals[index] for index in ranking(individuals)[:count]]


def ranking(individuals: Sequence[Individual]) -> list[int]:
    """The indices of the living, best first."""
    living = [index for index, individual in enumerate(individuals) if individual.fitness != DEAD]
    return sorted(living, key=lambda index: (-individuals[index].fitness, index))
