"""The derived policies as the pack judges them: it has nothing to say of any statement, where whoever deploys holds it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from account.policies import split
from operations.permissions import statements
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
