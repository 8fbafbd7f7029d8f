"""CloudWatch alarms and dashboards."""

import re
from collections.abc import Mapping
from typing import Any, cast

from local.provider import equivalence
from local.provider.members import Wrap, json_text
from local.provider.reading import Field, Reading, fields, pairs
from local.provider.resource_type import Call, InText, Read, Request, ResourceType, tagging

_ARN = "arn:aws:cloudwatch:{region}:{account}:alarm:"
_TAGS = tagging("cloudwatch", "ResourceARN", read="ListTagsForResource")
_DELETE = (Request("cloudwatch:DeleteAlarms", {"AlarmNames": ["{id}"]}),)
_READ: Mapping[str, Reading] = {
    "actionsEnabled": Field("ActionsEnabled", default=True),
    "okActions": "OKActions",
    **fields("AlarmActions", "AlarmDescription", "InsufficientDataActions"),
}


def _described(kind: str) -> Request:
    return Request("cloudwatch:DescribeAlarms", {"AlarmNames": ["{id}"], "AlarmTypes": [kind]})


def _suppressor(value: Any) -> dict[str, Any]:
    given = cast(dict[str, Any], value) if isinstance(value, dict) else {"alarm": value}
    names = {"alarm": "", "waitPeriod": "WaitPeriod", "extensionPeriod": "ExtensionPeriod"}
    return {f"ActionsSuppressor{names[key]}" if key in names else key: item for key, item in given.items()}


def _alarms(rule: str) -> list[str]:
    return re.findall(r"""\b(?:ALARM|OK|INSUFFICIENT_DATA)\(\s*["']?([^"')]+)""", rule)


RESOURCES = (
    ResourceType(
        token="aws:cloudwatch/metricAlarm:MetricAlarm",
        create=Call(
            "cloudwatch:PutMetricAlarm",
            {
                "name": "AlarmName",
                "metricQueries": "Metrics",
                "evaluateLowSampleCountPercentiles": "EvaluateLowSampleCountPercentile",
            },
            structures={
                "MetricDataQuery": {"metric": "MetricStat"},
                "MetricStat": {"metricName": "Metric.MetricName", "namespace": "Metric.Namespace", "dimensions": "Metric.Dimensions"},
            },
        ),
        outputs={"arn": f"{_ARN}{{name}}"},
        read=Read(
            _described("MetricAlarm"),
            "MetricAlarms[0]",
            {
                **_READ,
                **fields("ComparisonOperator", "DatapointsToAlarm", "EvaluationPeriods", "ExtendedStatistic", "MetricName", "Namespace"),
                **fields("Period", "Statistic", "Threshold", "TreatMissingData", "Unit"),
                "dimensions": Field("Dimensions", pairs),
            },
            {"arn": "AlarmArn"},
        ),
        delete=_DELETE,
        referred_to_as=(f"{_ARN}{{id}}", "{id}"),
        tags=_TAGS,
    ),
    ResourceType(
        token="aws:cloudwatch/compositeAlarm:CompositeAlarm",
        create=Call("cloudwatch:PutCompositeAlarm", {"actionsSuppressor": Wrap("", _suppressor)}),
        id="{alarmName}",
        outputs={"arn": f"{_ARN}{{alarmName}}"},
        read=Read(_described("CompositeAlarm"), "CompositeAlarms[0]", {**_READ, **fields("AlarmRule")}, {"arn": "AlarmArn"}),
        delete=_DELETE,
        references={
            "alarmRule": InText(("aws:cloudwatch/metricAlarm:MetricAlarm", "aws:cloudwatch/compositeAlarm:CompositeAlarm"), _alarms)
        },
        referred_to_as=(f"{_ARN}{{id}}", "{id}"),
        tags=_TAGS,
    ),
    ResourceType(
        token="aws:cloudwatch/dashboard:Dashboard",
        create=Call("cloudwatch:PutDashboard", {"dashboardBody": json_text("DashboardBody")}),
        id="{dashboardName}",
        outputs={"dashboardArn": "arn:aws:cloudwatch::{account}:dashboard/{dashboardName}"},
        read=Read(
            Request("cloudwatch:GetDashboard", {"DashboardName": "{id}"}),
            properties=fields("DashboardBody"),
            outputs={"dashboardArn": "DashboardArn"},
        ),
        delete=Request("cloudwatch:DeleteDashboards", {"DashboardNames": ["{id}"]}),
        diff_suppress={"dashboardBody": equivalence.documents},
    ),
)
