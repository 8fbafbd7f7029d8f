"""Alarms, the graphs: what a widget of the dashboard may say where it draws a safety metric. All of it is a closed list.

Source of what there is to say: CloudWatch API reference, "Dashboard body structure and syntax".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from accounts import own_account
from checks import between, literal
from plain import Plain, dig, items, number, shown, texts
from rule import Finding, Stack
from rules.evolution.alarms import PERIOD_SECONDS, REQUIRED, RequiredAlarm

WIDGET = frozenset({"type", "x", "y", "width", "height", "properties"})

SMALLEST = {"width": 6, "height": 3}
"""Of a graph whose line and bound can be told apart."""

ALARM_GRAPH = frozenset({"title", "region", "view", "annotations"})
"""What the graph of an alarm may say: CloudWatch draws what the alarm compares, and its threshold."""

GRAPH = ALARM_GRAPH | {"metrics", "period", "yAxis"}

JUDGED_ELSEWHERE = frozenset({"accountId", "endpoint"})
"""Properties of a widget that `alarms/dashboard-shows` refuses."""

LINES = "timeSeries"
"""The view that draws a metric over time, and its bounds with it; also the one of a widget that names none."""

LINE, BOUND, AXIS = (
    frozenset({"stat", "period", "region", "yAxis"}),
    frozenset({"label", "value", "yAxis"}),
    frozenset({"label", "showUnits"}),
)

LEFT = "left"
"""The axis of a line and a bound that name none."""

NO_LETTERS = re.compile("[^a-z]")


@dataclass(frozen=True, kw_only=True, slots=True)
class Bound:
    """A horizontal line in a graph."""

    label: Plain
    value: int | float | None
    axis: Plain


def draws_safety(widget: Plain) -> bool:
    """Whether a widget draws a safety metric, or says that it does: in a title, a label, an expression."""
    said = [NO_LETTERS.sub("", one.lower()) for one in texts(dig(widget, "properties"))] if dig(widget, "type") == "metric" else []
    return any(required.metric.lower() in one for one in said for required in REQUIRED.values())


def graphed_alarm(widget: Plain, stack: Stack) -> str:
    """The name of the alarm of this account and region whose metric and threshold a widget draws, and nothing else; it takes one."""
    own, region = own_account(stack), (stack.table or {}).get("region")
    properties = dig(widget, "properties")
    if dig(widget, "type") != "metric" or not isinstance(properties, dict) or not _is_alarm_graph(properties, region):
        return ""
    match items(dig(properties, "annotations", "alarms")):
        case [str(arn)]:
            parts = arn.split(":")
            return parts[6] if len(parts) == 7 and parts[3] == region and own in ("", parts[4]) else ""
        case _:
            return ""


def _is_alarm_graph(properties: Mapping[str, Plain], region: Plain) -> bool:
    annotations = properties.get("annotations")
    closed = properties.keys() <= ALARM_GRAPH and isinstance(annotations, dict) and annotations.keys() == {"alarms"}
    return closed and properties.get("view") in (None, LINES) and properties.get("region") in (None, region)


def lines_in(widget: Plain, stack: Stack) -> list[tuple[Sequence[RequiredAlarm], Plain] | None]:
    """For each entry of a graph's metrics the safety alarms that compare what it draws, and its axis; None where there is none."""
    region = (stack.table or {}).get("region")
    if dig(widget, "properties", "region") not in (None, region):
        return []  # alarms/dashboard-shows says it
    return [_line(metric, stack.name, region) for metric in items(dig(widget, "properties", "metrics"))]


def _line(metric: Plain, stack: str, region: Plain) -> tuple[Sequence[RequiredAlarm], Plain] | None:
    match metric:
        case [str(namespace), str(name), "Environment", str(of), *more] if of == stack and len(more) <= 1:
            options: Plain = more[0] if more else {}
        case _:
            return None
    if not isinstance(options, dict) or not options.keys() <= LINE or options.get("region") not in (None, region):
        return None
    if options.get("period") is not None and list(between("period", options["period"], 1, PERIOD_SECONDS)):
        return None
    stat = options.get("stat", "Average")
    compare = [one for one in REQUIRED.values() if (one.namespace, one.metric, one.statistic) == (namespace, name, stat)]
    return (compare, options.get("yAxis") or LEFT) if compare else None


