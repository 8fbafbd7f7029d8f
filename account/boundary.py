"""The permissions boundary of a stack's roles here: whoever has stolen one of them stays within it, whatever is attached to the role later.

What isn't named is denied: users, sessions of other roles, identity providers, trails, quotas, the marketplace. Of this project it lets
nothing be touched but the state.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from account.names import AccountNames
from account.policies import Document, StackPolicies
from account.table import PROJECT
from components.environment import DISPOSABLE_STACK
from components.naming import PARTITION, Names

SERVICES = (
    "application-autoscaling",
    "bedrock",
    "bedrock-agentcore",
    "budgets",
    "cloudwatch",
    "dynamodb",
    "ec2",
    "ecr",
    "ecs",
    "kms",
    "lambda",
    "logs",
    "route53resolver",
    "s3",
    "scheduler",
    "secretsmanager",
    "sns",
    "sqs",
    "wafv2",
)
"""The services that the system is made of. A boundary that named their actions would be longer than IAM takes."""

BESIDE = (
    "access-analyzer:ListAnalyzers",
    "guardduty:ListDetectors",
    "iam:Get*",
    "iam:List*",
    "iam:SimulatePrincipalPolicy",
    "route53:AssociateVPCWithHostedZone",
    "servicequotas:GetAWSDefaultServiceQuota",
    "servicequotas:GetServiceQuota",
    "ssm:*Parameter*",
    "ssm:*Tags*",
    "xray:*ResourcePolic*",
    "xray:GetTraceSegmentDestination",
)
"""What is asked of other services, the private names of endpoints, who sends traces, and the parameter: not what else Systems Manager does
with machines."""

READS = re.compile("iam:(Get|List|Simulate)")

ON_STATE = ("s3:DeleteObject", "s3:GetObject", "s3:ListBucket", "s3:PutObject")
"""All that may be done to the state's bucket. A deleted object is an older version, which may not be deleted."""

WITH_KEYS = ("kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey")
"""All that may be done with a key of this project."""

OF_BOUNDARIES = ("iam:CreatePolicyVersion", "iam:DeletePolicy", "iam:DeletePolicyVersion", "iam:SetDefaultPolicyVersion")
"""What changes a boundary, or makes room for another one under its name."""

OF_ACCOUNT = (
    "bedrock:DeleteModelInvocationLoggingConfiguration",
    "bedrock:PutModelInvocationLoggingConfiguration",
    "ec2:DisableEbsEncryptionByDefault",
    "ec2:DisableImageBlockPublicAccess",
    "ec2:DisableSnapshotBlockPublicAccess",
    "ecr:PutRegistryPolicy",
    "ecr:PutReplicationConfiguration",
    "s3:PutAccountPublicAccessBlock",
)
"""What holds for the whole account: the record of model calls, and what keeps its data private."""

INVOKES = "bedrock-agentcore:Invoke*"
"""Asks the agents: their own policies could let the role that writes these. Only by hand: AgentCore looks at the gateway on behalf of who
makes a Cedar policy."""

REWRITES = ("lambda:CreateFunction", "lambda:UpdateFunctionCode", "lambda:UpdateFunctionConfiguration")
"""What has a function run other code: also that of a layer, of a handler in the standard library, or in a variable that Python heeds."""

INVITES = ("lambda:AddPermission", "lambda:CreateFunctionUrlConfig")
"""What lets others invoke a function, or another account give it other code: no boundary is asked there. Source: Lambda developer guide,
"Granting Lambda function access to other accounts"."""

LETS_IN = ("kms:PutKeyPolicy", "s3:PutBucketPolicy", "sns:SetTopicAttributes")
"""What lets others, and other accounts, end data and guards, by the policies that these have."""

FEEDS = ("lambda:CreateEventSourceMapping", "lambda:UpdateEventSourceMapping")
"""What has a queue or stream invoke a function."""

TAKES_AWAY = (
    "dynamodb:DeleteTable",
    "kms:DisableKey",
    "kms:ScheduleKeyDeletion",
    "lambda:RemovePermission",
    "logs:DeleteLogGroup",
    "s3:DeleteBucket*",
    "s3:DeleteObjectVersion",
    "secretsmanager:DeleteSecret",
    "sns:DeleteTopic",
    "sqs:DeleteQueue",
    "sqs:PurgeQueue",
)
"""What ends data, or what watches it. No policy of the stack's grants it, but a queue's or a secret's own could."""


