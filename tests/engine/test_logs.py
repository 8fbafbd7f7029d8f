"""No line of the log can be a metric: whoever could write one could answer in the safety monitor's place."""

from __future__ import annotations

import io
import json
import logging
import sys

import pytest

from engine import logs
from tests.engine.aws import EngineCloud, stop, wait_for
from tests.engine.plugins import METRIC


def metrics(output: str) -> list[str]:
    """The lines that CloudWatch takes for metrics: those that are a JSON object from their beginning to their end."""
    found: list[str] = []
    for line in output.splitlines():
        try:
            content = json.loads(line)
        except ValueError:
            continue
        if isinstance(content, dict) and "_aws" in content:
            found.append(line)
    return found


def test_nothing_that_a_task_says_is_a_metric(world: EngineCloud) -> None:
    evolution = world.trigger("evo-prints", generations=2)
    worker = world.start(EVOLUTION_TASK="tests.engine.plugins:Prints")
    wait_for(lambda: world.header(evolution)["status"] != "running", 60, "it is over")
    output = stop(worker)
    assert world.header(evolution)["status"] == "finished"
    assert METRIC in output, "it is said what they died of"
    assert metrics(output) == []


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """What a logger of its own writes."""
    stream = io.StringIO()
    root = logging.Logger("root")
    monkeypatch.setattr(logging, "root", root)
    monkeypatch.setattr(logs, "log", root)
    for hook in ("sys.excepthook", "threading.excepthook"):
        monkeypatch.setattr(hook, None)
    logs.begin(stream)
    return stream


@pytest.mark.parametrize("between", ["\n", "\r", "\r\n", "\v", "\f", "\x1c", "\x85", "\u2028"])
def test_no_line_begins_with_somebody_elses_text(written: io.StringIO, between: str) -> None:
    logging.root.warning("it said: %s", f"so{between}{METRIC}{between}")
    assert metrics(written.getvalue()) == []
    assert METRIC in written.getvalue()


def test_what_nobody_caught_is_no_metric_either(written: io.StringIO) -> None:
    try:
        raise RuntimeError(f"\n{METRIC}")
    except RuntimeError as error:
        sys.excepthook(type(error), error, error.__traceback__)
    assert metrics(written.getvalue()) == []
    assert f"\n{logs.CONTINUED}{METRIC}\n" in written.getvalue()


def test_a_line_that_is_too_long_for_one_event_is_cut(written: io.StringIO) -> None:
    """The rest of it would be an event of its own."""
    logging.root.warning("%s%s", " " * 256 * 1024, METRIC)
    assert len(written.getvalue()) <= logs.LONGEST_LINE + 1
