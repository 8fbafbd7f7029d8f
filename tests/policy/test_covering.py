"""What is covered by approved statements: never more than they allow, held against an evaluator of IAM over small alphabets."""

from __future__ import annotations

import itertools
import json
import random
import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

import pytest

from covering import lacks, within
from documents import Statement, statements_of
from limits import configured
from rule import Resource

PAIRS = 20_000
SEED = 20261128

TEXTS = ["".join(letters) for length in range(6) for letters in itertools.product("abc", repeat=length)]
"""One letter more than the patterns have: the one that they don't name."""

PATTERNS = ["".join(pieces) for length in range(5) for pieces in itertools.product("ab*?", repeat=length)]


def as_expression(pattern: str, star: str = ".*") -> re.Pattern[str]:
    return re.compile("".join(star if one == "*" else "." if one == "?" else re.escape(one) for one in pattern), re.DOTALL)


def test_a_pattern_within_another_matches_no_text_more() -> None:
    """Every pair of the patterns of up to four pieces."""
    matched = {
        pattern: frozenset(text for text in TEXTS if expression.fullmatch(text))
        for pattern, expression in ((pattern, as_expression(pattern)) for pattern in PATTERNS)
    }
    said = unsaid = 0
    for inner, outer in itertools.product(PATTERNS, repeat=2):
        is_within = matched[inner] <= matched[outer]
        if within(inner, outer):
            assert is_within, f"{inner} isn't within {outer}"
            said += 1
        else:
            unsaid += is_within
    assert unsaid < said / 5, f"{unsaid} of {said + unsaid} aren't told, such as *a within *?"


# An evaluator of its own: small, slow, and by IAM's documentation.

PRINCIPALS = [("AWS", "arn:aws:iam::1:role/a"), ("AWS", "arn:aws:iam::1:root"), ("Service", "a.amazonaws.com")]
ACTIONS = ["s:a", "s:b", "s:ab", "t:a"]
RESOURCES = [
    "arn:aws:s:r:1:a",
    "arn:aws:s:r:1:b",
    "arn:aws:s:r:1:a:b",
    "arn:aws:s:q:1:a",
    "arn:aws:t:r:1:a",
    "arn:aws:s::r:1:a",
    "arn:aws:s:r:1:",
]
CONTEXTS: list[dict[str, list[str]]] = [
    {},
    *({"k": [value]} for value in ("a", "b", "ab", "true", "arn:aws:s:r:1:a", "arn:aws:s:q:1:a:b")),
    *({"k": values} for values in (["a", "b"], ["a", "ab"], ["c", "b"])),
    {"k": ["a"], "l": ["a"]},
    {"l": ["b"]},
]


@cache
def matches(pattern: str, text: str, by_part: bool) -> bool:
    """Whether a resource is one that a policy names, by either reading of `*`: of any text, or of one part of an ARN (but the last)."""
    missing = 5 - pattern.count(":")
    if missing > 0 and pattern != "*":
        pattern += ":*" * missing
    if not by_part or pattern == "*":
        return as_expression(pattern).fullmatch(text) is not None
    return all(as_expression(a).fullmatch(b) for a, b in zip(pattern.split(":", 5), text.split(":", 5), strict=True))


def evaluate(statement: Mapping[str, Any], by_part: bool) -> frozenset[tuple[int, int, int, int]]:
    """The requests that a statement is about."""

    def of(key: str, options: Sequence[str], matched: Callable[[str, str], bool]) -> list[int]:
        named = statement.get(key, statement.get(f"Not{key}", []))
        excepted = f"Not{key}" in statement
        return [index for index, one in enumerate(options) if any(matched(name, one) for name in named) != excepted]

    def is_principal(named: tuple[str, str], one: tuple[str, str]) -> bool:
        return named == one or (named == ("AWS", "*") and one[0] == "AWS")

    said = statement.get("Principal", statement.get("NotPrincipal", {}))
    who = [(kind, name) for kind, names in said.items() for name in names]
    excepted = "NotPrincipal" in statement
    principals = [index for index, one in enumerate(PRINCIPALS) if any(is_principal(named, one) for named in who) != excepted]

    def is_action(named: str, one: str) -> bool:
        return as_expression(named.lower()).fullmatch(one) is not None

    def is_resource(named: str, one: str) -> bool:
        return matches(named, one, by_part)

    actions, resources = of("Action", ACTIONS, is_action), of("Resource", RESOURCES, is_resource)
    contexts = [index for index, context in enumerate(CONTEXTS) if holds(statement.get("Condition", {}), context)]
    return frozenset(itertools.product(principals, actions, resources, contexts))


def holds(conditions: Mapping[str, Mapping[str, list[str]]], context: Mapping[str, list[str]]) -> bool:
    return all(_test(operator, values, context.get(key)) for operator, tests in conditions.items() for key, values in tests.items())


