"""Which values are taken over from another resource as they are: its id, its ARN, its name. approved/shape.json has them under `from`.

What a property refers to is known for the whole of it only, and for what is computed from a reference, too. So each value within it is held
to the outputs of what it refers to.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

from approval import Names
from plain import Plain, Unknown, items, shown
from rule import Resource

FROM = "from"
"""Says which outputs of a resource a value may be, each as the resource's type, a dot and the output's name."""

EACH = "each"
"""Says the same of a list's entries. It must be given entry by entry: of one that comes as a whole nobody can tell how many it has."""

BUILT = "built"
"""Says what a text is that is made of an output: with the output's type and name in its place, `<type.name>`."""

ID = "id"
"""What each resource has; where it has a name or an ARN of the same text, that says more."""

NO_IDENTITY = frozenset({"region"})
"""Outputs that tell no resource from another."""


def referred(resource: Resource, path: str, resources: Mapping[str, Resource]) -> list[Resource]:
    """The resources that the property of a path refers to.

    Args:
        resources: of the stack, by their URNs.
    """
    key = path.partition(".")[0]
    return [resources[one.urn] for one in resource.references.get(key, ()) if one.urn in resources]


def outputs_like(value: Plain, sources: Sequence[Resource], names: Names) -> frozenset[str]:
    """The outputs of resources that a value equals.

    Args:
        value: with placeholders in it.
    """
    return frozenset(
        f"{source.type}.{key}"
        for source in sources
        for key, output in source.props.items()
        if key not in NO_IDENTITY and isinstance(output, str) and names.generalise(output) == value
    )


def built_of(value: Plain, sources: Sequence[Resource], names: Names) -> str:
    """A text with a placeholder for the longest output of a resource in it; empty where there is none.

    Args:
        value: as it is.
    """
    held = {
        output: f"<{source.type}.{key}>"
        for source in sources
        for key, output in source.props.items()
        if key != ID and isinstance(value, str) and isinstance(output, str) and output and output in value
    }
    longest = max(held, key=len, default="")
    return names.generalise(value.replace(longest, held[longest])) if longest and isinstance(value, str) else ""


def is_output(value: Plain, wanted: Mapping[str, Plain], sources: Sequence[Resource], names: Names) -> bool:
    """Whether a value is not known yet, or one of the outputs that are approved.

    Args:
        value: with placeholders in it.
        wanted: the entry.
    """
    return isinstance(value, Unknown) or not outputs_like(value, sources, names).isdisjoint(map(str, items(wanted[FROM])))


def taken_from(found: Sequence[frozenset[str]]) -> dict[str, Plain]:
    """What the file says of a value that has been seen to be these outputs: those that it always is, or else all; no id that has another
    name, too."""
    outputs = frozenset[str].intersection(*found) or frozenset[str].union(*found)
    said: list[Plain] = [*sorted([one for one in outputs if not one.endswith(f".{ID}")] or outputs)]
    return {FROM: said[0] if len(said) == 1 else said}


def strange(values: Sequence[Plain], most: int, wanted: Sequence[str], sources: Sequence[Resource]) -> Iterator[Plain]:
    """Values that are known and no such output, in JSON, or aren't known though each such output is; and that there are more than there is
    to refer to, known or not.

    Args:
        values: of one property.
        most: the entries of the longest list of them.
        wanted: the approved outputs.
        sources: what the property refers to.
    """
    keys = _keys(tuple(wanted))
    found = [one for one in sources if one.type in keys]
    outputs = {output for one in found for key in keys[one.type] if isinstance(output := one.props.get(key), str)}
    yield from (shown(one) for one in values if not isinstance(one, Unknown) and one not in outputs)
    if found and all(isinstance(one.props.get(key), str) for one in found for key in keys[one.type][1:]):
        yield from (one for one in values if isinstance(one, Unknown))
    if most > len(found):
        yield f"{most} where it refers to {len(found)}"


@lru_cache(maxsize=256)
def _keys(outputs: tuple[str, ...]) -> Mapping[str, Sequence[str]]:
    """By type, the names of outputs."""
    found: defaultdict[str, list[str]] = defaultdict(lambda: [ID])
    for one in outputs:
        kind, _, key = one.rpartition(".")
        found[kind].append(key)
    return {**found}
