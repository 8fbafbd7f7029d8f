"""Another environment is one file, named in no code; a second region is one line of it. Both through the real engine and the real pack."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[1]
KEY = "evolution-system:environment"
STRICTEST = {"autonomy_percent": 75, "agent_memory_bytes": 6656, "max_concurrent_agents": 1000, "generations": 10}
"""Of each row the strictest limit of the three approved tiers; the other rows are the same in all."""

PREVIEW = """
import json, pathlib, sys
from local import previews
repo = pathlib.Path(sys.argv[2])
plan = previews.preview(sys.argv[1], repo=repo, place=repo / ".local")
regions = sorted({one.inputs["region"] for one in plan.resources if one.type == "pulumi:providers:aws"})
print(json.dumps([plan.succeeded, regions, [one.text for one in plan.findings], len(plan.resources)]))
"""


def preview(repo: Path, stack: str, changes: Mapping[str, object]) -> Any:
    content = yaml.safe_load((ROOT / "Pulumi.prod.yaml").read_text(encoding="utf-8"))
    content["config"][KEY].update(changes)
    (repo / f"Pulumi.{stack}.yaml").write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    ran = subprocess.run([sys.executable, "-c", PREVIEW, stack, repo], cwd=ROOT, capture_output=True, text=True, check=True)
    return json.loads(ran.stdout)


def test_a_file_is_an_environment_and_a_line_of_it_a_region(linked_checkout: Path) -> None:
    succeeded, regions, violations, resources = preview(linked_checkout, "canary", {**STRICTEST, "region": "us-west-2"})
    assert violations == []
    assert succeeded
    assert regions == ["us-west-2"]
    assert resources > 100


def test_an_environment_without_limits_of_its_own_is_held_to_the_strictest_and_told_so(linked_checkout: Path) -> None:
    succeeded, _, violations, _ = preview(linked_checkout, "canary", {})  # prod's figures under another name
    assert not succeeded
    for row in ("autonomy_percent", "max_concurrent_agents", "generations"):
        assert any(row in message for message in violations), row
    assert any("canary" in message and "strictest" in message for message in violations), violations
