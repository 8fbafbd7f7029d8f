"""Fitness by generation, as SVG."""

from __future__ import annotations

import html
import math
from collections.abc import Sequence
from dataclasses import dataclass, field

WIDTH, HEIGHT, LEFT, TOP, RIGHT, BOTTOM = 720, 360, 76, 56, 16, 44
TICKS = 5
BEST, MEAN, GRID, INK = "#0969da", "#bc4c00", "#d0d7de", "#24292f"


@dataclass(frozen=True, kw_only=True)
class Course:
    """How an evolution went.

    Attributes:
        best, mean: the best individual's fitness, and the mean of all that live, by generation.
    """

    best: list[float] = field(default_factory=list[float])
    mean: list[float] = field(default_factory=list[float])


def draw(title: str, courses: Sequence[Course], note: str = "") -> str:
    """A picture of fitness by generation, from the first on, of one evolution or of several with as many generations.

    Args:
        title: what was evolved.
        courses: one at least.
        note: what else is to be said, at the right.
    """
    every = [value for course in courses for line in (course.best, course.mean) for value in line]
    lowest, highest, step = _scale(min(every), max(every))
    count = len(courses[0].best)

    def x(generation: int) -> float:
        return LEFT + (generation - 1) * (WIDTH - LEFT - RIGHT) / max(1, count - 1)

    def y(fitness: float) -> float:
        return TOP + (highest - fitness) * (HEIGHT - TOP - BOTTOM) / (highest - lowest)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" fill="{INK}">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
        _text(LEFT, 20, title, size=14),
        f'<path d="M{LEFT} 38 h20" stroke="{BEST}" stroke-width="2"/>' + _text(LEFT + 26, 42, "the best individual"),
        f'<path d="M{LEFT + 150} 38 h20" stroke="{MEAN}" stroke-width="2"/>' + _text(LEFT + 176, 42, "mean of all that live"),
    ]
    parts += [_text(WIDTH - RIGHT, 42, note, "end")] if note else []
    for number in range(round((highest - lowest) / step) + 1):
        fitness = lowest + number * step
        line = f'<path d="M{LEFT} {y(fitness):.1f} H{WIDTH - RIGHT}" stroke="{GRID}"/>'
        parts += [line, _text(LEFT - 8, y(fitness) + 4, f"{fitness:.6g}", "end")]
    apart = max(1, math.ceil(count / 20))
    parts += [_text(x(one), HEIGHT - BOTTOM + 18, str(one), "middle") for one in range(1, count + 1) if one % apart == 0 or one == 1]
    parts.append(_text(WIDTH / 2, HEIGHT - 8, "generation", "middle"))
    for course in courses:
        for values, color in ((course.mean, MEAN), (course.best, BEST)):
            points = " ".join(f"{x(index):.1f},{y(value):.1f}" for index, value in enumerate(values, 1))
            parts.append(f'<polyline points="{points}" fill="none" stroke="{color}" stroke-width="{2 if len(courses) == 1 else 1.5}"/>')
    return "\n".join([*parts, "</svg>"]) + "\n"


def _scale(least: float, most: float) -> tuple[float, float, float]:
    """The ends of an axis that holds both, and the distance between its lines: 1, 2 or 5 of some power of ten."""
    about = max((most - least) / TICKS, abs(most) * 1e-6, 1e-100)
    power = 10.0 ** math.floor(math.log10(about))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= about)
    lowest = math.floor(least / step) * step
    return lowest, max(lowest + step, math.ceil(most / step) * step), step


def _text(x: float, y: float, words: str, anchor: str = "start", size: int = 12) -> str:
    return f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}" font-size="{size}">{html.escape(words)}</text>'