def _test(operator: str, wanted: list[str], given: list[str] | None) -> bool:
    of_several, _, operator = operator.rpartition(":")
    if operator == "Null":
        return any((value == "true") == (given is None) for value in wanted)
    if operator.endswith("IfExists"):
        if given is None:
            return of_several != "ForAnyValue"
        operator = operator.removesuffix("IfExists")
    negated = "Not" in operator
    if given is None:
        return (negated and of_several != "ForAnyValue") or of_several == "ForAllValues"

    def one(value: str) -> bool:
        match operator.replace("Not", ""):
            case "StringEquals" | "Bool":
                found = value in wanted
            case "StringLike":
                found = any(as_expression(pattern).fullmatch(value) for pattern in wanted)
            case _:
                found = any(value.count(":") > 4 and matches(pattern, value, True) for pattern in wanted)
        return found != negated

    every = of_several == "ForAllValues" or (negated and of_several != "ForAnyValue")
    return all(map(one, given)) if every else any(map(one, given))


OPERATORS = [
    f"{several}{operator}{end}"
    for several in ("", "ForAnyValue:", "ForAllValues:")
    for operator in ("StringEquals", "StringNotEquals", "StringLike", "StringNotLike", "ArnLike", "ArnNotEquals")
    for end in ("", "IfExists")
] + ["Null", "Bool"]
VALUES = {"Null": ["true", "false"], "Bool": ["true", "false"]}
ARNS = ["arn:aws:s:r:1:a", "arn:aws:s:*:1:a", "arn:aws:s:?:1:*", "arn:aws:*:*:*:*", "arn:aws:s", "*", "arn:aws:s:r:1:?", "arn:*:a"]


def drawn(random: random.Random) -> dict[str, Any]:
    """A statement."""

    def some(options: Sequence[Any], most: int = 2) -> list[Any]:
        return random.sample(options, random.randint(1, most))

    rarely = random.random() < 0.1
    principals: dict[str, list[str]] = {}
    for kind, name in some([*PRINCIPALS, ("AWS", "*")]):
        principals.setdefault(kind, []).append(name)
    statement: dict[str, Any] = {
        "Effect": "Allow",
        "NotPrincipal" if rarely and random.random() < 0.3 else "Principal": principals,
        "NotAction" if rarely and random.random() < 0.5 else "Action": some(
            ["s:a", "S:B", "s:*", "s:a*", "s:?", "*", "?:a", "t:*", "s:*?"]
        ),
        "NotResource" if rarely and random.random() < 0.5 else "Resource": some(ARNS),
    }
    for _ in range(random.choice((0, 0, 1, 1, 2))):
        operator = random.choice(OPERATORS)
        values = VALUES.get(operator, ARNS if "Arn" in operator else ["a", "b", "a*", "*", "?", "?*", "ab", "true"])
        statement.setdefault("Condition", {}).setdefault(operator, {})[random.choice("kkl")] = some(values)
    return statement


def changed(statement: dict[str, Any], random: random.Random) -> dict[str, Any]:
    """A statement that differs in one part, as a change of a document does; or none of it is as it was."""
    other = drawn(random)
    key = random.choice([*statement, "Condition", ""])
    if not key:
        return other
    parts = {one: value for one, value in statement.items() if one.removeprefix("Not") != key.removeprefix("Not")}
    return parts | {one: value for one, value in other.items() if one.removeprefix("Not") == key.removeprefix("Not")}


def read(*statements: Mapping[str, Any]) -> list[Statement]:
    document = json.dumps({"Version": "2012-10-17", "Statement": statements})
    kind = "aws:sns/topicPolicy:TopicPolicy"
    found = list(statements_of(Resource(urn="", type=kind, name="", props={"policy": document}, limits=configured({}).of("prod"))))
    assert len(found) == len(statements)
    return found


@pytest.mark.slow
def test_what_is_covered_lets_no_request_through_that_is_not_approved() -> None:
    draw = random.Random(SEED)
    covered = 0
    for _ in range(PAIRS):
        approved = [drawn(draw) for _ in range(draw.choice((1, 1, 2)))]
        wanted = changed(approved[0], draw)
        if lacks(read(*approved), read(wanted)[0]):
            continue
        covered += 1
        for by_part in (False, True):
            more = evaluate(wanted, by_part) - frozenset[Any]().union(*(evaluate(one, by_part) for one in approved))
            assert not more, f"{wanted} lets through {_request(more)}, and {approved} don't"
    assert covered > PAIRS / 20, "too few are covered to say anything"


