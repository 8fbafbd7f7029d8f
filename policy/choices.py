"""What each property may be, and what may not be missing: the approved choices of a type and of a resource, as a shape's file has them.

A choice is a flag, or a text of a closed vocabulary: a mode, a level, an algorithm. make_choices.py tells it from free text.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from approval import Names, names_of
from globs import glob
from newcomers import mistaken, names_in
from outputs import BUILT, EACH, FROM, built_of, referred, strange
from plain import UNKNOWN, Plain, Unknown, items, number
from properties import ANY, MAY, SOME, Shape, approved, given_in, is_set
from rule import Reference, Resource, Stack
from tokens import DEFAULT_SECURITY_GROUP, DNS_CONFIG, KEY, QUEUE, QUEUE_POLICY, TOPIC, TOPIC_POLICY, VPC

ALL = "all"
"""Says that a resource holds all of the values, each at least once."""

OR = "or"
"""Says what it may hold beside all of those."""

LEAST, MOST = "at least", "at most"
"""Say how far a number may go."""

HOLDS, BEGINS, ENDS = "holds", "begins", "ends"
"""Say what a name must have in it, how it must begin, and what may follow that: by what tells it from other programs' and stacks' names."""

SHARED = frozenset({KEY, QUEUE, TOPIC, VPC})
"""Types of resources that as many others use as like to, if one of a type does now."""

ALONE: Mapping[str, frozenset[str]] = {
    DEFAULT_SECURITY_GROUP: frozenset({"vpcId"}),
    DNS_CONFIG: frozenset({"resourceId"}),
    QUEUE_POLICY: frozenset({"queueUrl"}),
    TOPIC_POLICY: frozenset({"arn"}),
}
"""By type, what names the resource of a SHARED type of which it is the only setting: AWS keeps one, and the last that is written wins.
Source: SetTopicAttributes and SetQueueAttributes (`Policy`), UpdateFirewallConfig; a VPC has one default security group."""

READ = frozenset({"alarmDescription", "dashboardBody", "description", "label"})
"""Properties that only people read: free, and nobody's loss where they are missing or come from somewhere else."""

REFERENCE = "@"
"""What stands before a property's name where the entry says what its value comes from, as `settings` has it."""

NAMES_OF = "#"
"""The entry of a type that says what its resources are called: each is in every stack, with SOME in those that have an image."""

UNSET = "-"
"""The entry of a resource that says what others of its type have set, and it must not."""

OPEN = "~"
"""The entry of a type that says which of the properties that may be anything aren't known at every preview."""

ZERO_SAYS = frozenset({"maximumRetryAttempts", "reservedConcurrentExecutions"})
"""Properties of which zero is another value than none: no retry, and no execution at all. Of any other the real provider may fill in a zero
where nothing is set."""


@dataclass(slots=True)
class Part:
    """What an object in a resource holds.

    Attributes:
        parts: by name, what is in it.
        required: whether every object of its kind must have it.
        somewhere: whether a resource must have it at least once.
        allowed: the values that it may have; None where it is free, or no value.
        all: those of them that a resource must have.
        least: the lowest number that it may be; None where any is.
        most: the highest.
        holds: what it must have in it; empty where nothing.
        outputs: what it may be of the resources that it comes from (outputs.py); empty where it needn't be.
        each: whether these are the entries of a list.
        built: what it may be once the outputs are known that it is made of; empty where it isn't.
        open: whether it needn't be known at preview.
        begins: how it must begin, one of these; empty where anyhow.
        ends: what must follow what it holds, one of these patterns; empty where anything may.
        unset: whether a resource must be without it.
    """

    parts: dict[str, Part] = field(default_factory=dict[str, "Part"])
    required: bool = False
    somewhere: bool = False
    allowed: Sequence[Plain] | None = None
    all: Sequence[Plain] = ()
    least: int | float | None = None
    most: int | float | None = None
    holds: str = ""
    outputs: Sequence[str] = ()
    each: bool = False
    built: Sequence[Plain] = ()
    open: bool = False
    begins: tuple[str, ...] = ()
    ends: tuple[str, ...] = ()
    unset: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Deviation:
    """A property that isn't as approved. What it is is None where it is missing; what it must be is empty where anything will do that is
    known."""

    path: str
    value: Plain
    must: Sequence[Plain]
    missing: bool


def called(resource: Resource, names: Names) -> str:
    """What the program calls a resource, whichever of many it is.

    Args:
        names: the stack's.
    """
    return names.of(resource.name).called(resource.name)


def _referred(reference: Reference, names: Names) -> str:
    """What the program calls what a resource refers to.

    Args:
        names: the resource's own.
    """
    return names.called(reference.urn.rpartition("::")[2])


