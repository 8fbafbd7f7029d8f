"""Buckets, and the resources that configure them. A bucket's inline configuration is deprecated, and refused."""

from collections.abc import Iterator, Mapping
from typing import Any, cast

from local.provider import equivalence
from local.provider.members import FLAG, Local, Path, json_text, under
from local.provider.reading import Reading, fields
from local.provider.resource_type import Call, Read, Request, ResourceType, Tagging
from local.provider.services.iam import PRINCIPALS

_COLDER = {"STANDARD_IA", "ONEZONE_IA"}

_COLDER_DAYS = 30
"""The least age of an object that moves to an infrequent-access class. Source: S3 user guide, "Transitioning objects"."""

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
"""The resources that replace a bucket's deprecated inline configuration."""

_BUCKET = {"Bucket": "{bucket}"}
_BLOCKS = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")
_DEFAULT = "ApplyServerSideEncryptionByDefault.{sseAlgorithm: SSEAlgorithm, kmsMasterKeyId: KMSMasterKeyID}"
_RULES = (
    "it[].{id: ID, status: Status, filter: {prefix: Filter.Prefix}, expiration: {days: Expiration.Days}, "
    "noncurrentVersionExpiration: {noncurrentDays: NoncurrentVersionExpiration.NoncurrentDays}, "
    "abortIncompleteMultipartUpload: {daysAfterInitiation: AbortIncompleteMultipartUpload.DaysAfterInitiation}}"
)


def _configuration(
    name: str,
    create: Call,
    read: tuple[str, str, Mapping[str, Reading]],
    delete: Request,
    *,
    references: Mapping[str, Any] | None = None,
    **more: Any,
) -> ResourceType:
    """A resource that configures one aspect of a bucket, whose name is its id.

    Args:
        name: the type's last word.
        create: the call that puts it.
        read: the operation, where in its answer the configuration is, and the properties in there.
        delete: the request that takes it away.
        references: what it refers to beside its bucket.
        more: further fields of the type.
    """
    operation, path, properties = read
    return ResourceType(
        token=f"aws:s3/{name[0].lower() + name[1:]}:{name}",
        create=create,
        id="{bucket}",
        read=Read(Request(f"s3:{operation}", _BUCKET), path, properties),
        delete=delete,
        references={"bucket": "aws:s3/bucket:Bucket", **(references or {})},
        **more,
    )


def _objects(value: Any) -> list[dict[str, Any]]:
    """The objects in a list; none if it isn't a list, or isn't known yet."""
    return [item for item in cast(list[Any], value) if isinstance(item, dict)] if isinstance(value, list) else []


def _lifecycle(properties: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
    """S3 refuses an early transition to infrequent access, and an expiration that isn't after all transitions."""
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
        create=(
            Call("s3:CreateBucket", {"bucket": "Bucket", "forceDestroy": FLAG, "objectLockEnabled": "ObjectLockEnabledForBucket"}),
            Call("s3:PutBucketTagging", {"bucket": "Bucket", "tags": "Tagging.TagSet"}),
        ),
        id="{bucket}",
        outputs={
            "arn": "arn:aws:s3:::{bucket}",
            "bucketDomainName": "{bucket}.s3.amazonaws.com",
            "bucketRegion": "{region}",
            "bucketRegionalDomainName": "{bucket}.s3.{region}.amazonaws.com",
        },
        read=Read(Request("s3:HeadBucket", _BUCKET)),
        delete=(
            Request(
                "s3:DeleteObject",
                {**_BUCKET, "Key": "{each.Key}", "VersionId": "{each.VersionId}"},
                each=(Request("s3:ListObjectVersions", _BUCKET), "[Versions, DeleteMarkers][][]"),
                when=("forceDestroy", True),
            ),
            Request("s3:DeleteBucket", _BUCKET),
        ),
        unsupported={name: f"use aws.s3.{resource}" for name, resource in _SEPARATE.items()},
        referred_to_as=("arn:aws:s3:::{bucket}", "{bucket}"),
        tags=Tagging(read=Request("s3:GetBucketTagging", _BUCKET), path="TagSet"),
    ),
    _configuration(
        "BucketVersioning",
        Call("s3:PutBucketVersioning"),
        ("GetBucketVersioning", "Status && @", {"versioningConfiguration": "{status: Status, mfaDelete: MFADelete}"}),
        Request("s3:PutBucketVersioning", {**_BUCKET, "VersioningConfiguration": {"Status": "Suspended"}}),
    ),
    _configuration(
        "BucketServerSideEncryptionConfiguration",
        Call(
            "s3:PutBucketEncryption",
            {"rules": "ServerSideEncryptionConfiguration.Rules"},
            structures={"ServerSideEncryptionRule": {"blockedEncryptionTypes": "BlockedEncryptionTypes.EncryptionType"}},
        ),
        (
            "GetBucketEncryption",
            "ServerSideEncryptionConfiguration",
            {"rules": f"Rules[].{{applyServerSideEncryptionByDefault: {_DEFAULT}, bucketKeyEnabled: BucketKeyEnabled}}"},
        ),
        Request("s3:DeleteBucketEncryption", _BUCKET),
    ),
    _configuration(
        "BucketPublicAccessBlock",
        Call(
            "s3:PutPublicAccessBlock",
            {**under("PublicAccessBlockConfiguration", *fields(*_BLOCKS)), "skipDestroy": FLAG},
        ),
        ("GetPublicAccessBlock", "PublicAccessBlockConfiguration", fields(*_BLOCKS)),
        Request("s3:DeletePublicAccessBlock", _BUCKET, unless=("skipDestroy", True)),
    ),
    _configuration(
        "BucketOwnershipControls",
        Call("s3:PutBucketOwnershipControls", {"rule": "OwnershipControls.Rules"}),
        ("GetBucketOwnershipControls", "OwnershipControls", {"rule": "Rules[0].{objectOwnership: ObjectOwnership}"}),
        Request("s3:DeleteBucketOwnershipControls", _BUCKET),
    ),
    _configuration(
        "BucketPolicy",
        Call("s3:PutBucketPolicy", {"policy": json_text("Policy")}),
        ("GetBucketPolicy", "Policy", {"policy": "it"}),
        Request("s3:DeleteBucketPolicy", _BUCKET),
        diff_suppress={"policy": equivalence.policies},
        references={"policy": PRINCIPALS},
    ),
    _configuration(
        "BucketLogging",
        Call(
            "s3:PutBucketLogging",
            under("BucketLoggingStatus.LoggingEnabled", "targetBucket", "targetPrefix", "targetGrants", "targetObjectKeyFormat"),
        ),
        ("GetBucketLogging", "LoggingEnabled", fields("TargetBucket", "TargetPrefix")),
        Request("s3:PutBucketLogging", {**_BUCKET, "BucketLoggingStatus": {}}),
        references={"targetBucket": "aws:s3/bucket:Bucket"},
    ),
    _configuration(
        "BucketLifecycleConfiguration",
        Call("s3:PutBucketLifecycleConfiguration", {"rules": "LifecycleConfiguration.Rules", "timeouts": Local(dict)}),
        ("GetBucketLifecycleConfiguration", "Rules", {"rules": _RULES}),
        Request("s3:DeleteBucketLifecycle", _BUCKET),
        validate=_lifecycle,
    ),
)
