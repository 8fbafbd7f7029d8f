"""A credential is seen wherever it stands, by its form or by the name before it; what only speaks of one is left alone."""

from __future__ import annotations

import base64
import json
import time
from typing import Any

import pytest

from rules.aws.environment_secrets import holds_secret
from tests.policy.builders import UNKNOWN, Node, Nodes, document
from tests.policy.samples import ReportedFinding, findings

RULE = "environment/no-secret"

TOKEN, KEY_ID = "ghp_" + "a1" * 18, "AKIAIOSFODNN7EXAMPLE"
WEB_TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.c2lnbmF0dXJl"

LONGEST = 200_000
"""Characters of a text that AWS takes no longer one of anywhere in a plan."""


def beside(kind: str, **props: Any) -> list[ReportedFinding]:
    nodes: Nodes = {
        "stack": Node("pulumi:pulumi:Stack", {}),
        "default": Node("pulumi:providers:aws", {"region": "us-east-1"}),
        "other": Node(kind if ":" in kind.partition("/")[0] else f"aws:{kind}", props),
    }
    return [one for one in findings(nodes, project="webshop") if one.rule == RULE]


@pytest.mark.parametrize(
    "text",
    [
        *(KEY_ID, TOKEN, WEB_TOKEN, "-----BEGIN RSA PRIVATE KEY-----\nMIIE", "glpat-abcdefghij0123456789", "sk-ant-api03-abcdefghijklmnop"),
        *("postgres://shop:hunter2@db/shop", "POSTGRES://shop:hunter2@db/shop", "See redis://:hunter2@cache:6379/0 for it."),
        *("password=hunter2", "export PGPASSWORD=hunter2", "mysql --password=hunter2 -u root", "DB_PASSWORD = 'hunter2'"),
        *('{"apiKey": "hunter2"}', '{"api-key":"hunter2"}', "{'password': 'hunter2'}", 'password => "hunter2"', 'token := "hunter2"'),
        *("spring.datasource.password=hunter2", "https://example.com/hook?token=hunter2", "Login: shop, password: hunter2."),
        *("users:\n  - name: shop\n    password: hunter\n", "password=correct-horse-battery", "DB_PASSWORD_VALUE=hunter2"),
        json.dumps({"body": json.dumps({"password": "hunter2"})}),
        json.dumps({"body": json.dumps({"inner": json.dumps({"secret": "hunter2"})})}),
        json.dumps({"password": "hunter2"}).replace("password", "p\\u0061ssword"),
        json.dumps([{"value": "hunter2", "name": "DB_PASSWORD"}]),
        json.dumps([{"Key": "apiKey", "Value": "hunter2"}]),
    ],
)
def test_a_credential_in_a_text_is_seen_and_never_shown(text: str) -> None:
    [found] = beside("cloudwatch/metricAlarm:MetricAlarm", alarmDescription=text)
    assert "alarmDescription has what looks like a secret" in found.message
    assert text not in found.message
    assert "hunter2" not in found.message


SCRIPT = "#!/bin/sh\nexport DB_PASSWORD=hunter2\n"


@pytest.mark.parametrize(
    ("kind", "props", "where"),
    [
        ("s3/bucket:Bucket", {"tags": {"Owner": TOKEN}}, "tags"),
        ("s3/bucket:Bucket", {"tags": {"password": "hunter2"}}, "tags"),
        ("s3/bucket:Bucket", {"tags": {TOKEN: ""}}, "tags"),
        ("s3/bucket:Bucket", {TOKEN: True}, "a property's name"),
        ("ec2/instance:Instance", {"userData": SCRIPT}, "userData"),
        ("ec2/instance:Instance", {"userDataBase64": base64.b64encode(SCRIPT.encode()).decode()}, "userDataBase64"),
        ("ec2/launchTemplate:LaunchTemplate", {"userData": base64.b64encode(SCRIPT.encode()).decode()}, "userData"),
        ("iam/rolePolicy:RolePolicy", {"role": "r", "policy": document({"Sid": TOKEN, "Effect": "Deny"})}, "policy"),
        ("cloudwatch/dashboard:Dashboard", {"dashboardBody": json.dumps({"widgets": [{"markdown": f"Key: {KEY_ID}"}]})}, "dashboardBody"),
        (
            "ecs/taskDefinition:TaskDefinition",
            {"containerDefinitions": json.dumps([{"command": ["--token=hunter2"]}])},
            "containerDefinitions",
        ),
        (
            "codebuild/project:Project",
            {"environment": {"environmentVariables": [{"name": "DB_PASSWORD", "value": "hunter2", "type": "PLAINTEXT"}]}},
            "environment",
        ),
        ("rds/parameterGroup:ParameterGroup", {"parameters": [{"name": "admin_password", "value": "hunter2"}]}, "parameters"),
        ("lambda/function:Function", {"name": "f", "code": {"text": "API_KEY = 'hunter2'"}}, "code"),
        ("ssm/parameter:Parameter", {"name": "/shop/url", "type": "SecureString", "value": "x", "description": TOKEN}, "description"),
        ("pulumi:providers:aws", {"defaultTags": json.dumps({"tags": {"check": TOKEN}})}, "defaultTags"),
    ],
)
def test_it_is_seen_wherever_it_stands(kind: str, props: dict[str, Any], where: str) -> None:
    [found] = beside(kind, **props)
    assert f": {where} has what looks like a secret" in found.message
    assert not {"hunter2", TOKEN, KEY_ID} & {*found.message.replace(".", " ").split()}


