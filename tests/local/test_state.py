"""The engine's record of a stack: what is made of one that a full disk cut short."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from local import LocalError
from local.state import State, held


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
def state(tmp_path: Path) -> State:
    return State(tmp_path, "dev")


def ids(state: State) -> list[str]:
    return [one["id"] for one in state.held().values()]


def test_a_stack_that_was_never_up_holds_nothing(state: State) -> None:
    assert state.held() == {}
    assert state.mend() is None


def test_a_sound_record_is_left_alone_and_kept(state: State, file: Path) -> None:
    file.write_text(record(resource("a")))
    assert state.mend() is None
    assert ids(state) == ["a"]
    assert not state.unfinished
    file.write_text("")
    assert ids(state) == ["a"]


@pytest.mark.parametrize("cut", ["", "{", '{"version": 3, "checkpoint"', '{"version": 3}', "null", "[]"])
def test_a_record_that_was_cut_short_is_restored_from_the_engines_own_copy_first(state: State, file: Path, cut: str) -> None:
    file.write_text(record(resource("old")))
    state.keep()
    file.with_name("dev.json.bak").write_text(record(resource("new")))
    file.write_text(cut)
    file.with_name("dev.json.attrs").write_text("{}")
    said = state.mend()
    assert said == f"what was recorded of dev was cut short, as by a full disk: restored from {file}.bak"
    assert ids(state) == ["new"]
    assert list(held(file.parents[3], "dev")) == [resource("new")["urn"]], "the engine finds it"
    assert not file.with_name("dev.json.attrs").exists(), "it has the sum of another content"
    assert state.unfinished, "what was done since isn't recorded"


def test_where_both_are_cut_short_the_copy_beside_them_is_taken(state: State, file: Path, tmp_path: Path) -> None:
    file.write_text(record(resource("a")))
    state.keep()
    for one in (file, file.with_name("dev.json.bak")):
        one.write_text("{")
    assert ids(state) == ["a"], "whoever only looks gets it, too"
    assert file.read_text() == "{", "and changes nothing"
    assert str(tmp_path / "kept/dev.json") in str(state.mend())
    assert ids(state) == ["a"]


def test_without_a_copy_looking_is_one_error_and_mending_begins_anew(state: State, file: Path) -> None:
    file.write_text("")
    with pytest.raises(LocalError, match=r"what was recorded of dev is cut short .* Run `make up STACK=dev`"):
        state.held()
    assert "it begins anew" in str(state.mend())
    assert state.held() == {}
    assert not file.exists()
    assert state.unfinished


def test_a_copy_of_what_is_cut_short_is_never_kept(state: State, file: Path) -> None:
    file.write_text(record(resource("a")))
    state.keep()
    file.write_text("{")
    state.keep()
    assert ids(state) == ["a"]


def test_a_copy_that_cannot_be_written_leaves_the_one_before(state: State, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_text(record(resource("a")))
    state.keep()

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    file.write_text(record(resource("b")))
    with pytest.raises(OSError, match="No space"):
        state.keep()
    file.write_text("")
    assert ids(state) == ["a"]
    assert [one.name for one in (file.parents[4] / "kept").iterdir()] == ["dev.json"]


def test_a_run_that_was_cut_off_is_known_until_one_finishes(state: State) -> None:
    state.begin()
    assert state.unfinished
    state.finish()
    state.finish()
    assert not state.unfinished


def test_of_a_replaced_resource_the_new_one_counts(state: State, file: Path) -> None:
    new, old = resource("a"), {**resource("a", delete=True), "id": "old"}
    file.write_text(record(new, old))
    assert ids(state) == ["a"]
    assert state.all() == [new, old]
