"""The approved choices: no flag, mode or level that nobody has approved, and nothing missing that every approved resource has."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

from approval import Names, has_image, names_of
from choices import Deviation, deviations, general, lost, names_taken, seconds
from order import early
from plain import Plain, Unknown, dig, items, shown
from rule import Finding, Resource, Severity, Stack, about
from rules.evolution.approved import APPROVE
from system import evolution_rule
from tokens import DNS_DOMAINS, METRIC_ALARM

MADE_ANEW = frozenset({METRIC_ALARM})
"""Types of which the program has some deleted first: an alarm warms up only when it is made (components/monitoring.py)."""

LISTED = 3
"""The most findings about one resource; whoever mends these sees the others next."""


@evolution_rule(
    id="approved/choices",
    severity=Severity.HIGH,
    protects="What a flag, a mode or a level was reviewed at, from being turned to a weaker one.",
    why="Each choice of a kind is one property away from another that logs less, keeps less or admits more.",
    fix=APPROVE,
)
def choices(stack: Stack) -> Iterator[Finding]:
    yield from _about_each(stack, missing=False)


@evolution_rule(
    id="approved/presence",
    severity=Severity.HIGH,
    protects="What every approved resource of a kind has set, from being left out.",
    why="What isn't set is AWS's default, which is made to be convenient: nothing is encrypted, kept, watched or halted by it.",
    fix=APPROVE,
)
def presence(stack: Stack) -> Iterator[Finding]:
    yield from _about_each(stack, missing=True)
    gone = [f"{name} ({kind})" for kind, name in lost(stack)]
    if gone:
        yield Finding(f"it has no {', '.join(gone[:LISTED])}; every approved stack has.")


@evolution_rule(
    id="approved/second",
    severity=Severity.HIGH,
    protects="What was set up for one resource, from a second setting beside it that wins, and from another user.",
    why="AWS takes the last lifecycle, log or version that is written for a bucket, a function or a secret, and the last alarm or policy "
    "of a name, and says nothing of the first.",
    fix=APPROVE,
)
def second(stack: Stack) -> Iterator[Finding]:
    for resource in stack.resources:
        for key, one, first in seconds(resource):
            yield Finding(f"{key} comes from `{one}`, which has one of its type already: `{first}`; it must be the only one.", resource)
    for resource, name, first in names_taken(stack):
        yield Finding(f"it is called {shown(name)}, as `{first}` is; AWS keeps one of a name, so each must have its own.", resource)


@evolution_rule(
    id="approved/replaced",
    severity=Severity.HIGH,
    protects="What watches, keeps and refuses, from being gone while it is replaced.",
    why="Between the deletion and the creation there is no log, no alarm and no wall, and where the creation fails there is none after it.",
    fix=APPROVE,
)
def replaced(stack: Stack) -> Iterator[Finding]:
    for resource in stack.resources:
        if resource.delete_before_replace and resource.type not in MADE_ANEW:
            yield Finding("it is deleted before it is made anew; it must be there all the time.", resource)


@evolution_rule(
    id="approved/order",
    severity=Severity.HIGH,
    protects="What is made only when its guard stands, from being made before it.",
    why="Without `depends_on` a target stands before the policy that narrows it, and an engine before the switch; where the guard then "
    "fails, it stays so.",
    fix=APPROVE,
)
def order(stack: Stack) -> Iterator[Finding]:
    """A dependency more is nobody's loss; one that goes through others is as good."""
    for resource, late in early(stack):
        yield Finding(f"it isn't made after {', '.join(late)}; it must be, by depends_on, as approved.", resource)


def _about_each(stack: Stack, *, missing: bool) -> Iterator[Finding]:
    """Judged on what the program gives; a mere state holds what AWS has computed, too."""
    names = names_of(stack)
    for resource, found in stack.once(_found):
        yield from about(resource, islice(_said(found, names, missing=missing), LISTED))


def _found(stack: Stack) -> list[tuple[Resource, list[Deviation] | Exception]]:
    """Of each resource what isn't as approved, or why that can't be told."""
    names, image = names_of(stack), has_image(stack)
    resources = {one.urn: one for one in stack.resources}
    found: list[tuple[Resource, list[Deviation] | Exception]] = []
    for resource in stack.resources:
        if resource.inputs is not None:
            try:
                tabled = _of_table(stack) if resource.type == DNS_DOMAINS else ()
                found.append((resource, [one for one in deviations(resource, names, resources, image=image) if one.value not in tabled]))
            except Exception as error:  # whatever it is, nobody has said that it is as approved
                found.append((resource, error))
    return found


def _of_table(stack: Stack) -> Sequence[Plain]:
    """The names that the table lets be looked up, beside those that are approved."""
    return [general(one, names_of(stack)) for one in items(dig(dict(stack.table or {}), "network", "allowed_domains"))]


def _said(found: list[Deviation] | Exception, names: Names, *, missing: bool) -> Iterator[Finding]:
    """The findings; `about` makes one of what is raised."""
    if isinstance(found, Exception):
        raise found
    for one in found:
        if one.missing is missing:
            yield Finding(_message(one, names))


def _message(one: Deviation, names: Names) -> str:
    must = " or ".join(_shown(value, names) for value in one.must)
    if not one.missing:
        return f"{one.path} is {_shown(one.value, names)}; it must be {must}, as approved."
    return f"{one.path} {'has no ' + must if must else 'is missing'}; every approved resource of its kind has it."


def _shown(value: Plain, names: Names) -> str:
    if isinstance(value, Unknown):
        return "not known at preview"
    return shown(names.fill(value) if isinstance(value, str) else value)
