"""Shows the progress of long work: one line every few seconds, instead of Pulumi's two lines for each resource."""

import re
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager

from pulumi.automation.events import EngineEvent

EVERY_SECONDS = 3
"""Long enough to keep a log short, and short enough to show that work goes on."""

_COLOR = re.compile(r"\x1b\[[0-9;]*m")
_ROW = re.compile(r" [-+~><= ]{2,3}\s*[\w-]+:\S+ \S+(?!\S)(?! (?:updated|created replacement|deleted original) )")

_ADVICE = ("The resources in the stack have been deleted", "If you want to remove the stack completely")
"""How Pulumi's last lines after a destroy begin: commands of its own, for a state that is the local run's."""


def worth_showing(line: str) -> bool:
    """Whether a line of Pulumi's output is more than the start or the end of one resource's operation, which it repeats if it failed, and
    no advice of its own."""
    plain = _COLOR.sub("", line)
    return not _ROW.match(plain) and not plain.startswith(_ADVICE)


class Progress:
    """How far a command is.

    Args:
        doing: the command's name, `dev: up`.
        total: how many resources it handles, if that is known.
    """

    def __init__(self, doing: str, total: int | None = None) -> None:
        self._doing, self._total = doing, total
        self._begun = time.monotonic()
        self._open: dict[str, None] = {}
        self._done: set[str] = set()

    def count(self, event: EngineEvent) -> None:
        """Count an event of Pulumi's about a resource."""
        if event.resource_pre_event:
            self._open[event.resource_pre_event.metadata.urn] = None
        ended = event.res_outputs_event or event.res_op_failed_event
        if ended:
            self._open.pop(ended.metadata.urn, None)
            self._done.add(ended.metadata.urn)

    def line(self) -> str:
        """Such as `dev: up, 42 of 137 resources, 6 s, now data-state`: the name of the AWS resource in progress that was started first."""
        of = f" of {self._total}" if self._total else ""
        now = next((urn.rpartition("::")[2] for urn in tuple(self._open) if "::aws:" in urn or "$aws:" in urn), None)
        seconds = round(time.monotonic() - self._begun)
        return f"{self._doing}, {len(self._done)}{of} resources, {seconds} s{f', now {now}' if now else ''}"

    @contextmanager
    def shown(self, show: Callable[[str], object], every: float = EVERY_SECONDS) -> Generator[None]:
        """Show the line every few seconds until the work has ended."""
        ended = threading.Event()

        def run() -> None:
            while not ended.wait(every):
                if len(self._done) != self._total:
                    show(self.line())

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()
