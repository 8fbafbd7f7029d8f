"""What the tests of `make up` share, an emulator that this session started with dev brought up in it once; and a provider to talk to."""

from __future__ import annotations

import fcntl
import importlib
import json
import multiprocessing
import os
import pickle
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import pytest

from local import emulator, lifecycle
from local.engine import ROOT
from local.provider.wire import provider_pb2, provider_pb2_grpc
from tests.local.provider.talk import REGION, TAGS, struct
from tests.local.recorded import Resources

boto3: Any = importlib.import_module("boto3")  # it publishes no types

VENV = ROOT / ".local" / emulator.VENV

Run = Callable[..., Any]


@pytest.fixture(scope="session")
def act() -> Run:
    """`act(lifecycle.up, place, "dev", …)`: one command in a process of its own, as for a person."""

    def run(command: Callable[..., Any], place: Path, stack: str = "dev", **options: Any) -> Any:
        where = lifecycle.Where(stack=stack, place=place, venv=VENV, **options)
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            return pool.apply_async(command, (where,)).get(timeout=180)

    return run


@pytest.fixture
def own_place(tmp_path: Path) -> Iterator[Path]:
    """A place with emulators of its own, which end with the test."""
    yield tmp_path / "place"
    for stack in emulator.stacks(tmp_path / "place"):
        emulator.stop(tmp_path / "place", stack)


def clients(place: Path, stack: str = "dev", region: str = "us-east-1") -> Callable[[str], Any]:
    """`clients(place)("ecs")`: boto3's client for a service of the stack's emulator."""
    port = json.loads((emulator.folder(place, stack) / "process.json").read_text(encoding="utf-8"))["port"]

    def client(service: str) -> Any:
        return boto3.client(
            service,
            endpoint_url=f"http://127.0.0.1:{port}",
            region_name=region,
            aws_access_key_id="local",
            aws_secret_access_key="local",
        )

    return client


@dataclass(frozen=True, kw_only=True)
class BroughtUp:
    """dev, brought up once in this session, by all the processes that run tests. For looking only."""

    place: Path
    first: lifecycle.Outcome
    again: lifecycle.Outcome
    refreshed: lifecycle.Outcome


@pytest.fixture(scope="session")
def brought_up(act: Run, tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> BroughtUp:
    """dev after `up`, `up` and `refresh`."""
    own = tmp_path_factory.getbasetemp()
    shared = own if worker_id == "master" else own.parent
    file = shared / "brought-up.pickle"
    with file.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not file.exists():
            place = shared / "brought-up"
            done = BroughtUp(
                place=place,
                first=act(lifecycle.up, place),
                again=act(lifecycle.up, place),
                refreshed=act(lifecycle.refresh, place),
            )
            file.write_bytes(pickle.dumps(done))
    return pickle.loads(file.read_bytes())


@pytest.fixture(scope="module")
def bare() -> Iterator[Any]:
    """A provider that isn't configured yet, started with an environment that tempts it."""
    temptation = {"AWS_PROFILE": "production", "AWS_ACCESS_KEY_ID": "AKIAEXAMPLE", "AWS_REGION": "ap-south-1", "HOME": "/nowhere"}
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "local.provider", "127.0.0.1:1"],
        cwd=ROOT,
        env={**os.environ, **temptation},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    port = process.stdout.readline().strip()
    assert port.isdecimal(), f"the first line must be the port and nothing else: {port!r}"
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield provider_pb2_grpc.ResourceProviderStub(channel)
    process.terminate()
    _, errors = process.communicate(timeout=10)
    assert errors == "", "what a provider prints is shown to the user: nothing may come of normal use"


@pytest.fixture(scope="module")
def provider(bare: Any) -> Any:
    bare.Configure(provider_pb2.ConfigureRequest(args=struct({"region": REGION, "defaultTags": json.dumps({"tags": TAGS})})))
    return bare


@pytest.fixture(scope="session")
def made(brought_up: BroughtUp) -> Resources:
    """What the engine recorded of dev."""
    return list(lifecycle.held(brought_up.place / "state", "dev").values())


@pytest.fixture(scope="session")
def client(brought_up: BroughtUp) -> Callable[[str], Any]:
    """boto3's clients for dev's emulator."""
    return clients(brought_up.place)
