"""How tables, buckets and topics go on."""

from __future__ import annotations

from collections.abc import Mapping

from local.provider.catalogue.dynamodb import RESOURCES as _TABLES
from local.provider.catalogue.messaging import budget
from local.provider.life import Ask, Life, kept_here, tagging
from local.provider.reading import Reading, Seen, plainly, tags
from local.provider.table import Call

_TABLE_TAGS, _TABLE_UNTAG = tagging("dynamodb:TagResource", "dynamodb:UntagResource", ("ResourceArn", "Tags", "TagKeys"))
_TOPIC_TAGS, _TOPIC_UNTAG = tagging("sns:TagResource", "sns:UntagResource", ("ResourceArn", "Tags", "TagKeys"))
_BUDGET_TAGS, _BUDGET_UNTAG = tagging("budgets:TagResource", "budgets:UntagResource", ("ResourceARN", "ResourceTags", "ResourceTagKeys"))

_BUCKET = {"Bucket": "{bucket}"}
_CREATE_TABLE = _TABLES[0].calls[0]
_UPDATED = ("name", "billingMode", "readCapacity", "writeCapacity", "streamEnabled", "streamViewType", "serverSideEncryption")


_DEFAULT = "ApplyServerSideEncryptionByDefault.{sseAlgorithm: SSEAlgorithm, kmsMasterKeyId: KMSMasterKeyID}"
_LIFECYCLE = (
    "id: ID, status: Status, filter: {prefix: Filter.Prefix}, expiration: {days: Expiration.Days}, "
    "noncurrentVersionExpiration: {noncurrentDays: NoncurrentVersionExpiration.NoncurrentDays}, "
    "abortIncompleteMultipartUpload: {daysAfterInitiation: AbortIncompleteMultipartUpload.DaysAfterInitiation}"
)
_RECOVERY = "backups.ContinuousBackupsDescription.PointInTimeRecoveryDescription.PointInTimeRecoveryStatus"


def _aspect(look: str, at: str, reads: Mapping[str, Reading], *remove: Ask) -> Life:
    """One aspect of a bucket: what is put replaces what was there."""
    return Life(look=Ask(f"s3:{look}", _BUCKET), at=at, reads=reads, puts=True, remove=remove)


def _topic_attribute(name: str, attribute: str) -> Call:
    return Call("sns:SetTopicAttributes", {name: "AttributeValue"}, {"TopicArn": "{id}", "AttributeName": attribute})


