"""Edits of the planned roles, documents and endpoints, each with the exact rules that must fire."""

from __future__ import annotations

from tests.policy.builders import TAGS, UNKNOWN, Node
from tests.policy.planned import DELETED, GONE, Edit, Refer, on

FOREIGN = "999999999999"
TRUST = "assumeRolePolicy.Statement.0"
GRANT = "policy.Statement"

EDITS: tuple[Edit, ...] = (
    *on(
        "compute-engine-role",
        ("permissionsBoundary", GONE, "identity/boundary"),
        ("permissionsBoundary", "arn:aws:iam::aws:policy/AdministratorAccess", "identity/boundary"),
        ("permissionsBoundary", Refer("data-artifacts"), "identity/policy-reference"),
        ("managedPolicyArns", ["arn:aws:iam::aws:policy/AmazonBedrockFullAccess"], "identity/managed-policies"),
        ("assumeRolePolicy", UNKNOWN, "identity/document", "identity/trust-service"),
        (f"{TRUST}.Principal", "*", "identity/trust-closed", "identity/trust-service"),
        (f"{TRUST}.Principal.Service", "bedrock.amazonaws.com", "identity/trust-service"),
        (f"{TRUST}.Principal.Service", ["ecs-tasks.amazonaws.com", "lambda.amazonaws.com"], "identity/trust-service"),
        (f"{TRUST}.Condition", GONE, "identity/trust-source"),
        (f"{TRUST}.Condition", {"StringEquals": {"aws:SourceAccount": FOREIGN}}, "identity/one-account"),
        (f"{TRUST}.Action", "sts:*", "identity/no-wildcard-action"),
    ),
    *on(
        "compute-engine-role-grants",
        ("policy", UNKNOWN, "identity/document"),
        (f"{GRANT}.0.Action", "dynamodb:*", "identity/no-wildcard-action"),
        (f"{GRANT}.0.Action", ["dynamodb:GetItems"], "identity/known-action"),
        (f"{GRANT}.0.Action", GONE, "identity/document"),
        (f"{GRANT}.0.Resource", "*", "identity/no-wildcard-resource"),
        (f"{GRANT}.0.Resource", "arn:aws:dynamodb:us-east-1:000000000000:table/*", "identity/no-wildcard-resource"),
        (f"{GRANT}.0.Resource", "arn:aws:s3:::evolution-artifacts", "identity/resource-fits"),
        (f"{GRANT}.1.Resource", "arn:aws:s3:::*", "identity/no-wildcard-resource"),
        (f"{GRANT}.2.Action", ["s3:PutBucketPolicy"], "identity/no-escalation"),
        (f"{GRANT}.4.Condition", GONE, "identity/no-wildcard-resource"),
    ),
    *on(
        "security-boundary",
        (f"{GRANT}.0.Action", "*", "identity/no-wildcard-action"),
        (f"{GRANT}.0.NotAction", ["iam:*"], "identity/no-not-action"),
    ),
    *on(
        "security-key",
        ("policy", GONE, "identity/own-policy"),
        (f"{GRANT}.0.Action", "kms:*", "identity/key-breadth", "identity/no-wildcard-action"),
        (f"{GRANT}.1.Condition", GONE, "identity/key-breadth"),
        (f"{GRANT}.3.Principal", "*", "identity/no-public-access"),
        (f"{GRANT}.3.Condition", GONE, "identity/confused-deputy"),
    ),
    *on(
        "monitoring-alerts-policy",
        (f"{GRANT}.0.Condition", GONE, "identity/confused-deputy"),
        (f"{GRANT}.2.Condition", {"Bool": {"aws:SecureTransport": "true"}}, "identity/tls-only"),
        ("", DELETED, "identity/tls-only"),
    ),
    *on(
        "security-web-acl-log-delivery",
        ("policyDocument.Statement.0.Condition", GONE, "identity/confused-deputy"),
    ),
    *on(
        "network-s3-endpoint",
        (f"{GRANT}.0.Condition", GONE, "identity/no-public-access"),
        (f"{GRANT}.0.Resource", "*", "identity/no-wildcard-resource"),
    ),
    *on(
        "spare-user",
        ("", Node("aws:iam/user:User", {"name": "engine-prod", "tags": TAGS}), "identity/no-user"),
    ),
    *on(
        "spare-attachment",
        (
            "",
            Node(
                "aws:iam/rolePolicyAttachment:RolePolicyAttachment", {"role": "r", "policyArn": "arn:aws:iam::aws:policy/PowerUserAccess"}
            ),
            "identity/managed-policies",
        ),
    ),
    *on(
        "spare-grants",
        (
            "",
            Node(
                "aws:iam/rolePolicy:RolePolicy", {"policy": {"Statement": [{"Effect": "Allow", "Action": "iam:PassRole", "Resource": "*"}]}}
            ),
            "identity/no-wildcard-resource",
            "identity/pass-role",
        ),
        (
            "",
            Node(
                "aws:iam/rolePolicy:RolePolicy",
                {"policy": {"Statement": [{"Effect": "Allow", "Action": "bedrock:Invoke*", "Resource": "*"}]}},
            ),
            "identity/no-wildcard-resource",
            "identity/no-wildcard-action",
            "identity/models",
            "agentcore/model",
        ),
    ),
)
