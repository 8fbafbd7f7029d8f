"""Alarms, the dashboard: it shows what may halt evolution, as the alarms see it, and does nothing but show."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from accounts import own_account
from checks import absent, literal
from dashboards import widgets_of
from plain import NotJsonError, Plain, dig, items, number, shown
from rule import Finding, Resource, Severity, Stack, about
from rules.evolution.alarm_agents import undrawn
from rules.evolution.alarms import thresholds
from system import evolution_rule
from tokens import DASHBOARD

SHOWING = ("alarm", "explorer", "log", "metric", "text")
"""Types of widgets that read and draw, and do nothing. Source: CloudWatch API reference, "Dashboard body structure and syntax"."""

LINES = (None, "timeSeries")
"""Views of a widget that draw a metric over time, and its bounds with it. Source: as above."""

LEFT = "left"
"""The axis of a line and a bound that name none. Source: as above."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Bound:
    """A horizontal line in a graph."""

    label: str
    value: int | float | None
    axis: Plain


TARGETS = re.compile(
    r"\]\(\s*<?([^)>\s]*)"  # [text](target), and buttons
    r"|^\s*\[[^\]]*\]:\s*<?([^>\s]*)"  # [text]: target
    r"|((?:\b[a-z][a-z0-9+.-]*:)?//[^)>\]\s]+|\bwww\.[^)>\]\s]+|(?<=<)[a-z][a-z0-9+.-]*:[^>\s]*)",  # an address by itself
    re.IGNORECASE | re.MULTILINE,
)
"""Where a Markdown text leads to."""

CONSOLE = re.compile(r"#\S*|https://([a-z0-9-]+\.)*console\.aws\.amazon\.com\.?([/?#]\S*)?")
"""A place in the console. Source: CloudWatch user guide, "Adding a text widget": `#dashboards:name=…` leads to another dashboard."""


@evolution_rule(
    id="alarms/dashboard",
    severity=Severity.MEDIUM,
    protects="The operator at 3 a.m., who looks here first.",
    why="A dashboard that lacks a metric, or draws another threshold than the alarm's, misleads who has to decide.",
    fix="Build the body from the same safety alarms as the alarms themselves (components/dashboard.py).",
)
def dashboard(stack: Stack) -> Iterator[Finding]:
    dashboards = stack.of_type(DASHBOARD)
    if not dashboards:
        yield Finding("it has no dashboard; it must have one that shows the safety metrics.")
        return
    region = (stack.table or {}).get("region")
    drawn: defaultdict[tuple[str, str, str], list[list[Bound]]] = defaultdict(list)
    graphed: set[str] = set()
    for dashboard in dashboards:
        try:
            widgets = widgets_of(dashboard)
        except NotJsonError as error:
            yield Finding(f"dashboardBody can't be read: {error}. It must be a JSON text.", dashboard)
            continue
        for widget in widgets:
            if dig(widget, "type") == "metric" and dig(widget, "properties", "region") in (None, region):
                for metric in items(dig(widget, "properties", "metrics")) if dig(widget, "properties", "view") in LINES else ():
                    for line, axis in _drawn(metric, region):
                        drawn[line].append([bound for bound in _bounds(widget) if bound.axis == axis])
                graphed |= set(_graphed(widget, stack))
    for (namespace, metric), threshold in sorted(thresholds(stack).items()):
        graphs = drawn[namespace, metric, stack.name]
        if not graphs:
            yield Finding(f"it does not show {metric} ({namespace}) of Environment={stack.name}; it must.", dashboards[0])
        elif threshold is not None and any(threshold not in {bound.value for bound in bounds} for bounds in graphs):
            yield Finding(f"it draws {metric} without {threshold:g}, the table's bound, on the same axis; it must not.", dashboards[0])
        elif other := [it.value for bounds in graphs for it in bounds if it.label.startswith(metric) and it.value != threshold]:
            yield Finding(f"it draws {shown(other[0])} as a bound of {metric}; it must be the table's ({shown(threshold)}).", dashboards[0])
    for alarm in undrawn(stack, graphed):
        yield Finding(f"it does not show the alarm `{alarm.name}`; a widget must, by annotations.alarms.", dashboards[0])


def _graphed(widget: Plain, stack: Stack) -> Iterator[str]:
    """The name of the alarm of this account and region whose metric and threshold a widget draws: it takes one."""
    own, region = own_account(stack), (stack.table or {}).get("region")
    match items(dig(widget, "properties", "annotations", "alarms")):
        case [str(arn)]:
            parts = arn.split(":")
            if len(parts) == 7 and parts[3] == region and own in ("", parts[4]):
                yield parts[6]
        case _:
            return


def _bounds(widget: Plain) -> Iterator[Bound]:
    """The bounds that a graph draws, unless they are hidden."""
    for one in items(dig(widget, "properties", "annotations", "horizontal")):
        if dig(one, "visible") is not False:
            yield Bound(label=str(dig(one, "label")), value=number(dig(one, "value")), axis=dig(one, "yAxis") or LEFT)


def _drawn(metric: Plain, region: Plain) -> Iterator[tuple[tuple[str, str, str], Plain]]:
    """What a line shows of this region and account, unless it is hidden; and its axis."""
    match metric:
        case [str(namespace), str(name), "Environment", str(stack), *more]:
            elsewhere = any(dig(one, "region") not in (None, region) or dig(one, "accountId") is not None for one in more)
            if not elsewhere and not any(dig(one, "visible") is False for one in more):
                yield (namespace, name, stack), next((axis for one in more if (axis := dig(one, "yAxis"))), LEFT)
        case _:
            return


@evolution_rule(
    id="alarms/dashboard-shows",
    severity=Severity.HIGH,
    protects="The halt from whoever only looks, the look from another place's figures, and who looks from a page that isn't AWS's.",
    why="A widget of the type custom calls a function with the rights of whoever opens the dashboard, and may call `resume`; one of "
    "another region shows a line of a system that isn't there; a link beside the score may ask for the password of whoever may resume.",
    fix=f"Use widgets of the types {', '.join(SHOWING)}, of the table's region, with links to places in the console.",
)
def dashboard_shows(stack: Stack) -> Iterator[Finding]:
    for dashboard in stack.of_type(DASHBOARD):
        yield from about(dashboard, _beyond_showing(dashboard, (stack.table or {}).get("region")))


def _beyond_showing(dashboard: Resource, region: Plain) -> Iterator[Finding]:
    try:
        widgets = widgets_of(dashboard)
    except NotJsonError:
        return  # alarms/dashboard says it
    for index, widget in enumerate(widgets):
        where, properties = f"widgets[{index}]", dig(widget, "properties")
        yield from literal(f"{where}.type", dig(widget, "type"), *SHOWING)
        yield from literal(f"{where}.properties.region", dig(properties, "region"), region, or_missing=True)
        yield from absent(f"{where}.properties.endpoint", dig(properties, "endpoint"), "what is drawn would come from there")
        yield from absent(
            f"{where}.properties.accountId", dig(properties, "accountId"), "another account's figures say nothing of this one"
        )
        markdown = dig(properties, "markdown")
        for found in TARGETS.finditer(markdown) if isinstance(markdown, str) else ():
            target = "".join(found.groups(""))
            if not CONSOLE.fullmatch(target):
                yield Finding(
                    f"{where}.properties.markdown leads to {shown(target.partition('?')[0])}; it must lead to `#…` or the AWS console."
                )
