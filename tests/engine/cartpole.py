"""CartPole in dev's ten generations: evolves it with a real worker and an emulator, tries the champion, and draws docs/cartpole.svg
(make cartpole)."""

from __future__ import annotations

import base64
import json
import statistics
import sys
import tempfile
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from gymnasium.envs.classic_control.cartpole import CartPoleEnv

from engine.cartpole import CartPole
from engine.evaluators import EvaluatorPool
from engine.picture import Course, draw
from engine.store import Store
from engine.worker import Worker
from local import emulator
from tests.engine import aws

SEEDS = (1, 2, 3, 4, 5)
POPULATION = 200
HELD_OUT = range(1_000_000, 1_000_100)
"""The seeds of the episodes that decide. Evolution's own are hashes (engine/keyed.py); the chance that one is among these is one in a
thousand, for all episodes of a run together."""

SOLVED = 475
"""Gymnasium's mean over 100 episodes from which CartPole-v1 counts as solved."""


@dataclass(frozen=True, kw_only=True)
class CartPoleRun:
    """One evolution.

    Attributes:
        scores: the champion's steps in the held-out episodes.
    """

    seed: int
    course: Course
    scores: list[float]


def evolve(world: aws.EngineCloud, seed: int, *, population: int, evaluators: int | None = None) -> CartPoleRun:
    """Evolve CartPole with dev's islands and generations, and try the champion."""
    changes = {"EVOLUTION_TASK": "cartpole", "EVOLUTION_POPULATION": str(population)}
    settings = aws.settings(world.endpoint, **changes)
    pool = EvaluatorPool(settings.task, seconds=60, evaluators=evaluators)
    worker = Worker(settings, Store(settings, world.clients), pool, name="one", signing_key=aws.KEY)
    evolution = world.trigger(f"evo-cartpole-{seed}", generations=aws.LIMITS.generations, seed=seed)
    while worker.step():
        pass
    pool.close()
    header, records = world.header(evolution), world.records(evolution)
    assert header["status"] == "finished", header
    document: dict[str, Any] = json.loads(world.clients["s3"].get_object(Bucket=aws.BUCKET, Key=header["champion"]["key"])["Body"].read())
    genome = array("f", base64.b64decode(document["genome"]))
    return CartPoleRun(
        seed=seed,
        course=Course(best=[record["best"] for record in records], mean=[record["mean"] for record in records]),
        scores=[play(genome, episode) for episode in HELD_OUT],
    )


def play(genome: Sequence[float], seed: int, first: Sequence[float] | None = None) -> float:
    """The steps of one episode in gymnasium's own environment, from its own first state or from `first`."""
    environment: Any = CartPoleEnv()
    seen, _ = environment.reset(seed=seed)
    if first is not None:
        environment.state = np.array(first)
        seen = environment.state.astype(np.float32)
    inputs, outputs = np.reshape(genome[:16], (4, 4)) / np.array(CartPole.scale)[:, None], np.array(genome[20:24])
    for step in range(1, CartPole.steps + 1):
        push = outputs @ np.tanh(seen @ inputs + np.array(genome[16:20])) + genome[24]
        seen, _, fallen, _, _ = environment.step(int(push > 0))
        if fallen:
            return step
    return CartPole.steps


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        started = emulator.start(Path(folder), "dev", aws.ROOT / ".local" / emulator.VENV)
        try:
            aws.make_tables(started.endpoint)
            world = aws.EngineCloud(started.endpoint, aws.aws(started.endpoint))
            results = [evolve(world, seed, population=POPULATION) for seed in SEEDS]
        finally:
            emulator.stop(Path(folder), "dev")
    for result in results:
        first, *_, last = result.course.mean
        print(
            f"seed {result.seed}: generation 1 mean {first:.0f}, generation 10 mean {last:.0f}; champion in "
            f"{len(result.scores)} held-out episodes: mean {statistics.mean(result.scores):.1f}, worst {min(result.scores):.0f}"
        )
    worst = min(statistics.mean(result.scores) for result in results)
    title = f"CartPole: fitness by generation, {len(results)} seeds, {POPULATION} individuals on 4 islands"
    note = f"champions: {worst:.0f} steps or more (solved: {SOLVED})"
    Path(sys.argv[1]).write_text(draw(title, [result.course for result in results], note), encoding="utf-8")


if __name__ == "__main__":
    main()
