"""As many islands as the table allows: an evolution begins and ends with them, once, whoever dies in between."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any
from unittest.mock import Mock

import pytest

from components.environment import Engine
from engine import EngineError, items, promotion
from engine.calls import MOST_WRITES
from engine.ending import writes_of_end
from engine.evaluators import EvaluatorPool
from engine.promotion import Champion
from engine.records import FINISH, EvolutionPlan, Lease
from engine.store import Store
from engine.worker import Worker
from tests.engine.aws import KEY, EngineCloud, settings
from tests.engine.test_broken import Changed, finish, refuse
from tests.engine.test_worker import run_out

MOST = next(one.le for one in Engine.model_fields["islands"].metadata if hasattr(one, "le"))
"""The table's."""

LARGEST_ITEM = 400 * 1024
"""Bytes. Source: DynamoDB developer guide, "Service, account, and table quotas"."""

StartWorker = Callable[..., Worker]


@pytest.fixture
def start_worker(world: EngineCloud) -> Iterator[StartWorker]:
    """`start_worker(islands=8)`: a worker in this process, with four individuals an island."""
    pools: list[EvaluatorPool] = []

    def make(*, islands: int, aws: Mapping[str, Any] | None = None, name: str = "one") -> Worker:
        told = settings(
            world.endpoint,
            EVOLUTION_ISLANDS=str(islands),
            EVOLUTION_POPULATION=str(4 * islands),
            MAX_CONCURRENT_AGENTS=str(4 * MOST),
            EVOLUTION_LEASE_SECONDS="0.5",
        )
        pools.append(EvaluatorPool(told.task, seconds=told.agent_seconds, evaluators=1))
        return Worker(told, Store(told, aws or world.clients), pools[-1], name=name, signing_key=KEY)

    yield make
    for one in pools:
        one.close()


def within_dynamodbs_bounds(world: EngineCloud) -> dict[str, Any]:
    """Clients that hold every transaction to what DynamoDB takes, whatever the emulator does."""

    def transact(real: Any, **given: Any) -> Any:
        assert len(given["TransactItems"]) <= MOST_WRITES
        assert all(size(write["Put"]["Item"]) <= LARGEST_ITEM for write in given["TransactItems"] if "Put" in write)
        return real(**given)

    return {**world.clients, "dynamodb": Changed(world.clients["dynamodb"], "transact_write_items", transact)}


def size(value: Any) -> int:
    """Of an item or an attribute as DynamoDB counts it, rounded up. Source: developer guide, "Item sizes and formats"."""
    kind, content = next(iter(value.items())) if len(value) == 1 else ("item", value)
    match kind:
        case "S":
            return len(content.encode())
        case "B":
            return len(content)
        case "N":
            return len(content) // 2 + 2
        case "BOOL":
            return 1
        case "L":
            return 3 + sum(1 + size(one) for one in content)
        case _:
            return 3 + sum(1 + len(name.encode()) + size(one) for name, one in content.items())


def decided(world: EngineCloud) -> tuple[int, int]:
    """How many promotions were counted so far, and how many of them without a human."""
    counted = world.store().promotions()
    return (counted.decided, counted.autonomous) if counted else (0, 0)


def champions(world: EngineCloud, evolution: str) -> Mapping[str, Any]:
    key = items.write({"population_id": "promotions", "agent_id": evolution})
    answer = world.clients["dynamodb"].get_item(TableName="agent-population-dev", Key=key, ConsistentRead=True)
    return items.read(answer["Item"])["champions"] if "Item" in answer else {}


def waiting(world: EngineCloud, evolution: str) -> list[str]:
    return sorted(one["agent_id"] for one in world.store().awaiting() if one["agent_id"].startswith(evolution + "/"))


