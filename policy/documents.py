"""IAM documents: where resources carry them, and how they are read. What can't be read is a finding, never a pass."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

import other_types
import tokens as t
from plain import NotJsonError, Plain, Unknown, dig, items, parse, shown
from rule import Finding, Resource


class DocumentKind(Enum):
    """What a document is attached to; it decides what the resource `*` means in it."""

    IDENTITY = "identity"
    TRUST = "trust"
    RESOURCE = "resource"
    KEY = "key"
    """In a key's own policy, `*` is that key."""
    ENDPOINT = "endpoint"
    """What may pass through a VPC endpoint, to whatever resource."""


TRUSTED = (DocumentKind.TRUST, DocumentKind.RESOURCE, DocumentKind.KEY, DocumentKind.ENDPOINT)
"""Documents that say whom they allow; an identity policy allows its holder."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DocumentPlace:
    """A property that holds a document. An optional one that is missing leaves the service's default."""

    property_name: str
    kind: DocumentKind
    optional: bool = False


PLACES: dict[str, DocumentPlace] = {
    t.ROLE_POLICY: DocumentPlace(property_name="policy", kind=DocumentKind.IDENTITY),
    t.IAM_POLICY: DocumentPlace(property_name="policy", kind=DocumentKind.IDENTITY),
    t.USER_POLICY: DocumentPlace(property_name="policy", kind=DocumentKind.IDENTITY),
    t.GROUP_POLICY: DocumentPlace(property_name="policy", kind=DocumentKind.IDENTITY),
    t.PERMISSION_SET_POLICY: DocumentPlace(property_name="inlinePolicy", kind=DocumentKind.IDENTITY),
    t.ROLE: DocumentPlace(property_name="assumeRolePolicy", kind=DocumentKind.TRUST),
    t.KEY: DocumentPlace(property_name="policy", kind=DocumentKind.KEY, optional=True),
    t.REPLICA_KEY: DocumentPlace(property_name="policy", kind=DocumentKind.KEY, optional=True),
    t.EXTERNAL_KEY: DocumentPlace(property_name="policy", kind=DocumentKind.KEY, optional=True),
    t.KEY_POLICY: DocumentPlace(property_name="policy", kind=DocumentKind.KEY),
    t.ENDPOINT: DocumentPlace(property_name="policy", kind=DocumentKind.ENDPOINT, optional=True),
    t.ENDPOINT_POLICY: DocumentPlace(property_name="policy", kind=DocumentKind.ENDPOINT, optional=True),
    t.BACKUP_VAULT_POLICY: DocumentPlace(property_name="policy", kind=DocumentKind.RESOURCE),
    t.AGENT_RESOURCE_POLICY: DocumentPlace(property_name="policy", kind=DocumentKind.RESOURCE),
    t.EVENT_BUS_POLICY: DocumentPlace(property_name="policy", kind=DocumentKind.RESOURCE),
    t.LOG_DESTINATION_POLICY: DocumentPlace(property_name="accessPolicy", kind=DocumentKind.RESOURCE),
    t.LOG_RESOURCE_POLICY: DocumentPlace(property_name="policyDocument", kind=DocumentKind.RESOURCE),
    t.TABLE_POLICY: DocumentPlace(property_name="policy", kind=DocumentKind.RESOURCE),
    t.REGISTRY_POLICY: DocumentPlace(property_name="policy", kind=DocumentKind.RESOURCE),
    t.REPOSITORY_POLICY: DocumentPlace(property_name="policy", kind=DocumentKind.RESOURCE),
    t.FILE_SYSTEM_POLICY: DocumentPlace(property_name="policy", kind=DocumentKind.RESOURCE),
    t.STREAM_POLICY: DocumentPlace(property_name="policy", kind=DocumentKind.RESOURCE),
    t.FUNCTION_POLICY: DocumentPlace(property_name="policy", kind=DocumentKind.RESOURCE),
    t.SEARCH_DOMAIN_POLICY: DocumentPlace(property_name="accessPolicies", kind=DocumentKind.RESOURCE),
    t.BUCKET: DocumentPlace(property_name="policy", kind=DocumentKind.RESOURCE, optional=True),
    t.BUCKET_POLICY: DocumentPlace(property_name="policy", kind=DocumentKind.RESOURCE),
    t.BUCKET_ACCESS_POINT_POLICY: DocumentPlace(property_name="policy", kind=DocumentKind.RESOURCE),
    t.SECRET: DocumentPlace(property_name="policy", kind=DocumentKind.RESOURCE, optional=True),
    t.SECRET_POLICY: DocumentPlace(property_name="policy", kind=DocumentKind.RESOURCE),
    t.TOPIC: DocumentPlace(property_name="policy", kind=DocumentKind.RESOURCE, optional=True),
    t.TOPIC_POLICY: DocumentPlace(property_name="policy", kind=DocumentKind.RESOURCE),
    t.QUEUE: DocumentPlace(property_name="policy", kind=DocumentKind.RESOURCE, optional=True),
    t.QUEUE_POLICY: DocumentPlace(property_name="policy", kind=DocumentKind.RESOURCE),
    t.TRACE_POLICY: DocumentPlace(property_name="policyDocument", kind=DocumentKind.RESOURCE),
    **{kind: DocumentPlace(property_name=name, kind=DocumentKind.RESOURCE) for kind, name in other_types.DOCUMENTS.items()},
    **{
        kind: DocumentPlace(property_name=name, kind=DocumentKind.RESOURCE, optional=True)
        for kind, name in other_types.OPTIONAL_DOCUMENTS.items()
    },
}
"""Every resource type that carries a document. VpcEndpointPolicy without one sets AWS's default, as an endpoint without one has."""

