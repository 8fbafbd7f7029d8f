"""A team's own task is told what it lacks."""

from __future__ import annotations

from array import array

import numpy as np
import pytest
from numpy.typing import NDArray

from engine import EngineError, tasks
from tests.engine.plugins import Hill, HillAtOnce


def test_a_fitness_is_a_number() -> None:
    with pytest.raises(ValueError, match="returned nan"):
        tasks.fitness(tasks.load("tests.engine.plugins:NotANumber"), array("f", [-1.0] * 6), [1])


def test_a_task_that_plays_many_at_once_needs_no_other_form_and_scores_as_the_other_does() -> None:
    genome = array("f", [0.5, -1.0, 2.0, 0.0, 0.1, 8.0])
    task = tasks.load("tests.engine.plugins:HillAtOnce")
    assert tasks.spec_of(task).batched
    assert not tasks.spec_of(Hill()).batched
    assert tasks.fitness(task, genome, [3, 2**31 - 1]) == tasks.fitness(Hill(), genome, [3, 2**31 - 1])


def test_as_many_scores_as_episodes_must_come_back() -> None:
    class Short(HillAtOnce):
        def play_batch(self, genomes: NDArray[np.float32], seeds: NDArray[np.uint32], steps: int) -> NDArray[np.floating]:
            return super().play_batch(genomes, seeds, steps)[1:]

    with pytest.raises(ValueError, match=r"shape \(1,\) for 2 episodes"):
        tasks.fitness(Short(), array("f", [0.0] * 6), [1, 2])


@pytest.mark.parametrize(
    ("name", "says"),
    [
        (
            "cartpoel",
            "there is no task 'cartpoel': EVOLUTION_TASK must be cartpole, rastrigin, phrase, pendulum, or your own as module:attribute",
        ),
        ("nowhere:Task", "No module named 'nowhere'"),
        ("tests.engine.plugins:Nobody", "has no attribute 'Nobody'"),
        ("builtins:object", "lacks weights, weight_limit, episodes, steps, play or play_batch"),
    ],
)
def test_a_task_that_isnt_one_is_refused(name: str, says: str) -> None:
    with pytest.raises(EngineError, match=says):
        tasks.load(name)
