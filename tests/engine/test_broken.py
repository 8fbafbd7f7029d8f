"""What was found by trying to break a worker: stalls, spoilt items, tables that disagree, half-done ends. Nothing is lost or stuck."""

from __future__ import annotations

import hashlib
import logging
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from unittest.mock import Mock

import pytest

from engine import EngineError, calls, items, tasks
from engine.evaluators import EvaluatorPool, ScoreBatch
from engine.individuals import DEAD
from engine.lease import Heartbeat
from engine.metrics import Reporter
from engine.promotion import SigningKey
from engine.records import EvolutionPlan, Lease
from engine.settings import GENERATIONS
from engine.store import LostLeaseError, Store
from engine.worker import Status, Worker
from tests.engine.aws import BUCKET, KEY, EngineCloud, settings, wait_for

STATE, POPULATION, CHECKPOINTS = "evolution-state-dev", "agent-population-dev", "evolution-checkpoints-dev"

OTHER = SigningKey(key="rotated", version="1" * 32)

StartWorker = Callable[..., Worker]


@pytest.fixture
def evolution(world: EngineCloud, request: pytest.FixtureRequest) -> str:
    return world.trigger(f"evo-{request.node.name.partition('[')[0]}-{uuid.uuid4().hex[:8]}", generations=9)


@pytest.fixture
def start_worker(world: EngineCloud) -> Iterator[StartWorker]:
    """`start_worker("two", signing_key=OTHER, EVOLUTION_ISLANDS="1")`: a worker in this process."""
    pools: list[EvaluatorPool] = []

    def make(name: str = "one", *, aws: Mapping[str, Any] | None = None, signing_key: SigningKey = KEY, **changes: str) -> Worker:
        told = settings(
            world.endpoint, **{"EVOLUTION_ISLANDS": "1", "EVOLUTION_POPULATION": "8", "EVOLUTION_LEASE_SECONDS": "0.3", **changes}
        )
        pools.append(EvaluatorPool(told.task, seconds=told.agent_seconds, evaluators=1))
        return Worker(told, Store(told, aws or world.clients), pools[-1], name=name, signing_key=signing_key)

    yield make
    for one in pools:
        one.close()


class Changed:
    """A client of which one operation does something else."""

    def __init__(self, client: Any, operation: str, instead: Callable[..., Any]) -> None:
        self._client, self._operation, self._instead = client, operation, instead

    def __getattr__(self, name: str) -> Any:
        real = getattr(self._client, name)
        if name != self._operation:
            return real

        def changed(**given: Any) -> Any:
            return self._instead(real, **given)

        return changed


def refuse(code: str) -> Exception:
    return calls.exceptions.ClientError({"Error": {"Code": code, "Message": "no"}}, "operation")


def finish(worker: Worker, most: int = 200) -> None:
    """Step until there is nothing to do."""
    for _ in range(most):
        if not worker.step():
            if worker.status.state == "idle":
                return
            time.sleep(0.05)  # it waits for another's lease
    raise AssertionError(f"it never came to an end: {worker.status}")


def assert_whole(world: EngineCloud, evolution: str) -> None:
    """Finished, and every generation recorded once."""
    assert world.header(evolution)["status"] == "finished", world.header(evolution)
    assert [record["generation"] for record in world.records(evolution)] == list(range(1, 10))


# A worker that stalls.


