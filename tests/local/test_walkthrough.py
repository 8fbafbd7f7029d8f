"""The README's walk-through, typed as it is written there: every command works, and says what the README shows."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from local import emulator, lifecycle
from local.previews import ROOT
from local.progress import EVERY_SECONDS

ELLIPSIS = "…"

SESSION = """
import code, contextlib, io, json, sys, time

PATIENCE_SECONDS = 120
names = {}
for typed, shown in json.load(sys.stdin):
    begun = time.monotonic()
    while True:
        said = io.StringIO()
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            exec(compile(typed + chr(10), "README.md", "single"), names)
        if said.getvalue().strip() == shown:
            break
        if time.monotonic() - begun > PATIENCE_SECONDS:
            sys.exit(f"{typed!r} says {said.getvalue().strip()!r}, and the README shows {shown!r}")
        time.sleep(0.2)
"""
"""A Python prompt whose user types a command again until it says what is expected: an alarm needs a moment to reach the switch."""


@dataclass
class Typed:
    """A command at the shell's or Python's prompt, and what the README shows below it."""

    prompt: str
    command: str
    shown: str = ""


def transcript(readme: str) -> list[Typed]:
    """The commands of the README's console block."""
    (block,) = re.findall(r"^```console\n(.*?)^```$", readme, re.DOTALL | re.MULTILINE)
    found: list[Typed] = []
    for line in block.splitlines():
        if line.startswith(("$ ", ">>> ")):
            found.append(Typed(*line.split(" ", 1)))
        elif line.startswith("... ") or line == "...":
            found[-1].command += f"\n{line[4:]}"
        else:
            found[-1].shown += f"{line}\n"
    return found


def normal(line: str) -> str:
    """A line without what differs from run to run: counts, seconds, ports, and where the checkout is."""
    return re.sub(r"/\S*/\.local/", "/.local/", re.sub(r"\d+(\.\d+)?", "N", line)).strip()


def holds(said: str, shown: str) -> bool:
    """Whether the lines shown were said, in this order, with anything where an ellipsis stands."""
    parts = [re.escape(normal(line)) if line.strip() != ELLIPSIS else r"[\s\S]*" for line in shown.splitlines()]
    return re.fullmatch("\n".join(parts), "\n".join(normal(line) for line in said.strip().splitlines())) is not None


@pytest.fixture
def checkout(tmp_path: Path, _processes: None) -> Iterator[Path]:
    """A checkout of its own, which is set up already."""
    copy = tmp_path / "checkout"
    left = shutil.ignore_patterns("__pycache__", ".venv*", ".local", ".git", "tests", ".*_cache", "node_modules")
    shutil.copytree(ROOT, copy, ignore=left)
    (copy / ".venv").symlink_to(sys.prefix)
    (copy / ".local/emulator").mkdir(parents=True)
    (copy / ".local" / emulator.VENV).symlink_to((ROOT / ".local" / emulator.VENV).resolve())
    yield copy
    lifecycle.down(copy / ".local")


def test_the_walk_through_is_true(checkout: Path) -> None:
    commands = transcript((ROOT / "README.md").read_text(encoding="utf-8"))
    python = [[one.command, one.shown.strip()] for one in commands if one.prompt == ">>>" and one.command != "exit()"]
    exported: dict[str, str] = {}
    exports = ""
    for one in (one for one in commands if one.prompt == "$"):
        if one.command.startswith("export "):
            assert normal(one.command) == normal(exports), "what `make up` prints is what a person copies"
            exported = dict(shlex.split(word)[0].split("=", 1) for word in exports.split()[1:])
            continue
        asks = one.command == ".venv/bin/python"
        arguments = [one.command, "-c", SESSION] if asks else shlex.split(one.command)
        done = subprocess.run(
            arguments,
            input=json.dumps(python) if asks else None,
            cwd=checkout,
            env={**os.environ, **exported},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=600,
            check=False,
        )
        assert done.returncode == 0, f"{one.command}: {done.stdout}"
        assert asks or holds(done.stdout, one.shown), f"{one.command} says:\n{done.stdout}"
        if one.command == "make up":
            seconds = float(re.findall(r"created, ([\d.]+) s$", done.stdout, re.MULTILINE)[0])
            shown = re.search(r"^dev: up, \d+ of \d+ resources, \d+ s", done.stdout, re.MULTILINE)
            assert shown or seconds < 4 * EVERY_SECONDS, "long work shows that it is alive; the preview before may take half of it"
        exports = next((line.strip() for line in done.stdout.splitlines() if line.strip().startswith("export ")), exports)
