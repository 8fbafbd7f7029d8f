"""The containers of a task definition, which carries them as one JSON text, and how the provider reads it: with Go's encoding/json."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from plain import UNKNOWN, NotJsonError, Plain, Unknown, dig, items, parse, shown
from rule import Finding, Resource

CONTAINER = "ContainerDefinition"

SHAPES: Mapping[str, Mapping[str, str]] = json.loads(Path(__file__).with_name("container_keys.json").read_text(encoding="utf-8"))["shapes"]
"""By shape of AWS's model its keys, each with the shape of its value: empty where that is no object. `make_container_keys.py` makes it."""

FREE = "*"
"""The shape of an object whose keys are anybody's, such as labels."""


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


def _read(task: Resource) -> tuple[Container | Finding, ...]:
    """Many rules read each definition; a text is parsed once."""
    value = task.at("containerDefinitions")
    return _text(value) if isinstance(value, str) else tuple(_parts_of(value))


@lru_cache(maxsize=256)
def _text(text: str) -> tuple[Container | Finding, ...]:
    return tuple(_parts_of(text))


def forget() -> None:
    """Forget the definitions that were read (for tests)."""
    _text.cache_clear()


def _parts_of(value: Plain) -> Iterator[Container | Finding]:
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
            misspelt: list[str] = []
            read = _as_go_reads(definition, CONTAINER, misspelt)
            container = Container(name=str(read.get("name")), definition=read)
            yield container
            if misspelt:
                known = "each must be spelt as AWS's model has it (policy/container_keys.json), for the provider reads it in any case"
                yield Finding(f"container `{container.name}` has the key {shown(misspelt[0])}; {known}.")
        else:
            yield Finding("containerDefinitions holds something that is no container; each must be an object.")


def _as_go_reads(given: dict[str, Plain], shape: str, misspelt: list[str]) -> dict[str, Plain]:
    """An object with its keys in the model's spelling, as Go's decoder takes them: in any case, and of two the last; objects are merged.

    Args:
        shape: of the model; FREE for an object whose keys are anybody's, which are taken as they are.
        misspelt: each key that the model doesn't have, or not so, is added.
    """
    if shape == FREE:
        return given
    keys = SHAPES[shape]
    spelling = {_folded(key): key for key in keys}
    read: dict[str, Plain] = {}
    for key, value in given.items():
        name = spelling.get(_folded(key))
        if name != key:
            misspelt.append(key)
        if name is not None:
            value = _within(value, keys[name], misspelt) if keys[name] else value
            read[name] = _merged(read.get(name), value)
    return read


def _merged(before: Plain, value: Plain) -> Plain:
    if not isinstance(before, dict) or not isinstance(value, dict):
        return value
    return {**before, **{key: _merged(before.get(key), one) for key, one in value.items()}}


def _within(value: Plain, shape: str, misspelt: list[str]) -> Plain:
    if isinstance(value, list):
        return [_within(one, shape, misspelt) for one in value]
    return _as_go_reads(value, shape, misspelt) if isinstance(value, dict) else value


def _folded(key: str) -> str:
    """A key as Go compares it: the long s is an s, and the Kelvin sign a k. Source: encoding/json, foldName."""
    return key.upper().lower()


def each_container(check: Callable[[Container], Iterator[Finding]]) -> Callable[[Resource], Iterator[Finding]]:
    """A check of each container as one of the task."""

    def whole(task: Resource) -> Iterator[Finding]:
        for container in containers_of(task):
            yield from check(container)

    return whole
