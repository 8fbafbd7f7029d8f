"""Topics, who may publish to them, and who is told."""

from local.provider import equivalence
from local.provider.members import FLAG, Local, Members, json_text, text_of, under
from local.provider.reading import fields
from local.provider.resource_type import Call, Read, Request, ResourceType, tagging
from local.provider.services.iam import PRINCIPALS
from local.provider.services.sqs import REDRIVE

_TOPIC = {"TopicArn": "{id}"}
_SUBSCRIPTION = {"SubscriptionArn": "{id}"}

_FEEDBACK: Members = {
    f"{protocol}{outcome}": f"Attributes.{'HTTP' if protocol == 'http' else protocol.capitalize()}{outcome}"
    for protocol in ("application", "firehose", "http", "lambda", "sqs")
    for outcome in ("FailureFeedbackRoleArn", "SuccessFeedbackRoleArn", "SuccessFeedbackSampleRate")
}


def _attribute(name: str, attribute: str) -> Call:
    return Call("sns:SetTopicAttributes", {name: "AttributeValue"}, {**_TOPIC, "AttributeName": attribute})


RESOURCES = (
    ResourceType(
        token="aws:sns/topic:Topic",
        create=Call(
            "sns:CreateTopic",
            {
                "archivePolicy": json_text("Attributes.ArchivePolicy"),
                "contentBasedDeduplication": text_of("Attributes.ContentBasedDeduplication"),
                "deliveryPolicy": json_text("Attributes.DeliveryPolicy"),
                "fifoTopic": text_of("Attributes.FifoTopic"),
                "policy": json_text("Attributes.Policy"),
                **under("Attributes", "displayName", "fifoThroughputScope", "kmsMasterKeyId", "maximumMessageSize"),
                **under("Attributes", "signatureVersion", "tracingConfig"),
                **_FEEDBACK,
            },
        ),
        id="{arn}",
        outputs={"arn": "arn:aws:sns:{region}:{account}:{name}", "owner": "{account}"},
        created={"id": "TopicArn"},
        read=Read(
            Request("sns:GetTopicAttributes", _TOPIC),
            "Attributes",
            fields("KmsMasterKeyId", "DisplayName"),
            {"arn": "TopicArn", "owner": "Owner"},
        ),
        update=(_attribute("kmsMasterKeyId", "KmsMasterKeyId"), _attribute("displayName", "DisplayName")),
        delete=Request("sns:DeleteTopic", _TOPIC),
        diff_suppress={"deliveryPolicy": equivalence.documents, "policy": equivalence.policies},
        referred_to_as=("arn:aws:sns:{region}:{account}:{name}",),
        tags=tagging("sns", "ResourceArn", whose="{id}", read="ListTagsForResource"),
    ),
    # The policy is deleted with its topic.
    ResourceType(
        token="aws:sns/topicPolicy:TopicPolicy",
        create=Call("sns:SetTopicAttributes", {"arn": "TopicArn", "policy": json_text("AttributeValue")}, {"AttributeName": "Policy"}),
        id="{arn}",
        outputs={"owner": "{account}"},
        read=Read(Request("sns:GetTopicAttributes", _TOPIC), "Attributes.Policy", {"policy": "it"}),
        diff_suppress={"policy": equivalence.policies},
        references={"arn": "aws:sns/topic:Topic", "policy": PRINCIPALS},
    ),
    ResourceType(
        token="aws:sns/topicSubscription:TopicSubscription",
        create=Call(
            "sns:Subscribe",
            {
                "topic": "TopicArn",
                "confirmationTimeoutInMinutes": Local(int),
                "endpointAutoConfirms": FLAG,
                "deliveryPolicy": json_text("Attributes.DeliveryPolicy"),
                "filterPolicy": json_text("Attributes.FilterPolicy"),
                "rawMessageDelivery": text_of("Attributes.RawMessageDelivery"),
                "redrivePolicy": json_text("Attributes.RedrivePolicy"),
                "replayPolicy": json_text("Attributes.ReplayPolicy"),
                **under("Attributes", "filterPolicyScope", "subscriptionRoleArn"),
            },
        ),
        id="{arn}",
        outputs={"arn": "{topic}:{uuid}", "confirmationWasAuthenticated": False, "ownerId": "{account}"},
        created={"id": "SubscriptionArn"},
        read=Read(
            Request("sns:GetSubscriptionAttributes", _SUBSCRIPTION),
            "Attributes",
            outputs={"arn": "SubscriptionArn", "ownerId": "Owner"},
        ),
        delete=Request("sns:Unsubscribe", _SUBSCRIPTION),
        diff_suppress=dict.fromkeys(("deliveryPolicy", "filterPolicy", "redrivePolicy", "replayPolicy"), equivalence.documents),
        references={
            "topic": "aws:sns/topic:Topic",
            "subscriptionRoleArn": "aws:iam/role:Role",
            "endpoint": ("aws:lambda/function:Function", "aws:sqs/queue:Queue"),
            "redrivePolicy": REDRIVE,
        },
    ),
)
