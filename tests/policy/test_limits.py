"""The approved limits: their directions, the tiers, and who may change them."""

from __future__ import annotations

from typing import Any

import pytest

from limits import APPROVED, ROWS, configured
from plain import UNKNOWN, Plain


@pytest.mark.parametrize(
    ("row", "value", "allowed"),
    [
        ("autonomy_percent", 85, True),
        ("autonomy_percent", 84.9, True),
        ("autonomy_percent", "85", True),
        ("autonomy_percent", 86, False),
        ("autonomy_percent", "85%", None),
        ("autonomy_percent", True, None),
        ("autonomy_percent", None, None),
        ("autonomy_percent", UNKNOWN, None),
        ("autonomy_percent", "nan", None),
        ("autonomy_percent", "-inf", None),
        ("safety_score_minimum", 0.8, True),
        ("safety_score_minimum", 0.95, True),
        ("safety_score_minimum", 0.79, False),
        ("safety_mode", "strict", True),
        ("safety_mode", "permissive", False),
        ("safety_mode", "STRICT", None),
        ("safety_mode", ["strict"], None),
    ],
)
def test_each_limit_has_a_direction(row: str, value: Plain, allowed: bool | None) -> None:
    assert ROWS[row].allows(value, APPROVED["prod"][row]) is allowed


def test_every_tier_limits_every_row() -> None:
    assert list(APPROVED) == ["dev", "staging", "prod"]
    assert all(set(rows) == set(ROWS) for rows in APPROVED.values())
    assert all(row.accepts(rows[key]) for rows in APPROVED.values() for key, row in ROWS.items())


def test_an_unknown_tier_gets_the_strictest_value_of_every_row() -> None:
    limits = configured({}).of("prod2")
    assert not limits.known_tier
    assert limits.rows == {
        "autonomy_percent": 75,
        "agent_memory_bytes": 6656,
        "max_concurrent_agents": 1000,
        "safety_mode": "strict",
        "generations": 10,
        "safety_score_minimum": 0.8,
        "instantiation_target_us": 3,
    }


def test_an_override_is_merged_into_its_tier() -> None:
    limits = configured({"limits": {"prod": {"autonomy_percent": 60}, "dev": {"safety_score_minimum": 0.9}}})
    assert limits.faults == ()
    assert limits.of("prod").rows == {**APPROVED["prod"], "autonomy_percent": 60}
    assert limits.of("staging").rows == APPROVED["staging"]
    assert limits.of("elsewhere").rows["autonomy_percent"] == 60
    assert limits.of("elsewhere").rows["safety_score_minimum"] == 0.9


@pytest.mark.parametrize(
    ("config", "named"),
    [
        ({"limit": {}}, "limit is not a key of the configuration. Did you mean `limits`?"),
        ({"limits": 3}, "limits is 3"),
        ({"limits": {"production": {}}}, "limits.production is not a key"),
        ({"limits": {"prod": 3}}, "limits.prod is 3"),
        ({"limits": {"prod": {"autonomy_percnt": 3}}}, "limits.prod.autonomy_percnt is not a key of the configuration. Did you mean"),
        ({"limits": {"prod": {"autonomy_percent": 101}}}, "limits.prod.autonomy_percent is 101; it must be a whole number from 1 to 100."),
        ({"limits": {"prod": {"autonomy_percent": 80.5}}}, "limits.prod.autonomy_percent is 80.5"),
        ({"limits": {"prod": {"autonomy_percent": "80"}}}, 'limits.prod.autonomy_percent is "80"'),
        ({"limits": {"prod": {"autonomy_percent": None}}}, "limits.prod.autonomy_percent is missing"),
        ({"limits": {"prod": {"safety_score_minimum": 0}}}, "limits.prod.safety_score_minimum is 0; it must be a number from 0.01 to 1."),
        ({"limits": {"prod": {"safety_mode": "off"}}}, 'limits.prod.safety_mode is "off"; it must be one of permissive, strict.'),
    ],
)
def test_a_bad_override_is_named_and_changes_nothing(config: dict[str, Any], named: str) -> None:
    limits = configured(config)
    assert len(limits.faults) == 1
    assert limits.faults[0].startswith(named)
    assert limits.of("prod").rows == APPROVED["prod"]


def test_one_bad_key_keeps_the_good_ones_from_being_taken() -> None:
    """Half an override is nothing that anybody has approved."""
    limits = configured({"limits": {"prod": {"generations": 60}, "prd": {"generations": 60}}})
    assert len(limits.faults) == 1
    assert limits.of("prod").rows == APPROVED["prod"]
