"""`make up` with the real engine and a real emulator: all of a stack is made, nothing of it is made twice, and it goes again."""

from __future__ import annotations

import json
import re
import socket
from collections import Counter
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from components.compute import NOTHING_LEFT
from local import LocalError, emulator, lifecycle, previews
from local.provider.services import RESOURCES
from local.state import StackState
from tests.components.tables import table_of
from tests.local.conftest import VENV, BroughtUp, Run, clients
from tests.local.holdings import ASKED, KEY, LISTINGS, PART_OF, STAYS, answering, holdings
from tests.rows import operations, together

GATEWAY = "https://evolution-{}-[a-z0-9]{{10}}.gateway.bedrock-agentcore.us-east-1.amazonaws.com"


def as_planned(outputs: Mapping[str, Any], planned: Mapping[str, Any], stack: str) -> dict[str, Any]:
    """What the outputs must be: as planned, and where AWS gives them, and the plan doesn't know, in AWS's form."""
    assert {name for name, value in planned.items() if value == previews.UNKNOWN} == {"agent_gateway_url", "alert_topic_arn", "next_step"}
    assert re.fullmatch(GATEWAY.format(stack), outputs["agent_gateway_url"])
    topic = f"arn:aws:sns:us-east-1:000000000000:evolution-system-alerts-{stack}"
    return {**planned, "agent_gateway_url": outputs["agent_gateway_url"], "alert_topic_arn": topic, "next_step": NOTHING_LEFT}


def test_all_that_was_planned_is_made(brought_up: BroughtUp, plan: Any) -> None:
    assert brought_up.first.succeeded, brought_up.first.text
    planned = {resource.urn for resource in plan("dev").resources}
    assert brought_up.first.operations == dict.fromkeys(planned, "create")
    assert brought_up.first.resources == len(planned)


def test_the_outputs_are_the_plans(brought_up: BroughtUp, plan: Any) -> None:
    assert brought_up.first.outputs == as_planned(brought_up.first.outputs, plan("dev").outputs, "dev")


def test_a_second_up_changes_nothing(brought_up: BroughtUp) -> None:
    assert brought_up.again.succeeded, brought_up.again.text
    assert brought_up.again.operations == {}


def test_a_refresh_changes_nothing(brought_up: BroughtUp) -> None:
    assert brought_up.refreshed.succeeded, brought_up.refreshed.text
    assert brought_up.refreshed.changes == {"same": brought_up.first.resources}


def test_an_up_after_a_refresh_changes_nothing(brought_up: BroughtUp) -> None:
    assert brought_up.settled.succeeded, brought_up.settled.text
    assert brought_up.settled.operations == {}


def test_the_emulator_listens_on_loopback_alone(brought_up: BroughtUp) -> None:
    running = emulator.find(brought_up.place, "dev")
    assert running
    sockets = Path("/proc/net/tcp").read_text() + Path("/proc/net/tcp6").read_text()
    listening = [line.split()[1] for line in sockets.splitlines() if f":{running.port:04X} " in line and line.split()[3] == "0A"]
    assert listening == [f"0100007F:{running.port:04X}"]


