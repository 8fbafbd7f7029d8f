"""What Pulumi is told of resources beside their properties: what it ignores, and what it protects."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from approval import Names
from choices import called, is_known
from plain import Plain, items
from properties import Shape, approved
from rule import Resource

IGNORES, PROTECTED = "ignoreChanges", "protect"


def options_of(resources: Iterable[tuple[Resource, Names]]) -> dict[str, dict[str, Plain]]:
    """By what the program calls them, the options that resources have in some plan, each given with its stack's names."""
    found: dict[str, dict[str, Plain]] = {}
    for resource, names in resources:
        given = found.setdefault(called(resource, names), {})
        if ignored := {str(one) for one in items(given.get(IGNORES))} | set(resource.ignore_changes):
            given[IGNORES] = [*sorted(ignored)]
        if resource.protect:
            given[PROTECTED] = True
    return {name: given for name, given in sorted(found.items()) if given}


def unapproved(resource: Resource, shape: Shape, names: Names, *, keeps: bool) -> Iterator[str]:
    """What is wrong with a resource's options. One that is new here may have those that any of its type has.

    Args:
        keeps: whether the stack protects what it holds.
    """
    of_type: Mapping[str, Mapping[str, Plain]] = approved(shape)["options"].get(resource.type, {})
    known = is_known(resource, shape, names)
    own = [of_type.get(called(resource, names), {})] if known else [*of_type.values()]
    ignored = {str(name) for one in own for name in items(one.get(IGNORES))}
    if more := sorted(set(resource.ignore_changes) - ignored):
        yield f"nobody has approved that changes of {', '.join(more)} are ignored in it."
    if keeps and known and any(PROTECTED in one for one in own) and not resource.protect:
        yield "protect is not set; it must be, as approved, so that nothing takes it away by mistake."
