"""What the tests of `make up` share, an emulator that this session started with dev brought up in it once; and a provider to talk to."""

from __future__ import annotations

import fcntl
import json
import os
import pickle
import subprocess
import sys
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import grpc
import pytest

from local import emulator, lifecycle, state
from local.previews import ROOT
from local.provider.wire import provider_pb2, provider_pb2_grpc
from tests import apart
from tests.local.provider.talk import REGION, TAGS, struct
from tests.local.recorded import Resources
from tests.local.system import System, clients

VENV = ROOT / ".local" / emulator.VENV

Run = Callable[..., Any]


@pytest.fixture(scope="session")
def act(_processes: None) -> Run:
    """`act(lifecycle.up, place, "dev", …)`: one command in a process of its own, as for a person."""

    def run(command: Callable[..., Any], place: Path, stack: str = "dev", **options: Any) -> Any:
        where = lifecycle.Target(stack=stack, place=place, venv=VENV, **options)
        return apart.call(command, where)

    return run


@pytest.fixture
def own_place(tmp_path: Path, _processes: None) -> Iterator[Path]:
    """A place with emulators of its own, which end with the test."""
    yield tmp_path / "place"
    for stack in emulator.stacks(tmp_path / "place"):
        emulator.stop(tmp_path / "place", stack)


@contextmanager
def turn(file: Path) -> Generator[None]:
    """Alone of all the processes that run tests."""
    file.parent.mkdir(exist_ok=True)
    with file.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


Shared = Callable[[str], Path]


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Shared:
    """`shared("exercised")`: a place that all the processes of this session share."""
    own = tmp_path_factory.getbasetemp()
    return lambda name: (own if worker_id == "master" else own.parent) / name


def once(act: Run, place: Path, **options: Any) -> Path:
    """dev, brought up at a place by whichever process comes first, without the pack: nobody who asks for it asks about that."""
    with turn(place / ".once"):
        if not (place / "up").exists():
            made = act(partial(lifecycle.up, pack=False), place, **options)
            assert made.succeeded, made.text
            (place / "up").touch()
    return place


@pytest.fixture(scope="session")
def exercised(act: Run, shared: Shared) -> Path:
    """Where a dev is up that tests may use."""
    return once(act, shared("exercised"))


@pytest.fixture
def without_an_image(act: Run, shared: Shared) -> Iterator[System]:
    """A dev before its first image, for this test alone. It is for asking its functions, and is left as it was."""
    place = once(act, shared("without-an-image"), image="none")
    with turn(place / ".turn"):
        yield System(place)


@pytest.fixture
def system(exercised: Path) -> Iterator[System]:
    """That dev, for this test alone: it runs, is safe and has done nothing yet."""
    with turn(exercised / ".turn"):
        found = System(exercised)
        found.clear()
        yield found


@dataclass(frozen=True, kw_only=True)
class BroughtUp:
    """dev, brought up once in this session, by all the processes that run tests. For looking only."""

    place: Path
    first: lifecycle.Outcome
    again: lifecycle.Outcome
    refreshed: lifecycle.Outcome
    settled: lifecycle.Outcome


@pytest.fixture(scope="session")
def brought_up(act: Run, shared: Shared) -> BroughtUp:
    """dev after `up`, `up`, `refresh` and `up`; the pack judges the first, after which nothing changes."""
    place = shared("brought-up")
    without_pack = partial(lifecycle.up, pack=False)
    file = place.with_suffix(".pickle")
    with turn(file.with_suffix(".lock")):
        if not file.exists():
            done = BroughtUp(
                place=place,
                first=act(lifecycle.up, place),
                again=act(without_pack, place),
                refreshed=act(lifecycle.refresh, place),
                settled=act(without_pack, place),
            )
            file.write_bytes(pickle.dumps(done))
    return pickle.loads(file.read_bytes())


@pytest.fixture(scope="module")
def bare(_processes: None) -> Iterator[Any]:
    """A provider that isn't configured yet, started with an environment that tempts it."""
    temptation = {"AWS_PROFILE": "production", "AWS_ACCESS_KEY_ID": "AKIAEXAMPLE", "AWS_REGION": "ap-south-1", "HOME": "/nowhere"}
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "local.provider"],
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
    _, errors = process.communicate(timeout=60)
    assert errors == "", "what a provider prints is shown to the user: nothing may come of normal use"


@pytest.fixture(scope="module")
def provider(bare: Any) -> Any:
    bare.Configure(provider_pb2.ConfigureRequest(args=struct({"region": REGION, "defaultTags": json.dumps({"tags": TAGS})})))
    return bare


@pytest.fixture(scope="session")
def made(brought_up: BroughtUp) -> Resources:
    """What the engine recorded of dev."""
    return list(state.resources_in(brought_up.place / "state", "dev").values())


@pytest.fixture(scope="session")
def client(brought_up: BroughtUp) -> Callable[[str], Any]:
    """boto3's clients for dev's emulator."""
    return clients(brought_up.place)
