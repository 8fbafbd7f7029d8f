"""Workload, the containers of a task: not root, nothing to write to, nothing of the host, heard in the logs."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from checks import absent, literal, off, on, present
from containers import Container, containers_of
from graph import names_of
from plain import Plain, Unknown, dig, items, shown
from rule import Finding, Resource, ResourceRule, Severity, Stack, StackRule, about
from rules.environment_limits import EVOLVES
from system import each_of_this_system, of_this_system
from tokens import LOG_GROUP, TASK_DEFINITION

ContainerCheck = Callable[[Container], Iterator[Finding]]

ROOT = frozenset({"root", "0"})


def _each(check: ContainerCheck) -> Callable[[Resource], Iterator[Finding]]:
    """A check of each container; containers that can't be read are findings."""

    def whole(task: Resource) -> Iterator[Finding]:
        for container in containers_of(task):
            if isinstance(container, Finding):
                yield container
            else:
                yield from check(container)

    return whole


def _at(container: Container, *path: str) -> tuple[str, Plain]:
    """How messages name a property of a container, and its value."""
    return f"{'.'.join(path)} of container `{container.name}`", dig(container.definition, *path)


def _not_root(container: Container) -> Iterator[Finding]:
    """A name is trusted to be what it says: ECS can't look into the image either."""
    where, user = _at(container, "user")
    if isinstance(user, Unknown):
        yield Finding(f"{where} is not known at preview; it must be a literal user that is not root.")
    elif not isinstance(user, str) or not user or user.split(":")[0].lstrip("0") in ("", "root"):
        yield Finding(f"{where} is {shown(user)}; it must be a user that is not root, such as 10001:10001.")
    elif ":" in user and user.split(":")[1].lstrip("0") in ("", "root"):
        yield Finding(f"{where} is {shown(user)}; its group must not be root's either.")


def _read_only(container: Container) -> Iterator[Finding]:
    yield from on(*_at(container, "readonlyRootFilesystem"))


def _unprivileged(container: Container) -> Iterator[Finding]:
    yield from off(*_at(container, "privileged"))
    where, added = _at(container, "linuxParameters", "capabilities", "add")
    yield from absent(where, added, "each capability is a way out of the container")
    where, devices = _at(container, "linuxParameters", "devices")
    yield from absent(where, devices, "a device is the host's")


def _drops_capabilities(container: Container) -> Iterator[Finding]:
    where, dropped = _at(container, "linuxParameters", "capabilities", "drop")
    if any(isinstance(one, Unknown) for one in items(dropped)):
        yield Finding(f'{where} is not known at preview; it must be the literal ["ALL"].')
    elif "ALL" not in items(dropped):
        yield Finding(f"{where} is {shown(dropped)}; it must hold ALL.")


def _isolated(task: Resource) -> Iterator[Finding]:
    """Nothing of the host: not its network, its processes, its memory or its files."""
    network = task.at("networkMode")
    if network == "host" or isinstance(network, Unknown):
        yield from literal("networkMode", network, "awsvpc")
    for name in ("pidMode", "ipcMode"):
        mode = task.at(name)
        if mode not in (None, "", "task", "none"):
            yield from literal(name, mode, "task")
    for volume in items(task.at("volumes")):
        yield from absent("volumes.hostPath", dig(volume, "hostPath"), "a host's path is outside the container")


def _logged(container: Container) -> Iterator[Finding]:
    yield from present(*_at(container, "logConfiguration", "logDriver"), "where its output goes")


def _logs_without_blocking(container: Container) -> Iterator[Finding]:
    yield from literal(*_at(container, "logConfiguration", "logDriver"), "awslogs")
    yield from literal(*_at(container, "logConfiguration", "options", "mode"), "non-blocking")
    yield from present(*_at(container, "logConfiguration", "options", "max-buffer-size"), "a size, such as 4m")


def _log_groups(stack: Stack) -> Iterator[Finding]:
    groups = names_of(stack.of_type(LOG_GROUP))

    def check(container: Container) -> Iterator[Finding]:
        where, group = _at(container, "logConfiguration", "options", "awslogs-group")
        if not isinstance(group, str) or group not in groups:
            yield Finding(f"{where} is {shown(group)}; it must be a log group of this stack, which is encrypted and kept.")

    for task in stack.of_type(TASK_DEFINITION):
        yield from about(task, _each(check)(task))


def _healthy(container: Container) -> Iterator[Finding]:
    """The container that evolves answers a health check; ECS ignores the image's own."""
    if {name for name, _ in container.environment()} & EVOLVES:
        yield from present(*_at(container, "healthCheck", "command"), "a command, or a hung engine is never replaced")


