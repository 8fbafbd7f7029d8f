"""One worker, step by step, and all that can go wrong around it: never a lost generation."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from unittest.mock import Mock

import pytest

from engine import EngineError, calls, items
from engine.calls import StoreError
from engine.evaluators import EvaluatorPool
from engine.individuals import DEAD
from engine.monitor import Monitor
from engine.population import decode
from engine.store import WORKING_SECONDS, LostLeaseError, Store
from engine.worker import Worker
from tests.engine.aws import BUCKET, KEY, KEYS, EngineCloud, settings, wait_for

StartWorker = Callable[..., Worker]

HILL = "tests.engine.plugins:Hill"


@pytest.fixture
def evolution(world: EngineCloud, request: pytest.FixtureRequest) -> str:
    return world.trigger(f"evo-{request.node.name}", generations=4)


@pytest.fixture
def start_worker(world: EngineCloud) -> Iterator[StartWorker]:
    """`start_worker(name="two", EVOLUTION_ISLANDS="2")`: a worker in this process."""
    pools: list[EvaluatorPool] = []

    def make(name: str = "one", aws: Mapping[str, Any] | None = None, **changes: str) -> Worker:
        told = settings(world.endpoint, **{"EVOLUTION_ISLANDS": "3", "EVOLUTION_POPULATION": "24", **changes})
        pools.append(EvaluatorPool(told.task, seconds=told.agent_seconds, evaluators=1))
        return Worker(told, Store(told, aws or world.clients), pools[-1], name=name, signing_key=KEY)

    yield make
    for one in pools:
        one.close()


def run_out(worker: Worker, most: int = 100) -> None:
    """Step until there is nothing to do."""
    for _ in range(most):
        if not worker.step():
            return
    raise AssertionError("there is always something to do")


def committed(world: EngineCloud, evolution: str) -> list[int]:
    return [lease.generation for lease in world.store().work(evolution)[1] if lease.name != "finish"]


def test_an_evolution_goes_from_start_to_finish(world: EngineCloud, start_worker: StartWorker, evolution: str) -> None:
    worker = start_worker()
    run_out(worker)
    header = world.header(evolution)
    assert header["status"] == "finished"
    assert header["deterministic"] is True
    assert header["promotion"] in ("promoted", "awaiting_approval")
    assert header["champion"]["generation"] == 4
    assert [record["generation"] for record in world.records(evolution)] == [1, 2, 3, 4]
    assert [record["agents"] for record in world.records(evolution)] == [24] * 4
    best = [record["best"] for record in world.records(evolution)]
    assert best[-1] > best[0], "it learns"
    assert world.store().pointer() == (evolution, False)
    assert worker.status.committed == 12
    assert worker.status.state == "idle"
    assert world.clients["s3"].head_object(Bucket=BUCKET, Key=header["champion"]["key"])


def test_nothing_is_done_while_evolution_is_halted_and_it_goes_on_from_the_checkpoint(
    world: EngineCloud, start_worker: StartWorker, evolution: str
) -> None:
    worker = start_worker()
    for _ in range(5):
        worker.step()
    world.set_mode("halted")
    before = committed(world, evolution)
    assert sum(before) == 4
    assert not worker.step()
    assert worker.status.state == "halted"
    assert committed(world, evolution) == before
    world.set_mode("running")
    run_out(start_worker("another"))
    assert world.header(evolution)["status"] == "finished"
    assert [record["generation"] for record in world.records(evolution)] == [1, 2, 3, 4]


def test_a_mode_that_cant_be_read_counts_as_halted(world: EngineCloud, start_worker: StartWorker, evolution: str) -> None:
    worker = start_worker(EVOLUTION_MODE_PARAMETER="/evolution/dev/nowhere")
    with pytest.raises(StoreError, match="get_parameter"):
        worker.step()
    assert worker.status.state == "halted"
    assert world.store().work(evolution)[0] is None


@pytest.mark.parametrize("mode", ["paused", "RUNNING", " running"])
def test_any_other_mode_counts_as_halted(world: EngineCloud, start_worker: StartWorker, evolution: str, mode: str) -> None:
    world.set_mode(mode)
    assert not start_worker().step()
    assert world.store().work(evolution)[0] is None


class Failing:
    """A client of which some operations fail for a while."""

    def __init__(self, client: Any, operation: str, code: str, times: int = 1) -> None:
        self._client, self._operation, self._code, self.times = client, operation, code, times

    def __getattr__(self, name: str) -> Any:
        if name != self._operation or self.times <= 0:
            return getattr(self._client, name)

        def fail(**_: Any) -> Any:
            self.times -= 1
            raise calls.exceptions.ClientError({"Error": {"Code": self._code, "Message": "no"}}, name)

        return fail


@pytest.mark.parametrize(
    ("service", "operation", "code"),
    [
        ("s3", "put_object", "AccessDenied"),
        ("s3", "get_object", "SlowDown"),
        ("dynamodb", "transact_write_items", "ExpiredTokenException"),
        ("dynamodb", "query", "ProvisionedThroughputExceededException"),
        ("dynamodb", "get_item", "UnrecognizedClientException"),
        ("dynamodb", "update_item", "InternalServerError"),
    ],
)
def test_what_aws_refuses_is_done_again_and_no_generation_is_lost(
    world: EngineCloud, start_worker: StartWorker, evolution: str, service: str, operation: str, code: str
) -> None:
    failing = Failing(world.clients[service], operation, code, times=3)
    worker = start_worker(aws={**world.clients, service: failing})
    faults: list[str] = []
    for _ in range(100):
        try:
            if not worker.step() and not failing.times:
                break
        except StoreError as error:
            faults.append(str(error))
    # What was made is put into the bucket until it is there: nothing is made again for that.
    assert [code in fault for fault in faults] == [True] * (0 if operation == "put_object" else 3), faults
    assert world.header(evolution)["status"] == "finished"
    assert [record["generation"] for record in world.records(evolution)] == [1, 2, 3, 4]
    assert world.header(evolution)["deterministic"] is True


def spoil(world: EngineCloud, evolution: str, island: int, generation: int, content: bytes | None) -> None:
    found = world.store().checkpoint(evolution, island, generation)
    assert found
    if content is None:
        world.clients["s3"].delete_object(Bucket=BUCKET, Key=found.key)
    else:
        world.clients["s3"].put_object(Bucket=BUCKET, Key=found.key, Body=content)


@pytest.mark.parametrize("content", [None, b"", b"EVOP but not really"], ids=["gone", "empty", "other"])
def test_a_corrupt_checkpoint_is_made_again_from_the_one_before(
    world: EngineCloud, start_worker: StartWorker, evolution: str, content: bytes | None, caplog: pytest.LogCaptureFixture
) -> None:
    worker = start_worker()
    for _ in range(1 + 6):
        worker.step()
    assert committed(world, evolution) == [2, 2, 2]
    spoil(world, evolution, 0, 2, content)
    spoil(world, evolution, 0, 1, content)
    with caplog.at_level(logging.ERROR):
        run_out(worker)
    assert "generation 2 of island 0 is corrupt" in caplog.text
    assert "it is bred again from the previous one" in caplog.text
    header = world.header(evolution)
    assert header["status"] == "finished"
    assert header["deterministic"] is True, "it came out as it was"
    undisturbed = world.trigger(evolution + "-undisturbed", generations=4)
    run_out(worker)
    assert world.header(undisturbed)["champion"]["fitness"] == header["champion"]["fitness"]


def test_an_item_of_an_unknown_version_is_left_alone(world: EngineCloud, start_worker: StartWorker, evolution: str) -> None:
    worker = start_worker()
    for _ in range(3):
        worker.step()
    key = items.write({"population_id": evolution, "agent_id": "island-01"})
    table = "agent-population-dev"
    newer = {"ExpressionAttributeNames": {"#v": "version"}, "ExpressionAttributeValues": {":v": {"N": "2"}}}
    world.clients["dynamodb"].update_item(TableName=table, Key=key, UpdateExpression="SET #v = :v", **newer)
    with pytest.raises(EngineError, match=r"version 2.*run the engine that wrote it"):
        worker.step()
    newer["ExpressionAttributeValues"] = {":v": {"N": "1"}}
    world.clients["dynamodb"].update_item(TableName=table, Key=key, UpdateExpression="SET #v = :v", **newer)
    run_out(worker)
    assert world.header(evolution)["status"] == "finished"


def test_an_evolution_keeps_the_strategy_with_which_it_began(world: EngineCloud, start_worker: StartWorker, evolution: str) -> None:
    before = start_worker(EVOLUTION_STRATEGY="sep-cma-es")
    before.step()
    run_out(start_worker(EVOLUTION_STRATEGY="ga"))
    assert world.header(evolution)["status"] == "finished"
    undisturbed = world.trigger(evolution + "-undisturbed", generations=4)
    run_out(before)
    assert world.header(undisturbed)["champion"]["fitness"] == world.header(evolution)["champion"]["fitness"]
    other = world.trigger(evolution + "-other", generations=4)
    run_out(start_worker(EVOLUTION_STRATEGY="ga"))
    assert world.header(other)["champion"]["fitness"] != world.header(evolution)["champion"]["fitness"]


def test_a_strategy_that_cant_breed_so_many_weights_is_refused_at_once(start_worker: StartWorker) -> None:
    with pytest.raises(EngineError, match=r"EVOLUTION_STRATEGY can't be used: cma-es breeds at most .* use sep-cma-es"):
        start_worker(EVOLUTION_STRATEGY="cma-es", EVOLUTION_TASK="tests.engine.plugins:Wide")


def test_a_task_whose_individuals_are_too_large_is_refused_at_once(start_worker: StartWorker) -> None:
    with pytest.raises(EngineError, match="AGENT_MEMORY_LIMIT allows 8192"):
        start_worker(EVOLUTION_TASK="tests.engine.plugins:Huge")


def test_strict_refuses_to_breed_on_a_machine_that_is_too_slow_and_permissive_records_it(
    world: EngineCloud, start_worker: StartWorker, evolution: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.worker.instantiation_microseconds", Mock(return_value=3.2))
    slow = {"INSTANTIATION_TARGET_US": "3"}
    worker = start_worker(EVOLUTION_SAFETY_MODE="strict", **slow)
    worker.step()
    assert not worker.step()
    assert worker.status.state == "too slow"
    run_out(start_worker(**slow))
    assert world.header(evolution)["status"] == "finished"
    assert "3.20 µs, and INSTANTIATION_TARGET_US allows 3" in caplog.text


def test_the_dead_are_kept_as_dead(world: EngineCloud, start_worker: StartWorker, evolution: str) -> None:
    run_out(start_worker(EVOLUTION_TASK="tests.engine.plugins:Raises"))
    first = world.records(evolution)[0]
    assert first["dead"] > 0
    found = world.store().checkpoint(evolution, 0, 4)
    assert found
    content = world.store().fetch(found.key)
    assert content
    assert sum(individual.fitness == DEAD for individual in decode(content, 8192).individuals) == found.dead
    assert world.header(evolution)["status"] == "finished"


def test_where_nobody_lives_the_evolution_fails(world: EngineCloud, start_worker: StartWorker, evolution: str) -> None:
    run_out(start_worker(EVOLUTION_TASK="tests.engine.plugins:Deadly"))
    assert world.header(evolution)["status"] == "failed"
    assert "all individuals of its last generation are dead" in world.header(evolution)["reason"]


def test_a_run_in_which_the_clock_killed_somebody_isnt_called_deterministic(
    world: EngineCloud, start_worker: StartWorker, evolution: str
) -> None:
    run_out(start_worker(EVOLUTION_TASK="tests.engine.plugins:Hangs", EVOLUTION_AGENT_SECONDS="0.3", EVOLUTION_POPULATION="12"))
    assert world.header(evolution)["status"] == "finished"
    assert world.header(evolution)["deterministic"] is False


def test_all_that_an_ended_evolution_leaves_expires(world: EngineCloud, start_worker: StartWorker, evolution: str) -> None:
    run_out(start_worker())
    left = [item for table in KEYS for item in world.all_of(table) if evolution in str(item)]
    assert len(left) == 3 * 4 + (1 + 4) + (1 + 3 + 1) + 1 + 1 + 1, (
        "checkpoints, header and records, plan and leases, decisions, the queue, the pointer"
    )
    assert [item["kind"] for item in left if "ttl" not in item] == ["pointer"]


def test_what_has_expired_is_no_more_though_the_table_still_has_it(
    world: EngineCloud, start_worker: StartWorker, evolution: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_out(start_worker())
    store = world.store()
    assert store.work(evolution)[0]
    assert len(store.checkpoints(evolution, 3, 4)) == 3
    now = time.time()
    monkeypatch.setattr("engine.calls.time.time", lambda: now + WORKING_SECONDS + 60)
    assert store.work(evolution) == (None, [])
    assert store.checkpoints(evolution, 3, 4) == []
    assert store.header(evolution), "a year"


def test_an_evolution_that_was_halted_for_so_long_that_its_populations_expired_ends_as_failed(
    world: EngineCloud, start_worker: StartWorker, evolution: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = start_worker()
    for _ in range(5):
        worker.step()
    now = time.time()
    monkeypatch.setattr("engine.calls.time.time", lambda: now + WORKING_SECONDS + 60)
    monitor = Monitor(settings(world.endpoint), world.store(), worker._pools.of(HILL))  # pyright: ignore[reportPrivateUsage] (one is enough)
    assert monitor.scores() == [1.0], "nothing that is stored is unsafe, and the alarm doesn't stand in the way of resuming"
    run_out(worker)
    assert world.header(evolution)["status"] == "failed"
    assert "has expired, or is missing" in world.header(evolution)["reason"]


def test_a_worker_that_lost_its_lease_cant_end_the_evolution(world: EngineCloud, start_worker: StartWorker, evolution: str) -> None:
    start_worker().step()
    store = world.store()
    seen = next(lease for lease in store.work(evolution)[1] if lease.name == "island-00")
    stalled = store.claim(seen, "stalled")
    assert stalled
    later = next(lease for lease in store.work(evolution)[1] if lease.name == "island-00")
    assert store.claim(later, "other")
    with pytest.raises(LostLeaseError):
        store.end(evolution, {"status": "failed", "reason": "it is gone"}, [], stalled)
    assert world.header(evolution)["status"] == "running"


@pytest.mark.parametrize("scale", ["1e200", "1e-200"])
def test_a_fitness_that_the_tables_cant_hold_stops_nothing(
    world: EngineCloud, start_worker: StartWorker, evolution: str, scale: str
) -> None:
    task = {"1e200": "Vast", "1e-200": "Tiny"}[scale]
    run_out(start_worker(EVOLUTION_TASK=f"tests.engine.plugins:{task}"))
    assert world.header(evolution)["status"] == {"1e200": "failed", "1e-200": "finished"}[scale]


def test_an_item_that_lacks_something_ends_no_worker(world: EngineCloud, start_worker: StartWorker, evolution: str) -> None:
    broken = items.write({"population_id": evolution, "agent_id": "plan", "kind": "plan", "version": 1})
    world.clients["dynamodb"].put_item(TableName="agent-population-dev", Item=broken)
    worker = start_worker()
    working = threading.Thread(target=worker.run)
    working.start()
    wait_for(lambda: worker.status.fault, 60, "the fault is said")
    worker.stop()
    working.join(60)
    assert worker.status.state == "stopped"
