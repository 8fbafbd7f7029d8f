"""Lambda: functions, who may invoke them, what invokes them, and where what failed goes."""

from local.provider import equivalence
from local.provider.assets import zipped
from local.provider.members import FLAG, Convert, Local, named, under
from local.provider.resource_type import Call, Read, Request, ResourceType, tagging

_NOTHING_RESERVED = ("reservedConcurrentExecutions", -1)
"""The provider's value for no reservation, which has a request of its own. Source: terraform-provider-aws, internal/service/lambda,
resourceFunctionUpdate."""

_FUNCTION = {"FunctionName": "{id}"}
_STATEMENT = {"FunctionName": "{function}", "StatementId": "{statementId}"}
_INVOKE_CONFIG = {"FunctionName": "{functionName}"}
_TAGS = tagging("lambda", "Resource")
_ON_FAILURE = {"OnFailure": {"destinationArn": "Destination"}}
_DESTINATIONS = {
    "destinationConfig.onFailure.[destination, destinationArn][]": (
        "aws:sqs/queue:Queue",
        "aws:sns/topic:Topic",
        "aws:lambda/function:Function",
        "aws:s3/bucket:Bucket",
    ),
    "destinationConfig.onSuccess.destination": ("aws:sqs/queue:Queue", "aws:sns/topic:Topic", "aws:lambda/function:Function"),
}

RESOURCES = (
    ResourceType(
        token="aws:lambda/function:Function",
        create=(
            Call(
                "lambda:CreateFunction",
                {
                    "name": "FunctionName",
                    "code": Convert("Code.ZipFile", zipped),
                    **under("Code", "imageUri", "s3Bucket", "s3Key", "s3ObjectVersion"),
                    "sourceKmsKeyArn": "Code.SourceKMSKeyArn",
                    "codeSha256": Local(str),
                    "sourceCodeHash": Local(str),
                    "replaceSecurityGroupsOnDestroy": FLAG,
                    "replacementSecurityGroupIds": Local(list),
                    "skipDestroy": FLAG,
                    "useResourceTimeoutForPropagation": FLAG,
                },
            ),
            Call(
                "lambda:PutFunctionConcurrency",
                {"name": "FunctionName", **named("reservedConcurrentExecutions")},
                unless=_NOTHING_RESERVED,
            ),
        ),
        outputs={
            "arn": "arn:aws:lambda:{region}:{account}:function:{name}",
            "invokeArn": "arn:aws:apigateway:{region}:lambda:path/2015-03-31/functions/{arn}/invocations",
            "version": "$LATEST",
            "qualifiedArn": "{arn}:{version}",
        },
        read=Read(
            Request("lambda:GetFunction", _FUNCTION),
            "Configuration",
            outputs={"arn": "FunctionArn", "version": "Version"},
        ),
        update=(
            Call("lambda:UpdateFunctionCode", {"code": Convert("ZipFile", zipped)}, _FUNCTION, rest=True),
            Call("lambda:UpdateFunctionConfiguration", {}, _FUNCTION, rest=True),
            Call("lambda:DeleteFunctionConcurrency", {"reservedConcurrentExecutions": Local(int)}, _FUNCTION, when=_NOTHING_RESERVED),
        ),
        delete=Request("lambda:DeleteFunction", _FUNCTION, unless=("skipDestroy", True)),
        references={
            "role": "aws:iam/role:Role",
            "kmsKeyArn": "aws:kms/key:Key",
            "loggingConfig.logGroup": "aws:cloudwatch/logGroup:LogGroup",
            "deadLetterConfig.targetArn": ("aws:sqs/queue:Queue", "aws:sns/topic:Topic"),
        },
        referred_to_as=("arn:aws:lambda:{region}:{account}:function:{id}", "{id}"),
        tags=_TAGS,
    ),
    ResourceType(
        token="aws:lambda/permission:Permission",
        create=Call("lambda:AddPermission", {"function": "FunctionName"}),
        id="{statementId}",
        read=Read(Request("lambda:GetPolicy", {"FunctionName": "{function}"}), "contains(Policy, '{statementId}') && @"),
        delete=Request("lambda:RemovePermission", _STATEMENT),
        references={"function": "aws:lambda/function:Function", "principal": "aws:iam/role:Role"},
    ),
    ResourceType(
        token="aws:lambda/eventSourceMapping:EventSourceMapping",
        create=Call("lambda:CreateEventSourceMapping", {"useResourceTimeoutForPropagation": FLAG}, structures=_ON_FAILURE),
        id="{uuid}",
        outputs={"arn": "arn:aws:lambda:{region}:{account}:event-source-mapping:{id}"},
        created={"id": "UUID"},
        read=Read(Request("lambda:GetEventSourceMapping", {"UUID": "{id}"}), "[@] | [?State!='Deleting'] | [0]"),
        update=Call("lambda:UpdateEventSourceMapping", {}, {"UUID": "{id}"}, _ON_FAILURE, rest=True),
        delete=Request("lambda:DeleteEventSourceMapping", {"UUID": "{id}"}),
        diff_suppress={"functionName": equivalence.arn_or_name},
        references={
            "functionName": "aws:lambda/function:Function",
            "eventSourceArn": ("aws:dynamodb/table:Table", "aws:sqs/queue:Queue"),
            **_DESTINATIONS,
        },
        tags=_TAGS,
    ),
    ResourceType(
        token="aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig",
        create=Call("lambda:PutFunctionEventInvokeConfig"),
        id="{functionName}",
        read=Read(Request("lambda:GetFunctionEventInvokeConfig", _INVOKE_CONFIG)),
        delete=Request("lambda:DeleteFunctionEventInvokeConfig", _INVOKE_CONFIG),
        references={"functionName": "aws:lambda/function:Function", **_DESTINATIONS},
    ),
)
