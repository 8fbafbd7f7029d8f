"""Refuses a policy pack's configuration that turns rules off: `python -m local.pack_config FILE`.

A pack can't prevent it by itself: with `{"all": "disabled"}`, or a lower enforcement level for one policy, the engine never asks it, or
lets pass what it refuses. So the deploy workflow asks here first. Allowed is what the pack itself reads and judges: limits and exemptions.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, cast

from local import LocalError

CONFIGURED = "environment"
"""The one policy that takes a configuration."""

KEYS = frozenset({"limits", "exemptions"})
"""What it takes. `enforcementLevel`, which the engine takes out before the pack sees the rest, isn't among them."""


def check(text: str) -> None:
    """Let pass a configuration that leaves every rule on.

    Raises:
        LocalError: it isn't JSON, or holds anything else than limits and exemptions.
    """
    try:
        read: Any = json.loads(text, object_pairs_hook=_once)
    except ValueError as error:
        raise LocalError(f"the pack's configuration can't be read: {error}. Write {{}} to leave everything as it is.") from None
    policies = _object(read, "the configuration")
    for name, value in policies.items():
        if name != CONFIGURED:
            raise LocalError(
                f"the pack's configuration has `{name}`: {json.dumps(value)}. Nothing may be set but `{CONFIGURED}`: "
                "other keys can only turn rules off or make them advisory. "
                "To let one finding pass, write an exemption with a reason and a last day."
            )
        for key in _object(value, f"`{name}`"):
            if key not in KEYS:
                raise LocalError(
                    f"the pack's configuration has `{name}.{key}`. Allowed there are {' and '.join(sorted(KEYS))}; "
                    "an enforcement level would make the rules advisory."
                )


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Of a key that stands there twice, Python reads the last and another reader perhaps the first."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key stands there twice")
    return found


def _object(value: Any, what: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise LocalError(f'{what} is {json.dumps(value)}; it must be an object, such as {{"{CONFIGURED}": {{"exemptions": []}}}}.')
    return cast("dict[str, Any]", value)


if __name__ == "__main__":
    try:
        check(Path(sys.argv[1]).read_text(encoding="utf-8"))
    except (LocalError, OSError) as refused:
        sys.exit(f"error: {refused}")
    print(f"{sys.argv[1]} leaves every rule on")
