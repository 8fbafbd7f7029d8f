"""IAM documents: where resources carry them, and how they are read. What can't be read is a fault, never a pass."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from plain import NotJsonError, Plain, Unknown, dig, items, parse, shown
from rule import Fault, Resource, broken, cannot_tell


class Kind(Enum):
    """What a document is attached to; it decides what the resource `*` means in it."""

    IDENTITY = "identity"
    TRUST = "trust"
    RESOURCE = "resource"
    KEY = "key"
    """In a key's own policy, `*` is that key."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """A property that holds a document. An optional one that is missing leaves the service's default."""

    property_name: str
    kind: Kind
    optional: bool = False


PLACES: dict[str, tuple[Place, ...]] = {
    "aws:iam/role:Role": (Place(property_name="assumeRolePolicy", kind=Kind.TRUST),),
    "aws:iam/rolePolicy:RolePolicy": (Place(property_name="policy", kind=Kind.IDENTITY),),
    "aws:iam/policy:Policy": (Place(property_name="policy", kind=Kind.IDENTITY),),
    "aws:iam/userPolicy:UserPolicy": (Place(property_name="policy", kind=Kind.IDENTITY),),
    "aws:iam/groupPolicy:GroupPolicy": (Place(property_name="policy", kind=Kind.IDENTITY),),
    "aws:kms/key:Key": (Place(property_name="policy", kind=Kind.KEY, optional=True),),
    "aws:kms/keyPolicy:KeyPolicy": (Place(property_name="policy", kind=Kind.KEY),),
    "aws:sns/topic:Topic": (Place(property_name="policy", kind=Kind.RESOURCE, optional=True),),
    "aws:sns/topicPolicy:TopicPolicy": (Place(property_name="policy", kind=Kind.RESOURCE),),
    "aws:sqs/queue:Queue": (Place(property_name="policy", kind=Kind.RESOURCE, optional=True),),
    "aws:sqs/queuePolicy:QueuePolicy": (Place(property_name="policy", kind=Kind.RESOURCE),),
    "aws:s3/bucket:Bucket": (Place(property_name="policy", kind=Kind.RESOURCE, optional=True),),
    "aws:s3/bucketPolicy:BucketPolicy": (Place(property_name="policy", kind=Kind.RESOURCE),),
    "aws:ec2/vpcEndpoint:VpcEndpoint": (Place(property_name="policy", kind=Kind.RESOURCE, optional=True),),
    "aws:ec2/vpcEndpointPolicy:VpcEndpointPolicy": (Place(property_name="policy", kind=Kind.RESOURCE),),
    "aws:ecr/repositoryPolicy:RepositoryPolicy": (Place(property_name="policy", kind=Kind.RESOURCE),),
    "aws:ecr/registryPolicy:RegistryPolicy": (Place(property_name="policy", kind=Kind.RESOURCE),),
    "aws:cloudwatch/logResourcePolicy:LogResourcePolicy": (Place(property_name="policyDocument", kind=Kind.RESOURCE),),
    "aws:cloudwatch/eventBusPolicy:EventBusPolicy": (Place(property_name="policy", kind=Kind.RESOURCE),),
    "aws:secretsmanager/secret:Secret": (Place(property_name="policy", kind=Kind.RESOURCE, optional=True),),
    "aws:secretsmanager/secretPolicy:SecretPolicy": (Place(property_name="policy", kind=Kind.RESOURCE),),
    "aws:dynamodb/resourcePolicy:ResourcePolicy": (Place(property_name="policy", kind=Kind.RESOURCE),),
}

INLINE_POLICIES = "inlinePolicies"
"""A role's deprecated list of identity policies."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Statement:
    """One Allow or Deny, with one-or-many read as many, as IAM reads it. `where` is how messages name it."""

    where: str
    kind: Kind
    allows: bool
    actions: list[str]
    excepted_actions: bool
    resources: list[str]
    excepted_resources: bool
    conditions: dict[str, Plain]


def statements_of(resource: Resource) -> Iterator[Statement | Fault]:
    """Every statement of a resource's documents, and a fault for each part that can't be read."""
    for place in PLACES[resource.type]:
        value = resource.at(place.property_name)
        if value is None:
            if not place.optional:
                yield broken(f"{place.property_name} is missing; it must be a policy document.")
        else:
            yield from _document(place.property_name, place.kind, value)
    if resource.type == "aws:iam/role:Role":
        for inline in items(resource.at(INLINE_POLICIES)):
            # A role that has no inline policy is sometimes given one empty entry.
            if inline and (policy := dig(inline, "policy")) is not None:
                yield from _document(f"{INLINE_POLICIES}.policy", Kind.IDENTITY, policy)


def _document(where: str, kind: Kind, value: Plain) -> Iterator[Statement | Fault]:
    try:
        document = parse(value)
    except NotJsonError as error:
        yield cannot_tell(f"{where} can't be read: {error}. It must be a JSON policy document.")
        return
    if isinstance(document, Unknown):
        yield cannot_tell(f"{where} is not known at preview, so nobody can review it; build it from names and ARNs that are.")
        return
    statements = items(dig(document, "Statement"))
    if not statements:
        yield cannot_tell(f"{where} has no Statement; it must hold at least one.")
    for index, statement in enumerate(statements):
        yield _statement(where, kind, index, statement)


def _statement(where: str, kind: Kind, index: int, statement: Plain) -> Statement | Fault:
    sid = dig(statement, "Sid")
    where = f"{where}, statement {sid if isinstance(sid, str) and sid else index + 1}"
    if not isinstance(statement, dict):
        return cannot_tell(f"{where} is no object, so it can't be read.")
    effect = statement.get("Effect")
    if effect not in ("Allow", "Deny"):
        return cannot_tell(f"{where} has the Effect {shown(effect)}; it must be Allow or Deny.")
    read: dict[str, list[str]] = {}
    for key in ("Action", "NotAction", "Resource", "NotResource"):
        values = items(statement.get(key))
        texts = [value for value in values if isinstance(value, str)]
        if len(texts) < len(values):
            return cannot_tell(f"{where} has a {key} that is no known text, so it can't be read.")
        read[key] = texts
    if not read["Action"] and not read["NotAction"]:
        return cannot_tell(f"{where} has no Action; it must name at least one.")
    conditions = statement.get("Condition")
    return Statement(
        where=where,
        kind=kind,
        allows=effect == "Allow",
        actions=read["Action"],
        excepted_actions=bool(read["NotAction"]),
        resources=read["Resource"],
        excepted_resources=bool(read["NotResource"]),
        conditions=conditions if isinstance(conditions, dict) else {},
    )
