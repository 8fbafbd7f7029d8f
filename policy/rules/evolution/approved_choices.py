"""The approved choices: no flag, mode or level that nobody has approved, and nothing missing that every approved resource has.

The account's own project is held to them, too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice

from approval import Names, has_image, names_of
from choices import Deviation, deviations, general, is_known, names_taken, seconds
from newcomers import MOST
from order import early
from other_types import ANALYZER
from plain import Plain, Unknown, dig, items, shown
from presence import lost
from properties import Shape, approved, shape_for, shaped_rule
from rule import Finding, Resource, Severity, Stack, about
from rules.evolution.approved import APPROVE
from tokens import COMPOSITE_ALARM, DNS_DOMAINS, LOG_DELIVERY_DESTINATION, LOG_DELIVERY_SOURCE, METRIC_ALARM

WRITTEN_OVER = frozenset({COMPOSITE_ALARM, LOG_DELIVERY_DESTINATION, LOG_DELIVERY_SOURCE})
"""Types of which AWS writes over what has the same name, and which some changes replace: made first, the new one would be deleted as the
old one. Source: API references, PutCompositeAlarm, PutDeliveryDestination and PutDeliverySource."""

MADE_ANEW = frozenset({ANALYZER, METRIC_ALARM, *WRITTEN_OVER})
"""Types of which the program has some deleted first: an alarm warms up only when it is made (components/monitoring.py), and an account has
one analyzer in a region (account/watch.py)."""

LISTED = 3
"""The most findings about one resource; whoever mends these sees the others next."""


@shaped_rule(
    id="approved/choices",
    severity=Severity.HIGH,
    protects="What a flag, a mode or a level was reviewed at, from being turned to a weaker one.",
    why="Each choice of a kind is one property away from another that logs less, keeps less or admits more.",
    fix=APPROVE,
)
def choices(stack: Stack, _: Shape) -> Iterator[Finding]:
    yield from _about_each(stack, missing=False)


@shaped_rule(
    id="approved/presence",
    severity=Severity.HIGH,
    protects="What every approved resource of a kind has set, from being left out.",
    why="What isn't set is AWS's default, which is made to be convenient: nothing is encrypted, kept, watched or halted by it.",
    fix=APPROVE,
)
def presence(stack: Stack, shape: Shape) -> Iterator[Finding]:
    yield from _about_each(stack, missing=True)
    gone = [f"{name} ({kind})" for kind, name in lost(stack, shape)]
    if gone:
        yield Finding(f"it has no {', '.join(gone[:LISTED])}; every approved stack of such a table has.")


@shaped_rule(
    id="approved/second",
    severity=Severity.HIGH,
    protects="What was set up for one resource, from a second setting beside it that wins, and from another user.",
    why="AWS takes the last lifecycle, log or version that is written for a bucket, a function or a secret, and the last alarm or policy "
    "of a name, and says nothing of the first.",
    fix=APPROVE,
)
def second(stack: Stack, shape: Shape) -> Iterator[Finding]:
    names = names_of(stack)
    for resource in () if shape.closed else stack.resources:
        for key, one, first in seconds(resource, shape, names):
            yield Finding(f"{key} comes from `{one}`, which has one of its type already: `{first}`; it must be the only one.", resource)
    for resource, name, first in names_taken(stack, shape):
        yield Finding(f"it is called {shown(name)}, as `{first}` is; AWS keeps one of a name, so each must have its own.", resource)


@shaped_rule(
    id="approved/newcomers",
    severity=Severity.MEDIUM,
    protects="Reviewers, who read what is new, and the account, which has room for so much.",
    why="One unsafe resource among thirty like it is seen by nobody; thirty queues, topics or functions use up a quota of the account's.",
    fix=APPROVE,
)
def newcomers(stack: Stack, shape: Shape) -> Iterator[Finding]:
    """Of an account nothing new is approved anyway."""
    names, there = names_of(stack), Counter[str]()
    for resource in () if shape.closed else stack.resources:
        if resource.type in approved(shape)["types"] and not is_known(resource, shape, names):
            there[resource.type] += 1
            if there[resource.type] == MOST + 1:
                yield Finding(f"it is one of more than {MOST} new resources of its type; there must be no more of them.", resource)


@shaped_rule(
    id="approved/replaced",
    severity=Severity.HIGH,
    protects="What watches, keeps and refuses, from being gone while it is replaced, or from then on.",
    why="Between the deletion and the creation there is no log, no alarm and no wall, and where the creation fails there is none after it. "
    "What AWS writes over by its name is the other way round: made first, it is deleted as the old one.",
    fix=APPROVE,
)
def replaced(stack: Stack, _: Shape) -> Iterator[Finding]:
    # Pulumi's state, which an audit judges, has nobody's options.
    told = any(resource.delete_before_replace for resource in stack.resources)
    for resource in stack.resources:
        if resource.delete_before_replace and resource.type not in MADE_ANEW:
            yield Finding("it is deleted before it is made anew; it must be there all the time.", resource)
        if told and resource.type in WRITTEN_OVER and not resource.delete_before_replace:
            yield Finding(
                "AWS takes its replacement for an update, and deletes it as the old one; it must have delete_before_replace.", resource
            )


@shaped_rule(
    id="approved/order",
    severity=Severity.HIGH,
    protects="What is made only when its guard stands, from being made before it.",
    why="Without `depends_on` a target stands before the policy that narrows it, and an engine before the switch; where the guard then "
    "fails, it stays so.",
    fix=APPROVE,
)
def order(stack: Stack, shape: Shape) -> Iterator[Finding]:
    """A dependency more is nobody's loss; one that goes through others is as good."""
    for resource, late in early(stack, shape):
        yield Finding(f"it isn't made after {', '.join(late)}; it must be, by depends_on, as approved.", resource)


def _about_each(stack: Stack, *, missing: bool) -> Iterator[Finding]:
    """Judged on what the program gives; a mere state holds what AWS has computed, too."""
    names = names_of(stack)
    for resource, found in stack.once(_found):
        yield from about(resource, islice(_said(found, names.of(resource.name), missing=missing), LISTED))


def _found(stack: Stack) -> list[tuple[Resource, list[Deviation] | Exception]]:
    """Of each resource what isn't as approved, or why that can't be told."""
    shape, names, image = shape_for(stack), names_of(stack), has_image(stack)
    resources = {one.urn: one for one in stack.resources}
    found: list[tuple[Resource, list[Deviation] | Exception]] = []
    for resource in stack.resources:
        if shape is None or resource.inputs is None or (shape.closed and not is_known(resource, shape, names)):
            continue  # that it isn't known at all is approved/types' to say
        try:
            tabled = _of_table(stack) if resource.type == DNS_DOMAINS else ()
            deviating = deviations(resource, shape, names.of(resource.name), resources, image=image)
            found.append((resource, [one for one in deviating if one.value not in tabled]))
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
        return f"{one.path} is {_shown(one.value, names)}; it must be {must or 'known'}, as approved."
    return f"{one.path} {'has no ' + must if must else 'is missing'}; every approved resource of its kind has it."


def _shown(value: Plain, names: Names) -> str:
    if isinstance(value, Unknown):
        return "not known at preview"
    return shown(names.fill(value) if isinstance(value, str) else value)
