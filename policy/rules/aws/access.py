"""Access: whom a resource's own policy lets in, and on what terms. The rules belong to the family identity."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from actions import meaning
from conditions import ARN, OF_CALLER, Test, in_account, is_specific, is_true, narrows, tests_of
from documents import PLACES, DocumentKind, Statement, allows_of, statements_of, unreadable
from globs import glob
from plain import Plain, shown
from rule import Finding, Resource, Severity, Stack, rule
from rules.aws.trust import deputy, is_everybody, is_whole_account
from tokens import BUCKET, BUCKET_POLICY, ENDPOINT, ENDPOINT_POLICY, KEY, KEY_POLICY, QUEUE, QUEUE_POLICY, TOPIC, TOPIC_POLICY

OWN = (DocumentKind.RESOURCE, DocumentKind.KEY, DocumentKind.ENDPOINT)

IMAGE_LAYERS = re.compile(r"arn:aws[a-z-]*:s3:::prod-[a-z0-9-]+-starport-layer-bucket/\*")
"""AWS's own buckets of ECR's image layers, which ECR reads with requests that it signs itself: no condition on an account holds there.
Source: ECR user guide, "Amazon ECR interface VPC endpoints"."""

KEY_USE = frozenset(
    {
        "kms:creategrant",
        "kms:decrypt",
        "kms:encrypt",
        "kms:generatedatakey",
        "kms:generatedatakeypair",
        "kms:generatedatakeypairwithoutplaintext",
        "kms:generatedatakeywithoutplaintext",
        "kms:generatemac",
        "kms:reencryptfrom",
        "kms:reencryptto",
        "kms:sign",
        "kms:verify",
        "kms:verifymac",
    }
)
"""Actions that encrypt and decrypt, or let others do so."""

SERVICE_MAY = KEY_USE | {"kms:describekey"}

THROUGH: dict[str, Test] = {"kms:viaservice": lambda value: is_specific(value.partition(".")[0])}
"""Condition keys that name the services through which a key may be used."""

NARROWS_USE: dict[str, Test] = {
    "aws:principalarn": lambda value: bool(ARN.fullmatch(value)) and is_specific(value.rpartition("/")[2]),
    "kms:encryptioncontext:*": is_specific,
    "kms:grantisforawsresource": is_true,
    **THROUGH,
}
"""Conditions under which a whole account may use a key: for some service, or by some role. `role/*` is every role."""

LOG_GROUPS: dict[str, Test] = {
    "kms:encryptioncontext:aws:logs:arn": lambda value: in_account(value) and is_specific(value.partition(":log-group:")[2])
}
"""What names the log groups for which CloudWatch Logs may use a key as its caller. Source: CloudWatch Logs user guide, "Encrypt log data
in CloudWatch Logs using AWS Key Management Service"."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TlsResource:
    """A kind of resource that is spoken to over the network, and must be over TLS.

    Attributes:
        policy: the type that attaches a policy to it, and the property that names it there.
        actions: what must be denied in the clear.
        name: the property that its ARN ends in.
    """

    policy: str
    attached_by: str
    actions: tuple[str, ...]
    name: str
    objects: bool = False


TLS_RESOURCES = {
    BUCKET: TlsResource(
        policy=BUCKET_POLICY,
        attached_by="bucket",
        actions=("s3:GetObject", "s3:PutObject", "s3:ListBucket"),
        name="bucket",
        objects=True,
    ),
    TOPIC: TlsResource(
        policy=TOPIC_POLICY,
        attached_by="arn",
        actions=("sns:Publish",),
        name="name",
    ),
    QUEUE: TlsResource(
        policy=QUEUE_POLICY,
        attached_by="queueUrl",
        actions=("sqs:SendMessage", "sqs:ReceiveMessage"),
        name="name",
    ),
}

DEFAULTS = {
    KEY: (KEY_POLICY, "keyId", "kms:* for all that the account's IAM policies let"),
    ENDPOINT: (ENDPOINT_POLICY, "vpcEndpointId", "everything to everybody"),
}
"""By type, what is open unless it has a policy of its own: the type that attaches one, the property that names the resource there, and what
AWS allows otherwise."""


def _types(*kinds: DocumentKind) -> frozenset[str]:
    return frozenset(kind for kind, place in PLACES.items() if place.kind in kinds)


