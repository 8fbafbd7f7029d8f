"""What none of the roles may do, that deploy, look for drift and push images: ways to more than each is for."""

from __future__ import annotations

from collections.abc import Mapping

from account.policies import PLACEHOLDER as ACCOUNT
from tests.functions.requests import IamRequest
from tests.operations.sent import ID


def other(stack: str, service: str, resource: str) -> str:
    return f"arn:aws:{service}:us-east-1:{ACCOUNT}:{resource.format(stack=stack)}"


OURS = {"aws:ResourceTag/Project": ["evolution-system"], "aws:ResourceTag/Environment": ["prod"]}
OTHERS = {"aws:ResourceTag/Project": ["evolution-system"], "aws:ResourceTag/Environment": ["staging"]}
TO_BE_OURS = {"aws:RequestTag/Project": ["evolution-system"], "aws:RequestTag/Environment": ["prod"]}
BOUNDARY = f"arn:aws:iam::{ACCOUNT}:policy/evolution-boundary-prod-us-east-1"
BOUNDED = {"iam:PermissionsBoundary": [BOUNDARY]}
ROLE = f"arn:aws:iam::{ACCOUNT}:role/evolution-engine-prod-us-east-1"
SELF = f"arn:aws:iam::{ACCOUNT}:role/account-deploy-prod"
KEY = other("", "kms", f"key/{ID}")
MODE = other("", "ssm", "parameter/evolution/prod/mode")

