"""An evolution on one's own machine, as somebody types it who has just written a task."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from array import array
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from gymnasium.envs.classic_control.pendulum import PendulumEnv

from engine import keyed
from engine.describe import LONGEST
from engine.evaluators import EvaluatorPool
from engine.examples.pendulum import HIDDEN, MOST_TORQUE, Pendulum
from engine.examples.phrase import GOAL, LETTERS, Phrase
from engine.examples.rastrigin import Rastrigin
from engine.picture import Course, draw
from engine.store import Store
from engine.tasks import TASKS, Batched, fitness, fitness_of_all, load, spec_of
from engine.worker import Worker
from tests.engine.aws import KEY, ROOT, settings
from tests.engine.fakes import FakeCloud

TASK = '''
import math
import os


class MyTask:
    """Weights near to a wave."""

    weights = 12
    weight_limit = 2.0
    episodes = 1
    steps = 1

    def play(self, genome, seed, steps):
        return -sum((weight - math.sin(place)) ** 2 for place, weight in enumerate(genome))

    def describe(self, genome):
        return f"a wave of {len(genome)}"


class Writes(MyTask):
    def describe(self, genome):
        open("written", "w").write("no")
        return "it was written"


class Endless(MyTask):
    def describe(self, genome):
        while True:
            os.write(1, b"on and on ")


class Deadly(MyTask):
    def play(self, genome, seed, steps):
        raise ValueError("nobody lives")


class Lacking:
    weights = 3
'''


def evolve(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    (folder / "mytask.py").write_text(TASK, encoding="utf-8")
    command = [sys.executable, "-m", "engine", "evolve", *arguments]
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=300, check=False)


SMALL = ("--population=40", "--generations=6")


@pytest.mark.slow
def test_a_task_of_ones_own_is_evolved_described_and_drawn(tmp_path: Path) -> None:
    done = evolve(tmp_path, "mytask:MyTask", *SMALL, "--out=made")
    assert done.returncode == 0, done.stderr
    assert "40 individuals on 4 islands, 6 generations" in done.stdout
    assert "a wave of 12" in done.stdout
    assert "generation 6/6" in done.stderr
    champion = json.loads((tmp_path / "made/mytask-MyTask.json").read_text(encoding="utf-8"))
    assert len(champion["genome"]) == 12
    picture = ElementTree.parse(tmp_path / "made/mytask-MyTask.svg")
    lines = [one.attrib["points"].split() for one in picture.iter("{http://www.w3.org/2000/svg}polyline")]
    assert [len(points) for points in lines] == [6, 6]


@pytest.mark.slow
def test_the_champion_is_the_one_that_workers_breed_and_needs_no_wall(tmp_path: Path) -> None:
    told = settings("http://127.0.0.1:1", EVOLUTION_TASK="rastrigin", EVOLUTION_POPULATION="40")
    cloud, pool = FakeCloud(), EvaluatorPool("rastrigin", seconds=30, evaluators=1)
    bounds = {"islands": 4, "max_concurrent_agents": 1000, "agent_memory_bytes": 8192}
    cloud.start("evo-1", generations=6, bounds=bounds, seed=5)
    worker = Worker(told, Store(told, cloud.clients()), pool, name="one", signing_key=KEY)
    while worker.step():
        pass
    pool.close()
    (header,) = cloud.all_of("evolution-state-dev", "evolution")
    theirs = np.frombuffer(base64.b64decode(json.loads(cloud.objects[header["champion"]["key"]])["genome"]), np.float32).tolist()
    for wall in ((), ("--no-wall",)):
        done = evolve(tmp_path, "rastrigin", *SMALL, "--seed=5", *wall)
        assert done.returncode == 0, done.stderr
        assert json.loads((tmp_path / "rastrigin.json").read_text(encoding="utf-8"))["genome"] == theirs
    assert "without the wall, as you asked: it may do whatever you may" in done.stdout


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((), "say which task: cartpole, rastrigin, phrase, pendulum, or your own as module:Class"),
        (("nowhere:MyTask",), "No module named 'nowhere'"),
        (("mytask:Other",), "has no attribute 'Other'"),
        (("mytask:Lacking",), "lacks weight_limit, episodes, steps, play"),
        (("unknown",), "there is no task 'unknown'"),
        (("mytask:Deadly", *SMALL), "nobody lives in generation 1. "),
        (("cartpole", "--population=-5"), "POPULATION is '-5': Input should be greater than or equal to 1"),
        (("cartpole", "--population=9", "--islands=4"), "9 individuals on 4 islands leave fewer than 4 on each"),
        (("cartpole", "--generations=many"), "GENERATIONS is 'many': Input should be a valid integer"),
        (("cartpole", "--seed=-1"), "SEED is '-1': it must be a whole number"),
    ],
    ids=str,
)
def test_what_cant_be_used_is_one_sentence(tmp_path: Path, arguments: tuple[str, ...], says: str) -> None:
    done = evolve(tmp_path, *arguments)
    assert done.returncode == 1
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stderr.strip().splitlines()[-1].count("evolve: ") == 1


@pytest.mark.slow
def test_describing_a_champion_is_behind_the_wall_too(tmp_path: Path) -> None:
    done = evolve(tmp_path, "mytask:Writes", *SMALL)
    assert done.returncode == 0, done.stderr
    assert "12 weights: " in done.stdout
    assert not (tmp_path / "written").exists()


@pytest.mark.slow
def test_a_description_without_an_end_has_one(tmp_path: Path) -> None:
    done = evolve(tmp_path, "mytask:Endless", *SMALL)
    assert done.returncode == 0, done.stderr
    assert "on and on" in done.stdout
    assert len(done.stdout) < 2 * LONGEST


# The examples.


@pytest.mark.parametrize("name", TASKS)
def test_an_example_plays_a_genome_alone_as_in_company(name: str) -> None:
    task = load(name)
    genomes = np.random.default_rng(3).uniform(-1, 1, (70, task.weights)).astype(np.float32)
    seeds = np.arange(140, dtype=np.uint32).reshape(70, 2)
    alone = [fitness(task, array("f", genome.tobytes()), its.tolist()) for genome, its in zip(genomes, seeds, strict=True)]
    if spec_of(task).batched:
        assert fitness_of_all(cast(Batched, task), genomes, seeds).tolist() == alone
    assert np.isfinite(alone).all()


def test_the_pendulum_is_gymnasiums() -> None:
    task = Pendulum()
    genome = np.random.default_rng(1).uniform(-1, 1, (1, task.weights)).astype(np.float32)
    environment: Any = PendulumEnv()
    environment.reset(seed=0)
    seeds = np.array([7], np.uint32)
    first = 2 * keyed.uniform(seeds, 2)[:, 0] - 1
    environment.state = np.array([first[0] * np.pi, first[1]])
    total = 0.0
    for _ in range(50):
        angle, speed = environment.state
        inputs = genome[0, : 3 * HIDDEN].reshape(3, HIDDEN)
        hidden = np.tanh(np.array([np.cos(angle), np.sin(angle), speed / 8]) @ inputs + genome[0, 3 * HIDDEN : 4 * HIDDEN])
        torque = MOST_TORQUE * np.tanh(hidden @ genome[0, 4 * HIDDEN : -1] + genome[0, -1])
        total += float(environment.step(np.array([torque]))[1])
    assert task.play_batch(genome, seeds, 50)[0] == pytest.approx(total, rel=1e-5)


def test_the_best_there_is_has_the_best_score() -> None:
    assert Rastrigin().play_batch(np.zeros((1, 10), np.float32), np.zeros(1, np.uint32), 1)[0] == 0
    perfect = [LETTERS.index(letter) / Phrase.half - 1 for letter in GOAL]
    assert Phrase().play(perfect, 0, 1) == pytest.approx(0)
    assert Phrase().describe(perfect) == repr(GOAL)


# The picture.


@pytest.mark.parametrize(
    ("best", "mean"),
    [([1.0], [1.0]), ([0.0, 0.0], [0.0, 0.0]), ([-1e6, 3.0], [-2e6, -1.0]), ([1e-9, 2e-9], [0, 1e-9]), ([1e100, 1e100], [0.0, -1e100])],
)
def test_every_course_has_a_picture(best: list[float], mean: list[float]) -> None:
    picture = ElementTree.fromstring(draw("a <task> & more", [Course(best=best, mean=mean)] * 2, "so & so"))
    lines = [one.attrib["points"] for one in picture.iter("{http://www.w3.org/2000/svg}polyline")]
    places = [float(number) for points in lines for place in points.split() for number in place.split(",")]
    assert all(0 <= place <= 720 for place in places)
