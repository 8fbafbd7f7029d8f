"""Deploys one stack to its local AWS emulator with the real Pulumi CLI: up, refresh, destroy, outputs, down."""

import contextlib
import shutil
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pulumi import automation
from pulumi.automation.events import EngineEvent

from local import LocalError, cli, emulator, plugins, previews, workspace
from local.cli import Say
from local.findings import Finding, diagnostics_of, errors, read
from local.progress import Progress, worth_showing
from local.projects import SYSTEM, Project
from local.state import StackState

StackCommand = Callable[[automation.Stack, dict[str, Any]], object]

ROOM_BYTES = 200 * 2**20
"""Far more than the state (2 MB) and the emulator's data take."""


def discard_line(_: str) -> None:
    """The default for output that nobody reads. A lambda couldn't be passed to another process."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """The result of a command.

    Attributes:
        succeeded: whether the CLI succeeded; if not, `text` says why.
        changes: the number of resources by operation, such as `{"create": 101}`.
        operations: by URN, the operation on each resource that changed.
        resources: how many resources the stack has now.
        endpoint: the emulator's.
        outputs: the stack's outputs.
        text: all that the CLI printed.
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
class Target:
    """The stack that a command works on, and how.

    Attributes:
        stack: the stack's name, such as `dev`.
        image, edits: as in `stackfile.read`.
        repo: the checkout.
        project: which of the checkout's.
        place: the folder of the state and of the emulator's data. Default: the project's own in the checkout.
        venv: the emulator's virtual environment. Default: the one in the checkout's `.local`.
        endpoint: a proxy in front of the emulator, for tests of failures.
        color: whether the CLI colours its output.
        on_output: gets each line that the CLI prints.
        on_note: gets each line of the local run itself.
    """

    stack: str
    image: str | None = None
    edits: Mapping[str, object] | None = None
    repo: Path = previews.ROOT
    project: Project = SYSTEM
    place: Path | None = None
    venv: Path | None = None
    endpoint: str | None = None
    color: bool = False
    on_output: Say = discard_line
    on_note: Say = discard_line

    @property
    def home(self) -> Path:
        """The folder of the state, or its default."""
        return (self.place or self.repo / self.project.place).resolve()

    @property
    def record(self) -> StackState:
        """The stack's state."""
        return StackState(self.home, self.stack, self.project)


@dataclass(frozen=True, kw_only=True)
class Session:
    """What one command works with.

    Attributes:
        work: the folder that the CLI runs in.
        state: the folder of the stack's state.
        endpoint: the emulator's.
    """

    target: Target
    stack: automation.Stack
    provider: plugins.ProviderProcess
    work: Path
    state: Path
    endpoint: str

    @property
    def ended_by_itself(self) -> bool:
        """Whether the last command of the CLI ended by itself after an interrupt, without being killed."""
        command = self.stack.workspace.pulumi_command
        return isinstance(command, workspace.InterruptibleCli) and not command.killed


def up(target: Target, *, pack: bool = True) -> Outcome:
    """Preview with the pack, and deploy only what passes.

    The Automation API's own `up` skips the preview: rules about the whole stack would then run after everything is created. If an earlier
    run was killed, its state and the emulator's data may disagree: both are discarded and created again.

    Args:
        pack: False for tests of what comes after the preview, which is then skipped.

    Raises:
        LocalError: the stack or its table is wrong, another run is in progress, the disk is full, or the CLI or the emulator is missing.
    """
    with open_session(target, recreate=True) as session:
        free = shutil.disk_usage(target.home).free
        if free < ROOM_BYTES:
            raise LocalError(
                f"{target.home} has only {free // 2**20} MiB left, and a deployment may write {ROOM_BYTES // 2**20}. "
                "Nothing was done; make room."
            )
        if not pack:
            return _run_change(session, "up", lambda s, o: s.up(**o))
        packs = {"policy_packs": [str(session.work / plugins.PACK)]}
        planned = run(session, "preview", lambda s, o: s.preview(**packs, **o), quiet=True)
        if not planned.succeeded:
            return planned
        return _run_change(session, "up", lambda s, o: s.up(**packs, **o), sum(planned.changes.values()))


def refresh(target: Target) -> Outcome:
    """Update the state to what the emulator holds.

    Raises:
        LocalError: as `up`, or a run was killed.
    """
    with open_session(target) as session:
        total = len(target.record.resources())
        return _run_change(session, "refresh", lambda s, o: s.refresh(clear_pending_creates=True, **o), total)


def destroy(target: Target) -> Outcome:
    """Delete all of the stack's resources in the emulator, or none of them.

    Pulumi would delete what isn't protected before it fails on what is.

    Raises:
        LocalError: as `up`, or the stack holds protected data.
    """
    protected = sorted(urn.rpartition("::")[2] for urn, one in target.record.resources().items() if one.get("protect"))
    if protected:
        raise LocalError(
            f"{target.stack} holds data that is protected: {', '.join(protected)}. Nothing was destroyed. "
            "No command gives that data up; to be rid of the whole local cloud, run `make clean`."
        )
    with open_session(target, recreate=True) as session:
        return _run_change(session, "destroy", lambda s, o: s.destroy(**o), len(target.record.resources()))


def outputs(target: Target) -> Mapping[str, Any]:
    """The stack's outputs after the last `up`.

    Raises:
        LocalError: there is no such stack, it was never brought up, or a run or its emulator was killed.
    """
    target.project.read(target.repo, target.stack, image=target.image, edits=target.edits)
    _reconcile(target, recreate=False)
    recorded = target.record.resources()
    if not recorded:
        raise LocalError(f"{target.stack} has no outputs: it isn't up. Run `make up {target.project.arguments(target.stack)}` first.")
    return _outputs(recorded)


