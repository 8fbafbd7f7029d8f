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
from report.base import check, plan_from


def report(checkout: Path, base: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "report", "--stack", "prod", "--base", base]
    run = subprocess.run(command, cwd=checkout, capture_output=True, text=True, timeout=120, check=False)
    assert run.returncode == 1, run.stderr
    assert "Traceback" not in run.stderr
    return run


def test_a_refused_stack_is_written_down_too_and_what_was_deployed_is_not_looked_at(small_checkout: Path) -> None:
    commit = ["-c", "user.name=a", "-c", "user.email=a@example.com", "commit", "-q", "-m", "Its name"]
    for command in (["init", "-q"], ["add", "Pulumi.yaml"], commit):
        subprocess.run(["git", *command], cwd=small_checkout, check=True)
    run = report(small_checkout, "HEAD")
    for ending in ("html", "md"):
        file = small_checkout / f".local/report/prod.{ending}"
        assert str(file) in run.stdout
        text = file.read_text(encoding="utf-8")
        assert "What stands against it" in text
        assert "preview failed" not in text, "the pack has said why"
    assert "not compared with HEAD: HEAD can't be previewed" in run.stderr
    assert not (small_checkout / ".local/state").exists(), "that is what `make up` has deployed"

    run = report(small_checkout, "nowhere")
    assert run.stderr.startswith("error: there is no commit 'nowhere'")
    assert list((small_checkout / ".local/report").iterdir()) == [], "an earlier plan's are taken for this one's"


def test_a_plan_comes_back_from_another_process_as_it_was(plan: Callable[..., Plan]) -> None:
    dev = plan("dev")
    assert plan_from(json.loads(json.dumps(dataclasses.asdict(dev)))) == dev


def test_a_commit_that_is_none_is_one_error() -> None:
    for commit in ("no-such-commit", "--output=x"):
        with pytest.raises(LocalError, match="there is no commit"):
            check(commit, ROOT)
