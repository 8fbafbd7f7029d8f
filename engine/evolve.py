"""One command for whoever writes a task: an evolution in memory, on all cores of this machine, without AWS.

It breeds with what workers breed with (engine/work.py), so an evolution of the same task, seed, islands, size and strategy has the same
champion here and there.
"""

from __future__ import annotations

import base64
import json
import logging
import os
import platform
import statistics
import sys
import time
from array import array
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from tqdm import tqdm

from engine import EngineError, logs, wall
from engine.bounds import plan_of
from engine.describe import describe
from engine.evaluators import EvaluatorPool
from engine.individuals import size_of
from engine.lease import Given, Heartbeat
from engine.picture import Course, draw
from engine.promotion import SigningKey
from engine.records import Bounds, Checkpoint, EvolutionPlan, Header, Lease, island_name
from engine.settings import AGENTS, MEMORY, EngineSettings, EngineSettingsError, read
from engine.store import Store
from engine.tasks import TASKS
from engine.unwalled import UnwalledPool
from engine.work import LeasedWork

DEFAULTS: Mapping[str, str] = {"EVOLUTION_POPULATION": "200", "EVOLUTION_GENERATIONS": "30", "EVOLUTION_ISLANDS": "4"}

BAR = "{desc} |{bar:30}| {elapsed}<{remaining}{postfix}"

