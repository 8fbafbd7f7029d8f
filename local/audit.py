"""Detects drift between a stack and its emulator, and has the policy pack judge the result. It changes nothing.

Pulumi refreshes a copy of the stack's state, and the pack judges that copy.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pulumi import automation
from pulumi.automation.events import EngineEvent

from local import LocalError, plugins
from local.differences import differences
from local.findings import Finding, read
from local.lifecycle import Target, open_session, run
from local.provider.assets import SIGNATURE
from local.state import resources_in


@dataclass(frozen=True, kw_only=True)
class Drift:
    """One resource that isn't as it was deployed.

    Attributes:
        gone: whether it no longer exists.
        changes: by property, the recorded value and the actual one.
    """

    urn: str
    type: str
    gone: bool
    changes: Mapping[str, tuple[Any, Any]]

    @property
    def lines(self) -> list[str]:
        """One sentence for each change."""
        name = f"{self.urn.rpartition('::')[2]} ({self.type})"
        found = [one for key, pair in sorted(self.changes.items()) for one in differences(key, *pair)]
        said = [f"{name}: {one.path} was {one.before or 'nothing'} and is {one.after or 'nothing'}" for one in found]
        return [f"{name} is gone"] if self.gone else said


@dataclass(frozen=True, kw_only=True)
class Audit:
    """The result of an audit: how many resources are recorded, which of them drifted, and what the pack finds in the actual state."""

    resources: int
    drift: tuple[Drift, ...]
    findings: tuple[Finding, ...]


def audit(target: Target) -> Audit:
    """Compare the emulator's resources with the recorded ones, and have the pack judge them.

    Raises:
        LocalError: there is no such stack, it isn't up, another run is in progress, the emulator doesn't answer, or the pack fails.
    """
    target.project.read(target.repo, target.stack, image=target.image, edits=target.edits)
    before = target.record.resources()
    if not before and target.record.defect is None:
        raise LocalError(f"{target.stack} can't be audited: it isn't up. Run `make up {target.project.arguments(target.stack)}` first.")
    with open_session(target, read_only=True) as session:
        refreshed = run(session, "refresh", lambda stack, options: stack.refresh(**options), quiet=True)
        if not refreshed.succeeded:
            raise LocalError(
                f"the emulator doesn't say all that it holds of {target.stack}, so nothing was judged; the lines above say why"
            )
        findings = _judge(session.stack, target.stack)
        return Audit(
            resources=len(before),
            drift=tuple(drifted(before, resources_in(session.state, target.stack, target.project))),
            findings=findings,
        )


def drifted(before: Mapping[str, dict[str, Any]], after: Mapping[str, dict[str, Any]]) -> list[Drift]:
    """The resources whose recorded inputs a refresh changed, but for the properties in `ignore_changes`."""
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


def _judge(stack: automation.Stack, name: str) -> tuple[Finding, ...]:
    """The policy pack's findings in the refreshed state."""
    workspace = stack.workspace
    arguments = ["policy", "analyze", "--stack", name, "--policy-pack", plugins.PACK, "--json"]
    try:
        output = workspace.pulumi_command.run(arguments, str(workspace.work_dir), {}).stdout
    except automation.CommandError as error:
        output = str(error)
    # The error's text has a word before the first event.
    decoded = [json.loads(line[line.index("{") :]) for line in output.splitlines() if '{"sequence"' in line]
    summaries: list[dict[str, Any]] = [event["summaryEvent"] for event in decoded if "summaryEvent" in event]
    if not summaries or "evolution-system" not in (summaries[-1].get("PolicyPacks") or {}):
        raise LocalError(f"the policy pack couldn't judge {name}: {output.strip()}")
    events = (EngineEvent.from_json(event) for event in decoded)  # pyright: ignore[reportUnknownMemberType] (the SDK leaves it untyped)
    return read(Path(workspace.work_dir) / plugins.FINDINGS, events)


def _without_secrets(inputs: Any) -> dict[str, Any]:
    """The inputs without secrets: their encrypted values differ each time that the state is written."""
    found: dict[str, Any] = inputs or {}
    return {name: value for name, value in found.items() if SIGNATURE not in json.dumps(value)}
