"""A worker: claims an island, breeds its next generation, and commits it. Any number of workers share an evolution."""

from __future__ import annotations

import dataclasses
import hashlib
import logging
import random
import threading
import time
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from engine import EngineError, items, keyed, population, promotion
from engine.bounds import differences, impossible, memory_limit, plan_of, too_large
from engine.breeding import Breeder, best
from engine.calls import StoreError
from engine.evaluators import CancelledError, EvaluatorPool, ScoreBatch
from engine.individuals import DEAD, WEIGHT_BYTES, Individual, IndividualTooLargeError, instantiation_microseconds
from engine.lease import Heartbeat, LeaseWatch, Standstill
from engine.records import FINISH, Checkpoint, EvolutionPlan, Header, Lease
from engine.settings import EngineSettings
from engine.store import LostLeaseError, Store

log = logging.getLogger(__name__)

MIGRANTS = 2
"""How many of each neighbour's best migrate at each generation."""

FINISH_SECONDS = 75.0
"""How long after SIGTERM a generation may still be finished. After that it is cancelled; ECS kills after 120 s
(STOP_SECONDS in components/containers.py)."""

LONGEST_PAUSE_SECONDS = 60.0
"""Between attempts, while AWS fails."""


STANDSTILL_SECONDS = 600.0
"""How long no lease must change before a worker ends an evolution that it can't run, though others might. A deployment that replaces
workers, or rolls back, takes less."""


class EvolutionFailedError(EngineError):
    """No worker can continue the evolution: it ends as failed."""


@dataclass
class Status:
    """What /status returns.

    Attributes:
        alive: when the main loop last moved, by its monotonic clock.
        largest_individual: bytes, since the metrics were last published; 0 if none was made.
    """

    worker: str
    state: str = "starting"
    evolution: str = ""
    committed: int = 0
    dead: int = 0
    fault: str = ""
    alive: float = 0.0
    largest_individual: int = 0


