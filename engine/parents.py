"""What a strategy breeds a generation from."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from engine.individuals import DEAD

Matrix = NDArray[np.float32]
"""Genomes, one in each row."""


def ranking(fitness: NDArray[np.float64]) -> NDArray[np.intp]:
    """The indices of the living, best first; of equals, the lower one first."""
    return np.argsort(-fitness, kind="stable")[: np.count_nonzero(fitness != DEAD)]


@dataclass(frozen=True, kw_only=True)
class Parents:
    """The last generation of an island, and who came to it.

    Attributes:
        generation: the number of the next one.
        key: of all random numbers.
        key_before: the last generation's.
        fitness, migrants_fitness: DEAD for the dead, who are nobody's parents.
        state: what the strategy left with the genomes; empty for the first, or if another engine bred them.
    """

    generation: int
    key: int
    key_before: int
    weight_limit: float
    genomes: Matrix
    fitness: NDArray[np.float64]
    migrants: Matrix
    migrants_fitness: NDArray[np.float64]
    state: bytes

    @cached_property
    def ranking(self) -> NDArray[np.intp]:
        """The indices of the island's living, best first; of equals, the lower one first."""
        return ranking(self.fitness)

    @property
    def weights(self) -> int:
        """Of each genome."""
        return self.genomes.shape[1]

    def draw(self, chunk: int) -> np.random.Generator:
        """The random numbers of a chunk."""
        return np.random.Generator(np.random.Philox(key=self.key, counter=[0, 0, 0, chunk]))
