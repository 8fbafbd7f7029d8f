"""A complete stack: compliant as a whole, and each edit caught by exactly its rules."""

from __future__ import annotations

import pytest

from tests.policy.builders import UNKNOWN, Node
from tests.policy.complete import complete
from tests.policy.edits import Edit, each_fires
from tests.policy.edits_agents import EDITS as AGENTS
from tests.policy.edits_complete import EDITS
from tests.policy.samples import configure, findings, rules_that_fire, set_at


@pytest.fixture(autouse=True)
def _prod(monkeypatch: pytest.MonkeyPatch) -> None:  # pyright: ignore[reportUnusedFunction]  # pytest uses it
    configure(monkeypatch)


def test_a_complete_stack_breaks_no_rule() -> None:
    assert findings(complete()) == []


@pytest.mark.slow
def test_each_edit_is_caught_by_exactly_its_rules() -> None:
    def fired(edit: Edit) -> set[str]:
        nodes = complete()
        edit(nodes)
        return rules_that_fire(nodes)

    each_fires([*EDITS, *AGENTS], fired)


def test_dev_may_stand_in_agentcores_own_network_and_be_destroyed() -> None:
    nodes = complete()
    set_at(nodes, "runtime", "networkConfiguration.networkMode", "PUBLIC")
    nodes["artifacts"].protect = False
    fired = rules_that_fire(nodes, stack="dev")
    assert not fired & {"agentcore/private-network", "data-protection/protect", "data-protection/key-window"}


@pytest.mark.parametrize(
    ("name", "value", "secret"),
    [
        ("EVOLUTION_SAFETY_SECRET", "EvolutionSafetyConfig-prod", False),
        ("SECRET_ARN", "arn:aws:secretsmanager:us-east-1:123456789012:secret:x", False),
        ("DB_SECRET", "arn:aws:secretsmanager:us-east-1:123456789012:secret:x", False),
        ("TOKEN_BUCKET_SIZE", "100", False),
        ("PASSWORD_ROTATION", "true", False),
        ("USE_TOKEN", "true", False),
        ("DB_PASSWORD", "hunter2", True),
        ("API_KEY", "abc", True),
        ("VALIDATION_KEY", "abc", True),
        ("DB_SECRET", "hunter2", True),
        ("DATABASE_URL", "postgres://me:hunter2@db/x", True),
        ("CERTIFICATE", "-----BEGIN RSA PRIVATE KEY-----", True),
    ],
)
def test_a_secret_is_known_by_its_name_or_its_form_and_never_shown(name: str, value: str, secret: bool) -> None:
    nodes = complete()
    set_at(nodes, "archiver", f"environment.variables.{name}", value)
    found = findings(nodes)
    assert [finding.rule for finding in found] == (["environment/no-secret"] if secret else [])
    assert all(value not in finding.message for finding in found)


def test_a_named_address_must_be_subscribed(monkeypatch: pytest.MonkeyPatch) -> None:
    configure(monkeypatch, alerts={"emails": ["oncall@example.com"], "monthly_budget_usd": 10000})
    nodes = complete()
    assert rules_that_fire(nodes) == {"alarms/subscriber"}
    nodes["mail"] = Node(
        "aws:sns/topicSubscription:TopicSubscription",
        {"topic": UNKNOWN, "protocol": "email", "endpoint": "oncall@example.com"},
        {"topic": ["topic"]},
    )
    assert findings(nodes) == []


def test_a_table_that_does_not_say_who_is_told_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    configure(monkeypatch, alerts={"monthly_budget_usd": 10000})
    assert rules_that_fire(complete()) == {"alarms/subscriber"}
