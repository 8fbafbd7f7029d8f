"""How what the checks found is shown."""

from __future__ import annotations

from operations.outcome import WORDS, Outcome, rows


def test_a_table_is_as_wide_as_the_terminal_and_never_breaks_a_command() -> None:
    command = "aws " + "long-option " * 20
    table = rows(
        [Outcome(check="one", kind="person", text="do this " * 30, command=command), Outcome(check="two", kind="pass", text="ok")], 80
    )
    assert max(len(line) for line in table if command not in line) <= 80
    assert [line for line in table if command in line]
    assert all(word in "\n".join(table) for word in (WORDS["person"], WORDS["pass"]))
