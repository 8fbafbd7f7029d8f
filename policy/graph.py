"""Which resources a property refers to: by its dependencies, which are known at preview, or by a name, id or ARN that is known."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from plain import Plain, items
from rule import Resource, Stack


class Linked:
    """The stack's resources of some types, found by how other resources refer to them.

    Args:
        kinds: the types.
        keys: the properties that a value which names such a resource may equal.
    """

    def __init__(self, stack: Stack, kinds: str | Sequence[str], keys: Sequence[str] = ("id", "arn")) -> None:
        self.all = {resource.urn: resource for kind in ([kinds] if isinstance(kinds, str) else kinds) for resource in stack.of_type(kind)}
        self._by_name = {name: urn for urn, resource in self.all.items() for key in keys if isinstance(name := resource.at(key), str)}

    def by(self, resource: Resource, *path: str) -> set[str]:
        """The URNs of the resources that a property refers to; none where it isn't set.

        Dependencies are known for the whole of a top-level property only.
        """
        value = resource.at(*path)
        if value is None:
            return set()
        urns = {reference.urn for reference in resource.comes_from(path[0]) if reference.urn in self.all}
        return urns | {self._by_name[name] for name in _texts(value) if name in self._by_name}

    def called(self, name: str) -> set[str]:
        """The URN of the resource of this name: none where no resource has it, one of them where several do."""
        return {self._by_name[name]} if name in self._by_name else set()

    def by_all(self, resources: Sequence[Resource], *path: str) -> set[str]:
        """The URNs of all resources that any of these refers to."""
        return {urn for resource in resources for urn in self.by(resource, *path)}


def names_of(resources: Iterable[Resource], key: str = "name") -> set[str]:
    """The names of the resources, as far as they are known."""
    return {name for resource in resources if isinstance(name := resource.at(key), str)}


def _texts(value: Plain) -> Iterator[str]:
    for one in items(value):
        if isinstance(one, str):
            yield one
