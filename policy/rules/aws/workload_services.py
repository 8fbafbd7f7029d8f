"""Workload, the services: on a patched platform, and without a shell."""

from __future__ import annotations

from collections.abc import Iterator

from checks import literal, off
from rule import Finding, Resource, Severity, rule
from tokens import SERVICE


@rule(
    id="workload/platform-version",
    types={SERVICE},
    severity=Severity.MEDIUM,
    protects="The tasks from a Fargate platform that is no longer patched.",
    why="A pinned old platform gets no security updates.",
    fix="Remove platform_version, or write 'LATEST'.",
    controls=("Security Hub ECS.10",),
)
def platform_version(service: Resource) -> Iterator[Finding]:
    yield from literal("platformVersion", service.at("platformVersion"), "LATEST", "1.4.0", or_missing=True)


@rule(
    id="workload/no-shell",
    types={SERVICE},
    severity=Severity.HIGH,
    protects="The running containers from being changed by hand.",
    why="A shell in a container is a way around the review, the image and everything that this pack holds.",
    fix="Write enable_execute_command=False.",
)
def no_shell(service: Resource) -> Iterator[Finding]:
    yield from off("enableExecuteCommand", service.at("enableExecuteCommand"))
