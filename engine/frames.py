"""What a worker and an evaluator send each other: fixed binary frames, no pickle.

A task's code runs in the evaluator and can write whatever it likes to the pipe. So the worker believes a frame only as far as it is
checked here: each length has a bound, nothing is allocated by what a frame says, and a number must be one. Both ends are on one machine, in
its own byte order.
"""

from __future__ import annotations

import struct
from array import array
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine import EngineError
from engine.individuals import DEAD, WEIGHT_BYTES
from engine.tasks import MOST, TaskSpec

JOB = struct.Struct("=III")
"""To an evaluator: individuals, weights of each, episodes of each. Then the individuals' indices, their seeds, and their genomes."""

FITNESS_BYTES = 8
SEED_BYTES = INDEX_BYTES = 4
"""The engine's seeds have 31 bits (engine/keyed.py)."""

HELLO = struct.Struct("=IdIIBH")
"""From an evaluator, first: the task's weights, weight_limit, episodes and steps, whether it plays many at once, and the length of why it
can't load the task."""

SCORES = struct.Struct("=IHBH")
"""For the next individuals of a job: the first one's index, how many they are, whether the evaluator ends itself now, and the length of a
cause of death. Then the fitness of each, and the cause."""

MOST_IN_JOB = 256
"""Individuals."""

LONGEST_TEXT = 400
"""Bytes of a text. A frame has fewer than PIPE_BUF then (4096 on Linux): it is written as a whole."""


class FrameError(EngineError):
    """An evaluator sent what no evaluator of this engine sends."""


class NoTaskError(EngineError):
    """An evaluator says that it can't load the task."""


class Scores(NamedTuple):
    """What became of some individuals, which follow each other in a job.

    Attributes:
        first: the first one's index.
        fitness: of each; DEAD if there is a cause.
        leaving: whether the evaluator ends itself.
        cause: what it died of; there is only one then.
    """

    first: int
    fitness: Sequence[float]
    leaving: bool
    cause: str


class Job(NamedTuple):
    """What an evaluator is to score.

    Attributes:
        seeds: of shape (individuals, episodes).
        genomes: of shape (individuals, weights).
    """

    indices: Sequence[int]
    seeds: NDArray[np.uint32]
    genomes: NDArray[np.float32]


def job_of(indices: Sequence[int], genomes: Mapping[int, bytes], seeds: Mapping[int, Sequence[int]]) -> bytes:
    """A job's frame. All genomes are of one length, and all individuals have as many seeds."""
    first = indices[0]
    head = JOB.pack(len(indices), len(genomes[first]) // WEIGHT_BYTES, len(seeds[first]))
    drawn = array("I", chain.from_iterable(map(seeds.__getitem__, indices)))
    return b"".join([head, array("I", indices), drawn, *map(genomes.__getitem__, indices)])


def size_of_individual(genome: int, seeds: int) -> int:
    """Bytes of a job that an individual takes; `genome` in bytes."""
    return INDEX_BYTES + seeds * SEED_BYTES + genome


def size_of_job(head: bytes) -> int:
    """Bytes that follow a job's head."""
    count, weights, episodes = JOB.unpack(head)
    return count * size_of_individual(weights * WEIGHT_BYTES, episodes)


def read_job(head: bytes, rest: bytes) -> Job:
    """A job's content; the worker sent it, and is believed."""
    count, weights, episodes = JOB.unpack(head)
    start = count * INDEX_BYTES
    seeds = np.frombuffer(rest, np.uint32, count * episodes, start).reshape(count, episodes)
    genomes = np.frombuffer(rest, np.float32, count * weights, start + count * episodes * SEED_BYTES).reshape(count, weights)
    return Job(array("I", rest[:start]), seeds, genomes)


def hello_of(spec: TaskSpec) -> bytes:
    """An evaluator's first frame."""
    return HELLO.pack(spec.weights, spec.weight_limit, spec.episodes, spec.steps, spec.batched, 0)


def no_task(reason: str) -> bytes:
    """An evaluator's only frame."""
    text = _text(reason)
    return HELLO.pack(0, 0.0, 0, 0, 0, len(text)) + text


def scores_of(first: int, fitness: Sequence[float], cause: str = "", *, leaving: bool = False) -> bytes:
    """The frame of some individuals."""
    text = _text(cause)
    return SCORES.pack(first, len(fitness), leaving, len(text)) + array("d", fitness).tobytes() + text


def _text(words: str) -> bytes:
    return words.encode(errors="replace")[:LONGEST_TEXT]


class Unread:
    """What an evaluator wrote, and nobody has read yet."""

    def __init__(self) -> None:
        self._content = bytearray()

    def __len__(self) -> int:
        return len(self._content)

    def add(self, content: bytes) -> None:
        """More of it."""
        self._content += content

    def hello(self) -> TaskSpec | None:
        """The first frame; None as long as it isn't all there.

        Raises:
            FrameError: it isn't one.
            NoTaskError: it says that the task can't be loaded.
        """
        if len(self._content) < HELLO.size:
            return None
        weights, weight_limit, episodes, steps, batched, length = HELLO.unpack_from(self._content)
        text = self._words(HELLO.size, length)
        if text is None:
            return None
        del self._content[: HELLO.size + length]
        if text:
            raise NoTaskError(text)
        try:
            return TaskSpec(weights=weights, weight_limit=weight_limit, episodes=episodes, steps=steps, batched=bool(batched))
        except EngineError as error:
            raise FrameError(str(error)) from None

    def scores(self) -> Iterator[Scores]:
        """The individuals' frames that are all there.

        Raises:
            FrameError: what is there isn't one.
        """
        while len(self._content) >= SCORES.size:
            first, count, leaving, length = SCORES.unpack_from(self._content)
            if not 1 <= count <= (1 if length else MOST_IN_JOB):
                raise FrameError(f"{count} scores" + (" and a cause of death" if length else ""))
            start = SCORES.size + count * FITNESS_BYTES
            cause = self._words(start, length)
            if cause is None:
                return
            fitness = [DEAD] if cause else array("d", self._content[SCORES.size : start])
            if not cause and (wrong := [one for one in fitness if not abs(one) <= MOST]):  # nor is NaN
                raise FrameError(f"a fitness of {wrong[0]}")
            del self._content[: start + length]
            yield Scores(first, fitness, bool(leaving), cause)

    def _words(self, start: int, length: int) -> str | None:
        """A text, fit for a log; None if it isn't all there."""
        if length > LONGEST_TEXT:
            raise FrameError(f"a text of {length} bytes")
        if len(self._content) < start + length:
            return None
        words = self._content[start : start + length].decode(errors="replace")
        return "".join(letter if letter.isprintable() else " " for letter in words)
