"""A population as bytes, for the bucket: in the tables, 10,000 agents of 6.5 KB would cost 70,000 write units a generation."""

from __future__ import annotations

import struct
import sys
from array import array
from collections.abc import Sequence

from engine import EngineError
from engine.agents import WEIGHT_BYTES, Agent

MAGIC = b"EVOP"
VERSION = 1
HEADER = struct.Struct("<4sIII")
"""Magic, version, number of agents, weights of each. Then every agent's fitness (64-bit float), then every genome. Little-endian."""


NO_LIMIT = sys.maxsize
"""For who must see also what is too large."""


class CorruptPopulationError(EngineError):
    """What was read is not what was written."""


def encode(agents: Sequence[Agent]) -> bytes:
    """The agents, in their order. All genomes are of one length."""
    fitness = array("d", [agent.fitness for agent in agents])
    head = HEADER.pack(MAGIC, VERSION, len(agents), len(agents[0].genome))
    return b"".join([head, fitness.tobytes(), *(agent.genome.tobytes() for agent in agents)])


def decode(content: bytes, limit: int) -> list[Agent]:
    """The agents, in their order; each is born again, under the same limit.

    Raises:
        CorruptPopulationError: it isn't a population, or of another version.
        AgentTooLargeError: its agents are larger than `limit`.
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
            f"it has {len(content)} bytes, and {count} agents of {weights} weights take {start + count * genome_bytes}"
        )
    fitness = array("d", content[HEADER.size : start])
    agents: list[Agent] = []
    for index in range(count):
        agent = Agent(array("f", content[start + index * genome_bytes : start + (index + 1) * genome_bytes]), limit)
        agent.fitness = fitness[index]
        agents.append(agent)
    return agents
