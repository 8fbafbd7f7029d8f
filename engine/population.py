"""A population as bytes, for the bucket. In a table, 10,000 individuals of 6.5 KB would cost 70,000 write units a generation."""

from __future__ import annotations

import struct
import sys
from array import array
from collections.abc import Sequence
from typing import NamedTuple

from engine import EngineError
from engine.individuals import WEIGHT_BYTES, Individual, made_of

MAGIC = b"EVOP"
PLAIN, WITH_STATE = 1, 2
"""Versions. Older engines know the first."""

HEADER = struct.Struct("<4sIII")
"""Magic, version, number of individuals, weights of each. Then each one's fitness (64-bit float), then each genome, and in the second
version the strategy's state. Little-endian."""

FITNESS_BYTES = 8

NO_LIMIT = sys.maxsize
"""For callers that must also see individuals that are too large."""


class CorruptPopulationError(EngineError):
    """The content isn't what was written."""


class Population(NamedTuple):
    """An island's generation.

    Attributes:
        state: what the strategy that bred it must know to breed the next one (engine/breeding.py); empty if nothing.
    """

    individuals: Sequence[Individual]
    state: bytes = b""


def encode(population: Population) -> bytes:
    """The individuals, in their order; there may be none. All genomes are of one length."""
    individuals = population.individuals
    fitness = array("d", [individual.fitness for individual in individuals])
    weights = len(individuals[0].genome) if individuals else 0
    head = HEADER.pack(MAGIC, WITH_STATE if population.state else PLAIN, len(individuals), weights)
    return b"".join([head, fitness.tobytes(), *(individual.genome for individual in individuals), population.state])


def decode(content: bytes, limit: int) -> Population:
    """The individuals, in their order; each is made again, under the same limit.

    Raises:
        CorruptPopulationError: it isn't a population, or of another version.
        IndividualTooLargeError: its individuals are larger than `limit`.
    """
    if len(content) < HEADER.size or not content.startswith(MAGIC):
        raise CorruptPopulationError("it isn't a population")
    _, version, count, weights = HEADER.unpack_from(content)
    if version not in (PLAIN, WITH_STATE) or (count and not weights):
        raise CorruptPopulationError(
            f"it is of version {version}, with {weights} weights, and this engine reads versions {PLAIN} and {WITH_STATE}, with some"
        )
    start = HEADER.size + count * FITNESS_BYTES
    end = start + count * weights * WEIGHT_BYTES
    if len(content) < end or (version == PLAIN and len(content) != end):
        raise CorruptPopulationError(f"it has {len(content)} bytes, and {count} individuals of {weights} weights take {end}")
    fitness, genomes = array("d", content[HEADER.size : start]), array("f", content[start:end])
    individuals = made_of(genomes, weights, limit) if count else []
    for individual, its in zip(individuals, fitness, strict=True):
        individual.fitness = its
    return Population(individuals, content[end:])
