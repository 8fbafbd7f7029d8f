"""Random numbers by key. A number depends on what it is drawn for, not on when or where, so one worker and four breed the same
individuals."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

GAMMA = np.uint64(0x9E3779B97F4A7C15)
"""SplitMix64's step from a state to the next."""


def seed(*key: int | str) -> int:
    """64 bits from a key such as (seed, island, generation, individual)."""
    return int.from_bytes(hashlib.sha256("/".join(map(str, key)).encode()).digest()[:8], "big")


def episode_seeds(evolution_seed: int, island: int, generation: int, individuals: Sequence[int], episodes: int) -> dict[int, Sequence[int]]:
    """By individual, the seeds, 31 bits each, of the episodes in which it is scored, so that they can be run again."""
    key = np.uint64(seed(evolution_seed, island, generation, "episodes"))
    place = (np.array(individuals, np.uint64) << np.uint64(32))[:, None] + np.arange(1, episodes + 1, dtype=np.uint64)
    drawn = _mixed(key + place * GAMMA) >> np.uint64(33)
    return dict(zip(individuals, drawn.tolist(), strict=True))


def uniform(seeds: NDArray[np.uint32], count: int) -> NDArray[np.float64]:
    """So many numbers from 0 to below 1 for each seed, of shape (count, seeds): for a task that draws many episodes at once.

    SplitMix64 (Steele, Lea, Flood 2014): numpy's own generators take 15 µs to begin one.
    """
    state = (seeds.astype(np.uint64) << np.uint64(32)) + np.arange(1, count + 1, dtype=np.uint64)[:, None] * GAMMA
    return (_mixed(state) >> np.uint64(11)).astype(np.float64) * 2.0**-53


def _mixed(state: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """SplitMix64's numbers, out of its states."""
    state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return state ^ (state >> np.uint64(31))
