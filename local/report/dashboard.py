"""The dashboard as it will look: its widgets with their thresholds, from the planned body. There is no data to draw before a deployment."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from local.previews import Plan

DASHBOARD = "aws:cloudwatch/dashboard:Dashboard"

GRID = 24
"""The columns of a CloudWatch dashboard."""

PLOT_WIDTH, PLOT_HEIGHT = 340, 150
"""Of the drawing, in its own units: small, so that its text can be read on a phone."""

HEADROOM = 1.2
"""How far an axis reaches above its highest threshold, at least."""

STEPS = (1, 2, 2.5, 5, 10)
"""What the marks of an axis may be apart, times a power of ten."""

MARKS = 5
"""The most that an axis has above zero."""

LABEL_GAP = 18
"""The least distance between two labels, in the drawing's units."""


@dataclass(frozen=True, kw_only=True)
class Line:
    """A threshold in the drawing: where it is, and where its label is, which gives way to others."""

    y: float
    label_y: float
    label: str
    side: str


@dataclass(frozen=True, kw_only=True)
class Widget:
    """One widget. `width` is in columns of GRID; `axes` are the labels of the left and the right axis, `ticks` their marks, as a height
    in the drawing and a text."""

    title: str
    kind: str
    width: int
    metrics: tuple[str, ...]
    axes: tuple[str, str]
    ticks: tuple[tuple[tuple[float, str], ...], tuple[tuple[float, str], ...]]
    lines: tuple[Line, ...]

    @property
    def says(self) -> str:
        """The drawing in words."""
        bounds = "; ".join(line.label for line in self.lines)
        return f"{self.title}: {', '.join(self.metrics) or self.kind}. Thresholds: {bounds or 'none'}. No data yet."


@dataclass(frozen=True, kw_only=True)
class Dashboard:
    """A dashboard and its widgets, from top to bottom and left to right."""

    name: str
    widgets: tuple[Widget, ...]


def dashboards_of(plan: Plan) -> tuple[Dashboard, ...]:
    """The plan's dashboards. One whose body isn't known has no widgets."""
    return tuple(
        Dashboard(
            name=str(resource.inputs.get("dashboardName", resource.name)), widgets=tuple(_widgets(resource.inputs.get("dashboardBody")))
        )
        for resource in sorted(plan.resources, key=lambda resource: resource.name)
        if resource.type == DASHBOARD
    )


def _widgets(body: Any) -> Iterator[Widget]:
    try:
        content = json.loads(body)
    except (ValueError, TypeError, RecursionError):
        return
    widgets = [_object(widget) for widget in _list(_object(content).get("widgets"))]
    for widget in sorted(widgets, key=lambda widget: (_number(widget.get("y")), _number(widget.get("x")))):
        yield _widget(widget)


def _widget(widget: Mapping[str, Any]) -> Widget:
    properties = _object(widget.get("properties"))
    bounds = [_object(bound) for bound in _list(_object(properties.get("annotations")).get("horizontal"))]
    axes = _object(properties.get("yAxis"))
    tops = {
        side: _top(max([_number(bound.get("value")) for bound in bounds if bound.get("yAxis", "left") == side] or [0]))
        for side in ("left", "right")
    }
    return Widget(
        title=str(properties.get("title", "")),
        kind=str(widget.get("type", "")),
        width=min(GRID, max(1, int(_number(widget.get("width")) or GRID))),
        metrics=tuple(_metrics(properties)),
        axes=(str(_object(axes.get("left")).get("label", "")), str(_object(axes.get("right")).get("label", ""))),
        ticks=(_ticks(tops["left"]), _ticks(tops["right"])),
        lines=tuple(_lines(bounds, tops)),
    )


def _metrics(properties: Mapping[str, Any]) -> Iterator[str]:
    for metric in _list(properties.get("metrics")):
        parts = _list(metric)
        options = _object(parts[-1] if parts else None)
        if "expression" in options:
            yield str(options.get("label", options["expression"]))
        elif len(parts) > 1:
            yield f"{parts[1]} ({options.get('stat', properties.get('stat', 'Average'))})"
    for alarm in _list(properties.get("alarms")):
        yield str(alarm).rpartition(":")[2]


def _lines(bounds: list[Mapping[str, Any]], tops: Mapping[str, float]) -> Iterator[Line]:
    taken: list[float] = []
    for bound in sorted(bounds, key=lambda bound: -_number(bound.get("value"))):
        side = "right" if bound.get("yAxis") == "right" else "left"
        value = _number(bound.get("value"))
        y = _height(value, tops[side])
        free = all(abs(y - 6 - other) >= LABEL_GAP for other in taken)
        label_y = y - 6 if free else max([y + LABEL_GAP - 3, *(other + LABEL_GAP for other in taken)])
        taken.append(label_y)
        yield Line(y=y, label_y=label_y, label=str(bound.get("label", f"{value:g}")), side=side)


def _top(highest: float) -> float:
    """The end of an axis: a whole number of steps, with room above the highest threshold."""
    return _step(highest) * math.ceil(HEADROOM * highest / _step(highest)) if highest > 0 else 0.0


def _step(highest: float) -> float:
    """How far the marks of an axis are apart."""
    least = HEADROOM * highest / MARKS
    power = 10 ** math.floor(math.log10(least))
    return next(step * power for step in STEPS if step * power >= least * (1 - 1e-9))


def _ticks(top: float) -> tuple[tuple[float, str], ...]:
    if top <= 0:
        return ()
    step = _step(top / HEADROOM)
    return tuple((_height(step * part, top), f"{step * part:.6g}") for part in range(round(top / step) + 1))


def _height(value: float, top: float) -> float:
    return round(PLOT_HEIGHT * (1 - value / top), 1) if top > 0 else PLOT_HEIGHT


def _number(value: Any) -> float:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else 0.0


def _object(value: Any) -> Mapping[str, Any]:
    return cast("Mapping[str, Any]", value) if isinstance(value, Mapping) else dict[str, Any]()


def _list(value: Any) -> list[Any]:
    return cast("list[Any]", value) if isinstance(value, list) else []
