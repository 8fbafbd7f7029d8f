"""Unsafe edits of the plan by somebody who knows the pack and wants past it: whatever the rule, each is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from rules import FAMILIES
from tests.policy.builders import TAGS, UNKNOWN, Node, document
from tests.policy.edits import Edit, adding, without
from tests.policy.edits_containment import ACCOUNT, ARN, ENGINE, FUNCTION, OF_ENGINE, ROLE, TOPIC, admitting, granting, setting
from tests.policy.in_memory import nodes_of, stack_of
from tests.policy.samples import findings

SWITCH, RESUME, HEARS, SCHEDULE = (
    f"evolution-{name}" for name in ("safety-switch", "resume", "switch-hears-topic", "safety-switch-schedule")
)
STATE, RUNTIME = ARN.format("dynamodb", "table/evolution-state-prod"), "agentcore-runtime"
SCANS = document({"Effect": "Allow", "Action": "dynamodb:Scan", "Resource": STATE})
ROOT = f"arn:aws:iam::{ACCOUNT}:root"
ARTIFACTS = f"evolution-artifacts-prod-{ACCOUNT}-us-east-1"
SERVICE, TASK, GATEWAY = "compute-engine-service", "compute-engine-task", "agentcore-gateway"


def more(kind: str, sources: dict[str, list[str]] | None = None, **props: Any) -> Edit:
    """A resource more."""
    return adding("more", Node(kind if ":providers:" in kind else f"aws:{kind}", {**props, "tagsAll": TAGS}, sources or {}))


ATTACKS: dict[str, Edit] = {
    # Grants, and who holds them.
    "another model": granting(
        "bedrock:InvokeModel", "arn:aws:bedrock:us-east-1::foundation-model/meta.llama3", "agentcore-handler-role-grants"
    ),
    "a pattern that has the approved actions in it": granting("dynamodb:*Item", STATE),
    "a partition by a wildcard": granting("dynamodb:GetItem", f"arn:*:dynamodb:us-east-1:{ACCOUNT}:table/evolution-state-prod"),
    "a table by a variable": granting("dynamodb:GetItem", ARN.format("dynamodb", "table/${aws:PrincipalTag/x}")),
    "another account's table": granting("dynamodb:GetItem", "arn:aws:dynamodb:us-east-1:999999999999:table/evolution-state-prod"),
    "the file's own placeholders": granting("dynamodb:GetItem", "arn:aws:dynamodb:{region}:{account}:table/evolution-state-{stack}"),
    "a policy of a role by its name": more("iam/rolePolicy:RolePolicy", role="evolution-engine-prod-us-east-1", policy=SCANS),
    "a policy of a role by its name in another case": more(
        "iam/rolePolicy:RolePolicy", role="Evolution-Engine-Prod-us-east-1", policy=SCANS
    ),
    "a policy in the role": setting("compute-engine-role", "inlinePolicies", [{"name": "x", "policy": SCANS}]),
    "a policy that may be attached elsewhere": setting(
        "compute-engine-role", "managedPolicyArns", ["arn:aws:iam::aws:policy/AWSXRayDaemonWriteAccess"]
    ),
    "sessions of twelve hours": setting("compute-engine-role", "maxSessionDuration", 43200),
    "a role by another name": setting("compute-engine-role", "name", "evolution-engine2-prod-us-east-1"),
    "tagged sessions": setting("compute-engine-role", "assumeRolePolicy.Statement.0.Action", ["sts:AssumeRole", "sts:TagSession"]),
    "a service more": setting(
        "compute-engine-role", "assumeRolePolicy.Statement.0.Principal.Service", ["ecs-tasks.amazonaws.com", "ec2.amazonaws.com"]
    ),
    "the engine as the monitor": setting(TASK, "taskRoleArn", UNKNOWN, "security-monitor-role"),
    "the handler as the gateway": setting("agentcore-handler", "role", UNKNOWN, "agentcore-gateway-role"),
    "a document that isn't known": setting(OF_ENGINE, "policy", UNKNOWN),
    "everything in the boundary": granting("*", "*", "security-boundary"),
    # Policies of resources.
    "the account takes dead letters": admitting(
        "evolution-dead-letters-policy", {"AWS": ROOT}, "sqs:ReceiveMessage", ARN.format("sqs", "evolution-dead-letters-prod")
    ),
    "the account reads artifacts": admitting("data-artifacts-policy", {"AWS": ROOT}, "s3:GetObject", f"arn:aws:s3:::{ARTIFACTS}/*"),
    "the handler passes the gateway by": admitting(
        "agentcore-runtime-policy",
        {"AWS": f"{ROLE}evolution-agentcore-handler-prod-us-east-1"},
        "bedrock-agentcore:InvokeAgentRuntime",
        ARN.format("bedrock-agentcore", "runtime/evolution_prod-??????????"),
    ),
    "a second policy of the key": more(
        "kms/keyPolicy:KeyPolicy",
        {"keyId": ["security-key"]},
        keyId=UNKNOWN,
        policy=document({"Effect": "Allow", "Principal": {"AWS": ROOT}, "Action": "kms:Decrypt", "Resource": "*"}),
    ),
    "a policy of the secret": more(
        "secretsmanager/secretPolicy:SecretPolicy",
        {"secretArn": ["security-safety-settings"]},
        secretArn=UNKNOWN,
        policy=document({"Effect": "Allow", "Principal": {"AWS": ENGINE}, "Action": "secretsmanager:PutSecretValue", "Resource": "*"}),
    ),
    "a permission of the account's": more(
        "lambda/permission:Permission", function="evolution-safety-switch-prod", action="lambda:InvokeFunction", principal=ACCOUNT
    ),
    "a permission of a role's": more(
        "lambda/permission:Permission", function="evolution-agentcore-handler-prod", action="lambda:InvokeFunction", principal=ENGINE
    ),
    # The way to the halt.
    "the switch's handler": setting(SWITCH, "handler", "index.handler"),
    "the switch looks at another alarm": setting(SWITCH, "environment.variables.UNSAFE_ALARM_NAME", "evolution-x-prod"),
    "the switch writes another mode": setting(SWITCH, "environment.variables.EVOLUTION_MODE_PARAMETER", "/evolution/prod/cursor"),
    "the switch never runs": setting(SWITCH, "reservedConcurrentExecutions", 0),
    "resume scales another cluster": setting(RESUME, "environment.variables.ENGINE_CLUSTER", "x"),
    "the schedule ends": setting(SCHEDULE, "endDate", "2026-12-01T00:00:00Z"),
    "the schedule is off": setting(SCHEDULE, "state", "DISABLED"),
    "the subscription filters": setting(HEARS, "filterPolicy", '{"x": ["y"]}'),
    "the subscription sends raw messages": setting(HEARS, "rawMessageDelivery", True),
    "the subscription calls a version": setting(HEARS, "endpoint", FUNCTION.format("evolution-safety-switch-prod:1")),
    "failures go elsewhere": setting(
        "evolution-safety-switch-invocations", "destinationConfig.onFailure.destination", UNKNOWN, "monitoring-alerts"
    ),
    "an alias of the switch": more(
        "lambda/alias:Alias", {"functionName": ["evolution-safety-switch"]}, functionName=UNKNOWN, functionVersion="1", name="x"
    ),
    "a second subscription": more("sns/topicSubscription:TopicSubscription", topic=TOPIC, protocol="https", endpoint="https://example.com"),
    "the alarm is muted": setting("monitoring-unsafe", "actionsSuppressor", {"alarm": "x", "extensionPeriod": 3600, "waitPeriod": 3600}),
    "an alarm runs a function": setting("monitoring-autonomy", "insufficientDataActions", [FUNCTION.format("evolution-trigger-prod")]),
    "a period of a day": setting("monitoring-safety-score", "period", 86400),
    "a second mode": more("ssm/parameter:Parameter", name="evolution/prod/mode", type="String", value="running", overwrite=True),
    # What runs.
    "a path of Python's": setting("agentcore-handler", "environment.variables.PYTHONPATH", "/tmp"),
    "an endpoint of its own": setting(RUNTIME, "environmentVariables.AWS_ENDPOINT_URL_BEDROCK_RUNTIME", "http://x"),
    "a file system": setting(TASK, "volumes", [{"name": "x", "efsVolumeConfiguration": {"fileSystemId": "fs-1"}}]),
    "processes of others": setting(TASK, "pidMode", "task"),
    "a shell": setting(SERVICE, "enableExecuteCommand", True),
    "an external controller": setting(SERVICE, "deploymentController", {"type": "EXTERNAL"}),
    "code from a bucket": setting("evolution-trigger", "s3Bucket", "x"),
    # The agents.
    "tokens at the gateway": setting(GATEWAY, "authorizerType", "CUSTOM_JWT"),
    "tokens at the runtime": setting(RUNTIME, "authorizerConfiguration", {"customJwtAuthorizer": {"discoveryUrl": "https://x"}}),
    "headers reach the agents": setting(RUNTIME, "requestHeaderConfiguration", {"requestHeaderAllowlists": ["Authorization"]}),
    "no web ACL": without("agentcore-gateway-web-acl"),
    # Data and logs.
    "individuals end with their generation": setting("data-state", "ttl.attributeName", "generation"),
    "a replica": setting("data-state", "replicas", [{"regionName": "eu-west-1"}]),
    "a table elsewhere": setting("data-population", "region", "eu-west-1"),
    "no capacity": setting("data-state", "onDemandThroughput", {"maxReadRequestUnits": 1, "maxWriteRequestUnits": 1}),
    "logs that nothing watches": setting("compute-engine-logs", "logGroupClass", "INFREQUENT_ACCESS"),
    "the web ACL's log drops": setting("security-web-acl-logging", "loggingFilter", {"defaultBehavior": "DROP", "filters": []}),
    "the alias of another key": setting("security-key-alias", "targetKeyId", UNKNOWN, "data-state"),
    # The provider, and what Pulumi is told.
    "the provider's endpoints": setting("aws", "endpoints", '[{"ssm": "http://x"}]'),
    "the provider's plugin": setting("aws", "pluginDownloadURL", "https://example.com"),
    "tags that the provider ignores": setting("aws", "ignoreTags", '{"keys": ["Autonomy"]}'),
    "a second provider": more("pulumi:providers:aws", region="eu-west-1", version="7.0.0"),
}


def refused(edit: Edit, monkeypatch: pytest.MonkeyPatch) -> bool:
    prod = stack_of("prod")
    nodes = nodes_of(prod)
    edit(nodes)
    monkeypatch.setenv("PULUMI_CONFIG", json.dumps({"evolution-system:environment": json.dumps(prod.table)}))
    return bool(findings(nodes, families=FAMILIES))


@pytest.mark.parametrize("edit", [pytest.param(edit, id=name) for name, edit in ATTACKS.items()])
def test_it_is_refused(edit: Edit, monkeypatch: pytest.MonkeyPatch) -> None:
    assert refused(edit, monkeypatch)


def test_the_plan_itself_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not refused(lambda _: None, monkeypatch)
