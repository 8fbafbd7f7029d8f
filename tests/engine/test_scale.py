"""A hundred workers and a hundred islands, over clients in memory: all work, nothing is done twice or lost, and what that costs."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any, cast
from unittest.mock import Mock

import numpy as np
import pytest

from engine.calls import StoreError
from engine.evaluators import EvaluatorPool, Results, ScoreBatch
from engine.mode import QUOTA_ISLANDS, ModeWatch, longest
from engine.settings import EngineSettings
from engine.store import Store
from engine.tasks import TaskSpec
from engine.worker import Worker
from tests.engine.aws import KEY, settings
from tests.engine.fakes import CrashError, FakeCloud, Faults

MANY = 100
SSM_QUOTA = 40
"""GetParameter calls a second of an account. Source: AWS general reference, "Systems Manager endpoints and quotas"."""

CHAOS = Faults(throttled=0.02, lost=0.01, crashed=0.001, stalled=0.002, stall_seconds=0.9)

ROUNDS = int(os.environ.get("CHAOS_ROUNDS", "1"))

pytestmark = pytest.mark.slow


class Pool:
    """Evaluators without processes: the score is minus the sum of the squares."""

    spec = TaskSpec(weights=6, weight_limit=16.0, episodes=1, steps=1)

    def __init__(self, first: Callable[[], object] = lambda: None) -> None:
        self._first: Callable[[], object] | None = first

    def run(self, batch: ScoreBatch, _must_stop: Callable[[], bool] = lambda: False) -> Results:
        if self._first:
            self._first()
            self._first = None
        scores = {index: -float(np.square(np.frombuffer(genome, np.float32)).sum()) for index, genome in batch.genomes.items()}
        return Results(fitness=scores)


def told(islands: int, **changes: str) -> EngineSettings:
    return settings(
        "http://127.0.0.1:1",
        EVOLUTION_ISLANDS=str(islands),
        EVOLUTION_POPULATION=str(4 * islands),
        MAX_CONCURRENT_AGENTS=str(4 * islands),
        **{"EVOLUTION_POLL_SECONDS": "0.2", "EVOLUTION_LEASE_SECONDS": "20", **changes},
    )


def worker(cloud: FakeCloud, number: int, settings: EngineSettings, pool: Pool, faults: Faults | None = None) -> Worker:
    store = Store(settings, cloud.clients(faults, seed=number))
    return Worker(settings, store, cast(EvaluatorPool, pool), name=f"worker-{number}", signing_key=KEY)


def fleet(cloud: FakeCloud, workers: int, make: Callable[[int], Worker]) -> Sequence[Worker]:
    """Let workers run until the evolution has ended, each in a thread; another takes the place of one that is gone."""
    made: list[Worker] = []
    over = threading.Event()

    def live(number: int) -> None:
        while not over.is_set():
            one = make(number)
            made.append(one)
            try:
                one.run()
            except CrashError:
                number += 1000

    threads = [threading.Thread(target=live, args=(number,), daemon=True) for number in range(workers)]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + 120
    while header(cloud)["status"] == "running":
        assert time.monotonic() < deadline, "it must end"
        time.sleep(0.1)
    over.set()
    for one in list(made):
        one.stop()
    for thread in threads:
        thread.join(30)
    return made


def header(cloud: FakeCloud) -> Mapping[str, Any]:
    (found,) = cloud.all_of("evolution-state-dev", "evolution")
    return found


def begin(cloud: FakeCloud, islands: int, generations: int) -> None:
    bounds = {"islands": islands, "max_concurrent_agents": 4 * islands, "agent_memory_bytes": 8192}
    cloud.start("evo-scale", generations=generations, bounds=bounds)


def assert_once(cloud: FakeCloud, islands: int, generations: int) -> None:
    """Every generation of every island is there, and was committed and recorded once."""
    assert header(cloud)["status"] == "finished", header(cloud).get("reason")
    committed = {key: count for key, count in cloud.made.items() if key[0] == "evolution-checkpoints-dev"}
    assert len(committed) == islands * generations
    assert set(committed.values()) == {1}
    recorded = {key[2]: count for key, count in cloud.made.items() if key[0] == "evolution-state-dev" and key[1] == "evo-scale"}
    assert recorded == {str(generation): 1 for generation in range(generations + 1)}
    (decided,) = cloud.all_of("agent-population-dev", "control")
    assert decided["decided"] == islands


@pytest.fixture(scope="module")
def undisturbed() -> str:
    """The champion's hash, bred by one worker."""
    cloud = FakeCloud()
    begin(cloud, MANY, 4)
    fleet(cloud, 1, lambda number: worker(cloud, number, told(MANY), Pool()))
    assert_once(cloud, MANY, 4)
    return str(header(cloud)["champion"]["sha256"])


