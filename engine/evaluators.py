"""The evaluators: processes that breed and score individuals, apart from the worker.

A task is somebody's code. It may raise, return nonsense, hang, or take its process with it: then that one individual is dead, and the
generation goes on. Whoever exceeds the wall-clock limit is killed, and the run counts as not repeatable, because a slower or a faster
machine might have judged otherwise.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
import time
from array import array
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any, cast

from engine import EngineError, keyed, tasks
from engine.breeding import Breeder
from engine.individuals import DEAD, Individual

Packed = tuple[bytes, float]
"""An individual on its way to another process: genome and fitness."""

WAKE_SECONDS = 0.2
"""How often a waiting worker looks whether it should stop."""


class AbandonedError(EngineError):
    """The work was given up because the worker was told to stop."""


@dataclass(frozen=True, kw_only=True)
class BreedBatch:
    """Breed these individuals of an island's generation, and score each in its own episodes.

    Attributes:
        limit: the most bytes that an individual may occupy.
    """

    seed: int
    island: int
    generation: int
    own: Sequence[Packed]
    migrants: Sequence[Packed]
    indices: Sequence[int]
    limit: int


@dataclass(frozen=True, kw_only=True)
class ScoreBatch:
    """Score ready genomes, each in the episodes of its seeds."""

    genomes: Mapping[int, bytes]
    seeds: Mapping[int, Sequence[int]]


@dataclass
class Results:
    """What came out of a job, by index.

    Attributes:
        genomes: as they were bred, also those of the dead.
        fitness: DEAD for the dead.
        causes: what the dead died of.
        repeatable: False if somebody was killed by the clock.
    """

    genomes: dict[int, bytes] = field(default_factory=dict[int, bytes])
    fitness: dict[int, float] = field(default_factory=dict[int, float])
    causes: dict[int, str] = field(default_factory=dict[int, str])
    repeatable: bool = True


@dataclass
class _Evaluator:
    process: Any
    connection: Connection
    deadline: float = 0.0
    indices: deque[int] = field(default_factory=deque[int])


class EvaluatorPool:
    """Some evaluators, started when they are first needed."""

    def __init__(self, task: str, *, seconds: float, evaluators: int | None) -> None:
        """Args:
        task: EVOLUTION_TASK.
        seconds: the longest that one individual may take.
        evaluators: how many processes; one for each CPU if None.
        """
        self._task, self._seconds = task, seconds
        self._count = evaluators or len(os.sched_getaffinity(0))
        # One process imports everything, once, and every evaluator is forked from it: a killed one is replaced in milliseconds.
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(["engine.evaluators"])
        self._idle: list[_Evaluator] = []

    def run(self, job: BreedBatch | ScoreBatch, stop: Callable[[], bool] = lambda: False) -> Results:
        """Do a job and wait for it.

        Raises:
            AbandonedError: `stop` became true.
        """
        results = Results()
        indices = list(job.indices if isinstance(job, BreedBatch) else job.genomes)
        shares = [deque(indices[start :: self._count]) for start in range(min(self._count, len(indices)))]
        busy = [self._begin(job, share) for share in shares]
        try:
            while busy:
                ready = wait([one.connection for one in busy], timeout=WAKE_SECONDS)
                if stop():
                    raise AbandonedError("the work was given up: the worker must stop")
                for one in list(busy):
                    died = ""
                    try:
                        if one.connection in ready:
                            while one.indices and one.connection.poll():
                                self._hear(one, results)
                    except (EOFError, ConnectionResetError):
                        died = "the task ended its process"
                    except Exception as error:  # half a message, or none at all: its last words
                        died = f"its evaluator said what nobody understands ({type(error).__name__})"
                    if not died and one.indices and time.monotonic() > one.deadline:
                        died = f"scoring took more than {self._seconds:g} s"
                    if died:
                        busy.remove(one)
                        _end(one)
                        if one.indices[0] not in results.genomes:
                            raise EngineError(
                                f"an evaluator ended before it did anything (exit code {one.process.exitcode}): can it load the task?"
                            )
                        # Whoever was killed, by us or for memory, might have lived on another machine.
                        results.repeatable &= one.process.exitcode >= 0
                        results.causes[one.indices[0]] = died
                        results.fitness[one.indices.popleft()] = DEAD
                        if one.indices:
                            busy.append(self._begin(job, one.indices))
                    elif not one.indices:
                        busy.remove(one)
                        self._idle.append(one)
        finally:
            for one in busy:
                _end(one)
        return results

    def close(self) -> None:
        """End the evaluators."""
        while self._idle:
            _end(self._idle.pop())

    def _begin(self, job: BreedBatch | ScoreBatch, indices: deque[int]) -> _Evaluator:
        one = self._idle.pop() if self._idle else self._start()
        one.indices, one.deadline = indices, time.monotonic() + self._seconds + START_SECONDS
        one.connection.send((job, list(indices)))
        return one

    def _start(self) -> _Evaluator:
        ours, theirs = self._context.Pipe()
        process = self._context.Process(target=_evaluate, args=(theirs, self._task), daemon=True)
        process.start()
        theirs.close()
        return _Evaluator(process, ours)

    def _hear(self, one: _Evaluator, results: Results) -> None:
        """One message: an individual was made, or it was scored."""
        index, genome, fitness, cause = one.connection.recv()
        one.deadline = time.monotonic() + self._seconds
        if genome is not None:
            results.genomes[index] = genome
            return
        if cause:
            results.causes[index] = cause
        results.fitness[index] = fitness
        one.indices.popleft()  # they come in order


START_SECONDS = 30.0
"""What a new evaluator may take to be there, on a busy machine; it takes 10 ms on an idle one, and the first a second."""


def _end(one: _Evaluator) -> None:
    one.process.kill()
    one.process.join()
    one.connection.close()


def _evaluate(connection: Connection, task_name: str) -> None:
    """An evaluator's life: do jobs until the worker is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the worker decides
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    _be_silent()
    _end_with_the_worker()
    task = tasks.load(task_name)
    while True:
        try:
            received: tuple[BreedBatch | ScoreBatch, list[int]] = connection.recv()
        except EOFError:
            return
        job, indices = received
        breeder = _breeder(job, task) if isinstance(job, BreedBatch) else None
        for index in indices:
            if isinstance(job, BreedBatch):
                genome = cast(Breeder, breeder).breed(index).genome
                seeds: Sequence[int] = keyed.episode_seeds(job.seed, job.island, job.generation, index, task.episodes)
            else:
                genome, seeds = array("f", job.genomes[index]), job.seeds[index]
            connection.send((index, genome.tobytes(), DEAD, ""))
            connection.send((index, None, *_score(task, genome, seeds)))


