"""Containment, what the roles of this system may do: read, and write what one list names. No approval and no exemption lifts it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from documents import PLACES, DocumentKind, Statement, allows_of
from graph import Linked
from plain import Plain, Unknown, items, leaves, shown, texts
from rule import Finding, Resource, Severity, Stack
from rules.aws.holdings import CALLED, holdings
from rules.aws.identity_holders import ATTACHABLE, ATTACHMENTS
from rules.aws.trust import TAKERS
from system import evolution_rule
from tokens import AGENT_GATEWAY, FUNCTION, IAM_POLICY, ROLE, ROLE_POLICY, SCHEDULE
from writes import Part, beyond, listed

RESUME, SWITCH = "evolution-resume", "evolution-safety-switch"
"""The first parts of the names of the functions that may touch what halts."""

ROLE_ARN = re.compile(r"arn:[^:]*:iam::\d*:role/(?!aws-service-role/).+", re.DOTALL)
"""A role, but for those that AWS makes for its services."""

NAMES_ROLE = re.compile(r".*role(arns?|s)?", re.IGNORECASE)
"""How properties are called that name a role."""

NOT_OF_AWS = ("pulumi:", "evolution:")
"""The first parts of the types that are nothing on AWS. A provider's role is whose deployment it is."""

Parts = frozenset[Part]

NOBODY: Parts = frozenset({Part.OTHER})
"""What a grant is held to that isn't known to be somebody's."""


def _part_of(taker: Resource, stack: Stack) -> Part:
    if taker.type == FUNCTION:
        return {f"{SWITCH}-{stack.name}": Part.SWITCH, f"{RESUME}-{stack.name}": Part.RESUME}.get(str(taker.at("name")), Part.OTHER)
    return {AGENT_GATEWAY: Part.GATEWAY, SCHEDULE: Part.SCHEDULES}.get(taker.type, Part.OTHER)


def takers(stack: Stack) -> Sequence[tuple[str, Resource, str]]:
    """The URN of each role that is taken on, by what, and the property that says so."""
    found: list[tuple[str, Resource, str]] = []
    roles = {role.urn: role for role in stack.of_type(ROLE)}
    by_name = {name: urn for urn, role in roles.items() if isinstance(name := role.at("name"), str)}
    for resource in stack.resources:
        for name in () if resource.type in ATTACHMENTS or resource.type == ROLE_POLICY else resource.props:
            if name in TAKERS.get(resource.type, ()) or "role" in name.lower():
                urns = {one.urn for one in resource.comes_from(name) if one.urn in roles}
                urns |= {by_name[last] for text in texts(resource.at(name)) if (last := text.rpartition("/")[2]) in by_name}
                found += [(urn, resource, name) for urn in sorted(urns)]
    return found


def parts_of_roles(stack: Stack) -> Mapping[str, Part]:
    """By the URN of each role that is taken on, the one part that takes it on; a role of two parts is any other's."""
    taken: defaultdict[str, set[Part]] = defaultdict(set)
    for urn, resource, _ in stack.once(takers):
        taken[urn].add(_part_of(resource, stack))
    return {urn: next(iter(parts)) if len(parts) == 1 else Part.OTHER for urn, parts in taken.items()}


def refused(statement: Statement, parts: Parts, stack: Stack) -> list[str]:
    """What a statement allows that these parts' roles may not hold; of a boundary (no parts), what no part's may."""
    if parts:
        return list(dict.fromkeys(one for part in sorted(parts, key=str) for one in beyond(statement, part, stack.name)))
    first, *others = (dict.fromkeys(beyond(statement, part, stack.name)) for part in Part)
    return [one for one in first if all(one in other for other in others)]


def said(names: list[str]) -> str:
    """How a message lists what is refused, with what the list has to say of the first."""
    more = f" and {len(names) - 1} more" if len(names) > 1 else ""
    why = listed(names[0])
    return f"{names[0]}{more}; it must only read, and write what policy/writes.py lists" + (f" ({why})" if why else "") + "."


