"""What each property may be, and what may not be missing: the approved choices of a type and of a resource, in approved/shape.json.

A choice is a flag, or a text of a closed vocabulary: a mode, a level, an algorithm. It is told from free text by the plans themselves: a
text is a choice unless it is a number or unknown in one of them, holds a stack's own names, or is of the few properties below.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise
from typing import Any

from approval import Names
from plain import Plain, dig, items, number
from properties import ANY, EVERYWHERE, MAPS, MAY, SOME, approved, given_in, is_set, opened
from rule import Resource
from tokens import BUCKET, GUARDRAIL

ALL = "all"
"""Says that a resource holds all of the values, each at least once."""

READ = frozenset({"alarmDescription", "blockedInputMessaging", "blockedOutputsMessaging", "dashboardBody", "description", "label"})
"""Properties that only people read: free, and nobody's loss where they are missing."""

FREE = READ | frozenset(
    {
        *("agentRuntimeName", "alarmName", "dashboardName", "family", "name", "policyName", "statementId"),
        *("alarmRule", "assumeRolePolicy", "defaultTags", "policy", "policyDocument", "secretStringWo"),
        *("availabilityZone", "cidrBlock", "cidrIpv4", "containerUri", "endpoint", "limitAmount", "scheduleExpression", "version"),
        *("containerDefinitions.environment.name", "containerDefinitions.environment.value", "containerDefinitions.image"),
    }
)
"""Properties whose texts are no choices: what people read, what a resource is called, documents that rules of their own read, and what
the environment table says. A name without a dot is any last part of a path; `name` only a whole one."""

OWN = frozenset(
    {
        *("allowedPattern", "expression", "id", "metricName", "namespace", "value"),
        *("attributes.name", "hashKey", "rangeKey", "rules.filter.prefix", "targetPrefix", "dimensions"),
    }
)
"""Properties that each resource has its own texts of: those that are approved may not change, and a new one is free."""

ERASED = re.compile(r"[0-9a-f]*[0-9][0-9a-f]*")
"""Numbers and hashes in the names that the program gives to resources of which there are as many as the table says."""


@dataclass(slots=True)
class Part:
    """What an object in a resource holds.

    Attributes:
        parts: by name, what is in it.
        required: whether every object of its kind must have it.
        somewhere: whether a resource must have it at least once.
        allowed: the values that it may have; None where it is free, or no value.
        all: whether a resource must have all of them.
    """

    parts: dict[str, Part] = field(default_factory=dict[str, "Part"])
    required: bool = False
    somewhere: bool = False
    allowed: Sequence[Plain] | None = None
    all: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Deviation:
    """A property that isn't as approved. What it is is None where it is missing; what it must be is empty where anything will do."""

    path: str
    value: Plain
    must: Sequence[Plain]
    missing: bool


def called(resource: Resource) -> str:
    """What the program calls a resource, whichever of many it is."""
    return ERASED.sub("#", resource.name)


def _held(kind: str, name: str) -> Iterator[Mapping[str, Plain]]:
    """What the file has for a type, and then for the resource."""
    none: Mapping[str, Any] = {}
    yield approved()["types"].get(kind, none)
    yield approved()["resources"].get(kind, none).get(name, none)


@lru_cache(maxsize=512)
def approved_for(kind: str, name: str) -> Part:
    """What is approved for a resource of a type that the program calls so."""
    root = Part()
    for entries in _held(kind, name):
        for entry, value in entries.items():
            path = entry.rstrip(SOME + MAY)
            parts = [root]
            for one in path.split("."):
                parts.append(parts[-1].parts.setdefault(one, Part()))
            if path == entry:
                for part in parts:
                    part.required = True
            parts[-1].somewhere = not entry.endswith(MAY)
            parts[-1].all = isinstance(value, dict) and [*value] == [ALL]
            parts[-1].allowed = None if value == ANY else items(dig(value, ALL) if parts[-1].all else value)
    return root


def deviations(resource: Resource, names: Names) -> Iterator[Deviation]:
    """What isn't as approved, of what the program gives a resource."""
    root = approved_for(resource.type, called(resource))
    found: defaultdict[str, list[Plain]] = defaultdict(list)
    yield from _missing(given_in(resource), root, "", found)
    for path, part in _leaves(root, ""):
        values = [general(value, names) for value in found.get(path, ())]
        if part.somewhere and not values and not part.required:
            yield Deviation(path=path, value=None, must=part.allowed or (), missing=True)
        if part.allowed is not None:
            yield from (
                Deviation(path=path, value=value, must=part.allowed, missing=False) for value in values if value not in part.allowed
            )
            if part.all:
                yield from (
                    Deviation(path=path, value=None, must=[one], missing=True) for one in part.allowed if values and one not in values
                )


