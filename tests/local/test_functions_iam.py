"""IAM enforced by the emulator, where it does so rightly: DynamoDB, S3 and SSM. The planned roles suffice, and none of it can be left out.

The roles, their boundary and the archives are those of the plan. tests/functions/test_least_privilege.py holds the other services.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pulumi
import pytest

from components.function import sources
from components.naming import Names
from local import emulator
from local.previews import UNKNOWN, Plan
from tests.local.conftest import VENV
from tests.local.system import ACCOUNT, BUCKET, MODE, REGION, STACK, TABLE, Invoked, System, stub

NAMES = Names(stack=STACK, region=REGION, account=ACCOUNT)
FOLDERS = {
    NAMES.trigger_function: "evolution_trigger",
    NAMES.archiver_function: "evolution_archiver",
    NAMES.handler_function: "agentcore_handler",
}

TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}

IMAGE = {
    "evolution_id": {"S": "evo-20261124T060000Z"},
    "generation": {"N": "0"},
    "kind": {"S": "evolution"},
    "version": {"N": "1"},
    "status": {"S": "finished"},
}
FINISHED = {"Records": [{"eventName": "INSERT", "dynamodb": {"SequenceNumber": "1", "NewImage": IMAGE}}]}


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory, plan: Callable[..., Plan]) -> Iterator[System]:
    """An emulator that asks IAM, with three of the planned functions in their planned roles, and what they write to."""
    place = tmp_path_factory.mktemp("guarded")
    ordinary: Any = emulator._environment  # pyright: ignore[reportPrivateUsage] (no other command starts one that asks IAM)

    def asking(*given: Any) -> dict[str, str]:
        return {**ordinary(*given), "AUTH": "true", "AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local"}

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(emulator, "_environment", asking)
        emulator.start(place, STACK, VENV)
    try:
        system = System(place)
        make(system, plan(STACK))
        yield system
    finally:
        emulator.stop(place, STACK)


def make(system: System, planned: Plan) -> None:
    system("ssm").put_parameter(Name=MODE, Type="String", Value="running")
    system("s3").create_bucket(Bucket=BUCKET)
    keys = [("evolution_id", "S", "HASH"), ("generation", "N", "RANGE")]
    system("dynamodb").create_table(
        TableName=TABLE,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": kind} for name, kind, _ in keys],
        KeySchema=[{"AttributeName": name, "KeyType": role} for name, _, role in keys],
    )
    for function, folder in FOLDERS.items():
        role = NAMES.function_role(function)
        limit = boundary_of(planned, role)
        with suppress(system("iam").exceptions.EntityAlreadyExistsException):
            system("iam").create_policy(PolicyName=limit["name"], PolicyDocument=limit["policy"])
        boundary = f"arn:aws:iam::{ACCOUNT}:policy/{limit['name']}"
        system("iam").create_role(RoleName=role, AssumeRolePolicyDocument=json.dumps(TRUST), PermissionsBoundary=boundary)
        made = inputs_of(planned, "aws:lambda/function:Function", "name", function)
        known = {name: value for name, value in made["environment"]["variables"].items() if value != UNKNOWN}
        system("lambda").create_function(
            FunctionName=function,
            Role=NAMES.role_arn(role),
            Runtime=made["runtime"],
            Handler=made["handler"],
            Timeout=made["timeout"],
            Code={"ZipFile": packed(folder)},
            Environment={"Variables": {**known, "EVOLUTION_DEAD_LETTERS_URL": f"http://127.0.0.1/{ACCOUNT}/nowhere"}},
        )
        system("lambda").get_waiter("function_active_v2").wait(FunctionName=function)


def boundary_of(planned: Plan, role: str) -> dict[str, Any]:
    """The policy that limits a role."""
    (found,) = [one for one in planned.resources if one.type == "aws:iam/role:Role" and one.inputs["name"] == role]
    (urn,) = found.property_dependencies["permissionsBoundary"]
    return dict(next(one.inputs for one in planned.resources if one.urn == urn))


def inputs_of(planned: Plan, kind: str, key: str, value: str) -> dict[str, Any]:
    (found,) = [dict(one.inputs) for one in planned.resources if one.type == kind and one.inputs.get(key) == value]
    return found


def packed(folder: str) -> bytes:
    """The archive that the program declares."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, asset in sources(folder).items():
            assert isinstance(asset, pulumi.FileAsset)
            archive.writestr(name, Path(str(asset.path)).read_bytes())
    return content.getvalue()