class Worker:
    """One worker. `run` runs until `stop`."""

    def __init__(
        self, settings: EngineSettings, store: Store, pool: EvaluatorPool, *, name: str, signing_key: promotion.SigningKey
    ) -> None:
        self._settings, self._store, self._pool, self._signing_key = settings, store, pool, signing_key
        self._task = pool.spec
        Individual(
            array("f", bytes(self._task.weights * WEIGHT_BYTES)), settings.memory_limit
        )  # a task whose individuals are too large is refused now
        self._watch = LeaseWatch(settings.lease_seconds)
        self._standstill = Standstill()
        self._recorded = ("", 0)
        self._wake = threading.Event()
        self._give_up_at = float("inf")
        self.status = Status(worker=name, alive=time.monotonic())

    def stop(self) -> None:
        """Let `run` end, after the current generation if that doesn't take too long."""
        self._give_up_at = time.monotonic() + FINISH_SECONDS
        self._wake.set()

    def run(self) -> None:
        """Work until `stop`. After an error it tries again: what isn't committed is done again, by this worker or another."""
        faults = 0
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
            if not worked:
                pause = min(self._settings.poll_seconds * 2 ** min(faults, 8), LONGEST_PAUSE_SECONDS)
                self._wake.wait(random.SystemRandom().uniform(0.5, 1) * pause)
        self.status.state = "stopped"

    def step(self) -> bool:
        """Do one piece of work if there is one: begin an evolution, breed a generation of an island, or end an evolution."""
        try:
            mode = self._store.mode(self._settings.mode_parameter)
        except StoreError:
            self._idle("halted")  # an unreadable mode counts as halted
            raise
        if mode != "running":
            return self._idle("halted")
        pointer = self._store.pointer()
        header = self._store.header(pointer[0]) if pointer and pointer[1] else None
        if header is None or header.status != "running":
            return self._idle("idle")
        if header.evolution_id != self.status.evolution and (others := differences(header, self._settings)):
            log.info("%s goes on with the bounds that it was begun with: %s", header.evolution_id, others)
        self.status.evolution = header.evolution_id
        plan, leases = self._store.work(header.evolution_id)
        if plan is None:
            self._store.begin(header.evolution_id, plan_of(header, self._settings))
            return True
        islands = sorted((lease for lease in leases if lease.name != FINISH), key=lambda lease: lease.island)
        self._record(header, islands)
        if self._is_too_slow():
            return self._idle("too slow")
        fault = self._failure(header, plan, leases)
        if fault is None:
            return self._idle("of another task")
        done = all(lease.generation >= header.generations for lease in islands)
        lease = self._claim([one for one in leases if one.name == FINISH] if done or fault else _ready(islands, header))
        if lease is None:
            return self._idle("waiting")
        try:
            if fault:
                raise EvolutionFailedError(fault)
            self.status.state = "evolving"
            self._work(header, plan, lease)
        except (EvolutionFailedError, IndividualTooLargeError) as error:
            log.error("%s fails: %s", header.evolution_id, error)
            outcome = {"status": "failed", "reason": str(error)[:500]}
            # A worker that was stalled past its lease must not end an evolution that others have continued.
            self._store.end(header.evolution_id, outcome, [], lease)
            self._store.leave(header.evolution_id, plan, [])
        return True

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

    def _failure(self, header: Header, plan: EvolutionPlan, leases: Sequence[Lease]) -> str | None:
        """Why the evolution must end as failed; empty if this worker can run it; None if this worker can't, but others may."""
        if failure := impossible(header, plan, self._settings):
            return failure
        if plan.task == self._settings.task:
            return too_large(header, self._settings, self._task.weights)
        if self._standstill.seconds(leases) < STANDSTILL_SECONDS:
            return None
        return f"it was begun with the task {plan.task!r}, EVOLUTION_TASK is {self._settings.task!r}, and no worker has continued it"

    def _claim(self, leases: Sequence[Lease]) -> Lease | None:
        """Claim the first free lease: the islands that are behind first, and of equals in an order that differs by worker."""
        spread = {lease.name: hashlib.sha256(f"{self.status.worker}/{lease.name}".encode()).digest() for lease in leases}
        for lease in sorted(leases, key=lambda lease: (lease.generation, spread[lease.name])):
            if self._watch.is_free(lease):
                if lease.owner:
                    log.warning("%s of %s is taken over from %s, which is silent", lease.name, lease.evolution_id, lease.owner)
                if mine := self._store.claim(lease, self.status.worker):
                    return mine
        return None

    def _work(self, header: Header, plan: EvolutionPlan, lease: Lease) -> None:
        """Do the lease's work with heartbeats; release the lease if that fails."""
        heartbeat = Heartbeat(self._store, lease, self._settings.lease_seconds)

        def must_stop() -> bool:
            self.status.alive = time.monotonic()
            return heartbeat.lost or self.status.alive > self._give_up_at

        work = _LeasedWork(self._settings, self._store, self._pool, header, plan, must_stop, heartbeat, self.status)
        try:
            with heartbeat:
                if lease.name == FINISH:
                    outcome, promotions = work.outcome(self._signing_key)
                    heartbeat.persist(lambda: self._store.end(header.evolution_id, outcome, promotions, lease), must_stop)
                    log.info("%s is finished: %s", header.evolution_id, outcome)
                else:
                    made = work.next_generation(lease)
                    forget = made.generation - _checkpoints_kept(plan)
                    heartbeat.persist(lambda: self._store.commit(lease, made, beat=heartbeat.beat + 1, forget=forget), must_stop)
                    self.status.committed += 1
                    self.status.dead += made.dead
                    log.info("%s generation %d: best %.4g, mean %.4g", lease.name, made.generation, made.best, made.mean)
        except BaseException:
            if not heartbeat.lost:
                self._release(lease, heartbeat.beat + 1)
            raise
        if lease.name == FINISH:
            self._store.leave(header.evolution_id, plan, range(max(1, header.generations - _checkpoints_kept(plan)), header.generations))

    def _release(self, lease: Lease, beat: int) -> None:
        try:
            self._store.release(lease, beat)
        except StoreError as error:  # it expires by itself
            log.warning("%s can't be released: %s", lease.name, error)

    def _record(self, header: Header, islands: Sequence[Lease]) -> None:
        """Write a record for each generation that all islands have committed."""
        all_have = (header.evolution_id, min(lease.generation for lease in islands))
        if self._recorded == all_have:
            return
        for generation in range(self._store.last_recorded(header.evolution_id) + 1, all_have[1] + 1):
            found = [self._store.checkpoint(header.evolution_id, lease.island, generation) for lease in islands]
            if None in found:  # deleted, so another worker has recorded it
                return
            self._store.record(generation, [one for one in found if one])
        self._recorded = all_have


