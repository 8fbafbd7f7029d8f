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
        best, mean: fitness by generation.
        scores: the champion's steps in the held-out episodes.
    """

    seed: int
    best: list[float]
    mean: list[float]
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
        best=[record["best"] for record in records],
        mean=[record["mean"] for record in records],
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


def draw(results: list[CartPoleRun]) -> str:
    """The mean fitness of all individuals, and the best one's, by generation, as SVG."""
    width, height, left, top, right, bottom = 720, 360, 52, 48, 16, 44
    generations = len(results[0].best)

    def at(generation: int, fitness: float) -> str:
        x = left + (generation - 1) * (width - left - right) / (generations - 1)
        return f"{x:.1f},{top + (500 - fitness) * (height - top - bottom) / 500:.1f}"

    def text(x: float, y: float, words: str, anchor: str = "start", size: int = 12) -> str:
        return f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}" font-size="{size}">{words}</text>'

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" fill="#24292f">',
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
        text(left, 20, f"CartPole: fitness by generation, {len(results)} seeds, {POPULATION} individuals on 4 islands", size=14),
    ]
    for fitness in range(0, 501, 100):
        y = float(at(1, fitness).split(",")[1])
        parts += [f'<path d="M{left} {y} H{width - right}" stroke="#d0d7de"/>', text(left - 8, y + 4, str(fitness), "end")]
    for generation in range(1, generations + 1):
        parts.append(text(float(at(generation, 0).split(",")[0]), height - bottom + 18, str(generation), "middle"))
    parts.append(text(width / 2, height - 8, "generation", "middle"))
    for name, color, line in (("best", "#0969da", 1.5), ("mean", "#bc4c00", 1.5)):
        for result in results:
            points = " ".join(at(index + 1, fitness) for index, fitness in enumerate(getattr(result, name)))
            parts.append(f'<polyline points="{points}" fill="none" stroke="{color}" stroke-width="{line}" opacity="0.7"/>')
    worst = min(statistics.mean(result.scores) for result in results)
    parts += [
        f'<path d="M{left} 34 h20" stroke="#0969da" stroke-width="2"/>' + text(left + 26, 38, "the best individual"),
        f'<path d="M{left + 130} 34 h20" stroke="#bc4c00" stroke-width="2"/>' + text(left + 156, 38, "mean of all individuals"),
        text(width - right, 38, f"champions, 100 held-out episodes: {worst:.0f} or more (solved: {SOLVED})", "end"),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


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
        print(
            f"seed {result.seed}: generation 1 mean {result.mean[0]:.0f}, generation 10 mean {result.mean[-1]:.0f}; champion in "
            f"{len(result.scores)} held-out episodes: mean {statistics.mean(result.scores):.1f}, worst {min(result.scores):.0f}"
        )
    Path(sys.argv[1]).write_text(draw(results), encoding="utf-8")


if __name__ == "__main__":
    main()