def grant(system: System, planned: Plan, function: str, without: str = "") -> list[str]:
    """Give a function's role what is planned, without one statement; and say which there are."""
    role = NAMES.function_role(function)
    document = json.loads(inputs_of(planned, "aws:iam/rolePolicy:RolePolicy", "role", role)["policy"])
    left = [statement for statement in document["Statement"] if statement["Sid"] != without]
    system("iam").put_role_policy(RoleName=role, PolicyName="grants", PolicyDocument=json.dumps({**document, "Statement": left}))
    return [statement["Sid"] for statement in document["Statement"]]


def trigger(system: System, minute: int) -> Invoked:
    return system.invoke("evolution-trigger", {"scheduled_time": f"2026-11-24T06:{minute:02}:00Z"})


def ask(system: System) -> Invoked:
    """Through a gateway that answers everybody: the mode is all that the handler asks of AWS."""
    with stub(body={"output": "An idea."}) as gateway, system.told("evolution-agentcore-handler", AGENTCORE_GATEWAY_URL=gateway.url):
        asked = system.invoke("evolution-agentcore-handler", {"prompt": "Go on.", "agent_memory_bytes": 4096, "autonomy_percent": 50})
    assert len(gateway.requests) == (asked.answer["outcome"] == "answered"), "nobody is asked unless evolution runs"
    return asked


def test_the_planned_roles_are_enough(guarded: System, plan: Callable[..., Plan]) -> None:
    for function in FOLDERS:
        grant(guarded, plan(STACK), function)
    assert trigger(guarded, 0).answer["outcome"] == "started"
    assert guarded.invoke("evolution-archiver", FINISHED).answer["archived"] == 1
    assert guarded.archived() == ["evolutions/evo-20261124T060000Z.json"]
    assert ask(guarded).answer["outcome"] == "answered"


def test_without_its_grant_on_the_mode_the_trigger_starts_nothing(guarded: System, plan: Callable[..., Plan]) -> None:
    assert "ReadMode" in grant(guarded, plan(STACK), NAMES.trigger_function, without="ReadMode")
    failed = trigger(guarded, 1)
    assert (failed.failed, [line["kind"] for line in failed.log]) == (True, ["denied", "mode_unclear"])
    assert guarded.item("evo-20261124T060100Z") is None


def test_without_its_grant_on_the_mode_the_handler_asks_nobody(guarded: System, plan: Callable[..., Plan]) -> None:
    assert "ReadMode" in grant(guarded, plan(STACK), NAMES.handler_function, without="ReadMode")
    failed = ask(guarded)
    assert (failed.failed, failed.answer["outcome"], failed.answer["kind"]) == (False, "failed", "mode_unclear")
    assert [line["kind"] for line in failed.log] == ["denied", "mode_unclear"]


def test_without_its_grant_on_the_table_the_trigger_fails_and_says_why(guarded: System, plan: Callable[..., Plan]) -> None:
    assert "StartEvolution" in grant(guarded, plan(STACK), NAMES.trigger_function, without="StartEvolution")
    failed = trigger(guarded, 2)
    assert failed.failed
    assert failed.log[-1]["kind"] == "denied"
    assert guarded.item("evo-20261124T060200Z") is None


def test_without_its_grant_on_the_bucket_the_archiver_keeps_nothing(guarded: System, plan: Callable[..., Plan]) -> None:
    assert "Archive" in grant(guarded, plan(STACK), NAMES.archiver_function, without="Archive")
    guarded("s3").delete_object(Bucket=BUCKET, Key="evolutions/evo-20261124T060000Z.json")
    done = guarded.invoke("evolution-archiver", FINISHED)
    assert done.answer["archived"] == 0
    assert guarded.archived() == []


def test_the_planned_roles_open_no_other_table_key_or_parameter(guarded: System, plan: Callable[..., Plan]) -> None:
    """The same functions, pointed elsewhere."""
    for function in FOLDERS:
        grant(guarded, plan(STACK), function)
    with guarded.told("evolution-trigger", EVOLUTION_STATE_TABLE="evolution-state-prod"):
        assert trigger(guarded, 3).log[-1]["kind"] == "denied"
    with guarded.told("evolution-trigger", EVOLUTION_MODE_PARAMETER="/evolution/prod/mode"):
        assert trigger(guarded, 4).log[0]["kind"] == "denied"
    with guarded.told("evolution-agentcore-handler", EVOLUTION_MODE_PARAMETER="/evolution/prod/mode"):
        assert ask(guarded).log[0]["kind"] == "denied"