def test_a_worker_that_was_stalled_past_its_lease_doesnt_end_a_healthy_evolution(
    world: EngineCloud, start_worker: StartWorker, evolution: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick = start_worker("quick")
    stalled: list[str] = []

    def island() -> Lease:
        return next(lease for lease in world.store().work(evolution)[1] if lease.name == "island-00")

    def stall(real: Any, **given: Any) -> Any:
        """Before it reads its checkpoint, the stalled worker is away for as long as the other takes for all but the last generation."""
        if given["TableName"] == CHECKPOINTS and not stalled and island().owner == "slow":
            stalled.append("once")
            while island().generation < 8:
                quick.step()
                time.sleep(0.02)
        return real(**given)

    slow = start_worker("slow", aws={**world.clients, "dynamodb": Changed(world.clients["dynamodb"], "get_item", stall)})
    for _ in range(3):
        quick.step()
    # Its heartbeat stands still as well: a stopped process has none.
    monkeypatch.setattr(Store, "beat", Mock(return_value=True))
    with pytest.raises(LostLeaseError):
        slow.step()
    assert stalled
    assert world.header(evolution)["status"] == "running", "it was the other's to end"
    finish(quick)
    assert_whole(world, evolution)


def test_a_beat_that_collides_with_a_transaction_isnt_a_lost_lease(world: EngineCloud, evolution: str) -> None:
    collisions = [refuse("TransactionConflictException")]

    def collide(real: Any, **given: Any) -> Any:
        if collisions:
            raise collisions.pop()
        return real(**given)

    store = Store(settings(world.endpoint), {**world.clients, "dynamodb": Changed(world.clients["dynamodb"], "update_item", collide)})
    world.store().begin(evolution, EvolutionPlan(task="x", islands=1, size=4))
    mine = world.store().claim(world.store().work(evolution)[1][1], "one")
    assert mine
    with Heartbeat(store, mine, 0.25) as heartbeat:
        wait_for(lambda: world.store().work(evolution)[1][1].beat > mine.beat, 60, "it beats")
    assert not collisions
    assert not heartbeat.lost


# Items that somebody has spoilt.


def spoil(world: EngineCloud, table: str, key: Mapping[str, Any], attribute: str, value: Any = None) -> Callable[[], None]:
    """Remove an attribute, or give it another value; the way back is what it returns."""
    client = world.clients["dynamodb"]
    before = client.get_item(TableName=table, Key=items.write(key))["Item"]
    after = {name: one for name, one in before.items() if name != attribute}
    client.put_item(TableName=table, Item=after if value is None else {**after, **items.write({attribute: value})})
    return lambda: client.put_item(TableName=table, Item=before)


@pytest.mark.parametrize(
    ("table", "key", "attribute", "value"),
    [
        (STATE, {"evolution_id": "current", "generation": 0}, "active", None),
        (STATE, {"evolution_id": "current", "generation": 0}, "status", None),
        (STATE, {"generation": 0}, "seed", None),
        (STATE, {"generation": 0}, "generations", None),
        (STATE, {"generation": 0}, "generations", "many"),
        (STATE, {"generation": 0}, "seed", 1.5),
        (POPULATION, {"agent_id": "plan"}, "size", None),
        (POPULATION, {"agent_id": "plan"}, "islands", "x"),
        (POPULATION, {"agent_id": "island-00"}, "token", None),
        (POPULATION, {"agent_id": "island-00"}, "generation", "two"),
        (CHECKPOINTS, {}, "sha256", None),
        (CHECKPOINTS, {}, "key", None),
        (CHECKPOINTS, {}, "agents", "all"),
    ],
    ids=lambda value: str(value),
)
def test_a_spoilt_item_is_said_by_name_and_work_goes_on_when_it_is_mended(
    world: EngineCloud, start_worker: StartWorker, evolution: str, table: str, key: dict[str, Any], attribute: str, value: Any
) -> None:
    worker = start_worker()
    for _ in range(3):
        worker.step()
    whole = {
        STATE: {"evolution_id": evolution, **key},
        POPULATION: {"population_id": evolution, **key},
        CHECKPOINTS: {"checkpoint_id": f"{evolution}/00/0002"},
    }[table]
    mend = spoil(world, table, whole, attribute, value)
    with pytest.raises(EngineError, match=attribute):
        worker.step()
    mend()
    finish(worker)
    assert_whole(world, evolution)


def test_a_fault_that_nobody_thought_of_is_told_and_tried_again(
    start_worker: StartWorker, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    worker = start_worker(EVOLUTION_POLL_SECONDS="0.01")
    steps: list[int] = []

    def step() -> bool:
        steps.append(1)
        if len(steps) < 3:
            raise ZeroDivisionError("who would have thought it")
        told.append(worker.status.fault)
        worker.stop()
        return False

    told: list[str] = []
    monkeypatch.setattr(worker, "step", step)
    worker.run()
    assert len(steps) == 3
    assert told == ["ZeroDivisionError: who would have thought it"]
    assert "ZeroDivisionError" in caplog.text


# The end.


def test_an_end_that_broke_off_is_ended_even_if_the_signing_key_has_changed(
    world: EngineCloud, start_worker: StartWorker, evolution: str
) -> None:
    def stay(real: Any, **given: Any) -> Any:
        if any("#status" in str(write) for write in given["TransactItems"]):
            raise refuse("InternalServerError")
        return real(**given)

    broken = start_worker(aws={**world.clients, "dynamodb": Changed(world.clients["dynamodb"], "transact_write_items", stay)})
    with pytest.raises(EngineError, match="InternalServerError"):
        finish(broken)
    objects = world.clients["s3"].list_objects_v2(Bucket=BUCKET, Prefix=f"champions/{evolution}/")["Contents"]
    assert len(objects) == 1, "the champion is kept, and the header doesn't know it"
    finish(start_worker("two", signing_key=OTHER))
    assert_whole(world, evolution)
    champion = world.header(evolution)["champion"]
    content = world.store().fetch(champion["key"])
    assert content
    assert hashlib.sha256(content).hexdigest() == champion["sha256"]


def test_what_a_failed_evolution_leaves_expires_too(world: EngineCloud, start_worker: StartWorker, evolution: str) -> None:
    start_worker().step()
    spoil(world, STATE, {"evolution_id": evolution, "generation": 0}, "generations", GENERATIONS.most + 1)
    finish(start_worker())
    assert world.header(evolution)["status"] == "failed"
    answer = world.clients["dynamodb"].query(
        TableName=POPULATION,
        KeyConditionExpression="population_id = :id",
        ExpressionAttributeValues={":id": {"S": evolution}},
    )
    assert answer["Items"]
    assert all("ttl" in item for item in answer["Items"])


def test_tables_that_disagree_are_a_fault_with_a_pause_and_not_a_busy_loop(
    world: EngineCloud, start_worker: StartWorker, evolution: str
) -> None:
    worker = start_worker(EVOLUTION_POLL_SECONDS="0.5")
    for _ in range(4):
        worker.step()
    table = {"TableName": CHECKPOINTS}
    last = world.clients["dynamodb"].get_item(**table, Key=items.write({"checkpoint_id": f"{evolution}/00/0003"}))["Item"]
    world.clients["dynamodb"].put_item(**table, Item=last | items.write({"checkpoint_id": f"{evolution}/00/0004"}))
    running = threading.Thread(target=worker.run)
    running.start()
    wait_for(lambda: "the tables disagree" in worker.status.fault, 60, "the fault is told")
    time.sleep(3)
    worker.stop()
    running.join(60)
    [lease] = [lease for lease in world.store().work(evolution)[1] if lease.name == "island-00"]
    assert lease.token < 30, "it tries again and again, but not all the time"


# Control, and what is told.


@pytest.mark.parametrize("spoilt", [{"level": "low"}, {"version": 2, "level": 10}, {"level": None}], ids=str)
def test_a_spoilt_autonomy_level_is_never_a_metric_and_metrics_come_back_when_it_is_mended(
    world: EngineCloud, spoilt: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    published: list[dict[str, Any]] = []

    class Cloudwatch:
        def put_metric_data(self, **given: Any) -> None:
            published.extend(given["MetricData"])

    told = settings(world.endpoint, EVOLUTION_METRIC_SECONDS="0.05")
    store = Store(told, {**world.clients, "cloudwatch": Cloudwatch()})
    key = {"population_id": "control", "agent_id": "autonomy"}
    item = {name: value for name, value in {**key, "kind": "control", "version": 1, "level": 60, **spoilt}.items() if value is not None}
    world.clients["dynamodb"].put_item(TableName=POPULATION, Item=items.write(item))
    reporter = Reporter(told, store, Status(worker="one", weights=6))
    with caplog.at_level(logging.WARNING):
        reporter.start()
        try:
            wait_for(lambda: len(published) >= 2, 60, "the metrics are published")
            assert {one["MetricName"] for one in published} == {"InstantiationSpeedMicroseconds"}
            assert reporter.is_alive()
            store.lower_autonomy(60)
            wait_for(lambda: any(one["MetricName"] == "AutonomyPercentage" for one in published), 60, "the level is published")
            assert {one["Value"] for one in published if one["MetricName"] == "AutonomyPercentage"} == {60.0}
        finally:
            reporter.stopped.set()
            reporter.join(60)
            world.clients["dynamodb"].delete_item(TableName=POPULATION, Key=items.write(key))


def test_a_worker_that_cant_read_the_mode_says_so(start_worker: StartWorker) -> None:
    worker = start_worker(EVOLUTION_MODE_PARAMETER="/evolution/dev/nowhere", EVOLUTION_POLL_SECONDS="0.05")
    running = threading.Thread(target=worker.run)
    running.start()
    wait_for(lambda: worker.status.state == "halted", 60, "it has halted")
    wait_for(lambda: "get_parameter" in worker.status.fault, 60, "the fault is told")
    worker.stop()
    running.join(60)


# A dying evaluator's last words.


@pytest.mark.slow
@pytest.mark.parametrize("words", ["half", "garbage"])
def test_an_evaluator_that_dies_in_the_middle_of_a_word_is_one_dead_individual(words: str) -> None:
    pool = EvaluatorPool(f"tests.engine.plugins:Mumbles{words.title()}", seconds=5, evaluators=1)
    try:
        genome = tasks.array("f", [0.0] * 6).tobytes()
        bad = tasks.array("f", [-1.0] * 6).tobytes()
        results = pool.run(ScoreBatch(genomes={0: genome, 1: bad, 2: genome}, seeds={0: [0], 1: [0], 2: [0]}))
        assert results.fitness[1] == DEAD
        assert results.fitness[0] == results.fitness[2] > 0
        assert list(results.causes) == [1]
    finally:
        pool.close()
