"""Which resources must be there: what every approved stack has, and what a row of an account's table brings along."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from account_project import rows_of
from approval import ENVIRONMENT, PART, has_image, names_of
from choices import NAMES_OF, name_in
from plain import items
from properties import MAY, SOME, Shape, approved
from rule import Stack

ROWS = "rows"
"""The part that has, by what the table says, what is there whenever it does."""


def lost(stack: Stack, shape: Shape) -> Iterator[tuple[str, str]]:
    """The types and names of the resources that every approved stack with the same rows has, and this one lacks: of an environment's, each
    part that any other has."""
    names, image = names_of(stack), has_image(stack)
    of_each = [(one, names.of(one.name)) for one in stack.resources]
    there = {(one.type, own.called(one.name), own.environment, own.part) for one, own in of_each}
    parts: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for one, own in of_each:
        parts[own.called(one.name).partition(PART)[0], own.environment].add(own.part)
    by_row: set[str] = {name for row in rows_of(stack) for name in approved(shape).get(ROWS, {}).get(row, ())}
    for kind, entries in approved(shape)["types"].items():
        for entry in map(str, items(entries.get(NAMES_OF))):
            name = name_in(entry)
            if name in by_row or (not entry.endswith(MAY) and (image or not entry.endswith(SOME))):
                for environment in names.environments if ENVIRONMENT in name else ("",):
                    for part in sorted(parts[name.partition(PART)[0], environment] or {"1"}) if PART in name else ("",):
                        if (kind, name, environment, part) not in there:
                            yield kind, name.replace(ENVIRONMENT, environment).replace(PART, part)
