"""A worker: claims an island, breeds its next generation, and commits it. Any number of workers share an evolution."""

from __future__ import annotations

import hashlib
import logging
import random
import threading
import time
from array import array
from collections.abc import Sequence
from dataclasses import dataclass

from engine import EngineError, items, promotion
from engine.bounds import differences, impossible, plan_of, unfit
from engine.breeding import unsuitable
from engine.calls import StoreError
from engine.evaluators import CancelledError, EvaluatorPool
from engine.individuals import WEIGHT_BYTES, Individual, IndividualTooLargeError, instantiation_microseconds
from engine.lease import Heartbeat, LeaseWatch, Standstill
from engine.mode import ModeWatch
from engine.pools import Pools
from engine.records import FINISH, EvolutionPlan, Header, Lease
from engine.settings import EngineSettings
from engine.store import LostLeaseError, Store
from engine.work import EvolutionFailedError, LeasedWork, neighbours

log = logging.getLogger(__name__)

FINISH_SECONDS = 75.0
"""How long after SIGTERM a generation may still be finished. After that it is cancelled; ECS kills after 120 s
(STOP_SECONDS in components/containers.py)."""

LONGEST_PAUSE_SECONDS = 60.0
"""Between attempts, while AWS fails."""

FIRST_REST, LONGEST_REST = 16, 4
"""A worker that finds nothing to do looks again after an eighth of poll_seconds, and of 1,000 with nothing to do each after four times that
(docs/engine.md, Scale)."""

CLAIMS = 3
"""Attempts to claim a lease before a worker reads them all again."""

STANDSTILL_SECONDS = 600.0
"""How long no lease must change before a worker ends an evolution that it can't run, though others might. A deployment that replaces
workers, or rolls back, takes less."""


MOST_ATTEMPTS = 10
"""Claims of a lease in a row that fail. A deployment kills a worker or two at the same piece of work; ten failures, with a lease's time or
a growing pause between them, take some five minutes: the work itself must be wrong."""

NOT_THE_WORKS = (StoreError, CancelledError, LostLeaseError, items.UnknownItemError)
"""Errors that say nothing about the work: AWS's, a stop, another worker, an item of a newer engine. They aren't failed attempts."""


@dataclass
class Status:
    """What /status returns.

    Attributes:
        alive: when the main loop last moved, by its monotonic clock.
        weights: of its task.
        unfit: why it can't run the current evolution; empty if it can.
        largest_individual: bytes, since the metrics were last published; 0 if none was made.
    """

    worker: str
    weights: int
    state: str = "starting"
    evolution: str = ""
    committed: int = 0
    dead: int = 0
    fault: str = ""
    unfit: str = ""
    alive: float = 0.0
    largest_individual: int = 0


