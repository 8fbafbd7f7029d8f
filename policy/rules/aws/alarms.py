"""Alarms: each one acts, and has a name of its own."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

from checks import literal
from dashboards import CALLS, widgets_of
from plain import NotJsonError, Unknown, dig, items, shown
from rule import Finding, Resource, Severity, Stack, about, rule
from tokens import COMPOSITE_ALARM, DASHBOARD, METRIC_ALARM

ALARMS = (METRIC_ALARM, COMPOSITE_ALARM)

WHY_SILENT = "An alarm that tells nobody changes nothing: what it is about goes on."


NAMED = re.compile(r'(?:ALARM|OK|INSUFFICIENT_DATA)\(\s*"?([^")]+?)"?\s*\)')
"""An alarm in a composite's rule, by its name or ARN."""


def _acts(alarm: Resource) -> bool:
    actions = items(alarm.at("alarmActions"))
    return any(isinstance(action, Unknown) or (isinstance(action, str) and action.startswith("arn:")) for action in actions)


def spoken_for(stack: Stack) -> set[str]:
    """The names of the alarms in the rules of composites that act."""
    composites = [one for one in stack.of_type(COMPOSITE_ALARM) if _acts(one)]
    return {name.rpartition(":alarm:")[2] or name for one in composites for name in NAMED.findall(str(one.at("alarmRule")))}


@rule(
    id="alarms/actions",
    severity=Severity.CRITICAL,
    protects="The way from an alarm to whoever acts on it.",
    why=WHY_SILENT,
    fix="Write actions_enabled=True and alarm_actions=[topic.arn].",
    controls=("Security Hub CloudWatch.15", "Security Hub CloudWatch.17"),
)
def actions(stack: Stack) -> Iterator[Finding]:
    """A composite alarm acts for the alarms in its rule."""
    children = spoken_for(stack)
    for kind in sorted(ALARMS):
        for alarm in stack.of_type(kind):
            yield from about(alarm, literal("actionsEnabled", alarm.at("actionsEnabled"), True, or_missing=True))
            name = alarm.at("alarmName" if kind == COMPOSITE_ALARM else "name")
            if not _acts(alarm) and (str(name) not in children or items(alarm.at("alarmActions"))):
                yield Finding(f"alarmActions is {shown(alarm.at('alarmActions'))}; it must name whom the alarm tells.", alarm)


@rule(
    id="alarms/unique-name",
    severity=Severity.CRITICAL,
    protects="An alarm from another one of the same name.",
    why="CloudWatch replaces an alarm by one of the same name without an error: of two in the program one is in force.",
    fix="Give each alarm a name of its own.",
)
def unique_name(stack: Stack) -> Iterator[Finding]:
    """An alarm's name is its identity: PutMetricAlarm on a name that exists replaces what is there, without a word."""
    by_name: defaultdict[str, list[Resource]] = defaultdict(list)
    for kind, key in ((METRIC_ALARM, "name"), (COMPOSITE_ALARM, "alarmName")):
        for alarm in stack.of_type(kind):
            name = alarm.at(key)
            if isinstance(name, str):
                by_name[name].append(alarm)
    for name, alarms in by_name.items():
        for alarm in alarms[1:]:
            yield Finding(
                f"it has the name {name}, as `{alarms[0].name}` has, and replaces it; alarms must have names of their own.", alarm
            )


@rule(
    id="alarms/dashboard-calls",
    types={DASHBOARD},
    severity=Severity.MEDIUM,
    protects="Whoever looks at a dashboard from running somebody's function by it.",
    why="A custom widget calls its function with the rights of whoever opens the dashboard, again at each refresh; and who may change the "
    "dashboard, but not call the function, needs only wait.",
    fix="Draw the figures with a metric, log or alarm widget; or write an exemption that says what the function does.",
)
def dashboard_calls(dashboard: Resource) -> Iterator[Finding]:
    """A body that isn't known at preview holds what other resources are called; which widgets it has is told once it is."""
    try:
        widgets = widgets_of(dashboard)
    except NotJsonError:
        return
    for index, widget in enumerate(widgets):
        if dig(widget, "type") == CALLS:
            yield Finding(f"widgets[{index}] calls {shown(dig(widget, 'properties', 'endpoint'))}; it must be one that only shows.")
