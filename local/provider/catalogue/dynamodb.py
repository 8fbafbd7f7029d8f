"""Tables."""

from __future__ import annotations

from local.provider import equivalence
from local.provider.table import Call, Convert, Given, Members, ResourceType

_KEYS: Members = {
    "hashKey": Convert("KeySchema", lambda name: [{"AttributeName": name, "KeyType": "HASH"}]),
    "rangeKey": Convert("KeySchema", lambda name: [{"AttributeName": name, "KeyType": "RANGE"}]),
}

_CAPACITY: Members = {
    "readCapacity": "ProvisionedThroughput.ReadCapacityUnits",
    "writeCapacity": "ProvisionedThroughput.WriteCapacityUnits",
}

_INDEX: Members = {
    **_KEYS,
    "name": "IndexName",
    "keySchemas": "KeySchema",
    "projectionType": "Projection.ProjectionType",
    "nonKeyAttributes": "Projection.NonKeyAttributes",
}

RESOURCES = (
    ResourceType(
        token="aws:dynamodb/table:Table",
        calls=(
            Call(
                "dynamodb:CreateTable",
                {
                    "name": "TableName",
                    "attributes": "AttributeDefinitions",
                    **_KEYS,
                    **_CAPACITY,
                    "streamEnabled": "StreamSpecification.StreamEnabled",
                    "streamViewType": "StreamSpecification.StreamViewType",
                    "serverSideEncryption": "SSESpecification",
                },
                structures={
                    "AttributeDefinition": {"name": "AttributeName", "type": "AttributeType"},
                    "GlobalSecondaryIndex": {**_INDEX, **_CAPACITY},
                    "LocalSecondaryIndex": _INDEX,
                    # Encryption that is switched on is KMS's; with no key it is the account's own for DynamoDB.
                    "SSESpecification": {
                        "enabled": Convert("", lambda on: {"Enabled": on, "SSEType": "KMS"} if on is True else {"Enabled": on}),
                        "kmsKeyArn": "KMSMasterKeyId",
                    },
                },
            ),
            Call("dynamodb:UpdateTimeToLive", {"name": "TableName", "ttl": "TimeToLiveSpecification"}),
            Call(
                "dynamodb:UpdateContinuousBackups",
                {"name": "TableName", "pointInTimeRecovery": "PointInTimeRecoverySpecification"},
                structures={"PointInTimeRecoverySpecification": {"enabled": "PointInTimeRecoveryEnabled"}},
            ),
        ),
        instead={
            **dict.fromkeys(
                ("importTable", "restoreBackupArn", "restoreDateTime", "restoreSourceName", "restoreSourceTableArn", "restoreToLatestTime"),
                "the program declares tables; data is imported and restored by an operator",
            ),
            **dict.fromkeys(("globalTableWitness", "replicas"), "the system runs in one region"),
        },
        id="{name}",
        outputs={
            "arn": "arn:aws:dynamodb:{region}:{account}:table/{name}",
            "streamLabel": Given("streamEnabled", "{now}.000"),
            "streamArn": Given("streamEnabled", "{arn}/stream/{streamLabel}"),
        },
        replaces=frozenset({"hashKey", "localSecondaryIndexes", "name", "rangeKey"}),
        defaults={"billingMode": "PROVISIONED", "tableClass": "STANDARD", "ttl.enabled": False},
        computed=frozenset(
            {
                "attributes",
                "globalSecondaryIndexes",
                "hashKey",
                "pointInTimeRecovery",
                "pointInTimeRecovery.recoveryPeriodInDays",
                "readCapacity",
                "serverSideEncryption",
                "serverSideEncryption.kmsKeyArn",
                "streamViewType",
                "ttl",
                "warmThroughput",
                "writeCapacity",
            }
        ),
        sets=frozenset({"attributes", "globalSecondaryIndexes", "localSecondaryIndexes"}),
        name="name",
        tags=True,
        # A change of the attributes alone is none. Source: terraform-provider-aws, internal/service/dynamodb, resourceTable, CustomizeDiff.
        equivalent={"attributes": equivalence.anything},
    ),
)
