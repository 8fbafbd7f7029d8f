"""What the engine's tests run against: an emulator with the engine's tables, and workers as processes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from components.environment import Limits
from engine import items
from engine.calls import clients
from engine.promotion import SigningKey
from engine.settings import EngineSettings, read
from engine.store import Store

ROOT = Path(__file__).resolve().parents[2]

KEYS = {
    "evolution-state-dev": {"evolution_id": "S", "generation": "N"},
    "agent-population-dev": {"population_id": "S", "agent_id": "S"},
    "evolution-checkpoints-dev": {"checkpoint_id": "S"},
}
"""The tables, as components/data.py makes them; a test holds it to that."""

BUCKET = "evolution-artifacts-dev"
MODE = "/evolution/dev/mode"
SECRET = "EvolutionSafetyConfig-dev"

KEY = SigningKey(key="key", version="0" * 32)
"""Of no secret: for workers whose champions nobody checks."""

LIMITS = Limits(
    autonomy_percent=75,
    agent_memory_bytes=8192,
    max_concurrent_agents=1000,
    safety_mode="permissive",
    generations=10,
    safety_score_minimum=0.8,
    instantiation_target_us=3,
)


def variables(endpoint: str, **changes: str) -> dict[str, str]:
    """A worker's environment: what components/containers.py gives it, and what a test needs to be quick."""
    state, population, checkpoints = KEYS
    return {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "EVOLUTION_ENVIRONMENT": "dev",
        "EVOLUTION_MODE": "autonomous",
        "EVOLUTION_SAFETY_ENABLED": "true",
        "EVOLUTION_SAFETY_MODE": "permissive",
        "EVOLUTION_STATE_TABLE": state,
        "EVOLUTION_POPULATION_TABLE": population,
        "EVOLUTION_CHECKPOINT_TABLE": checkpoints,
        "EVOLUTION_ARTIFACTS_BUCKET": BUCKET,
        "EVOLUTION_SAFETY_SECRET": SECRET,
        "EVOLUTION_METRIC_NAMESPACE": "EvolutionSystem",
        "EVOLUTION_MODE_PARAMETER": MODE,
        "EVOLUTION_ISLANDS": "4",
        "EVOLUTION_GENERATIONS": str(LIMITS.generations),
        "EVOLUTION_POPULATION": "64",
        "EVOLUTION_TASK": "tests.engine.plugins:Hill",
        "EVOLUTION_EVALUATORS": "1",
        "EVOLUTION_POLL_SECONDS": "0.1",
        "EVOLUTION_LEASE_SECONDS": "2",
        "EVOLUTION_MODE_SECONDS": "0",
        "EVOLUTION_PORT": "0",
        "AI_AUTONOMY_LEVEL": str(LIMITS.autonomy_percent),
        "AGENT_MEMORY_LIMIT": str(LIMITS.agent_memory_bytes),
        "INSTANTIATION_TARGET_US": "1000",  # a test machine is busy; its speed is the bench's business
        "MAX_CONCURRENT_AGENTS": str(LIMITS.max_concurrent_agents),
        "BEDROCK_REGION": "us-east-1",
        **changes,
    }


def settings(endpoint: str, **changes: str) -> EngineSettings:
    """The settings of such a worker."""
    return read(EngineSettings, variables(endpoint, **changes))


def aws(endpoint: str) -> dict[str, Any]:
    """The engine's own clients, for the emulator."""
    keep = dict(os.environ)
    os.environ |= {name: value for name, value in variables(endpoint).items() if name.startswith("AWS_")}
    try:
        return clients("us-east-1")
    finally:
        os.environ.clear()
        os.environ |= keep


def make_tables(endpoint: str) -> None:
    """The tables, the bucket, the mode and the secret."""
    client = aws(endpoint)
    for table, keys in KEYS.items():
        client["dynamodb"].create_table(
            TableName=table,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": kind} for name, kind in keys.items()],
            KeySchema=[{"AttributeName": name, "KeyType": kind} for name, kind in zip(keys, ("HASH", "RANGE"), strict=False)],
        )
    client["s3"].create_bucket(Bucket=BUCKET)
    client["ssm"].put_parameter(Name=MODE, Value="running", Type="String")
    safety = {"safety_threshold": "0.8", "safety_validation_key": "a key of the tests"}
    client["secretsmanager"].create_secret(Name=SECRET, SecretString=json.dumps(safety))


