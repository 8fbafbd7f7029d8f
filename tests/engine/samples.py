"""Things that tests make by hand."""

from __future__ import annotations

from engine.records import Checkpoint


def checkpoint(evolution_id: str, island: int, generation: int, *, sha256: str = "0" * 64) -> Checkpoint:
    """A checkpoint that points nowhere."""
    return Checkpoint(
        evolution_id=evolution_id,
        island=island,
        generation=generation,
        key=f"populations/{evolution_id}/none",
        sha256=sha256,
        agents=4,
        dead=1,
        best=2.5,
        mean=1.0,
        deterministic=True,
    )
