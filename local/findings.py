"""What the policy pack found, as it says it itself: its process writes each finding into a file that it is told of.

The engine passes on the pack's messages alone, for people; nothing here is read out of them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pulumi.automation.events import EngineEvent


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One finding of the policy pack.

    Attributes:
        rule: the rule's id; empty where the pack itself could not run.
        severity: `critical`, `high` or `medium`.
        urn, resource, type: the resource's URN, name and type; empty for the stack.
        message: what is wrong, in sentences.
        why: what happens otherwise.
        fix: what to write.
        text: all of it, as the engine passes it on.
    """

    rule: str = ""
    severity: str = ""
    urn: str = ""
    resource: str = ""
    type: str = ""
    message: str = ""
    why: str = ""
    fix: str = ""
    text: str


def read(file: Path, events: Iterable[EngineEvent]) -> tuple[Finding, ...]:
    """The findings that the engine heard of, each as the pack wrote it; of what the pack didn't write, there is only the text."""
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    written = [Finding(**json.loads(line)) for line in lines]
    heard = [event.policy_event for event in events if event.policy_event]
    return tuple(_heard(written, one.message.strip(), one.resource_urn or "") for one in heard)


def _heard(written: Sequence[Finding], text: str, urn: str) -> Finding:
    """The engine puts its policy's description before the pack's words."""
    return next((one for one in written if text.endswith(one.text)), Finding(text=text, message=text, urn=urn))


def blocks(findings: Sequence[Finding]) -> Iterator[str]:
    """The findings for a terminal: a block each, with an empty line after it."""
    for one in findings:
        yield f"{one.rule or 'the policy pack'}{f' ({one.severity})' if one.severity else ''}"
        rows = {"resource": f"{one.resource} ({one.type})" if one.resource else "the stack", "wrong": one.message, "fix": one.fix}
        yield from (f"  {label + ':':<10}{text}" for label, text in rows.items() if text)
        yield ""


def counted(findings: Sequence[Finding]) -> str:
    """`1 finding of the policy pack`, `2 findings …`."""
    return f"{len(findings)} finding{'' if len(findings) == 1 else 's'} of the policy pack"
