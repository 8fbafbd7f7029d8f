"""What is written down about the rules is what the rules say."""

from __future__ import annotations

from pathlib import Path

import pytest

import catalogue
from framework_agents import DOUBTS
from frameworks import CHECKS, made_by

DOCS = Path(__file__).parents[2] / "docs"
IDS = {rule.id for rule in catalogue.RULES}
CHECK_IDS = [check.id for check in CHECKS]


@pytest.mark.parametrize(("name", "text"), [("invariants.md", catalogue.invariants()), ("coverage.md", catalogue.coverage())])
def test_what_is_written_down_is_fresh(name: str, text: str) -> None:
    assert (DOCS / name).read_text(encoding="utf-8") == text, f"docs/{name} is stale: run make invariants"


def test_each_check_is_named_once() -> None:
    assert len(set(CHECK_IDS)) == len(CHECK_IDS)


def test_every_control_that_a_rule_claims_is_a_check() -> None:
    claimed = {control for rule in catalogue.RULES for control in rule.controls}
    assert claimed - set(CHECK_IDS) == set(), "a misspelt control, or one that policy/frameworks.py must name"


def test_each_check_is_made_or_left_out_for_a_reason() -> None:
    made = made_by(catalogue.RULES)
    assert [check.id for check in CHECKS if not set(made[check.id]) <= IDS] == [], "they name a rule that is gone"
    assert [check.id for check in CHECKS if check.like and check.like not in CHECK_IDS] == []
    unclear = [check.id for check in CHECKS if bool(made[check.id]) == bool(check.unless)]
    assert unclear == [], "each must be made, or left out with a reason, and not both"
    assert set(DOUBTS) <= set(CHECK_IDS)
