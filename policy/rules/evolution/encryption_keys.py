"""Encryption, this system's key: symmetric, and found by its alias before it is made."""

from __future__ import annotations

from collections.abc import Iterator

from checks import literal
from graph import Linked
from plain import shown
from rule import Finding, Resource, Severity, Stack
from rules.aws.encryption_keys import SYMMETRIC
from system import evolution_rule
from tokens import KEY, KEY_ALIAS


@evolution_rule(
    id="encryption/key-symmetric",
    types={KEY},
    severity=Severity.HIGH,
    protects="The stack's data from a key that AWS's services can't encrypt with.",
    why="DynamoDB, S3, SNS and the others take symmetric keys only; with another one nothing can be written, and nothing rotates.",
    fix="Remove customer_master_key_spec and key_usage.",
)
def key_symmetric(key: Resource) -> Iterator[Finding]:
    yield from literal("customerMasterKeySpec", key.at("customerMasterKeySpec"), SYMMETRIC, or_missing=True)
    yield from literal("keyUsage", key.at("keyUsage"), "ENCRYPT_DECRYPT", or_missing=True)


@evolution_rule(
    id="encryption/key-alias",
    severity=Severity.HIGH,
    protects="The review of the roles' grants: before the key is made, they name it by its alias.",
    why="A grant by an alias that no key of the stack bears is a grant on another key, now or later.",
    fix="Declare aws.kms.Alias(name=f'alias/evolution-{stack}', target_key_id=key.key_id).",
)
def key_alias(stack: Stack) -> Iterator[Finding]:
    """Until the key is made, and its ARN known, the roles' grants name it by its alias (kms:ResourceAliases)."""
    keys = Linked(stack, KEY, ("id", "arn", "keyId"))
    named = {urn for alias in stack.of_type(KEY_ALIAS) if _carries(alias, stack) for urn in keys.by(alias, "targetKeyId")}
    for urn, key in keys.all.items():
        if urn not in named:
            yield Finding(f"no alias of this stack leads to it; an aws.kms.Alias named alias/…-{stack.name} must.", key)
    for alias in stack.of_type(KEY_ALIAS):
        if keys.all and not keys.by(alias, "targetKeyId"):
            yield Finding(f"targetKeyId is {shown(alias.at('targetKeyId'))}; it must lead to a key of this stack.", alias)


def _carries(alias: Resource, stack: Stack) -> bool:
    name = alias.at("name")
    return isinstance(name, str) and name.endswith(f"-{stack.name}")
