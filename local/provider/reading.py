"""What is there, in the words of who wrote it: AWS's answers against the recorded properties of a resource.

AWS answers in its own order, with its own defaults and its own types. Only what means something else is a difference; everything else keeps
the words of the program, so that a refresh of what nobody touched changes nothing.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast


def same(value: Any) -> Any:
    """What AWS says, as it says it."""
    return value


@dataclass(frozen=True)
class Field:
    """Where one property is in AWS's answers."""

    path: str
    """JMESPath, below the resource's place in the answer; `it` is that place itself, where it isn't an object."""

    form: Callable[[Any], Any] = same
    """From AWS's form to a program's."""

    default: Any = None
    """What AWS has where the program wrote nothing. None: what wasn't written isn't looked at."""

    whole: bool = False
    """Whether the program writes all of it: then a key that is there no more is a difference, where AWS often just doesn't tell."""

    def reconciled(self, recorded: Any, found: Any) -> Any:
        """`recorded` as far as it means what was found at the path, and else that."""
        there = self.form(found)
        if self.whole and (recorded or {}).keys() != (there or {}).keys():
            return there
        return reconciled(recorded, there)


@dataclass(frozen=True)
class AsSent:
    """A property that AWS answers as it was asked for it: the first call's `member` is compared with the answer's of the same name."""

    member: str


Reading = str | Field | AsSent
"""A plain text is the path of a `Field`."""


def fields(*members: str) -> dict[str, Reading]:
    """The properties that AWS's members bear the names of."""
    return {member[0].lower() + member[1:]: member for member in members}


def pairs(items: Any) -> Any:
    """A list of keys and values as the object that a program writes; AWS's own tags aren't the program's."""
    if isinstance(items, dict):
        found = cast("dict[str, Any]", items)
    else:
        found: dict[str, Any] = {}
        for item in cast("list[dict[str, Any]]", items or []):
            key, value = sorted(item, key=lambda name: name.lower().endswith("value"))
            found[item[key]] = item[value]
    return {key: value for key, value in found.items() if not key.startswith("aws:")}


def search(path: str, value: Any) -> Any:
    """What a JMESPath finds. The library is imported only where something is asked: a preview asks nothing."""
    import jmespath  # pyright: ignore[reportMissingTypeStubs] (it publishes none)

    return jmespath.search(path, value)  # pyright: ignore[reportUnknownMemberType]


def as_properties(value: Any) -> Any:
    """A structure of AWS's with the properties' spelling."""
    if isinstance(value, dict):
        return {key[0].lower() + key[1:]: as_properties(item) for key, item in cast("dict[str, Any]", value).items()}
    if isinstance(value, list):
        return [as_properties(item) for item in cast("list[Any]", value)]
    return value.decode() if isinstance(value, bytes) else value


def reconciled(recorded: Any, there: Any) -> Any:
    """`recorded` as far as it means what is there, `there` where it doesn't."""
    if _nothing(recorded) and _nothing(there):
        return recorded
    match recorded, there:
        case str(), _ if (document := _document(there)) is not None:
            return recorded if _document(recorded) == document else json.dumps(document)
        case dict(), dict():
            return _object(cast("dict[str, Any]", recorded), cast("dict[str, Any]", there))
        case list(), list():
            return _list(cast("list[Any]", recorded), cast("list[Any]", there))
        case _:
            return recorded if _alike(recorded, there) else there


def _object(recorded: Mapping[str, Any], there: Mapping[str, Any]) -> dict[str, Any]:
    made = {key: value for key, value in recorded.items() if key not in there}
    for key, value in there.items():
        one = reconciled(recorded.get(key), value)
        if key in recorded or not _nothing(one):
            made[key] = one
    return {key: value for key, value in made.items() if value is not None or recorded.get(key, "") is None}


def _list(recorded: list[Any], there: list[Any]) -> list[Any]:
    """Of plain values, the order means nothing to AWS."""
    if not any(isinstance(item, (dict, list)) for item in (*recorded, *there)):
        return recorded if sorted(map(str, recorded)) == sorted(map(str, there)) else there
    if len(recorded) != len(there):
        return there
    return [reconciled(one, other) for one, other in zip(recorded, there, strict=True)]


def _alike(recorded: Any, there: Any) -> bool:
    if isinstance(there, bytes):
        return recorded == there.decode()
    if isinstance(recorded, bool) or isinstance(there, bool):
        return str(recorded).lower() == str(there).lower()
    if isinstance(recorded, (int, float, str)) and isinstance(there, (int, float, str)):
        try:
            return float(recorded) == float(there)
        except ValueError:
            return str(recorded) == str(there)
    return recorded == there


def _nothing(value: Any) -> bool:
    """Whether a value says no more than its absence. An empty object may say something: `{"allow": {}}`."""
    if isinstance(value, dict):
        items = cast("dict[str, Any]", value).values()
        return bool(items) and all(map(_nothing, items))
    return value is None or value is False or value == 0 or value == "" or value == []


def _document(value: Any) -> Any:
    """The content of a document, whether it comes as text or read already."""
    if isinstance(value, str) and value.lstrip()[:1] in {"{", "["}:
        try:
            return json.loads(value)
        except ValueError:
            return None
    return cast(Any, value) if isinstance(value, (dict, list)) else None
