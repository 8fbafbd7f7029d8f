"""Edits of what watches, each with the exact rules that must fire."""

from __future__ import annotations

from tests.policy.builders import TAGS, UNKNOWN, Node, document
from tests.policy.planned import DELETED, FOREIGN_KEY, GONE, Edit, on

SAFETY = 'ALARM("evolution-safety-score-prod") OR ALARM("evolution-safety-score-worst-prod")'
HALTING = f'{SAFETY} OR ALARM("evolution-agent-memory-prod")'
UNSAFE = "alarms/evolution-unsafe"
SHOWS, CONTAINED = "alarms/dashboard-shows", "containment/switch-and-resume"
FUNCTION, RESUME = (f"arn:aws:lambda:us-east-1:000000000000:function:evolution-{name}-prod" for name in ("trigger", "resume"))

ENGINE_MAY = "policy.Statement.5.Condition"
WRITERS = "alarms/score-writers"
PUBLISH = {"Effect": "Allow", "Action": "cloudwatch:PutMetricData", "Resource": "*"}

BOUNDS = "dashboardBody.widgets.0.properties.annotations.horizontal"
SCORE_ALONE = {"type": "metric", "properties": {"metrics": [["EvolutionSystem", "SafetyScore", "Environment", "prod"]]}}

LEADING_AWAY = (
    "[button:primary:Sign in to resume](https://signin-aws.example.org/resume)",
    "[Sign in](<https://signin-aws.example.org/>)",
    "[Sign in](//signin-aws.example.org)",
    "[Sign in](https://us-east-1.console.aws.amazon.com@example.org/)",
    "[Sign in](https://console.aws.amazon.com.example.org/)",
    "[Sign in](https://myconsole.aws.amazon.com/)",
    "[Sign in](http://console.aws.amazon.com/)",
    "[Sign in](javascript:alert(1))",
    "[Sign in][1]\n\n[1]: https://example.org",
    "![score](https://example.org/score.png)",
    "Sign in at https://example.org, please.",
    "Sign in at www.example.org, please.",
    "<mailto:aws@example.org>",
)
CONSOLE = "https://us-east-1.console.aws.amazon.com"
MAKES = f"[Resume]({CONSOLE}/cloudformation/home?region=us-east-1#/stacks/quickcreate?templateURL=https%3A%2F%2Fexample.org)"
LEADING_TO_CONSOLE = (
    "# Agents\n[Costs](#dashboards:name=Costs) [button:Logs](https://us-east-1.console.aws.amazon.com/cloudwatch/home?region=us-east-1#logsV2:)\n"
    "Halted (see the runbook)? Ask the team [on call], 24/7: resume only when score >= 0.8. https://console.aws.amazon.com."
)

SCORE, CONSTRAINTS, OF_AGENTS = "widgets.0.properties", "widgets.1.properties", "widgets.4.properties"
GRAPH_OF_SCORE = {
    "title": "Safety Score",
    "annotations": {"alarms": ["arn:aws:cloudwatch:us-east-1:000000000000:alarm:evolution-safety-score-prod"]},
}

