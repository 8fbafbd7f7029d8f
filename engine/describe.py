"""What a champion is, in its task's own words: the task's code again, so in a process behind the wall again."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
from array import array
from collections.abc import Sequence
from typing import IO, cast

from engine import EngineError, tasks, wall

SECONDS = 30.0
"""As long as scoring an individual may take."""

LONGEST = 2000
"""Bytes that are shown."""

SHOWN_WEIGHTS = 8


def describe(task: str, genome: array[float], *, walled: bool) -> str:
    """The task's `describe(genome)`, if it has one; else the first weights."""
    command = [sys.executable, "-m", "engine.describe", task, str(os.getpid() if walled else 0)]
    environment = wall.environment(os.environ) if walled else dict(os.environ)
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment) as process:
        late = threading.Timer(SECONDS, process.kill)
        late.start()
        with contextlib.suppress(BrokenPipeError):  # it has ended, and says nothing
            cast(IO[bytes], process.stdin).write(genome.tobytes())
            cast(IO[bytes], process.stdin).close()
        content = cast(IO[bytes], process.stdout).read(LONGEST)  # no more, however much it says
        late.cancel()
        process.kill()
    said = "".join(one if one.isprintable() or one == "\n" else "?" for one in content.decode(errors="replace")).strip()
    return said or f"{len(genome)} weights: " + " ".join(f"{weight:.3g}" for weight in genome[:SHOWN_WEIGHTS]) + " …"


def main(arguments: Sequence[str]) -> int:
    """Say what the genome on stdin is. Nothing is said if the task has no word for it."""
    task, parent = arguments[0], int(arguments[1])
    genome = array("f", sys.stdin.buffer.read())
    if parent:
        wall.enter(parent, wall.MEMORY_BYTES)
    try:
        made = tasks.load(task)
    except EngineError:
        return 1
    if hasattr(made, "describe"):
        print(made.describe(genome))  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType, reportUnknownArgumentType] (a plug-in's)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
