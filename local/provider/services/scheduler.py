"""EventBridge Scheduler: schedules and their groups."""

from local.provider.resource_type import Call, Read, Request, ResourceType, tagging

_ARN = "arn:aws:scheduler:{region}:{account}"
_SCHEDULE = {"Name": "{name}", "GroupName": "{groupName}"}

RESOURCES = (
    ResourceType(
        token="aws:scheduler/schedule:Schedule",
        create=Call("scheduler:CreateSchedule"),
        id="{groupName}/{name}",
        outputs={"arn": f"{_ARN}:schedule/{{groupName}}/{{name}}", "groupName": "default"},
        read=Read(Request("scheduler:GetSchedule", _SCHEDULE), outputs={"arn": "Arn"}),
        update=Call("scheduler:UpdateSchedule", rest=True),
        delete=Request("scheduler:DeleteSchedule", _SCHEDULE),
        references={
            "groupName": "aws:scheduler/scheduleGroup:ScheduleGroup",
            "target.roleArn": "aws:iam/role:Role",
            "target.deadLetterConfig.arn": "aws:sqs/queue:Queue",
            "target.arn": ("aws:lambda/function:Function", "aws:sqs/queue:Queue", "aws:sns/topic:Topic"),
        },
    ),
    ResourceType(
        token="aws:scheduler/scheduleGroup:ScheduleGroup",
        create=Call("scheduler:CreateScheduleGroup"),
        outputs={"arn": f"{_ARN}:schedule-group/{{name}}", "state": "ACTIVE"},
        read=Read(Request("scheduler:GetScheduleGroup", {"Name": "{id}"}), "[@] | [?State!='DELETING'] | [0]", outputs={"arn": "Arn"}),
        delete=Request("scheduler:DeleteScheduleGroup", {"Name": "{id}"}),
        referred_to_as=(f"{_ARN}:schedule-group/{{id}}", "{id}"),
        tags=tagging("scheduler", "ResourceArn"),
    ),
)
