"""The table changes while an evolution starts or runs: it keeps the bounds that it was begun with, and the next one gets the new ones."""

from __future__ import annotations

import base64
import json
import random
import uuid
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

import pytest

from engine import EngineError, items
from engine.bounds import memory_limit
from engine.evaluators import EvaluatorPool
from engine.lease import Standstill
from engine.monitor import Monitor
from engine.records import Bounds, EvolutionPlan, Header, Lease
from engine.settings import AGENTS, GENERATIONS, ISLANDS, MEMORY, EngineSettings, read
from engine.store import Store
from engine.worker import Worker
from tests.engine.aws import KEY, EngineCloud, settings, stop, variables, wait_for
from tests.engine.plugins import Hill
from tests.engine.test_broken import Changed
from tests.engine.test_worker import run_out

BEGUN = {"islands": 3, "max_concurrent_agents": 24, "agent_memory_bytes": 8192}
"""The bounds of the evolutions here, besides their generations."""

MADE = 4
"""Their generations."""

OWN = {"EVOLUTION_GENERATIONS": "4", "EVOLUTION_ISLANDS": "3", "MAX_CONCURRENT_AGENTS": "24", "AGENT_MEMORY_LIMIT": "8192"}
"""A worker's, as the table had them then."""

CHANGES: Mapping[str, Mapping[str, str]] = {
    "fewer generations": {"EVOLUTION_GENERATIONS": "2"},
    "more generations": {"EVOLUTION_GENERATIONS": "9"},
    "fewer individuals": {"MAX_CONCURRENT_AGENTS": "12"},
    "more individuals": {"MAX_CONCURRENT_AGENTS": "100000"},
    "fewer islands": {"EVOLUTION_ISLANDS": "1"},
    "more islands": {"EVOLUTION_ISLANDS": "6"},
    "smaller individuals": {"AGENT_MEMORY_LIMIT": "1024"},
    "larger individuals": {"AGENT_MEMORY_LIMIT": "65536"},
    "all tighter": {
        "EVOLUTION_GENERATIONS": "1",
        "EVOLUTION_ISLANDS": "1",
        "MAX_CONCURRENT_AGENTS": "4",
        "AGENT_MEMORY_LIMIT": "1024",
    },
    "all looser": {
        "EVOLUTION_GENERATIONS": "1000",
        "EVOLUTION_ISLANDS": "256",
        "MAX_CONCURRENT_AGENTS": "100000",
        "AGENT_MEMORY_LIMIT": "65536",
    },
}

StartWorker = Callable[..., Worker]


def told(endpoint: str, **changes: str) -> EngineSettings:
    """A worker's settings as the table makes them: what a laptop may say besides is unset."""
    given = variables(endpoint, **{**OWN, **changes})
    del given["EVOLUTION_POPULATION"]
    return read(EngineSettings, given)


@pytest.fixture
def start_worker(world: EngineCloud) -> Iterator[StartWorker]:
    """`start_worker("new", EVOLUTION_ISLANDS="6")`: a worker in this process."""
    pools: list[EvaluatorPool] = []

    def make(name: str = "old", *, aws: Mapping[str, Any] | None = None, **changes: str) -> Worker:
        own = told(world.endpoint, **changes)
        pools.append(EvaluatorPool(own.task, seconds=own.agent_seconds, evaluators=1))
        return Worker(own, Store(own, aws or world.clients), pools[-1], name=name, signing_key=KEY)

    yield make
    for one in pools:
        one.close()


def bred(world: EngineCloud, evolution: str) -> list[tuple[int, int, str]]:
    """Its generations: individuals, and the hash of all that lived."""
    assert world.header(evolution)["status"] == "finished", world.header(evolution)
    return [(record["generation"], record["agents"], record["sha256"]) for record in world.records(evolution)]


@pytest.fixture(scope="module")
def undisturbed() -> dict[str, list[tuple[int, int, str]]]:
    """What an evolution breeds that nobody disturbs, once it has."""
    return {}


@pytest.fixture
def expected(
    world: EngineCloud, start_worker: StartWorker, undisturbed: dict[str, list[tuple[int, int, str]]]
) -> list[tuple[int, int, str]]:
    if not undisturbed:
        evolution = world.trigger("evo-unchanged", generations=MADE, bounds=BEGUN)
        run_out(start_worker())
        undisturbed["bred"] = bred(world, evolution)
    assert [made[:2] for made in undisturbed["bred"]] == [(generation, 24) for generation in range(1, MADE + 1)]
    return undisturbed["bred"]


