"""Previews a stack with the real Pulumi CLI, the real `__main__.py` and the real policy pack."""

import contextlib
import json
import runpy
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import pulumi
from pulumi import automation
from pulumi.automation.events import EngineEvent

from local import LocalError, cli, imports, plugins, workspace
from local.findings import Diagnostic, Finding, diagnostics_of, errors, read
from local.projects import SYSTEM, Project, folder_of

ROOT = plugins.ROOT

UNDEPLOYED = "undeployed"
"""The place in `.local` of previews that plan everything, whatever `make up` has made: what is written down of a plan is of none."""

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""Pulumi's text for a value that is known only after deployment. Source: `UnknownStringValue` in its plugin package."""


@dataclass(frozen=True, kw_only=True)
class PlannedResource:
    """One planned resource.

    Attributes:
        inputs: plain data as the provider's Check returned it, with UNKNOWN for what isn't known yet.
        computed: the outputs that the provider adds to the inputs.
        dependencies: URNs. These, `property_dependencies` (by input) and `ignore_changes` are empty in a preview without dependencies.
    """

    urn: str
    type: str
    name: str
    parent: str
    operation: str
    protect: bool
    retain_on_delete: bool
    inputs: Mapping[str, Any]
    computed: Mapping[str, Any] = field(default_factory=dict[str, Any])
    ignore_changes: tuple[str, ...] = ()
    dependencies: tuple[str, ...] = ()
    property_dependencies: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The result of a preview.

    Attributes:
        findings: of the policy pack.
        policy_packs: the packs that ran, with their versions.
        text: all that the CLI printed.
    """

    succeeded: bool
    resources: tuple[PlannedResource, ...]
    outputs: Mapping[str, Any]
    diagnostics: tuple[Diagnostic, ...]
    findings: tuple[Finding, ...]
    policy_packs: Mapping[str, str]
    text: str

    @property
    def errors(self) -> tuple[str, ...]:
        """The messages of the errors, without the CLI's own summary."""
        return errors(self.diagnostics)


def preview(
    stack: str,
    *,
    image: str | None = None,
    pack: bool = True,
    pack_config: Path | None = None,
    edits: Mapping[str, object] | None = None,
    program: Callable[[], None] | None = None,
    with_dependencies: bool = False,
    project: Project = SYSTEM,
    repo: Path = ROOT,
    place: Path | None = None,
    provider: plugins.ProviderProcess | None = None,
    color: bool = False,
    on_output: Callable[[str], object] = lambda _: None,
    on_note: Callable[[str], object] = lambda _: None,
) -> Plan:
    """Preview one stack.

    Args:
        image: the engine image, as in `stackfile.read`.
        pack: whether to load the policy pack.
        pack_config: the pack's configuration, as `--policy-pack-config` takes it.
        edits: keys of the environment table to replace.
        program: replaces the checkout's `__main__.py` (`run_main` runs the real one).
        with_dependencies: read the resources' dependencies, which are only in Pulumi's plan file.
        project: which of the checkout's.
        repo: the checkout to preview.
        place: the folder of the CLI's home and state, with a lock for one run at a time. Default: the project's own in the checkout.
        provider: one that is already running. Default: a new one.
        color: whether the CLI colours its output.
        on_output: gets each line that the CLI prints.
        on_note: gets each line of the local run itself.

    Raises:
        LocalError: the stack or its table is wrong, another run is in progress, or there is no Pulumi CLI.
    """
    content, note = project.read(repo, stack, image=image, edits=edits)
    if note:
        on_note(note)
    place = (place or repo / project.place).resolve()
    text: list[str] = []
    events: list[EngineEvent] = []

    def show(line: str) -> None:
        text.append(line)
        on_output(line)

    with workspace.open_place(place, repo, stack, content, project) as work, contextlib.ExitStack() as started:
        provider = provider or started.enter_context(plugins.ProviderProcess(repo))
        command = cli.find(on_note)
        plan_file = work / "plan.json"
        clean = workspace.environment(place)
        with workspace.environment_of_this_process(clean):
            variables = {**clean, **provider.variables}
            work_space = workspace.Workspace(work, place, command, program or preloaded_main(repo, project), variables, project)
            try:
                automation.Stack.select(stack, work_space).preview(
                    color="always" if color else "never",
                    policy_packs=[str(work / plugins.PACK)] if pack else None,
                    policy_pack_configs=[str(pack_config)] if pack and pack_config else None,
                    plan=str(plan_file) if with_dependencies else None,
                    suppress_progress=True,
                    on_output=show,
                    on_error=show,
                    on_event=events.append,
                )
                succeeded = True
            except automation.CommandError as error:
                if not text:  # it failed before the preview began
                    raise LocalError(f"Pulumi can't start: {error}") from None
                succeeded = False
        findings = read(work / plugins.FINDINGS, events)
        goals: dict[str, Any] = json.loads(plan_file.read_text(encoding="utf-8"))["resourcePlans"] if plan_file.exists() else {}
    return _plan(succeeded, events, findings, goals, "\n".join(text))


