"""Validation, over a small model: each kind of shape, each kind of fault, and where it was."""

from __future__ import annotations

from typing import Any

import pytest

from local.provider import models
from local.provider.models import Model, pattern
from local.provider.services import RESOURCES
from local.provider.shapes import faults
from local.provider.wire import UNKNOWN

MODEL = Model(
    "toy",
    {
        "operations": {"Make": {"input": {"shape": "MakeRequest"}}, "List": {}},
        "shapes": {
            "MakeRequest": {
                "type": "structure",
                "required": ["Name"],
                "members": {
                    "Name": {"shape": "Name"},
                    "Mode": {"shape": "Mode"},
                    "Count": {"shape": "Count"},
                    "Ratio": {"shape": "Ratio"},
                    "Names": {"shape": "Names"},
                    "Tags": {"shape": "Tags"},
                    "On": {"shape": "On"},
                    "Choice": {"shape": "Choice"},
                    "Bytes": {"shape": "Bytes"},
                    "Since": {"shape": "Since"},
                    "Anything": {"shape": "Anything"},
                    "Again": {"shape": "MakeRequest"},
                    "Odd": {"shape": "Odd"},
                },
            },
            "Name": {"type": "string", "min": 2, "max": 8, "pattern": "[a-z]+"},
            "Mode": {"type": "string", "enum": ["Fast", "Slow"]},
            "Count": {"type": "integer", "min": 1, "max": 9},
            "Ratio": {"type": "double", "min": 0, "max": 1},
            "Names": {"type": "list", "member": {"shape": "Name"}, "min": 1, "max": 2},
            "Tags": {"type": "map", "key": {"shape": "Name"}, "value": {"shape": "Name"}, "max": 2},
            "On": {"type": "boolean"},
            "Choice": {"type": "structure", "union": True, "members": {"A": {"shape": "Name"}, "B": {"shape": "Name"}}},
            "Bytes": {"type": "blob", "max": 3},
            "Since": {"type": "timestamp"},
            "Anything": {"type": "structure", "document": True, "members": {}},
            "Odd": {"type": "string", "pattern": "(unclosed"},
        },
    },
)


@pytest.mark.parametrize(
    ("value", "path", "says"),
    [
        ({}, (), "Name is required"),
        ({"Name": "a"}, ("Name",), "at least 2 characters, not 1"),
        ({"Name": "abcdefghi"}, ("Name",), "at most 8 characters, not 9"),
        ({"Name": "abc1"}, ("Name",), "must match [a-z]+ as a whole"),
        ({"Name": 3}, ("Name",), "is a string"),
        ({"Name": "ab", "Mode": "fast"}, ("Mode",), "one of Fast, Slow; write Fast"),
        ({"Name": "ab", "Mode": "?"}, ("Mode",), "write one of them"),
        ({"Name": "ab", "Count": 0}, ("Count",), "at least 1; write 1 or more"),
        ({"Name": "ab", "Count": 10}, ("Count",), "at most 9; write 9 or less"),
        ({"Name": "ab", "Count": 1.5}, ("Count",), "is a whole number"),
        ({"Name": "ab", "Count": True}, ("Count",), "is a whole number"),
        ({"Name": "ab", "Ratio": 1.1}, ("Ratio",), "at most 1"),
        ({"Name": "ab", "Ratio": "1"}, ("Ratio",), "is a number"),
        ({"Name": "ab", "Names": []}, ("Names",), "at least 1 items, not 0"),
        ({"Name": "ab", "Names": ["ab", "B!"]}, ("Names", 1), "must match"),
        ({"Name": "ab", "Names": "ab"}, ("Names",), "is a list"),
        ({"Name": "ab", "Tags": {"ab": "C!"}}, ("Tags", "ab"), "must match"),
        ({"Name": "ab", "Tags": {"C!": "ab"}}, ("Tags", "C!"), "must match"),
        ({"Name": "ab", "Tags": dict.fromkeys(("ab", "cd", "ef"), "ab")}, ("Tags",), "at most 2 entries"),
        ({"Name": "ab", "Tags": []}, ("Tags",), "is a map"),
        ({"Name": "ab", "On": "true"}, ("On",), "true or false"),
        ({"Name": "ab", "Choice": {}}, ("Choice",), "exactly one of A, B"),
        ({"Name": "ab", "Choice": {"A": "ab", "B": "ab"}}, ("Choice",), "exactly one of A, B"),
        ({"Name": "ab", "Bytes": "abcd"}, ("Bytes",), "at most 3 bytes"),
        ({"Name": "ab", "Bytes": 1}, ("Bytes",), "sequence of bytes"),
        ({"Name": "ab", "Since": []}, ("Since",), "is a time"),
        ({"Name": "ab", "Other": 1}, ("Other",), "has no member Other"),
        ({"Name": "ab", "Again": {"Name": "a"}}, ("Again", "Name"), "at least 2"),
        ({"Name": "ab", "Again": []}, ("Again",), "is an object"),
        ({"Name": "ab", "Odd": "x"}, ("Odd",), "can't be decided here"),
    ],
)
def test_each_fault_is_found_where_it_is(value: dict[str, Any], path: tuple[str | int, ...], says: str) -> None:
    found = list(faults(MODEL, "MakeRequest", value))
    assert [fault.path for fault in found] == [path]
    assert says in found[0].says


