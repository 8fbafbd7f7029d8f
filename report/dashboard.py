"""The dashboard as it will look: its widgets with their thresholds, from the planned body. Before a deployment there is no data."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from local.previews import Plan
from plain import NotJsonError, Plain, dig, items, number, parse

DASHBOARD = "aws:cloudwatch/dashboard:Dashboard"

GRID = 24
"""The columns of a CloudWatch dashboard."""

PLOT_WIDTH, PLOT_HEIGHT = 340, 150
"""The size of the plot in SVG units: small, so that the text is legible on a phone."""

HEADROOM = 1.2
"""The least ratio of the end of an axis to its highest threshold."""

STEPS = (1, 2, 2.5, 5, 10)
"""The possible distances of ticks, times a power of ten."""

MARKS = 5
"""The most ticks above zero."""

LABEL_GAP = 18
"""The least distance between two labels, in SVG units."""


@dataclass(frozen=True, kw_only=True)
class Line:
    """A threshold: its height, and that of its label, which is moved if another label is in the way."""

    y: float
    label_y: float
    label: str
    side: str


@dataclass(frozen=True, kw_only=True)
class Widget:
    """One widget. `width` is in columns of GRID; `axes` are the labels of the left and the right axis, `ticks` their heights and texts."""

    title: str
    kind: str
    width: int
    metrics: tuple[str, ...]
    axes: tuple[str, str]
    ticks: tuple[tuple[tuple[float, str], ...], tuple[tuple[float, str], ...]]
    lines: tuple[Line, ...]

    @property
    def says(self) -> str:
        """The text alternative."""
        bounds = "; ".join(line.label for line in self.lines)
        return f"{self.title}: {', '.join(self.metrics) or self.kind}. Thresholds: {bounds or 'none'}. No data yet."


@dataclass(frozen=True, kw_only=True)
class Dashboard:
    """A dashboard and its widgets, in reading order."""

    name: str
    widgets: tuple[Widget, ...]


def dashboards_of(plan: Plan) -> tuple[Dashboard, ...]:
    """The planned dashboards. One whose body isn't known has no widgets."""
    return tuple(
        Dashboard(
            name=str(resource.inputs.get("dashboardName", resource.name)), widgets=tuple(_widgets(resource.inputs.get("dashboardBody")))
        )
        for resource in sorted(plan.resources, key=lambda resource: resource.name)
        if resource.type == DASHBOARD
    )


def _widgets(body: Any) -> Iterator[Widget]:
    try:
        widgets = [widget for widget in items(dig(parse(body), "widgets")) if isinstance(widget, dict)]
    except NotJsonError:
        return
    for widget in sorted(widgets, key=lambda widget: (_number(widget.get("y")), _number(widget.get("x")))):
        yield _widget(widget)


def _widget(widget: dict[str, Plain]) -> Widget:
    bounds = [bound for bound in items(dig(widget, "properties", "annotations", "horizontal")) if isinstance(bound, dict)]
    tops = {
        side: _top(max([_number(bound.get("value")) for bound in bounds if bound.get("yAxis", "left") == side] or [0]))
        for side in ("left", "right")
    }
    return Widget(
        title=_text(dig(widget, "properties", "title")) or _text(dig(widget, "properties", "markdown")).lstrip("# "),
        kind=_text(widget.get("type")),
        width=min(GRID, max(1, int(_number(widget.get("width")) or GRID))),
        metrics=tuple(_metrics(widget)),
        axes=(_text(dig(widget, "properties", "yAxis", "left", "label")), _text(dig(widget, "properties", "yAxis", "right", "label"))),
        ticks=(_ticks(tops["left"]), _ticks(tops["right"])),
        lines=tuple(_lines(bounds, tops)),
    )


def _metrics(widget: dict[str, Plain]) -> Iterator[str]:
    for metric in items(dig(widget, "properties", "metrics")):
        parts = items(metric)
        options = parts[-1] if parts and isinstance(parts[-1], dict) else dict[str, Plain]()
        if "expression" in options:
            yield str(options.get("label", options["expression"]))
        elif len(parts) > 1:
            yield f"{parts[1]} ({options.get('stat') or _text(dig(widget, 'properties', 'stat')) or 'Average'})"
    for alarm in (*items(dig(widget, "properties", "alarms")), *items(dig(widget, "properties", "annotations", "alarms"))):
        yield str(alarm).rpartition(":")[2]


def _lines(bounds: list[dict[str, Plain]], tops: Mapping[str, float]) -> Iterator[Line]:
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
    """The end of an axis: a multiple of its step, above the highest threshold."""
    return _step(highest) * math.ceil(HEADROOM * highest / _step(highest)) if highest > 0 else 0.0


def _step(highest: float) -> float:
    """The distance of ticks."""
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


def _number(value: Plain) -> float:
    return number(value) or 0


def _text(value: Plain) -> str:
    return value if isinstance(value, str) else ""
