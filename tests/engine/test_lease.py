"""One worker at a time, and nobody's clock is compared with another's."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from engine.lease import Heartbeat, LeaseWatch
from engine.records import EvolutionPlan, Lease
from engine.store import LostLeaseError, Store
from engine.work import neighbours
from tests.engine.aws import EngineCloud
from tests.engine.samples import checkpoint

LEASE = Lease(evolution_id="evo-1", name="island-00", owner="somebody", token=3, beat=9, generation=2)


def test_a_silent_owner_is_given_up_after_the_observers_own_time() -> None:
    now = [1000.0]
    watch = LeaseWatch(20, lambda: now[0])
    assert not watch.is_free(LEASE), "whoever has just looked can't know"
    now[0] += 19
    assert not watch.is_free(LEASE)
    now[0] += 2
    assert watch.is_free(LEASE)
    assert not watch.is_free(replace(LEASE, beat=10)), "a beat is a sign of life"


def test_what_nobody_holds_is_free_at_once() -> None:
    assert LeaseWatch(20).is_free(replace(LEASE, owner=""))


@pytest.mark.parametrize("skew", [-1e9, 0.0, 1e9])
def test_a_clock_that_is_wrong_by_years_changes_nothing(skew: float) -> None:
    now = [skew]
    watch = LeaseWatch(20, lambda: now[0])
    assert not watch.is_free(LEASE)
    now[0] += 21
    assert watch.is_free(LEASE)


@pytest.fixture
def store(world: EngineCloud, request: pytest.FixtureRequest) -> tuple[Store, str]:
    evolution = f"evo-{request.node.name}"
    store = world.store()
    store.begin(evolution, EvolutionPlan(task="x", islands=2, size=4))
    return store, evolution


def lease_of(store: Store, evolution: str, name: str = "island-00") -> Lease:
    return next(lease for lease in store.work(evolution)[1] if lease.name == name)


def test_of_two_who_claim_one_has_it(store: tuple[Store, str]) -> None:
    seen = lease_of(*store)
    assert store[0].claim(seen, "one")
    assert store[0].claim(seen, "two") is None
    assert lease_of(*store).owner == "one"


def test_a_beat_between_looking_and_claiming_keeps_the_lease(store: tuple[Store, str]) -> None:
    mine = store[0].claim(lease_of(*store), "one")
    assert mine
    seen = lease_of(*store)
    assert store[0].beat(mine, mine.beat + 1)
    assert store[0].claim(seen, "two") is None


def test_who_lost_the_lease_can_neither_beat_nor_commit_nor_give_it_back(store: tuple[Store, str]) -> None:
    late = store[0].claim(lease_of(*store), "late")
    assert late
    other = store[0].claim(lease_of(*store), "other")
    assert other
    assert not store[0].beat(late, late.beat + 1)
    store[0].release(late, late.beat + 2)
    assert lease_of(*store).owner == "other"
    with pytest.raises(LostLeaseError):
        store[0].commit(late, checkpoint(store[1], 0, 1), beat=9)
    assert store[0].checkpoint(store[1], 0, 1) is None, "all or nothing"
    store[0].commit(other, checkpoint(store[1], 0, 1), beat=9)
    assert lease_of(*store).generation == 1
    assert lease_of(*store).owner == ""


def test_a_generation_is_committed_once(store: tuple[Store, str]) -> None:
    for _ in range(2):
        mine = store[0].claim(lease_of(*store), "one")
        assert mine
        last = replace(mine, generation=0)
        if mine.generation == 0:
            store[0].commit(last, checkpoint(store[1], 0, 1), beat=9)
        else:
            with pytest.raises(LostLeaseError):
                store[0].commit(last, checkpoint(store[1], 0, 1, sha256="other"), beat=9)
    kept = store[0].checkpoint(store[1], 0, 1)
    assert kept
    assert kept.sha256 != "other"


def test_a_heartbeat_goes_on_until_it_is_left_and_notices_a_thief(store: tuple[Store, str]) -> None:
    mine = store[0].claim(lease_of(*store), "one")
    assert mine
    with Heartbeat(store[0], mine, 0.25) as heartbeat:
        time.sleep(0.5)
        assert lease_of(*store).beat > mine.beat
        assert not heartbeat.lost
        while not store[0].claim(lease_of(*store), "thief"):
            pass
        time.sleep(0.3)
        assert heartbeat.lost


def test_the_first_to_begin_decides_the_plan(store: tuple[Store, str]) -> None:
    store[0].begin(store[1], EvolutionPlan(task="other", islands=3, size=9))
    plan, leases = store[0].work(store[1])
    assert plan == EvolutionPlan(task="x", islands=2, size=4)
    assert {lease.name for lease in leases} == {"finish", "island-00", "island-01"}


@pytest.mark.parametrize(("islands", "island", "expected"), [(1, 0, []), (2, 0, [1]), (4, 0, [1, 3]), (4, 3, [0, 2])])
def test_islands_lie_in_a_ring(islands: int, island: int, expected: list[int]) -> None:
    assert neighbours(island, islands) == expected
