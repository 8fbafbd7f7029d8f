"""A person's commands: approve or refuse champions, and cull unsafe individuals during a halt."""

from __future__ import annotations

import dataclasses
import logging

from engine import EngineError, population
from engine.bounds import memory_limit
from engine.evaluators import EvaluatorPool
from engine.individuals import DEAD, Individual
from engine.lease import Heartbeat
from engine.pools import Pools
from engine.records import FINISH, Header, Lease
from engine.settings import EngineSettings
from engine.store import Store
from engine.validators import Validator
from engine.work import put_population, read_population

log = logging.getLogger(__name__)


def awaiting(store: Store) -> str:
    """The champions that await approval, the riskiest first."""
    waiting = sorted(store.awaiting(), key=lambda one: (-len(one["findings"]), -float(one["risk"]), one["agent_id"]))
    if not waiting:
        return "nobody waits for approval"
    lines = [f"{'agent':44} {'fitness':>10} {'held out':>10} {'risk':>6}  findings"]
    for one in waiting:
        found = "; ".join(one["findings"]) or "none"
        lines.append(f"{one['agent_id']:44} {one['fitness']:>10.4g} {one['held_out']:>10.4g} {one['risk']:>6.1%}  {found}")
    return "\n".join(lines)


def decide(store: Store, agent_id: str, *, promote: bool, by: str) -> str:
    """Promote or refuse a waiting champion.

    Raises:
        EngineError: it doesn't wait.
    """
    status = "promoted" if promote else "refused"
    if not store.decide(agent_id, status, by):
        raise EngineError(f"{agent_id} doesn't wait for approval; `approvals` lists who does")
    return f"{agent_id} is {status}"


def cull(settings: EngineSettings, store: Store, pool: EvaluatorPool, *, by: str) -> str:
    """Score every individual of the running evolution again, and mark the unsafe ones as dead. Only during a halt.

    So a person repairs a poisoned population: the monitor then finds nothing, the alarm returns to OK, and after resuming evolution
    continues from these checkpoints. The run counts as not repeatable.

    Raises:
        EngineError: evolution isn't halted, none runs, or an island's lease is still held.
    """
    if store.mode(settings.mode_parameter) == "running":
        raise EngineError("evolution is running: cull only during a halt, when nothing breeds from the population")
    pointer = store.pointer()
    header = store.header(pointer[0]) if pointer and pointer[1] else None
    if header is None:
        raise EngineError("no evolution runs, so there is nothing to cull")
    plan, leases = store.work(header.evolution_id)
    pools = Pools(pool, settings)
    examined = culled = 0
    for lease in leases:
        if lease.name == FINISH or lease.generation == 0:
            continue
        mine = None if lease.owner else store.claim(lease, by)
        if mine is None:
            raise EngineError(
                f"{lease.name} is still held by {lease.owner or 'another'}: wait until its generation is done, and cull again"
            )
        with Heartbeat(store, mine, settings.lease_seconds) as heartbeat:
            try:
                seen, dead = _cull_island(settings, store, pools.of(plan.task if plan else settings.task), header, mine)
            finally:
                store.release(mine, heartbeat.beat + 1)
        examined, culled = examined + seen, culled + dead
    pools.close()
    return f"{culled} of {examined} individuals of {header.evolution_id} were culled"


def _cull_island(settings: EngineSettings, store: Store, pool: EvaluatorPool, header: Header, lease: Lease) -> tuple[int, int]:
    was = store.checkpoint(header.evolution_id, lease.island, lease.generation)
    if was is None:
        raise EngineError(f"{lease.name} has no checkpoint of generation {lease.generation}")
    stored = read_population(store, was, population.NO_LIMIT)
    individuals = stored.individuals
    living: dict[int, Individual] = {index: individual for index, individual in enumerate(individuals) if individual.fitness != DEAD}
    limit = memory_limit(header, settings)
    validator = Validator(pool=pool, seed=header.seed, limit=limit)
    findings = validator.findings(lease.island, lease.generation, living)
    if findings:
        for index in findings:
            individuals[index].fitness = DEAD
        culled = dataclasses.replace(put_population(store, header, lease.island, lease.generation, stored), deterministic=False)
        if not store.replace(culled, was):
            raise EngineError(f"{lease.name} was changed while it was culled: cull again")
    return len(living), len(findings)
