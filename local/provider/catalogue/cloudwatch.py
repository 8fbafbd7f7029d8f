"""CloudWatch alarms, dashboards and logs."""

from __future__ import annotations

from typing import Any, cast

from local.provider import equivalence
from local.provider.table import EXPLICIT, FLAG, Call, ResourceType, Wrap, json_text


def _suppressor(value: Any) -> dict[str, Any]:
    names = {
        "alarm": "ActionsSuppressor",
        "waitPeriod": "ActionsSuppressorWaitPeriod",
        "extensionPeriod": "ActionsSuppressorExtensionPeriod",
    }
    if not isinstance(value, dict):
        return {"ActionsSuppressor": value}
    given = cast(dict[str, Any], value)
    return {names.get(key, key): item for key, item in given.items()}


RESOURCES = (
    ResourceType(
        token="aws:cloudwatch/metricAlarm:MetricAlarm",
        calls=(
            Call(
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
        ),
        id="{name}",
        outputs={"arn": "arn:aws:cloudwatch:{region}:{account}:alarm:{name}"},
        replaces=frozenset({"name"}),
        defaults={"actionsEnabled": True, "metricQueries.returnData": False, "treatMissingData": "missing"},
        computed=frozenset({"evaluateLowSampleCountPercentiles"}),
        sets=frozenset({"alarmActions", "insufficientDataActions", "metricQueries", "okActions"}),
        name="name",
        tags=True,
    ),
    ResourceType(
        token="aws:cloudwatch/compositeAlarm:CompositeAlarm",
        calls=(Call("cloudwatch:PutCompositeAlarm", {"actionsSuppressor": Wrap("", _suppressor)}),),
        id="{alarmName}",
        outputs={"arn": "arn:aws:cloudwatch:{region}:{account}:alarm:{alarmName}"},
        replaces=frozenset({"actionsEnabled", "alarmName"}),
        defaults={"actionsEnabled": True},
        sets=frozenset({"alarmActions", "insufficientDataActions", "okActions"}),
        tags=True,
    ),
    ResourceType(
        token="aws:cloudwatch/dashboard:Dashboard",
        calls=(Call("cloudwatch:PutDashboard", {"dashboardBody": json_text("DashboardBody")}),),
        id="{dashboardName}",
        outputs={"dashboardArn": "arn:aws:cloudwatch::{account}:dashboard/{dashboardName}"},
        replaces=frozenset({"dashboardName"}),
        equivalent={"dashboardBody": equivalence.documents},
    ),
    ResourceType(
        token="aws:cloudwatch/logGroup:LogGroup",
        calls=(
            Call("logs:CreateLogGroup", {"name": "logGroupName", "skipDestroy": FLAG}),
            Call("logs:PutRetentionPolicy", {"name": "logGroupName", "retentionInDays": "retentionInDays"}),
        ),
        instead=EXPLICIT,
        id="{name}",
        outputs={"arn": "arn:aws:logs:{region}:{account}:log-group:{name}", "logGroupClass": "STANDARD"},
        replaces=frozenset({"logGroupClass", "name"}),
        defaults={"retentionInDays": 0, "skipDestroy": False},
        computed=frozenset({"deletionProtectionEnabled", "logGroupClass", "name"}),
        name="name",
        tags=True,
    ),
    ResourceType(
        token="aws:cloudwatch/logResourcePolicy:LogResourcePolicy",
        calls=(Call("logs:PutResourcePolicy", {"policyDocument": json_text("policyDocument")}),),
        id="{policyName}",
        outputs={"policyScope": "ACCOUNT"},
        replaces=frozenset({"policyName", "resourceArn"}),
        equivalent={"policyDocument": equivalence.policies},
    ),
)
