"""The work under a lease: breed an island's next generation, or end the evolution."""

from __future__ import annotations

import dataclasses
import hashlib
import logging
from collections.abc import Sequence
from functools import partial

from engine import EngineError, items, keyed, population, promotion
from engine.bounds import memory_limit
from engine.breeding import Breeder, best
from engine.evaluators import CancelledError, EvaluatorPool, ScoreBatch
from engine.individuals import DEAD, Individual
from engine.lease import Heartbeat
from engine.population import Population
from engine.records import Checkpoint, EvolutionPlan, Header, Lease
from engine.settings import EngineSettings
from engine.store import LostLeaseError, Store

log = logging.getLogger(__name__)

MIGRANTS = 2
"""How many of each neighbour's best migrate at each generation."""


class EvolutionFailedError(EngineError):
    """No worker can continue the evolution: it ends as failed."""


def neighbours(island: int, islands: int) -> list[int]:
    """An island's two neighbours in a ring of islands."""
    return sorted({(island - 1) % islands, (island + 1) % islands} - {island})


class LeasedWork:
    """The work under one lease.

    Attributes:
        largest_individual: bytes, of those that were bred; 0 if none was.
    """

    def __init__(
        self,
        settings: EngineSettings,
        store: Store,
        pool: EvaluatorPool,
        header: Header,
        plan: EvolutionPlan,
        must_stop: promotion.MustStop,
        heartbeat: Heartbeat,
    ) -> None:
        self._settings, self._store, self._pool = settings, store, pool
        self._header, self._plan, self._must_stop, self._heartbeat = header, plan, must_stop, heartbeat
        self._limit = memory_limit(header, settings)
        self.largest_individual = 0

    def next_generation(self, lease: Lease) -> Checkpoint:
        """Breed and score an island's next generation, and write it to the bucket."""
        made, deterministic = self._breed(lease.island, lease.generation + 1)
        return self._put(lease.island, lease.generation + 1, made, deterministic=deterministic)

    def _put(self, island: int, generation: int, made: Population, *, deterministic: bool) -> Checkpoint:
        put = partial(put_population, self._store, self._header, island, generation, made, deterministic=deterministic)
        return self._heartbeat.persist(put, self._must_stop)

    def outcome(self, signing_key: promotion.SigningKey) -> tuple[items.Item, list[dict[str, object]]]:
        """Choose the champions of the last generation, and decide on each."""
        last = [self._population(island, self._header.generations) for island in range(self._plan.islands)]
        chosen = promotion.choose(
            self._header,
            [one.individuals for one, _ in last],
            promotion.Terms(
                task=self._plan.task,
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

    def _breed(self, island: int, generation: int) -> tuple[Population, bool]:
        previous, deterministic = self._population(island, generation - 1)
        migrants: list[Individual] = []
        for one in neighbours(island, self._plan.islands):
            theirs, known = self._migrants(one, generation - 1)
            migrants += theirs
            deterministic &= known
        task, key = self._pool.spec, (self._header.seed, island, generation)
        breeder = Breeder(
            strategy=self._plan.strategy,
            seed=key[0],
            island=island,
            generation=generation,
            previous=previous,
            migrants=migrants,
            task=task,
            limit=self._limit,
        )
        bred = breeder.breed(self._plan.size)
        individuals = bred.individuals
        batch = ScoreBatch(
            genomes={index: individual.genome.tobytes() for index, individual in enumerate(individuals)},
            seeds=keyed.episode_seeds(*key, range(len(individuals)), task.episodes),
        )
        results = self._pool.run(batch, self._must_stop)
        if results.causes:
            index, cause = next(iter(results.causes.items()))
            log.warning("%d individuals of island %d are dead; individual %d because: %s", len(results.causes), island, index, cause)
        for index, individual in enumerate(individuals):
            individual.fitness = results.fitness[index]
        self.largest_individual = max(self.largest_individual, *(individual.size for individual in individuals))
        return bred, deterministic and results.repeatable

    def _migrants(self, island: int, generation: int) -> tuple[Sequence[Individual], bool]:
        """An island's best of a committed generation, and whether it is repeatable. They are in its checkpoint, if it is of this engine."""
        if generation == 0:
            return [], True
        checkpoint = self._checkpoint(island, generation)
        if checkpoint.migrants is not None:
            try:
                return population.decode(checkpoint.migrants, self._limit).individuals, checkpoint.deterministic
            except population.CorruptPopulationError as error:
                log.error("the migrants of generation %d of island %d are corrupt: %s", generation, island, error)
        theirs, deterministic = self._population(island, generation)
        return best(theirs.individuals, MIGRANTS), deterministic

    def _checkpoint(self, island: int, generation: int) -> Checkpoint:
        if self._must_stop():
            raise CancelledError("the work was cancelled: the worker must stop")
        if checkpoint := self._store.checkpoint(self._header.evolution_id, island, generation):
            return checkpoint
        raise EvolutionFailedError(f"generation {generation} of island {island} has expired, or is missing: it can't be bred again")

    def _population(self, island: int, generation: int) -> tuple[Population, bool]:
        """An island's committed generation, and whether it is repeatable. A corrupt one is bred again from the previous one."""
        if generation == 0:
            return Population([]), True
        checkpoint = self._checkpoint(island, generation)
        try:
            return read_population(self._store, checkpoint, self._limit), checkpoint.deterministic
        except population.CorruptPopulationError as error:
            log.error("generation %d of island %d is corrupt (%s): it is bred again from the previous one", generation, island, error)
        made, deterministic = self._breed(island, generation)
        again = self._put(island, generation, made, deterministic=deterministic)
        if again.sha256 != checkpoint.sha256:
            log.error("generation %d of island %d differs when bred again: the run isn't repeatable", generation, island)
            again = dataclasses.replace(again, deterministic=False)
            if not self._store.replace(again, checkpoint):
                raise LostLeaseError(f"generation {generation} of island {island} was bred again by another worker, too")
        return made, again.deterministic


def read_population(store: Store, checkpoint: Checkpoint, limit: int) -> Population:
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
    store: Store, header: Header, island: int, generation: int, made: Population, *, deterministic: bool = True
) -> Checkpoint:
    """Write an island's generation to the bucket, and return the checkpoint that will point to it."""
    content, individuals = population.encode(made), made.individuals
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
        migrants=population.encode(Population(best(individuals, MIGRANTS))),
    )
