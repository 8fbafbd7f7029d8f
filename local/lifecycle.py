"""Deploys one stack to its local AWS emulator with the real engine, and looks after it: up, refresh, destroy, outputs, down."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pulumi import automation
from pulumi.automation.events import EngineEvent

from local import LocalError, cli, emulator, plugins, previews, stackfile, workspace
from local.findings import Finding, diagnostics_of, errors, read
from local.progress import Progress, worth_showing
from local.state import State

Say = Callable[[str], object]
Action = Callable[[automation.Stack, dict[str, Any]], object]

ROOM_BYTES = 200 * 2**20
"""Far more than the engine's record (2 MB, written anew with each resource, twice) and the emulator's data come to."""


def to_nobody(_: str) -> None:
    """For what nobody wants to hear."""


@dataclass(frozen=True, kw_only=True)
class Session:
    """One command's stack, the folder that it works in, where its state is, and who hears of it."""

    stack: automation.Stack
    provider: plugins.ProviderProcess
    work: Path
    state: Path
    endpoint: str
    show: Say
    note: Say
    color: str

    @property
    def ended_by_itself(self) -> bool:
        """Whether the engine's last command did, when it was interrupted; it was killed otherwise."""
        command = self.stack.workspace.pulumi_command
        return isinstance(command, workspace.InterruptibleCli) and not command.killed


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a command came to.

    Attributes:
        succeeded: whether all went well; else `text` says what didn't.
        changes: what was done, by operation, such as `{"create": 101}`.
        operations: what was done to each resource that didn't stay the same, by URN.
        resources: how many resources there are now.
        endpoint: where the emulator is.
        outputs: the stack's outputs.
        text: all that the engine printed.
        findings: why the policy pack refused it.
        errors: the messages of the errors besides.
    """

    succeeded: bool
    endpoint: str
    text: str
    findings: tuple[Finding, ...] = ()
    errors: tuple[str, ...] = ()
    changes: Mapping[str, int] = field(default_factory=dict[str, int])
    operations: Mapping[str, str] = field(default_factory=dict[str, str])
    resources: int = 0
    outputs: Mapping[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True, kw_only=True)
class Where:
    """What a command works on.

    Attributes:
        stack: the stack's name, such as `dev`.
        image: the engine image: a digest, `none`, or None for the table's own, else the local cloud's.
        edits: keys of the environment table to replace.
        repo: the checkout.
        place: where the engine and the emulator keep what they hold. Default: the checkout's `.local`.
        venv: the emulator's virtual environment. Default: the one in the checkout's `.local`.
        endpoint: stands before the emulator, for tests that break things.
        color: let the engine colour its output.
        on_output: gets each line that the engine prints.
        on_note: gets each line that the local run has to say for itself.
    """

    stack: str
    image: str | None = None
    edits: Mapping[str, object] | None = None
    repo: Path = previews.ROOT
    place: Path | None = None
    venv: Path | None = None
    endpoint: str | None = None
    color: bool = False
    on_output: Say = to_nobody
    on_note: Say = to_nobody

    @property
    def home(self) -> Path:
        """The place, or its default."""
        return (self.place or self.repo / ".local").resolve()

    @property
    def record(self) -> State:
        """What the engine recorded of the stack."""
        return State(self.home, self.stack)


def up(where: Where, *, pack: bool = True) -> Outcome:
    """Preview with the pack, and deploy only what it lets through.

    The Automation API's own `up` skips the preview, and rules across resources would then speak when everything is made. What a run that
    was killed has left behind is discarded, and made again: nobody knows what of it there is.

    Raises:
        LocalError: the stack or its table is wrong, another run is going on, the disk is full, or the CLI or the emulator can't be had.
    """
    with opened(where, remake=True) as session:
        free = shutil.disk_usage(where.home).free
        if free < ROOM_BYTES:
            raise LocalError(
                f"{where.home} has only {free // 2**20} MiB left, and a deployment may write {ROOM_BYTES // 2**20}. "
                "Nothing was done; make room."
            )
        packs = {"policy_packs": [str(session.work / plugins.PACK)]} if pack else {}
        planned = run(session, "preview", lambda s, o: s.preview(**packs, **o), quiet=True)
        if not planned.succeeded:
            return planned
        total = sum(planned.changes.values())
        return _changing(session, "up", lambda s, o: s.up(**packs, **o), where, total=total)


def refresh(where: Where) -> Outcome:
    """Bring the engine's state in line with what the emulator holds.

    Raises:
        LocalError: as `up`, or a run was killed.
    """
    with opened(where) as session:
        total = len(where.record.held())
        return _changing(session, "refresh", lambda s, o: s.refresh(clear_pending_creates=True, **o), where, total=total)


def destroy(where: Where) -> Outcome:
    """Remove everything that the stack has in the emulator, or nothing.

    The engine would remove whatever isn't protected before it says what is.

    Raises:
        LocalError: as `up`, or the stack holds protected data.
    """
    protected = sorted(urn.rpartition("::")[2] for urn, one in where.record.held().items() if one.get("protect"))
    if protected:
        raise LocalError(
            f"{where.stack} holds data that is protected: {', '.join(protected)}. Nothing was destroyed. "
            "No command gives that data up; to be rid of the whole local cloud, run `make clean`."
        )
    with opened(where, remake=True) as session:
        return _changing(session, "destroy", lambda s, o: s.destroy(**o), where, total=len(where.record.held()))


def outputs(where: Where) -> Mapping[str, Any]:
    """The stack's outputs as the last `up` left them.

    Raises:
        LocalError: the stack was never brought up.
    """
    there = where.record.held()
    if not there:
        raise LocalError(f"{where.stack} has no outputs: it isn't up. Run `make up STACK={where.stack}` first.")
    return _outputs(there)


def down(place: Path = previews.ROOT / ".local", on_note: Say = to_nobody, *, save: bool = True) -> int:
    """Stop every emulator of the place and say how many there were. Each saves what it holds, unless that is to be lost.

    Raises:
        LocalError: one can't save, and so goes on, or doesn't end.
    """
    stopped = [stack for stack in emulator.stacks(place) if emulator.stop(place, stack, save=save)]
    for stack in stopped:
        kept = f"what it holds is kept in {emulator.folder(place, stack)}" if save else "what it held is gone"
        on_note(f"the emulator of {stack} is stopped; {kept}")
    return len(stopped)


@contextlib.contextmanager
def opened(where: Where, *, looking: bool = False, remake: bool = False) -> Generator[Session]:
    """The stack, ready for the engine, with its emulator running.

    Args:
        where: what is meant.
        looking: work on a copy of its state, which is thrown away.
        remake: discard what a killed run or emulator has left behind. Otherwise that is an error.

    Raises:
        LocalError: the stack or its table is wrong, another run is going on, a run or the emulator was killed, or the CLI or the emulator
            can't be had.
    """
    content, note = stackfile.read(where.repo, where.stack, image=where.image, edits=where.edits)
    if note and not looking:
        where.on_note(note)
    place = where.home
    with workspace.open_place(place, where.repo, where.stack, content) as work:
        _settle(where, remake=remake)
        command = cli.find(where.on_note)
        running = emulator.start(place, where.stack, where.venv or where.repo / ".local" / emulator.VENV)
        state = place / "state"
        if looking:
            state = Path(shutil.copytree(state, work / "state"))
        variables = workspace.environment(place, state)
        with (
            plugins.ProviderProcess(where.repo, where.endpoint or running.endpoint) as provider,
            workspace.environment_of_this_process(variables),
        ):
            ours = workspace.Workspace(
                work, place, command, previews.main_with_imports_ahead(where.repo), {**variables, **provider.variables}
            )
            yield Session(
                stack=automation.Stack.select(where.stack, ours),
                provider=provider,
                work=work,
                state=state,
                endpoint=running.endpoint,
                show=where.on_output,
                note=where.on_note,
                color="always" if where.color else "never",
            )


def _settle(where: Where, *, remake: bool) -> None:
    """See that the record is what the emulator holds; else discard both, or say so."""
    doubt = where.record.doubt
    if doubt is None and where.record.held() and not emulator.holds_all(where.home, where.stack):
        doubt = f"the emulator of {where.stack} was killed, and what it held is gone"
    if doubt is None:
        return
    if not remake:
        raise LocalError(f"{doubt}. Run `make up STACK={where.stack}`, which makes everything again.")
    where.on_note(f"{doubt}: all that was there is discarded")
    emulator.discard(where.home, where.stack)
    where.record.discard()


def _changing(session: Session, name: str, action: Action, where: Where, *, total: int) -> Outcome:
    """Run one of the engine's commands that change things, and note whether it ended by itself: if not, nobody knows what there is.

    Raises:
        LocalError: the engine or the provider was killed.
    """
    where.record.begin()
    try:
        outcome = run(session, name, action, where, total=total)
    except KeyboardInterrupt:
        if session.ended_by_itself:
            where.record.finish()
        raise
    if not session.provider.runs:
        raise LocalError(f"the stand-in provider was killed. Run `make up STACK={where.stack}`, which makes everything again.")
    where.record.finish()
    return outcome


def run(
    session: Session,
    name: str,
    action: Action,
    where: Where | None = None,
    *,
    quiet: bool = False,
    total: int | None = None,
) -> Outcome:
    """Run one of the engine's commands to its end. A quiet one is shown only when it fails."""
    text: list[str] = []
    heard: list[EngineEvent] = []
    progress = Progress(f"{session.stack.name}: {name}", total)

    def show(line: str) -> None:
        text.append(line)
        if not quiet and worth_showing(line):
            session.show(line)

    def hear(event: EngineEvent) -> None:
        heard.append(event)
        progress.hear(event)

    options = {"color": session.color, "on_output": show, "on_error": show, "on_event": hear}
    try:
        with progress.told(session.note):
            action(session.stack, {**options, "suppress_outputs": True, "suppress_progress": True})
        succeeded = True
    except automation.CommandError as error:
        if not text:
            raise LocalError(f"the engine can't {name}: {error}") from None
        succeeded = False
    findings = read(session.work / plugins.FINDINGS, heard)
    if quiet and not succeeded and not findings:
        for line in text:
            session.show(line)
    counted: list[Mapping[Any, int]] = [event.summary_event.resource_changes for event in heard if event.summary_event]
    pre = [event.resource_pre_event.metadata for event in heard if event.resource_pre_event]
    there = where.record.held() if where else {}
    return Outcome(
        succeeded=succeeded,
        endpoint=session.endpoint,
        text="\n".join(text),
        findings=findings,
        errors=errors(diagnostics_of(heard)),
        changes={str(getattr(kind, "value", kind)): count for counts in counted for kind, count in counts.items()},
        operations={one.urn: one.op.value for one in pre if one.op.value != "same"},
        resources=len(there),
        outputs=_outputs(there),
    )


def _outputs(resources: Mapping[str, dict[str, Any]]) -> Mapping[str, Any]:
    found: list[dict[str, Any]] = [one.get("outputs", {}) for one in resources.values() if one["type"] == "pulumi:pulumi:Stack"]
    return found[0] if found else {}
