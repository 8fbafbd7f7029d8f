"""Whoever tries to get past the finished pack is refused by the pack itself, each time by exactly the rules that are meant to."""

from __future__ import annotations

import json
from functools import cache
from importlib import import_module
from typing import cast

import pytest

from rules import FAMILIES
from tests.account.tables import ALL_ON
from tests.policy import (
    attacks,
    attacks_eighth,
    attacks_fifth,
    attacks_fifth_rest,
    attacks_fourth,
    attacks_fourth_rest,
    attacks_mended,
    attacks_sixth,
    attacks_sixth_rest,
    attacks_sixth_taken,
    attacks_third,
    attacks_third_watch,
    attacks_watch,
)
from tests.policy.attacks import Attack, at
from tests.policy.builders import Nodes
from tests.policy.edits import each_fires
from tests.policy.in_memory import account_of, configure, nodes_of, stack_of
from tests.policy.planned import edited
from tests.policy.samples import findings, rules_that_fire

THROUGH_ENGINE = (*attacks.GRANTS, *attacks.FUNCTIONS, *attacks_watch.WATCHES, *attacks_watch.REST)
"""Those that the real engine is given, too; the others are judged here."""

ATTACKS = (
    *(*THROUGH_ENGINE, *attacks_mended.MENDED),
    *(*attacks_third.ACCESS, *attacks_third.RUNS),
    *(*attacks_third_watch.WATCHES, *attacks_third_watch.KEPT, *attacks_third_watch.PLACED, *attacks_third_watch.DEPLOYED),
    *(*attacks_fourth.HALT, *attacks_fourth.ACCESS, *attacks_fourth.NETWORK, *attacks_fourth.DATA, *attacks_fourth.TOLD),
    *(*attacks_fourth.OTHERS, *attacks_fourth_rest.AGENTS, *attacks_fourth_rest.RUNS, *attacks_fourth_rest.FUNCTIONS),
    *(*attacks_fourth_rest.KEYS, *attacks_fourth_rest.LOGS, *attacks_fourth_rest.OPTIONS, *attacks_fourth_rest.NEW),
    *(*attacks_fifth.SAFETY, *attacks_fifth.IDENTITY, *attacks_fifth.NETWORK, *attacks_fifth.DATA, *attacks_fifth.ALARMS),
    *(*attacks_fifth.AGENTS, *attacks_fifth.OTHERS, *attacks_fifth_rest.COMPUTE, *attacks_fifth_rest.FUNCTIONS),
    *(*attacks_fifth_rest.KEYS, *attacks_fifth_rest.LOGS, *attacks_fifth_rest.OPTIONS, *attacks_fifth_rest.NEW),
    *(*attacks_sixth.HALTED, *attacks_sixth.ACCESS, *attacks_sixth.NETWORK, *attacks_sixth.STORED, *attacks_sixth.TOLD),
    *(*attacks_sixth.OTHERS, *attacks_sixth.TAGGED, *attacks_sixth.OPTIONS, *attacks_sixth_rest.RUNS, *attacks_sixth_rest.AGENTS),
    *(*attacks_sixth_rest.WATCHED, *attacks_sixth_rest.REFERENCES, *attacks_sixth_rest.NEW, *attacks_sixth_taken.TAKEN),
    *(*attacks_eighth.SECRETS, *attacks_eighth.KEYS, *attacks_eighth.GRAPHS, *attacks_eighth.KEPT, *attacks_eighth.NEW),
)

LATER = ("seventh", "ninth", "tenth")
"""Sets of 60, each in three files. They are made of planned documents, so they are read only when they are judged."""

ENDS = {"dev": "_DEV", "staging": "_STAGING", "unbuilt": "_UNBUILT", "account": "_ACCOUNT"}
"""How groups end that aren't edits of prod with an image."""


@cache
def later(stack: str = "prod", sets: tuple[str, ...] = LATER) -> tuple[Attack, ...]:
    """The later sets' edits of one stack."""
    modules = [import_module(f"tests.policy.attacks_{one}{part}") for one in sets for part in ("", "_rest", "_account")]
    groups = [(name, cast("tuple[object, ...]", value)) for one in modules for name, value in vars(one).items() if isinstance(value, tuple)]
    end = ENDS.get(stack)
    of_stack = [group for name, group in groups if (name.endswith(end) if end else not name.endswith(tuple(ENDS.values())))]
    return tuple(one for group in of_stack for one in group if isinstance(one, Attack))


