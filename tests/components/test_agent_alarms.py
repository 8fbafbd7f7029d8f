"""The alarms on the agents and their model: what they watch, when they fire, and that they are OK again."""

from __future__ import annotations

from fnmatch import fnmatch

import pytest

from common.aws import MODEL
from components.agent_alarms import FAILED_REQUESTS, LATE_PERIODS, PERIOD_MINUTES
from engine.agent import MODEL_ATTEMPTS
from tests.components.cloud import RegisteredLayer
from tests.components.cloudwatch import Alarm, AlarmState, Missing, Series, history
from tests.components.layers import STACKS, names_of
from tests.components.tables import env_of
from tests.components.test_agentcore import TOPIC, agentcore

PREFIX = "agentcore-"
NAMES = names_of("prod")


def watched(layer: RegisteredLayer, name: str) -> list[dict[str, str]]:
    """The dimensions of each metric that an alarm compares."""
    alarm = layer.of("MetricAlarm")[PREFIX + name].inputs
    queries = [one["metric"] for one in alarm.get("metricQueries", []) if "metric" in one]
    return [one["dimensions"] for one in queries or [alarm]]


def test_each_subject_is_named_by_the_dimensions_that_aws_publishes() -> None:
    layer = agentcore("prod")
    of_model = {"ModelId": env_of("prod").model_id}
    for name in ("model-errors", "model-throttles", "model-tokens"):
        assert all(one == of_model for one in watched(layer, name))
    [of_guardrail] = watched(layer, "guardrail-interventions")
    assert of_guardrail.keys() == {"GuardrailArn", "GuardrailVersion"}
    assert ":guardrail/" in of_guardrail["GuardrailArn"]
    assert of_guardrail["GuardrailVersion"] != "DRAFT"
    for of_gateway in watched(layer, "gateway-errors"):
        assert fnmatch(of_gateway.pop("Resource"), NAMES.gateway_arn)
        assert of_gateway == {"Operation": "InvokeGateway", "Protocol": "HTTP"}
    for of_runtime in watched(layer, "agents-errors"):
        assert fnmatch(of_runtime.pop("Resource"), NAMES.agent_runtime_arn)
        assert of_runtime == {"Operation": "InvokeAgentRuntime", "Name": "evolution_prod::evolution"}


@pytest.mark.parametrize("stack", STACKS)
def test_what_is_normal_the_table_says(stack: str) -> None:
    alerts = env_of(stack).alerts
    thresholds = {name.removeprefix(PREFIX): one.inputs["threshold"] for name, one in agentcore(stack).of("MetricAlarm").items()}
    assert thresholds["guardrail-interventions"] == alerts.guardrail_interventions
    assert thresholds["model-tokens"] == alerts.model_tokens_per_minute * PERIOD_MINUTES


def test_one_request_that_fails_pages_nobody() -> None:
    assert MODEL.attempts * MODEL_ATTEMPTS <= FAILED_REQUESTS


@pytest.mark.parametrize("digest", ["sha256:" + "0" * 64, None])
def test_they_tell_the_topic_when_they_fire_and_when_they_are_over(digest: str | None) -> None:
    alarms = agentcore("prod", digest).of("MetricAlarm")
    assert len(alarms) == (6 if digest else 5), "before the first image there is no runtime, and the handler asks the model"
    for alarm in alarms.values():
        assert (alarm.inputs["alarmActions"], alarm.inputs["okActions"], alarm.inputs["actionsEnabled"]) == ([TOPIC], [TOPIC], True)
        assert alarm.inputs["treatMissingData"] == "notBreaching", "where nothing happens, AWS publishes nothing"


HAPPENS: Series = [None] * 12 + [7.0] * 6 + [None] * 12
NOTHING: Series = [None] * len(HAPPENS)


@pytest.mark.parametrize("late", range(LATE_PERIODS + 1))
@pytest.mark.parametrize("empty_stays_empty", [False, True])
@pytest.mark.parametrize("missing", ["ignore", "notBreaching"])
@pytest.mark.parametrize("name", ["model-errors", "model-tokens", "gateway-errors", "agents-errors"])
def test_a_sum_fires_though_figures_are_late_and_is_ok_again(name: str, missing: Missing, empty_stays_empty: bool, late: int) -> None:
    """Whichever of its metrics has figures: the others have none, then. The model of CloudWatch fires above 0."""
    planned = agentcore("prod").of("MetricAlarm")[PREFIX + name].inputs
    [expression] = [query["expression"] for query in planned["metricQueries"] if query.get("returnData")]
    ids = [query["id"] for query in planned["metricQueries"] if "metric" in query]
    alarm = Alarm(periods=int(planned["evaluationPeriods"]), datapoints=int(planned["datapointsToAlarm"]), missing=missing)
    for busy in ids:
        series = {one: HAPPENS if one == busy else NOTHING for one in ids}
        states: list[AlarmState] = history(alarm, expression, series, late=late, empty_stays_empty=empty_stays_empty)
        assert "ALARM" in states
        assert states[-1] == "OK"
