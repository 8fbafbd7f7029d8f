"""Encryption, the logs: CloudWatch Logs may use the stack's key for each of its groups."""

from __future__ import annotations

from collections.abc import Iterator

from calls import AwsCall, allowed
from graph import Linked, names_of
from rule import Finding, Severity, Stack
from rules.evolution.alarm_path import EVERYTHING, Place, carriers_of, readable
from system import evolution_rule
from tokens import KEY, KEY_POLICY, LOG_GROUP

BY_LOGS = ("kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey", "kms:ReEncryptFrom", "kms:ReEncryptTo")
"""Source: CloudWatch Logs user guide, "Encrypt log data in CloudWatch Logs using AWS Key Management Service"."""


@evolution_rule(
    id="encryption/logs-may-encrypt",
    severity=Severity.HIGH,
    protects="The logs: of what runs, of its network and of its web ACL.",
    why="A log group whose key doesn't admit CloudWatch Logs for it can't be made, or takes no events any more.",
    fix="Let logs.<region>.amazonaws.com use the key where kms:EncryptionContext:aws:logs:arn is the group "
    "(components/resource_policies.py).",
)
def logs_may_encrypt(stack: Stack) -> Iterator[Finding]:
    place, keys = Place(stack), Linked(stack, KEY)
    for urn, key in keys.all.items() if place.known else ():
        statements = readable(carriers_of(stack, KEY, KEY_POLICY, "keyId", key))
        kept_out = [
            name
            for name in sorted(names_of([one for one in stack.of_type(LOG_GROUP) if urn in keys.by(one, "kmsKeyId")]))
            if statements is not None and not all(allowed(_by_logs(action, name, place), statements) for action in BY_LOGS)
        ]
        if kept_out:
            more = f" and {len(kept_out) - 1} more" if len(kept_out) > 1 else ""
            yield Finding(f"its policy doesn't let CloudWatch Logs encrypt {kept_out[0]}{more}; it must.", key)


def _by_logs(action: str, group: str, place: Place) -> AwsCall:
    arn = place.arn("logs", f"log-group:{group}")
    return AwsCall(
        action=action,
        resource=EVERYTHING,
        service=f"logs.{place.region}.amazonaws.com",
        context={"kms:encryptioncontext:aws:logs:arn": arn, "aws:sourceaccount": place.account, "aws:sourcearn": arn},
    )
