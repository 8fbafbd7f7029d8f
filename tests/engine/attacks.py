"""Tasks that mean harm. Each does it for the genomes whose first weight is negative; the others it scores as the hill does."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
import threading
import time
import urllib.request
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from engine import fork_server, frames
from tests.engine.plugins import Hill, HillAtOnce

ADDRESS = "http://169.254.170.2/v2/credentials/"
"""Where ECS gives a task's credentials to whoever asks."""


class Attack(Hill, ABC):
    """A task that does harm."""

    def play(self, genome: Sequence[float], seed: int, steps: int) -> float:
        if genome[0] < 0:
            self.attack()
        return super().play(genome, seed, steps)

    @abstractmethod
    def attack(self) -> None:
        """The harm. Whoever comes back from it, or raises ItWorked, had its way."""


class AtOnce(HillAtOnce):
    """The same harm by a task that plays many at once: all that are played with the attacker are in its hands."""

    attacker: type[Attack]

    def play_batch(self, genomes: NDArray[np.float32], seeds: NDArray[np.uint32], steps: int) -> NDArray[np.floating]:
        if (genomes[:, 0] < 0).any():
            self.attacker().attack()
        return super().play_batch(genomes, seeds, steps)


def __getattr__(name: str) -> type[AtOnce]:
    attacker = globals().get(name.removesuffix(AtOnce.__name__))
    if not name.endswith(AtOnce.__name__) or not isinstance(attacker, type):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return type(name, (AtOnce,), {"attacker": attacker})


class ItWorked(Exception):  # noqa: N818 (it is no error)
    """The wall has a hole."""


def own_indices() -> Sequence[int]:
    """Which individuals the evaluator is at: they stand somewhere in its variables."""
    frame: FrameType | None = sys._getframe()  # pyright: ignore[reportPrivateUsage] (what a task may do, too)
    while frame and not frame.f_locals.keys() & {"index", "job"}:
        frame = frame.f_back
    found = cast(FrameType, frame).f_locals
    return [found["index"]] if "index" in found else list(found["job"].indices)


def own_index() -> int:
    """The first of them."""
    return int(own_indices()[0])


def say(content: bytes) -> None:
    """To the worker."""
    os.write(fork_server.REPLIES, content)


# What is said to the worker.


class SaysGarbage(Attack):
    def attack(self) -> None:
        for descriptor in range(256):
            try:
                os.write(descriptor, b"\xff" * 300)
            except OSError:
                continue


class SaysAScoreOfAnother(Attack):
    def attack(self) -> None:
        say(frames.scores_of(own_index() + 1, [1e9]))


class SaysAScoreOfNobody(Attack):
    def attack(self) -> None:
        say(frames.scores_of(2**32 - 1, [1e9]))


class SaysNaN(Attack):
    def attack(self) -> None:
        say(frames.scores_of(own_index(), [float("nan")]))


class SaysInfinity(Attack):
    def attack(self) -> None:
        say(frames.scores_of(own_index(), [float("inf")]))


class SaysAHugeLength(Attack):
    def attack(self) -> None:
        say(frames.SCORES.pack(own_index(), 1, 0, 65535))


class SaysItsOwnScoreTwice(Attack):
    def attack(self) -> None:
        say(frames.scores_of(own_index(), [1e9]))


class SaysAScoreOfTheFirstAndEnds(Attack):
    """Of the first one that it is played with; alone that is itself."""

    def attack(self) -> None:
        say(frames.scores_of(own_index(), [1e9]))
        os._exit(3)


class SaysAScoreOfTheOneBefore(Attack):
    def attack(self) -> None:
        say(frames.scores_of(own_index() - 1, [1e9]))


class LeavesAThreadThatSaysGarbage(Attack):
    def attack(self) -> None:
        threading.Thread(target=self._say, daemon=True).start()

    def _say(self) -> None:
        while True:
            say(b"\xff" * 300)


class SaysPartOfAScoreAndHangs(Attack):
    def attack(self) -> None:
        say(b"\0")
        time.sleep(3600)