@pytest.fixture(params=CHANGES)
def change(request: pytest.FixtureRequest) -> Mapping[str, str]:
    return CHANGES[request.param]


@pytest.fixture(params=["all tighter", "all looser"])
def whole_change(request: pytest.FixtureRequest) -> Mapping[str, str]:
    """Of every row at once: one that is heeded where it mustn't be breeds something else."""
    return CHANGES[request.param]


def name_of(request: pytest.FixtureRequest) -> str:
    return "evo-" + "".join(letter if letter.isalnum() else "-" for letter in request.node.name)


Bred = list[tuple[int, int, str]]


def test_a_worker_of_another_table_begins_it_with_the_bounds_that_it_was_started_with(
    world: EngineCloud, start_worker: StartWorker, change: Mapping[str, str], expected: Bred, request: pytest.FixtureRequest
) -> None:
    """The trigger is updated before the engine's tasks, or after them."""
    evolution = world.trigger(name_of(request), generations=MADE, bounds=BEGUN)
    run_out(start_worker("new", **change))
    assert bred(world, evolution) == expected


@pytest.mark.parametrize("bounds", [BEGUN, None], ids=["with its bounds", "of a trigger that wrote none"])
def test_a_worker_of_another_table_goes_on_with_what_is_half_done(
    world: EngineCloud,
    start_worker: StartWorker,
    whole_change: Mapping[str, str],
    expected: Bred,
    bounds: Mapping[str, int] | None,
    request: pytest.FixtureRequest,
) -> None:
    evolution = world.trigger(name_of(request), generations=MADE, bounds=bounds)
    old = start_worker("old")
    for _ in range(1 + 5):
        old.step()
    run_out(start_worker("new", **whole_change))
    assert bred(world, evolution) == expected


def test_workers_of_two_tables_do_the_same_side_by_side(
    world: EngineCloud, start_worker: StartWorker, whole_change: Mapping[str, str], expected: Bred, request: pytest.FixtureRequest
) -> None:
    evolution = world.trigger(name_of(request), generations=MADE, bounds=BEGUN)
    draw, both = random.Random(request.node.name), [start_worker("old"), start_worker("new", **whole_change)]
    for _ in range(200):
        draw.choice(both).step()
        if world.header(evolution)["status"] != "running":
            break
    assert bred(world, evolution) == expected
    assert all(worker.status.fault == "" for worker in both)


def test_a_rolling_deployment_of_real_workers_changes_nothing(world: EngineCloud) -> None:
    """Old and new tasks side by side, then new ones alone."""
    slow = {**OWN, "EVOLUTION_POPULATION": "24", "EVOLUTION_TASK": "tests.engine.plugins:Slow"}
    evolution = world.trigger("evo-rolling", generations=12, bounds=BEGUN)
    old = world.start(**slow)
    wait_for(lambda: len(world.records(evolution)) >= 2, 60, "the old one has made some generations")
    new = world.start(**{**slow, **CHANGES["all tighter"], "EVOLUTION_POPULATION": "4"})
    wait_for(lambda: len(world.records(evolution)) >= 5, 60, "both work on it")
    stop(old)
    wait_for(lambda: world.header(evolution)["status"] != "running", 60, "it is over")
    assert "goes on with the bounds that it was begun with: EVOLUTION_GENERATIONS is 1 here and 12 for it" in stop(new)
    assert [made[:2] for made in bred(world, evolution)] == [(generation, 24) for generation in range(1, 13)]


def test_the_next_evolution_gets_the_new_bounds(world: EngineCloud, start_worker: StartWorker) -> None:
    worker = start_worker()
    for number, (islands, individuals, generations) in enumerate(((3, 24, 2), (2, 8, 1), (5, 40, 3))):
        bounds = {**BEGUN, "islands": islands, "max_concurrent_agents": individuals}
        evolution = world.trigger(f"evo-next-{number}", generations=generations, bounds=bounds)
        run_out(worker)
        assert [made[:2] for made in bred(world, evolution)] == [(generation, individuals) for generation in range(1, generations + 1)]
        plan, leases = world.store().work(evolution)
        assert plan
        assert (plan.islands, len(leases)) == (islands, islands + 1)


# What ends an evolution, and what doesn't.


