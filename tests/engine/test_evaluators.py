"""A task is somebody's code: what it does to one individual, it does to that individual alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from engine import EngineError, keyed
from engine.evaluators import AbandonedError, BreedBatch, EvaluatorPool, Results, ScoreBatch
from engine.individuals import DEAD

BATCH = BreedBatch(seed=7, island=0, generation=1, own=(), migrants=(), indices=range(48), limit=8192)

MakePool = Callable[..., EvaluatorPool]


@pytest.fixture
def pool() -> Iterator[MakePool]:
    made: list[EvaluatorPool] = []

    def make(task: str, *, seconds: float = 30, evaluators: int = 2) -> EvaluatorPool:
        made.append(EvaluatorPool(f"tests.engine.plugins:{task}", seconds=seconds, evaluators=evaluators))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture(scope="module")
def good() -> Results:
    one = EvaluatorPool("tests.engine.plugins:Hill", seconds=30, evaluators=1)
    results = one.run(BATCH)
    one.close()
    return results


def dead(results: Results) -> set[int]:
    return {index for index, fitness in results.fitness.items() if fitness == DEAD}


def test_three_evaluators_breed_what_one_does(pool: MakePool, good: Results) -> None:
    assert pool("Hill", evaluators=3).run(BATCH) == good
    assert good.fitness.keys() == good.genomes.keys() == set(range(48))
    assert not good.causes
    assert good.repeatable


@pytest.mark.parametrize(
    ("task", "cause"),
    [("Raises", "no negative weights"), ("NotANumber", "returned nan"), ("Leaves", "ended its process")],
)
def test_an_individual_that_fails_is_dead_and_the_others_live(pool: MakePool, good: Results, task: str, cause: str) -> None:
    results = pool(task).run(BATCH)
    died = dead(results)
    assert 0 < len(died) < 48
    assert all(cause in results.causes[index] for index in died)
    assert results.genomes == good.genomes
    assert {index: one for index, one in results.fitness.items() if index not in died} == {
        index: one for index, one in good.fitness.items() if index not in died
    }
    assert results.repeatable, "the same individuals die wherever it runs"


def test_one_that_hangs_is_killed_and_the_run_isnt_repeatable(pool: MakePool, good: Results) -> None:
    results = pool("Hangs", seconds=0.5).run(BATCH)
    hung = {index for index in range(48) if keyed.episode_seeds(7, 0, 1, index, 1)[0] % 16 == 3}
    assert hung
    assert dead(results) == hung
    assert all("took more than 0.5 s" in results.causes[index] for index in hung)
    assert results.genomes == good.genomes
    assert not results.repeatable


def test_a_task_can_change_neither_the_individual_nor_the_next_one(pool: MakePool, good: Results) -> None:
    assert pool("Meddles").run(BATCH).genomes == good.genomes


def test_ready_genomes_are_scored_in_the_episodes_asked_for(pool: MakePool, good: Results) -> None:
    one = pool("Hill")
    again = one.run(ScoreBatch(genomes=good.genomes, seeds={index: keyed.episode_seeds(7, 0, 1, index, 1) for index in good.genomes}))
    assert again.fitness == good.fitness
    assert one.run(ScoreBatch(genomes={3: good.genomes[3]}, seeds={3: (5,)})).fitness != {3: good.fitness[3]}


def test_work_can_be_given_up(pool: MakePool) -> None:
    with pytest.raises(AbandonedError):
        pool("Slow").run(BATCH, lambda: True)


def test_a_task_that_no_evaluator_can_load_is_said_and_kills_nobody(pool: MakePool) -> None:
    with pytest.raises(EngineError, match="can it load the task"):
        pool("Nowhere").run(BATCH)
