"""Wildcards as IAM reads them: `*` is any text, `?` any one character. In time that grows with the text, whatever the pattern."""

from __future__ import annotations

import re
from functools import lru_cache

WILDCARD = re.compile(r"[*?]")

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
    """Whether some text could match both patterns. Where both have wildcards it may say yes too often: only their ends are compared."""
    if not WILDCARD.search(one):
        return glob(other, one)
    if not WILDCARD.search(other):
        return glob(one, other)
    return _agree(WILDCARD.split(one, maxsplit=1)[0], WILDCARD.split(other, maxsplit=1)[0]) and _agree(
        WILDCARD.split(one[::-1], maxsplit=1)[0], WILDCARD.split(other[::-1], maxsplit=1)[0]
    )


def _agree(one: str, other: str) -> bool:
    return one.startswith(other) or other.startswith(one)