MISLEADING = (
    ("start", "2026-01-01T00:00:00Z"),
    ("periodOverride", "auto"),
    ("variables", [{"type": "property", "property": "Environment", "inputType": "input", "id": "e", "defaultValue": "dev"}]),
    ("widgets.0.width", 1),
    ("widgets.0.height", 1),
    (f"{SCORE}.view", "singleValue"),
    (f"{SCORE}.view", "pie"),
    (f"{SCORE}.period", 3600),
    (f"{SCORE}.period", GONE),
    (f"{SCORE}.period", 0),
    (f"{SCORE}.stat", "Maximum"),
    (f"{SCORE}.stacked", True),
    (f"{SCORE}.setPeriodToTimeRange", True),
    (f"{SCORE}.liveData", False),
    (f"{SCORE}.start", "-PT720H"),
    (f"{SCORE}.metrics.0.4.stat", "Maximum"),
    (f"{SCORE}.metrics.0.4.stat", "p10"),
    (f"{SCORE}.metrics.0.4.period", 3600),
    (f"{SCORE}.metrics.0.4.label", "Agents"),
    (f"{SCORE}.metrics.0.4.color", "#ffffff"),
    (f"{SCORE}.metrics.0.4.visible", True),
    (f"{SCORE}.metrics.0.4.id", "m0"),
    (f"{SCORE}.metrics.+", [{"expression": "FILL(m0, 1)", "label": "SafetyScore", "id": "e0"}]),
    (f"{SCORE}.metrics.+", [{"expression": "SEARCH('{EvolutionSystem,Environment} SafetyScore', 'Maximum', 60)"}]),
    (f"{SCORE}.metrics.+", ["EvolutionSystem/Engine", "Fitness", "Environment", "prod", {"label": "SafetyScore"}]),
    (f"{SCORE}.metrics.+", ["EvolutionSystem", "SafetyScore", "Environment", "dev"]),
    (f"{SCORE}.metrics.+", [".", ".", ".", ".", {"stat": "Maximum"}]),
    (f"{SCORE}.metrics.1", GONE),
    (f"{SCORE}.yAxis.left.min", 0.75),
    (f"{SCORE}.yAxis.left.max", 0.7),
    (f"{CONSTRAINTS}.yAxis.left.max", 7),
    (f"{CONSTRAINTS}.yAxis.right.max", 1000),
    (f"{SCORE}.yAxis.left.scale", "log"),
    (f"{SCORE}.annotations.vertical", [{"label": "resumed", "value": "2026-01-01T00:00:00Z"}]),
    (f"{SCORE}.annotations.horizontal.0.label", "SafetyScore: at most 0.8"),
    (f"{SCORE}.annotations.horizontal.0.label", "target"),
    (f"{SCORE}.annotations.horizontal.0.fill", "above"),
    (f"{SCORE}.annotations.horizontal.0.color", "#ffffff"),
    (f"{OF_AGENTS}.yAxis", {"left": {"max": 1}}),
    (f"{OF_AGENTS}.view", "singleValue"),
    (f"{OF_AGENTS}.period", 86400),
    ("widgets.+", {"type": "metric", "properties": {"title": "Safety score", "metrics": [["AWS/Lambda", "Duration"]], "period": 60}}),
    ("widgets.+", {"type": "metric", "properties": {**GRAPH_OF_SCORE, "yAxis": {"left": {"min": 0.9}}}}),
)
"""What a graph of safety may not say, however little it seems."""

SHOWN_AS_WELL = (
    (f"{SCORE}.period", 10),
    (f"{SCORE}.title", "Score"),
    (f"{SCORE}.metrics.0.4.period", 60),
    (f"{SCORE}.metrics.0.4.region", "us-east-1"),
    (f"{SCORE}.yAxis.left.min", 0),
    (f"{SCORE}.yAxis.left.max", 1),
    (f"{SCORE}.yAxis.left.label", "Score"),
    ("widgets.0.width", 24),
    ("widgets.+", {"type": "metric", "properties": GRAPH_OF_SCORE}),
    (
        "widgets.+",
        {"type": "metric", "properties": {"title": "Cost", "metrics": [["AWS/Lambda", "Duration"]], "view": "pie", "period": 3600}},
    ),
)
"""What it may, and what another graph may."""

