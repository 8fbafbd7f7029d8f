"""Validates a request by the shapes of AWS's model, and reports everything that is wrong.

botocore's own validator doesn't check enums, patterns, maxima and unions, as the services do.
"""

import difflib
from collections.abc import Iterator
from typing import Any, NamedTuple, cast

import regex

from local.provider.members import Path
from local.provider.models import Model, Shape, pattern
from local.provider.wire import UNKNOWN

_LISTED = 40
"""The most values of an enum that are printed: all of ECS, KMS and CloudWatch, but not all of EC2's instance types."""


class Fault(NamedTuple):
    """A value that AWS's model refuses; None if it is missing. `says` ends with what to do."""

    path: Path
    value: Any
    says: str
    missing: str | None = None
    """The missing member, if that is the fault."""


def faults(model: Model, shape: str, value: Any, path: Path = ()) -> Iterator[Fault]:
    """Everything in `value` that the named shape refuses. UNKNOWN is accepted everywhere."""
    if value is UNKNOWN:
        return
    body = model.shape(shape)
    match body["type"]:
        case "structure":
            yield from _structure(model, shape, body, value, path)
        case "list":
            if not isinstance(value, list):
                yield Fault(path, value, f"{shape} is a list; write [ … ]")
                return
            items = cast(list[Any], value)
            yield from _size(body, shape, len(items), "items", value, path)
            for index, item in enumerate(items):
                yield from faults(model, body["member"]["shape"], item, (*path, index))
        case "map":
            if not isinstance(value, dict):
                yield Fault(path, value, f"{shape} is a map; write {{ … }}")
                return
            entries = cast(dict[str, Any], value)
            yield from _size(body, shape, len(entries), "entries", value, path)
            for key, item in entries.items():
                yield from faults(model, body["key"]["shape"], key, (*path, key))
                yield from faults(model, body["value"]["shape"], item, (*path, key))
        case "string":
            yield from _string(body, shape, value, path)
        case "integer" | "long" | "float" | "double" as kind:
            whole = kind in {"integer", "long"}
            if isinstance(value, bool) or not isinstance(value, int if whole else (int, float)):
                yield Fault(path, value, f"{shape} is a {'whole ' if whole else ''}number; write one")
            else:
                yield from _range(body, shape, value, path)
        case "boolean":
            if not isinstance(value, bool):
                yield Fault(path, value, f"{shape} is true or false; write one of them")
        case "blob":
            if not isinstance(value, (bytes, str)):
                yield Fault(path, value, f"{shape} is a sequence of bytes; write a string")
            else:
                yield from _size(body, shape, len(value), "bytes", value, path)
        case "timestamp":
            if isinstance(value, bool) or not isinstance(value, (int, float, str)):
                yield Fault(path, value, f"{shape} is a time; write it as 2026-01-31T00:00:00Z")
        case other:
            raise LookupError(f"AWS's model of {model.service} has a shape of the type {other}, which it doesn't know; teach it")


def _structure(model: Model, shape: str, body: Shape, value: Any, path: Path) -> Iterator[Fault]:
    if body.get("document"):
        return
    if not isinstance(value, dict):
        yield Fault(path, value, f"{shape} is an object; write {{ … }}")
        return
    given = cast(dict[str, Any], value)
    members: dict[str, Shape] = body["members"]
    for name in body.get("required", ()):
        if name not in given and not members[name].get("idempotencyToken"):
            yield Fault(path, None, f"{name} is required", missing=name)
    if body.get("union") and len(given) != 1:
        yield Fault(path, sorted(given), f"{shape} takes exactly one of {', '.join(members)}; write one")
    for name, item in given.items():
        if name in members:
            yield from faults(model, members[name]["shape"], item, (*path, name))
        else:
            yield Fault((*path, name), item, f"{shape} has no member {name}; its members are {', '.join(members)}")


def _string(body: Shape, shape: str, value: Any, path: Path) -> Iterator[Fault]:
    if not isinstance(value, str):
        yield Fault(path, value, f"{shape} is a string; write one")
        return
    if choices := body.get("enum"):
        if value not in choices:
            near = difflib.get_close_matches(value.lower(), {choice.lower(): choice for choice in choices}, n=1, cutoff=0.5)
            meant = [choice for choice in choices if choice.lower() in near]
            listed = ", ".join(choices[:_LISTED]) + (" …" if len(choices) > _LISTED else "")
            yield Fault(path, value, f"{shape} is one of {listed}; write {meant[0] if meant else 'one of them'}")
        return
    yield from _size(body, shape, len(value), "characters", value, path)
    if text := body.get("pattern"):
        try:
            matches = pattern(text).fullmatch(value, timeout=1.0)
        except (regex.error, TimeoutError) as error:
            yield Fault(path, value, f"{shape} must match {text}, which can't be decided here ({error}); teach models.pattern to read it")
            return
        if not matches:
            yield Fault(path, value, f"{shape} must match {text} as a whole; write a value that does")


def _size(body: Shape, shape: str, size: int, unit: str, value: Any, path: Path) -> Iterator[Fault]:
    least, most = body.get("min"), body.get("max")
    if least is not None and size < least:
        yield Fault(path, value, f"{shape} has at least {least} {unit}, not {size}; write more")
    if most is not None and size > most:
        yield Fault(path, value, f"{shape} has at most {most} {unit}, not {size}; write fewer")


def _range(body: Shape, shape: str, value: float, path: Path) -> Iterator[Fault]:
    least, most = body.get("min"), body.get("max")
    if least is not None and value < least:
        yield Fault(path, value, f"{shape} is at least {least}; write {least} or more")
    if most is not None and value > most:
        yield Fault(path, value, f"{shape} is at most {most}; write {most} or less")