LIVES: dict[str, Life] = {
    "aws:dynamodb/table:Table": Life(
        look=Ask("dynamodb:DescribeTable", {"TableName": "{id}"}),
        at="Table",
        also={
            "backups": Ask("dynamodb:DescribeContinuousBackups", {"TableName": "{id}"}),
            "expiry": Ask("dynamodb:DescribeTimeToLive", {"TableName": "{id}"}),
            "tagged": Ask("dynamodb:ListTagsOfResource", {"ResourceArn": "{arn}"}),
        },
        reads={
            "billingMode": "BillingModeSummary.BillingMode",
            "deletionProtectionEnabled": Seen("DeletionProtectionEnabled", default=False),
            "streamEnabled": "StreamSpecification.StreamEnabled",
            "streamViewType": "StreamSpecification.StreamViewType",
            "serverSideEncryption": "{enabled: SSEDescription.Status=='ENABLED', kmsKeyArn: SSEDescription.KMSMasterKeyArn}",
            "pointInTimeRecovery": f"{{enabled: {_RECOVERY}=='ENABLED'}}",
            "ttl": "expiry.TimeToLiveDescription.{enabled: TimeToLiveStatus=='ENABLED', attributeName: AttributeName}",
            **tags("tagged.Tags"),
        },
        outputs={"arn": "TableArn", "streamArn": "LatestStreamArn", "streamLabel": "LatestStreamLabel"},
        changes=(
            Call(
                "dynamodb:UpdateTable",
                {
                    **{name: _CREATE_TABLE.members[name] for name in _UPDATED if name in _CREATE_TABLE.members},
                    "billingMode": "BillingMode",
                    "deletionProtectionEnabled": "DeletionProtectionEnabled",
                    "tableClass": "TableClass",
                },
                structures=_CREATE_TABLE.structures,
            ),
            _TABLE_TAGS,
        ),
        untag=_TABLE_UNTAG,
        remove=(Ask("dynamodb:DeleteTable", {"TableName": "{id}"}),),
    ),
    "aws:s3/bucket:Bucket": Life(
        look=Ask("s3:HeadBucket", _BUCKET),
        at="@",
        also={"tagged": Ask("s3:GetBucketTagging", _BUCKET)},
        reads=tags("tagged.TagSet"),
        changes=(Call("", kept_here("forceDestroy")),),
        remove=(
            Ask(
                "s3:DeleteObject",
                {**_BUCKET, "Key": "{each.Key}", "VersionId": "{each.VersionId}"},
                each=(Ask("s3:ListObjectVersions", _BUCKET), "[Versions, DeleteMarkers][][]"),
                only="forceDestroy",
            ),
            Ask("s3:DeleteBucket", _BUCKET),
        ),
    ),
    "aws:s3/bucketVersioning:BucketVersioning": _aspect(
        "GetBucketVersioning",
        "Status && @",
        {"versioningConfiguration": "{status: Status, mfaDelete: MFADelete}"},
        Ask("s3:PutBucketVersioning", {**_BUCKET, "VersioningConfiguration": {"Status": "Suspended"}}),
    ),
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": _aspect(
        "GetBucketEncryption",
        "ServerSideEncryptionConfiguration",
        {"rules": f"Rules[].{{applyServerSideEncryptionByDefault: {_DEFAULT}, bucketKeyEnabled: BucketKeyEnabled}}"},
        Ask("s3:DeleteBucketEncryption", _BUCKET),
    ),
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": _aspect(
        "GetPublicAccessBlock",
        "PublicAccessBlockConfiguration",
        plainly("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"),
        Ask("s3:DeletePublicAccessBlock", _BUCKET, unless="skipDestroy"),
    ),
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": _aspect(
        "GetBucketOwnershipControls",
        "OwnershipControls",
        {"rule": "Rules[0].{objectOwnership: ObjectOwnership}"},
        Ask("s3:DeleteBucketOwnershipControls", _BUCKET),
    ),
    "aws:s3/bucketPolicy:BucketPolicy": _aspect("GetBucketPolicy", "Policy", {"policy": "it"}, Ask("s3:DeleteBucketPolicy", _BUCKET)),
    "aws:s3/bucketLogging:BucketLogging": _aspect(
        "GetBucketLogging",
        "LoggingEnabled",
        plainly("TargetBucket", "TargetPrefix"),
        Ask("s3:PutBucketLogging", {**_BUCKET, "BucketLoggingStatus": {}}),
    ),
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": _aspect(
        "GetBucketLifecycleConfiguration", "Rules", {"rules": f"it[].{{{_LIFECYCLE}}}"}, Ask("s3:DeleteBucketLifecycle", _BUCKET)
    ),
    "aws:sns/topic:Topic": Life(
        look=Ask("sns:GetTopicAttributes", {"TopicArn": "{id}"}),
        at="Attributes",
        also={"tagged": Ask("sns:ListTagsForResource", {"ResourceArn": "{id}"})},
        reads=plainly("KmsMasterKeyId", "DisplayName") | tags("tagged.Tags"),
        answer={"id": "TopicArn"},
        outputs={"arn": "TopicArn", "owner": "Owner"},
        changes=(
            _topic_attribute("kmsMasterKeyId", "KmsMasterKeyId"),
            _topic_attribute("displayName", "DisplayName"),
            _TOPIC_TAGS,
        ),
        untag=_TOPIC_UNTAG,
        remove=(Ask("sns:DeleteTopic", {"TopicArn": "{id}"}),),
    ),
    # The policy goes with its topic.
    "aws:sns/topicPolicy:TopicPolicy": Life(
        look=Ask("sns:GetTopicAttributes", {"TopicArn": "{id}"}), at="Attributes.Policy", reads={"policy": "it"}, puts=True
    ),
    "aws:sns/topicSubscription:TopicSubscription": Life(
        look=Ask("sns:GetSubscriptionAttributes", {"SubscriptionArn": "{id}"}),
        at="Attributes",
        answer={"id": "SubscriptionArn"},
        outputs={"arn": "SubscriptionArn", "ownerId": "Owner"},
        remove=(Ask("sns:Unsubscribe", {"SubscriptionArn": "{id}"}),),
    ),
    "aws:budgets/budget:Budget": Life(
        look=Ask("budgets:DescribeBudget", {"AccountId": "{account}", "BudgetName": "{name}"}),
        at="Budget",
        reads={"limitAmount": "BudgetLimit.Amount", "limitUnit": "BudgetLimit.Unit", **plainly("TimeUnit", "BudgetType")},
        changes=(Call("budgets:UpdateBudget", budget("NewBudget"), {"AccountId": "{account}"}), _BUDGET_TAGS),
        untag=_BUDGET_UNTAG,
        remove=(Ask("budgets:DeleteBudget", {"AccountId": "{account}", "BudgetName": "{name}"}),),
    ),
}
"""By type."""
