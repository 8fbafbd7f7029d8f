"""How functions go on, with what invokes them: queues, schedules, and the parameter that says whether evolution runs."""

from __future__ import annotations

from local.provider.assets import zipped
from local.provider.catalogue.functions import NOTHING_RESERVED
from local.provider.catalogue.functions import RESOURCES as _FUNCTIONS
from local.provider.catalogue.sqs import ATTRIBUTES
from local.provider.life import Ask, Life, kept_here, tagging
from local.provider.table import Call, Convert, Local, Members

_TAGS, _UNTAG = tagging("lambda:TagResource", "lambda:UntagResource", ("Resource", "Tags", "TagKeys"))
_QUEUE_TAGS, _QUEUE_UNTAG = tagging("sqs:TagQueue", "sqs:UntagQueue", ("QueueUrl", "Tags", "TagKeys"), "{id}")
_GROUP_TAGS, _GROUP_UNTAG = tagging("scheduler:TagResource", "scheduler:UntagResource", ("ResourceArn", "Tags", "TagKeys"))

_CREATE_MAPPING = _FUNCTIONS[2].calls[0]
_FUNCTION = {"FunctionName": "{id}"}
_SCHEDULE = {"Name": "{name}", "GroupName": "{groupName}"}
_PARAMETER = {"ResourceType": "Parameter", "ResourceId": "{id}"}


def _same(*names: str) -> Members:
    """Properties that go to the members of the same name."""
    return {name: name[0].upper() + name[1:] for name in names}


