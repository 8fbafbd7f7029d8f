"""How many engines run: the ECS service's desired count, and the bounds between which Application Auto Scaling moves it."""

from __future__ import annotations

from dataclasses import dataclass

from common.aws import PROMPT, AwsError, call
from common.settings import setting
from common.shape import as_list, as_object, whole

ACTIVITIES = ("DynamicScalingInSuspended", "DynamicScalingOutSuspended", "ScheduledScalingSuspended")
"""Everything that the autoscaler does by itself."""


@dataclass(frozen=True, kw_only=True)
class ScalableTarget:
    """A scalable target's capacities, and the activities of it that are suspended."""

    minimum: int | None
    maximum: int | None
    suspended: frozenset[str]

    @property
    def closed(self) -> bool:
        """Whether the autoscaler can't start anything."""
        return self.minimum == 0 and self.suspended == frozenset(ACTIVITIES)

    def are(self, minimum: int, maximum: int) -> bool:
        """Whether the autoscaler works freely between these."""
        return (self.minimum, self.maximum, self.suspended) == (minimum, maximum, frozenset())


@dataclass(frozen=True, kw_only=True)
class EngineService:
    """The engine's service. While no image is configured, it isn't there, and that is no fault."""

    cluster: str
    service: str

    @classmethod
    def of_this_stack(cls) -> EngineService:
        return cls(cluster=setting("ENGINE_CLUSTER"), service=setting("ENGINE_SERVICE"))

    @property
    def _target(self) -> dict[str, object]:
        return {
            "ServiceNamespace": "ecs",
            "ResourceId": f"service/{self.cluster}/{self.service}",
            "ScalableDimension": "ecs:service:DesiredCount",
        }

    def bounds(self) -> ScalableTarget | None:
        """The autoscaler's bounds; None where there is no scalable target.

        Raises:
            AwsError: they can't be read.
        """
        target = self._target
        answer = call(
            "application-autoscaling:DescribeScalableTargets",
            {
                "ServiceNamespace": target["ServiceNamespace"],
                "ResourceIds": [target["ResourceId"]],
                "ScalableDimension": target["ScalableDimension"],
            },
            patience=PROMPT,
        )
        for found in map(as_object, as_list(answer.get("ScalableTargets"))):
            if found.get("ResourceId") == target["ResourceId"]:
                state = as_object(found.get("SuspendedState"))
                return ScalableTarget(
                    minimum=whole(found.get("MinCapacity")),
                    maximum=whole(found.get("MaxCapacity")),
                    suspended=frozenset(activity for activity in ACTIVITIES if state.get(activity) is True),
                )
        return None

    def close(self) -> None:
        """Let the autoscaler start nothing. It moves the service into its bounds, so they come before the desired count.

        Raises:
            AwsError: the bounds can't be set.
        """
        self._register(suspended=True, MinCapacity=0)

    def open(self, minimum: int, maximum: int) -> None:
        """Let the autoscaler work between these bounds; it starts `minimum` engines at once.

        Raises:
            AwsError: the bounds can't be set.
        """
        self._register(suspended=False, MinCapacity=minimum, MaxCapacity=maximum)

    def _register(self, *, suspended: bool, **capacities: int) -> None:
        call(
            "application-autoscaling:RegisterScalableTarget",
            {**self._target, **capacities, "SuspendedState": dict.fromkeys(ACTIVITIES, suspended)},
            patience=PROMPT,
        )

    def desired(self) -> int | None:
        """How many engines should run; None where there is no service.

        Raises:
            AwsError: it can't be read.
        """
        try:
            answer = call("ecs:DescribeServices", {"cluster": self.cluster, "services": [self.service]}, patience=PROMPT)
        except AwsError as failure:
            if failure.kind == "missing":
                return None
            raise
        for found in map(as_object, as_list(answer.get("services"))):
            if found.get("serviceName") == self.service and found.get("status") != "INACTIVE":
                return whole(found.get("desiredCount"))
        return None

    def stop(self) -> None:
        """Let no engine run.

        Raises:
            AwsError: the desired count can't be set.
        """
        call("ecs:UpdateService", {"cluster": self.cluster, "service": self.service, "desiredCount": 0}, patience=PROMPT)
