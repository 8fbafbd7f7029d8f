"""Unset, the documented default and the empty value of a kind are one: no verdict depends on which of them the provider sends."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from defaults import DEFAULTS, UNSET_AT_ZERO, effective
from plain import UNKNOWN
from tests.plans import Plan, documented_defaults
from tests.policy import identity_edits, identity_edits_access
from tests.policy.builders import Nodes
from tests.policy.complete import complete
from tests.policy.edits import Edit, each_fires
from tests.policy.edits_complete import EDITS as COMPLETE
from tests.policy.filled import default_of, with_all_filled
from tests.policy.planned import edited, nodes_of
from tests.policy.provider_types import annotations_of
from tests.policy.samples import KEY_ARN, compliant, configure, findings, rules_that_fire, set_at
from tests.policy.test_edits import EDITS as PLANNED
from tests.policy.test_public_examples import EXAMPLES, judged
from tests.policy.test_rules import EDITS as SMALL

TABLE = "aws:dynamodb/table:Table"


def test_the_defaults_are_those_of_the_provider() -> None:
    """The stand-in's were read off the provider's code by others; what it doesn't know, nobody else here does."""
    for kind, defaults in DEFAULTS.items():
        documented = {name: value for name, value in documented_defaults(kind).items() if value and "." not in name}
        assert documented in (defaults, {}), f"{kind} has other defaults in the stand-in"
        assert defaults.keys() <= annotations_of(kind).keys()


def test_every_default_of_the_stand_in_that_is_not_empty_is_in_the_table() -> None:
    kinds = {node.type for node in complete().values()}
    missing = {kind for kind in kinds - DEFAULTS.keys() for name, value in documented_defaults(kind).items() if value and "." not in name}
    assert missing == set()


@pytest.mark.parametrize(
    ("kind", "given", "judged_as"),
    [
        (TABLE, {"billingMode": None, "region": ""}, {"billingMode": "PROVISIONED", "tableClass": "STANDARD"}),
        (TABLE, {"billingMode": UNKNOWN, "tableClass": "STANDARD"}, {"billingMode": UNKNOWN, "tableClass": "STANDARD"}),
        (TABLE, {}, {}),
        ("aws:kms/key:Key", {"isEnabled": False, "deletionWindowInDays": 0}, {**DEFAULTS["aws:kms/key:Key"], "isEnabled": False}),
        ("aws:kms/replicaKey:ReplicaKey", {"deletionWindowInDays": 0}, {"deletionWindowInDays": 0}),
        ("aws:ssm/parameter:Parameter", {"value": "x", "overwrite": False}, {"value": "x", "overwrite": False}),
    ],
)
def test_a_resource_is_judged_as_it_takes_effect(kind: str, given: Any, judged_as: Any) -> None:
    before = repr(given)
    assert effective(kind, given) == judged_as
    assert repr(given) == before, "the resource itself must stay as it was"


def test_a_zero_inside_a_block_is_unset_and_leaves_the_rest_of_it() -> None:
    [path] = UNSET_AT_ZERO[TABLE]
    found = effective(TABLE, {path[0]: {path[1]: 0, "enabled": True}})
    assert found[path[0]] == {"enabled": True}


@pytest.mark.parametrize("name", EXAMPLES)
def test_public_programs_are_judged_alike(name: str) -> None:
    nodes, fires = EXAMPLES[name]
    assert {finding.rule for finding in judged(with_all_filled(nodes))} == fires


class Filled:
    """The nodes of a stack, filled; after an edit only what it changed is filled again."""

    def __init__(self, nodes: Nodes) -> None:
        self._nodes = nodes
        self.filled = with_all_filled(nodes)

    def after(self, changed: Nodes) -> Nodes:
        same = {name for name, node in changed.items() if self._nodes.get(name) == node}
        new = with_all_filled({name: node for name, node in changed.items() if name not in same})
        return {name: self.filled[name] if name in same else new[name] for name in changed}


SETS: Mapping[str, tuple[Callable[[], Nodes], list[tuple[str, Edit, set[str]]], str]] = {
    "small": (compliant, SMALL, ""),
    "complete": (complete, COMPLETE, ""),
    "identity": (compliant, [*identity_edits.EDITS, *identity_edits_access.EDITS], "identity/"),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", SETS)
def test_each_edit_is_caught_by_the_same_rules_with_the_rest_filled(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    configure(monkeypatch)
    start, edits, family = SETS[name]

    def base() -> Nodes:
        nodes = start()
        if family:
            set_at(nodes, "key", "arn", KEY_ARN)
        return nodes

    filled = Filled(base())

    def fired(edit: Edit) -> set[str]:
        nodes = base()
        edit(nodes)
        return {rule for rule in rules_that_fire(filled.after(nodes)) if rule.startswith(family)}

    each_fires(edits, fired)


def test_edits_of_the_plan_are_caught_by_the_same_rules_with_the_rest_filled(
    plan: Callable[..., Plan], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first that each rule catches."""
    planned = plan("prod")
    monkeypatch.setenv("PULUMI_CONFIG", json.dumps({"evolution-system:environment": json.dumps(planned.outputs["environment"])}))
    nodes = nodes_of(planned)
    filled = Filled(nodes)
    first = {rule: edit for edit in reversed(PLANNED) for rule in edit.fires}
    assert findings(filled.filled) == []
    cases = [(str(edit), edit, edit.fires) for edit in first.values()]
    each_fires(cases, lambda edit: rules_that_fire(filled.after(edited(nodes, edit)), judged=filled.filled))


def properties() -> Iterator[tuple[str, str, Any]]:
    """Of each type in the complete stack, each property that has a default: a resource of the type, the property, the default."""
    seen: set[tuple[str, str]] = set()
    for name, node in complete().items():
        annotations = annotations_of(node.type) if node.type.startswith("aws:") else {}
        for key in node.props.keys() & annotations.keys():
            default = default_of(node.type, key, annotations[key])
            if (node.type, key) not in seen and default is not None:
                seen.add((node.type, key))
                yield name, key, default


@pytest.mark.slow
def test_a_property_that_is_removed_is_judged_as_one_at_its_default(monkeypatch: pytest.MonkeyPatch) -> None:
    configure(monkeypatch)
    nodes = complete()

    def fired(name: str, key: str, value: Any) -> set[tuple[str, str]]:
        node = copy.deepcopy(nodes[name])
        node.references.pop(key, None)
        del node.props[key]
        if value is not None:
            node.props[key] = value
        return {(found.rule, found.resource) for found in findings({**nodes, name: node}, judged=nodes)}

    assert findings(nodes) == []
    assert findings(nodes) == []
    tried = list(properties())
    assert len(tried) > 150
    differ = {
        f"{name}.{key} at {default!r}": (removed, at_default)
        for name, key, default in tried
        if (removed := fired(name, key, None)) != (at_default := fired(name, key, default))
    }
    assert differ == {}
