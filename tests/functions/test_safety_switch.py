"""The safety switch: it goes by the alarm's level, tries every step, repeats without harm, and never resumes."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from common.results import FunctionError
from tests.functions.world import (
    ACCOUNT,
    REGION,
    STACK,
    EndpointConnectionError,
    FakeApiError,
    FakeAws,
    LambdaContext,
    ReadTimeoutError,
    load,
)

FUNCTION = "safety_switch"
SCHEDULE = {"source": "schedule"}
TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:evolution-system-alerts-{STACK}"

Logged = Callable[[], list[dict[str, Any]]]

switch = load(FUNCTION)


def notification(message: object, topic: str = TOPIC) -> dict[str, Any]:
    text = message if isinstance(message, str) else json.dumps(message)
    return {"Records": [{"EventSource": "aws:sns", "Sns": {"TopicArn": topic, "Message": text}}]}


def alarm(name: str = f"evolution-unsafe-{STACK}", account: str = ACCOUNT, state: str = "ALARM") -> dict[str, Any]:
    """As CloudWatch writes a composite's message: nothing in `Trigger` says which metric it was."""
    return {"AlarmName": name, "AWSAccountId": account, "NewStateValue": state, "Region": "US East (N. Virginia)", "Trigger": {}}


def advice_of(lines: list[dict[str, Any]]) -> list[str]:
    return [line["kind"] for line in lines if line.get("advice")]


HALTED = ("halted", (0, 6, True), 0)


def state(world: FakeAws) -> tuple[Any, Any, Any]:
    return (world.mode, world.target, world.desired)


@pytest.mark.parametrize("event", [SCHEDULE, notification(alarm())], ids=["the schedule", "the alarm"])
def test_an_unsafe_evolution_is_halted_whoever_wakes_the_switch(world: FakeAws, event: dict[str, Any]) -> None:
    world.alarm = "ALARM"
    answer = switch(event, LambdaContext())
    assert state(world) == HALTED
    assert (answer["outcome"], answer["mode"], answer["bounds"], answer["desired"]) == ("halted", "done", "done", "done")


def test_the_steps_are_taken_in_the_order_that_makes_them_last(world: FakeAws) -> None:
    world.alarm = "ALARM"
    switch(SCHEDULE, LambdaContext())
    assert world.writes() == ["ssm:PutParameter", "application-autoscaling:RegisterScalableTarget", "ecs:UpdateService"]
    (registered,) = world.given("application-autoscaling:RegisterScalableTarget")
    assert registered["MinCapacity"] == 0
    assert "MaxCapacity" not in registered, "the table's maximum is not the switch's to set"
    assert all(registered["SuspendedState"].values())


def test_a_halt_that_is_complete_is_looked_at_and_left_alone(world: FakeAws) -> None:
    world.alarm = "ALARM"
    switch(SCHEDULE, LambdaContext())
    done = len(world.writes())
    for event in (SCHEDULE, notification(alarm()), notification(alarm())):
        answer = switch(event, LambdaContext())
        assert (answer["mode"], answer["bounds"], answer["desired"]) == ("already", "already", "already")
    assert len(world.writes()) == done, "a message that is delivered twice, or a schedule, writes nothing"


@pytest.mark.parametrize("level", ["OK", "INSUFFICIENT_DATA"])
def test_a_quiet_alarm_changes_nothing_and_resumes_nothing(world: FakeAws, level: str) -> None:
    world.alarm = "ALARM"
    switch(SCHEDULE, LambdaContext())
    world.alarm = level
    answer = switch(notification(alarm(state="OK")), LambdaContext())
    assert (answer["outcome"], answer["state"]) == ("safe", level)
    assert state(world) == HALTED


def test_a_message_that_says_alarm_does_nothing_while_the_alarm_says_ok(world: FakeAws) -> None:
    assert switch(notification(alarm()), LambdaContext())["outcome"] == "safe"
    assert world.writes() == []


@pytest.mark.parametrize(
    ("event", "woken", "kind"),
    [
        (notification("Budget exceeded"), "message", None),
        (notification("[1]"), "message", None),
        (notification(alarm(name="evolution-unsafe-prod")), "foreign", "other_alarm"),
        (notification(alarm(account="999999999999")), "foreign", "other_account"),
        (notification(alarm(), topic=TOPIC.replace("-dev", "-prod")), "foreign", "other_topic"),
        (notification(alarm(), topic=TOPIC.replace(ACCOUNT, "999999999999")), "foreign", "other_topic"),
        ({"Records": [{"eventSource": "aws:s3"}]}, "unknown", "not_an_alarm"),
        ({"Records": [7]}, "unknown", "not_an_alarm"),
        ({}, "unknown", "not_an_alarm"),
        ("hello", "unknown", "not_an_alarm"),
        (None, "unknown", "not_an_alarm"),
    ],
)
@pytest.mark.parametrize("level", ["OK", "ALARM"])
def test_a_strange_or_forged_message_neither_halts_nor_keeps_from_halting(
    world: FakeAws, logged: Logged, event: object, woken: str, kind: str | None, level: str
) -> None:
    world.alarm = level
    answer = switch(event, LambdaContext())
    assert answer["woken_by"] == woken
    assert answer["outcome"] == ("halted" if level == "ALARM" else "safe")
    assert advice_of(logged()) == ([kind] if kind else [])


