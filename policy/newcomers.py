"""Resources that are new in a stack of an approved type: what they may be called, and how many there may be."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from plain import items
from properties import Shape, approved

MOST = 5
"""New resources of a type in a stack. A change brings one of a type, and an alarm each for what it makes: a queue, a table, a function and
two schedules. More of them use up what an account has room for, or hide one among many."""

NO_LETTERS = re.compile(r"\{[a-z]+\}|[^a-z]")
"""Placeholders, and whatever tells two names apart that read alike: numbers, hyphens."""


@lru_cache(maxsize=256)
def names_in(shape: Shape, kind: str, path: str) -> tuple[str, ...]:
    """What the approved resources of a type are called on AWS, with placeholders."""
    return tuple(str(one) for entries in approved(shape)["resources"].get(kind, {}).values() for one in items(entries.get(path)))


def mistaken(name: str, begins: Sequence[str], known: Sequence[str]) -> str:
    """What the name of a new resource must be instead; nothing where it is right.

    It must say something of its own, and not read as an approved one with something added. That it is an approved one,
    `approved/second` says.

    Args:
        name: with placeholders.
        begins: how names of the type begin.
        known: the approved ones.
    """
    own = _own(name, begins)
    if name in known:
        return ""
    if not own:
        return "a name with a word of its own in it"
    taken = next((one for one in known if (letters := _own(one, begins)) and own.startswith(letters)), "")
    return f"a name that isn't {taken} with something added" if taken else ""


def _own(name: str, begins: Sequence[str]) -> str:
    """The letters of a name behind how it begins."""
    start = max((one for one in begins if name.startswith(one)), key=len, default="")
    return NO_LETTERS.sub("", name.removeprefix(start).lower())
