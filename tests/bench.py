"""How long a preview takes, as whole processes, imports included (make bench).

Every figure is a ratio to something measured in the same run, and the runs take turns, so that a machine whose speed drifts slows
both sides down alike. The floor is the least that a Pulumi program of these AWS services can take: a preview of an empty program, plus a
Python process that does nothing but import those services.
"""

from __future__ import annotations

import argparse
import platform
import resource
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

from local.imports import aws_classes

ROOT = Path(__file__).resolve().parents[1]
SAMPLE_SECONDS = 0.05
STACK = "prod"

AIM = 2.5
"""The most that prod with the pack may take, in previews of an empty program."""

EMPTY_PREVIEW = f"from local.previews import preview; assert preview({STACK!r}, program=lambda: None, pack=False).succeeded"


@dataclass(frozen=True)
class Run:
    """Seconds of the clock (and of the CPU), and the peak resident memory (bytes), of the process and its descendants; pages that are
    shared count in each. `beside_bytes` is that of another process, which was there before."""

    seconds: float
    peak_bytes: int
    beside_bytes: int = 0
    cpu: float = 0


def commands() -> dict[str, list[str]]:
    preview = [sys.executable, "-m", "local", "preview", "--stack", STACK]
    touch = "; ".join(f"aws.{service}.{name}" for service, name in aws_classes(ROOT / "components").items())
    return {
        "with the pack": preview,
        "without the pack": [*preview, "--no-pack"],
        "empty program": [sys.executable, "-c", EMPTY_PREVIEW],
        "import of the services": [sys.executable, "-c", f"import pulumi, pulumi_aws as aws; {touch}"],
    }


def measure(command: list[str], beside: int | None = None) -> Run:
    """Run a command to its end.

    Args:
        command: what is run, in the checkout.
        beside: a process whose memory is looked at in the meantime.

    Raises:
        SystemExit: it failed; what it said is shown.
    """
    started, before = time.perf_counter(), _cpu_of_children()
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        peak = beside_peak = 0
        while True:
            peak = max(peak, _tree_bytes(process.pid))
            beside_peak = max(beside_peak, _tree_bytes(beside) if beside else 0)
            try:
                said, _ = process.communicate(timeout=SAMPLE_SECONDS)
                break
            except subprocess.TimeoutExpired:
                continue
    seconds = time.perf_counter() - started
    if process.returncode:
        raise SystemExit(f"error: {' '.join(command)} exited with {process.returncode}:\n{said}")
    return Run(seconds, peak, beside_peak, _cpu_of_children() - before)


def _cpu_of_children() -> float:
    """Of those that have ended and been waited for, and of theirs."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _tree_bytes(pid: int) -> int:
    total = 0
    try:
        tree = psutil.Process(pid)
        for process in (tree, *tree.children(recursive=True)):
            try:
                total += process.memory_info().rss
            except psutil.NoSuchProcess:
                continue
    except psutil.NoSuchProcess:
        pass
    return total


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--runs", type=int, default=5, help="counted runs of each command, after one that isn't counted")
    runs = parser.parse_args().runs
    every = commands()
    for command in every.values():
        measure(command)
    results: dict[str, list[Run]] = {name: [] for name in every}
    for _ in range(runs):
        for name, command in every.items():
            results[name].append(measure(command))

    print(f"{platform.machine()}, {psutil.cpu_count()} CPUs, Python {platform.python_version()}")
    print(f"{runs} runs each, in turns, after one that isn't counted")
    print(f"stack {STACK}; services: {', '.join(aws_classes(ROOT / 'components'))}")
    print(f"{'':<26}{'min s':>8}{'median s':>10}{'CPU s':>8}{'peak MB':>9}")
    for name, measured in results.items():
        seconds = [run.seconds for run in measured]
        peak, cpu = max(run.peak_bytes for run in measured), statistics.median(run.cpu for run in measured)
        print(f"{name:<26}{min(seconds):>8.2f}{statistics.median(seconds):>10.2f}{cpu:>8.2f}{peak / 1e6:>9.0f}")

    def median(name: str) -> float:
        return statistics.median(run.seconds for run in results[name])

    empty, imports = median("empty program"), median("import of the services")
    peak = max(run.peak_bytes for run in results["with the pack"])
    print(f"{STACK} with the pack over an empty program's preview: {median('with the pack') / empty:.2f} (aim {AIM})")
    print(f"(a) with the pack / without it: {median('with the pack') / median('without the pack'):.2f}")
    print(f"(b) with the pack / floor ({empty:.2f} s + {imports:.2f} s): {median('with the pack') / (empty + imports):.2f}")
    print(f"(c) peak memory of the process tree, with the pack: {peak / 1e6:.0f} MB")


if __name__ == "__main__":
    main()
