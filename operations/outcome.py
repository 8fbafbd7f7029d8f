"""What a check before a deployment finds: one of four outcomes, and a table of them."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Kind = Literal["pass", "person", "fail", "unknown"]

WORDS: dict[Kind, str] = {"pass": "pass", "person": "a person must", "fail": "will fail", "unknown": "can't tell"}
"""How each is written. What can't be told is never a pass."""

GOOD: frozenset[Kind] = frozenset({"pass", "person"})
"""With these, a deployment may go on."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What one check found of one thing.

    Attributes:
        check: the check's name.
        text: why, and what to do.
        command: what a person may run for it; empty if there is nothing to run.
    """

    check: str
    kind: Kind
    text: str
    command: str = ""


def rows(outcomes: Iterable[Outcome], width: int) -> list[str]:
    """A table of so many columns of a terminal: outcome, check, text, and below it the command, which is never broken."""
    listed = list(outcomes)
    names = max((len(one.check) for one in listed), default=0)
    words = max(map(len, WORDS.values()))
    indent = " " * (words + names + 6)
    found: list[str] = []
    for one in listed:
        first = f"  {WORDS[one.kind]:{words}}  {one.check:{names}}  "
        found += textwrap.wrap(one.text, max(width, 60), initial_indent=first, subsequent_indent=indent, break_on_hyphens=False)
        found += [f"{indent}{one.command}"] if one.command else []
    return found


def summary(outcomes: Iterable[Outcome]) -> str:
    """How many there are of each."""
    listed = [one.kind for one in outcomes]
    return ", ".join(f"{word}: {listed.count(kind)}" for kind, word in WORDS.items() if kind in listed)
