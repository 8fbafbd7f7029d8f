"""Whether the role that deploys may do what the plan needs, by IAM's own simulation, which sends no request to the services."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from operations.account import Account
from operations.outcome import Outcome
from operations.planned import Planned

CALLS = frozenset({"iam:SimulatePrincipalPolicy", "iam:GetRole", "sts:GetCallerIdentity"})


@dataclass(frozen=True, kw_only=True)
class Right:
    """An action.

    Attributes:
        resources: the ARNs of what it is for.
        context: condition keys that its requests bring, with their values.
    """

    action: str
    resources: tuple[str, ...]
    context: Mapping[str, str] = field(default_factory=dict[str, str])


CREATED: Mapping[str, tuple[str, str, str]] = {
    "s3/bucket": ("s3:CreateBucket", "bucket", "arn:aws:s3:::{name}"),
    "iam/role": ("iam:CreateRole", "name", "arn:aws:iam::{account}:role/{name}"),
    "iam/policy": ("iam:CreatePolicy", "name", "arn:aws:iam::{account}:policy/{name}"),
    "dynamodb/table": ("dynamodb:CreateTable", "name", "arn:aws:dynamodb:{region}:{account}:table/{name}"),
    "lambda/function": ("lambda:CreateFunction", "name", "arn:aws:lambda:{region}:{account}:function:{name}"),
    "cloudwatch/logGroup": ("logs:CreateLogGroup", "name", "arn:aws:logs:{region}:{account}:log-group:{name}:*"),
    "cloudwatch/metricAlarm": ("cloudwatch:PutMetricAlarm", "name", "arn:aws:cloudwatch:{region}:{account}:alarm:{name}"),
    "cloudwatch/compositeAlarm": ("cloudwatch:PutCompositeAlarm", "alarmName", "arn:aws:cloudwatch:{region}:{account}:alarm:{name}"),
    "cloudwatch/dashboard": ("cloudwatch:PutDashboard", "dashboardName", "arn:aws:cloudwatch::{account}:dashboard/{name}"),
    "ecr/repository": ("ecr:CreateRepository", "name", "arn:aws:ecr:{region}:{account}:repository/{name}"),
    "ecs/cluster": ("ecs:CreateCluster", "name", "arn:aws:ecs:{region}:{account}:cluster/{name}"),
    "sns/topic": ("sns:CreateTopic", "name", "arn:aws:sns:{region}:{account}:{name}"),
    "sqs/queue": ("sqs:CreateQueue", "name", "arn:aws:sqs:{region}:{account}:{name}"),
    "kms/alias": ("kms:CreateAlias", "name", "arn:aws:kms:{region}:{account}:{name}"),
    "secretsmanager/secret": ("secretsmanager:CreateSecret", "name", "arn:aws:secretsmanager:{region}:{account}:secret:{name}-AbCdEf"),
    "ssm/parameter": ("ssm:PutParameter", "name", "arn:aws:ssm:{region}:{account}:parameter{name}"),
    "scheduler/scheduleGroup": ("scheduler:CreateScheduleGroup", "name", "arn:aws:scheduler:{region}:{account}:schedule-group/{name}"),
    "budgets/budget": ("budgets:ModifyBudget", "name", "arn:aws:budgets::{account}:budget/{name}"),
}
"""By planned type, the action that makes one, the input with its name, and its ARN. Source: Service Authorization Reference."""

UNNAMED: Mapping[str, str] = {
    "ec2/vpc": "ec2:CreateVpc",
    "ec2/eip": "ec2:AllocateAddress",
    "ec2/natGateway": "ec2:CreateNatGateway",
    "kms/key": "kms:CreateKey",
    "bedrock/guardrail": "bedrock:CreateGuardrail",
    "bedrock/agentcoreAgentRuntime": "bedrock-agentcore:CreateAgentRuntime",
    "bedrock/agentcoreGateway": "bedrock-agentcore:CreateGateway",
    "wafv2/webAcl": "wafv2:CreateWebACL",
    "ecs/taskDefinition": "ecs:RegisterTaskDefinition",
    "appautoscaling/target": "application-autoscaling:RegisterScalableTarget",
}
"""The same for what AWS itself numbers: its ARN isn't known before."""


