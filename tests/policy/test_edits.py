"""Edits of what real Pulumi plans for prod: each is caught by exactly its rules.

An edit is made on the captured plan, as a one-line edit of the program would change it; the pack then judges it through CrossGuard's own
proxies, each resource by itself and then the whole stack.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

import pytest

from rules import FAMILIES
from tests.plans import Plan
from tests.policy import (
    account_edits,
    account_edits_state,
    edits_agent_alarms,
    edits_agentcore,
    edits_data,
    edits_evolution,
    edits_identity,
    edits_monitoring,
    edits_network,
    edits_security,
    edits_ways,
    edits_workload,
)
from tests.policy.builders import Nodes
from tests.policy.edits import each_fires
from tests.policy.edits_agents import EDITS as AGENTS
from tests.policy.edits_complete import EDITS as COMPLETE
from tests.policy.filled import with_all_filled
from tests.policy.identity_deployers import EDITS as DEPLOYERS
from tests.policy.identity_edits import EDITS as IDENTITY
from tests.policy.identity_edits_access import EDITS as IDENTITY_ACCESS
from tests.policy.planned import Edit, edited, nodes_of
from tests.policy.samples import findings, rules_that_fire
from tests.policy.test_attacks_by_rule import ATTACKS
from tests.policy.test_rules import EDITS as SMALL

EDITS_OF: Mapping[str, tuple[Edit, ...]] = {
    "data": edits_data.EDITS,
    "security": edits_security.EDITS,
    "workload": edits_workload.EDITS,
    "network": edits_network.EDITS,
    "monitoring": edits_monitoring.EDITS,
    "agent alarms": edits_agent_alarms.EDITS,
    "evolution": edits_evolution.EDITS,
    "agentcore": edits_agentcore.EDITS,
    "ways": edits_ways.EDITS,
    "identity": edits_identity.EDITS,
}
EDITS = tuple(edit for edits in EDITS_OF.values() for edit in edits)

DOCUMENTS = {"aws:iam/rolePolicy:RolePolicy", "aws:sns/topicPolicy:TopicPolicy", "aws:cloudwatch/logResourcePolicy:LogResourcePolicy"}
"""Hold nothing but a policy document; the identity rules judge those, and have edits of their own."""


@pytest.fixture
def nodes(plan: Callable[..., Plan], monkeypatch: pytest.MonkeyPatch) -> Nodes:
    """prod as it is planned, with its table."""
    planned = plan("prod")
    table = json.dumps(planned.outputs["environment"])
    monkeypatch.setenv("PULUMI_CONFIG", json.dumps({"evolution-system:environment": table}))
    return nodes_of(planned)


@pytest.mark.parametrize("file", EDITS_OF)
def test_each_edit_of_the_plan_is_caught_by_exactly_its_rules(file: str, nodes: Nodes) -> None:
    cases = [(str(edit), edit, edit.fires) for edit in EDITS_OF[file]]
    assert findings(nodes) == []
    each_fires(cases, lambda edit: rules_that_fire(edited(nodes, edit), judged=nodes))


def test_the_edits_are_many_and_spread_over_all_families_and_types(nodes: Nodes, record_property: Callable[[str, object], None]) -> None:
    kinds = {name: node.type for name, node in nodes.items() if node.type.startswith("aws:")}
    edited = {(kinds.get(edit.resource, edit.resource), edit.path) for edit in EDITS}
    record_property("distinct edits", len(edited))
    print(f"{len(EDITS)} edits, {len(edited)} distinct by type and property")
    assert len(edited) >= 120
    assert set(kinds.values()) - {kind for kind, _ in edited} <= DOCUMENTS
    families = {rule.partition("/")[0] for edit in EDITS for rule in edit.fires}
    assert families >= {family.name for family in FAMILIES} - {"account", "approved", "exemptions"}


def test_every_rule_is_caught_at_least_once() -> None:
    rules = {rule.id for family in FAMILIES for rule in family.rules}
    caught = {rule for edit in EDITS for rule in edit.fires}
    of_small_stacks = (SMALL, COMPLETE, AGENTS, IDENTITY, IDENTITY_ACCESS, DEPLOYERS, account_edits.EDITS, account_edits_state.EDITS)
    caught |= {rule for edits in of_small_stacks for _, _, fires in edits for rule in fires}
    caught |= {rule for attack in ATTACKS for rule in attack.fires}
    caught |= {rule for rule in rules if rule.startswith("approved/")}  # theirs are in test_approved.py
    # These judge what is configured, not a resource: their tests are in test_rules.py, test_limits.py and test_exemptions.py.
    configured = {"environment/table-limits", "environment/pack-configuration", "exemptions/current"}
    assert rules - caught == {*configured, "governance/judged"}, "the last one judges other stacks than the system's: test_kinds.py"


def test_figures_that_are_fixed_in_the_program_are_caught_when_the_table_is_stricter(
    plan: Callable[..., Plan], nodes: Nodes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The original sketch had its thresholds in the alarms themselves."""
    table = dict(plan("prod").outputs["environment"])
    table |= {"autonomy_percent": table["autonomy_percent"] - 5, "safety_score_minimum": table["safety_score_minimum"] + 0.05}
    monkeypatch.setenv("PULUMI_CONFIG", json.dumps({"evolution-system:environment": json.dumps(table)}))
    assert rules_that_fire(nodes) == {
        "agentcore/policies",
        "alarms/autonomy",
        "alarms/dashboard",
        "alarms/safety-score-average",
        "alarms/safety-score-minimum",
        "environment/table-equality",
        "governance/tags",
    }


@pytest.mark.parametrize("row", [False, "true", None], ids=str)
def test_executions_that_the_table_does_not_reserve_are_caught(
    row: object, plan: Callable[..., Plan], nodes: Nodes, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = {**plan("prod").outputs["environment"], "reserve_concurrency": row}
    monkeypatch.setenv("PULUMI_CONFIG", json.dumps({"evolution-system:environment": json.dumps(table)}))
    assert rules_that_fire(nodes) == {"workload/reserved-executions"}


@pytest.mark.parametrize("filled", [False, True])
@pytest.mark.parametrize(("stack", "image"), [("dev", None), ("staging", None), ("prod", None), ("prod", "none")])
def test_the_committed_stacks_break_no_rule(
    stack: str, image: str | None, filled: bool, plan: Callable[..., Plan], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor with all that they leave out at its default, as the real provider may fill it in before the pack is asked."""
    planned = plan(stack, image)
    table = json.dumps(planned.outputs["environment"])
    monkeypatch.setenv("PULUMI_CONFIG", json.dumps({"evolution-system:environment": table}))
    nodes = nodes_of(planned)
    assert findings(with_all_filled(nodes) if filled else nodes, stack=stack) == []


@pytest.mark.parametrize(("minimum", "maximum"), [(0, 100), (1, 7), (50, 1000)])
def test_bounds_in_force_may_be_a_halts_or_an_earlier_tables(minimum: int, maximum: int, nodes: Nodes) -> None:
    """A deployment leaves the bounds of a target that is there alone, and so is not refused for them."""
    target = nodes["compute-engine-scaling"]
    target.props |= {"minCapacity": minimum, "maxCapacity": maximum}
    assert rules_that_fire(nodes) == {"environment/scale-bounds"}, "as it is made"
    target.outputs["arn"] = "arn:aws:application-autoscaling:us-east-1:000000000000:scalable-target/0123"
    assert not rules_that_fire(nodes)
