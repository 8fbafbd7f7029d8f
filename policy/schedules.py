"""How often a schedule of EventBridge Scheduler fires."""

from __future__ import annotations

import math
import re
from itertools import pairwise

from plain import Plain

RATE = re.compile(r"rate\((\d+) (minute|hour|day)s?\)")
CRON = re.compile(r"cron\((\S+) (\S+) \S+ \S+ \S+ \S+\)")
ONCE = re.compile(r"at\(\S+\)")

MINUTES = {"minute": 1, "hour": 60, "day": 1440}
A_DAY = MINUTES["day"]

PART = re.compile(r"(\*|\d+)(?:-(\d+))?(?:/(\d+))?")
"""One of a field's values: `*`, `5`, `1-5`, `0/15`. Source: EventBridge Scheduler user guide, "Schedule types"."""


def shortest_gap(expression: Plain) -> float:
    """The fewest minutes between two times that a schedule fires, as if it did each day; 0 where that can't be told."""
    text = expression if isinstance(expression, str) else ""
    if found := RATE.fullmatch(text):
        return int(found[1]) * MINUTES[found[2]]
    if ONCE.fullmatch(text):
        return math.inf
    times = _times(text)
    return min((later - one for one, later in pairwise([*times, times[0] + A_DAY])), default=0) if times else 0


def starts_a_day(expression: Plain) -> float:
    """How many times a schedule fires on a day that it does; no end where that can't be told."""
    gap, times = shortest_gap(expression), _times(str(expression))
    if not gap:
        return math.inf
    return len(times) or (1 if math.isinf(gap) else A_DAY / gap)


def _times(text: str) -> list[int]:
    """The minutes of a day at which a cron expression fires; none where it can't be read."""
    found = CRON.fullmatch(text)
    minutes, hours = (_values(found[1], 60), _values(found[2], 24)) if found else ([], [])
    return sorted(hour * 60 + minute for hour in hours for minute in minutes)


def _values(field: str, end: int) -> list[int]:
    """The values of a field, below an end; none where it can't be read."""
    values: set[int] = set()
    for part in field.split(","):
        if not (found := PART.fullmatch(part)):
            return []
        first = 0 if found[1] == "*" else int(found[1])
        last = int(found[2]) if found[2] else end - 1 if found[1] == "*" or found[3] else first
        step = int(found[3] or 1)
        if step == 0:
            return []
        values |= {*range(first, min(last, end - 1) + 1, step)}
    return sorted(values)
