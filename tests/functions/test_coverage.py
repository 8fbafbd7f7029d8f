"""How much of the functions the tests of their behaviour run."""

from __future__ import annotations

from pathlib import Path

from tests.functions.conftest import UNITS, Measured

LEAST_PERCENT = 95


def test_the_behaviours_run_nearly_every_line_of_every_function(measured: Measured) -> None:
    assert {Path(name).parent.name for name in measured.percent} == {"common", *UNITS}, "a function isn't measured"
    thin = {name: round(percent, 1) for name, percent in measured.percent.items() if percent < LEAST_PERCENT}
    assert not thin, f"less than {LEAST_PERCENT} % of the lines are run by tests: {thin}"
