"""Diff: which inputs changed, and which of the changes AWS can't make in place."""

from __future__ import annotations

from google.protobuf.struct_pb2 import Struct

from local.provider.assets import contents
from local.provider.table import Resource
from local.provider.wire import decode, provider_pb2


def difference(
    old: Struct, new: Struct, *, replaces: frozenset[str], name: str | None, ignored: frozenset[str]
) -> provider_pb2.DiffResponse:
    """Compare inputs.

    Args:
        old: the inputs that the resource was made with.
        new: the inputs that it should have.
        replaces: the properties that force a replacement.
        name: the property that holds a name which no two resources can bear at once; the old resource then goes first.
        ignored: properties whose change means nothing.
    """
    before, after = contents(decode(old)), contents(decode(new))
    changed = sorted(key for key in before.keys() | after.keys() if key not in ignored and before.get(key) != after.get(key))
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


def resource_difference(resource: Resource, old: Struct, new: Struct) -> provider_pb2.DiffResponse:
    """The difference between two states of one resource."""
    return difference(old, new, replaces=resource.replaces, name=resource.name, ignored=resource.write_only)
