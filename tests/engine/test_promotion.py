"""Who is promoted, who waits for a human, and who is refused."""

from __future__ import annotations

import json
from array import array
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from engine import keyed, promotion, tasks
from engine.evaluators import EvaluatorPool
from engine.individuals import DEAD, Individual
from engine.promotion import Champion, Terms
from engine.records import Header
from engine.validators import Candidate, findings
from tests.engine.aws import KEY
from tests.engine.plugins import Hill

TASK = "tests.engine.plugins:Hill"
HEADER = Header(evolution_id="evo-1", status="running", seed=7, generations=5)
TERMS = Terms(task=TASK, limit=8192, level=75, strict=True, signing_key=KEY)


@pytest.fixture(scope="module")
def pool(_processes: None) -> Iterator[EvaluatorPool]:
    one = EvaluatorPool(TASK, seconds=30, evaluators=1)
    yield one
    one.close()


def individual(island: int, index: int, weight: float, *, lie: float = 0.0) -> Individual:
    made = Individual(array("f", [weight] * Hill.weights), 8192)
    made.fitness = lie + tasks.fitness(Hill(), made.genome, keyed.episode_seeds(7, island, 5, [index], 1)[index])
    return made


def islands(count: int = 4) -> list[list[Individual]]:
    """Each better than the one before."""
    return [[individual(island, index, island / 10 + index / 100) for index in range(6)] for island in range(count)]


def never() -> bool:
    return False


def choose(population: list[list[Individual]], pool: EvaluatorPool, terms: Terms = TERMS) -> list[Champion]:
    return promotion.choose(HEADER, population, terms, pool, never)


def test_each_island_has_one_champion_and_the_best_is_first(pool: EvaluatorPool) -> None:
    champions = choose(islands(), pool)
    assert [one.island for one in champions] == [3, 2, 1, 0]
    assert champions[0].agent_id == "evo-1/03/0005/00005"
    assert champions == choose(islands(), pool), "whoever chooses, chooses the same"


@pytest.mark.parametrize(("level", "alone"), [(100, 4), (75, 3), (74, 2), (50, 2), (1, 0), (0, 0)])
def test_no_larger_share_than_the_level_is_promoted_without_a_human(pool: EvaluatorPool, level: int, alone: int) -> None:
    statuses = [one.status for one in choose(islands(), pool, replace(TERMS, level=level))]
    assert statuses.count("promoted") == alone
    assert statuses.count("awaiting_approval") == 4 - alone


def test_the_riskiest_waits(pool: EvaluatorPool) -> None:
    population = islands()
    champions = choose(population, pool)
    (waits,) = [one for one in champions if one.status == "awaiting_approval"]
    assert waits.risk == max(one.risk for one in champions)


@pytest.mark.parametrize(("strict", "status"), [(True, "refused"), (False, "promoted")])
def test_strict_refuses_what_permissive_records(pool: EvaluatorPool, strict: bool, status: str) -> None:
    population = islands(3)
    population[1] = [individual(1, index, 1.0, lie=50.0) for index in range(6)]
    liar = next(one for one in choose(population, pool, replace(TERMS, strict=strict, level=100)) if one.island == 1)
    assert liar.status == status
    assert "in the same episodes it is" in liar.found[0]
    assert json.loads(liar.content)["findings"] == list(liar.found)


def test_a_refused_one_isnt_the_evolutions_champion(pool: EvaluatorPool) -> None:
    population = islands(3)
    population[2] = [individual(2, index, 1.0, lie=50.0) for index in range(6)]
    outcome = promotion.finished(choose(population, pool), deterministic=True)
    assert outcome["champion"]["island"] == 1
    assert outcome["promotion"] in ("promoted", "awaiting_approval")


def test_an_island_without_the_living_has_no_champion(pool: EvaluatorPool) -> None:
    population = islands(2)
    for one in population[0]:
        one.fitness = DEAD
    assert [one.island for one in choose(population, pool)] == [1]


def test_a_champion_is_signed(pool: EvaluatorPool) -> None:
    document: dict[str, Any] = json.loads(choose(islands(1), pool)[0].content)
    assert document["key_version"] == KEY.version
    assert document["signature"] == promotion.signature(document, KEY.key)
    assert document["signature"] != promotion.signature(document, "another key")
    assert document["signature"] != promotion.signature(document | {"fitness": 1e9}, KEY.key)
    assert document["signature"] != promotion.signature(document | {"key_version": "1" * 32}, KEY.key)


GOOD = individual(0, 0, 1.0)


def changed(**attributes: Any) -> Individual:
    one = Individual(attributes.get("genome", GOOD.genome), 1 << 20)
    one.fitness = attributes.get("fitness", GOOD.fitness)
    return one


@pytest.mark.parametrize(
    ("candidate", "says"),
    [
        (Candidate(individual=GOOD, again=GOOD.fitness, held_out=GOOD.fitness), None),
        (Candidate(individual=changed(genome=array("f", bytes(8800))), again=GOOD.fitness), "AGENT_MEMORY_LIMIT allows 8192"),
        (Candidate(individual=changed(genome=array("f", [1.0])), again=GOOD.fitness), "1 weights, and its task has 6"),
        (Candidate(individual=changed(genome=array("f", [1.0] * 5 + [float("nan")])), again=GOOD.fitness), "1 of its weights"),
        (Candidate(individual=changed(genome=array("f", [9.0] * 6)), again=GOOD.fitness), "6 of its weights"),
        (Candidate(individual=changed(fitness=200.0), again=GOOD.fitness), "is said to be 200"),
        (Candidate(individual=GOOD, again=DEAD), "in the same episodes it is -inf"),
        (Candidate(individual=GOOD, again=GOOD.fitness, held_out=10.0), "only 10 in episodes"),
    ],
)
def test_what_is_wrong_with_an_individual_is_said(candidate: Candidate, says: str | None) -> None:
    found = findings(candidate, tasks.spec_of(Hill()), 8192)
    assert says in " ".join(found) if says else not found
