"""The environment table of every stack, side by side."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from components.environment import KEY
from limits import ROWS, configured
from local import stackfile

ABSENT = "absent"


@dataclass(frozen=True, kw_only=True)
class Row:
    """One key of the table.

    Attributes:
        key: the path of keys: `engine.task.cpu`.
        values: the stacks' values as text, in the stacks' order; ABSENT if a stack has none.
        limit: the pack's limit for this stack, in words; empty if there is none.
    """

    key: str
    values: tuple[str, ...]
    limit: str

    @property
    def differs(self) -> bool:
        """Whether the stacks' values differ."""
        return len(set(self.values)) > 1


def tables_of(repo: Path, stacks: Sequence[str]) -> Mapping[str, Mapping[str, Any]]:
    """The committed tables, checked.

    Raises:
        LocalError: a stack file can't be read or its table is wrong.
    """
    return {stack: stackfile.read(repo, stack, image=stackfile.NO_IMAGE)[0]["config"][KEY] for stack in stacks}


def rows_of(tables: Mapping[str, Mapping[str, Any]], stack: str) -> tuple[Row, ...]:
    """The tables' keys in the order in which they are written, with the limits of one stack."""
    flat = {name: dict(_flat(table)) for name, table in tables.items()}
    keys = dict.fromkeys(key for own in (flat.get(stack, {}), *flat.values()) for key in own)
    limits = configured({}).of(stack).rows
    return tuple(
        Row(
            key=key,
            values=tuple(own.get(key, ABSENT) for own in flat.values()),
            limit=ROWS[key].wants(limits[key]) if key in ROWS else "",
        )
        for key in keys
    )


def _flat(value: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for key, one in value.items():
        if isinstance(one, Mapping):
            yield from _flat(cast("Mapping[str, Any]", one), f"{prefix}{key}.")
        else:
            yield prefix + key, _shown(one)


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(_shown(one) for one in cast("list[Any]", value)) or "none"
    return str(value)
