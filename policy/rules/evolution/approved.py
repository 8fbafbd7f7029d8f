"""The approved grants: no document of this system gives more access than reviewers have approved, and those of its guards no less."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from approval import GROUPS, GUARDING_ROLES, GUARDS, KEY_USES, RECORDING, STORES, UNDER_KEY, Grants, grants, recording, written
from covering import lacks
from documents import PLACES, DocumentKind, Statement, statements_of
from globs import meet
from plain import Plain
from rule import Finding, Resource, Severity, Stack, about
from rules.aws.holdings import boundaries_of, holdings
from rules.aws.identity_holders import HOLDERS
from system import evolution_rule
from tokens import ENDPOINT, KEY, KEY_ALIAS, ROLE

LONGEST = 1200
"""Characters of a document's difference that a message shows."""

APPROVE = "Take it back; or, if it is needed, let the reviewers of policy/ approve it: `make approve` writes policy/approved again."


@evolution_rule(
    id="approved/new-access",
    severity=Severity.CRITICAL,
    protects="The system from access that nobody has approved: who may do what, to what, and when.",
    why="A grant is only safe until something uses it; a list of bad ones is never complete.",
    fix=APPROVE,
)
def new_access(stack: Stack) -> Iterator[Finding]:
    for document in _documents(stack, grants(stack)):
        beyond = [more for one in document.statements if one.allows and (more := lacks(document.allowed, one))]
        beyond += [less for one in document.required if (less := lacks(document.denials, one))]
        if beyond:
            yield Finding(f"its document gives access that nobody has approved: {_said(beyond)}.", document.resource)


@evolution_rule(
    id="approved/guards",
    severity=Severity.CRITICAL,
    protects="The way from an alarm to the halt, from a grant that is missing there.",
    why="An alarm that may not publish, a topic that may not use its key, a schedule that may not invoke: each halts nothing.",
    fix=APPROVE,
)
def guards(stack: Stack) -> Iterator[Finding]:
    """What key, topic, dead letters, scheduler and switch allow may get no less, and what they deny no more; nor buckets, log groups
    and flow logs, which keep the record; and no role what it writes its own down with, nor an endpoint what passes it for that. A denial in
    a boundary is one in each role that has it, and no boundary that is approved denies anything."""
    approved = grants(stack)
    for endpoint in stack.of_type(ENDPOINT):
        yield from about(endpoint, _passes_less(endpoint, approved))
    keys = _by_alias(stack)
    held: defaultdict[str, list[tuple[Resource, Statement]]] = defaultdict(list)
    for resource in stack.resources:
        if (group := GROUPS.get(resource.type, "")) in GUARDS:
            held[group] += [(resource, one) for one in statements_of(resource)]
    wanted = {group: approved.document(group) for group in held}
    roles = {role.urn: str(role.at("name")) for role in stack.of_type(ROLE)}
    bounding = {urn for role in stack.of_type(ROLE) for urn in boundaries_of(role, stack)}
    for holder, urns in holdings(stack):
        if holder.urn in bounding and (denied := [one for one in _identity(holder, keys) if not one.allows]):
            yield Finding(f"it is a boundary, and its document denies what nobody has approved: {_said(denied)}.", holder)
        for name in {roles[urn] for urn in urns or () if urn in roles}:
            held[name] += [(holder, one) for one in _identity(holder, keys)]
            wanted[name] = _kept(name, approved.role(name))
    for name, found in held.items():
        statements = [one for _, one in found]
        lost = [less for one in wanted[name] if one.allows and (less := lacks([it for it in statements if it.allows], one))]
        if lost:
            yield Finding(f"its document lacks what halts evolution, or records it: {_said(lost)}.", next((one for one, _ in found), None))
        for resource, one in found:
            if one.allows or (name in roles.values() and not _matters(name, one, approved.role(name))) or _is_free(name, one, approved):
                continue
            if more := lacks([it for it in wanted[name] if not it.allows], one):
                yield Finding(f"its document denies what nobody has approved: {_said([more])}.", resource)


def _kept(name: str, approved: Sequence[Statement]) -> Sequence[Statement]:
    """What a role may not lose of what is approved for it: all where it guards, else what it records with."""
    return approved if name.startswith(GUARDING_ROLES) else recording(approved, _needed(approved))


def _needed(approved: Sequence[Statement]) -> frozenset[str]:
    """The actions that a role records with."""
    under_key = any(action in UNDER_KEY for one in approved if one.allows for action in one.actions)
    return RECORDING | KEY_USES if under_key else RECORDING


def _matters(name: str, denial: Statement, approved: Sequence[Statement] = ()) -> bool:
    """Whether what is denied to a role, or by an endpoint, is what it guards or records with."""
    return (
        name.startswith(GUARDING_ROLES)
        or bool(denial.excepted_actions)
        or any(meet(one, it) for one in denial.actions for it in _needed(approved))
    )


