"""Which role may do what: the roles' planned policy documents, as a matrix of roles and AWS services."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from actions import READING, find
from documents import Statement, statements_of, unreadable
from local.previews import Plan
from plain import UNKNOWN, items, shown
from report.judged import stack_of
from report.words import called, homes_of, short_arn
from rule import Resource, Stack
from tokens import ROLE, ROLE_ATTACHMENT, ROLE_POLICY

SHORTEST_NAME = 6
"""Characters. A shorter name can't be told apart from other words of an ARN."""


@dataclass(frozen=True, kw_only=True)
class Grant:
    """The actions of one service in one statement.

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


@dataclass(frozen=True, kw_only=True)
class RoleView:
    """A role: the resource's name and the role's own, who may assume it, and what it may do.

    Attributes:
        managed: ARNs of the attached policies, whose content isn't in the plan.
        unread: its policies that can't be read at preview.
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
    homes, stack = homes_of(plan), stack_of(plan)
    return tuple(_role(stack, role, homes[role.urn]) for role in sorted(stack.of_type(ROLE), key=lambda role: role.name))


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


def _role(stack: Stack, role: Resource, layer: str) -> RoleView:
    inline, attached = (
        [
            one
            for one in sorted(stack.of_type(kind), key=lambda one: one.name)
            if role.urn in {reference.urn for reference in one.comes_from("role")} or one.at("role") == role.at("name")
        ]
        for kind in (ROLE_POLICY, ROLE_ATTACHMENT)
    )
    grants = [grant for policy in inline for statement in statements_of(policy) for grant in _grants(statement)]
    arns = [policy.at("policyArn") for policy in attached]
    return RoleView(
        name=role.name,
        layer=layer,
        physical_name=str(role.at("name") or ""),
        taken_by=tuple(str(principal) for statement in statements_of(role) for principal in statement.principals),
        bounded=role.at("permissionsBoundary") is not None,
        grants=tuple(sorted(grants, key=lambda grant: (grant.service, grant.effect, grant.resources, grant.actions))),
        managed=tuple("a policy of this stack" if arn is UNKNOWN else str(arn) for arn in arns),
        unread=tuple(policy.name for policy in inline if any(unreadable(policy))),
    )


def _grants(statement: Statement) -> Iterator[Grant]:
    """One grant for each service that a statement names."""
    by_service: dict[str, list[str]] = {}
    for action in statement.actions or statement.excepted_actions:
        service, _, name = action.rpartition(":")
        by_service.setdefault(service or "*", []).append(name)
    resources = [short_arn(arn) for arn in statement.resources]
    resources += [f"everything but {short_arn(arn)}" for arn in statement.excepted_resources]
    for service, actions in by_service.items():
        known = [find(f"{service}:{action}") for action in actions]
        yield Grant(
            effect=("Allow" if statement.allows else "Deny") + (" all but" if statement.excepted_actions else ""),
            service=service,
            actions=tuple(sorted(actions)),
            changes=any(one is None or one.level not in READING for one in known),
            resources=tuple(resources),
            conditions=tuple(
                f"{key} {operator} {', '.join(one if isinstance(one, str) else shown(one) for one in items(values))}"
                for operator, tests in statement.conditions.items()
                if isinstance(tests, dict)
                for key, values in tests.items()
            ),
        )