@evolution_rule(
    id="containment/grants",
    severity=Severity.CRITICAL,
    protects="What watches and halts evolution, from what it watches.",
    why="Code that was taken over does whatever its role may: a write that nobody listed may switch off an alarm, the topic, the switch, "
    "the guardrail, the web ACL, the key or a log.",
    fix="Remove the action, or narrow its resource. A write that the system really needs is added to WRITES in policy/writes.py, with its "
    "reason, by whoever reviews the pack.",
)
def grants(stack: Stack) -> Iterator[Finding]:
    parts_of = stack.once(parts_of_roles)
    for holder, roles in holdings(stack):
        parts: Parts = frozenset() if roles is None else frozenset(parts_of.get(urn, Part.OTHER) for urn in roles) or NOBODY
        for statement in allows_of(holder):
            if statement.kind is DocumentKind.IDENTITY and (names := refused(statement, parts, stack)):
                yield Finding(f"{statement.where} allows {said(names)}", holder)


@evolution_rule(
    id="containment/managed-policies",
    severity=Severity.CRITICAL,
    protects="What watches and halts evolution, from policies that nobody here can read.",
    why="A policy from elsewhere may grant anything, and is changed by others.",
    fix="Write the grants into a policy of this stack.",
)
def managed_policies(stack: Stack) -> Iterator[Finding]:
    policies = Linked(stack, IAM_POLICY, CALLED)
    names = {name for policy in policies.all.values() if isinstance(name := policy.at("name"), str)}
    for one in stack.resources:
        if one.type not in ATTACHMENTS:
            continue
        ours = any(reference.urn in policies.all for reference in one.comes_from(ATTACHMENTS[one.type]))
        for value in items(one.at(ATTACHMENTS[one.type])):
            if isinstance(value, Unknown):
                known = ours
            else:
                _, _, name = str(value).partition(":policy/")
                known = name in ATTACHABLE or (name.rpartition("/")[2] in names and "::aws:" not in str(value))
            if not known:
                yield Finding(
                    f"{ATTACHMENTS[one.type]} is {shown(value)}, which nobody here can read; it must be a policy of this stack.", one
                )


@evolution_rule(
    id="containment/trust",
    types={ROLE},
    severity=Severity.CRITICAL,
    protects="Each role from being taken on by another one, or by somebody from outside.",
    why="A role that may take on another one has its rights: the engine would write the mode as the switch.",
    fix="Trust the service of AWS that takes the role on, and nothing else.",
)
def trust(role: Resource) -> Iterator[Finding]:
    for statement in allows_of(role):
        if statement.kind is not DocumentKind.TRUST:
            continue
        if statement.excepted_principals:
            yield Finding(f"{statement.where} trusts everybody but a NotPrincipal; it must trust a service of AWS.")
        for principal in statement.principals if not statement.excepted_principals else ():
            if principal.kind != "Service":
                yield Finding(f"{statement.where} trusts {shown(principal.name)}; it must trust a service of AWS, and nobody else.")


@evolution_rule(
    id="containment/own-roles",
    severity=Severity.CRITICAL,
    protects="What watches and halts evolution, from a role that nobody here has read.",
    why="What takes on a role from elsewhere, or hands one to a service, does whatever that role may.",
    fix="Pass the arn of a role of this stack.",
)
def own_roles(stack: Stack) -> Iterator[Finding]:
    """Every role that something names, at any depth, is one of the stack; where it isn't known yet, it comes from one."""
    roles = {role.urn for role in stack.of_type(ROLE)}
    names = {name for role in stack.of_type(ROLE) if isinstance(name := role.at("name"), str)}
    for resource in stack.resources:
        if resource.type.startswith(NOT_OF_AWS):
            continue
        place = PLACES.get(resource.type)
        for key, value in resource.props.items():
            if place and key == place.property_name:
                continue
            ours = any(one.urn in roles for one in resource.comes_from(key))
            if not ours and any(isinstance(one, Unknown) for one in _roles_in(value, key)):
                yield Finding(f"{key} holds a role that is not known at preview; it must come from a role of this stack.", resource)
            for text in texts(value):
                if ROLE_ARN.fullmatch(text) and text.rpartition("/")[2] not in names:
                    yield Finding(
                        f"{key} holds the role {shown(text)}, which this stack doesn't make; it must be one that it does.", resource
                    )


def _roles_in(value: Plain, key: str) -> Iterator[Plain]:
    """The values, at any depth, of what is called a role."""
    yield from (one for name, one in leaves(value, key) if NAMES_ROLE.fullmatch(name))
