"""Alarms, the dashboard: it shows what may halt evolution, as the alarms see it, and does nothing but show."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from checks import absent, literal
from dashboards import beside_widgets, widgets_of
from plain import NotJsonError, Plain, dig
from rule import Finding, Resource, Severity, Stack, about
from rules.evolution.alarm_agents import undrawn
from rules.evolution.alarm_graphs import draws_safety, graphed_alarm, lines_in, misleading
from rules.evolution.alarm_texts import leads_away
from rules.evolution.alarms import REQUIRED, RequiredAlarm
from system import evolution_rule
from tokens import DASHBOARD

SHOWING = ("alarm", "explorer", "log", "metric", "text")
"""Types of widgets that read and draw, and do nothing. Source: CloudWatch API reference, "Dashboard body structure and syntax"."""

UNMASKED = re.compile(r"\bunmask\s*\(", re.IGNORECASE)
"""In a query of logs, what shows what data protection masks. Source: CloudWatch Logs user guide, "unmask"."""


@evolution_rule(
    id="alarms/dashboard",
    severity=Severity.MEDIUM,
    protects="The operator at 3 a.m., who looks here first.",
    why="A dashboard that lacks a metric, draws another threshold than the alarm's, or a line that hides the worst of an hour, misleads "
    "whoever decides.",
    fix="Build the body from the same safety alarms as the alarms themselves (components/dashboard.py).",
)
def dashboard(stack: Stack) -> Iterator[Finding]:
    dashboards = stack.of_type(DASHBOARD)
    if not dashboards:
        yield Finding("it has no dashboard; it must have one that shows the safety metrics.")
        return
    drawn: set[RequiredAlarm] = set()
    graphed: set[str] = set()
    for dashboard in dashboards:
        try:
            widgets = widgets_of(dashboard)
        except NotJsonError as error:
            yield Finding(f"dashboardBody can't be read: {error}. It must be a JSON text.", dashboard)
            continue
        graphed |= {graphed_alarm(one, stack) for one in widgets}
        if graphs := {index: one for index, one in enumerate(widgets) if draws_safety(one)}:
            drawn |= {alarm for one in graphs.values() for line in lines_in(one, stack) if line for alarm in line[0]}
            yield from about(dashboard, _misleading(dashboard, graphs, stack))
    for required in REQUIRED.values():
        if required not in drawn:
            metric = f"{required.metric} ({required.namespace})"
            yield Finding(f"it does not show the {required.statistic} of {metric} of Environment={stack.name}; it must.", dashboards[0])
    for alarm in undrawn(stack, graphed):
        yield Finding(f"it does not show the alarm `{alarm.name}`; a widget must, by annotations.alarms and nothing else.", dashboards[0])


def _misleading(dashboard: Resource, graphs: Mapping[int, Plain], stack: Stack) -> Iterator[Finding]:
    for key in beside_widgets(dashboard):
        yield Finding(f"{key} is set for the whole dashboard; it must be left out: who looks must see what is now, and here.")
    for index, graph in graphs.items():
        yield from misleading(graph, f"widgets[{index}]", stack)


@evolution_rule(
    id="alarms/dashboard-shows",
    severity=Severity.HIGH,
    protects="The halt from whoever only looks, the look from another place's figures, and who looks from a page that isn't AWS's.",
    why="A widget of the type custom calls a function with the rights of whoever opens the dashboard, and may call `resume`; one of "
    "another region shows a line of a system that isn't there; a link beside the score may ask for the password of whoever may resume, or "
    "make what a template says; and a query may show prompts without their masks to whoever looks over a shoulder.",
    fix=f"Use widgets of the types {', '.join(SHOWING)}, of the table's region, with links to CloudWatch's console and without unmask.",
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
        yield from leads_away(f"{where}.properties.markdown", dig(properties, "markdown"))
        if UNMASKED.search(str(dig(properties, "query"))):
            yield Finding(f"{where}.properties.query calls unmask; it must show what is masked as everybody may see it.")
