"""The approved grants: no document of this system gives more access than reviewers have approved, and those of its guards no less."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from account_documents import AccountDocument, documents_of
from approval import (
    ADDING_UP,
    GROUPS,
    GUARDING_ROLES,
    GUARDS,
    KEY_USES,
    RECORDING,
    STORES,
    UNDER_KEY,
    Grants,
    grants,
    names_of,
    recording,
    written,
)
from choices import NAMES_OF, REFERENCE, approved_for, called, is_known, name_in
from covering import lacks
from documents import PLACES, DocumentKind, Statement, statements_of
from globs import meet
from plain import Plain, items
from properties import SYSTEM, Shape, shaped_rule
from properties import approved as approved_in
from rule import Finding, Resource, Severity, Stack, about
from rules.aws.holdings import boundaries_of, holdings
from rules.aws.identity_holders import HOLDERS
from tokens import ENDPOINT, KEY, KEY_ALIAS, ROLE

LONGEST = 1200
"""Characters of a document's difference that a message shows."""

APPROVE = "Take it back; or, if it is needed, let the reviewers of policy/ approve it: `make approve` writes policy/approved again."


@shaped_rule(
    id="approved/new-access",
    severity=Severity.CRITICAL,
    protects="The system, and its account, from access that nobody has approved: who may do what, to what, and when.",
    why="A grant is only safe until something uses it; a list of bad ones is never complete.",
    fix=APPROVE,
)
def new_access(stack: Stack, shape: Shape) -> Iterator[Finding]:
    found = stack.once(_of_account) if shape.closed else ((one, _more(one)) for one in _documents(stack, grants(stack)))
    for document, more in found:
        if more:
            yield Finding(f"its document gives access that nobody has approved: {_said(more)}.", document.resource)


@shaped_rule(
    id="approved/guards",
    severity=Severity.CRITICAL,
    protects="The way from an alarm to the halt, the record, and an account's state, from a grant that is missing, or is taken away by a "
    "boundary or a trust.",
    why="An alarm that may not publish, a topic that may not use its key, a schedule that may not invoke, a switch whose role nobody may "
    "take on: each halts nothing.",
    fix=APPROVE,
)
def guards(stack: Stack, shape: Shape) -> Iterator[Finding]:
    """In an account's project each document is one of these."""
    yield from _guards_of_account(stack) if shape.closed else _guards(stack)


def _guards_of_account(stack: Stack) -> Iterator[Finding]:
    for one, more in stack.once(_of_account):
        if more:
            continue  # approved/new-access says it: another value is both less and more
        if not one.may_lack and (lost := _beyond(one.statements, one.approved, allows=True)):
            yield Finding(f"its document lacks what it must let through: {_said(lost)}.", one.resource)
        if denied := _beyond(one.approved, one.statements, allows=False):
            yield Finding(f"its document denies what nobody has approved: {_said(denied)}.", one.resource)


def _guards(stack: Stack) -> Iterator[Finding]:
    """What key, topic, dead letters, scheduler and switch allow may get no less, and what they deny no more; nor buckets, log groups
    and flow logs, which keep the record; and no role what it writes its own down with, nor an endpoint what passes it for that. A role may
    do only what its boundary allows, too, so that lets all of this through, and denies nothing; and whoever takes a role on still may."""
    approved = grants(stack)
    for endpoint in stack.of_type(ENDPOINT):
        yield from about(endpoint, _passes_less(endpoint, approved))
    for role in stack.of_type(ROLE):
        yield from about(role, _trusts_less(role, approved.trust(str(role.at("name")))))
    for one in (*_of_groups(stack, approved), *_of_roles(stack, approved)):
        if lost := _beyond(one.statements, one.wanted, allows=True):
            yield Finding(f"its document lacks what halts evolution, or records it: {_said(lost)}.", one.resource)
        if denied := _beyond(one.wanted, one.statements, allows=False):
            yield Finding(f"its document denies what nobody has approved: {_said(denied)}.", one.resource)


def _more(one: Document) -> list[Statement]:
    """The access that a document gives beyond what is approved."""
    return _beyond(one.allowed, one.statements, allows=True) + _beyond(one.denials, one.required, allows=False)


def _beyond(outer: Sequence[Statement], inner: Sequence[Statement], *, allows: bool) -> list[Statement]:
    """What statements of one effect say beyond others."""
    others = [one for one in outer if one.allows is allows]
    return [more for one in inner if one.allows is allows and (more := lacks(others, one))]


@dataclass(frozen=True, kw_only=True)
class Guard:
    """What statements must allow, and may deny, and of which resource it is told if they don't, or if they deny more."""

    resource: Resource
    wanted: Sequence[Statement]
    statements: Sequence[Statement]


