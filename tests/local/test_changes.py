"""Changes of a deployed stack, and what goes wrong around one: each with the real engine and an emulator of its own."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from local import LocalError, lifecycle
from tests.local.conftest import Run, clients
from tests.test_stacks import ENFORCES

STAGES = ("CURRENT", "PREVIOUS")


def changed(outcome: lifecycle.Outcome) -> dict[str, set[str]]:
    """The names of what was done, by operation; the provider's own entry follows its default tags."""
    found: dict[str, set[str]] = {}
    for urn, operation in outcome.operations.items():
        found.setdefault(operation, set()).add(urn.rpartition("::")[2])
    return found


def test_a_change_of_the_level_changes_what_enforces_it_and_never_the_desired_count(act: Run, own_place: Path) -> None:
    assert act(lifecycle.up, own_place, "prod").succeeded
    client = clients(own_place, "prod")
    ecs = client("ecs")
    engine_service: dict[str, Any] = {"cluster": "evolution-system-prod", "services": ["evolution-engine-prod"]}
    ecs.update_service(cluster="evolution-system-prod", service="evolution-engine-prod", desiredCount=5)  # as the autoscaler does
    before = ecs.describe_services(**engine_service)["services"][0]
    lowered = act(lifecycle.up, own_place, "prod", edits={"autonomy_percent": 74})
    assert lowered.succeeded, lowered.text
    follows = {"monitoring-dashboard", "agentcore-runtime-endpoint"}
    done = {
        "update": (ENFORCES | follows) - {"compute-engine-task"},
        "delete-replaced": {"compute-engine-task"},
        "create-replacement": {"monitoring-autonomy"},
    }
    assert changed(lowered) == done, "nothing that holds data is replaced"
    assert sum(map(len, done.values())) <= 15
    steps = [lowered.text.index(f"MetricAlarm monitoring-autonomy {step}") for step in ("deleted original", "created replacement")]
    assert steps == sorted(steps), "put under a name that is there, it would be an update: an alarm that is awake, and the old tasks' level"
    after = ecs.describe_services(**engine_service, include=["TAGS"])["services"][0]
    assert after["desiredCount"] == 5
    assert after["taskDefinition"] != before["taskDefinition"]
    revisions = ecs.list_task_definitions(familyPrefix="evolution-engine-prod", status="ACTIVE")["taskDefinitionArns"]
    assert set(revisions) == {before["taskDefinition"], after["taskDefinition"]}, "a rollback finds the revision before"
    assert {"key": "Autonomy", "value": "74"} in after["tags"]
    alarms = client("cloudwatch").describe_alarms()["MetricAlarms"]
    assert [alarm["Threshold"] for alarm in alarms if alarm.get("MetricName") == "AutonomyPercentage"] == [74.0]


def test_a_new_threshold_is_a_new_version_of_the_secret_even_where_the_secret_is_protected(act: Run, own_place: Path) -> None:
    first = act(lifecycle.up, own_place, "staging")
    assert first.succeeded, first.text
    raised = act(lifecycle.up, own_place, "staging", edits={"safety_score_minimum": 0.85})
    assert raised.succeeded, raised.text
    assert {name for names in changed(raised).values() for name in names if name.startswith("security-")} == {
        "security-safety-settings-value"
    }
    secrets = clients(own_place, "staging")("secretsmanager")
    versions = [secrets.get_secret_value(SecretId="EvolutionSafetyConfig-staging", VersionStage=f"AWS{stage}") for stage in STAGES]
    assert [json.loads(one["SecretString"])["safety_threshold"] for one in versions] == ["0.85", "0.8"]


def test_of_two_ups_at_once_one_is_refused(act: Run, own_place: Path) -> None:
    outcomes: list[Any] = []

    def one() -> None:
        try:
            outcomes.append(act(lifecycle.up, own_place, image="none"))
        except LocalError as error:
            outcomes.append(error)

    first = threading.Thread(target=one)
    first.start()
    while not (own_place / "lock").exists():
        time.sleep(0.05)
    with pytest.raises(LocalError, match="another local run"):
        act(lifecycle.up, own_place, image="none")
    first.join()
    assert outcomes[0].succeeded, outcomes


def test_with_the_first_image_the_alarms_that_fail_closed_are_made_anew_before_the_old_ones_go(act: Run, own_place: Path) -> None:
    """An alarm warms up only when it is made, and CloudWatch refuses to delete one that a composite depends on."""
    first = act(lifecycle.up, own_place, image="none")
    assert first.succeeded, first.text
    cloudwatch = clients(own_place)("cloudwatch")
    before = {alarm["AlarmName"] for alarm in cloudwatch.describe_alarms()["MetricAlarms"]}
    assert {name for name in before if "-idle-" in name} >= {"evolution-safety-score-idle-dev", "evolution-safety-score-worst-idle-dev"}
    imaged = act(lifecycle.up, own_place)
    assert imaged.succeeded, imaged.text
    alarms = {alarm["AlarmName"]: alarm for alarm in cloudwatch.describe_alarms()["MetricAlarms"]}
    assert alarms["evolution-safety-score-dev"]["TreatMissingData"] == "breaching"
    assert not [name for name in alarms if "-idle-" in name]
    [unsafe] = cloudwatch.describe_alarms(AlarmTypes=["CompositeAlarm"])["CompositeAlarms"]
    assert "-idle-" not in unsafe["AlarmRule"]
    steps = [
        "MetricAlarm monitoring-safety-score created replacement",
        "CompositeAlarm monitoring-unsafe updated",
        "MetricAlarm monitoring-safety-score deleted original",
    ]
    places = [imaged.text.index(step) for step in steps]
    assert places == sorted(places), "the composite must lead to the new alarm before the old one goes"
