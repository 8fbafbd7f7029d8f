"""Reads records of the state table's stream, and finds the evolutions that have just finished."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from common.results import RequestRefusedError
from common.shape import as_list, as_object, text

VERSION = "1"
"""The version of the items, in DynamoDB's form of a number."""

EVOLUTION_ID = re.compile(r"evo-\d{8}T\d{6}Z")
"""The id becomes part of the object's key, so nothing else is accepted."""

SKIPPED_KINDS = ("pointer", "generation")

EVENTS = ("INSERT", "MODIFY", "REMOVE")

FINISHED = "finished"


@dataclass(frozen=True, kw_only=True)
class Record:
    """A record that could be read.

    Attributes:
        sequence_number: its place in the stream.
        finished: the evolution's header, as plain JSON, if the record says that it has just finished.
        evolution_id: of the header; empty if the item is none.
    """

    sequence_number: str
    finished: dict[str, object] | None = None
    evolution_id: str = ""


def read(record: object) -> Record:
    """Read one record.

    Raises:
        RequestRefusedError: its shape, kind or version is unknown.
    """
    body = as_object(record)
    change = as_object(body.get("dynamodb"))
    sequence_number, event = text(change.get("SequenceNumber")), text(body.get("eventName"))
    if not sequence_number or event not in EVENTS:
        raise _unreadable("it is no record of a DynamoDB stream")
    if event == "REMOVE":
        return Record(sequence_number=sequence_number)
    item = as_object(change.get("NewImage"))
    kind, version = _typed(item, "kind", "S"), _typed(item, "version", "N")
    if version != VERSION or kind not in ("evolution", *SKIPPED_KINDS):
        raise _unreadable(f"its kind is {kind!r} and its version {version!r}")
    if kind in SKIPPED_KINDS:
        return Record(sequence_number=sequence_number)
    name, status = _typed(item, "evolution_id", "S"), _typed(item, "status", "S")
    if not EVOLUTION_ID.fullmatch(name) or not status:
        raise _unreadable("its evolution_id or its status is missing or malformed")
    before = _typed(as_object(change.get("OldImage")), "status", "S")
    if status != FINISHED or before == FINISHED:
        return Record(sequence_number=sequence_number, evolution_id=name)
    return Record(sequence_number=sequence_number, evolution_id=name, finished={key: plain(value) for key, value in item.items()})


def plain(value: object) -> object:
    """An attribute as plain JSON.

    Raises:
        RequestRefusedError: it is no attribute.
    """
    typed = as_object(value)
    if len(typed) == 1:
        ((kind, content),) = typed.items()
        match kind, content:
            case ("S" | "B", str()):
                return content
            case ("N", str()):
                return _number(content)
            case ("BOOL", bool()):
                return content
            case ("NULL", True):
                return None
            case ("M", dict()):
                return {key: plain(inner) for key, inner in as_object(typed[kind]).items()}
            case ("L", list()):
                return [plain(inner) for inner in as_list(typed[kind])]
            case ("SS" | "BS", list()):
                return sorted(map(str, as_list(typed[kind])))
            case ("NS", list()):
                return sorted(_number(str(inner)) for inner in as_list(typed[kind]))
            case _:
                pass
    raise _unreadable("one of its attributes has no type that DynamoDB knows")


def _number(content: str) -> int | float:
    try:
        number = int(content) if content.lstrip("-").isdigit() else float(content)
        if not math.isfinite(number):
            raise ValueError
    except (ValueError, OverflowError):
        raise _unreadable("one of its numbers is none") from None
    return number


def _typed(item: dict[str, object], key: str, kind: str) -> str:
    return text(as_object(item.get(key)).get(kind))


def _unreadable(why: str) -> RequestRefusedError:
    return RequestRefusedError(
        "unreadable", f"A record can't be read: {why}.", "Look at it in the dead-letter queue; see docs/runbook.md, Dead letters."
    )
