"""What `make up` and `make destroy` take, as whole processes, imports included (make bench).

Each round has emulators of its own, which are started before the clock; their memory is counted apart. The floor is a preview of the same
stack with the pack, in the same round: `up` does one, too, before it makes anything. prod is brought up twice and not destroyed, for its
data is protected and `destroy` refuses; dev is brought up and destroyed.
"""

from __future__ import annotations

import argparse
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import psutil

from local import emulator
from local.state import StackState
from tests.bench import ROOT, Run, measure

ACT = """
import os, sys
from pathlib import Path
from local import lifecycle
command, stack, place = sys.argv[1:]
done = getattr(lifecycle, command)(lifecycle.Target(stack=stack, place=Path(place)))
print(done.text, flush=True)
os._exit(not done.succeeded)
"""
"""As `python -m local`, in a place of its own."""

Timings = dict[str, list[Run]]


@contextmanager
def emulated(stack: str, results: Timings) -> Generator[tuple[Path, int]]:
    """A new place whose emulator runs, and the emulator's process."""
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        running = emulator.start(Path(folder), stack, ROOT / ".local" / emulator.VENV)
        results.setdefault("start of an emulator", []).append(Run(time.perf_counter() - started, 0))
        try:
            yield Path(folder), running.pid
        finally:
            emulator.stop(Path(folder), stack)


def act(results: Timings, command: str, stack: str, place: Path, emulated_by: int, *, again: bool = False) -> None:
    name = f"{command} of {stack}{', nothing to do' if again else ''}"
    results.setdefault(name, []).append(measure([sys.executable, "-c", ACT, command, stack, str(place)], beside=emulated_by))


def round_of(results: Timings) -> int:
    """Measure everything once, and say how many resources prod has."""
    preview = [sys.executable, "-m", "local", "preview", "--stack", "prod"]
    results.setdefault("preview of prod (floor)", []).append(measure(preview))
    with emulated("prod", results) as (place, process):
        act(results, "up", "prod", place, process)
        act(results, "up", "prod", place, process, again=True)
        count = len(StackState(place, "prod").resources())
    with emulated("dev", results) as (place, process):
        act(results, "up", "dev", place, process)
        act(results, "destroy", "dev", place, process)
    return count


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--runs", type=int, default=3, help="rounds, after a preview that isn't counted")
    runs = parser.parse_args().runs
    measure([sys.executable, "-m", "local", "preview", "--stack", "prod"])
    results: Timings = {}
    count = 0
    for _ in range(runs):
        count = round_of(results)

    print(f"{platform.machine()}, {psutil.cpu_count()} CPUs, Python {platform.python_version()}")
    print(f"{runs} rounds, each with new emulators; peak memory of the process tree, and apart from it of the emulator's")
    print(f"{'':<28}{'min s':>8}{'median s':>10}{'peak MB':>9}{'emulator MB':>13}")
    for name, measured in results.items():
        seconds = [run.seconds for run in measured]
        peak, beside = (max(sizes) / 1e6 for sizes in zip(*((run.peak_bytes, run.beside_bytes) for run in measured), strict=True))
        print(f"{name:<28}{min(seconds):>8.2f}{statistics.median(seconds):>10.2f}{peak:>9.0f}{beside:>13.0f}")

    def median(name: str) -> float:
        return statistics.median(run.seconds for run in results[name])

    floor, up = median("preview of prod (floor)"), median("up of prod")
    print(f"(g) up of prod / preview of prod with the pack: {up / floor:.2f}")
    print(f"(h) what up of prod takes over its preview, for each of {count} resources: {(up - floor) / count * 1e3:.0f} ms")
    print(f"(i) destroy of dev / up of dev: {median('destroy of dev') / median('up of dev'):.2f}")


if __name__ == "__main__":
    main()
