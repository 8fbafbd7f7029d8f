"""Where the stacks' states are: nobody loses them. Who reads them, `approved/new-access` holds."""

from __future__ import annotations

from collections.abc import Iterator

from account_project import STATE, account_rule, state_buckets
from checks import protected
from graph import Linked
from plain import dig, items, number
from rule import Finding, Resource, Severity, Stack, about
from tokens import BUCKET, BUCKET_ENCRYPTION, BUCKET_LIFECYCLE, KEY, KEY_ALIAS

KEPT_DAYS = 30
"""The least days that an older state can be brought back. A fault of a deployment may be seen a month later."""


@account_rule(
    id="account/state-bucket",
    severity=Severity.CRITICAL,
    protects="What Pulumi knows of every stack: without it nothing can be changed, and nothing destroyed.",
    why="A state is written now and then and read for years: a lifecycle that expires it loses the stack.",
    fix="Keep one bucket account-state-<account>-<region>: protected, encrypted under the stack's key, no expiration of current versions, "
    "and older ones kept for a month or more.",
)
def state_bucket(stack: Stack) -> Iterator[Finding]:
    buckets = Linked(stack, BUCKET, ("bucket", "id"))
    states = state_buckets(stack)
    if not states:
        yield Finding(f"it has no bucket {STATE}<account>-<region>; it must have one for the states of its stacks.")
    encrypted, kept = (
        {urn: one for one in stack.of_type(kind) for urn in buckets.by(one, "bucket")} for kind in (BUCKET_ENCRYPTION, BUCKET_LIFECYCLE)
    )
    keys = Linked(stack, KEY, ("arn", "id"))
    for bucket in states:
        yield from about(bucket, protected(bucket))
        # Where there is none of them, data-protection/ and encryption/ say so.
        if (encryption := encrypted.get(bucket.urn)) and not keys.by(encryption, "rules") | _named(encryption, keys):
            yield Finding("it encrypts under a key of another stack; it must be the key of this one.", encryption)
        if lifecycle := kept.get(bucket.urn):
            yield from about(lifecycle, _forgets(lifecycle))


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


@account_rule(
    id="account/state-key",
    severity=Severity.CRITICAL,
    protects="The states, which are nothing without their key.",
    why="Without the key every state is lost; and whichever key bears its name is what the roles use.",
    fix="Protect the key, and let its alias be of this key.",
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