def _ready(islands: Sequence[Lease], header: Header) -> list[Lease]:
    """The islands whose next generation can be bred: their neighbours have committed the current one."""
    return [
        lease
        for lease in islands
        if lease.generation < header.generations
        and all(islands[one].generation >= lease.generation for one in neighbours(lease.island, len(islands)))
    ]


def neighbours(island: int, islands: int) -> list[int]:
    """An island's two neighbours in a ring of islands."""
    return sorted({(island - 1) % islands, (island + 1) % islands} - {island})


def _checkpoints_kept(plan: EvolutionPlan) -> int:
    """How many generations of checkpoints are kept. An island can be half the ring ahead of the last one, whose generation must still be
    readable, to be recorded or bred again."""
    return plan.islands // 2 + 4


class _LeasedWork:
    """The work under one lease."""

    def __init__(
        self,
        settings: EngineSettings,
        store: Store,
        pool: EvaluatorPool,
        header: Header,
        plan: EvolutionPlan,
        must_stop: promotion.MustStop,
        heartbeat: Heartbeat,
        status: Status,
    ) -> None:
        self._settings, self._store, self._pool = settings, store, pool
        self._header, self._plan, self._must_stop, self._heartbeat, self._status = header, plan, must_stop, heartbeat, status
        self._limit = memory_limit(header, settings)

    def next_generation(self, lease: Lease) -> Checkpoint:
        """Breed and score an island's next generation, and write it to the bucket."""
        individuals, deterministic = self._breed(lease.island, lease.generation + 1)
        return self._put(lease.island, lease.generation + 1, individuals, deterministic=deterministic)

    def _put(self, island: int, generation: int, individuals: Sequence[Individual], *, deterministic: bool) -> Checkpoint:
        put = partial(put_population, self._store, self._header, island, generation, individuals, deterministic=deterministic)
        return self._heartbeat.persist(put, self._must_stop)

    def outcome(self, signing_key: promotion.SigningKey) -> tuple[items.Item, list[dict[str, object]]]:
        """Choose the champions of the last generation, and decide on each."""
        last = [self._population(island, self._header.generations) for island in range(self._plan.islands)]
        chosen = promotion.choose(
            self._header,
            [individuals for individuals, _ in last],
            promotion.Terms(
                task=self._settings.task,
                limit=self._limit,
                level=self._store.autonomy_level(self._settings.autonomy_level),
                strict=self._settings.safety_mode == "strict",
                signing_key=signing_key,
            ),
            self._pool,
            self._must_stop,
        )
        if not chosen:
            raise EvolutionFailedError("all individuals of its last generation are dead")
        for one in chosen:
            self._heartbeat.persist(partial(self._store.keep, one.key, one.content, create_only=True), self._must_stop)
        deterministic = all(known for _, known in last)
        return promotion.finished(chosen, deterministic), [one.item() for one in chosen]

    def _breed(self, island: int, generation: int) -> tuple[list[Individual], bool]:
        previous, deterministic = self._population(island, generation - 1)
        migrants: list[Individual] = []
        for one in neighbours(island, self._plan.islands):
            theirs, known = self._population(one, generation - 1)
            migrants += best(theirs, MIGRANTS)
            deterministic &= known
        task, key = self._pool.spec, (self._header.seed, island, generation)
        breeder = Breeder(
            seed=key[0], island=island, generation=generation, previous=previous, migrants=migrants, task=task, limit=self._limit
        )
        individuals = breeder.breed(self._plan.size)
        batch = ScoreBatch(
            genomes={index: individual.genome.tobytes() for index, individual in enumerate(individuals)},
            seeds={index: keyed.episode_seeds(*key, index, task.episodes) for index in range(len(individuals))},
        )
        results = self._pool.run(batch, self._must_stop)
        if results.causes:
            index, cause = next(iter(results.causes.items()))
            log.warning("%d individuals of island %d are dead; individual %d because: %s", len(results.causes), island, index, cause)
        for index, individual in enumerate(individuals):
            individual.fitness = results.fitness[index]
        self._status.largest_individual = max(self._status.largest_individual, *(individual.size for individual in individuals))
        return individuals, deterministic and results.repeatable

    def _population(self, island: int, generation: int) -> tuple[list[Individual], bool]:
        """An island's committed generation, and whether it is repeatable. A corrupt one is bred again from the previous one."""
        if generation == 0:
            return [], True
        if self._must_stop():
            raise CancelledError("the work was cancelled: the worker must stop")
        checkpoint = self._store.checkpoint(self._header.evolution_id, island, generation)
        if checkpoint is None:
            raise EvolutionFailedError(f"generation {generation} of island {island} is missing, so it can't be bred again")
        try:
            return read_population(self._store, checkpoint, self._limit), checkpoint.deterministic
        except population.CorruptPopulationError as error:
            log.error("generation %d of island %d is corrupt (%s): it is bred again from the previous one", generation, island, error)
        individuals, deterministic = self._breed(island, generation)
        again = self._put(island, generation, individuals, deterministic=deterministic)
        if again.sha256 != checkpoint.sha256:
            log.error("generation %d of island %d differs when bred again: the run isn't repeatable", generation, island)
            again = dataclasses.replace(again, deterministic=False)
            if not self._store.replace(again, checkpoint):
                raise LostLeaseError(f"generation {generation} of island {island} was bred again by another worker, too")
        return individuals, again.deterministic


