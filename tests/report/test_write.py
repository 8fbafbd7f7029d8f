"""The command: what it writes and where, and what it compares with."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from local import LocalError
from local.previews import ROOT, Plan
from report.base import plan_from, preview_of


def test_a_refused_stack_is_written_down_too(small_checkout: Path) -> None:
    command = [sys.executable, "-m", "report", "--stack", "prod", "--base", "nowhere"]
    run = subprocess.run(command, cwd=small_checkout, capture_output=True, text=True, timeout=120, check=False)
    assert run.returncode == 1, run.stderr
    assert "Traceback" not in run.stderr
    for ending in ("html", "md"):
        file = small_checkout / f".local/report/prod.{ending}"
        assert str(file) in run.stdout
        text = file.read_text(encoding="utf-8")
        assert "What stands against it" in text
        assert "preview failed" not in text, "the pack has said why"
    assert "not compared with nowhere" in run.stderr


def test_a_plan_comes_back_from_another_process_as_it_was(plan: Callable[..., Plan]) -> None:
    dev = plan("dev")
    assert plan_from(json.loads(json.dumps(dataclasses.asdict(dev)))) == dev


def test_a_commit_that_is_none_is_one_error() -> None:
    for commit in ("no-such-commit", "--output=x"):
        with pytest.raises(LocalError, match="there is no commit"):
            preview_of(commit, "dev", image=None, repo=ROOT)
