"""The rules about the account that the system is deployed to: caught by exactly their rules, and silent about what is right."""

from __future__ import annotations

import json
from typing import Any

import pytest

from rules import FAMILIES
from system import table_of
from tests.policy import account_edits, account_edits_state
from tests.policy.account_stack import account, rules_that_fire
from tests.policy.edits import each_fires
from tests.policy.samples import findings

EDITS = (*account_edits.EDITS, *account_edits_state.EDITS)


@pytest.mark.parametrize("watched", [True, False])
def test_an_account_breaks_no_rule(watched: bool) -> None:
    assert findings(account(watched=watched), project="evolution-account", stack="sandbox") == []


def test_each_edit_is_caught_by_exactly_its_rules() -> None:
    def fired(edit: Any) -> set[str]:
        nodes = account()
        edit(nodes)
        return rules_that_fire(nodes)

    each_fires(EDITS, fired)


def test_every_rule_is_caught_at_least_once() -> None:
    caught = set[str]().union(*(expected for _, _, expected in EDITS))
    assert {rule.id for family in FAMILIES for rule in family.rules if family.name == "account"} - caught == set()


def test_another_name_of_the_project_takes_nothing_out() -> None:
    nodes = account()
    del nodes["analyzer"]
    for stack, beside in (("sandbox", set[str]()), ("prod", {"governance/tags"})):
        assert {one.rule for one in findings(nodes, project="webshop", stack=stack)} == {"account/analyzer", *beside}


def test_an_analyzer_that_the_account_has_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    nodes = account()
    del nodes["analyzer"]
    table = {"analyzer_arn": "arn:aws:access-analyzer:us-east-1:123456789012:analyzer/organization"}
    monkeypatch.setenv("PULUMI_CONFIG", json.dumps({"evolution-account:account": json.dumps(table)}))
    assert rules_that_fire(nodes) == set()
    assert table_of("", []) is None
    monkeypatch.setenv("PULUMI_CONFIG", json.dumps({"evolution-account:account": json.dumps({**table, "analyzer_arn": None})}))
    assert rules_that_fire(nodes) == {"account/analyzer"}
