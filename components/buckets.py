"""A private, versioned, encrypted bucket with its settings, as the system and the account have theirs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.component import kept

UPLOAD_DAYS = 7
"""Parts of an unfinished upload cost and aren't listed. A week is longer than any upload."""

Encryption = aws.s3.BucketServerSideEncryptionConfigurationRuleArgsDict
Expiry = aws.s3.BucketLifecycleConfigurationRuleArgsDict

OWN_KEYS: Encryption = {"apply_server_side_encryption_by_default": {"sse_algorithm": "AES256"}}
"""S3's own keys: it delivers access logs to no other bucket. Source: S3 user guide, "Enabling Amazon S3 server access logging"."""


@dataclass(frozen=True, kw_only=True)
class Bucket:
    """A bucket, and its policy: who writes to it must wait for that."""

    name: pulumi.Output[str]
    policy: aws.s3.BucketPolicy


def under(key_arn: pulumi.Input[str], *, bucket_key: bool = True) -> Encryption:
    """Encryption under a key, with a key of the bucket's between, which saves requests to KMS."""
    return {
        "apply_server_side_encryption_by_default": {"sse_algorithm": "aws:kms", "kms_master_key_id": key_arn},
        "bucket_key_enabled": bucket_key,
    }


def expiry(name: str, *, noncurrent_days: int, days: int | None = None, prefix: str = "") -> Expiry:
    """A lifecycle's rule.

    Args:
        noncurrent_days: how long what was overwritten or deleted can be brought back.
        days: after how many days an object expires; None for never.
        prefix: of the objects that it is for.
    """
    rule: Expiry = {
        "id": name,
        "status": "Enabled",
        "filter": {"prefix": prefix},
        "noncurrent_version_expiration": {"noncurrent_days": noncurrent_days},
    }
    if not prefix:
        rule["abort_incomplete_multipart_upload"] = {"days_after_initiation": UPLOAD_DAYS}
    if days is not None:
        rule["expiration"] = {"days": days}
    return rule


def private_bucket(
    name: str,
    physical_name: str,
    *,
    policy: str,
    encryption: Encryption,
    lifecycle: Sequence[Expiry],
    parent: pulumi.Resource,
    protect: bool,
    force_destroy: bool | None = None,
    policy_after_key: bool = False,
) -> Bucket:
    """The bucket and its settings. If the bucket is retained, so are the settings that close, encrypt and version it.

    Args:
        lifecycle: from `expiry`. Where two rules are for one object, the shorter time counts. Source: S3 user guide, "Lifecycle
            configuration conflicts".
        force_destroy: whether it is deleted with what is in it.
        policy_after_key: whether the policy waits for the encryption, and so for its key.
    """
    keep = kept(parent, protect=protect)
    bucket = aws.s3.Bucket(name, bucket=physical_name, force_destroy=force_destroy, opts=keep)
    block = aws.s3.BucketPublicAccessBlock(
        f"{name}-public-access-block",
        bucket=bucket.bucket,
        block_public_acls=True,
        block_public_policy=True,
        ignore_public_acls=True,
        restrict_public_buckets=True,
        opts=keep,
    )
    aws.s3.BucketOwnershipControls(f"{name}-ownership", bucket=bucket.bucket, rule={"object_ownership": "BucketOwnerEnforced"}, opts=keep)
    versioning = aws.s3.BucketVersioning(
        f"{name}-versioning", bucket=bucket.bucket, versioning_configuration={"status": "Enabled"}, opts=keep
    )
    encrypted = aws.s3.BucketServerSideEncryptionConfiguration(f"{name}-encryption", bucket=bucket.bucket, rules=[encryption], opts=keep)
    # S3 allows one bucket-level change at a time, so the policy waits for the block.
    before = [block, encrypted] if policy_after_key else [block]
    admitting = aws.s3.BucketPolicy(
        f"{name}-policy", bucket=bucket.bucket, policy=policy, opts=kept(parent, protect=protect, depends_on=before)
    )
    aws.s3.BucketLifecycleConfiguration(
        f"{name}-lifecycle", bucket=bucket.bucket, rules=lifecycle, opts=kept(parent, protect=protect, depends_on=[versioning])
    )
    return Bucket(name=bucket.bucket, policy=admitting)