ELSEWHERE = {
    "dev": (
        *(*attacks_fifth.ALARMS_DEV, *attacks_fifth_rest.COMPUTE_DEV),
        *(*attacks_fifth_rest.FUNCTIONS_DEV, *attacks_fifth_rest.NEW_DEV, *attacks_sixth_rest.RUNS_DEV),
    ),
    "staging": (
        *(*attacks_fourth_rest.STAGING, *attacks_fifth.SAFETY_STAGING, *attacks_fifth.NETWORK_STAGING),
        *(*attacks_fifth_rest.COMPUTE_STAGING, *attacks_fifth_rest.KEYS_STAGING, *attacks_fifth_rest.LOGS_STAGING),
        *(*attacks_sixth.TOLD_STAGING, *attacks_sixth_rest.AGENTS_STAGING),
    ),
    "prod": attacks_sixth_rest.RUNS_UNBUILT,
}
"""Those of another stack than prod, and of prod before its first image."""


@pytest.fixture
def nodes(monkeypatch: pytest.MonkeyPatch) -> Nodes:
    """prod as it is planned, with its table."""
    prod = stack_of("prod")
    monkeypatch.setenv("PULUMI_CONFIG", json.dumps({"evolution-system:environment": json.dumps(prod.table)}))
    return nodes_of(prod)


def attacked(nodes: Nodes, attack: Attack) -> Nodes:
    for edit in attack.edits:
        nodes = edited(nodes, edit)
    return nodes


@pytest.mark.slow
def test_each_attack_is_refused_by_exactly_its_rules(nodes: Nodes) -> None:
    assert findings(nodes, families=FAMILIES) == []
    cases = [(one.name, one, one.fires) for one in (*ATTACKS, *later())]
    each_fires(cases, lambda one: rules_that_fire(attacked(nodes, one), judged=nodes, families=FAMILIES))


@pytest.mark.slow
@pytest.mark.parametrize("name", ELSEWHERE)
def test_so_is_each_of_another_stack(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    stack = stack_of(name, None) if name == "prod" else stack_of(name)
    monkeypatch.setenv("PULUMI_CONFIG", json.dumps({"evolution-system:environment": json.dumps(stack.table)}))
    nodes = nodes_of(stack)
    assert findings(nodes, families=FAMILIES, stack=name) == []
    attacks = (*ELSEWHERE[name], *later("unbuilt" if name == "prod" else name))
    cases = [(one.name, one, one.fires) for one in attacks]
    each_fires(cases, lambda one: rules_that_fire(attacked(nodes, one), judged=nodes, families=FAMILIES, stack=name))


@pytest.mark.slow
def test_so_is_each_of_the_accounts_own_project(monkeypatch: pytest.MonkeyPatch) -> None:
    stack = account_of(**ALL_ON)
    configure(stack, monkeypatch)
    nodes, of_stack = nodes_of(stack), {"families": FAMILIES, "project": stack.project, "stack": stack.name}
    cases = [(one.name, one, one.fires) for one in (*attacks_sixth_rest.ACCOUNTS_ACCOUNT, *later("account"))]
    each_fires(cases, lambda one: rules_that_fire(attacked(nodes, one), judged=nodes, **of_stack))


def test_the_attacks_are_many_and_each_says_what_it_achieves() -> None:
    whole = {one: [attack for stack in ("prod", *ENDS) for attack in later(stack, (one,))] for one in LATER}
    assert {len(attacks) for attacks in whole.values()} == {60}
    sets = (ATTACKS, *ELSEWHERE.values(), attacks_sixth_rest.ACCOUNTS_ACCOUNT, *whole.values())
    everywhere = [one for attacks in sets for one in attacks]
    assert len(everywhere) == len({one.name for one in everywhere}) >= 60
    assert len({one.achieves for one in everywhere}) >= 60


def test_what_aws_has_made_is_told_as_it_is(nodes: Nodes) -> None:
    """Once it is deployed, the handler's version of the guardrail and the gateway's address are known; they are the stack's own."""
    url = "https://x1.gateway.bedrock-agentcore.us-east-1.amazonaws.com"
    told = {"BEDROCK_GUARDRAIL_VERSION": "1", "AGENTCORE_GATEWAY_URL": url}
    for name, value in told.items():
        nodes = edited(nodes, at("agentcore-handler", f"environment.variables.{name}", value))
    assert findings(nodes, families=FAMILIES)
    nodes["agentcore-guardrail-version"].outputs["version"] = "1"
    nodes["agentcore-gateway"].outputs["gatewayUrl"] = url
    assert findings(nodes, families=FAMILIES) == []