def test_an_evolution_of_as_many_islands_as_the_table_allows_begins_and_ends(world: EngineCloud, start_worker: StartWorker) -> None:
    evolution, before = world.trigger("evo-most-islands", generations=1), decided(world)
    run_out(start_worker(islands=MOST, aws=within_dynamodbs_bounds(world)), most=MOST + 10)
    assert world.header(evolution)["status"] == "finished", world.header(evolution)
    assert [record["agents"] for record in world.records(evolution)] == [4 * MOST]
    assert world.store().pointer() == (evolution, False)
    found = champions(world, evolution)
    assert sorted(one["island"] for one in found.values()) == list(range(MOST))
    counted = decided(world)
    assert (counted[0] - before[0], counted[1] - before[1]) == (MOST, MOST * 75 // 100)
    queue = waiting(world, evolution)
    assert queue == sorted(agent_id for agent_id, one in found.items() if one["status"] == "awaiting_approval")
    assert len(queue) == MOST - MOST * 75 // 100
    assert world.store().decide(queue[0], "promoted", "me")
    assert world.store().decide(queue[1], "refused", "me")
    assert waiting(world, evolution) == queue[2:]
    assert [champions(world, evolution)[one]["status"] for one in queue[:3]] == ["promoted", "refused", "awaiting_approval"]
    assert not world.store().decide(queue[0], "refused", "another"), "it is decided"


def test_when_nobody_waits_any_longer_nothing_of_the_queue_is_left(world: EngineCloud, start_worker: StartWorker) -> None:
    evolution = world.trigger("evo-queue", generations=1)
    run_out(start_worker(islands=8))
    for agent_id in waiting(world, evolution):
        assert world.store().decide(agent_id, "promoted", "me")
    assert waiting(world, evolution) == []
    key = items.write({"population_id": "waiting", "agent_id": evolution})
    assert "Item" not in world.clients["dynamodb"].get_item(TableName="agent-population-dev", Key=key)


def test_who_waits_since_before_waits_still(world: EngineCloud) -> None:
    """Champions had items of their own once."""
    agent_id = "evo-from-before/00/0005/00001"
    promoted: dict[str, Any] = {
        "agent_id": agent_id,
        "kind": "promotion",
        "version": 1,
        "status": "awaiting_approval",
        "findings": [],
        "risk": 0.5,
    }
    for queue in ("promotions", "awaiting"):
        item = items.write({"population_id": queue, **promoted})
        world.clients["dynamodb"].put_item(TableName="agent-population-dev", Item=item)
    assert waiting(world, "evo-from-before") == [agent_id]
    assert world.store().decide(agent_id, "refused", "me")
    assert not world.store().decide(agent_id, "promoted", "me")
    assert waiting(world, "evo-from-before") == []
    key = items.write({"population_id": "promotions", "agent_id": agent_id})
    found = items.read(world.clients["dynamodb"].get_item(TableName="agent-population-dev", Key=key)["Item"])
    assert (found["status"], found["decided_by"]) == ("refused", "me")


def test_the_champions_of_all_islands_fit_into_one_item_whatever_is_wrong_with_each() -> None:
    longest = "it has 1626 weights, and 1626 of its weights are no numbers within ±16; its fitness is said to be 1.23457e+100, or so"
    told = settings("http://127.0.0.1:1")
    promotions = [
        Champion(
            agent_id=f"evo-20261124T060000Z/{island:03d}/1000/99999",
            island=island,
            generation=1000,
            fitness=-1.2345678901234567e-100,
            held_out=-1.2345678901234567e-100,
            risk=1.2345678901234567e-100,
            found=(longest,) * 5,
            status="awaiting_approval",
            key=f"champions/evo-20261124T060000Z/{island:03d}-{'0' * 16}.json",
            content=b"",
        ).item()
        for island in range(MOST)
    ]
    lease = Lease(evolution_id="evo-20261124T060000Z", name=FINISH, owner="one", token=1, beat=1, generation=0)
    writes = writes_of_end(told, "evo-20261124T060000Z", {"status": "finished"}, promotions, lease)
    largest = max(size(write["Put"]["Item"]) for write in writes if "Put" in write)
    assert largest < 0.75 * LARGEST_ITEM, f"{largest} bytes"
    assert len(writes) <= 6


@pytest.mark.parametrize("after", range(3))
def test_whoever_dies_while_an_evolution_begins_others_begin_it_even_with_other_islands(
    world: EngineCloud, start_worker: StartWorker, after: int
) -> None:
    evolution = world.trigger(f"evo-begins-{after}", generations=1)
    made: list[int] = []

    def die(real: Any, **given: Any) -> Any:
        if len(made) == after:
            raise refuse("InternalServerError")
        made.append(len(given["TransactItems"]))
        return real(**given)

    dying = {**world.clients, "dynamodb": Changed(world.clients["dynamodb"], "transact_write_items", die)}
    store = Store(settings(world.endpoint), dying)
    plan = EvolutionPlan(task="tests.engine.plugins:Hill", islands=MOST, size=4)
    with pytest.raises(EngineError, match="InternalServerError"):
        store.begin(evolution, plan)
    assert world.store().work(evolution) == (None, [])
    assert len(made) == after
    run_out(start_worker(islands=3))
    assert world.header(evolution)["status"] == "finished"
    found, leases = world.store().work(evolution)
    assert found
    assert found.islands == 3, "whoever wrote the plan"
    assert [lease.name for lease in leases] == ["island-00", "island-01", "island-02", FINISH]


def test_whoever_is_slower_to_begin_an_evolution_leaves_it_as_it_is(world: EngineCloud) -> None:
    evolution = world.trigger("evo-begun-twice", generations=1)
    plan, other = (EvolutionPlan(task="tests.engine.plugins:Hill", islands=islands, size=4) for islands in (MOST, 5))
    world.store().begin(evolution, plan)
    world.store().begin(evolution, other)
    found, leases = world.store().work(evolution)
    assert found == plan
    assert len(leases) == MOST + 1


@pytest.mark.parametrize("answer", ["lost", "never asked"])
def test_whoever_dies_while_an_evolution_ends_it_ends_once(world: EngineCloud, start_worker: StartWorker, answer: str) -> None:
    evolution, before = world.trigger(f"evo-ends-{answer.replace(' ', '-')}", generations=1), decided(world)

    def die(real: Any, **given: Any) -> Any:
        if any("#status" in str(write) for write in given["TransactItems"]):
            if answer == "lost":
                real(**given)
            raise refuse("InternalServerError")
        return real(**given)

    dying = start_worker(islands=8, aws={**world.clients, "dynamodb": Changed(world.clients["dynamodb"], "transact_write_items", die)})
    if answer == "lost":
        run_out(dying)  # it looks whether it has ended it
    else:
        with pytest.raises(EngineError, match="InternalServerError"):
            run_out(dying)
    finish(start_worker(islands=8, name="two"))
    assert world.header(evolution)["status"] == "finished"
    assert decided(world)[0] - before[0] == len(champions(world, evolution)) == 8
    assert len(waiting(world, evolution)) == 2


def test_two_who_end_an_evolution_at_once_end_it_once(
    world: EngineCloud, start_worker: StartWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second was stalled, comes back with other champions, and finds that its lease is another's."""
    evolution, before = world.trigger("evo-two-end-it", generations=1), decided(world)
    quick, real = start_worker(islands=8, name="quick"), promotion.choose
    took_over: list[bool] = []

    def stall(*given: Any) -> Any:
        if not took_over:
            took_over.append(True)
            key = items.write({"population_id": evolution, "agent_id": FINISH})
            free = {"UpdateExpression": "SET #owner = :none", "ExpressionAttributeNames": {"#owner": "owner"}}
            world.clients["dynamodb"].update_item(
                TableName="agent-population-dev", Key=key, **free, ExpressionAttributeValues={":none": {"S": ""}}
            )
            run_out(quick)
            return real(*given)[:1]
        return real(*given)

    monkeypatch.setattr(promotion, "choose", stall)
    # Its heartbeat stands still as well: a stopped process has none.
    monkeypatch.setattr(Store, "beat", Mock(return_value=True))
    with pytest.raises(EngineError, match="by another worker"):
        run_out(start_worker(islands=8, name="slow"))
    assert took_over
    assert world.header(evolution)["status"] == "finished"
    assert decided(world)[0] - before[0] == len(champions(world, evolution)) == 8
