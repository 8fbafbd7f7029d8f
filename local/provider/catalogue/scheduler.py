"""EventBridge Scheduler: schedules and their groups."""

from __future__ import annotations

from local.provider.table import EXPLICIT, Call, ResourceType

RESOURCES = (
    ResourceType(
        token="aws:scheduler/schedule:Schedule",
        calls=(Call("scheduler:CreateSchedule"),),
        instead=EXPLICIT,
        id="{groupName}/{name}",
        outputs={
            "arn": "arn:aws:scheduler:{region}:{account}:schedule/{groupName}/{name}",
            "groupName": "default",
        },
        replaces=frozenset({"groupName", "name"}),
        defaults={
            "scheduleExpressionTimezone": "UTC",
            "state": "ENABLED",
            "target.retryPolicy.maximumEventAgeInSeconds": 86400,
            "target.retryPolicy.maximumRetryAttempts": 185,
        },
        computed=frozenset({"actionAfterCompletion", "groupName", "name", "target.retryPolicy"}),
        name="name",
    ),
    ResourceType(
        token="aws:scheduler/scheduleGroup:ScheduleGroup",
        calls=(Call("scheduler:CreateScheduleGroup"),),
        instead=EXPLICIT,
        id="{name}",
        outputs={"arn": "arn:aws:scheduler:{region}:{account}:schedule-group/{name}", "state": "ACTIVE"},
        replaces=frozenset({"name"}),
        computed=frozenset({"name"}),
        name="name",
        tags=True,
    ),
)
