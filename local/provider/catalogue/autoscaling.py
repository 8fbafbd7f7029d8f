"""Application Auto Scaling."""

from __future__ import annotations

from local.provider.table import Call, ResourceType

RESOURCES = (
    ResourceType(
        token="aws:appautoscaling/target:Target",
        calls=(Call("application-autoscaling:RegisterScalableTarget"),),
        id="{resourceId}",
        outputs={
            "arn": "arn:aws:application-autoscaling:{region}:{account}:scalable-target/{hex34}",
            "roleArn": (
                "arn:aws:iam::{account}:role/aws-service-role/ecs.application-autoscaling.amazonaws.com/"
                "AWSServiceRoleForApplicationAutoScaling_ECSService"
            ),
        },
        replaces=frozenset({"resourceId", "scalableDimension", "serviceNamespace"}),
        computed=frozenset({"roleArn", "suspendedState"}),
        tags=True,
    ),
    ResourceType(
        token="aws:appautoscaling/policy:Policy",
        calls=(Call("application-autoscaling:PutScalingPolicy", {"name": "PolicyName"}),),
        id="{name}",
        outputs={
            "arn": (
                "arn:aws:autoscaling:{region}:{account}:scalingPolicy:{uuid}:resource/{serviceNamespace}/{resourceId}:policyName/{name}"
            ),
        },
        replaces=frozenset({"name", "resourceId", "scalableDimension", "serviceNamespace"}),
        defaults={"policyType": "StepScaling", "targetTrackingScalingPolicyConfiguration.disableScaleIn": False},
        name="name",
    ),
    ResourceType(
        token="aws:appautoscaling/scheduledAction:ScheduledAction",
        calls=(Call("application-autoscaling:PutScheduledAction", {"name": "ScheduledActionName"}),),
        id="{name}-{serviceNamespace}-{resourceId}",
        outputs={
            "arn": (
                "arn:aws:autoscaling:{region}:{account}:scheduledAction:{uuid}:resource/{serviceNamespace}/{resourceId}"
                ":scheduledActionName/{name}"
            ),
            "timezone": "UTC",
        },
        replaces=frozenset({"name", "resourceId", "scalableDimension", "serviceNamespace"}),
        defaults={"timezone": "UTC"},
        name="name",
    ),
)
