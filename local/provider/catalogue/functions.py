"""Lambda: functions, who may invoke them, what invokes them, and where what failed goes."""

from __future__ import annotations

from local.provider import equivalence
from local.provider.assets import zipped
from local.provider.table import FLAG, Call, Convert, Local, ResourceType

NOTHING_RESERVED = -1
"""How the provider spells a function without a reservation: with a request of its own. Source: terraform-provider-aws,
internal/service/lambda, resourceFunctionUpdate."""

_ON_FAILURE = {"OnFailure": {"destinationArn": "Destination"}}

RESOURCES = (
    ResourceType(
        token="aws:lambda/function:Function",
        calls=(
            Call(
                "lambda:CreateFunction",
                {
                    "name": "FunctionName",
                    "code": Convert("Code.ZipFile", zipped),
                    "imageUri": "Code.ImageUri",
                    "s3Bucket": "Code.S3Bucket",
                    "s3Key": "Code.S3Key",
                    "s3ObjectVersion": "Code.S3ObjectVersion",
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
                {"name": "FunctionName", "reservedConcurrentExecutions": "ReservedConcurrentExecutions"},
                unless=("reservedConcurrentExecutions", NOTHING_RESERVED),
            ),
        ),
        id="{name}",
        outputs={
            "arn": "arn:aws:lambda:{region}:{account}:function:{name}",
            "invokeArn": "arn:aws:apigateway:{region}:lambda:path/2015-03-31/functions/{arn}/invocations",
            "version": "$LATEST",
            "qualifiedArn": "{arn}:{version}",
        },
        replaces=frozenset({"name", "packageType", "tenancyConfig"}),
        defaults={
            "memorySize": 128,
            "packageType": "Zip",
            "publish": False,
            "reservedConcurrentExecutions": NOTHING_RESERVED,
            "skipDestroy": False,
            "timeout": 3,
        },
        computed=frozenset(
            {
                "architectures",
                "codeSha256",
                "ephemeralStorage",
                "loggingConfig",
                "loggingConfig.applicationLogLevel",
                "loggingConfig.logGroup",
                "loggingConfig.systemLogLevel",
                "sourceCodeHash",
                "tracingConfig",
            }
        ),
        sets=frozenset({"replacementSecurityGroupIds"}),
        name="name",
        tags=True,
    ),
    ResourceType(
        token="aws:lambda/permission:Permission",
        calls=(Call("lambda:AddPermission", {"function": "FunctionName"}),),
        instead={"statementIdPrefix": "write `statementId`: what the provider makes up isn't known at preview"},
        id="{statementId}",
        replaces=frozenset(
            {
                "action",
                "eventSourceToken",
                "function",
                "functionUrlAuthType",
                "invokedViaFunctionUrl",
                "principal",
                "principalOrgId",
                "qualifier",
                "sourceAccount",
                "sourceArn",
                "statementId",
            }
        ),
        computed=frozenset({"statementId"}),
        name="statementId",
    ),
    ResourceType(
        token="aws:lambda/eventSourceMapping:EventSourceMapping",
        calls=(Call("lambda:CreateEventSourceMapping", {"useResourceTimeoutForPropagation": FLAG}, structures=_ON_FAILURE),),
        id="{uuid}",
        outputs={"arn": "arn:aws:lambda:{region}:{account}:event-source-mapping:{id}"},
        replaces=frozenset(
            {
                "amazonManagedKafkaEventSourceConfig",
                "eventSourceArn",
                "queues",
                "selfManagedEventSource",
                "selfManagedKafkaEventSourceConfig",
                "startingPosition",
                "startingPositionTimestamp",
                "topics",
            }
        ),
        defaults={"enabled": True},
        computed=frozenset(
            {
                "amazonManagedKafkaEventSourceConfig",
                "destinationConfig",
                "maximumRecordAgeInSeconds",
                "maximumRetryAttempts",
                "parallelizationFactor",
                "selfManagedKafkaEventSourceConfig",
            }
        ),
        sets=frozenset({"functionResponseTypes", "sourceAccessConfigurations", "topics"}),
        tags=True,
        equivalent={"functionName": equivalence.arn_or_name},
    ),
    ResourceType(
        token="aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig",
        calls=(Call("lambda:PutFunctionEventInvokeConfig"),),
        id="{functionName}",
        replaces=frozenset({"functionName", "qualifier"}),
        defaults={"maximumRetryAttempts": 2},
    ),
)