@dataclass
class EngineCloud:
    """An emulator with nothing but one evolution in it at a time.

    Attributes:
        endpoint: the emulator's.
        workers: the processes that were started; they end with the test.
    """

    endpoint: str
    clients: dict[str, Any]
    workers: list[subprocess.Popen[str]] = field(default_factory=list[subprocess.Popen[str]])

    def store(self, **changes: str) -> Store:
        """A worker's view of it."""
        return Store(settings(self.endpoint, **changes), self.clients)

    def trigger(self, evolution_id: str, *, generations: int = 5, seed: int = 7, bounds: Mapping[str, Any] | None = None) -> str:
        """Start an evolution, as the trigger does; without bounds, as triggers did that wrote none."""
        header = {"evolution_id": evolution_id, "generation": 0, "kind": "evolution", "version": 1, "status": "running"}
        header |= {"started_at": "2026-01-01T00:00:00Z", "seed": seed, "generations": generations}
        header |= {"bounds": {"kind": "bounds", "version": 1, **bounds}} if bounds is not None else {}
        pointer = {"evolution_id": "current", "generation": 0, "kind": "pointer", "version": 1, "status": "running", "active": evolution_id}
        table, key = "evolution-state-dev", items.write({"evolution_id": evolution_id, "generation": 0})
        known = self.clients["dynamodb"].get_item(TableName=table, Key=key, ConsistentRead=True)
        assert "Item" not in known, f"another test has begun {evolution_id} in this emulator: take a name of your own"
        for item in (header, pointer):
            self.clients["dynamodb"].put_item(TableName=table, Item=items.write(item))
        return evolution_id

    def set_mode(self, mode: str) -> None:
        """What the switch and the resume function do."""
        self.clients["ssm"].put_parameter(Name=MODE, Value=mode, Type="String", Overwrite=True)

    def header(self, evolution_id: str) -> dict[str, Any]:
        """An evolution's header."""
        key = items.write({"evolution_id": evolution_id, "generation": 0})
        answer = self.clients["dynamodb"].get_item(TableName="evolution-state-dev", Key=key, ConsistentRead=True)
        return items.read(answer["Item"])

    def records(self, evolution_id: str) -> list[dict[str, Any]]:
        """Its generations' records."""
        answer = self.clients["dynamodb"].query(
            TableName="evolution-state-dev",
            KeyConditionExpression="evolution_id = :id",
            ExpressionAttributeValues={":id": {"S": evolution_id}},
            ConsistentRead=True,
        )
        return [item for item in map(items.read, answer["Items"]) if item["kind"] == "generation"]

    def all_of(self, table: str) -> list[dict[str, Any]]:
        """All that a table holds."""
        pages = self.clients["dynamodb"].get_paginator("scan").paginate(TableName=table, ConsistentRead=True)
        return [items.read(item) for page in pages for item in page["Items"]]

    def promotion(self, agent_id: str) -> dict[str, Any]:
        """What is recorded of a champion."""
        key = items.write({"population_id": "promotions", "agent_id": agent_id.partition("/")[0]})
        item = self.clients["dynamodb"].get_item(TableName="agent-population-dev", Key=key, ConsistentRead=True)["Item"]
        return items.read(item)["champions"][agent_id]

    def start(self, command: str = "engine", **changes: str) -> subprocess.Popen[str]:
        """A process of the image's."""
        environment = variables(self.endpoint, **changes) | {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
        process = subprocess.Popen(
            [sys.executable, "-m", "engine", command],
            env=environment,
            cwd=ROOT,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        self.workers.append(process)
        return process

    def end(self) -> None:
        """Kill what still runs."""
        for process in self.workers:
            process.kill()
            process.communicate()


def wait_for(condition: Callable[[], Any], seconds: float, what: str) -> Any:
    """Wait until something holds, and give it back."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, f"after {seconds:g} s still not: {what}"
        time.sleep(0.05)
    return found


def get(port: int, path: str) -> tuple[int, Mapping[str, Any]]:
    """What a process answers on loopback."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=60) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def stop(process: subprocess.Popen[str]) -> str:
    """Stop a process as ECS does, and give back what it said."""
    process.send_signal(signal.SIGTERM)
    return process.communicate(timeout=60)[0]
