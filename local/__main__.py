"""`python -m local preview|up|refresh|destroy|audit|outputs|down`: one stack on the embedded cloud."""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from local.terminal import Parser, exit_status, note, show

if TYPE_CHECKING:
    from local import lifecycle
    from local.findings import Finding

ESCAPES = re.compile(r"\x1b\[[0-9;]*m")
"""A terminal's colour codes."""


def main(arguments: list[str]) -> int:
    """Run one command and give the exit status: 0, 1 for bad input or a refused plan, 130 when interrupted."""
    command = ""

    def run() -> int:
        nonlocal command
        options = _parse(arguments)
        command = options.command
        return _COMMANDS[command](options)

    def when_interrupted() -> str:
        deploys = command in {"up", "refresh", "destroy"}
        return "what was done is recorded, and the same command goes on from there" if deploys else "nothing was left running"

    return exit_status(run, when_interrupted)


def _preview(options: argparse.Namespace) -> int:
    start = time.monotonic()
    from local import plugins

    with plugins.ProviderProcess(plugins.ROOT) as provider:  # it imports its modules meanwhile
        from local import findings, previews, projects  # 0.4 s to import, which a wrong argument needn't cost

        end = _End()
        project = projects.project_of(options.project)
        stack = project.stack if options.stack is None else options.stack
        plan = previews.preview(
            stack,
            image=options.image or None,
            project=project,
            pack=options.pack,
            provider=provider,
            color=sys.stdout.isatty(),
            on_output=end.print,
            on_note=note,
        )
    end.finish(() if plan.succeeded else plan.findings, plan.errors)
    verdict = f"{len(plan.resources)} resources planned" if plan.succeeded else "refused"
    packs = findings.counted(plan.findings) if options.pack else "no policy pack"
    show(f"{stack}: {verdict}, {packs}, {time.monotonic() - start:.1f} s")
    return 0 if plan.succeeded else 1


class _End:
    """Holds back the CLI's output from its summary of the policies on: a refusal ends with errors and findings in its place."""

    def __init__(self) -> None:
        self._held_back: list[str] = []

    def print(self, line: str) -> None:
        """Print a line, or hold it back."""
        if self._held_back or ESCAPES.sub("", line).startswith("Policies:"):
            self._held_back.append(line)
        else:
            show(line)

    def finish(self, found: Sequence[Finding], errors: Sequence[str]) -> None:
        """Print the errors and the findings; without findings, what was held back."""
        from local import findings

        for line in ("", *findings.blocks(found, errors)) if found else self._held_back:
            show(line)


def _deploy(options: argparse.Namespace) -> int:
    """`up`, `refresh` and `destroy`."""
    from local import findings, lifecycle

    start = time.monotonic()
    target = _target(options)
    stack = target.stack
    outcome = {"up": lifecycle.up, "refresh": lifecycle.refresh, "destroy": lifecycle.destroy}[options.command](target)
    if not outcome.succeeded:
        for line in findings.blocks(outcome.findings, outcome.errors if outcome.findings else ()):
            show(line)
        what = f"refused, {findings.counted(outcome.findings)}" if outcome.findings else f"{options.command} failed"
        show(f"{stack}: {what}, {time.monotonic() - start:.1f} s")
        return 1
    changes = {_DONE.get(kind, kind): count for kind, count in outcome.changes.items() if kind != "same"}
    done = ", ".join(f"{count} {kind}" for kind, count in sorted(changes.items())) or "nothing changed"
    show(f"{stack}: {outcome.resources} resources, {done}, {time.monotonic() - start:.1f} s")
    if options.command == "up":
        show(f"It runs on {outcome.endpoint} until `make down`. To look at it with the AWS CLI or boto3:")
        credentials = "AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local"
        region = outcome.outputs[target.project.table]["region"]
        show(f"  export AWS_ENDPOINT_URL={outcome.endpoint} AWS_DEFAULT_REGION={region} {credentials}")
        show(f"  {target.project.look}")
    return 0


def _target(options: argparse.Namespace) -> lifecycle.Target:
    """The stack that a command works on."""
    from local import lifecycle, projects

    project = projects.project_of(options.project)
    return lifecycle.Target(
        stack=project.stack if options.stack is None else options.stack,
        image=getattr(options, "image", None) or None,
        project=project,
        color=sys.stdout.isatty(),
        on_output=show,
        on_note=note,
    )


def _audit(options: argparse.Namespace) -> int:
    from local import audit, findings

    start = time.monotonic()
    target = _target(options)
    found = audit.audit(target)
    for line in (line for one in found.drift for line in one.lines):
        show(f"drift: {line}")
    for line in findings.blocks(found.findings):
        show(line)
    drift = f"drift in {len(found.drift)} of {found.resources} resources" if found.drift else "all is as it was deployed"
    show(f"{target.stack}: {drift}, {findings.counted(found.findings)}, {time.monotonic() - start:.1f} s")
    if found.drift:
        show("Nothing was changed. To put it back: `make refresh` records it, and `make up` then makes it what the program says.")
    return 1 if found.drift or found.findings else 0


def _outputs(options: argparse.Namespace) -> int:
    from local import lifecycle

    show(json.dumps(lifecycle.outputs(_target(options)), indent=2))
    return 0


def _down(options: argparse.Namespace) -> int:
    from local import lifecycle, plugins, projects

    places = [plugins.ROOT / project.place for project in projects.PROJECTS.values()]
    if not sum(lifecycle.down(place, on_note=note, save=options.save) for place in places):
        note("no emulator is running")
    return 0


_COMMANDS: dict[str, Callable[[argparse.Namespace], int]] = {
    "preview": _preview,
    "up": _deploy,
    "refresh": _deploy,
    "destroy": _deploy,
    "audit": _audit,
    "outputs": _outputs,
    "down": _down,
}

_DONE = {"create": "created", "update": "updated", "delete": "deleted", "replace": "replaced"}


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = Parser(prog="python -m local", description="The real Pulumi CLI on an embedded cloud: no account, no credentials.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="|".join(_COMMANDS))
    helps = {
        "preview": "show what a deployment would make, checked by the policy pack",
        "up": "deploy to the local AWS emulator what passes the policy pack",
        "refresh": "update the state to what the emulator holds",
        "destroy": "remove everything that the stack has in the emulator",
        "audit": "detect drift, and have the policy pack judge the actual state",
        "outputs": "print the stack's outputs as JSON",
        "down": "stop the emulators; they keep their data",
    }
    for name, text in helps.items():
        command = commands.add_parser(name, help=text)
        if name != "down":
            command.add_argument("--stack", help="which Pulumi.<stack>.yaml is meant (default: dev; of an account, sandbox)")
            command.add_argument(
                "--project", default="system", help="system, or account: what an AWS account needs before (default: system)"
            )
        if name in {"preview", "up"}:
            command.add_argument("--image", help="the engine image's digest, sha256:…, or `none` for a first deployment")
        if name == "down":
            command.add_argument("--discard", dest="save", action="store_false", help="delete their data")
        if name == "preview":
            command.add_argument("--no-pack", dest="pack", action="store_false", help="without the policy pack")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    status = main(sys.argv[1:])
    # Not sys.exit: a program that waits for the CLI goes on waiting after that has failed, and would keep the process alive.
    os._exit(status)