def misleading(widget: Plain, where: str, stack: Stack) -> Iterator[Finding]:
    """What makes a graph that draws safety metrics show something else than their alarms compare."""
    properties = dig(widget, "properties")
    if not isinstance(widget, dict) or not isinstance(properties, dict) or graphed_alarm(widget, stack):
        return
    yield from _beyond(where, widget, WIDGET)
    for side, least in SMALLEST.items():
        yield from between(f"{where}.{side}", widget.get(side), least, float("inf"), or_missing=True)
    where = f"{where}.properties"
    yield from _beyond(where, properties, GRAPH | JUDGED_ELSEWHERE)
    yield from literal(f"{where}.view", properties.get("view"), LINES, or_missing=True)
    yield from between(f"{where}.period", properties.get("period"), 1, PERIOD_SECONDS)
    lines = lines_in(widget, stack)
    for index, line in enumerate(lines):
        if line is None:
            yield Finding(
                f"{where}.metrics[{index}] isn't what a safety alarm compares, as it does; a graph of safety must draw nothing else."
            )
    drawn = [(one, axis) for line in lines if line for one in line[0] for axis in [line[1]]]
    yield from _bounds(f"{where}.annotations", properties.get("annotations"), drawn, stack)
    yield from _axes(f"{where}.yAxis", properties.get("yAxis"), drawn, stack)


def _beyond(where: str, value: Plain, known: frozenset[str]) -> Iterator[Finding]:
    for key in sorted(value.keys() - known) if isinstance(value, dict) else ():
        yield Finding(f"{where}.{key} is {shown(dig(value, key))}; it must be left out, for a graph of safety shows what alarms compare.")


def _bounds(where: str, annotations: Plain, drawn: Sequence[tuple[RequiredAlarm, Plain]], stack: Stack) -> Iterator[Finding]:
    """Each metric has the table's bound on its axis, under a label that says what it is; and there is no other."""
    yield from _beyond(where, annotations, frozenset({"horizontal"}))
    if stack.table is None:
        return
    wanted = {Bound(label=one.bound(stack), value=one.threshold(stack), axis=axis) for one, axis in drawn}
    found: set[Bound] = set()
    for index, one in enumerate(items(dig(annotations, "horizontal"))):
        yield from _beyond(f"{where}.horizontal[{index}]", one, BOUND)
        bound = Bound(label=dig(one, "label"), value=number(dig(one, "value")), axis=dig(one, "yAxis") or LEFT)
        found |= {bound}
        if bound not in wanted:
            yield Finding(
                f"{where}.horizontal[{index}] draws {shown(bound.value)} as {shown(bound.label)}; it must be a bound of the table."
            )
    for bound in sorted(wanted - found, key=str):
        yield Finding(f"{where}.horizontal lacks {shown(bound.label)} on the {shown(bound.axis)} axis; it must be drawn.")


def _axes(where: str, axes: Plain, drawn: Sequence[tuple[RequiredAlarm, Plain]], stack: Stack) -> Iterator[Finding]:
    """An axis may begin at zero, and may end above the bound where nothing unsafe is higher."""
    yield from _beyond(where, axes, frozenset({LEFT, "right"}))
    for side, axis in axes.items() if isinstance(axes, dict) else ():
        own = [one for one, of in drawn if of == side]
        highest = max((one.threshold(stack) or 0 for one in own), default=0)
        ends = frozenset[str]() if any(not one.least for one in own) else frozenset({"max"})
        yield from _beyond(f"{where}.{side}", axis, AXIS | {"min"} | ends)
        yield from between(f"{where}.{side}.min", dig(axis, "min"), float("-inf"), 0, or_missing=True)
        if ends:
            yield from between(f"{where}.{side}.max", dig(axis, "max"), highest, float("inf"), or_missing=True)
