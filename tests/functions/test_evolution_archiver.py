"""The archiver: one object a finished evolution, whatever comes twice; and nothing is lost that can't be read or kept."""

from __future__ import annotations

import base64
import gzip
import json
from typing import Any

import pytest

from common.results import FunctionError
from tests.functions.world import ConnectTimeoutError, FakeApiError, FakeAws, LambdaContext, load

FUNCTION = "evolution_archiver"
ID = "evo-20261124T060000Z"
KEY = f"evolutions/{ID}.json"

archive = load(FUNCTION)

CHAMPION = {
    "M": {
        "agent_id": {"S": "a1"},
        "fitness": {"N": "0.9375"},
        "island": {"N": "2"},
        "generation": {"N": "10"},
        "key": {"S": "champions/a1"},
        "sha256": {"S": "00ff"},
    }
}


END: dict[str, Any] = {"finished_at": {"S": "2026-11-24T06:30:00Z"}, "champion": CHAMPION, "deterministic": {"BOOL": True}}


def header(status: str = "finished", **more: Any) -> dict[str, Any]:
    return {
        "evolution_id": {"S": ID},
        "generation": {"N": "0"},
        "kind": {"S": "evolution"},
        "version": {"N": "1"},
        "status": {"S": status},
        "started_at": {"S": "2026-11-24T06:00:01Z"},
        "seed": {"N": "4294967295"},
        "generations": {"N": "10"},
        **(END if status == "finished" else {}),
        **more,
    }


def record(new: Any = None, old: Any = None, number: str = "100", event: str = "MODIFY") -> dict[str, Any]:
    images = {"NewImage": new} if new is not None else {}
    images |= {"OldImage": old} if old is not None else {}
    return {"eventID": number, "eventName": event, "eventSource": "aws:dynamodb", "dynamodb": {"SequenceNumber": number, **images}}


def finished(number: str = "100", **more: Any) -> dict[str, Any]:
    return record(header(**more), header("running"), number)


def batch(*records: Any) -> dict[str, Any]:
    return {"Records": list(records)}


def test_a_finished_evolution_is_one_object_of_canonical_json(world: FakeAws) -> None:
    answer = archive(batch(finished()), LambdaContext())
    assert (answer["archived"], answer["batchItemFailures"]) == (1, [])
    assert world.objects[KEY].decode() == (
        '{"champion":{"agent_id":"a1","fitness":0.9375,"generation":10,"island":2,"key":"champions/a1","sha256":"00ff"},'
        f'"deterministic":true,"evolution_id":"{ID}","finished_at":"2026-11-24T06:30:00Z","generation":0,"generations":10,'
        '"kind":"evolution","seed":4294967295,"started_at":"2026-11-24T06:00:01Z","status":"finished","version":1}\n'
    )
    (put,) = world.given("s3:PutObject")
    assert (put["IfNoneMatch"], put["ContentType"]) == ("*", "application/json")


def test_the_bounds_that_an_evolution_was_begun_with_are_kept_with_it(world: FakeAws) -> None:
    form = {"kind": {"S": "bounds"}, "version": {"N": "1"}}
    rows = {"islands": 4, "max_concurrent_agents": 1000, "agent_memory_bytes": 8192}
    bounds = {"M": {**form, **{name: {"N": str(value)} for name, value in rows.items()}}}
    answer = archive(batch(record(header("running", bounds=bounds), number="1"), finished("2", bounds=bounds)), LambdaContext())
    assert (answer["archived"], answer["skipped"], answer["dead_letters"]) == (1, 1, 0)
    assert json.loads(world.objects[KEY])["bounds"] == {"kind": "bounds", "version": 1, **rows}


def test_a_record_that_comes_twice_is_kept_once(world: FakeAws) -> None:
    archive(batch(finished()), LambdaContext())
    kept = world.objects[KEY]
    answer = archive(batch(finished()), LambdaContext())
    assert (answer["already_archived"], answer["batchItemFailures"]) == (1, [])
    assert world.objects == {KEY: kept}


def test_every_type_of_dynamodb_has_one_plain_form(world: FakeAws) -> None:
    more: dict[str, Any] = {
        "nothing": {"NULL": True},
        "list": {"L": [{"S": "a"}, {"N": "-3"}, {"B": "YQ=="}]},
        "texts": {"SS": ["b", "a"]},
        "numbers": {"NS": ["10", "2", "1.5"]},
        "large": {"N": "1E+3"},
    }
    archive(batch(finished(**more)), LambdaContext())
    kept = json.loads(world.objects[KEY])
    assert {key: kept[key] for key in more} == {
        "nothing": None,
        "list": ["a", -3, "YQ=="],
        "texts": ["a", "b"],
        "numbers": [1.5, 2, 10],
        "large": 1000.0,
    }


