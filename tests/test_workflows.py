"""The workflows: every action pinned, no permission but the needed, every shell line a target of the Makefile, the preview before `up`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
FILES = sorted((ROOT / ".github/workflows").glob("*.yml"))
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))


def jobs(path: Path) -> dict[str, Any]:
    return yaml.safe_load(path.read_text(encoding="utf-8"))["jobs"]


def steps(path: Path) -> list[dict[str, Any]]:
    return [step for job in jobs(path).values() for step in job.get("steps", [])]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
class TestEveryWorkflow:
    def test_pins_its_actions_by_commit_and_names_the_version(self, path: Path) -> None:
        used = re.findall(r"uses: (.+)", path.read_text(encoding="utf-8"))
        loose = [one for one in used if not one.startswith("./") and not re.fullmatch(r"[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", one)]
        assert loose == [], "pin the action by its commit and write its version behind it: `owner/name@<40 hex digits> # v1.2.3`"

    def test_runs_nothing_but_targets_of_the_makefile(self, path: Path) -> None:
        lines = [line for step in steps(path) for line in step.get("run", "").splitlines()]
        assert [
            line for line in lines if not (match := re.match(r"make ([a-z-]+)( [A-Z]+=\"\$[A-Z_]+\")*$", line)) or match[1] not in TARGETS
        ] == []

    def test_gives_no_permission_by_default_and_each_job_only_what_it_uses(self, path: Path) -> None:
        assert yaml.safe_load(path.read_text(encoding="utf-8"))["permissions"] == {}
        for name, job in jobs(path).items():
            allowed = {"contents": "read"} if path.stem == "preview" else {"contents": "read", "id-token": "write"}
            assert job["permissions"] == allowed, name


def test_the_preview_of_a_pull_request_has_no_credentials() -> None:
    text = (ROOT / ".github/workflows/preview.yml").read_text(encoding="utf-8")
    assert "pull_request_target" not in text
    assert "secrets" not in text
    assert "id-token" not in text


def test_the_pack_judges_a_preview_before_anything_is_deployed() -> None:
    listed = steps(ROOT / ".github/workflows/deploy-stack.yml")
    commands = [step["with"]["command"] for step in listed if "command" in step.get("with", {})]
    assert commands == ["preview", "up"]
    assert next(step["run"] for step in listed if "run" in step) == "make pack-config"
    for step in listed:
        if "command" in step.get("with", {}):
            assert step["with"]["policyPacks"] == "policy"
            assert "if" not in step
            assert not step.get("continue-on-error")


def test_prod_comes_after_staging_and_staging_after_dev() -> None:
    order = jobs(ROOT / ".github/workflows/deploy.yml")
    assert {name: job.get("needs") for name, job in order.items()} == {"dev": None, "staging": "dev", "prod": "staging"}
    assert {path.stem.partition(".")[2] for path in ROOT.glob("Pulumi.*.yaml")} == order.keys()


def test_a_stack_has_one_run_at_a_time_and_none_is_cut_off() -> None:
    up = jobs(ROOT / ".github/workflows/deploy-stack.yml")["up"]
    assert up["concurrency"] == {"group": "stack-${{ inputs.stack }}", "cancel-in-progress": False}
    assert up["environment"] == "${{ inputs.stack }}"
