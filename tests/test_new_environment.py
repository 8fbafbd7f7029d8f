"""Another environment is one file, named in no code; a second region is one line of it. Both through the real engine and the real pack."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import yaml

from tests.plans import Plan

ROOT = Path(__file__).resolve().parents[1]
KEY = "evolution-system:environment"
STRICTEST = {"autonomy_percent": 75, "agent_memory_bytes": 6656, "max_concurrent_agents": 1000, "generations": 10}
"""Of each row the strictest limit of the three approved tiers; the other rows are the same in all."""


def with_stack(repo: Path, stack: str, changes: Mapping[str, object]) -> Path:
    """The checkout with one more stack file: prod's, with some rows changed."""
    content = yaml.safe_load((ROOT / "Pulumi.prod.yaml").read_text(encoding="utf-8"))
    content["config"][KEY].update(changes)
    (repo / f"Pulumi.{stack}.yaml").write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    return repo


def test_a_file_is_an_environment_and_a_line_of_it_a_region(preview: Callable[..., Plan], linked_checkout: Path) -> None:
    planned = preview("canary", repo=with_stack(linked_checkout, "canary", {**STRICTEST, "region": "us-west-2"}))
    assert planned.findings == ()
    assert planned.succeeded, planned.text
    assert {one.inputs["region"] for one in planned.resources if one.type == "pulumi:providers:aws"} == {"us-west-2"}
    assert len(planned.resources) > 100


def test_an_environment_without_limits_of_its_own_is_held_to_the_strictest_and_told_so(
    preview: Callable[..., Plan], linked_checkout: Path
) -> None:
    refused = preview("canary", repo=with_stack(linked_checkout, "canary", {}))  # prod's figures under another name
    assert not refused.succeeded
    violations = [one.text for one in refused.findings]
    for row in ("autonomy_percent", "max_concurrent_agents", "generations"):
        assert any(row in message for message in violations), row
    assert any("canary" in message and "strictest" in message for message in violations), violations
