"""Many workers, one evolution: shared by leases, committed once, the same whoever did it."""

from __future__ import annotations

from functools import partial

import pytest

from engine.breeding import STRATEGIES
from tests.engine.aws import EngineCloud, stop, wait_for


def finished(world: EngineCloud, evolution_id: str) -> bool:
    return world.header(evolution_id)["status"] == "finished"


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("task", ["Hill", "HillAtOnce"])
def test_one_worker_and_four_breed_the_same_champion(world: EngineCloud, strategy: str, task: str) -> None:
    """On one evaluator each, and on two."""
    champions: list[object] = []
    for workers, evaluators in ((1, "2"), (4, "1")):
        evolution = world.trigger(f"evo-{workers}-workers-{strategy}-{task}")
        told = {"EVOLUTION_STRATEGY": strategy, "EVOLUTION_TASK": f"tests.engine.plugins:{task}", "EVOLUTION_EVALUATORS": evaluators}
        processes = [world.start(**told) for _ in range(workers)]
        wait_for(partial(finished, world, evolution), 60, "the evolution is finished")
        for process in processes:
            assert "stopped after" in stop(process)
        header = world.header(evolution)
        assert header["deterministic"]
        assert [record["generation"] for record in world.records(evolution)] == [1, 2, 3, 4, 5]
        champions.append({**header["champion"], "agent_id": None, "key": None, "sha256": None})
    assert champions[0] == champions[1]