def test_a_hundred_workers_breed_a_hundred_islands_at_once(undisturbed: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.ERROR)
    cloud, all_at_once = FakeCloud(), threading.Barrier(MANY)
    begin(cloud, MANY, 4)
    workers = fleet(cloud, MANY, lambda number: worker(cloud, number, told(MANY), Pool(lambda: all_at_once.wait(100))))
    assert_once(cloud, MANY, 4)
    assert header(cloud)["champion"]["sha256"] == undisturbed
    assert sum(one.status.committed for one in workers) == 4 * MANY
    assert all(one.status.committed for one in workers)
    each = {name: count / (4 * MANY) for name, count in {**cloud.units, **cloud.calls}.items()}
    told_of = ", ".join(f"{name} {count:.2f}" for name, count in each.items())
    assert sum(count for name, count in each.items() if name.startswith("write")) < 10, told_of
    assert sum(count for name, count in each.items() if name.startswith("read")) < 25, told_of
    assert each["get_object"] < 1.5, f"no more than its own population: {told_of}"
    assert each["put_item"] < 0.02, f"one record of all islands: {told_of}"


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")  # a worker may end in its heartbeat's thread
@pytest.mark.parametrize("run", range(ROUNDS))
def test_chaos_costs_time_and_nothing_else(undisturbed: str, caplog: pytest.LogCaptureFixture, run: int) -> None:
    caplog.set_level(logging.CRITICAL)
    cloud = FakeCloud()
    begin(cloud, MANY, 4)
    quick = told(MANY, EVOLUTION_LEASE_SECONDS="0.6", EVOLUTION_POLL_SECONDS="0.05")
    workers = fleet(cloud, 30, lambda number: worker(cloud, number + 10**6 * run, quick, Pool(), CHAOS))
    assert len(workers) > 30, "some have crashed"
    assert_once(cloud, MANY, 4)
    assert header(cloud)["champion"]["sha256"] == undisturbed


# The mode.


def reads(islands: int, seconds: float, looks: float) -> list[float]:
    """When a worker that looks so often reads the mode."""
    now, read = [0.0], list[float]()

    def mode(_parameter: str) -> str:
        read.append(now[0])
        return "running"

    watch = ModeWatch(Mock(mode=mode), told(4, EVOLUTION_MODE_SECONDS="5"), lambda: now[0])
    while now[0] < seconds:
        assert watch.is_running(islands)
        now[0] += looks
    return read


@pytest.mark.parametrize("islands", [1, QUOTA_ISLANDS, MANY, 256])
def test_the_mode_is_read_seldom_enough_for_the_quota_and_often_enough_for_the_halt(islands: int) -> None:
    read = reads(islands, 3600, 0.1)
    assert islands * len(read) / 3600 < SSM_QUOTA / 3
    assert max(later - earlier for earlier, later in pairwise(read)) <= longest(islands, 5) + 0.2


def test_a_halt_is_obeyed_after_the_time_that_the_documents_say_and_a_mode_that_cant_be_read_at_once() -> None:
    now = [0.0]
    watch = ModeWatch(
        Mock(mode=Mock(side_effect=["running", "halted", "running", StoreError("no"), StoreError("no")])),
        told(4, EVOLUTION_MODE_SECONDS="5"),
        lambda: now[0],
    )
    assert watch.is_running(4)
    now[0] = 5.0
    assert not watch.is_running(4)
    now[0] = 10.0
    assert watch.is_running(4)
    now[0] = 15.0
    with pytest.raises(StoreError):
        watch.is_running(4)
    with pytest.raises(StoreError):
        watch.is_running(4)
