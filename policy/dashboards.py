"""What is in a CloudWatch dashboard's body, a JSON text."""

from __future__ import annotations

from collections.abc import Sequence

from plain import Plain, dig, items, parse
from rule import Resource

CALLS = "custom"
"""The type of a widget that calls a Lambda function with the rights of whoever looks. Source: CloudWatch user guide, "Create a custom
widget for a CloudWatch dashboard"."""


def widgets_of(dashboard: Resource) -> Sequence[Plain]:
    """The widgets of a dashboard.

    Raises:
        NotJsonError: the body isn't known, or is no JSON.
    """
    return items(dig(parse(dashboard.at("dashboardBody")), "widgets"))


def beside_widgets(dashboard: Resource) -> Sequence[str]:
    """What a dashboard's body says of all of its widgets: the time that they show, or what is put in their metrics' place.

    Raises:
        NotJsonError: the body isn't known, or is no JSON.
    """
    body = parse(dashboard.at("dashboardBody"))
    return sorted(body.keys() - {"widgets"}) if isinstance(body, dict) else ()


def beside_metrics(body: Plain) -> Plain:
    """What a dashboard's body holds but for the metrics that it draws."""
    if isinstance(body, dict):
        return {key: beside_metrics(value) for key, value in body.items() if key != "metrics"}
    return [beside_metrics(one) for one in body] if isinstance(body, list) else body
