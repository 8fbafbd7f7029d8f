"""Diff: which properties changed, and which of the changes force a replacement."""

import copy
import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Set
from itertools import zip_longest
from typing import Any, cast

from local.provider.assets import contents
from local.provider.resource_type import ResourceType
from local.provider.wire import provider_pb2

Same = Callable[[str, Any, Any], bool]
"""Whether two values of a property are no difference."""


def diff(
    old: Mapping[str, Any],
    new: Mapping[str, Any],
    *,
    force_new: Collection[str],
    delete_before_replace: bool = False,
    ignored: Set[str] = frozenset(),
    same: Same = lambda _, was, now: was == now,
) -> provider_pb2.DiffResponse:
    """Compare a resource's old and new properties.

    Args:
        force_new: the properties, and parts of properties, that force a replacement.
        delete_before_replace: whether a replaced resource is deleted before the new one is created.
        ignored: properties that aren't compared.
        same: whether two values of a property are no difference.
    """
    before, after = contents(dict(old)), contents(dict(new))
    changed = sorted(key for key in (before.keys() | after.keys()) - ignored if not same(key, before.get(key), after.get(key)))
    replacing = {path.partition(".")[0] for path in force_new if _values(before, path) != _values(after, path)} & set(changed)
    return provider_pb2.DiffResponse(
        changes=provider_pb2.DiffResponse.DIFF_SOME if changed else provider_pb2.DiffResponse.DIFF_NONE,
        diffs=changed,
        replaces=sorted(replacing),
        deleteBeforeReplace=bool(replacing) and delete_before_replace,
        hasDetailedDiff=True,
        detailedDiff={key: _detail(key in before, key in after, replace=key in replacing) for key in changed},
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


def diff_resource(
    resource: ResourceType, old: Mapping[str, Any], new: Mapping[str, Any], state: Mapping[str, Any], ignored: Iterable[str] = ()
) -> provider_pb2.DiffResponse:
    """Compare a resource's recorded inputs with its new ones.

    Args:
        state: the recorded inputs and outputs. The real provider compares with these alone, which matters for what is read back.
        ignored: the program's `ignore_changes`.
    """
    schema = resource.schema
    was = {**old, **{name: state[name] for name in resource.read_back.keys() & old.keys() & state.keys()}}
    return diff(
        planned(resource, {}, was),
        planned(resource, was, new),
        force_new=schema.force_new,
        delete_before_replace=schema.delete_before_replace or (schema.autoname is not None and new.get(schema.autoname) is not None),
        ignored=resource.write_only | frozenset(ignored),
        same=lambda name, one, other: same(resource, name, one, other),
    )


def same(resource: ResourceType, name: str, was: Any, now: Any) -> bool:
    """Whether the provider takes two values of a property for equal."""
    if _in_one_order(resource, name, was) == _in_one_order(resource, name, now):
        return True
    suppresses = resource.diff_suppress.get(name)
    return suppresses is not None and was is not None and now is not None and suppresses(was, now)


def planned(resource: ResourceType, old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """The program's new properties, with the provider's defaults, and the old value of what AWS computes, where the program gives none."""
    made = copy.deepcopy(dict(new))
    for path in sorted(resource.schema.computed):
        for there, name, was in _places(made, path, old):
            if there.get(name) is None and was is not None:
                there[name] = was
    for path, default in sorted(resource.schema.defaults.items()):
        for there, name, _ in _places(made, path):
            if there.get(name) is None:
                there[name] = default
    return made


def _in_one_order(resource: ResourceType, name: str, value: Any) -> Any:
    """A property's value with its sets sorted."""
    made = {name: copy.deepcopy(value)}
    for path in sorted(resource.schema.sets, key=lambda path: -path.count(".")):
        for there, last, _ in _places(made, path):
            if isinstance(there.get(last), list):
                there[last] = sorted(there[last], key=lambda item: json.dumps(item, sort_keys=True, default=str))
    return made[name]


def _values(value: Any, path: str) -> list[Any]:
    """The values at a path, in every item of the lists on it."""
    return [there[name] for there, name, _ in _places(value, path) if there.get(name) is not None]


def _places(value: Any, path: str, other: Any = None) -> Iterator[tuple[dict[str, Any], str, Any]]:
    """The objects that a path's last part is in, with that part, and with what another value has at the same place."""
    first, _, rest = path.partition(".")
    if isinstance(value, list):
        others = cast("list[Any]", other) if isinstance(other, list) else []
        for item, paired in zip_longest(cast("list[Any]", value), others[: len(cast("list[Any]", value))]):
            yield from _places(item, path, paired)
    elif isinstance(value, dict):
        given = cast("dict[str, Any]", value)
        inside = cast("dict[str, Any]", other).get(first) if isinstance(other, dict) else None
        if rest:
            yield from _places(given.get(first), rest, inside)
        else:
            yield given, first, inside
