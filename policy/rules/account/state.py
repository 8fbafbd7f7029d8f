"""Where the stacks' states are: nobody loses them, opens them or reads them but who must."""

from __future__ import annotations

from collections.abc import Iterator

from account_project import STATE, account_rule, administrators, role_names, state_buckets
from accounts import own_account
from calls import AwsCall, certainly_denies
from checks import protected
from conditions import ARN, narrows, tests_of
from documents import DocumentKind, Statement, allows_of, statements_of, unreadable
from globs import WILDCARD
from graph import Linked
from plain import dig, items, number, shown
from rule import Finding, Resource, Severity, Stack, about
from tokens import BUCKET, BUCKET_ENCRYPTION, BUCKET_LIFECYCLE, BUCKET_POLICY, KEY, KEY_ALIAS

KEPT_DAYS = 30
"""The least days that an older state can be brought back. A fault of a deployment may be seen a month later."""

LOSES = (
    ("s3:DeleteBucket", ""),
    ("s3:DeleteBucketPolicy", ""),
    ("s3:PutBucketPolicy", ""),
    ("s3:PutBucketVersioning", ""),
    ("s3:PutLifecycleConfiguration", ""),
    ("s3:DeleteObjectVersion", "/.pulumi/stacks/evolution-system/prod.json"),
)
"""What loses or opens the state for good, and on what of the bucket."""

PRINCIPAL = "aws:principalarn"

ADMINISTERS = frozenset({"kms:creategrant", "kms:disablekey", "kms:putkeypolicy", "kms:revokegrant", "kms:schedulekeydeletion"})
"""What decides who uses a key, and whether anybody can."""


RECORDING = frozenset({"bedrock.amazonaws.com", "cloudtrail.amazonaws.com"})
"""The services that write records under the key."""


@account_rule(
    id="account/state-bucket",
    severity=Severity.CRITICAL,
    protects="What Pulumi knows of every stack: without it nothing can be changed, and nothing destroyed.",
    why="A state is written now and then and read for years: a lifecycle that expires it, or who deletes its versions, loses the stack.",
    fix="Keep one bucket account-state-<account>-<region>: protected, encrypted under the stack's key, no expiration of current versions, "
    "older ones kept for a month or more, and a Deny of their deletion to everybody but the administrators.",
)
def state_bucket(stack: Stack) -> Iterator[Finding]:
    buckets = Linked(stack, BUCKET, ("bucket", "id"))
    states = state_buckets(stack)
    if not states:
        yield Finding(f"it has no bucket {STATE}<account>-<region>; it must have one for the states of its stacks.")
    encrypted, kept, policed = (
        {urn: one for one in stack.of_type(kind) for urn in buckets.by(one, "bucket")}
        for kind in (BUCKET_ENCRYPTION, BUCKET_LIFECYCLE, BUCKET_POLICY)
    )
    keys = Linked(stack, KEY, ("arn", "id"))
    for bucket in states:
        yield from about(bucket, protected(bucket))
        # Where there is none of them, data-protection/ and encryption/ say so.
        if (encryption := encrypted.get(bucket.urn)) and not keys.by(encryption, "rules") | _named(encryption, keys):
            yield Finding("it encrypts under a key of another stack; it must be the key of this one.", encryption)
        if lifecycle := kept.get(bucket.urn):
            yield from about(lifecycle, _forgets(lifecycle))
        if policy := policed.get(bucket.urn):
            yield from about(policy, _lets_lose(policy, str(bucket.at("bucket")), stack))


def _named(encryption: Resource, keys: Linked) -> set[str]:
    """The stack's keys that an encryption names in plain text."""
    rules = items(encryption.at("rules"))
    return {urn for one in rules for urn in keys.called(str(dig(one, "applyServerSideEncryptionByDefault", "kmsMasterKeyId")))}


