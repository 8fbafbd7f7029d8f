"""Who holds what a document grants: the roles that it is attached to, nobody where it is only a boundary; and which roles deploy."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from documents import DocumentKind, allows_of
from graph import Linked
from plain import items
from rule import Resource, Stack
from rules.aws.identity_holders import ATTACHMENTS, HOLDERS
from tokens import IAM_ATTACHMENT, IAM_POLICY, ROLE, ROLE_ATTACHMENT, ROLE_ATTACHMENTS, ROLE_POLICY

CALLED = ("arn", "id", "name")
"""The properties by which a role is called."""

HOLDER = {ROLE_ATTACHMENT: "role", ROLE_ATTACHMENTS: "roleName", IAM_ATTACHMENT: "roles"}
"""By the type of an attachment, the property that names the roles that it is for."""


def holdings(stack: Stack) -> Iterator[tuple[Resource, frozenset[str] | None]]:
    """What grants something, and the URNs of the roles that it is granted to, those that are known; None where it is only a boundary."""
    roles, policies = Linked(stack, ROLE, CALLED), Linked(stack, IAM_POLICY, CALLED)
    attached: defaultdict[str, set[str]] = defaultdict(set)
    for one in stack.resources:
        for urn in _policies_of(one, ATTACHMENTS[one.type], policies) if one.type in ATTACHMENTS else ():
            holders = {one.urn} if one.type == ROLE else roles.by(one, HOLDER[one.type]) if one.type in HOLDER else set[str]()
            attached[urn] |= holders or {""}
    bounding = {urn for role in stack.of_type(ROLE) for urn in _policies_of(role, "permissionsBoundary", policies)}
    for kind in sorted(HOLDERS):
        for holder in stack.of_type(kind):
            if kind == ROLE:
                yield holder, frozenset({holder.urn})
            elif kind == ROLE_POLICY:
                yield holder, frozenset(roles.by(holder, "role"))
            else:
                yield holder, None if holder.urn in bounding - attached.keys() else frozenset(attached.get(holder.urn, ()))


def _policies_of(resource: Resource, name: str, policies: Linked) -> set[str]:
    """The stack's policies that a property names: also by an ARN that ends in their name, before AWS has said what theirs is."""
    lasts = {value.rpartition("/")[2] for value in items(resource.at(name)) if isinstance(value, str) and "::aws:" not in value}
    return policies.by(resource, name) | {urn for last in lasts for urn in policies.called(last)}


def boundaries_of(role: Resource, stack: Stack) -> set[str]:
    """The URNs of the stack's policies that a role is bounded by."""
    return _policies_of(role, "permissionsBoundary", Linked(stack, IAM_POLICY, CALLED))


def deploys(role: Resource) -> bool:
    """Whether a role is taken on by workflows alone, through an identity provider. Whom exactly it trusts is what other rules judge."""
    trusted = [one for statement in allows_of(role) if statement.kind is DocumentKind.TRUST for one in statement.principals]
    return bool(trusted) and all(one.kind == "Federated" for one in trusted)


def deployers(stack: Stack) -> frozenset[str]:
    """The URNs of the documents that only roles hold which deploy, and of those that nobody holds, being a boundary of such roles."""
    return stack.once(_deployers)


def _deployers(stack: Stack) -> frozenset[str]:
    deploying = {role.urn for role in stack.of_type(ROLE) if deploys(role)}
    bounded = {urn for role in stack.of_type(ROLE) if role.urn in deploying for urn in boundaries_of(role, stack)}
    bounded -= {urn for role in stack.of_type(ROLE) if role.urn not in deploying for urn in boundaries_of(role, stack)}
    return frozenset(
        holder.urn for holder, roles in holdings(stack) if (holder.urn in bounded if roles is None else roles and roles <= deploying)
    )