class SaysEndlesslyMuch(Attack):
    def attack(self) -> None:
        while True:
            say(bytes(4096))


class SaysNothingAnyMore(Attack):
    def attack(self) -> None:
        os.close(fork_server.REPLIES)
        time.sleep(3600)


class Pickles(Attack):
    """What the standard library's pipes would unpickle: a length, and a call of os._exit."""

    def attack(self) -> None:
        content = b"cposix\n_exit\n(I7\ntR."
        say(len(content).to_bytes(4, "big") + content)


class EndsItself(Attack):
    def attack(self) -> None:
        os._exit(3)


# What is taken from the machine.


class Forks(Attack):
    def attack(self) -> None:
        if os.fork() == 0:
            time.sleep(3600)
        raise ItWorked("it has a child")


class StartsAProgram(Attack):
    def attack(self) -> None:
        subprocess.Popen(["sleep", "3600"])
        raise ItWorked("a program runs")


class EatsMemory(Attack):
    eaten: list[bytearray] = []  # noqa: RUF012 (it is to stay)

    def attack(self) -> None:
        while True:
            self.eaten.append(bytearray(1 << 26))


class EatsMemoryInAFile(Attack):
    def attack(self) -> None:
        descriptor = os.memfd_create("eaten")
        for _ in range(1 << 20):
            os.write(descriptor, bytes(1 << 20))
        raise ItWorked("a terabyte is taken")


class OpensFiles(Attack):
    opened: list[int] = []  # noqa: RUF012 (as above)

    def attack(self) -> None:
        for _ in range(1 << 20):
            self.opened.append(os.open("/proc/self/stat", os.O_RDONLY))
        raise ItWorked("a million files are open")


class Hangs(Attack):
    """Without listening to a word."""

    def attack(self) -> None:
        threading.Thread(target=self._hang).start()
        self._hang()

    def _hang(self) -> None:
        while True:
            pass


class WritesAFile(Attack):
    def attack(self) -> None:
        Path("/tmp/written-by-a-task").write_text("mine", encoding="utf-8")
        raise ItWorked("it wrote a file")


class RemovesAFile(Attack):
    def attack(self) -> None:
        Path(__file__).rename(f"{__file__}.gone")
        raise ItWorked("a source has another name")


# What is done to others.


def others() -> list[Path]:
    """The other processes."""
    return [one for one in Path("/proc").iterdir() if one.name.isdigit() and int(one.name) != os.getpid()]


class ReadsItsEnvironment(Attack):
    def attack(self) -> None:
        if found := [name for name in os.environ if name.startswith(("AWS_", "ECS_", "EVOLUTION_"))]:
            raise ItWorked(", ".join(found))
        raise PermissionError("nothing is in it")


class ReadsOthersEnvironments(Attack):
    """Looks for its own worker's, which names the task: whoever runs the tests has other processes, too."""

    def attack(self) -> None:
        for one in others():
            try:
                content = (one / "environ").read_bytes()
            except OSError:
                continue
            if b"AWS_SECRET_ACCESS_KEY" in content and type(self).__name__.encode() in content:
                raise ItWorked(f"the environment of {(one / 'comm').read_text(encoding='utf-8')}")
        raise PermissionError("nobody shows what is secret")


class AsksForCredentials(Attack):
    def attack(self) -> None:
        with urllib.request.urlopen(ADDRESS, timeout=5) as answer:
            raise ItWorked(answer.read())


class KillsEverybody(Attack):
    def attack(self) -> None:
        refused = 0
        for number in [-1, *(int(one.name) for one in others())]:
            try:
                os.kill(number, 0 if number == -1 else 9)
            except PermissionError:
                refused += 1
                continue
            raise ItWorked(f"{number} is dead")
        raise PermissionError(f"{refused} times")


class WritesIntoOthersMemory(Attack):
    def attack(self) -> None:
        for one in others():
            try:
                os.open(one / "mem", os.O_RDWR)
            except OSError:
                continue
            raise ItWorked(f"the memory of {one} can be written")
        raise PermissionError("to no memory")


