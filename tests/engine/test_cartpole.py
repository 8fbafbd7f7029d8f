"""What the whole is for: ten generations are enough to balance a pole."""

from __future__ import annotations

import statistics

from tests.engine.aws import EngineCloud
from tests.engine.cartpole import SOLVED, evolve


def test_cartpole_is_solved_in_devs_ten_generations(world: EngineCloud) -> None:
    result = evolve(world, 11, population=100)
    assert len(result.best) == 10
    assert len(result.scores) == 100
    mean = statistics.mean(result.scores)
    print(f"\nchampion of 100 individuals, 10 generations: mean {mean:.1f} over 100 held-out episodes, worst {min(result.scores):.0f}")
    assert mean >= SOLVED