def _score(task: tasks.Task, genome: array[float], seeds: Sequence[int]) -> tuple[float, str]:
    try:
        return tasks.fitness(task, genome, seeds), ""
    except BaseException as error:
        return DEAD, f"{type(error).__name__}: {error}"[:200]


def _breeder(job: BreedBatch, task: tasks.Task) -> Breeder:
    return Breeder(
        seed=job.seed,
        island=job.island,
        generation=job.generation,
        own=[unpack(one, job.limit) for one in job.own],
        migrants=[unpack(one, job.limit) for one in job.migrants],
        task=task,
        limit=job.limit,
    )


def pack(individual: Individual) -> Packed:
    """An individual, ready to be sent to an evaluator."""
    return individual.genome.tobytes(), individual.fitness


def unpack(packed: Packed, limit: int) -> Individual:
    """An individual as it was packed."""
    individual = Individual(array("f", packed[0]), limit)
    individual.fitness = packed[1]
    return individual


def _be_silent() -> None:
    """Keep a task's output out of the worker's log, where a line could be a metric (engine/logs.py). The worker logs the causes itself."""
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        for output in (sys.stdout, sys.stderr):
            output.flush()
        for descriptor in (1, 2):
            os.dup2(nowhere.fileno(), descriptor)


def _end_with_the_worker() -> None:
    """A hanging task must not outlive a worker that was killed."""
    parent = multiprocessing.parent_process()

    def watch() -> None:
        if parent:
            parent.join()
        os._exit(0)

    threading.Thread(target=watch, daemon=True).start()
