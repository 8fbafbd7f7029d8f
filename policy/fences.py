"""Fences: policies that may allow much, and let nobody out. They are for permissions boundaries, which give nothing themselves.

Each way out is a call; a document is a fence if it certainly allows none of them. Source of the ways: pathfinding.cloud, the public list of
IAM privilege escalation paths; IAM user guide, "Delegating responsibility to others using permissions boundaries".
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from calls import ABSENT, AwsCall, certainly_denies, might_be_allowed
from conditions import ARN, is_account
from documents import statements_of
from globs import WILDCARD
from rule import Resource
from tokens import IAM_POLICY

ANY_ACCOUNT = "123456789012"
"""For a document that names no account."""


@dataclass(frozen=True, kw_only=True, slots=True)
class WayOut:
    """One call that leads out of a fence.

    Attributes:
        does: what it does, as a clause.
        anywhere: whether it leads out on whatever resource, and not only on that of the call.
    """

    does: str
    call: AwsCall
    anywhere: bool = False


def way(does: str, resource: str, *actions: str, boundary: str | None = None, anywhere: bool = False) -> Iterator[WayOut]:
    """The same by several actions.

    Args:
        boundary: the one that the request names; None where it has no such key. Nothing else of its context is known.
    """
    known = {} if boundary is None else {"iam:permissionsboundary": boundary}
    return (WayOut(does=does, call=AwsCall(action=action, resource=resource, context=known), anywhere=anywhere) for action in actions)


def ways_out(name: str, account: str) -> Iterator[WayOut]:
    """The ways out of any fence.

    Args:
        name: of the policy.
    """
    own, role, user = (f"arn:aws:iam::{account}:{what}" for what in (f"policy/{name}", "role/another", "user/another"))
    yield from way("gives itself another version", own, "iam:CreatePolicyVersion", "iam:SetDefaultPolicyVersion", "iam:DeletePolicy")
    yield from way("drops the boundary of a role", role, "iam:DeleteRolePermissionsBoundary", anywhere=True)
    yield from way("swaps the boundary of a role", role, "iam:PutRolePermissionsBoundary", boundary=f"{own}-another", anywhere=True)
    yield from way("makes a role without a boundary", role, "iam:CreateRole", boundary=ABSENT)
    yield from way("gives a role without a boundary more", role, "iam:PutRolePolicy", "iam:AttachRolePolicy", boundary=ABSENT)
    yield from way("lets itself be trusted by any role", role, "iam:UpdateAssumeRolePolicy")
    yield from way("hands any role to a service", role, "iam:PassRole")
    yield from way("takes on another role", role, "sts:AssumeRole", anywhere=True)
    of_users = ("iam:CreateUser", "iam:CreateAccessKey", "iam:CreateLoginProfile", "iam:PutUserPolicy", "iam:AttachUserPolicy")
    yield from way("makes a user", user, *of_users, anywhere=True)


def account_in(policy: Resource) -> str:
    """The account that a policy's statements name first."""
    named = (
        arn["account"] for one in statements_of(policy) for text in (*one.resources, *one.excepted_resources) if (arn := ARN.match(text))
    )
    return next(filter(is_account, named), ANY_ACCOUNT)


def left_open(policy: Resource, ways: Iterator[WayOut]) -> Iterator[WayOut]:
    """Those that a policy might allow."""
    statements = list(statements_of(policy))
    named = dict.fromkeys(WILDCARD.sub("x", one) for statement in statements if statement.allows for one in statement.resources)
    for one in ways:
        calls = (one.call, *(replace(one.call, resource=resource) for resource in (named if one.anywhere else ())))
        if open_to := next((call for call in calls if might_be_allowed(call, statements)), None):
            yield replace(one, call=open_to)


def is_fence(policy: Resource) -> bool:
    """Whether a managed policy is meant as a boundary, and lets nobody out: it denies any change of itself."""
    name = policy.at("name") if policy.type == IAM_POLICY else None
    if not isinstance(name, str) or not any(not one.allows for one in statements_of(policy)):
        return False
    account = account_in(policy)
    return denies_its_change(policy, name, account) and not any(left_open(policy, ways_out(name, account)))


def denies_its_change(policy: Resource, name: str, account: str) -> bool:
    """Whether a Deny, and not only the lack of an Allow, keeps whoever is within from giving the policy another version."""
    change = AwsCall(action="iam:CreatePolicyVersion", resource=f"arn:aws:iam::{account}:policy/{name}")
    return any(certainly_denies(one, change) for one in statements_of(policy))
