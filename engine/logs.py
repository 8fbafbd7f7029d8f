"""Log lines. None of them may be a metric: CloudWatch takes a line that is a JSON object in its embedded metric format for one, in whatever
namespace it names. Only what is JSON from the line's beginning to its end counts (CloudWatch user guide, "Specification: Embedded metric
format"), so every line begins with something else, also where a message with a text of somebody else's has several.
"""

from __future__ import annotations

import logging
import sys
import threading
from typing import TextIO

LONGEST_LINE = 8192
"""Characters. What doesn't fit into an event of 256 KB becomes another one, which begins in the middle of a text."""

CONTINUED = "| "
"""Begins a further line of the same event."""

log = logging.getLogger("engine")


class Lines(logging.Formatter):
    """Each event begins with its time."""

    def format(self, record: logging.LogRecord) -> str:
        """An event as one line or more."""
        return said(super().format(record))


def said(text: str) -> str:
    """A text whose first line begins with what this program says, and every further one with CONTINUED."""
    return f"\n{CONTINUED}".join(line[:LONGEST_LINE] for line in text.splitlines())


def begin(stream: TextIO) -> None:
    """Write the process's log to a stream, and what nobody has caught, as well."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(Lines("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(handlers=[handler], level=logging.INFO)
    logging.getLogger("botocore").setLevel(logging.WARNING)
    sys.excepthook = lambda kind, error, trace: log.critical("not caught", exc_info=(kind, error, trace))
    threading.excepthook = lambda one: log.critical("not caught", exc_info=one.exc_value)
