"""Starts the policy pack. `PolicyPack` serves until it is killed, so nothing else may import this module."""

from __future__ import annotations

from pulumi_policy import PolicyPack

from adapter import Frame
from rules import FAMILIES

PolicyPack(name="evolution-system", policies=Frame(FAMILIES).policies())
