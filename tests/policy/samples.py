"""A small stack that breaks no rule, as the raw data that CrossGuard's proxies wrap, and what the pack says about an edit of it."""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import pulumi_policy as crossguard
import pytest
from pulumi_policy.proxy import unknown_checking_proxy

from adapter import Frame, to_properties
from rule import Family
from rules import FAMILIES
from tests.policy.builders import UNKNOWN, Node, Nodes, bucket, document, physical, table, tagged
from tests.policy.surroundings import surroundings

ACCOUNT = "123456789012"
KEY_ARN = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/12345678-1234-1234-1234-123456789012"
DIGEST = "sha256:" + "0123456789abcdef" * 4
TOPIC_ARN = f"arn:aws:sns:us-east-1:{ACCOUNT}:evolution-system-alerts-prod"

TABLE: dict[str, Any] = {
    "autonomy_percent": 85,
    "agent_memory_bytes": 6656,
    "max_concurrent_agents": 10000,
    "safety_mode": "strict",
    "generations": 50,
    "safety_score_minimum": 0.8,
    "instantiation_target_us": 3,
    "region": "us-east-1",
    "model_id": "us.anthropic.claude-sonnet-4-6",
    "model_invocation_logging": "stack",
    "network": {"interface_endpoints": ["bedrock-runtime"]},
    "engine": {"minimum": 2, "maximum": 100, "islands": 16},
    "reserve_concurrency": True,
    "alerts": {"emails": [], "monthly_budget_usd": 10000, "guardrail_interventions": 20, "model_tokens_per_minute": 40000},
}
"""prod's limits, as a table that keeps to them exactly, and what else the pack reads of a table."""

ENGINE_ENVIRONMENT = {
    "EVOLUTION_MODE": "autonomous",
    "AI_AUTONOMY_LEVEL": "85",
    "AGENT_MEMORY_LIMIT": "6656",
    "MAX_CONCURRENT_AGENTS": "10000",
    "INSTANTIATION_TARGET_US": "3",
    "EVOLUTION_GENERATIONS": "50",
    "EVOLUTION_SAFETY_ENABLED": "true",
    "EVOLUTION_SAFETY_MODE": "strict",
}

