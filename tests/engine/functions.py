"""Functions that optimisers are measured by, and both ways to minimise one: the engine's, and the library's own."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import cmaes  # pyright: ignore[reportMissingTypeStubs] (it has none)
import numpy as np
from numpy.typing import NDArray

from engine.breeding import Breeder
from engine.covariance import FIRST_SIGMA
from engine.population import Population
from engine.tasks import TaskSpec

LIMIT = 5.0
"""All are searched within ±5."""

Points = NDArray[np.float64]

OPTIMUM = np.random.default_rng(5).uniform(-2, 2, 2000)
"""Nowhere that a search begins."""


def sphere(points: Points) -> Points:
    """A bowl."""
    return ((points - OPTIMUM[: points.shape[1]]) ** 2).sum(axis=1)


def rosenbrock(points: Points) -> Points:
    """A bent valley: weights depend on each other. 0 where all are 1."""
    return (100 * (points[:, 1:] - points[:, :-1] ** 2) ** 2 + (1 - points[:, :-1]) ** 2).sum(axis=1)


def rastrigin(points: Points) -> Points:
    """A bowl with a pit in each corner of a grid."""
    apart = points - OPTIMUM[: points.shape[1]]
    return 10 * points.shape[1] + (apart**2 - 10 * np.cos(2 * np.pi * apart)).sum(axis=1)


@dataclass(frozen=True, kw_only=True)
class Contest:
    """A function, and what both may spend on it."""

    function: Callable[[Points], Points]
    weights: int
    strategy: str
    population: int
    generations: int
    seeds: Sequence[int] = (1, 2, 3)

    def engine(self) -> float:
        """The error of one island of the engine: the median over the seeds."""
        return statistics.median(map(self._engine, self.seeds))

    def library(self) -> float:
        """The error of the library's own loop, from the same mean and step, with as many evaluations."""
        return statistics.median(map(self._library, self.seeds))

    def random(self) -> float:
        """The error of as many points drawn at random."""
        draw = np.random.default_rng(self.seeds[0])
        each = [self.function(draw.uniform(-LIMIT, LIMIT, (self.population, self.weights))).min() for _ in range(self.generations)]
        return float(min(each))

    def _engine(self, seed: int) -> float:
        task = TaskSpec(weights=self.weights, weight_limit=LIMIT, episodes=1, steps=1)
        population, error = Population([]), float("inf")
        for generation in range(1, self.generations + 1):
            breeder = Breeder(
                strategy=self.strategy,
                seed=seed,
                island=0,
                generation=generation,
                previous=population,
                migrants=(),
                task=task,
                limit=8192,
            )
            population = breeder.breed(self.population)
            points = np.array([one.genome for one in population.individuals], np.float64)
            for individual, value in zip(population.individuals, self.function(points), strict=True):
                individual.fitness = -float(value)
                error = min(error, float(value))
        return error

    def _library(self, seed: int) -> float:
        kind: Any = cmaes.CMA if self.strategy == "cma-es" else cmaes.SepCMA
        run = kind(mean=np.zeros(self.weights), sigma=FIRST_SIGMA * LIMIT, population_size=self.population, seed=seed)
        error = float("inf")
        for _ in range(self.generations):
            points = np.array([run.ask() for _ in range(self.population)])
            values = self.function(points.astype(np.float32).astype(np.float64))
            error = min(error, float(values.min()))
            run.tell(list(zip(points, values.tolist(), strict=True)))
        return error
