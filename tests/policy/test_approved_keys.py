"""A key is approved by its alias. Once AWS has made it, the program grants it by its ARN: that is no more access, and another key's is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from rules import FAMILIES
from tests.policy.builders import UNKNOWN, Nodes
from tests.policy.edits_containment import ACCOUNT
from tests.policy.samples import findings
from tests.policy.test_approved import ACCESS, judged, nodes_of, stack_of

ID = "696a70ff-dda4-4f7d-95b6-dad1153d3a8e"
OURS = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/{ID}"
OTHERS = OURS.replace("696a", "0000")
ALIASES = "kms:ResourceAliases"


def statements(nodes: Nodes) -> Iterator[tuple[str, str, dict[str, Any], dict[str, Any]]]:
    """Of every document of a role, or of a boundary, each statement on keys."""
    for name, node in nodes.items():
        if node.type in ("aws:iam/rolePolicy:RolePolicy", "aws:iam/policy:Policy"):
            document = json.loads(node.props["policy"])
            for one in document["Statement"]:
                if ALIASES in one.get("Condition", {}).get("ForAnyValue:StringEquals", {}):
                    yield name, "policy", document, one


def made(nodes: Nodes, arn: str = OURS) -> set[str]:
    """Have AWS make the key, and every grant of it name that ARN; the names of those whose grants do."""
    [(called, key)] = [(name, node) for name, node in nodes.items() if node.type == "aws:kms/key:Key"]
    (alias,) = [node for node in nodes.values() if node.type == "aws:kms/alias:Alias"]
    key.outputs.update(arn=OURS, keyId=ID)
    for node in nodes.values():
        for place, sources in node.references.items():
            if sources == [called]:
                node.props[place] = json.loads(json.dumps(node.props[place]).replace(UNKNOWN, OURS))
    alias.props.update(targetKeyId=ID)
    changed: set[str] = set()
    for name, place, document, one in statements(nodes):
        one["Resource"] = arn
        del one["Condition"]["ForAnyValue:StringEquals"]
        nodes[name].props[place] = json.dumps(document)
        changed.add(name)
    return changed


def test_a_grant_of_the_stacks_own_key_is_the_one_that_was_approved(monkeypatch: pytest.MonkeyPatch) -> None:
    stack = stack_of("prod")
    nodes = nodes_of(stack)
    assert len(made(nodes)) > 10
    assert judged(stack, nodes, monkeypatch) == []


def test_a_grant_of_another_key_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    stack = stack_of("prod")
    nodes = nodes_of(stack)
    changed = made(nodes, OTHERS)
    monkeypatch.setenv("PULUMI_CONFIG", json.dumps({"evolution-system:environment": json.dumps(stack.table)}))
    found = findings(nodes, stack=stack.name, families=FAMILIES)
    assert {(one.rule, one.resource) for one in found} == {("identity/key-grants", name) for name in changed}


def test_a_key_that_the_alias_does_not_name_is_approved_for_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    stack = stack_of("prod")
    nodes = nodes_of(stack)
    changed = made(nodes)
    (alias,) = [node for node in nodes.values() if node.type == "aws:kms/alias:Alias"]
    alias.props.update(targetKeyId=OTHERS)
    boundaries = {name for name in changed if nodes[name].type == "aws:iam/policy:Policy"}  # those keep to what roles are granted
    assert {name for rule, name in judged(stack, nodes, monkeypatch) if rule == ACCESS} == changed - boundaries