GRANTS: list[dict[str, Any]] = [
    {"Effect": "Allow", "Action": ["dynamodb:GetItem"], "Resource": f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/evolution-state-prod"},
    {"Effect": "Allow", "Action": "ecr:GetAuthorizationToken", "Resource": "*"},
    {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::evolution-artifacts-prod/*"},
    {
        "Effect": "Allow",
        "Action": ["kms:Decrypt", "kms:GenerateDataKey"],
        "Resource": f"arn:aws:kms:us-east-1:{ACCOUNT}:key/*",
        "Condition": {"ForAnyValue:StringEquals": {"kms:ResourceAliases": "alias/evolution-prod"}},
    },
    {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {"Bool": {"aws:SecureTransport": "false"}}},
]

CALLS: dict[str, Any] = {
    "Effect": "Allow",
    "Action": "lambda:InvokeFunction",
    "Resource": [f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:evolution-{one}-prod" for one in ("trigger", "safety-switch")],
}
"""What the schedules may do, where the stack has functions."""

KEEPS = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": f"arn:aws:sqs:us-east-1:{ACCOUNT}:evolution-dead-letters-prod"}
"""Where they may send what they couldn't."""


def deny_plain_transport(action: str, *resources: str) -> dict[str, Any]:
    condition = {"Bool": {"aws:SecureTransport": "false"}}
    return {"Effect": "Deny", "Principal": "*", "Action": action, "Resource": list(resources), "Condition": condition}


def containers(*, image: str = f"{ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com/engine@{DIGEST}", **environment: str | None) -> str:
    """The engine's container, with variables replaced or, by None, left out."""
    variables = {**ENGINE_ENVIRONMENT, **environment}
    entries = [{"name": name, "value": value} for name, value in variables.items() if value is not None]
    options = {"awslogs-group": "/evolution/prod/engine", "mode": "non-blocking", "max-buffer-size": "4m"}
    container = {
        "name": "engine",
        "image": image,
        "command": ["engine"],
        "environment": entries,
        "user": "10001:10001",
        "readonlyRootFilesystem": True,
        "linuxParameters": {"capabilities": {"add": [], "drop": ["ALL"]}},
        "healthCheck": {
            "command": [
                "CMD",
                "python",
                "-c",
                "import urllib.request as request; request.urlopen('http://127.0.0.1:8080/health', timeout=4)",
            ]
        },
        "logConfiguration": {"logDriver": "awslogs", "options": options},
    }
    return json.dumps([container])


def monitor_containers() -> str:
    """The safety monitor's container, which is told no more than to be safe, and how large an agent may be."""
    [engine] = json.loads(containers())
    told = [entry for entry in engine["environment"] if entry["name"].startswith(("EVOLUTION_SAFETY", "AGENT_MEMORY"))]
    return json.dumps([{**engine, "name": "monitor", "command": ["monitor"], "environment": told}])


def _task(definitions: str, role: str) -> Node:
    return Node(
        "aws:ecs/taskDefinition:TaskDefinition",
        {
            "containerDefinitions": definitions,
            "requiresCompatibilities": ["FARGATE"],
            "networkMode": "awsvpc",
            "runtimePlatform": {"cpuArchitecture": "ARM64"},
            "taskRoleArn": UNKNOWN,
            "skipDestroy": True,
        },
        {"taskRoleArn": [role]},
    )


def _service(name: str, task: str, count: int) -> Node:
    return Node(
        "aws:ecs/service:Service",
        {
            "name": name,
            "taskDefinition": UNKNOWN,
            "desiredCount": float(count),
            "launchType": "FARGATE",
            "propagateTags": "SERVICE",
            "waitForSteadyState": True,
            "deploymentCircuitBreaker": {"enable": True, "rollback": True},
            "networkConfiguration": {"subnets": [UNKNOWN], "assignPublicIp": False},
        },
        {"taskDefinition": [task], "networkConfiguration": ["subnet"]},
        ignore_changes=("desiredCount",),
    )


def compliant() -> Nodes:
    """Resources of every type that a rule reads, at preview: what refers to another resource is unknown."""
    trust = {
        "Effect": "Allow",
        "Principal": {"Service": "ecs-tasks.amazonaws.com"},
        "Action": "sts:AssumeRole",
        "Condition": {"StringEquals": {"aws:SourceAccount": ACCOUNT}},
    }
    groups = (
        "/evolution/prod/*",
        "/aws/lambda/evolution-*-prod",
        "aws-waf-logs-evolution-prod",
        "/aws/bedrock-agentcore/runtimes/evolution_prod-*",
    )
    logs_use_key = {
        "Sid": "Use",
        "Effect": "Allow",
        "Principal": {"Service": "logs.us-east-1.amazonaws.com"},
        "Action": ["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"],
        "Resource": "*",
        "Condition": {
            "ArnLike": {"kms:EncryptionContext:aws:logs:arn": [f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:{group}" for group in groups]}
        },
    }
    speak = {
        "Effect": "Allow",
        "Principal": {"Service": ["cloudwatch.amazonaws.com", "budgets.amazonaws.com"]},
        "Condition": {"StringEquals": {"aws:SourceAccount": ACCOUNT}},
    }
    services = ["cloudwatch.amazonaws.com", "budgets.amazonaws.com", "sns.amazonaws.com"]
    to_key = {**speak, "Principal": {"Service": services}, "Action": ["kms:Decrypt", "kms:GenerateDataKey*"], "Resource": "*"}
    to_topic = {**speak, "Action": "sns:Publish", "Resource": TOPIC_ARN}
    sse = "applyServerSideEncryptionByDefault"
    return tagged(
        {
            "stack": Node("pulumi:pulumi:Stack", {}),
            "key": Node(
                "aws:kms/key:Key",
                {"policy": document(logs_use_key, to_key), "enableKeyRotation": True, "deletionWindowInDays": 30.0},
                protect=True,
            ),
            "state": table(
                "evolution-state-prod", {"evolution_id": "S", "generation": "N"}, streamEnabled=True, streamViewType="NEW_AND_OLD_IMAGES"
            ),
            "population": table("agent-population-prod", {"population_id": "S", "agent_id": "S"}),
            "checkpoints": table("evolution-checkpoints-prod", {"checkpoint_id": "S"}),
            "topic": Node(
                "aws:sns/topic:Topic", {"name": "evolution-system-alerts-prod", "kmsMasterKeyId": UNKNOWN}, {"kmsMasterKeyId": ["key"]}
            ),
            "topic-policy": Node(
                "aws:sns/topicPolicy:TopicPolicy",
                {"arn": UNKNOWN, "policy": document(to_topic, deny_plain_transport("sns:Publish", TOPIC_ARN))},
                {"arn": ["topic"]},
            ),
            "logs": Node(
                "aws:cloudwatch/logGroup:LogGroup",
                {"name": "/evolution/prod/engine", "kmsKeyId": UNKNOWN, "retentionInDays": 365.0},
                {"kmsKeyId": ["key"]},
            ),
            "secret": Node(
                "aws:secretsmanager/secret:Secret",
                {"name": "EvolutionSafetyConfig-prod", "kmsKeyId": KEY_ARN},
                {"kmsKeyId": ["key"]},
                protect=True,
            ),
            "repository": Node(
                "aws:ecr/repository:Repository",
                {
                    "name": "engine",
                    "encryptionConfigurations": [{"encryptionType": "KMS", "kmsKey": UNKNOWN}],
                    "imageTagMutability": "IMMUTABLE",
                    "imageScanningConfiguration": {"scanOnPush": True},
                },
                {"encryptionConfigurations": ["key"]},
                protect=True,
            ),
            **bucket("artifacts"),
            "artifacts-encryption": Node(
                "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
                {"bucket": UNKNOWN, "rules": [{sse: {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": UNKNOWN}}]},
                {"bucket": ["artifacts"], "rules": ["key"]},
            ),
            **bucket("access-logs"),
            "access-logs-encryption": Node(
                "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
                {"bucket": physical("access-logs"), "rules": [{sse: {"sseAlgorithm": "AES256"}}]},
            ),
            "logging": Node(
                "aws:s3/bucketLogging:BucketLogging",
                {"bucket": UNKNOWN, "targetBucket": physical("access-logs")},
                {"bucket": ["artifacts"], "targetBucket": ["access-logs"]},
            ),
            "boundary": Node("aws:iam/policy:Policy", {"name": "evolution-boundary-prod", "policy": document(*GRANTS[:-1], CALLS, KEEPS)}),
            "role": Node(
                "aws:iam/role:Role",
                {"name": "evolution-engine-prod", "assumeRolePolicy": document(trust), "permissionsBoundary": UNKNOWN},
                {"permissionsBoundary": ["boundary"]},
            ),
            "role-grants": Node("aws:iam/rolePolicy:RolePolicy", {"policy": document(*GRANTS)}),
            "task": _task(containers(), "role"),
            "service": _service("evolution-engine-prod", "task", 3),
            "monitor-role": Node(
                "aws:iam/role:Role",
                {"name": "evolution-monitor-prod", "assumeRolePolicy": document(trust), "permissionsBoundary": UNKNOWN},
                {"permissionsBoundary": ["boundary"]},
            ),
            "monitor-task": _task(monitor_containers(), "monitor-role"),
            "monitor-service": _service("evolution-safety-monitor-prod", "monitor-task", 1),
            "subnet": Node(
                "aws:ec2/subnet:Subnet", {"vpcId": UNKNOWN, "cidrBlock": "10.0.0.0/24", "mapPublicIpOnLaunch": False}, {"vpcId": ["vpc"]}
            ),
            "group": Node("aws:ec2/securityGroup:SecurityGroup", {"description": "HTTPS out, nothing in."}),
            "default-group": Node(
                "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup", {"vpcId": UNKNOWN, "ingress": [], "egress": []}, {"vpcId": ["vpc"]}
            ),
            "from-vpc": Node("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", {"cidrIpv4": "10.0.0.0/16", "ipProtocol": "tcp"}),
            "old-rule": Node("aws:ec2/securityGroupRule:SecurityGroupRule", {"type": "egress", "cidrBlocks": ["0.0.0.0/0"]}),
            **surroundings(),
        }
    )


UNAPPROVED = tuple(family for family in FAMILIES if family.name != "approved")
"""The rules that judge whatever there is: of these small stacks nothing is approved."""


@dataclass(frozen=True)
class ReportedFinding:
    """A violation: the rule's id, the name of the resource (empty for the stack), the whole message."""

    rule: str
    resource: str
    message: str


_last_read: list[tuple[Nodes, dict[str, Any]]] = []
"""The nodes that were read last, and what was read."""


def _read(judged: Nodes) -> dict[str, Any]:
    """The properties of nodes that stay as they are, read through CrossGuard's own proxies: once for all edits of them."""
    if not _last_read or _last_read[0][0] is not judged:
        read = {name: to_properties(unknown_checking_proxy({**node.outputs, **node.props})) for name, node in judged.items()}
        _last_read[:] = [(judged, read)]
    return dict(_last_read[0][1])


def findings(
    nodes: Nodes,
    *,
    stack: str = "prod",
    project: str = "evolution-system",
    config: Mapping[str, Any] | None = None,
    today: datetime.date = datetime.date(2026, 11, 22),
    families: Sequence[Family] = UNAPPROVED,
    judged: Nodes | None = None,
) -> list[ReportedFinding]:
    """What the pack says about a stack: its policies over CrossGuard's own proxies, each resource by itself and then all of them.

    Those of `judged`, the very same objects, are not judged by themselves again: nothing was found in them.
    """
    names = {name: f"urn:pulumi:{stack}::{project}::{node.type}::{name}" for name, node in nodes.items()}
    found: list[ReportedFinding] = []

    def report(message: str, urn: str | None = None) -> None:
        rule = re.match(r"\[([a-z-]+/[a-z-]+)\] (?:`([^`]+)`|The stack)", message)
        assert rule, f"a message must begin with its rule's id and the resource: {message}"
        assert urn is None or urn.endswith(f"::{rule[2]}"), f"the URN {urn} must be that of the resource in: {message}"
        found.append(ReportedFinding(rule[1], rule[2] or "", message))

    def options(node: Node) -> crossguard.PolicyResourceOptions:
        return crossguard.PolicyResourceOptions(
            node.protect, list(node.ignore_changes), node.delete_before_replace, [], crossguard.PolicyCustomTimeouts(0, 0, 0), []
        )

    anew = {name: node for name, node in nodes.items() if judged is None or judged.get(name) is not node}
    # One proxy a node for all policies: they only read.
    inputs = {name: unknown_checking_proxy(node.props) for name, node in anew.items()}
    whole = _read(judged) if judged is not None else {}
    whole |= {name: unknown_checking_proxy({**node.outputs, **node.props}) if node.outputs else inputs[name] for name, node in anew.items()}
    resources = {
        name: crossguard.PolicyResource(node.type, whole[name], names[name], name, options(node), None, None, [], {})
        for name, node in nodes.items()
    }
    for name, node in nodes.items():
        for key, sources in node.references.items():
            resources[name].property_dependencies[key] = [resources[source] for source in sources if source in resources]
        waits_for = {*node.depends_on, *(source for sources in node.references.values() for source in sources)}
        resources[name].dependencies.extend(resources[source] for source in waits_for if source in resources)
    for policy in Frame(families, lambda: today).policies():
        validate = cast("Callable[[object, crossguard.ReportViolation], None]", getattr(policy, "validate", None))
        if isinstance(policy, crossguard.ResourceValidationPolicy):
            for name, node in anew.items():
                given = config if policy.name == "environment" else None
                args = crossguard.ResourceValidationArgs(node.type, inputs[name], names[name], name, options(node), None, given)
                validate(args, report)
        else:
            validate(crossguard.StackValidationArgs(list(resources.values())), report)
    return found


def rules_that_fire(nodes: Nodes, **options: Any) -> set[str]:
    return {finding.rule for finding in findings(nodes, **options)}


def set_at(nodes: Nodes, name: str, path: str, value: Any) -> None:
    """Replace one property, `a.0.b`, of one resource."""
    *parents, last = path.split(".")
    target: Any = nodes[name].props
    for key in parents:
        target = target[int(key) if key.isdigit() else key]
    target[int(last) if last.isdigit() else last] = value


def configure(monkeypatch: pytest.MonkeyPatch, table: Mapping[str, Any] | None = None, **rows: Any) -> None:
    """Give the stack a table: prod's limits, with rows replaced."""
    content = {**(TABLE if table is None else table), **rows}
    monkeypatch.setenv("PULUMI_CONFIG", json.dumps({"evolution-system:environment": json.dumps(content), "aws:region": "us-east-1"}))
