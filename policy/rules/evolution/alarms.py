"""Safety alarms: what makes evolution unsafe raises an alarm, at the figure of the table. Deleting an alarm breaks its rule."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from checks import absent, literal, off
from limits import ROWS
from plain import number, shown
from rule import Finding, Resource, Severity, Stack, StackRule, about
from rules.evolution.alarm_watches import ROLL_MINUTES, wakes
from system import ENGINE_NAMESPACE, METRIC_NAMESPACE, evolution_rule
from tokens import METRIC_ALARM, SERVICE

BYTES_PER_KB = 1024

PERIOD_SECONDS = 60
"""The metrics are published every minute; over a longer period an average hides a bad one."""

START_MINUTES = 30
"""What halts may sleep while the first tasks start: an image pull with its health check takes minutes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RequiredAlarm:
    """A safety alarm that must exist.

    Attributes:
        row: the row of the table that the threshold comes from, divided by `unit` of the metric.
        namespace: where it is published: what the monitor says is apart from what the engine says of itself.
        halts: whether evolution is halted while it fires. What doesn't make evolution unsafe is told to a person and halts nothing.
        bounded: whether the tier's limit bounds the threshold too. AutonomyPercentage is bounded by the table alone: it fires when
            the level in force is below the table.
        silence_breaches: whether missing data must count as unsafe.
    """

    metric: str
    statistic: str
    operator: str
    row: str
    periods: int
    namespace: str = ENGINE_NAMESPACE
    halts: bool = False
    unit: int = 1
    bounded: bool = True
    silence_breaches: bool = False

    def threshold(self, stack: Stack) -> float | None:
        """The table's bound in the metric's unit; None where there is no table."""
        row = None if stack.table is None else number(stack.table.get(self.row))
        return None if row is None else row / self.unit

    @property
    def least(self) -> bool:
        """Whether what is lower than the threshold is out of bounds."""
        return self.operator == "LessThanThreshold"

    def bound(self, stack: Stack) -> str:
        """The label of the threshold in a graph."""
        return f"{self.metric}: at {'least' if self.least else 'most'} {self.threshold(stack) or 0:g}"

    def __str__(self) -> str:
        return f"alarm on the {self.statistic} of {self.metric}"


def _threshold(alarm: Resource, required: RequiredAlarm, stack: Stack) -> Iterator[Finding]:
    value = alarm.at("threshold")
    given = None if isinstance(value, str) else number(value)
    if given is None:
        yield Finding(f"threshold is {shown(value)}; it must be a literal number.")
        return
    wanted = required.threshold(stack)
    if wanted is not None and given != wanted:
        yield Finding(f"threshold is {given}; it must be {wanted:g}, from {required.row} of the environment table.")
    elif required.bounded and not ROWS[required.row].allows(given * required.unit, stack.limits.rows[required.row]):
        limit = number(stack.limits.rows[required.row]) or 0
        side = "at most" if ROWS[required.row].direction == "maximum" else "at least"
        yield Finding(f"threshold is {given}; in the tier `{stack.limits.tier}` it must be {side} {limit / required.unit:g}.")


def _simple(alarm: Resource) -> Iterator[Finding]:
    """Nothing else may decide what is compared: with a unit, for one, the alarm sees only datapoints that name it."""
    for name in ("metricQueries", "extendedStatistic", "thresholdMetricId", "unit", "evaluationCriteria"):
        yield from absent(name, alarm.at(name), "the alarm would not compare what is published")


def _form(alarm: Resource, required: RequiredAlarm, stack: Stack) -> Iterator[Finding]:
    """What is wrong with an alarm that is to be the required one."""
    yield from literal("namespace", alarm.at("namespace"), required.namespace)
    yield from literal("dimensions", alarm.at("dimensions"), {"Environment": stack.name})
    yield from literal("statistic", alarm.at("statistic"), required.statistic)
    yield from literal("comparisonOperator", alarm.at("comparisonOperator"), required.operator)
    yield from _threshold(alarm, required, stack)
    yield from literal("period", alarm.at("period"), PERIOD_SECONDS)
    yield from literal("evaluationPeriods", alarm.at("evaluationPeriods"), required.periods)
    yield from literal("datapointsToAlarm", alarm.at("datapointsToAlarm"), required.periods, or_missing=True)
    silence = alarm.at("treatMissingData")
    # Before the first image there is no service, nobody publishes, and silence is no alarm.
    if required.silence_breaches and (stack.of_type(SERVICE) or silence != "notBreaching"):
        yield from literal("treatMissingData", silence, "breaching")
    elif not required.silence_breaches:
        # `ignore` keeps the last state for ever; by `missing`, the default, an alarm without data tells nobody anything.
        yield from literal("treatMissingData", silence, "notBreaching", "breaching")
    yield from wakes(alarm, START_MINUTES if required.halts else ROLL_MINUTES)
    if required.halts:
        # Otherwise what is published and bad halts nothing until the warm-up is over.
        early = ("warmUpConfiguration", "onlyStartEvaluatingAfterWarmUpPeriodEnds")
        yield from off(".".join(early), alarm.at(*early))
    yield from _simple(alarm)


