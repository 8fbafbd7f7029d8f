"""The alarms on the agents, their model and its guardrail: pure decisions, and the alarms that are declared by them.

They page, and halt nothing: none of them says that evolution is unsafe, and whoever may ask an agent could halt it by a prompt.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import pulumi
import pulumi_aws as aws

from components.environment import Alerts
from components.naming import AGENT_ENDPOINT, Names

Subject = Literal["guardrail", "model", "gateway", "runtime"]
"""What an alarm is about."""

Dimensions = Mapping[str, pulumi.Input[str]]
"""CloudWatch finds a metric by all of its dimensions: with one more or fewer, an alarm never has data."""

PERIOD_SECONDS = 300
PERIOD_MINUTES = PERIOD_SECONDS // 60
"""A request takes seconds and is tried again for a minute: five tell a failure from a bad moment."""

FAILED_REQUESTS = 10
"""In one period. One request makes up to six calls of the model: the handler tries three times, and an agent twice each time
(functions/agentcore_handler/gateway.py, engine/agent.py)."""

SPENT_PERIODS, SPENDING_PERIODS = 3, 5
"""Above the tokens of the table in three periods of five: a burst costs little, and a quarter of an hour is a habit."""

LATE_PERIODS = 2
"""`FILL` makes a 0 of each period whose figure is late, so an alarm on filled metrics needs so many periods more than it fires for.
Source: CloudWatch user guide, "Using math expressions with CloudWatch metrics", FILL."""


@dataclass(frozen=True, kw_only=True)
class AgentAlarm:
    """Metrics of one subject whose sum in a period is bounded.

    Attributes:
        stem: the first part of the alarm's name.
        title: of its widget on the dashboard.
        threshold: the most in a period that tells nobody.
        fires: how many periods must be above it, of `periods`.
        means: what an operator should read into it.
    """

    stem: str
    title: str
    subject: Subject
    namespace: str
    metrics: tuple[str, ...]
    threshold: float
    means: str
    fires: int = 1
    periods: int = 1


def agent_alarms(alerts: Alerts, *, agents_run: bool) -> tuple[AgentAlarm, ...]:
    """The alarms, in the dashboard's order. Before the first image there is no runtime, and the handler asks the model itself.

    Sources: Bedrock user guide, "Monitor Amazon Bedrock Guardrails using CloudWatch metrics" and "Monitor bedrock-runtime inference using
    CloudWatch metrics"; AgentCore developer guide, "AgentCore generated gateway observability data" and "AgentCore generated runtime
    observability data".
    """
    refused = ("SystemErrors", "UserErrors", "Throttles")
    alarms = (
        AgentAlarm(
            stem="evolution-guardrail-interventions",
            title="Guardrail: interventions",
            subject="guardrail",
            namespace="AWS/Bedrock/Guardrails",
            metrics=("InvocationsIntervened",),
            threshold=alerts.guardrail_interventions,
            means="The guardrail blocks or masks more than the table expects: somebody tries what it forbids, or it is too strict.",
        ),
        AgentAlarm(
            stem="evolution-model-errors",
            title="Model: errors",
            subject="model",
            namespace="AWS/Bedrock",
            metrics=("InvocationClientErrors", "InvocationServerErrors"),
            threshold=FAILED_REQUESTS,
            fires=1,
            periods=1 + LATE_PERIODS,
            means="Calls of the model fail. Is it enabled, and may the agents ask it?",
        ),
        AgentAlarm(
            stem="evolution-model-throttles",
            title="Model: throttled calls",
            subject="model",
            namespace="AWS/Bedrock",
            metrics=("InvocationThrottles",),
            threshold=FAILED_REQUESTS,
            means="Bedrock refuses calls of the model for their number. Ask less, or for a higher quota.",
        ),
        AgentAlarm(
            stem="evolution-model-tokens",
            title="Model: tokens in and out",
            subject="model",
            namespace="AWS/Bedrock",
            metrics=("InputTokenCount", "OutputTokenCount"),
            threshold=alerts.model_tokens_per_minute * PERIOD_MINUTES,
            fires=SPENT_PERIODS,
            periods=SPENDING_PERIODS,
            means="The model reads and writes more tokens than the table expects, and costs accordingly. Who asks it?",
        ),
        AgentAlarm(
            stem="evolution-gateway-errors",
            title="Gateway: refused and failed requests",
            subject="gateway",
            namespace="AWS/Bedrock-AgentCore",
            metrics=refused,
            threshold=FAILED_REQUESTS,
            fires=1,
            periods=1 + LATE_PERIODS,
            means="The gateway refuses requests, or can't hand them on. Look at its log group.",
        ),
        AgentAlarm(
            stem="evolution-agents-errors",
            title="Agents: refused and failed requests",
            subject="runtime",
            namespace="AWS/Bedrock-AgentCore",
            metrics=refused,
            threshold=FAILED_REQUESTS,
            fires=1,
            periods=1 + LATE_PERIODS,
            means="The agents' runtime refuses requests, or their container fails. Look at its log group.",
        ),
    )
    return tuple(alarm for alarm in alarms if agents_run or alarm.subject != "runtime")


def of_model(model_id: str) -> Dimensions:
    """The metrics of a model as it is called: by the inference profile. They count everybody in the account and region who calls it."""
    return {"ModelId": model_id}


def of_guardrail(arn: pulumi.Input[str], version: pulumi.Input[str]) -> Dimensions:
    return {"GuardrailArn": arn, "GuardrailVersion": version}


def of_gateway(arn: pulumi.Input[str]) -> Dimensions:
    """Of a gateway without a protocol type, which forwards HTTP.

    AgentCore's guide shows an alarm on `Resource` alone. No such metric is published: github.com/aws/aws-cdk/pull/38487.
    """
    return {"Operation": "InvokeGateway", "Protocol": "HTTP", "Resource": arn}


def of_runtime(names: Names, arn: pulumi.Input[str]) -> Dimensions:
    """Of the runtime's endpoint, the only one that may be asked. Not of `Resource` alone: github.com/aws/aws-cdk/pull/38486."""
    return {"Operation": "InvokeAgentRuntime", "Name": f"{names.agent_runtime}::{AGENT_ENDPOINT}", "Resource": arn}


