"""Data: three tables and one bucket, encrypted, versioned or recoverable, and retained if data is protected."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import pulumi
import pulumi_aws as aws

from components import resource_policies
from components.component import kept
from components.environment import Retention
from components.naming import Names

ACCESS_LOG_DAYS = 90
"""How long the bucket's access logs are kept: a quarter, enough for an investigation."""

POPULATION_DAYS = 7
"""How long populations are kept, and a day longer what was overwritten or deleted of them: as their checkpoints (engine/store.py). At the
largest, 0.3 TB a day are bred. What lasts is elsewhere: champions and archived evolutions."""

MULTIPART_DAYS = 7
"""Parts of an unfinished upload cost and aren't listed. A week is longer than any upload."""


@dataclass(frozen=True, kw_only=True)
class DataArgs:
    """The arguments of the data layer."""

    names: Names
    retention: Retention
    key_arn: pulumi.Input[str]


class Data(pulumi.ComponentResource):
    """The tables and the bucket."""

    stream_arn: pulumi.Output[str]

    def __init__(self, name: str, args: DataArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("evolution:data:Data", name, opts=opts)
        names = args.names

        state = self._table(
            f"{name}-state", args, names.state_table, {"evolution_id": "S", "generation": "N"}, stream_view_type="NEW_AND_OLD_IMAGES"
        )
        self._table(f"{name}-population", args, names.population_table, {"population_id": "S", "agent_id": "S"})
        self._table(f"{name}-checkpoints", args, names.checkpoint_table, {"checkpoint_id": "S"})

        self.stream_arn = state.stream_arn
        artifacts = self._artifacts(name, args)
        self.register_outputs({"streamArn": self.stream_arn, "bucket": artifacts.bucket})

    def _table(
        self,
        name: str,
        args: DataArgs,
        physical_name: str,
        keys: Mapping[str, str],
        *,
        stream_view_type: str | None = None,
    ) -> aws.dynamodb.Table:
        """A table on demand, whose items expire; `keys` are its hash key and, if there is a second one, its range key, with their types."""
        hash_key, *range_key = keys
        return aws.dynamodb.Table(
            name,
            name=physical_name,
            billing_mode="PAY_PER_REQUEST",
            hash_key=hash_key,
            range_key=range_key[0] if range_key else None,
            attributes=[{"name": key, "type": kind} for key, kind in keys.items()],
            stream_enabled=stream_view_type is not None,
            stream_view_type=stream_view_type,
            ttl={"attribute_name": "ttl", "enabled": True},
            point_in_time_recovery={"enabled": True},
            server_side_encryption={"enabled": True, "kms_key_arn": args.key_arn},
            deletion_protection_enabled=args.retention.protect_data,
            opts=kept(self, protect=args.retention.protect_data),
        )

    def _artifacts(self, name: str, args: DataArgs) -> aws.s3.Bucket:
        names = args.names
        artifacts = self._bucket(
            f"{name}-artifacts",
            args,
            names.artifacts_bucket,
            policy=resource_policies.artifacts_bucket_policy(names),
            expire_days=args.retention.artifact_retention_days,
            sooner={"populations/": POPULATION_DAYS},
            encryption={
                "apply_server_side_encryption_by_default": {"sse_algorithm": "aws:kms", "kms_master_key_id": args.key_arn},
                "bucket_key_enabled": True,
            },
        )
        # S3 delivers access logs only to a bucket under its own keys. Source: S3 guide, "Enabling Amazon S3 server access logging".
        access_logs = self._bucket(
            f"{name}-access-logs",
            args,
            names.access_logs_bucket,
            policy=resource_policies.access_logs_bucket_policy(names),
            expire_days=ACCESS_LOG_DAYS,
            encryption={"apply_server_side_encryption_by_default": {"sse_algorithm": "AES256"}},
        )
        aws.s3.BucketLogging(
            f"{name}-artifacts-logging",
            bucket=artifacts.bucket,
            target_bucket=access_logs.bucket,
            target_prefix="artifacts/",
            opts=kept(self, protect=args.retention.protect_data),
        )
        return artifacts

    def _bucket(
        self,
        name: str,
        args: DataArgs,
        physical_name: str,
        *,
        policy: str,
        expire_days: int,
        encryption: aws.s3.BucketServerSideEncryptionConfigurationRuleArgsDict,
        sooner: Mapping[str, int] = MappingProxyType({}),
    ) -> aws.s3.Bucket:
        """A private, versioned, encrypted bucket whose objects expire; those of some prefixes sooner, after so many days."""
        protect = args.retention.protect_data
        # If the bucket is retained, so are the settings that close, encrypt and version it.
        keep = kept(self, protect=protect)
        bucket = aws.s3.Bucket(name, bucket=physical_name, force_destroy=not protect, opts=keep)
        block = aws.s3.BucketPublicAccessBlock(
            f"{name}-public-access-block",
            bucket=bucket.bucket,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
            opts=keep,
        )
        aws.s3.BucketOwnershipControls(
            f"{name}-ownership", bucket=bucket.bucket, rule={"object_ownership": "BucketOwnerEnforced"}, opts=keep
        )
        versioning = aws.s3.BucketVersioning(
            f"{name}-versioning", bucket=bucket.bucket, versioning_configuration={"status": "Enabled"}, opts=keep
        )
        aws.s3.BucketServerSideEncryptionConfiguration(f"{name}-encryption", bucket=bucket.bucket, rules=[encryption], opts=keep)
        # S3 allows one bucket-level change at a time, so the policy waits for the block.
        aws.s3.BucketPolicy(
            f"{name}-policy",
            bucket=bucket.bucket,
            policy=policy,
            opts=kept(self, protect=protect, depends_on=[block]),
        )
        # No transition to a colder class: an individual has 6.5 KB, and S3 moves no object under 128 KB.
        aws.s3.BucketLifecycleConfiguration(
            f"{name}-lifecycle",
            bucket=bucket.bucket,
            rules=[
                {
                    "id": "expire",
                    "status": "Enabled",
                    "filter": {"prefix": ""},
                    "expiration": {"days": expire_days},
                    "noncurrent_version_expiration": {"noncurrent_days": args.retention.noncurrent_retention_days},
                    "abort_incomplete_multipart_upload": {"days_after_initiation": MULTIPART_DAYS},
                },
                # Where two rules are for one object, the shorter time counts. Source: S3 user guide, "Lifecycle configuration conflicts".
                *(
                    {
                        "id": f"expire-{prefix.rstrip('/')}",
                        "status": "Enabled",
                        "filter": {"prefix": prefix},
                        "expiration": {"days": days},
                        "noncurrent_version_expiration": {"noncurrent_days": 1},
                    }
                    for prefix, days in sooner.items()
                ),
            ],
            opts=kept(self, protect=protect, depends_on=[versioning]),
        )
        return bucket
