"""The environment variables of whatever runs code: containers, Lambda functions, AgentCore runtimes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import containers
from containers import Container, containers_of
from plain import UNKNOWN, Plain, Unknown
from rule import Finding, Resource
from tokens import AGENT_RUNTIME, FUNCTION, TASK_DEFINITION

RUNNERS = (TASK_DEFINITION, FUNCTION, AGENT_RUNTIME)


@dataclass(frozen=True, kw_only=True, slots=True)
class RunnerEnvironment:
    """What one container, function or runtime is told.

    Attributes:
        container: the container's name; empty for a function or a runtime.
        owner: how messages name it, such as "of container `engine`"; a function's or runtime's own name is in the message anyway.
        variables: by name. A value must not be shown: it may be a secret that was put here by mistake. What comes from a secret
            (`secrets` of a container) is UNKNOWN.
        from_secrets: the names of those.
    """

    owner: str
    container: str = ""
    variables: dict[str, Plain]
    from_secrets: frozenset[str] = frozenset()


def environments_of(resource: Resource) -> Iterator[RunnerEnvironment]:
    """The environment of each container of a task, or the one of a function or a runtime. What can't be read is reported by
    `environment/readable`."""
    if resource.type == TASK_DEFINITION:
        yield from map(_of_container, containers_of(resource))
        return
    given = resource.at(*path_of(resource))
    if given is None or isinstance(given, dict):
        yield RunnerEnvironment(owner="", variables=given or {})


def unreadable(resource: Resource) -> Iterator[Finding]:
    """A finding for each environment that can't be read."""
    if resource.type == TASK_DEFINITION:
        yield from containers.unreadable(resource)
        return
    path = path_of(resource)
    given = resource.at(*path)
    if given is not None and not isinstance(given, dict):
        what = "not known at preview" if isinstance(given, Unknown) else "no object"
        yield Finding(f"{'.'.join(path)} is {what}; it must be an object of known names.")


def path_of(runner: Resource) -> tuple[str, ...]:
    """Where a function or a runtime has its variables."""
    return ("environment", "variables") if runner.type == FUNCTION else ("environmentVariables",)


def given_by(runner: Resource) -> str:
    """The property that holds what a runner is told."""
    return "containerDefinitions" if runner.type == TASK_DEFINITION else path_of(runner)[0]


def _of_container(container: Container) -> RunnerEnvironment:
    variables: dict[str, Plain] = {}
    for name, value in container.environment():
        # Which of two values counts is not ours to guess.
        variables[name] = value if name not in variables or variables[name] == value else UNKNOWN
    return RunnerEnvironment(
        owner=f" of container `{container.name}`", container=container.name, variables=variables, from_secrets=container.from_secrets()
    )