def down(place: Path = previews.ROOT / ".local", on_note: Say = discard_line, *, save: bool = True) -> int:
    """Stop every emulator of the place and return how many there were. Each saves its data first, unless `save` is False.

    Raises:
        LocalError: one can't save and so keeps running, or doesn't end.
    """
    stopped = [stack for stack in emulator.stacks(place) if emulator.stop(place, stack, save=save)]
    for stack in stopped:
        kept = f"what it holds is kept in {emulator.folder(place, stack)}" if save else "what it held is gone"
        on_note(f"the emulator of {stack} is stopped; {kept}")
    return len(stopped)


@contextlib.contextmanager
def open_session(target: Target, *, read_only: bool = False, recreate: bool = False) -> Generator[Session]:
    """A session with the stack selected and its emulator running.

    Args:
        read_only: work on a copy of the state, which is deleted afterwards.
        recreate: discard what a killed run or emulator has left behind. Otherwise that is an error.

    Raises:
        LocalError: the stack or its table is wrong, another run is in progress, a run or the emulator was killed, or the CLI or the
            emulator is missing.
    """
    content, note = target.project.read(target.repo, target.stack, image=target.image, edits=target.edits)
    if note and not read_only:
        target.on_note(note)
    place = target.home
    with workspace.open_place(place, target.repo, target.stack, content, target.project) as work:
        _reconcile(target, recreate=recreate)
        command = cli.find(target.on_note)
        running = emulator.start(place, target.stack, target.venv or target.repo / ".local" / emulator.VENV)
        state = place / "state"
        if read_only:
            state = Path(shutil.copytree(state, work / "state"))
        variables = workspace.environment(place, state)
        with (
            plugins.ProviderProcess(target.repo, target.endpoint or running.endpoint) as provider,
            workspace.environment_of_this_process(variables),
        ):
            program = previews.preloaded_main(target.repo, target.project)
            work_space = workspace.Workspace(work, place, command, program, {**variables, **provider.variables}, target.project)
            yield Session(
                target=target,
                stack=automation.Stack.select(target.stack, work_space),
                provider=provider,
                work=work,
                state=state,
                endpoint=running.endpoint,
            )


def _reconcile(target: Target, *, recreate: bool) -> None:
    """Check that the state matches the emulator; if it doesn't, discard both or raise."""
    defect = target.record.defect
    if defect is None and target.record.resources() and not emulator.holds_all(target.home, target.stack):
        defect = f"the emulator of {target.stack} was killed, and what it held is gone"
    if defect is None:
        return
    if not recreate:
        raise LocalError(f"{defect}. Run `make up {target.project.arguments(target.stack)}`, which makes everything again.")
    target.on_note(f"{defect}: all that was there is discarded")
    emulator.discard(target.home, target.stack)
    target.record.discard()


def _run_change(session: Session, name: str, action: StackCommand, total: int | None = None) -> Outcome:
    """Run one of the CLI's commands that change the stack. If it doesn't end by itself, the stack stays marked as unfinished.

    Raises:
        LocalError: the CLI or the provider was killed.
    """
    target = session.target
    target.record.begin()
    try:
        outcome = run(session, name, action, total=total)
    except KeyboardInterrupt:
        if session.ended_by_itself:
            target.record.finish()
        raise
    if not session.provider.runs(after_failure=not outcome.succeeded):
        raise LocalError(
            f"the stand-in provider was killed. Run `make up {target.project.arguments(target.stack)}`, which makes everything again."
        )
    target.record.finish()
    return outcome


def run(session: Session, name: str, action: StackCommand, *, quiet: bool = False, total: int | None = None) -> Outcome:
    """Run one of the CLI's commands to its end. The output of a quiet one is shown only if it fails."""
    text: list[str] = []
    events: list[EngineEvent] = []
    progress = Progress(f"{session.stack.name}: {name}", total)

    def show(line: str) -> None:
        text.append(line)
        if not quiet and worth_showing(line):
            session.target.on_output(line)

    def on_event(event: EngineEvent) -> None:
        events.append(event)
        progress.count(event)

    options = {"color": "always" if session.target.color else "never", "on_output": show, "on_error": show, "on_event": on_event}
    try:
        with progress.shown(session.target.on_note):
            action(session.stack, {**options, "suppress_outputs": True, "suppress_progress": True})
        succeeded = True
    except automation.CommandError as error:
        if not text:
            raise LocalError(f"Pulumi can't {name}: {error}") from None
        succeeded = False
    findings = read(session.work / plugins.FINDINGS, events)
    if quiet and not succeeded and not findings:
        for line in text:
            session.target.on_output(line)
    counted: list[Mapping[Any, int]] = [event.summary_event.resource_changes for event in events if event.summary_event]
    pre = [event.resource_pre_event.metadata for event in events if event.resource_pre_event]
    recorded = session.target.record.resources()
    return Outcome(
        succeeded=succeeded,
        endpoint=session.endpoint,
        text="\n".join(text),
        findings=findings,
        errors=errors(diagnostics_of(events)),
        changes={str(getattr(kind, "value", kind)): count for counts in counted for kind, count in counts.items()},
        operations={one.urn: one.op.value for one in pre if one.op.value != "same"},
        resources=len(recorded),
        outputs=_outputs(recorded),
    )


def _outputs(resources: Mapping[str, dict[str, Any]]) -> Mapping[str, Any]:
    found: list[dict[str, Any]] = [one.get("outputs", {}) for one in resources.values() if one["type"] == "pulumi:pulumi:Stack"]
    return found[0] if found else {}