def _passes_less(endpoint: Resource, approved: Grants) -> Iterator[Finding]:
    """What an endpoint doesn't let through of what records: it is the only way for whoever asks by the service's own name."""
    statements = [replace(one, principals=()) for one in statements_of(endpoint)]
    wanted = approved.endpoint(str(endpoint.at("serviceName")))
    allowed = [one for one in statements if one.allows]
    if lost := [less for one in wanted if (less := lacks(allowed, one))]:
        yield Finding(f"its document doesn't let through what halts evolution, or records it: {_said(lost)}.", endpoint)
    if denied := [one for one in statements if not one.allows and _matters("", one)]:
        yield Finding(f"its document denies what nobody has approved: {_said(denied)}.", endpoint)


@dataclass(frozen=True, kw_only=True)
class Document:
    """What a resource's document says, the approved statements that what it allows must be within, and what must still be denied, by it or
    by another of the same holder."""

    resource: Resource
    statements: Sequence[Statement]
    allowed: Sequence[Statement]
    required: Sequence[Statement] = ()
    denials: Sequence[Statement] = ()


def _documents(stack: Stack, approved: Grants) -> Iterator[Document]:
    for role in stack.of_type(ROLE):
        trust = [one for one in statements_of(role) if one.kind is DocumentKind.TRUST]
        yield _keeping(role, trust, approved.trust(str(role.at("name"))))
    yield from _of_holders(stack, approved)
    for resource in stack.resources:
        place = PLACES.get(resource.type)
        if place and place.kind is DocumentKind.ENDPOINT:
            anybody = [replace(one, principals=()) for one in statements_of(resource)]
            yield Document(resource=resource, statements=anybody, allowed=approved.granted())
        elif place and resource.type not in HOLDERS:
            group = GROUPS.get(resource.type, "")
            statements = [one for one in statements_of(resource) if not _is_free(group, one, approved)]
            yield _keeping(resource, statements, approved.document(group))


def _keeping(resource: Resource, statements: Sequence[Statement], approved: Sequence[Statement]) -> Document:
    """A document that still denies what is approved about all that it names."""
    named = {resource for one in statements for resource in one.resources}
    denied = [(one, tuple(name for name in one.resources if name in named)) for one in approved if not one.allows]
    return Document(
        resource=resource,
        statements=statements,
        allowed=[one for one in approved if one.allows],
        required=[replace(one, resources=names) for one, names in denied if names or not one.resources],
        denials=[one for one in statements if not one.allows],
    )


def _of_holders(stack: Stack, approved: Grants) -> Iterator[Document]:
    """What roles are granted, and what their boundaries let through: that must be within what any role of the stack is granted."""
    names = {role.urn: str(role.at("name")) for role in stack.of_type(ROLE)}
    keys = _by_alias(stack)
    held = [(holder, urns, _identity(holder, keys)) for holder, urns in holdings(stack)]
    denials: defaultdict[str, list[Statement]] = defaultdict(list)
    for _, urns, statements in held:
        for urn in urns or ():
            denials[urn] += [one for one in statements if not one.allows]
    for holder, urns, statements in held:
        if urns is None:
            granted = [one for _, urns, given in held if urns is not None for one in given]
            yield Document(resource=holder, statements=statements, allowed=(*approved.granted(), *granted))
        elif not urns:
            yield Document(resource=holder, statements=statements, allowed=())
        for urn in sorted(urns or ()):
            own = approved.role(names.get(urn, ""))
            yield Document(
                resource=holder,
                statements=statements,
                allowed=[one for one in own if one.allows],
                required=[one for one in own if not one.allows],
                denials=denials[urn],
            )


def _by_alias(stack: Stack) -> Mapping[str, str]:
    """The names of the aliases that this stack gives to keys of its own, by the keys' ARNs; of those keys that AWS has made."""
    found: dict[str, str] = {}
    for alias in stack.of_type(KEY_ALIAS):
        target, name = alias.at("targetKeyId"), alias.at("name")
        for key in stack.of_type(KEY):
            arn = key.at("arn")
            if isinstance(arn, str) and isinstance(name, str) and target in (arn, key.at("keyId")):
                found[arn] = name
    return found


def _identity(holder: Resource, keys: Mapping[str, str]) -> list[Statement]:
    """What is granted. The program names a key by its alias until AWS has made it, and by its ARN from then on: that is the same key."""
    return [_named_by_alias(one, keys) for one in statements_of(holder) if one.kind is DocumentKind.IDENTITY]


def _named_by_alias(statement: Statement, keys: Mapping[str, str]) -> Statement:
    if len(statement.resources) != 1 or statement.resources[0] not in keys:
        return statement
    arn = statement.resources[0]
    any_key = f"{arn.rpartition('/')[0]}/*"
    alias = {"ForAnyValue:StringEquals": {"kms:ResourceAliases": keys[arn]}}
    if alias.keys() & statement.conditions.keys():
        return statement
    return replace(statement, resources=(any_key,), conditions={**statement.conditions, **alias})


def _is_free(group: str, statement: Statement, approved: Grants) -> bool:
    """Whether a statement is about a store of which nothing is approved: only what it names."""
    known = [resource for one in approved.document(group) for resource in one.resources]
    return group in STORES and bool(statement.resources) and not any(meet(one, its) for one in statement.resources for its in known)


def _said(statements: Sequence[Statement]) -> str:
    """Statements, in IAM's spelling."""
    said: list[Plain] = [written(one) for one in statements]
    text = json.dumps(said[0] if len(said) == 1 else said, ensure_ascii=False)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}... ({len(said)} statements)"
