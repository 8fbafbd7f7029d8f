"""The architecture as an SVG picture: a box for each layer with its contents, and an arrow for each layer that it uses.

Each layer that others use has a vertical lane on the left, in its own colour, from which an arrow leads to the line in each box that says
how it is used. So arrows never overlap, however many layers there are. Sizes are in SVG units.
"""

import textwrap
from collections.abc import Sequence
from typing import NamedTuple

from report.layers import Layer
from report.words import TIMES

LINE = 22
"""The height of one line of text."""

CHARACTER = 7.2
"""The width of a character at the font size of 13, rounded up, because fonts differ."""

PADDING = 14
LANE = 16
"""The distance between two lanes."""

GAP = 22
"""Between two boxes."""

COLOURS = 8
"""The number in the stylesheet."""


class SvgText(NamedTuple):
    """A text. `role` is its class in the stylesheet."""

    x: float
    y: float
    words: str
    role: str


class Box(NamedTuple):
    """One layer."""

    x: float
    y: float
    width: float
    height: float
    colour: int
    texts: list[SvgText]


class Arrow(NamedTuple):
    """An arrow from a lane to a box."""

    x: float
    to: float
    y: float
    colour: int
    ordering: bool


class Lane(NamedTuple):
    """The line from a box along the boxes of the layers that use it."""

    x: float
    start_x: float
    start_y: float
    top: float
    bottom: float
    colour: int


class Picture(NamedTuple):
    """The whole drawing."""

    width: float
    height: float
    boxes: list[Box]
    lanes: list[Lane]
    arrows: list[Arrow]


def picture_of(layers: Sequence[Layer], width: float) -> Picture:
    """Draw the layers from top to bottom, each below those that it uses."""
    used = [layer.name for layer in layers if any(use.of == layer.name for other in layers for use in other.uses)]
    colours = {layer.name: index % COLOURS for index, layer in enumerate(layers)}
    lane_x = {name: 6.0 + LANE * index for index, name in enumerate(reversed(used))}
    left = LANE * len(used) + 14.0
    inside = int((width - left - 2 * PADDING - 4) / CHARACTER)
    boxes: list[Box] = []
    arrows: list[Arrow] = []
    starts: dict[str, float] = {}
    y = 4.0
    for layer in layers:
        texts = [SvgText(left + PADDING, y + LINE, layer.name, "layer")]
        texts.append(SvgText(width - PADDING - 4, y + LINE, f"{len(layer.resources)} resources", "count"))
        starts[layer.name] = y + LINE - 5
        line = y + LINE + 4
        rows = [(use.in_words, f"use c{colours[use.of]}", use) for use in layer.uses]
        rows += [(f"{service}: {', '.join(contents)}", "holds", None) for service, contents in layer.contents]
        for words, role, use in rows:
            if use:
                arrows.append(Arrow(lane_x[use.of], left, line + LINE - 5, colours[use.of], not use.links))
            for part in _wrapped(words, inside):
                line += LINE
                texts.append(SvgText(left + PADDING, line, part, role))
        height = line - y + PADDING
        boxes.append(Box(left, y, width - left - 4, height, colours[layer.name], texts))
        y += height + GAP
    lanes: list[Lane] = []
    for name in used:
        ends = [starts[name], *(arrow.y for arrow in arrows if arrow.x == lane_x[name])]
        lanes.append(Lane(lane_x[name], left, starts[name], min(ends), max(ends), colours[name]))
    return Picture(width, y - GAP + 4, boxes, lanes, arrows)


def _wrapped(words: str, most: int) -> list[str]:
    """A text in lines of at most so many characters, indented after the first. A number stays with its noun."""
    lines = textwrap.wrap(words.replace(f" {TIMES} ", f"\u00a0{TIMES}\u00a0"), most, subsequent_indent="\u2003", break_on_hyphens=False)
    return lines or [words]
