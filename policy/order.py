"""In which order resources are made where only `dependsOn` says so, as a shape's file has it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from approval import names_of
from choices import called
from plain import Plain
from properties import Shape, approved
from rule import Resource, Stack

FIRST, THEN = "first", "then"
"""Of an entry: whatever the program calls as in `then` is made after all that is in `first`."""


def earlier(resource: Resource, resources: Mapping[str, Resource], calls: Mapping[str, str]) -> set[str]:
    """What the program calls the resources that are there before this one is made, directly or by others.

    Args:
        resources: of the stack, by their URNs.
        calls: what the program calls each of them.
    """
    found: set[str] = set()
    waits_for = [*resource.dependencies]
    while waits_for:
        urn = waits_for.pop()
        if urn in resources and urn not in found:
            found.add(urn)
            waits_for += resources[urn].dependencies
    return {calls[urn] for urn in found}


def early(stack: Stack, shape: Shape) -> Iterator[tuple[Resource, list[str]]]:
    """The resources that may be made before what they have waited for, of what there is."""
    resources, calls = _by_urn(stack), _calls(stack)
    there: defaultdict[str, list[Resource]] = defaultdict(list)
    for resource in stack.resources:
        there[calls[resource.urn]].append(resource)
    firsts: defaultdict[str, set[str]] = defaultdict(set)
    for entry in approved(shape)["order"]:
        for then in entry[THEN]:
            firsts[then] |= there.keys() & entry[FIRST]
    for then in sorted(firsts.keys() & there.keys()):
        for resource in there[then]:
            if late := sorted(firsts[then] - earlier(resource, resources, calls)):
                yield resource, late


def order_of(stacks: Sequence[Stack]) -> list[Plain]:
    """What waits for what in a plan. What follows from the rest, or from what it is given, is left out."""
    waiting: defaultdict[str, set[str]] = defaultdict(set)
    for stack in stacks:
        resources, calls = _by_urn(stack), _calls(stack)
        before = {urn: earlier(one, resources, calls) for urn, one in resources.items()}
        for resource in stack.resources:
            given = {reference.urn for found in resource.references.values() for reference in found}
            direct = resources.keys() & resource.dependencies
            for urn in direct - given:
                if not any(calls[urn] in before[other] for other in direct - {urn}):
                    waiting[calls[urn]].add(calls[resource.urn])
    firsts: defaultdict[tuple[str, ...], list[Plain]] = defaultdict(list)
    for first in sorted(waiting):
        firsts[tuple(sorted(waiting[first]))].append(first)
    return [{FIRST: first, THEN: [*then]} for then, first in sorted(firsts.items())]


def _by_urn(stack: Stack) -> Mapping[str, Resource]:
    return {one.urn: one for one in stack.resources}


def _calls(stack: Stack) -> Mapping[str, str]:
    """What the program calls each resource, by its URN."""
    names = names_of(stack)
    return {one.urn: called(one, names) for one in stack.resources}