LIVES: dict[str, Life] = {
    "aws:lambda/function:Function": Life(
        look=Ask("lambda:GetFunction", _FUNCTION),
        at="Configuration",
        outputs={"arn": "FunctionArn", "version": "Version"},
        changes=(
            Call(
                "lambda:UpdateFunctionCode",
                {
                    "code": Convert("ZipFile", zipped),
                    **_same("imageUri", "s3Bucket", "s3Key", "s3ObjectVersion", "architectures"),
                },
                _FUNCTION,
            ),
            Call(
                "lambda:UpdateFunctionConfiguration",
                {
                    **_same(
                        "deadLetterConfig",
                        "description",
                        "environment",
                        "ephemeralStorage",
                        "handler",
                        "layers",
                        "loggingConfig",
                        "memorySize",
                        "role",
                        "runtime",
                        "timeout",
                        "tracingConfig",
                        "vpcConfig",
                    ),
                    "kmsKeyArn": "KMSKeyArn",
                },
                _FUNCTION,
            ),
            Call(
                "lambda:DeleteFunctionConcurrency",
                {"reservedConcurrentExecutions": Local(int)},
                _FUNCTION,
                only=("reservedConcurrentExecutions", NOTHING_RESERVED),
            ),
            Call("", kept_here("skipDestroy", "sourceCodeHash")),
            _TAGS,
        ),
        untag=_UNTAG,
        remove=(Ask("lambda:DeleteFunction", _FUNCTION, unless="skipDestroy"),),
    ),
    "aws:lambda/permission:Permission": Life(
        look=Ask("lambda:GetPolicy", {"FunctionName": "{function}"}),
        at="contains(Policy, '{statementId}') && @",
        remove=(Ask("lambda:RemovePermission", {"FunctionName": "{function}", "StatementId": "{statementId}"}),),
    ),
    "aws:lambda/eventSourceMapping:EventSourceMapping": Life(
        look=Ask("lambda:GetEventSourceMapping", {"UUID": "{id}"}),
        at="[@] | [?State!='Deleting'] | [0]",
        answer={"id": "UUID"},
        changes=(
            Call(
                "lambda:UpdateEventSourceMapping",
                _same(
                    "batchSize",
                    "bisectBatchOnFunctionError",
                    "destinationConfig",
                    "enabled",
                    "filterCriteria",
                    "functionName",
                    "functionResponseTypes",
                    "maximumBatchingWindowInSeconds",
                    "maximumRecordAgeInSeconds",
                    "maximumRetryAttempts",
                    "parallelizationFactor",
                    "tumblingWindowInSeconds",
                ),
                {"UUID": "{id}"},
                _CREATE_MAPPING.structures,
            ),
            _TAGS,
        ),
        untag=_UNTAG,
        remove=(Ask("lambda:DeleteEventSourceMapping", {"UUID": "{id}"}),),
    ),
    "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig": Life(
        look=Ask("lambda:GetFunctionEventInvokeConfig", {"FunctionName": "{functionName}"}),
        at="@",
        puts=True,
        remove=(Ask("lambda:DeleteFunctionEventInvokeConfig", {"FunctionName": "{functionName}"}),),
    ),
    "aws:sqs/queue:Queue": Life(
        look=Ask("sqs:GetQueueAttributes", {"QueueUrl": "{id}", "AttributeNames": ["All"]}),
        at="Attributes",
        answer={"id": "QueueUrl", "url": "QueueUrl"},
        outputs={"arn": "QueueArn"},
        changes=(Call("sqs:SetQueueAttributes", ATTRIBUTES, {"QueueUrl": "{id}"}), _QUEUE_TAGS),
        untag=_QUEUE_UNTAG,
        remove=(Ask("sqs:DeleteQueue", {"QueueUrl": "{id}"}),),
    ),
    "aws:sqs/queuePolicy:QueuePolicy": Life(
        look=Ask("sqs:GetQueueAttributes", {"QueueUrl": "{queueUrl}", "AttributeNames": ["Policy"]}),
        at="Attributes.Policy",
        puts=True,
        remove=(Ask("sqs:SetQueueAttributes", {"QueueUrl": "{queueUrl}", "Attributes": {"Policy": ""}}),),
    ),
    # Whatever else changes, the value is sent along and replaces what AWS holds: as the real provider does.
    # Source: terraform-provider-aws, internal/service/ssm/parameter.go.
    "aws:ssm/parameter:Parameter": Life(
        look=Ask("ssm:GetParameter", {"Name": "{id}"}),
        at="Parameter",
        outputs={"arn": "ARN", "version": "Version"},
        changes=(
            Call(
                "ssm:PutParameter",
                {**_same("name", "allowedPattern", "description", "keyId", "tier", "type", "value"), "insecureValue": "Value"},
                {"Overwrite": True},
            ),
            Call("", kept_here("overwrite")),
            Call("ssm:AddTagsToResource", {"tags": "Tags"}, _PARAMETER),
        ),
        untag=Ask("ssm:RemoveTagsFromResource", {**_PARAMETER, "TagKeys": "{goneTags}"}),
        remove=(Ask("ssm:DeleteParameter", {"Name": "{id}"}),),
    ),
    "aws:scheduler/schedule:Schedule": Life(
        look=Ask("scheduler:GetSchedule", _SCHEDULE),
        at="@",
        outputs={"arn": "Arn"},
        changes=(
            Call(
                "scheduler:UpdateSchedule",
                _same(
                    "actionAfterCompletion",
                    "description",
                    "endDate",
                    "flexibleTimeWindow",
                    "groupName",
                    "kmsKeyArn",
                    "name",
                    "scheduleExpression",
                    "scheduleExpressionTimezone",
                    "startDate",
                    "state",
                    "target",
                ),
            ),
        ),
        remove=(Ask("scheduler:DeleteSchedule", _SCHEDULE),),
    ),
    "aws:scheduler/scheduleGroup:ScheduleGroup": Life(
        look=Ask("scheduler:GetScheduleGroup", {"Name": "{id}"}),
        at="[@] | [?State!='DELETING'] | [0]",
        outputs={"arn": "Arn"},
        changes=(_GROUP_TAGS,),
        untag=_GROUP_UNTAG,
        remove=(Ask("scheduler:DeleteScheduleGroup", {"Name": "{id}"}),),
    ),
}
"""By type."""
