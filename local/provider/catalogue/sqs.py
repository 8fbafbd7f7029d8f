"""Queues, and who may send to them."""

from __future__ import annotations

from local.provider import equivalence
from local.provider.table import EXPLICIT, Call, Members, ResourceType, json_text, text_of

ATTRIBUTES: Members = {
    "contentBasedDeduplication": text_of("Attributes.ContentBasedDeduplication"),
    "deduplicationScope": "Attributes.DeduplicationScope",
    "delaySeconds": text_of("Attributes.DelaySeconds"),
    "fifoThroughputLimit": "Attributes.FifoThroughputLimit",
    "kmsDataKeyReusePeriodSeconds": text_of("Attributes.KmsDataKeyReusePeriodSeconds"),
    "kmsMasterKeyId": "Attributes.KmsMasterKeyId",
    "maxMessageSize": text_of("Attributes.MaximumMessageSize"),
    "messageRetentionSeconds": text_of("Attributes.MessageRetentionPeriod"),
    "policy": json_text("Attributes.Policy"),
    "receiveWaitTimeSeconds": text_of("Attributes.ReceiveMessageWaitTimeSeconds"),
    "redriveAllowPolicy": json_text("Attributes.RedriveAllowPolicy"),
    "redrivePolicy": json_text("Attributes.RedrivePolicy"),
    "sqsManagedSseEnabled": text_of("Attributes.SqsManagedSseEnabled"),
    "visibilityTimeoutSeconds": text_of("Attributes.VisibilityTimeout"),
}
"""SQS takes every attribute as text."""

RESOURCES = (
    ResourceType(
        token="aws:sqs/queue:Queue",
        calls=(Call("sqs:CreateQueue", {"name": "QueueName", "fifoQueue": text_of("Attributes.FifoQueue"), **ATTRIBUTES}),),
        instead=EXPLICIT,
        id="{url}",
        outputs={
            "arn": "arn:aws:sqs:{region}:{account}:{name}",
            "url": "https://sqs.{region}.amazonaws.com/{account}/{name}",
        },
        replaces=frozenset({"fifoQueue", "name"}),
        defaults={
            "contentBasedDeduplication": False,
            "delaySeconds": 0,
            "fifoQueue": False,
            "maxMessageSize": 262144,
            "messageRetentionSeconds": 345600,
            "receiveWaitTimeSeconds": 0,
            "visibilityTimeoutSeconds": 30,
        },
        computed=frozenset(
            {
                "deduplicationScope",
                "fifoThroughputLimit",
                "kmsDataKeyReusePeriodSeconds",
                "name",
                "policy",
                "redriveAllowPolicy",
                "redrivePolicy",
                "sqsManagedSseEnabled",
            }
        ),
        name="name",
        tags=True,
        equivalent={
            "policy": equivalence.policies,
            "redriveAllowPolicy": equivalence.documents,
            "redrivePolicy": equivalence.documents,
        },
    ),
    ResourceType(
        token="aws:sqs/queuePolicy:QueuePolicy",
        calls=(Call("sqs:SetQueueAttributes", {"policy": json_text("Attributes.Policy")}),),
        id="{queueUrl}",
        replaces=frozenset({"queueUrl"}),
        equivalent={"policy": equivalence.policies},
    ),
)
