"""Leases: one worker at a time. No clock is compared with another machine's."""

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
"""Beats in a lease's time: four may fail before anybody takes over."""

PAUSES = 20
"""Pauses in a lease's time between attempts to write what was made."""

Given = TypeVar("Given")

UNWATCHED_SECONDS = 120.0
"""Looks that lie further apart tell nothing of what was between them. A worker pauses for a minute at most."""


class LeaseWatch:
    """What an observer knows of other workers' leases: a lease whose token and beat haven't changed for long enough, by the observer's
    own monotonic clock, is nobody's."""

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds, self._clock = seconds, clock
        self._seen: dict[tuple[str, str], tuple[tuple[int, int], float]] = {}

    def is_free(self, lease: Lease) -> bool:
        """Whether a lease can be claimed. Must be asked again and again: it remembers when it saw a change."""
        key, sign = (lease.evolution_id, lease.name), (lease.token, lease.beat)
        if key not in self._seen or self._seen[key][0] != sign:
            self._seen[key] = (sign, self._clock())
        return not lease.owner or self._clock() - self._seen[key][1] > self._seconds


class Standstill:
    """How long nobody has moved any lease of an evolution, by the observer's own monotonic clock."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._sign: object = None
        self._since = self._looked = 0.0

    def seconds(self, leases: Sequence[Lease]) -> float:
        """Since the last change that was seen. Must be asked again and again. While it isn't, because of a halt or because AWS can't be
        reached, others may not move either: it begins anew then."""
        sign, now = [(lease.evolution_id, lease.name, lease.token, lease.beat) for lease in leases], self._clock()
        if sign != self._sign or now - self._looked > UNWATCHED_SECONDS:
            self._sign, self._since = sign, now
        self._looked = now
        return now - self._since


class Heartbeat:
    """Beats for a lease while its owner works: `with Heartbeat(…) as heartbeat`. Leaving it stops the beating, not the lease.

    Attributes:
        beat: the last beat.
        lost: whether another worker has taken over.
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
