"""Each function may do what it does, and nothing else: every call that the tests of its behaviour make, against its planned role.

The emulator enforces IAM rightly for few services; this holds for all of them, on the very documents that are deployed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from components.naming import Names
from tests.functions.conftest import Measured
from tests.functions.requests import Document, IamRequest, of_call, of_lambda, permitted, unused
from tests.functions.world import ACCOUNT as UNIT_ACCOUNT
from tests.functions.world import FUNCTIONS, REGION, STACK
from tests.plans import Plan

ACCOUNT = "000000000000"
"""The embedded cloud's."""

NAMES = Names(stack=STACK, region=REGION, account=ACCOUNT)

FOLDERS = {
    NAMES.trigger_function: "evolution_trigger",
    NAMES.switch_function: "safety_switch",
    NAMES.resume_function: "resume",
    NAMES.archiver_function: "evolution_archiver",
    NAMES.handler_function: "agentcore_handler",
}

IMAGES = {"with an image": None, "before the first image": "none"}

NOT_CALLED = {"with an image": "bedrock-runtime:Converse", "before the first image": "bedrock-agentcore:InvokeGateway"}
"""The handler asks the runtime where there is one, and else the model."""


@pytest.fixture(params=IMAGES)
def when(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(params=FOLDERS)
def function(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def planned(when: str, plan: Callable[..., Plan]) -> Plan:
    return plan(STACK, IMAGES[when])


@pytest.fixture
def statements(planned: Plan, function: str) -> list[Document]:
    """What the function's planned role grants."""
    role = NAMES.function_role(function)
    grants = [one for one in planned.resources if one.type == "aws:iam/rolePolicy:RolePolicy" and one.inputs["role"] == role]
    assert grants, f"the plan has no role {role} with grants"
    return [statement for one in grants for statement in json.loads(one.inputs["policy"])["Statement"]]


@pytest.fixture
def questions(measured: Measured, when: str, function: str) -> list[IamRequest]:
    """What IAM is asked for all that the function does, and Lambda in its name."""
    calls = [
        (operation, json.loads(json.dumps(given).replace(UNIT_ACCOUNT, ACCOUNT)))
        for folder, operation, given in measured.calls
        if folder == FOLDERS[function] and operation != NOT_CALLED[when]
    ]
    assert calls
    asked = [*(one for operation, given in calls for one in of_call(NAMES, operation, given)), *of_lambda(NAMES, function)]
    return list({(one.action, one.resource): one for one in asked}.values())


def test_all_that_a_function_does_is_granted(statements: list[Document], questions: list[IamRequest]) -> None:
    assert [one for one in questions if not permitted(statements, one)] == []


def test_nothing_is_granted_that_a_function_does_not_do(statements: list[Document], questions: list[IamRequest]) -> None:
    assert unused(statements, questions) == []


def test_no_statement_can_be_left_out(statements: list[Document], questions: list[IamRequest]) -> None:
    spare: list[Any] = []
    for left_out in range(len(statements)):
        rest = [statement for index, statement in enumerate(statements) if index != left_out]
        if all(permitted(rest, one) for one in questions):
            spare.append(statements[left_out].get("Sid"))
    assert spare == []


def test_the_permissions_boundary_leaves_all_that_a_function_does(planned: Plan, function: str, questions: list[IamRequest]) -> None:
    (role,) = [one for one in planned.resources if one.type == "aws:iam/role:Role" and one.inputs["name"] == NAMES.function_role(function)]
    policies = {one.urn: one for one in planned.resources if one.type == "aws:iam/policy:Policy"}
    (boundary,) = [policies[urn] for urn in role.property_dependencies["permissionsBoundary"]]
    statements = json.loads(boundary.inputs["policy"])["Statement"]
    assert [one for one in questions if not permitted(statements, one)] == []


def test_neither_another_stacks_things_nor_other_actions_are_granted(statements: list[Document], questions: list[IamRequest]) -> None:
    """The evaluator itself: it says no where AWS would."""
    other = [IamRequest(action=one.action, resource=one.resource.replace(f"-{STACK}", "-prod"), context=one.context) for one in questions]
    others = [one for one, mine in zip(other, questions, strict=True) if one.resource != mine.resource]
    assert others
    assert [one for one in others if permitted(statements, one)] == []
    assert not permitted(statements, IamRequest(action="dynamodb:DeleteTable", resource=NAMES.table_arn(NAMES.state_table)))
    assert not permitted(statements, IamRequest(action="kms:Decrypt", resource=NAMES.arn("kms", "key/another")))


def variables_that_are_read(folder: Path) -> Iterator[str]:
    """By the function's own code, and by what it uses of the shared package."""
    own = "".join(path.read_text(encoding="utf-8") for path in folder.glob("*.py"))
    shared = "".join((FUNCTIONS / f"common/{name}.py").read_text(encoding="utf-8") for name in ("entry", *used_of_common(own)))
    yield from re.findall(r'(?:setting|number|environ\.get)\("([A-Z_]+)"\)', own + shared)


def used_of_common(source: str) -> set[str]:
    named = re.findall(r"from common import (.*)", source)
    return {name.strip() for names in named for name in names.split(",")} | set(re.findall(r"from common\.(\w+) import", source))


def test_a_function_is_told_what_it_reads_and_reads_what_it_is_told(planned: Plan, when: str, function: str) -> None:
    (made,) = [one for one in planned.resources if one.type == "aws:lambda/function:Function" and one.inputs["name"] == function]
    told = set(made.inputs["environment"]["variables"])
    read = set(variables_that_are_read(FUNCTIONS / FOLDERS[function]))
    if when == "before the first image":
        read -= {"AGENTCORE_GATEWAY_URL"}
    assert told == read
