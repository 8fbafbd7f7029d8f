"""Data protection: what holds data can be recovered, and isn't deleted by mistake."""

from __future__ import annotations

from collections.abc import Iterator

from checks import between, off, on, protected
from plain import dig, items, shown
from rule import Finding, Resource, Severity, rule
from tokens import BUCKET, KEY, LOG_GROUP, QUEUE, REPOSITORY, SECRET, TABLE

SHORTEST_RECOVERY_DAYS = 7
"""A bad write on a Friday is found on Monday, or a week later. DynamoDB's own default is 35."""

PROTECTED_TIERS = frozenset({"staging", "prod"})
"""dev is made to be destroyed; a stack of an unknown tier is held to the strict side."""

LONGEST_WINDOW_DAYS = 30
"""KMS's and Secrets Manager's longest, and their default."""

RETENTION_DAYS = {"dev": 1, "staging": 30}
A_YEAR = 365
"""The least days that logs are kept, by tier; a year in every other. Source: Security Hub CloudWatch.16."""

DEAD_LETTER_SECONDS = 4 * 86400
"""SQS's own default: a long weekend."""

WHY_GONE = "Data that was collected over weeks can't be made again."


@rule(
    id="data-protection/table-recovery",
    types={TABLE},
    severity=Severity.HIGH,
    protects="The tables from a bad write.",
    why=WHY_GONE,
    fix="Write point_in_time_recovery={'enabled': True}.",
    controls=("Security Hub DynamoDB.2", "checkov CKV_AWS_28"),
)
def table_recovery(table: Resource) -> Iterator[Finding]:
    yield from on("pointInTimeRecovery.enabled", table.at("pointInTimeRecovery", "enabled"))
    days = table.at("pointInTimeRecovery", "recoveryPeriodInDays")
    yield from between("pointInTimeRecovery.recoveryPeriodInDays", days, SHORTEST_RECOVERY_DAYS, 35, or_missing=True)
    for replica in items(table.at("replicas")):  # each has its own
        yield from on(f"pointInTimeRecovery of the replica in {shown(dig(replica, 'regionName'))}", dig(replica, "pointInTimeRecovery"))


@rule(
    id="data-protection/table-deletion",
    types={TABLE},
    severity=Severity.HIGH,
    protects="The tables from being deleted, by whatever tool.",
    why=WHY_GONE,
    fix="Write deletion_protection_enabled=True.",
    controls=("Security Hub DynamoDB.6",),
    tiers=PROTECTED_TIERS,
)
def table_deletion(table: Resource) -> Iterator[Finding]:
    yield from on("deletionProtectionEnabled", table.at("deletionProtectionEnabled"))
    for replica in items(table.at("replicas")):
        where = f"deletionProtectionEnabled of the replica in {shown(dig(replica, 'regionName'))}"
        yield from on(where, dig(replica, "deletionProtectionEnabled"))


@rule(
    id="data-protection/protect",
    types={TABLE, BUCKET, KEY, SECRET, REPOSITORY},
    severity=Severity.HIGH,
    protects="Everything that holds data from `pulumi destroy`, and from an edit that would replace it.",
    why=WHY_GONE,
    fix="Declare it with the resource option protect=True.",
    tiers=PROTECTED_TIERS,
)
def protect(resource: Resource) -> Iterator[Finding]:
    return protected(resource)


@rule(
    id="data-protection/key-window",
    types={KEY},
    severity=Severity.HIGH,
    protects="All data of the stack: it is gone with its key.",
    why="A deleted key can be brought back within its window, and never after.",
    fix="Write deletion_window_in_days=30.",
    tiers=PROTECTED_TIERS,
)
def key_window(key: Resource) -> Iterator[Finding]:
    days = key.at("deletionWindowInDays")
    yield from between("deletionWindowInDays", days, LONGEST_WINDOW_DAYS, LONGEST_WINDOW_DAYS, or_missing=True)


@rule(
    id="data-protection/secret-window",
    types={SECRET},
    severity=Severity.MEDIUM,
    protects="The secrets from being deleted by mistake.",
    why="A secret that is deleted without a window is gone at once.",
    fix="Write recovery_window_in_days=30.",
    tiers=PROTECTED_TIERS,
)
def secret_window(secret: Resource) -> Iterator[Finding]:
    days = secret.at("recoveryWindowInDays")
    yield from between("recoveryWindowInDays", days, LONGEST_WINDOW_DAYS, LONGEST_WINDOW_DAYS, or_missing=True)


@rule(
    id="data-protection/log-retention",
    types={LOG_GROUP},
    severity=Severity.MEDIUM,
    protects="The record of what happened, for as long as somebody may ask.",
    why="Logs that go after a day can't explain last week, and logs that nobody limits are billed for ever.",
    fix="Write retention_in_days: a year in prod, 30 days in staging.",
    controls=("Security Hub CloudWatch.16",),
)
def log_retention(group: Resource) -> Iterator[Finding]:
    """0, or nothing, keeps logs for ever, which is billed and which nobody decided."""
    least = RETENTION_DAYS.get(group.limits.tier, A_YEAR)
    yield from between("retentionInDays", group.at("retentionInDays"), least, 3653)


@rule(
    id="data-protection/images-kept",
    types={REPOSITORY},
    severity=Severity.HIGH,
    protects="The images that run, and those to roll back to.",
    why="With force_delete a repository goes, and with it all that is in it.",
    fix="Write force_delete=False.",
    tiers=PROTECTED_TIERS,
)
def images_kept(repository: Resource) -> Iterator[Finding]:
    yield from off("forceDelete", repository.at("forceDelete"))


@rule(
    id="data-protection/objects-kept",
    types={BUCKET},
    severity=Severity.HIGH,
    protects="The objects in the buckets.",
    why="With force_destroy a bucket is emptied before it is deleted, and nobody is asked.",
    fix="Write force_destroy=False.",
    tiers=PROTECTED_TIERS,
)
def objects_kept(bucket: Resource) -> Iterator[Finding]:
    yield from off("forceDestroy", bucket.at("forceDestroy"))


@rule(
    id="data-protection/dead-letters-kept",
    types={QUEUE},
    severity=Severity.MEDIUM,
    protects="The events that could not be handled, until somebody looks.",
    why="A message that goes before Monday morning was dropped.",
    fix="Write message_retention_seconds=1209600, 14 days.",
)
def dead_letters_kept(queue: Resource) -> Iterator[Finding]:
    yield from between("messageRetentionSeconds", queue.at("messageRetentionSeconds"), DEAD_LETTER_SECONDS, 1209600, or_missing=True)
