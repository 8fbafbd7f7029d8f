"""The trigger: one evolution at a time, none while halted, and the same schedule is the same evolution."""

from __future__ import annotations

import re
from typing import Any

import pytest

from common.results import FunctionError
from engine import items
from engine.records import Bounds, header_of
from tests.functions.world import FakeApiError, FakeAws, LambdaContext, NoCredentialsError, load

FUNCTION = "evolution_trigger"
EVENT = {"scheduled_time": "2026-11-24T06:00:00Z"}
ID = "evo-20261124T060000Z"

trigger = load(FUNCTION)


def test_an_evolution_is_started_with_its_pointer_and_its_header(world: FakeAws) -> None:
    answer = trigger(EVENT, LambdaContext())
    assert (answer["outcome"], answer["evolution_id"]) == ("started", ID)
    pointer, header = world.items["current"], dict(world.items[ID])
    assert pointer == {
        "evolution_id": {"S": "current"},
        "generation": {"N": "0"},
        "kind": {"S": "pointer"},
        "version": {"N": "1"},
        "status": {"S": "running"},
        "active": {"S": ID},
    }
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", header.pop("started_at")["S"])
    assert header == {
        "evolution_id": {"S": ID},
        "generation": {"N": "0"},
        "kind": {"S": "evolution"},
        "version": {"N": "1"},
        "status": {"S": "running"},
        "seed": {"N": str(answer["seed"])},
        "generations": {"N": "10"},
        "bounds": {
            "M": {
                "kind": {"S": "bounds"},
                "version": {"N": "1"},
                "islands": {"N": "4"},
                "max_concurrent_agents": {"N": "1000"},
                "agent_memory_bytes": {"N": "8192"},
            }
        },
    }


def test_the_engine_reads_the_header_that_the_trigger_writes(world: FakeAws) -> None:
    trigger(EVENT, LambdaContext())
    header = header_of(items.read(world.items[ID]), "the header")
    assert (header.evolution_id, header.status, header.generations) == (ID, "running", 10)
    assert header.bounds == Bounds(islands=4, max_concurrent_agents=1000, agent_memory_bytes=8192)


@pytest.mark.parametrize("row", ["EVOLUTION_GENERATIONS", "EVOLUTION_ISLANDS", "MAX_CONCURRENT_AGENTS", "AGENT_MEMORY_LIMIT"])
def test_without_a_bound_none_is_started(world: FakeAws, row: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(row)
    with pytest.raises(FunctionError, match=row):
        trigger(EVENT, LambdaContext())
    assert world.items == {}


@pytest.mark.usefixtures("world")
def test_the_seed_follows_from_the_evolutions_name() -> None:
    """The first 32 bits of `printf evo-20261124T060000Z | sha256sum`."""
    assert trigger(EVENT, LambdaContext())["seed"] == 0x86478C0F


def test_while_one_runs_no_other_is_started(world: FakeAws) -> None:
    trigger(EVENT, LambdaContext())
    answer = trigger({"scheduled_time": "2026-11-24T07:00:00Z"}, LambdaContext())
    assert (answer["outcome"], answer["active"]) == ("already_running", ID)
    assert "evo-20261124T070000Z" not in world.items


def test_a_schedule_that_is_delivered_twice_starts_one(world: FakeAws) -> None:
    trigger(EVENT, LambdaContext())
    before = dict(world.items)
    assert trigger(EVENT, LambdaContext())["outcome"] == "already_started"
    assert world.items == before


def test_a_schedule_that_comes_again_after_its_evolution_is_over_starts_none(world: FakeAws) -> None:
    trigger(EVENT, LambdaContext())
    world.items["current"] = {**world.items["current"], "status": {"S": "idle"}}
    assert trigger(EVENT, LambdaContext())["outcome"] == "already_started"


def test_after_one_is_over_the_next_is_started(world: FakeAws) -> None:
    trigger(EVENT, LambdaContext())
    world.items["current"] = {**world.items["current"], "status": {"S": "idle"}}
    assert trigger({"scheduled_time": "2026-11-24T07:00:00Z"}, LambdaContext())["outcome"] == "started"


def test_nothing_starts_while_evolution_is_halted(world: FakeAws, logged: Any) -> None:
    world.mode = "halted"
    answer = trigger(EVENT, LambdaContext())
    assert (answer["outcome"], answer["kind"]) == ("refused", "halted")
    assert world.items == {}
    assert "runbook" in logged()[-1]["advice"]


@pytest.mark.parametrize(
    "fault", [FakeApiError("AccessDeniedException"), FakeApiError("InternalServerError", status=500), NoCredentialsError()]
)
def test_nothing_starts_while_the_mode_cannot_be_read(world: FakeAws, fault: Exception) -> None:
    world.fail("ssm:GetParameter", fault)
    with pytest.raises(FunctionError, match="counts as halted"):
        trigger(EVENT, LambdaContext())
    assert world.items == {}


@pytest.mark.parametrize("mode", [None, "RUNNING", ""])
def test_nothing_starts_unless_the_mode_is_plainly_running(world: FakeAws, mode: str | None) -> None:
    world.mode = mode
    with pytest.raises(FunctionError, match="counts as halted") as caught:
        trigger(EVENT, LambdaContext())
    assert (caught.value.kind, world.items) == ("mode_unclear", {})


@pytest.mark.parametrize(
    "event",
    [
        {},
        None,
        "now",
        {"scheduled_time": 7},
        {"scheduled_time": "<aws.scheduler.scheduled-time>"},
        {"scheduled_time": "2026-13-45T06:00:00Z"},
        {"scheduled_time": "2026-11-24T06:00:00+01:00"},
    ],
)
def test_an_event_without_a_scheduled_time_is_refused_and_says_what_to_send(world: FakeAws, event: object) -> None:
    answer = trigger(event, LambdaContext())
    assert (answer["outcome"], answer["kind"]) == ("refused", "bad_event")
    assert "scheduled_time" in answer["advice"]
    assert world.calls == []


def cancelled(*codes: str) -> FakeApiError:
    return FakeApiError("TransactionCanceledException", CancellationReasons=[{"Code": code} for code in codes])


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (cancelled("TransactionConflict", "None"), "throttled"),
        (cancelled("ConditionalCheckFailed", "ThrottlingError"), "throttled"),
        (cancelled("ValidationError", "None"), "rejected"),
        (cancelled(), "rejected"),
        (FakeApiError("ProvisionedThroughputExceededException"), "throttled"),
        (FakeApiError("ResourceNotFoundException"), "missing"),
        (FakeApiError("AccessDeniedException"), "denied"),
    ],
)
def test_a_table_that_cannot_be_written_fails_the_invocation_for_a_next_attempt(world: FakeAws, fault: FakeApiError, kind: str) -> None:
    world.fail("dynamodb:TransactWriteItems", fault)
    with pytest.raises(FunctionError) as caught:
        trigger(EVENT, LambdaContext())
    assert caught.value.kind == kind
    assert caught.value.advice
