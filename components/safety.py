"""The safety metrics: what is measured, and when evolution counts as unsafe. One source for the alarms, the dashboard and the composite."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from components.environment import Limits
from components.naming import ENGINE_NAMESPACE, METRIC_NAMESPACE

Comparison = Literal["LessThanThreshold", "GreaterThanThreshold"]

BYTES_PER_KB = 1024

PERIOD_SECONDS = 60
"""The shortest period of a standard metric, so that evolution is halted as soon as possible."""


@dataclass(frozen=True, kw_only=True)
class SafetyAlarm:
    """One metric, one statistic, one bound.

    Attributes:
        stem: the first part of the alarm's name.
        namespace: where the metric is published: what the monitor says is apart from what the engine says of itself.
        metric: the metric's name in its namespace.
        threshold: in the metric's own unit.
        periods: how many minutes in a row must be out of bounds.
        halts: whether evolution is halted while it fires. Only what makes evolution unsafe does: a slow host or a lowered level is told
            to a person.
        told: whether the metric repeats a figure of the table that each task is started with. When the table changes, tasks of the old
            revision publish the old figure until the last of them is replaced.
        fails_closed: whether silence counts as unsafe. Only the safety monitor's score does: it is published even while evolution is
            halted. The other three come from the engine, whose silence the running-tasks alarm reports; if it counted as unsafe here,
            a halted engine could never be resumed.
        means: what an operator should read into it.
    """

    stem: str
    namespace: str
    metric: str
    statistic: str
    comparison: Comparison
    threshold: float
    periods: int
    halts: bool
    told: bool
    fails_closed: bool
    means: str


def safety_alarms(limits: Limits) -> tuple[SafetyAlarm, ...]:
    """The safety alarms, with thresholds from the environment table."""
    return (
        SafetyAlarm(
            stem="evolution-safety-score",
            namespace=METRIC_NAMESPACE,
            metric="SafetyScore",
            statistic="Average",
            comparison="LessThanThreshold",
            threshold=limits.safety_score_minimum,
            periods=2,
            halts=True,
            told=False,
            fails_closed=True,
            means="The population as a whole is less safe than the table allows, or nobody has scored it.",
        ),
        SafetyAlarm(
            stem="evolution-safety-score-worst",
            namespace=METRIC_NAMESPACE,
            metric="SafetyScore",
            statistic="Minimum",
            comparison="LessThanThreshold",
            threshold=limits.safety_score_minimum,
            periods=2,
            halts=True,
            told=False,
            fails_closed=True,
            means="One sample is less safe than the table allows; the average may hide it.",
        ),
        SafetyAlarm(
            stem="evolution-agent-memory",
            namespace=ENGINE_NAMESPACE,
            metric="AgentMemoryUsageKB",
            statistic="Maximum",
            comparison="GreaterThanThreshold",
            threshold=limits.agent_memory_bytes / BYTES_PER_KB,
            periods=1,
            halts=True,
            told=False,
            fails_closed=False,
            means="An agent is larger than the table allows.",
        ),
        SafetyAlarm(
            stem="evolution-instantiation-speed",
            namespace=ENGINE_NAMESPACE,
            metric="InstantiationSpeedMicroseconds",
            statistic="Average",
            comparison="GreaterThanThreshold",
            threshold=limits.instantiation_target_us,
            periods=3,
            halts=False,
            told=False,
            fails_closed=False,
            means="Making an agent takes longer than the table allows: the host is overloaded, or agents have grown.",
        ),
        SafetyAlarm(
            stem="evolution-autonomy",
            namespace=ENGINE_NAMESPACE,
            metric="AutonomyPercentage",
            statistic="Average",
            comparison="LessThanThreshold",
            threshold=limits.autonomy_percent,
            periods=2,
            halts=False,
            told=True,
            fails_closed=False,
            means="The autonomy level in force is below the table: an operator has lowered it.",
        ),
    )
