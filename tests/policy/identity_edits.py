"""Edits of what the compliant stack's roles may do and hold, and the rules that must fire for each."""

from __future__ import annotations

import json

from tests.policy.edits import Edit, adding, both, referring, setting
from tests.policy.identity_builders import (
    MODEL_ARN,
    OBJECTS,
    ON_KEYS,
    PROFILE_ARN,
    ROLE_ARN,
    ROOT,
    TABLE_ARN,
    admitting,
    attaching,
    granting,
    through,
    trusting,
)
from tests.policy.samples import ACCOUNT, GRANTS, KEY_ARN, UNKNOWN, Node, document

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
BREADTH = {"identity/key-breadth"}
KEYS = {"identity/key-grants"}

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
    ("another key of the account", granting(Action="kms:Decrypt", Resource=f"{ON_KEYS[:-1]}11111111-2222-4333-8444-555555555555"), KEYS),
    (
        "a key by its number, of a stack whose key isn't made",
        both(setting("key", "arn", UNKNOWN), granting(Action="kms:Decrypt", Resource=KEY_ARN)),
        KEYS,
    ),
    (
        "another stack's key, by its alias",
        granting(
            Action="kms:Decrypt",
            Resource=ON_KEYS,
            Condition={"ForAnyValue:StringEquals": {"kms:ResourceAliases": ["alias/evolution-prod", "alias/evolution-dev"]}},
        ),
        KEYS,
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
]
