"""A task is somebody's code: what it does to one individual, it does to that individual alone."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator

import pytest

from engine import EngineError, keyed, tasks
from engine.breeding import Breeder
from engine.evaluator import PIPE_BYTES, Results, ScoreBatch
from engine.evaluators import JOB_BYTES, CancelledError, EvaluatorPool
from engine.individuals import DEAD
from engine.population import Population
from engine.tasks import EPISODES, WEIGHTS, TaskSpec
from engine.unwalled import UnwalledPool
from tests.engine.plugins import Hill

SPEC = tasks.spec_of(Hill())

GENOMES = {
    index: one.genome.tobytes()
    for index, one in enumerate(
        Breeder(strategy="ga", seed=7, island=0, generation=1, previous=Population([]), migrants=(), task=SPEC, limit=8192)
        .breed(48)
        .individuals
    )
}

BATCH = ScoreBatch(genomes=GENOMES, seeds=keyed.episode_seeds(7, 0, 1, [*GENOMES], 1))

MakePool = Callable[..., EvaluatorPool]


@pytest.fixture
def pool(_processes: None) -> Iterator[MakePool]:
    made: list[EvaluatorPool] = []

    def make(task: str, *, seconds: float = 30, evaluators: int = 2) -> EvaluatorPool:
        made.append(EvaluatorPool(f"tests.engine.plugins:{task}", seconds=seconds, evaluators=evaluators))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture(scope="module")
def good(_processes: None) -> Results:
    one = EvaluatorPool("tests.engine.plugins:Hill", seconds=30, evaluators=1)
    results = one.run(BATCH)
    one.close()
    return results


def dead(results: Results) -> set[int]:
    return {index for index, fitness in results.fitness.items() if fitness == DEAD}


def test_three_evaluators_score_as_one_does_and_as_the_task_does_by_itself(pool: MakePool, good: Results) -> None:
    assert pool("Hill", evaluators=3).run(BATCH) == good
    assert not good.causes
    assert good.repeatable
    for index, genome in GENOMES.items():
        assert good.fitness[index] == tasks.fitness(Hill(), array("f", genome), BATCH.seeds[index])


@pytest.mark.parametrize(
    ("task", "cause"),
    [
        ("Raises", "no negative weights"),
        ("NotANumber", "returned nan"),
        ("Leaves", "ended its process"),
        ("FailsAtOnce", "no negative weights"),
        ("NotNumbersAtOnce", "returned nan"),
        ("LeavesAtOnce", "ended its process"),
    ],
)
def test_an_individual_that_fails_is_dead_and_the_others_live(pool: MakePool, good: Results, task: str, cause: str) -> None:
    results = pool(task).run(BATCH)
    died = dead(results)
    assert 0 < len(died) < 48
    assert all(cause in results.causes[index] for index in died)
    assert {index: one for index, one in results.fitness.items() if index not in died} == {
        index: one for index, one in good.fitness.items() if index not in died
    }
    assert results.repeatable, "the same individuals die wherever it runs"


def test_many_at_once_are_scored_as_one_by_one_on_any_number_of_evaluators(pool: MakePool, good: Results) -> None:
    assert pool("HillAtOnce", evaluators=1).run(BATCH) == good
    assert pool("HillAtOnce", evaluators=3).run(BATCH) == good


@pytest.mark.parametrize("task", ["HillAtOnce", "FailsAtOnce"])
def test_without_a_wall_they_are_scored_the_same(good: Results, task: str) -> None:
    one = UnwalledPool(f"tests.engine.plugins:{task}")
    try:
        results = one.run(BATCH)
    finally:
        one.close()
    died = dead(results)
    assert bool(died) == (task == "FailsAtOnce")
    assert all(results.fitness[index] == good.fitness[index] for index in GENOMES.keys() - died)


@pytest.mark.parametrize("evaluators", [1, 3])
def test_who_is_played_together_depends_on_the_batch_alone(pool: MakePool, evaluators: int) -> None:
    genomes = {index: GENOMES[index % 48] for index in range(500)}
    results = pool("TellsItsRows", evaluators=evaluators).run(ScoreBatch(genomes=genomes, seeds=dict.fromkeys(genomes, (1,))))
    assert [results.fitness[index] for index in range(500)] == [125.0] * 500


@pytest.mark.parametrize("task", ["Hangs", "HangsAtOnce"])
def test_one_that_hangs_is_killed_and_the_run_isnt_repeatable(pool: MakePool, task: str) -> None:
    results = pool(task, seconds=0.5).run(BATCH)
    hung = {index for index in range(48) if BATCH.seeds[index][0] % 16 == 3}
    assert hung
    assert dead(results) == hung
    assert all("took more than 0.5 s" in results.causes[index] for index in hung)
    assert not results.repeatable


def test_a_task_cant_change_the_next_individual(pool: MakePool, good: Results) -> None:
    assert pool("Meddles").run(BATCH) == good


def test_ready_genomes_are_scored_in_the_episodes_asked_for(pool: MakePool, good: Results) -> None:
    one = pool("Hill")
    assert one.run(BATCH) == good
    assert one.run(ScoreBatch(genomes={3: GENOMES[3]}, seeds={3: (5,)})).fitness != {3: good.fitness[3]}


def test_a_genome_of_another_length_is_dead(pool: MakePool, good: Results) -> None:
    results = pool("Hill").run(ScoreBatch(genomes={1: GENOMES[1], 2: GENOMES[2] + bytes(4)}, seeds={1: BATCH.seeds[1], 2: (5,)}))
    assert results.fitness == {1: good.fitness[1], 2: DEAD}
    assert results.causes == {2: "its genome has 28 bytes, and its task's have 24"}


def test_jobs_of_the_largest_individuals_fit_into_a_pipe(pool: MakePool) -> None:
    assert JOB_BYTES + 64 <= PIPE_BYTES
    one = pool("Largest")
    genome = array("f", [1.0] * WEIGHTS.most).tobytes()
    seeds = (2**31 - 1,) * EPISODES.most
    results = one.run(ScoreBatch(genomes=dict.fromkeys(range(5), genome), seeds=dict.fromkeys(range(5), seeds)))
    assert set(results.fitness.values()) == {float(WEIGHTS.most)}


def test_work_can_be_given_up(pool: MakePool) -> None:
    with pytest.raises(CancelledError):
        pool("Slow").run(BATCH, lambda: True)


def test_what_a_task_says_of_itself_is_known_without_loading_it_here(pool: MakePool) -> None:
    assert pool("Hill").spec == TaskSpec(weights=6, weight_limit=8.0, episodes=1, steps=1)


@pytest.mark.parametrize(
    ("task", "says"),
    [
        ("Nowhere", "has no attribute 'Nowhere'"),
        ("TooLarge", "weights must be from 1 to 16384, and it says 16385"),
        ("Shapeless", "could not convert string to float: 'none'"),
        ("EndsAtOnce", "can it load the task"),
    ],
)
def test_a_task_that_no_evaluator_can_load_is_said_and_kills_nobody(pool: MakePool, task: str, says: str) -> None:
    one = pool(task)
    for _ in range(2):
        with pytest.raises(EngineError, match=says):
            one.run(BATCH)
