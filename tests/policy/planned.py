"""What real Pulumi plans, as the raw data that CrossGuard's proxies wrap; and one edit of it."""

from __future__ import annotations

import copy
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

from pulumi_policy.deserialize import SPECIAL_ARCHIVE_SIG, SPECIAL_SECRET_SIG, SPECIAL_SIG_KEY, deserialize_properties

from tests.plans import Plan
from tests.policy.builders import UNKNOWN, Node, Nodes

FOREIGN_KEY: Final = "arn:aws:kms:us-east-1:999999999999:key/11111111-2222-4333-8444-555555555555"
"""A key of another account."""

GONE: Final = "<gone>"
"""The value of an edit that removes a property."""

DELETED: Final = "<deleted>"
"""The value of an edit that removes the resource."""


@dataclass(frozen=True)
class Refer:
    """The value of an edit that lets a property come from another resource."""

    to: str


@dataclass(frozen=True)
class Edit:
    """One edit of the plan.

    Attributes:
        path: the property's, also into JSON text, to list entries by their name, and by `+` to a list's next one. Empty where the resource
            goes or appears.
        value: the new value; a Node where the resource appears.
        fires: the rules that must fire, all of them.
    """

    resource: str
    path: str
    value: Any
    fires: frozenset[str]

    def __str__(self) -> str:
        value = "appears" if isinstance(self.value, Node) else str(self.value)
        return f"{self.resource}.{self.path}={value}"[:120] if self.path else f"{self.resource} {value}"


def on(resource: str, *rows: tuple[Any, ...]) -> tuple[Edit, ...]:
    """Edits of one resource: path, value, and the rules that must fire."""
    return tuple(Edit(resource, path, value, frozenset(fires)) for path, value, *fires in rows)


def as_given(value: Any) -> Any:
    """A copy of a planned value as CrossGuard gives it to policies: with archives, and with a text for each secret, which the plan holds
    encrypted."""
    if isinstance(value, list):
        return [as_given(one) for one in cast("list[Any]", value)]
    if not isinstance(value, dict):
        return value
    entries = cast("dict[str, Any]", value)
    if entries.get(SPECIAL_SIG_KEY) == SPECIAL_ARCHIVE_SIG:
        return deserialize_properties({"archive": entries})["archive"]
    if entries.get(SPECIAL_SIG_KEY) == SPECIAL_SECRET_SIG:
        return "secret"
    return {key: as_given(one) for key, one in entries.items()}


def nodes_of(plan: Plan) -> Nodes:
    """A plan's resources as nodes, by their names, which are unique in this program; sorted, for the engine plans in any order."""
    names = {resource.urn: resource.name for resource in plan.resources}
    assert len(set(names.values())) == len(names)
    return {
        resource.name: Node(
            resource.type,
            as_given({**resource.computed, **resource.inputs}),
            {name: [names[urn] for urn in urns] for name, urns in resource.property_dependencies.items()},
            protect=resource.protect,
            ignore_changes=resource.ignore_changes,
            depends_on=tuple(names[urn] for urn in resource.dependencies if urn in names),
        )
        for resource in sorted(plan.resources, key=lambda resource: resource.name)
    }


def edited(nodes: Nodes, edit: Edit) -> Nodes:
    """The nodes with one of them edited; the others are the same."""
    changed = {**nodes, edit.resource: copy.deepcopy(nodes[edit.resource])} if edit.resource in nodes else dict(nodes)
    apply(edit, changed)
    return changed


def apply(edit: Edit, nodes: Nodes) -> None:
    """Make an edit. Who replaces a whole property replaces what it comes from, too."""
    if edit.value == DELETED:
        del nodes[edit.resource]
        return
    if isinstance(edit.value, Node):
        nodes[edit.resource] = copy.deepcopy(edit.value)
        return
    node = nodes[edit.resource]
    if edit.path == "protect":
        node.protect = edit.value
        return
    if edit.path == "ignoreChanges":
        node.ignore_changes = edit.value
        return
    if edit.path == "deleteBeforeReplace":
        node.delete_before_replace = edit.value
        return
    if edit.path == "dependsOn":
        node.depends_on = edit.value
        return
    path = edit.path.split(".")
    if len(path) == 1:
        node.references.pop(path[0], None)
        node.outputs.pop(path[0], None)
    value = edit.value
    if isinstance(value, Refer):
        node.references[path[0]] = [value.to]
        value = UNKNOWN
    node.props = edit_at(node.props, path, value)


def edit_at(value: Any, path: Sequence[str], new: Any) -> Any:
    """A copy of the value with what is at the path replaced."""
    if not path:
        return new
    if isinstance(value, str) and value != UNKNOWN:
        return json.dumps(edit_at(json.loads(value), path, new))
    key, *rest = path
    if isinstance(value, list):
        entries = list(cast("list[Any]", value))
        if key == "+":
            return [*entries, new]
        if key.isdigit():
            if int(key) == len(entries):
                return [*entries, new]
            entries[int(key)] = edit_at(entries[int(key)], rest, new)
            return entries
        others = [entry for entry in entries if entry["name"] != key]
        return others if new == GONE else [*others, {"name": key, "value": new}]
    entries = dict(cast("dict[str, Any]", value or {}))
    if not rest and new == GONE:
        entries.pop(key)
    else:
        entries[key] = edit_at(entries.get(key), rest, new)
    return entries