def read_population(store: Store, checkpoint: Checkpoint, limit: int) -> list[Individual]:
    """The population that a checkpoint points to.

    Raises:
        CorruptPopulationError: it is missing, or isn't what was committed.
    """
    content = store.fetch(checkpoint.key)
    if content is None:
        raise population.CorruptPopulationError("it isn't in the bucket")
    if hashlib.sha256(content).hexdigest() != checkpoint.sha256:
        raise population.CorruptPopulationError("its hash isn't the checkpoint's")
    return population.decode(content, limit)


def put_population(
    store: Store, header: Header, island: int, generation: int, individuals: Sequence[Individual], *, deterministic: bool = True
) -> Checkpoint:
    """Write an island's generation to the bucket, and return the checkpoint that will point to it."""
    content = population.encode(individuals)
    digest = hashlib.sha256(content).hexdigest()
    living = [individual.fitness for individual in individuals if individual.fitness != DEAD]
    # The hash is part of the key, so that a worker that has lost its lease can't overwrite another's population.
    key = f"populations/{header.evolution_id}/{island:02d}/{generation:04d}-{digest[:16]}"
    store.keep(key, content)
    return Checkpoint(
        evolution_id=header.evolution_id,
        island=island,
        generation=generation,
        key=key,
        sha256=digest,
        agents=len(individuals),
        dead=len(individuals) - len(living),
        best=max(living, default=0.0),
        mean=sum(living) / len(living) if living else 0.0,
        deterministic=deterministic,
    )
