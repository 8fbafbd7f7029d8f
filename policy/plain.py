"""Plain data: what rules judge. JSON's kinds, and UNKNOWN for a value that is decided only by the deployment.

CrossGuard hands out proxies that raise when an unknown value is touched; `adapter` turns them into this. An asset or archive, which no
rule reads, is UNKNOWN too.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import Final, TypeAlias, final


@final
class Unknown:
    """The one value UNKNOWN. It is neither true nor false: asking raises, so that no rule can take it for a "no" by mistake."""

    def __bool__(self) -> bool:
        raise TypeError("an unknown value is neither true nor false")

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Final = Unknown()

Plain: TypeAlias = "dict[str, Plain] | list[Plain] | str | int | float | bool | Unknown | None"


class NotJsonError(ValueError):
    """A text that must be a JSON document isn't one."""


class DuplicateKeyError(NotJsonError):
    """A JSON document has a key twice in one object. Readers differ in which of the two values they take, so it can be read in two ways."""


def dig(value: Plain, *path: str) -> Plain:
    """The value at a path of keys: None when a key is absent, UNKNOWN when a step is unknown or is no object, so that it can't be told."""
    for key in path:
        if value is None:
            return None
        if not isinstance(value, dict):
            return UNKNOWN
        value = value.get(key)
    return value


def items(value: Plain) -> list[Plain]:
    """A value that may be one or a list, as a list: an empty one for None, and one of a single value for anything that is no list."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def leaves(value: Plain, name: str = "") -> Iterator[tuple[str, Plain]]:
    """What in a value is neither object nor list, with the name of the entry that it stands in.

    Args:
        name: what the value itself is called.
    """
    if isinstance(value, dict):
        for key, one in value.items():
            yield from leaves(one, key)
    elif isinstance(value, list):
        for one in value:
            yield from leaves(one, name)
    else:
        yield name, value


def texts(value: Plain) -> Iterator[str]:
    """Every text in a value, at any depth."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from texts(one)


def number(value: Plain) -> int | float | None:
    """A finite number, also when it is written as text (environment variables are); None for everything else."""
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return int(value) if value == int(value) else value


def parse(value: Plain) -> Plain:
    """A JSON document that may be given as text or already as data. UNKNOWN stays UNKNOWN.

    Raises:
        NotJsonError: the text is not JSON, or has a key twice in an object, or the value is neither text nor data.
    """
    if not isinstance(value, str):
        if isinstance(value, dict | list | Unknown):
            return value
        raise NotJsonError("it is neither a JSON text nor an object")
    try:
        return json.loads(value, object_pairs_hook=_object)
    except NotJsonError:
        raise
    except (ValueError, RecursionError) as error:
        raise NotJsonError("it is not a JSON text") from error


def _object(pairs: list[tuple[str, Plain]]) -> dict[str, Plain]:
    """An object in which no key stands twice. Where one does, IAM refuses the object, Go merges both values, and other readers take the
    last."""
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise DuplicateKeyError(f"an object in it has the key {shown(twice)} twice")
    return found


def shown(value: Plain) -> str:
    """A value as a message shows it: short, and in JSON's spelling. Never give it what may be a secret."""
    if isinstance(value, Unknown):
        return "not known yet"
    if value is None:
        return "missing"
    text = json.dumps(value, default=repr, ensure_ascii=False)
    return text if len(text) <= 100 else text[:97] + "..."
