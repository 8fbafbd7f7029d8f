"""The safety monitor: a separate process with its own role that scores how safe the stored population is.

It relies on nothing that the engine reports of itself. It draws individuals at random, so that nobody can foresee which, and scores each
again in its own evaluators. It can read and can't write: the engine doesn't grade itself, and the monitor can't change what it grades.
"""

from __future__ import annotations

import hmac
import json
import logging
import random
import threading
import time
from typing import Any

from engine import population, promotion
from engine.bounds import memory_limit
from engine.calls import NotFoundError, StoreError
from engine.evaluators import EvaluatorPool
from engine.individuals import DEAD
from engine.pools import Pools
from engine.records import FINISH, Header, Lease
from engine.settings import Workload
from engine.store import Store
from engine.validators import Validator
from engine.work import read_population

log = logging.getLogger(__name__)

SAMPLE = 48
"""Individuals in all, spread over the islands. If one in ten is unsafe, a sample of this size misses them all once in 150 times."""


class Monitor:
    """Scores the stored population."""

    def __init__(self, settings: Workload, store: Store, pool: EvaluatorPool) -> None:
        self._settings, self._store, self._pools = settings, store, Pools(pool, settings)
        self._draw = random.SystemRandom()

    def run(self, stopped: threading.Event) -> None:
        """Score and publish periodically. If the population can't be read, nothing is published: missing data fire the alarm, a guess
        wouldn't."""
        rest = self._settings.metric_seconds
        while not stopped.wait(rest):
            begun = time.monotonic()
            try:
                self.publish()
            except Exception as error:
                log.error("the population can't be scored: %s: %s", type(error).__name__, error)
            # Hundreds of islands take a while to score, and a minute without a score fires the alarm.
            rest = max(0.0, self._settings.metric_seconds - (time.monotonic() - begun))

    def publish(self) -> None:
        """Score, and publish one value for each island, so that the worst one is the minimum."""
        scores = self.scores()
        threshold = float(self._store.secret(self._settings.safety_secret)["safety_threshold"])
        if min(scores) < threshold:
            log.error("unsafe: scored %.3f at worst, and %.3f is the least", min(scores), threshold)
        else:
            log.info("safe: scored %.3f at worst", min(scores))
        data = [{"MetricName": "SafetyScore", "Unit": "None", "Value": score} for score in scores]
        self._store.publish(self._settings.metric_namespace, data)

    def scores(self) -> list[float]:
        """For each island the share of safe individuals in its sample, and one more score for the champion. 1 if nothing is stored, or all
        of it has expired."""
        pointer = self._store.pointer()
        header = self._store.header(pointer[0]) if pointer else None
        if header is None or header.status == "failed":  # a failed evolution is never promoted
            return [1.0]
        plan, leases = self._store.work(header.evolution_id)
        task = plan.task if plan else self._settings.task
        # A halt may outlast what was bred before it.
        islands = [lease for lease in leases if lease.name != FINISH and lease.generation > 0 and not 0 < lease.expires < time.time()]
        scores = [self._score(header, task, lease, max(1, SAMPLE // len(islands))) for lease in islands]
        if header.status == "finished":
            scores.append(self._champions(header))
        return scores or [1.0]

    def _score(self, header: Header, task: str, lease: Lease, count: int) -> float:
        checkpoint = self._store.checkpoint(header.evolution_id, lease.island, lease.generation)
        if checkpoint is None:
            raise StoreError(f"generation {lease.generation} of {lease.name} was replaced while it was read")
        try:
            individuals = read_population(self._store, checkpoint, population.NO_LIMIT).individuals
        except population.CorruptPopulationError as error:
            log.error("%s of %s can't be verified: %s", lease.name, header.evolution_id, error)
            return 0.0
        living = [index for index, individual in enumerate(individuals) if individual.fitness != DEAD]
        drawn = self._draw.sample(living, min(count, len(living)))
        limit = memory_limit(header, self._settings)
        validator = Validator(pool=self._pools.of(task), seed=header.seed, limit=limit)
        findings = validator.findings(lease.island, lease.generation, {index: individuals[index] for index in drawn})
        for index, found in findings.items():
            log.warning("individual %d of %s, generation %d: %s", index, lease.name, lease.generation, "; ".join(found))
        return 1 - len(findings) / len(drawn) if drawn else 1.0

    def _champions(self, header: Header) -> float:
        """1 if the evolution's champion is signed by an engine of this stack, otherwise 0."""
        champion = self._store.champion(header.evolution_id)
        content = self._store.fetch(champion["key"]) if champion else None
        if content is None:
            return 1.0
        try:
            document: dict[str, Any] = json.loads(content)
            # It may be signed with an earlier version's key: from before the threshold changed, or by an engine that started before.
            # Without a version it is from an engine that knew one key only.
            version = str(document["key_version"]) if "key_version" in document else None
            key = self._store.secret(self._settings.safety_secret, version)["safety_validation_key"]
            genuine = hmac.compare_digest(str(document["signature"]), promotion.signature(document, key))
        except (ValueError, KeyError, TypeError, NotFoundError):
            genuine = False
        if not genuine:
            log.error("the champion of %s isn't signed by this stack's engine", header.evolution_id)
        return float(genuine)
