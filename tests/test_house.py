"""The house in order: no file is longer than somebody reads at a sitting."""

from __future__ import annotations

import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

MOST_LINES = 400

LONGER = {
    **{f"account/policies/{stack}.json": "made from what the program plans (make permissions)" for stack in ("dev", "staging", "prod")},
    "docs/invariants.md": "made from the rules, an entry each (make invariants)",
    "local/pulumi-cli/go.sum": "Go's own",
    "policy/approved/account_grants.json": "made from what the program plans (make approve)",
    "policy/approved/duties.json": "made from what the program plans (make approve)",
    "policy/approved/grants.json": "made from what the program plans (make approve)",
    "policy/approved/shape.json": "made from what the program plans (make approve)",
    "tests/yaml/go.sum": "Go's own",
    "policy/actions.txt": "AWS's actions, a line each (make actions)",
    "requirements-dev.txt": "compiled, with hashes (make lock)",
    "requirements.txt": "compiled, with hashes (make lock)",
}
"""The files that may be longer, and why. What a person writes is split by meaning instead."""


def test_no_file_is_too_long_and_none_is_excused_that_is_not() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    long = {name for name in listed if (ROOT / name).is_file() and (ROOT / name).read_bytes().count(b"\n") > MOST_LINES}
    assert sorted(long - LONGER.keys()) == [], f"split it by meaning: a file has at most {MOST_LINES} lines"
    assert sorted(LONGER.keys() - long) == [], "it isn't too long any more: take it off the list"
