"""One emulator for the session's engine tests; each test gets it empty of evolutions."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from local import emulator
from tests.engine import aws

VENV = aws.ROOT / ".local" / emulator.VENV


@pytest.fixture(scope="session")
def endpoint(tmp_path_factory: pytest.TempPathFactory, _processes: None) -> Iterator[str]:
    """An emulator's address, with the engine's tables."""
    place = tmp_path_factory.mktemp("engine")
    started = emulator.start(place, "dev", VENV)
    aws.make_tables(started.endpoint)
    yield started.endpoint
    emulator.stop(place, "dev")


@pytest.fixture
def world(endpoint: str) -> Iterator[aws.EngineCloud]:
    """An emulator in which evolution may run."""
    world = aws.EngineCloud(endpoint, aws.aws(endpoint))
    world.set_mode("running")
    yield world
    world.end()
