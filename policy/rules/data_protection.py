"""Data protection: what evolution remembers is still there after a mistake, a crash and a `pulumi destroy`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from checks import absent, between, literal, off, on
from graph import Linked, names_of
from plain import dig
from rule import Family, Finding, Resource, ResourceRule, Severity, Stack, StackRule, about
from rules import data_protection_buckets as buckets
from system import each_of_this_system, of_this_system
from tokens import BUCKET, KEY, LOG_GROUP, PARAMETER, QUEUE, REPOSITORY, SECRET, SECRET_VERSION, TABLE

PROTECTED_TIERS = frozenset({"staging", "prod"})
"""dev is made to be destroyed; a stack of an unknown tier is held to the strict side."""

LONGEST_WINDOW_DAYS = 30
"""KMS's and Secrets Manager's longest, and their default."""

RETENTION_DAYS = {"dev": 1, "staging": 30}
A_YEAR = 365
"""The least days that logs are kept, by tier; a year in every other. Source: Security Hub CloudWatch.16."""

SAFETY_SETTINGS = "EvolutionSafetyConfig"
ARTIFACTS = "evolution-artifacts"
"""The first parts of the names of the secret and of the bucket."""

DEAD_LETTER_SECONDS = 4 * 86400
"""SQS's own default: a long weekend."""


def _recovery(table: Resource) -> Iterator[Finding]:
    yield from on("pointInTimeRecovery.enabled", table.at("pointInTimeRecovery", "enabled"))


def _deletion_protection(table: Resource) -> Iterator[Finding]:
    yield from on("deletionProtectionEnabled", table.at("deletionProtectionEnabled"))


def _protect(resource: Resource) -> Iterator[Finding]:
    if not resource.protect:
        yield Finding("Pulumi's protect is off; it must be on, so that no run can delete it.")


def _key_window(key: Resource) -> Iterator[Finding]:
    days = key.at("deletionWindowInDays")
    yield from between("deletionWindowInDays", days, LONGEST_WINDOW_DAYS, LONGEST_WINDOW_DAYS, or_missing=True)


def _secret_window(secret: Resource) -> Iterator[Finding]:
    days = secret.at("recoveryWindowInDays")
    yield from between("recoveryWindowInDays", days, LONGEST_WINDOW_DAYS, LONGEST_WINDOW_DAYS, or_missing=True)


def _retention(group: Resource) -> Iterator[Finding]:
    """0, or nothing, keeps logs for ever: nobody decided that, and nobody pays for it gladly."""
    least = RETENTION_DAYS.get(group.bounds.tier, A_YEAR)
    yield from between("retentionInDays", group.at("retentionInDays"), least, 3653)


def _keeps_images(repository: Resource) -> Iterator[Finding]:
    yield from off("forceDelete", repository.at("forceDelete"))


def _keeps_objects(bucket: Resource) -> Iterator[Finding]:
    yield from off("forceDestroy", bucket.at("forceDestroy"))


def _dead_letters(queue: Resource) -> Iterator[Finding]:
    yield from between("messageRetentionSeconds", queue.at("messageRetentionSeconds"), DEAD_LETTER_SECONDS, 1209600, or_missing=True)


def _write_only(version: Resource) -> Iterator[Finding]:
    for name in ("secretString", "secretBinary"):
        yield from absent(name, version.at(name), "what is written there stays in Pulumi's state; secret_string_wo does not")


def _settings_exist(stack: Stack) -> Iterator[Finding]:
    secrets = Linked(stack, SECRET, ("id", "arn"))
    name = f"{SAFETY_SETTINGS}-{stack.name}"
    own = [urn for urn, secret in secrets.all.items() if secret.at("name") == name]
    if not own:
        yield Finding(f"it has no secret named {name}; it must have one, with the safety threshold and the validation key.")
    elif not set(own) & secrets.by_all(stack.of_type(SECRET_VERSION), "secretId"):
        yield Finding("no SecretVersion fills it; one must.", secrets.all[own[0]])


def _artifacts_exist(stack: Stack) -> Iterator[Finding]:
    start = f"{ARTIFACTS}-{stack.name}-"
    if not any(name.startswith(start) for name in names_of(stack.of_type(BUCKET), "bucket")):
        yield Finding(f"it has no bucket named {start}…; it must have one, for finished evolutions.")


