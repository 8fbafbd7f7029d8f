"""What the real CLI plans for a stack, for tests of the program, the functions and the pack: all that those know of `local/`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from local.previews import UNKNOWN, Plan, PlannedResource
from local.provider import diff
from local.provider.services import RESOURCES

__all__ = ["UNKNOWN", "Plan", "PlannedResource", "with_defaults"]


def with_defaults(kind: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """A resource's inputs with the defaults that the real provider fills in before the pack is asked.

    Source: pulumi-terraform-bridge, pkg/tfbridge/schema.go, applyDefaults.
    """
    return diff.planned(RESOURCES[kind], {}, inputs) if kind in RESOURCES else dict(inputs)
