"""Which actions a statement allows: each exists and is named in full. The rules belong to the family identity."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from actions import meaning, nearest, services
from documents import PLACES, allows_of, statements_of
from fences import is_fence
from globs import WILDCARD, glob
from plain import shown
from rule import Finding, Resource, Severity, rule
from rules.aws.identity_holders import LEAST

TYPES = frozenset(PLACES)

MOST_FINDINGS = 3
"""How many findings of one kind are said of a statement: nobody reads more, and a document may hold thousands."""

DOCUMENTED_WILDCARDS = frozenset({"kms:generatedatakey*", "kms:reencrypt*"})
"""Wildcards that AWS itself documents, each for one operation in its variants. Source: KMS developer guide, "Key policies"."""

PASS_ROLE = "iam:passrole"


def is_wildcard_action(action: str) -> bool:
    """Whether an action stands for all of a service's, or of every service's."""
    service, colon, name = action.partition(":")
    return not colon or bool(WILDCARD.search(service)) or (bool(name) and not name.strip("*?"))


@rule(
    id="identity/known-action",
    types=TYPES,
    severity=Severity.HIGH,
    protects="The documents from saying something else than was meant.",
    why="A misspelt action grants nothing, and in a Deny it forbids nothing: nobody notices until it matters.",
    fix="Correct the action; one that is newer than the pack's table needs `make actions`, or a line in newer_actions.py.",
)
def known_action(resource: Resource) -> Iterator[Finding]:
    for statement in statements_of(resource):
        unknown = [
            action
            for action in dict.fromkeys((*statement.actions, *statement.excepted_actions))
            if not meaning(action).actions and not (is_wildcard_action(action) and _is_known_service(action))
        ]
        for action in unknown[:MOST_FINDINGS]:
            near = nearest(action)
            yield Finding(
                f"{statement.where} names the action {shown(action)}, which AWS doesn't have; it must name a real one"
                + (f", such as {near}." if near else ".")
            )


@lru_cache(maxsize=1024)
def _is_known_service(action: str) -> bool:
    service, colon, _ = action.lower().partition(":")
    return service == "*" or (bool(colon) and any(glob(service, known) for known in services()))


@rule(
    id="identity/no-wildcard-action",
    types=TYPES,
    severity=Severity.CRITICAL,
    protects=LEAST,
    why="A wildcard grants every action that it matches, and those that the service will have.",
    fix="Name each action that is called, such as dynamodb:GetItem. A wildcard may stand for reading only (s3:Get*).",
    controls=("Security Hub IAM.1", "Security Hub IAM.21"),
)
def no_wildcard_action(resource: Resource) -> Iterator[Finding]:
    """A fence gives nothing: `identity/fence` holds that it is only a boundary."""
    for statement in () if is_fence(resource) else allows_of(resource):
        for action in statement.actions:
            if is_wildcard_action(action):
                yield Finding(f"{statement.where} allows the action {shown(action)}; it must name each action.")
            elif WILDCARD.search(action) and not meaning(action).only_reads and action.lower() not in DOCUMENTED_WILDCARDS:
                writes = [one.name for one in meaning(action).actions if one.level not in "RL"]
                yield Finding(
                    f"{statement.where} allows the action {shown(action)}, which stands for {len(writes)} that change something, "
                    f"such as {writes[0]}; it must name each action."
                )


@rule(
    id="identity/no-not-action",
    types=TYPES,
    severity=Severity.CRITICAL,
    protects=LEAST,
    why="An Allow with NotAction grants all actions of all services but a few.",
    fix="Write Action, with each action that is called.",
    controls=("Security Hub IAM.21",),
)
def no_not_action(resource: Resource) -> Iterator[Finding]:
    for statement in () if is_fence(resource) else allows_of(resource):
        if statement.excepted_actions:
            yield Finding(f"{statement.where} allows everything but a NotAction; it must name what it allows.")
