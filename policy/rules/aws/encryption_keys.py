"""Encryption, the keys themselves: they rotate, they work, they are used, and what refers to a key refers to a key."""

from __future__ import annotations

from collections.abc import Iterator

from accounts import foreign_arns, own_account
from checks import between, literal, off, on
from graph import Linked
from other_types import TRAIL
from plain import shown
from rule import Finding, Reference, Resource, Severity, Stack, rule
from tokens import (
    AGENT_GATEWAY,
    AGENT_MEMORY,
    AGENT_POLICY_ENGINE,
    BEDROCK_AGENT,
    BEDROCK_DATA_SOURCE,
    BUCKET,
    BUCKET_ENCRYPTION,
    CLUSTER,
    EXTERNAL_KEY,
    FUNCTION,
    GUARDRAIL,
    IAM_POLICY,
    KEY,
    KEY_ALIAS,
    KEY_GRANT,
    KEY_POLICY,
    LOG_GROUP,
    PARAMETER,
    QUEUE,
    REPLICA_KEY,
    REPOSITORY,
    ROLE_POLICY,
    SECRET,
    TABLE,
    TOPIC,
)

KEY_TYPES = frozenset({KEY, KEY_ALIAS, REPLICA_KEY, EXTERNAL_KEY})

KEY_PROPERTIES = {
    AGENT_GATEWAY: "kmsKeyArn",
    AGENT_MEMORY: "encryptionKeyArn",
    AGENT_POLICY_ENGINE: "encryptionKeyArn",
    BEDROCK_AGENT: "customerEncryptionKeyArn",
    BEDROCK_DATA_SOURCE: "serverSideEncryptionConfiguration",
    BUCKET: "serverSideEncryptionConfiguration",
    BUCKET_ENCRYPTION: "rules",
    CLUSTER: "configuration",
    FUNCTION: "kmsKeyArn",
    GUARDRAIL: "kmsKeyArn",
    KEY_ALIAS: "targetKeyId",
    LOG_GROUP: "kmsKeyId",
    PARAMETER: "keyId",
    QUEUE: "kmsMasterKeyId",
    REPOSITORY: "encryptionConfigurations",
    SECRET: "kmsKeyId",
    TABLE: "serverSideEncryption",
    TOPIC: "kmsMasterKeyId",
    TRAIL: "kmsKeyId",
}
"""By type, the top-level property that holds the key: what its value comes from is known for the whole of it."""

REPLICAS = "replicas"
"""Where tables and secrets name the keys of their copies in other regions."""

NOT_USE = frozenset({KEY_ALIAS, KEY_POLICY, KEY_GRANT, ROLE_POLICY, IAM_POLICY})
"""What refers to a key without encrypting anything under it."""

SYMMETRIC = "SYMMETRIC_DEFAULT"

LONGEST_ROTATION_DAYS = 365
"""KMS's own default, and what auditors ask for."""


@rule(
    id="encryption/key-rotation",
    types={KEY},
    severity=Severity.MEDIUM,
    protects="What was encrypted before a key leaked: each year's data has key material of its own.",
    why="A key that never rotates exposes all data ever written once its material leaks.",
    fix="Write enable_key_rotation=True and rotation_period_in_days=365, on a symmetric key.",
    controls=("Security Hub KMS.4",),
)
def key_rotation(key: Resource) -> Iterator[Finding]:
    """Only symmetric keys that KMS made can rotate. Source: KMS developer guide, "Rotate AWS KMS keys"."""
    kind = key.at("customerMasterKeySpec")
    if isinstance(kind, str) and kind != SYMMETRIC:
        return
    yield from literal("customerMasterKeySpec", kind, SYMMETRIC, or_missing=True)
    yield from on("enableKeyRotation", key.at("enableKeyRotation"))
    yield from between("rotationPeriodInDays", key.at("rotationPeriodInDays"), 90, LONGEST_ROTATION_DAYS, or_missing=True)


@rule(
    id="encryption/key-usable",
    types={KEY},
    severity=Severity.CRITICAL,
    protects="All data of the stack from becoming unreadable.",
    why="A disabled key makes everything under it unreadable at once, and a key policy that locks everyone out can't be mended.",
    fix="Remove is_enabled and bypass_policy_lockout_safety_check.",
)
def key_usable(key: Resource) -> Iterator[Finding]:
    yield from literal("isEnabled", key.at("isEnabled"), True, or_missing=True)
    yield from off("bypassPolicyLockoutSafetyCheck", key.at("bypassPolicyLockoutSafetyCheck"))


def _is_key(reference: Reference) -> bool:
    """Whether a reference leads to a key. One that leads out of the AWS provider (another stack's output) can't be followed."""
    return reference.type in KEY_TYPES or not reference.type.startswith("aws:")


@rule(
    id="encryption/key-reference",
    severity=Severity.HIGH,
    protects="Encrypted data from a reference to something that is no key.",
    why="The value is unknown until the deployment, and AWS would only then find that it names no key.",
    fix="Pass the arn of the stack's aws.kms.Key.",
)
def key_reference(stack: Stack) -> Iterator[Finding]:
    for resource in stack.resources:
        property_name = KEY_PROPERTIES.get(resource.type, "")
        references = resource.comes_from(property_name)
        if references and not any(map(_is_key, references)):
            found = ", ".join(f"{reference.urn.rpartition('::')[2]} ({reference.type})" for reference in references)
            yield Finding(f"the key in {property_name} comes from {found}; it must come from a KMS key.", resource)


@rule(
    id="encryption/own-key",
    severity=Severity.HIGH,
    protects="The stack's data from being under a key of somebody else's account.",
    why="Who owns the key decides who decrypts with it, and can take all data away by disabling it.",
    fix="Pass the arn of the stack's aws.kms.Key.",
)
def own_key(stack: Stack) -> Iterator[Finding]:
    own = own_account(stack)
    for resource in stack.resources if own else ():  # whose keys they are can't be told, for no document names an account
        for name in (KEY_PROPERTIES[resource.type], REPLICAS) if resource.type in KEY_PROPERTIES else ():
            for arn in foreign_arns(resource.at(name), own, "kms"):
                yield Finding(f"the key in {name} is {shown(arn)}; it must be one of this account ({own}).", resource)


@rule(
    id="encryption/key-used",
    severity=Severity.MEDIUM,
    protects="The belief that data is encrypted: a key that nothing uses protects nothing.",
    why="A key that is declared and not used looks like encryption in a review and is none.",
    fix="Pass the key's arn to everything that stores data, or remove the key.",
)
def key_used(stack: Stack) -> Iterator[Finding]:
    keys = Linked(stack, KEY, ("id", "arn", "keyId"))
    if not keys.all:
        return
    used: set[str] = set()
    for resource in stack.resources:
        if resource.type not in NOT_USE:
            used |= {reference.urn for references in resource.references.values() for reference in references}
            if resource.type in KEY_PROPERTIES:
                used |= keys.by(resource, KEY_PROPERTIES[resource.type])
    used |= {urn for alias in stack.of_type(KEY_ALIAS) if alias.urn in used for urn in keys.by(alias, "targetKeyId")}
    for urn, key in keys.all.items():
        if urn not in used:
            yield Finding("nothing in the stack is encrypted under it; it must be used, or go.", key)
