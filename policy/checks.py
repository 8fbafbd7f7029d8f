"""What rules ask of a single value. Each yields a finding with the value in it and the invariant after `must`, or nothing."""

from __future__ import annotations

from collections.abc import Iterator

from plain import Plain, Unknown, number, shown
from rule import Finding, Resource


def literal(where: str, value: Plain, *allowed: Plain, or_missing: bool = False) -> Iterator[Finding]:
    """The value must be one of some literals. `or_missing`: the service's default is one of them."""
    if value in (None, "") and or_missing:
        return
    wanted = " or ".join(shown(one) for one in allowed)
    if isinstance(value, Unknown):
        yield Finding(f"{where} is not known at preview; it must be the literal {wanted}.")
    elif not any(_same(value, one) for one in allowed):
        yield Finding(f"{where} is {shown(value)}; it must be {wanted}.")


def _same(value: Plain, wanted: Plain) -> bool:
    """Equal and of one kind: true is not 1."""
    return value == wanted and isinstance(value, bool) == isinstance(wanted, bool)


def off(where: str, value: Plain) -> Iterator[Finding]:
    """A switch that is off unless it is set."""
    return literal(where, value, False, or_missing=True)


def on(where: str, value: Plain) -> Iterator[Finding]:
    """A switch that is off unless it is set, and must be set."""
    return literal(where, value, True)


def absent(where: str, value: Plain, why: str) -> Iterator[Finding]:
    """The property must not be given; an empty one counts as not given."""
    if isinstance(value, Unknown):
        yield Finding(f"{where} is not known at preview; it must be absent, for {why}.")
    elif value not in (None, "", [], {}):
        yield Finding(f"{where} is set; it must be absent, for {why}.")


def present(where: str, value: Plain, what: str) -> Iterator[Finding]:
    """A reference must be given; one that isn't known yet is."""
    if not isinstance(value, Unknown) and value in (None, "", [], {}):
        yield Finding(f"{where} is {shown(value)}; it must name {what}.")


def between(where: str, value: Plain, lowest: float, highest: float, *, or_missing: bool = False) -> Iterator[Finding]:
    """The value must be a number within bounds. `or_missing`: the service's default is within them."""
    if value is None and or_missing:
        return
    given = number(value)
    if given is None:
        yield Finding(f"{where} is {shown(value)}; it must be a literal number, {_range(lowest, highest)}.")
    elif not lowest <= given <= highest:
        yield Finding(f"{where} is {given}; it must be {_range(lowest, highest)}.")


def _range(lowest: float, highest: float) -> str:
    if lowest == highest:
        return f"exactly {lowest:g}"
    if highest == float("inf"):
        return f"at least {lowest:g}"
    return f"{lowest:g} to {highest:g}"


def protected(resource: Resource) -> Iterator[Finding]:
    """Pulumi must refuse to delete the resource."""
    if not resource.protect:
        yield Finding("Pulumi's protect is off; it must be on, so that no run can delete it.")
