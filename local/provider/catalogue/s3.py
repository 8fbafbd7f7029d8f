"""Buckets, and the resources that configure them. Inline configuration on the bucket is deprecated and not here, so it is refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, cast

from local.provider import equivalence
from local.provider.table import FLAG, Call, Local, Members, Path, ResourceType, json_text

_COLDER = frozenset({"STANDARD_IA", "ONEZONE_IA"})

_COLDER_DAYS = 30
"""S3 keeps an object this long before it may move to an infrequent-access class. Source: S3 user guide, "Transitioning objects"."""

_SEPARATE = {
    "accelerationStatus": "BucketAccelerateConfiguration",
    "corsRules": "BucketCorsConfiguration",
    "grants": "BucketAcl",
    "lifecycleRules": "BucketLifecycleConfiguration",
    "logging": "BucketLogging",
    "objectLockConfiguration": "BucketObjectLockConfiguration",
    "policy": "BucketPolicy",
    "replicationConfiguration": "BucketReplicationConfig",
    "requestPayer": "BucketRequestPaymentConfiguration",
    "serverSideEncryptionConfiguration": "BucketServerSideEncryptionConfiguration",
    "versioning": "BucketVersioning",
    "website": "BucketWebsiteConfiguration",
}
"""The bucket's inline configuration, which is deprecated, and the resources that took its place."""


def _configuration(
    name: str,
    operation: str,
    members: Members,
    structures: Mapping[str, Members] | None = None,
    *,
    owner: bool = False,
    defaults: Mapping[str, Any] | None = None,
    computed: frozenset[str] = frozenset(),
    sets: frozenset[str] = frozenset(),
    equivalent: Mapping[str, Callable[[Any, Any], bool]] | None = None,
    rule: Callable[[Mapping[str, Any]], Iterator[tuple[Path, str]]] | None = None,
) -> ResourceType:
    """A resource that configures one aspect of a bucket and bears the bucket's name as its id; `owner`: it can name the expected owner."""
    return ResourceType(
        token=f"aws:s3/{name[0].lower() + name[1:]}:{name}",
        calls=(Call(operation, members, structures=structures or {}),),
        id="{bucket}",
        replaces=frozenset({"bucket", "expectedBucketOwner"} if owner else {"bucket"}),
        defaults=defaults or {},
        computed=computed,
        sets=sets,
        equivalent=equivalent or {},
        rule=rule,
    )


def _objects(value: Any) -> list[dict[str, Any]]:
    """The objects of a list; none where it isn't one, or isn't known yet."""
    return [item for item in cast(list[Any], value) if isinstance(item, dict)] if isinstance(value, list) else []


