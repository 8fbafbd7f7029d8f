"""What CONTRIBUTING.md tells a contributor to do, done: a made-up rule is judged, told and documented by those steps and no others."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]

RULE = '''

@evolution_rule(
    id="network/made-up",
    types={VPC},
    severity=Severity.MEDIUM,
    protects="Nothing; it is made up.",
    why="A contributor tries the steps.",
    fix="Take it away again.",
)
def made_up(vpc: Resource) -> Iterator[Finding]:
    """Every network is one too many."""
    if vpc.at("cidrBlock"):
        yield Finding("the network is there; it must be made up.")
'''
"""All that a rule needs, in the module of its family."""

PREVIEW = """
import json, pathlib, sys
from local import previews
repo = pathlib.Path(sys.argv[1])
plan = previews.preview("dev", repo=repo, place=repo / ".local")
print(json.dumps([plan.succeeded, [[one.rule, one.resource, one.message, one.fix] for one in plan.findings]]))
"""


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    """A checkout whose pack and documents can be changed."""
    for path in ROOT.iterdir():
        if path.name in {"policy", "docs"}:
            shutil.copytree(path, tmp_path / path.name, ignore=shutil.ignore_patterns("__pycache__"))
        elif path.name not in {".git", ".local", ".venv"}:
            (tmp_path / path.name).symlink_to(path)
    return tmp_path


def ran(*command: str | Path) -> str:
    return subprocess.run([sys.executable, *command], cwd=ROOT, capture_output=True, text=True, check=True).stdout


def test_a_rule_is_one_function_and_its_documents_are_written(repo: Path) -> None:
    module = repo / "policy/rules/evolution/network.py"
    module.write_text(module.read_text(encoding="utf-8") + RULE, encoding="utf-8")
    found: Any = json.loads(ran("-c", PREVIEW, repo))
    network, message = "the network is there; it must be made up.", "Take it away again."
    assert found == [False, [["network/made-up", "network-vpc", network, message]]]
    before = {path: path.read_bytes() for path in (repo / "docs").glob("*.md")}
    ran(repo / "policy/catalogue.py", repo / "docs")
    written = {path.name for path, content in before.items() if path.read_bytes() != content}
    assert written == {"invariants.md"}, "a rule that meets a control changes coverage.md, too"
    assert "network/made-up" in (repo / "docs/invariants.md").read_text(encoding="utf-8")
