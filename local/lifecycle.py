"""Deploys one stack to its local AWS emulator with the real engine, and looks after it: up, refresh, destroy, outputs, down."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pulumi import automation
from pulumi.automation.events import EngineEvent

from local import LocalError, cli, emulator, engine, plugins, stackfile, unrecorded, workspace
from local.progress import Progress, worth_showing
from local.state import State

Say = Callable[[str], object]

NAMED = 6
"""How many resources one line names."""


def to_nobody(_: str) -> None:
    """For what nobody wants to hear."""


@dataclass(frozen=True, kw_only=True)
class Session:
    """One command's stack, the folder that it works in, where its state is, and who hears of it."""

    stack: automation.Stack
    work: Path
    state: Path
    endpoint: str
    show: Say
    note: Say
    color: str


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
        lost: what a restarted emulator no longer held, by URN; it was made again.
    """

    succeeded: bool
    endpoint: str
    text: str
    changes: Mapping[str, int] = field(default_factory=dict[str, int])
    operations: Mapping[str, str] = field(default_factory=dict[str, str])
    resources: int = 0
    outputs: Mapping[str, Any] = field(default_factory=dict[str, Any])
    lost: tuple[str, ...] = ()


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
    repo: Path = engine.ROOT
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

    The Automation API's own `up` skips the preview, and rules across resources would then speak when everything is made.

    Raises:
        LocalError: the stack or its table is wrong, another run is going on, or the CLI or the emulator can't be had.
    """
    with opened(where) as (session, fresh):
        begun = unrecorded.settle(session.endpoint, where.record)
        known = where.record.held()
        lost: tuple[str, ...] = ()
        if known and (fresh or where.record.unfinished):
            looked = _look(session, where, f"the emulator of {where.stack} was not running" if fresh else None)
            if not looked.succeeded:
                return looked
            lost = tuple(known.keys() - where.record.held().keys())
            where.on_note(
                f"{'its cloud is new: ' if fresh else ''}{len(lost)} of {len(known)} resources are gone, with the data in them, "
                "and are made again"
                if lost
                else f"nothing was lost: all {len(known)} resources are there"
            )
        packs = {"policy_packs": [str(session.work / plugins.PACK)]} if pack else {}
        planned = run(session, "preview", lambda s, o: s.preview(**packs, **o), quiet=True)
        if not planned.succeeded:
            return planned
        if begun:
            where.on_note(f"{_resources(begun)} that a run which was cut off had begun are not recorded: they are taken over")
        where.record.begin()
        total = sum(planned.changes.values())
        made = run(session, "up", lambda s, o: s.up(**packs, **o), where, total=total)
        if made.succeeded:
            unwanted = unrecorded.remove(session.endpoint, where.record)
            if unwanted:
                where.on_note(f"{_resources(unwanted)} that a run which was cut off had begun are not wanted any more, and are removed")
            where.record.finish()
        return replace(made, lost=lost)


def refresh(where: Where) -> Outcome:
    """Bring the engine's state in line with what the emulator holds.

    Raises:
        LocalError: as `up`.
    """
    with opened(where) as (session, _):
        total = len(where.record.held())
        looked = run(session, "refresh", lambda s, o: s.refresh(clear_pending_creates=True, **o), where, total=total)
        if looked.succeeded:
            where.record.finish()
        return looked


def destroy(where: Where) -> Outcome:
    """Remove everything that the stack has in the emulator, or nothing.

    The engine would remove whatever isn't protected before it says what is.

    Raises:
        LocalError: as `up`, or the stack holds protected data.
    """
    with opened(where) as (session, _):
        if where.record.unfinished and where.record.held():
            looked = _look(session, where)
            if not looked.succeeded:
                return looked
        protected = sorted(urn.rpartition("::")[2] for urn, one in where.record.held().items() if one.get("protect"))
        if protected:
            raise LocalError(
                f"{where.stack} holds data that is protected: {', '.join(protected)}. Nothing was destroyed. "
                "No command gives that data up; to be rid of the whole local cloud, run `make clean`."
            )
        where.record.begin()
        begun = unrecorded.remove(session.endpoint, where.record)
        if begun:
            where.on_note(f"{_resources(begun)} that a run which was cut off had begun, and that are not recorded, are removed")
        destroyed = run(session, "destroy", lambda s, o: s.destroy(**o), where, total=len(where.record.held()))
        if destroyed.succeeded:
            where.record.finish()
        return destroyed


