"""Whether the names of what is still to be made are free: AWS refuses a second one, mostly halfway through a deployment."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from operations.account import Account, AwsError
from operations.halt import MISSING
from operations.outcome import Outcome
from operations.planned import Planned

FREE = MISSING | {
    "404",
    "NoSuchBucket",
    "NoSuchEntity",
    "RepositoryNotFoundException",
    "AWS.SimpleQueueService.NonExistentQueue",
    "QueueDoesNotExist",
}
"""Error codes for a name that nobody has."""


@dataclass(frozen=True, kw_only=True)
class Named:
    """A type whose name must be free.

    Attributes:
        name: the input that holds it.
        call: what finds it, and its parameters by name and account number.
        found: whether an answer has it; None where the call refuses what isn't there.
    """

    name: str
    call: str
    parameters: Callable[[str, str], Mapping[str, Any]]
    found: Callable[[Mapping[str, Any], str], bool] | None = None


def _one(key: str) -> Callable[[str, str], Mapping[str, Any]]:
    return lambda name, _: {key: name}


def _listed(many: str, one: str) -> Callable[[Mapping[str, Any], str], bool]:
    return lambda answer, name: name in [item.get(one) for item in answer.get(many, [])]


def _no_parameters(_: str, __: str) -> Mapping[str, Any]:
    return {}


NAMED: Mapping[str, Named] = {
    "s3/bucket": Named(name="bucket", call="s3:HeadBucket", parameters=_one("Bucket")),
    "iam/role": Named(name="name", call="iam:GetRole", parameters=_one("RoleName")),
    "iam/policy": Named(
        name="name", call="iam:GetPolicy", parameters=lambda name, account: {"PolicyArn": f"arn:aws:iam::{account}:policy/{name}"}
    ),
    "dynamodb/table": Named(name="name", call="dynamodb:DescribeTable", parameters=_one("TableName")),
    "lambda/function": Named(name="name", call="lambda:GetFunctionConfiguration", parameters=_one("FunctionName")),
    "cloudwatch/logGroup": Named(
        name="name",
        call="logs:DescribeLogGroups",
        parameters=_one("logGroupNamePrefix"),
        found=_listed("logGroups", "logGroupName"),
    ),
    "ecr/repository": Named(name="name", call="ecr:DescribeRepositories", parameters=lambda name, _: {"repositoryNames": [name]}),
    "sqs/queue": Named(name="name", call="sqs:GetQueueUrl", parameters=_one("QueueName")),
    "kms/alias": Named(name="name", call="kms:DescribeKey", parameters=_one("KeyId")),
    # Also while it waits to be deleted, which takes up to thirty days.
    "secretsmanager/secret": Named(name="name", call="secretsmanager:DescribeSecret", parameters=_one("SecretId")),
    "ssm/parameter": Named(
        name="name",
        call="ssm:DescribeParameters",
        parameters=lambda name, _: {"ParameterFilters": [{"Key": "Name", "Values": [name]}]},
        found=_listed("Parameters", "Name"),
    ),
    "scheduler/scheduleGroup": Named(name="name", call="scheduler:GetScheduleGroup", parameters=_one("Name")),
    "budgets/budget": Named(
        name="name", call="budgets:DescribeBudget", parameters=lambda name, account: {"AccountId": account, "BudgetName": name}
    ),
    "wafv2/webAcl": Named(
        name="name",
        call="wafv2:ListWebACLs",
        parameters=lambda _, __: {"Scope": "REGIONAL", "Limit": 100},
        found=_listed("WebACLs", "Name"),
    ),
    "bedrock/guardrail": Named(
        name="name",
        call="bedrock:ListGuardrails",
        parameters=_no_parameters,
        found=_listed("guardrails", "name"),
    ),
    "bedrock/agentcoreAgentRuntime": Named(
        name="agentRuntimeName",
        call="bedrock-agentcore-control:ListAgentRuntimes",
        parameters=_no_parameters,
        found=_listed("agentRuntimes", "agentRuntimeName"),
    ),
    "bedrock/agentcoreGateway": Named(
        name="name",
        call="bedrock-agentcore-control:ListGateways",
        parameters=_no_parameters,
        found=_listed("items", "name"),
    ),
}
"""By planned type. Others have no name of their own, or AWS takes a second request for one (clusters, topics, alarms)."""

CALLS = frozenset(one.call for one in NAMED.values())


def names(account: Account, planned: Planned) -> Iterator[Outcome]:
    """What is taken, one outcome each; and one for all that is free."""
    free = 0
    for kind, named in NAMED.items():
        for resource in planned.new(kind):
            name = resource.inputs[named.name]
            try:
                taken = _taken(account, named, name)
            except AwsError as error:
                yield Outcome(check="names", kind="unknown", text=f"AWS doesn't say whether {name} is free: {error}")
                continue
            free += not taken
            if taken:
                yield Outcome(check="names", kind="fail", text=f"the {kind} {name} is there already{taken}")
    made = sum(one.made for kind in NAMED for one in planned.of(kind))
    if free or made:
        yield Outcome(check="names", kind="pass", text=f"{free} are free" + (f", {made} are this stack's already" if made else ""))


def _taken(account: Account, named: Named, name: str) -> str:
    """What to do about a name that is taken; empty if it is free."""
    again = ". Import it (`pulumi import`), or remove it: docs/deploying.md, Taking it down"
    try:
        pages = account.pages(named.call, **named.parameters(name, account.number))
        return again if any(named.found is None or named.found(page, name) for page in pages) else ""
    except AwsError as error:
        if error.code in FREE:
            return ""
        if named.call == "s3:HeadBucket" and error.code in ("403", "301"):
            return ", in another account or region, or hidden from these credentials. A bucket's name is unique in the world"
        raise
