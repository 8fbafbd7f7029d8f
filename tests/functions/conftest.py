"""What the tests of the functions share: a small world, and what a function writes to its log."""

# botocore publishes no types.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownArgumentType=false, reportUnknownVariableType=false

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import botocore.handlers
import pytest
from botocore.httpsession import URLLib3Session

from tests.functions.world import ENVIRONMENT, FakeAws

ROOT = Path(__file__).parents[2]

RECORD_VARIABLE = "EVOLUTION_TEST_CALLS"
"""Names a file: every call that a handler makes in the tests is written to it, for the proof of least privilege."""


_current: list[FakeAws] = []
"""The world of the test that runs. botocore's clients are kept from test to test, as in a worker: they cost 0.1 s each to make."""


@pytest.fixture(scope="session")
def _heard() -> Iterator[None]:  # pyright: ignore[reportUnusedFunction] (a fixture)
    """botocore's clients ask the world instead of AWS, while there is one: other tests of this process reach what they mean to reach."""
    ordinary: Any = URLLib3Session.send

    def note(**event: Any) -> None:
        if _current:
            _current[0].note(**event)

    def answer(**event: Any) -> Any:
        return _current[0].answer(**event) if _current else None

    def send(session: Any, request: Any) -> Any:
        return _current[0].send(request) if _current else ordinary(session, request)

    hooks: list[Any] = [("provide-client-params.*.*", note), ("before-call.*.*", answer)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(botocore.handlers, "BUILTIN_HANDLERS", [*botocore.handlers.BUILTIN_HANDLERS, *hooks])
        patch.setattr(URLLib3Session, "send", send)
        yield


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest, _heard: None) -> Iterator[FakeAws]:
    """An account in which all is well."""
    for name in [name for name in os.environ if name.startswith(("AWS_", "EVOLUTION_", "BEDROCK_", "AGENT"))]:
        if name != RECORD_VARIABLE:
            monkeypatch.delenv(name)
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    made = FakeAws()
    _current[:] = [made]
    yield made
    _current.clear()
    if record := os.environ.get(RECORD_VARIABLE):
        function = str(getattr(request.module, "FUNCTION", ""))
        with Path(record).open("a", encoding="utf-8") as file:
            file.writelines(json.dumps([function, *made_call], default=_size) + "\n" for made_call in made.calls)


def _size(content: bytes) -> str:
    return f"{len(content)} bytes"


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The waits between attempts, in seconds, which the tests don't wait."""
    waited: list[float] = []
    monkeypatch.setattr(time, "sleep", waited.append)
    return waited


@pytest.fixture
def logged(capsys: pytest.CaptureFixture[str]) -> Callable[[], list[dict[str, Any]]]:
    """`logged()`: the lines that were written since it was last asked, each one JSON object."""
    return lambda: [json.loads(line) for line in capsys.readouterr().out.splitlines()]


UNITS = ("agentcore_handler", "evolution_archiver", "evolution_trigger", "resume", "safety_switch")
"""The functions' folders, each with its `test_<name>.py`."""


@dataclass(frozen=True, kw_only=True)
class Measured:
    """One run of the tests of the functions' behaviour, in a process of its own.

    Attributes:
        percent: of each file of `functions/`, how many of its lines were run.
        calls: every call that a handler made: the function's folder, the operation, and its parameters.
    """

    percent: dict[str, float]
    calls: list[tuple[str, str, dict[str, Any]]]


@pytest.fixture(scope="session")
def measured(tmp_path_factory: pytest.TempPathFactory, _processes: None) -> Measured:
    """What the tests of the behaviour run, and what the functions call in them."""
    folder = tmp_path_factory.mktemp("measured")
    coverage, data, report = [sys.executable, "-m", "coverage"], f"--data-file={folder / 'coverage'}", folder / "report.json"
    tests = [f"tests/functions/test_{unit}.py" for unit in UNITS]
    run = subprocess.run(
        [*coverage, "run", data, "--source=functions", "-m", "pytest", "-q", "-p", "no:cacheprovider", *tests],
        cwd=ROOT,
        env={**os.environ, RECORD_VARIABLE: str(folder / "calls")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout
    subprocess.run([*coverage, "json", data, "-q", "-o", str(report)], cwd=ROOT, check=True)
    files = json.loads(report.read_text(encoding="utf-8"))["files"]
    return Measured(
        percent={name: file["summary"]["percent_covered"] for name, file in files.items()},
        calls=[json.loads(line) for line in (folder / "calls").read_text(encoding="utf-8").splitlines()],
    )
