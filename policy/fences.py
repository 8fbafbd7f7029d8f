"""Fences: policies that may allow much, and let nobody out. They are for permissions boundaries, which give nothing themselves.

Each way out is a call; a document is a fence if it certainly allows none of them. Source of the ways: pathfinding.cloud, the public list of
IAM privilege escalation paths; IAM user guide, "Delegating responsibility to others using permissions boundaries".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from calls import ABSENT, AwsCall, certainly_denies, might_be_allowed
from conditions import ARN, is_account
from documents import Statement, statements_of
from globs import WILDCARD
from rule import Resource
from tokens import IAM_POLICY

ANY_ACCOUNT = "123456789012"
"""For a document that names no account."""


@dataclass(frozen=True, kw_only=True, slots=True)
class WayOut:
    """One call that leads out of a fence.

    Attributes:
        anywhere: whether it leads out on whatever resource, and not only on that of the call.
    """

    call: AwsCall
    anywhere: bool = False


def _way(resource: str, *actions: str, boundary: str | None = None, anywhere: bool = False) -> Iterator[WayOut]:
    """The same by several actions.

    Args:
        boundary: the one that the request names; None where it has no such key. Nothing else of its context is known.
    """
    known = {} if boundary is None else {"iam:permissionsboundary": boundary}
    return (WayOut(call=AwsCall(action=action, resource=resource, context=known), anywhere=anywhere) for action in actions)


def _ways_out(name: str, account: str) -> Iterator[WayOut]:
    """The ways out of a fence: it gives itself another version, drops or swaps the boundary of a role, makes a role without one, or gives
    one more; lets itself be trusted by any role, hands any to a service, takes on another one, or makes a user.

    Args:
        name: of the policy.
    """
    own, role, user = (f"arn:aws:iam::{account}:{what}" for what in (f"policy/{name}", "role/another", "user/another"))
    yield from _way(own, "iam:CreatePolicyVersion", "iam:SetDefaultPolicyVersion", "iam:DeletePolicy")
    yield from _way(role, "iam:DeleteRolePermissionsBoundary", anywhere=True)
    yield from _way(role, "iam:PutRolePermissionsBoundary", boundary=f"{own}-another", anywhere=True)
    yield from _way(role, "iam:CreateRole", "iam:PutRolePolicy", "iam:AttachRolePolicy", boundary=ABSENT)
    yield from _way(role, "iam:UpdateAssumeRolePolicy", "iam:PassRole")
    yield from _way(role, "sts:AssumeRole", anywhere=True)
    of_users = ("iam:CreateUser", "iam:CreateAccessKey", "iam:CreateLoginProfile", "iam:PutUserPolicy", "iam:AttachUserPolicy")
    yield from _way(user, *of_users, anywhere=True)


def _account_in(policy: Resource) -> str:
    """The account that a policy's statements name first."""
    named = (
        arn["account"] for one in statements_of(policy) for text in (*one.resources, *one.excepted_resources) if (arn := ARN.match(text))
    )
    return next(filter(is_account, named), ANY_ACCOUNT)


def _lets_out(statements: Sequence[Statement], way: WayOut) -> bool:
    """Whether statements might allow it."""
    named = dict.fromkeys(WILDCARD.sub("x", one) for statement in statements if statement.allows for one in statement.resources)
    calls = (way.call, *(replace(way.call, resource=resource) for resource in (named if way.anywhere else ())))
    return any(might_be_allowed(call, statements) for call in calls)


def is_fence(policy: Resource) -> bool:
    """Whether a managed policy is meant as a boundary, and lets nobody out: it denies any change of itself."""
    name = policy.at("name") if policy.type == IAM_POLICY else None
    if not isinstance(name, str):
        return False
    statements, account = list(statements_of(policy)), _account_in(policy)
    return _denies_its_change(statements, name, account) and not any(_lets_out(statements, one) for one in _ways_out(name, account))


def _denies_its_change(statements: Sequence[Statement], name: str, account: str) -> bool:
    """Whether a Deny, and not only the lack of an Allow, keeps whoever is within from giving the policy another version."""
    change = AwsCall(action="iam:CreatePolicyVersion", resource=f"arn:aws:iam::{account}:policy/{name}")
    return any(certainly_denies(one, change) for one in statements)