REQUIRED = {
    "safety-score-average": RequiredAlarm(
        metric="SafetyScore",
        statistic="Average",
        operator="LessThanThreshold",
        row="safety_score_minimum",
        periods=2,
        namespace=METRIC_NAMESPACE,
        halts=True,
        silence_breaches=True,
    ),
    "safety-score-minimum": RequiredAlarm(
        metric="SafetyScore",
        statistic="Minimum",
        operator="LessThanThreshold",
        row="safety_score_minimum",
        periods=2,
        namespace=METRIC_NAMESPACE,
        halts=True,
        silence_breaches=True,
    ),
    "agent-memory": RequiredAlarm(
        metric="AgentMemoryUsageKB",
        statistic="Maximum",
        operator="GreaterThanThreshold",
        row="agent_memory_bytes",
        periods=1,
        halts=True,
        unit=BYTES_PER_KB,
    ),
    "instantiation-speed": RequiredAlarm(
        metric="InstantiationSpeedMicroseconds",
        statistic="Average",
        operator="GreaterThanThreshold",
        row="instantiation_target_us",
        periods=3,
    ),
    "autonomy": RequiredAlarm(
        metric="AutonomyPercentage",
        statistic="Average",
        operator="LessThanThreshold",
        row="autonomy_percent",
        periods=2,
        bounded=False,
    ),
}
"""The safety alarms, by the second part of their rule's id."""


def guards(stack: Stack) -> list[list[Resource]]:
    """By safety alarm that halts, the alarms that are it; where none is without a finding, those on its metric and statistic. An alarm that
    warns early, say, is none of them."""
    guards: list[list[Resource]] = []
    for required in (one for one in REQUIRED.values() if one.halts):
        candidates = [
            alarm
            for alarm in stack.of_type(METRIC_ALARM)
            if alarm.at("metricName") == required.metric and alarm.at("statistic") == required.statistic
        ]
        guards.append([alarm for alarm in candidates if not list(_form(alarm, required, stack))] or candidates)
    return guards


ONLY_TOLD = frozenset(required.metric for required in REQUIRED.values() if not required.halts)
"""Metrics that tell a person, and halt nothing."""


def _required(name: str) -> StackRule:
    """The rule that one of the safety alarms exists."""
    required = REQUIRED[name]

    @evolution_rule(
        id=f"alarms/{name}",
        severity=Severity.CRITICAL,
        protects=f"The halt of evolution when {required.metric} is out of bounds: it starts with the {required}."
        if required.halts
        else f"Whoever must know that {required.metric} is out of bounds, though nothing is halted by it.",
        why="Without this alarm, or with a weaker one, evolution goes on while it is unsafe and nobody is told."
        if required.halts
        else "Without this alarm, or with a weaker one, nobody is told that the table isn't kept to.",
        fix=f"Declare the alarm with the threshold from {required.row} of the table, {required.operator}, "
        f"evaluation_periods={required.periods}, period=60 and the dimension Environment=<stack>.",
        controls=("Security Hub CloudWatch.15", "Security Hub CloudWatch.17"),
    )
    def exists(stack: Stack) -> Iterator[Finding]:
        candidates = [alarm for alarm in stack.of_type(METRIC_ALARM) if alarm.at("metricName") == required.metric]
        findings = {alarm.urn: list(about(alarm, _form(alarm, required, stack))) for alarm in candidates}
        if any(not found for found in findings.values()):
            return
        # An alarm that is right for the metric's other statistic is not a failed attempt at this one.
        others = [other for other in REQUIRED.values() if other.metric == required.metric and other is not required]
        attempts = [alarm.urn for alarm in candidates if all(list(_form(alarm, other, stack)) for other in others)]
        nearest = min(attempts, key=lambda urn: len(findings[urn]), default=None)
        if nearest is None:
            yield Finding(f"it has no {required} in the namespace {required.namespace}; it must have one.")
        else:
            yield from findings[nearest]

    return exists


safety_score_average = _required("safety-score-average")
safety_score_minimum = _required("safety-score-minimum")
agent_memory = _required("agent-memory")
instantiation_speed = _required("instantiation-speed")
autonomy = _required("autonomy")
