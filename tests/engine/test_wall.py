"""A task that means harm is its own individual's death: in the pool, in the worker, in the monitor."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from array import array
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import Mock

import pytest

from engine import evaluator, fork_server, items, keyed, monitor, tasks, wall
from engine.evaluator import ForkServer, Results, ScoreBatch
from engine.evaluators import EvaluatorPool
from engine.individuals import DEAD
from engine.monitor import Monitor
from engine.population import decode
from engine.settings import EngineSettings
from engine.store import Store
from engine.worker import Worker
from tests.engine.attacks import (
    ATTACKS,
    EACH,
    TRIED,
    AtOnce,
    Attack,
    Everything,
    LeavesAThreadThatSaysGarbage,
    SaysAScoreOfTheFirstAndEnds,
    SaysItsOwnScoreTwice,
)
from tests.engine.aws import KEY, settings, wait_for
from tests.engine.fakes import FakeCloud
from tests.engine.plugins import Hill
from tests.engine.test_worker import run_out

SPEC = tasks.spec_of(Hill())


def batch(individuals: int, attackers: set[int]) -> ScoreBatch:
    genomes = {index: array("f", [-0.5 if index in attackers else 0.5] * 6).tobytes() for index in range(individuals)}
    return ScoreBatch(genomes=genomes, seeds=keyed.episode_seeds(7, 0, 1, range(individuals), 1))


ATTACKERS = {2, 3, 6}
BATCH = batch(8, ATTACKERS)
"""Few, but among them one who attacks right after another."""

EVERYBODY = EACH * len(TRIED)
"""Individuals of `Everything`."""

TASK_ROLE = {
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/v2/credentials/some-id",
    "AWS_SECRET_ACCESS_KEY": "secret",
    "ECS_CONTAINER_METADATA_URI_V4": "http://169.254.170.2/v4/some-id",
    "EVOLUTION_STATE_TABLE": "evolution-state-dev",
}
"""What an evaluator must not be told."""


@pytest.fixture(autouse=True, scope="module")
def own_fork_server(_processes: None) -> Iterator[None]:
    """One that is started with such an environment."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in TASK_ROLE.items():
            patch.setenv(name, value)
        server = ForkServer()
        patch.setattr(evaluator, "FORK_SERVER", server)
        yield
        server.close()


FORMS = ("", AtOnce.__name__)
"""One by one, and many at once."""


def name_of(attack: type, form: str = "") -> str:
    return f"{attack.__module__}:{attack.__name__}{form}"


@pytest.fixture(scope="module", params=FORMS, ids=lambda form: form or "OneByOne")
def form(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="module")
def attacked(form: str) -> Iterator[EvaluatorPool]:
    """Evaluators of a task that does everything."""
    with small(name_of(Everything, form), seconds=HANGS_SECONDS) as pool:
        yield pool


HANGS_SECONDS = 2
"""After which an individual is killed that would hang for ever."""


@contextmanager
def small(task: str, seconds: float) -> Generator[EvaluatorPool]:
    """Two evaluators, with little memory: it is soon eaten."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(wall, "memory_share", Mock(return_value=1 << 29))
        pool = EvaluatorPool(task, seconds=seconds, evaluators=2)
    try:
        yield pool
    finally:
        pool.close()


def assert_true(results: Results, scored: ScoreBatch, index: int) -> None:
    assert results.fitness[index] == tasks.fitness(Hill(), array("f", scored.genomes[index]), scored.seeds[index]), index


@pytest.fixture(scope="module")
def judged(attacked: EvaluatorPool) -> Results:
    """What became of everybody, where everything was done among them."""
    return attacked.run(batch(EVERYBODY, set()))


@pytest.mark.parametrize("attack", TRIED, ids=lambda attack: attack.__name__)
def test_whoever_attacks_is_dead_of_it(attack: type[Attack], judged: Results) -> None:
    index = EACH * TRIED.index(attack)
    assert judged.fitness[index] == DEAD
    assert re.search(ATTACKS[attack], judged.causes[index]), judged.causes[index]


def test_nobody_else_is_dead_and_no_score_is_changed(judged: Results) -> None:
    assert judged.causes.keys() == set(range(0, EVERYBODY, EACH))
    for index in set(range(EVERYBODY)) - judged.causes.keys():
        assert_true(judged, batch(EVERYBODY, set()), index)
    assert Path(__file__).with_name("attacks.py").exists()


@pytest.mark.parametrize("attack", TRIED, ids=lambda attack: attack.__name__)
def test_whoever_has_the_others_in_its_hands_is_dead_and_nobody_else(attack: type[Attack]) -> None:
    with small(name_of(attack, AtOnce.__name__), seconds=1 if ATTACKS[attack].startswith("scoring took") else 60) as pool:
        results = pool.run(BATCH)
    assert {index for index, fitness in results.fitness.items() if fitness == DEAD} == ATTACKERS == results.causes.keys(), results.causes
    assert all(re.search(ATTACKS[attack], cause) for cause in results.causes.values()), results.causes
    for index in BATCH.genomes.keys() - ATTACKERS:
        assert_true(results, BATCH, index)


@pytest.mark.parametrize(
    "attack", [SaysItsOwnScoreTwice, LeavesAThreadThatSaysGarbage, SaysAScoreOfTheFirstAndEnds], ids=lambda attack: attack.__name__
)
def test_whatever_becomes_of_an_attacker_by_chance_the_others_live(attack: type[Attack], form: str) -> None:
    """It is the judge of its own score anyhow, and may have it before its thread, or the engine's own word for it, is noticed."""
    with small(name_of(attack, form), seconds=60) as pool:
        results = pool.run(BATCH)
    for index in BATCH.genomes.keys() - ATTACKERS:
        assert_true(results, BATCH, index)


