"""The engine's record of a stack, and whether it can be trusted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from local import LocalError
from local.state import StackState, resources_in


def resource(name: str, **more: Any) -> dict[str, Any]:
    return {"urn": f"urn:pulumi:dev::evolution-system::aws:ec2/vpc:Vpc::{name}", "type": "aws:ec2/vpc:Vpc", "id": name, **more}


def record(*resources: dict[str, Any]) -> str:
    return json.dumps({"version": 3, "checkpoint": {"latest": {"resources": list(resources)}}})


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where the engine writes."""
    folder = tmp_path / "state/.pulumi/stacks/evolution-system"
    folder.mkdir(parents=True)
    return folder / "dev.json"


@pytest.fixture
def state(tmp_path: Path) -> StackState:
    return StackState(tmp_path, "dev")


def test_a_stack_that_was_never_up_holds_nothing_and_is_not_in_doubt(state: StackState) -> None:
    assert (state.resources(), state.defect) == ({}, None)


@pytest.mark.parametrize("cut", ["", "{", '{"version": 3, "checkpoint"', '{"version": 3}', "null", "[]"])
def test_a_record_that_was_cut_short_is_one_error_that_says_what_to_do(state: StackState, file: Path, cut: str) -> None:
    file.write_text(cut)
    assert state.defect == "what was recorded of dev was cut short, as by a full disk"
    with pytest.raises(LocalError, match="Run `make up STACK=dev`, which discards it and makes everything again"):
        state.resources()


def test_a_run_that_did_not_end_by_itself_leaves_a_doubt(state: StackState, file: Path) -> None:
    file.write_text(record(resource("a")))
    state.begin()
    assert state.defect == "the last run of dev was killed"
    state.finish()
    assert state.defect is None


def test_what_is_discarded_leaves_nothing_of_this_stack_and_all_of_the_others(state: StackState, file: Path) -> None:
    state.begin()
    for name in ("dev.json", "dev.json.bak", "dev.json.attrs", "dev2.json"):
        file.with_name(name).write_text(record(resource("a")))
    state.discard()
    assert [path.name for path in file.parent.iterdir()] == ["dev2.json"]
    assert (state.resources(), state.defect) == ({}, None)


def test_of_a_replaced_resource_the_new_one_counts(tmp_path: Path, state: StackState, file: Path) -> None:
    file.write_text(record({**resource("new"), "urn": "u"}, {**resource("old"), "urn": "u", "delete": True}))
    assert [one["id"] for one in state.resources().values()] == ["new"]
    assert [one["id"] for one in state.all()] == ["new", "old"]
    assert resources_in(tmp_path / "state", "dev") == state.resources()
