"""The permissions boundary of a stack's roles here: whoever has stolen one of them stays within it, whatever is attached to the role later.

What isn't named is denied: users, sessions of other roles, trails, quotas, the marketplace. In IAM it allows what the stack's own policies
hold, word for word. Of this project it lets nothing be touched but the state.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from account.names import AccountNames
from account.policies import Document, StackPolicies
from account.table import PROJECT
from components.environment import DISPOSABLE_STACK
from components.naming import Names

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
    "s3",
    "scheduler",
    "secretsmanager",
    "sns",
    "sqs",
    "ssm",
    "wafv2",
)
"""The services that the system is made of. A boundary that named their actions would be longer than IAM takes."""

ON_STATE = ("s3:DeleteObject", "s3:GetObject", "s3:ListBucket", "s3:PutObject")
"""All that may be done to a bucket of this project. A deleted object is an older version, which may not be deleted."""

WITH_KEYS = ("kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey")
"""All that may be done with a key of this project."""

OF_BOUNDARIES = ("iam:CreatePolicyVersion", "iam:DeletePolicy", "iam:DeletePolicyVersion", "iam:SetDefaultPolicyVersion")
"""What changes a boundary, or makes room for another one under its name."""

LOGGING = ("bedrock:DeleteModelInvocationLoggingConfiguration", "bedrock:PutModelInvocationLoggingConfiguration")
"""What is recorded of every model call of the account."""

REWRITES = ("lambda:CreateFunction", "lambda:UpdateFunctionCode")
"""What gives a function other code."""


def statements(names: AccountNames, policies: StackPolicies) -> list[Document]:
    """The boundary of a stack's roles."""
    ours = Names(stack=policies.stack, region=policies.region, account=names.number)
    return [
        {"Effect": "Allow", "Action": [f"{service}:*" for service in SERVICES], "Resource": "*"},
        *_in_iam_and_beyond([*policies.deploy, *policies.drift, *policies.image]),
        _deny(OF_BOUNDARIES, names.policy_arn("*")),
        _deny_but(ON_STATE, [names.bucket_arn("account-*")]),
        _deny_but(WITH_KEYS, [names.any_key_arn], {"StringEquals": {"aws:ResourceTag/Project": PROJECT}}),
        _deny(["kms:*"], names.any_alias_arn),
        _deny(LOGGING, "*"),
        *([] if policies.stack == DISPOSABLE_STACK else _the_administrators(ours)),
    ]


def _the_administrators(ours: Names) -> Iterator[Document]:
    """What an administrator does where data is kept: the mode, and the code of the functions that may write it."""
    writers = [ours.function_arn(one) for one in (ours.switch_function, ours.resume_function)]
    yield _deny(["ssm:DeleteParameter*", "ssm:PutParameter"], ours.mode_parameter_arn)
    yield _deny(REWRITES, writers)
    # A layer's code runs before the function's own.
    yield {**_deny(["lambda:UpdateFunctionConfiguration"], writers), "Condition": {"Null": {"lambda:Layer": "false"}}}


def _in_iam_and_beyond(held: Iterable[Document]) -> list[Document]:
    """The statements about services that aren't in SERVICES: IAM, and what is only asked."""
    found: dict[str, Document] = {}
    for one in held:
        actions = [action for action in one["Action"] if action.partition(":")[0] not in SERVICES]
        if actions:
            kept = {**one, "Action": actions}
            found.setdefault(str(kept), kept)
    return list(found.values())


def _deny(actions: Sequence[str], resources: str | Sequence[str]) -> dict[str, object]:
    return {"Effect": "Deny", "Action": list(actions), "Resource": resources}


def _deny_but(actions: Sequence[str], resources: Sequence[str], condition: Mapping[str, Mapping[str, str]] | None = None) -> Document:
    whole: dict[str, object] = {"Effect": "Deny", "NotAction": list(actions), "Resource": list(resources)}
    return {**whole, "Condition": condition} if condition else whole
