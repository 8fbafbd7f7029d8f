"""Samples and refused edits for tables, buckets, topics and budgets: part of `samples.py`."""

from __future__ import annotations

from typing import Any

from tests.local.provider.common import GONE, KEY, POLICY, TAGS, TOPIC, Edit

VALID: dict[str, dict[str, Any]] = {
    "aws:dynamodb/table:Table": {
        "name": "evolution-state-dev",
        "billingMode": "PAY_PER_REQUEST",
        "hashKey": "evolution_id",
        "rangeKey": "generation",
        "attributes": [{"name": "evolution_id", "type": "S"}, {"name": "generation", "type": "N"}],
        "globalSecondaryIndexes": [
            {
                "name": "by-generation",
                "keySchemas": [{"attributeName": "generation", "keyType": "HASH"}],
                "projectionType": "INCLUDE",
                "nonKeyAttributes": ["score"],
            }
        ],
        "streamEnabled": True,
        "streamViewType": "NEW_AND_OLD_IMAGES",
        "serverSideEncryption": {"enabled": True, "kmsKeyArn": KEY},
        "pointInTimeRecovery": {"enabled": True, "recoveryPeriodInDays": 35},
        "ttl": {"enabled": True, "attributeName": "ttl"},
        "deletionProtectionEnabled": True,
        "tags": TAGS,
    },
    "aws:s3/bucket:Bucket": {"bucket": "evolution-artifacts-dev-000000000000-us-east-1", "forceDestroy": True, "tags": TAGS},
    "aws:s3/bucketVersioning:BucketVersioning": {
        "bucket": "evolution-artifacts-dev",
        "versioningConfiguration": {"status": "Enabled"},
    },
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": {
        "bucket": "evolution-artifacts-dev",
        "rules": [
            {
                "applyServerSideEncryptionByDefault": {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": KEY},
                "bucketKeyEnabled": True,
                "blockedEncryptionTypes": ["SSE-C"],
            }
        ],
    },
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": {
        "bucket": "evolution-artifacts-dev",
        "blockPublicAcls": True,
        "blockPublicPolicy": True,
        "ignorePublicAcls": True,
        "restrictPublicBuckets": True,
    },
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": {
        "bucket": "evolution-artifacts-dev",
        "rule": {"objectOwnership": "BucketOwnerEnforced"},
    },
    "aws:s3/bucketPolicy:BucketPolicy": {"bucket": "evolution-artifacts-dev", "policy": POLICY},
    "aws:s3/bucketLogging:BucketLogging": {
        "bucket": "evolution-artifacts-dev",
        "targetBucket": "evolution-access-logs-dev",
        "targetPrefix": "artifacts/",
        "targetObjectKeyFormat": {"partitionedPrefix": {"partitionDateSource": "EventTime"}},
    },
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": {
        "bucket": "evolution-artifacts-dev",
        "rules": [
            {
                "id": "expire",
                "status": "Enabled",
                "filter": {"and": {"prefix": "runs/", "objectSizeGreaterThan": 131072, "tags": {"kind": "run"}}},
                "transitions": [{"days": 30, "storageClass": "STANDARD_IA"}],
                "expiration": {"days": 90},
                "noncurrentVersionExpiration": {"noncurrentDays": 30},
                "abortIncompleteMultipartUpload": {"daysAfterInitiation": 7},
            }
        ],
    },
    "aws:sns/topic:Topic": {"name": "evolution-system-alerts-dev", "kmsMasterKeyId": KEY, "signatureVersion": 2, "tags": TAGS},
    "aws:sns/topicPolicy:TopicPolicy": {"arn": TOPIC, "policy": POLICY},
    "aws:sns/topicSubscription:TopicSubscription": {
        "topic": TOPIC,
        "protocol": "email",
        "endpoint": "oncall@example.com",
        "rawMessageDelivery": False,
    },
    "aws:budgets/budget:Budget": {
        "name": "evolution-system-dev-us-east-1",
        "budgetType": "COST",
        "timeUnit": "MONTHLY",
        "limitAmount": "500",
        "limitUnit": "USD",
        "costFilters": [{"name": "TagKeyValue", "values": ["user:Project$evolution-system"]}],
        "notifications": [
            {
                "comparisonOperator": "GREATER_THAN",
                "notificationType": "ACTUAL",
                "threshold": 80,
                "thresholdType": "PERCENTAGE",
                "subscriberSnsTopicArns": [TOPIC],
                "subscriberEmailAddresses": ["oncall@example.com"],
            }
        ],
        "tags": TAGS,
    },
}

REFUSED: list[Edit] = [
    ("aws:dynamodb/table:Table", "attributes[0].type", "String", "attributes[0].type", "one of S, N, B"),
    ("aws:dynamodb/table:Table", "streamViewType", "ALL", "streamViewType", "is one of"),
    ("aws:dynamodb/table:Table", "pointInTimeRecovery.recoveryPeriodInDays", 36, "pointInTimeRecovery.recoveryPeriodInDays", "at most 35"),
    ("aws:dynamodb/table:Table", "ttl.attributeName", GONE, "ttl.attributeName", "AttributeName is required"),
    ("aws:dynamodb/table:Table", "globalSecondaryIndexes[0].name", "x", "globalSecondaryIndexes[0].name", "at least 3 characters"),
    ("aws:dynamodb/table:Table", "replicas", [], "replicas", "one region"),
    ("aws:s3/bucket:Bucket", "bucket", GONE, "bucket", "Bucket is required"),
    ("aws:s3/bucket:Bucket", "versioning", {"enabled": True}, "versioning", "use aws.s3.BucketVersioning"),
    ("aws:s3/bucketVersioning:BucketVersioning", "versioningConfiguration.status", "On", "versioningConfiguration.status", "Suspended"),
    (
        "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
        "rules[0].applyServerSideEncryptionByDefault.sseAlgorithm",
        "kms",
        "rules[0].applyServerSideEncryptionByDefault.sseAlgorithm",
        "write aws:kms",
    ),
    ("aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock", "blockPublicAcls", "all", "blockPublicAcls", "true or false"),
    ("aws:s3/bucketOwnershipControls:BucketOwnershipControls", "rule.objectOwnership", "Owner", "rule.objectOwnership", "is one of"),
    ("aws:s3/bucketPolicy:BucketPolicy", "policy", "allow", "policy", "must be JSON"),
    ("aws:s3/bucketLogging:BucketLogging", "targetPrefix", GONE, "targetPrefix", "TargetPrefix is required"),
    (
        "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
        "rules[0].transitions[0].storageClass",
        "COLD",
        "rules[0].transitions[0].storageClass",
        "is one of GLACIER",
    ),
    (
        "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
        "rules[0].transitions[0].days",
        7,
        "rules[0].transitions[0].days",
        "after 30 days at the earliest",
    ),
    (
        "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
        "rules[0].expiration.days",
        30,
        "rules[0].expiration.days",
        "write 31 or more",
    ),
    ("aws:sns/topic:Topic", "name", GONE, "name", "Name is required"),
    ("aws:sns/topicPolicy:TopicPolicy", "policy", "{'a': 1}", "policy", "must be JSON"),
    ("aws:sns/topicSubscription:TopicSubscription", "protocol", GONE, "protocol", "Protocol is required"),
    ("aws:budgets/budget:Budget", "timeUnit", "WEEKLY", "timeUnit", "is one of DAILY, MONTHLY"),
    ("aws:budgets/budget:Budget", "limitAmount", "much", "limitAmount", "must match"),
    ("aws:budgets/budget:Budget", "notifications[0].threshold", -1, "notifications[0].threshold", "at least 0"),
]