def _fargate(task: Resource) -> Iterator[Finding]:
    yield from literal("requiresCompatibilities", task.at("requiresCompatibilities"), ["FARGATE"])
    yield from literal("networkMode", task.at("networkMode"), "awsvpc")
    yield from literal("runtimePlatform.cpuArchitecture", task.at("runtimePlatform", "cpuArchitecture"), "ARM64")


TASKS = frozenset({TASK_DEFINITION})

RESOURCE_RULES = (
    ResourceRule(
        id="workload/not-root",
        severity=Severity.HIGH,
        protects="The host and the other containers from one that was taken over.",
        why="Code that breaks out of a container as root is root outside.",
        fix="Write user='10001:10001', a user of the image.",
        check=_each(_not_root),
        types=TASKS,
        controls=("Security Hub ECS.20",),
    ),
    ResourceRule(
        id="workload/read-only-root",
        severity=Severity.HIGH,
        protects="The image from being changed while it runs.",
        why="What can be written can be replaced: a taken-over container would install what it likes.",
        fix="Write readonlyRootFilesystem=True, and mount a volume where the program must write.",
        check=_each(_read_only),
        types=TASKS,
        controls=("Security Hub ECS.5",),
    ),
    ResourceRule(
        id="workload/unprivileged",
        severity=Severity.CRITICAL,
        protects="The host.",
        why="A privileged container is the host's root, and each added capability is a part of that.",
        fix="Write privileged=False, and add no capabilities or devices.",
        check=_each(_unprivileged),
        types=TASKS,
        controls=("Security Hub ECS.4",),
    ),
    ResourceRule(
        id="workload/isolated",
        severity=Severity.HIGH,
        protects="What else runs on the host.",
        why="With the host's network, processes or memory a container sees and reaches what its neighbours do.",
        fix="Write network_mode='awsvpc', and leave out pid_mode, ipc_mode and host paths.",
        check=_isolated,
        types=TASKS,
        controls=("Security Hub ECS.3", "Security Hub ECS.17"),
    ),
    ResourceRule(
        id="workload/logged",
        severity=Severity.MEDIUM,
        protects="The record of what a container did.",
        why="Without a log configuration the output is gone with the task.",
        fix="Write a logConfiguration with the driver awslogs.",
        check=_each(_logged),
        types=TASKS,
        controls=("Security Hub ECS.9",),
    ),
)

STACK_RULES = (
    StackRule(
        id="workload/no-capabilities",
        severity=Severity.MEDIUM,
        protects="The host from what a container could do by default.",
        why="Docker gives every container a dozen capabilities; the engine needs none.",
        fix="Write linuxParameters={'capabilities': {'add': [], 'drop': ['ALL']}}: ECS gives the empty list back.",
        check=each_of_this_system(_each(_drops_capabilities), TASK_DEFINITION),
    ),
    StackRule(
        id="workload/log-delivery",
        severity=Severity.MEDIUM,
        protects="Evolution from a slow log service.",
        why="A driver that blocks stops the engine when the log service is slow, and the safety monitor with it.",
        fix="Write mode='non-blocking' and max-buffer-size in the options of awslogs.",
        check=each_of_this_system(_each(_logs_without_blocking), TASK_DEFINITION),
    ),
    StackRule(
        id="workload/log-group",
        severity=Severity.MEDIUM,
        protects="The logs from going where nobody encrypts or keeps them.",
        why="A group that isn't declared is made by nobody, or without a key and for ever.",
        fix="Name a LogGroup of this stack in awslogs-group.",
        check=of_this_system(_log_groups),
    ),
    StackRule(
        id="workload/health-check",
        severity=Severity.MEDIUM,
        protects="Evolution from an engine that hangs.",
        why="ECS replaces a task that stops, but it sees one that hangs only by its health check.",
        fix="Write a healthCheck with a command that asks the engine's own port.",
        check=each_of_this_system(_each(_healthy), TASK_DEFINITION),
    ),
    StackRule(
        id="workload/fargate",
        severity=Severity.MEDIUM,
        protects="The tasks from hosts that somebody has to patch, and from images of another architecture.",
        why="On Fargate every task has a host of its own; the image is built for arm64.",
        fix="Write requires_compatibilities=['FARGATE'], network_mode='awsvpc' and cpu_architecture 'ARM64'.",
        check=each_of_this_system(_fargate, TASK_DEFINITION),
    ),
)
