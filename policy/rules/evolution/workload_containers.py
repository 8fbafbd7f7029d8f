"""Workload, this system's containers: one a task, on Fargate, with the image's own command, without capabilities, and heard."""

from __future__ import annotations

import re
from collections.abc import Iterator

from checks import absent, literal, present
from containers import Container, containers_of, each_container
from graph import names_of
from plain import Plain, Unknown, items, shown
from rule import Finding, Resource, Severity, Stack, about
from rules.evolution.environment import EVOLVES
from system import evolution_rule
from tokens import LOG_GROUP, TASK_DEFINITION


@evolution_rule(
    id="workload/no-capabilities",
    types={TASK_DEFINITION},
    severity=Severity.MEDIUM,
    protects="The host from what a container could do by default.",
    why="Docker gives every container a dozen capabilities; the engine needs none.",
    fix="Write linuxParameters={'capabilities': {'add': [], 'drop': ['ALL']}}: ECS gives the empty list back.",
)
@each_container
def no_capabilities(container: Container) -> Iterator[Finding]:
    where, dropped = container.named("linuxParameters", "capabilities", "drop")
    if any(isinstance(one, Unknown) for one in items(dropped)):
        yield Finding(f'{where} is not known at preview; it must be the literal ["ALL"].')
    elif "ALL" not in items(dropped):
        yield Finding(f"{where} is {shown(dropped)}; it must hold ALL.")


@evolution_rule(
    id="workload/log-delivery",
    types={TASK_DEFINITION},
    severity=Severity.MEDIUM,
    protects="Evolution from a slow log service.",
    why="A driver that blocks stops the engine when the log service is slow, and the safety monitor with it.",
    fix="Write mode='non-blocking' and max-buffer-size in the options of awslogs.",
)
@each_container
def log_delivery(container: Container) -> Iterator[Finding]:
    yield from literal(*container.named("logConfiguration", "logDriver"), "awslogs")
    yield from literal(*container.named("logConfiguration", "options", "mode"), "non-blocking")
    yield from present(*container.named("logConfiguration", "options", "max-buffer-size"), "a size, such as 4m")


@evolution_rule(
    id="workload/log-group",
    severity=Severity.MEDIUM,
    protects="The logs from going where nobody encrypts or keeps them.",
    why="A group that isn't declared is made by nobody, or without a key and for ever.",
    fix="Name a LogGroup of this stack in awslogs-group.",
)
def log_group(stack: Stack) -> Iterator[Finding]:
    groups = names_of(stack.of_type(LOG_GROUP))

    @each_container
    def check(container: Container) -> Iterator[Finding]:
        where, group = container.named("logConfiguration", "options", "awslogs-group")
        if not isinstance(group, str) or group not in groups:
            yield Finding(f"{where} is {shown(group)}; it must be a log group of this stack, which is encrypted and kept.")

    for task in stack.of_type(TASK_DEFINITION):
        yield from about(task, check(task))


@evolution_rule(
    id="workload/health-check",
    types={TASK_DEFINITION},
    severity=Severity.MEDIUM,
    protects="Evolution from an engine that hangs.",
    why="ECS replaces a task that stops, but it sees one that hangs only by its health check.",
    fix="Write a healthCheck with a command that asks the engine's own port.",
)
@each_container
def health_check(container: Container) -> Iterator[Finding]:
    """The container that evolves answers a health check; ECS ignores the image's own."""
    if {name for name, _ in container.environment()} & EVOLVES:
        yield from present(*container.named("healthCheck", "command"), "a command, or a hung engine is never replaced")


@evolution_rule(
    id="workload/fargate",
    types={TASK_DEFINITION},
    severity=Severity.MEDIUM,
    protects="The tasks from hosts that somebody has to patch, and from images of another architecture.",
    why="On Fargate every task has a host of its own; the image is built for arm64.",
    fix="Write requires_compatibilities=['FARGATE'], network_mode='awsvpc' and cpu_architecture 'ARM64'.",
)
def fargate(task: Resource) -> Iterator[Finding]:
    yield from literal("requiresCompatibilities", task.at("requiresCompatibilities"), ["FARGATE"])
    yield from literal("networkMode", task.at("networkMode"), "awsvpc")
    yield from literal("runtimePlatform.cpuArchitecture", task.at("runtimePlatform", "cpuArchitecture"), "ARM64")


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


ASKS: list[Plain] = ["CMD", "python", "-c"]
PROBE = re.compile(r"import urllib\.request as request; request\.urlopen\('http://127\.0\.0\.1:\d+/[a-z]*', timeout=\d+\)")
"""A health check runs in the container, with its role: whatever else it does, nobody has reviewed."""


@evolution_rule(
    id="workload/command",
    types={TASK_DEFINITION},
    severity=Severity.CRITICAL,
    protects="The bounds in the environment from a shell that sets others before it starts the engine, or runs beside it.",
    why="A shell (`sh -c 'AI_AUTONOMY_LEVEL=100 exec engine'`) runs the reviewed image beyond every limit that was checked.",
    fix="Write command=[<the container's name>], leave out entryPoint, and let the health check ask the container's own port.",
)
def command(task: Resource) -> Iterator[Finding]:
    for container in containers_of(task):
        allowed = (container.name,) if container.name in COMMANDS else COMMANDS
        commands: list[Plain] = [[one] for one in allowed]
        yield from literal(f"command of container `{container.name}`", container.definition.get("command"), *commands)
        where = f"entryPoint of container `{container.name}`"
        yield from absent(where, container.definition.get("entryPoint"), "it replaces the image's own, which was reviewed")
        where, asked = container.named("healthCheck", "command")
        parts = items(asked)
        if asked is not None and not (parts[:-1] == ASKS and isinstance(parts[-1], str) and PROBE.fullmatch(parts[-1])):
            yield Finding(f"{where} is {shown(asked)}; it must ask the container's own port, as components/containers.py does.")
