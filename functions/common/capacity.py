"""How many engines run: the ECS service's desired count, and its bounds in Application Auto Scaling."""

from __future__ import annotations

from dataclasses import dataclass

from common.aws import PROMPT, AwsError, call
from common.settings import setting
from common.shape import as_list, as_object, whole

ACTIVITIES = ("DynamicScalingInSuspended", "DynamicScalingOutSuspended", "ScheduledScalingSuspended")
"""All activities of the autoscaler."""


@dataclass(frozen=True, kw_only=True)
class ScalableTarget:
    """A scalable target's capacities and its suspended activities."""

    minimum: int | None
    maximum: int | None
    suspended: frozenset[str]

    @property
    def closed(self) -> bool:
        """Whether the autoscaler can't start anything."""
        return self.minimum == 0 and self.suspended == frozenset(ACTIVITIES)

    def are(self, minimum: int, maximum: int) -> bool:
        """Whether the bounds are these, and nothing is suspended."""
        return (self.minimum, self.maximum, self.suspended) == (minimum, maximum, frozenset())


@dataclass(frozen=True, kw_only=True)
class EngineService:
    """The engine's ECS service. Before there is an image it doesn't exist, which is no error."""

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
            retry=PROMPT,
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
        """Keep the autoscaler from starting anything. It moves the count into its bounds, so they are set before the desired count.

        Raises:
            AwsError: the bounds can't be set.
        """
        self._register(suspended=True, MinCapacity=0)

    def open(self, minimum: int, maximum: int) -> None:
        """Let the autoscaler work between these bounds. It starts `minimum` engines at once.

        Raises:
            AwsError: the bounds can't be set.
        """
        self._register(suspended=False, MinCapacity=minimum, MaxCapacity=maximum)

    def _register(self, *, suspended: bool, **capacities: int) -> None:
        call(
            "application-autoscaling:RegisterScalableTarget",
            {**self._target, **capacities, "SuspendedState": dict.fromkeys(ACTIVITIES, suspended)},
            retry=PROMPT,
        )

    def desired(self) -> int | None:
        """How many engines should run; None where there is no service.

        Raises:
            AwsError: it can't be read.
        """
        try:
            answer = call("ecs:DescribeServices", {"cluster": self.cluster, "services": [self.service]}, retry=PROMPT)
        except AwsError as failure:
            if failure.kind == "missing":
                return None
            raise
        for found in map(as_object, as_list(answer.get("services"))):
            if found.get("serviceName") == self.service and found.get("status") != "INACTIVE":
                return whole(found.get("desiredCount"))
        return None

    def stop(self) -> None:
        """Set the desired count to 0.

        Raises:
            AwsError: the desired count can't be set.
        """
        call("ecs:UpdateService", {"cluster": self.cluster, "service": self.service, "desiredCount": 0}, retry=PROMPT)