def _of_groups(stack: Stack, approved: Grants) -> Iterator[Guard]:
    """What the documents of resources say: each by itself, because a resource has one. A new resource's makes up for nothing, but where
    they are the account's."""
    names = names_of(stack)
    groups: defaultdict[str, list[tuple[Resource, list[Statement]]]] = defaultdict(list)
    for resource in stack.resources:
        if (group := GROUPS.get(resource.type, "")) in GUARDS and (said := [*statements_of(resource)]):
            groups[group].append((resource, said))
    for group, documents in groups.items():
        wanted, denials = approved.document(group), [one for one in approved.document(group) if not one.allows]
        together: list[Statement] = []
        for resource, said in documents:
            known = is_known(resource, SYSTEM, names)
            alone = group not in ADDING_UP and (known or group in STORES)
            together += [one for one in said if one.allows and (known or group in ADDING_UP)]
            statements = [one for one in said if not _is_free(group, one, approved)]
            yield Guard(resource=resource, wanted=_named(wanted, said) if alone else denials, statements=statements)
        rest = wanted if group in ADDING_UP else _named(wanted, together, named=False)
        first = next((one for one, _ in documents if is_known(one, SYSTEM, names)), documents[0][0])
        yield Guard(resource=first, wanted=rest, statements=together)


def _named(statements: Sequence[Statement], others: Sequence[Statement], *, named: bool = True) -> Sequence[Statement]:
    """Of statements what is about resources that others name, or about those that they don't."""
    names = {resource for one in others for resource in one.resources}
    parts = [(one, tuple(its for its in one.resources if any(meet(its, name) for name in names) is named)) for one in statements]
    return [replace(one, resources=resources) for one, resources in parts if resources]


def _of_roles(stack: Stack, approved: Grants) -> Iterator[Guard]:
    """What roles are granted, and what their boundaries let through. That a role has another's boundary, `approved/choices` says."""
    keys, bounded, names = _by_alias(stack), _bounded(stack), names_of(stack)
    roles = {role.urn: str(role.at("name")) for role in stack.of_type(ROLE)}
    granted: defaultdict[str, list[tuple[Resource, list[Statement]]]] = defaultdict(list)
    for holder, urns in holdings(stack):
        statements = _identity(holder, keys)
        if holder.urn in bounded:
            its_roles = {names.fill(one) for one in _roles_of(called(holder, names))} & {roles[urn] for urn in bounded[holder.urn]}
            kept = [one for name in sorted(its_roles) for one in _kept(name, approved.role(name)) if one.allows]
            yield Guard(resource=holder, wanted=kept, statements=statements)
        for name in {roles[urn] for urn in urns or () if urn in roles}:
            own = approved.role(name)
            denied = [one for one in statements if not one.allows and _matters(name, one, own)]
            yield Guard(resource=holder, wanted=[one for one in own if not one.allows], statements=denied)
            granted[name].append((holder, [one for one in statements if one.allows]))
    for name, held in granted.items():
        holder = next((one for one, given in held if given), held[0][0])
        yield Guard(resource=holder, wanted=_kept(name, approved.role(name)), statements=[one for _, given in held for one in given])


def _bounded(stack: Stack) -> Mapping[str, Sequence[str]]:
    """By the URN of each boundary, the URNs of its roles."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for role in stack.of_type(ROLE):
        for urn in sorted(boundaries_of(role, stack)):
            found[urn].append(role.urn)
    return found


def _trusts_less(role: Resource, wanted: Sequence[Statement]) -> Iterator[Finding]:
    """Of whom a role doesn't trust any more: what nobody can take on does nothing."""
    trust = [one for one in statements_of(role) if one.kind is DocumentKind.TRUST]
    if lost := _beyond(trust, wanted, allows=True):
        yield Finding(f"its trust lacks who takes it on: {_said(lost)}.")
    if denied := _beyond(wanted, trust, allows=False):
        yield Finding(f"its trust denies what nobody has approved: {_said(denied)}.")


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


def _of_account(stack: Stack) -> list[tuple[AccountDocument, list[Statement]]]:
    """The documents of an account's project, with the access that each gives beyond what is approved."""
    return [
        (one, _beyond(one.approved, one.statements, allows=True) + _beyond(one.statements, one.approved, allows=False))
        for one in documents_of(stack)
    ]


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
    """What roles are granted, and what their boundaries let through: that must be within what is granted to those that have it."""
    names = {role.urn: str(role.at("name")) for role in stack.of_type(ROLE)}
    bounded, its_names = _bounded(stack), names_of(stack)
    keys = _by_alias(stack)
    held = [(holder, urns, _identity(holder, keys)) for holder, urns in holdings(stack)]
    denials: defaultdict[str, list[Statement]] = defaultdict(list)
    for _, urns, statements in held:
        for urn in urns or ():
            denials[urn] += [one for one in statements if not one.allows]
    for holder, urns, statements in held:
        if urns is None:
            own = [one for name in _roles_of(called(holder, its_names)) for one in approved.role(its_names.fill(name))]
            given = [one for _, others, found in held if others and not others.isdisjoint(bounded[holder.urn]) for one in found]
            yield Document(resource=holder, statements=statements, allowed=(*own, *given))
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


@lru_cache(maxsize=16)
def _roles_of(boundary: str) -> Sequence[str]:
    """The names, with placeholders, of the roles that are approved to have what the program calls so as their boundary."""
    roles = [approved_for(SYSTEM, ROLE, name_in(name)).parts for name in items(approved_in(SYSTEM)["types"][ROLE][NAMES_OF])]
    having = [one for one in roles if boundary in (one[f"{REFERENCE}permissionsBoundary"].allowed or ())]
    return [str(name) for one in having for name in one["name"].allowed or ()]


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
