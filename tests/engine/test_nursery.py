"""A task is somebody's code: what it does to one agent, it does to that agent alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from engine import EngineError, keyed
from engine.agents import DEAD
from engine.nursery import AbandonedError, Brood, Exam, Nursery, Results

BROOD = Brood(seed=7, island=0, generation=1, own=(), migrants=(), indices=range(48), limit=8192)

Raise = Callable[..., Nursery]


@pytest.fixture
def nursery() -> Iterator[Raise]:
    made: list[Nursery] = []

    def make(task: str, *, seconds: float = 30, evaluators: int = 2) -> Nursery:
        made.append(Nursery(f"tests.engine.plugins:{task}", seconds=seconds, evaluators=evaluators))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture(scope="module")
def good() -> Results:
    one = Nursery("tests.engine.plugins:Hill", seconds=30, evaluators=1)
    results = one.run(BROOD)
    one.close()
    return results


def dead(results: Results) -> set[int]:
    return {index for index, fitness in results.fitness.items() if fitness == DEAD}


def test_three_evaluators_breed_what_one_does(nursery: Raise, good: Results) -> None:
    assert nursery("Hill", evaluators=3).run(BROOD) == good
    assert good.fitness.keys() == good.genomes.keys() == set(range(48))
    assert not good.causes
    assert good.repeatable


@pytest.mark.parametrize(
    ("task", "cause"),
    [("Raises", "no negative weights"), ("NotANumber", "returned nan"), ("Leaves", "ended its process")],
)
def test_an_agent_that_fails_is_dead_and_the_others_live(nursery: Raise, good: Results, task: str, cause: str) -> None:
    results = nursery(task).run(BROOD)
    died = dead(results)
    assert 0 < len(died) < 48
    assert all(cause in results.causes[index] for index in died)
    assert results.genomes == good.genomes
    assert {index: one for index, one in results.fitness.items() if index not in died} == {
        index: one for index, one in good.fitness.items() if index not in died
    }
    assert results.repeatable, "the same agents die wherever it runs"


def test_one_that_hangs_is_killed_and_the_run_isnt_repeatable(nursery: Raise, good: Results) -> None:
    results = nursery("Hangs", seconds=0.5).run(BROOD)
    hung = {index for index in range(48) if keyed.episode_seeds(7, 0, 1, index, 1)[0] % 16 == 3}
    assert hung
    assert dead(results) == hung
    assert all("took more than 0.5 s" in results.causes[index] for index in hung)
    assert results.genomes == good.genomes
    assert not results.repeatable


def test_a_task_can_change_neither_the_agent_nor_the_next_ones_birth(nursery: Raise, good: Results) -> None:
    assert nursery("Meddles").run(BROOD).genomes == good.genomes


def test_ready_genomes_are_scored_in_the_episodes_asked_for(nursery: Raise, good: Results) -> None:
    one = nursery("Hill")
    again = one.run(Exam(genomes=good.genomes, seeds={index: keyed.episode_seeds(7, 0, 1, index, 1) for index in good.genomes}))
    assert again.fitness == good.fitness
    assert one.run(Exam(genomes={3: good.genomes[3]}, seeds={3: (5,)})).fitness != {3: good.fitness[3]}


def test_work_can_be_given_up(nursery: Raise) -> None:
    with pytest.raises(AbandonedError):
        nursery("Slow").run(BROOD, lambda: True)


def test_a_task_that_no_evaluator_can_load_is_said_and_kills_nobody(nursery: Raise) -> None:
    with pytest.raises(EngineError, match="can it load the task"):
        nursery("Nowhere").run(BROOD)
