"""Two poles of different lengths on one cart: a task that points at random don't solve.

Source: A. Wieland, "Evolving neural network controllers for unstable systems" (1991); in "Accelerated neural evolution through
cooperatively coevolved synapses" (Gomez, Schmidhuber, Miikkulainen, 2008), weights at random need some 500 times as many tries as CMA-ES.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine import keyed
from engine.breeding import Breeder
from engine.population import Population
from engine.tasks import fitness_of_all, spec_of

Rows = NDArray[np.float64]

GRAVITY, FORCE, TAU = -9.8, 10.0, 0.01
CART, MASSES, HALF_LENGTHS = 1.0, np.array([[0.1], [0.01]]), np.array([[0.5], [0.05]])
TRACK_FRICTION, HINGE_FRICTION = 0.0005, 0.000002
FARTHEST, STEEPEST = 2.4, np.radians(36)
"""Metres, kilograms, newtons, seconds; radians. Source: the papers'."""

LEANING = np.radians(4.5)
"""The long pole at first, at most, either way; the papers have always this."""

SCALE = np.array([FARTHEST, 3.0, STEEPEST, 3.0, STEEPEST, 6.0])
"""Of what the network sees: place, speed, and angle and speed of both poles."""

HIDDEN = 5

CANDIDATES, TRIES = 5, 20
"""Whose champion it is, is decided by so many other episodes of so many, as in the engine (engine/promotion.py)."""

HELD_OUT = np.arange(1_000_000, 1_000_100, dtype=np.uint32)
"""The seeds of the episodes that decide. Evolution's own are hashes."""


class DoublePole:
    """The steps until a pole is down or the cart has left its track."""

    weights = len(SCALE) * HIDDEN + 2 * HIDDEN + 1
    weight_limit = 10.0
    episodes = 3
    steps = 1000

    def play_batch(self, genomes: NDArray[np.float32], seeds: NDArray[np.uint32], steps: int) -> NDArray[np.floating]:
        inputs, rest = len(SCALE) * HIDDEN, genomes.astype(np.float64)
        net = rest[:, :inputs].reshape(-1, HIDDEN, len(SCALE)) / SCALE
        shift, out, bias = rest[:, inputs : inputs + HIDDEN], rest[:, inputs + HIDDEN : -1], rest[:, -1]
        state = np.zeros((6, len(seeds)))
        state[2] = LEANING * (2 * keyed.uniform(seeds, 1)[0] - 1)
        lasted, still = np.full(len(seeds), float(steps)), np.arange(len(seeds))
        for step in range(steps):
            hidden = np.tanh(np.einsum("rhs,sr->rh", net, state) + shift)
            force = FORCE * np.tanh((hidden * out).sum(axis=1) + bias)
            state = _later(state, force)
            down = (np.abs(state[0]) > FARTHEST) | (np.abs(state[[2, 4]]) > STEEPEST).any(axis=0)
            if down.any():
                lasted[still[down]] = step + 1
                up = ~down
                still, state, net, shift, out, bias = still[up], state[:, up], net[up], shift[up], out[up], bias[up]
                if not len(still):
                    break
        return lasted


def _later(state: Rows, force: Rows) -> Rows:
    """The state after TAU, by Runge and Kutta's method."""
    first = _change(state, force)
    second = _change(state + TAU / 2 * first, force)
    third = _change(state + TAU / 2 * second, force)
    fourth = _change(state + TAU * third, force)
    return state + TAU / 6 * (first + 2 * second + 2 * third + fourth)


def _change(state: Rows, force: Rows) -> Rows:
    speed, turning = state[1], state[[3, 5]]
    sine, cosine = np.sin(state[[2, 4]]), np.cos(state[[2, 4]])
    pull = HINGE_FRICTION * turning / (MASSES * HALF_LENGTHS) + GRAVITY * sine
    push = MASSES * HALF_LENGTHS * turning**2 * sine + 0.75 * MASSES * cosine * pull
    moved = CART + (MASSES * (1 - 0.75 * cosine**2)).sum(axis=0)
    quicker = (force - TRACK_FRICTION * np.sign(speed) + push.sum(axis=0)) / moved
    faster = -0.75 / HALF_LENGTHS * (quicker * cosine + pull)
    return np.stack([speed, quicker, turning[0], faster[0], turning[1], faster[1]])


# What finds a network.


def evolved(strategy: str, seed: int, *, population: int, generations: int) -> Rows:
    """The champion of one island."""
    task = DoublePole()
    bred, found = Population([]), list[tuple[float, Rows]]()
    for generation in range(1, generations + 1):
        bred = Breeder(
            strategy=strategy,
            seed=seed,
            island=0,
            generation=generation,
            previous=bred,
            migrants=(),
            task=spec_of(task),
            limit=8192,
        ).breed(population)
        genomes = np.array([one.genome for one in bred.individuals], np.float32)
        seeds = keyed.episode_seeds(seed, 0, generation, range(population), task.episodes)
        fitness = fitness_of_all(task, genomes, np.array([seeds[index] for index in range(population)], np.uint32))
        for individual, its in zip(bred.individuals, fitness.tolist(), strict=True):
            individual.fitness = its
        found = list(zip(fitness.tolist(), genomes, strict=True))
    return _champion(found)


def at_random(seed: int, count: int) -> Rows:
    """The best of so many networks whose weights are drawn."""
    task, draw = DoublePole(), np.random.default_rng(seed)
    found = list[tuple[float, Rows]]()
    for _ in range(0, count, 200):
        genomes = draw.uniform(-task.weight_limit, task.weight_limit, (200, task.weights)).astype(np.float32)
        fitness = fitness_of_all(task, genomes, draw.integers(0, 2**31, (200, task.episodes)).astype(np.uint32))
        found = _best([*found, *zip(fitness.tolist(), genomes, strict=True)])
    return _champion(found)


def held_out(genome: Rows, seeds: NDArray[np.uint32] = HELD_OUT) -> NDArray[np.floating]:
    """The steps of each episode."""
    return DoublePole().play_batch(np.repeat(genome[None].astype(np.float32), len(seeds), axis=0), seeds, DoublePole.steps)


def _best(found: list[tuple[float, Rows]]) -> list[tuple[float, Rows]]:
    return sorted(found, key=lambda one: -one[0])[:CANDIDATES]


def _champion(found: list[tuple[float, Rows]]) -> Rows:
    tries = HELD_OUT[:TRIES] + np.uint32(1_000_000)
    return max((genome for _, genome in _best(found)), key=lambda genome: held_out(genome, tries).mean())
