"""Every rule about identity: caught by exactly its rules, and silent about what is right."""

from __future__ import annotations

import pytest

from rules import FAMILIES
from tests.policy import identity_deployers, identity_edits, identity_edits_access
from tests.policy.edits import Edit, each_fires
from tests.policy.identity_right import GOOD
from tests.policy.samples import KEY_ARN, compliant, configure, findings, set_at

EDITS = (*identity_edits.EDITS, *identity_edits_access.EDITS, *identity_deployers.EDITS)


@pytest.fixture(autouse=True)
def _prod(monkeypatch: pytest.MonkeyPatch) -> None:  # pyright: ignore[reportUnusedFunction]  # pytest uses it
    configure(monkeypatch)


def identity_rules_that_fire(edit: Edit) -> set[str]:
    """Other families may have their own to say about what an edit adds."""
    nodes = compliant()
    set_at(nodes, "key", "arn", KEY_ARN)  # it is made, and AWS has said what it is called
    edit(nodes)
    return {finding.rule for finding in findings(nodes) if finding.rule.startswith("identity/")}


def test_each_edit_is_caught_by_exactly_its_rules() -> None:
    each_fires(EDITS, identity_rules_that_fire)


def test_what_is_right_is_left_alone() -> None:
    each_fires([(name, edit, set[str]()) for name, edit in (*GOOD, *identity_deployers.GOOD)], identity_rules_that_fire)


def test_every_rule_is_caught_at_least_once() -> None:
    caught = set[str]().union(*(expected for _, _, expected in EDITS))
    assert {rule.id for family in FAMILIES for rule in family.rules if family.name == "identity"} - caught == set()
