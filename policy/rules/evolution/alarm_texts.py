"""Alarms, what they say: who is woken by an alarm reads what happened, and is led nowhere but to CloudWatch."""

from __future__ import annotations

import re
from collections.abc import Iterator

from plain import Plain, Unknown, dig, items, shown
from rule import Finding, Resource, Severity
from system import evolution_rule
from tokens import COMPOSITE_ALARM, METRIC_ALARM

TARGETS = re.compile(
    r"\]\(\s*<?([^)>\s]*)"  # [text](target), and buttons
    r"|^\s*\[[^\]]*\]:\s*<?([^>\s]*)"  # [text]: target
    r"|((?:\b[a-z][a-z0-9+.-]*:)?//[^)>\]\s]+|\bwww\.[^)>\]\s]+|(?<=<)[a-z][a-z0-9+.-]*:[^>\s]*)",  # an address by itself
    re.IGNORECASE | re.MULTILINE,
)
"""Where a Markdown text leads to."""

CONSOLE = re.compile(r"#\S*|https://([a-z0-9-]+\.)*console\.aws\.amazon\.com\.?(/(cloudwatch/\S*)?)?")
"""A place in CloudWatch's console: pages of other services take a template or a role in their address, and make what is in it. Source:
CloudWatch user guide, "Adding a text widget" (`#dashboards:name=…` leads to another dashboard); CloudFormation user guide, "Creating
quick-create links for stacks"."""

BY_THE_CLOCK = re.compile(r"\b(MINUTE|HOUR|DAY|DATE|MONTH|YEAR|EPOCH|TIME_SERIES)\s*\(", re.IGNORECASE)
"""Functions whose value is the time or a constant, whatever is measured. Source: CloudWatch user guide, "Using math expressions with
CloudWatch metrics"."""


def leads_away(where: str, text: Plain) -> Iterator[Finding]:
    """Links and addresses in a Markdown text that lead to anything but CloudWatch's console."""
    for found in TARGETS.finditer(text) if isinstance(text, str) else ():
        target = "".join(found.groups(""))
        if not CONSOLE.fullmatch(target):
            yield Finding(f"{where} leads to {shown(target.partition('?')[0])}; it must lead to `#…` or CloudWatch's console.")


@evolution_rule(
    id="alarms/description",
    types={COMPOSITE_ALARM, METRIC_ALARM},
    severity=Severity.MEDIUM,
    protects="Whoever is woken by an alarm from a page that isn't AWS's.",
    why="The description is in each message and, as Markdown, on the alarm's page: a link in it is pressed at 3 a.m., and may ask for the "
    "password of whoever may resume.",
    fix="Say in words what happened and which page of the runbook has more; link to CloudWatch's console at most.",
)
def description(alarm: Resource) -> Iterator[Finding]:
    text = alarm.at("alarmDescription")
    if isinstance(text, Unknown):
        yield Finding("alarmDescription is not known at preview; it must be a literal text.")
    yield from leads_away("alarmDescription", text)


@evolution_rule(
    id="alarms/by-the-clock",
    types={METRIC_ALARM},
    severity=Severity.HIGH,
    protects="Whoever is on call from messages that mean nothing, among which the one that counts is overlooked.",
    why="An alarm that compares the time of day or a constant fires, or keeps still, whatever is measured.",
    fix="Compare metrics alone; leave the functions of time and TIME_SERIES out of the expressions.",
)
def by_the_clock(alarm: Resource) -> Iterator[Finding]:
    for index, query in enumerate(items(alarm.at("metricQueries"))):
        expression = dig(query, "expression")
        if isinstance(expression, str) and (found := BY_THE_CLOCK.search(expression)):
            yield Finding(f"metricQueries[{index}].expression calls {found[1].upper()}; it must be made of what is measured alone.")