@pytest.mark.parametrize(
    ("generations", "bounds", "reason"),
    [
        (GENERATIONS.most + 1, BEGUN, "1001 generations, and any table allows 1 to 1000"),
        (0, BEGUN, "0 generations"),
        (MADE, {**BEGUN, "islands": ISLANDS.most + 1, "max_concurrent_agents": AGENTS.most}, "257 islands, and any table allows 1 to 256"),
        (MADE, {**BEGUN, "islands": 0}, "0 islands"),
        (MADE, {**BEGUN, "islands": 10**30}, f"{10**30} islands"),
        (MADE, {**BEGUN, "max_concurrent_agents": AGENTS.most + 1}, "100001 individuals, and any table allows 1 to 100000"),
        (MADE, {**BEGUN, "max_concurrent_agents": -5}, "-5 individuals"),
        (MADE, {**BEGUN, "agent_memory_bytes": MEMORY.most + 1}, "65537 bytes for an individual, and any table allows 1024 to 65536"),
        (MADE, {**BEGUN, "max_concurrent_agents": 11}, "11 individuals, too few for 3 islands of 4"),
    ],
)
def test_no_worker_exceeds_what_any_table_could_allow(
    world: EngineCloud, start_worker: StartWorker, generations: int, bounds: Mapping[str, int], reason: str, request: pytest.FixtureRequest
) -> None:
    evolution = world.trigger(name_of(request), generations=generations, bounds=bounds)
    run_out(start_worker(**CHANGES["all looser"]))
    header = world.header(evolution)
    assert header["status"] == "failed"
    assert reason in header["reason"]
    assert world.records(evolution) == []
    assert world.store().pointer() == (evolution, False), "the next one can start"


def test_a_task_whose_individuals_are_larger_than_an_evolution_allows_cant_serve_it(world: EngineCloud, start_worker: StartWorker) -> None:
    """The trigger is told a tighter bound than the engine was. Another worker's task may fit."""
    evolution = world.trigger("evo-too-large", generations=MADE, bounds={**BEGUN, "agent_memory_bytes": 1024})
    large = start_worker(EVOLUTION_TASK="tests.engine.plugins:Large")
    assert not large.step()
    assert large.status.state == "unfit"
    assert world.header(evolution)["status"] == "running"
    run_out(start_worker())
    assert world.header(evolution)["status"] == "finished"


def test_an_evolution_is_ended_on_the_strength_of_a_lease_alone(world: EngineCloud, start_worker: StartWorker) -> None:
    """One that another worker holds: it may be about to finish it."""
    evolution = world.trigger("evo-leased", generations=GENERATIONS.most + 1, bounds=BEGUN)
    worker = start_worker(EVOLUTION_LEASE_SECONDS="60")
    worker.step()
    finish = next(lease for lease in world.store().work(evolution)[1] if lease.name == "finish")
    held = world.store().claim(finish, "another")
    assert held
    assert not worker.step()
    assert (worker.status.state, world.header(evolution)["status"]) == ("waiting", "running")
    world.store().release(held, held.beat + 1)
    run_out(worker)
    assert world.header(evolution)["status"] == "failed"


@pytest.mark.parametrize(
    "bounds",
    [
        {**BEGUN, "version": 2},
        {**BEGUN, "kind": "limits"},
        {**BEGUN, "bytes_of_everything": 5},
        {name: value for name, value in BEGUN.items() if name != "islands"},
        {**BEGUN, "islands": "three"},
        {**BEGUN, "max_concurrent_agents": 2.5},
    ],
    ids=str,
)
def test_bounds_that_this_engine_doesnt_know_are_said_and_nothing_is_begun_or_ended(
    world: EngineCloud, start_worker: StartWorker, bounds: Mapping[str, Any]
) -> None:
    evolution = world.trigger(f"evo-unknown-bounds-{uuid.uuid4().hex[:8]}", generations=MADE, bounds=bounds)
    with pytest.raises(EngineError, match="bounds"):
        start_worker().step()
    assert world.header(evolution)["status"] == "running"
    assert world.store().work(evolution) == (None, [])


def test_a_worker_of_another_task_goes_on_with_the_one_that_an_evolution_was_begun_with(
    world: EngineCloud, start_worker: StartWorker
) -> None:
    evolution = world.trigger("evo-another-task", generations=MADE, bounds=BEGUN)
    start_worker("old").step()
    new = start_worker("new", EVOLUTION_TASK="tests.engine.plugins:Large")
    run_out(new)
    header = world.header(evolution)
    assert header["status"] == "finished", header.get("reason")
    document = json.loads(world.store().fetch(header["champion"]["key"]) or b"")
    assert (document["task"], len(base64.b64decode(document["genome"]))) == ("tests.engine.plugins:Hill", 4 * Hill.weights)
    told = settings(world.endpoint, EVOLUTION_TASK="tests.engine.plugins:Large")
    pool = EvaluatorPool(told.task, seconds=30, evaluators=1)
    try:
        assert min(Monitor(told, world.store(), pool).scores()[:-1]) == 1.0, "so does the monitor"
    finally:
        pool.close()
    following = world.trigger("evo-of-the-new-task", generations=1, bounds={**BEGUN, "agent_memory_bytes": 8192})
    new.step()
    plan, _ = world.store().work(following)
    assert plan
    assert plan.task == "tests.engine.plugins:Large"


