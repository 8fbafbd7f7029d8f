"""Workload, the commands: a task runs one command of the image, as the image has it."""

from __future__ import annotations

from collections.abc import Iterator

from checks import absent, literal
from containers import containers_of
from plain import Plain, shown
from rule import Finding, Resource, Severity
from system import evolution_rule
from tokens import TASK_DEFINITION

COMMANDS = ("engine", "monitor", "agent")
"""The image's commands; a container is called as the one that it runs. `components/containers.py` makes them so."""


@evolution_rule(
    id="workload/known-container",
    types={TASK_DEFINITION},
    severity=Severity.CRITICAL,
    protects="The task's role, key and tables from a container that no other rule knows.",
    why="All containers of a task share its role; one that is told no limits would evolve beside the engine without any.",
    fix=f"Declare one container a task, named {', '.join(COMMANDS[:-1])} or {COMMANDS[-1]}, and leave it essential.",
)
def known_container(task: Resource) -> Iterator[Finding]:
    """One container a task: the other rules know a container by what it is told, and a second one could be told nothing."""
    found = list(containers_of(task))
    if len(found) > 1:
        names = ", ".join(one.name for one in found)
        yield Finding(f"containerDefinitions holds {len(found)} containers ({shown(names)}); it must hold exactly one.")
    for container in found:
        yield from literal("the name of the container", container.definition.get("name"), *COMMANDS)
        essential = container.definition.get("essential")
        yield from literal(f"essential of container `{container.name}`", essential, True, or_missing=True)


@evolution_rule(
    id="workload/command",
    types={TASK_DEFINITION},
    severity=Severity.CRITICAL,
    protects="The bounds in the environment from a shell that sets others before it starts the engine.",
    why="A shell (`sh -c 'AI_AUTONOMY_LEVEL=100 exec engine'`) runs the reviewed image beyond every limit that was checked.",
    fix="Write command=[<the container's name>], and leave out entryPoint.",
)
def command(task: Resource) -> Iterator[Finding]:
    for container in containers_of(task):
        allowed = (container.name,) if container.name in COMMANDS else COMMANDS
        commands: list[Plain] = [[one] for one in allowed]
        yield from literal(f"command of container `{container.name}`", container.definition.get("command"), *commands)
        where = f"entryPoint of container `{container.name}`"
        yield from absent(where, container.definition.get("entryPoint"), "it replaces the image's own, which was reviewed")
