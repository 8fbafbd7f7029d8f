"""A private, versioned, encrypted bucket with its settings. All of it is protected: an account keeps its buckets."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.component import kept

UPLOAD_DAYS = 7
"""Parts of an unfinished upload cost and aren't listed. A week is longer than any upload."""

OWN_KEYS: aws.s3.BucketServerSideEncryptionConfigurationRuleArgsDict = {
    "apply_server_side_encryption_by_default": {"sse_algorithm": "AES256"}
}
"""S3's own keys: it delivers access logs to no other bucket. Source: S3 user guide, "Enabling Amazon S3 server access logging"."""


@dataclass(frozen=True, kw_only=True)
class Bucket:
    """A bucket, and its policy: who writes to it must wait for that."""

    name: pulumi.Output[str]
    policy: aws.s3.BucketPolicy


def under(key_arn: pulumi.Input[str], *, bucket_key: bool = True) -> aws.s3.BucketServerSideEncryptionConfigurationRuleArgsDict:
    """Encryption under a key, with a key of the bucket's between, which saves requests to KMS."""
    return {
        "apply_server_side_encryption_by_default": {"sse_algorithm": "aws:kms", "kms_master_key_id": key_arn},
        "bucket_key_enabled": bucket_key,
    }


def bucket(
    name: str,
    physical_name: str,
    *,
    policy: str,
    encryption: aws.s3.BucketServerSideEncryptionConfigurationRuleArgsDict,
    noncurrent_days: int,
    expire_days: int | None = None,
    parent: pulumi.Resource,
) -> Bucket:
    """The bucket and its settings.

    Args:
        noncurrent_days: how long what was overwritten or deleted can be brought back.
        expire_days: after how many days an object expires; None for never.
    """
    keep = kept(parent, protect=True)
    made = aws.s3.Bucket(name, bucket=physical_name, opts=keep)
    block = aws.s3.BucketPublicAccessBlock(
        f"{name}-public-access-block",
        bucket=made.bucket,
        block_public_acls=True,
        block_public_policy=True,
        ignore_public_acls=True,
        restrict_public_buckets=True,
        opts=keep,
    )
    aws.s3.BucketOwnershipControls(f"{name}-ownership", bucket=made.bucket, rule={"object_ownership": "BucketOwnerEnforced"}, opts=keep)
    versioning = aws.s3.BucketVersioning(
        f"{name}-versioning", bucket=made.bucket, versioning_configuration={"status": "Enabled"}, opts=keep
    )
    encrypted = aws.s3.BucketServerSideEncryptionConfiguration(f"{name}-encryption", bucket=made.bucket, rules=[encryption], opts=keep)
    # S3 allows one bucket-level change at a time, so the policy waits for the block. It waits for the key, too: KMS refuses a policy that
    # its caller couldn't change again, and S3 doesn't.
    admitting = aws.s3.BucketPolicy(
        f"{name}-policy", bucket=made.bucket, policy=policy, opts=kept(parent, protect=True, depends_on=[block, encrypted])
    )
    rule: aws.s3.BucketLifecycleConfigurationRuleArgsDict = {
        "id": "old-versions",
        "status": "Enabled",
        "filter": {"prefix": ""},
        "noncurrent_version_expiration": {"noncurrent_days": noncurrent_days},
        "abort_incomplete_multipart_upload": {"days_after_initiation": UPLOAD_DAYS},
    }
    if expire_days is not None:
        rule["expiration"] = {"days": expire_days}
    aws.s3.BucketLifecycleConfiguration(
        f"{name}-lifecycle", bucket=made.bucket, rules=[rule], opts=kept(parent, protect=True, depends_on=[versioning])
    )
    return Bucket(name=made.bucket, policy=admitting)