def outputs(where: Where) -> Mapping[str, Any]:
    """The stack's outputs as the last `up` left them.

    Raises:
        LocalError: the stack was never brought up.
    """
    there = where.record.held()
    if not there:
        raise LocalError(f"{where.stack} has no outputs: it isn't up. Run `make up STACK={where.stack}` first.")
    return _outputs(there)


def down(place: Path = engine.ROOT / ".local", on_note: Say = to_nobody, *, save: bool = True) -> int:
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
def opened(where: Where, *, looking: bool = False) -> Generator[tuple[Session, bool]]:
    """The stack, ready for the engine, with its emulator running; and whether that was only just started.

    Args:
        where: what is meant.
        looking: work on a copy of its state, which is thrown away.

    Raises:
        LocalError: the stack or its table is wrong, another run is going on, or the CLI or the emulator can't be had.
    """
    content, note = stackfile.read(where.repo, where.stack, image=where.image, edits=where.edits)
    if note and not looking:
        where.on_note(note)
    place = where.home
    with workspace.open_place(place, where.repo, where.stack, content) as work, _kept(where):
        command = cli.find(where.on_note)
        running = emulator.start(place, where.stack, where.venv or where.repo / ".local" / emulator.VENV)
        endpoint = where.endpoint or running.endpoint
        state = place / "state"
        if looking:
            state = Path(shutil.copytree(state, work / "state"))
        with plugins.Provider(where.repo, endpoint) as provider, workspace.environment_of_this_process(workspace.environment(place, state)):
            variables = {**workspace.environment(place, state), **provider.variables}
            ours = workspace.Workspace(work, place, command, engine.main_with_imports_ahead(where.repo), variables)
            stack = automation.Stack.select(where.stack, ours)
            yield (
                Session(
                    stack=stack,
                    work=work,
                    state=state,
                    endpoint=running.endpoint,
                    show=where.on_output,
                    note=where.on_note,
                    color="always" if where.color else "never",
                ),
                running.fresh,
            )


def run(
    session: Session,
    name: str,
    action: Callable[[automation.Stack, dict[str, Any]], object],
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
    if quiet and not succeeded:
        for line in text:
            session.show(line)
    counted: list[Mapping[Any, int]] = [event.summary_event.resource_changes for event in heard if event.summary_event]
    pre = [event.resource_pre_event.metadata for event in heard if event.resource_pre_event]
    there = where.record.held() if where else {}
    return Outcome(
        succeeded=succeeded,
        endpoint=session.endpoint,
        text="\n".join(text),
        changes={str(getattr(kind, "value", kind)): count for counts in counted for kind, count in counts.items()},
        operations={one.urn: one.op.value for one in pre if one.op.value != "same"},
        resources=len(there),
        outputs=_outputs(there),
    )


def _look(session: Session, where: Where, why: str | None = None) -> Outcome:
    """Bring the record in line with what is there, after a run that may have left it behind."""
    where.on_note(f"{why or f'the last run of {where.stack} was cut off, or failed'}: looking at what is there")
    return run(session, "refresh", lambda s, o: s.refresh(clear_pending_creates=True, **o), quiet=True)


@contextlib.contextmanager
def _kept(where: Where) -> Generator[None]:
    """Have a sound record at the beginning, and a copy of it at the end."""
    mended = where.record.mend()
    if mended:
        where.on_note(mended)
    try:
        yield
    finally:
        try:
            where.record.keep()
        except OSError as error:
            where.on_note(f"no copy of what is recorded of {where.stack} could be kept: {error.strerror}")


def _resources(urns: Sequence[str]) -> str:
    names = [urn.rpartition("::")[2] for urn in urns]
    shown = names if len(names) <= NAMED else [*names[:NAMED], "…"]
    return f"{len(names)} resource{'s' if len(names) > 1 else ''} ({', '.join(shown)})"


def _outputs(resources: Mapping[str, dict[str, Any]]) -> Mapping[str, Any]:
    found: list[dict[str, Any]] = [one.get("outputs", {}) for one in resources.values() if one["type"] == "pulumi:pulumi:Stack"]
    return found[0] if found else {}