INLINE_POLICIES = "inlinePolicies"
"""A role's deprecated list of identity policies."""


LONGEST = 32_768
"""Characters: the most that AWS takes of any document. Source: KMS developer guide, "Resource quotas"; all others take less."""

ELEMENTS = frozenset({"Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition"})
"""All that a statement may hold. Source: IAM user guide, "Grammar of the IAM JSON policy language"."""

PARTS = frozenset({"Version", "Id", "Statement"})
"""All that a document may hold beside."""

EXCLUSIVE = ("Principal", "Action", "Resource")
"""Elements of which a statement has either this one or its opposite, such as NotAction."""

PRINCIPALS = frozenset({"AWS", "CanonicalUser", "Federated", "Service"})
"""The kinds of principals. Source: IAM user guide, "AWS JSON policy elements: Principal"."""

LISTS = ("Action", "NotAction", "Resource", "NotResource")


@dataclass(frozen=True, kw_only=True, slots=True)
class Principal:
    """One principal of a statement: its kind (AWS, Service, Federated, CanonicalUser) and its name. Everybody is `*` of the kind AWS."""

    kind: str
    name: str

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, kw_only=True, slots=True)
class Statement:
    """One Allow or Deny. An element that may be one value or a list is a list here. `where` is how messages name the statement."""

    where: str
    kind: DocumentKind
    allows: bool
    actions: tuple[str, ...]
    excepted_actions: tuple[str, ...]
    resources: tuple[str, ...]
    excepted_resources: tuple[str, ...]
    principals: tuple[Principal, ...]
    excepted_principals: bool
    conditions: dict[str, Plain]

    @property
    def services(self) -> list[str]:
        """The AWS services among its principals."""
        return [one.name for one in self.principals if one.kind == "Service"]


def statements_of(resource: Resource) -> Iterator[Statement]:
    """Every statement of a resource's documents that can be read. What can't be read is reported by `identity/document`, from which nobody
    is exempt."""
    return (one for one in _parts_of(resource) if isinstance(one, Statement))


def unreadable(resource: Resource) -> Iterator[Finding]:
    """A finding for each part of a resource's documents that can't be read."""
    return (one for one in _parts_of(resource) if isinstance(one, Finding))


def _parts_of(resource: Resource) -> Iterator[Statement | Finding]:
    place = PLACES[resource.type]
    value = resource.at(place.property_name)
    if value is not None:
        yield from document_of(place.property_name, place.kind, value)
    elif not place.optional:
        yield Finding(f"{place.property_name} is missing; it must be a policy document.")
    if resource.type == t.ROLE:
        for inline in items(resource.at(INLINE_POLICIES)):
            # A role that has no inline policy is sometimes given one empty entry.
            if isinstance(inline, Unknown) or (inline and dig(inline, "policy") is not None):
                yield from document_of(f"{INLINE_POLICIES}.policy", DocumentKind.IDENTITY, dig(inline, "policy"))


def allows_of(resource: Resource) -> Iterator[Statement]:
    """The statements that allow something."""
    return (statement for statement in statements_of(resource) if statement.allows)


def document_of(where: str, kind: DocumentKind, value: Plain) -> tuple[Statement | Finding, ...]:
    """Several rules read each document; the text is parsed once."""
    return _text(where, kind, value) if isinstance(value, str) else tuple(_read(where, kind, value))