class Worker:
    """One worker. `run` runs until `stop`."""

    def __init__(
        self, settings: EngineSettings, store: Store, pool: EvaluatorPool, *, name: str, signing_key: promotion.SigningKey
    ) -> None:
        self._settings, self._store, self._signing_key = settings, store, signing_key
        self._pools = Pools(pool, settings)
        self._task = pool.spec
        Individual(
            array("f", bytes(self._task.weights * WEIGHT_BYTES)), settings.memory_limit
        )  # a task whose individuals are too large is refused now
        if why := unsuitable(settings.strategy, self._task.weights, settings.island_size):
            raise EngineError(f"EVOLUTION_STRATEGY can't be used: {why}")
        self._watch = LeaseWatch(settings.lease_seconds)
        self._standstill = Standstill()
        self._mode = ModeWatch(store, settings)
        self._last = ""
        self._wake = threading.Event()
        self._give_up_at = float("inf")
        self.status = Status(worker=name, weights=self._task.weights, alive=time.monotonic())

    def stop(self) -> None:
        """Let `run` end, after the current generation if that doesn't take too long."""
        self._give_up_at = time.monotonic() + FINISH_SECONDS
        self._wake.set()

    def run(self) -> None:
        """Work until `stop`. After an error it tries again: what isn't committed is done again, by this worker or another."""
        faults = rests = 0
        while not self._wake.is_set():
            self.status.alive = time.monotonic()
            try:
                worked = self.step()
                faults, self.status.fault = 0, ""
            except (LostLeaseError, CancelledError) as error:
                log.info("%s", error)
                worked = False
            except EngineError as error:
                log.error("%s", error)
                faults, self.status.fault, worked = faults + 1, str(error), False
            except Exception as error:  # unforeseen: if the worker ended, it would only be restarted
                log.exception("the step failed")
                faults, self.status.fault, worked = faults + 1, f"{type(error).__name__}: {error}", False
            rests = 0 if worked else rests + 1
            if not worked:
                self._wake.wait(random.SystemRandom().uniform(0.5, 1) * self._pause(faults, rests))
        self.status.state = "stopped"

    def _pause(self, faults: int, rests: int) -> float:
        """Seconds until the next step: short at first, because a neighbour's generation may be done in a moment, then longer."""
        if faults:
            return min(self._settings.poll_seconds * 2 ** min(faults, 8), LONGEST_PAUSE_SECONDS)
        return self._settings.poll_seconds * min(2**rests / FIRST_REST, LONGEST_REST)

    def step(self) -> bool:
        """Do one piece of work if there is one: begin an evolution, breed a generation of an island, record one of all, or end it."""
        pointer = self._store.pointer()
        header = self._store.header(pointer[0]) if pointer and pointer[1] else None
        if header is None or header.status != "running":
            self.status.unfit = ""
            self._pools.close()
            return self._idle("idle")
        if header.evolution_id != self.status.evolution and (others := differences(header, self._settings)):
            log.info("%s goes on with the bounds that it was begun with: %s", header.evolution_id, others)
        self.status.evolution = header.evolution_id
        plan, leases = self._store.work(header.evolution_id, consistent=False)
        if plan is None:
            return self._begin(header)
        islands = sorted((lease for lease in leases if lease.name != FINISH), key=lambda lease: lease.island)
        finish = next(lease for lease in leases if lease.name == FINISH)
        if self._is_too_slow():
            return self._idle("too slow")
        fault = impossible(header, plan, self._settings)
        if not fault and self._is_unfit(header, plan):
            if not self._stands_still(header, leases):
                return self._idle("unfit")
            fault = f"no worker has continued it, and this one can't: {self.status.unfit}"
        free = self._free([finish] if fault else _ready(islands, finish, header))
        if not free:
            return self._idle("waiting")
        if not self._may_run(plan.islands):
            return False
        lease = self._claim(free)
        if lease is None:
            return self._idle("waiting")
        if not fault and lease.attempts > MOST_ATTEMPTS:
            fault = f"{MOST_ATTEMPTS} attempts at {lease.name} have failed, the last with: {self.status.fault or 'nothing that was logged'}"
        try:
            if fault:
                raise EvolutionFailedError(fault)
            self.status.state = "evolving"
            if not self._work(header, plan, lease, islands):
                return self.step()
        except (EvolutionFailedError, IndividualTooLargeError) as error:
            log.error("%s fails: %s", header.evolution_id, error)
            outcome = {"status": "failed", "reason": str(error)[:500]}
            # A worker that was stalled past its lease must not end an evolution that others have continued.
            self._store.end(header.evolution_id, outcome, [], lease)
            self._store.leave(header.evolution_id)
        return True

    def _begin(self, header: Header) -> bool:
        plan = plan_of(header, self._settings, self._task.weights)
        if self._is_unfit(header, plan) and not self._stands_still(header, []):
            return self._idle("unfit")
        if not self._may_run(plan.islands):
            return False
        self._store.begin(header.evolution_id, plan)
        return True

    def _may_run(self, islands: int) -> bool:
        """Whether the mode is `running`; one that can't be read counts as halted."""
        try:
            return self._mode.is_running(islands) or self._idle("halted")
        except StoreError:
            self._idle("halted")
            raise

    def _idle(self, state: str) -> bool:
        if state != self.status.state:
            log.info("%s", state)
        self.status.state = state
        return False

    def _is_too_slow(self) -> bool:
        """Whether making individuals takes longer than allowed, and the mode is strict; permissive only logs it."""
        took, most = (
            instantiation_microseconds(self._task.weights, self._settings.memory_limit, count=200),
            self._settings.instantiation_target_us,
        )
        if took > most:
            log.warning("making an individual takes %.2f µs, and INSTANTIATION_TARGET_US allows %g", took, most)
        return took > most and self._settings.safety_mode == "strict"

    def _is_unfit(self, header: Header, plan: EvolutionPlan) -> bool:
        """Whether this worker can't run the evolution; others may."""
        try:
            why = unfit(header, plan, self._settings, self._pools.of(plan.task).spec.weights)
        except EngineError as error:
            why = f"its task can't be run here: {error}"
        if why and why != self.status.unfit:
            log.warning("unfit for %s: %s", header.evolution_id, why)
        self.status.unfit = why
        return bool(why)

    def _stands_still(self, header: Header, leases: Sequence[Lease]) -> bool:
        return self._standstill.seconds(header.evolution_id, leases) >= STANDSTILL_SECONDS

    def _free(self, leases: Sequence[Lease]) -> list[Lease]:
        """Those that can be claimed: FINISH first, then the islands that are behind; of equals this worker's last one, then in an order
        that differs by worker. So a hundred workers don't all try the same one."""
        spread = {lease.name: hashlib.sha256(f"{self.status.worker}/{lease.name}".encode()).digest() for lease in leases}
        ordered = sorted(leases, key=lambda one: (one.name != FINISH, one.generation, one.name != self._last, spread[one.name]))
        return [lease for lease in ordered if self._watch.is_free(lease)]

    def _claim(self, free: Sequence[Lease]) -> Lease | None:
        """Claim the first one that no other worker is faster with. After some that others are, what was read is out of date."""
        for lease in free[:CLAIMS]:
            if lease.owner:
                log.warning("%s of %s is taken over from %s, which is silent", lease.name, lease.evolution_id, lease.owner)
            if mine := self._store.claim(lease, self.status.worker):
                self._last = mine.name
                return mine
        return None

    def _work(self, header: Header, plan: EvolutionPlan, lease: Lease, islands: Sequence[Lease]) -> bool:
        """Do the lease's work, with heartbeats; release the lease if that fails. False if there was no more to do than to record."""
        heartbeat = Heartbeat(self._store, lease, self._settings.lease_seconds)

        def must_stop() -> bool:
            self.status.alive = time.monotonic()
            return heartbeat.lost or self.status.alive > self._give_up_at

        work = LeasedWork(self._settings, self._store, self._pools.of(plan.task), header, plan, must_stop, heartbeat)
        try:
            with heartbeat:
                if lease.name == FINISH:
                    recorded = self._record(header, lease, islands)
                    if recorded < header.generations:
                        heartbeat.persist(lambda: self._store.recorded(lease, recorded, heartbeat.beat + 1), must_stop)
                        return False
                    outcome, promotions = work.outcome(self._signing_key)
                    # Before it is ended: whoever dies in between is followed by another.
                    heartbeat.persist(lambda: self._store.leave(header.evolution_id), must_stop)
                    heartbeat.persist(lambda: self._store.end(header.evolution_id, outcome, promotions, lease), must_stop)
                    log.info("%s is finished: %s", header.evolution_id, outcome)
                else:
                    made = work.next_generation(lease)
                    self.status.largest_individual = max(self.status.largest_individual, work.largest_individual)
                    heartbeat.persist(lambda: self._store.commit(lease, made, beat=heartbeat.beat + 1), must_stop)
                    self.status.committed += 1
                    self.status.dead += made.dead
                    log.info("%s generation %d: best %.4g, mean %.4g", lease.name, made.generation, made.best, made.mean)
        except BaseException as error:
            if not heartbeat.lost:
                failed = isinstance(error, Exception) and not isinstance(error, NOT_THE_WORKS)
                self._release(lease, heartbeat.beat + 1, failed=failed)
            raise
        return True

    def _release(self, lease: Lease, beat: int, *, failed: bool) -> None:
        try:
            self._store.release(lease, beat, failed=failed)
        except StoreError as error:  # it expires by itself
            log.warning("%s can't be released: %s", lease.name, error)

    def _record(self, header: Header, finish: Lease, islands: Sequence[Lease]) -> int:
        """Record the generations that all islands have committed since the last record; the last of them."""
        last = min(lease.generation for lease in islands)
        for generation in range(finish.generation + 1, last + 1):
            found = self._store.checkpoints(header.evolution_id, len(islands), generation)
            if len(found) == len(islands):  # an older engine deletes checkpoints, of generations that it has recorded
                self._store.record(generation, found)
        return last


def _ready(islands: Sequence[Lease], finish: Lease, header: Header) -> list[Lease]:
    """What can be worked on: FINISH, if all islands have committed a generation that has no record; the islands whose neighbours have
    committed the current one."""
    last = min(lease.generation for lease in islands)
    due = finish.generation < last or last >= header.generations
    return [finish] * due + [
        lease
        for lease in islands
        if lease.generation < header.generations
        and all(islands[one].generation >= lease.generation for one in neighbours(lease.island, len(islands)))
    ]
