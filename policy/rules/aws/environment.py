"""Environment: the pack's own configuration can be read, and so can what runs."""

from __future__ import annotations

from collections.abc import Iterator

from rule import Finding, Resource, Severity, Stack, rule
from variables import RUNNERS, unreadable


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


@rule(
    id="environment/readable",
    types=RUNNERS,
    severity=Severity.CRITICAL,
    protects="The review: what runs, and what it is told, can be read before it does.",
    why="What can't be read at preview can't be reviewed, and runs all the same. No other rule says so once more.",
    fix="Build containerDefinitions and variables from names and digests that are known at preview.",
)
def readable(runner: Resource) -> Iterator[Finding]:
    return unreadable(runner)