def _parameter_kept(parameter: Resource) -> Iterator[Finding]:
    if not parameter.bounds.known_tier or parameter.bounds.tier in PROTECTED_TIERS:
        yield from _protect(parameter)


@dataclass(frozen=True, kw_only=True, slots=True)
class Required:
    """A table that must exist: the first part of its name, its keys with their types, and what else it must have."""

    stem: str
    keys: dict[str, str]
    stream: bool = False
    ttl: bool = False

    def findings(self, table: Resource) -> Iterator[Finding]:
        """What the table lacks."""
        hash_key, *range_key = self.keys
        yield from literal("hashKey", table.at("hashKey"), hash_key)
        if range_key:
            yield from literal("rangeKey", table.at("rangeKey"), range_key[0])
        yield from literal("billingMode", table.at("billingMode"), "PAY_PER_REQUEST")
        if self.stream:
            yield from on("streamEnabled", table.at("streamEnabled"))
            yield from literal("streamViewType", table.at("streamViewType"), "NEW_AND_OLD_IMAGES")
        if self.ttl:
            yield from literal("ttl.attributeName", table.at("ttl", "attributeName"), "ttl")
            yield from on("ttl.enabled", table.at("ttl", "enabled"))
        attributes = table.at("attributes")
        kinds = {str(dig(one, "name")): dig(one, "type") for one in attributes} if isinstance(attributes, list) else {}
        for key, kind in self.keys.items():
            yield from literal(f"the type of the attribute {key}", kinds.get(key), kind)


TABLES = {
    "state-table": Required(stem="evolution-state", keys={"evolution_id": "S", "generation": "N"}, stream=True),
    "population-table": Required(stem="agent-population", keys={"population_id": "S", "agent_id": "S"}, ttl=True),
    "checkpoint-table": Required(stem="evolution-checkpoints", keys={"checkpoint_id": "S"}),
}
"""The system's tables, by the second part of their rule's id."""


def _table(required: Required) -> Callable[[Stack], Iterator[Finding]]:
    def check(stack: Stack) -> Iterator[Finding]:
        name = f"{required.stem}-{stack.name}"
        tables = [table for table in stack.of_type(TABLE) if table.at("name") == name]
        if not tables:
            yield Finding(f"it has no table named {name}; it must have one.")
        for table in tables:
            yield from about(table, required.findings(table))

    return of_this_system(check)


WHY_GONE = "What evolution has learned over weeks can't be made again."

