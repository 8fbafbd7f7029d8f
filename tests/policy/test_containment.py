"""Containment: what evolves reaches nothing of what watches and halts it, and is left alone with the rest."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from actions import find
from exemptions import NEVER
from rules import FAMILIES
from rules.evolution.containment_resources import KNOWN
from tests.plans import Plan
from tests.policy import edits_evolution
from tests.policy.builders import TAGS, Node, Nodes
from tests.policy.edits import Edit
from tests.policy.edits_containment import ATTACKS, RIGHT, TYPES
from tests.policy.planned import nodes_of
from tests.policy.samples import rules_that_fire
from writes import SERVICES, WRITES


@pytest.fixture
def nodes(plan: Callable[..., Plan], monkeypatch: pytest.MonkeyPatch) -> Nodes:
    """prod as it is planned, with its table."""
    planned = plan("prod")
    monkeypatch.setenv("PULUMI_CONFIG", json.dumps({"evolution-system:environment": json.dumps(planned.outputs["environment"])}))
    return nodes_of(planned)


def contained(nodes: Nodes) -> set[str]:
    return {rule for rule in rules_that_fire(nodes) if rule.startswith("containment/")}


@pytest.mark.parametrize(("edit", "fires"), [pytest.param(edit, fires, id=name) for name, edit, fires in ATTACKS])
def test_the_watched_reach_nothing_that_watches_them(edit: Edit, fires: set[str], nodes: Nodes) -> None:
    edit(nodes)
    unknown = {TYPES} if "more" in nodes and nodes["more"].type not in KNOWN else set[str]()
    assert contained(nodes) == fires | unknown


@pytest.mark.parametrize("edit", [pytest.param(edit, id=name) for name, edit in RIGHT])
def test_what_is_right_is_left_alone(edit: Edit, nodes: Nodes) -> None:
    edit(nodes)
    assert contained(nodes) == set()


def test_every_rule_of_the_family_is_caught_and_nobody_is_exempt() -> None:
    rules = {rule.id for family in FAMILIES for rule in family.rules if family.name == "containment"}
    caught = set[str]().union(*(fires for _, _, fires in ATTACKS), *(edit.fires for edit in edits_evolution.EDITS))
    assert rules <= caught
    assert all(rule.startswith(NEVER) for rule in rules)


def test_an_unrelated_parameter_is_not_taken_for_the_mode(nodes: Nodes) -> None:
    nodes["cursor"] = Node(
        "aws:ssm/parameter:Parameter", {"name": "/evolution/prod/cursor", "type": "String", "value": "0", "tagsAll": TAGS}
    )
    assert rules_that_fire(nodes) == set()


@pytest.mark.parametrize("overwrite", [True, False])
def test_a_second_declaration_of_the_mode_is_refused(overwrite: bool, nodes: Nodes) -> None:
    mode = nodes["evolution-mode"]
    nodes["second"] = Node(mode.type, {**mode.props, "overwrite": overwrite}, protect=True, ignore_changes=mode.ignore_changes)
    assert rules_that_fire(nodes) == {"workload/untouched-mode"}


def test_the_lists_are_written_in_awss_own_spelling() -> None:
    for action in (*WRITES, *SERVICES):
        found = find(action)
        assert found, f"AWS has no action {action}"
        assert found.name == action
