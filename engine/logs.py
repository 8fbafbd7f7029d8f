"""Log lines. None of them may be a metric: CloudWatch reads a line that is a JSON object in its embedded metric format as one, in any
namespace. Only a line that is JSON from its beginning to its end counts (CloudWatch user guide, "Specification: Embedded metric
format"), so every line begins with something else, also the further lines of a message that contains other text.
"""

from __future__ import annotations

import logging
import sys
import threading
from typing import TextIO

LONGEST_LINE = 8192
"""Characters. A longer event than 256 KB is split, and its second part would begin in the middle of a text."""

CONTINUED = "| "
"""The prefix of an event's further lines."""

log = logging.getLogger("engine")


class Lines(logging.Formatter):
    """Each event begins with its time."""

    def format(self, record: logging.LogRecord) -> str:
        """An event as one line or more."""
        return safe_lines(super().format(record))


def safe_lines(text: str) -> str:
    """A text whose first line begins with this program's own words, and every further line with CONTINUED."""
    return f"\n{CONTINUED}".join(line[:LONGEST_LINE] for line in text.splitlines())


def begin(stream: TextIO) -> None:
    """Write the process's log to a stream, uncaught exceptions included."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(Lines("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(handlers=[handler], level=logging.INFO)
    logging.getLogger("botocore").setLevel(logging.WARNING)
    sys.excepthook = lambda kind, error, trace: log.critical("not caught", exc_info=(kind, error, trace))
    threading.excepthook = lambda one: log.critical("not caught", exc_info=one.exc_value)
