"""What the tests of the report share: reports of real plans, and plans that somebody tampered with."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from local.findings import Diagnostic, Finding
from local.previews import ROOT, Plan
from report.content import Report, gather
from report.table import tables_of

STACKS = ("dev", "staging", "prod")

SECRET = "hunter2-9f8e7d6c"
KEY_ID = "AKIAIOSFODNN7EXAMPLE"

HOSTILE = "</style></title></svg><script>alert('x')</script>|`@octocat [x](http://example.com) $x$"


@pytest.fixture(scope="session")
def tables() -> Mapping[str, Mapping[str, Any]]:
    """The committed environment tables."""
    return tables_of(ROOT, STACKS)


@pytest.fixture(scope="session")
def report_of(plan: Callable[..., Plan], tables: Mapping[str, Mapping[str, Any]]) -> Callable[..., Report]:
    """`report_of(stack, image=None)`: the report of a committed stack."""

    def get(stack: str, image: str | None = None) -> Report:
        return gather(stack, plan(stack, image), tables, source="Made by a test.")

    return get


@pytest.fixture(scope="session")
def leaky(plan: Callable[..., Plan]) -> Plan:
    """prod with secrets wherever a program, a provider or a message could leave them in plain text."""

    def leak(inputs: Mapping[str, Any], kind: str) -> Mapping[str, Any]:
        if kind == "aws:ecs/taskDefinition:TaskDefinition":
            containers = json.loads(inputs["containerDefinitions"])
            containers[0]["environment"] += [{"name": "API_TOKEN", "value": SECRET}, {"name": "PLACE", "value": f"https://a:{SECRET}@b"}]
            return {**inputs, "containerDefinitions": json.dumps(containers)}
        if kind == "aws:secretsmanager/secretVersion:SecretVersion":
            return {**inputs, "secretString": json.dumps({"any": SECRET})}
        if kind == "aws:iam/role:Role":
            return {**inputs, "name": f"{inputs['name']}-{SECRET}", "description": KEY_ID}
        return inputs

    prod = plan("prod")
    said = f"the value {SECRET} and {KEY_ID} can't be used"
    return replace(
        prod,
        succeeded=False,
        resources=tuple(replace(one, inputs=leak(one.inputs, one.type)) for one in prod.resources),
        diagnostics=(Diagnostic(severity="error", urn="", message=said),),
        findings=(Finding(rule="environment/no-secret", message=f"{said}.", text=f"[environment/no-secret] The stack: {said}."),),
    )


@pytest.fixture(scope="session")
def hostile(plan: Callable[..., Plan]) -> Plan:
    """prod with markup in every text that somebody who opens a pull request can choose."""

    def spoil(value: Any) -> Any:
        if isinstance(value, Mapping):
            return {key: spoil(one) for key, one in value.items()}  # pyright: ignore[reportUnknownVariableType]  # a plan's inputs are of any kind
        if isinstance(value, list):
            return [spoil(one) for one in value]  # pyright: ignore[reportUnknownVariableType]
        if not isinstance(value, str):
            return value
        try:
            inner = json.loads(value)
        except ValueError:
            return f"{value}{HOSTILE}"
        return json.dumps(spoil(inner)) if isinstance(inner, dict | list) else value

    prod = plan("prod")
    return replace(
        prod,
        succeeded=False,
        resources=tuple(
            replace(one, name=one.name + HOSTILE if one.type.startswith("aws:") else one.name, inputs=spoil(one.inputs))
            for one in prod.resources
        ),
        diagnostics=(Diagnostic(severity="error", urn="", message=HOSTILE),),
        findings=(Finding(rule="alarms/switch", message=HOSTILE, text=f"[alarms/switch] The stack: {HOSTILE}"),),
    )