@rule(
    id="identity/no-public-access",
    types=_types(*OWN),
    severity=Severity.CRITICAL,
    protects="Keys, buckets, topics, queues, secrets, images, logs and endpoints from strangers.",
    why="The principal * is everybody who has an AWS account, and for some services everybody at all.",
    fix="Name the principal, or add a condition on aws:PrincipalAccount, aws:PrincipalOrgID, aws:PrincipalArn or aws:SourceAccount.",
    controls=("Security Hub S3.2", "Security Hub S3.3", "Security Hub SNS.4", "Security Hub SQS.3", "Security Hub KMS.5"),
)
def no_public_access(resource: Resource) -> Iterator[Finding]:
    for statement in allows_of(resource):
        if statement.kind not in OWN:
            continue
        if statement.excepted_principals:
            yield Finding(f"{statement.where} allows everybody but a NotPrincipal; it must name whom it allows.")
        elif (
            any(map(is_everybody, statement.principals))
            and not _is_image_layers(statement)
            and not narrows(statement.conditions, OF_CALLER)
        ):
            yield Finding(
                f"{statement.where} allows everybody; it must name whom it allows, or have a condition on the account or organization, "
                "such as aws:PrincipalAccount."
            )


def _is_image_layers(statement: Statement) -> bool:
    return (
        statement.kind is DocumentKind.ENDPOINT
        and {action.lower() for action in statement.actions} == {"s3:getobject"}
        and bool(statement.resources)
        and all(IMAGE_LAYERS.fullmatch(one) for one in statement.resources)
    )


@rule(
    id="identity/confused-deputy",
    types=_types(*OWN),
    severity=Severity.HIGH,
    protects="What a service may do here from being done for another account (the confused deputy).",
    why="The service works for every account; without the condition, another account's resource can reach this one through it.",
    fix="Add a condition on aws:SourceAccount and aws:SourceArn; for a key, on the encryption context that names the account.",
)
def confused_deputy(resource: Resource) -> Iterator[Finding]:
    for statement in allows_of(resource):
        if statement.kind in OWN:
            yield from deputy(statement, "allows", statement.services)


@rule(
    id="identity/key-breadth",
    types=_types(DocumentKind.KEY),
    severity=Severity.HIGH,
    protects="The key, and with it all data: each user of it for its own purpose.",
    why="A key that the whole account may decrypt with protects nothing that the account's policies don't.",
    fix="Let services use the key only, and the account only through named services (kms:ViaService; CloudWatch Logs for named "
    "groups) or by named roles.",
)
def key_breadth(key: Resource) -> Iterator[Finding]:
    for statement in allows_of(key):
        if statement.kind is not DocumentKind.KEY:
            continue
        named = [one.name for action in statement.actions for one in meaning(action).actions]
        beyond = [name for name in named if name.lower() not in SERVICE_MAY]
        if statement.services and beyond:
            yield Finding(
                f"{statement.where} allows {statement.services[0]} {beyond[0]}; a service must only use the key, not administer it."
            )
        used = [name for name in named if name.lower() in KEY_USE]
        if not used or not any(map(is_whole_account, statement.principals)):
            continue
        if not narrows(statement.conditions, NARROWS_USE):
            yield Finding(
                f"{statement.where} allows the whole account {used[0]}; "
                "it must have a condition on kms:ViaService or aws:PrincipalArn, or name roles."
            )
        elif _of_logs(statement) and not all(narrows(statement.conditions, keys) for keys in (LOG_GROUPS, THROUGH)):
            yield Finding(
                f"{statement.where} allows the whole account {used[0]} for logs; it must have conditions on kms:ViaService and on "
                "kms:EncryptionContext:aws:logs:arn, which name the service and the log groups."
            )


def _of_logs(statement: Statement) -> bool:
    """Whether a statement speaks of CloudWatch Logs, which uses a key as its caller."""
    return any(
        key in LOG_GROUPS or (key in THROUGH and any(glob(str(value).partition(".")[0], "logs") for value in values))
        for _, key, values in tests_of(statement.conditions)
    )


