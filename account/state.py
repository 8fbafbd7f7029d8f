"""Where Pulumi keeps the state of the account's stacks: a bucket, its key, and who reads it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from account import documents
from account.names import STATE_ALIAS, AccountNames
from account.table import Account
from components.buckets import OWN_KEYS, Bucket, Encryption, expiry, private_bucket, under
from components.component import kept

KEY_ROTATION_DAYS = 365
"""A year, KMS's default, written down so that a change shows in a review."""

LONGEST_WINDOW_DAYS = 30
"""The longest recovery window of KMS."""

OLD_STATE_DAYS = 365
"""How long an older state can be brought back: each is 2 MB, and an update writes some hundred."""

LOG_DAYS = 365
"""How long records and access logs are kept: a year, as auditors ask."""


@dataclass(frozen=True, kw_only=True)
class StateArgs:
    """The arguments of the state."""

    names: AccountNames
    account: Account


class State(pulumi.ComponentResource):
    """The state's key and bucket, and the bucket for the access logs."""

    key_arn: pulumi.Output[str]
    bucket: pulumi.Output[str]
    access_logs: pulumi.Output[str]

    def __init__(self, name: str, args: StateArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("account:state:State", name, opts=opts)
        keep = kept(self, protect=True)
        names, account = args.names, args.account

        key = aws.kms.Key(
            f"{name}-key",
            description="What Pulumi stores of this account's stacks, and what the account records.",
            enable_key_rotation=True,
            rotation_period_in_days=KEY_ROTATION_DAYS,
            deletion_window_in_days=LONGEST_WINDOW_DAYS,
            policy=documents.key_policy(names, account),
            opts=keep,
        )
        aws.kms.Alias(f"{name}-key-alias", name=STATE_ALIAS, target_key_id=key.key_id, opts=keep)
        state = kept_bucket(
            f"{name}-bucket",
            names.state_bucket,
            policy=documents.state_bucket_policy(names, account),
            encryption=under(key.arn),
            parent=self,
        )
        records = [names.records_bucket] if account.trail or account.model_invocation_logging else []
        access_logs = kept_bucket(
            f"{name}-access-logs",
            names.access_logs_bucket,
            policy=documents.access_logs_bucket_policy(names, [names.state_bucket, *records]),
            encryption=OWN_KEYS,
            days=LOG_DAYS,
            parent=self,
        )
        aws.s3.BucketLogging(f"{name}-logging", bucket=state.name, target_bucket=access_logs.name, target_prefix="state/", opts=keep)
        self.key_arn = key.arn
        self.bucket = state.name
        self.access_logs = access_logs.name
        self.register_outputs({"keyArn": self.key_arn, "bucket": self.bucket})


def kept_bucket(
    name: str, physical_name: str, *, policy: str, encryption: Encryption, days: int | None = None, parent: pulumi.Resource
) -> Bucket:
    """A bucket that the account keeps; its objects expire after so many days, or never.

    Its policy waits for its key: KMS refuses a policy that its caller couldn't change again, and S3 doesn't.
    """
    return private_bucket(
        name,
        physical_name,
        policy=policy,
        encryption=encryption,
        lifecycle=[expiry("old-versions", days=days, noncurrent_days=OLD_STATE_DAYS)],
        parent=parent,
        protect=True,
        policy_after_key=True,
    )


def backend(names: AccountNames) -> Mapping[str, str]:
    """What a stack's state is reached by: the values of PULUMI_BACKEND_URL and of the secrets provider."""
    return {
        "backend_url": f"s3://{names.state_bucket}?region={names.region}",
        "secrets_provider": f"awskms://{STATE_ALIAS}?region={names.region}",
    }
