"""Application Auto Scaling."""

from local.provider.members import named
from local.provider.reading import AsSent, Field, as_properties, fields
from local.provider.resource_type import Call, Read, Request, ResourceType, tagging

_SERVICE = "application-autoscaling"
_TARGET = {"ServiceNamespace": "{serviceNamespace}", "ResourceId": "{resourceId}", "ScalableDimension": "{scalableDimension}"}
_REFERENCES = {"resourceId": "aws:ecs/service:Service"}

RESOURCES = (
    ResourceType(
        token="aws:appautoscaling/target:Target",
        create=Call(f"{_SERVICE}:RegisterScalableTarget"),
        id="{resourceId}",
        outputs={
            "arn": "arn:aws:application-autoscaling:{region}:{account}:scalable-target/{hex34}",
            "roleArn": (
                "arn:aws:iam::{account}:role/aws-service-role/ecs.application-autoscaling.amazonaws.com/"
                "AWSServiceRoleForApplicationAutoScaling_ECSService"
            ),
        },
        read=Read(
            Request(
                f"{_SERVICE}:DescribeScalableTargets",
                {"ServiceNamespace": "{serviceNamespace}", "ResourceIds": ["{resourceId}"], "ScalableDimension": "{scalableDimension}"},
            ),
            "ScalableTargets[0]",
            {**fields("MinCapacity", "MaxCapacity"), "suspendedState": Field("SuspendedState", as_properties, default={})},
            {"arn": "ScalableTargetARN", "roleArn": "RoleARN"},
        ),
        # The real provider sends both bounds if one has changed.
        update=Call(f"{_SERVICE}:RegisterScalableTarget", named("minCapacity", "maxCapacity", "suspendedState"), _TARGET),
        delete=Request(f"{_SERVICE}:DeregisterScalableTarget", _TARGET),
        references=_REFERENCES,
        tags=tagging(_SERVICE, "ResourceARN", read="ListTagsForResource"),
    ),
    ResourceType(
        token="aws:appautoscaling/policy:Policy",
        create=Call(f"{_SERVICE}:PutScalingPolicy", {"name": "PolicyName"}),
        outputs={
            "arn": (
                "arn:aws:autoscaling:{region}:{account}:scalingPolicy:{uuid}:resource/{serviceNamespace}/{resourceId}:policyName/{name}"
            ),
        },
        read=Read(
            Request(f"{_SERVICE}:DescribeScalingPolicies", {**_TARGET, "PolicyNames": ["{name}"]}),
            "ScalingPolicies[0]",
            {**fields("PolicyType"), "targetTrackingScalingPolicyConfiguration": AsSent("TargetTrackingScalingPolicyConfiguration")},
            {"arn": "PolicyARN"},
        ),
        delete=Request(f"{_SERVICE}:DeleteScalingPolicy", {**_TARGET, "PolicyName": "{name}"}),
        references=_REFERENCES,
    ),
    ResourceType(
        token="aws:appautoscaling/scheduledAction:ScheduledAction",
        create=Call(f"{_SERVICE}:PutScheduledAction", {"name": "ScheduledActionName"}),
        id="{name}-{serviceNamespace}-{resourceId}",
        outputs={
            "arn": (
                "arn:aws:autoscaling:{region}:{account}:scheduledAction:{uuid}:resource/{serviceNamespace}/{resourceId}"
                ":scheduledActionName/{name}"
            ),
            "timezone": "UTC",
        },
        read=Read(
            Request(f"{_SERVICE}:DescribeScheduledActions", {**_TARGET, "ScheduledActionNames": ["{name}"]}),
            "ScheduledActions[0]",
            {**fields("Schedule", "Timezone"), "scalableTargetAction": AsSent("ScalableTargetAction")},
            {"arn": "ScheduledActionARN"},
        ),
        delete=Request(f"{_SERVICE}:DeleteScheduledAction", {**_TARGET, "ScheduledActionName": "{name}"}),
        references=_REFERENCES,
    ),
)
