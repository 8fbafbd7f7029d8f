"""Topics, and the budget that writes to one."""

from __future__ import annotations

from typing import Any, cast

from local.provider import equivalence
from local.provider.outputs import ACCOUNT
from local.provider.table import EXPLICIT, FLAG, Call, Convert, Local, Members, ResourceType, Wrap, json_text, objects, text_of

_FEEDBACK: Members = {
    f"{protocol}{outcome}": f"Attributes.{'HTTP' if protocol == 'http' else protocol.capitalize()}{outcome}"
    for protocol in ("application", "firehose", "http", "lambda", "sqs")
    for outcome in ("FailureFeedbackRoleArn", "SuccessFeedbackRoleArn", "SuccessFeedbackSampleRate")
}


def _subscribers(kind: str) -> Wrap:
    def make(value: Any) -> Any:
        addresses = cast(list[Any], value) if isinstance(value, list) else [value]
        return [{"SubscriptionType": kind, "Address": address} for address in addresses]

    return Wrap("Subscribers", make)


def _filters(value: Any) -> dict[str, Any]:
    """Filters come as a list of names and values, and go as a map."""
    return {str(one.get("name")): one.get("values") for one in objects(value)}


def budget(member: str) -> Members:
    """The properties that the structure `member` takes when a budget is made or changed."""
    return {
        "name": f"{member}.BudgetName",
        "autoAdjustData": f"{member}.AutoAdjustData",
        "billingViewArn": f"{member}.BillingViewArn",
        "budgetType": f"{member}.BudgetType",
        "costFilters": Convert(f"{member}.CostFilters", _filters),
        "costTypes": f"{member}.CostTypes",
        "filterExpression": f"{member}.FilterExpression",
        "limitAmount": f"{member}.BudgetLimit.Amount",
        "limitUnit": f"{member}.BudgetLimit.Unit",
        "metrics": Wrap(f"{member}.Metrics", lambda value: [value]),
        "timePeriodEnd": f"{member}.TimePeriod.End",
        "timePeriodStart": f"{member}.TimePeriod.Start",
        "timeUnit": f"{member}.TimeUnit",
    }


RESOURCES = (
    ResourceType(
        token="aws:sns/topic:Topic",
        calls=(
            Call(
                "sns:CreateTopic",
                {
                    "archivePolicy": json_text("Attributes.ArchivePolicy"),
                    "contentBasedDeduplication": text_of("Attributes.ContentBasedDeduplication"),
                    "deliveryPolicy": json_text("Attributes.DeliveryPolicy"),
                    "displayName": "Attributes.DisplayName",
                    "fifoThroughputScope": "Attributes.FifoThroughputScope",
                    "fifoTopic": text_of("Attributes.FifoTopic"),
                    "kmsMasterKeyId": "Attributes.KmsMasterKeyId",
                    "maximumMessageSize": "Attributes.MaximumMessageSize",
                    "policy": json_text("Attributes.Policy"),
                    "signatureVersion": "Attributes.SignatureVersion",
                    "tracingConfig": "Attributes.TracingConfig",
                    **_FEEDBACK,
                },
            ),
        ),
        instead=EXPLICIT,
        id="{arn}",
        outputs={"arn": "arn:aws:sns:{region}:{account}:{name}", "owner": "{account}"},
        replaces=frozenset({"fifoTopic", "name"}),
        defaults={"contentBasedDeduplication": False, "fifoTopic": False},
        computed=frozenset({"fifoThroughputScope", "name", "policy", "signatureVersion", "tracingConfig"}),
        name="name",
        tags=True,
        equivalent={"deliveryPolicy": equivalence.documents, "policy": equivalence.policies},
    ),
    ResourceType(
        token="aws:sns/topicPolicy:TopicPolicy",
        calls=(Call("sns:SetTopicAttributes", {"arn": "TopicArn", "policy": json_text("AttributeValue")}, {"AttributeName": "Policy"}),),
        id="{arn}",
        outputs={"owner": "{account}"},
        replaces=frozenset({"arn"}),
        equivalent={"policy": equivalence.policies},
    ),
    ResourceType(
        token="aws:sns/topicSubscription:TopicSubscription",
        calls=(
            Call(
                "sns:Subscribe",
                {
                    "topic": "TopicArn",
                    "confirmationTimeoutInMinutes": Local(int),
                    "endpointAutoConfirms": FLAG,
                    "deliveryPolicy": json_text("Attributes.DeliveryPolicy"),
                    "filterPolicy": json_text("Attributes.FilterPolicy"),
                    "filterPolicyScope": "Attributes.FilterPolicyScope",
                    "rawMessageDelivery": text_of("Attributes.RawMessageDelivery"),
                    "redrivePolicy": json_text("Attributes.RedrivePolicy"),
                    "replayPolicy": json_text("Attributes.ReplayPolicy"),
                    "subscriptionRoleArn": "Attributes.SubscriptionRoleArn",
                },
            ),
        ),
        id="{arn}",
        outputs={"arn": "{topic}:{uuid}", "confirmationWasAuthenticated": False, "ownerId": "{account}"},
        replaces=frozenset({"endpoint", "protocol", "topic"}),
        defaults={"confirmationTimeoutInMinutes": 1, "endpointAutoConfirms": False, "rawMessageDelivery": False},
        computed=frozenset({"filterPolicyScope"}),
        equivalent=dict.fromkeys(("deliveryPolicy", "filterPolicy", "redrivePolicy", "replayPolicy"), equivalence.documents),
    ),
    ResourceType(
        token="aws:budgets/budget:Budget",
        calls=(
            Call(
                "budgets:CreateBudget",
                {
                    **budget("Budget"),
                    "notifications": "NotificationsWithSubscribers",
                    "tags": "ResourceTags",
                },
                {"AccountId": ACCOUNT},
                {
                    "NotificationWithSubscribers": {
                        "comparisonOperator": "Notification.ComparisonOperator",
                        "notificationType": "Notification.NotificationType",
                        "threshold": "Notification.Threshold",
                        "thresholdType": "Notification.ThresholdType",
                        "subscriberEmailAddresses": _subscribers("EMAIL"),
                        "subscriberSnsTopicArns": _subscribers("SNS"),
                    }
                },
            ),
        ),
        instead={**EXPLICIT, "plannedLimits": "write limitAmount and limitUnit"},
        id="{account}:{name}",
        outputs={"accountId": "{account}", "arn": "arn:aws:budgets::{account}:budget/{name}"},
        replaces=frozenset({"accountId", "name"}),
        defaults={"timePeriodEnd": "2087-06-15_00:00"},
        computed=frozenset({"accountId", "costFilters", "costTypes", "limitAmount", "limitUnit", "name", "timePeriodStart"}),
        sets=frozenset({"costFilters", "notifications", "notifications.subscriberEmailAddresses", "notifications.subscriberSnsTopicArns"}),
        equivalent={"limitAmount": equivalence.numbers},
        name="name",
        tags=True,
        regional=False,
    ),
)
