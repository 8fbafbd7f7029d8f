"""A diagram as one SVG file: boxes with texts, frames around them, and arrows with labels. Sizes are in SVG units.

A README shows it as an image, so it brings its own style and its own background, for light and for dark.
"""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

TEMPLATES = Path(__file__).with_name("templates")

WIDTH = 940.0
"""GitHub shows a README at most so wide; at its usual 840 the smallest text still has 11 pixels."""

MARGIN = 16.0

LINE = 18.0
"""The height of one line of text."""

PADDING = 10.0

SMALL_PRINT = 34.0
"""Below all boxes, for the line that says how the diagram is made."""

NAME_CHARACTER, FACT_CHARACTER = 7.4, 6.7
"""The width of a character of a name (bold, 13) and of any other text (12), rounded up, because fonts differ."""

Point = tuple[float, float]

Column = tuple[float, float]
"""Where a box begins, and how wide it is."""

Look = Literal["box", "frame", "quiet"]


@dataclass(frozen=True)
class Box:
    """A box with a kind, a name and facts, from top to bottom.

    Attributes:
        height: at least so much; its texts may need more.
        look: a frame holds other boxes; a quiet box is no resource.
    """

    column: Column
    kind: str
    name: str
    facts: tuple[str, ...] = ()
    y: float = 0.0
    height: float = 0.0
    colour: int = 0
    look: Look = "box"

    @property
    def texts(self) -> list[tuple[float, str, str]]:
        """Each line's place, words and class in the stylesheet."""
        lines = [(part, "kind") for part in self._wrapped(self.kind, FACT_CHARACTER)]
        lines += [(part, "name") for part in self._wrapped(self.name, NAME_CHARACTER)]
        lines += [(part, "fact") for fact in self.facts for part in self._wrapped(fact, FACT_CHARACTER)]
        return [(self.y + PADDING + LINE * index + 12, words, role) for index, (words, role) in enumerate(lines)]

    def _wrapped(self, words: str, character: float) -> list[str]:
        return textwrap.wrap(words, int((self.width - 2 * PADDING) / character), break_on_hyphens=False)

    @property
    def x(self) -> float:
        return self.column[0]

    @property
    def width(self) -> float:
        return self.column[1]

    @property
    def right(self) -> float:
        return sum(self.column)

    @property
    def tall(self) -> float:
        """Its height with all its texts."""
        return max(self.height, 2 * PADDING + LINE * len(self.texts))

    @property
    def bottom(self) -> float:
        return self.y + self.tall

    @property
    def middle(self) -> Point:
        return self.x + self.width / 2, self.y + self.tall / 2


@dataclass(frozen=True)
class Arrow:
    """A line of straight parts, from one side of a box to one of another, and its label, centred at `at`."""

    points: tuple[Point, ...]
    label: str
    at: Point
    colour: int

    @property
    def path(self) -> str:
        """As SVG writes it."""
        return "M" + "L".join(f"{x:g} {y:g}" for x, y in self.points)

    @property
    def head(self) -> str:
        """The head, a triangle: its tip is the last point."""
        (x0, y0), (x, y) = self.points[-2:]
        across, down = (x > x0) - (x < x0), (y > y0) - (y < y0)
        back, side = (x - 9 * across, y - 9 * down), (5 * down, 5 * across)
        corners = [(x, y), (back[0] + side[0], back[1] + side[1]), (back[0] - side[0], back[1] - side[1])]
        return "M" + "L".join(f"{one:g} {other:g}" for one, other in corners) + "z"


@dataclass(frozen=True, kw_only=True)
class Diagram:
    """The whole drawing.

    Attributes:
        title: what it shows, for who doesn't see it.
        source: how it is made, in small print.
        boxes: frames before what they hold.
    """

    title: str
    source: str
    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]

    @property
    def height(self) -> float:
        return max(box.bottom for box in self.boxes) + SMALL_PRINT

    @property
    def svg(self) -> str:
        """The file's content."""
        environment = Environment(
            loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
        )
        palette = Markup((TEMPLATES / "palette.css").read_text(encoding="utf-8"))
        return environment.get_template("diagram.svg.j2").render(diagram=self, width=WIDTH, margin=MARGIN, palette=palette) + "\n"


def stacked(boxes: Sequence[Box], y: float, gap: float, *, centred: bool = False) -> list[Box]:
    """Boxes one below the other, from `y` downwards, or with their middle there."""
    y -= (sum(box.tall for box in boxes) + gap * (len(boxes) - 1)) / 2 if centred else 0
    placed: list[Box] = []
    for box in boxes:
        placed.append(replace(box, y=round(y)))
        y = placed[-1].bottom + gap
    return placed


def framed(boxes: Sequence[Box], name: str, colour: int) -> Box:
    """A frame around boxes, with its name above them."""
    left, right = min(box.x for box in boxes) - PADDING, max(box.right for box in boxes) + PADDING
    top, bottom = min(box.y for box in boxes) - PADDING - LINE, max(box.bottom for box in boxes) + PADDING
    return Box((left, right - left), "", name, y=top - 4, height=bottom - top + 4, colour=colour, look="frame")


def arrow(start: Box, end: Box, label: str = "", colour: int = 0, from_top: bool = False) -> Arrow:
    """An arrow by the shortest way: across where the boxes are side by side, with a bend halfway if it must, else up or down.

    Args:
        from_top: leave a box's side near its top, because another arrow arrives in its middle.
    """
    if start.right <= end.x or end.right <= start.x:
        begin, stop = (start.right, end.x) if start.right <= end.x else (start.x, end.right)
        y0, y1 = (start.y + PADDING, end.middle[1]) if from_top else _level(start, end)
        half = (begin + stop) / 2
        bend = ((half, y0), (half, y1)) if y0 != y1 else ()
        return Arrow(((begin, y0), *bend, (stop, y1)), label, (half, min(y0, y1) - 7), colour)
    x = (max(start.x, end.x) + min(start.right, end.right)) / 2
    begin, stop = (start.bottom, end.y) if start.bottom <= end.y else (start.y, end.bottom)
    return Arrow(((x, begin), (x, stop)), label, (x, (begin + stop) / 2 + 4), colour)


def _level(start: Box, end: Box) -> Point:
    """The heights at which an arrow leaves and arrives: the same, if there is one that both boxes have."""
    high, low = max(start.y, end.y), min(start.bottom, end.bottom)
    if low - high >= 2 * PADDING:
        return (high + low) / 2, (high + low) / 2
    return start.middle[1], end.middle[1]
