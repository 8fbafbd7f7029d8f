"""What ends a refusal: the policy pack's findings, and the errors of the program, the provider and the CLI.

The pack's process writes each finding into a file. The CLI passes on nothing but the finding's message, as text for people; no field is
parsed from it.
"""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pulumi.automation.events import EngineEvent

MARKUP = re.compile(r"<\{%.*?%\}>")
"""How the CLI marks colours in an event's text, such as `<{%reset%}>`. Source: pkg sdk/go/common/diag/colors."""

SUMMARY = re.compile(r"\w+ failed")
"""The CLI's own last error after any other, such as `preview failed`."""


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
        text: the whole text, as the CLI shows it.
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


@dataclass(frozen=True, kw_only=True)
class Diagnostic:
    """What the CLI, the program or the provider reported. severity: `info`, `info#err`, `warning` or `error`."""

    severity: str
    urn: str
    message: str


def diagnostics_of(events: Iterable[EngineEvent]) -> tuple[Diagnostic, ...]:
    """The diagnostics in the CLI's events, but for debug messages."""
    reported = [event.diagnostic_event for event in events if event.diagnostic_event]
    return tuple(
        Diagnostic(severity=one.severity, urn=one.urn or "", message=without_markup(one.message))
        for one in reported
        if one.severity != "debug"
    )


def read(file: Path, events: Iterable[EngineEvent]) -> tuple[Finding, ...]:
    """The findings in the CLI's events, each as the pack wrote it to the file; one that isn't in the file has its text alone."""
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    written = [Finding(**json.loads(line)) for line in lines]
    reported = [event.policy_event for event in events if event.policy_event]
    texts = [(without_markup(one.message), one.resource_urn or "") for one in reported]
    # An event's text starts with the policy's description, and ends with the pack's own text.
    return tuple(
        next((one for one in written if text.endswith(one.text)), Finding(text=text, message=text, urn=urn)) for text, urn in texts
    )


def errors(diagnostics: Iterable[Diagnostic]) -> tuple[str, ...]:
    """The messages of the errors, in their order and each once: what failed besides the pack's rules."""
    messages = [without_markup(one.message) for one in diagnostics if one.severity == "error"]
    return tuple(dict.fromkeys(one for one in messages if not SUMMARY.fullmatch(one)))


def without_markup(text: str) -> str:
    """An event's text without the marks of its colours and the space around it."""
    return MARKUP.sub("", text).strip()


def blocks(findings: Sequence[Finding], errors: Sequence[str] = ()) -> Iterator[str]:
    """The errors and then the findings, for a terminal: a block each, with an empty line after it."""
    for error in errors:
        yield "error"
        yield from (f"  {line}" for line in error.splitlines())
        yield ""
    for one in findings:
        yield f"{one.rule or 'the policy pack'}{f' ({one.severity})' if one.severity else ''}"
        rows = {"resource": f"{one.resource} ({one.type})" if one.resource else "the stack", "wrong": one.message, "fix": one.fix}
        yield from (f"  {label + ':':<10}{text}" for label, text in rows.items() if text)
        yield ""


def counted(findings: Sequence[Finding]) -> str:
    """`1 finding of the policy pack`, `2 findings …`."""
    return f"{len(findings)} finding{'' if len(findings) == 1 else 's'} of the policy pack"
