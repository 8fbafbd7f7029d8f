"""Whether evolution may run: the mode parameter, read seldom enough for any number of workers."""

from __future__ import annotations

import random
import time
from collections.abc import Callable

from engine.settings import EngineSettings
from engine.store import Store

QUOTA_ISLANDS = 40
"""Up to so many islands, each worker may read the mode every `mode_seconds`; of more islands, as much more seldom. Whoever has something to
do reads it, so these are never more than eight reads a second, at 5 s: a fifth of what Parameter Store gives an account, 40 (AWS general
reference, "Systems Manager endpoints and quotas"); agents and functions read it, too."""


class ModeWatch:
    """The mode, as this worker last read it."""

    def __init__(self, store: Store, settings: EngineSettings, clock: Callable[[], float] = time.monotonic) -> None:
        self._store, self._settings, self._clock = store, settings, clock
        self._running = False
        self._until = -1.0

    def is_running(self, islands: int) -> bool:
        """Whether the mode is `running`, or was when this worker last looked: at most `longest(islands)` seconds ago.

        Raises:
            StoreError: it can't be read, and so counts as halted. The next call reads it again.
        """
        now = self._clock()
        if now >= self._until:
            self._running = self._store.mode(self._settings.mode_parameter) == "running"
            # Not all at the same moment, though a deployment starts them together.
            self._until = now + random.SystemRandom().uniform(0.5, 1) * longest(islands, self._settings.mode_seconds)
        return self._running


def longest(islands: int, mode_seconds: float) -> float:
    """Seconds after which a worker of an evolution has noticed a halt, at the latest, before it begins another generation."""
    return mode_seconds * max(1.0, islands / QUOTA_ISLANDS)
