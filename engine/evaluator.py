"""One evaluator, and the fork server that it comes from, as the worker sees them."""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from engine import EngineError, fork_server, frames, wall
from engine.individuals import DEAD
from engine.tasks import TaskSpec

START_SECONDS = 30.0
"""What a new evaluator may take to be there, on a busy machine; it takes 10 ms on an idle one, and the first a second."""

PIPE_BYTES = 1 << 17
"""Of each pipe. A job fits into it, so that sending one never waits for a task: an individual of 64 KiB, with 1,000 seeds, takes 68 KiB."""


@dataclass(frozen=True, kw_only=True)
class ScoreBatch:
    """Genomes to be scored, each in the episodes of its seeds; of each, as many."""

    genomes: Mapping[int, bytes]
    seeds: Mapping[int, Sequence[int]]


@dataclass
class Results:
    """What came out of a batch, by index.

    Attributes:
        fitness: DEAD for the dead.
        causes: what the dead died of.
        repeatable: False if somebody was killed by the clock.
    """

    fitness: dict[int, float] = field(default_factory=dict[int, float])
    causes: dict[int, str] = field(default_factory=dict[int, str])
    repeatable: bool = True

    def kill(self, index: int, cause: str) -> None:
        """An individual is dead."""
        self.fitness[index], self.causes[index] = DEAD, cause


class ForkServer:
    """The process that evaluators are forked from: one for all pools of this process, started when it is first needed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, task: str, memory: int, jobs: int, replies: int) -> int:
        """Start an evaluator that reads and writes these pipes; its process."""
        request = fork_server.START + fork_server.MEMORY.pack(memory) + task.encode()
        with self._lock:
            return self._ask(request, (jobs, replies))

    def end(self, process: int) -> int:
        """End an evaluator; its exit code, negative for a signal. It may have ended by itself before."""
        with self._lock:
            try:
                return self._ask(fork_server.END + fork_server.NUMBER.pack(process), ()) if self._socket else -signal.SIGKILL
            except EngineError:
                return -signal.SIGKILL  # it has ended with the fork server

    def _ask(self, request: bytes, descriptors: Sequence[int]) -> int:
        asked = self._socket or self._serve()
        try:
            socket.send_fds(asked, [request], list(descriptors))
            answer = asked.recv(fork_server.NUMBER.size)
            if not answer:
                raise ConnectionResetError("it has closed its socket")
        except OSError as error:
            self._close()
            raise EngineError(f"the evaluators' fork server has ended ({error}): another one is started for the next evaluator") from error
        (number,) = fork_server.NUMBER.unpack(answer)
        return number

    def close(self) -> None:
        """End it, and every evaluator with it."""
        with self._lock:
            self._close()

    def _close(self) -> None:
        if self._socket and self._process:
            self._socket.close()
            self._process.kill()
            self._process.wait()
            self._socket = self._process = None

    def _serve(self) -> socket.socket:
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._socket.settimeout(START_SECONDS)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "engine.fork_server", str(theirs.fileno())],
                env=wall.environment(os.environ),
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                start_new_session=True,
            )
        return self._socket


FORK_SERVER = ForkServer()


class Evaluator:
    """One evaluator, as its worker sees it.

    Attributes:
        spec: what it says its task is; None until it has said so.
        closed: whether it will never say anything again.
        leaving: whether it ends itself now.
        alone: whether it was started for one individual, and ends after it.
        used: whether it has scored anybody.
        job: whom it was given last.
        last: whom it scored last, of this batch.
        twice: whether it said a second score of one of those.
        fault: what it did that no evaluator does.
        indices: what it is scoring, in order.
        deadline: when it must have said something more.
    """

    def __init__(self, task: str, memory: int, seconds: float) -> None:
        """Start it with so many bytes of address space; `seconds` is the longest that one individual may take."""
        self._seconds = seconds
        self.born = time.monotonic()
        self.deadline = self.born + START_SECONDS + seconds
        self.spec: TaskSpec | None = None
        self.closed = self.leaving = self.alone = self.used = self.twice = False
        self.fault = ""
        self.job: Sequence[int] = ()
        self.last: Sequence[int] = ()
        self.indices: deque[int] = deque()
        self._code: int | None = None
        self._unread = frames.Unread()
        jobs, self._jobs = _pipe()
        self.replies, replies = _pipe()
        try:
            self.process = FORK_SERVER.start(task, memory, jobs, replies)
        except BaseException:
            os.close(self._jobs)
            os.close(self.replies)
            raise
        finally:
            os.close(jobs)
            os.close(replies)
        for descriptor in (self._jobs, self.replies):
            os.set_blocking(descriptor, False)

    def send(self, batch: ScoreBatch, indices: Sequence[int]) -> None:
        """Give it individuals to score."""
        self.job = indices
        self.indices.extend(indices)
        if self.spec:
            self.deadline = time.monotonic() + self._seconds
        job = frames.job_of(indices, batch.genomes, batch.seeds)
        try:
            if os.write(self._jobs, job) < len(job):
                raise BlockingIOError
        except BrokenPipeError:
            pass  # it has ended: `closed` comes after the last that it said
        except BlockingIOError:
            self.fault = "its evaluator doesn't read what it is sent"

    def hear(self, results: Results) -> None:
        """Take in what it has written.

        Raises:
            EngineError: it can't load the task.
        """
        try:
            self._listen()
            if self.spec is None:
                self.spec = self._unread.hello()
                if self.spec:
                    self.deadline = time.monotonic() + self._seconds
                elif self.closed or time.monotonic() > self.deadline:
                    raise EngineError(f"an evaluator ended before it did anything (exit code {self.end()}): can it load the task?")
            if self.spec:
                self._scores(results)
        except frames.FrameError as error:
            self.fault = self.fault or f"its evaluator said what nobody understands: {error}"
        if self.indices and not self.fault and not self.leaving:
            if self.closed:
                self.fault = "the task ended its process"
            elif time.monotonic() > self.deadline:
                self.fault = f"scoring took more than {self._seconds:g} s"

    def is_quiet(self) -> bool:
        """Whether it says nothing while it is asked nothing."""
        self._listen()
        return not self.closed and not len(self._unread)

    def end(self) -> int:
        """End it; its exit code, negative for a signal."""
        if self._code is None:
            os.close(self._jobs)
            os.close(self.replies)
            self._code = FORK_SERVER.end(self.process)
        return self._code

    def _listen(self) -> None:
        """Read once: what is there is judged before more comes, however fast a task writes."""
        if not self.closed:
            with contextlib.suppress(BlockingIOError):
                content = os.read(self.replies, PIPE_BYTES)
                self.closed = not content
                self._unread.add(content)

    def _scores(self, results: Results) -> None:
        for scores in self._unread.scores():
            count = len(scores.fitness)
            if scores.first in self.last:
                self.twice = True
                raise frames.FrameError(f"two scores of individual {scores.first}")
            if count > len(self.indices) or scores.first != self.indices[0]:
                raise frames.FrameError(f"{count} scores from individual {scores.first} on")
            if scores.leaving and self.used:
                self.fault = scores.cause
                return  # those before it may have taken what it lacks
            self.last, self.used = [self.indices.popleft() for _ in range(count)], True
            results.fitness.update(zip(self.last, scores.fitness, strict=True))
            if scores.cause:
                results.causes[scores.first] = scores.cause
            self.deadline = time.monotonic() + self._seconds
            self.leaving |= scores.leaving


def _pipe() -> tuple[int, int]:
    ends = os.pipe()
    fcntl.fcntl(ends[1], fcntl.F_SETPIPE_SZ, PIPE_BYTES)
    return ends
