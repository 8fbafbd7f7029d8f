"""Structured logs: one JSON object a line. A field never has a request's content or a secret."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from typing import Literal

LogLevel = Literal["INFO", "WARN", "ERROR"]

_bound: dict[str, object] = {}


def bind(**fields: object) -> None:
    """Set the fields of all following lines, in place of earlier ones: a process serves one invocation at a time."""
    _bound.clear()
    _bound.update(fields)


def write(level: LogLevel, message: str, **fields: object) -> None:
    """Write one line."""
    time = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    line = {"timestamp": time, "level": level, "message": message, **_bound, **fields}
    sys.stdout.write(json.dumps(line, default=str) + "\n")
    sys.stdout.flush()


def info(message: str, **fields: object) -> None:
    write("INFO", message, **fields)


def warning(message: str, **fields: object) -> None:
    write("WARN", message, **fields)


def error(message: str, **fields: object) -> None:
    write("ERROR", message, **fields)
