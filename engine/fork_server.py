"""The fork server, and the evaluators that it forks: the processes in which a task's code runs.

The server imports Python's and the engine's own modules once, and is forked for every evaluator: a killed one is replaced in milliseconds.
No task's code ever runs in the server itself, nor in the worker that asks it.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import signal
import socket
import struct
import sys
from array import array
from collections.abc import Sequence
from typing import cast

import numpy as np

from engine import frames, tasks, wall
from engine.individuals import DEAD

START, END = b"S", b"E"
"""What a worker asks for, in one packet: START, the memory, the task's name, and the evaluator's ends of two pipes beside it; or END and a
process's number."""

MEMORY = struct.Struct("=Q")
NUMBER = struct.Struct("=i")
"""The answer: the new evaluator's process; or the exit code of the ended one, negative for a signal."""

LONGEST_REQUEST = 4096

JOBS, REPLIES = 3, 4
"""An evaluator's only descriptors, besides 0 to 2, which lead nowhere."""

SPENT = (MemoryError, OSError)
"""Who fails of these may have taken what the next one needs: memory, or descriptors. The evaluator ends itself, and another goes on."""


def serve(asked: socket.socket) -> None:
    """Start and end evaluators until the worker is gone."""
    wall.offer_to_the_oom_killer()
    wall.hide()
    server = os.getpid()
    while True:
        request, descriptors, _, _ = socket.recv_fds(asked, LONGEST_REQUEST, 2)
        if not request:
            return
        if request[:1] == START:
            (memory,), name = MEMORY.unpack_from(request, 1), request[1 + MEMORY.size :].decode()
            if name in tasks.TASKS:  # the image's own: what they import is imported once, for all evaluators
                importlib.import_module(tasks.TASKS[name].partition(":")[0])
            process = os.fork()
            if process == 0:
                asked.close()
                _live(name, server, memory, *descriptors)
            for descriptor in descriptors:
                os.close(descriptor)
            asked.send(NUMBER.pack(process))
        else:
            (process,) = NUMBER.unpack_from(request, 1)
            os.kill(process, signal.SIGKILL)  # it is ours until it is waited for, so the number is nobody else's
            asked.send(NUMBER.pack(os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])))


def _live(name: str, server: int, memory: int, jobs: int, replies: int) -> None:
    """An evaluator's life. It never comes back from here into the server's loop."""
    try:
        _take_only(jobs, replies)
        try:
            wall.enter(server, memory)
            task = tasks.load(name)
            _write(frames.hello_of(tasks.spec_of(task)))
        except BaseException as error:
            _write(frames.no_task(str(error)))
            return
        while head := _read(frames.JOB.size):
            _work(task, frames.read_job(head, _read(frames.size_of_job(head))))
    finally:
        os._exit(0)


def _take_only(jobs: int, replies: int) -> None:
    """Nothing of the server's is left open. What a task prints goes nowhere: in the log, a line could be a metric (engine/logs.py)."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    high = [os.dup(descriptor) for descriptor in (jobs, replies)]  # the server's own numbers may be in the way
    for descriptor in (0, 1, 2):
        os.dup2(nowhere, descriptor)
    for descriptor, own in zip(high, (JOBS, REPLIES), strict=True):
        os.dup2(descriptor, own)
    os.closerange(REPLIES + 1, os.sysconf("SC_OPEN_MAX"))


def _work(task: tasks.Task, job: frames.Job) -> None:
    if len(job.indices) > 1 and hasattr(task, "play_batch"):
        with contextlib.suppress(BaseException):  # one by one, it shows whose fault that was
            fitness = tasks.fitness_of_all(cast(tasks.Batched, task), job.genomes, job.seeds)
            if np.all(np.abs(fitness) <= tasks.MOST):
                _write(frames.scores_of(job.indices[0], fitness.tolist()))
                return
    for index, seeds, genome in zip(job.indices, job.seeds, job.genomes, strict=True):
        leaving = False
        try:
            fitness, cause = tasks.fitness(task, array("f", genome.tobytes()), seeds.tolist()), ""
        except BaseException as error:
            fitness, cause, leaving = DEAD, f"{type(error).__name__}: {error}"[: frames.LONGEST_TEXT], isinstance(error, SPENT)
        _write(frames.scores_of(index, [fitness], cause, leaving=leaving))
        if leaving:
            os._exit(0)


def _read(size: int) -> bytes:
    """So many bytes; none if the worker has closed its end."""
    content = bytearray()
    while len(content) < size:
        more = os.read(JOBS, size - len(content))
        if not more:
            return b""
        content += more
    return bytes(content)


def _write(frame: bytes) -> None:
    os.write(REPLIES, frame)


def main(arguments: Sequence[str]) -> None:
    """Serve whoever holds the other end of the socket whose number is the argument."""
    with socket.socket(fileno=int(arguments[0])) as asked:
        serve(asked)


if __name__ == "__main__":
    main(sys.argv[1:])
