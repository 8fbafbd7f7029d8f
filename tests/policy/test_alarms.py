"""Alarms: what another team might write instead, and is right; and what takes two edits to go wrong."""

from __future__ import annotations

import copy
import json
import os
from collections.abc import Callable

import pytest

from tests.plans import Plan
from tests.policy.builders import TAGS, Node, Nodes, document
from tests.policy.planned import GONE, Edit, apply, nodes_of, on
from tests.policy.samples import rules_that_fire

HALTING = 'ALARM("evolution-safety-score-prod") OR ALARM("evolution-safety-score-worst-prod") OR ALARM("evolution-agent-memory-prod")'
THROTTLES = "monitoring-evolution-state-throttles"
ENGINE_MAY = "policy.Statement.5.Condition"
PUBLISH = {"Effect": "Allow", "Action": "cloudwatch:PutMetricData", "Resource": "*"}


@pytest.fixture
def nodes(plan: Callable[..., Plan], monkeypatch: pytest.MonkeyPatch) -> Nodes:
    """prod as it is planned, with its table."""
    planned = plan("prod")
    table = json.dumps(planned.outputs["environment"])
    monkeypatch.setenv("PULUMI_CONFIG", json.dumps({"evolution-system:environment": table}))
    return nodes_of(planned)


def elsewhere(*namespaces: str) -> Node:
    """A managed policy that lets somebody publish in namespaces."""
    condition = {"StringEquals": {"cloudwatch:namespace": list(namespaces)}}
    return Node("aws:iam/policy:Policy", {"name": "own-prod", "tagsAll": TAGS, "policy": document({**PUBLISH, "Condition": condition})})


RIGHT: tuple[tuple[Edit, ...], ...] = (
    on(THROTTLES, ("evaluationPeriods", 5), ("datapointsToAlarm", 3)),
    on(THROTTLES, ("evaluationPeriods", 3), ("datapointsToAlarm", 1)),
    on(THROTTLES, ("evaluationPeriods", 15), ("datapointsToAlarm", 13)),
    on(THROTTLES, ("metricQueries.0.expression", "FILL( writes,0 )+FILL(reads , 0)")),
    on(THROTTLES, ("treatMissingData", "missing")),
    on("monitoring-autonomy", ("warmUpConfiguration", GONE)),
    on("monitoring-engine-tasks", ("warmUpConfiguration", GONE), ("evaluationPeriods", 3), ("datapointsToAlarm", 3)),
    on("monitoring-safety-score", ("warmUpConfiguration.onlyStartEvaluatingAfterWarmUpPeriodEnds", False)),
    on("monitoring-unsafe", ("alarmRule", f'{HALTING} OR ALARM("our-own-prod")')),
    on("compute-engine-role-grants", (f"{ENGINE_MAY}.StringEquals.cloudwatch:namespace", ["EvolutionSystem/Engine", "Ours"])),
    on("compute-engine-role-grants", (ENGINE_MAY, {"StringLike": {"cloudwatch:namespace": "EvolutionSystem/*"}})),
    on("security-monitor-role-grants", ("policy.Statement.5.Condition.StringEquals.cloudwatch:namespace", ["EvolutionSystem"])),
    on("own-policy", ("", elsewhere("Ours"))),
)


@pytest.mark.parametrize("edits", RIGHT, ids=lambda edits: " and ".join(map(str, edits)))
def test_what_is_right_in_another_form_breaks_no_rule(edits: tuple[Edit, ...], nodes: Nodes) -> None:
    for edit in edits:
        apply(edit, nodes)
    assert rules_that_fire(nodes) == set()


def test_a_halt_by_way_of_another_composite_is_seen(nodes: Nodes) -> None:
    """In both ways: what must halt may be nested, and what must not may not."""
    rule = nodes["monitoring-unsafe"].props["alarmRule"]
    nested = copy.deepcopy(nodes["monitoring-unsafe"])
    nested.props["alarmName"] = "nested-prod"
    nodes["nested"] = nested
    nodes["monitoring-unsafe"].props["alarmRule"] = 'ALARM("nested-prod")'
    assert rules_that_fire(nodes) == set()
    nested.props["alarmRule"] = f'{rule} OR ALARM("evolution-autonomy-prod")'
    assert rules_that_fire(nodes) == {"alarms/evolution-unsafe"}
    nested.props["alarmRule"] = rule.replace("OR", "AND")
    assert rules_that_fire(nodes) == {"alarms/evolution-unsafe"}


@pytest.mark.parametrize(("periods", "datapoints"), [(1, 1), (2, 1), (2, 2), (10, 9)])
def test_an_alarm_on_filled_metrics_must_bear_late_figures(periods: int, datapoints: int, nodes: Nodes) -> None:
    nodes[THROTTLES].props |= {"evaluationPeriods": float(periods), "datapointsToAlarm": float(datapoints)}
    assert rules_that_fire(nodes) == {"alarms/throttles"}


def test_the_tasks_alarm_may_follow_the_table_before_the_bounds_do(nodes: Nodes, monkeypatch: pytest.MonkeyPatch) -> None:
    table = json.loads(json.loads(os.environ["PULUMI_CONFIG"])["evolution-system:environment"])
    lower = {**table, "engine": {**table["engine"], "minimum": 1}}
    monkeypatch.setenv("PULUMI_CONFIG", json.dumps({"evolution-system:environment": json.dumps(lower)}))
    nodes["monitoring-engine-tasks"].props["threshold"] = 1.0
    nodes["compute-engine-bounds"].props["scalableTargetAction"]["minCapacity"] = 1.0  # the table's; the target's come later
    assert "alarms/running-tasks" not in rules_that_fire(nodes)


def test_a_role_that_is_only_called_as_the_monitors_may_not_publish_the_score(nodes: Nodes) -> None:
    [name] = on("compute-engine-role", ("name", "evolution-safety-monitor-prod-us-east-2"))
    [grant] = on("compute-engine-role-grants", (f"{ENGINE_MAY}.StringEquals.cloudwatch:namespace", "EvolutionSystem"))
    apply(name, nodes)
    apply(grant, nodes)
    assert "alarms/score-writers" in rules_that_fire(nodes)


def test_a_policy_that_is_attached_may_not_publish_the_score_though_it_is_a_boundary(nodes: Nodes) -> None:
    """The boundary itself holds what the monitor is granted: as a boundary it grants nothing."""
    attached = Node(
        "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
        {"role": "evolution-engine-prod-us-east-1", "policyArn": nodes["compute-engine-role"].props["permissionsBoundary"]},
        {"policyArn": ["security-boundary"]},
    )
    [appears] = on("more", ("", attached))
    apply(appears, nodes)
    assert rules_that_fire(nodes) == {"alarms/score-writers", "containment/grants"}


@pytest.mark.parametrize("sources", [["agentcore-runtime"], ["agentcore-gateway", "agentcore-runtime"], []], ids=" and ".join)
def test_an_alarm_on_what_is_not_made_yet_must_name_that_and_nothing_else(sources: list[str], nodes: Nodes) -> None:
    """The ARN isn't known at preview, and which of the queries has which resource's isn't either."""
    nodes["agentcore-gateway-errors"].references["metricQueries"] = sources
    assert rules_that_fire(nodes) == {"alarms/gateway-errors"}
