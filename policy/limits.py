"""The approved limits: what each tier may be configured with, at most. They are the pack's own; no edit of the program can raise them.

Who runs the pack may replace single values in the configuration of the policy `environment` (`--policy-pack-config`):
`{"environment": {"limits": {"prod": {"autonomy_percent": 80}}}}`. It is merged per tier and checked here, for the engine accepts keys
that don't exist and replaces a nested object whole.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from plain import Plain, number, shown

SAFETY_MODES = ("permissive", "strict")
"""From loose to strict."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LimitRow:
    """One row of the table.

    Attributes:
        direction: a `maximum` may be undercut, a `minimum` exceeded; an `order` may be stricter.
        lowest, highest: what a limit or a value can be at all; the same as the environment table's own ranges.
    """

    direction: Literal["maximum", "minimum", "order"]
    lowest: float = 0
    highest: float = 0
    whole: bool = True

    def allows(self, value: Plain, limit: Plain) -> bool | None:
        """Whether a value keeps to a limit; None where the value isn't of the row's kind."""
        if self.direction == "order":
            if value not in SAFETY_MODES or limit not in SAFETY_MODES:
                return None
            return SAFETY_MODES.index(str(value)) >= SAFETY_MODES.index(str(limit))
        given, bound = number(value), number(limit)
        if given is None or bound is None:
            return None
        # Programs take -1 or 0 for "no limit".
        return self.lowest <= given <= bound if self.direction == "maximum" else bound <= given <= self.highest

    def wants(self, limit: Plain) -> str:
        """What a value of this row must be under a limit, in words."""
        if self.direction == "order":
            return f"{limit} or stricter"
        if self.direction == "maximum":
            return f"at most {limit}, and at least {self.lowest:g}"
        return f"at least {limit}, and at most {self.highest:g}"

    def may_be(self) -> str:
        """What a limit of this row can be, in words."""
        if self.direction == "order":
            return f"one of {', '.join(SAFETY_MODES)}"
        return f"{'a whole number' if self.whole else 'a number'} from {self.lowest:g} to {self.highest:g}"

    def accepts(self, limit: Plain) -> bool:
        """Whether this is a possible value for the limit."""
        if self.direction == "order":
            return limit in SAFETY_MODES
        bound = None if isinstance(limit, str) else number(limit)
        return bound is not None and (isinstance(bound, int) or not self.whole) and self.lowest <= bound <= self.highest

    def strictest(self, limits: list[Plain]) -> Plain:
        """The strictest of the limits."""
        return next(one for one in limits if all(self.allows(one, other) for other in limits))


ROWS: Mapping[str, LimitRow] = {
    "autonomy_percent": LimitRow(direction="maximum", lowest=1, highest=100),
    "agent_memory_bytes": LimitRow(direction="maximum", lowest=1024, highest=65536),
    "max_concurrent_agents": LimitRow(direction="maximum", lowest=1, highest=100_000),
    "safety_mode": LimitRow(direction="order"),
    "generations": LimitRow(direction="maximum", lowest=1, highest=1000),
    "safety_score_minimum": LimitRow(direction="minimum", lowest=0.01, highest=1, whole=False),
    "instantiation_target_us": LimitRow(direction="maximum", lowest=1, highest=1000),
}

APPROVED: Mapping[str, Mapping[str, Plain]] = {
    "dev": {
        "autonomy_percent": 75,
        "agent_memory_bytes": 8192,
        "max_concurrent_agents": 1000,
        "safety_mode": "permissive",
        "generations": 10,
        "safety_score_minimum": 0.8,
        "instantiation_target_us": 3,
    },
    "staging": {
        "autonomy_percent": 80,
        "agent_memory_bytes": 7168,
        "max_concurrent_agents": 5000,
        "safety_mode": "strict",
        "generations": 25,
        "safety_score_minimum": 0.8,
        "instantiation_target_us": 3,
    },
    "prod": {
        "autonomy_percent": 85,
        "agent_memory_bytes": 6656,
        "max_concurrent_agents": 10000,
        "safety_mode": "strict",
        "generations": 50,
        "safety_score_minimum": 0.8,
        "instantiation_target_us": 3,
    },
}


@dataclass(frozen=True, kw_only=True, slots=True)
class TierLimits:
    """What one stack is held to: a limit for each row of ROWS."""

    tier: str
    known_tier: bool
    rows: Mapping[str, Plain]


class ConfiguredLimits:
    """The limits in force, and what is wrong with the configuration that was to change them.

    Attributes:
        faults: one sentence for each; while there are any, the approved limits are in force.
    """

    def __init__(self, tiers: Mapping[str, Mapping[str, Plain]], faults: Sequence[str] = ()) -> None:
        self.faults = tuple(faults)
        self._tiers = {name: TierLimits(tier=name, known_tier=True, rows=rows) for name, rows in tiers.items()}
        self._strictest = {key: row.strictest([rows[key] for rows in tiers.values()]) for key, row in ROWS.items()}

    def of(self, stack: str) -> TierLimits:
        """What a stack is held to. A name that is no tier gets the strictest value of every row."""
        return self._tiers.get(stack) or TierLimits(tier=stack, known_tier=False, rows=self._strictest)


KEYS = ("limits", "exemptions")
"""What the configuration may hold; `exemptions.py` reads the exemptions."""


def configured(config: Mapping[str, Plain], other_faults: Sequence[str] = ()) -> ConfiguredLimits:
    """The approved limits with the configuration merged in. A configuration with any fault, here or elsewhere, changes nothing."""
    faults = [*(_unknown_key("", key, list(KEYS)) for key in config if key not in KEYS), *other_faults]
    given = config.get("limits", {})
    tiers = {name: dict(tier) for name, tier in APPROVED.items()}
    if not isinstance(given, dict):
        return ConfiguredLimits(APPROVED, [*faults, f"limits is {shown(given)}; it must be an object of tiers."])
    for tier, rows in given.items():
        if tier not in tiers:
            faults.append(_unknown_key("limits.", tier, list(tiers)))
        elif not isinstance(rows, dict):
            faults.append(f"limits.{tier} is {shown(rows)}; it must be an object of limits.")
        else:
            for key, limit in rows.items():
                row = ROWS.get(key)
                if row is None:
                    faults.append(_unknown_key(f"limits.{tier}.", key, list(ROWS)))
                elif not row.accepts(limit):
                    faults.append(f"limits.{tier}.{key} is {shown(limit)}; it must be {row.may_be()}.")
                else:
                    tiers[tier][key] = limit
    return ConfiguredLimits(APPROVED, faults) if faults else ConfiguredLimits(tiers)


def _unknown_key(where: str, key: str, allowed: list[str]) -> str:
    near = difflib.get_close_matches(key, allowed, n=1)
    hint = f" Did you mean `{near[0]}`?" if near else ""
    return f"{where}{key} is not a key of the configuration.{hint} The keys there must be of: {', '.join(allowed)}."
