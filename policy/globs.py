"""Wildcards as IAM reads them: `*` is any text, `?` any one character. Matching takes time in proportion to the text."""

from __future__ import annotations

import re
from functools import lru_cache

WILDCARD = re.compile(r"[*?]")

STARS = re.compile(r"\*+")

POLICY_VARIABLE = re.compile(r"\$\{[^}]*\}")
"""What IAM fills in at each request, such as `${aws:username}`."""


def glob(pattern: str, text: str) -> bool:
    """Whether a pattern matches the whole of a text."""
    first, *middle = pattern.split("*")
    if not middle:
        return len(first) == len(text) and _at(first, text, 0)
    last = middle.pop()
    end = len(text) - len(last)
    if end < len(first) or not _at(first, text, 0) or not _at(last, text, end):
        return False
    start = len(first)
    for piece in middle:
        # The leftmost place is as good as any: what follows has the most room there.
        found = _find(piece, text, start, end)
        if found is None:
            return False
        start = found + len(piece)
    return True


def _at(piece: str, text: str, start: int) -> bool:
    if "?" not in piece:
        return text.startswith(piece, start)
    return _single(piece).match(text, start, start + len(piece)) is not None


def _find(piece: str, text: str, start: int, end: int) -> int | None:
    if "?" not in piece:
        found = text.find(piece, start, end)
        return None if found < 0 else found
    match = _single(piece).search(text, start, end)
    return match.start() if match else None


@lru_cache(maxsize=1024)
def _single(piece: str) -> re.Pattern[str]:
    return re.compile("".join("." if one == "?" else re.escape(one) for one in piece), re.DOTALL)


def meet(one: str, other: str) -> bool:
    """Whether some text matches both patterns."""
    return _meet(STARS.sub("*", one), STARS.sub("*", other))


@lru_cache(maxsize=4096)
def _meet(one: str, other: str) -> bool:
    """Walks through `one`; each bit stands for a position in `other` that the same text can have reached. `other` has no two stars in a
    row."""
    stars = sum(1 << index for index, piece in enumerate(other) if piece == "*")
    end = 1 << len(other)
    everywhere = 2 * end - 1
    reached = 1 | (stars & 1) << 1
    for piece in one:
        if piece == "*":
            lowest = reached & -reached
            reached = everywhere & -lowest if lowest else 0
        else:
            reached = (reached & _taking(piece, other)) << 1 | reached & stars
            reached |= (reached & stars) << 1
    return bool(reached & end)


@lru_cache(maxsize=4096)
def _taking(piece: str, other: str) -> int:
    """The positions of a pattern that match the same single character as a piece of another pattern."""
    return sum(1 << index for index, its in enumerate(other) if (its != "*" and "?" in (piece, its)) or its == piece)
