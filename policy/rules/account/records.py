"""What is recorded of the account arrives: whoever writes it is let in by the bucket that takes it, and by the key."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from account_project import account_rule
from accounts import own_account
from calls import AwsCall, allowed
from documents import statements_of, unreadable
from graph import Linked
from other_types import TRAIL
from plain import dig, items
from rule import Finding, Resource, Severity, Stack
from rules.account.fences import region_of
from tokens import BUCKET, BUCKET_ENCRYPTION, BUCKET_LOGGING, BUCKET_POLICY, KEY, KEY_POLICY, MODEL_LOG

WRITTEN = "a-file"
"""Stands for what a service calls its files."""


@dataclass(frozen=True, kw_only=True)
class Writer:
    """A service that writes for a resource.

    Attributes:
        buckets, keys: the URNs of where it writes to, and of what it encrypts under.
        writes: the first parts of the keys that it writes, within the bucket.
        asks: what it asks of the bucket beside that.
        uses: what it does with the key, and what is known of each such request beside who asks and for what.
    """

    resource: Resource
    service: str
    source: str
    buckets: set[str]
    writes: Sequence[str]
    keys: set[str] = field(default_factory=set[str])
    asks: Sequence[str] = ()
    uses: Mapping[str, Mapping[str, str]] = field(default_factory=dict[str, Mapping[str, str]])


@account_rule(
    id="account/recorded",
    severity=Severity.HIGH,
    protects="The trail, the record of the models and the access logs: what is written arrives.",
    why="A delivery that a bucket or a key refuses stops nothing and is in no bill: the record has a hole, and nobody hears of it.",
    fix="Let cloudtrail.amazonaws.com, bedrock.amazonaws.com and logging.s3.amazonaws.com write in the bucket's policy, and the first two "
    "make data keys in the key's, for this account's (account/documents.py); deny there only what comes without TLS.",
)
def recorded(stack: Stack) -> Iterator[Finding]:
    account = own_account(stack)
    buckets, keys = Linked(stack, BUCKET, ("bucket", "id")), Linked(stack, KEY, ("arn", "id", "keyId"))
    for writer in _writers(stack, account, buckets, keys):
        known = {"aws:sourceaccount": account, "aws:sourcearn": writer.source, "aws:securetransport": "true"}
        put = {**known, "s3:x-amz-acl": "bucket-owner-full-control"}
        for urn in sorted(writer.buckets):
            policies = [one for one in stack.of_type(BUCKET_POLICY) if urn in buckets.by(one, "bucket")]
            arn = f"arn:aws:s3:::{buckets.all[urn].at('bucket')}"
            calls = [AwsCall(action=one, resource=arn, service=writer.service, context=known) for one in writer.asks]
            calls += [AwsCall(action="s3:PutObject", resource=f"{arn}/{one}", service=writer.service, context=put) for one in writer.writes]
            yield from _refused(writer, policies, calls)
        for urn in sorted(writer.keys):
            policies = [keys.all[urn], *(one for one in stack.of_type(KEY_POLICY) if urn in keys.by(one, "keyId"))]
            calls = [
                AwsCall(action=action, resource="*", service=writer.service, context={**known, **more})
                for action, more in writer.uses.items()
            ]
            yield from _refused(writer, policies, calls)


def _refused(writer: Writer, policies: Sequence[Resource], calls: Sequence[AwsCall]) -> Iterator[Finding]:
    """The first call that the policies don't certainly allow."""
    if any(any(unreadable(one)) for one in policies):
        return  # identity/document says it
    statements = [statement for one in policies for statement in statements_of(one)]
    for call in calls:
        if not allowed(call, statements):
            about = policies[0] if policies else writer.resource
            yield Finding(
                f"it doesn't let {call.service} call {call.action} on {call.resource} for `{writer.resource.name}`; it must.", about
            )
            return


def _writers(stack: Stack, account: str, buckets: Linked, keys: Linked) -> Iterator[Writer]:
    """Source of what CloudTrail asks: its user guide, "Amazon S3 bucket policy for CloudTrail" and "Configure AWS KMS key policies for
    CloudTrail"; Bedrock: its user guide, "Monitor model invocation using CloudWatch Logs and Amazon S3"; S3: its user guide, "Enabling
    Amazon S3 server access logging"."""
    here, logs = f"{region_of(stack)}:{account}:", f"AWSLogs/{account}"
    for trail in stack.of_type(TRAIL):
        source, taking = f"arn:aws:cloudtrail:{here}trail/{trail.at('name')}", buckets.by(trail, "s3BucketName")
        # Over a bucket key it wants to decrypt, too, and a request for that doesn't say for which trail it is.
        by_bucket = [one for one in stack.of_type(BUCKET_ENCRYPTION) if buckets.by(one, "bucket") & taking and _has_key_of_its_own(one)]
        yield Writer(
            resource=trail,
            service="cloudtrail.amazonaws.com",
            source=source,
            buckets=taking,
            asks=["s3:GetBucketAcl"],
            writes=[f"{logs}/{kind}/{WRITTEN}" for kind in ("CloudTrail", "CloudTrail-Digest")],
            keys=keys.by(trail, "kmsKeyId"),
            uses={
                "kms:GenerateDataKey": {"kms:encryptioncontext:aws:cloudtrail:arn": source},
                "kms:DescribeKey": {},
                **({"kms:Decrypt": {}} if by_bucket else {}),
            },
        )
    for log in stack.of_type(MODEL_LOG):
        taking = buckets.by(log, "loggingConfig") | buckets.by(log, "loggingConfig", "s3Config", "bucketName")
        encrypted = [one for one in stack.of_type(BUCKET_ENCRYPTION) if buckets.by(one, "bucket") & taking]
        yield Writer(
            resource=log,
            service="bedrock.amazonaws.com",
            source=f"arn:aws:bedrock:{here}{WRITTEN}",
            buckets=taking,
            writes=[f"{logs}/BedrockModelInvocationLogs/{WRITTEN}"],
            keys={urn for one in encrypted for urn in keys.by(one, "rules")},
            uses={"kms:GenerateDataKey": {}},
        )
    for logging in stack.of_type(BUCKET_LOGGING):
        for urn in sorted(buckets.by(logging, "bucket")):
            yield Writer(
                resource=logging,
                service="logging.s3.amazonaws.com",
                source=f"arn:aws:s3:::{buckets.all[urn].at('bucket')}",
                buckets=buckets.by(logging, "targetBucket"),
                writes=[f"{logging.at('targetPrefix') or ''}{WRITTEN}"],
            )


def _has_key_of_its_own(encryption: Resource) -> bool:
    return any(dig(one, "bucketKeyEnabled") not in (None, False) for one in items(encryption.at("rules")))