def test_a_worker_without_an_evolutions_task_rests_while_others_go_on_and_ends_what_nobody_goes_on_with(
    world: EngineCloud, start_worker: StartWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    evolution = world.trigger("evo-unknown-task", generations=MADE, bounds=BEGUN)
    world.store().begin(evolution, EvolutionPlan(task="tests.engine.plugins:Gone", islands=1, size=8))
    worker = start_worker("new")
    clock = [1000.0]
    monkeypatch.setattr(worker, "_standstill", Standstill(clock=lambda: clock[0]))
    for _ in range(7):
        assert world.header(evolution)["status"] == "running"
        worker.step()
        assert "its task can't be run here: task 'tests.engine.plugins:Gone' can't be loaded" in worker.status.unfit
        clock[0] += 100
    assert world.header(evolution)["status"] == "failed"
    assert "no worker has continued it" in world.header(evolution)["reason"]


def test_a_standstill_is_only_what_was_watched() -> None:
    clock = [0.0]
    standstill = Standstill(clock=lambda: clock[0])
    lease = partial(Lease, evolution_id="evo", name="finish", owner="", token=1, generation=0)

    def after(seconds: float, beat: int = 1) -> float:
        clock[0] += seconds
        return standstill.seconds("evo", [lease(beat=beat)])

    assert after(0) == 0
    assert after(100) == 100
    assert after(100) == 200
    assert after(100, beat=2) == 0, "it moved"
    assert after(60, beat=2) == 60
    assert after(3600, beat=2) == 0, "nobody looked: evolution was halted, or AWS couldn't be reached"
    assert after(60, beat=2) == 60


# The monitor, and a human.


def test_the_monitor_judges_an_evolution_by_its_own_bounds(world: EngineCloud, start_worker: StartWorker) -> None:
    """Its individuals are what was approved when it was begun: a tighter table doesn't make them unsafe, and doesn't halt."""
    world.trigger("evo-judged", generations=1, bounds=BEGUN)
    run_out(start_worker())
    tight = settings(world.endpoint).model_copy(update={"memory_limit": 100})
    pool = EvaluatorPool(tight.task, seconds=30, evaluators=1)
    try:
        assert Monitor(tight, world.store(), pool).scores()[:3] == [1.0] * 3
        world.clients["dynamodb"].update_item(
            TableName="evolution-state-dev",
            Key=items.write({"evolution_id": "evo-judged", "generation": 0}),
            UpdateExpression="REMOVE bounds",
        )
        assert Monitor(tight, world.store(), pool).scores()[:3] == [0.0] * 3, "without any, its own table's count"
    finally:
        pool.close()


def test_whoever_wrote_the_header_no_individual_may_be_larger_than_any_table_allows() -> None:
    header = Header(evolution_id="evo", status="running", seed=1, generations=1, bounds=Bounds(**{**BEGUN, "agent_memory_bytes": 10**9}))
    assert memory_limit(header, settings("http://127.0.0.1:1")) == MEMORY.most


def test_a_worker_whose_lease_was_taken_ends_nothing(world: EngineCloud, start_worker: StartWorker) -> None:
    """Between its claim and its end another one claims the lease: it was stalled."""
    evolution = world.trigger("evo-stalled", generations=GENERATIONS.most + 1, bounds=BEGUN)

    def stall(real: Any, **given: Any) -> Any:
        if any("#status" in str(write) for write in given["TransactItems"]):
            lease = next(one for one in world.store().work(evolution)[1] if one.name == "finish")
            assert world.store().claim(lease, "another")
        return real(**given)

    worker = start_worker(aws={**world.clients, "dynamodb": Changed(world.clients["dynamodb"], "transact_write_items", stall)})
    worker.step()
    with pytest.raises(EngineError, match="by another worker"):
        worker.step()
    assert world.header(evolution)["status"] == "running"


def test_the_task_here_fits_into_the_tightest_bound() -> None:
    assert Hill.weights * 4 < MEMORY.least