@lru_cache(maxsize=256)
def _text(where: str, kind: DocumentKind, text: str) -> tuple[Statement | Finding, ...]:
    if len(text) > LONGEST:
        return (Finding(f"{where} is {len(text)} characters long; it must be at most {LONGEST}, as AWS takes no more."),)
    return tuple(_read(where, kind, text))


def forget() -> None:
    """Forget the documents that were read (for tests)."""
    _text.cache_clear()


def _read(where: str, kind: DocumentKind, value: Plain) -> Iterator[Statement | Finding]:
    try:
        document = parse(value)
    except NotJsonError as error:
        yield Finding(f"{where} can't be read: {error}. It must be a JSON policy document.")
        return
    if isinstance(document, Unknown):
        yield Finding(f"{where} is not known at preview, so nobody can review it; it must be built from names and ARNs that are.")
        return
    if isinstance(document, dict) and (strange := sorted(document.keys() - PARTS)):
        yield Finding(f"{where} has the element {shown(strange[0])}, which IAM doesn't know; it must be of {', '.join(sorted(PARTS))}.")
    statements = items(dig(document, "Statement"))
    if not statements:
        yield Finding(f"{where} has no Statement; it must hold at least one.")
    for index, statement in enumerate(statements):
        yield _statement(where, kind, index, statement)


def _statement(where: str, kind: DocumentKind, index: int, statement: Plain) -> Statement | Finding:
    sid = dig(statement, "Sid")
    where = f"{where}, statement {sid if isinstance(sid, str) and sid else index + 1}"
    if not isinstance(statement, dict):
        return Finding(f"{where} is no object, so it can't be read; it must be one.")
    if strange := sorted(statement.keys() - ELEMENTS):
        return Finding(f"{where} has the element {shown(strange[0])}, which IAM doesn't know; it must be of {', '.join(sorted(ELEMENTS))}.")
    effect = statement.get("Effect")
    if effect not in ("Allow", "Deny"):
        return Finding(f"{where} has the Effect {shown(effect)}; it must be Allow or Deny.")
    read: dict[str, tuple[str, ...]] = {}
    for key in LISTS:
        values = items(statement.get(key))
        texts = tuple(value for value in values if isinstance(value, str))
        if len(texts) < len(values):
            return Finding(f"{where} has a {key} that is no known text, so it can't be read; it must be one.")
        read[key] = texts
    if not read["Action"] and not read["NotAction"]:
        return Finding(f"{where} has no Action; it must name at least one.")
    if kind is DocumentKind.IDENTITY and not read["Resource"] and not read["NotResource"]:
        return Finding(f"{where} has no Resource; it must name at least one.")
    if both := next((key for key in EXCLUSIVE if key in statement and f"Not{key}" in statement), None):
        return Finding(f"{where} has {both} and Not{both}; it must have one of them.")
    conditions = statement.get("Condition", {})
    if not isinstance(conditions, dict) or not all(isinstance(tests, dict) for tests in conditions.values()):
        return Finding(f"{where} has a Condition that is no known object, so it can't be read; it must be one.")
    if twice := next((key for keys in (conditions, *conditions.values()) if (key := _in_two_cases(keys))), None):
        return Finding(f"{where} has the condition {shown(twice)} in two cases; it must have it once, for IAM takes both as one.")
    excepted = "NotPrincipal" in statement
    principals = _principals(statement.get("NotPrincipal" if excepted else "Principal"))
    if principals is None or (kind in TRUSTED and not principals):
        return Finding(f"{where} has no Principal that can be read; it must say whom it means.")
    return Statement(
        where=where,
        kind=kind,
        allows=effect == "Allow",
        actions=read["Action"],
        excepted_actions=read["NotAction"],
        resources=read["Resource"],
        excepted_resources=read["NotResource"],
        principals=principals,
        excepted_principals=excepted,
        conditions=conditions,
    )


def _in_two_cases(keys: Plain) -> str | None:
    """A key that stands twice in an object in different case: IAM takes operators and condition keys in any case."""
    folded = Counter(key.lower() for key in keys) if isinstance(keys, dict) else Counter[str]()
    return next((key for key, count in folded.items() if count > 1), None)


def _principals(value: Plain) -> tuple[Principal, ...] | None:
    """The principals of a statement; None where they can't be read. Source: IAM user guide, "AWS JSON policy elements: Principal"."""
    if value is None:
        return ()
    if value == "*":
        return (Principal(kind="AWS", name="*"),)
    if not isinstance(value, dict) or value.keys() - PRINCIPALS:
        return None
    named = [(kind, name) for kind, names in value.items() for name in items(names)]
    found = tuple(Principal(kind=kind, name=name) for kind, name in named if isinstance(name, str))
    return found if len(found) == len(named) else None
