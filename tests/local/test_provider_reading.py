"""What a refresh takes for a difference, and what it doesn't."""

from __future__ import annotations

import json
from typing import Any

import pytest

from local.provider.reading import Field, as_properties, pairs, reconciled

ALLOW = {"Effect": "Allow", "Action": "s3:GetObject"}


@pytest.mark.parametrize(
    ("recorded", "seen"),
    [
        (0.8, "0.8"),
        (3, 3.0),
        (True, "true"),
        ("/ping", b"/ping"),
        (None, False),
        (None, []),
        ({"days": 30}, {"days": 30, "date": None}),
        (None, {"days": None}),
        ({"allow": {}}, {"allow": {}, "block": None}),
        (["b", "a"], ["a", "b"]),
        (json.dumps({"Statement": [ALLOW]}), {"Statement": [ALLOW]}),
        ('{"Statement":  []}', '{"Statement": []}'),
        ([{"id": "expire"}], [{"id": "expire", "date": ""}]),
        ({"own": "only the program knows it"}, {}),
    ],
)
def test_what_means_the_same_keeps_the_words_of_the_program(recorded: Any, seen: Any) -> None:
    assert reconciled(recorded, seen) == recorded


@pytest.mark.parametrize(
    ("recorded", "seen", "becomes"),
    [
        (0.8, 0.7, 0.7),
        (True, False, False),
        ("arn:a", None, None),
        ({"allow": {}}, {"allow": None, "block": {}}, {"block": {}}),
        ({"enabled": True, "key": "a"}, {"enabled": True, "key": None}, {"enabled": True}),
        (["a"], ["a", "b"], ["a", "b"]),
        ([], [{"protocol": "-1"}], [{"protocol": "-1"}]),
        ('{"Statement": []}', {"Statement": [ALLOW]}, json.dumps({"Statement": [ALLOW]})),
        ({"a": "1"}, {"a": "1", "b": "2"}, {"a": "1", "b": "2"}),
    ],
)
def test_what_means_something_else_is_taken_as_it_is(recorded: Any, seen: Any, becomes: Any) -> None:
    assert reconciled(recorded, seen) == becomes


def test_a_key_that_is_there_no_more_is_missed_where_the_program_writes_all_of_it() -> None:
    recorded, there = {"a": "1", "b": "2"}, {"a": "1"}
    assert Field("it", whole=True).reconciled(recorded, there) == there
    assert Field("it").reconciled(recorded, there) == recorded, "AWS often doesn't tell"


def test_tags_come_in_every_form_that_services_give_them_and_awss_own_are_left_out() -> None:
    assert pairs([{"Key": "a", "Value": "1"}, {"Key": "aws:b", "Value": "2"}]) == {"a": "1"}
    assert pairs([{"TagKey": "a", "TagValue": "1"}]) == {"a": "1"}
    assert pairs({"a": "1"}) == {"a": "1"}
    assert pairs(None) == {}


def test_bytes_are_told_as_the_text_that_a_program_writes() -> None:
    assert as_properties({"ByteMatchStatement": {"SearchString": b"/ping"}}) == {"byteMatchStatement": {"searchString": "/ping"}}
