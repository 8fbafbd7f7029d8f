"""A population as bytes, for the bucket. In a table, 10,000 individuals of 6.5 KB would cost 70,000 write units a generation."""

from __future__ import annotations

import struct
import sys
from array import array
from collections.abc import Sequence

from engine import EngineError
from engine.individuals import WEIGHT_BYTES, Individual

MAGIC = b"EVOP"
VERSION = 1
HEADER = struct.Struct("<4sIII")
"""Magic, version, number of individuals, weights of each. Then each one's fitness (64-bit float), then each genome. Little-endian."""


NO_LIMIT = sys.maxsize
"""For callers that must also see individuals that are too large."""


class CorruptPopulationError(EngineError):
    """The content isn't what was written."""


def encode(individuals: Sequence[Individual]) -> bytes:
    """The individuals, in their order; there may be none. All genomes are of one length."""
    fitness = array("d", [individual.fitness for individual in individuals])
    head = HEADER.pack(MAGIC, VERSION, len(individuals), len(individuals[0].genome) if individuals else 0)
    return b"".join([head, fitness.tobytes(), *(individual.genome.tobytes() for individual in individuals)])


def decode(content: bytes, limit: int) -> list[Individual]:
    """The individuals, in their order; each is made again, under the same limit.

    Raises:
        CorruptPopulationError: it isn't a population, or of another version.
        IndividualTooLargeError: its individuals are larger than `limit`.
    """
    if len(content) < HEADER.size or not content.startswith(MAGIC):
        raise CorruptPopulationError("it isn't a population")
    _, version, count, weights = HEADER.unpack_from(content)
    if version != VERSION:
        raise CorruptPopulationError(f"it is of version {version}, and this engine reads version {VERSION}")
    genome_bytes = weights * WEIGHT_BYTES
    start = HEADER.size + count * 8
    if len(content) != start + count * genome_bytes:
        raise CorruptPopulationError(
            f"it has {len(content)} bytes, and {count} individuals of {weights} weights take {start + count * genome_bytes}"
        )
    fitness = array("d", content[HEADER.size : start])
    individuals: list[Individual] = []
    for index in range(count):
        individual = Individual(array("f", content[start + index * genome_bytes : start + (index + 1) * genome_bytes]), limit)
        individual.fitness = fitness[index]
        individuals.append(individual)
    return individuals
