"""Functions that optimisers are measured by, and both ways to minimise one: the engine's, and the library's own."""

from __future__ import annotations

import hashlib
import statistics
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import accumulate
from typing import Any

import cmaes  # pyright: ignore[reportMissingTypeStubs] (it has none)
import numpy as np
from numpy.typing import NDArray

from engine.breeding import STRATEGIES, Breeder
from engine.covariance import FIRST_SIGMA
from engine.population import Population, encode
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


Errors = Sequence[float]
"""The least error so far, by generation."""


@dataclass(frozen=True, kw_only=True)
class Contest:
    """A function, and what both may spend on it.

    Attributes:
        generations: after which errors are compared.
        further: how many more are run, for `until`.
    """

    function: Callable[[Points], Points]
    weights: int
    strategy: str
    population: int
    generations: int
    seeds: Sequence[int] = (1, 2, 3)
    further: int = 0

    def engine(self) -> float:
        """The error of one island of the engine: the median over the seeds."""
        return self._error(self.engines)

    def library(self, bits: int = 32) -> float:
        """The error of the library's own loop, from the same mean and step, with as many evaluations: of points that are rounded as
        genomes are, or of the library's own numbers."""
        return self._error(self.libraries(bits))

    def random(self) -> float:
        """The error of as many points drawn at random."""
        draw = np.random.default_rng(self.seeds[0])
        each = [self.function(draw.uniform(-LIMIT, LIMIT, (self.population, self.weights))).min() for _ in range(self.generations)]
        return float(min(each))

    def _error(self, courses: Sequence[Errors]) -> float:
        return statistics.median(course[self.generations - 1] for course in courses)

    def until(self, error: float, courses: Sequence[Errors]) -> float:
        """Evaluations until the error is as small: the median over the seeds."""
        each = [bisect_left(course, -error, key=lambda one: -one) + 1 for course in courses]
        return statistics.median(each) * self.population

    @cached_property
    def engines(self) -> Sequence[Errors]:
        """By seed."""
        return [self._engine(seed) for seed in self.seeds]

    @cache  # noqa: B019 (there are a few contests, and they live as long as the process)
    def libraries(self, bits: int) -> Sequence[Errors]:
        """By seed."""
        return [self._library(seed, bits) for seed in self.seeds]

    def populations(self, seed: int) -> Iterator[Population]:
        """One island of the engine, generation by generation, each with its fitness."""
        task = TaskSpec(weights=self.weights, weight_limit=LIMIT, episodes=1, steps=1)
        population = Population([])
        for generation in range(1, self.generations + self.further + 1):
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
            yield population

    def _engine(self, seed: int) -> Errors:
        least = (min(-one.fitness for one in population.individuals) for population in self.populations(seed))
        return list(accumulate(least, min))

    def _library(self, seed: int, bits: int) -> Errors:
        kind: Any = cmaes.CMA if self.strategy == "cma-es" else cmaes.SepCMA
        run = kind(mean=np.zeros(self.weights), sigma=FIRST_SIGMA * LIMIT, population_size=self.population, seed=seed)
        found = list[float]()
        for _ in range(self.generations + self.further):
            points = np.array([run.ask() for _ in range(self.population)])
            values = self.function(points if bits == 64 else points.astype(np.float32).astype(np.float64))
            found.append(float(values.min()))
            run.tell(list(zip(points, values.tolist(), strict=True)))
        return list(accumulate(found, min))


def digests() -> list[str]:
    """Of what each strategy breeds in some generations, with its state, to the last bit."""
    contests = (
        Contest(function=sphere, weights=41, strategy=strategy, population=50, generations=5, seeds=(1,)) for strategy in STRATEGIES
    )
    return [hashlib.sha256(b"".join(map(encode, contest.populations(1)))).hexdigest() for contest in contests]
