"""Data protection, the buckets: each has its companions, and its lifecycle is one that S3 takes."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Set

from checks import literal, on
from graph import Linked
from plain import Plain, Unknown, dig, items, number, shown
from rule import Finding, Resource, Severity, Stack, StackRule, about, rule
from tokens import (
    BUCKET,
    BUCKET_LIFECYCLE,
    BUCKET_LOGGING,
    BUCKET_OWNERSHIP,
    BUCKET_POLICY,
    BUCKET_PUBLIC_ACCESS,
    BUCKET_VERSIONING,
    DISTRIBUTION,
)

COLDER = {"STANDARD_IA": 1, "INTELLIGENT_TIERING": 2, "ONEZONE_IA": 3, "GLACIER_IR": 4, "GLACIER": 5, "DEEP_ARCHIVE": 6}
"""Objects move down this list, never up. Source: S3 user guide, "Transitioning objects using Amazon S3 Lifecycle"."""

INFREQUENT = frozenset({"STANDARD_IA", "ONEZONE_IA"})
INFREQUENT_DAYS = 30
"""S3 keeps an object that long before it may move to one of these classes, and that long in it before it may move on."""

BLOCKS = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")


@rule(
    id="data-protection/public-access-block",
    types={BUCKET_PUBLIC_ACCESS},
    severity=Severity.CRITICAL,
    protects="The buckets from being opened to the world by a policy or an ACL.",
    why="Any of the four that is off leaves one way to make objects public.",
    fix="Write all four of PublicAccessBlock's properties as True.",
    controls=("Security Hub S3.8",),
)
def public_access_block(block: Resource) -> Iterator[Finding]:
    for name in BLOCKS:
        yield from on(name, block.at(name))


@rule(
    id="data-protection/versioning",
    types={BUCKET_VERSIONING},
    severity=Severity.HIGH,
    protects="Objects from being overwritten and deleted for good.",
    why="Without versions the last write wins, a wrong one too.",
    fix="Write versioning_configuration={'status': 'Enabled'}.",
    controls=("Security Hub S3.14",),
)
def versioning(versioning: Resource) -> Iterator[Finding]:
    yield from literal("versioningConfiguration.status", versioning.at("versioningConfiguration", "status"), "Enabled")


@rule(
    id="data-protection/ownership",
    types={BUCKET_OWNERSHIP},
    severity=Severity.MEDIUM,
    protects="The bucket's policy from ACLs on single objects.",
    why="With ACLs, who uploads an object decides who may read it.",
    fix="Write rule={'object_ownership': 'BucketOwnerEnforced'}.",
    controls=("Security Hub S3.12",),
)
def ownership(ownership: Resource) -> Iterator[Finding]:
    yield from literal("rule.objectOwnership", ownership.at("rule", "objectOwnership"), "BucketOwnerEnforced")


@rule(
    id="data-protection/valid-lifecycle",
    types={BUCKET_LIFECYCLE},
    severity=Severity.MEDIUM,
    protects="The deployment from a lifecycle that S3 refuses, and the bucket from having none.",
    why="S3 takes an invalid lifecycle as a whole or not at all, and says so only when it is deployed.",
    fix="Move to STANDARD_IA or ONEZONE_IA after 30 days or more, each time to a colder class, and expire after every move.",
)
def valid_lifecycle(lifecycle: Resource) -> Iterator[Finding]:
    rules = lifecycle.at("rules")
    if isinstance(rules, Unknown):
        yield Finding("rules is not known at preview; it must be literal rules.")
        return
    for index, one in enumerate(items(rules)):
        where = f"rules[{index}]"
        yield from _moves(where, "transitions", "days", items(dig(one, "transitions")), dig(one, "expiration", "days"))
        noncurrent = items(dig(one, "noncurrentVersionTransitions"))
        expires = dig(one, "noncurrentVersionExpiration", "noncurrentDays")
        yield from _moves(where, "noncurrentVersionTransitions", "noncurrentDays", noncurrent, expires)


def _moves(where: str, name: str, key: str, transitions: list[Plain], expires: Plain) -> Iterator[Finding]:
    """What S3 refuses: a move that is too early, a move to a warmer class, and an expiry that isn't after the last move."""
    moves: list[tuple[float, str]] = []
    for transition in transitions:
        days, to = number(dig(transition, key)), dig(transition, "storageClass")
        if dig(transition, "date") not in (None, ""):
            continue
        if days is None or not isinstance(to, str) or to not in COLDER:
            yield Finding(f"{where}.{name} moves to {shown(to)} after {shown(dig(transition, key))} days; both must be literals of S3's.")
            continue
        if to in INFREQUENT and days < INFREQUENT_DAYS:
            yield Finding(f"{where}.{name} moves to {to} after {days} days, which S3 refuses; it must be {INFREQUENT_DAYS} or more.")
        moves.append((days, to))
    moves.sort()
    for (earlier, source), (later, target) in itertools.pairwise(moves):
        if COLDER[source] >= COLDER[target]:
            yield Finding(f"{where}.{name} moves from {source} to {target}, which S3 refuses; each move must be to a colder class.")
        elif source in INFREQUENT and later - earlier < INFREQUENT_DAYS:
            yield Finding(f"{where}.{name} moves on from {source} after {later - earlier:g} days; it must be {INFREQUENT_DAYS} or more.")
    last, end = max((days for days, _ in moves), default=None), number(expires)
    if isinstance(expires, Unknown):
        yield Finding(f"the expiry of {where} is not known at preview; it must be a literal number of days.")
    elif last is not None and end is not None and end <= last:
        yield Finding(f"{where} expires after {end} days, but moves on day {last}, which S3 refuses; it must expire after every move.")