def with_references(resource: Resource, names: Names) -> dict[str, Plain]:
    """What a resource is given, and beside it what that comes from.

    Args:
        names: its own.
    """
    given = given_in(resource)
    comes_from: dict[str, Plain] = {
        f"{REFERENCE}{key}": [*sorted({_referred(one, names) for one in found})]
        for key, found in resource.references.items()
        if found and key in given and key not in READ
    }
    return {**given, **comes_from}


@lru_cache(maxsize=2)
def _known(shape: Shape) -> Mapping[str, str]:
    """By what they are called, the types of the resources that are approved."""
    return {name_in(name): kind for kind, entries in approved(shape)["types"].items() for name in items(entries.get(NAMES_OF))}


def name_in(entry: Plain) -> str:
    """What an entry of NAMES_OF says that resources are called."""
    return str(entry).rstrip(SOME + MAY)


def is_known(resource: Resource, shape: Shape, names: Names) -> bool:
    """Whether the program has a resource of that name in some plan."""
    return _known(shape).get(called(resource, names)) == resource.type


@lru_cache(maxsize=256)
def _claims(shape: Shape, kind: str, key: str) -> Mapping[str, str]:
    """By what they are called, the resources that one of a type each refers to by a property, and which one that is; none where two refer
    to the same."""
    by: defaultdict[str, list[str]] = defaultdict(list)
    for name in map(name_in, items(approved(shape)["types"].get(kind, {}).get(NAMES_OF))):
        part = approved_for(shape, kind, name).parts.get(f"{REFERENCE}{key}")
        for one in (part.allowed if part else None) or ():
            by[str(one)].append(name)
    alone = all(len(names) == 1 for names in by.values())
    only = key in ALONE.get(kind, ())
    return {one: names[0] for one, names in by.items() if alone and (only or _known(shape).get(one) not in SHARED)}


def seconds(resource: Resource, shape: Shape, names: Names) -> Iterator[tuple[str, str, str]]:
    """Where a resource that is new here is the second of its type for another one: the property, what it refers to, and the first."""
    if not is_known(resource, shape, names):
        for key, references in resource.references.items():
            claims = _claims(shape, resource.type, key)
            for one in {_referred(reference, names.of(resource.name)) for reference in references} & claims.keys():
                yield key, one, claims[one]


def names_taken(stack: Stack, shape: Shape) -> Iterator[tuple[Resource, str, str]]:
    """The resources whose name another one has already, with that name and what the other is called here.

    Names of types that needn't have the stack's in them are only unique within something else: a role's policies, a gateway's targets.
    """
    first: dict[tuple[str, Plain], Resource] = {}
    names = names_of(stack)
    for resource in sorted(stack.resources, key=lambda one: not is_known(one, shape, names)):
        for key, part in approved_for(shape, resource.type, "").parts.items():
            name = given_in(resource).get(key) if part.holds else None
            if isinstance(name, str) and first.setdefault((resource.type, name), resource) is not resource:
                yield resource, name, first[resource.type, name].name


def _held(shape: Shape, kind: str, name: str, *, image: bool) -> Iterator[tuple[str, Plain]]:
    """What the file has for a type, and then for the resource, and for it in a stack that has an image: paths, and what may be there."""
    none: Mapping[str, Any] = {}
    held = approved(shape)
    of_resources = [held["resources"], *([held["with_image"]["resources"]] if image else [])]
    for entries in (held["types"].get(kind, none), *(one.get(kind, none).get(name, none) for one in of_resources)):
        yield from ((entry, ANY) for entry in entries.get(ANY, ()))
        yield from ((entry, value) for entry, value in entries.items() if entry not in (ANY, NAMES_OF, OPEN, UNSET))


@lru_cache(maxsize=512)
def approved_for(shape: Shape, kind: str, name: str, *, image: bool = False) -> Part:
    """What is approved for a resource of a type that the program calls so; with `image`, in a stack that has one."""
    root = Part()
    free = items(approved(shape)["types"].get(kind, {}).get(OPEN))
    for entry, value in _held(shape, kind, name, image=image):
        path = entry.rstrip(SOME + MAY)
        parts = [root]
        for one in path.split("."):
            parts.append(parts[-1].parts.setdefault(one, Part()))
        if path == entry:
            for part in parts:
                part.required = True
        parts[-1].somewhere = not entry.endswith(MAY)
        held = value if isinstance(value, dict) else {}
        parts[-1].all = items(held.get(ALL))
        parts[-1].least, parts[-1].most = number(held.get(LEAST)), number(held.get(MOST))
        parts[-1].holds = str(held.get(HOLDS, ""))
        parts[-1].outputs = [str(one) for one in items(held.get(EACH, held.get(FROM)))]
        parts[-1].each = EACH in held
        parts[-1].built = items(held.get(BUILT))
        parts[-1].open = path in free
        parts[-1].begins, parts[-1].ends = (tuple(map(str, items(held.get(key)))) for key in (BEGINS, ENDS))
        bounded = bool(held.keys() & {LEAST, MOST, HOLDS, BEGINS, ENDS, FROM, EACH, BUILT})
        parts[-1].allowed = None if value == ANY or bounded else [*items(held.get(ALL, value)), *items(held.get(OR))]
    for entry in approved(shape)["resources"].get(kind, {}).get(name, {}).get(UNSET, ()):
        root.parts.setdefault(entry, Part()).unset = True
    return root


