"""What an evaluator sends is checked to the last byte, and what is sent is read as it was meant."""

from __future__ import annotations

import random

import pytest

from engine import frames
from engine.frames import FrameError, Unread
from engine.individuals import DEAD
from engine.tasks import TaskSpec


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (frames.HELLO.pack(0, 8.0, 1, 1, 0, 0), "weights must be from 1"),
        (frames.HELLO.pack(6, float("nan"), 1, 1, 0, 0), "weight_limit must be above 0"),
        (frames.HELLO.pack(6, float("inf"), 1, 1, 0, 0), "weight_limit must be above 0"),
        (frames.HELLO.pack(6, 8.0, 2**32 - 1, 1, 0, 0), "episodes must be from 1 to 1000"),
        (frames.HELLO.pack(6, 8.0, 1, 0, 0, 0), "steps must be from 1"),
        (frames.HELLO.pack(0, 0, 0, 0, 0, 65535), "a text of 65535 bytes"),
    ],
)
def test_a_first_frame_is_checked(content: bytes, says: str) -> None:
    unread = Unread()
    unread.add(content)
    with pytest.raises(FrameError, match=says):
        unread.hello()


def test_why_a_task_cant_be_loaded_is_fit_for_a_log() -> None:
    unread = Unread()
    unread.add(frames.no_task("because\x1b[2J\nof {this}"))
    with pytest.raises(frames.NoTaskError, match=r"^because \[2J of {this}$"):
        unread.hello()


def test_a_frame_is_read_when_all_of_it_is_there() -> None:
    hello = TaskSpec(weights=6, weight_limit=8.0, episodes=3, steps=500, batched=True)
    content = frames.hello_of(hello) + frames.scores_of(1, [2.5, -3.0]) + frames.scores_of(3, [0.0], "why", leaving=True)
    unread, specs, scores = Unread(), list[TaskSpec](), list[frames.Scores]()
    for place in range(len(content)):
        unread.add(content[place : place + 1])
        if specs:
            scores += unread.scores()
        elif one := unread.hello():
            specs.append(one)
    assert specs == [hello]
    assert [(one.first, list(one.fitness), one.leaving, one.cause) for one in scores] == [
        (1, [2.5, -3.0], False, ""),
        (3, [DEAD], True, "why"),
    ]
    assert len(unread) == 0


def test_whatever_bytes_an_evaluator_sends_nothing_but_a_frame_error_comes_of_it() -> None:
    draw = random.Random(7)
    for _ in range(3000):
        unread = Unread()
        unread.add(draw.randbytes(draw.randrange(60)) if draw.random() < 0.5 else bytes(draw.randrange(60)))
        try:
            unread.hello() if draw.random() < 0.5 else list(unread.scores())
        except FrameError:
            continue


def test_a_job_is_read_as_it_was_sent() -> None:
    content = frames.job_of([3, 9], {3: b"abcd", 9: b"efgh"}, {3: (1, 2**31 - 1), 9: (0, 5)})
    head, rest = content[: frames.JOB.size], content[frames.JOB.size :]
    assert frames.size_of_job(head) == len(rest)
    job = frames.read_job(head, rest)
    assert (list(job.indices), job.seeds.tolist(), [one.tobytes() for one in job.genomes]) == (
        [3, 9],
        [[1, 2**31 - 1], [0, 5]],
        [b"abcd", b"efgh"],
    )
