"""CartPole is deterministic and bounded; a team's own task is told what it lacks."""

from __future__ import annotations

from array import array

import pytest

from engine import EngineError, tasks

PUSHES_RIGHT = [0.0] * 24 + [1.0]


def test_the_same_genome_and_seed_give_the_same_score() -> None:
    task = tasks.load("cartpole")
    assert [task.play(PUSHES_RIGHT, seed, 500) for seed in range(20)] == [
        tasks.CartPole().play(PUSHES_RIGHT, seed, 500) for seed in range(20)
    ]
    assert len({task.play(PUSHES_RIGHT, seed, 500) for seed in range(20)}) > 1


def test_an_episode_ends_after_its_steps() -> None:
    assert tasks.load("cartpole").play(PUSHES_RIGHT, 1, 3) == 3


def test_a_fitness_is_a_number() -> None:
    with pytest.raises(ValueError, match="returned nan"):
        tasks.fitness(tasks.load("tests.engine.plugins:NotANumber"), array("f", [-1.0] * 6), [1])


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("cartpoel", "there is no task 'cartpoel': EVOLUTION_TASK must be cartpole, or your own as module:attribute"),
        ("nowhere:Task", "No module named 'nowhere'"),
        ("tests.engine.plugins:Nobody", "has no attribute 'Nobody'"),
        ("builtins:object", "lacks weights, weight_limit, episodes, steps, play"),
    ],
)
def test_a_task_that_isnt_one_is_refused(name: str, says: str) -> None:
    with pytest.raises(EngineError, match=says):
        tasks.load(name)