FAMILY = Family(
    name="data-protection",
    title="What evolution remembers must survive a mistake.",
    resource_rules=(
        ResourceRule(
            id="data-protection/table-recovery",
            severity=Severity.HIGH,
            protects="The state, the population and the checkpoints from a bad write.",
            why=WHY_GONE,
            fix="Write point_in_time_recovery={'enabled': True}.",
            check=_recovery,
            types=frozenset({TABLE}),
            controls=("Security Hub DynamoDB.2", "checkov CKV_AWS_28"),
        ),
        ResourceRule(
            id="data-protection/table-deletion",
            severity=Severity.HIGH,
            protects="The tables from being deleted, by whatever tool.",
            why=WHY_GONE,
            fix="Write deletion_protection_enabled=True.",
            check=_deletion_protection,
            types=frozenset({TABLE}),
            tiers=PROTECTED_TIERS,
            controls=("Security Hub DynamoDB.6",),
        ),
        ResourceRule(
            id="data-protection/protect",
            severity=Severity.HIGH,
            protects="Everything that holds data from `pulumi destroy`, and from an edit that would replace it.",
            why=WHY_GONE,
            fix="Declare it with protect=True (components/component.py: kept).",
            check=_protect,
            types=frozenset({TABLE, BUCKET, KEY, SECRET, REPOSITORY}),
            tiers=PROTECTED_TIERS,
        ),
        ResourceRule(
            id="data-protection/key-window",
            severity=Severity.HIGH,
            protects="All data of the stack: it is gone with its key.",
            why="A deleted key can be brought back within its window, and never after.",
            fix="Write deletion_window_in_days=30.",
            check=_key_window,
            types=frozenset({KEY}),
            tiers=PROTECTED_TIERS,
        ),
        ResourceRule(
            id="data-protection/secret-window",
            severity=Severity.MEDIUM,
            protects="The safety settings from being deleted by mistake.",
            why="A secret that is deleted without a window is gone at once.",
            fix="Write recovery_window_in_days=30.",
            check=_secret_window,
            types=frozenset({SECRET}),
            tiers=PROTECTED_TIERS,
        ),
        ResourceRule(
            id="data-protection/log-retention",
            severity=Severity.MEDIUM,
            protects="The record of what happened, for as long as somebody may ask.",
            why="Logs that go after a day can't explain last week, and logs that nobody limits are billed for ever.",
            fix="Write retention_in_days: a year in prod, 30 days in staging.",
            check=_retention,
            types=frozenset({LOG_GROUP}),
            controls=("Security Hub CloudWatch.16",),
        ),
        ResourceRule(
            id="data-protection/images-kept",
            severity=Severity.HIGH,
            protects="The images that run, and those to roll back to.",
            why="With force_delete a repository goes, and with it all that is in it.",
            fix="Write force_delete=False.",
            check=_keeps_images,
            types=frozenset({REPOSITORY}),
            tiers=PROTECTED_TIERS,
        ),
        ResourceRule(
            id="data-protection/objects-kept",
            severity=Severity.HIGH,
            protects="The artifacts of finished evolutions.",
            why="With force_destroy a bucket is emptied before it is deleted, and nobody is asked.",
            fix="Write force_destroy=False.",
            check=_keeps_objects,
            types=frozenset({BUCKET}),
            tiers=PROTECTED_TIERS,
        ),
        ResourceRule(
            id="data-protection/dead-letters-kept",
            severity=Severity.MEDIUM,
            protects="The events that could not be handled, until somebody looks.",
            why="A message that goes before Monday morning was dropped.",
            fix="Write message_retention_seconds=1209600, 14 days.",
            check=_dead_letters,
            types=frozenset({QUEUE}),
        ),
        *buckets.RESOURCE_RULES,
    ),
    stack_rules=(
        *(
            StackRule(
                id=f"data-protection/{name}",
                severity=Severity.HIGH,
                protects=f"The table {required.stem}, which the engine and its functions rely on as it is.",
                why="A table that is missing, or has other keys, is noticed when evolution has lost a generation.",
                fix=f"Declare {required.stem}-<stack> with the keys {', '.join(required.keys)} on demand"
                + (
                    ", with the stream NEW_AND_OLD_IMAGES." if required.stream else ", with the TTL attribute ttl." if required.ttl else "."
                ),
                check=_table(required),
            )
            for name, required in TABLES.items()
        ),
        StackRule(
            id="data-protection/safety-settings",
            severity=Severity.HIGH,
            protects="The threshold and the key that promotions are validated with.",
            why="Without them the engine can't tell an approved promotion from a forged one.",
            fix=f"Declare the secret {SAFETY_SETTINGS}-<stack> and a SecretVersion of it.",
            check=of_this_system(_settings_exist),
        ),
        StackRule(
            id="data-protection/artifacts-bucket",
            severity=Severity.MEDIUM,
            protects="What finished evolutions leave behind.",
            why="Without the bucket the result of weeks is nowhere.",
            fix=f"Declare the bucket {ARTIFACTS}-<stack>-<account>-<region>.",
            check=of_this_system(_artifacts_exist),
        ),
        StackRule(
            id="data-protection/secret-not-in-state",
            severity=Severity.HIGH,
            protects="The validation key from everybody who may read Pulumi's state.",
            why="A secret in the state is as safe as the state's passphrase, and stays in its history.",
            fix="Write secret_string_wo and secret_string_wo_version.",
            check=each_of_this_system(_write_only, SECRET_VERSION),
        ),
        StackRule(
            id="data-protection/mode-kept",
            severity=Severity.HIGH,
            protects="The mode parameter, which says that evolution is halted.",
            why="A parameter that is deleted and made again says `running`, whatever it said before.",
            fix="Declare it with protect=True.",
            check=each_of_this_system(_parameter_kept, PARAMETER),
        ),
        *buckets.STACK_RULES,
    ),
)
