"""What a champion is, in its task's own words: the task's code again, so in a process behind the wall again."""

from __future__ import annotations

import os
import subprocess
import sys
from array import array
from collections.abc import Sequence

from engine import EngineError, tasks, wall

SECONDS = 30.0
"""As long as scoring an individual may take."""

LONGEST = 2000
"""Characters that are shown."""

SHOWN_WEIGHTS = 8


def describe(task: str, genome: array[float], *, walled: bool) -> str:
    """The task's `describe(genome)`, if it has one; else the first weights."""
    command = [sys.executable, "-m", "engine.describe", task, str(os.getpid() if walled else 0)]
    environment = wall.environment(os.environ) if walled else dict(os.environ)
    try:
        done = subprocess.run(command, input=genome.tobytes(), capture_output=True, env=environment, timeout=SECONDS, check=False)
        said = done.stdout[: 4 * LONGEST].decode(errors="replace")[:LONGEST]
    except subprocess.TimeoutExpired:
        said = ""
    said = "".join(one if one.isprintable() or one == "\n" else "?" for one in said).strip()
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
