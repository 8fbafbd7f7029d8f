"""Every row of the table can be changed in a deployed stack: what carries it changes, and nothing else; nothing is lost or refused."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from typing import Any

import pytest

from components.environment import KEY
from local.provider.services import RESOURCES
from local.provider.wire import decode
from tests import in_process
from tests.policy.builders import Node
from tests.policy.planned import as_given
from tests.policy.samples import findings
from tests.rows import FOR_GOOD, PROTECTED, ROWS, RowChange, rows_of, with_rows

pytestmark = pytest.mark.slow  # whole plans, each half a second of the processor

HOLDS_DATA = {
    "aws:cloudwatch/logGroup:LogGroup",
    "aws:dynamodb/table:Table",
    "aws:ecr/repository:Repository",
    "aws:kms/key:Key",
    "aws:s3/bucket:Bucket",
    "aws:secretsmanager/secret:Secret",
    "aws:sqs/queue:Queue",
    "aws:ssm/parameter:Parameter",
}

MADE_ANEW = {"aws:cloudwatch/metricAlarm:MetricAlarm"}
"""An alarm warms up only when it is made, and no two bear the same name."""

CHANGES = [
    (stack, row, change)
    for row, changes in ROWS.items()
    for change in changes
    for stack in change.stacks
    # Staging's others come all at once, by the real engine (tests/local/test_up.py).
    if stack != "staging" or not change.stands_alone
]


@functools.cache
def up(stack: str, table: str) -> in_process.Planned:
    """A stack as it is once a table was deployed."""
    made = in_process.run(stack, json.loads(table))
    assert not made.refused
    return made


def test_every_row_declares_its_changes() -> None:
    declared = ROWS.keys() | FOR_GOOD.keys()
    assert set(rows_of()) == declared, "a row of the table that tests/rows.py doesn't know, or one that is gone"
    assert not ROWS.keys() & FOR_GOOD.keys()


def test_without_a_change_nothing_changes() -> None:
    for stack in ("dev", "staging", "prod"):
        table = with_rows(stack, {})
        again = in_process.run(stack, table, up(stack, json.dumps(table)).state)
        assert (again.changes(), again.refused) == ({}, [])


def test_a_boundary_that_is_described_otherwise_is_not_replaced() -> None:
    """IAM deletes none that a role has."""
    table = with_rows("prod", {})
    state = up("prod", json.dumps(table)).state
    boundaries = {name: held.having(description="As it was.") for name, held in state.items() if held.type == "aws:iam/policy:Policy"}
    assert boundaries
    assert in_process.run("prod", table, {**state, **boundaries}).changes() == {}


@pytest.mark.parametrize(("stack", "row", "change"), CHANGES, ids=[f"{stack}-{row}: {change.kind}" for stack, row, change in CHANGES])
def test_a_change_of_one_row_changes_what_carries_it_and_nothing_else(
    stack: str, row: str, change: RowChange, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, after = (with_rows(stack, change.rows(stack, row, value)) for value in (change.before, change.after))
    back = change.back and stack != "staging"  # the tiers with data have one program, and one pack: prod shows the way back
    there = in_process.run(stack, after, up(stack, json.dumps(before)).state, preview=not back)
    judge(stack, after, there, change.expected, monkeypatch)
    if back:
        judge(stack, before, in_process.run(stack, before, there.state), change.expected_back, monkeypatch)


def judge(
    stack: str, table: dict[str, Any], planned: in_process.Planned, expected: Mapping[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not planned.refused, "the provider or AWS's model refuses it"
    monkeypatch.setenv("PULUMI_CONFIG", json.dumps({KEY: json.dumps(table)}))
    nodes = {
        name: Node(
            step.type,
            as_given(step.inputs),
            step.references,
            protect=step.protect,
            ignore_changes=step.ignore_changes,
            delete_before_replace=step.delete_before_replace,
            depends_on=tuple(step.depends_on),
            outputs=as_given(step.outputs),
        )
        for name, step in planned.steps.items()
        if step.operation != "delete"
    }
    assert not findings(nodes, stack=stack), "the policy pack refuses it"
    lost = {name for name, step in planned.steps.items() if step.is_lost and (step.protect or step.type in HOLDS_DATA)}
    assert not lost, "it is protected or holds data"
    gone_first = {name for name, step in planned.steps.items() if step.deleted_first and step.type not in MADE_ANEW}
    assert not gone_first, "it is gone before its successor is there"
    assert planned.changes() == expected


@pytest.mark.parametrize("stack", PROTECTED)
@pytest.mark.parametrize("row", FOR_GOOD)
def test_what_cannot_be_changed_is_refused_before_anything_is_done(stack: str, row: str) -> None:
    value, held, why = FOR_GOOD[row]
    state = up(stack, json.dumps(with_rows(stack, {}))).state
    step = in_process.run(stack, with_rows(stack, {row: value}), state).steps[held]
    assert (step.operation, step.protect) == ("replace", True), f"the engine refuses to replace what is protected: {why}"


def test_a_limit_is_carried_by_few() -> None:
    assert all(len(change.expected) <= 15 for row in ("autonomy_percent", "agent_memory_bytes") for change in ROWS[row])


CALLED_APART = {
    "aws:appautoscaling/target:Target": "dimension and namespace are part of what it is called by",
    "aws:bedrock/guardrailVersion:GuardrailVersion": "another version, of another number",
    "aws:cloudwatch/logResourcePolicy:LogResourcePolicy": "a policy of a resource is another kind, called by the resource's ARN",
    "aws:ecs/taskDefinition:TaskDefinition": "another revision",
    "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig": "the qualifier is part of what it is called by",
    "aws:s3/bucketLogging:BucketLogging": "the owner that is expected is in the request only",
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": "as of logging",
    "aws:s3/bucketVersioning:BucketVersioning": "as of logging",
}
"""Types of which a replacement isn't what it replaces, though the stand-in calls both by one id: why."""


def changed_by_hand(held: in_process.Held) -> in_process.Held:
    """With every property changed that has it replaced, but for what it is called by."""
    if held.type == in_process.PROVIDER or held.protect:
        return held
    schema, inputs = RESOURCES[held.type].schema, decode(held.inputs)

    def other(name: str) -> object:
        value = inputs.get(name, schema.defaults.get(name))
        return not value if isinstance(value, bool) else value + 1 if isinstance(value, int | float) else "changed by hand"

    calling = {name for name, value in inputs.items() if isinstance(value, str) and value and value in held.identity}
    return held.having(**{name: other(name) for name in schema.force_new if "." not in name and name not in calling})


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_what_is_replaced_under_the_same_name_is_deleted_first(stack: str) -> None:
    """Otherwise what AWS writes over is deleted as the old one, and what it doesn't can't be made."""
    table = with_rows(stack, {})
    state = up(stack, json.dumps(table)).state
    planned = in_process.run(stack, table, {name: changed_by_hand(held) for name, held in state.items()}, preview=False)
    replaced = {name: step for name, step in planned.steps.items() if step.operation == "replace"}
    assert len(replaced) > 80
    one = {name for name, step in replaced.items() if not step.deleted_first and planned.state[name].identity == state[name].identity}
    assert {name for name in one if replaced[name].type not in CALLED_APART} == set()