def statements(names: AccountNames, policies: StackPolicies) -> list[Document]:
    """The boundary of a stack's roles."""
    ours = Names(stack=policies.stack, region=policies.region, account=names.number)
    return [
        {"Effect": "Allow", "Action": [*(f"{service}:*" for service in SERVICES), *BESIDE], "Resource": "*"},
        *_in_iam(ours, policies),
        _deny(OF_BOUNDARIES, names.policy_arn("*")),
        _deny_but(ON_STATE, _with_objects(names, names.state_bucket)),
        _deny(["s3:*"], [*_with_objects(names, names.access_logs_bucket), *_with_objects(names, names.records_bucket)]),
        _deny_but(WITH_KEYS, [names.any_key_arn], {"StringEquals": {"aws:ResourceTag/Project": PROJECT}}),
        _deny(["kms:*"], names.any_alias_arn),
        _deny(OF_ACCOUNT, "*"),
        {**_deny([INVOKES], "*"), "Condition": {"Bool": {"aws:ViaAWSService": "false"}}},
        *([] if policies.stack == DISPOSABLE_STACK else _the_administrators(ours)),
    ]


def _in_iam(ours: Names, policies: StackPolicies) -> Iterator[Document]:
    """What the stack's policies change in IAM, on its own roles and boundaries; and which roles they hand to which services.

    Only dev's policies make boundaries, at its first `up`. From then on the names are taken, and an administrator changes what is there.
    """
    services: set[str] = set()
    for one in policies.deploy:
        actions = [action for action in one["Action"] if action.startswith("iam:") and not READS.match(action)]
        if actions == ["iam:CreateServiceLinkedRole"]:
            services.add(one["Condition"]["StringEquals"]["iam:AWSServiceName"])
        elif actions == ["iam:PassRole"]:
            yield one
        elif actions:
            roles = ":role/" in one["Resource"][0]
            own = ours.role_arn("evolution-*-{0}") if roles else f"arn:{PARTITION}:iam::{ours.account}:policy/evolution-*-{{0}}"
            yield {**one, "Action": actions, "Resource": own.format(f"{ours.stack}-{ours.region}")}
    yield {
        "Effect": "Allow",
        "Action": "iam:CreateServiceLinkedRole",
        "Resource": ours.role_arn("aws-service-role/*"),
        "Condition": {"StringEquals": {"iam:AWSServiceName": sorted(services)}},
    }


def _the_administrators(ours: Names) -> Iterator[Document]:
    """What an administrator does where data is kept: the mode, the functions that may write it, and the end of data and guards. In whatever
    region: a denial that named another one than the stack's would deny nothing."""
    everywhere = replace(ours, region="*")
    writers = [everywhere.function_arn(one) for one in (ours.switch_function, ours.resume_function)]
    yield _deny(["ssm:DeleteParameter*", "ssm:PutParameter"], everywhere.mode_parameter_arn)
    yield _deny([*REWRITES, "lambda:DeleteFunction"], writers)
    yield _deny(INVITES, writers)
    yield {**_deny(FEEDS, "*"), "Condition": {"ArnEquals": {"lambda:FunctionArn": writers}}}
    yield _deny([*LETS_IN, *TAKES_AWAY], "*")


def _with_objects(names: AccountNames, bucket: str) -> list[str]:
    return [names.bucket_arn(bucket), f"{names.bucket_arn(bucket)}/*"]


def _deny(actions: Sequence[str], resources: str | Sequence[str]) -> dict[str, object]:
    return {"Effect": "Deny", "Action": list(actions), "Resource": resources}


def _deny_but(actions: Sequence[str], resources: Sequence[str], condition: Mapping[str, Mapping[str, str]] | None = None) -> Document:
    whole: dict[str, object] = {"Effect": "Deny", "NotAction": list(actions), "Resource": list(resources)}
    return {**whole, "Condition": condition} if condition else whole