def ends(lifecycle: Resource, what: str, *path: str) -> Iterator[Finding]:
    """Some enabled rule that covers every object must end this after some days."""
    whole = [one for one in items(lifecycle.at("rules")) if dig(one, "status") == "Enabled" and _is_for_all(dig(one, "filter"))]
    days = [number(dig(one, *path)) for one in whole]
    if not any(one is not None and one >= 1 for one in days):
        yield Finding(f"no enabled rule for every object ends {what} ({'.'.join(path)}); one must.")


def _cleans_up(lifecycle: Resource) -> Iterator[Finding]:
    """Current versions are seen, and what they are kept for is the program's to say: a state, a site, a record for years."""
    yield from ends(lifecycle, "noncurrent versions", "noncurrentVersionExpiration", "noncurrentDays")
    yield from ends(lifecycle, "unfinished uploads", "abortIncompleteMultipartUpload", "daysAfterInitiation")


def _is_for_all(condition: Plain) -> bool:
    return condition in (None, {}, {"prefix": ""}) or (
        isinstance(condition, dict)
        and not any(value for value in condition.values() if not isinstance(value, Unknown))
        and not any(isinstance(value, Unknown) for value in condition.values())
    )


def _each_has(stack: Stack, kind: str, what: str, spared: Set[str] = frozenset()) -> Iterator[Finding]:
    """Every bucket has a companion resource of a type, except those that are spared, given by their URNs."""
    buckets = Linked(stack, BUCKET, ("bucket", "id"))
    having = buckets.by_all(stack.of_type(kind), "bucket") | spared
    for urn, bucket in buckets.all.items():
        if urn not in having:
            yield Finding(f"it has no {what} of its own; it must have one.", bucket)


@rule(
    id="data-protection/bucket-lifecycle",
    severity=Severity.MEDIUM,
    protects="The buckets from growing for ever with what nobody can see.",
    why="Old versions and parts of uploads that were never finished are billed, and no listing shows them.",
    fix="Declare an aws.s3.BucketLifecycleConfiguration with noncurrent expiration and multipart abort for all objects.",
    controls=("Security Hub S3.13", "checkov CKV_AWS_300"),
)
def bucket_lifecycle(stack: Stack) -> Iterator[Finding]:
    yield from _each_has(stack, BUCKET_LIFECYCLE, "BucketLifecycleConfiguration")
    for lifecycle in stack.of_type(BUCKET_LIFECYCLE):
        yield from about(lifecycle, _cleans_up(lifecycle))


@rule(
    id="data-protection/bucket-access-logs",
    severity=Severity.MEDIUM,
    protects="The record of who read and wrote objects.",
    why="Without access logs nobody can tell afterwards who took what.",
    fix="Declare an aws.s3.BucketLogging for the bucket, into another one.",
    controls=("Security Hub S3.9",),
)
def bucket_access_logs(stack: Stack) -> Iterator[Finding]:
    """Holds for every bucket except those that access logs are delivered to."""
    buckets = Linked(stack, BUCKET, ("bucket", "id"))
    targets = buckets.by_all(stack.of_type(BUCKET_LOGGING), "targetBucket") | buckets.by_all(stack.of_type(DISTRIBUTION), "loggingConfig")
    yield from _each_has(stack, BUCKET_LOGGING, "BucketLogging", targets)
    for logging in stack.of_type(BUCKET_LOGGING):
        if logging.at("targetBucket") is None:
            yield Finding("targetBucket is missing; it must name the bucket that takes the access logs.", logging)


def _companion(name: str, kind: str, what: str, protects: str, control: str) -> StackRule:
    """The rule that every bucket has a companion of a type."""

    @rule(
        id=f"data-protection/{name}",
        severity=Severity.HIGH,
        protects=f"Each bucket: {protects}.",
        why=f"S3's own defaults change and can be changed; a bucket without its {what} has what the account happens to have.",
        fix=f"Declare an aws.s3.{what} for the bucket.",
        controls=(control,),
    )
    def exists(stack: Stack) -> Iterator[Finding]:
        return _each_has(stack, kind, what)

    return exists


bucket_public_access_block = _companion(
    "bucket-public-access-block", BUCKET_PUBLIC_ACCESS, "BucketPublicAccessBlock", "its objects from being made public", "Security Hub S3.8"
)
bucket_versioning = _companion(
    "bucket-versioning", BUCKET_VERSIONING, "BucketVersioning", "its objects from being overwritten for good", "Security Hub S3.14"
)
bucket_ownership = _companion(
    "bucket-ownership", BUCKET_OWNERSHIP, "BucketOwnershipControls", "its policy from ACLs on objects", "Security Hub S3.12"
)
bucket_policy = _companion("bucket-policy", BUCKET_POLICY, "BucketPolicy", "its objects from being sent in plain text", "Security Hub S3.5")
