"""Data protection: the tables, the settings, the bucket and the mode that this system rests on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from checks import absent, literal, on, protected
from graph import Linked, names_of
from plain import dig
from rule import Finding, Resource, Severity, Stack, StackRule, about
from rules.aws.data_protection import PROTECTED_TIERS
from rules.aws.data_protection_buckets import ends
from system import evolution_rule, mode_parameters_of
from tokens import BUCKET, BUCKET_LIFECYCLE, LOG_GROUP, SECRET, SECRET_VERSION, TABLE

SAFETY_SETTINGS = "EvolutionSafetyConfig"
ARTIFACTS = "evolution-artifacts"
"""The first parts of the names of the secret and of the bucket."""


@evolution_rule(
    id="data-protection/secret-not-in-state",
    types={SECRET_VERSION},
    severity=Severity.HIGH,
    protects="The validation key from everybody who may read Pulumi's state.",
    why="A secret in the state is as safe as the state's passphrase, and stays in its history.",
    fix="Write secret_string_wo and secret_string_wo_version.",
)
def secret_not_in_state(version: Resource) -> Iterator[Finding]:
    for name in ("secretString", "secretBinary"):
        yield from absent(name, version.at(name), "what is written there stays in Pulumi's state; secret_string_wo does not")


@evolution_rule(
    id="data-protection/safety-settings",
    severity=Severity.HIGH,
    protects="The threshold and the key that promotions are validated with.",
    why="Without them the engine can't tell an approved promotion from a forged one.",
    fix=f"Declare the secret {SAFETY_SETTINGS}-<stack> and a SecretVersion of it.",
)
def safety_settings(stack: Stack) -> Iterator[Finding]:
    secrets = Linked(stack, SECRET, ("id", "arn"))
    name = f"{SAFETY_SETTINGS}-{stack.name}"
    own = [urn for urn, secret in secrets.all.items() if secret.at("name") == name]
    if not own:
        yield Finding(f"it has no secret named {name}; it must have one, with the safety threshold and the validation key.")
    elif not set(own) & secrets.by_all(stack.of_type(SECRET_VERSION), "secretId"):
        yield Finding("no SecretVersion fills it; one must.", secrets.all[own[0]])


@evolution_rule(
    id="data-protection/artifacts-bucket",
    severity=Severity.MEDIUM,
    protects="What finished evolutions leave behind.",
    why="Without the bucket the result of weeks is nowhere.",
    fix=f"Declare the bucket {ARTIFACTS}-<stack>-<account>-<region>.",
)
def artifacts_bucket(stack: Stack) -> Iterator[Finding]:
    start = f"{ARTIFACTS}-{stack.name}-"
    if not any(name.startswith(start) for name in names_of(stack.of_type(BUCKET), "bucket")):
        yield Finding(f"it has no bucket named {start}…; it must have one, for finished evolutions.")


@evolution_rule(
    id="data-protection/objects-expire",
    types={BUCKET_LIFECYCLE},
    severity=Severity.MEDIUM,
    protects="The buckets from growing with every evolution, for ever.",
    why="Nobody asks for the artifacts of an evolution of last year, nor who read them; both are billed.",
    fix="Write expiration={'days': ...} in a rule for all objects of the BucketLifecycleConfiguration.",
)
def objects_expire(lifecycle: Resource) -> Iterator[Finding]:
    return ends(lifecycle, "current versions", "expiration", "days")


@evolution_rule(
    id="data-protection/mode-kept",
    severity=Severity.HIGH,
    protects="The mode parameter, which says that evolution is halted.",
    why="A parameter that is deleted and made again says `running`, whatever it said before.",
    fix="Declare it with protect=True.",
)
def mode_kept(stack: Stack) -> Iterator[Finding]:
    for parameter in mode_parameters_of(stack):
        if not stack.limits.known_tier or stack.limits.tier in PROTECTED_TIERS:
            yield from about(parameter, protected(parameter))


@dataclass(frozen=True, kw_only=True, slots=True)
class RequiredTable:
    """A table that must exist: the first part of its name, its keys with their types, and whether it has a stream."""

    stem: str
    keys: dict[str, str]
    stream: bool = False

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
        yield from literal("ttl.attributeName", table.at("ttl", "attributeName"), "ttl")
        yield from on("ttl.enabled", table.at("ttl", "enabled"))
        attributes = table.at("attributes")
        kinds = {str(dig(one, "name")): dig(one, "type") for one in attributes} if isinstance(attributes, list) else {}
        for key, kind in self.keys.items():
            yield from literal(f"the type of the attribute {key}", kinds.get(key), kind)


TABLES = {
    "state-table": RequiredTable(stem="evolution-state", keys={"evolution_id": "S", "generation": "N"}, stream=True),
    "population-table": RequiredTable(stem="agent-population", keys={"population_id": "S", "agent_id": "S"}),
    "checkpoint-table": RequiredTable(stem="evolution-checkpoints", keys={"checkpoint_id": "S"}),
}
"""The system's tables, by the second part of their rule's id."""


def _required(name: str) -> StackRule:
    """The rule that one of the system's tables exists."""
    required = TABLES[name]

    @evolution_rule(
        id=f"data-protection/{name}",
        severity=Severity.HIGH,
        protects=f"The table {required.stem}, which the engine and its functions rely on as it is.",
        why="A table that is missing, or has other keys, is noticed when evolution has lost a generation.",
        fix=f"Declare {required.stem}-<stack> with the keys {', '.join(required.keys)} on demand, with the TTL attribute ttl"
        + (" and the stream NEW_AND_OLD_IMAGES." if required.stream else "."),
    )
    def exists(stack: Stack) -> Iterator[Finding]:
        name = f"{required.stem}-{stack.name}"
        tables = [table for table in stack.of_type(TABLE) if table.at("name") == name]
        if not tables:
            yield Finding(f"it has no table named {name}; it must have one.")
        for table in tables:
            yield from about(table, required.findings(table))

    return exists


state_table = _required("state-table")
population_table = _required("population-table")
checkpoint_table = _required("checkpoint-table")


@evolution_rule(
    id="data-protection/log-deletion",
    types={LOG_GROUP},
    severity=Severity.HIGH,
    protects="The record of what was done, from whoever did it.",
    why="Who deletes a log group deletes what would tell of it, at once and for good.",
    fix="Write deletion_protection_enabled=True.",
    tiers=PROTECTED_TIERS,
)
def log_deletion(group: Resource) -> Iterator[Finding]:
    return on("deletionProtectionEnabled", group.at("deletionProtectionEnabled"))
