"""The monitor believes nothing, publishes nothing that it doesn't know, and can be satisfied again by a human."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine import EngineError, operations, promotion
from engine.calls import StoreError
from engine.evaluators import EvaluatorPool
from engine.monitor import Monitor
from engine.promotion import SigningKey
from engine.records import FINISH
from engine.store import Store
from engine.worker import Worker
from tests.engine.aws import BUCKET, SECRET, EngineCloud, settings
from tests.engine.plugins import poisoned_by
from tests.engine.test_worker import Failing, run_out


class Scene:
    """A worker, a monitor and an operator over one evolution, whose task can be poisoned."""

    def __init__(self, world: EngineCloud, evolution: str, poison: Path) -> None:
        self.world, self.evolution, self.poison = world, evolution, poison
        self.settings = settings(world.endpoint, EVOLUTION_TASK=poisoned_by(poison), EVOLUTION_POPULATION="64")
        self.pool = EvaluatorPool(self.settings.task, seconds=30, evaluators=1)
        self.store = Store(self.settings, world.clients)
        self.worker = self.engine()

    def engine(self) -> Worker:
        """As the image starts it: with the key of now."""
        safety = self.store.secret(SECRET)
        key = SigningKey(key=safety["safety_validation_key"], version=safety["version"])
        return Worker(self.settings, self.store, self.pool, name="one", signing_key=key)

    def new_version(self, threshold: str) -> None:
        """What `up` does with another threshold: the secret's next version, with a key of its own.

        The emulator drops a version as soon as it has no label; Secrets Manager keeps a hundred, and those of the last day.
        """
        secrets, now = self.world.clients["secretsmanager"], self.store.secret(SECRET)["version"]
        secrets.update_secret_version_stage(SecretId=SECRET, VersionStage=f"kept-{now}", MoveToVersionId=now)
        safety = {"safety_threshold": threshold, "safety_validation_key": f"a key of {uuid.uuid4()}"}
        secrets.put_secret_value(SecretId=SECRET, SecretString=json.dumps(safety))

    def monitor(self, **aws: Any) -> Monitor:
        return Monitor(self.settings, Store(self.settings, {**self.world.clients, **aws}), self.pool)


@pytest.fixture
def scene(world: EngineCloud, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Scene]:
    one = Scene(world, world.trigger(f"evo-{request.node.name}", generations=4), tmp_path / "poison")
    yield one
    one.pool.close()


@pytest.fixture
def published(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    values: list[float] = []

    def publish(_store: Store, namespace: str, data: list[dict[str, Any]]) -> None:
        assert namespace == "EvolutionSystem"
        assert {one["MetricName"] for one in data} == {"SafetyScore"}
        values.extend(one["Value"] for one in data)

    monkeypatch.setattr(Store, "publish", publish)
    return values


def test_where_nothing_is_stored_nothing_is_unsafe(scene: Scene) -> None:
    assert scene.monitor().scores() == [1.0]


def test_an_honest_population_is_safe_also_during_a_halt_and_after_the_end(scene: Scene, published: list[float]) -> None:
    for _ in range(6):
        scene.worker.step()
    scene.world.set_mode("halted")
    scene.monitor().publish()
    assert published == [1.0] * 4, "a sample for each island"
    scene.world.set_mode("running")
    run_out(scene.worker)
    assert scene.monitor().scores() == [1.0] * 5, "and one for the champion"


def test_a_poisoned_population_is_unsafe_until_it_is_culled_and_evolution_goes_on_from_there(scene: Scene) -> None:
    for _ in range(6):
        scene.worker.step()
    scene.poison.touch()
    for _ in range(6):
        scene.worker.step()
    scene.poison.unlink()  # the engine is mended; what it stored isn't
    before = scene.monitor().scores()
    assert max(before) < 0.8, before
    with pytest.raises(EngineError, match="evolution is running"):
        operations.cull(scene.settings, scene.store, scene.pool, by="me")
    scene.world.set_mode("halted")
    told = operations.cull(scene.settings, scene.store, scene.pool, by="me")
    assert "of 64 individuals" in told
    assert not told.startswith("0 ")
    assert scene.monitor().scores() == [1.0] * 4
    scene.world.set_mode("running")
    run_out(scene.worker)
    header = scene.world.header(scene.evolution)
    assert header["status"] == "finished"
    assert header["deterministic"] is False
    assert header["champion"]["fitness"] < 101
    assert [record["generation"] for record in scene.world.records(scene.evolution)] == [1, 2, 3, 4]


def test_what_cant_be_read_isnt_guessed(scene: Scene, published: list[float]) -> None:
    for _ in range(6):
        scene.worker.step()
    for service, operation in (
        ("s3", "get_object"),
        ("dynamodb", "query"),
        ("dynamodb", "get_item"),
        ("secretsmanager", "get_secret_value"),
    ):
        failing = Failing(scene.world.clients[service], operation, "AccessDenied", times=1000)
        with pytest.raises(StoreError, match="AccessDenied"):
            scene.monitor(**{service: failing}).publish()
    assert published == []


def breed_on_every_island(scene: Scene) -> list[int]:
    """Until each has a generation; the last of each."""
    committed = [0]
    while 0 in committed:
        scene.worker.step()
        committed = [lease.generation for lease in scene.store.work(scene.evolution)[1] if lease.name != FINISH] or [0]
    return committed


def test_a_checkpoint_that_was_tampered_with_isnt_vouched_for(scene: Scene) -> None:
    committed = breed_on_every_island(scene)
    found = scene.store.checkpoint(scene.evolution, 2, committed[2])
    assert found
    scene.world.clients["s3"].put_object(Bucket=BUCKET, Key=found.key, Body=b"EVOP")
    assert sorted(scene.monitor().scores()) == [0.0, 1.0, 1.0, 1.0]


def test_a_champion_that_this_stacks_engine_didnt_sign_is_unsafe(scene: Scene) -> None:
    run_out(scene.worker)
    key = scene.world.header(scene.evolution)["champion"]["key"]
    scene.world.clients["s3"].put_object(Bucket=BUCKET, Key=key, Body=b'{"signature": "mine"}')
    assert scene.monitor().scores()[-1] == 0.0


@pytest.mark.parametrize("changes", [1, 3], ids=["a new threshold", "three"])
@pytest.mark.parametrize("before", [0, 6, 100], ids=["before the first generation", "in between", "after the end"])
def test_a_new_threshold_leaves_the_champions_of_an_engine_that_runs_genuine(scene: Scene, before: int, changes: int) -> None:
    """Its key is an earlier version's. To call that forged would halt the stack whose safety was being raised."""
    run_out_after(scene, before, changes)
    assert scene.monitor().scores() == [1.0] * 5


