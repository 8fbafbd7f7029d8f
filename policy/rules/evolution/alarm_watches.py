"""Alarms, what evolution runs on: each service, table, function, dead-letter queue and web ACL is watched."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from checks import absent, between, literal, present
from graph import Linked
from plain import Plain, dig, items, number, shown
from rule import Finding, Resource, Severity, Stack, about
from system import evolution_rule
from tokens import FUNCTION, METRIC_ALARM, QUEUE, SCALABLE_TARGET, SCHEDULED_ACTION, SERVICE, TABLE, WEB_ACL, WEB_ACL_ASSOCIATION

LONGEST_PERIOD = 300
LONGEST_EVALUATION = 15
"""Seconds of one period, and periods in a row: what is broken for over an hour before anybody hears of it is not watched."""

ROLL_MINUTES = 60
"""CloudWatch lets an alarm sleep for up to two days after it is made; a service is rolled within an hour, or not at all."""

FEW = 10
"""Events in a period that an alarm may let pass: one retry makes about as many."""

NONE = 0
"""Failures of a function, and lost messages, that an alarm may let pass: the switch runs once a minute, so it can't fail more than three
times in one, and a single lost message may be a halt."""

MOST_BLOCKED = 1000
"""Requests in a period: half of what the web ACL lets one address send in five minutes."""

ABOVE = ("GreaterThanThreshold", "GreaterThanOrEqualToThreshold")
BELOW = ("LessThanThreshold", "LessThanOrEqualToThreshold")

FILLED = re.compile(r"FILL\(\s*(\w+)\s*,\s*0\s*\)")
"""A metric whose missing data counts as 0: in a sum of events it stands for the metric itself."""

LATE_PERIODS = 2
"""Of an alarm on a filled metric so many periods must be free not to breach. `FILL` makes a 0 of every period whose figure is late, and the
newest one's often is: an alarm on all of its periods would stay OK through any outage. One more for a figure that is later than that.
Source: CloudWatch user guide, "Using math expressions with CloudWatch metrics", FILL, which names M out of N as the way out."""

KEEPS_STATE = "AWS/DynamoDB"
"""The namespace of metrics whose alarms keep their state while data is missing, whatever treatMissingData says: one that fired would never
be OK again. Source: CloudWatch API reference, PutMetricAlarm, TreatMissingData. (The user guide, "Configuring how CloudWatch alarms treat
missing data", calls it a default that can be overridden; a filled metric is right either way.)"""

BLIND = "the alarm would not compare what is published"
"""Nothing else may decide what is compared: with a unit, for one, an alarm sees only datapoints that name it."""

SUM_OF_IDS = re.compile(r"\s*(\w+(?:\s*\+\s*\w+)*)\s*")


@dataclass(frozen=True, kw_only=True, slots=True)
class Watched:
    """One metric that an alarm compares, alone or as a summand."""

    namespace: Plain
    metric: Plain
    dimensions: Plain
    statistic: Plain
    period: Plain


ThresholdRange = Callable[[Resource], tuple[float, float]]
"""The lowest and the highest threshold of an alarm on a resource."""


def compared(alarm: Resource) -> list[Watched]:
    """What an alarm compares: its metric, or the sum of its queries' metrics. Any other expression counts as comparing nothing."""
    queries = items(alarm.at("metricQueries"))
    if not queries:
        return [_metric(alarm.props, "metricName", "statistic")]
    returned = [query for query in queries if dig(query, "returnData") is True]
    if len(returned) != 1:
        return []
    expression = dig(returned[0], "expression")
    if expression is None:
        return [_metric(dig(returned[0], "metric"), "metricName", "stat")]
    summands = SUM_OF_IDS.fullmatch(FILLED.sub(r"\1", expression)) if isinstance(expression, str) else None
    ids: list[Plain] = [one.strip() for one in summands[1].split("+")] if summands else []
    return [_metric(dig(query, "metric"), "metricName", "stat") for query in queries if dig(query, "id") in ids]


def _metric(value: Plain, metric: str, statistic: str) -> Watched:
    return Watched(
        namespace=dig(value, "namespace"),
        metric=dig(value, metric),
        dimensions=dig(value, "dimensions"),
        statistic=dig(value, statistic),
        period=dig(value, "period"),
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Watch:
    """What must be watched of each resource of a type.

    Attributes:
        dimension: the one that names the resource, by its property at the path `key`.
        metrics: all of them must be compared.
    """

    kind: str
    key: tuple[str, ...]
    dimension: str
    namespace: str
    metrics: frozenset[str]
    statistics: tuple[str, ...] = ("Sum",)
    operators: tuple[str, ...] = ABOVE

    def alarms_by_name(self, stack: Stack) -> Mapping[str, list[Resource]]:
        """The alarms that compare all of the metrics, by the name of what they watch."""
        found: defaultdict[str, list[Resource]] = defaultdict(list)
        for alarm in stack.of_type(METRIC_ALARM):
            own = [one for one in compared(alarm) if one.namespace == self.namespace]
            for name in {name for one in own if isinstance(name := dig(one.dimensions, self.dimension), str)}:
                metrics = [one.metric for one in own if dig(one.dimensions, self.dimension) == name]
                if all(metric in metrics for metric in self.metrics):
                    found[name].append(alarm)
        return found

    def findings(self, alarm: Resource, lowest: float, highest: float) -> Iterator[Finding]:
        """What makes an alarm on the resource too weak; its threshold must lie within the bounds."""
        return weaknesses(alarm, lowest, highest, operators=self.operators, statistics=self.statistics)


def weaknesses(
    alarm: Resource, lowest: float, highest: float, *, operators: tuple[str, ...] = ABOVE, statistics: tuple[str, ...] = ("Sum",)
) -> Iterator[Finding]:
    """What makes an alarm too weak; its threshold must lie within the bounds."""
    yield from literal("comparisonOperator", alarm.at("comparisonOperator"), *operators)
    reached = alarm.at("comparisonOperator") == "GreaterThanOrEqualToThreshold"
    yield from between("threshold", alarm.at("threshold"), lowest, highest + 1 if reached else highest)
    yield from between("evaluationPeriods", alarm.at("evaluationPeriods"), 1, LONGEST_EVALUATION)
    yield from wakes(alarm, ROLL_MINUTES)
    yield from _unstuck(alarm)
    for name in ("extendedStatistic", "thresholdMetricId", "evaluationCriteria", "unit"):
        yield from absent(name, alarm.at(name), BLIND)
    for query in items(alarm.at("metricQueries")):
        yield from absent("accountId", dig(query, "accountId"), "the metrics of another account say nothing of this one")
        yield from absent("metric.unit", dig(query, "metric", "unit"), BLIND)
    for one in compared(alarm):
        yield from literal("statistic", one.statistic, *statistics)
        yield from between("period", one.period, 1, LONGEST_PERIOD)


def wakes(alarm: Resource, longest: float) -> Iterator[Finding]:
    """It stays silent after its creation no longer than a service may take to be rolled."""
    minutes = alarm.at("warmUpConfiguration", "warmUpPeriodDurationInMinutes")
    yield from between("warmUpConfiguration.warmUpPeriodDurationInMinutes", minutes, 1, longest, or_missing=True)


def _unstuck(alarm: Resource) -> Iterator[Finding]:
    """It fires though the newest figures are late, and is OK again once nothing happens any more."""
    queries = items(alarm.at("metricQueries"))
    watched = [dig(query, "expression") for query in queries if dig(query, "returnData") is True]
    filled = {one for expression in watched if isinstance(expression, str) for one in FILLED.findall(expression)}
    if filled:
        periods, given = number(alarm.at("evaluationPeriods")) or 0, alarm.at("datapointsToAlarm")
        needed = periods if given is None else number(given)
        if needed is None or periods - needed < LATE_PERIODS:
            yield Finding(
                f"datapointsToAlarm is {shown(given)} of {periods:g} evaluationPeriods; it must be at least {LATE_PERIODS} fewer, for FILL "
                "makes a 0 of what is late."
            )
    alone = alarm.at("namespace") == KEEPS_STATE
    if alone or any(dig(query, "metric", "namespace") == KEEPS_STATE and dig(query, "id") not in filled for query in queries):
        yield Finding(
            f"it reads metrics of {KEEPS_STATE} without FILL(…, 0); it must fill them, or it is never OK again once it has fired."
        )


def _nothing_more(_alarm: Resource) -> Iterator[Finding]:
    return iter(())


def _watched(
    stack: Stack, watch: Watch, within: ThresholdRange, more: Callable[[Resource], Iterator[Finding]] = _nothing_more
) -> Iterator[Finding]:
    """Each resource of the type must have an alarm without a finding; otherwise the findings of the best alarm are reported."""
    by_name = watch.alarms_by_name(stack)
    for watched in stack.of_type(watch.kind):
        name = watched.at(*watch.key)
        alarms = by_name.get(name, []) if isinstance(name, str) else []
        if not alarms:
            metrics = " and ".join(sorted(watch.metrics))
            yield Finding(
                f"no alarm watches its {metrics} ({watch.namespace}, {watch.dimension}={shown(name)}); one must.",
                watched,
            )
            continue
        lowest, highest = within(watched)
        judged = ([*about(alarm, watch.findings(alarm, lowest, highest)), *about(alarm, more(alarm))] for alarm in alarms)
        yield from fewest(judged)


def fewest(judged: Iterable[Iterable[Finding]]) -> list[Finding]:
    """The findings of the alarm that has the fewest; none where there is no alarm. Looks no further than the first that has none."""
    best: list[Finding] | None = None
    for given in judged:
        findings = list(given)
        best = findings if best is None or len(findings) < len(best) else best
        if not best:
            break
    return best or []


def _at_most(highest: float) -> ThresholdRange:
    return lambda _resource: (0, highest)


def _tasks(stack: Stack) -> ThresholdRange:
    """At least the tasks that the autoscaler keeps, or else the service's own count, and at least one."""
    targets = Linked(stack, SCALABLE_TARGET, ("resourceId",))
    kept = {
        str(targets.all[urn].at("resourceId")).rpartition("/")[2]: number(action.at("scalableTargetAction", "minCapacity"))
        for action in stack.of_type(SCHEDULED_ACTION)
        for urn in targets.by(action, "resourceId")
    }

    def within(service: Resource) -> tuple[float, float]:
        name = str(service.at("name"))
        wanted = kept[name] if name in kept else number(service.at("desiredCount"))
        return max(1, wanted or 0), float("inf")

    return within


def _silence_breaches(alarm: Resource) -> Iterator[Finding]:
    """A service without a task publishes nothing."""
    yield from literal("treatMissingData", alarm.at("treatMissingData"), "breaching")
    # The metric exists for the pair of cluster and service only.
    yield from present("dimensions.ClusterName", alarm.at("dimensions", "ClusterName"), "the service's cluster")


SERVICES = Watch(
    kind=SERVICE,
    key=("name",),
    dimension="ServiceName",
    namespace="ECS/ContainerInsights",
    metrics=frozenset({"RunningTaskCount"}),
    statistics=("Minimum",),
    operators=BELOW[:1],
)

TABLES = Watch(
    kind=TABLE,
    key=("name",),
    dimension="TableName",
    namespace="AWS/DynamoDB",
    metrics=frozenset({"ReadThrottleEvents", "WriteThrottleEvents"}),
)

FUNCTIONS = Watch(kind=FUNCTION, key=("name",), dimension="FunctionName", namespace="AWS/Lambda", metrics=frozenset({"Errors"}))

QUEUES = Watch(
    kind=QUEUE,
    key=("name",),
    dimension="QueueName",
    namespace="AWS/SQS",
    metrics=frozenset({"ApproximateNumberOfMessagesVisible"}),
    statistics=("Maximum", "Sum", "Average"),
)

BLOCKED = Watch(
    kind=WEB_ACL,
    key=("visibilityConfig", "metricName"),
    dimension="WebACL",
    namespace="AWS/WAFV2",
    metrics=frozenset({"BlockedRequests"}),
)


@evolution_rule(
    id="alarms/blocked-requests",
    severity=Severity.MEDIUM,
    protects="The gateway from an attack that nobody notices.",
    why="WAF blocks quietly; a surge of blocked requests is the first sign of somebody trying.",
    fix="Declare an alarm on the Sum of BlockedRequests (AWS/WAFV2) of the web ACL, by its metric's name, over all rules.",
)
def blocked_requests(stack: Stack) -> Iterator[Finding]:
    """Once something is behind the web ACL, a surge of blocked requests is an attack."""
    region = (stack.table or {}).get("region")

    def of_all_rules(alarm: Resource) -> Iterator[Finding]:
        """The metric exists for the three dimensions together."""
        for one in compared(alarm):
            yield from literal("dimensions.Rule", dig(one.dimensions, "Rule"), "ALL")
            yield from literal("dimensions.Region", dig(one.dimensions, "Region"), region)

    if stack.of_type(WEB_ACL_ASSOCIATION):
        yield from _watched(stack, BLOCKED, _at_most(MOST_BLOCKED), of_all_rules)


@evolution_rule(
    id="alarms/running-tasks",
    severity=Severity.HIGH,
    protects="The engine and the safety monitor from being gone without anybody noticing.",
    why="A safety monitor that doesn't run scores nothing, and an engine that doesn't run publishes nothing.",
    fix="Declare an alarm on the Minimum of RunningTaskCount below the service's minimum, with treat_missing_data='breaching'.",
)
def running_tasks(stack: Stack) -> Iterator[Finding]:
    return _watched(stack, SERVICES, _tasks(stack), _silence_breaches)


@evolution_rule(
    id="alarms/throttles",
    severity=Severity.MEDIUM,
    protects="Evolution from losing what it can't write.",
    why="A throttled table drops generations silently once retries are used up, and an alarm that sticks in a state tells nobody.",
    fix="Declare an alarm on FILL(reads, 0) + FILL(writes, 0) of the table's ReadThrottleEvents and WriteThrottleEvents, above 0, in "
    "some of its periods (datapoints_to_alarm=5, evaluation_periods=10).",
)
def throttles(stack: Stack) -> Iterator[Finding]:
    return _watched(stack, TABLES, _at_most(FEW))


@evolution_rule(
    id="alarms/function-errors",
    severity=Severity.HIGH,
    protects="The functions, the safety switch among them, from failing unseen.",
    why="A switch that fails halts nothing, and nobody would know.",
    fix="Declare an alarm on the Sum of Errors (AWS/Lambda) of the function, above 0.",
)
def function_errors(stack: Stack) -> Iterator[Finding]:
    return _watched(stack, FUNCTIONS, _at_most(NONE))


@evolution_rule(
    id="alarms/dead-letters",
    severity=Severity.HIGH,
    protects="What could not be handled from being forgotten.",
    why="A dead-letter queue is read when somebody is told to; its messages expire.",
    fix="Declare an alarm on ApproximateNumberOfMessagesVisible (AWS/SQS) of the queue, above 0.",
)
def dead_letters(stack: Stack) -> Iterator[Finding]:
    return _watched(stack, QUEUES, _at_most(NONE))