@dataclass(slots=True)
class Values:
    """What a resource holds, by path, the entries of the longest list there, and where a value or a whole list isn't known."""

    by: defaultdict[str, list[Plain]] = field(default_factory=lambda: defaultdict(list))
    most: defaultdict[str, int] = field(default_factory=lambda: defaultdict(lambda: 1))
    hidden: set[str] = field(default_factory=set[str])


def deviations(resource: Resource, shape: Shape, names: Names, resources: Mapping[str, Resource], *, image: bool) -> Iterator[Deviation]:
    """What isn't as approved, of what the program gives a resource of a stack that has an image, or has none.

    Args:
        names: the resource's own.
        resources: of the stack, by their URNs.
    """
    root = approved_for(shape, resource.type, called(resource, names), image=image)
    found, known = Values(), _known(shape)
    new_here = not is_known(resource, shape, names)
    kinds = {_referred(one, names): one.type for references in resource.references.values() for one in references}
    yield from _missing(with_references(resource, names), root, "", found)
    if new_here:
        yield from _leads_nowhere(resource, shape)
    for path, part in _leaves(root, ""):
        held = found.by.get(path, ())
        if part.outputs and held and not _lacks_reference(resource, path, root):
            for one in strange(held, found.most[path], part.outputs, referred(resource, path, resources)):
                yield Deviation(path=path, value=one, must=[_said(it) for it in part.outputs], missing=False)
        if part.built:
            for one in held:
                if not isinstance(one, Unknown) and built_of(one, referred(resource, path, resources), names) not in part.built:
                    yield Deviation(path=path, value=one, must=part.built, missing=False)
        values = [general(value, names) for value in held]
        yield from _hidden(path, part, values, found, known=is_known(resource, shape, names))
        if part.somewhere and not values and not part.required:
            yield Deviation(path=path, value=None, must=part.allowed or (), missing=True)
        yield from _beyond(path, part, values, new=new_here)
        for value in values if new_here and part.holds else ():
            if isinstance(value, str) and (must := mistaken(value, part.begins, names_in(shape, resource.type, path))):
                yield Deviation(path=path, value=value, must=[must], missing=False)
        if part.allowed is not None:
            for value in values:
                alike = new_here and path.startswith(REFERENCE) and value not in known
                if not _is_one(value, part.allowed, names) and not (
                    alike and kinds[str(value)] in {known.get(str(one)) for one in part.allowed}
                ):
                    yield Deviation(path=path, value=value, must=part.allowed, missing=False)
            lacking = [one for one in part.all if values and not _is_one(one, values, names)]
            yield from (Deviation(path=path, value=None, must=[one], missing=True) for one in lacking)


def _hidden(path: str, part: Part, values: Sequence[Plain], found: Values, *, known: bool) -> Iterator[Deviation]:
    """What isn't known at preview, and is whenever the program plans the resource. Of a new one only its name must be: AWS writes over the
    alarm of a name that is taken."""
    if part.each and path in found.hidden:
        yield Deviation(path=f"how many entries {path} has", value=UNKNOWN, must=(), missing=False)
        return
    bounded = part.allowed is not None or part.least is not None or part.most is not None or part.outputs or part.built
    free = bounded or part.open or path.rpartition(".")[2] in READ
    if (known or part.holds) and not free and any(isinstance(one, Unknown) for one in values):
        yield Deviation(path=path, value=UNKNOWN, must=(), missing=False)


def _said(output: str) -> str:
    kind, _, key = output.rpartition(".")
    return f"the {key} of each {kind} that it refers to, once"


def _lacks_reference(resource: Resource, path: str, root: Part) -> bool:
    """Whether a property refers to nothing, and must: that it is missing says it all."""
    key = path.partition(".")[0]
    reference = root.parts.get(f"{REFERENCE}{key}")
    return reference is not None and reference.required and not resource.references.get(key)