def needed(account: Account, planned: Planned) -> list[Right]:
    """What makes what is still to be made. Not all that a deployment calls: what it reads, changes and removes isn't in it."""
    found: list[Right] = []
    for kind, (action, name, arn) in CREATED.items():
        arns = [arn.format(region=account.region, account=account.number, name=one.inputs[name]) for one in planned.new(kind)]
        found += [Right(action=action, resources=tuple(arns))] if arns else []
    found += [Right(action=action, resources=()) for kind, action in UNNAMED.items() if planned.new(kind)]
    passed: dict[str, list[str]] = {}
    for role in planned.new("iam/role"):
        for statement in json.loads(role.inputs["assumeRolePolicy"])["Statement"]:
            service = statement["Principal"]["Service"]
            passed.setdefault(service, []).append(f"arn:aws:iam::{account.number}:role/{role.inputs['name']}")
    found += [
        Right(action="iam:PassRole", resources=tuple(roles), context={"iam:PassedToService": service})
        for service, roles in sorted(passed.items())
    ]
    return found


def rights(account: Account, planned: Planned, role: str = "", wanted: Sequence[Right] | None = None) -> Iterator[Outcome]:
    """What the role may not do.

    Args:
        role: its name; empty for the caller's own.
        wanted: what it must be able to do. Default: to make what is still to be made.
    """
    check = "rights"
    source = _source(account, role)
    if not source:
        yield Outcome(
            check=check, kind="unknown", text="IAM simulates no root user: use a role, or name the one that deploys by DEPLOY_ROLE=…"
        )
        return
    asked = needed(account, planned) if wanted is None else wanted
    context = _context(account, planned)
    lacking: list[str] = []
    unclear: list[str] = []
    for right in asked:
        for result in _simulate(account, source, right, context):
            if result["EvalDecision"] == "allowed":
                continue
            name = f"{right.action} on {result.get('EvalResourceName', '*')}"
            missing: list[str] = result.get("MissingContextValues", [])
            if missing and result["EvalDecision"] == "implicitDeny":
                unclear.append(f"{name} (it depends on {', '.join(missing)})")
            else:
                lacking.append(name)
    if lacking:
        yield Outcome(check=check, kind="fail", text=f"{source} may not: {'; '.join(lacking)}")
    if unclear:
        yield Outcome(check=check, kind="unknown", text=f"{source} perhaps may not: {'; '.join(unclear)}")
    if not lacking and not unclear:
        yield Outcome(check=check, kind="pass", text=f"{source} may do the {len(asked)} actions that make what is planned")


def _source(account: Account, role: str) -> str:
    """The ARN of a role or user; empty for the root user."""
    caller = str(account.call("sts:GetCallerIdentity")["Arn"])
    kind, _, name = caller.partition(":")[2].rpartition(":")[2].partition("/")
    if role or kind == "assumed-role":
        # An assumed role's ARN lacks the path.
        return str(account.call("iam:GetRole", RoleName=role or name.partition("/")[0])["Role"]["Arn"])
    return "" if kind == "root" else caller


def _context(account: Account, planned: Planned) -> Mapping[str, str]:
    """What every request brings: the region, the tags that everything has, and the boundary that every role is under."""
    names = account.names(planned.stack)
    tables = planned.of("dynamodb/table")
    tags: Mapping[str, str] = tables[0].inputs["tagsAll"] if tables else {}
    boundary = f"arn:aws:iam::{account.number}:policy/{names.permissions_boundary}"
    return {
        "aws:RequestedRegion": account.region,
        "iam:PermissionsBoundary": boundary,
        **{f"aws:RequestTag/{key}": value for key, value in tags.items()},
    }


def _simulate(account: Account, source: str, right: Right, context: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    entries = [
        {"ContextKeyName": key, "ContextKeyValues": [value], "ContextKeyType": "string"}
        for key, value in {**context, **right.context}.items()
    ]
    asked: dict[str, Any] = {"PolicySourceArn": source, "ActionNames": [right.action], "ContextEntries": entries}
    if right.resources:
        asked["ResourceArns"] = list(right.resources)
    while True:
        answer = account.call("iam:SimulatePrincipalPolicy", **asked)
        for result in answer["EvaluationResults"]:
            # One result an action; by resource below it.
            for one in result.get("ResourceSpecificResults") or [result]:
                yield {**result, **one, "EvalDecision": one.get("EvalResourceDecision", result["EvalDecision"])}
        if not answer.get("IsTruncated"):
            return
        asked["Marker"] = answer["Marker"]
