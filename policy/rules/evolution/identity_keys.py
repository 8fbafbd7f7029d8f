"""Which keys a role may use: those of this stack. The rule belongs to the family identity."""

from __future__ import annotations

from collections.abc import Iterator

from conditions import Test, narrows
from documents import DocumentKind, allows_of
from plain import shown
from rule import Finding, Severity, Stack
from rules.aws.identity_holders import HOLDERS
from rules.aws.identity_resources import is_scoped_by_condition, is_wildcard_resource
from system import evolution_rule
from tokens import KEY, KEY_ALIAS


@evolution_rule(
    id="identity/key-grants",
    severity=Severity.HIGH,
    protects="The other keys of the account, and what they encrypt.",
    why="A grant on another key reads what another system stores, as far as that key's policy leaves it to the account's grants.",
    fix="Write the grant with components/iam.py: allow_key.",
)
def key_grants(stack: Stack) -> Iterator[Finding]:
    """Every grant on a key is on one of the stack's own: by its ARN, which is known once it is made, or by its alias or its tag. A grant
    on all keys is `identity/no-wildcard-resource`'s to report, and a missing alias `encryption/key-alias`'s."""
    made = {arn for key in stack.of_type(KEY) if isinstance(arn := key.at("arn"), str)}
    suffix = f"-{stack.name}"
    aliases = {name for alias in stack.of_type(KEY_ALIAS) if isinstance(name := alias.at("name"), str) and name.endswith(suffix)}
    ours: dict[str, Test] = {
        "kms:resourcealiases": lambda value: value in aliases if aliases else value.endswith(suffix),
        "aws:resourcetag/environment": lambda value: value == stack.name,
    }
    for holder in (one for one in stack.resources if one.type in HOLDERS):
        for statement in allows_of(holder):
            if statement.kind is not DocumentKind.IDENTITY or not any(action.lower().startswith("kms:") for action in statement.actions):
                continue
            for one in dict.fromkeys(statement.resources):
                named = one in made if not is_wildcard_resource(one) else narrows(statement.conditions, ours)
                if not named and (not is_wildcard_resource(one) or is_scoped_by_condition(one, statement.conditions)):
                    yield Finding(
                        f"{statement.where} allows the use of the key {shown(one)}, which is not one of this stack; "
                        "it must name one by its ARN or, before it is made, by its alias (kms:ResourceAliases).",
                        holder,
                    )
