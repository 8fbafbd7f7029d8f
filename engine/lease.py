"""Leases: one worker at a time. Clocks of different machines are never compared."""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import TypeVar

from engine.calls import StoreError
from engine.records import Lease
from engine.store import Store

log = logging.getLogger(__name__)

BEATS = 5
"""Heartbeats in a lease's time: four may fail before another worker takes over."""

PAUSES = 20
"""Pauses in a lease's time between attempts to write what was made."""

Given = TypeVar("Given")

UNWATCHED_SECONDS = 120.0
"""Observations further apart say nothing about the time between them. A worker pauses for a minute at most."""


class LeaseWatch:
    """Watches other workers' leases. A lease whose token and beat haven't changed for long enough, by this process's monotonic clock, has
    expired."""

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds, self._clock = seconds, clock
        self._seen: dict[tuple[str, str], tuple[tuple[int, int], float]] = {}

    def is_free(self, lease: Lease) -> bool:
        """Whether a lease can be claimed. Call it repeatedly: it records when it saw a change."""
        key, sign = (lease.evolution_id, lease.name), (lease.token, lease.beat)
        if key not in self._seen or self._seen[key][0] != sign:
            self._seen[key] = (sign, self._clock())
        return not lease.owner or self._clock() - self._seen[key][1] > self._seconds


class Standstill:
    """How long no lease of an evolution has changed, by this process's monotonic clock."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._sign: object = None
        self._since = self._checked = 0.0

    def seconds(self, evolution_id: str, leases: Sequence[Lease]) -> float:
        """Seconds since the last change that was seen. Call it repeatedly: after a long gap between calls, such as a halt or an outage, it
        starts again, because other workers may have stood still too."""
        sign, now = (evolution_id, [(lease.name, lease.token, lease.beat) for lease in leases]), self._clock()
        if sign != self._sign or now - self._checked > UNWATCHED_SECONDS:
            self._sign, self._since = sign, now
        self._checked = now
        return now - self._since


class Heartbeat:
    """Sends heartbeats for a lease while its owner works: `with Heartbeat(…) as heartbeat`. At its end the lease stays claimed.

    Attributes:
        beat: the last beat.
        lost: whether another worker has claimed the lease.
    """

    def __init__(self, store: Store, lease: Lease, seconds: float) -> None:
        self._store, self._lease, self._seconds = store, lease, seconds
        self.beat = lease.beat
        self.lost = False
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)

    def __enter__(self) -> Heartbeat:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stop.set()
        self._thread.join()

    def persist(self, write: Callable[[], Given], must_stop: Callable[[], bool]) -> Given:
        """Write what was made, and try again where AWS fails, for as long as a lease lasts: making it again would take longer.

        `write` must see for itself that it has succeeded before, and only its answer was lost. So it is asked once more after the lease has
        gone: what gave it back may have been the write.

        Raises:
            StoreError: AWS goes on failing, or the worker must stop.
        """
        until = time.monotonic() + self._seconds
        while True:
            last = must_stop() or self.lost or time.monotonic() > until
            try:
                return write()
            except StoreError as error:
                if last:
                    raise
                log.warning("%s: tried again: %s", self._lease.name, error)
            self._stop.wait(random.SystemRandom().uniform(0.5, 1) * self._seconds / PAUSES)

    def _run(self) -> None:
        while not self._stop.wait(self._seconds / BEATS):
            try:
                self.beat += 1
                if not self._store.beat(self._lease, self.beat):
                    self.lost = True
                    return
            except StoreError as error:  # the next one may succeed; if none does, another worker takes over
                log.warning("a heartbeat failed: %s", error)