def _lifecycle(properties: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
    """S3 refuses an early move to infrequent access, and an expiry that isn't after every transition."""
    for index, rule in enumerate(_objects(properties.get("rules"))):
        last = 0
        for number, move in enumerate(_objects(rule.get("transitions"))):
            days, to = move.get("days"), move.get("storageClass")
            if not isinstance(days, int):
                continue
            last = max(last, days)
            if to in _COLDER and days < _COLDER_DAYS:
                why = f"S3 moves objects to {to} after {_COLDER_DAYS} days at the earliest, not {days}; write {_COLDER_DAYS} or more"
                yield ("rules", index, "transitions", number, "days"), why
        for expiration in _objects([rule.get("expiration")]):
            days = expiration.get("days")
            if isinstance(days, int) and last and days <= last:
                yield (
                    ("rules", index, "expiration", "days"),
                    f"{days} is not after the last transition, on day {last}; write {last + 1} or more",
                )


RESOURCES = (
    ResourceType(
        token="aws:s3/bucket:Bucket",
        calls=(
            Call("s3:CreateBucket", {"bucket": "Bucket", "forceDestroy": FLAG, "objectLockEnabled": "ObjectLockEnabledForBucket"}),
            Call("s3:PutBucketTagging", {"bucket": "Bucket", "tags": "Tagging.TagSet"}),
        ),
        instead={name: f"use aws.s3.{resource}" for name, resource in _SEPARATE.items()}
        | {"bucketPrefix": "write `bucket`: a name that the provider makes up isn't known at preview"},
        id="{bucket}",
        outputs={
            "arn": "arn:aws:s3:::{bucket}",
            "bucketDomainName": "{bucket}.s3.amazonaws.com",
            "bucketRegion": "{region}",
            "bucketRegionalDomainName": "{bucket}.s3.{region}.amazonaws.com",
        },
        replaces=frozenset({"bucket", "bucketNamespace", "objectLockEnabled"}),
        defaults={"forceDestroy": False},
        computed=frozenset({"acl", "bucket", "bucketNamespace", "objectLockEnabled"}),
        name="bucket",
        tags=True,
    ),
    _configuration(
        "BucketVersioning",
        "s3:PutBucketVersioning",
        {},
        owner=True,
        computed=frozenset({"versioningConfiguration.mfaDelete"}),
    ),
    _configuration(
        "BucketServerSideEncryptionConfiguration",
        "s3:PutBucketEncryption",
        {"rules": "ServerSideEncryptionConfiguration.Rules"},
        {"ServerSideEncryptionRule": {"blockedEncryptionTypes": "BlockedEncryptionTypes.EncryptionType"}},
        owner=True,
        computed=frozenset(
            {
                "rules.applyServerSideEncryptionByDefault.kmsMasterKeyId",
                "rules.blockedEncryptionTypes",
                "rules.bucketKeyEnabled",
            }
        ),
        sets=frozenset({"rules"}),
    ),
    _configuration(
        "BucketPublicAccessBlock",
        "s3:PutPublicAccessBlock",
        {
            "blockPublicAcls": "PublicAccessBlockConfiguration.BlockPublicAcls",
            "blockPublicPolicy": "PublicAccessBlockConfiguration.BlockPublicPolicy",
            "ignorePublicAcls": "PublicAccessBlockConfiguration.IgnorePublicAcls",
            "restrictPublicBuckets": "PublicAccessBlockConfiguration.RestrictPublicBuckets",
            "skipDestroy": FLAG,
        },
        defaults=dict.fromkeys(("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets"), False),
    ),
    _configuration("BucketOwnershipControls", "s3:PutBucketOwnershipControls", {"rule": "OwnershipControls.Rules"}),
    _configuration("BucketPolicy", "s3:PutBucketPolicy", {"policy": json_text("Policy")}, equivalent={"policy": equivalence.policies}),
    _configuration(
        "BucketLogging",
        "s3:PutBucketLogging",
        {
            "targetBucket": "BucketLoggingStatus.LoggingEnabled.TargetBucket",
            "targetPrefix": "BucketLoggingStatus.LoggingEnabled.TargetPrefix",
            "targetGrants": "BucketLoggingStatus.LoggingEnabled.TargetGrants",
            "targetObjectKeyFormat": "BucketLoggingStatus.LoggingEnabled.TargetObjectKeyFormat",
        },
        owner=True,
        sets=frozenset({"targetGrants"}),
    ),
    _configuration(
        "BucketLifecycleConfiguration",
        "s3:PutBucketLifecycleConfiguration",
        {"rules": "LifecycleConfiguration.Rules", "timeouts": Local(dict)},
        owner=True,
        computed=frozenset(
            {
                "expectedBucketOwner",
                "rules.expiration.days",
                "rules.expiration.expiredObjectDeleteMarker",
                "rules.filter.objectSizeGreaterThan",
                "rules.filter.objectSizeLessThan",
                "rules.filter.prefix",
                "rules.prefix",
                "transitionDefaultMinimumObjectSize",
            }
        ),
        sets=frozenset({"rules.noncurrentVersionTransitions", "rules.transitions"}),
        rule=_lifecycle,
    ),
)