@pytest.mark.parametrize(
    "value",
    [
        {"Name": "ab", "Mode": "Slow", "Count": 9, "Ratio": 0, "Names": ["ab"], "Tags": {"ab": "cd"}, "On": False},
        {"Name": "ab", "Choice": {"A": "ab"}, "Bytes": b"abc", "Since": "2026-01-31T00:00:00Z", "Anything": {"x": [1]}},
        {"Name": UNKNOWN, "Mode": UNKNOWN, "Names": UNKNOWN, "Tags": {"ab": UNKNOWN}, "Choice": UNKNOWN},
    ],
)
def test_what_fits_is_taken(value: dict[str, Any]) -> None:
    assert list(faults(MODEL, "MakeRequest", value)) == []


def test_every_fault_is_told_not_only_the_first() -> None:
    assert len(list(faults(MODEL, "MakeRequest", {"Mode": "x", "Count": 0}))) == 3


def test_an_operation_that_does_not_exist_is_a_fault_of_an_entry() -> None:
    with pytest.raises(LookupError, match="toy has no operation Mkae"):
        MODEL.input_of("Mkae")


IN_USE = {call.operation.partition(":")[0] for resource in RESOURCES.values() for call in resource.calls}


@pytest.mark.parametrize("service", sorted(IN_USE))
def test_every_pattern_of_the_services_in_use_can_be_read(service: str) -> None:
    """One that can't is refused at Check, so that nothing passes unjudged; here it would be seen first."""
    model: Any = models.load(service)
    for shape in model._shapes.values():
        if "pattern" in shape:
            assert pattern(shape["pattern"])


@pytest.mark.parametrize("service", sorted(IN_USE))
def test_a_model_is_read_as_botocore_reads_it(service: str) -> None:
    unused: Any = models.loader.__wrapped__()  # a client's first call changes the addresses in the model that its loader keeps
    assert models.document(service) == unused.load_service_model(service, "service-2")


def test_characters_beyond_the_basic_plane_are_read_as_java_writes_them() -> None:
    everything = r"[\u0020-\uD7FF\uE000-\uFFFD\uD800\uDC00-\uDBFF\uDFFF\r\n\t]*"
    assert pattern(everything).fullmatch("a name \N{DNA DOUBLE HELIX}\n")
    assert not pattern(everything).fullmatch("a bell \a")


def test_only_botocores_own_models_are_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    """A file under ~/.aws/models or AWS_DATA_PATH would otherwise decide what AWS accepts."""
    planted = tmp_path / ".aws" / "models" / "sns" / "2099-01-01"
    planted.mkdir(parents=True)
    (planted / "service-2.json").write_text("{}", encoding="utf-8")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_DATA_PATH", str(tmp_path / ".aws" / "models"))
    fresh: Any = models
    fresh._models.clear()
    fresh.loader.cache_clear()
    assert models.load("sns").input_of("CreateTopic") == "CreateTopicInput"
