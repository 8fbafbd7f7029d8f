"""The committed stacks' tables."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

from components.environment import KEY, Environment, load

ROOT = Path(__file__).resolve().parents[2]


def table_of(stack: str) -> dict[str, Any]:
    """The table as it is written in the stack's file."""
    return yaml.safe_load((ROOT / f"Pulumi.{stack}.yaml").read_text())["config"][KEY]


def env_of(stack: str) -> Environment:
    """The table, read."""
    return load(stack, json.dumps(table_of(stack)))
