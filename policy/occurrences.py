"""Which of many texts occur in another one. However many are looked for, a text is read once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

SHORTEST = 16
"""Characters of the shortest text that is looked for. In what is made at random none meets another of this length by chance."""

WIDTH = 8
"""Characters of the pieces that are compared first: short enough that a step is long, and too long to be shared by many texts."""

STEP = SHORTEST - WIDTH + 1
"""As long as it is, each occurrence of the shortest text has a whole piece at one of the steps."""


class Search:
    """A search for texts of SHORTEST characters and more; shorter ones are left out."""

    def __init__(self, wanted: Iterable[str]) -> None:
        self._with: defaultdict[str, set[str]] = defaultdict(set)
        for text in wanted:
            if len(text) >= SHORTEST:
                for start in range(len(text) - WIDTH + 1):
                    self._with[text[start : start + WIDTH]].add(text)

    def __bool__(self) -> bool:
        return bool(self._with)

    def finds(self, text: str) -> bool:
        """Whether one of them occurs in a text."""
        return any(
            wanted in text
            for start in range(0, len(text) - WIDTH + 1, STEP)
            if (found := self._with.get(text[start : start + WIDTH]))
            for wanted in found
        )
