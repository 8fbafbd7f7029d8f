"""Compares AWS's answers with the recorded properties of a resource.

AWS answers in its own order, with its own defaults and types. Only what means something else is a difference. Everything else stays as the
program wrote it, so that a refresh of an unchanged resource changes nothing.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast


@dataclass(frozen=True)
class Field:
    """Where a property is in AWS's answers."""

    path: str
    """A JMESPath in the resource's part of the answer; `it` is that part itself, if it isn't an object."""

    form: Callable[[Any], Any] = lambda value: value
    """Converts AWS's value to the program's form."""

    default: Any = None
    """AWS's value if the program gives none. None: then the property isn't compared."""

    whole: bool = False
    """Whether a missing key is a difference. Of most properties, AWS often leaves keys out."""

    def reconciled(self, recorded: Any, found: Any) -> Any:
        """`recorded` as far as it means the same as what was found, otherwise what was found."""
        there = self.form(found)
        if self.whole and (recorded or {}).keys() != (there or {}).keys():
            return there
        return reconciled(recorded, there)


@dataclass(frozen=True)
class AsSent:
    """A property that AWS returns as it was sent: the first call's `member` is compared with that of the answer."""

    member: str


Reading = str | Field | AsSent
"""A string is the path of a `Field`."""


def fields(*members: str) -> dict[str, Reading]:
    """Properties that are in AWS's members of the same names."""
    return {member[0].lower() + member[1:]: member for member in members}


def pairs(items: Any) -> Any:
    """A list of keys and values as an object, without AWS's own tags."""
    if isinstance(items, dict):
        found = cast("dict[str, Any]", items)
    else:
        found: dict[str, Any] = {}
        for item in cast("list[dict[str, Any]]", items or []):
            key, value = sorted(item, key=lambda name: name.lower().endswith("value"))
            found[item[key]] = item[value]
    return {key: value for key, value in found.items() if not key.startswith("aws:")}


def search(path: str, value: Any) -> Any:
    """What a JMESPath finds. A preview doesn't need the library, and so doesn't import it."""
    import jmespath  # pyright: ignore[reportMissingTypeStubs] (it publishes none)

    return jmespath.search(path, value)  # pyright: ignore[reportUnknownMemberType]


def as_properties(value: Any) -> Any:
    """A structure of AWS's with property names."""
    if isinstance(value, dict):
        return {key[0].lower() + key[1:]: as_properties(item) for key, item in cast("dict[str, Any]", value).items()}
    if isinstance(value, list):
        return [as_properties(item) for item in cast("list[Any]", value)]
    return value.decode() if isinstance(value, bytes) else value


def reconciled(recorded: Any, there: Any) -> Any:
    """`recorded` as far as it means the same as `there`, otherwise `there`."""
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
    """Plain values may be in any order."""
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
    """Whether a value means the same as none. An empty object may mean something: `{"allow": {}}`."""
    if isinstance(value, dict):
        items = cast("dict[str, Any]", value).values()
        return bool(items) and all(map(_nothing, items))
    return value is None or value is False or value == 0 or value == "" or value == []


def _document(value: Any) -> Any:
    """The content of a document, which may be text or data."""
    if isinstance(value, str) and value.lstrip()[:1] in {"{", "["}:
        try:
            return json.loads(value)
        except ValueError:
            return None
    return cast(Any, value) if isinstance(value, (dict, list)) else None
