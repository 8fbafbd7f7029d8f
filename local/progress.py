"""Shows that long work is alive: one line every few seconds, in the place of the engine's two lines a resource."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager

from pulumi.automation.events import EngineEvent

EVERY_SECONDS = 3
"""Long enough for a log to stay short, short enough for a person not to wonder."""

_COLOR = re.compile(r"\x1b\[[0-9;]*m")
_ROW = re.compile(r" [-+~><= ]{2,3}\s*[\w-]+:\S+ \S+(?!\S)(?! (?:updated|created replacement|deleted original) )")


def worth_showing(line: str) -> bool:
    """Whether a line of the engine's says more than that a resource is begun, made or removed. What failed, it says again at its end."""
    return not _ROW.match(_COLOR.sub("", line))


class Progress:
    """How far one of the engine's commands is.

    Args:
        doing: its name for a person, `dev: up`.
        total: how many resources it will have to do with, if that is known.
    """

    def __init__(self, doing: str, total: int | None = None) -> None:
        self._doing, self._total = doing, total
        self._begun = time.monotonic()
        self._open: dict[str, None] = {}
        self._done: set[str] = set()

    def hear(self, event: EngineEvent) -> None:
        """Take note of what the engine says of a resource."""
        if event.resource_pre_event:
            self._open[event.resource_pre_event.metadata.urn] = None
        ended = event.res_outputs_event or event.res_op_failed_event
        if ended:
            self._open.pop(ended.metadata.urn, None)
            self._done.add(ended.metadata.urn)

    def line(self) -> str:
        """Such as `dev: up, 42 of 137 resources, 6 s, now data-state`; named is what was begun first and isn't a mere group of others."""
        of = f" of {self._total}" if self._total else ""
        now = next((urn.rpartition("::")[2] for urn in tuple(self._open) if "::aws:" in urn or "$aws:" in urn), None)
        seconds = round(time.monotonic() - self._begun)
        return f"{self._doing}, {len(self._done)}{of} resources, {seconds} s{f', now {now}' if now else ''}"

    @contextmanager
    def told(self, say: Callable[[str], object], every: float = EVERY_SECONDS) -> Generator[None]:
        """Say the line again and again until the work has ended."""
        ended = threading.Event()

        def tell() -> None:
            while not ended.wait(every):
                if len(self._done) != self._total:
                    say(self.line())

        teller = threading.Thread(target=tell, daemon=True)
        teller.start()
        try:
            yield
        finally:
            ended.set()
            teller.join()
