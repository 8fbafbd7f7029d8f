"""Every function as the Lambda that is deployed: packed by the program, invoked through the emulator, with all that it talks to.

One system serves all of these tests, one after the other; each finds it running, safe and empty.
"""

from __future__ import annotations

import io
import json
import time
import urllib.request
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tests.local.system import ACCOUNT, BUCKET, ENGINE, STACK, TABLE, TOPIC, UNSAFE, Halt, System, stub, until

FUNCTIONS = Path(__file__).parents[2] / "functions"

FOLDERS = {
    "evolution-trigger": "evolution_trigger",
    "evolution-safety-switch": "safety_switch",
    "evolution-resume": "resume",
    "evolution-archiver": "evolution_archiver",
    "evolution-agentcore-handler": "agentcore_handler",
}

FREE = Halt(mode="running", bounds=(ENGINE.minimum, ENGINE.maximum, False), desired=ENGINE.desired)
HALTED = Halt(mode="halted", bounds=(0, ENGINE.maximum, True), desired=0)

MORNING, NOON = "2026-11-24T06:00:00Z", "2026-11-24T12:00:00Z"
ID = "evo-20261124T060000Z"


def kinds(lines: list[dict[str, Any]]) -> list[str]:
    """What was wrong, of the lines that say what to do about it."""
    return [line["kind"] for line in lines if line.get("advice")]


@pytest.mark.parametrize("function", FOLDERS)
def test_what_is_deployed_is_the_functions_folder_and_the_shared_package_and_nothing_else(system: System, function: str) -> None:
    where = system("lambda").get_function(FunctionName=f"{function}-{STACK}")["Code"]["Location"]
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(where) as answer:
        archive = zipfile.ZipFile(io.BytesIO(answer.read()))
    own = {path.name: path for path in (FUNCTIONS / FOLDERS[function]).glob("*.py")}
    shared = {f"common/{path.name}": path for path in (FUNCTIONS / "common").glob("*.py")}
    assert {name: archive.read(name) for name in archive.namelist()} == {
        name: path.read_bytes() for name, path in {**own, **shared}.items()
    }


# The trigger.


def test_the_trigger_starts_one_evolution_and_no_second_one(system: System) -> None:
    started = system.invoke("evolution-trigger", {"scheduled_time": MORNING})
    assert started.answer["outcome"] == "started"
    assert system.item("current") == {
        "evolution_id": {"S": "current"},
        "generation": {"N": "0"},
        "kind": {"S": "pointer"},
        "version": {"N": "1"},
        "status": {"S": "running"},
        "active": {"S": ID},
    }
    before = system.item(ID)
    assert before
    assert system.invoke("evolution-trigger", {"scheduled_time": MORNING}).answer["outcome"] == "already_started"
    assert system.invoke("evolution-trigger", {"scheduled_time": NOON}).answer["outcome"] == "already_running"
    assert system.item(ID) == before
    assert len(system("dynamodb").scan(TableName=TABLE)["Items"]) == 2


@pytest.mark.parametrize("event", [{}, "now", {"scheduled_time": "tomorrow"}])
def test_the_trigger_refuses_an_event_that_is_not_its_schedules(system: System, event: object) -> None:
    refused = system.invoke("evolution-trigger", event)
    assert (refused.failed, refused.answer["kind"], kinds(refused.log)) == (False, "bad_event", ["bad_event"])


def test_the_trigger_starts_nothing_while_evolution_is_halted(system: System) -> None:
    system("ssm").put_parameter(Name=f"/evolution/{STACK}/mode", Value="halted", Overwrite=True)
    refused = system.invoke("evolution-trigger", {"scheduled_time": MORNING})
    assert (refused.answer["kind"], kinds(refused.log)) == ("halted", ["halted"])
    assert system.item("current") is None


# The archiver.


def finish(system: System, name: str) -> None:
    """What the engine does at the end, as far as the archiver sees it."""
    system("dynamodb").update_item(
        TableName=TABLE,
        Key={"evolution_id": {"S": name}, "generation": {"N": "0"}},
        UpdateExpression="SET #status = :finished, champion = :champion",
        ExpressionAttributeNames={"#status": "status"},
        ExpressionAttributeValues={":finished": {"S": "finished"}, ":champion": {"M": {"fitness": {"N": "0.9375"}}}},
    )


def test_a_finished_evolution_is_archived_through_the_stream(system: System) -> None:
    system.invoke("evolution-trigger", {"scheduled_time": MORNING})
    finish(system, ID)
    until(lambda: system.archived() == [f"evolutions/{ID}.json"])
    kept = json.loads(system("s3").get_object(Bucket=BUCKET, Key=f"evolutions/{ID}.json")["Body"].read())
    assert (kept["evolution_id"], kept["status"], kept["champion"]) == (ID, "finished", {"fitness": 0.9375})


def test_a_record_of_an_unknown_shape_is_a_dead_letter_and_the_next_one_is_archived(system: System) -> None:
    strange = {"evolution_id": {"S": "lease-1"}, "generation": {"N": "0"}, "kind": {"S": "lease"}, "version": {"N": "1"}}
    system("dynamodb").put_item(TableName=TABLE, Item=strange)
    system.invoke("evolution-trigger", {"scheduled_time": MORNING})
    finish(system, ID)
    until(lambda: system.archived() == [f"evolutions/{ID}.json"])
    letters: list[dict[str, Any]] = []
    until(lambda: letters.extend(system.letters()) or letters)
    (letter,) = letters
    assert letter["kind"] == "unreadable"
    assert letter["record"]["dynamodb"]["NewImage"] == strange


