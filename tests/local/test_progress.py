"""Long work shows that it is alive, in a few lines."""

from __future__ import annotations

import time
from typing import Any

import pytest
from pulumi.automation.events import EngineEvent

from local.progress import EVERY_SECONDS, Progress, worth_showing

URN = "urn:pulumi:dev::evolution-system::evolution:data:Data"


def event(kind: str, urn: str) -> EngineEvent:
    metadata: dict[str, Any] = {"op": "create", "urn": urn, "type": "", "provider": ""}
    return EngineEvent.from_json({"sequence": 1, "timestamp": 1, kind: {"metadata": metadata}})  # pyright: ignore[reportUnknownMemberType]


@pytest.mark.parametrize(
    "line",
    [
        "Updating (dev):",
        " ~  aws:ecs:Service compute-engine-service updated (0.1s) [diff: ~taskDefinition]",
        " \x1b[38;5;3m~ \x1b[0m aws:ecs:Service compute-engine-service \x1b[38;5;3mupdated (0.1s)\x1b[0m [diff: \x1b[38;5;3m~tags\x1b[0m]",
        " ++ aws:ecs:TaskDefinition compute-engine-task created replacement (0.2s) [diff: ~containerDefinitions]",
        " -- aws:ecs:TaskDefinition compute-engine-task deleted original (0.2s)",
        "  aws:ec2:FlowLog (logs):",
        "    error: iamRoleArn refers to arn:aws:iam::000000000000:role/late-dev, which isn't made yet.",
        "    + 137 created",
        "",
    ],
)
def test_changes_faults_and_sums_are_shown(line: str) -> None:
    assert worth_showing(line)


@pytest.mark.parametrize(
    "line",
    [
        " +  aws:kms:Key security-key creating (0s)",
        " +  aws:kms:Key security-key created (0.3s)",
        " \x1b[1m\x1b[38;5;2m+ \x1b[0m aws:kms:Key security-key \x1b[1m\x1b[38;5;2mcreating (0s)\x1b[0m",
        " ~  aws:ecs:Service compute-engine-service updating (0s) [diff: ~taskDefinition]",
        " -  aws:kms:Key security-key deleted (0.3s)",
        " +- aws:ecs:TaskDefinition compute-engine-task replaced (0.00s) [diff: ~containerDefinitions]",
        "    pulumi:pulumi:Stack evolution-system-dev running",
        " +  aws:cloudwatch:MetricAlarm monitoring-switch-updated created (0.1s)",
    ],
)
def test_what_begins_and_what_is_made_or_removed_is_counted_instead(line: str) -> None:
    assert not worth_showing(line)


def test_a_line_says_how_many_are_done_and_what_is_waited_for() -> None:
    progress = Progress("dev: up", 3)
    assert progress.line() == "dev: up, 0 of 3 resources, 0 s"
    for kind, name in (
        ("resourcePreEvent", f"{URN}::data"),
        ("resourcePreEvent", f"{URN}$aws:dynamodb/table:Table::data-state"),
        ("resourcePreEvent", f"{URN}$aws:s3/bucket:Bucket::data-artifacts"),
        ("resOutputsEvent", f"{URN}$aws:s3/bucket:Bucket::data-artifacts"),
        ("resOutputsEvent", f"{URN}$aws:s3/bucket:Bucket::data-artifacts"),
    ):
        progress.count(event(kind, name))
    assert progress.line() == "dev: up, 1 of 3 resources, 0 s, now data-state"
    progress.count(event("resOpFailedEvent", f"{URN}$aws:dynamodb/table:Table::data-state"))
    assert progress.line() == "dev: up, 2 of 3 resources, 0 s"


def test_without_a_plan_there_is_no_total() -> None:
    assert Progress("dev: preview").line() == "dev: preview, 0 resources, 0 s"


def test_the_line_comes_again_until_the_work_has_ended() -> None:
    said: list[str] = []
    with Progress("dev: up", 3).shown(said.append, every=0.01):
        time.sleep(0.2)
    told = len(said)
    assert told >= 2
    time.sleep(0.05)
    assert len(said) == told


def test_short_or_finished_work_says_nothing() -> None:
    said: list[str] = []
    with Progress("dev: up").shown(said.append):
        pass
    done = Progress("dev: up", 1)
    done.count(event("resOutputsEvent", f"{URN}::data"))
    with done.shown(said.append, every=0.01):
        time.sleep(0.05)
    assert said == []
    assert 2 <= EVERY_SECONDS <= 5
