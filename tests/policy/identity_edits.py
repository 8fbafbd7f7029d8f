"""Edits of the compliant stack's documents and roles, and the rules that must fire for each."""

from __future__ import annotations

import json
from typing import Any

from tests.policy.builders import physical
from tests.policy.edits import Edit, adding, both, referring, setting, without
from tests.policy.samples import ACCOUNT, GRANTS, KEY_ARN, TOPIC_ARN, UNKNOWN, Node, deny_plain_transport, document

FOREIGN = "999999999999"
ON_KEYS = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/*"
TABLE_ARN = f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/evolution-state-prod"
BUCKET_OBJECTS = f"arn:aws:s3:::{physical('artifacts')}/*"
OBJECTS = "arn:aws:s3:::evolution-artifacts-prod/*"
MODEL = "anthropic.claude-sonnet-4-6"
PROFILE_ARN = f"arn:aws:bedrock:us-east-1:{ACCOUNT}:inference-profile/us.{MODEL}"
MODEL_ARN = f"arn:aws:bedrock:us-west-2::foundation-model/{MODEL}"
ROLE_ARN = f"arn:aws:iam::{ACCOUNT}:role/evolution-engine-prod"
ROOT = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
OURS = {"StringEquals": {"aws:SourceAccount": ACCOUNT}}


def granting(*statements: dict[str, Any], **statement: Any) -> Edit:
    """Add one Allow, or statements, to the role."""
    added = statements or ({"Effect": "Allow", **statement},)
    return setting("role-grants", "policy", document(*GRANTS, *added))


def trusted(policy: str) -> Edit:
    """Add a role that nothing takes on yet."""
    props = {"name": "guest-prod", "assumeRolePolicy": policy, "permissionsBoundary": UNKNOWN}
    return adding("guest", Node("aws:iam/role:Role", props, {"permissionsBoundary": ["boundary"]}))


def trusting(principal: Any, condition: Any = None, action: Any = "sts:AssumeRole", **other: Any) -> Edit:
    statement = {"Effect": "Allow", "Principal": principal, "Action": action, **other}
    return trusted(document({**statement, "Condition": condition} if condition else statement))


def admitting(name: str, action: Any, principal: Any, condition: Any = None, resource: str = "*") -> Edit:
    """Replace a resource's own policy by one Allow beside the denial of plain transport."""
    statement: dict[str, Any] = {"Effect": "Allow", "Principal": principal, "Action": action, "Resource": resource}
    if condition:
        statement["Condition"] = condition
    if name == "key":
        return setting(name, "policy", document(statement))
    if name == "topic-policy":
        return setting(name, "policy", document(statement, deny_plain_transport("sns:Publish", TOPIC_ARN)))
    arn = f"arn:aws:s3:::{physical('artifacts')}"
    return setting(name, "policy", document(statement, deny_plain_transport("s3:*", arn, f"{arn}/*")))


def denying(name: str, **changes: Any) -> Edit:
    """Replace the bucket's denial of plain transport by another."""
    arn = f"arn:aws:s3:::{physical('artifacts')}"
    return setting(name, "policy", document({**deny_plain_transport("s3:*", arn, f"{arn}/*"), **changes}))


def endpoint(policy: Any) -> Edit:
    return adding("endpoint", Node("aws:ec2/vpcEndpoint:VpcEndpoint", {"serviceName": "com.amazonaws.us-east-1.s3", "policy": policy}))


def through(**statement: Any) -> Edit:
    """An endpoint that lets through one thing."""
    return endpoint(document({"Effect": "Allow", "Principal": "*", **statement}))


def attaching(value: Any, *sources: str) -> Edit:
    node = Node("aws:iam/rolePolicyAttachment:RolePolicyAttachment", {"role": "r", "policyArn": value}, {"policyArn": list(sources)})
    return adding("attachment", node)


def function(role: Any, *sources: str) -> Edit:
    return adding("function", Node("aws:lambda/function:Function", {"role": role}, {"role": list(sources)}))


DOCUMENT = {"identity/document"}
KNOWN = {"identity/known-action"}
WILD_ACTION = {"identity/no-wildcard-action"}
WILD_RESOURCE = {"identity/no-wildcard-resource"}
FITS = {"identity/resource-fits"}
ESCALATION = {"identity/no-escalation"}
PASS_ROLE = {"identity/pass-role"}
MODELS = {"identity/models"}
ATTACHED = {"identity/managed-policies"}
BOUNDARY = {"identity/boundary"}
REFERENCE = {"identity/policy-reference"}
CLOSED = {"identity/trust-closed"}
SOURCE = {"identity/trust-source"}
TAKEN = {"identity/trust-service"}
ACCOUNTS = {"identity/one-account"}
PUBLIC = {"identity/no-public-access"}
DEPUTY = {"identity/confused-deputy"}
BREADTH = {"identity/key-breadth"}
TLS = {"identity/tls-only"}
OWN = {"identity/own-policy"}

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

EDITS: list[tuple[str, Edit, set[str]]] = [
    # What can't be read.
    ("the document is unknown", setting("role-grants", "policy", UNKNOWN), DOCUMENT),
    ("the document is no JSON", setting("role-grants", "policy", "{Statement: []}"), DOCUMENT),
    ("the document is a number", setting("role-grants", "policy", 7.0), DOCUMENT),
    ("the document is missing", setting("role-grants", "policy", None), DOCUMENT),
    ("the document grants nothing", setting("role-grants", "policy", document()), DOCUMENT),
    ("the document is endless", setting("role-grants", "policy", document(*GRANTS * 200)), DOCUMENT),
    ("the effect is misspelt", granting(Effect="allow", Action="*", Resource="*"), DOCUMENT),
    ("a statement is a list", setting("role-grants", "policy", json.dumps({"Statement": [["Allow"]]})), DOCUMENT),
    ("a statement has no action", granting(Resource="*"), DOCUMENT),
    ("a statement has no resource", granting(Action="s3:GetObject"), DOCUMENT),
    ("an action is a number", granting(Action=[1], Resource="*"), DOCUMENT),
    ("a condition is a list", granting(Action="s3:GetObject", Resource=OBJECTS, Condition=[]), DOCUMENT),
    ("a condition is misspelt", granting(Action="s3:GetObject", Resource=OBJECTS, Conditions={}), DOCUMENT),
    ("a trust policy names nobody", trusting({}), DOCUMENT),
    ("a trust policy names a number", trusting({"AWS": 1}), DOCUMENT),
    ("an inline policy is unknown", setting("role", "inlinePolicies", UNKNOWN), DOCUMENT),
    # Actions.
    ("an action is misspelt", granting(Action="s3:GetObjet", Resource=OBJECTS), KNOWN),
    ("an action of no service", granting(Action="dynamo:GetItem", Resource=TABLE_ARN), KNOWN),
    ("an operation that is no action", granting(Action="bedrock:Converse", Resource=PROFILE_ARN), KNOWN),
    ("a wildcard that matches nothing", granting(Action="s3:Fetch*", Resource=OBJECTS), KNOWN),
    ("a misspelt denial", granting({"Effect": "Deny", "Action": "s3:DeleteObjects", "Resource": "*"}), KNOWN),
    ("a misspelt exception", granting({"Effect": "Deny", "NotAction": "s3:GetObjet", "Resource": "*"}), KNOWN),
    ("every action", granting(Action="*", Resource=KEY_ARN), WILD_ACTION),
    ("every action on everything", granting(Action="*", Resource="*"), WILD_ACTION | WILD_RESOURCE),
    ("every action of a service", granting(Action=["DynamoDB:*"], Resource=TABLE_ARN), WILD_ACTION),
    ("every action, disguised", granting(Action="s3:?*", Resource=OBJECTS), WILD_ACTION),
    ("an action of every service", granting(Action="*:GetItem", Resource=TABLE_ARN), WILD_ACTION),
    ("every action that writes", granting(Action="s3:Put*", Resource=OBJECTS), WILD_ACTION),
    ("an action in two variants", granting(Action="dynamodb:?etItem", Resource=TABLE_ARN), set()),
    ("every action but one", granting(NotAction="iam:*", Resource=KEY_ARN), {"identity/no-not-action"}),
    ("every action on the key", admitting("key", "kms:*", ROOT), WILD_ACTION | BREADTH),
    ("every action on the topic", admitting("topic-policy", "SNS:*", ROOT), WILD_ACTION),
    (
        "an inline policy allows everything",
        setting("role", "inlinePolicies", [{"policy": document({"Effect": "Allow", "Action": "*", "Resource": "*"})}]),
        WILD_ACTION | WILD_RESOURCE,
    ),
    # Resources.
    ("data of every table", granting(Action="dynamodb:GetItem", Resource="*"), WILD_RESOURCE),
    ("data of every table, as an ARN", granting(Action="dynamodb:GetItem", Resource="arn:aws:dynamodb:*:*:table/*"), WILD_RESOURCE),
    ("every object", granting(Action="s3:GetObject", Resource="arn:aws:s3:::*"), WILD_RESOURCE),
    ("every object, as a path", granting(Action="s3:GetObject", Resource="arn:aws:s3:::*/*"), WILD_RESOURCE),
    ("every resource but one", granting(Action="s3:GetObject", NotResource="arn:aws:s3:::a/*"), WILD_RESOURCE),
    ("a scoped action beside a free one", granting(Action=["ecr:GetAuthorizationToken", "ecr:PutImage"], Resource="*"), WILD_RESOURCE),
    ("a wildcard action on everything", granting(Action="s3:Get*", Resource="*"), WILD_RESOURCE),
    (
        "every stream of every log group",
        granting(Action="logs:PutLogEvents", Resource=f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:*:log-stream:*"),
        WILD_RESOURCE,
    ),
    (
        "every key, letter by letter",
        granting(Action="kms:Decrypt", Resource=f"arn:aws:kms:us-east-1:{ACCOUNT}:key/????????-????-????-????-????????????"),
        WILD_RESOURCE,
    ),
    ("every key", granting(Action="kms:Decrypt", Resource=ON_KEYS), WILD_RESOURCE),
    (
        "every key, by an alias that may be absent",
        granting(Action="kms:Decrypt", Resource=ON_KEYS, Condition={"ForAllValues:StringEquals": {"kms:ResourceAliases": "alias/a"}}),
        WILD_RESOURCE,
    ),
    (
        "every key, by any alias",
        granting(Action="kms:Decrypt", Resource=ON_KEYS, Condition={"ForAnyValue:StringLike": {"kms:ResourceAliases": "alias/*"}}),
        WILD_RESOURCE,
    ),
    (
        "every key, by an alias with wildcards inside",
        granting(Action="kms:Decrypt", Resource=ON_KEYS, Condition={"ForAnyValue:StringLike": {"kms:ResourceAliases": "alias/*e*"}}),
        WILD_RESOURCE,
    ),
    (
        "AWS's own key, by its alias",
        granting(Action="kms:Decrypt", Resource=ON_KEYS, Condition={"ForAnyValue:StringEquals": {"kms:ResourceAliases": "alias/aws/s3"}}),
        WILD_RESOURCE,
    ),
    (
        "every key of every account",
        granting(Action="kms:Decrypt", Resource="arn:aws:kms:*:*:key/*", Condition={"StringEquals": {"kms:ResourceAliases": "alias/a"}}),
        WILD_RESOURCE,
    ),
    (
        "a bare wildcard, by tag",
        granting(Action="kms:Decrypt", Resource="*", Condition={"StringEquals": {"aws:ResourceTag/Project": "evolution-system"}}),
        WILD_RESOURCE,
    ),
    ("tasks of any cluster", granting(Action="ecs:ListTasks", Resource="*", Condition={"ArnLike": {"ecs:cluster": "*"}}), WILD_RESOURCE),
    (
        "every resource through the endpoint",
        through(Action="s3:GetObject", Resource="*", Condition={"StringEquals": {"aws:PrincipalAccount": ACCOUNT}}),
        WILD_RESOURCE,
    ),
    ("a table is listed like a bucket", granting(Action="s3:ListBucket", Resource=TABLE_ARN), FITS),
    ("a bucket is listed by its objects", granting(Action="s3:ListBucket", Resource=OBJECTS), FITS),
    ("objects are read from the bucket", granting(Action=["s3:ListBucket", "s3:GetObject"], Resource="arn:aws:s3:::evolution"), FITS),
    ("an action that takes nothing gets a table", granting(Action="cloudwatch:PutMetricData", Resource=TABLE_ARN), FITS),
    ("a table among buckets", granting(Action=["s3:GetObject", "s3:PutObject"], Resource=[OBJECTS, TABLE_ARN]), FITS),
    # Escalation.
    ("a role's policy is written", granting(Action="iam:PutRolePolicy", Resource=ROLE_ARN), ESCALATION),
    ("a policy is attached", granting(Action="iam:AttachRolePolicy", Resource=ROLE_ARN), ESCALATION),
    ("a policy is replaced", granting(Action="iam:CreatePolicyVersion", Resource=f"arn:aws:iam::{ACCOUNT}:policy/p"), ESCALATION),
    ("a trust policy is replaced", granting(Action="IAM:UpdateAssumeRolePolicy", Resource=ROLE_ARN), ESCALATION),
    ("a boundary is removed", granting(Action="iam:DeleteRolePermissionsBoundary", Resource=ROLE_ARN), ESCALATION),
    (
        "a function's code is replaced",
        granting(Action="lambda:UpdateFunctionCode", Resource=f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:f"),
        ESCALATION,
    ),
    ("a key's policy is replaced", granting(Action="kms:PutKeyPolicy", Resource=KEY_ARN), ESCALATION),
    ("a bucket's policy is replaced", granting(Action="s3:PutBucketPolicy", Resource="arn:aws:s3:::evolution"), ESCALATION),
    ("a key is granted to anybody", granting(Action="kms:CreateGrant", Resource=KEY_ARN), ESCALATION),
    ("a role is passed to any service", granting(Action="iam:PassRole", Resource=ROLE_ARN), PASS_ROLE),
    (
        "any of the roles is passed",
        granting(
            Action="iam:PassRole",
            Resource=f"arn:aws:iam::{ACCOUNT}:role/evolution-*",
            Condition={"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}},
        ),
        PASS_ROLE,
    ),
    (
        "a role is passed wherever the service isn't said",
        granting(
            Action="iam:PassRole", Resource=ROLE_ARN, Condition={"StringEqualsIfExists": {"iam:PassedToService": "ecs.amazonaws.com"}}
        ),
        PASS_ROLE,
    ),
    # Models.
    ("every model", granting(Action="bedrock:InvokeModel", Resource="*"), MODELS | WILD_RESOURCE),
    ("every model of one maker", granting(Action="bedrock:InvokeModel", Resource=MODEL_ARN.replace("sonnet-4-6", "*")), MODELS),
    ("a model in every region", granting(Action="bedrock:InvokeModel*", Resource=MODEL_ARN.replace("us-west-2", "*")), MODELS),
    (
        "a model that somebody imported",
        granting(Action="bedrock:InvokeModel", Resource=f"arn:aws:bedrock:us-east-1:{ACCOUNT}:imported-model/abc"),
        MODELS,
    ),
    # Attachments and boundaries.
    ("AWS's full access to Bedrock", attaching("arn:aws:iam::aws:policy/AmazonBedrockFullAccess"), ATTACHED),
    ("the administrator's policy", attaching("arn:aws:iam::aws:policy/AdministratorAccess"), ATTACHED),
    ("AWS's policy for tasks", attaching("arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"), ATTACHED),
    ("an attachment of nothing", attaching(None), ATTACHED),
    (
        "managed policies of the role",
        setting("role", "managedPolicyArns", ["arn:aws:iam::aws:policy/PowerUserAccess"]),
        ATTACHED,
    ),
    ("a policy of the account that nobody reviews", attaching(f"arn:aws:iam::{ACCOUNT}:policy/other"), REFERENCE),
    ("a bucket is attached", attaching(UNKNOWN, "artifacts"), REFERENCE),
    ("something unknown is attached", attaching(UNKNOWN), REFERENCE),
    (
        "the role has no boundary",
        both(setting("role", "permissionsBoundary", None), referring("role", "permissionsBoundary", "gone")),
        BOUNDARY,
    ),
    (
        "the boundary is AWS's",
        both(
            setting("role", "permissionsBoundary", "arn:aws:iam::aws:policy/AdministratorAccess"),
            referring("role", "permissionsBoundary", "gone"),
        ),
        BOUNDARY,
    ),
    ("the boundary is a table", referring("role", "permissionsBoundary", "state"), REFERENCE),
    (
        "the boundary holds nothing back",
        setting("boundary", "policy", document({"Effect": "Allow", "Action": "*", "Resource": "*"})),
        WILD_ACTION | WILD_RESOURCE,
    ),
    ("a user", adding("user", Node("aws:iam/user:User", {"name": "engine"})), {"identity/no-user"}),
    ("an access key", adding("access-key", Node("aws:iam/accessKey:AccessKey", {"user": "engine"})), {"identity/no-user"}),
    # Trust.
    ("everybody may take the role", trusting("*"), CLOSED),
    ("every AWS account may take the role", trusting({"AWS": "*"}, OURS), CLOSED),
    ("every service may take the role", trusting({"Service": "*.amazonaws.com"}, OURS), CLOSED),
    (
        "everybody but one may take the role",
        trusted(
            document(
                {
                    "Effect": "Allow",
                    "NotPrincipal": ROOT,
                    "Action": "sts:AssumeRole",
                    "Condition": {"StringEquals": {"sts:ExternalId": "x"}},
                }
            ),
        ),
        CLOSED,
    ),
    ("all of the account may take the role", trusting(ROOT), CLOSED),
    (
        "the account may take the role, by any name",
        trusting({"AWS": ACCOUNT}, {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/*"}}),
        CLOSED,
    ),
    (
        "any workflow may take the role",
        trusting(
            {"Federated": f"arn:aws:iam::{ACCOUNT}:oidc-provider/token.actions.githubusercontent.com"},
            {"StringEquals": {"token.actions.githubusercontent.com:aud": "sts.amazonaws.com"}},
            "sts:AssumeRoleWithWebIdentity",
        ),
        CLOSED,
    ),
    ("the role may be taken in any way", trusting({"Service": "ecs-tasks.amazonaws.com"}, OURS, "sts:*"), WILD_ACTION),
    ("tasks of any account", trusting({"Service": "ecs-tasks.amazonaws.com"}), SOURCE),
    (
        "tasks of any account that is said",
        trusting({"Service": "ecs-tasks.amazonaws.com"}, {"StringEqualsIfExists": {"aws:SourceAccount": ACCOUNT}}),
        SOURCE,
    ),
    (
        "tasks of any account's clusters",
        trusting({"Service": "ecs-tasks.amazonaws.com"}, {"ArnLike": {"aws:SourceArn": "arn:aws:ecs:*:*:*"}}),
        SOURCE,
    ),
    ("a function's role that Bedrock takes", both(function(UNKNOWN, "guest"), trusting({"Service": "bedrock.amazonaws.com"}, OURS)), TAKEN),
    (
        "a function's role, by its ARN",
        both(function(f"arn:aws:iam::{ACCOUNT}:role/guest-prod"), trusting({"Service": "bedrock.amazonaws.com"}, OURS)),
        TAKEN,
    ),
    (
        "a function's role that others take, too",
        both(function(UNKNOWN, "guest"), trusting({"Service": ["lambda.amazonaws.com", "bedrock.amazonaws.com"]}, OURS)),
        TAKEN,
    ),
    (
        "a foreign account's tasks",
        trusting({"Service": "ecs-tasks.amazonaws.com"}, {"StringEquals": {"aws:SourceAccount": FOREIGN}}),
        ACCOUNTS,
    ),
    ("a foreign role", trusting({"AWS": f"arn:aws:iam::{FOREIGN}:role/guest"}), ACCOUNTS),
    # Resources' own policies.
    ("everybody publishes", admitting("topic-policy", "sns:Publish", "*", resource=TOPIC_ARN), PUBLIC),
    (
        "everybody of some network publishes",
        admitting("topic-policy", "sns:Publish", {"AWS": ["*"]}, {"StringEquals": {"aws:SourceVpc": "vpc-1"}}),
        PUBLIC,
    ),
    ("everybody reads", admitting("artifacts-policy", "s3:GetObject", "*", resource=BUCKET_OBJECTS), PUBLIC),
    (
        "everybody of any organization reads",
        admitting("artifacts-policy", "s3:GetObject", "*", {"StringLike": {"aws:PrincipalOrgID": "*"}}),
        PUBLIC,
    ),
    ("everybody decrypts", admitting("key", "kms:Decrypt", "*"), PUBLIC),
    ("everybody through the endpoint", through(Action="s3:GetObject", Resource=OBJECTS), PUBLIC),
    (
        "more than layers through the endpoint",
        through(Action="s3:GetObject", Resource=["arn:aws:s3:::prod-us-east-1-starport-layer-bucket/*", OBJECTS]),
        PUBLIC,
    ),
    (
        "layers are written through the endpoint",
        through(Action="s3:PutObject", Resource="arn:aws:s3:::prod-us-east-1-starport-layer-bucket/*"),
        PUBLIC,
    ),
    (
        "everybody reads the secret",
        adding(
            "secret-policy",
            Node(
                "aws:secretsmanager/secretPolicy:SecretPolicy",
                {"policy": document({"Effect": "Allow", "Principal": "*", "Action": "secretsmanager:GetSecretValue", "Resource": "*"})},
            ),
        ),
        PUBLIC,
    ),
    (
        "everybody pulls",
        adding(
            "pull",
            Node(
                "aws:ecr/repositoryPolicy:RepositoryPolicy",
                {"policy": document({"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "ecr:BatchGetImage"})},
            ),
        ),
        PUBLIC,
    ),
    ("alarms of any account publish", admitting("topic-policy", "sns:Publish", {"Service": "cloudwatch.amazonaws.com"}), DEPUTY),
    ("logs of any account decrypt", admitting("key", "kms:Decrypt", {"Service": "logs.us-east-1.amazonaws.com"}), DEPUTY),
    (
        "logs of any account are delivered",
        adding(
            "delivery",
            Node(
                "aws:cloudwatch/logResourcePolicy:LogResourcePolicy",
                {
                    "policyDocument": document(
                        {
                            "Effect": "Allow",
                            "Principal": {"Service": "delivery.logs.amazonaws.com"},
                            "Action": "logs:PutLogEvents",
                            "Resource": f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:g:*",
                        }
                    )
                },
            ),
        ),
        DEPUTY,
    ),
    ("a service administers the key", admitting("key", "kms:PutKeyPolicy", {"Service": "logs.us-east-1.amazonaws.com"}, OURS), BREADTH),
    ("the whole account decrypts", admitting("key", ["kms:Decrypt"], ROOT), BREADTH),
    (
        "the account re-encrypts through anything",
        admitting("key", "kms:ReEncrypt*", ROOT, {"StringLike": {"kms:ViaService": "*"}}),
        BREADTH,
    ),
    ("a foreign account decrypts", admitting("key", "kms:Decrypt", {"AWS": f"arn:aws:iam::{FOREIGN}:role/guest"}), ACCOUNTS),
    (
        "a foreign account's alarms publish",
        admitting(
            "topic-policy",
            "sns:Publish",
            {"Service": "cloudwatch.amazonaws.com"},
            {"ArnLike": {"aws:SourceArn": f"arn:aws:cloudwatch:us-east-1:{FOREIGN}:alarm:*"}},
        ),
        ACCOUNTS,
    ),
    ("the bucket has no policy", without("artifacts-policy"), TLS),
    ("the topic has no policy", without("topic-policy"), TLS),
    ("a queue has no policy", adding("queue", Node("aws:sqs/queue:Queue", {"name": "q", "kmsMasterKeyId": KEY_ARN})), TLS),
    ("the denial spares the objects", denying("artifacts-policy", Resource=BUCKET_OBJECTS.removesuffix("/*")), TLS),
    ("the denial spares the bucket", denying("artifacts-policy", Resource=BUCKET_OBJECTS), TLS),
    ("the denial is about another bucket", denying("artifacts-policy", Resource=["arn:aws:s3:::other", "arn:aws:s3:::other/*"]), TLS),
    ("the denial spares writing", denying("artifacts-policy", Action=["s3:GetObject", "s3:ListBucket"]), TLS),
    ("the denial is about one account", denying("artifacts-policy", Principal=ROOT), TLS),
    (
        "the denial has a second condition",
        denying(
            "artifacts-policy", Condition={"Bool": {"aws:SecureTransport": "false"}, "StringEquals": {"aws:PrincipalAccount": ACCOUNT}}
        ),
        TLS,
    ),
    ("the denial is of TLS", denying("artifacts-policy", Condition={"Bool": {"aws:SecureTransport": "true"}}), TLS),
    ("the key has AWS's policy", setting("key", "policy", None), OWN),
    ("the endpoint has AWS's policy", endpoint(None), OWN),
]
