"""A made-up AWS with a stack in it, whose time passes while somebody sleeps: alarm, switch, schedule, safety monitor."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError  # pyright: ignore[reportMissingTypeStubs] (it publishes no types)

from components.naming import Names
from operations.account import Account
from operations.drill import CALLS, Clock

NAMES = Names(stack="staging", region="us-east-1", account="123456789012")
ALL = ("DynamicScalingInSuspended", "DynamicScalingOutSuspended", "ScheduledScalingSuspended")

SERVICES = {operation.partition(":")[0] for operation in CALLS}


def refusal(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "made up"}}, "Operation")


@dataclass
class World:
    """One stack.

    Attributes:
        fires_after: seconds from a bad score to the alarm; OK is as long after the last one, if the monitor scores.
        delivers: whether the alarm's message reaches the switch.
        scheduled: whether the schedule wakes it.
        works: whether the switch does its work.
        scores: what was put, with the second.
    """

    fires_after: float = 110
    delivers: bool = True
    scheduled: bool = True
    works: bool = True
    monitored: bool = True
    refuses: bool = True
    resumes: bool = True
    starts: bool = True
    now: float = 0
    alarm: str = "OK"
    mode: str = "running"
    bounds: tuple[int, int, bool] = (2, 10, False)
    desired: int = 5
    engine: bool = True
    deployed: bool = True
    scores: list[tuple[float, float]] = field(default_factory=list[tuple[float, float]])
    invoked: list[str] = field(default_factory=list[str])
    log: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    interrupted_at: float | None = None

    @property
    def clock(self) -> Clock:
        return Clock(now=lambda: self.now, sleep=self.sleep)

    def account(self, *, emulated: bool = False) -> Account:
        return Account(
            number=NAMES.account,
            region=NAMES.region,
            calls=CALLS,
            session=None,
            endpoint="http://emulator" if emulated else None,
            clients=dict.fromkeys(SERVICES, self),
        )

    def sleep(self, seconds: float) -> None:
        before, self.now = self.now, self.now + seconds
        if self.interrupted_at is not None and self.now >= self.interrupted_at:
            raise KeyboardInterrupt
        bad = [at for at, score in self.scores if score < 0.8]
        good = [at for at, score in self.scores if score >= 0.8]
        scored = self.monitored or bool(good and good[-1] > bad[-1] + self.fires_after)
        if self.alarm == "OK" and bad and bad[0] + self.fires_after <= self.now < bad[-1] + self.fires_after:
            self.alarm = "ALARM"
            if self.delivers:
                self.wake("alarm")
        elif self.alarm == "ALARM" and self.now >= bad[-1] + self.fires_after and scored:
            self.alarm = "OK"
        if self.scheduled and before // 60 < self.now // 60:
            self.wake("schedule")

    def wake(self, by: str) -> None:
        if not self.works:
            self.write(level="ERROR", message="The alarm isn't there.", advice="Run `pulumi up`.")
        elif self.alarm == "ALARM":
            self.mode, self.bounds, self.desired = "halted", (0, self.bounds[1], True), 0
            self.write(level="INFO", state="ALARM", woken_by=by)

    def write(self, **line: Any) -> None:
        text = json.dumps({**line, "request_id": len(self.log)})
        self.log.append({"logStreamName": "one", "timestamp": int(self.now * 1000), "eventId": "1", "message": text + "\n"})

    def describe_alarms(self, **_: Any) -> dict[str, Any]:
        alarm = {"StateValue": self.alarm, "ActionsEnabled": True, "AlarmActions": [NAMES.alert_topic_arn]}
        return {"CompositeAlarms": [alarm] if self.deployed else []}

    def put_metric_data(self, **asked: Any) -> None:
        assert asked["Namespace"] == "EvolutionSystem"
        (datum,) = asked["MetricData"]
        assert (datum["MetricName"], datum["Dimensions"]) == ("SafetyScore", [{"Name": "Environment", "Value": "staging"}])
        self.scores.append((self.now, datum["Value"]))

    def get_parameter(self, **_: Any) -> dict[str, Any]:
        if not self.deployed:
            raise refusal("ParameterNotFound")
        return {"Parameter": {"Value": self.mode}}

    def describe_services(self, **_: Any) -> dict[str, Any]:
        running = self.desired if self.starts else 0
        return {"services": [{"status": "ACTIVE", "desiredCount": self.desired, "runningCount": running}] if self.engine else []}

    def describe_scalable_targets(self, **_: Any) -> dict[str, Any]:
        minimum, maximum, suspended = self.bounds
        return {"ScalableTargets": [{"MinCapacity": minimum, "MaxCapacity": maximum, "SuspendedState": dict.fromkeys(ALL, suspended)}]}

    def get_topic_attributes(self, **_: Any) -> dict[str, Any]:
        admitted = {"Effect": "Allow", "Principal": {"Service": "cloudwatch.amazonaws.com"}, "Action": "sns:Publish"}
        return {"Attributes": {"Policy": json.dumps({"Statement": [admitted]})}}

    def list_subscriptions_by_topic(self, **_: Any) -> dict[str, Any]:
        return {"Subscriptions": [{"Endpoint": NAMES.function_arn(NAMES.switch_function)}]}

    def get_policy(self, **_: Any) -> dict[str, Any]:
        admitted = {"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "lambda:InvokeFunction"}
        return {"Policy": json.dumps({"Statement": admitted})}

    def get_function_concurrency(self, **_: Any) -> dict[str, Any]:
        return {"ReservedConcurrentExecutions": 2}

    def get_schedule(self, **_: Any) -> dict[str, Any]:
        return {"State": "ENABLED", "Target": {"Arn": NAMES.function_arn(NAMES.switch_function)}}

    def filter_log_events(self, **asked: Any) -> dict[str, Any]:
        """A line a page, and one of Lambda's own."""
        at = int(asked.get("nextToken", 0))
        own = {"logStreamName": "one", "timestamp": 0, "message": "START RequestId: 1"}
        return {"events": self.log[at : at + 1] or [own], **({"nextToken": str(at + 1)} if at + 1 < len(self.log) else {})}

    def invoke(self, **asked: Any) -> dict[str, Any]:
        self.invoked.append(asked["FunctionName"])
        answer = self.trigger() if asked["FunctionName"] == NAMES.trigger_function else self.resume()
        return {"Payload": io.BytesIO(json.dumps(answer).encode())}

    def trigger(self) -> dict[str, Any]:
        return {"outcome": "refused", "kind": "halted"} if self.refuses else {"outcome": "started"}

    def resume(self) -> dict[str, Any]:
        if not self.resumes or self.alarm != "OK":
            return {"outcome": "refused", "kind": "unsafe"}
        self.mode, self.bounds, self.desired = "running", (2, self.bounds[1], False), 2
        return {"outcome": "resumed", "message": "Evolution runs again."}