@pytest.fixture
def died_of(attacked: EvaluatorPool, monkeypatch: pytest.MonkeyPatch) -> list[Mapping[int, str]]:
    """What the dead died of, of each time that everybody is scored."""
    kept, run = list[Mapping[int, str]](), attacked.run

    def keep(scored: ScoreBatch, *given: Callable[[], bool]) -> Results:
        results = run(scored, *given)
        if len(scored.genomes) == EVERYBODY:
            kept.append(results.causes)
        return results

    monkeypatch.setattr(attacked, "run", keep)
    return kept


def assert_nobody_had_its_way(causes: Mapping[int, str]) -> None:
    for number, attack in enumerate(TRIED):
        assert re.search(ATTACKS[attack], causes[EACH * number]), causes[EACH * number]


def told(task: str) -> EngineSettings:
    return settings(
        "http://127.0.0.1:1",
        EVOLUTION_TASK=task,
        EVOLUTION_ISLANDS="1",
        EVOLUTION_POPULATION=str(EVERYBODY),
        EVOLUTION_LEASE_SECONDS="60",
    )


def begun(evolution: str) -> FakeCloud:
    cloud = FakeCloud()
    cloud.start(evolution, generations=2, bounds={"islands": 1, "max_concurrent_agents": 1000, "agent_memory_bytes": 8192})
    return cloud


def test_in_a_worker_it_costs_the_attackers_life_and_the_evolution_goes_on(
    form: str, attacked: EvaluatorPool, died_of: list[Mapping[int, str]]
) -> None:
    cloud, own = begun("evo-attacked"), told(name_of(Everything, form))
    store = Store(own, cloud.clients())
    run_out(Worker(own, store, attacked, name="one", signing_key=KEY))
    (header,) = cloud.all_of("evolution-state-dev", "evolution")
    assert header["status"] == "finished"
    for generation in (1, 2):
        assert_nobody_had_its_way(died_of[generation - 1])
        checkpoint = store.checkpoint("evo-attacked", 0, generation)
        assert checkpoint
        individuals = decode(store.fetch(checkpoint.key) or b"", 8192).individuals
        assert [index for index, one in enumerate(individuals) if one.fitness == DEAD] == list(range(0, EVERYBODY, EACH))


@pytest.fixture(scope="module")
def honest() -> FakeCloud:
    """An honest generation of the same size."""
    cloud, own = begun("evo-honest"), told("tests.engine.plugins:Hill")
    with small(own.task, seconds=60) as pool:
        worker = Worker(own, Store(own, cloud.clients()), pool, name="one", signing_key=KEY)
        assert worker.step(), "it begins"
        assert worker.step(), "and has a generation"
    return cloud


