"""Identity: nobody may do more than is named. Every document is judged as it will be sent, at preview."""

from __future__ import annotations

from collections.abc import Iterator

from documents import PLACES, statements_of
from rule import Family, Finding, Resource, ResourceRule, Severity
from rules import access, identity_actions, identity_holders, identity_resources, trust


def _document(resource: Resource) -> Iterator[Finding]:
    for statement in statements_of(resource):
        if isinstance(statement, Finding):
            yield statement


FAMILY = Family(
    name="identity",
    title="Nobody may do more than is named.",
    resource_rules=(
        ResourceRule(
            id="identity/document",
            severity=Severity.CRITICAL,
            protects="The review: what is granted can be read before it is.",
            why="What can't be read at preview can't be reviewed, and is granted all the same.",
            fix="Write the document as JSON from names and ARNs that are known at preview.",
            check=_document,
            types=frozenset(PLACES),
        ),
        *identity_actions.RESOURCE_RULES,
        *identity_resources.RESOURCE_RULES,
        *identity_holders.RESOURCE_RULES,
        *trust.RESOURCE_RULES,
        *access.RESOURCE_RULES,
    ),
    stack_rules=(
        *identity_resources.STACK_RULES,
        *identity_holders.STACK_RULES,
        *trust.STACK_RULES,
        *access.STACK_RULES,
    ),
)
