"""Previews another commit, to compare with: by that commit's own code, in a checkout of its own."""

import json
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from local import LocalError
from local.previews import Plan

SECONDS = 300
"""The longest that it may take. A preview takes a few seconds, the first one in a checkout more."""

SCRIPT = """
import dataclasses, json, os, sys
from local import previews
plan = previews.preview(sys.argv[1], image=sys.argv[2] or None, pack=False, with_dependencies=True)
with open(sys.argv[3], "w", encoding="utf-8") as file:
    json.dump(dataclasses.asdict(plan), file)
os._exit(0)
"""
"""Runs in the other commit's checkout. It ends by os._exit: see local/__main__.py."""


def check(commit: str, repo: Path) -> None:
    """Hold that there is such a commit.

    Raises:
        LocalError: there is none, or no git.
    """
    verify = ["git", "-C", str(repo), "rev-parse", "--verify", "--end-of-options", f"{commit}^{{commit}}"]
    _run(verify, repo, f"there is no commit {commit!r}")


def preview_of(commit: str, stack: str, *, image: str | None, repo: Path) -> Plan:
    """Preview a stack as another commit has it, without the policy pack.

    Raises:
        LocalError: there is no such commit, it has no such stack, or it can't be previewed.
    """
    with tempfile.TemporaryDirectory(prefix="evolution-base-") as folder:
        checkout, archive, result = Path(folder, "checkout"), Path(folder, "archive.tar"), Path(folder, "plan.json")
        archiving = ["git", "-C", str(repo), "archive", "--output", str(archive), "--end-of-options", commit]
        _run(archiving, repo, f"{commit} can't be taken from git")
        try:
            with tarfile.open(archive) as content:
                content.extractall(checkout, filter="data")
        except tarfile.ReadError:
            raise LocalError(f"{commit} holds nothing.") from None
        what = f"{commit} can't be previewed"
        _run([sys.executable, "-c", SCRIPT, stack, image or "", str(result)], checkout, what)
        plan = plan_from(json.loads(result.read_text(encoding="utf-8")))
    if not plan.succeeded:
        raise LocalError(f"{what}: {plan.text.strip()[-2000:] or 'Pulumi refused it'}")
    return plan


def plan_from(content: Mapping[str, Any]) -> Plan:
    """A plan from JSON, without the pack's findings. A plan of another commit may have more fields, or fewer."""
    return TypeAdapter(Plan).validate_python({**content, "findings": ()})


def _run(command: list[str], place: Path, what: str) -> None:
    try:
        subprocess.run(command, cwd=place, check=True, capture_output=True, text=True, timeout=SECONDS)
    except subprocess.CalledProcessError as error:
        said = str(error.stderr).strip().splitlines() or [f"exit status {error.returncode}"]
        raise LocalError(f"{what}: {said[-1]}") from None
    except FileNotFoundError as error:
        raise LocalError(f"{what}: {error.filename} isn't installed.") from None
    except subprocess.TimeoutExpired:
        raise LocalError(f"{what} in {SECONDS} s.") from None