def run_out_after(scene: Scene, steps: int, changes: int) -> None:
    """The evolution to its end, with new versions of the secret after so many steps."""
    for _ in range(steps):
        scene.worker.step()
    for _ in range(changes):
        scene.new_version("0.8")
    run_out(scene.worker)


def test_a_champion_that_names_a_version_it_isnt_signed_with_is_unsafe(scene: Scene) -> None:
    run_out_after(scene, 6, 1)
    champion = scene.world.header(scene.evolution)["champion"]["key"]
    content = json.loads(scene.store.fetch(champion) or b"")
    for forged in ({"fitness": 1e9}, {"key_version": scene.store.secret(SECRET)["version"]}, {"key_version": "f" * 32}, {"signature": "é"}):
        scene.world.clients["s3"].put_object(Bucket=BUCKET, Key=champion, Body=json.dumps(content | forged).encode())
        assert scene.monitor().scores()[-1] == 0.0, forged


def test_a_champion_of_an_engine_that_named_no_version_is_checked_with_the_current_key(scene: Scene) -> None:
    run_out(scene.worker)
    champion = scene.world.header(scene.evolution)["champion"]["key"]
    content = json.loads(scene.store.fetch(champion) or b"")
    unnamed = {name: value for name, value in content.items() if name not in ("key_version", "signature")}
    key = scene.store.secret(SECRET)["safety_validation_key"]
    for signature, score in ((promotion.signature(unnamed, key), 1.0), (promotion.signature(unnamed, "another"), 0.0)):
        content = json.dumps(unnamed | {"signature": signature}).encode()
        scene.world.clients["s3"].put_object(Bucket=BUCKET, Key=champion, Body=content)
        assert scene.monitor().scores()[-1] == score


def test_individuals_beyond_the_memory_limit_are_unsafe(scene: Scene) -> None:
    breed_on_every_island(scene)
    small = settings(scene.world.endpoint, EVOLUTION_TASK=scene.settings.task, AGENT_MEMORY_LIMIT="1024").model_copy(
        update={"memory_limit": 100}
    )
    assert Monitor(small, scene.store, scene.pool).scores() == [0.0] * 4


def test_a_human_decides_who_waits(scene: Scene) -> None:
    run_out(scene.worker)
    waiting = [one for one in scene.store.awaiting() if one["agent_id"].startswith(scene.evolution + "/")]
    assert len(waiting) == 1, "75 % of four"
    agent_id = waiting[0]["agent_id"]
    assert agent_id in operations.awaiting(scene.store)
    assert operations.decide(scene.store, agent_id, promote=True, by="me") == f"{agent_id} is promoted"
    assert agent_id not in operations.awaiting(scene.store)
    header = scene.world.header(scene.evolution)
    assert header["champion"]["agent_id"] != agent_id or header["promotion"] == "promoted"
    with pytest.raises(EngineError, match="doesn't wait for approval"):
        operations.decide(scene.store, agent_id, promote=False, by="me")
