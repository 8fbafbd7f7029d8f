"""The architecture as a picture: the layers as boxes, what they hold, and an arrow for each layer that another is made with.

Every layer that others use has a lane of its own on the left, in its own colour; an arrow leaves it into each box that uses the layer,
and ends at the line that says how. So no two arrows share a line, however many layers there are. Sizes are in the drawing's own units.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

from local.report.layers import Layer
from local.report.words import TIMES

LINE = 22
"""The height of one line of text."""

CHARACTER = 7.2
"""The width of one character at the drawing's size of 13, rounded up: fonts differ."""

PADDING = 14
LANE = 16
"""The distance between two lanes."""

GAP = 22
"""Between two boxes."""

COLOURS = 8
"""How many the stylesheet has."""


@dataclass(frozen=True, kw_only=True)
class SvgText:
    """Words at a place. `role` is the stylesheet's class."""

    x: float
    y: float
    words: str
    role: str


@dataclass(frozen=True, kw_only=True)
class Box:
    """One layer."""

    x: float
    y: float
    width: float
    height: float
    colour: int
    texts: tuple[SvgText, ...]


@dataclass(frozen=True, kw_only=True)
class Arrow:
    """From a lane into a box."""

    x: float
    to: float
    y: float
    colour: int
    ordering: bool


@dataclass(frozen=True, kw_only=True)
class Lane:
    """The line from a box past the boxes of all that use it."""

    x: float
    start_x: float
    start_y: float
    top: float
    bottom: float
    colour: int


@dataclass(frozen=True, kw_only=True)
class Picture:
    """The whole drawing, and what it shows in words."""

    width: float
    height: float
    boxes: tuple[Box, ...]
    lanes: tuple[Lane, ...]
    arrows: tuple[Arrow, ...]
    says: str


def picture_of(layers: Sequence[Layer], width: float) -> Picture:
    """Draw the layers from top to bottom, each below those that it uses, in a drawing that is `width` wide."""
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
        texts = [SvgText(x=left + PADDING, y=y + LINE, words=layer.name, role="layer")]
        count = f"{len(layer.resources)} resources"
        texts.append(SvgText(x=width - PADDING - 4, y=y + LINE, words=count, role="count"))
        starts[layer.name] = y + LINE - 5
        line = y + LINE + 4
        for use in layer.uses:
            arrows.append(Arrow(x=lane_x[use.of], to=left, y=line + LINE - 5, colour=colours[use.of], ordering=not use.links))
            for words in _wrapped(use.in_words, inside):
                line += LINE
                texts.append(SvgText(x=left + PADDING, y=line, words=words, role=f"use c{colours[use.of]}"))
        for service, contents in layer.contents:
            for words in _wrapped(f"{service}: {', '.join(contents)}", inside):
                line += LINE
                texts.append(SvgText(x=left + PADDING, y=line, words=words, role="holds"))
        height = line - y + PADDING
        boxes.append(Box(x=left, y=y, width=width - left - 4, height=height, colour=colours[layer.name], texts=tuple(texts)))
        y += height + GAP

    def ends(name: str) -> list[float]:
        return [arrow.y for arrow in arrows if arrow.x == lane_x[name]]

    lanes = [
        Lane(
            x=lane_x[name],
            start_x=left,
            start_y=starts[name],
            top=min(starts[name], *ends(name)),
            bottom=max(starts[name], *ends(name)),
            colour=colours[name],
        )
        for name in used
    ]
    return Picture(width=width, height=y - GAP + 4, boxes=tuple(boxes), lanes=tuple(lanes), arrows=tuple(arrows), says=_in_words(layers))


def _wrapped(words: str, most: int) -> list[str]:
    """Words in lines of so many characters; what follows the first is indented. A number stays with its noun."""
    lines = textwrap.wrap(words.replace(f" {TIMES} ", f"\u00a0{TIMES}\u00a0"), most, subsequent_indent="\u2003", break_on_hyphens=False)
    return lines or [words]


def _in_words(layers: Sequence[Layer]) -> str:
    sentences = [f"{layer.name} holds {len(layer.resources)} resources" + _users(layer) for layer in layers]
    return "; ".join(sentences) + "."


def _users(layer: Layer) -> str:
    return f" and uses {', '.join(use.of for use in layer.uses)}" if layer.uses else ""