@lru_cache(maxsize=256)
def _led_to(shape: Shape, kind: str) -> Mapping[str, frozenset[str]]:
    """By property, the types of what each approved resource of a type refers to by it."""
    named = [approved_for(shape, kind, name) for name in map(name_in, items(approved(shape)["types"].get(kind, {}).get(NAMES_OF)))]
    led: dict[str, frozenset[str]] = {}
    for key in {path for one in named for path in one.parts if path.startswith(REFERENCE)}:
        parts = [one.parts.get(key) for one in named]
        kinds = [frozenset(_known(shape).get(str(one), "") for one in (part and part.required and part.allowed) or ()) for part in parts]
        led[key.removeprefix(REFERENCE)] = kinds[0].intersection(*kinds)
    return led


def _leads_nowhere(resource: Resource, shape: Shape) -> Iterator[Deviation]:
    """A resource that is new here leads to something of each type that all others of its own do: a schedule runs a function."""
    for key, kinds in _led_to(shape, resource.type).items():
        lacking = kinds - {one.type for one in resource.references.get(key, ())}
        if lacking:
            yield Deviation(path=f"{REFERENCE}{key}", value=None, must=[*sorted(lacking)], missing=True)


def _is_one(value: Plain, allowed: Sequence[Plain], names: Names) -> bool:
    """Whether a value is one of the approved ones, also where the stack's name is in other words of it, such as `engine`."""
    return value in allowed or value in [general(names.fill(one), names) for one in allowed if isinstance(one, str)]


def _beyond(path: str, part: Part, values: Sequence[Plain], *, new: bool) -> Iterator[Deviation]:
    """The numbers that are too low or too high, and the names that aren't this stack's. A number that isn't known at preview, or is none,
    can't be told to be neither; a name that isn't known comes from a resource that is held to this."""
    for value in values:
        is_ = number(value)
        if part.least is not None and (is_ is None or is_ < part.least):
            yield Deviation(path=path, value=value, must=[f"{LEAST} {part.least}"], missing=False)
        if part.most is not None and (is_ is None or is_ > part.most):
            yield Deviation(path=path, value=value, must=[f"{MOST} {part.most}"], missing=False)
        if isinstance(value, str) and part.holds not in value:
            yield Deviation(path=path, value=value, must=[f"a name with {part.holds} in it"], missing=False)
        elif new and isinstance(value, str) and part.begins and not value.startswith(part.begins):
            yield Deviation(path=path, value=value, must=[f"a name that begins with {' or '.join(part.begins)}"], missing=False)
        elif new and isinstance(value, str) and part.ends and not any(glob(one, value.rpartition(part.holds)[2]) for one in part.ends):
            yield Deviation(path=path, value=value, must=[f"a name that ends in {part.holds}{one}" for one in part.ends], missing=False)


def _missing(value: Plain, part: Part, path: str, found: Values, *, listed: bool = False) -> Iterator[Deviation]:
    """The required parts that aren't there; and, in `found`, the values by their paths."""
    if isinstance(value, list):
        found.most[path] = max(found.most[path], len(value))
        for one in value:
            yield from _missing(one, part, path, found, listed=True)
    elif isinstance(value, dict) and part.parts:
        for name, inner in part.parts.items():
            at = f"{path}.{name}" if path else name
            if is_set(one := value.get(name), at):
                if inner.unset and (one != 0 or name in ZERO_SAYS):
                    yield Deviation(path=at, value=one, must=["left out"], missing=False)
                yield from _missing(one, inner, at, found)
            elif inner.required:
                yield Deviation(path=at, value=one, must=inner.allowed or (), missing=True)
    elif not part.parts:
        if isinstance(value, Unknown) and not listed:
            found.hidden.add(path)
        found.by[path].append(
            {key: one for key, one in value.items() if is_set(one, f"{path}.{key}")} if isinstance(value, dict) else value
        )


def _leaves(part: Part, path: str) -> Iterator[tuple[str, Part]]:
    if not part.parts:
        yield path, part
    for name, inner in part.parts.items():
        yield from _leaves(inner, f"{path}.{name}" if path else name)


def general(value: Plain, names: Names) -> Plain:
    """A value with placeholders in it. An object of which a part isn't known yet is not known as a whole."""
    if isinstance(value, str):
        return names.generalise(value)
    if isinstance(value, list):
        return [general(one, names) for one in value]
    if not isinstance(value, dict):
        return value
    parts = {key: general(one, names) for key, one in value.items()}
    return UNKNOWN if any(isinstance(one, Unknown) for one in parts.values()) else parts