def record(name: str, number: str) -> dict[str, Any]:
    def image(status: str) -> dict[str, Any]:
        item = {"evolution_id": {"S": name}, "generation": {"N": "0"}, "kind": {"S": "evolution"}, "version": {"N": "1"}}
        return {**item, "status": {"S": status}}

    change = {"SequenceNumber": number, "NewImage": image("finished"), "OldImage": image("running")}
    return {"eventName": "MODIFY", "eventSource": "aws:dynamodb", "dynamodb": change}


def test_a_record_that_comes_twice_is_archived_once(system: System) -> None:
    event = {"Records": [record(ID, "1"), record(ID, "1")]}
    first = system.invoke("evolution-archiver", event)
    assert (first.answer["archived"], first.answer["already_archived"], first.answer["batchItemFailures"]) == (1, 1, [])
    again = system.invoke("evolution-archiver", event)
    assert (again.answer["archived"], again.answer["already_archived"]) == (0, 2)
    assert len(system("s3").list_object_versions(Bucket=BUCKET)["Versions"]) == 1


def test_a_bucket_that_is_overloaded_has_the_batch_delivered_again_from_there(system: System) -> None:
    busy = b"<Error><Code>SlowDown</Code><Message>Reduce your request rate.</Message></Error>"
    with stub(503, busy, "application/xml") as bucket, system.told("evolution-archiver", AWS_ENDPOINT_URL_S3=bucket.url):
        done = system.invoke("evolution-archiver", {"Records": [record(ID, "1"), record("evo-20261124T120000Z", "2")]})
    assert (done.failed, done.answer["batchItemFailures"], kinds(done.log)) == (False, [{"itemIdentifier": "1"}], ["throttled"])
    assert len(bucket.requests) == 3, "three attempts, and nothing of the second record"
    assert system.letters() == []


def test_an_event_that_is_no_batch_is_a_dead_letter(system: System) -> None:
    done = system.invoke("evolution-archiver", {"hello": "world"})
    assert (done.failed, kinds(done.log)) == (False, ["unreadable"])
    assert [letter["record"] for letter in system.letters()] == [{"hello": "world"}]


# The switch and its counterpart.


def notification(message: object, topic: str = TOPIC) -> dict[str, Any]:
    return {"Records": [{"EventSource": "aws:sns", "Sns": {"TopicArn": topic, "Message": json.dumps(message)}}]}


FORGED: dict[str, tuple[object, list[str]]] = {
    "not an alarm": ({"hello": "world"}, ["not_an_alarm"]),
    "another stack's alarm": (notification({"AlarmName": "evolution-unsafe-prod", "AWSAccountId": ACCOUNT}), ["other_alarm"]),
    "another account's alarm": (
        notification({"AlarmName": f"evolution-unsafe-{STACK}", "AWSAccountId": "999999999999"}),
        ["other_account"],
    ),
    "another stack's topic": (notification({"AlarmName": "a"}, TOPIC.replace("-dev", "-prod")), ["other_topic"]),
}


@pytest.mark.parametrize("message", FORGED)
def test_a_forged_message_halts_nothing(system: System, message: str) -> None:
    event, expected = FORGED[message]
    woken = system.invoke("evolution-safety-switch", event)
    assert (woken.failed, woken.answer["outcome"], kinds(woken.log)) == (False, "safe", expected)
    assert system.halt() == FREE


def test_an_alarm_halts_through_the_topic_and_the_same_message_twice_changes_nothing(system: System) -> None:
    system.set_alarm("ALARM")
    until(lambda: system.halt() == HALTED)
    version = system("ssm").get_parameter(Name=f"/evolution/{STACK}/mode")["Parameter"]["Version"]
    for _ in range(2):
        woken = system.invoke("evolution-safety-switch", notification({"AlarmName": UNSAFE, "AWSAccountId": ACCOUNT}))
        assert [woken.answer[step] for step in ("outcome", "mode", "bounds", "desired")] == ["halted", "already", "already", "already"]
    assert system("ssm").get_parameter(Name=f"/evolution/{STACK}/mode")["Parameter"]["Version"] == version


def test_resume_restores_bounds_and_mode_once_the_alarm_is_ok_and_not_before(system: System) -> None:
    system.set_alarm("ALARM")
    until(lambda: system.halt() == HALTED)
    refused = system.invoke("evolution-resume", {"reason": "a test"})
    assert (refused.answer["outcome"], refused.answer["kind"]) == ("refused", "unsafe")
    assert system.halt() == HALTED
    system.set_alarm("OK")
    time.sleep(0.5)
    assert system.halt() == HALTED, "an OK resumes nothing"
    assert system.invoke("evolution-resume", {"reason": "a test"}).answer["outcome"] == "resumed"
    assert system.halt() == Halt(mode="running", bounds=(ENGINE.minimum, ENGINE.maximum, False), desired=ENGINE.minimum)


def test_resume_takes_no_force(system: System) -> None:
    refused = system.invoke("evolution-resume", {"force": True})
    assert (refused.answer["outcome"], kinds(refused.log)) == ("refused", ["bad_request"])
