"""One emulator for the session's engine tests; each test gets it empty of evolutions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from engine import evaluator
from local import emulator
from tests.engine import aws

VENV = aws.ROOT / ".local" / emulator.VENV


@pytest.fixture(scope="session", autouse=True)
def fork_server() -> Iterator[None]:
    """The process that evaluators are forked from ends with the session."""
    yield
    evaluator.FORK_SERVER.close()


@pytest.fixture(scope="session")
def endpoint(tmp_path_factory: pytest.TempPathFactory, _processes: None) -> Iterator[str]:
    """An emulator's address, with the engine's tables."""
    place = tmp_path_factory.mktemp("engine")
    started = emulator.start(place, "dev", VENV)
    aws.make_tables(started.endpoint)
    yield started.endpoint
    emulator.stop(place, "dev")


@pytest.fixture(scope="session")
def clients(endpoint: str) -> Mapping[str, Any]:
    """One of each for all tests: five take a tenth of a second of CPU."""
    return aws.aws(endpoint)


@pytest.fixture
def world(endpoint: str, clients: Mapping[str, Any]) -> Iterator[aws.EngineCloud]:
    """An emulator in which evolution may run."""
    world = aws.EngineCloud(endpoint, dict(clients))
    world.set_mode("running")
    yield world
    world.end()
