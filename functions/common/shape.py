"""Checked access to JSON values from outside."""

from __future__ import annotations

import json
from typing import cast


def is_object(value: object) -> bool:
    """Whether it is a JSON object."""
    return isinstance(value, dict) and all(isinstance(key, str) for key in cast("dict[object, object]", value))


def as_object(value: object) -> dict[str, object]:
    """The value, if it is a JSON object; else an empty one."""
    return cast("dict[str, object]", value) if is_object(value) else {}


def as_list(value: object) -> list[object]:
    """The value, if it is a JSON array; else an empty one."""
    return cast("list[object]", value) if isinstance(value, list) else []


def parse(value: object) -> object:
    """The value of a JSON text; None if it is no JSON text."""
    try:
        return json.loads(value) if isinstance(value, str | bytes) else None
    except (ValueError, RecursionError):
        return None


def text(value: object) -> str:
    """The value, if it is a text; else an empty one."""
    return value if isinstance(value, str) else ""


def whole(value: object) -> int | None:
    """The value, if it is a whole number. True is none."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None