def _forgets(lifecycle: Resource) -> Iterator[Finding]:
    for index, one in enumerate(items(lifecycle.at("rules"))):
        if any(dig(one, "expiration", name) not in (None, 0, "") for name in ("days", "date")):
            yield Finding(f"rules[{index}].expiration ends current versions, which are the states; it must not be there.")
        days = number(dig(one, "noncurrentVersionExpiration", "noncurrentDays"))
        if days is not None and days < KEPT_DAYS:
            yield Finding(f"rules[{index}] ends older states after {days} days; it must keep them for {KEPT_DAYS} or more.")


def _lets_lose(policy: Resource, name: str, stack: Stack) -> Iterator[Finding]:
    """Whom the bucket's policy lets in, and what some role isn't certainly denied."""
    if any(unreadable(policy)):
        return  # identity/document says it
    statements, administer = list(statements_of(policy)), administrators(stack)
    for statement in statements:
        tests = [(operator, values) for operator, key, values in tests_of(statement.conditions) if key == PRINCIPAL]
        spared = {str(value) for operator, values in tests if "not" in operator for value in values}
        if statement.allows:
            yield Finding(f"{statement.where} lets somebody in; it must only deny, for the roles have policies of their own.")
        elif administer is not None and (others := spared - administer):
            yield Finding(f"{statement.where} spares {shown(min(others))}, whom the table doesn't name; it must spare only administrators.")
    for role in sorted(role_names(stack)):
        context = {PRINCIPAL: f"arn:aws:iam::{own_account(stack)}:role/{role}"}
        for action, tail in LOSES:
            call = AwsCall(action=action, resource=f"arn:aws:s3:::{name}{tail}", context=context)
            if not any(certainly_denies(one, call) for one in statements):
                yield Finding(f"it doesn't deny {role} {action}; it must deny that to everybody but the administrators.")
                return


@account_rule(
    id="account/state-key",
    severity=Severity.CRITICAL,
    protects="The states, which are nothing without their key, from whoever deploys.",
    why="Who may change the key's policy, or delete it, can read every state or lose them all.",
    fix="Protect the key, and let its policy's administration be by aws:PrincipalArn of named roles that deploy nothing.",
)
def state_key(stack: Stack) -> Iterator[Finding]:
    if not stack.of_type(KEY):
        yield Finding("it has no KMS key; it must have one for the states.")
    keys = Linked(stack, KEY, ("arn", "id", "keyId"))
    for alias in stack.of_type(KEY_ALIAS):
        if not keys.by(alias, "targetKeyId"):
            yield Finding("targetKeyId is no key of this stack; it must be one, for the roles use whichever key bears the name.", alias)
    for key in stack.of_type(KEY):
        yield from about(key, protected(key))
        for statement in allows_of(key):
            if statement.kind is DocumentKind.KEY:
                yield from about(key, _beyond(statement, stack))


def _beyond(statement: Statement, stack: Stack) -> Iterator[Finding]:
    """Whom a statement of the key's policy lets do more than they must. How services may is what `identity/key-breadth` judges."""
    root = f"arn:aws:iam::{own_account(stack)}:root"
    people = [one.name for one in statement.principals if one.kind != "Service"]
    administers = sorted(action for action in statement.actions if action.lower() in ADMINISTERS)
    if strange := [name for name in statement.services if name not in RECORDING]:
        yield Finding(f"{statement.where} lets {strange[0]} use it; of services only {' and '.join(sorted(RECORDING))} must.")
    if others := [name for name in people if name != root]:
        yield Finding(f"{statement.where} names {shown(others[0])}; it must name the account's root, with a condition on aws:PrincipalArn.")
    elif people and not narrows(statement.conditions, {PRINCIPAL: lambda value: _may(value, stack, administers=bool(administers))}):
        whom = "administrators of the account's table" if administers else "them or the roles that deploy"
        what = (administers or statement.actions)[0]
        yield Finding(f"{statement.where} allows {what} to others; aws:PrincipalArn must name {whom}, in full.")


def _may(principal: str, stack: Stack, *, administers: bool) -> bool:
    """Whether an ARN names one principal in full, who administers or, where nothing is administered, deploys."""
    if not ARN.fullmatch(principal) or WILDCARD.search(principal):
        return False
    if principal.rpartition("/")[2] in role_names(stack):
        return not administers
    named = administrators(stack)
    return principal in named if named is not None else administers