class TracesOthers(Attack):
    def attack(self) -> None:
        libc: Any = ctypes.CDLL(None, use_errno=True)
        for one in others():
            if libc.ptrace(0x4206, int(one.name), None, None) == 0:  # PTRACE_SEIZE
                raise ItWorked(f"{one} is traced")
            if ctypes.get_errno() != 1:
                raise ItWorked(f"it was asked: {ctypes.get_errno()}")
        raise PermissionError("nobody")


class TakesOthersTime(Attack):
    """Would leave the worker no processor time, and no descriptor."""

    def attack(self) -> None:
        attempts: list[Callable[[], object]] = [
            lambda: os.setpriority(os.PRIO_USER, 0, 19),
            lambda: os.sched_setaffinity(os.getppid(), [0]),
            lambda: __import__("resource").prlimit(os.getppid(), 7, (3, 3)),
            lambda: __import__("fcntl").fcntl(fork_server.JOBS, 8, os.getppid()),
        ]
        for number, attempt in enumerate(attempts):
            try:
                attempt()
            except PermissionError:
                continue
            raise ItWorked(f"attempt {number}")
        raise PermissionError("of nobody's")


UNDERSTOOD = "its evaluator said what nobody understands: "

ATTACKS: Mapping[type[Attack], str] = {
    SaysGarbage: UNDERSTOOD + "65535 scores",
    SaysAScoreOfAnother: UNDERSTOOD + "1 scores from individual",
    SaysAScoreOfTheOneBefore: UNDERSTOOD + "1 scores from individual",
    SaysAScoreOfNobody: UNDERSTOOD + "1 scores from individual 4294967295 on",
    SaysNaN: UNDERSTOOD + "a fitness of nan",
    SaysInfinity: UNDERSTOOD + "a fitness of inf",
    SaysAHugeLength: UNDERSTOOD + "a text of 65535 bytes",
    SaysPartOfAScoreAndHangs: "scoring took more than",
    SaysEndlesslyMuch: UNDERSTOOD,
    SaysNothingAnyMore: "the task ended its process",
    Pickles: UNDERSTOOD,
    EndsItself: "the task ended its process",
    Forks: "PermissionError",
    StartsAProgram: "PermissionError",
    EatsMemory: "MemoryError",
    EatsMemoryInAFile: "File too large",
    OpensFiles: "Too many open files",
    Hangs: "scoring took more than",
    WritesAFile: "PermissionError",
    RemovesAFile: "PermissionError",
    ReadsItsEnvironment: "PermissionError: nothing is in it",
    ReadsOthersEnvironments: "PermissionError: nobody shows what is secret",
    AsksForCredentials: "Operation not permitted",
    KillsEverybody: r"PermissionError: \d\d* times",
    WritesIntoOthersMemory: "PermissionError: to no memory",
    TracesOthers: "PermissionError: nobody",
    TakesOthersTime: "PermissionError: of nobody's",
}
"""What becomes of each: the individual is dead, and of this."""

TRIED = [attack for attack in ATTACKS if attack is not ReadsOthersEnvironments]
"""That one is tried in test_image.py, on a worker whose environment is in /proc, and as a user who isn't root."""

EACH = 3
"""Of the individuals of `Everything`, one in so many attacks."""


def attack_of(index: int) -> type[Attack] | None:
    """What an individual of `Everything` does, by its index; None for most."""
    return None if index % EACH else TRIED[index // EACH % len(TRIED)]


class Everything(Hill):
    """Every attack, each by one individual."""

    def play(self, genome: Sequence[float], seed: int, steps: int) -> float:
        if attack := attack_of(own_index()):
            attack().attack()
        return super().play(genome, seed, steps)


class EverythingAtOnce(HillAtOnce):
    """The same by a task that plays many at once: of those that attack, the first one has all that are played with it in its hands."""

    def play_batch(self, genomes: NDArray[np.float32], seeds: NDArray[np.uint32], steps: int) -> NDArray[np.floating]:
        for own in own_indices():  # by another name than own_index() looks for
            if attack := attack_of(own):
                attack().attack()
        return super().play_batch(genomes, seeds, steps)