def test_in_the_monitor_it_makes_the_attackers_unsafe_and_changes_no_other_score(
    form: str, attacked: EvaluatorPool, died_of: list[Mapping[int, str]], honest: FakeCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The score says so: an individual that dies when it is tried again isn't what was stored. Nothing that a task does raises it."""
    monkeypatch.setattr(monitor, "SAMPLE", EVERYBODY)
    own = told(name_of(Everything, form))
    # The monitor goes by the plan.
    key = ("evo-honest", "plan")
    honest.tables["agent-population-dev"][key] |= items.write({"task": own.task})
    (score,) = Monitor(own, Store(own, honest.clients()), attacked).scores()
    assert score == pytest.approx(1 - 1 / EACH)
    (causes,) = died_of
    assert_nobody_had_its_way(causes)


# What is told and what is left.


def test_an_evaluators_environment_has_nothing_but_what_is_listed() -> None:
    given = {**TASK_ROLE, "PATH": "/bin", "AWS_SESSION_TOKEN": "t", "GITHUB_TOKEN": "t", "HOME": "/root"}
    told = wall.environment(given)
    assert told.keys() <= {*wall.KEPT, *wall.GIVEN, "PYTHONPATH"}
    assert told["PATH"] == "/bin"


def test_the_numbers_of_the_refused_calls_are_the_machines() -> None:
    """The compiler's headers say so, where they are installed."""
    headers = {0: "/usr/include/x86_64-linux-gnu/asm/unistd_64.h", 1: "/usr/include/asm-generic/unistd.h"}
    looked = 0
    for column, header in headers.items():
        if not Path(header).exists():
            continue
        numbers = dict(re.findall(r"#define __NR(?:3264)?_(\w+)\s+(\d+)\b", Path(header).read_text(encoding="utf-8")))
        calls = {**wall.REFUSED, **wall.UNKNOWN, **{name: one.numbers for name, one in wall.conditions(1).items()}}
        for name, known in calls.items():
            if name in numbers:
                assert known[column] == int(numbers[name]), name
                looked += 1
            elif name != "fchmodat2":  # of Linux 6.6
                assert known[column] is None, name
    if not looked:
        pytest.skip("no header is installed")


def test_another_machine_walls_nothing_off_and_so_runs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.machine", lambda: "riscv64")
    with pytest.raises(wall.WallError, match="can't be walled off on riscv64"):
        wall.program(1)


def test_the_filter_of_both_machines_ends_where_the_kernel_wants_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for machine in wall.MACHINES:
        monkeypatch.setattr("platform.machine", lambda machine=machine: machine)
        program = wall.program(1)
        steps = [wall.struct.unpack_from("=HBBI", program, place) for place in range(0, len(program), 8)]
        assert len(steps) <= 4096, "BPF_MAXINSNS"
        assert steps[-1] == (wall.RETURN, 0, 0, wall.ALLOW)
        assert all(place + max(then, otherwise) < len(steps) for place, (_, then, otherwise, _) in enumerate(steps))


def test_an_evaluator_has_its_two_pipes_and_nothing_else() -> None:
    pool = EvaluatorPool("tests.engine.plugins:Hill", seconds=30, evaluators=1)
    try:
        assert pool.spec
        (one,) = pool._idle  # pyright: ignore[reportPrivateUsage] (which process it is)
        opened = {int(path.name): str(path.readlink()) for path in Path(f"/proc/{one.process}/fd").iterdir()}
        assert opened.keys() == {0, 1, 2, fork_server.JOBS, fork_server.REPLIES}
        assert [opened[number] for number in range(3)] == ["/dev/null"] * 3
        status = Path(f"/proc/{one.process}/status").read_text(encoding="utf-8")
        assert "\nSeccomp:\t2" in status
        assert "\nNoNewPrivs:\t1" in status
        assert os.getsid(one.process) == one.process
        assert Path(f"/proc/{one.process}/oom_score_adj").read_text(encoding="ascii") == "1000\n"
    finally:
        pool.close()


def test_evaluators_end_with_their_worker_even_while_they_hang() -> None:
    code = f"""
import os, threading, time
from engine.evaluators import EvaluatorPool, ScoreBatch
pool = EvaluatorPool("tests.engine.attacks:Hangs", seconds=60, evaluators=2)
pool.spec
threading.Timer(0.5, os.kill, (os.getpid(), 9)).start()
pool.run(ScoreBatch(genomes=dict.fromkeys(range(2), {BATCH.genomes[3]!r}), seeds=dict.fromkeys(range(2), (1,))))
"""
    worker = subprocess.Popen([sys.executable, "-c", code], cwd=Path(__file__).parents[2])
    assert worker.wait(30) == -9

    def left() -> list[str]:
        found: list[str] = []
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                if b"engine.fork_server" in path.read_bytes() and _parent(path.parent) == 1:
                    found.append(path.parent.name)
            except OSError:
                continue
        return found

    wait_for(lambda: not left(), 30, "nobody is left")


def _parent(process: Path) -> int:
    return int((process / "stat").read_text(encoding="ascii").rpartition(")")[2].split()[1])


def test_a_fork_server_that_was_killed_is_replaced() -> None:
    pool = EvaluatorPool("tests.engine.plugins:Hill", seconds=30, evaluators=1)
    try:
        assert pool.spec == SPEC
        server = evaluator.FORK_SERVER._process  # pyright: ignore[reportPrivateUsage] (which process it is)
        assert server
        server.kill()
        server.wait()
        wait_for(lambda: not pool._idle[0].is_quiet(), 30, "its evaluator is gone, too")  # pyright: ignore[reportPrivateUsage]
        assert pool.run(batch(1, set())).causes == {}
    finally:
        pool.close()
