"""The dashboard's body: a row on safety and a row on the agents, with the thresholds of the alarms drawn in. A pure function."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from components.agent_alarms import AgentAlarm
from components.naming import Names
from components.safety import PERIOD_SECONDS, SafetyAlarm

WIDGET_WIDTH = 12
"""Two side by side: with three the report's page would have letters too small to read."""

WIDGET_HEIGHT = 6

HEADING_HEIGHT = 1

COLUMNS = 24
"""The width of a dashboard. Source: CloudWatch API reference, "Dashboard Body Structure and Syntax"."""


def dashboard_body(names: Names, alarms: Sequence[SafetyAlarm], agent_alarms: Sequence[AgentAlarm]) -> str:
    """The dashboard as the JSON text that CloudWatch takes."""
    widgets = [
        _widget(names, alarms, 0, 0, "Safety Score Trend", left=["SafetyScore"], left_label="score"),
        _widget(
            names,
            alarms,
            WIDGET_WIDTH,
            0,
            "Agent Constraints",
            left=["AgentMemoryUsageKB"],
            left_label="KB",
            right=["InstantiationSpeedMicroseconds"],
            right_label="µs",
        ),
        _widget(names, alarms, 0, WIDGET_HEIGHT, "Autonomy Level", left=["AutonomyPercentage"], left_label="percent"),
        *_agents(names, agent_alarms, 2 * WIDGET_HEIGHT),
    ]
    return json.dumps({"widgets": widgets})


def _agents(names: Names, alarms: Sequence[AgentAlarm], y: int) -> Iterator[dict[str, object]]:
    """A heading, and each alarm's own graph: CloudWatch draws what the alarm compares, and its threshold. So the body needs none of the
    ARNs that AWS makes, and can't show another metric than the alarm's.

    Source: CloudWatch API reference, "Dashboard Body Structure and Syntax", annotations of alarms.
    """
    yield {"type": "text", "x": 0, "y": y, "width": COLUMNS, "height": HEADING_HEIGHT, "properties": {"markdown": "# Agents"}}
    for index, alarm in enumerate(alarms):
        row, column = divmod(index, COLUMNS // WIDGET_WIDTH)
        yield {
            "type": "metric",
            "x": column * WIDGET_WIDTH,
            "y": y + HEADING_HEIGHT + row * WIDGET_HEIGHT,
            "width": WIDGET_WIDTH,
            "height": WIDGET_HEIGHT,
            "properties": {
                "title": alarm.title,
                "region": names.region,
                "view": "timeSeries",
                "annotations": {"alarms": [names.alarm_arn(names.regional(alarm.stem))]},
            },
        }


def _widget(
    names: Names,
    alarms: Sequence[SafetyAlarm],
    x: int,
    y: int,
    title: str,
    *,
    left: Sequence[str],
    left_label: str,
    right: Sequence[str] = (),
    right_label: str = "",
) -> dict[str, object]:
    axis = dict.fromkeys(left, "left") | dict.fromkeys(right, "right")
    shown = [alarm for alarm in alarms if alarm.metric in axis]
    bounds: dict[tuple[str, float], str] = {}
    for alarm in shown:
        word = "at least" if alarm.comparison == "LessThanThreshold" else "at most"
        bounds.setdefault((axis[alarm.metric], alarm.threshold), f"{alarm.metric}: {word} {alarm.threshold:g}")
    return {
        "type": "metric",
        "x": x,
        "y": y,
        "width": WIDGET_WIDTH,
        "height": WIDGET_HEIGHT,
        "properties": {
            "title": title,
            "region": names.region,
            "view": "timeSeries",
            "period": PERIOD_SECONDS,
            "metrics": [
                [alarm.namespace, alarm.metric, "Environment", names.stack, {"stat": alarm.statistic, "yAxis": axis[alarm.metric]}]
                for alarm in shown
            ],
            "yAxis": {"left": {"label": left_label, "showUnits": False}}
            | ({"right": {"label": right_label, "showUnits": False}} if right else {}),
            "annotations": {
                "horizontal": [{"label": label, "value": value, "yAxis": side} for (side, value), label in bounds.items()],
            },
        },
    }
