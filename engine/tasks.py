"""Tasks: what individuals are bred for. A task plays one episode with one genome, or many at once; the engine does everything else."""

from __future__ import annotations

import importlib
from array import array
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Protocol, cast

import numpy as np
from numpy.typing import NDArray

from engine import EngineError
from engine.individuals import WEIGHT_BYTES
from engine.settings import MEMORY, Range


class TaskFigures(Protocol):
    """What every plug-in says of itself.

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


class OneByOne(TaskFigures, Protocol):
    """A plug-in that plays one episode at a time. The same genome and seed must give the same score, because the monitor scores
    individuals again."""

    def play(self, genome: Sequence[float], seed: int, steps: int) -> float:
        """Play one episode of at most `steps` steps and return its score; higher is better."""
        ...


class Batched(TaskFigures, Protocol):
    """A plug-in that plays many episodes at once, for example in numpy. It needs no `play`; where there are both, this one is used.

    A score must depend on its own genome and seed alone, to the last bit: which rows are played together changes from time to time.
    """

    def play_batch(self, genomes: NDArray[np.float32], seeds: NDArray[np.uint32], steps: int) -> NDArray[np.floating]:
        """Play one episode of at most `steps` steps with each row, and return their scores.

        Args:
            genomes: of shape (rows, weights); an individual of three episodes is in three rows.
            seeds: of shape (rows,).
            steps: the most of each episode.
        """
        ...


Task = OneByOne | Batched

WEIGHTS = Range(1, MEMORY.most // WEIGHT_BYTES)
"""As many as the largest individual of any table has room for."""

WEIGHT_LIMIT = 1e38
"""Below the largest 32-bit float, 3.4e38."""

EPISODES = Range(1, 1000)
"""A seed for each is a hash, a microsecond, for each individual."""

STEPS = Range(1, 2**31 - 1)


@dataclass(frozen=True, kw_only=True)
class TaskSpec:
    """What a task says of itself: all that a worker and the monitor know of it. Its code runs in evaluators alone.

    Attributes:
        batched: whether it plays many episodes at once.
    """

    weights: int
    weight_limit: float
    episodes: int
    steps: int
    batched: bool = False

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
    return TaskSpec(
        weights=int(task.weights),
        weight_limit=float(task.weight_limit),
        episodes=int(task.episodes),
        steps=int(task.steps),
        batched=hasattr(task, "play_batch"),
    )


TASKS: Mapping[str, str] = {
    "cartpole": "engine.cartpole:CartPole",
    "rastrigin": "engine.examples.rastrigin:Rastrigin",
    "phrase": "engine.examples.phrase:Phrase",
    "pendulum": "engine.examples.pendulum:Pendulum",
}
"""The tasks that EVOLUTION_TASK can name."""


@cache
def load(name: str) -> Task:
    """The task of a name, or a team's own as `module:attribute`: a class or a function that makes it.

    Raises:
        EngineError: there is no such task, or it isn't one.
    """
    module, _, attribute = TASKS.get(name, name).partition(":")
    if not attribute:
        raise EngineError(f"there is no task {name!r}: EVOLUTION_TASK must be {', '.join(TASKS)}, or your own as module:attribute")
    try:
        made = cast(Callable[[], Task], getattr(importlib.import_module(module), attribute))()
        lacking = [one for one in ("weights", "weight_limit", "episodes", "steps") if not hasattr(made, one)]
        lacking += [] if hasattr(made, "play") or hasattr(made, "play_batch") else ["play or play_batch"]
    except Exception as error:
        raise EngineError(f"task {name!r} can't be loaded: {type(error).__name__}: {error}") from error
    if lacking:
        raise EngineError(f"task {name!r} lacks {', '.join(lacking)}: engine/tasks.py says what a task must have")
    return made


MOST = 1e100
"""The largest fitness, either way: the tables hold numbers up to 1e125, and means of many are made of it."""


def fitness(task: Task, genome: array[float], seeds: Sequence[int]) -> float:
    """The mean score over the episodes of `seeds`; a ValueError if it is no number."""
    if hasattr(task, "play_batch"):
        one = np.frombuffer(genome.tobytes(), np.float32)[None]
        mean = float(fitness_of_all(cast(Batched, task), one, np.array([seeds], np.uint32))[0])
    else:
        play = cast(OneByOne, task).play
        mean = sum(float(play(genome, seed, task.steps)) for seed in seeds) / len(seeds)
    if not abs(mean) <= MOST:  # nor is NaN
        raise ValueError(f"the task returned {mean}")
    return mean


def fitness_of_all(task: Batched, genomes: NDArray[np.float32], seeds: NDArray[np.uint32]) -> NDArray[np.float64]:
    """The mean score of each genome, over the episodes of its row of `seeds`; a ValueError if they aren't as many as were asked for."""
    count, episodes = seeds.shape
    scores = np.asarray(task.play_batch(np.repeat(genomes, episodes, axis=0), seeds.reshape(-1), task.steps), np.float64)
    if scores.shape != (count * episodes,):
        raise ValueError(f"play_batch returned scores of shape {scores.shape} for {count * episodes} episodes")
    return scores.reshape(count, episodes).mean(axis=1)