ESCALATIONS: Mapping[str, IamRequest] = {
    name: IamRequest(action=action, resource=resource, context=context)
    for name, action, resource, context in (
        ("a role without a boundary", "iam:CreateRole", ROLE, {}),
        (
            "a role under a boundary of its own",
            "iam:CreateRole",
            ROLE,
            {"iam:PermissionsBoundary": [f"arn:aws:iam::{ACCOUNT}:policy/mine"]},
        ),
        ("a role of another name", "iam:CreateRole", f"arn:aws:iam::{ACCOUNT}:role/mine", BOUNDED),
        ("a wider boundary", "iam:CreatePolicyVersion", BOUNDARY, {}),
        ("an older boundary", "iam:SetDefaultPolicyVersion", BOUNDARY, {}),
        ("the boundary's removal", "iam:DeletePolicy", BOUNDARY, {}),
        ("a role without its boundary", "iam:DeleteRolePermissionsBoundary", ROLE, BOUNDED),
        ("another boundary of a role", "iam:PutRolePermissionsBoundary", ROLE, BOUNDED),
        (
            "a managed policy on a role",
            "iam:AttachRolePolicy",
            ROLE,
            {**BOUNDED, "iam:PolicyARN": ["arn:aws:iam::aws:policy/AdministratorAccess"]},
        ),
        ("grants of an unbounded role", "iam:PutRolePolicy", ROLE, {}),
        ("grants of itself", "iam:PutRolePolicy", SELF, BOUNDED),
        ("its own trust", "iam:UpdateAssumeRolePolicy", SELF, {}),
        ("itself handed to a function", "iam:PassRole", SELF, {"iam:PassedToService": ["lambda.amazonaws.com"]}),
        ("a task's role handed to a machine", "iam:PassRole", ROLE, {"iam:PassedToService": ["ec2.amazonaws.com"]}),
        ("a task's role handed to a function", "iam:PassRole", ROLE, {"iam:PassedToService": ["lambda.amazonaws.com"]}),
        ("a user", "iam:CreateUser", f"arn:aws:iam::{ACCOUNT}:user/mine", {}),
        ("a key of a user", "iam:CreateAccessKey", f"arn:aws:iam::{ACCOUNT}:user/somebody", {}),
        ("another way in", "iam:CreateOpenIDConnectProvider", f"arn:aws:iam::{ACCOUNT}:oidc-provider/mine", {}),
        ("another role's session", "sts:AssumeRole", ROLE, {}),
        ("the mode's value", "ssm:PutParameter", MODE, {"ssm:Overwrite": ["true"]}),
        ("the mode's removal", "ssm:DeleteParameter", MODE, {}),
        ("the key's end", "kms:ScheduleKeyDeletion", KEY, OURS),
        ("the key out of use", "kms:DisableKey", KEY, OURS),
        ("another stack's key taken over by tags", "kms:TagResource", KEY, {**OTHERS, **TO_BE_OURS}),
        ("a key's use past the services", "kms:Decrypt", KEY, OURS),
        ("a grant of the key to somebody", "kms:CreateGrant", KEY, {**OURS, "kms:ViaService": ["lambda.us-east-1.amazonaws.com"]}),
        ("another network taken over by tags", "ec2:CreateTags", other("", "ec2", f"vpc/{ID}"), {**OTHERS, **TO_BE_OURS}),
        ("an untagged network taken over by tags", "ec2:CreateTags", other("", "ec2", f"vpc/{ID}"), TO_BE_OURS),
        ("an untagged group taken over by tags", "ec2:CreateTags", other("", "ec2", f"security-group/{ID}"), TO_BE_OURS),
        (
            "a network taken over with what makes another thing",
            "ec2:CreateTags",
            other("", "ec2", f"vpc/{ID}"),
            {**TO_BE_OURS, "ec2:CreateAction": ["CreateSubnet"]},
        ),
        ("another network's way out", "ec2:CreateRoute", other("", "ec2", f"route-table/{ID}"), OTHERS),
        ("a machine", "ec2:RunInstances", other("", "ec2", f"instance/{ID}"), TO_BE_OURS),
        ("another secret's value", "secretsmanager:GetSecretValue", other("", "secretsmanager", "secret:another-AbCdEf"), {}),
        ("another stack's function", "lambda:UpdateFunctionCode", other("", "lambda", "function:evolution-trigger-staging"), {}),
        ("the switch's removal", "lambda:DeleteFunction", other("", "lambda", "function:evolution-safety-switch-prod"), {}),
        (
            "the switch out of the topic's reach",
            "lambda:RemovePermission",
            other("", "lambda", "function:evolution-safety-switch-prod"),
            {},
        ),
        ("the alarm silenced", "cloudwatch:DisableAlarmActions", other("", "cloudwatch", "alarm:evolution-unsafe-prod"), {}),
        ("the alarm's state", "cloudwatch:SetAlarmState", other("", "cloudwatch", "alarm:evolution-unsafe-prod"), {}),
        ("the alarm's removal", "cloudwatch:DeleteAlarms", other("", "cloudwatch", "alarm:evolution-safety-score-prod"), {}),
        ("a forged score", "cloudwatch:PutMetricData", "*", {"cloudwatch:namespace": ["EvolutionSystem"]}),
        ("a table", "dynamodb:DeleteTable", other("", "dynamodb", "table/evolution-state-prod"), {}),
        ("an item", "dynamodb:PutItem", other("", "dynamodb", "table/evolution-state-prod"), {}),
        ("an artifact", "s3:DeleteObjectVersion", f"arn:aws:s3:::evolution-artifacts-prod-{ACCOUNT}-us-east-1/one", {}),
        ("an open bucket's settings", "s3:PutAccountPublicAccessBlock", "*", {}),
        ("the flow logs", "ec2:DeleteFlowLogs", other("", "ec2", f"vpc-flow-log/{ID}"), OURS),
        ("the logs", "logs:DeleteLogGroup", other("", "logs", "log-group:/evolution/prod/engine"), {}),
        ("the trail", "cloudtrail:StopLogging", other("", "cloudtrail", "trail/any"), {}),
        ("the web ACL", "wafv2:DisassociateWebACL", other("", "wafv2", f"regional/webacl/evolution-prod/{ID}"), {}),
        (
            "a shell with the agents",
            "bedrock-agentcore:InvokeAgentRuntimeCommandShell",
            other("", "bedrock-agentcore", f"runtime/evolution_prod-{ID}"),
            {},
        ),
        ("a shell in a task", "ecs:ExecuteCommand", other("", "ecs", "task/evolution-system-prod/1"), {}),
        ("a subscription to a model", "aws-marketplace:Subscribe", "*", {}),
        ("a higher quota", "servicequotas:RequestServiceQuotaIncrease", "*", {}),
    )
}
