"""Drills of a dev that is deployed to the emulator, with each link of the chain broken in turn, and an audit at the end."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from local import audit
from operations import OperationError, drill
from operations.account import connect
from operations.drill import CALLS, GOOD_SCORE, TOTAL_SECONDS, Clock, Drill, DrillFailedError
from tests.local.conftest import Run
from tests.local.system import SCORE, STACK, UNSAFE, System
from tests.local.test_switch import calm, scheduled

SWITCH = f"evolution-safety-switch-{STACK}"
UNSAFE_ALARMS = [UNSAFE, SCORE, f"evolution-safety-score-worst-{STACK}"]


@dataclass
class Watched:
    """A drill, and all that it sent. Two minutes pass at once for it: as soon as its score is good, the alarms are OK.

    Attributes:
        before: is done right before the first score.
        sent: every operation, and the parameters of those that change something.
        woken: whether the schedule is due while it waits.
        over: whether what it waits for can't come any more: then the time is up.
    """

    system: System
    before: Callable[[], object] = lambda: None
    woken: bool = False
    over: Callable[[], bool] = lambda: False
    sent: list[str] = field(default_factory=list[str])
    written: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    skipped: float = 0

    def __post_init__(self) -> None:
        account = connect(STACK, "", calls=CALLS, place=self.system.place)
        account.session.register("before-parameter-build", self.record)
        clock = Clock(now=lambda: time.monotonic() + self.skipped, sleep=self.sleep)
        self.drill = Drill(account=account, stack=STACK, say=lambda _: None, clock=clock)

    def record(self, params: dict[str, Any], model: Any, **_: object) -> None:
        self.sent.append(f"{model.service_model.signing_name.replace('monitoring', 'cloudwatch')}:{model.name}")
        if model.name in ("PutMetricData", "Invoke"):
            if not self.written:
                self.before()
            self.written.append(params)

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)
        if self.over():
            self.skipped = TOTAL_SECONDS
        if self.woken:
            self.system.invoke("evolution-safety-switch", scheduled(self.system))
        if self.drill._score == GOOD_SCORE:  # pyright: ignore[reportPrivateUsage] (what it waits for)
            calm(self.system)


@pytest.fixture
def system(drilled: Path) -> System:
    """dev, which runs and is safe, and whose switch has done with what the test before has sent it."""
    found = System(drilled)
    calm(found)
    found.invoke("evolution-safety-switch", scheduled(found))
    time.sleep(1)
    found.run_freely()
    return found


@contextmanager
def disabled(system: System) -> Generator[None]:
    """Of the composite's own children, too: their messages reach the switch as well."""
    system("cloudwatch").disable_alarm_actions(AlarmNames=UNSAFE_ALARMS)
    try:
        yield
    finally:
        system("cloudwatch").enable_alarm_actions(AlarmNames=UNSAFE_ALARMS)


@contextmanager
def without_permission(system: System) -> Generator[None]:
    client = system("lambda")
    (statement,) = json.loads(client.get_policy(FunctionName=SWITCH)["Policy"])["Statement"]
    client.remove_permission(FunctionName=SWITCH, StatementId=statement["Sid"])
    try:
        yield
    finally:
        client.add_permission(
            FunctionName=SWITCH,
            StatementId=statement["Sid"],
            Action=statement["Action"],
            Principal=statement["Principal"]["Service"],
            SourceArn=statement["Condition"]["ArnLike"]["AWS:SourceArn"],
        )


@contextmanager
def unscheduled(system: System) -> Generator[None]:
    client = system("scheduler")
    schedule = client.get_schedule(Name=SWITCH, GroupName=f"evolution-{STACK}")
    kept = {name: schedule[name] for name in ("Name", "GroupName", "ScheduleExpression", "Target", "FlexibleTimeWindow")}
    client.update_schedule(**kept, State="DISABLED")
    try:
        yield
    finally:
        client.update_schedule(**kept, State="ENABLED")


Break = Callable[[System], Any]

LINKS: dict[str, tuple[Break, str]] = {
    "actions": (disabled, f"the actions of the alarm {UNSAFE} are disabled"),
    "permission": (without_permission, f"the topic's permission to invoke {SWITCH} is gone"),
    "schedule": (unscheduled, f"the schedule {SWITCH} is off"),
}


def test_a_drill_measures_the_halt_and_sends_nothing_that_is_not_in_its_list(system: System) -> None:
    before = system.halt()
    watched = Watched(system)
    report = watched.drill.run()
    print(f"halted {report.halt_seconds:.2f} s after the bad score, woken by {sorted(report.woken_by)}")
    assert "alarm" in report.woken_by
    assert set(watched.sent) - {"sts:GetCallerIdentity"} <= CALLS
    assert {one.get("FunctionName", "a score") for one in watched.written} == {"a score", "evolution-trigger-dev", "evolution-resume-dev"}
    after = system.halt()
    assert (after.mode, after.bounds) == (before.mode, before.bounds)
    assert report.left == (f"the autoscaler's count was {before.desired} and is {after.desired}: it moves with the load again",)


@pytest.mark.parametrize("link", LINKS)
def test_a_link_that_is_broken_is_named_before_anything_is_tried(system: System, link: str) -> None:
    break_it, cause = LINKS[link]
    watched, before = Watched(system), system.halt()
    with break_it(system), pytest.raises(OperationError, match=f"nothing was tried: {cause}"):
        watched.drill.run()
    assert (watched.written, system.halt()) == ([], before)


@pytest.mark.parametrize("link", LINKS)
def test_a_link_that_breaks_during_the_drill_is_a_failure_that_names_it(system: System, link: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drill, "MESSAGE_SECONDS", 1)
    break_it, cause = LINKS[link]
    with ExitStack() as mended:
        watched = Watched(system, before=lambda: mended.enter_context(break_it(system)), woken=link == "actions")
        with pytest.raises(DrillFailedError, match=cause):
            watched.drill.run()
    assert system.halt().mode == "halted", "what failed stays halted"


def test_a_switch_that_fails_is_named_in_its_own_words(system: System) -> None:
    def failed() -> bool:
        events = system("logs").filter_log_events(logGroupName=f"/aws/lambda/{SWITCH}")["events"]
        return any("nobody-made-this" in one["message"] for one in events)

    watched = Watched(system, over=failed)
    with (
        system.told("evolution-safety-switch", UNSAFE_ALARM_NAME="nobody-made-this"),
        pytest.raises(DrillFailedError, match="the alarm is in ALARM: the switch fails: The alarm nobody-made-this isn't there"),
    ):
        watched.drill.run()
    assert "NOT halted" in drill.advice(watched.drill)


def test_after_all_drills_an_audit_finds_nothing(act: Run, system: System) -> None:
    found = act(audit.audit, system.place)
    assert (found.drift, found.findings) == ((), ())
