"""One resource of every type that the local cloud knows, as the engine would send it, and edits that AWS's model refuses.

A family of services has a module of its own.
"""

from __future__ import annotations

from typing import Any

from tests.local.provider import (
    samples_agents,
    samples_functions,
    samples_identity,
    samples_network,
    samples_storage,
    samples_workloads,
)
from tests.local.provider.common import Edit

_FAMILIES = (samples_network, samples_identity, samples_storage, samples_workloads, samples_functions, samples_agents)

VALID: dict[str, dict[str, Any]] = {token: sample for family in _FAMILIES for token, sample in family.VALID.items()}
"""A sample of every type."""

REFUSED: list[Edit] = [edit for family in _FAMILIES for edit in family.REFUSED]
"""Edits of the samples, at least one a type."""
