"""Edits of the planned roles, documents and endpoints, each with the exact rules that must fire."""

from __future__ import annotations

from tests.policy.builders import TAGS, UNKNOWN, Node
from tests.policy.planned import DELETED, GONE, Edit, Refer, on

FOREIGN = "999999999999"
TRUST = "assumeRolePolicy.Statement.0"
GRANT = "policy.Statement"

OTHER_KEY = "arn:aws:kms:us-east-1:000000000000:key/11111111-2222-4333-8444-555555555555"
"""A key of the account that isn't the stack's."""

LOGS = "logs.us-east-1.amazonaws.com"
GROUP = "arn:aws:logs:us-east-1:000000000000:log-group:"
CONTEXT = "kms:EncryptionContext:aws:logs:arn"

EDITS: tuple[Edit, ...] = (
    *on(
        "compute-engine-role",
        ("permissionsBoundary", GONE, "identity/boundary"),
        ("permissionsBoundary", "arn:aws:iam::aws:policy/AdministratorAccess", "identity/boundary"),
        ("permissionsBoundary", Refer("data-artifacts"), "identity/policy-reference"),
        (
            "managedPolicyArns",
            ["arn:aws:iam::aws:policy/AmazonBedrockFullAccess"],
            "identity/managed-policies",
            "containment/managed-policies",
        ),
        ("assumeRolePolicy", UNKNOWN, "identity/document"),
        (f"{TRUST}.Principal", "*", "identity/trust-closed", "identity/trust-service", "containment/trust"),
        (f"{TRUST}.Principal.Service", "bedrock.amazonaws.com", "identity/trust-service"),
        (f"{TRUST}.Principal.Service", ["ecs-tasks.amazonaws.com", "lambda.amazonaws.com"], "identity/trust-service"),
        (f"{TRUST}.Condition", GONE, "identity/trust-source"),
        (f"{TRUST}.Condition", {"StringEquals": {"aws:SourceAccount": FOREIGN}}, "identity/one-account"),
        (f"{TRUST}.Action", "sts:*", "identity/no-wildcard-action"),
    ),
    *on(
        "compute-engine-role-grants",
        ("policy", UNKNOWN, "identity/document"),
        (f"{GRANT}.0.Action", "dynamodb:*", "identity/no-wildcard-action", "containment/grants"),
        (f"{GRANT}.0.Action", ["dynamodb:GetItems"], "identity/known-action", "containment/grants"),
        (f"{GRANT}.0.Action", GONE, "identity/document"),
        (f"{GRANT}.0.Resource", "*", "identity/no-wildcard-resource"),
        (f"{GRANT}.0.Resource", "arn:aws:dynamodb:us-east-1:000000000000:table/*", "identity/no-wildcard-resource"),
        (f"{GRANT}.0.Resource", "arn:aws:s3:::evolution-artifacts", "identity/resource-fits"),
        (f"{GRANT}.1.Resource", "arn:aws:s3:::*", "identity/no-wildcard-resource", "containment/grants"),
        (f"{GRANT}.2.Action", ["s3:PutBucketPolicy"], "identity/no-escalation", "containment/grants"),
        (f"{GRANT}.4.Condition", GONE, "identity/no-wildcard-resource"),
        (f"{GRANT}.4.Condition", {"StringEquals": {"kms:ResourceAliases": "alias/another"}}, "identity/key-grants"),
        (f"{GRANT}.4.Condition", {"StringEquals": {"kms:ResourceAliases": "alias/evolution-dev"}}, "identity/key-grants"),
        (f"{GRANT}.4.Condition", {"StringEquals": {"aws:ResourceTag/Environment": "dev"}}, "identity/key-grants"),
        (f"{GRANT}.4.Condition", {"StringEquals": {"aws:ResourceTag/Environment": "prod"}}),
        (f"{GRANT}.4.Resource", OTHER_KEY, "identity/key-grants"),
    ),
    *on(
        "security-boundary",
        (f"{GRANT}.0.Action", "*", "identity/no-wildcard-action", "containment/grants"),
        (f"{GRANT}.0.NotAction", ["iam:*"], "identity/document"),
    ),
    *on(
        "security-key",
        ("policy", GONE, "identity/own-policy", "alarms/heard-by-topic", "alarms/switch-is-called", "encryption/logs-may-encrypt"),
        (f"{GRANT}.0.Action", "kms:*", "identity/key-breadth", "identity/no-wildcard-action"),
        (f"{GRANT}.1.Condition", GONE, "identity/key-breadth"),
        (f"{GRANT}.3.Condition", GONE, "identity/key-breadth"),
        (f"{GRANT}.3.Condition.ArnLike", GONE, "identity/key-breadth"),
        (f"{GRANT}.3.Condition.StringEquals", {"kms:CallerAccount": "000000000000"}, "identity/key-breadth"),
        (f"{GRANT}.3.Condition.ArnLike", {CONTEXT: "*"}, "identity/key-breadth"),
        (f"{GRANT}.3.Condition.ArnLike", {CONTEXT: "arn:aws:logs:*:*:log-group:*"}, "identity/key-breadth"),
        (f"{GRANT}.3.Condition.ArnLike", {CONTEXT: f"{GROUP}*"}, "identity/key-breadth"),
        (f"{GRANT}.3.Condition.ArnLike", {CONTEXT: f"{GROUP}/evolution/prod/engine"}),
        (f"{GRANT}.1.Condition.StringEquals.kms:ViaService", ["s3.us-east-1.amazonaws.com", LOGS], "identity/key-breadth"),
        (f"{GRANT}.1.Condition", {"StringLike": {"kms:ViaService": "l*.us-east-1.amazonaws.com"}}, "identity/key-breadth"),
        (f"{GRANT}.1.Condition", {"StringLike": {"kms:ViaService": "lambda.us-east-1.amazonaws.com"}}),
        (f"{GRANT}.4.Principal", "*", "identity/no-public-access", "containment/resource-policies"),
        (f"{GRANT}.4.Condition", GONE, "identity/confused-deputy"),
    ),
    *on(
        "monitoring-alerts-policy",
        (f"{GRANT}.0.Condition", GONE, "identity/confused-deputy"),
        (f"{GRANT}.2.Condition", {"Bool": {"aws:SecureTransport": "true"}}, "identity/tls-only", "alarms/heard-by-topic"),
        ("", DELETED, "identity/tls-only", "alarms/heard-by-topic"),
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
        ("", Node("aws:iam/user:User", {"name": "engine-prod", "tagsAll": TAGS}), "identity/no-user"),
    ),
    *on(
        "spare-attachment",
        (
            "",
            Node(
                "aws:iam/rolePolicyAttachment:RolePolicyAttachment", {"role": "r", "policyArn": "arn:aws:iam::aws:policy/PowerUserAccess"}
            ),
            "identity/managed-policies",
            "containment/managed-policies",
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
            "containment/grants",
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
            "containment/grants",
        ),
    ),
)
