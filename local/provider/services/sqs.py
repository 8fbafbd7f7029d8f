"""Queues, and who may send to them."""

import json
from typing import Final

from local.provider import equivalence
from local.provider.members import Members, json_text, text_of, under
from local.provider.resource_type import Call, InText, Read, Request, ResourceType, tagging
from local.provider.services.iam import PRINCIPALS

_QUEUE = {"QueueUrl": "{id}"}

_ATTRIBUTES: Members = {
    "contentBasedDeduplication": text_of("Attributes.ContentBasedDeduplication"),
    "delaySeconds": text_of("Attributes.DelaySeconds"),
    **under("Attributes", "deduplicationScope", "fifoThroughputLimit", "kmsMasterKeyId"),
    "kmsDataKeyReusePeriodSeconds": text_of("Attributes.KmsDataKeyReusePeriodSeconds"),
    "maxMessageSize": text_of("Attributes.MaximumMessageSize"),
    "messageRetentionSeconds": text_of("Attributes.MessageRetentionPeriod"),
    "policy": json_text("Attributes.Policy"),
    "receiveWaitTimeSeconds": text_of("Attributes.ReceiveMessageWaitTimeSeconds"),
    "redriveAllowPolicy": json_text("Attributes.RedriveAllowPolicy"),
    "redrivePolicy": json_text("Attributes.RedrivePolicy"),
    "sqsManagedSseEnabled": text_of("Attributes.SqsManagedSseEnabled"),
    "visibilityTimeoutSeconds": text_of("Attributes.VisibilityTimeout"),
}
"""SQS takes all attributes as text."""


REDRIVE: Final = InText(("aws:sqs/queue:Queue",), lambda policy: [json.loads(policy)["deadLetterTargetArn"]])
"""The queue that a redrive policy names."""

RESOURCES = (
    ResourceType(
        token="aws:sqs/queue:Queue",
        create=Call("sqs:CreateQueue", {"name": "QueueName", "fifoQueue": text_of("Attributes.FifoQueue"), **_ATTRIBUTES}),
        id="{url}",
        outputs={
            "arn": "arn:aws:sqs:{region}:{account}:{name}",
            "url": "https://sqs.{region}.amazonaws.com/{account}/{name}",
        },
        created={"id": "QueueUrl", "url": "QueueUrl"},
        read=Read(
            Request("sqs:GetQueueAttributes", {**_QUEUE, "AttributeNames": ["All"]}),
            "Attributes",
            outputs={"arn": "QueueArn"},
        ),
        update=Call("sqs:SetQueueAttributes", _ATTRIBUTES, _QUEUE),
        delete=Request("sqs:DeleteQueue", _QUEUE),
        diff_suppress={
            "policy": equivalence.policies,
            "redriveAllowPolicy": equivalence.documents,
            "redrivePolicy": equivalence.documents,
        },
        references={"redrivePolicy": REDRIVE},
        referred_to_as=("arn:aws:sqs:{region}:{account}:{name}",),
        lookup=Read(Request("sqs:GetQueueUrl", {"QueueName": "{name}"})),
        tags=tagging("sqs", "QueueUrl", whose="{id}", operations=("TagQueue", "UntagQueue")),
    ),
    ResourceType(
        token="aws:sqs/queuePolicy:QueuePolicy",
        create=Call("sqs:SetQueueAttributes", {"policy": json_text("Attributes.Policy")}),
        id="{queueUrl}",
        read=Read(Request("sqs:GetQueueAttributes", {"QueueUrl": "{queueUrl}", "AttributeNames": ["Policy"]}), "Attributes.Policy"),
        delete=Request("sqs:SetQueueAttributes", {"QueueUrl": "{queueUrl}", "Attributes": {"Policy": ""}}),
        diff_suppress={"policy": equivalence.policies},
        references={"policy": PRINCIPALS},
    ),
)
