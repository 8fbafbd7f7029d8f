"""Starts the policy pack. `PolicyPack` serves until it is killed, so nothing else may import this module."""

from __future__ import annotations

from pathlib import Path

from pulumi_policy import PolicyPack

from adapter import Frame
from rules import FAMILIES

PolicyPack(
    name="evolution-system",
    description="Refuses to deploy the Evolution System, or any AWS program like it, unsafely.",
    display_name="Evolution System",
    readme=Path(__file__).with_name("README.md").read_text(encoding="utf-8"),
    provider="aws",
    policies=Frame(FAMILIES).policies(),
)