def test_a_variable_is_said_once_and_what_else_its_runner_is_told_as_well() -> None:
    variables = {"environment": {"variables": {"DB_PASSWORD": "hunter2"}}}
    assert [one.message.partition(": ")[2][:11] for one in beside("lambda/function:Function", name="f", **variables)] == ["DB_PASSWORD"]
    assert len(beside("lambda/function:Function", name="f", description=TOKEN, **variables)) == 2


@pytest.mark.parametrize(
    "text",
    [
        *("The password of the database is in Secrets Manager.", "Token: champions, one each.", "Secret: who signs.", "token: v2 of it"),
        *(
            "password=$DB_PASSWORD",
            "export PGPASSWORD=${PASSWORD}",
            "password=$(aws ssm get-parameter)",
            "--password %s",
            "password=<yours>",
        ),
        *(
            "password={{resolve:secretsmanager:db}}",
            "password=***",
            "password=",
            "password: ",
            "token=\n",
            "password=true",
            "MAX_TOKEN=4096",
        ),
        *("postgres://shop:${PASSWORD}@db/shop", "https://example.com:443/x@y", "redis://cache:6379/0", "http://127.0.0.1:8080/health"),
        *("arn:aws:secretsmanager:us-east-1:123456789012:secret:shop-a1b2c3", "DB_SECRET=arn:aws:secretsmanager:us-east-1:1:secret:x"),
        *(
            "token_count=12000000",
            "tokens=12000000",
            "password_rotation=hunter2",
            "keyboard=qwertyuiop",
            "key=value",
            "sort key: created_at",
        ),
        *(
            "CSRF_TOKEN=X-CSRF-Token",
            "password=/shop/prod/password",
            "ENCRYPTION_KEY=alias/app",
            '"password": null',
            '"password": {"type": 1}',
        ),
        json.dumps({"secrets": [{"name": "DB_PASSWORD", "valueFrom": "arn:aws:secretsmanager:us-east-1:1:secret:x"}]}),
        json.dumps([{"name": "DB_PASSWORD", "value": "prod/db:password", "type": "SECRETS_MANAGER"}]),
        document({"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": "*"}),
        json.dumps({"token.actions.githubusercontent.com:aud": "sts.amazonaws.com", "kms:EncryptionContext:SecretARN": "x"}),
        *("-----BEGIN CERTIFICATE-----\nMIIB", "-----BEGIN PUBLIC KEY-----\nMIIB", "AKIA is how ids begin", "eyJ and no more"),
    ],
)
def test_what_only_speaks_of_one_is_left_alone(text: str) -> None:
    assert beside("cloudwatch/metricAlarm:MetricAlarm", alarmDescription=text) == []


@pytest.mark.parametrize(
    ("kind", "props"),
    [
        ("rds/instance:Instance", {"password": "hunter2hunter2", "username": "shop"}),
        ("rds/instance:Instance", {"masterUserPassword": "postgres://a:b@c"}),
        ("secretsmanager/secretVersion:SecretVersion", {"secretId": UNKNOWN, "secretString": json.dumps({"password": "hunter2"})}),
        ("ssm/parameter:Parameter", {"name": "/shop/password", "type": "SecureString", "value": "hunter2"}),
        (
            "acm/certificate:Certificate",
            {"privateKey": "-----BEGIN RSA PRIVATE KEY-----", "certificateBody": "-----BEGIN CERTIFICATE-----"},
        ),
        ("cloudwatch/eventConnection:EventConnection", {"authParameters": {"apiKey": {"key": "x-key", "value": "hunter2"}}}),
        ("cognito/identityProvider:IdentityProvider", {"providerDetails": {"client_secret": "hunter2"}}),
        ("apigateway/restApi:RestApi", {"apiKeySource": "HEADER"}),
        ("ec2/instance:Instance", {"userDataBase64": "no base64", "tags": {"Secret": "shop-prod", "Token": ""}}),
        ("autoscaling/group:Group", {"tags": [{"key": "Name", "value": "shop", "propagateAtLaunch": True}]}),
    ],
)
def test_what_takes_a_secret_may_hold_it(kind: str, props: dict[str, Any]) -> None:
    assert beside(kind, **props) == []


@pytest.mark.parametrize(
    "piece",
    [
        "a",
        "eyJ",
        "eyJaaaaaaaaaa.",
        "://",
        "a://a:",
        "://a:b",
        "password",
        "password=",
        "password: ",
        "\\",
        'token"',
        "key\\",
        "-----BEGIN ",
        "gh",
        "k",
    ],
)
def test_a_long_text_is_read_in_the_time_of_its_length(piece: str) -> None:
    """A guard against hanging: what is read twice as long for each character would take hours."""
    started = time.process_time()
    holds_secret((piece * (LONGEST // len(piece)))[:LONGEST], "prod")
    assert time.process_time() - started < 30
