"""Who can't serve an evolution rests and says why; what nobody can do is given up after a few attempts, by whoever holds its lease."""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from engine import EngineError, items
from engine.__main__ import routes
from engine.evaluators import EvaluatorPool
from engine.lease import Standstill
from engine.records import FINISH, EvolutionPlan, Lease
from engine.store import Store
from engine.worker import MOST_ATTEMPTS, STANDSTILL_SECONDS, Worker
from tests.engine.aws import KEY, EngineCloud, settings
from tests.engine.plugins import Hill, Large
from tests.engine.test_broken import Changed, finish, refuse, spoil

HILL, SLOW, LARGE = (f"tests.engine.plugins:{name}" for name in ("Hill", "Slow", "Large"))
BOUNDS = {"islands": 1, "max_concurrent_agents": 8, "agent_memory_bytes": 1024}

StartWorker = Callable[..., Worker]


@pytest.fixture
def evolution(world: EngineCloud) -> str:
    return world.trigger(f"evo-unfit-{uuid.uuid4().hex[:8]}", generations=3, bounds=BOUNDS)


@pytest.fixture
def start_worker(world: EngineCloud) -> Iterator[StartWorker]:
    """`start_worker(LARGE, dynamodb=…)`: a worker in this process, of a task, with another client."""
    pools: list[EvaluatorPool] = []

    def make(task: str = HILL, *, name: str = "one", **aws: Any) -> Worker:
        told = settings(world.endpoint, EVOLUTION_ISLANDS="1", EVOLUTION_POPULATION="8", EVOLUTION_LEASE_SECONDS="0.2", EVOLUTION_TASK=task)
        pools.append(EvaluatorPool(told.task, seconds=30, evaluators=1))
        return Worker(told, Store(told, {**world.clients, **aws}), pools[-1], name=name, signing_key=KEY)

    yield make
    for one in pools:
        one.close()


def island(world: EngineCloud, evolution: str) -> Lease:
    return next(lease for lease in world.store().work(evolution)[1] if lease.name != FINISH)


