"""Promotion: the champions of an evolution, and which of them need a person's approval.

Each island has one champion. Champions without findings are promoted, up to the autonomy level's share of them; the riskiest ones await
approval. In `strict` mode a champion with findings is refused; in `permissive` mode the findings are recorded.
"""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine import items, keyed
from engine.breeding import ranking
from engine.evaluators import EvaluatorPool, ScoreBatch
from engine.individuals import DEAD, Individual
from engine.records import Header, now
from engine.validators import Candidate, findings

CANDIDATES = 5
"""How many of an island's best are scored in new episodes. Fitness is a mean of few episodes, so the best may be lucky."""

HELD_OUT_EPISODES = 20

MustStop = Callable[[], bool]
"""Whether the worker must cancel its work."""


@dataclass(frozen=True, kw_only=True)
class SigningKey:
    """The validation key in the safety settings, and the version of that secret: each version has its own key."""

    key: str
    version: str


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What promotion depends on besides the individuals.

    Attributes:
        level: the autonomy level in force, percent.
        strict: whether an individual with findings is refused.
        signing_key: what champions are signed with.
    """

    task: str
    limit: int
    level: int
    strict: bool
    signing_key: SigningKey


@dataclass(frozen=True, kw_only=True)
class Champion:
    """An island's best individual, and the decision on it.

    Attributes:
        status: promoted, awaiting_approval or refused.
        key: of the bucket.
        content: the object: canonical JSON, signed.
    """

    agent_id: str
    island: int
    generation: int
    fitness: float
    held_out: float
    risk: float
    found: tuple[str, ...]
    status: str
    key: str
    content: bytes

    def item(self) -> dict[str, Any]:
        """Its record in the population table."""
        kept = {name: getattr(self, name) for name in ("agent_id", "island", "generation", "fitness", "held_out", "risk", "status", "key")}
        return {**kept, "findings": list(self.found), "sha256": hashlib.sha256(self.content).hexdigest(), "proposed_at": now()}


def choose(
    header: Header, islands: Sequence[Sequence[Individual]], terms: Terms, pool: EvaluatorPool, must_stop: MustStop
) -> list[Champion]:
    """The champions of an evolution's last generation, the best first; none if all are dead.

    Raises:
        CancelledError: `must_stop` became true.
    """
    task = pool.spec
    picked = [(island, index) for island, individuals in enumerate(islands) for index in ranking(individuals)[:CANDIDATES]]
    genomes = {number: islands[island][index].genome.tobytes() for number, (island, index) in enumerate(picked)}
    held_out = tuple(keyed.seed(header.seed, "held out", episode) >> 33 for episode in range(HELD_OUT_EPISODES))
    original = {
        number: keyed.episode_seeds(header.seed, island, header.generations, [index], task.episodes)[index]
        for number, (island, index) in enumerate(picked)
    }
    new = pool.run(ScoreBatch(genomes=genomes, seeds=dict.fromkeys(genomes, held_out)), must_stop).fitness
    again = pool.run(ScoreBatch(genomes=genomes, seeds=original), must_stop).fitness
    champions: list[tuple[float, Champion]] = []
    for island, individuals in enumerate(islands):
        numbers = [number for number, (one, _) in enumerate(picked) if one == island and new[number] != DEAD]
        if not numbers:
            continue
        number = max(numbers, key=lambda number: (new[number], -number))
        individual, index = individuals[picked[number][1]], picked[number][1]
        found = findings(Candidate(individual=individual, again=again[number], held_out=new[number]), task, terms.limit)
        champions.append((new[number], _champion(header, island, index, individual, new[number], found, terms)))
    ordered = [one for _, one in sorted(champions, key=lambda pair: (-pair[0], pair[1].island))]
    return _within_the_level(ordered, terms)


def _champion(
    header: Header, island: int, index: int, individual: Individual, held_out: float, found: Sequence[str], terms: Terms
) -> Champion:
    agent_id = f"{header.evolution_id}/{island:02d}/{header.generations:04d}/{index:05d}"
    document: dict[str, Any] = {
        "agent_id": agent_id,
        "evolution_id": header.evolution_id,
        "findings": list(found),
        "fitness": individual.fitness,
        "generation": header.generations,
        "genome": base64.b64encode(individual.genome.tobytes()).decode(),
        "held_out": held_out,
        "island": island,
        "key_version": terms.signing_key.version,
        "seed": header.seed,
        "task": terms.task,
        "version": items.VERSION,
    }
    content = canonical({**document, "signature": signature(document, terms.signing_key.key)})
    return Champion(
        agent_id=agent_id,
        island=island,
        generation=header.generations,
        fitness=individual.fitness,
        held_out=held_out,
        risk=max(0.0, individual.fitness - held_out) / max(abs(individual.fitness), 1e-9),
        found=tuple(found),
        status="refused" if found and terms.strict else "promoted",
        # The hash is in the key: whoever ends the evolution after a crash, perhaps with another signing key, isn't stopped by what is there
        key=f"champions/{header.evolution_id}/{island:02d}-{hashlib.sha256(content).hexdigest()[:16]}.json",
        content=content,
    )


def _within_the_level(champions: Sequence[Champion], terms: Terms) -> list[Champion]:
    """Of the champions that may be promoted, at most the level's share is promoted without approval: the least risky."""
    may = sorted((one for one in champions if one.status == "promoted"), key=lambda one: (len(one.found), one.risk, one.agent_id))
    alone = {one.agent_id for one in may[: len(may) * terms.level // 100]}
    waits = {one.agent_id for one in may} - alone
    return [dataclasses.replace(one, status="awaiting_approval") if one.agent_id in waits else one for one in champions]


def finished(champions: Sequence[Champion], deterministic: bool) -> items.Item:
    """The outcome in the header of a finished evolution. Its champion is the best one that isn't refused, or the best of all."""
    first = next((one for one in champions if one.status != "refused"), champions[0])
    champion = {name: getattr(first, name) for name in ("agent_id", "fitness", "island", "generation", "key")}
    return {
        "status": "finished",
        "finished_at": now(),
        "champion": champion | {"sha256": hashlib.sha256(first.content).hexdigest()},
        "deterministic": deterministic,
        "promotion": first.status,
    }


def canonical(document: Mapping[str, Any]) -> bytes:
    """The canonical JSON of a document."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def signature(document: Mapping[str, Any], key: str) -> str:
    """HMAC-SHA256 of a document without its signature, which shows that an engine of this stack wrote it."""
    unsigned = {name: value for name, value in document.items() if name != "signature"}
    return hmac.new(key.encode(), canonical(unsigned), hashlib.sha256).hexdigest()
