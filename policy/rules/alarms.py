"""Safety alarms: what makes evolution unsafe raises an alarm, at the figure of the table. Deleting an alarm breaks its rule."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from limits import ROWS
from plain import Plain, Unknown, items, number, shown
from rule import Family, Fault, Resource, Severity, Stack, StackRule, broken, cannot_tell
from system import METRIC_ALARM, METRIC_NAMESPACE, is_evolution_system

SERVICE = "aws:ecs/service:Service"

BYTES_PER_KB = 1024


@dataclass(frozen=True, kw_only=True, slots=True)
class Required:
    """A safety alarm that must exist.

    Attributes:
        row: the row of the table that the threshold comes from, divided by `unit` of the metric.
        bounded: whether the tier's limit bounds the threshold too. AutonomyPercentage is bounded by the table alone: it fires when
            the level in force is below the table.
        silence_breaches: whether missing data must count as unsafe.
    """

    metric: str
    statistic: str
    operator: str
    row: str
    periods: int
    unit: int = 1
    bounded: bool = True
    silence_breaches: bool = False

    def __str__(self) -> str:
        return f"alarm on the {self.statistic} of {self.metric}"


def _literal(name: str, value: Plain, allowed: Plain, alarm: Resource) -> Iterator[Fault]:
    if isinstance(value, Unknown):
        yield cannot_tell(f"{name} is not known at preview; it must be the literal {shown(allowed)}.", alarm)
    elif value != allowed:
        yield broken(f"{name} is {shown(value)}; it must be {shown(allowed)}.", alarm)


def _threshold(alarm: Resource, required: Required, stack: Stack) -> Iterator[Fault]:
    value = alarm.at("threshold")
    given = None if isinstance(value, str) else number(value)
    if given is None:
        yield cannot_tell(f"threshold is {shown(value)}; it must be a literal number.", alarm)
        return
    table = None if stack.table is None else number(stack.table.get(required.row))
    if table is not None and given != table / required.unit:
        yield broken(f"threshold is {given}; it must be {table / required.unit:g}, from {required.row} of the environment table.", alarm)
    elif required.bounded and not ROWS[required.row].allows(given * required.unit, stack.bounds.rows[required.row]):
        limit = number(stack.bounds.rows[required.row]) or 0
        side = "at most" if ROWS[required.row].direction == "maximum" else "at least"
        yield broken(f"threshold is {given}; in the tier `{stack.bounds.tier}` it must be {side} {limit / required.unit:g}.", alarm)


def _wired(alarm: Resource) -> Iterator[Fault]:
    enabled, actions = alarm.at("actionsEnabled"), alarm.at("alarmActions")
    if enabled is not None:
        yield from _literal("actionsEnabled", enabled, True, alarm)
    if not any(isinstance(action, Unknown) or (isinstance(action, str) and action.startswith("arn:")) for action in items(actions)):
        yield broken(f"alarmActions is {shown(actions)}; it must name the alert topic.", alarm)


def _form(alarm: Resource, required: Required, stack: Stack) -> Iterator[Fault]:
    """What is wrong with an alarm that is to be the required one."""
    yield from _literal("namespace", alarm.at("namespace"), METRIC_NAMESPACE, alarm)
    yield from _literal("dimensions", alarm.at("dimensions"), {"Environment": stack.name}, alarm)
    yield from _literal("statistic", alarm.at("statistic"), required.statistic, alarm)
    yield from _literal("comparisonOperator", alarm.at("comparisonOperator"), required.operator, alarm)
    yield from _threshold(alarm, required, stack)
    yield from _literal("evaluationPeriods", alarm.at("evaluationPeriods"), required.periods, alarm)
    # Before the first image there is no service, nobody publishes, and silence is no alarm.
    if required.silence_breaches and (stack.of_type(SERVICE) or alarm.at("treatMissingData") != "notBreaching"):
        yield from _literal("treatMissingData", alarm.at("treatMissingData"), "breaching", alarm)
    yield from _wired(alarm)


def _exists(required: Required) -> Callable[[Stack], Iterator[Fault]]:
    def check(stack: Stack) -> Iterator[Fault]:
        if not is_evolution_system(stack):
            return
        candidates = [alarm for alarm in stack.of_type(METRIC_ALARM) if alarm.at("metricName") == required.metric]
        faults = {alarm.urn: list(_form(alarm, required, stack)) for alarm in candidates}
        if any(not found for found in faults.values()):
            return
        # An alarm that is right for the metric's other statistic is not a failed attempt at this one.
        others = [other for other in REQUIRED.values() if other.metric == required.metric and other is not required]
        attempts = [alarm.urn for alarm in candidates if all(list(_form(alarm, other, stack)) for other in others)]
        nearest = min(attempts, key=lambda urn: len(faults[urn]), default=None)
        if nearest is None:
            yield broken(f"it has no {required} in the namespace {METRIC_NAMESPACE}; it must have one.")
        else:
            yield from faults[nearest]

    return check


REQUIRED = {
    "safety-score-average": Required(
        metric="SafetyScore",
        statistic="Average",
        operator="LessThanThreshold",
        row="safety_score_minimum",
        periods=2,
        silence_breaches=True,
    ),
    "safety-score-minimum": Required(
        metric="SafetyScore",
        statistic="Minimum",
        operator="LessThanThreshold",
        row="safety_score_minimum",
        periods=2,
        silence_breaches=True,
    ),
    "agent-memory": Required(
        metric="AgentMemoryUsageKB",
        statistic="Maximum",
        operator="GreaterThanThreshold",
        row="agent_memory_bytes",
        periods=1,
        unit=BYTES_PER_KB,
    ),
    "instantiation-speed": Required(
        metric="InstantiationSpeedMicroseconds",
        statistic="Average",
        operator="GreaterThanThreshold",
        row="instantiation_target_us",
        periods=3,
    ),
    "autonomy": Required(
        metric="AutonomyPercentage",
        statistic="Average",
        operator="LessThanThreshold",
        row="autonomy_percent",
        periods=2,
        bounded=False,
    ),
}
"""The safety alarms, by the second part of their rule's id."""


FAMILY = Family(
    name="alarms",
    title="What makes evolution unsafe must raise an alarm.",
    stack_rules=tuple(
        StackRule(
            id=f"alarms/{name}",
            severity=Severity.CRITICAL,
            protects=f"The halt of evolution when {required.metric} is out of bounds: it starts with the {required}.",
            why="Without this alarm, or with a weaker one, evolution goes on while it is unsafe and nobody is told.",
            mend=f"Declare the alarm with the threshold from {required.row} of the table, {required.operator}, "
            f"evaluation_periods={required.periods}, the dimension Environment=<stack> and the alert topic as its action.",
            check=_exists(required),
            controls=("Security Hub CloudWatch.15", "Security Hub CloudWatch.17"),
        )
        for name, required in REQUIRED.items()
    ),
)
