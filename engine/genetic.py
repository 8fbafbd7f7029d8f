"""The genetic algorithm: tournaments, blend crossover, and Gaussian mutation whose step size is inherited and mutates itself.

So the steps become as small, or as large, as pays (Schwefel's self-adaptation; Eiben and Smith, Introduction to Evolutionary Computing,
section 4.4.2). Every number is a 32-bit float, like the genomes.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.individuals import DEAD
from engine.parents import Matrix, Parents

ELITES = 2
"""How many of the island's best are copied unchanged. They are scored again, in new episodes, so that luck doesn't last."""

TOURNAMENT = 3
CROSSOVER_RATE = 0.6
BLEND = 0.3
MUTATION_RATE = 0.3
"""Common values for real-valued genomes."""

FIRST_STEP = 0.1
"""Of the weights' limit: how far the first genomes are from zero, and the first step size. 0.06 and 0.2 serve CartPole, sphere, Rosenbrock
and Rastrigin less well."""

LEARNING_RATE = 0.3
"""Of the step sizes: the standard deviation of their logarithm, from parent to child. With 1/√(2·25) = 0.14, which theory has for runs of
thousands of generations, they are too slow for tens of them."""

SMALLEST_STEP = 1e-12
"""Of the weights' limit. Smaller ones change no 32-bit float but zero."""

CELLS = 1 << 16
"""Weights that are bred at once: a matrix takes 256 KB, and stays in the processor's cache."""


class GeneticAlgorithm:
    """Its state is each individual's step size."""

    def breed(self, given: Parents, count: int) -> tuple[Matrix, bytes]:
        """The elite and children of two parents, or random ones if there are no parents."""
        most, weights = given.weight_limit, given.weights
        first, least = np.float32(FIRST_STEP * most), SMALLEST_STEP * most
        steps = _steps(given, first)
        pool = _Pool(given, steps, first)
        genomes, inherited = np.empty((count, weights), np.float32), np.full(count, first, np.float32)
        each = max(1, CELLS // weights)
        for start in range(0, count, each):
            draw, rows = given.draw(start // each), genomes[start : start + each]
            if len(pool):
                inherited[start : start + each] = pool.children(draw, rows)
            else:
                draw.standard_normal(out=rows, dtype=np.float32)
                rows *= first
        elite = given.ranking[:ELITES][:count]
        genomes[: len(elite)], inherited[: len(elite)] = given.genomes[elite], steps[elite]
        # NaN comes from infinite weights, and from the difference of the largest.
        np.nan_to_num(genomes, copy=False, nan=most, posinf=most, neginf=-most)
        np.clip(genomes, -most, most, out=genomes)
        return genomes, np.clip(inherited, least, most).tobytes()

    def too_large(self, weights: int, count: int) -> str:  # noqa: ARG002 (nothing is)
        """Nothing is."""
        return ""


class _Pool:
    """Everybody who may be a parent: the living of the island, and the migrants."""

    def __init__(self, given: Parents, steps: NDArray[np.float32], first: np.float32) -> None:
        fitness = np.concatenate([given.fitness, given.migrants_fitness])
        self._living = np.flatnonzero(fitness > DEAD)
        self._fitness = fitness[self._living]
        self._genomes = np.concatenate([given.genomes, given.migrants]) if len(given.migrants) else given.genomes
        alive = steps[given.fitness > DEAD]
        usual = np.median(alive) if alive.size else first
        self._steps = np.concatenate([steps, np.full(len(given.migrants), usual, np.float32)])

    def __len__(self) -> int:
        return len(self._living)

    def children(self, draw: np.random.Generator, rows: Matrix) -> NDArray[np.float32]:
        """Fill the rows with children; their step sizes."""
        count = len(rows)
        mothers, fathers = self._winners(draw, 2 * count).reshape(2, count)
        steps = self._steps[mothers] * np.exp(np.float32(LEARNING_RATE) * draw.standard_normal(count, np.float32))
        with np.errstate(invalid="ignore", over="ignore"):  # what was infinite, or the largest
            np.take(self._genomes, mothers, axis=0, out=rows, mode="clip")
            crossed = np.flatnonzero(draw.random(count, np.float32) < CROSSOVER_RATE)
            # Each weight anywhere between the parents' and BLEND of their distance beyond.
            blend = draw.random((len(crossed), rows.shape[1]), np.float32)
            blend *= 1 + 2 * BLEND
            blend -= BLEND
            apart = self._genomes[fathers[crossed]]
            apart -= rows[crossed]
            apart *= blend
            rows[crossed] += apart
            mutated = np.flatnonzero(draw.integers(256, size=rows.size, dtype=np.uint8) < 256 * MUTATION_RATE)
            change = draw.standard_normal(len(mutated), np.float32)
            change *= steps[mutated // rows.shape[1]]
            rows.reshape(-1)[mutated] += change
        return steps

    def _winners(self, draw: np.random.Generator, count: int) -> NDArray[np.intp]:
        """Who wins so many tournaments; of equals, the one who was drawn first."""
        picks = draw.integers(len(self._fitness), size=(TOURNAMENT, count))
        best, its = picks[0], self._fitness[picks[0]]
        for others in picks[1:]:
            fitness = self._fitness[others]
            better = fitness > its
            best[better], its[better] = others[better], fitness[better]
        return self._living[best]


def _steps(given: Parents, first: np.float32) -> NDArray[np.float32]:
    """The parents' step sizes; the first one where they are unknown, for a population that another engine or strategy bred."""
    count = len(given.fitness)
    if len(given.state) != count * first.itemsize:
        return np.full(count, first, np.float32)
    steps = np.frombuffer(given.state, np.float32)
    return np.where((steps > 0) & np.isfinite(steps), steps, first)
