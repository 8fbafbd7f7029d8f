"""The engine's own metrics: three safety metrics, and the share of promotions decided without a human."""

from __future__ import annotations

import logging
import threading
from typing import Any

from engine import EngineError
from engine.individuals import instantiation_microseconds
from engine.settings import EngineSettings
from engine.store import Store
from engine.worker import Status

log = logging.getLogger(__name__)

BYTES_PER_KB = 1024


def measure(settings: EngineSettings, store: Store, status: Status) -> list[dict[str, Any]]:
    """The current metrics. What can't be measured isn't published: a missing value is better than a wrong one."""
    data = [_datum("InstantiationSpeedMicroseconds", "Microseconds", instantiation_microseconds(status.weights, settings.memory_limit))]
    largest, status.largest_individual = status.largest_individual, 0
    if largest:
        data.append(_datum("AgentMemoryUsageKB", "Kilobytes", largest / BYTES_PER_KB))
    try:
        data.append(_datum("AutonomyPercentage", "Percent", store.autonomy_level(settings.autonomy_level)))
        if (promotions := store.promotions()) and promotions.decided > 0:
            data.append(_datum("AutonomousPromotionsPercentage", "Percent", 100 * promotions.autonomous / promotions.decided))
    except EngineError as error:
        log.warning("the autonomy level can't be read: %s", error)
    return data


class Reporter(threading.Thread):
    """Publishes the metrics periodically until `stopped` is set, and once more then."""

    def __init__(self, settings: EngineSettings, store: Store, status: Status) -> None:
        super().__init__(name="metrics", daemon=True)
        self._settings, self._store, self._status = settings, store, status
        self.stopped = threading.Event()

    def run(self) -> None:
        last = False
        while not last:
            last = self.stopped.wait(self._settings.metric_seconds)
            try:
                self._store.publish(self._settings.metric_namespace, measure(self._settings, self._store, self._status))
            except Exception as error:  # evolution continues; the alarms fire on missing metrics
                log.warning("metrics can't be published: %s: %s", type(error).__name__, error)


def _datum(name: str, unit: str, value: float) -> dict[str, Any]:
    return {"MetricName": name, "Unit": unit, "Value": float(value)}