def test_the_emulator_sees_nothing_of_the_users_environment(tmp_path: Path, own_place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_PROFILE", "HTTPS_PROXY", "PYTHONPATH", "AUTH"):
        monkeypatch.setenv(name, "/the/users/own")
    running = emulator.start(own_place, "dev", VENV)
    assert "/the/users/own" not in Path(f"/proc/{running.pid}/environ").read_text()
    assert str(tmp_path) in str(Path(f"/proc/{running.pid}/cwd").readlink())


def test_every_planned_type_is_looked_for(plan: Any) -> None:
    """A type that nobody looks for could be left behind."""
    tables = [
        {KEY},
        set(LISTINGS),
        set(ASKED),
        set(PART_OF),
        {token for token, resource in RESOURCES.items() if resource.not_emulated},
        set(STAYS),
    ]
    planned = {one.type for one in plan("dev").resources if one.type.startswith("aws:")}
    assert planned - set[str]().union(*tables) == set()
    assert sum(map(len, tables)) == len(set[str]().union(*tables)), "each type is looked for in one way"
    assert set(PART_OF.values()) <= LISTINGS.keys()


def test_dev_is_destroyed_without_a_trace(act: Run, own_place: Path) -> None:
    emulator.start(own_place, "dev", VENV)
    empty = holdings(own_place)
    assert act(partial(lifecycle.up, pack=False), own_place).succeeded
    clients(own_place)("s3").put_object(Bucket="evolution-artifacts-dev-000000000000-us-east-1", Key="a", Body=b"b")
    recorded = StackState(own_place, "dev").all()
    made, there = Counter(one["type"] for one in recorded), holdings(own_place)
    assert {kind: len(found) - len(empty[kind]) for kind, found in there.items() if len(found) - len(empty[kind]) < made[kind]} == {}
    assert answering(own_place, recorded) == {
        one["urn"] for one in recorded if one["type"] in ASKED and RESOURCES[one["type"]].is_emulated(one["inputs"])
    }
    destroyed = act(lifecycle.destroy, own_place)
    assert destroyed.succeeded, destroyed.text
    assert destroyed.resources == 0
    assert holdings(own_place) == empty
    assert answering(own_place, recorded) == set()


@pytest.mark.parametrize("stack", ["staging", "prod"])
def test_staging_and_prod_are_made_as_planned_keep_their_data_and_take_another_table_while_an_evolution_runs(
    act: Run, own_place: Path, plan: Any, stack: str
) -> None:
    made = act(lifecycle.up, own_place, stack)
    assert made.succeeded, made.text
    planned = plan(stack)
    assert made.operations == dict.fromkeys((resource.urn for resource in planned.resources), "create")
    assert made.outputs == as_planned(made.outputs, planned.outputs, stack)

    before = holdings(own_place, stack)
    with pytest.raises(LocalError, match=r"data-artifacts, .*data-state.* Nothing was destroyed\. .*`make clean`"):
        act(lifecycle.destroy, own_place, stack)
    assert holdings(own_place, stack) == before, "nothing else goes either"

    client = clients(own_place, stack)
    event = json.dumps({"scheduled_time": "2026-11-24T06:00:00Z"})
    begun = json.loads(client("lambda").invoke(FunctionName=f"evolution-trigger-{stack}", Payload=event)["Payload"].read())
    assert begun["outcome"] == "started"
    engine: dict[str, Any] = {"cluster": f"evolution-system-{stack}", "services": [f"evolution-engine-{stack}"]}
    client("ecs").update_service(cluster=engine["cluster"], service=engine["services"][0], desiredCount=5)  # as the autoscaler does
    old = client("ecs").describe_services(**engine)["services"][0]
    table, expected = together(stack)
    pack = stack == "staging"  # tests/test_rows.py asks it about every change of prod's
    changed = act(partial(lifecycle.up, pack=pack), own_place, stack, edits=table)
    assert changed.succeeded, changed.text
    assert operations(changed.operations) == expected
    new = client("ecs").describe_services(**engine, include=["TAGS"])["services"][0]
    assert new["desiredCount"] == 5
    assert new["taskDefinition"] != old["taskDefinition"]
    revisions = client("ecs").list_task_definitions(familyPrefix=f"evolution-engine-{stack}", status="ACTIVE")["taskDefinitionArns"]
    assert set(revisions) == {old["taskDefinition"], new["taskDefinition"]}, "a rollback finds the revision before"
    assert {"key": "Autonomy", "value": str(table["autonomy_percent"])} in new["tags"]
    alarms = client("cloudwatch").describe_alarms()["MetricAlarms"]
    assert [one["Threshold"] for one in alarms if one.get("MetricName") == "AutonomyPercentage"] == [table["autonomy_percent"]]
    steps = [changed.text.index(f"MetricAlarm monitoring-autonomy {step}") for step in ("deleted original", "created replacement")]
    assert steps == sorted(steps), "put under a name that is there, it would be an update: an alarm that is awake, and the old tasks' level"
    secret = f"EvolutionSafetyConfig-{stack}"
    versions = [client("secretsmanager").get_secret_value(SecretId=secret, VersionStage=f"AWS{one}") for one in ("CURRENT", "PREVIOUS")]
    thresholds = [str(one["safety_score_minimum"]) for one in (table, table_of(stack))]
    assert [json.loads(one["SecretString"])["safety_threshold"] for one in versions] == thresholds, "a new version, though it is protected"
    header = client("dynamodb").get_item(
        TableName=f"evolution-state-{stack}", Key={"evolution_id": {"S": "evo-20261124T060000Z"}, "generation": {"N": "0"}}
    )["Item"]
    assert header["status"] == {"S": "running"}
    assert header["generations"] == {"N": str(table_of(stack)["generations"])}, "as it was begun"
    assert client("ssm").get_parameter(Name=f"/evolution/{stack}/mode")["Parameter"]["Value"] == "running"

    if stack == "staging":  # prod has every type that staging has, and what follows is about types
        assert {one.type for one in planned.resources} <= {one.type for one in plan("prod").resources}
        return
    refreshed = act(lifecycle.refresh, own_place, stack, edits=table)
    assert (refreshed.succeeded, refreshed.changes) == (True, {"same": made.resources}), refreshed.text
    again = act(partial(lifecycle.up, pack=False), own_place, stack, edits=table)
    assert (again.succeeded, again.operations) == (True, {}), again.text


def test_what_the_pack_refuses_is_not_begun(act: Run, own_place: Path) -> None:
    refused = act(lifecycle.up, own_place, edits={"autonomy_percent": 80})
    assert not refused.succeeded
    assert "autonomy" in refused.text
    assert refused.resources == 0
    assert holdings(own_place)["aws:iam/role:Role"] == []


def test_outputs_of_a_stack_that_is_not_up_say_what_to_do(own_place: Path) -> None:
    with pytest.raises(LocalError, match="`make up STACK=dev` first"):
        lifecycle.outputs(lifecycle.Target(stack="dev", place=own_place))


def test_an_emulator_that_is_not_installed_is_one_error(own_place: Path, tmp_path: Path) -> None:
    with pytest.raises(LocalError, match=r"isn't installed in .* Run `make up`"):
        emulator.start(own_place, "dev", tmp_path / "none")


def test_a_port_that_somebody_takes_at_the_last_moment_costs_a_second_try(own_place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as somebody:
        somebody.bind(("127.0.0.1", 0))
        somebody.listen()
        free: Callable[[Any], int] = getattr(emulator, "_free_port")  # noqa: B009 (private, and replaced for this test alone)
        ports = [somebody.getsockname()[1]]

        def first_a_taken_one(before: Any) -> int:
            return ports.pop() if ports else free(before)

        monkeypatch.setattr(emulator, "_free_port", first_a_taken_one)
        assert emulator.find(own_place, "dev") is None
        emulator.start(own_place, "dev", VENV)
    assert (emulator.find(own_place, "dev") is not None, ports) == (True, [])


def test_outputs_are_those_of_the_last_up(brought_up: BroughtUp) -> None:
    where = lifecycle.Target(stack="dev", place=brought_up.place)
    assert json.dumps(lifecycle.outputs(where)) == json.dumps(brought_up.first.outputs)
    assert previews.ROOT not in brought_up.place.parents, "the tests leave the checkout alone"
