"""Workload, the containers of a task: not root, nothing to write to, nothing of the host, heard in the logs."""

from __future__ import annotations

from collections.abc import Iterator

from checks import absent, literal, off, on, present
from containers import Container, each_container
from plain import Unknown, dig, items, shown
from rule import Finding, Resource, Severity, rule
from tokens import TASK_DEFINITION


@rule(
    id="workload/not-root",
    types={TASK_DEFINITION},
    severity=Severity.HIGH,
    protects="The host and the other containers from one that was taken over.",
    why="Code that breaks out of a container as root is root outside.",
    fix="Write user='10001:10001', a user of the image.",
    controls=("Security Hub ECS.20",),
)
@each_container
def not_root(container: Container) -> Iterator[Finding]:
    """A name is trusted to be what it says: ECS can't look into the image either."""
    where, user = container.named("user")
    if isinstance(user, Unknown):
        yield Finding(f"{where} is not known at preview; it must be a literal user that is not root.")
    elif not isinstance(user, str) or not user or user.split(":")[0].lstrip("0") in ("", "root"):
        yield Finding(f"{where} is {shown(user)}; it must be a user that is not root, such as 10001:10001.")
    elif ":" in user and user.split(":")[1].lstrip("0") in ("", "root"):
        yield Finding(f"{where} is {shown(user)}; its group must not be root's either.")


@rule(
    id="workload/read-only-root",
    types={TASK_DEFINITION},
    severity=Severity.HIGH,
    protects="The image from being changed while it runs.",
    why="What can be written can be replaced: a taken-over container would install what it likes.",
    fix="Write readonlyRootFilesystem=True, and mount a volume where the program must write.",
    controls=("Security Hub ECS.5",),
)
@each_container
def read_only_root(container: Container) -> Iterator[Finding]:
    yield from on(*container.named("readonlyRootFilesystem"))


@rule(
    id="workload/unprivileged",
    types={TASK_DEFINITION},
    severity=Severity.CRITICAL,
    protects="The host.",
    why="A privileged container is the host's root, and each added capability is a part of that.",
    fix="Write privileged=False, and add no capabilities or devices.",
    controls=("Security Hub ECS.4",),
)
@each_container
def unprivileged(container: Container) -> Iterator[Finding]:
    yield from off(*container.named("privileged"))
    where, added = container.named("linuxParameters", "capabilities", "add")
    yield from absent(where, added, "each capability is a way out of the container")
    where, devices = container.named("linuxParameters", "devices")
    yield from absent(where, devices, "a device is the host's")


@rule(
    id="workload/isolated",
    types={TASK_DEFINITION},
    severity=Severity.HIGH,
    protects="What else runs on the host.",
    why="With the host's network, processes or memory a container sees and reaches what its neighbours do.",
    fix="Write network_mode='awsvpc', and leave out pid_mode, ipc_mode and host paths.",
    controls=("Security Hub ECS.3", "Security Hub ECS.17"),
)
def isolated(task: Resource) -> Iterator[Finding]:
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


@rule(
    id="workload/logged",
    types={TASK_DEFINITION},
    severity=Severity.MEDIUM,
    protects="The record of what a container did.",
    why="Without a log configuration the output is gone with the task.",
    fix="Write a logConfiguration with the driver awslogs.",
    controls=("Security Hub ECS.9",),
)
@each_container
def logged(container: Container) -> Iterator[Finding]:
    yield from present(*container.named("logConfiguration", "logDriver"), "where its output goes")
