"""The evaluators: processes that score individuals, apart from the worker and behind a wall (engine/wall.py).

A task is somebody's code. It may raise, return nonsense, hang, or take its process with it, and it may mean to: then that one individual
is dead, and the generation goes on. Whoever exceeds the wall-clock limit is killed, and the run counts as not repeatable, because a slower
or a faster machine might have judged otherwise.
"""

from __future__ import annotations

import os
import select
import time
from collections import deque
from collections.abc import Callable, Sequence
from functools import cached_property

from engine import EngineError, frames, wall
from engine.evaluator import Evaluator, Results, ScoreBatch
from engine.individuals import WEIGHT_BYTES
from engine.tasks import TaskSpec

WAKE_SECONDS = 0.2
"""How often a waiting worker looks whether it should stop."""

OLDEST_SECONDS = 3600.0
"""An evaluator that has worked for so long is replaced before its next batch: whatever a task has piled up in it is gone."""

JOB_BYTES = 1 << 16
"""A job has at most as many, or MOST_IN_JOB individuals, or one."""

JOBS_EACH = 2
"""A job is an evaluator's share of half of what is left, so that all evaluators are done at about the same time. (Not where a task plays
many at once: there, who is in a job together must depend on nothing but the population.)"""

PARTS, SMALLEST_PART = 4, 32
"""Where a task plays many at once, a batch is at least so many jobs, one for each vCPU of a task; but 32 individuals take numpy as long as
one does."""


class CancelledError(EngineError):
    """The work was given up because the worker was told to stop."""


class EvaluatorPool:
    """Some evaluators of one task, started when they are first needed."""

    def __init__(self, task: str, *, seconds: float, evaluators: int | None) -> None:
        """Args:
        task: EVOLUTION_TASK.
        seconds: the longest that one individual may take.
        evaluators: how many processes; one for each CPU if None.
        """
        self._task, self._seconds = task, seconds
        self._count = evaluators or len(os.sched_getaffinity(0))
        self._memory = wall.memory_share(self._count)
        self._idle: list[Evaluator] = []

    @cached_property
    def spec(self) -> TaskSpec:
        """What the task says of itself.

        Raises:
            EngineError: it can't be loaded, or is none.
        """
        one = self._start()
        try:
            while one.spec is None:
                _wait([one])
                one.hear(Results())
                if one.fault:
                    raise EngineError(f"the task {self._task!r} can't be used: {one.fault}")
        except BaseException:
            one.end()
            raise
        self._idle.append(one)
        return one.spec

    def run(self, batch: ScoreBatch, stop: Callable[[], bool] = lambda: False) -> Results:
        """Score a batch and wait for it.

        Raises:
            CancelledError: `stop` became true.
        """
        results, todo, alone = Results(), deque[int](), deque[int]()
        size = self.spec.weights * WEIGHT_BYTES
        for index, genome in batch.genomes.items():
            if len(genome) == size:
                todo.append(index)
            else:
                results.kill(index, f"its genome has {len(genome)} bytes, and its task's have {size}")
        most = max(SMALLEST_PART, -(-len(todo) // PARTS)) if self.spec.batched else len(todo)
        busy: list[Evaluator] = []
        try:
            while todo or alone or busy:
                while (todo or alone) and len(busy) < self._count:
                    busy.append(self._start() if alone else self._take())
                    if alone:
                        busy[-1].alone = True
                        busy[-1].send(batch, [alone.popleft()])
                    else:
                        self._give(busy[-1], batch, todo, most)
                _wait(busy)
                if stop():
                    raise CancelledError("the work was given up: the worker must stop")
                for one in list(busy):
                    one.hear(results)
                    if one.spec not in (None, self.spec):
                        one.fault = "its task says of itself what it hasn't said before"
                    if one.fault or one.leaving:
                        busy.remove(one)
                        alone.extend(_suspects(one, results, batched=self.spec.batched))
                        todo.extendleft(reversed(one.indices))
                    elif not one.indices and todo and not one.alone:
                        self._give(one, batch, todo, most)
                    elif not one.indices:
                        busy.remove(one)
                        one.end() if one.alone else self._idle.append(one)
        finally:
            for one in busy:
                one.end()
        return results

    def close(self) -> None:
        """End the evaluators."""
        while self._idle:
            self._idle.pop().end()

    def _start(self) -> Evaluator:
        return Evaluator(self._task, self._memory, self._seconds)

    def _take(self) -> Evaluator:
        """One that has nothing to do."""
        while self._idle:
            one = self._idle.pop()
            one.last = ()
            if one.is_quiet() and time.monotonic() - one.born < OLDEST_SECONDS:
                return one
            one.end()
        return self._start()

    def _give(self, one: Evaluator, batch: ScoreBatch, todo: deque[int], most: int) -> None:
        first = todo[0]
        each = frames.size_of_individual(len(batch.genomes[first]), len(batch.seeds[first]))
        share = most if self.spec.batched else -(-len(todo) // (JOBS_EACH * self._count))
        share = max(1, min(share, frames.MOST_IN_JOB, JOB_BYTES // each))
        one.send(batch, [todo.popleft() for _ in range(min(share, len(todo)))])


def _suspects(one: Evaluator, results: Results, *, batched: bool) -> list[int]:
    """End an evaluator with a fault. Whoever was alone in it is dead. In one that has scored others, nobody knows who did it: a thread of
    an earlier one, or one that spoke in another's name; nor in a job that is played at once, where each has the scores of all.
    Those who may have done it, or had it done to them, are returned, to be tried again alone."""
    code = one.end()
    if not one.fault:
        return []
    doubted = [*one.last] if one.twice else []
    doubted += one.job if batched else [*one.indices][:1]
    suspects = [*dict.fromkeys(doubted)]
    one.indices = deque(index for index in one.indices if index not in suspects)
    for index in suspects:
        results.fitness.pop(index, None)
        results.causes.pop(index, None)
    if not one.alone and (one.used or len(suspects) > 1):
        return suspects
    for index in suspects:
        # Whoever was killed, by us or for memory, might have lived on another machine.
        results.repeatable &= code >= 0
        results.kill(index, one.fault)
    return []


def _wait(evaluators: Sequence[Evaluator]) -> None:
    """Until one of them says something, or it is time to look whether to stop."""
    poll = select.poll()
    for one in evaluators:
        poll.register(one.replies, select.POLLIN)
    poll.poll(WAKE_SECONDS * 1000)
