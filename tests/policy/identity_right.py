"""Documents and roles that are right: no rule about identity may fire for them."""

from __future__ import annotations

import json

from tests.policy.edits import Edit, adding, both, referring, setting
from tests.policy.identity_builders import (
    MODEL_ARN,
    OBJECTS,
    OURS,
    PROFILE_ARN,
    ROLE_ARN,
    ROOT,
    TABLE_ARN,
    admitting,
    attaching,
    endpoint,
    function,
    granting,
    through,
    trusting,
)
from tests.policy.samples import ACCOUNT, GRANTS, KEY_ARN, UNKNOWN, Node, document

GOOD: list[tuple[str, Edit]] = [
    ("actions in other cases", granting(Action=["DYNAMODB:getitem", "DynamoDB:PutItem"], Resource=TABLE_ARN)),
    ("a wildcard that only reads", granting(Action="s3:Get*", Resource=OBJECTS)),
    ("a wildcard that AWS documents", granting(Action=["kms:GenerateDataKey*", "kms:ReEncrypt*"], Resource=KEY_ARN)),
    ("a statement that is no list", setting("role-grants", "policy", json.dumps({"Statement": GRANTS[0]}))),
    ("a policy that is given as data", setting("role-grants", "policy", {"Statement": GRANTS})),
    ("a policy variable in an ARN", granting(Action="s3:GetObject", Resource="arn:aws:s3:::evolution-${aws:PrincipalAccount}/*")),
    ("a denial with wildcards", granting({"Effect": "Deny", "NotAction": ["iam:*", "s3:Get*"], "Resource": "*"})),
    (
        "a secret's random suffix",
        granting(Action="secretsmanager:GetSecretValue", Resource=f"arn:aws:secretsmanager:us-east-1:{ACCOUNT}:secret:Evolution-??????"),
    ),
    (
        "a scalable target by tag",
        granting(
            Action="application-autoscaling:RegisterScalableTarget",
            Resource=f"arn:aws:application-autoscaling:us-east-1:{ACCOUNT}:scalable-target/*",
            Condition={"StringEquals": {"aws:ResourceTag/Project": "evolution-system"}},
        ),
    ),
    (
        "the tasks of one cluster",
        granting(
            Action="ecs:ListTasks",
            Resource="*",
            Condition={"ArnEquals": {"ecs:cluster": f"arn:aws:ecs:us-east-1:{ACCOUNT}:cluster/evolution"}},
        ),
    ),
    (
        "log streams of a group",
        granting(
            Action=["logs:CreateLogStream", "logs:PutLogEvents"],
            Resource=f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:/evolution/prod/engine:*",
        ),
    ),
    (
        "a bucket and its objects",
        granting(Action=["s3:ListBucket", "s3:GetObject"], Resource=["arn:aws:s3:::evolution-artifacts-prod", OBJECTS]),
    ),
    (
        "a runtime whose suffix AWS makes",
        granting(
            Action="bedrock-agentcore:InvokeAgentRuntime",
            Resource=[f"arn:aws:bedrock-agentcore:us-east-1:{ACCOUNT}:runtime/evolution_prod-*"],
        ),
    ),
    (
        "a gateway is called",
        granting(
            Action="bedrock-agentcore:InvokeGateway", Resource=f"arn:aws:bedrock-agentcore:us-east-1:{ACCOUNT}:gateway/evolution-prod-*"
        ),
    ),
    (
        "models by name",
        granting(Action=["bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream"], Resource=[PROFILE_ARN, MODEL_ARN]),
    ),
    (
        "a role is passed to one service",
        granting(Action="iam:PassRole", Resource=ROLE_ARN, Condition={"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}}),
    ),
    (
        "a grant for an AWS resource",
        granting(Action="kms:CreateGrant", Resource=KEY_ARN, Condition={"Bool": {"kms:GrantIsForAWSResource": "true"}}),
    ),
    ("a policy of the stack is attached", attaching(UNKNOWN, "boundary")),
    ("a policy of the stack is attached, known", attaching(f"arn:aws:iam::{ACCOUNT}:policy/evolution-boundary-prod")),
    ("a policy that sends telemetry is attached", attaching("arn:aws:iam::aws:policy/AWSXRayDaemonWriteAccess")),
    (
        "a landing zone's boundary",
        both(
            setting("role", "permissionsBoundary", f"arn:aws:iam::{ACCOUNT}:policy/landing-zone"),
            referring("role", "permissionsBoundary", "stack"),
        ),
    ),
    ("a function with the role that trusts it", both(function(UNKNOWN, "guest"), trusting({"Service": "lambda.amazonaws.com"}, OURS))),
    ("a role for one role of the account", trusting({"AWS": ROLE_ARN})),
    ("a role for the account, by name", trusting(ROOT, {"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/deploy-*"}})),
    ("a role for instances", trusting({"Service": "ec2.amazonaws.com"})),
    (
        "a role for a workflow",
        trusting(
            {"Federated": f"arn:aws:iam::{ACCOUNT}:oidc-provider/token.actions.githubusercontent.com"},
            {
                "StringEquals": {
                    "token.actions.githubusercontent.com:aud": "sts.amazonaws.com",
                    "token.actions.githubusercontent.com:sub": "repo:o/r:environment:prod",
                }
            },
            "sts:AssumeRoleWithWebIdentity",
        ),
    ),
    (
        "an endpoint for the account",
        through(Action="s3:GetObject", Resource=OBJECTS, Condition={"StringEquals": {"aws:PrincipalAccount": ACCOUNT}}),
    ),
    (
        "an endpoint to the account",
        through(
            Action="s3:GetObject",
            Resource="*",
            Condition={"StringEquals": {"aws:PrincipalAccount": ACCOUNT, "aws:ResourceAccount": ACCOUNT}},
        ),
    ),
    ("ECR's layers through the endpoint", through(Action=["s3:GetObject"], Resource="arn:aws:s3:::prod-us-east-1-starport-layer-bucket/*")),
    (
        "an endpoint whose policy is attached",
        both(
            endpoint(None),
            adding(
                "endpoint-policy",
                Node(
                    "aws:ec2/vpcEndpointPolicy:VpcEndpointPolicy",
                    {
                        "vpcEndpointId": UNKNOWN,
                        "policy": document(
                            {
                                "Effect": "Allow",
                                "Principal": "*",
                                "Action": "s3:GetObject",
                                "Resource": OBJECTS,
                                "Condition": {"StringEquals": {"aws:PrincipalAccount": ACCOUNT}},
                            }
                        ),
                    },
                    {"vpcEndpointId": ["endpoint"]},
                ),
            ),
        ),
    ),
    (
        "a repository's policy names no resource",
        adding(
            "pull",
            Node(
                "aws:ecr/repositoryPolicy:RepositoryPolicy",
                {
                    "policy": document(
                        {
                            "Effect": "Allow",
                            "Principal": {"Service": "lambda.amazonaws.com"},
                            "Action": "ecr:BatchGetImage",
                            "Condition": OURS,
                        }
                    )
                },
            ),
        ),
    ),
    (
        "a topic for the organization",
        admitting("topic-policy", "sns:Publish", "*", {"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}),
    ),
    (
        "the account uses the key through a service",
        admitting("key", "kms:Decrypt", ROOT, {"StringEquals": {"kms:ViaService": "s3.us-east-1.amazonaws.com"}}),
    ),
    ("a role uses the key", admitting("key", "kms:Decrypt", {"AWS": ROLE_ARN})),
    ("the account administers the key", admitting("key", ["kms:PutKeyPolicy", "kms:DescribeKey"], ROOT)),
]
"""What is right, and must not be taken for wrong."""
