"""The commands of a human: who decides is on record, also where the user has no name."""

from __future__ import annotations

import getpass
from unittest.mock import Mock

import pytest

from engine import __main__ as commands
from engine import logs, operations
from engine.store import Store
from tests.engine.aws import variables

GIVEN = variables("http://127.0.0.1:1")


@pytest.fixture
def decided(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Who decided."""
    names: list[str] = []

    def decide(_store: Store, agent_id: str, *, promote: bool, by: str) -> str:
        names.append(by)
        return f"{agent_id}: {promote}"

    monkeypatch.setattr(operations, "decide", decide)
    monkeypatch.setattr(logs, "begin", Mock())  # it is for a process of its own
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in GIVEN.items():
        monkeypatch.setenv(name, value)
    return names


@pytest.mark.parametrize("fault", [KeyError("getpwuid(): uid not found: 10001"), OSError("no username set in the environment")])
def test_who_has_no_name_is_recorded_by_number(decided: list[str], monkeypatch: pytest.MonkeyPatch, fault: Exception) -> None:
    def nobody() -> str:
        raise fault

    monkeypatch.setattr(getpass, "getuser", nobody)
    monkeypatch.setattr("os.getuid", lambda: 10001)
    assert commands.main(["approve", "evo-1/00/0001/00000"]) == 0
    assert decided == ["uid-10001"]


def test_who_says_a_name_is_recorded_by_it(decided: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("USER", "somebody")
    assert commands.main(["refuse", "evo-1/00/0001/00000"]) == 0
    assert commands.main(["refuse", "evo-1/00/0001/00000", "--by", " jo@example.com "]) == 0
    assert decided == ["somebody", "jo@example.com"]


@pytest.mark.parametrize("name", ["", "  ", "two\nlines", "x" * 201])
def test_what_is_no_name_is_refused(decided: list[str], name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as refused:
        commands.main(["approve", "evo-1/00/0001/00000", "--by", name])
    assert (refused.value.code, decided) == (2, [])
    assert "is no name" in capsys.readouterr().err
