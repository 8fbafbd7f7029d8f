"""The chain from the alarm to the switch, link by link, and what woke the switch."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, cast

from components.naming import Names
from operations.account import Account, AwsError
from operations.halt import ALARM, MISSING, alarm

WAKINGS_SECONDS = 900
"""How far back the switch's log is read: longer than a drill, and as long as both clocks may differ."""


def broken(account: Account, names: Names) -> list[str]:
    """The links that can't hold, each a clause that names the cause; empty if each is as it must be.

    Raises:
        OperationError: the stack isn't deployed.
        AwsError: a link can't be read.
    """
    links = (_alarm, _topic, _subscription, _permission, _concurrency, _schedule)
    return [cause for link in links for cause in link(account, names)]


def _alarm(account: Account, names: Names) -> Iterator[str]:
    unsafe = alarm(account, names)
    if not unsafe.get("ActionsEnabled"):
        yield f"the actions of the alarm {names.unsafe_alarm} are disabled"
    if names.alert_topic_arn not in unsafe.get("AlarmActions", []):
        yield f"the alarm {names.unsafe_alarm} doesn't act on the topic {names.alert_topic}"


def _topic(account: Account, names: Names) -> Iterator[str]:
    policy = _read(lambda: account.call("sns:GetTopicAttributes", TopicArn=names.alert_topic_arn)["Attributes"]["Policy"])
    if policy is None:
        yield f"the topic {names.alert_topic} is gone"
    elif not _admits(policy, "cloudwatch.amazonaws.com", "sns:publish"):
        yield f"the permission of CloudWatch to publish to the topic {names.alert_topic} is gone"


def _subscription(account: Account, names: Names) -> Iterator[str]:
    listed: Any = _read(lambda: account.call("sns:ListSubscriptionsByTopic", TopicArn=names.alert_topic_arn)["Subscriptions"]) or []
    if names.function_arn(names.switch_function) not in [one["Endpoint"] for one in listed]:
        yield f"the subscription of {names.switch_function} to the topic {names.alert_topic} is gone"


def _permission(account: Account, names: Names) -> Iterator[str]:
    policy = _read(lambda: account.call("lambda:GetPolicy", FunctionName=names.switch_function)["Policy"])
    if policy is None or not _admits(policy, "sns.amazonaws.com", "lambda:invokefunction"):
        yield f"the topic's permission to invoke {names.switch_function} is gone"


def _concurrency(account: Account, names: Names) -> Iterator[str]:
    answer = _read(lambda: account.call("lambda:GetFunctionConcurrency", FunctionName=names.switch_function))
    if answer and answer.get("ReservedConcurrentExecutions") == 0:
        yield f"{names.switch_function} may not run at all: its reserved concurrency is 0"


def _schedule(account: Account, names: Names) -> Iterator[str]:
    schedule = _read(lambda: account.call("scheduler:GetSchedule", Name=names.switch_function, GroupName=names.schedule_group))
    if schedule is None:
        yield f"the schedule {names.switch_function} is gone"
    elif schedule["State"] != "ENABLED":
        yield f"the schedule {names.switch_function} is off"
    elif schedule["Target"]["Arn"] != names.function_arn(names.switch_function):
        yield f"the schedule {names.switch_function} invokes something else"


def _read(call: Callable[[], Any]) -> Any:
    """What a call returns; None if it isn't there."""
    try:
        return call()
    except AwsError as error:
        if error.code in MISSING:
            return None
        raise


def _admits(document: str, service: str, action: str) -> bool:
    """Whether a statement lets a service do this."""
    for one in _many(json.loads(document)["Statement"]):
        principals = _many(one["Principal"].get("Service", [])) if one.get("Principal", "*") != "*" else []
        actions = [str(name).lower() for name in _many(one.get("Action", []))]
        if one.get("Effect") == "Allow" and service in principals and action in actions:
            return True
    return False


def _many(value: Any) -> list[Any]:
    """IAM writes a list of one as the one."""
    return cast("list[Any]", value) if isinstance(value, list) else [value]


@dataclass(frozen=True, kw_only=True)
class Wakings:
    """What the switch has written since the start of a drill.

    Attributes:
        by: what woke it while the alarm fired: `alarm`, `schedule`, `message`, `foreign`, `unknown`.
        faults: what failed, in its own words.
    """

    by: frozenset[str]
    faults: tuple[str, ...]


class SwitchLog:
    """The switch's log group. What it holds already when this is made doesn't count."""

    def __init__(self, account: Account, names: Names, start: float) -> None:
        self._account, self._group = account, names.function_log_group(names.switch_function)
        self._start = int((start - WAKINGS_SECONDS) * 1000)
        self._before = set(map(_identity, self._events()))

    def read(self) -> Wakings:
        """What has been written since.

        Raises:
            AwsError: it can't be read.
        """
        texts = [one["message"].strip() for one in self._events() if _identity(one) not in self._before]
        lines = [_fields(text) for text in texts]
        woken = {str(one["woken_by"]) for one in lines if one.get("woken_by") and one.get("state") == ALARM}
        faults = [f"{one.get('message')} {one.get('advice', '')}".strip() for one in lines if one.get("level") == "ERROR"]
        # What Lambda itself says of a function that can't be loaded, or isn't done in time.
        faults += [text for text in texts if not text.startswith("{") and ("[ERROR]" in text or "Task timed out" in text)]
        return Wakings(by=frozenset(woken), faults=tuple(dict.fromkeys(faults)))

    def _events(self) -> list[dict[str, Any]]:
        pages = self._account.pages("logs:FilterLogEvents", logGroupName=self._group, startTime=self._start)
        return [one for page in pages for one in page["events"]]


def _identity(event: dict[str, Any]) -> tuple[object, ...]:
    """Not its eventId, which the emulator leaves out: each line names its request."""
    return event["logStreamName"], event["timestamp"], event["message"]


def _fields(line: str) -> dict[str, Any]:
    try:
        read: Any = json.loads(line)
    except ValueError:
        return {}
    return cast("dict[str, Any]", read) if isinstance(read, dict) else {}
