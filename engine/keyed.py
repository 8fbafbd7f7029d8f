"""Random seeds by key. A number depends on what it is drawn for, not on when or where, so one worker and four breed the same
individuals."""

from __future__ import annotations

import hashlib


def seed(*key: int | str) -> int:
    """64 bits from a key such as (seed, island, generation, individual)."""
    return int.from_bytes(hashlib.sha256("/".join(map(str, key)).encode()).digest()[:8], "big")


def episode_seeds(evolution_seed: int, island: int, generation: int, individual: int, episodes: int) -> tuple[int, ...]:
    """The seeds, 31 bits each, of the episodes in which an individual is scored, so that they can be run again."""
    return tuple(seed(evolution_seed, island, generation, individual, "episode", episode) >> 33 for episode in range(episodes))
