"""Environment, the pack's own configuration: it is understood, or it is a finding."""

from __future__ import annotations

from collections.abc import Iterator

from rule import Finding, Severity, Stack, rule


@rule(
    id="environment/pack-configuration",
    severity=Severity.CRITICAL,
    protects="The limits themselves from a misspelt override.",
    why="An override that is not understood would otherwise silently change nothing.",
    fix='Write {"environment": {"limits": {"prod": {"autonomy_percent": 80}}}}, with only the keys to replace.',
)
def pack_configuration(stack: Stack) -> Iterator[Finding]:
    for finding in stack.configuration_faults:
        yield Finding(f"the pack's own configuration can't be used: {finding} Until then the approved limits are in force.")
