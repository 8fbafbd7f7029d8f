"""The deployed system, with its engine alive: from the trigger to the archive, and from a poisoned task to the halt and on from there."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from engine import items
from local import lifecycle
from local.previews import ROOT
from tests.engine.aws import wait_for
from tests.engine.plugins import SlowPoisoned, poisoned_by
from tests.local.conftest import Run, clients

BUCKET = "evolution-artifacts-dev-000000000000-us-east-1"
SAFETY_ALARMS = [
    f"evolution-{stem}-dev" for stem in ("safety-score", "safety-score-worst", "agent-memory", "instantiation-speed", "autonomy")
]
QUICK = {
    "EVOLUTION_POPULATION": "160",
    "EVOLUTION_EVALUATORS": "1",
    "EVOLUTION_POLL_SECONDS": "0.2",
    "EVOLUTION_MODE_SECONDS": "0",  # it looks before each generation
    "EVOLUTION_METRIC_SECONDS": "0.7",
    "EVOLUTION_PORT": "0",
}
"""Over what the task definition gives a container."""


class Tasks:
    """The containers of the planned task definitions, as processes: the emulator runs none."""

    def __init__(self, place: Path, poison: Path, stack: str = "dev") -> None:
        self.client, self.poison = clients(place, stack), poison
        self._logs = place / "logs"
        self._logs.mkdir()
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._endpoint: str = self.client("dynamodb").meta.endpoint_url

    def environment(self, family: str) -> dict[str, str]:
        """What ECS would give a container of the family, and what a test needs."""
        definition = self.client("ecs").describe_task_definition(taskDefinition=family)["taskDefinition"]
        given = {item["name"]: item["value"] for item in definition["containerDefinitions"][0]["environment"]}
        credentials = {"AWS_DEFAULT_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local"}
        told = {
            **given,
            **QUICK,
            **credentials,
            "AWS_ENDPOINT_URL": self._endpoint,
            "EVOLUTION_TASK": poisoned_by(self.poison, SlowPoisoned),
        }
        # A busy test machine isn't the one that the target is for.
        return {**told, "INSTANTIATION_TARGET_US": "1000", "PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}

    def start(self, name: str, command: str, family: str, **changes: str) -> None:
        with (self._logs / name).open("w") as log:
            self._processes[name] = subprocess.Popen(
                [sys.executable, "-m", "engine", command], cwd=ROOT, env=self.environment(family) | changes, stdout=log, stderr=log
            )

    def said(self, name: str) -> str:
        return (self._logs / name).read_text(encoding="utf-8")

    def human(self, *command: str) -> str:
        """One of the commands that are a human's."""
        environment = self.environment("evolution-engine-dev")
        done = subprocess.run(
            [sys.executable, "-m", "engine", *command], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def stop(self, name: str) -> None:
        """As ECS does."""
        process = self._processes.pop(name)
        process.send_signal(signal.SIGTERM)
        process.wait(30)

    def end(self) -> None:
        for name in list(self._processes):
            self.stop(name)


@pytest.fixture
def tasks(act: Run, own_place: Path, tmp_path: Path) -> Iterator[Tasks]:
    done = act(partial(lifecycle.up, pack=False), own_place)
    assert done.succeeded, done.text
    tasks = Tasks(own_place, tmp_path / "poison")
    yield tasks
    tasks.end()


class Operator:
    """What an operator can see and do."""

    def __init__(self, tasks: Tasks) -> None:
        self.client = tasks.client

    def invoke(self, function: str, event: dict[str, str]) -> dict[str, Any]:
        answer = self.client("lambda").invoke(FunctionName=f"evolution-{function}-dev", Payload=json.dumps(event))
        told = json.loads(answer["Payload"].read())
        assert "FunctionError" not in answer, told
        return told

    def trigger(self, time: str) -> str:
        self.invoke("trigger", {"scheduled_time": time})
        return "evo-" + re.sub("[-:]", "", time)

    def header(self, evolution: str) -> dict[str, Any]:
        key = items.write({"evolution_id": evolution, "generation": 0})
        found = self.client("dynamodb").get_item(TableName="evolution-state-dev", Key=key, ConsistentRead=True)
        return items.read(found["Item"])

    def generations(self, evolution: str) -> list[int]:
        found = self.client("dynamodb").query(
            TableName="evolution-state-dev",
            KeyConditionExpression="evolution_id = :id",
            ExpressionAttributeValues={":id": {"S": evolution}},
            ConsistentRead=True,
        )
        return [int(item["generation"]["N"]) for item in found["Items"]][1:]

    def committed(self, evolution: str) -> list[int]:
        found = self.client("dynamodb").query(
            TableName="agent-population-dev",
            KeyConditionExpression="population_id = :id",
            ExpressionAttributeValues={":id": {"S": evolution}},
            ConsistentRead=True,
        )
        return [int(item["generation"]["N"]) for item in found["Items"] if item["agent_id"]["S"].startswith("island")]

    def mode(self) -> str:
        return self.client("ssm").get_parameter(Name="/evolution/dev/mode")["Parameter"]["Value"]

    def object(self, key: str) -> dict[str, Any] | None:
        client = self.client("s3")
        try:
            return json.loads(client.get_object(Bucket=BUCKET, Key=key)["Body"].read())
        except client.exceptions.NoSuchKey:
            return None

    def states(self) -> dict[str, str]:
        found = self.client("cloudwatch").describe_alarms(AlarmTypes=["MetricAlarm", "CompositeAlarm"])
        return {one["AlarmName"]: one["StateValue"] for one in (*found["MetricAlarms"], *found["CompositeAlarms"])}


def test_from_the_trigger_to_the_archive_and_from_a_poisoned_task_to_the_halt_and_on(tasks: Tasks) -> None:
    system = Operator(tasks)
    for worker in ("one", "two"):
        tasks.start(worker, "engine", "evolution-engine-dev")
    tasks.start("monitor", "monitor", "evolution-safety-monitor-dev")

    first = system.trigger("2026-11-24T06:00:00Z")
    wait_for(lambda: system.header(first)["status"] != "running", 90, "the first evolution has ended")
    header = system.header(first)
    assert header["status"] == "finished", header
    assert system.generations(first) == list(range(1, 11)), "dev's ten generations"
    champion = system.object(header["champion"]["key"])
    assert champion
    assert champion["agent_id"] == header["champion"]["agent_id"]
    archived = wait_for(lambda: system.object(f"evolutions/{first}.json"), 30, "the evolution is archived")
    assert archived["champion"]["agent_id"] == champion["agent_id"]
    wait_for(lambda: {system.states()[alarm] for alarm in SAFETY_ALARMS} == {"OK"}, 30, f"the safety alarms are OK: {system.states()}")

    second = system.trigger("2026-11-24T07:00:00Z")
    wait_for(lambda: min(system.committed(second), default=0) >= 2, 60, "the second evolution has come some way")
    tasks.poison.touch()
    wait_for(lambda: system.mode() == "halted", 60, "the switch has halted evolution")
    at_the_halt = system.committed(second)
    for worker in ("one", "two"):
        wait_for(lambda: "halted" in tasks.said(worker).splitlines()[-1], 30, f"worker {worker} has stopped")  # noqa: B023 (called at once)
    stopped = system.committed(second)
    assert sum(stopped) - sum(at_the_halt) <= 2, "each worker finishes the generation at hand, and no other"
    assert system.header(second)["status"] == "running"

    tasks.poison.unlink()
    print("\n" + tasks.human("cull").strip())
    mended = len(tasks.said("monitor"))
    wait_for(lambda: tasks.said("monitor").count("scored", mended) >= 2, 30, "the monitor has looked again, twice")
    assert "unsafe" not in tasks.said("monitor")[mended:].splitlines()[-1], "it finds nothing now"
    # The emulator judges the bad minutes together with the good ones, whenever it is given any metric: nobody gives it one for a while.
    for name in ("monitor", "one", "two"):
        tasks.stop(name)
    for alarm in ("evolution-safety-score-dev", "evolution-safety-score-worst-dev"):
        system.client("cloudwatch").set_alarm_state(AlarmName=alarm, StateValue="OK", StateReason="two good minutes")
    wait_for(lambda: system.states()["evolution-unsafe-dev"] == "OK", 30, "the composite is OK")
    for worker in ("three", "four"):
        tasks.start(worker, "engine", "evolution-engine-dev", EVOLUTION_METRIC_SECONDS="60")
    print(system.invoke("resume", {"reason": "the task is mended and the population culled"}))
    wait_for(lambda: system.header(second)["status"] != "running", 90, "the second evolution has ended")
    assert system.header(second)["status"] == "finished"
    assert system.header(second)["deterministic"] is False, "it was culled"
    assert system.generations(second) == list(range(1, 11)), "it went on from its checkpoints"
    print(f"halted at generations {at_the_halt} of the islands, stopped at {stopped}")
