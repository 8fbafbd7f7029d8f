"""Data: three tables and one bucket, encrypted, versioned or recoverable, and retained if data is protected."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components import resource_policies
from components.buckets import OWN_KEYS, Bucket, Encryption, Expiry, expiry, private_bucket, under
from components.component import kept
from components.environment import Retention
from components.naming import Names

ACCESS_LOG_DAYS = 90
"""How long the bucket's access logs are kept: a quarter, enough for an investigation."""

POPULATION_DAYS = 7
"""How long populations are kept, and a day longer what was overwritten or deleted of them: as their checkpoints (engine/store.py). At the
largest, 0.3 TB a day are bred. What lasts is elsewhere: champions and archived evolutions."""


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
        self.register_outputs({"streamArn": self.stream_arn, "bucket": artifacts.name})

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

    def _artifacts(self, name: str, args: DataArgs) -> Bucket:
        names, retention = args.names, args.retention
        artifacts = self._bucket(
            f"{name}-artifacts",
            args,
            names.artifacts_bucket,
            policy=resource_policies.artifacts_bucket_policy(names),
            encryption=under(args.key_arn),
            days=retention.artifact_retention_days,
            sooner=[expiry("expire-populations", prefix="populations/", days=POPULATION_DAYS, noncurrent_days=1)],
        )
        access_logs = self._bucket(
            f"{name}-access-logs",
            args,
            names.access_logs_bucket,
            policy=resource_policies.access_logs_bucket_policy(names),
            encryption=OWN_KEYS,
            days=ACCESS_LOG_DAYS,
        )
        aws.s3.BucketLogging(
            f"{name}-artifacts-logging",
            bucket=artifacts.name,
            target_bucket=access_logs.name,
            target_prefix="artifacts/",
            opts=kept(self, protect=retention.protect_data),
        )
        return artifacts

    def _bucket(
        self,
        name: str,
        args: DataArgs,
        physical_name: str,
        *,
        policy: str,
        encryption: Encryption,
        days: int,
        sooner: Sequence[Expiry] = (),
    ) -> Bucket:
        """A bucket whose objects expire after so many days, and some of them sooner.

        There is no transition to a colder class: an individual has 6.5 KB, and S3 moves no object under 128 KB.
        """
        protect = args.retention.protect_data
        every = expiry("expire", days=days, noncurrent_days=args.retention.noncurrent_retention_days)
        return private_bucket(
            name,
            physical_name,
            policy=policy,
            encryption=encryption,
            lifecycle=[every, *sooner],
            parent=self,
            protect=protect,
            force_destroy=not protect,
        )
