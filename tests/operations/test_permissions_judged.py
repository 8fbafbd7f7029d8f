"""The derived policies as the pack judges them, and beside what is sent: nothing to say of any statement, and no write too many."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from account.policies import split
from actions import find
from operations.needs import by_type, grants
from operations.permissions import statements
from tests.operations.sent import UNSENT, asked
from tests.operations.test_permissions import STACKS, Derived
from tests.operations.test_permissions import derived as derived
from tests.policy.builders import Node, Nodes, document
from tests.policy.identity_deployers import allow, holding
from tests.policy.samples import findings


@pytest.mark.parametrize("stack", STACKS)
def test_only_somebody_else_who_held_them_would_escalate(derived: Callable[[str], Derived], stack: str) -> None:
    def said(role: str, **holder: Any) -> set[str]:
        return {found.rule for one in split(statements(derived(stack).roles[role])) for found in judged(one["Statement"], **holder)}

    def judged(stated: list[dict[str, Any]], **holder: Any) -> list[Any]:
        boundary = {"name": "limits", "policy": document(allow("ecr:GetAuthorizationToken", "*"))}
        nodes: Nodes = {"boundary": Node("aws:iam/policy:Policy", boundary)}
        holding(*stated, **holder)(nodes)
        return findings(nodes, project="webshop", stack=stack)

    assert [said(role) for role in ("deploy", "drift", "image")] == [set(), set(), set()]
    assert "identity/no-escalation" in said("deploy", by=({"Service": "lambda.amazonaws.com"},))


@pytest.mark.parametrize("stack", STACKS)
def test_no_type_may_write_what_is_never_sent_for_it(derived: Callable[[str], Derived], stack: str) -> None:
    """Beside what is sent by the stand-in, and by the provider where that differs."""
    made = derived(stack)
    sent: dict[str, set[str]] = {}
    for one in asked(made.plan.resources, made.names):
        sent.setdefault(one.resource.type.split(":")[1], set()).add(one.request.action)
    needed = grants(made.planned, made.names)
    for kind in by_type():
        written = {one.action for one in needed if one.why == kind and (found := find(one.action)) and found.level not in "RL"}
        assert written - sent.get(kind, set()) <= UNSENT.get(kind, frozenset()), kind
