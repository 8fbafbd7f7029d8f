"""Tables."""

from collections.abc import Mapping

from local.provider.members import Convert, Members, under
from local.provider.reading import Field
from local.provider.resource_type import Call, IfGiven, Read, Request, ResourceType, tagging

_TABLE = {"TableName": "{id}"}

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
    **under("Projection", "projectionType", "nonKeyAttributes"),
}

_CHANGING: Members = {
    "name": "TableName",
    **_CAPACITY,
    **under("StreamSpecification", "streamEnabled", "streamViewType"),
    "serverSideEncryption": "SSESpecification",
}
"""What an update takes as well as the creation."""

_ENCRYPTION: Mapping[str, Members] = {
    # Enabled encryption is KMS's; without a key, AWS uses the account's key for DynamoDB.
    "SSESpecification": {
        "enabled": Convert("", lambda on: {"Enabled": on, "SSEType": "KMS"} if on is True else {"Enabled": on}),
        "kmsKeyArn": "KMSMasterKeyId",
    },
}

_RECOVERY = "backups.ContinuousBackupsDescription.PointInTimeRecoveryDescription.PointInTimeRecoveryStatus"

RESOURCES = (
    ResourceType(
        token="aws:dynamodb/table:Table",
        create=(
            Call(
                "dynamodb:CreateTable",
                {"attributes": "AttributeDefinitions", **_KEYS, **_CHANGING},
                structures={
                    "AttributeDefinition": {"name": "AttributeName", "type": "AttributeType"},
                    "GlobalSecondaryIndex": {**_INDEX, **_CAPACITY},
                    "LocalSecondaryIndex": _INDEX,
                    **_ENCRYPTION,
                },
            ),
            Call("dynamodb:UpdateTimeToLive", {"name": "TableName", "ttl": "TimeToLiveSpecification"}),
            Call(
                "dynamodb:UpdateContinuousBackups",
                {"name": "TableName", "pointInTimeRecovery": "PointInTimeRecoverySpecification"},
                structures={"PointInTimeRecoverySpecification": {"enabled": "PointInTimeRecoveryEnabled"}},
            ),
        ),
        outputs={
            "arn": "arn:aws:dynamodb:{region}:{account}:table/{name}",
            "streamLabel": IfGiven("streamEnabled", "{now}.000"),
            "streamArn": IfGiven("streamEnabled", "{arn}/stream/{streamLabel}"),
        },
        read=Read(
            Request("dynamodb:DescribeTable", _TABLE),
            "Table",
            {
                "billingMode": "BillingModeSummary.BillingMode",
                "deletionProtectionEnabled": Field("DeletionProtectionEnabled", default=False),
                "streamEnabled": "StreamSpecification.StreamEnabled",
                "streamViewType": "StreamSpecification.StreamViewType",
                "serverSideEncryption": "{enabled: SSEDescription.Status=='ENABLED', kmsKeyArn: SSEDescription.KMSMasterKeyArn}",
                "pointInTimeRecovery": f"{{enabled: {_RECOVERY}=='ENABLED'}}",
                "ttl": "expiry.TimeToLiveDescription.{enabled: TimeToLiveStatus=='ENABLED', attributeName: AttributeName}",
            },
            {"arn": "TableArn", "streamArn": "LatestStreamArn", "streamLabel": "LatestStreamLabel"},
            {
                "backups": Request("dynamodb:DescribeContinuousBackups", _TABLE),
                "expiry": Request("dynamodb:DescribeTimeToLive", _TABLE),
            },
        ),
        update=Call("dynamodb:UpdateTable", _CHANGING, structures=_ENCRYPTION, rest=True),
        delete=Request("dynamodb:DeleteTable", _TABLE),
        # Attributes alone are no difference. Source: terraform-provider-aws, internal/service/dynamodb, resourceTable, CustomizeDiff.
        diff_suppress={"attributes": lambda _, __: True},
        unsupported={
            **dict.fromkeys(
                ("importTable", "restoreBackupArn", "restoreDateTime", "restoreSourceName", "restoreSourceTableArn", "restoreToLatestTime"),
                "the program declares tables; data is imported and restored by an operator",
            ),
            **dict.fromkeys(("globalTableWitness", "replicas"), "the system runs in one region"),
        },
        references={"serverSideEncryption.kmsKeyArn": "aws:kms/key:Key"},
        # References are to its stream.
        referred_to_as=("arn:aws:dynamodb:{region}:{account}:table/{id}/stream/{label}",),
        lookup=Read(Request("dynamodb:DescribeTable", _TABLE), "Table.LatestStreamArn"),
        tags=tagging("dynamodb", "ResourceArn", read="ListTagsOfResource"),
    ),
)
