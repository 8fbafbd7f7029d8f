"""Genetic operators on whole populations: DEAP's tournament, blend and Gaussian mutation, in numpy.

Random numbers are Philox's, keyed by (seed, island, generation), with a counter of its own for each CHUNK of individuals. So what is drawn
depends on no order and on no machine's cores. A task's code has no part in it: it runs elsewhere (engine/evaluators.py).
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine import EngineError, keyed
from engine.individuals import DEAD, Individual
from engine.tasks import TaskSpec

ELITES = 2
"""How many of the island's best are copied unchanged. They are scored again, in new episodes, so that luck doesn't last."""

TOURNAMENT = 3
CROSSOVER_RATE = 0.6
BLEND = 0.3
MUTATION_RATE = 0.2
MUTATION_SIGMA = 0.5
"""Common values for real-valued genomes. CartPole is solved with them on every seed tried (docs/engine.md)."""

CHUNK = 256
"""Individuals that are bred at once: each matrix takes 34 MB for the largest genomes."""


@dataclass(frozen=True, kw_only=True)
class Breeder:
    """Makes the individuals of one island's generation.

    Attributes:
        previous: the island's previous generation, in its order; empty for the first.
        migrants: the best of the neighbours' previous generation.
        limit: AGENT_MEMORY_LIMIT.
    """

    seed: int
    island: int
    generation: int
    previous: Sequence[Individual]
    migrants: Sequence[Individual]
    task: TaskSpec
    limit: int

    def breed(self, count: int) -> list[Individual]:
        """So many individuals: the elite and children of two parents, or random ones if there are no parents.

        Raises:
            IndividualTooLargeError: they would be larger than `limit`.
        """
        living = [individual for individual in (*self.previous, *self.migrants) if individual.fitness != DEAD]
        if other := next((one for one in living if len(one.genome) != self.task.weights), None):
            raise EngineError(f"its individuals have {len(other.genome)} weights, and its task has {self.task.weights} now")
        genomes = np.frombuffer(b"".join(one.genome.tobytes() for one in living), np.float32).reshape(-1, self.task.weights)
        fitness = np.array([individual.fitness for individual in living])
        elite = [Individual(one.genome, self.limit) for one in best(self.previous, ELITES)]
        key = keyed.seed(self.seed, self.island, self.generation)
        made: list[Individual] = []
        for start in range(0, count, CHUNK):
            draw = np.random.Generator(np.random.Philox(key=key, counter=[0, 0, 0, start // CHUNK]))
            size = min(CHUNK, count - start)
            rows = _children(draw, size, genomes, fitness) if living else draw.standard_normal((size, self.task.weights))
            made += [Individual(array("f", row.tobytes()), self.limit) for row in self._within_limit(rows)]
        return [*elite, *made[len(elite) :]][:count]

    def _within_limit(self, rows: NDArray[np.float64]) -> NDArray[np.float32]:
        """The genomes, clamped to the task's limit. NaN, which comes from infinite weights, becomes the limit, too."""
        most = self.task.weight_limit
        return np.clip(np.nan_to_num(rows, nan=most, posinf=most, neginf=-most), -most, most).astype(np.float32)


def _children(draw: np.random.Generator, count: int, genomes: NDArray[np.float32], fitness: NDArray[np.float64]) -> NDArray[np.float64]:
    picks = draw.integers(len(fitness), size=(2, count, TOURNAMENT))
    winners = np.take_along_axis(picks, np.argmax(fitness[picks], axis=2)[..., None], axis=2)[..., 0]
    mothers, fathers = (genomes[one].astype(np.float64) for one in winners)
    # Each weight anywhere between the parents' and BLEND of their distance beyond; those that don't cross are their mother's.
    gamma = (1 + 2 * BLEND) * draw.random(mothers.shape) - BLEND
    gamma[draw.random(count) >= CROSSOVER_RATE] = 0.0
    mutated = draw.random(mothers.shape) < MUTATION_RATE
    with np.errstate(invalid="ignore"):  # what was infinite
        return mothers + gamma * (fathers - mothers) + mutated * draw.normal(0.0, MUTATION_SIGMA, mothers.shape)


def best(individuals: Sequence[Individual], count: int) -> list[Individual]:
    """The fittest of the living, best first; of equals, the one with the lower index."""
    return [individuals[index] for index in ranking(individuals)[:count]]


def ranking(individuals: Sequence[Individual]) -> list[int]:
    """The indices of the living, best first."""
    living = [index for index, individual in enumerate(individuals) if individual.fitness != DEAD]
    return sorted(living, key=lambda index: (-individuals[index].fitness, index))