NOWHERE = "memory"
"""The name of everything in AWS: nothing of it is asked."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Options:
    """What was typed.

    Attributes:
        task: a name of TASKS, or module:Class.
        variables: those of the engine's own settings that were given, such as EVOLUTION_POPULATION.
        out: the folder of picture and champion.
        walled: False for a task that is one's own, on a machine without seccomp.
    """

    task: str
    variables: Mapping[str, str]
    seed: int
    out: Path
    walled: bool


class _Memory(Store):
    """The tables and the bucket of one evolution."""

    def __init__(self) -> None:
        self.checkpoints_of: dict[tuple[int, int], Checkpoint] = {}
        self._objects: dict[str, bytes] = {}

    def checkpoint(self, evolution_id: str, island: int, generation: int) -> Checkpoint | None:  # noqa: ARG002 (there is one)
        return self.checkpoints_of.get((island, generation))

    def add(self, checkpoint: Checkpoint) -> None:
        """A generation of an island is done. The one before the last is needed no more."""
        self.checkpoints_of[checkpoint.island, checkpoint.generation] = checkpoint
        if old := self.checkpoints_of.pop((checkpoint.island, checkpoint.generation - 2), None):
            self._objects.pop(old.key, None)

    def keep(self, key: str, content: bytes, *, create_only: bool = False) -> None:  # noqa: ARG002 (nobody else writes)
        self._objects[key] = content

    def fetch(self, key: str) -> bytes | None:
        return self._objects.get(key)

    def autonomy_level(self, most: int) -> int:
        return most


class _NoLease:
    """Nobody else is there to take it."""

    def persist(self, write: Callable[[], Given], _must_stop: Callable[[], bool]) -> Given:
        return write()


class _LastWarning(logging.Handler):
    """Keeps what is said of the dead, for the end: in between, it would break the progress bar."""

    said = ""

    def emit(self, record: logging.LogRecord) -> None:
        self.said = record.getMessage()


def run(options: Options) -> int:
    """Evolve, show progress, and leave a picture and the champion; the command's exit code.

    Raises:
        EngineError: what was typed can't be used, or the task can't.
    """
    if not options.task:
        raise EngineError(f"say which task: {', '.join(TASKS)}, or your own as module:Class, such as `make evolve TASK=mytask:MyTask`")
    warnings = _LastWarning(logging.WARNING)
    logging.basicConfig(handlers=[warnings], level=logging.WARNING)
    settings = _settings(options)
    pool = _pool(settings, walled=options.walled)
    try:
        return _evolve(options, settings, pool, warnings)
    finally:
        pool.close()


def _settings(options: Options) -> EngineSettings:
    names = (
        "STATE_TABLE",
        "POPULATION_TABLE",
        "CHECKPOINT_TABLE",
        "ARTIFACTS_BUCKET",
        "SAFETY_SECRET",
        "METRIC_NAMESPACE",
        "MODE_PARAMETER",
    )
    given = {
        **{f"EVOLUTION_{name}": NOWHERE for name in (*names, "ENVIRONMENT")},
        "AWS_REGION": NOWHERE,
        "EVOLUTION_MODE": "autonomous",
        "EVOLUTION_SAFETY_ENABLED": "true",
        "EVOLUTION_SAFETY_MODE": "permissive",
        "AI_AUTONOMY_LEVEL": "100",
        "AGENT_MEMORY_LIMIT": str(MEMORY.most),
        "INSTANTIATION_TARGET_US": "1000",
        "MAX_CONCURRENT_AGENTS": str(AGENTS.most),
        "EVOLUTION_TASK": options.task,
        **DEFAULTS,
        **options.variables,
    }
    try:
        return read(EngineSettings, given)
    except EngineSettingsError as error:
        text = str(error).partition(": ")[2]
        raise EngineError(text.replace("EVOLUTION_", "")) from None


def _walls() -> bool:
    """Whether this machine can wall a task off."""
    return platform.system() == "Linux" and platform.machine() in wall.MACHINES


def _pool(settings: EngineSettings, *, walled: bool) -> EvaluatorPool:
    if walled and _walls():
        wall.hide()
        return EvaluatorPool(settings.task, seconds=settings.agent_seconds, evaluators=settings.evaluators)
    why = "as you asked" if _walls() else f"because {platform.system()} on {platform.machine()} has none"
    print(f"The task runs without the wall, {why}: it may do whatever you may. In the cloud it has no network, no process and no file.")
    return cast(EvaluatorPool, UnwalledPool(settings.task))


def _evolve(options: Options, settings: EngineSettings, pool: EvaluatorPool, warnings: _LastWarning) -> int:
    weights, begun = pool.spec.weights, time.monotonic()
    bounds = Bounds(islands=settings.islands, max_concurrent_agents=AGENTS.most, agent_memory_bytes=MEMORY.most)
    evolution = f"evo-{options.seed}"
    header = Header(evolution_id=evolution, status="running", seed=options.seed, generations=settings.most_generations, bounds=bounds)
    plan, store = plan_of(header, settings, weights), _Memory()
    cores = len(os.sched_getaffinity(0)) if _walls() else os.cpu_count()
    size = f"{plan.islands * plan.size} individuals on {plan.islands} islands, {header.generations} generations"
    print(f"{settings.task}: {weights} weights, {size_of(weights)} bytes an individual")
    print(f"{size}, seed {options.seed}, {cores} cores", flush=True)
    course = Course()
    try:
        done = _generations(settings, store, pool, header, plan, course, warnings)
    except KeyboardInterrupt:
        done = len(course.best)
        print("\nstopped by you", file=sys.stderr)
    if not done:
        return 1
    reached = Header(evolution_id=evolution, status="running", seed=options.seed, generations=done, bounds=bounds)
    work = LeasedWork(settings, store, pool, reached, plan, lambda: False, cast(Heartbeat, _NoLease()))
    outcome, _ = work.outcome(SigningKey(key=NOWHERE, version=NOWHERE))
    document: dict[str, Any] = json.loads(store.fetch(outcome["champion"]["key"]) or b"")
    _tell(options, course, document, time.monotonic() - begun)
    if warnings.said:
        print(f"the last that died: {warnings.said}")
    return 0


def _generations(
    settings: EngineSettings,
    store: _Memory,
    pool: EvaluatorPool,
    header: Header,
    plan: EvolutionPlan,
    course: Course,
    warnings: _LastWarning,
) -> int:
    """Breed generation after generation; how many."""
    with tqdm(total=header.generations * plan.islands, bar_format=BAR, mininterval=0.5) as bar:
        for generation in range(header.generations):
            bar.set_description_str(f"generation {generation + 1}/{header.generations}", refresh=False)
            made: list[Checkpoint] = []
            for island in range(plan.islands):
                work = LeasedWork(settings, store, pool, header, plan, lambda: False, cast(Heartbeat, _NoLease()))
                lease = Lease(evolution_id=header.evolution_id, name=island_name(island), owner="", token=0, beat=0, generation=generation)
                made.append(work.next_generation(lease))
                bar.update()
            for one in made:
                store.add(one)
            if all(one.dead == one.agents for one in made):
                raise EngineError(f"nobody lives in generation {generation + 1}. {warnings.said}")
            course.best.append(max(one.best for one in made if one.dead < one.agents))
            course.mean.append(statistics.fmean([one.mean for one in made if one.dead < one.agents]))
            bar.set_postfix_str(f"best {course.best[-1]:.4g}, mean {course.mean[-1]:.4g}", refresh=False)
    return header.generations


def _tell(options: Options, course: Course, document: Mapping[str, Any], seconds: float) -> None:
    genome = array("f", base64.b64decode(document["genome"]))
    name = "".join(one if one.isalnum() else "-" for one in options.task)
    options.out.mkdir(parents=True, exist_ok=True)
    picture, champion = options.out / f"{name}.svg", options.out / f"{name}.json"
    picture.write_text(draw(f"{options.task}: fitness by generation", [course]), encoding="utf-8")
    told = {key: document[key] for key in ("task", "seed", "generation", "fitness", "held_out")}
    champion.write_text(json.dumps({**told, "genome": genome.tolist()}, indent=1) + "\n", encoding="utf-8")
    print(f"{len(course.best)} generations in {seconds:.1f} s")
    print(f"champion: {document['fitness']:.5g}, and {document['held_out']:.5g} in episodes that it has never seen")
    print(logs.safe_lines(f"  {describe(options.task, genome, walled=options.walled and _walls())}"))
    print(f"picture: {picture}\ngenome: {champion}")


def options_of(given: Sequence[tuple[str, str | None]], *, task: str, seed: str, out: str, walled: bool) -> Options:
    """Options out of texts.

    Raises:
        EngineError: the seed is none.
    """
    if not seed.isdecimal():
        raise EngineError(f"SEED is {seed!r}: it must be a whole number, 0 or more")
    return Options(task=task, variables={name: value for name, value in given if value}, seed=int(seed), out=Path(out), walled=walled)
