"""A numerical function: Rastrigin's, whose lowest point lies among millions of other valleys."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


class Rastrigin:
    """Find the numbers at which the function is 0. The score is minus the function, so 0 is the best there is."""

    weights = 10
    weight_limit = 5.12
    episodes = 1
    steps = 1

    def play_batch(self, genomes: NDArray[np.float32], _seeds: NDArray[np.uint32], _steps: int) -> NDArray[np.floating]:
        """All at once. It takes no luck, so the seeds don't matter."""
        x = genomes.astype(np.float64)
        return -(10 * self.weights + (x * x - 10 * np.cos(2 * np.pi * x)).sum(axis=1))

    def describe(self, genome: Sequence[float]) -> str:
        """The point."""
        return "at " + ", ".join(f"{number:.3f}" for number in genome)