@rule(
    id="identity/tls-only",
    severity=Severity.HIGH,
    protects="Objects and messages on their way.",
    why="Without a Deny, a plain HTTP request with a valid signature is served, and can be read by whoever is in between.",
    fix='Deny to the principal * where {"Bool": {"aws:SecureTransport": "false"}}; for a bucket s3:* on it and on its objects (/*).',
    controls=("Security Hub S3.5",),
)
def tls_only(stack: Stack) -> Iterator[Finding]:
    for kind, store in TLS_RESOURCES.items():
        by_urn, by_name = _attached(stack, store)
        for resource in stack.of_type(kind):
            names = {_last(value) for key in (store.name, "id", "arn", "url") if isinstance(value := resource.at(key), str) and value}
            carriers: list[Resource] = [resource, *by_urn.get(resource.urn, ()), *(one for name in names for one in by_name.get(name, ()))]
            denials = [statement for one in carriers for statement in statements_of(one) if _denies_plain_transport(statement)]
            name = resource.at(store.name)
            uncovered = [action for action in store.actions if not any(_covers(statement, action, name, store) for statement in denials)]
            if uncovered and not any(any(unreadable(one)) for one in carriers):  # identity/document says it
                yield Finding(
                    f"{uncovered[0]} is not denied without TLS; its policy must deny it to everybody where aws:SecureTransport is false, "
                    + ("on the bucket and its objects." if store.objects else "on it."),
                    resource,
                )


def _attached(stack: Stack, store: TlsResource) -> tuple[dict[str, list[Resource]], dict[str, list[Resource]]]:
    """The policies that are attached to resources of a kind: by the URN that their property comes from, and by the name that it ends in."""
    by_urn: dict[str, list[Resource]] = {}
    by_name: dict[str, list[Resource]] = {}
    for policy in stack.of_type(store.policy):
        for reference in policy.comes_from(store.attached_by):
            by_urn.setdefault(reference.urn, []).append(policy)
        value = policy.at(store.attached_by)
        if isinstance(value, str):
            by_name.setdefault(_last(value), []).append(policy)
    return by_urn, by_name


def _last(name: str) -> str:
    """A name, or what an ARN or a URL ends in."""
    return re.split("[:/]", name)[-1]


def _denies_plain_transport(statement: Statement) -> bool:
    """Whether every request without TLS is denied to everybody: any further condition, or an exception, lets some through."""
    tests = list(tests_of(statement.conditions))
    return (
        not statement.allows
        and not statement.excepted_principals
        and not statement.excepted_actions
        and not statement.excepted_resources
        and any(one.kind == "AWS" and one.name == "*" for one in statement.principals)
        and len(tests) == 1
        and tests[0][:2] in (("bool", "aws:securetransport"), ("boolifexists", "aws:securetransport"))
        and [str(value).lower() for value in tests[0][2]] == ["false"]
    )


def _covers(statement: Statement, action: str, name: Plain, store: TlsResource) -> bool:
    """Whether a denial is about an action on the resource. A name that isn't known can't be compared: the form of the ARN must do."""
    if not any(glob(one.lower(), action.lower()) for one in statement.actions):
        return False
    tails = [one.rpartition(":")[2] for one in statement.resources]
    if not isinstance(name, str):
        return not store.objects or any("*" in tail for tail in tails)
    wanted = f"{name}/object" if store.objects and action != "s3:ListBucket" else name
    return any(glob(tail, wanted) for tail in tails)


@rule(
    id="identity/own-policy",
    severity=Severity.HIGH,
    protects="The key and the endpoints from AWS's default, which is open.",
    why="What has no policy gets AWS's: a key then serves whoever the account's policies let, an endpoint everybody for everything.",
    fix="Write the policy, with the stack's principals and actions.",
)
def own_policy(stack: Stack) -> Iterator[Finding]:
    for kind, (policy, property_name, default) in DEFAULTS.items():
        attached = {
            reference.urn for one in stack.of_type(policy) if one.at("policy") is not None for reference in one.comes_from(property_name)
        }
        named = {value for one in stack.of_type(policy) if isinstance(value := one.at(property_name), str)}
        for resource in stack.of_type(kind):
            own = resource.at("policy")
            if own is not None and own != "":
                continue
            if resource.urn not in attached and not {str(resource.at(key)) for key in ("id", "arn", "keyId")} & named:
                yield Finding(f"policy is {shown(own)}, so AWS allows {default}; it must have a policy of its own.", resource)
