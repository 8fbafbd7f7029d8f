"""Budgets."""

from typing import Any, cast

from local.provider import equivalence
from local.provider.members import Convert, Members, Wrap, objects, under
from local.provider.outputs import ACCOUNT
from local.provider.reading import fields
from local.provider.resource_type import Call, Read, Request, ResourceType, tagging

_BUDGET = {"AccountId": "{account}", "BudgetName": "{name}"}


def _subscribers(kind: str) -> Wrap:
    def make(value: Any) -> Any:
        addresses = cast(list[Any], value) if isinstance(value, list) else [value]
        return [{"SubscriptionType": kind, "Address": address} for address in addresses]

    return Wrap("Subscribers", make)


def _filters(value: Any) -> dict[str, Any]:
    """A list of names and values as AWS's map."""
    return {str(one.get("name")): one.get("values") for one in objects(value)}


def _budget(member: str) -> Members:
    """The properties in the structure `member` of the requests that create and update a budget."""
    return {
        "name": f"{member}.BudgetName",
        **under(member, "autoAdjustData", "billingViewArn", "budgetType", "costTypes", "filterExpression", "timeUnit"),
        "costFilters": Convert(f"{member}.CostFilters", _filters),
        "limitAmount": f"{member}.BudgetLimit.Amount",
        "limitUnit": f"{member}.BudgetLimit.Unit",
        "metrics": Wrap(f"{member}.Metrics", lambda value: [value]),
        "timePeriodEnd": f"{member}.TimePeriod.End",
        "timePeriodStart": f"{member}.TimePeriod.Start",
    }


RESOURCES = (
    ResourceType(
        token="aws:budgets/budget:Budget",
        create=Call(
            "budgets:CreateBudget",
            {**_budget("Budget"), "notifications": "NotificationsWithSubscribers", "tags": "ResourceTags"},
            {"AccountId": ACCOUNT},
            {
                "NotificationWithSubscribers": {
                    **under("Notification", "comparisonOperator", "notificationType", "threshold", "thresholdType"),
                    "subscriberEmailAddresses": _subscribers("EMAIL"),
                    "subscriberSnsTopicArns": _subscribers("SNS"),
                }
            },
        ),
        id="{account}:{name}",
        outputs={"accountId": "{account}", "arn": "arn:aws:budgets::{account}:budget/{name}"},
        read=Read(
            Request("budgets:DescribeBudget", _BUDGET),
            "Budget",
            {"limitAmount": "BudgetLimit.Amount", "limitUnit": "BudgetLimit.Unit", **fields("TimeUnit", "BudgetType")},
        ),
        update=Call("budgets:UpdateBudget", _budget("NewBudget"), {"AccountId": "{account}"}),
        delete=Request("budgets:DeleteBudget", _BUDGET),
        diff_suppress={"limitAmount": equivalence.numbers},
        unsupported={"plannedLimits": "write limitAmount and limitUnit"},
        regional=False,
        tags=tagging("budgets", "ResourceARN", "ResourceTags", "ResourceTagKeys"),
    ),
)
