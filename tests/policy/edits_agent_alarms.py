"""Edits of what watches the agents, each with the exact rules that must fire."""

from __future__ import annotations

from components.agent_alarms import PERIOD_MINUTES
from tests.components.tables import env_of
from tests.policy.builders import UNKNOWN
from tests.policy.edits_monitoring import HALTING
from tests.policy.planned import DELETED, GONE, Edit, Refer, on

ALERTS = env_of("prod").alerts

DASHBOARD = "alarms/dashboard"

OTHER_GATEWAY = "arn:aws:bedrock-agentcore:us-east-1:000000000000:gateway/other-0123456789"

FIRST, QUERY = "metricQueries.1.metric", "metricQueries.1"


def _sum(name: str, rule: str, dimension: str) -> tuple[Edit, ...]:
    """Of an alarm on a filled sum, whatever it is about."""
    return on(
        name,
        ("", DELETED, rule),
        ("actionsEnabled", False, "alarms/actions"),
        ("alarmActions", [], "alarms/actions"),
        ("alarmActions", ["arn:aws:sns:us-east-1:000000000000:other"], "alarms/to-alert-topic"),
        ("name", "quiet", DASHBOARD),
        (f"{FIRST}.metricName", "Errors", rule),
        (f"{FIRST}.namespace", "AWS/BedrockAgentCore", rule),
        (f"{FIRST}.dimensions", {}, rule),
        (f"{FIRST}.dimensions.{dimension}", "other", rule),
        (f"{FIRST}.dimensions.{dimension}", GONE, rule),
        (f"{FIRST}.dimensions.Environment", "prod", rule),
        (f"{FIRST}.stat", "Average", rule),
        (f"{FIRST}.period", 3600, rule),
        (f"{FIRST}.unit", "Percent", rule),
        (f"{QUERY}.accountId", "999999999999", rule),
        (f"{QUERY}.id", "unread", rule),
        ("metricQueries.0.expression", "FILL(m0, 0)", rule),
        ("metricQueries.0.expression", "FILL(m0, 0) * FILL(m1, 0)", rule),
        ("metricQueries.0.expression", UNKNOWN, rule),
        ("metricQueries.0.returnData", False, rule),
        ("metricQueries", UNKNOWN, rule),
        ("threshold", 1000000.0, rule),
        ("threshold", UNKNOWN, rule),
        ("comparisonOperator", "LessThanThreshold", rule),
        ("evaluationPeriods", 60, rule),
        ("datapointsToAlarm", GONE, rule),
        ("treatMissingData", "breaching", rule),
        ("treatMissingData", "ignore", rule),
        ("thresholdMetricId", "m0", rule),
        ("warmUpConfiguration", {"warmUpPeriodDurationInMinutes": 2880}, rule),
    )


def _alone(name: str, rule: str, dimension: str) -> tuple[Edit, ...]:
    """Of an alarm on one metric."""
    return on(
        name,
        ("", DELETED, rule),
        ("actionsEnabled", False, "alarms/actions"),
        ("alarmActions", [], "alarms/actions"),
        ("name", "quiet", DASHBOARD),
        ("metricName", "Invocations", rule),
        ("namespace", "AWS/BedrockRuntime", rule),
        ("dimensions", {}, rule),
        ("dimensions", UNKNOWN, rule),
        (f"dimensions.{dimension}", "other", rule),
        (f"dimensions.{dimension}", GONE, rule),
        ("dimensions.Operation", "ApplyGuardrail", rule),
        ("statistic", "Average", rule),
        ("statistic", "SampleCount", rule),
        ("extendedStatistic", "p99", rule),
        ("unit", "Percent", rule),
        ("period", 3600, rule),
        ("threshold", 1000000.0, rule),
        ("threshold", UNKNOWN, rule),
        ("comparisonOperator", "LessThanThreshold", rule),
        ("evaluationPeriods", 60, rule),
        ("treatMissingData", "breaching", rule),
        ("treatMissingData", "ignore", rule),
    )


GUARDRAIL, TOKENS = "alarms/guardrail-interventions", "alarms/model-tokens"
GATEWAY, AGENTS = "alarms/gateway-errors", "alarms/agents-errors"

