"""The operator's resume: refused while unsafe, bounds before mode, and no way to force it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.functions.world import FakeApiError, FakeAws, LambdaContext, load

FUNCTION = "resume"

resume = load(FUNCTION)


@pytest.fixture
def halted(world: FakeAws, waits: list[float]) -> FakeAws:  # noqa: ARG001 (its tests wait for nothing)
    """A halted system that is safe again."""
    world.mode, world.target, world.desired = "halted", (0, 6, True), 0
    return world


def test_evolution_is_resumed_bounds_first_then_mode(halted: FakeAws) -> None:
    answer = resume({"reason": "the bad generation was removed"}, LambdaContext())
    assert (answer["outcome"], answer["bounds"], answer["mode"]) == ("resumed", "done", "done")
    assert (halted.mode, halted.target, halted.desired) == ("running", (1, 6, False), 1)
    assert halted.writes() == ["application-autoscaling:RegisterScalableTarget", "ssm:PutParameter"]


@pytest.mark.usefixtures("halted")
def test_the_reason_is_in_the_log(logged: Callable[[], list[dict[str, Any]]]) -> None:
    resume({"reason": "the bad generation was removed"}, LambdaContext())
    assert logged()[0]["reason"] == "the bad generation was removed"


@pytest.mark.parametrize("level", ["ALARM", "INSUFFICIENT_DATA"])
def test_it_is_refused_while_the_alarm_does_not_say_ok(halted: FakeAws, level: str) -> None:
    halted.alarm = level
    answer = resume({}, LambdaContext())
    assert (answer["outcome"], answer["kind"]) == ("refused", "unsafe")
    assert "runbook" in answer["advice"]
    assert halted.writes() == []


def test_it_is_refused_while_nobody_watches(halted: FakeAws) -> None:
    halted.alarm = None
    answer = resume({}, LambdaContext())
    assert (answer["outcome"], answer["kind"]) == ("failed", "alarm_missing")
    assert halted.writes() == []


@pytest.mark.parametrize("event", [{"force": True}, {"reason": 7}, [], "now", 1])
def test_anything_but_a_reason_is_refused(halted: FakeAws, event: object) -> None:
    answer = resume(event, LambdaContext())
    assert (answer["outcome"], answer["kind"]) == ("refused", "bad_request")
    assert halted.calls == []


@pytest.mark.usefixtures("halted")
def test_no_payload_at_all_will_do() -> None:
    assert resume(None, LambdaContext())["outcome"] == "resumed"


def test_a_system_that_runs_is_left_alone(world: FakeAws) -> None:
    assert resume({}, LambdaContext())["outcome"] == "running"
    assert world.writes() == []


def test_where_there_is_no_engine_yet_only_the_mode_is_set(halted: FakeAws) -> None:
    halted.target, halted.desired = None, None
    answer = resume({}, LambdaContext())
    assert (answer["outcome"], answer["bounds"]) == ("resumed", "absent")
    assert halted.writes() == ["ssm:PutParameter"]


def test_an_engine_that_was_stopped_within_open_bounds_is_started_again(halted: FakeAws) -> None:
    halted.target = (1, 6, False)
    resume({}, LambdaContext())
    assert halted.desired == 1


def test_while_the_bounds_cannot_be_opened_evolution_stays_halted(halted: FakeAws) -> None:
    halted.fail("application-autoscaling:RegisterScalableTarget", FakeApiError("ConcurrentUpdateException"))
    answer = resume({}, LambdaContext())
    assert (answer["outcome"], answer["kind"]) == ("failed", "throttled")
    assert halted.mode == "halted"


def test_the_mode_parameter_is_not_made_by_hand(halted: FakeAws) -> None:
    halted.mode = None
    answer = resume({}, LambdaContext())
    assert (answer["kind"], halted.mode) == ("mode_missing", None)
    assert "pulumi up" in answer["advice"]


def test_bounds_that_are_no_numbers_are_a_fault_of_the_deployment(halted: FakeAws, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENGINE_MINIMUM", "two")
    answer = resume({}, LambdaContext())
    assert (answer["kind"], halted.writes()) == ("misconfigured", [])


def meanwhile(monkeypatch: pytest.MonkeyPatch, happens: Callable[[], None]) -> None:
    """Something that happens once, as soon as the function waits."""
    rest = [happens]

    def sleep(_: float) -> None:
        if rest:
            rest.pop()()

    monkeypatch.setattr(time, "sleep", sleep)


def test_a_switch_that_still_ran_and_stopped_the_engines_again_does_not_prevail(
    halted: FakeAws, monkeypatch: pytest.MonkeyPatch, logged: Callable[[], list[dict[str, Any]]]
) -> None:
    meanwhile(monkeypatch, lambda: setattr(halted, "desired", 0))
    assert resume({}, LambdaContext())["outcome"] == "resumed"
    assert (halted.mode, halted.target, halted.desired) == ("running", (1, 6, False), 1)
    assert [line["level"] for line in logged() if "resumed again" in line["message"]] == ["WARN"]


def test_a_whole_halt_by_a_switch_that_still_ran_does_not_prevail(halted: FakeAws, monkeypatch: pytest.MonkeyPatch) -> None:
    def halt() -> None:
        halted.mode, halted.target, halted.desired = "halted", (0, 6, True), 0

    meanwhile(monkeypatch, halt)
    assert resume({}, LambdaContext())["outcome"] == "resumed"
    assert (halted.mode, halted.target, halted.desired) == ("running", (1, 6, False), 1)


def test_what_becomes_unsafe_again_while_it_is_resumed_stays_halted(halted: FakeAws, monkeypatch: pytest.MonkeyPatch) -> None:
    def halt() -> None:
        halted.alarm, halted.mode, halted.target, halted.desired = "ALARM", "halted", (0, 6, True), 0

    meanwhile(monkeypatch, halt)
    assert resume({}, LambdaContext())["kind"] == "unsafe"
    assert (halted.mode, halted.target, halted.desired) == ("halted", (0, 6, True), 0)
