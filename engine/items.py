"""Converts items to DynamoDB's types and back. Each item has a kind and a version."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import ValidationError

from engine import EngineError

VERSION = 1

SMALLEST = 1e-128
"""DynamoDB's numbers are 0, or have a magnitude from 1e-130 to 9.99e125. Source: developer guide, "Supported data types"."""

Built = TypeVar("Built")

Item = Mapping[str, Any]
"""An item in Python's own types."""


class UnknownItemError(EngineError):
    """An item of a kind or version that this engine doesn't know. It isn't changed."""


class CorruptItemError(EngineError):
    """An item with an attribute that is missing or of another type. No engine has written it so."""


def write(item: Item) -> dict[str, Any]:
    """The item in DynamoDB's types."""
    return {name: _write(value) for name, value in item.items()}


def _write(value: Any) -> dict[str, Any]:
    match value:
        case bool():
            return {"BOOL": value}
        case int() | float():
            return {"N": repr(value if abs(value) >= SMALLEST else 0)}
        case str():
            return {"S": value}
        case bytes():
            return {"B": value}
        case list():
            return {"L": [_write(one) for one in value]}  # pyright: ignore[reportUnknownVariableType] (whatever is in it, _write refuses it or not)
        case Mapping():
            return {"M": write(value)}  # pyright: ignore[reportUnknownArgumentType] (as above)
        case _:
            raise TypeError(f"no attribute for {value!r}")


def read(item: Mapping[str, Any]) -> dict[str, Any]:
    """The item in Python's types."""
    return {name: _read(value) for name, value in item.items()}


def _read(value: Mapping[str, Any]) -> Any:
    ((kind, content),) = value.items()
    match kind:
        case "N":
            return int(content) if content.lstrip("-").isdigit() else float(content)
        case "M":
            return read(content)
        case "L":
            return [_read(one) for one in content]
        case _:
            return content


def expect(kind: str, item: Item, where: str) -> Item:
    """The item, if it is of this kind.

    Raises:
        UnknownItemError: it is of another kind or version.
    """
    if item.get("kind") != kind or item.get("version") != VERSION:
        raise UnknownItemError(
            f"{where} is of kind {item.get('kind')!r} and version {item.get('version')!r}, and this engine knows {kind!r} in version "
            f"{VERSION}: run the engine that wrote it"
        )
    return item


def build(what: type[Built], kind: str, item: Item, where: str, **given: object) -> Built:
    """Make a dataclass of an item's attributes. `given` are fields from elsewhere: the item's key, or a nested form. The attribute of a
    field with a default may be missing: an older engine wrote the item.

    Raises:
        UnknownItemError: it is of another kind or version.
        CorruptItemError: an attribute is missing or of another type.
    """
    expect(kind, item, where)
    known: Mapping[str, object] = vars(what)["__dataclass_fields__"]
    try:
        return what(**{name: item[name] for name in known if name in item} | given)
    except ValidationError as error:
        details: list[Any] = list(error.errors(include_url=False, include_context=False))
    wrong = ", ".join(f"{one['loc'][0]} ({item.get(one['loc'][0])!r:.80}: {one['msg']})" for one in details)
    raise CorruptItemError(f"{where} can't be used, because of its {wrong}: repair the item, or restore all tables together")