EDITS: tuple[Edit, ...] = (
    *_alone("agentcore-guardrail-interventions", GUARDRAIL, "GuardrailVersion"),
    *on(
        "agentcore-guardrail-interventions",
        ("dimensions.GuardrailVersion", "DRAFT", GUARDRAIL),
        ("dimensions", Refer("agentcore-gateway"), GUARDRAIL),
        ("threshold", ALERTS.guardrail_interventions + 1, GUARDRAIL),
        ("threshold", ALERTS.guardrail_interventions - 1),
        ("treatMissingData", "missing"),
    ),
    *_alone("agentcore-model-throttles", "alarms/model-throttles", "ModelId"),
    *_sum("agentcore-model-errors", "alarms/model-errors", "ModelId"),
    *on(
        "agentcore-model-errors",
        # CloudWatch counts calls by what is called, and that is the profile.
        (f"{FIRST}.dimensions.ModelId", "anthropic.claude-sonnet-4-6", "alarms/model-errors"),
        ("threshold", 11, "alarms/model-errors"),
    ),
    *_sum("agentcore-model-tokens", TOKENS, "ModelId"),
    *on(
        "agentcore-model-tokens",
        ("threshold", ALERTS.model_tokens_per_minute * PERIOD_MINUTES + 1, TOKENS),
        ("threshold", ALERTS.model_tokens_per_minute),
        # The same figure would be of a minute.
        *((f"metricQueries.{index}.metric.period", 60, TOKENS) for index in (1, 2)),
        ("metricQueries.1.metric.metricName", "OutputTokenCount", TOKENS),
    ),
    *_sum("agentcore-gateway-errors", GATEWAY, "Protocol"),
    *on(
        "agentcore-gateway-errors",
        (f"{FIRST}.dimensions.Protocol", "MCP", GATEWAY),
        (f"{FIRST}.dimensions.Resource", OTHER_GATEWAY, GATEWAY),
        # AgentCore's guide shows it so, and it never has data.
        (f"{FIRST}.dimensions", {"Resource": UNKNOWN}, GATEWAY),
        ("metricQueries.2.metric.metricName", "SystemErrors", GATEWAY),
    ),
    *_sum("agentcore-agents-errors", AGENTS, "Name"),
    *on(
        "agentcore-agents-errors",
        (f"{FIRST}.dimensions.Name", "evolution_prod::DEFAULT", AGENTS),
        (f"{FIRST}.dimensions.Operation", "InvokeAgentRuntimeCommand", AGENTS),
        (f"{FIRST}.dimensions.Resource", "arn:aws:bedrock-agentcore:us-east-1:000000000000:runtime/other-0123456789", AGENTS),
    ),
    *on(
        "monitoring-dashboard",
        ("dashboardBody.widgets.4.properties.annotations", {}, DASHBOARD),
        ("dashboardBody.widgets.9.properties.annotations.alarms", [], DASHBOARD),
        ("dashboardBody.widgets.9.type", "text", DASHBOARD),
        *(
            ("dashboardBody.widgets.9.properties.annotations.alarms.0", f"arn:aws:cloudwatch:{place}:alarm:{name}", *rules)
            for place, name, *rules in (
                ("us-east-1:000000000000", "evolution-agents-errors-prod"),
                ("us-east-1:000000000000", "evolution-agents-errors-dev", DASHBOARD),
                ("us-east-1:999999999999", "evolution-agents-errors-prod", DASHBOARD),
                ("eu-west-1:000000000000", "evolution-agents-errors-prod", DASHBOARD),
            )
        ),
        ("dashboardBody.widgets.9.properties.annotations.alarms.+", "arn:aws:cloudwatch:us-east-1:000000000000:alarm:two", DASHBOARD),
    ),
    *on(
        "monitoring-unsafe",
        *(
            ("alarmRule", f'{HALTING} OR ALARM("evolution-{stem}-prod")', "alarms/evolution-unsafe")
            for stem in ("guardrail-interventions", "model-tokens", "gateway-errors")
        ),
    ),
)