def declare_alarms(
    name: str,
    names: Names,
    alarms: Sequence[AgentAlarm],
    dimensions: Mapping[Subject, Dimensions],
    topic_arn: pulumi.Input[str],
    opts: pulumi.ResourceOptions,
) -> None:
    """Declare each alarm on the metrics of its subject. They go to the one topic; the switch hears it, and asks the composite alone."""
    for alarm in alarms:
        of_subject = dimensions[alarm.subject]
        alone = len(alarm.metrics) == 1
        aws.cloudwatch.MetricAlarm(
            f"{name}-{alarm.stem.removeprefix('evolution-')}",
            name=names.regional(alarm.stem),
            alarm_description=alarm.means,
            namespace=alarm.namespace if alone else None,
            metric_name=alarm.metrics[0] if alone else None,
            dimensions=of_subject if alone else None,
            statistic="Sum" if alone else None,
            period=PERIOD_SECONDS if alone else None,
            metric_queries=None if alone else _sum(alarm, of_subject),
            comparison_operator="GreaterThanThreshold",
            threshold=alarm.threshold,
            evaluation_periods=alarm.periods,
            datapoints_to_alarm=alarm.fires,
            # Nothing is published while nothing happens.
            treat_missing_data="notBreaching",
            actions_enabled=True,
            alarm_actions=[topic_arn],
            ok_actions=[topic_arn],
            opts=opts,
        )


def _sum(alarm: AgentAlarm, dimensions: Dimensions) -> list[aws.cloudwatch.MetricAlarmMetricQueryArgsDict]:
    """The metrics added up. One that has no figure counts as 0."""
    ids = {f"m{index}": metric for index, metric in enumerate(alarm.metrics)}
    return [
        {"id": "total", "expression": " + ".join(f"FILL({key}, 0)" for key in ids), "label": alarm.title, "return_data": True},
        *(
            aws.cloudwatch.MetricAlarmMetricQueryArgsDict(
                id=key,
                metric={
                    "namespace": alarm.namespace,
                    "metric_name": metric,
                    "dimensions": dimensions,
                    "period": PERIOD_SECONDS,
                    "stat": "Sum",
                },
            )
            for key, metric in ids.items()
        ),
    ]
