"""What a halt changes, as it is now: the mode, the autoscaler's bounds, the engine's count, and the alarm that leads to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from components.naming import Names
from operations import OperationError
from operations.account import Account, AwsError

RUNNING, HALTED = "running", "halted"
ALARM, OK = "ALARM", "OK"

SUSPENDED = ("DynamicScalingInSuspended", "DynamicScalingOutSuspended", "ScheduledScalingSuspended")

MISSING = {
    "ParameterNotFound",
    "ClusterNotFoundException",
    "ResourceNotFound",
    "ResourceNotFoundException",
    "NotFound",
    "NotFoundException",
}
"""Error codes for what isn't there."""


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """The autoscaler's, and which of its activities are suspended."""

    minimum: int
    maximum: int
    suspended: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.minimum} to {self.maximum}" + (", suspended" if self.suspended else "")


@dataclass(frozen=True, kw_only=True)
class Halt:
    """The state of a stack.

    Attributes:
        mode: the parameter's value.
        desired, running: engines that should run, and that do.
    """

    mode: str
    bounds: Bounds
    desired: int
    running: int

    @property
    def whole(self) -> bool:
        """Whether nothing may start and nothing shall run."""
        return self.mode == HALTED and self.bounds.minimum == 0 and self.desired == 0

    def __str__(self) -> str:
        return f"mode {self.mode}, bounds {self.bounds}, {self.desired} engines asked for, {self.running} run"


def look(account: Account, names: Names) -> Halt:
    """The state now.

    Raises:
        OperationError: the stack isn't deployed here, or has no engine.
        AwsError: it can't be read.
    """
    try:
        mode = account.call("ssm:GetParameter", Name=names.mode_parameter)["Parameter"]["Value"]
        services = account.call("ecs:DescribeServices", cluster=names.cluster, services=[names.engine_service])["services"]
    except AwsError as error:
        if error.code in MISSING:
            raise OperationError(
                f"{names.stack} isn't deployed in account {names.account}, {names.region} ({error}): deploy it first, docs/deploying.md."
            ) from None
        raise
    service: Any = next((one for one in services if one["status"] == "ACTIVE"), None)
    targets = account.call(
        "application-autoscaling:DescribeScalableTargets",
        ServiceNamespace="ecs",
        ResourceIds=[f"service/{names.cluster}/{names.engine_service}"],
    )["ScalableTargets"]
    if service is None or not targets:
        raise OperationError(f"{names.stack} runs no engine yet, so there is nothing to halt: give it an image first, docs/deploying.md.")
    state = targets[0].get("SuspendedState", {})
    return Halt(
        mode=mode,
        bounds=Bounds(
            minimum=targets[0]["MinCapacity"],
            maximum=targets[0]["MaxCapacity"],
            suspended=tuple(one for one in SUSPENDED if state.get(one)),
        ),
        desired=service["desiredCount"],
        running=service["runningCount"],
    )


def alarm(account: Account, names: Names) -> dict[str, Any]:
    """The composite alarm "evolution unsafe".

    Raises:
        OperationError: it isn't there.
        AwsError: it can't be read.
    """
    answer = account.call("cloudwatch:DescribeAlarms", AlarmNames=[names.unsafe_alarm], AlarmTypes=["CompositeAlarm"])
    found: list[dict[str, Any]] = answer.get("CompositeAlarms", [])
    if not found:
        raise OperationError(
            f"{names.stack} isn't deployed in account {names.account}, {names.region}: there is no alarm {names.unsafe_alarm}. "
            "Deploy it first, docs/deploying.md."
        )
    return found[0]
