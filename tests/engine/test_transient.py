"""A fault that passes costs another attempt, not a generation; and an answer that was lost isn't a refusal."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from typing import Any
from unittest.mock import Mock

import pytest

from engine.calls import StoreError
from engine.evaluators import EvaluatorPool
from engine.lease import Heartbeat
from engine.records import EvolutionPlan
from engine.store import DisagreementError, LostLeaseError, Store
from engine.worker import Worker
from tests.engine.aws import KEY, EngineCloud, settings
from tests.engine.samples import checkpoint
from tests.engine.test_broken import Changed, finish, refuse

StartWorker = Callable[..., Worker]

HILL = "tests.engine.plugins:Hill"


@pytest.fixture
def evolution(world: EngineCloud) -> str:
    return world.trigger(f"evo-transient-{uuid.uuid4().hex[:8]}", generations=3)


@pytest.fixture
def start_worker(world: EngineCloud) -> Iterator[StartWorker]:
    """`start_worker(dynamodb=…)`: a worker in this process, of one island, with another client."""
    pools: list[EvaluatorPool] = []

    def make(name: str = "one", *, lease_seconds: str = "2", **aws: Any) -> Worker:
        changes = {"EVOLUTION_ISLANDS": "1", "EVOLUTION_POPULATION": "8", "EVOLUTION_LEASE_SECONDS": lease_seconds}
        told = settings(world.endpoint, **changes)
        pools.append(EvaluatorPool(told.task, seconds=30, evaluators=1))
        return Worker(told, Store(told, {**world.clients, **aws}), pools[-1], name=name, signing_key=KEY)

    yield make
    for one in pools:
        one.close()


class Faults:
    """Fails some times, before or after the real thing is done."""

    def __init__(self, client: Any, operation: str, *, marks: str = "", times: int = 2, done: bool = False) -> None:
        """`marks`: what the calls that fail have somewhere in them; `done`: only their answer is lost."""
        self.times, self._marks, self._done = times, marks, done
        self.client = Changed(client, operation, self._instead)

    def _instead(self, real: Any, **given: Any) -> Any:
        if self.times <= 0 or self._marks not in str(given):
            return real(**given)
        self.times -= 1
        if self._done:
            real(**given)
        raise refuse("InternalServerError")


def counted(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> Mock:
    """How often it evaluates."""
    pool = worker._pools.of(HILL)  # pyright: ignore[reportPrivateUsage] (what it costs)
    run = Mock(side_effect=pool.run)
    monkeypatch.setattr(pool, "run", run)
    return run


@pytest.mark.parametrize(
    ("service", "operation", "marks", "done"),
    [
        ("s3", "put_object", "populations/", False),
        ("s3", "put_object", "populations/", True),
        ("dynamodb", "transact_write_items", "checkpoint_id", False),
        ("dynamodb", "transact_write_items", "checkpoint_id", True),
    ],
)
def test_what_is_made_is_made_once_whatever_fails_while_it_is_put_and_committed(
    world: EngineCloud,
    start_worker: StartWorker,
    evolution: str,
    monkeypatch: pytest.MonkeyPatch,
    service: str,
    operation: str,
    marks: str,
    done: bool,
) -> None:
    # An answer that is lost is lost once: the condition refuses the second attempt by itself.
    faults = Faults(world.clients[service], operation, marks=marks, times=1 if done else 2, done=done)
    worker = start_worker(**{service: faults.client})
    run = counted(worker, monkeypatch)
    assert worker.step()
    assert worker.step()
    assert faults.times == 0
    assert (run.call_count, worker.status.committed) == (1, 1)
    [island] = [lease for lease in world.store().work(evolution)[1] if lease.name != "finish"]
    assert (island.generation, island.owner) == (1, "")
    finish(worker)
    assert world.header(evolution)["status"] == "finished"


def test_a_fault_that_stays_is_said_and_the_lease_given_back(world: EngineCloud, start_worker: StartWorker, evolution: str) -> None:
    faults = Faults(world.clients["s3"], "put_object", marks="populations/", times=10**9)
    worker = start_worker(lease_seconds="0.3", s3=faults.client)
    worker.step()
    with pytest.raises(StoreError, match="InternalServerError"):
        worker.step()
    assert all(lease.owner == "" for lease in world.store().work(evolution)[1])
    faults.times = 0
    finish(worker)
    assert world.header(evolution)["status"] == "finished"


@pytest.mark.parametrize("tried_again_by", ["nobody", "botocore"])
def test_a_claim_whose_answer_was_lost_is_held(world: EngineCloud, start_worker: StartWorker, evolution: str, tried_again_by: str) -> None:
    lost: list[bool] = []

    def lose(real: Any, **given: Any) -> Any:
        answer = real(**given)
        if lost or "owner" not in str(given):
            return answer
        lost.append(True)
        if tried_again_by == "botocore":
            return real(**given)  # refused: the lease isn't as it was
        raise refuse("InternalServerError")

    worker = start_worker(dynamodb=Changed(world.clients["dynamodb"], "update_item", lose))
    worker.step()
    assert worker.step(), "nobody waits for a lease that is one's own"
    assert lost
    assert world.store().work(evolution)[1][0].generation == worker.status.committed == 1


def test_a_claim_that_another_was_faster_with_is_the_others(world: EngineCloud, evolution: str) -> None:
    world.store().begin(evolution, EvolutionPlan(task="x", islands=1, size=4))
    seen = world.store().work(evolution)[1][0]

    def overtake(real: Any, **given: Any) -> Any:
        if given["ExpressionAttributeValues"].get(":owner") == {"S": "slow"}:
            assert world.store().claim(seen, "quick")
        return real(**given)

    slow = Store(settings(world.endpoint), {**world.clients, "dynamodb": Changed(world.clients["dynamodb"], "update_item", overtake)})
    assert slow.claim(seen, "slow") is None
    assert world.store().work(evolution)[1][0].owner == "quick"


def test_an_end_whose_answer_was_lost_is_an_end(world: EngineCloud, start_worker: StartWorker, evolution: str) -> None:
    before = world.store().promotions()
    faults = Faults(world.clients["dynamodb"], "transact_write_items", marks="finished", times=1, done=True)
    worker = start_worker(dynamodb=faults.client)
    finish(worker)
    assert faults.times == 0
    assert worker.status.fault == ""
    assert world.header(evolution)["status"] == "finished"
    counted_since = world.store().promotions()
    assert counted_since
    assert counted_since.decided - (before.decided if before else 0) == 1


def test_a_checkpoint_that_was_replaced_though_the_answer_was_lost_is_replaced(world: EngineCloud, evolution: str) -> None:
    store = world.store()
    store.begin(evolution, EvolutionPlan(task="x", islands=1, size=4))
    mine = store.claim(next(one for one in store.work(evolution)[1] if one.name == "island-00"), "one")
    assert mine
    was, now = (checkpoint(evolution, 0, 1, sha256=letter * 64) for letter in "01")
    store.commit(mine, was, beat=9)

    def twice(real: Any, **given: Any) -> Any:
        real(**given)
        return real(**given)

    again = Store(settings(world.endpoint), {**world.clients, "dynamodb": Changed(world.clients["dynamodb"], "put_item", twice)})
    assert again.replace(now, was)
    assert not again.replace(checkpoint(evolution, 0, 1, sha256="2" * 64), was), "it is another by now"


# The heartbeat's part.


@pytest.fixture
def heartbeat(world: EngineCloud, evolution: str) -> Iterator[Heartbeat]:
    store = world.store()
    store.begin(evolution, EvolutionPlan(task="x", islands=1, size=4))
    mine = store.claim(store.work(evolution)[1][0], "one")
    assert mine
    with Heartbeat(store, mine, 10) as heartbeat:
        yield heartbeat


def no() -> bool:
    return False


def test_a_write_is_tried_once_more_after_the_lease_has_gone_and_no_longer(heartbeat: Heartbeat) -> None:
    heartbeat.lost = True
    write = Mock(side_effect=StoreError("no"))
    with pytest.raises(StoreError):
        heartbeat.persist(write, no)
    assert write.call_count == 1
    assert heartbeat.persist(Mock(return_value=5), no) == 5


def test_who_must_stop_doesnt_go_on_trying(heartbeat: Heartbeat) -> None:
    write = Mock(side_effect=StoreError("no"))
    with pytest.raises(StoreError):
        heartbeat.persist(write, lambda: True)
    assert write.call_count == 1


@pytest.mark.parametrize("final", [LostLeaseError("another's"), DisagreementError("look")])
def test_what_another_attempt_doesnt_mend_isnt_tried_again(heartbeat: Heartbeat, final: Exception) -> None:
    write = Mock(side_effect=final)
    with pytest.raises(type(final)):
        heartbeat.persist(write, no)
    assert write.call_count == 1


def test_a_write_is_tried_until_it_succeeds(heartbeat: Heartbeat) -> None:
    write = Mock(side_effect=[StoreError("no")] * 6 + ["written"])
    assert heartbeat.persist(write, no) == "written"
    assert write.call_count == 7
    assert not heartbeat.lost
