"""Many workers, one evolution: shared by leases, committed once, the same whoever did it."""

from __future__ import annotations

from functools import partial

from tests.engine.aws import EngineCloud, stop, wait_for


def finished(world: EngineCloud, evolution_id: str) -> bool:
    return world.header(evolution_id)["status"] == "finished"


def test_one_worker_and_four_breed_the_same_champion(world: EngineCloud) -> None:
    champions: list[object] = []
    for workers in (1, 4):
        evolution = world.trigger(f"evo-{workers}-workers")
        processes = [world.start() for _ in range(workers)]
        wait_for(partial(finished, world, evolution), 60, "the evolution is finished")
        for process in processes:
            assert "stopped after" in stop(process)
        header = world.header(evolution)
        assert header["deterministic"]
        assert [record["generation"] for record in world.records(evolution)] == [1, 2, 3, 4, 5]
        champions.append({**header["champion"], "agent_id": None, "key": None, "sha256": None})
    assert champions[0] == champions[1]
