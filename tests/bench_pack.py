"""How soon the policy pack is ready, and what it takes to judge a resource (make bench).

The pack runs as the engine runs it: a process of its own, spoken to over gRPC. It judges the planned resources of the real program, over
and over under new names: each by itself, then all of them in one pass over the stack. The CPU's time is that of the pack's process alone;
the clock's includes the transport and the one who asks.
"""

from __future__ import annotations

import argparse
import gc
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

# The pack's modules import one another by their bare names, as they do where the pack is published.
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "policy"))

import psutil

from local.previews import preview
from tests.policy.builders import Node, Nodes
from tests.policy.planned import nodes_of
from tests.policy.test_any_input import LONG, judge_long
from tests.policy.test_process import requests, running

STACK = "prod"
SIZES = (500, 5_000, 20_000)
FLOOR = [sys.executable, "-c", "import pulumi_policy"]


@dataclass(frozen=True)
class Timing:
    """What one size took: of the clock, and of the CPU, in milliseconds a resource; and how many violations it found."""

    wall: float
    cpu: float
    violations: int


def many(planned: Nodes, size: int) -> Nodes:
    """The planned resources over and over, each copy with names of its own and referring to itself."""
    copies: Nodes = {}
    for index in range(-(-size // len(planned))):
        taken = list(planned.items())[: size - len(copies)]
        names = {name: f"{name}-{index}" for name, _ in taken}
        for name, node in taken:
            references = {key: [names[source] for source in sources if source in names] for key, sources in node.references.items()}
            copies[names[name]] = Node(
                node.type,
                node.props,
                references,
                node.protect,
                node.ignore_changes,
                depends_on=tuple(names[source] for source in node.depends_on if source in names),
            )
    return copies


def judge(planned: Nodes, size: int) -> Timing:
    """Judge that many resources in a new process, after one plan that isn't counted."""
    each, whole = requests(many(planned, size), "evolution-system", STACK)
    with running() as pack:
        pack.violations(planned)
        process = psutil.Process(pack.pid)
        cpu, wall = _cpu_seconds(process), time.perf_counter()
        found = pack.ask(each, whole)
        wall = time.perf_counter() - wall
        cpu = _cpu_seconds(process) - cpu
    return Timing(wall / size * 1e3, cpu / size * 1e3, len(found))


def _cpu_seconds(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system


def start() -> None:
    """The pack, until it answers."""
    with running() as pack:
        pack.info()


def floor() -> None:
    subprocess.run(FLOOR, check=True)


def timed(run: Callable[[], None]) -> float:
    started = time.perf_counter()
    run()
    return time.perf_counter() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--runs", type=int, default=5, help="counted starts, in turns with the floor, after one that isn't counted")
    parser.add_argument("--judged", type=int, default=3, help="times that each size is judged; the median counts")
    arguments = parser.parse_args()
    print(f"{platform.machine()}, {psutil.cpu_count()} CPUs, Python {platform.python_version()}; the policy pack, in a process of its own")

    starts: dict[str, list[float]] = {"ready": [], "floor": []}
    for index in range(arguments.runs + 1):
        for name, run in (("ready", start), ("floor", floor)):
            seconds = timed(run)
            if index:
                starts[name].append(seconds)
    print(f"(d) seconds of {arguments.runs} starts each, in turns, after one that isn't counted")
    print(f"{'':<34}{'min s':>8}{'median s':>10}")
    print(f"{'started until it answers':<34}{min(starts['ready']):>8.2f}{statistics.median(starts['ready']):>10.2f}")
    print(f"{'floor (import pulumi_policy)':<34}{min(starts['floor']):>8.2f}{statistics.median(starts['floor']):>10.2f}")

    plan = preview(STACK, pack=False, with_dependencies=True)
    assert plan.succeeded, plan.text
    planned = nodes_of(plan)
    print(f"(e) milliseconds a resource with all rules on, one pass over the stack included: {STACK}'s {len(planned)} planned resources")
    print(f"    over and over under new names; medians of {arguments.judged}, each in a new process after one plan that isn't counted")
    print(f"{'resources':<12}{'wall ms':>10}{'pack CPU ms':>14}{'violations':>12}")
    cpu: dict[int, float] = {}
    for size in SIZES:
        judged = [judge(planned, size) for _ in range(arguments.judged)]
        cpu[size] = statistics.median(one.cpu for one in judged)
        print(f"{size:<12}{statistics.median(one.wall for one in judged):>10.3f}{cpu[size]:>14.3f}{judged[0].violations:>12}")
    print("    (a plan by itself has no violations; copies of one share its physical names, and the last one is cut off)")
    print(f"(f) CPU a resource, {SIZES[-1]} resources / {SIZES[0]} (1.00 is linear growth): {cpu[SIZES[-1]] / cpu[SIZES[0]]:.2f}")
    gc.collect()
    gc.disable()  # a collection would be counted to whichever rule it meets
    taken = [judge_long(name) for _ in range(arguments.runs) for name in LONG]
    longest = {
        (statistics.median(one[rule] for one in taken[index :: len(LONG)]), rule, name)
        for index, name in enumerate(LONG)
        for rule in taken[index]
    }
    seconds, rule, name = max(longest)
    print(f"(g) of the rules of a resource, the one that takes longest for a long document: {rule} for {name}, {seconds * 1e3:.1f} ms")
    print(f"    medians of {arguments.runs}, each with nothing known of the document")


if __name__ == "__main__":
    main()
