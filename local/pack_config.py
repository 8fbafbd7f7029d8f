"""Refuses a policy pack's configuration that turns rules off: `python -m local.pack_config FILE`.

A pack can't prevent that by itself: with `{"all": "disabled"}`, or a lower enforcement level for a policy, Pulumi doesn't call it or
ignores its findings. So the deploy workflow runs this check first. Only limits and exemptions are allowed, which the pack reads and judges
itself."""

import json
import sys
from pathlib import Path
from typing import Any, cast

from local import LocalError

CONFIGURED = "environment"
"""The one policy that takes a configuration."""

KEYS = frozenset({"limits", "exemptions"})
"""What that policy takes. `enforcementLevel` isn't among them: Pulumi removes it before the pack sees the rest."""


def check(text: str) -> None:
    """Accept a configuration that leaves every rule on.

    Raises:
        LocalError: it isn't JSON, or has anything but limits and exemptions.
    """
    try:
        read: Any = json.loads(text, object_pairs_hook=_unique_keys)
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


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse a duplicate key: Python takes the last one, and another reader may take the first."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key is there twice")
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
