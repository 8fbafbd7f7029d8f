"""Which layer of the program a resource belongs to."""

from __future__ import annotations

from collections.abc import Mapping

from local.previews import UNKNOWN, Plan, PlannedResource

LAYER_PREFIX = "evolution:"
"""How the types of the program's components begin."""


def homes_of(plan: Plan) -> Mapping[str, str]:
    """By URN, the layer that a resource is in: the outermost component that holds it. Empty for the stack and what it holds itself."""
    by_urn = {resource.urn: resource for resource in plan.resources}

    def home(resource: PlannedResource) -> str:
        name = ""
        while True:
            if resource.type.startswith(LAYER_PREFIX):
                name = resource.name
            if resource.parent not in by_urn:
                return name
            resource = by_urn[resource.parent]

    return {resource.urn: home(resource) for resource in plan.resources}


def called(resource: PlannedResource) -> str:
    """A resource's own name on AWS; empty where it has none, or none that is known at preview."""
    for key in ("name", "bucket", "dashboardName", "family"):
        value = resource.inputs.get(key)
        if isinstance(value, str) and value != UNKNOWN:
            return value
    return ""
