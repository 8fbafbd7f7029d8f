"""How two values differ, for people to read: each place in them, also inside JSON texts, with what is there before and after."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from local.previews import UNKNOWN

NOT_KNOWN = "(known after deployment)"

LONGEST = 160
"""Characters of a value that are shown."""


@dataclass(frozen=True, kw_only=True)
class Difference:
    """A place that differs, and its value before and after; empty where there is none."""

    path: str
    before: str
    after: str


def differences(path: str, old: Any, new: Any) -> Iterator[Difference]:
    """Where two values differ. `path` is the place of both."""
    old, new = _parsed(old, new)
    if old == new:
        return
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        one, other = cast("Mapping[str, Any]", old), cast("Mapping[str, Any]", new)
        for key in dict.fromkeys((*one, *other)):
            yield from differences(f"{path}.{key}" if path else str(key), one.get(key), other.get(key))
    elif isinstance(old, list) and isinstance(new, list):
        one, other = _by_name(cast("list[Any]", old)), _by_name(cast("list[Any]", new))
        for key in dict.fromkeys((*one, *other)):
            yield from differences(f"{path}[{key}]", one.get(key), other.get(key))
    else:
        yield Difference(path=path, before=_shown(old), after=_shown(new))


def _parsed(old: Any, new: Any) -> tuple[Any, Any]:
    """Two JSON documents as data; two other values as they are."""
    if not (isinstance(old, str) and isinstance(new, str) and old[:1] in ("{", "[") and new[:1] in ("{", "[")):
        return old, new
    try:
        return json.loads(old), json.loads(new)
    except (ValueError, RecursionError):
        return old, new


def _by_name(entries: list[Any]) -> Mapping[str, Any]:
    """A list's entries by their names, those without one by their position; texts by themselves."""
    for key in ("Sid", "name", "id"):
        names = [cast("Mapping[str, Any]", entry).get(key) if isinstance(entry, Mapping) else None for entry in entries]
        named = [name for name in names if isinstance(name, str)]
        if named and len(set(named)) == len(named):
            return {
                name if isinstance(name, str) else str(index): entry for index, (name, entry) in enumerate(zip(names, entries, strict=True))
            }
    if all(isinstance(entry, str) and entry != UNKNOWN for entry in entries) and len(set(entries)) == len(entries):
        return {entry: entry for entry in entries}
    return {str(index): entry for index, entry in enumerate(entries)}


def _shown(value: Any) -> str:
    if value is None:
        return ""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)
    text = text.replace(UNKNOWN, NOT_KNOWN)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
