"""Four workers, each killed in turn at a random moment, again and again: nobody can tell from what was bred."""

from __future__ import annotations

import os
import random
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, cast

import pytest

from tests.engine.aws import ROOT, EngineCloud, variables, wait_for

ROUNDS = int(os.environ.get("KILL_ROUNDS", "2"))
"""Each kills every worker once, at another moment; `make bench` goes through many."""

WORKERS = 4
GENERATIONS = 8
KILL_SECONDS = (0.05, 0.3)
"""Between two kills; a round takes two to three seconds undisturbed."""

MANY_ISLANDS = 104
"""An evolution of so many begins in two transactions."""

Log = list[tuple[int, str]]
"""Generations and the hashes of all that lived in them."""


class Fleet:
    """Workers that can be killed."""

    def __init__(self, world: EngineCloud, folder: Path, **changes: str) -> None:
        self.log = folder / "workers.log"
        quick = {"EVOLUTION_TASK": "tests.engine.plugins:Slow", "EVOLUTION_LEASE_SECONDS": "1.5", "EVOLUTION_POLL_SECONDS": "0.05"}
        self._fork_server = subprocess.Popen(
            [sys.executable, "-m", "tests.engine.fork_server", str(self.log)],
            env=variables(world.endpoint, **quick, **changes) | {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)},
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.pids = [self.start() for _ in range(WORKERS)]

    def start(self) -> int:
        """One more worker."""
        cast(IO[str], self._fork_server.stdin).write("start\n")
        cast(IO[str], self._fork_server.stdin).flush()
        return int(cast(IO[str], self._fork_server.stdout).readline())

    def kill(self, number: int) -> None:
        """Kill a worker without a warning, and put another in its place."""
        os.kill(self.pids[number], signal.SIGKILL)
        self.pids[number] = self.start()

    def end(self) -> None:
        """Kill them all."""
        for pid in self.pids:
            os.kill(pid, signal.SIGKILL)
        self._fork_server.kill()
        self._fork_server.communicate()


@pytest.fixture
def fleet(world: EngineCloud, tmp_path: Path) -> Iterator[Fleet]:
    fleet = Fleet(world, tmp_path)
    yield fleet
    fleet.end()


@pytest.fixture
def fleet_of_many_islands(world: EngineCloud, tmp_path: Path) -> Iterator[Fleet]:
    fleet = Fleet(world, tmp_path, EVOLUTION_ISLANDS=str(MANY_ISLANDS), EVOLUTION_POPULATION=str(4 * MANY_ISLANDS))
    yield fleet
    fleet.end()


def bred(world: EngineCloud, evolution: str) -> tuple[Log, dict[str, Any]]:
    """Everything that lived, and the champion; without what carries the evolution's own name."""
    header = world.header(evolution)
    assert header["status"] == "finished", header
    assert header["deterministic"] is True
    champion = {name: header["champion"][name] for name in ("fitness", "island", "generation")}
    return [(record["generation"], record["sha256"]) for record in world.records(evolution)], champion


def commits(log: Path) -> Counter[tuple[str, str]]:
    """How often each generation of each island was said to be committed."""
    return Counter(re.findall(r"(island-\d\d) generation (\d+): best", log.read_text(encoding="utf-8")))


def test_kills_change_nothing(world: EngineCloud, fleet: Fleet) -> None:
    def ended(evolution: str) -> bool:
        return world.header(evolution)["status"] != "running"

    undisturbed = world.trigger("evo-undisturbed", generations=GENERATIONS)
    wait_for(lambda: ended(undisturbed), 240, "the undisturbed evolution is finished")
    expected = bred(world, undisturbed)
    assert [generation for generation, _ in expected[0]] == list(range(1, GENERATIONS + 1))
    draw = random.Random(time.time_ns())
    kills, begun, seconds = 0, time.monotonic(), list[float]()
    for round_ in range(ROUNDS):
        evolution, start, before = f"evo-round-{round_}", time.monotonic(), commits(fleet.log)
        world.trigger(evolution, generations=GENERATIONS)
        for number in draw.sample(range(WORKERS), WORKERS):
            time.sleep(draw.uniform(*KILL_SECONDS))
            if not ended(evolution):
                fleet.kill(number)
                kills += 1
        wait_for(lambda: ended(evolution), 240, f"round {round_} is finished")  # noqa: B023 (called before the next round)
        assert bred(world, evolution) == expected, f"round {round_} bred something else"
        twice = {one: times for one, times in (commits(fleet.log) - before).items() if times > 1}
        assert not twice, f"committed more than once in round {round_}: {twice}"
        seconds.append(time.monotonic() - start)
    told = fleet.log.read_text(encoding="utf-8")
    print(
        f"\n{ROUNDS} rounds, {kills} kills: the same {GENERATIONS} generations and champion in every round; "
        f"{told.count('is taken over')} leases taken over, {told.count('was committed by another')} late commits refused, "
        f"{sum(seconds) / ROUNDS:.1f} s a round, {time.monotonic() - begun:.0f} s in all"
    )
    assert kills >= ROUNDS * WORKERS * 3 // 4, "most kills must hit an evolution that runs"


def test_an_evolution_of_many_islands_ends_once_whoever_is_killed_while_it_begins_and_ends(
    world: EngineCloud, fleet_of_many_islands: Fleet
) -> None:
    fleet, before = fleet_of_many_islands, world.store().promotions()
    draw = random.Random(time.time_ns())
    evolution = world.trigger("evo-many", generations=1)

    def ended() -> bool:
        return world.header(evolution)["status"] != "running"

    def all_have_it() -> bool:
        plan, leases = world.store().work(evolution)
        return ended() or (plan is not None and all(lease.generation == 1 for lease in leases if lease.name != "finish"))

    for _ in range(WORKERS):  # while it begins
        time.sleep(draw.uniform(0.01, 0.1))
        fleet.kill(draw.randrange(WORKERS))
    wait_for(all_have_it, 120, "all islands have their generation")
    for _ in range(WORKERS):  # while it ends
        time.sleep(draw.uniform(0.05, 0.3))
        fleet.kill(draw.randrange(WORKERS))
    wait_for(ended, 120, "it is over")
    assert world.header(evolution)["status"] == "finished"
    assert [(record["agents"], record["deterministic"]) for record in world.records(evolution)] == [(4 * MANY_ISLANDS, True)]
    counted = world.store().promotions()
    assert counted
    assert counted.decided - (before.decided if before else 0) == MANY_ISLANDS
    waiting = [one for one in world.store().awaiting() if one["agent_id"].startswith(evolution + "/")]
    assert len(waiting) == MANY_ISLANDS - MANY_ISLANDS * 75 // 100
    assert fleet.log.read_text(encoding="utf-8").count(f"{evolution} is finished") <= 1
