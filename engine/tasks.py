"""Tasks: what individuals are bred for. A task plays one episode with one genome; the engine does everything else."""

from __future__ import annotations

import importlib
import math
from array import array
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol, cast

from engine import EngineError
from engine.individuals import WEIGHT_BYTES
from engine.settings import MEMORY, Range


class Task(Protocol):
    """The interface of a plug-in. The same genome and seed must give the same score, because the monitor scores individuals again.

    Attributes:
        weights: how many 32-bit floats a genome has.
        weight_limit: the largest absolute value of a weight.
        episodes: how many episodes an individual's fitness is the mean of.
        steps: the most steps of one episode.
    """

    weights: int
    weight_limit: float
    episodes: int
    steps: int

    def play(self, genome: Sequence[float], seed: int, steps: int) -> float:
        """Play one episode of at most `steps` steps and return its score; higher is better."""
        ...


WEIGHTS = Range(1, MEMORY.most // WEIGHT_BYTES)
"""As many as the largest individual of any table has room for."""

WEIGHT_LIMIT = 1e38
"""Below the largest 32-bit float, 3.4e38."""

EPISODES = Range(1, 1000)
"""A seed for each is a hash, a microsecond, for each individual."""

STEPS = Range(1, 2**31 - 1)


@dataclass(frozen=True, kw_only=True)
class TaskSpec:
    """What a task says of itself: all that a worker and the monitor know of it. Its code runs in evaluators alone."""

    weights: int
    weight_limit: float
    episodes: int
    steps: int

    def __post_init__(self) -> None:
        """An EngineError if no task can be so."""
        for name, value, allowed in (
            ("weights", self.weights, WEIGHTS),
            ("episodes", self.episodes, EPISODES),
            ("steps", self.steps, STEPS),
        ):
            if not allowed.least <= value <= allowed.most:
                raise EngineError(f"a task's {name} must be from {allowed.least} to {allowed.most}, and it says {value}")
        if not 0 < self.weight_limit <= WEIGHT_LIMIT:  # nor is NaN
            raise EngineError(f"a task's weight_limit must be above 0 and at most {WEIGHT_LIMIT:g}, and it says {self.weight_limit}")


def spec_of(task: Task) -> TaskSpec:
    """What a task says of itself, if it can be so."""
    return TaskSpec(weights=int(task.weights), weight_limit=float(task.weight_limit), episodes=int(task.episodes), steps=int(task.steps))


CARTPOLE = "gymnasium.envs.classic_control.cartpole"


class CartPole:
    """Gymnasium's CartPole-v1: keep a pole upright on a cart. One point a step, 500 at most; solved at a mean of 475 over 100 episodes.

    The individual is a network of 4 inputs, 4 hidden units (tanh) and 1 output: push right if it is positive.
    """

    weights = 4 * 4 + 4 + 4 + 1
    weight_limit = 16.0
    episodes = 3
    steps = 500
    # Divides cart position, cart velocity, pole angle and pole velocity to about ±1. The episode ends at ±2.4 and ±0.21.
    scale = (2.4, 2.0, 0.21, 2.0)

    def __init__(self) -> None:
        cartpole: Any = importlib.import_module(CARTPOLE)
        self._environment = cartpole.CartPoleEnv()

    def play(self, genome: Sequence[float], seed: int, steps: int) -> float:
        a, b, c, d = self.scale
        units = [
            (genome[i] / a, genome[i + 4] / b, genome[i + 8] / c, genome[i + 12] / d, genome[i + 16], genome[i + 20]) for i in range(4)
        ]
        bias = genome[24]
        step, tanh = self._environment.step, math.tanh
        observation = self._environment.reset(seed=seed)[0]
        for done in range(steps):
            x, v, angle, turn = observation.tolist()
            push = bias
            for wx, wv, wa, wt, shift, out in units:
                push += out * tanh(wx * x + wv * v + wa * angle + wt * turn + shift)
            observation, _, fallen, _, _ = step(1 if push > 0 else 0)
            if fallen:
                return float(done + 1)
        return float(steps)


TASKS: dict[str, Callable[[], Task]] = {"cartpole": CartPole}
"""The tasks that EVOLUTION_TASK can name."""

LIBRARIES: Mapping[str, str] = {"cartpole": CARTPOLE}
"""What one of them imports: the image's own, so that the fork server may import it once for all evaluators."""


@cache
def load(name: str) -> Task:
    """The task of a name, or a team's own as `module:attribute`: a class or a function that makes it.

    Raises:
        EngineError: there is no such task, or it isn't one.
    """
    module, _, attribute = name.partition(":")
    if not attribute and name not in TASKS:
        raise EngineError(f"there is no task {name!r}: EVOLUTION_TASK must be {', '.join(TASKS)}, or your own as module:attribute")
    try:
        made = cast(Task, (getattr(importlib.import_module(module), attribute) if attribute else TASKS[name])())
        lacking = [one for one in ("weights", "weight_limit", "episodes", "steps", "play") if not hasattr(made, one)]
    except Exception as error:
        raise EngineError(f"task {name!r} can't be loaded: {type(error).__name__}: {error}") from error
    if lacking:
        raise EngineError(f"task {name!r} lacks {', '.join(lacking)}: engine/tasks.py says what a task must have")
    return made


MOST = 1e100
"""The largest fitness, either way: the tables hold numbers up to 1e125, and means of many are made of it."""


def fitness(task: Task, genome: array[float], seeds: Sequence[int]) -> float:
    """The mean score over the episodes of `seeds`; a ValueError if it is no number."""
    mean = sum(float(task.play(genome, seed, task.steps)) for seed in seeds) / len(seeds)
    if not abs(mean) <= MOST:  # nor is NaN
        raise ValueError(f"the task returned {mean}")
    return mean
