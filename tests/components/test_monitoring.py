"""The monitoring layer under Pulumi's mocks: what is an alarm, when, and who hears of it."""

from __future__ import annotations

from components.compute import STEADY
from tests.components.cloud import ACCOUNT, REGION, RegisteredLayer
from tests.components.layers import monitoring
from tests.components.tables import env_of


def test_the_safety_alarms_measure_this_stack_and_go_to_the_topic() -> None:
    layer = monitoring("prod")
    alarms = [
        alarm.inputs for alarm in layer.of("MetricAlarm").values() if str(alarm.inputs.get("namespace")).startswith("EvolutionSystem")
    ]
    assert [(alarm["namespace"], alarm["metricName"]) for alarm in alarms] == [
        ("EvolutionSystem", "SafetyScore"),
        ("EvolutionSystem", "SafetyScore"),
        ("EvolutionSystem/Engine", "AgentMemoryUsageKB"),
        ("EvolutionSystem/Engine", "InstantiationSpeedMicroseconds"),
        ("EvolutionSystem/Engine", "AutonomyPercentage"),
    ]
    for alarm in alarms:
        assert alarm["dimensions"] == {"Environment": "prod"}
        assert alarm["actionsEnabled"] is True
        assert alarm["alarmActions"] == [f"arn:aws:sns:{REGION}:{ACCOUNT}:evolution-system-alerts-prod"]
        assert alarm["datapointsToAlarm"] == alarm["evaluationPeriods"]


def test_silence_is_an_alarm_only_where_somebody_should_speak() -> None:
    def silence(layer: RegisteredLayer) -> dict[str, str]:
        return {name: alarm.inputs["treatMissingData"] for name, alarm in layer.of("MetricAlarm").items()}

    running, first = silence(monitoring("prod")), silence(monitoring("prod", runs=False))
    assert {name for name, value in running.items() if value == "breaching"} == {
        "monitoring-safety-score",
        "monitoring-safety-score-worst",
        "monitoring-engine-tasks",
    }
    assert set(first.values()) == {"notBreaching"}
    for name, alarm in monitoring("prod").of("MetricAlarm").items():
        if running[name] == "breaching":
            assert alarm.inputs["warmUpConfiguration"], "it would fire before anybody could have published"


def test_one_alarm_says_that_evolution_is_unsafe_and_nothing_else_is_in_it() -> None:
    """A slow host, a lowered level or a raised one are told to a person, and halt nothing."""
    composite = monitoring("prod").only("CompositeAlarm")
    assert composite.inputs["alarmRule"] == (
        'ALARM("evolution-safety-score-prod") OR ALARM("evolution-safety-score-worst-prod") OR ALARM("evolution-agent-memory-prod")'
    )
    assert composite.depends_on >= {"monitoring-safety-score", "monitoring-safety-score-worst", "monitoring-agent-memory"}
    assert not composite.depends_on & {"monitoring-instantiation-speed", "monitoring-autonomy"}, "CloudWatch would not delete them"


def test_an_alarm_on_what_the_tasks_are_told_waits_until_they_are_told_the_new_figure() -> None:
    """It is made anew, because an alarm warms up only when it is made; and the first datapoints must not end that, for they are the old
    tasks'. What halts can't be made anew, for the composite depends on it, and must not sleep."""
    alarms = monitoring("prod").of("MetricAlarm")
    whole = {
        name
        for name, alarm in alarms.items()
        if alarm.inputs.get("warmUpConfiguration", {}).get("onlyStartEvaluatingAfterWarmUpPeriodEnds")
    }
    assert whole == {"monitoring-autonomy", "monitoring-engine-tasks"}
    for name in whole:
        assert alarms[name].inputs["warmUpConfiguration"]["warmUpPeriodDurationInMinutes"] > int(str(STEADY.update).removesuffix("m"))
        assert "threshold" in alarms[name].replace_on_changes
        assert alarms[name].delete_before_replace, "the two have one name, and CloudWatch takes the second one for an update"
    halting = ("monitoring-safety-score", "monitoring-safety-score-worst", "monitoring-agent-memory")
    assert not any(alarms[name].replace_on_changes for name in halting)


def test_each_table_is_watched_for_throttling() -> None:
    alarms = monitoring("prod").of("MetricAlarm")
    watched = {
        query["metric"]["dimensions"]["TableName"]
        for alarm in alarms.values()
        for query in alarm.inputs.get("metricQueries", [])
        if "metric" in query
    }
    assert watched == {"evolution-state-prod", "agent-population-prod", "evolution-checkpoints-prod"}


def test_a_subscription_is_known_by_its_address() -> None:
    """One that is replaced must be confirmed again, by a person who may be on call."""

    def subscribed(*emails: str) -> dict[str, str]:
        subscriptions = monitoring("prod", emails=emails).of("TopicSubscription")
        return {one.inputs["endpoint"]: name for name, one in subscriptions.items()}

    before, more, fewer = subscribed("b@example.com"), subscribed("a@example.com", "b@example.com"), subscribed("a@example.com")
    assert before["b@example.com"] == more["b@example.com"]
    assert fewer["a@example.com"] == more["a@example.com"]


def test_somebody_is_told_before_the_budget_is_spent() -> None:
    layer = monitoring("prod")
    budget = layer.only("Budget")
    assert (budget.inputs["limitAmount"], budget.inputs["limitUnit"]) == (str(env_of("prod").alerts.monthly_budget_usd), "USD")
    assert [(told["notificationType"], told["threshold"]) for told in budget.inputs["notifications"]] == [
        ("FORECASTED", 80),
        ("ACTUAL", 100),
    ]
    assert "monitoring-alerts-policy" in budget.depends_on, "AWS refuses a topic that the budget may not publish to"
    assert layer.only("TopicSubscription").inputs["endpoint"] == "oncall@example.com"


def test_whatever_fails_is_told_at_once() -> None:
    alarms = monitoring("prod").of("MetricAlarm")
    for name, metric in (
        ("monitoring-safety-switch-errors", "Errors"),
        ("monitoring-dead-letters-depth", "ApproximateNumberOfMessagesVisible"),
    ):
        alarm = alarms[name].inputs
        assert (alarm["metricName"], alarm["threshold"], alarm["comparisonOperator"]) == (metric, 0, "GreaterThanThreshold")
        assert alarm["treatMissingData"] == "notBreaching", "where nothing happens, AWS publishes nothing"


def test_an_alarm_that_silence_will_breach_is_made_anew_with_the_first_image() -> None:
    """It warms up only when it is made. Under another name the new one is there before the old one goes, and before the composite turns."""

    def names(layer: RegisteredLayer) -> dict[str, str]:
        return {name: alarm.inputs["name"] for name, alarm in layer.of("MetricAlarm").items()}

    first, running = names(monitoring("prod", runs=False)), names(monitoring("prod"))
    assert first.keys() == running.keys()
    assert {name: first[name] for name in first if first[name] != running[name]} == {
        "monitoring-safety-score": "evolution-safety-score-idle-prod",
        "monitoring-safety-score-worst": "evolution-safety-score-worst-idle-prod",
    }
    assert 'ALARM("evolution-safety-score-idle-prod")' in monitoring("prod", runs=False).only("CompositeAlarm").inputs["alarmRule"]