@pytest.mark.parametrize(
    "skipped",
    [
        record(header("running"), event="INSERT"),
        record(header("failed"), header("running")),
        record(header(), header()),
        record(old=header(), event="REMOVE"),
        record({"kind": {"S": "pointer"}, "version": {"N": "1"}, "status": {"S": "idle"}}),
        record({"kind": {"S": "generation"}, "version": {"N": "1"}, "evolution_id": {"S": ID}}),
    ],
    ids=["starts", "fails", "was finished before", "goes", "pointer", "generation"],
)
def test_what_has_not_just_finished_is_passed_over(world: FakeAws, skipped: dict[str, Any]) -> None:
    answer = archive(batch(skipped), LambdaContext())
    assert (answer["skipped"], answer["batchItemFailures"]) == (1, [])
    assert world.calls == []


UNREADABLE: dict[str, Any] = {
    "a number": 7,
    "of another source": {"s3": {"bucket": "b"}},
    "no sequence number": {"eventName": "MODIFY", "dynamodb": {"NewImage": header()}},
    "an unknown event": record(header(), event="RENAME"),
    "no image": record(),
    "an unknown kind": record(header(kind={"S": "lease"})),
    "an unknown version": finished(version={"N": "2"}),
    "no version": record({"kind": {"S": "evolution"}}),
    "a name that leads elsewhere": finished(evolution_id={"S": "../champions/a1"}),
    "no status": finished(status={"N": "1"}),
    "an unknown type": finished(champion={"X": 1}),
    "two types": finished(champion={"S": "a", "N": "1"}),
    "a number that is none": finished(seed={"N": "NaN"}),
    "a number that is a word": finished(seed={"N": "many"}),
}


@pytest.mark.parametrize("unreadable", UNREADABLE)
def test_a_record_that_cannot_be_read_goes_whole_to_the_queue_and_the_rest_is_done(world: FakeAws, unreadable: str, logged: Any) -> None:
    answer = archive(batch(UNREADABLE[unreadable], finished("101")), LambdaContext())
    assert (answer["dead_letters"], answer["archived"], answer["batchItemFailures"]) == (1, 1, [])
    (letter,) = world.letters
    assert letter["record"] == UNREADABLE[unreadable]
    assert letter["kind"] == "unreadable"
    assert [line["kind"] for line in logged() if line.get("advice")] == ["unreadable"]


def test_a_record_that_is_too_large_for_a_message_is_sent_compressed_and_whole(world: FakeAws) -> None:
    large = finished(version={"N": "2"}, ballast={"S": "x" * 400_000})
    archive(batch(large), LambdaContext())
    (letter,) = world.letters
    assert letter["encoding"] == "gzip+base64"
    assert json.loads(gzip.decompress(base64.b64decode(letter["record"]))) == large


@pytest.mark.parametrize("event", [{}, None, {"Records": []}, {"Records": "none"}, {"source": "schedule"}])
def test_an_event_that_is_no_batch_is_a_dead_letter_too(world: FakeAws, event: object) -> None:
    answer = archive(event, LambdaContext())
    assert (answer["dead_letters"], answer["batchItemFailures"]) == (1, [])
    assert world.letters[0]["record"] == event


@pytest.mark.parametrize(
    "fault",
    [
        FakeApiError("SlowDown", status=503),
        FakeApiError("InternalError", status=500),
        FakeApiError("ConditionalRequestConflict", status=409),
        ConnectTimeoutError(endpoint_url="https://s3.example"),
    ],
)
def test_a_passing_error_is_reported_and_nothing_after_it_is_done(world: FakeAws, fault: Exception) -> None:
    later = finished("102", evolution_id={"S": "evo-20261124T070000Z"})
    world.fail("s3:PutObject", fault)
    answer = archive(batch(UNREADABLE["an unknown kind"], finished("101"), later), LambdaContext())
    assert answer["batchItemFailures"] == [{"itemIdentifier": "101"}]
    assert (answer["outcome"], len(world.letters), len(world.given("s3:PutObject"))) == ("incomplete", 1, 1)


def test_a_bucket_that_refuses_for_good_makes_a_dead_letter(world: FakeAws) -> None:
    world.fail("s3:PutObject", FakeApiError("AccessDenied", status=403))
    answer = archive(batch(finished()), LambdaContext())
    assert (answer["dead_letters"], answer["batchItemFailures"]) == (1, [])
    assert world.letters[0]["kind"] == "denied"


def test_a_record_that_not_even_the_queue_takes_is_delivered_again(world: FakeAws) -> None:
    world.fail("sqs:SendMessage", FakeApiError("AWS.SimpleQueueService.NonExistentQueue"))
    answer = archive(batch(record(header(kind={"S": "lease"}))), LambdaContext())
    assert answer["batchItemFailures"] == [{"itemIdentifier": "100"}]


def test_a_record_without_a_place_that_not_even_the_queue_takes_fails_the_whole_batch(world: FakeAws) -> None:
    world.fail("sqs:SendMessage", FakeApiError("RequestThrottled"))
    with pytest.raises(FunctionError, match="sqs:SendMessage failed"):
        archive(batch(7), LambdaContext())