def run_main(repo: Path = ROOT, project: Project = SYSTEM) -> None:
    """Run the `__main__.py` of a checkout's project from the start, as the language host does.

    Raises:
        RunError: the program failed; the message is its own RunError's, or a traceback that starts in `__main__.py`.
    """
    main = str(folder_of(project, repo) / "__main__.py")
    try:
        runpy.run_path(main, run_name="__main__")
    except pulumi.RunError:
        raise
    except Exception as error:
        report = traceback.TracebackException.from_exception(error)
        files = [frame.filename for frame in report.stack]
        del report.stack[: files.index(main) if main in files else len(files)]
        raise pulumi.RunError("".join(report.format()).strip()) from None


def preloaded_main(repo: Path, project: Project = SYSTEM) -> imports.PreloadedProgram:
    """The program, whose AWS modules are imported while the CLI starts, which saves over a second."""
    return imports.PreloadedProgram(repo / project.modules, partial(run_main, repo, project))


def resources_of(events: Sequence[EngineEvent], goals: Mapping[str, Any] | None = None) -> dict[str, PlannedResource]:
    """The resources that the events of a preview tell of, by URN. `goals`: what Pulumi's plan file says of each."""
    resources: dict[str, PlannedResource] = {}
    for event in events:
        if event.resource_pre_event:
            metadata = event.resource_pre_event.metadata
            state = metadata.new or metadata.old
            assert state
            goal: dict[str, Any] = (goals or {}).get(metadata.urn, {}).get("goal", {})
            by_property: dict[str, list[str]] = goal.get("propertyDependencies") or {}
            resources[metadata.urn] = PlannedResource(
                urn=metadata.urn,
                type=metadata.type,
                name=metadata.urn.rpartition("::")[2],
                parent=state.parent,
                operation=metadata.op.value,
                protect=bool(state.protect),
                retain_on_delete=bool(state.retain_on_delete),
                inputs=state.inputs or {},
                ignore_changes=tuple(goal.get("ignoreChanges") or ()),
                dependencies=tuple(goal.get("dependencies") or ()),
                property_dependencies={name: tuple(urns) for name, urns in by_property.items()},
            )
    return resources


def _plan(succeeded: bool, events: list[EngineEvent], findings: tuple[Finding, ...], goals: Mapping[str, Any], text: str) -> Plan:
    resources = resources_of(events, goals)
    outputs: Mapping[str, Any] = {}
    packs: Mapping[str, str] = {}
    for event in events:
        if event.res_outputs_event:
            metadata = event.res_outputs_event.metadata
            said = (metadata.new.outputs if metadata.new else None) or {}
            if metadata.type == "pulumi:pulumi:Stack":
                outputs = said or outputs
            elif resource := resources.get(metadata.urn):
                beyond = {name: value for name, value in said.items() if name not in resource.inputs}
                resources[metadata.urn] = replace(resource, computed=beyond)
        if event.summary_event:
            packs = event.summary_event.policy_packs
    return Plan(
        succeeded=succeeded,
        resources=tuple(resources.values()),
        outputs=outputs,
        diagnostics=diagnostics_of(events),
        findings=findings,
        policy_packs=packs,
        text=text,
    )
