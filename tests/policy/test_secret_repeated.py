"""What a secret holds stands nowhere else: in which forms it is found, and what stands beside it and is right."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from occurrences import SHORTEST, Search
from tests.policy.builders import UNKNOWN, Node, Nodes
from tests.policy.in_memory import nodes_of, stack_of
from tests.policy.samples import ReportedFinding, configure, findings

RULE = "environment/secret-repeated"

KEY = 'q7"Zr\\2<v9Lm>4#xT~?0'
"""Of characters that JSON and base64 write in forms of their own."""

HOST, CERTIFICATE = "shop.cluster-c1k2j3h4g5f6.us-east-1.rds.amazonaws.com", "-----BEGIN CERTIFICATE-----\nMIIBszCCAVmgAwIBAgIUJx+"
KEPT = json.dumps({"username": "shop_administrator", "password": KEY, "host": HOST, "port": 5432, "certificate": CERTIFICATE})

PARAMETER, FUNCTION, BUCKET = "aws:ssm/parameter:Parameter", "aws:lambda/function:Function", "aws:s3/bucket:Bucket"
VERSION, DATABASE = "aws:secretsmanager/secretVersion:SecretVersion", "aws:rds/instance:Instance"


def of_another_program(nodes: Nodes) -> list[ReportedFinding]:
    around = {"stack": Node("pulumi:pulumi:Stack", {}), "default": Node("pulumi:providers:aws", {"region": "us-east-1"})}
    return [one for one in findings({**around, **nodes}, project="webshop") if one.rule == RULE]


def beside(kind: str, kept: str = KEPT, called: str = "other", **props: Any) -> list[ReportedFinding]:
    """What is found in a resource beside a secret."""
    return of_another_program({"kept": Node(VERSION, {"secretId": UNKNOWN, "secretString": kept}), called: Node(kind, props)})


def base64_of(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    "text",
    [
        KEY,
        f"The password is {KEY}.",
        json.dumps({"password": KEY}),
        f"Its body: {json.dumps(KEY)}",
        json.dumps({"widgets": [{"markdown": json.dumps({"password": KEY})}]}),
        json.dumps({"password": KEY.translate({ord(letter): f"\\u{ord(letter):04x}" for letter in KEY})}).replace("\\\\", "\\"),
        base64_of(KEY),
        base64.urlsafe_b64encode(KEY.encode()).decode(),
        *(base64_of(f"{before}{KEY} and more") for before in ("", "1", "22", "#!/bin/sh\n")),
        KEY.encode().hex(),
        KEY.encode().hex().upper(),
    ],
)
def test_a_secret_is_found_in_each_form_and_never_shown(text: str) -> None:
    [found] = beside(BUCKET, tags={"Name": text})
    assert found.resource == "other"
    assert "stands in tags (it is not shown)" in found.message
    assert text not in found.message
    assert KEY not in found.message


@pytest.mark.parametrize(
    ("kind", "props"),
    [
        (BUCKET, {"tags": {KEY: ""}}),
        (BUCKET, {"tags": {"password": KEY}}),
        (BUCKET, {KEY: True}),
        (PARAMETER, {"name": "/shop/check", "type": "String", "value": KEY}),
        (PARAMETER, {"name": "/shop/check", "type": "SecureString", "value": KEY, "description": KEY}),
        (FUNCTION, {"environment": {"variables": {"PASSWORD": KEY}}}),
        (FUNCTION, {"code": {"text": f"PASSWORD = {json.dumps(KEY)}"}}),
        ("aws:cloudwatch/metricAlarm:MetricAlarm", {"alarmDescription": KEY}),
        ("aws:ec2/instance:Instance", {"userDataBase64": base64_of(f"#!/bin/sh\nexport PASSWORD={KEY}\n")}),
        (VERSION, {"secretString": KEY, "versionStages": [KEY]}),
        ("pulumi:providers:aws", {"defaultTags": json.dumps({"tags": {"check": KEY}})}),
    ],
)
def test_it_is_found_wherever_it_stands(kind: str, props: dict[str, Any]) -> None:
    [found] = beside(kind, **props)
    assert KEY not in found.message


def test_a_resource_that_is_called_so_is_not_named() -> None:
    [found] = beside(BUCKET, called="q7Zr2v9Lm4xT0aaaa", kept="q7Zr2v9Lm4xT0aaaa")
    assert found.resource == ""
    assert "q7Zr" not in found.message


@pytest.mark.parametrize(
    ("kind", "props"),
    [
        (DATABASE, {"password": KEY, "username": "shop_administrator", "address": HOST}),
        (DATABASE, {"passwordWo": KEY}),
        ("aws:cognito/identityProvider:IdentityProvider", {"providerDetails": {"client_secret": KEY}}),
        ("aws:cloudwatch/eventConnection:EventConnection", {"authParameters": {"apiKey": {"key": "x-key", "value": KEY}}}),
        ("aws:ec2/vpnConnection:VpnConnection", {"tunnel1PresharedKey": KEY}),
        ("aws:acm/certificate:Certificate", {"certificateBody": CERTIFICATE}),
        (VERSION, {"secretString": KEPT}),
        (PARAMETER, {"name": "/shop/password", "type": "SecureString", "value": KEY}),
        (FUNCTION, {"environment": {"variables": {"HOST": HOST, "LOGIN": "shop_administrator"}}}),
        ("kubernetes:core/v1:Secret", {"data": {"password": base64_of(KEY)}}),
        ("random:index/randomPassword:RandomPassword", {"result": KEY}),
    ],
)
def test_what_takes_a_secret_may_hold_it_and_what_is_none_may_stand_anywhere(kind: str, props: dict[str, Any]) -> None:
    assert beside(kind, **props) == []


@pytest.mark.parametrize(
    ("props", "fires"),
    [
        ({"secretString": KEY}, True),
        ({"secretStringWo": KEY}, True),
        ({"secretBinary": KEY}, True),
        ({"secretString": json.dumps([{"key": {"current": KEY}}])}, True),
        ({"secretString": "correct-horse-battery"}, True),
        ({"secretString": json.dumps({"name": "correct-horse-battery"})}, False),
        ({"secretString": json.dumps({"passphrase": "correct-horse-battery"})}, True),
        ({"secretString": "1234567890123456"}, True),
        ({"secretString": "123456789012345"}, False),
        ({"secretString": UNKNOWN}, False),
        ({}, False),
    ],
)
def test_what_is_secret_in_a_secret(props: dict[str, Any], fires: bool) -> None:
    told = f"{KEY} correct-horse-battery 1234567890123456"
    nodes = {"kept": Node(VERSION, props), "other": Node(BUCKET, {"tags": {"Name": told}})}
    assert bool(of_another_program(nodes)) is fires


@pytest.mark.parametrize(
    ("name", "kind", "value", "fires"),
    [
        ("/shop/password", "SecureString", "correct-horse-battery", True),
        ("/shop/check", "SecureString", KEY, True),
        ("/shop/host", "SecureString", HOST, False),
        ("/shop/host", "String", HOST, False),
        ("/shop/url", "SecureString", f"postgres://shop:hunter2@{HOST}:5432/shop", True),
    ],
)
def test_a_parameter_keeps_a_secret_where_it_is_secure(name: str, kind: str, value: str, fires: bool) -> None:
    nodes = {"kept": Node(PARAMETER, {"name": name, "type": kind, "value": value}), "other": Node(BUCKET, {"tags": {"Name": value}})}
    assert bool(of_another_program(nodes)) is fires


def test_the_key_that_champions_are_signed_with_stands_nowhere_else(monkeypatch: pytest.MonkeyPatch) -> None:
    stack = stack_of("prod")
    nodes = nodes_of(stack)
    configure(monkeypatch, stack.table)
    key = json.loads(nodes["security-safety-settings-value"].props["secretStringWo"])["safety_validation_key"]
    nodes["monitoring-safety-score"].props["alarmDescription"] = f"The score is too low. {base64_of(key)}"
    assert [(one.rule, one.resource) for one in findings(nodes)] == [(RULE, "monitoring-safety-score")]


@pytest.mark.parametrize("length", range(SHORTEST, 2 * SHORTEST))
def test_a_text_is_found_at_each_place(length: int) -> None:
    wanted = "0123456789abcdefghijklmnopqrstuvwxyz"[:length]
    search = Search([wanted, "another text that is looked for"])
    assert all(search.finds("." * before + wanted + "." * after) for before in range(2 * SHORTEST) for after in (0, 1, SHORTEST))
    assert not any(search.finds("." * before + wanted[:-1] + wanted[1:]) for before in range(2 * SHORTEST))
