"""Diff: which inputs changed, and which of the changes AWS can't make in place."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from local.provider.assets import contents
from local.provider.table import Resource
from local.provider.wire import provider_pb2

Same = Callable[[str, Any, Any], bool]
"""Whether two values of a property are no difference."""


def difference(
    old: Mapping[str, Any],
    new: Mapping[str, Any],
    *,
    replaces: frozenset[str],
    name: str | None = None,
    ignored: frozenset[str] = frozenset(),
    same: Same = lambda _, was, now: was == now,
) -> provider_pb2.DiffResponse:
    """Compare properties.

    Args:
        old: the properties that the resource has.
        new: those that it should have.
        replaces: the properties that force a replacement.
        name: the property that holds a name which no two resources can bear at once; the old resource then goes first.
        ignored: properties whose change means nothing.
        same: when two values of a property are no difference.
    """
    before, after = contents(dict(old)), contents(dict(new))
    changed = sorted(key for key in (before.keys() | after.keys()) - ignored if not same(key, before.get(key), after.get(key)))
    replacing = [key for key in changed if key in replaces]
    return provider_pb2.DiffResponse(
        changes=provider_pb2.DiffResponse.DIFF_SOME if changed else provider_pb2.DiffResponse.DIFF_NONE,
        diffs=changed,
        replaces=replacing,
        deleteBeforeReplace=bool(replacing) and name is not None and before.get(name) == after.get(name),
        hasDetailedDiff=True,
        detailedDiff={key: _detail(key in before, key in after, replace=key in replaces) for key in changed},
    )


def _detail(was: bool, is_now: bool, *, replace: bool) -> provider_pb2.PropertyDiff:
    kinds = provider_pb2.PropertyDiff
    if not was:
        kind = kinds.ADD_REPLACE if replace else kinds.ADD
    elif not is_now:
        kind = kinds.DELETE_REPLACE if replace else kinds.DELETE
    else:
        kind = kinds.UPDATE_REPLACE if replace else kinds.UPDATE
    return kinds(kind=kind, inputDiff=True)


def resource_difference(
    resource: Resource, old: Mapping[str, Any], new: Mapping[str, Any], state: Mapping[str, Any], ignored: Iterable[str] = ()
) -> provider_pb2.DiffResponse:
    """The difference between what a resource was made with, or AWS has made of it, and what it should have.

    Args:
        resource: the entry of its type.
        old: the inputs that it was made with.
        new: the inputs that it should have.
        state: its inputs and outputs, as recorded: the real provider compares with these alone.
        ignored: what the program leaves to others (`ignore_changes`).
    """
    was = {**old, **{name: state[name] for name in resource.read_back.keys() & old.keys() & state.keys()}}
    return difference(
        was,
        new,
        replaces=resource.replaces,
        name=resource.name,
        ignored=resource.write_only | frozenset(ignored),
        same=lambda name, one, other: same(resource, name, one, other),
    )


def same(resource: Resource, name: str, was: Any, now: Any) -> bool:
    """Whether two values of a property are no difference to the provider."""
    if was == now:
        return True
    equivalent = resource.equivalent.get(name)
    return equivalent is not None and was is not None and now is not None and equivalent(was, now)