def test_while_there_is_no_engine_yet_the_mode_is_halted_and_nothing_is_an_error(world: FakeAws) -> None:
    world.alarm, world.target, world.desired = "ALARM", None, None
    answer = switch(SCHEDULE, LambdaContext())
    assert (world.mode, answer["bounds"], answer["desired"]) == ("halted", "absent", "absent")
    assert world.writes() == ["ssm:PutParameter"]


def test_a_cluster_that_is_gone_is_no_error_either(world: FakeAws) -> None:
    world.alarm = "ALARM"
    world.fail("ecs:DescribeServices", FakeApiError("ClusterNotFoundException"))
    assert switch(SCHEDULE, LambdaContext())["desired"] == "absent"


def test_a_missing_mode_parameter_counts_as_halted_and_is_not_made(world: FakeAws) -> None:
    world.alarm, world.mode = "ALARM", None
    assert switch(SCHEDULE, LambdaContext())["mode"] == "absent"
    assert "ssm:PutParameter" not in world.writes()
    assert (world.target, world.desired) == HALTED[1:]


SILENCE = ReadTimeoutError(endpoint_url="https://aws.example")


@pytest.mark.parametrize("fault", [FakeApiError("AccessDeniedException"), SILENCE, FakeApiError("InternalServerError", status=500)])
def test_what_cannot_be_read_is_written_all_the_same(world: FakeAws, fault: Exception) -> None:
    world.alarm = "ALARM"
    for operation in ("ssm:GetParameter", "application-autoscaling:DescribeScalableTargets", "ecs:DescribeServices"):
        world.fail(operation, fault)
    switch(SCHEDULE, LambdaContext())
    assert state(world) == HALTED


@pytest.mark.parametrize(
    ("operation", "step"),
    [("ssm:PutParameter", 0), ("application-autoscaling:RegisterScalableTarget", 1), ("ecs:UpdateService", 2)],
)
def test_every_step_is_tried_and_the_first_error_fails_the_invocation(world: FakeAws, logged: Logged, operation: str, step: int) -> None:
    world.alarm = "ALARM"
    world.fail(operation, FakeApiError("AccessDeniedException", "Not you."))
    with pytest.raises(FunctionError, match=f"{operation} failed: AccessDeniedException: Not you") as caught:
        switch(SCHEDULE, LambdaContext())
    assert caught.value.__suppress_context__, "no bare traceback"
    assert [now == halted for now, halted in zip(state(world), HALTED, strict=True)] == [index != step for index in range(3)]
    lines = logged()
    assert lines[-1]["level"] == "ERROR"
    assert lines[-1]["advice"]


def test_of_several_errors_the_first_is_raised(world: FakeAws) -> None:
    world.alarm = "ALARM"
    world.fail("ssm:PutParameter", FakeApiError("ThrottlingException"))
    world.fail("application-autoscaling:RegisterScalableTarget", FakeApiError("ConcurrentUpdateException"))
    world.fail("ecs:UpdateService", EndpointConnectionError(endpoint_url="https://aws.example"))
    with pytest.raises(FunctionError, match="ssm:PutParameter") as caught:
        switch(SCHEDULE, LambdaContext())
    assert caught.value.kind == "throttled"
    assert len(world.writes()) == 3


def test_a_service_that_goes_while_it_is_stopped_is_no_error(world: FakeAws) -> None:
    world.alarm = "ALARM"
    world.fail("ecs:UpdateService", FakeApiError("ServiceNotActiveException"))
    assert switch(SCHEDULE, LambdaContext())["desired"] == "absent"


def test_an_alarm_that_is_gone_fails_the_invocation_and_says_what_to_do(world: FakeAws, logged: Logged) -> None:
    world.alarm = None
    with pytest.raises(FunctionError, match=r"evolution-unsafe-dev isn't there.*pulumi up"):
        switch(SCHEDULE, LambdaContext())
    assert logged()[-1]["kind"] == "alarm_missing"
    assert world.writes() == []


@pytest.mark.usefixtures("world")
def test_a_missing_setting_fails_the_invocation_and_names_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("UNSAFE_ALARM_NAME")
    with pytest.raises(FunctionError, match=r"UNSAFE_ALARM_NAME is missing.*pulumi up"):
        switch(SCHEDULE, LambdaContext())


def test_a_fault_of_the_switch_itself_is_one_log_line_with_its_place(world: FakeAws, logged: Logged) -> None:
    world.fail("cloudwatch:DescribeAlarms", ZeroDivisionError("at test"))
    with pytest.raises(FunctionError, match="at fault: ZeroDivisionError") as caught:
        switch(SCHEDULE, LambdaContext())
    assert caught.value.__suppress_context__
    (line,) = [line for line in logged() if line["level"] == "ERROR"]
    assert line["kind"] == "fault"
    assert any("alarm.py" in frame for frame in line["where"])
    assert (line["environment"], line["request_id"]) == (STACK, LambdaContext().aws_request_id)
