"""Looks whether what is deployed is still what was deployed, and whether the policy pack would still let it through. It changes nothing.

The engine refreshes a copy of the stack's state, and the pack then judges what that has become.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from pulumi import automation
from pulumi.automation.events import EngineEvent

from local import LocalError, plugins
from local.findings import Finding, read
from local.lifecycle import Where, opened, run
from local.state import held

SECRET_MARK = "4dabf18193072939515e22adb298388d"
"""Marks a secret in the state. Source: sdk/go/common/resource/sig."""

SHOWN_CHARACTERS = 160
"""Of a value that drifted: enough to see what it is about."""


@dataclass(frozen=True, kw_only=True)
class Drift:
    """One resource that isn't what was deployed: gone, or with other properties, each with what was recorded and what is there."""

    urn: str
    type: str
    gone: bool
    changes: Mapping[str, tuple[Any, Any]]

    @property
    def lines(self) -> list[str]:
        """What happened to it, a sentence a line."""
        name = f"{self.urn.rpartition('::')[2]} ({self.type})"
        return [f"{name} is gone"] if self.gone else [f"{name}: {told(key, *pair)}" for key, pair in sorted(self.changes.items())]


@dataclass(frozen=True, kw_only=True)
class Audit:
    """What an audit came to: `resources` were recorded; those that drifted; what the pack says of the rest as it is."""

    resources: int
    drift: tuple[Drift, ...]
    findings: tuple[Finding, ...]


def audit(where: Where) -> Audit:
    """Compare what the emulator holds with what was deployed, and have the pack judge it.

    Raises:
        LocalError: the stack isn't up, another run is going on, the emulator can't be asked, or the pack can't judge.
    """
    before = where.record.held()
    if not before:
        raise LocalError(f"{where.stack} can't be audited: it isn't up. Run `make up STACK={where.stack}` first.")
    with opened(where, looking=True) as session:
        looked = run(session, "refresh", lambda stack, options: stack.refresh(**options), quiet=True)
        if not looked.succeeded:
            raise LocalError(f"the emulator doesn't say all that it holds of {where.stack}, so nothing was judged; the lines above say why")
        findings = _judge(session.stack, where.stack)
        return Audit(resources=len(before), drift=tuple(drifted(before, held(session.state, where.stack))), findings=findings)


def drifted(before: Mapping[str, dict[str, Any]], after: Mapping[str, dict[str, Any]]) -> list[Drift]:
    """The resources whose recorded inputs a refresh changed. What the program leaves to others (`ignore_changes`) is theirs to change."""
    found: list[Drift] = []
    for urn, one in before.items():
        was = _without_secrets(one.get("inputs"))
        now = _without_secrets(after[urn].get("inputs")) if urn in after else {}
        ignored: list[str] = one.get("ignoreChanges") or []
        names = {name for name in was.keys() | now.keys() if name not in ignored and was.get(name) != now.get(name)}
        if urn not in after or names:
            changes = {name: (was.get(name), now.get(name)) for name in names} if urn in after else {}
            found.append(Drift(urn=urn, type=one["type"], gone=urn not in after, changes=changes))
    return found


def told(name: str, was: Any, now: Any) -> str:
    """How one property changed, in words; of a document, the statements that came and went."""
    before, after = _statements(was), _statements(now)
    if before is None or after is None:
        return f"{name} was {_shown(was)} and is {_shown(now)}"
    came = [f"there is now {_shown(one)}" for one in after if one not in before]
    went = [f"there is no longer {_shown(one)}" for one in before if one not in after]
    return f"{name}: {'; '.join(came + went) or 'the statements are the same, and something else in the document is not'}"


def _judge(stack: automation.Stack, name: str) -> tuple[Finding, ...]:
    """What the policy pack finds in the state as it stands."""
    workspace = stack.workspace
    arguments = ["policy", "analyze", "--stack", name, "--policy-pack", plugins.PACK, "--json"]
    try:
        said = workspace.pulumi_command.run(arguments, str(workspace.work_dir), {}).stdout
    except automation.CommandError as error:
        said = str(error)
    # The error's text has a word before the first line.
    events = [json.loads(line[line.index("{") :]) for line in said.splitlines() if '{"sequence"' in line]
    summaries: list[dict[str, Any]] = [event["summaryEvent"] for event in events if "summaryEvent" in event]
    if not summaries or "evolution-system" not in (summaries[-1].get("PolicyPacks") or {}):
        raise LocalError(f"the policy pack couldn't judge {name}: {said.strip()}")
    heard = (EngineEvent.from_json(event) for event in events)  # pyright: ignore[reportUnknownMemberType] (the SDK leaves it untyped)
    return read(Path(workspace.work_dir) / plugins.FINDINGS, heard)


def _without_secrets(inputs: Any) -> dict[str, Any]:
    """The inputs that are no secrets: a secret is encrypted anew whenever the state is written."""
    found: dict[str, Any] = inputs or {}
    return {name: value for name, value in found.items() if SECRET_MARK not in json.dumps(value)}


def _statements(value: Any) -> list[Any] | None:
    try:
        document = json.loads(value)
    except (TypeError, ValueError):
        return None
    if not isinstance(document, dict) or "Statement" not in document:
        return None
    statements = cast("dict[str, Any]", document)["Statement"]
    return cast("list[Any]", statements) if isinstance(statements, list) else [statements]


def _shown(value: Any) -> str:
    if value is None:
        return "nothing"
    text = json.dumps(value)
    return text if len(text) <= SHOWN_CHARACTERS else f"{text[:SHOWN_CHARACTERS]}…"
