"""Identity: nobody may do more than is named. Every document is judged as it will be sent, at preview."""

from __future__ import annotations

from collections.abc import Iterator

from documents import PLACES, unreadable
from rule import Finding, Resource, Severity, rule


@rule(
    id="identity/document",
    types=PLACES,
    severity=Severity.CRITICAL,
    protects="The review: what is granted can be read before it is.",
    why="What can't be read at preview can't be reviewed, and is granted all the same.",
    fix="Write the document as JSON from names and ARNs that are known at preview.",
)
def document(resource: Resource) -> Iterator[Finding]:
    return unreadable(resource)
