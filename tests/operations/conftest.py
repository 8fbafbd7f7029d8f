"""A dev of its own for the drills: their bad scores would halt what other tests use, for two minutes after each."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.local.conftest import Run, Shared, once
from tests.local.conftest import act as act
from tests.local.conftest import shared as shared


@pytest.fixture(scope="session")
def drilled(act: Run, shared: Shared) -> Path:
    return once(act, shared("drilled"))
