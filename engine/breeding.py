"""Breeding: an island's next generation out of its last one, by the evolution's strategy.

Random numbers are Philox's, keyed by (seed, island, generation), with a counter of its own for each chunk of individuals. So what is drawn
depends on no order and on no machine's cores. A task's code has no part in it: it runs elsewhere (engine/evaluators.py).
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from engine import EngineError, covariance, genetic, keyed, parents
from engine.individuals import Individual, made_of
from engine.parents import Matrix, Parents
from engine.population import Population
from engine.tasks import TaskSpec


class Strategy(Protocol):
    """A way to breed."""

    def breed(self, given: Parents, count: int) -> tuple[Matrix, bytes]:
        """So many genomes, within the weights' limit, and what the strategy must know of them when it breeds the next ones."""
        ...

    def too_large(self, weights: int, count: int) -> str:
        """Why it can't breed so many of so many weights, in a sentence; empty if it can."""
        ...


STRATEGIES: Mapping[str, Strategy] = {
    "ga": genetic.GeneticAlgorithm(),
    "cma-es": covariance.FullMatrix(),
    "sep-cma-es": covariance.Diagonal(),
}
"""By EVOLUTION_STRATEGY."""


def unsuitable(strategy: str, weights: int, count: int) -> str:
    """Why a strategy can't breed so many individuals of so many weights here, in a sentence; empty if it can."""
    if strategy not in STRATEGIES:
        return f"it is bred by {strategy!r}, and this engine knows {', '.join(STRATEGIES)}"
    return STRATEGIES[strategy].too_large(weights, count)


@dataclass(frozen=True, kw_only=True)
class Breeder:
    """Makes the individuals of one island's generation.

    Attributes:
        strategy: one of STRATEGIES.
        previous: the island's previous generation, in its order; empty for the first.
        migrants: the best of the neighbours' previous generation.
        limit: AGENT_MEMORY_LIMIT.
    """

    strategy: str
    seed: int
    island: int
    generation: int
    previous: Population
    migrants: Sequence[Individual]
    task: TaskSpec
    limit: int

    def breed(self, count: int) -> Population:
        """So many individuals.

        Raises:
            IndividualTooLargeError: they would be larger than `limit`.
        """
        given = Parents(
            generation=self.generation,
            key=keyed.seed(self.seed, self.island, self.generation),
            key_before=keyed.seed(self.seed, self.island, self.generation - 1),
            weight_limit=self.task.weight_limit,
            genomes=_genomes(self.previous.individuals, self.task.weights),
            fitness=_fitness(self.previous.individuals),
            migrants=_genomes(self.migrants, self.task.weights),
            migrants_fitness=_fitness(self.migrants),
            state=self.previous.state,
        )
        genomes, state = STRATEGIES[self.strategy].breed(given, count)
        return Population(made_of(array("f", genomes.tobytes()), self.task.weights, self.limit), state)


def _genomes(individuals: Sequence[Individual], weights: int) -> Matrix:
    genomes = [one.genome for one in individuals]
    if others := set(map(len, genomes)) - {weights}:
        raise EngineError(f"its individuals have {others.pop()} weights, and its task has {weights} now")
    return np.frombuffer(b"".join(genomes), np.float32).reshape(-1, weights)


def _fitness(individuals: Sequence[Individual]) -> NDArray[np.float64]:
    return np.array([one.fitness for one in individuals], np.float64)


def best(individuals: Sequence[Individual], count: int) -> list[Individual]:
    """The fittest of the living, best first; of equals, the one with the lower index."""
    return [individuals[index] for index in ranking(individuals)[:count]]


def ranking(individuals: Sequence[Individual]) -> list[int]:
    """The indices of the living, best first."""
    return parents.ranking(_fitness(individuals)).tolist()
