"""What the real CLI plans for a stack, for tests of the program, the functions and the pack: all that those know of `local/`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from local.previews import UNKNOWN, Plan, PlannedResource
from local.provider.services import RESOURCES

__all__ = ["UNKNOWN", "Plan", "PlannedResource", "documented_defaults"]


def documented_defaults(kind: str) -> Mapping[str, Any]:
    """The defaults of a resource type as the stand-in has them, by path; none for a type that it doesn't know."""
    return RESOURCES[kind].schema.defaults if kind in RESOURCES else {}
