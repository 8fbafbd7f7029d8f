"""Who may do what on what: the roles' planned policy documents, read as a matrix of roles and AWS services."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from actions import READING, find
from local.previews import UNKNOWN, Plan, PlannedResource
from local.report.homes import called, homes_of
from local.report.words import short_arn

ROLE = "aws:iam/role:Role"
INLINE = "aws:iam/rolePolicy:RolePolicy"
ATTACHED = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"

SHORTEST_NAME = 6
"""Characters of a name that is told apart from other words of an ARN."""


@dataclass(frozen=True, kw_only=True)
class Grant:
    """One statement's actions of one service.

    Attributes:
        actions: without the service: `GetItem`.
        changes: whether any of them may change something, as far as the pack's table of actions tells.
        resources: short ARNs; `*` is everything.
        conditions: `key operator value`.
    """

    effect: str
    service: str
    actions: tuple[str, ...]
    changes: bool
    resources: tuple[str, ...]
    conditions: tuple[str, ...]

    @property
    def size(self) -> int:
        """How many actions are named."""
        return len(self.actions)


@dataclass(frozen=True, kw_only=True)
class RoleView:
    """A role: the resource's name and the role's own, who takes it on, and what it may do.

    Attributes:
        managed: ARNs of policies that are attached to it, whose content the plan doesn't hold.
        unread: policies of it that are no document at preview.
    """

    name: str
    layer: str
    physical_name: str
    taken_by: tuple[str, ...]
    bounded: bool
    grants: tuple[Grant, ...]
    managed: tuple[str, ...]
    unread: tuple[str, ...]

    def of(self, service: str) -> tuple[Grant, ...]:
        """What it may do with one service."""
        return tuple(grant for grant in self.grants if grant.service == service)


def roles_of(plan: Plan) -> tuple[RoleView, ...]:
    """The plan's roles, by name."""
    homes = homes_of(plan)
    roles = sorted((resource for resource in plan.resources if resource.type == ROLE), key=lambda role: role.name)
    return tuple(_role(plan, role, homes[role.urn]) for role in roles)


def services_of(roles: tuple[RoleView, ...]) -> tuple[str, ...]:
    """The services that any of the roles may do something with."""
    return tuple(sorted({grant.service for role in roles for grant in role.grants}))


def reach_of(plan: Plan) -> Mapping[tuple[str, str], set[str]]:
    """For each pair of layers, the services through which the first's roles may act on the second's resources.

    A resource counts if its name on AWS is in the ARN of a grant. What is granted by a wildcard or a condition alone doesn't count.
    """
    homes = homes_of(plan)
    layers = {name: homes[resource.urn] for resource in plan.resources if len(name := called(resource)) >= SHORTEST_NAME}
    reach: dict[tuple[str, str], set[str]] = {}
    for role in roles_of(plan):
        for grant in role.grants:
            named = {layers[name] for arn in grant.resources for name in _names_in(arn) if name in layers}
            for layer in named - {role.layer} if grant.effect == "Allow" else ():
                reach.setdefault((role.layer, layer), set()).add(grant.service)
    return reach


def _names_in(arn: str) -> Iterator[str]:
    """The names that an ARN's parts may be: of a table or repository after its kind, of a parameter with its leading slash, of a secret
    without the suffix that AWS adds, of a bucket before `/*`."""
    for part in re.split(r"[:*]|(?<=table)/|(?<=repository)/|/(?=\*)", arn):
        yield from (part, part.removesuffix("-??????"), part.removeprefix("parameter"))


def _role(plan: Plan, role: PlannedResource, layer: str) -> RoleView:
    grants: list[Grant] = []
    unread: list[str] = []
    managed: list[str] = []
    for resource in sorted(plan.resources, key=lambda resource: resource.name):
        if not _is_of(resource, role):
            continue
        if resource.type == INLINE:
            statements = _statements(resource.inputs.get("policy"))
            if statements is None:
                unread.append(resource.name)
            for statement in statements or ():
                grants += _grants(statement)
        elif resource.type == ATTACHED:
            arn = resource.inputs.get("policyArn")
            managed.append("a policy of this stack" if arn == UNKNOWN else str(arn))
    return RoleView(
        name=role.name,
        layer=layer,
        physical_name=str(role.inputs.get("name", "")),
        taken_by=tuple(_principals(role.inputs.get("assumeRolePolicy"))),
        bounded=role.inputs.get("permissionsBoundary") is not None,
        grants=tuple(sorted(grants, key=lambda grant: (grant.service, grant.effect, grant.resources, grant.actions))),
        managed=tuple(managed),
        unread=tuple(unread),
    )


def _is_of(resource: PlannedResource, role: PlannedResource) -> bool:
    return role.urn in resource.property_dependencies.get("role", ()) or (
        resource.type in (INLINE, ATTACHED) and resource.inputs.get("role") == role.inputs.get("name")
    )


def _statements(document: Any) -> list[Mapping[str, Any]] | None:
    """A document's statements; None where it isn't known or is no document."""
    try:
        content = json.loads(document) if isinstance(document, str) else document
        statements = content["Statement"]
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    found = cast("list[Any]", statements if isinstance(statements, list) else [statements])
    return [cast("Mapping[str, Any]", one) for one in found if isinstance(one, Mapping)]


def _grants(statement: Mapping[str, Any]) -> Iterator[Grant]:
    """One grant for each service that a statement names."""
    turned = "NotAction" in statement
    by_service: dict[str, list[str]] = {}
    for action in _texts(statement.get("NotAction" if turned else "Action")):
        service, _, name = action.rpartition(":")
        by_service.setdefault(service or "*", []).append(name)
    resources = [short_arn(arn) for arn in _texts(statement.get("Resource"))]
    resources += [f"everything but {short_arn(arn)}" for arn in _texts(statement.get("NotResource"))]
    for service, actions in by_service.items():
        yield Grant(
            effect=str(statement.get("Effect", "")) + (" all but" if turned else ""),
            service=service,
            actions=tuple(sorted(actions)),
            changes=any(_changes(service, action) for action in actions),
            resources=tuple(resources),
            conditions=tuple(_conditions(statement.get("Condition"))),
        )


def _changes(service: str, action: str) -> bool:
    known = find(f"{service}:{action}")
    return known is None or known.level not in READING


def _conditions(condition: Any) -> Iterator[str]:
    for operator, entries in _entries(condition):
        for key, value in _entries(entries):
            yield f"{key} {operator} {', '.join(_texts(value))}"


def _principals(document: Any) -> Iterator[str]:
    for statement in _statements(document) or ():
        principal = statement.get("Principal")
        if isinstance(principal, str):
            yield principal
        for _, names in _entries(principal):
            yield from _texts(names)


def _entries(value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        yield from cast("Mapping[str, Any]", value).items()


def _texts(value: Any) -> list[str]:
    """A text or a list of them, as a list."""
    if value is None:
        return []
    found = cast("list[Any]", value if isinstance(value, list) else [value])
    return [one if isinstance(one, str) else json.dumps(one) for one in found]
