"""An individual: a genome in a buffer of its own, and the fitness that it earned. Nothing else: thousands of them live at once."""

from __future__ import annotations

import math
import sys
import time
from array import array
from statistics import median

from engine import EngineError

WEIGHT_BYTES = 4
"""A genome is an array of 32-bit floats."""

DEAD = -math.inf
"""The fitness of an individual that raised, hung or returned no number. Worse than any other, and never a parent."""


class IndividualTooLargeError(EngineError):
    """An individual would exceed AGENT_MEMORY_LIMIT. It isn't made."""


class Individual:
    """One individual.

    Attributes:
        genome: its weights. The buffer is its own: nobody else writes to it.
        fitness: higher is better; DEAD until it has been scored.
    """

    __slots__ = ("fitness", "genome")

    def __init__(self, genome: array[float], limit: int) -> None:
        """Make an individual from a ready genome.

        Args:
            genome: of 32-bit floats; it is copied.
            limit: the most bytes that the individual may occupy.

        Raises:
            IndividualTooLargeError: it would occupy more.
        """
        if len(genome) * WEIGHT_BYTES + OVERHEAD > limit:
            raise IndividualTooLargeError(
                f"an individual of {len(genome)} weights occupies {size_of(len(genome))} bytes, and AGENT_MEMORY_LIMIT allows {limit}: "
                "use a task with fewer weights"
            )
        self.genome = genome[:]  # exactly as large as it must be: an array that grew, or was made of bytes, has room to spare
        self.fitness = DEAD

    @property
    def size(self) -> int:
        """Bytes that it occupies."""
        return size_of(len(self.genome))


def _overhead() -> int:
    """What an individual occupies besides its genome: the object, its (empty) buffer's object, and a fitness of its own."""
    return sys.getsizeof(Individual.__new__(Individual)) + sys.getsizeof(array("f", b"")) + sys.getsizeof(0.5)


OVERHEAD = _overhead()
"""Bytes; a test holds `size` against a walk over everything that an individual refers to."""


def size_of(weights: int) -> int:
    """Bytes that an individual of so many weights occupies."""
    return OVERHEAD + weights * WEIGHT_BYTES


def instantiation_microseconds(weights: int, limit: int, *, count: int = 1000, batches: int = 9) -> float:
    """How long making an individual from a ready genome takes: the median over batches, in microseconds. Takes some 5 ms in all."""
    genome = array("f", bytes(weights * WEIGHT_BYTES))
    each: list[float] = []
    for _ in range(batches):
        start = time.perf_counter_ns()
        for _ in range(count):
            Individual(genome, limit)
        each.append((time.perf_counter_ns() - start) / count / 1000)
    return median(each)
