"""What `make preflight` asks, as grants: of what is named it asks by its name, of all else it can only see lists."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping

from components.capacity import ELASTIC_IPS, FARGATE_VCPUS, LAMBDA_EXECUTIONS, VPCS
from components.naming import Names
from operations.needs import Condition, Grant, arns
from operations.planned import Planned
from operations.ready import GITHUB, NETWORK_ROLE, SERVICE_ROLES

OF_TYPE: Mapping[str, str] = {
    "budgets:ViewBudget": "budgets/budget",
    "dynamodb:DescribeTable": "dynamodb/table",
    "ecr:DescribeRepositories": "ecr/repository",
    "iam:GetPolicy": "iam/policy",
    "lambda:GetFunctionConcurrency": "lambda/function",
    "lambda:GetFunctionConfiguration": "lambda/function",
    "s3:ListBucket": "s3/bucket",
    "scheduler:GetScheduleGroup": "scheduler/scheduleGroup",
    "sqs:GetQueueUrl": "sqs/queue",
}
"""By action, the planned type whose names are looked up with it."""

ANYTHING: Condition = {}


def asks(actions: Iterable[str], plan: Planned, names: Names) -> list[Grant]:
    """The grants for what is asked about a plan."""
    found: list[Grant] = []
    for action in actions:
        resources = tuple(sorted(set(_about(action, plan, names)))) or ("*",)
        # A name that isn't taken is no key's.
        by_alias = {"ForAnyValue:StringEquals": {"kms:ResourceAliases": names.key_alias}}
        condition = json.dumps(by_alias if action == "kms:DescribeKey" else ANYTHING)
        found.append(Grant(action=action, resources=resources, condition=condition, reads=True, why="make preflight"))
    return found


def _about(action: str, plan: Planned, names: Names) -> Iterator[str]:
    """The ARNs of what an action asks about; none where it takes no resource."""
    own = names.role_arn(f"account-deploy-{names.stack}")  # account/: whose rights are asked for
    if action in OF_TYPE:
        yield from arns(OF_TYPE[action], plan, names)
    match action:
        case "bedrock:GetInferenceProfile":
            yield names.arn("bedrock", f"inference-profile/{plan.env.model_id}")
        case "iam:GetOpenIDConnectProvider":
            yield f"arn:aws:iam::{names.account}:oidc-provider/{GITHUB}"
        case "iam:GetRole":
            yield from (own, *arns("iam/role", plan, names))
            yield from (names.role_arn(f"aws-service-role/{service}/{role}") for role, service in (*SERVICE_ROLES.values(), NETWORK_ROLE))
        case "iam:SimulatePrincipalPolicy":
            yield own
        case "kms:DescribeKey":
            yield names.any_key_arn
        case "secretsmanager:DescribeSecret":
            # A name that isn't taken has no suffix.
            yield from (one for arn in arns("secretsmanager/secret", plan, names) for one in (arn, arn.removesuffix("-??????")))
        case "servicequotas:GetServiceQuota":
            yield from (
                names.arn("servicequotas", f"{one.service}/{one.code}") for one in (ELASTIC_IPS, FARGATE_VCPUS, LAMBDA_EXECUTIONS, VPCS)
            )
        case _:
            pass
