"""Exemptions: each must be in force, and needed."""

from __future__ import annotations

from collections.abc import Iterator

from rule import Finding, Severity, Stack, rule


@rule(
    id="exemptions/current",
    severity=Severity.HIGH,
    protects="All other rules from exemptions that outlive their reason.",
    why="An exemption that has expired was not approved for today, and one that nothing needs waits for the next mistake.",
    fix="Remove it from the file that --policy-pack-config names, or have it approved with a new day.",
)
def current(stack: Stack) -> Iterator[Finding]:
    for finding in stack.exemption_faults:
        yield Finding(finding)