def watched(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The clock by which it sees that nobody moves."""
    clock = [1000.0]
    monkeypatch.setattr(worker, "_standstill", Standstill(clock=lambda: clock[0]))
    return clock


def test_a_worker_whose_individuals_are_too_large_rests_says_why_and_lets_another_begin(
    world: EngineCloud, start_worker: StartWorker, evolution: str, caplog: pytest.LogCaptureFixture
) -> None:
    large = start_worker(LARGE)
    with caplog.at_level(logging.INFO):
        for _ in range(3):
            assert not large.step()
    assert large.status.state == "unfit"
    assert f"its individuals may occupy 1024 bytes, and those of '{LARGE}' occupy" in large.status.unfit
    assert caplog.text.count("unfit for") == 1
    assert world.store().work(evolution) == (None, []), "whoever can serve it begins it"
    finish(start_worker())
    assert world.header(evolution)["status"] == "finished"
    assert not large.step()
    assert (large.status.state, large.status.unfit) == ("idle", "")


@pytest.mark.parametrize("begun", [False, True])
def test_what_nobody_goes_on_with_is_ended_by_an_unfit_worker_under_a_lease(
    world: EngineCloud, start_worker: StartWorker, evolution: str, monkeypatch: pytest.MonkeyPatch, begun: bool
) -> None:
    if begun:
        world.store().begin(evolution, EvolutionPlan(task="tests.engine.plugins:Gone", islands=1, size=8))
    large = start_worker(LARGE)
    clock = watched(large, monkeypatch)
    for _ in range(40):
        if world.header(evolution)["status"] != "running":
            break
        large.step()
        clock[0] += 100
    assert clock[0] >= 1000 + STANDSTILL_SECONDS
    assert world.header(evolution)["status"] == "failed"
    assert "no worker has continued it, and this one can't: " in world.header(evolution)["reason"]


def test_a_worker_whose_task_has_changed_under_its_name_is_unfit(world: EngineCloud, start_worker: StartWorker, evolution: str) -> None:
    assert Hill.weights != Large.weights
    plan = EvolutionPlan(task=HILL, islands=1, size=8, weights=Hill.weights + 1)
    world.store().begin(evolution, plan)
    worker = start_worker()
    assert not worker.step()
    assert worker.status.unfit == f"it was begun with a task of 7 weights, and '{HILL}' has 6 here"
    assert world.header(evolution)["status"] == "running"


def test_items_of_an_engine_that_counted_no_attempts_are_served(world: EngineCloud, start_worker: StartWorker, evolution: str) -> None:
    worker = start_worker()
    worker.step()
    for name, attribute in (("plan", "weights"), ("island-00", "attempts"), (FINISH, "attempts")):
        spoil(world, "agent-population-dev", {"population_id": evolution, "agent_id": name}, attribute)
    assert island(world, evolution).attempts == 0
    finish(worker)
    assert world.header(evolution)["status"] == "finished"


def test_an_attempt_counts_until_a_generation_is_committed(world: EngineCloud, evolution: str) -> None:
    store = world.store()
    store.begin(evolution, EvolutionPlan(task=HILL, islands=1, size=8))
    for attempts in (1, 2, 3):  # whoever claimed it before was killed
        mine = store.claim(island(world, evolution), f"worker {attempts}")
        assert mine
        assert mine.attempts == island(world, evolution).attempts == attempts
    assert store.beat(mine, mine.beat + 1)
    store.release(mine, mine.beat + 2)
    assert island(world, evolution).attempts == 2, "AWS's fault, or a stop"
    mine = store.claim(island(world, evolution), "another")
    assert mine
    store.release(mine, mine.beat + 1, failed=True)
    assert island(world, evolution).attempts == 3


def test_a_poisoned_item_ends_an_evolution_after_some_attempts(world: EngineCloud, start_worker: StartWorker, evolution: str) -> None:
    worker = start_worker()
    for _ in range(2):
        worker.step()
    spoil(world, "evolution-checkpoints-dev", {"checkpoint_id": f"{evolution}/00/0001"}, "sha256")
    for attempt in range(MOST_ATTEMPTS):
        with pytest.raises(EngineError, match="sha256"):
            worker.step()
        assert world.header(evolution)["status"] == "running", attempt
    worker.status.fault = "what was said last"
    assert worker.step()
    header = world.header(evolution)
    assert header["status"] == "failed"
    assert header["reason"] == f"{MOST_ATTEMPTS} attempts at finish have failed, the last with: what was said last"
    assert world.store().pointer() == (evolution, False), "the next one can start"


def test_a_task_that_ends_every_worker_ends_the_evolution_after_some_of_them(
    world: EngineCloud, start_worker: StartWorker, evolution: str
) -> None:
    """Workers that were killed say nothing and give nothing back."""
    last = start_worker(name="last")
    last.step()
    for number in range(MOST_ATTEMPTS):
        assert world.store().claim(island(world, evolution), f"killed {number}")
    for _ in range(20):
        if world.header(evolution)["status"] != "running":
            break
        last.step()
        time.sleep(0.05)
    assert world.header(evolution)["status"] == "failed"
    assert "nothing that was logged" in world.header(evolution)["reason"]


@pytest.mark.parametrize("service", ["s3", "dynamodb"])
def test_an_outage_of_aws_is_nobodys_attempt(world: EngineCloud, start_worker: StartWorker, evolution: str, service: str) -> None:
    out: list[bool] = [True]

    def fail(real: Any, **given: Any) -> Any:
        if out and "lease" not in str(given):
            raise refuse("InternalServerError")
        return real(**given)

    operation = {"s3": "put_object", "dynamodb": "transact_write_items"}[service]
    start_worker().step()
    worker = start_worker(**{service: Changed(world.clients[service], operation, fail)})
    for _ in range(3):
        with pytest.raises(EngineError, match="InternalServerError"):
            worker.step()
    assert island(world, evolution).attempts == 0
    out.clear()
    finish(worker)
    assert world.header(evolution)["status"] == "finished"


def test_an_item_of_a_newer_engine_is_nobodys_attempt(world: EngineCloud, start_worker: StartWorker, evolution: str) -> None:
    worker = start_worker()
    for _ in range(2):
        worker.step()
    mend = spoil(world, "evolution-checkpoints-dev", {"checkpoint_id": f"{evolution}/00/0001"}, "version", 2)
    for _ in range(MOST_ATTEMPTS + 2):
        with pytest.raises(items.UnknownItemError):
            worker.step()
    assert world.header(evolution)["status"] == "running"
    mend()
    finish(worker)
    assert world.header(evolution)["status"] == "finished"


def test_status_tells_why_a_worker_is_unfit(world: EngineCloud, start_worker: StartWorker, evolution: str) -> None:
    large = start_worker(LARGE)
    large.step()
    code, told = routes(large.status, world.store())["GET", "/status"](b"", {})
    assert (code, told["state"], told["evolution"]) == (200, "unfit", evolution)
    assert "may occupy 1024 bytes" in told["unfit"]


def test_a_worker_that_doesnt_know_an_evolutions_strategy_rests_and_says_so(
    world: EngineCloud, start_worker: StartWorker, evolution: str
) -> None:
    plan = EvolutionPlan(task=HILL, islands=1, size=8, weights=Hill.weights, strategy="annealing")
    world.store().begin(evolution, plan)
    worker = start_worker()
    assert not worker.step()
    assert worker.status.unfit == "it is bred by 'annealing', and this engine knows ga, cma-es, sep-cma-es"
    assert world.header(evolution)["status"] == "running"
