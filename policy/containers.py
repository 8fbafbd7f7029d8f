"""The containers of a task definition, which carries them as one JSON text."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from plain import UNKNOWN, NotJsonError, Plain, Unknown, dig, items, parse
from rule import Finding, Resource


@dataclass(frozen=True, kw_only=True, slots=True)
class Container:
    """One container definition."""

    name: str
    definition: dict[str, Plain]

    def named(self, *path: str) -> tuple[str, Plain]:
        """How messages name a property, and its value."""
        return f"{'.'.join(path)} of container `{self.name}`", dig(self.definition, *path)

    def environment(self) -> Iterator[tuple[str, Plain]]:
        """The names and values that the container is started with; what comes from a secret is UNKNOWN to the pack.

        A caller must not show a value: it may be a secret that was put here by mistake.
        """
        for entry in items(self.definition.get("environment")):
            yield str(dig(entry, "name")), dig(entry, "value")
        for entry in items(self.definition.get("secrets")):
            yield str(dig(entry, "name")), UNKNOWN

    def from_secrets(self) -> frozenset[str]:
        """The names whose values ECS fetches from a secret."""
        return frozenset(str(dig(entry, "name")) for entry in items(self.definition.get("secrets")))


def containers_of(task: Resource) -> Iterator[Container]:
    """The containers that can be read; what can't is `environment/readable`'s to report, from which nobody is exempt."""
    return (one for one in _read(task) if isinstance(one, Container))


def unreadable(task: Resource) -> Iterator[Finding]:
    """What keeps containers from being read."""
    return (one for one in _read(task) if isinstance(one, Finding))


def _read(task: Resource) -> Iterator[Container | Finding]:
    value = task.at("containerDefinitions")
    try:
        definitions = parse(value)
    except NotJsonError as error:
        yield Finding(f"containerDefinitions can't be read: {error}. It must be a JSON list of containers.")
        return
    if isinstance(definitions, Unknown):
        yield Finding("containerDefinitions is not known at preview; build it from names and digests that are.")
        return
    if not definitions or not isinstance(definitions, list):
        yield Finding("containerDefinitions holds no container; it must be a JSON list of at least one.")
        return
    for definition in definitions:
        if isinstance(definition, dict):
            yield Container(name=str(definition.get("name")), definition=definition)
        else:
            yield Finding("containerDefinitions holds something that is no container; each must be an object.")


def each_container(check: Callable[[Container], Iterator[Finding]]) -> Callable[[Resource], Iterator[Finding]]:
    """A check of each container as one of the task."""

    def whole(task: Resource) -> Iterator[Finding]:
        for container in containers_of(task):
            yield from check(container)

    return whole
