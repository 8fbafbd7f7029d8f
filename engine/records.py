"""The shared items as dataclasses, each validated when it is made: what a table holds may be spoilt, or another engine's."""

from __future__ import annotations

from dataclasses import fields
from datetime import UTC, datetime
from typing import Any, cast

from pydantic import ConfigDict
from pydantic.dataclasses import dataclass

from engine import items

FINISH = "finish"
"""The name of the lease for what concerns all islands: recording their generations, and ending the evolution."""

STRICT = ConfigDict(strict=True)
"""A number in a text is no number."""


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Promotions:
    """How many promotions were decided, and how many of them without a human."""

    decided: int
    autonomous: int


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Pointer:
    """Which evolution is `active`, or was last, and whether it runs."""

    active: str
    status: str


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Autonomy:
    """The level that a person has put in force, in percent."""

    level: int


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Bounds:
    """An evolution's limits: rows of the table at the time when the trigger started it."""

    islands: int
    max_concurrent_agents: int
    agent_memory_bytes: int


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Header:
    """An evolution, as the trigger started it.

    Attributes:
        bounds: None if an older trigger wrote none.
    """

    evolution_id: str
    status: str
    seed: int
    generations: int
    bounds: Bounds | None = None


@dataclass(frozen=True, kw_only=True, config=STRICT)
class EvolutionPlan:
    """What all workers of an evolution share. The first worker writes it.

    Attributes:
        size: individuals on one island.
        weights: of the task of whoever was first; 0 if it was an engine that didn't say.
        strategy: how it is bred (engine/breeding.py); engines that didn't say knew one.
    """

    task: str
    islands: int
    size: int
    weights: int = 0
    strategy: str = "ga"


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Lease:
    """A piece of work that one worker at a time may do: an island, or what concerns all of them.

    Attributes:
        name: `island-NN` or FINISH.
        owner: the worker that holds it; empty if none does.
        token: grows with every claim; a commit with an old one fails.
        beat: grows with each heartbeat of the owner.
        generation: the last that was committed of the island; of FINISH, the last that was recorded of all islands.
        attempts: claims since then, without those that were given back because of AWS or a stop.
        expires: when the island's population expires, in seconds since 1970; 0 if it has none, or one of an older engine.
    """

    evolution_id: str
    name: str
    owner: str
    token: int
    beat: int
    generation: int
    attempts: int = 0
    expires: int = 0

    @property
    def island(self) -> int:
        """The island's number."""
        return int(self.name.removeprefix("island-"))


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Checkpoint:
    """One island's generation.

    Attributes:
        key: of the bucket.
        best, mean: fitness of the living; 0 if all are dead.
        deterministic: False if a process was killed for its time, in this generation or in an ancestor.
        migrants: its best, as a population, so that neighbours need not read all of it; None from an older engine.
    """

    evolution_id: str
    island: int
    generation: int
    key: str
    sha256: str
    agents: int
    dead: int
    best: float
    mean: float
    deterministic: bool
    migrants: bytes | None = None


def header_of(item: items.Item, where: str) -> Header:
    """The header in an item.

    Raises:
        UnknownItemError: it is none, or has bounds that this engine doesn't know and so can't enforce.
    """
    given: Any = items.expect("evolution", item, where).get("bounds")
    bounds = None
    if given is not None:
        content: items.Item = cast("dict[str, Any]", given) if isinstance(given, dict) else {}
        bounds = items.build(Bounds, "bounds", content, f"what bounds {where}")
        if unknown := sorted(content.keys() - {"kind", "version", *(field.name for field in fields(Bounds))}):
            raise items.UnknownItemError(
                f"{where} has bounds that this engine doesn't know: {', '.join(unknown)}; run the engine that does"
            )
    return items.build(Header, "evolution", item, where, bounds=bounds)


def island_name(island: int) -> str:
    """The name of an island's lease."""
    return f"island-{island:02d}"


def now() -> str:
    """The current time, for people."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