EDITS: tuple[Edit, ...] = (
    *on(
        "monitoring-alerts",
        ("kmsMasterKeyId", "alias/aws/sns", "encryption/topic-cmk"),
        ("kmsMasterKeyId", FOREIGN_KEY, "encryption/own-key"),
        ("name", "alerts", "alarms/alert-topic", "identity/tls-only"),
        ("", DELETED, "alarms/alert-topic"),
    ),
    *on(
        "monitoring-safety-score",
        ("threshold", 0.5, "alarms/safety-score-average"),
        ("comparisonOperator", "GreaterThanThreshold", "alarms/safety-score-average"),
        ("statistic", "Maximum", "alarms/safety-score-average"),
        ("namespace", "Custom", "alarms/safety-score-average"),
        ("namespace", "EvolutionSystem/Engine", "alarms/safety-score-average"),
        ("dimensions", {}, "alarms/safety-score-average"),
        ("dimensions", {"Environment": "dev"}, "alarms/safety-score-average"),
        ("metricName", "Safety", "alarms/safety-score-average"),
        ("period", 3600, "alarms/safety-score-average"),
        ("evaluationPeriods", 60, "alarms/safety-score-average"),
        ("datapointsToAlarm", 1, "alarms/safety-score-average"),
        ("treatMissingData", "notBreaching", "alarms/safety-score-average"),
        ("actionsEnabled", False, "alarms/actions"),
        ("alarmActions", [], "alarms/to-alert-topic"),
        ("alarmActions", ["arn:aws:sns:us-east-1:000000000000:other"], "alarms/to-alert-topic"),
        ("unit", "Percent", "alarms/safety-score-average"),
        ("warmUpConfiguration.warmUpPeriodDurationInMinutes", 2880, "alarms/safety-score-average"),
        ("warmUpConfiguration.onlyStartEvaluatingAfterWarmUpPeriodEnds", True, "alarms/safety-score-average"),
        ("extendedStatistic", "p99", "alarms/safety-score-average"),
        ("thresholdMetricId", "t1", "alarms/safety-score-average"),
        ("metricQueries", [{"id": "a"}], "alarms/safety-score-average"),
        ("evaluationCriteria", {"promqlCriteria": {"query": "x"}}, "alarms/safety-score-average"),
        ("name", "evolution-agent-memory-prod", "alarms/unique-name"),
        ("", DELETED, "alarms/safety-score-average"),
    ),
    *on(
        "monitoring-agent-memory",
        ("threshold", 64.0, "alarms/agent-memory"),
        ("treatMissingData", "ignore", "alarms/agent-memory"),
        ("namespace", "EvolutionSystem", "alarms/agent-memory"),
        (
            "warmUpConfiguration",
            {"warmUpPeriodDurationInMinutes": 30, "onlyStartEvaluatingAfterWarmUpPeriodEnds": True},
            "alarms/agent-memory",
        ),
        ("warmUpConfiguration", {"warmUpPeriodDurationInMinutes": 45}, "alarms/agent-memory"),
    ),
    *on(
        "monitoring-instantiation-speed",
        ("threshold", 30, "alarms/instantiation-speed"),
        ("", DELETED, "alarms/instantiation-speed"),
    ),
    *on(
        "monitoring-autonomy",
        ("threshold", 10, "alarms/autonomy"),
        ("namespace", "EvolutionSystem", "alarms/autonomy"),
        ("warmUpConfiguration.warmUpPeriodDurationInMinutes", 2880, "alarms/autonomy"),
        ("", DELETED, "alarms/autonomy"),
    ),
    *on(
        "monitoring-engine-tasks",
        ("threshold", 0, "alarms/running-tasks"),
        ("treatMissingData", "missing", "alarms/running-tasks"),
        ("dimensions.ServiceName", "other", "alarms/running-tasks"),
        ("dimensions.ClusterName", GONE, "alarms/running-tasks"),
        ("metricName", "CPUUtilization", "alarms/running-tasks"),
        ("statistic", "Maximum", "alarms/running-tasks"),
        ("period", 86400, "alarms/running-tasks"),
        ("evaluationPeriods", 60, "alarms/running-tasks"),
        ("warmUpConfiguration.warmUpPeriodDurationInMinutes", 2880, "alarms/running-tasks"),
        ("", DELETED, "alarms/running-tasks"),
    ),
    *on(
        "monitoring-evolution-state-throttles",
        ("threshold", 100000, "alarms/throttles"),
        ("metricQueries.0.expression", "reads * 0", "alarms/throttles"),
        ("metricQueries.0.expression", "reads + writes + minute (reads)", "alarms/throttles", "alarms/by-the-clock"),
        ("metricQueries.0.expression", "reads + writes + TIME_SERIES(1)", "alarms/throttles", "alarms/by-the-clock"),
        ("metricQueries.0.expression", "reads + update(writes)", "alarms/throttles"),
        *(("alarmDescription", f"A known false alarm. {text}", "alarms/description") for text in (*LEADING_AWAY[:2], MAKES)),
        ("alarmDescription", f"See the runbook, 3.2; {LEADING_TO_CONSOLE}"),
        ("alarmDescription", UNKNOWN, "alarms/description"),
        ("metricQueries.0.expression", "reads + writes", "alarms/throttles"),
        ("metricQueries.0.expression", "FILL(reads, 0) + writes", "alarms/throttles"),
        ("metricQueries.0.expression", "FILL(reads, REPEAT) + FILL(writes, REPEAT)", "alarms/throttles"),
        ("datapointsToAlarm", 10, "alarms/throttles"),
        ("datapointsToAlarm", 9, "alarms/throttles"),
        ("datapointsToAlarm", UNKNOWN, "alarms/throttles"),
        ("evaluationPeriods", 5, "alarms/throttles"),
        ("metricQueries.1.accountId", "999999999999", "alarms/throttles"),
        ("datapointsToAlarm", GONE, "alarms/throttles"),
        ("metricQueries.0.returnData", False, "alarms/throttles"),
        ("metricQueries.1.metric.dimensions.TableName", "other", "alarms/throttles"),
        ("metricQueries.1.metric.stat", "Minimum", "alarms/throttles"),
        ("comparisonOperator", "LessThanThreshold", "alarms/throttles"),
        ("evaluationPeriods", 100, "alarms/throttles"),
        ("", DELETED, "alarms/throttles"),
    ),
    *on(
        "monitoring-unsafe",
        ("alarmRule", 'ALARM("evolution-safety-score-prod")', UNSAFE),
        ("alarmRule", SAFETY, UNSAFE),
        ("alarmRule", HALTING.replace("OR", "AND"), UNSAFE),
        ("alarmRule", f"NOT ({HALTING})", UNSAFE),
        ("alarmRule", f'{HALTING} OR ALARM("evolution-autonomy-prod")', UNSAFE),
        ("alarmRule", f'{HALTING} OR ALARM("evolution-instantiation-speed-prod")', UNSAFE),
        ("alarmRule", f'{HALTING} OR ALARM("evolution-engine-tasks-prod")', UNSAFE),
        ("alarmRule", f'{HALTING} OR ALARM("evolution-state-throttles-prod")', UNSAFE),
        ("alarmRule", "FALSE", UNSAFE),
        ("actionsSuppressor", {"alarm": "maintenance", "extensionPeriod": 60, "waitPeriod": 60}, UNSAFE),
        ("alarmName", "unsafe", UNSAFE),
        ("alarmActions", [], "alarms/actions"),
        ("actionsEnabled", False, "alarms/actions"),
        ("", DELETED, UNSAFE),
    ),
    *on("monitoring-dead-letters-depth", ("threshold", 1, "alarms/dead-letters")),
    *on("monitoring-safety-switch-errors", ("threshold", 1, "alarms/function-errors")),
    *on(
        "monitoring-dashboard",
        ("dashboardBody", '{"widgets":[]}', "alarms/dashboard"),
        ("dashboardBody.widgets.2.properties.metrics.0.0", "EvolutionSystem", "alarms/dashboard"),
        ("dashboardBody.widgets.2.properties.metrics.0.4.visible", False, "alarms/dashboard"),
        ("dashboardBody.widgets.2.properties.metrics.0.4.region", "eu-west-1", "alarms/dashboard"),
        ("dashboardBody.widgets.2.properties.region", "eu-west-1", "alarms/dashboard", SHOWS),
        ("dashboardBody.widgets.2.properties.accountId", "999999999999", SHOWS),
        ("dashboardBody.widgets.+", {"type": "custom", "properties": {"endpoint": FUNCTION}}, SHOWS, "alarms/dashboard-calls"),
        ("dashboardBody.widgets.+", {"type": "custom", "properties": {"endpoint": RESUME}}, SHOWS, "alarms/dashboard-calls", CONTAINED),
        ("dashboardBody.widgets.+", {"type": "log", "properties": {"endpoint": FUNCTION}}, SHOWS),
        ("dashboardBody.widgets.+", {"type": "text", "properties": {"markdown": f"[button:Go]({RESUME})"}}, CONTAINED, SHOWS),
        ("dashboardBody.widgets.+", SCORE_ALONE, "alarms/dashboard"),
        ("dashboardBody.widgets.+", {**SCORE_ALONE, "type": "explorer"}),
        (f"{BOUNDS}.0.yAxis", "right", "alarms/dashboard"),
        (f"{BOUNDS}.0.visible", False, "alarms/dashboard"),
        (f"{BOUNDS}.+", {"label": "SafetyScore: at least 0.1", "value": 0.1}, "alarms/dashboard"),
        (f"{BOUNDS}.+", {"label": "Ask the team", "value": 0.9}, "alarms/dashboard"),
        *((f"dashboardBody.{path}", value, "alarms/dashboard") for path, value in MISLEADING),
        *((f"dashboardBody.{path}", value) for path, value in SHOWN_AS_WELL),
        *(("dashboardBody.widgets.+", {"type": "text", "properties": {"markdown": text}}, SHOWS) for text in (*LEADING_AWAY, MAKES)),
        ("dashboardBody.widgets.+", {"type": "text", "properties": {"markdown": LEADING_TO_CONSOLE}}),
        ("dashboardBody.widgets.+", {"type": "log", "properties": {"query": "SOURCE 'a' | fields Unmask (@message)"}}, SHOWS),
        ("dashboardBody.widgets.+", {"type": "log", "properties": {"query": "SOURCE 'a' | fields unmasked, mask(@message)"}}),
        ("", DELETED, "alarms/dashboard"),
    ),
    *on(
        "monitoring-budget",
        ("limitAmount", "1000000", "governance/budget"),
        ("limitUnit", "GB", "governance/budget"),
        ("timeUnit", "ANNUALLY", "governance/budget"),
        ("budgetType", "USAGE", "governance/budget"),
        ("notifications", [], "governance/budget"),
        ("notifications.1.threshold", 1000, "governance/budget"),
        ("notifications.1.comparisonOperator", "LESS_THAN", "governance/budget"),
        ("notifications.1.subscriberSnsTopicArns", [], "governance/budget"),
        ("costFilters", [{"name": "Service", "values": ["AWS Lambda"]}], "governance/budget"),
        ("", DELETED, "governance/budget"),
    ),
    *on(
        "compute-engine-role-grants",
        (f"{ENGINE_MAY}.StringEquals.cloudwatch:namespace", "EvolutionSystem", WRITERS),
        (f"{ENGINE_MAY}.StringEquals.cloudwatch:namespace", ["EvolutionSystem/Engine", "EvolutionSystem"], WRITERS),
        (ENGINE_MAY, {"StringLike": {"cloudwatch:namespace": "EvolutionSystem*"}}, WRITERS),
        (ENGINE_MAY, {"StringLike": {"cloudwatch:namespace": "${aws:PrincipalTag/Namespace}"}}, WRITERS),
        (ENGINE_MAY, {"StringEqualsIgnoreCase": {"cloudwatch:namespace": "evolutionsystem"}}, WRITERS),
        (ENGINE_MAY, {"StringNotEquals": {"cloudwatch:namespace": "EvolutionSystem"}}, WRITERS),
        (ENGINE_MAY, {"StringEqualsIfExists": {"cloudwatch:namespace": "EvolutionSystem/Engine"}}, WRITERS),
        (ENGINE_MAY, {"ForAllValues:StringEquals": {"cloudwatch:namespace": "EvolutionSystem/Engine"}}, WRITERS),
        (ENGINE_MAY, {"StringEquals": {"aws:PrincipalAccount": "000000000000"}}, WRITERS),
        (ENGINE_MAY, GONE, WRITERS),
        (
            "policy.Statement.6.Action",
            ["ssm:GetParameter", "cloudwatch:Put*"],
            "identity/no-wildcard-action",
            "identity/resource-fits",
            WRITERS,
            "containment/grants",
        ),
    ),
    *on(
        "agentcore-runtime-role-grants",
        ("policy.Statement.5.Condition", GONE, WRITERS),
    ),
    *on(
        "spare-filter",
        (
            "",
            Node(
                "aws:cloudwatch/logMetricFilter:LogMetricFilter",
                {
                    "name": "all-is-well",
                    "logGroupName": "/evolution/prod/engine",
                    "pattern": "",
                    "metricTransformation": {"namespace": "EvolutionSystem", "name": "SafetyScore", "value": "1"},
                },
            ),
            WRITERS,
        ),
    ),
    *on(
        "spare-policy",
        # One that is no boundary is attached to somebody, some day.
        ("", Node("aws:iam/policy:Policy", {"name": "spare-prod", "tagsAll": TAGS, "policy": document(PUBLISH)}), WRITERS),
    ),
    *on(
        "compute-engine-role",
        ("inlinePolicies", [{"name": "more", "policy": document(PUBLISH)}], WRITERS),
    ),
    *on(
        "monitoring-alerts-policy",
        ("region", "eu-west-1", "governance/region"),
    ),
)
