"""What changes, by layer: the planned operations, or the differences from another plan."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from local.differences import Difference, differences
from local.previews import Plan, PlannedResource
from report.layers import layers_of
from report.words import LAYER_PREFIX, called, homes_of


@dataclass(frozen=True, kw_only=True)
class Change:
    """The operation on one resource (`create`, `update`, `delete`, `same`, …), and its differences if there is another plan.

    Attributes:
        called: its name on AWS; empty if it has none.
    """

    operation: str
    type: str
    name: str
    called: str
    protect: bool
    differences: tuple[Difference, ...] = ()


def changes_of(plan: Plan, base: Plan | None = None) -> Mapping[str, Sequence[Change]]:
    """The resources that change, by layer, in the layers' order; those of no layer are under `stack`.

    Args:
        plan: the preview.
        base: another preview of the same stack, such as the main branch's, to compare with. Without it, the operations are Pulumi's.
    """
    homes = homes_of(plan)
    found: dict[str, list[Change]] = {layer.name: [] for layer in layers_of(plan)}
    before = {resource.urn: resource for resource in base.resources} if base else {}
    old_homes = homes_of(base) if base else dict[str, str]()
    after = {resource.urn: resource for resource in plan.resources}
    for urn in sorted({**before, **after}):
        resource = after.get(urn) or before[urn]
        if resource.type.startswith((LAYER_PREFIX, "pulumi:")):
            continue
        change = _change(resource, before.get(urn), urn in after, compared=base is not None)
        if change.operation != "same":
            found.setdefault(homes.get(urn) or old_homes.get(urn) or "stack", []).append(change)
    return {layer: sorted(changes, key=lambda change: (change.type, change.name)) for layer, changes in found.items() if changes}


def totals(changes: Mapping[str, Sequence[Change]]) -> Mapping[str, int]:
    """The number of resources by operation."""
    return Counter(change.operation for own in changes.values() for change in own)


def _change(resource: PlannedResource, before: PlannedResource | None, is_planned: bool, *, compared: bool) -> Change:
    differences = tuple(differences_of(before, resource)) if before and is_planned else ()
    if not compared:
        operation = resource.operation
    elif not is_planned:
        operation = "delete"
    elif before is None:
        operation = "create"
    else:
        operation = "update" if differences else "same"
    return Change(
        operation=operation,
        type=resource.type,
        name=resource.name,
        called=called(resource),
        protect=resource.protect,
        differences=differences,
    )


def differences_of(before: PlannedResource, after: PlannedResource) -> Iterator[Difference]:
    """The properties that differ, also inside JSON texts, and the resource options."""
    old = {"protect": before.protect, "retainOnDelete": before.retain_on_delete, **before.inputs}
    new = {"protect": after.protect, "retainOnDelete": after.retain_on_delete, **after.inputs}
    return differences("", old, new)