def _missing(value: Plain, part: Part, path: str, found: defaultdict[str, list[Plain]]) -> Iterator[Deviation]:
    """The required parts that aren't there; and, in `found`, the values by their paths."""
    value = opened(path, value)
    if isinstance(value, list):
        for one in value:
            yield from _missing(one, part, path, found)
    elif isinstance(value, dict) and part.parts:
        for name, inner in part.parts.items():
            at = f"{path}.{name}" if path else name
            if is_set(one := value.get(name), at):
                yield from _missing(one, inner, at, found)
            elif inner.required:
                yield Deviation(path=at, value=one, must=inner.allowed or (), missing=True)
    elif not part.parts:
        found[path].append({key: one for key, one in value.items() if is_set(one, f"{path}.{key}")} if isinstance(value, dict) else value)


def _leaves(part: Part, path: str) -> Iterator[tuple[str, Part]]:
    if not part.parts:
        yield path, part
    for name, inner in part.parts.items():
        yield from _leaves(inner, f"{path}.{name}" if path else name)


def general(value: Plain, names: Names) -> Plain:
    """A value with placeholders in it."""
    if isinstance(value, str):
        return names.generalise(value)
    return {key: general(one, names) for key, one in value.items()} if isinstance(value, dict) else value


class Seen:
    """What resources of a type have been seen to hold, in all plans."""

    def __init__(self) -> None:
        self.objects: defaultdict[str, int] = defaultdict(int)
        self.set: defaultdict[str, int] = defaultdict(int)
        self.resources: list[dict[str, list[Plain]]] = []

    def add(self, resource: Resource, names: Names) -> None:
        """Count a resource's objects, and what is set in each, and keep its values."""
        values: defaultdict[str, list[Plain]] = defaultdict(list)
        self._count(given_in(resource), "", values, names)
        self.resources.append(values)

    def _count(self, value: Plain, path: str, values: defaultdict[str, list[Plain]], names: Names) -> None:
        value = opened(path, value)
        if isinstance(value, list):
            for one in value:
                self._count(one, path, values, names)
        elif isinstance(value, dict) and path.rpartition(".")[2] not in MAPS and (value or not path):
            self.objects[path] += 1
            for name, one in value.items():
                at = f"{path}.{name}" if path else name
                if is_set(one, at) and not name.startswith("__"):
                    self.set[at] += 1
                    self._count(one, at, values, names)
        else:
            values[path].append(general(value, names))

    def entries(self, kind: str, *, own: bool) -> dict[str, Plain]:
        """By path and what follows it, what may be there.

        Args:
            own: whether these are the resources that one name stands for; all of a type otherwise.
        """
        found: dict[str, Plain] = {}
        for path in sorted({path for values in self.resources for path in values} - EVERYWHERE):
            steps = path.split(".")
            ancestors = [".".join(steps[:count]) for count in range(len(steps) + 1)]
            each = all(self.set[at] == self.objects[above] for above, at in pairwise(ancestors))
            last = path.rpartition(".")[2]
            if last in READ or (not own and (path in OWN or last in OWN)):
                mark = MAY
            else:
                mark = "" if each else SOME if all(path in values for values in self.resources) else MAY
            found[path + mark] = self._values(kind, path, own=own)
        return found

    def _values(self, kind: str, path: str, *, own: bool) -> Plain:
        each = [{_key(one): one for one in values[path]} for values in self.resources if path in values]
        known = {key: value for values in each for key, value in values.items()}
        values = [known[key] for key in sorted(known)]
        stacks_own = any(isinstance(one, str) and "{" in one for one in values)
        last = path.rpartition(".")[2]
        free = kind == GUARDRAIL or path in FREE or last in FREE - {"name"} or (kind, path) == (BUCKET, "bucket")
        if free or any(not isinstance(one, str | bool | dict) or number(one) is not None for one in values):
            return ANY
        if not own and (path in OWN or last in OWN or stacks_own):
            return ANY
        if any(isinstance(one, dict) and one and last not in OWN for one in values):
            return ANY
        if len(values) == 1:
            return values[0]
        return {ALL: values} if all(one.keys() == known.keys() for one in each) else values


def _key(value: Plain) -> str:
    """What tells values apart, also one that is no JSON."""
    return json.dumps(value, sort_keys=True, default=repr)


def narrower(own: Mapping[str, Plain], of_type: Mapping[str, Plain]) -> dict[str, Plain]:
    """What is approved for one name beyond what is for its type: what it must have, and what it may be."""
    rest: dict[str, Plain] = {}
    for entry, value in own.items():
        if of_type.get(entry) != value and (value != ANY or not entry.endswith(MAY)):
            rest[entry] = value
    return rest


def choices_of(resources: Sequence[tuple[Resource, Names]]) -> tuple[dict[str, dict[str, Plain]], dict[str, Any]]:
    """By type, and by type and name, what may be set and to what."""
    by_type: defaultdict[str, Seen] = defaultdict(Seen)
    by_name: defaultdict[tuple[str, str], Seen] = defaultdict(Seen)
    for resource, names in resources:
        by_type[resource.type].add(resource, names)
        by_name[resource.type, called(resource)].add(resource, names)
    types = {kind: by_type[kind].entries(kind, own=False) for kind in sorted(by_type)}
    own: dict[str, dict[str, Plain]] = {}
    for kind, name in sorted(by_name):
        if rest := narrower(by_name[kind, name].entries(kind, own=True), types[kind]):
            own.setdefault(kind, {})[name] = rest
    return types, own