def _request(indices: frozenset[tuple[int, int, int, int]]) -> Any:
    """One of the requests, for a message."""
    principal, action, resource, context = min(indices)
    return PRINCIPALS[principal], ACTIONS[action], RESOURCES[resource], CONTEXTS[context]


ROLE = "arn:aws:iam::1:role/a"
WIDE: dict[str, Any] = {
    "Effect": "Allow",
    "Principal": {"AWS": ROLE},
    "Action": ["s:a", "s:b*"],
    "Resource": ["arn:aws:s:r:1:a*", "arn:aws:s:r:1:c"],
    "Condition": {"StringLike": {"aws:SourceArn": ["arn:aws:s:r:1:*", "x"]}, "StringNotEquals": {"l": ["a"]}},
}


def test_what_is_narrower_or_written_otherwise_is_covered() -> None:
    conditions = WIDE["Condition"]
    halves = [{**WIDE, "Action": ["s:b*"]}, {**WIDE, "Action": ["s:a"], "Resource": WIDE["Resource"][:1]}]
    fewer = {"StringNotEquals": {"l": ["b", "a"]}, "StringEquals": {"AWS:sourcearn": "arn:aws:s:r:1:q"}}
    for name, wanted in {
        "itself": WIDE,
        "reordered": {**WIDE, "Action": ["s:b*", "s:a"], "Resource": WIDE["Resource"][::-1]},
        "in another case": {**WIDE, "Action": ["S:A"]},
        "one action": {**WIDE, "Action": "s:a"},
        "a narrower action": {**WIDE, "Action": "s:bc*"},
        "a narrower resource": {**WIDE, "Resource": "arn:aws:s:r:1:ab?"},
        "a condition more": {**WIDE, "Condition": {**conditions, "Bool": {"aws:SecureTransport": True}}},
        "narrower conditions": {**WIDE, "Condition": fewer},
    }.items():
        assert lacks(read(WIDE), read(wanted)[0]) is None, name
    assert lacks(read(WIDE, *halves), read(WIDE)[0]) is None
    assert all(lacks(read(WIDE), half) is None for half in read(*halves))
    by_value = [{**WIDE, "Condition": {**conditions, "StringLike": {"aws:SourceArn": one}}} for one in ("arn:aws:s:r:1:*", "x")]
    assert lacks(read(*by_value), read(WIDE)[0]) is None
    assert lacks(read(by_value[0]), read(WIDE)[0])


WIDER: dict[str, dict[str, Any]] = {
    "a denial": {"Effect": "Deny"},
    "an action": {"Action": ["s:a", "s:c"]},
    "a wider action": {"Action": "s:*"},
    "all actions but one": {"Action": [], "NotAction": "s:a"},
    "a resource": {"Resource": "arn:aws:s:r:1:b"},
    "an ARN that IAM completes": {"Resource": "arn:aws:s"},
    "an ARN by a variable": {"Resource": "arn:aws:s:r:1:${aws:username}"},
    "another region by a wildcard": {"Resource": "arn:aws:s:*:1:a"},
    "its account": {"Principal": {"AWS": "arn:aws:iam::1:root"}},
    "everybody": {"Principal": "*"},
    "a service of that name": {"Principal": {"Service": ROLE}},
    "no condition": {"Condition": {}},
    "only one of the conditions": {"Condition": {"StringNotEquals": {"l": ["a"]}}},
    "conditions that hold where the key is absent": {
        "Condition": {"StringLikeIfExists": {"aws:SourceArn": "x"}, "StringNotEquals": {"l": ["a"]}}
    },
    "conditions of no values": {"Condition": {"StringLike": {"aws:SourceArn": []}, "StringNotEquals": {"l": ["a"]}}},
    "a wider value": {"Condition": {"StringLike": {"aws:SourceArn": "arn:aws:s:*"}, "StringNotEquals": {"l": ["a"]}}},
    "a value by a variable": {"Condition": {"StringLike": {"aws:SourceArn": "${aws:x}"}, "StringNotEquals": {"l": ["a"]}}},
    "fewer that it isn't": {"Condition": {"StringLike": {"aws:SourceArn": "x"}, "StringNotEquals": {"l": ["b"]}}},
}


@pytest.mark.parametrize("more", [pytest.param(more, id=name) for name, more in WIDER.items()])
def test_what_is_wider_is_not_covered(more: dict[str, Any]) -> None:
    wanted = {key: value for key, value in {**WIDE, **more}.items() if value != []}
    assert lacks(read(WIDE), read(wanted)[0])


def test_what_is_beyond_is_named() -> None:
    wanted = {**WIDE, "Action": ["s:a", "s:c"]}
    beyond = lacks(read(WIDE), read(wanted)[0])
    assert beyond
    assert beyond.actions == ("s:c",)
    assert beyond.resources == tuple(WIDE["Resource"])
