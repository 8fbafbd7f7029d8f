"""How CloudWatch judges an alarm: a model of the user guide's words, for what the emulator does not do. Pure.

Source: CloudWatch user guide, "Configuring how CloudWatch alarms treat missing data" and "Using math expressions with CloudWatch metrics".
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

AlarmState = Literal["OK", "ALARM", "INSUFFICIENT_DATA"]
Missing = Literal["ignore", "notBreaching"]
Series = Sequence[float | None]
"""A figure a period, the oldest first; None where there is none."""

EXTRA_PERIODS = 2
"""CloudWatch looks at more periods than the alarm has, and doesn't say at how many; in the guide's examples at two more."""

FILLED = re.compile(r"FILL\((\w+), 0\)")


@dataclass(frozen=True, kw_only=True)
class Alarm:
    """An alarm that fires above 0.

    Attributes:
        datapoints: how many of its periods must breach.
        missing: what counts for a period without a figure.
    """

    periods: int
    datapoints: int
    missing: Missing

    def state(self, seen: Series, before: AlarmState) -> AlarmState:
        """The state after looking at the latest periods: figures that are there count, and missing ones only where those are too few."""
        real = [value > 0 for value in seen if value is not None][-self.periods :]
        if sum(real) >= self.datapoints:
            return "ALARM"
        if len(real) < self.periods and self.missing == "ignore" and all(real):
            return before
        return "OK"


def total(expression: str, metrics: Mapping[str, Series], *, empty_stays_empty: bool) -> Series:
    """A sum of metrics, filled or not. In arithmetic a missing figure counts as 0 where another metric has one.

    Args:
        empty_stays_empty: whether `FILL` leaves a metric alone that has no figure at all in what is looked at. The guide doesn't say.
    """
    summands = expression.split(" + ")
    series: list[Series] = []
    for one in summands:
        filled = FILLED.fullmatch(one)
        metric = metrics[filled[1] if filled else one]
        leave = not filled or (empty_stays_empty and all(value is None for value in metric))
        series.append(metric if leave else [value or 0.0 for value in metric])
    return [None if all(value is None for value in row) else sum(value or 0.0 for value in row) for row in zip(*series, strict=True)]


def history(alarm: Alarm, expression: str, metrics: Mapping[str, Series], *, late: int, empty_stays_empty: bool) -> list[AlarmState]:
    """The alarm's state, period for period.

    Args:
        late: how many of the newest periods CloudWatch has no figure of yet.
    """
    states: list[AlarmState] = []
    state: AlarmState = "INSUFFICIENT_DATA"
    length = len(next(iter(metrics.values())))
    width = alarm.periods + EXTRA_PERIODS
    for now in range(width, length + 1):
        seen = {name: [*metric[now - width : now - late], *([None] * late)] for name, metric in metrics.items()}
        state = alarm.state(total(expression, seen, empty_stays_empty=empty_stays_empty), state)
        states.append(state)
    return states
