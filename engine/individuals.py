"""An individual: a genome in its own buffer, and its fitness. Nothing else, because thousands of them are in memory at once."""

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
"""The fitness of a dead individual: scoring it raised, hung or returned no number. It is worse than any other, and never a parent."""


class IndividualTooLargeError(EngineError):
    """An individual would exceed AGENT_MEMORY_LIMIT. It isn't made."""


class Individual:
    """One individual.

    Attributes:
        genome: its weights, in a buffer that nothing else writes to.
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
            raise _too_large(len(genome), limit)
        self.genome = genome[:]  # a copy has exactly the size it needs: an array that grew, or was made from bytes, is over-allocated
        self.fitness = DEAD

    @property
    def size(self) -> int:
        """Its size in bytes."""
        return size_of(len(self.genome))


def made_of(genomes: array[float], weights: int, limit: int) -> list[Individual]:
    """Make individuals from genomes that follow each other: a slice is a copy already.

    Raises:
        IndividualTooLargeError: they would occupy more than `limit`.
    """
    if size_of(weights) > limit:
        raise _too_large(weights, limit)
    made: list[Individual] = []
    for start in range(0, len(genomes), weights):
        individual = Individual.__new__(Individual)
        individual.genome = genomes[start : start + weights]
        individual.fitness = DEAD
        made.append(individual)
    return made


def _too_large(weights: int, limit: int) -> IndividualTooLargeError:
    return IndividualTooLargeError(
        f"an individual of {weights} weights occupies {size_of(weights)} bytes, and AGENT_MEMORY_LIMIT allows {limit}: "
        "use a task with fewer weights"
    )


def _overhead() -> int:
    """Bytes of an individual without its genome: the object, an empty array, and a float."""
    return sys.getsizeof(Individual.__new__(Individual)) + sys.getsizeof(array("f", b"")) + sys.getsizeof(0.5)


OVERHEAD = _overhead()
"""Bytes. A test compares `size` with a walk over everything that an individual refers to."""


def size_of(weights: int) -> int:
    """Bytes that an individual of so many weights occupies."""
    return OVERHEAD + weights * WEIGHT_BYTES


def instantiation_microseconds(weights: int, limit: int, *, count: int = 1000, batches: int = 9) -> float:
    """Microseconds to make an individual from a given genome: the median of the batches' means. Measuring takes about 5 ms."""
    genome = array("f", bytes(weights * WEIGHT_BYTES))
    each: list[float] = []
    for _ in range(batches):
        start = time.perf_counter_ns()
        for _ in range(count):
            Individual(genome, limit)
        each.append((time.perf_counter_ns() - start) / count / 1000)
    return median(each)
