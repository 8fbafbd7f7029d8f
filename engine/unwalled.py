"""Evaluators without a wall, for one's own task on a machine that has none: a Mac, or a kernel without seccomp. Never in the cloud."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
from array import array
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import cached_property
from typing import cast

import numpy as np

from engine import tasks
from engine.evaluator import Results, ScoreBatch
from engine.evaluators import CancelledError
from engine.tasks import TaskSpec

JOBS_EACH = 4
"""Per process and batch, so that all are done at about the same time."""


class UnwalledPool:
    """As EvaluatorPool, but a task that hangs or ends its process takes the evolution with it."""

    def __init__(self, task: str) -> None:
        self._task, self._count = task, os.cpu_count() or 1
        self._processes = ProcessPoolExecutor(self._count, multiprocessing.get_context("spawn"))

    @cached_property
    def spec(self) -> TaskSpec:
        """What the task says of itself."""
        return self._processes.submit(_spec_of, self._task).result()

    def run(self, batch: ScoreBatch, stop: Callable[[], bool] = lambda: False) -> Results:
        """Score a batch and wait for it."""
        indices, results = list(batch.genomes), Results()
        size = max(1, -(-len(indices) // (JOBS_EACH * self._count)))
        parts = [indices[start : start + size] for start in range(0, len(indices), size)]
        jobs = [
            self._processes.submit(_score, self._task, [batch.genomes[one] for one in part], [batch.seeds[one] for one in part])
            for part in parts
        ]
        for part, job in zip(parts, jobs, strict=True):
            for index, score in zip(part, job.result(), strict=True):
                if isinstance(score, str):
                    results.kill(index, score)
                else:
                    results.fitness[index] = score
        if stop():
            raise CancelledError("the work was given up")
        return results

    def close(self) -> None:
        """End the processes."""
        self._processes.shutdown(cancel_futures=True)


def _spec_of(task: str) -> TaskSpec:
    return tasks.spec_of(tasks.load(task))


def _score(task: str, genomes: Sequence[bytes], seeds: Sequence[Sequence[int]]) -> list[float | str]:
    """Each one's fitness, or what it died of."""
    made = tasks.load(task)
    if hasattr(made, "play_batch"):
        with contextlib.suppress(Exception):  # one by one, it shows whose fault that was
            matrix = np.frombuffer(b"".join(genomes), np.float32).reshape(len(genomes), -1)
            fitness = tasks.fitness_of_all(cast(tasks.Batched, made), matrix, np.array(seeds, np.uint32))
            if np.all(np.abs(fitness) <= tasks.MOST):
                return fitness.tolist()
    found: list[float | str] = []
    for genome, its in zip(genomes, seeds, strict=True):
        try:
            found.append(tasks.fitness(made, array("f", genome), its))
        except Exception as error:
            found.append(f"{type(error).__name__}: {error}")
    return found
