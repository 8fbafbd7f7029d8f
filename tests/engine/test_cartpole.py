"""The default task is gymnasium's, and what the whole is for: ten generations are enough to balance a pole."""

from __future__ import annotations

import statistics

import numpy as np
import pytest

from engine import keyed, tasks
from engine.cartpole import FIRST, CartPole
from tests.engine.aws import EngineCloud
from tests.engine.cartpole import SOLVED, evolve, play

SEEDS = np.arange(300, dtype=np.uint32)
GENOMES = np.random.default_rng(7).normal(0, 2, (300, CartPole.weights)).astype(np.float32)


def test_an_episode_is_gymnasiums_to_the_step() -> None:
    ours = CartPole().play_batch(GENOMES, SEEDS, CartPole.steps)
    first = (2 * keyed.uniform(SEEDS, 4) - 1) * FIRST
    theirs = [play(genome.tolist(), 0, state) for genome, state in zip(GENOMES, first.T, strict=True)]
    assert len(set(theirs)) > 20
    # A push that hangs on the last bit of a sum may go either way.
    assert sum(one != other for one, other in zip(ours, theirs, strict=True)) <= 3


def test_a_score_depends_on_its_own_genome_and_seed_alone() -> None:
    together = CartPole().play_batch(GENOMES, SEEDS, CartPole.steps)
    order = np.random.default_rng(8).permutation(300)
    for start, size in ((0, 1), (1, 2), (3, 7), (10, 31), (41, 100), (141, 159)):
        some = order[start : start + size]
        assert (CartPole().play_batch(GENOMES[some], SEEDS[some], CartPole.steps) == together[some]).all()


@pytest.mark.parametrize("steps", [1, 3])
def test_an_episode_ends_after_its_steps(steps: int) -> None:
    assert set(CartPole().play_batch(GENOMES, SEEDS, steps)) == {steps}


def test_first_states_are_spread_over_gymnasiums_range_and_differ_by_seed() -> None:
    drawn = keyed.uniform(np.arange(20_000, dtype=np.uint32), 4)
    assert drawn.shape == (4, 20_000)
    assert ((drawn >= 0) & (drawn < 1)).all()
    assert np.abs(np.histogram(drawn, 10)[0] / 8_000 - 1).max() < 0.05
    assert np.abs(np.corrcoef(drawn) - np.eye(4)).max() < 0.03
    assert len(np.unique(drawn)) == drawn.size


def test_the_default_task_plays_many_at_once() -> None:
    assert tasks.spec_of(tasks.load("cartpole")).batched


def test_cartpole_is_solved_in_devs_ten_generations(world: EngineCloud) -> None:
    result = evolve(world, 11, population=100)
    assert len(result.course.best) == 10
    assert len(result.scores) == 100
    mean = statistics.mean(result.scores)
    print(f"\nchampion of 100 individuals, 10 generations: mean {mean:.1f} over 100 held-out episodes, worst {min(result.scores):.0f}")
    assert mean >= SOLVED
