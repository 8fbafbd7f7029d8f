"""Topics, and the budget that writes to one."""

from __future__ import annotations

from typing import Any, cast

from local.provider.outputs import ACCOUNT
from local.provider.table import EXPLICIT, FLAG, Call, Convert, Local, Members, Resource, Wrap, json_text, objects, text_of

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


RESOURCES = (
    Resource(
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
        name="name",
        tags=True,
    ),
    Resource(
        token="aws:sns/topicPolicy:TopicPolicy",
        calls=(Call("sns:SetTopicAttributes", {"arn": "TopicArn", "policy": json_text("AttributeValue")}, {"AttributeName": "Policy"}),),
        id="{arn}",
        outputs={"owner": "{account}"},
        replaces=frozenset({"arn"}),
    ),
    Resource(
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
    ),
    Resource(
        token="aws:budgets/budget:Budget",
        calls=(
            Call(
                "budgets:CreateBudget",
                {
                    "name": "Budget.BudgetName",
                    "autoAdjustData": "Budget.AutoAdjustData",
                    "billingViewArn": "Budget.BillingViewArn",
                    "budgetType": "Budget.BudgetType",
                    "costFilters": Convert("Budget.CostFilters", _filters),
                    "costTypes": "Budget.CostTypes",
                    "filterExpression": "Budget.FilterExpression",
                    "limitAmount": "Budget.BudgetLimit.Amount",
                    "limitUnit": "Budget.BudgetLimit.Unit",
                    "metrics": Wrap("Budget.Metrics", lambda value: [value]),
                    "notifications": "NotificationsWithSubscribers",
                    "tags": "ResourceTags",
                    "timePeriodEnd": "Budget.TimePeriod.End",
                    "timePeriodStart": "Budget.TimePeriod.Start",
                    "timeUnit": "Budget.TimeUnit",
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
        name="name",
        tags=True,
        regional=False,
    ),
)
