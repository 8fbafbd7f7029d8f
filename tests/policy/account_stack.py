"""A small account project that breaks no rule, with all that it can have, as the raw data that CrossGuard's proxies wrap."""

from __future__ import annotations

import json
from typing import Any

from account.table import common_tags
from taggable import TAGGABLE
from tests.policy.builders import UNKNOWN, Node, Nodes, document
from tests.policy.identity_deployers import allow
from tests.policy.samples import ACCOUNT, deny_plain_transport, findings

REGION = "us-east-1"
PROJECT, STACK = "evolution-account", "sandbox"
STACKS = ("dev", "prod")
ISSUER = "token.actions.githubusercontent.com"
PROVIDER = f"arn:aws:iam::{ACCOUNT}:oidc-provider/{ISSUER}"
REPOSITORY = "repo:acme/evolution"
ADMINISTRATOR = f"arn:aws:iam::{ACCOUNT}:role/administrator"
ROOT = f"arn:aws:iam::{ACCOUNT}:root"
STATE, LOGS, RECORDS = (f"account-{what}-{ACCOUNT}-{REGION}" for what in ("state", "access-logs", "records"))
KEYS = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/*"
TRAIL_ARN = f"arn:aws:cloudtrail:{REGION}:{ACCOUNT}:trail/account-trail"
CLOUDTRAIL, BY_TRAIL = {"Service": "cloudtrail.amazonaws.com"}, {"StringEquals": {"aws:SourceArn": TRAIL_ARN}}


def of_iam(what: str) -> str:
    return f"arn:aws:iam::{ACCOUNT}:{what}"


def role_of(stack: str, name: str = "engine") -> str:
    return of_iam(f"role/evolution-{name}-{stack}-{REGION}")


def bounds_of(stack: str) -> list[str]:
    return [of_iam(f"policy/evolution{which}-boundary-{stack}-{REGION}") for which in ("", "-agents")]


def within(stack: str) -> dict[str, Any]:
    return {"StringEquals": {"iam:PermissionsBoundary": bounds_of(stack)}}


def trust(environment: str, **tests: Any) -> str:
    claims = {f"{ISSUER}:aud": "sts.amazonaws.com", f"{ISSUER}:sub": f"{REPOSITORY}:environment:{environment}", **tests}
    take = {"Effect": "Allow", "Principal": {"Federated": PROVIDER}, "Action": "sts:AssumeRoleWithWebIdentity"}
    return document({**take, "Condition": {"StringEquals": claims}})


def deploys(stack: str) -> list[dict[str, Any]]:
    """What a role may do that deploys a stack, in short: by names, by tags, under boundaries; and write its state."""
    to_lambda = {"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}}
    return [
        *([allow(["iam:CreateRole", "iam:PutRolePolicy"], role_of(stack), within(stack))] if stack == "dev" else []),
        allow(["iam:GetRole", "iam:UpdateRole", "iam:UpdateAssumeRolePolicy"], role_of(stack)),
        allow("iam:PassRole", [role_of(stack), role_of(stack, "trigger")], to_lambda),
        allow("lambda:UpdateFunctionCode", f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:evolution-trigger-{stack}"),
        allow(["s3:GetObject", "s3:PutObject"], f"arn:aws:s3:::{STATE}/.pulumi/stacks/evolution-system/{stack}.json"),
        allow(["kms:Decrypt", "kms:GenerateDataKey"], KEYS, {"ForAnyValue:StringEquals": {"kms:ResourceAliases": "alias/account-state"}}),
    ]


def bounds(stack: str) -> list[dict[str, Any]]:
    """The boundary of a stack's roles: its services, in IAM what the roles may, and of this project nothing but the state."""
    in_iam = [one for one in deploys(stack) if "iam:" in json.dumps(one["Action"])]
    mode = f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/evolution/{stack}/mode"
    policies = ["iam:CreatePolicyVersion", "iam:DeletePolicy", "iam:DeletePolicyVersion", "iam:SetDefaultPolicyVersion"]
    invocations = [f"bedrock:{verb}ModelInvocationLoggingConfiguration" for verb in ("Put", "Delete")]
    return [
        allow([f"{service}:*" for service in ("bedrock", "ec2", "kms", "lambda", "s3", "ssm")], "*"),
        *in_iam,
        {"Effect": "Deny", "Action": policies, "Resource": of_iam("policy/*")},
        {"Effect": "Deny", "NotAction": ["s3:GetObject", "s3:ListBucket", "s3:PutObject"], "Resource": "arn:aws:s3:::account-*"},
        {
            "Effect": "Deny",
            "NotAction": ["kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey"],
            "Resource": KEYS,
            "Condition": {"StringEquals": {"aws:ResourceTag/Project": PROJECT}},
        },
        {"Effect": "Deny", "Action": "kms:*", "Resource": f"arn:aws:kms:{REGION}:{ACCOUNT}:alias/account-*"},
        {"Effect": "Deny", "Action": invocations, "Resource": "*"},
        *([] if stack == "dev" else [{"Effect": "Deny", "Action": ["ssm:PutParameter", "ssm:DeleteParameter"], "Resource": mode}]),
    ]


def _role(stack: str, does: str, statements: list[dict[str, Any]]) -> Nodes:
    name = f"{does}-{stack}"
    environment = stack if does == "deploy" else f"{stack}-{does}"
    props = {"name": f"account-{name}", "assumeRolePolicy": trust(environment), "permissionsBoundary": UNKNOWN}
    policy = {"name": f"account-{name}-1", "policy": document(*statements)}
    attached = {"role": f"account-{name}", "policyArn": UNKNOWN}
    return {
        name: Node("aws:iam/role:Role", props, {"permissionsBoundary": [f"boundary-{stack}"]}),
        f"{name}-policy": Node("aws:iam/policy:Policy", policy),
        f"{name}-attached": Node(
            "aws:iam/rolePolicyAttachment:RolePolicyAttachment", attached, {"role": [name], "policyArn": [f"{name}-policy"]}
        ),
    }


def _bucket(name: str, on_aws: str, policy: str, *, expires: bool, algorithm: str = "aws:kms") -> Nodes:
    own: dict[str, list[str]] = {"bucket": [name]}
    blocks: dict[str, Any] = dict.fromkeys(("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets"), True)
    lifecycle: dict[str, Any] = {
        "status": "Enabled",
        "filter": {"prefix": ""},
        "noncurrentVersionExpiration": {"noncurrentDays": 365.0},
        "abortIncompleteMultipartUpload": {"daysAfterInitiation": 7.0},
        **({"expiration": {"days": 365.0}} if expires else {}),
    }
    key = {"kmsMasterKeyId": UNKNOWN} if algorithm == "aws:kms" else {}
    s3: dict[str, dict[str, Any]] = {
        "bucketPublicAccessBlock:BucketPublicAccessBlock": blocks,
        "bucketVersioning:BucketVersioning": {"versioningConfiguration": {"status": "Enabled"}},
        "bucketOwnershipControls:BucketOwnershipControls": {"rule": {"objectOwnership": "BucketOwnerEnforced"}},
        "bucketLifecycleConfiguration:BucketLifecycleConfiguration": {"rules": [lifecycle]},
        "bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": {
            "rules": [{"applyServerSideEncryptionByDefault": {"sseAlgorithm": algorithm, **key}}]
        },
        "bucketPolicy:BucketPolicy": {"policy": policy},
    }
    ends = {"Block": "block", "Versioning": "versioning", "Controls": "ownership", "Configuration": "lifecycle", "Policy": "policy"}
    nodes: Nodes = {name: Node("aws:s3/bucket:Bucket", {"bucket": on_aws}, protect=True)}
    for kind, props in s3.items():
        end = "encryption" if "Encryption" in kind else next(end for word, end in ends.items() if kind.endswith(word))
        references = {**own, **({"rules": ["key"]} if end == "encryption" and key else {})}
        nodes[f"{name}-{end}"] = Node(f"aws:s3/{kind}", {"bucket": on_aws, **props}, references, protect=True)
    return nodes


def _logging(bucket: str) -> Node:
    references = {"bucket": [bucket], "targetBucket": ["logs"]}
    return Node("aws:s3/bucketLogging:BucketLogging", {"bucket": UNKNOWN, "targetBucket": UNKNOWN}, references)


def whole(bucket: str) -> list[str]:
    return [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"]


def _key_policy() -> str:
    administers = {"ArnEquals": {"aws:PrincipalArn": [ADMINISTRATOR, ROOT]}}
    uses = {"ArnEquals": {"aws:PrincipalArn": [of_iam(f"role/account-deploy-{stack}") for stack in STACKS]}}
    return document(
        {"Principal": {"AWS": ROOT}, **allow(["kms:PutKeyPolicy", "kms:ScheduleKeyDeletion", "kms:DescribeKey"], "*", administers)},
        {"Principal": {"AWS": ROOT}, **allow(["kms:Decrypt", "kms:GenerateDataKey"], "*", uses)},
        {"Principal": CLOUDTRAIL, **allow(["kms:GenerateDataKey*", "kms:DescribeKey"], "*", BY_TRAIL)},
    )


def _state_policy() -> str:
    loses = ["s3:DeleteBucket", "s3:DeleteBucketPolicy", "s3:DeleteObjectVersion", "s3:PutBucketPolicy", "s3:PutBucketVersioning"]
    return document(
        {
            "Effect": "Deny",
            "Principal": "*",
            "Action": [*loses, "s3:PutLifecycleConfiguration"],
            "Resource": whole(STATE),
            "Condition": {"ArnNotEquals": {"aws:PrincipalArn": [ADMINISTRATOR, ROOT]}},
        },
        deny_plain_transport("s3:*", *whole(STATE)),
    )


def _selector(category: str, kind: str = "") -> dict[str, Any]:
    types = [{"field": "resources.type", "equals": [kind]}] if kind else []
    return {"name": kind or category, "fieldSelectors": [{"field": "eventCategory", "equals": [category]}, *types]}


def _trail_writes() -> list[dict[str, Any]]:
    written = [f"arn:aws:s3:::{RECORDS}/AWSLogs/{ACCOUNT}/{kind}/*" for kind in ("CloudTrail", "CloudTrail-Digest")]
    return [
        {"Principal": CLOUDTRAIL, **allow("s3:GetBucketAcl", f"arn:aws:s3:::{RECORDS}", BY_TRAIL)},
        {"Principal": CLOUDTRAIL, **allow("s3:PutObject", written, BY_TRAIL)},
    ]


def _delivers() -> dict[str, Any]:
    of_account = {"StringEquals": {"aws:SourceAccount": ACCOUNT}}
    return {"Principal": {"Service": "logging.s3.amazonaws.com"}, **allow("s3:PutObject", f"arn:aws:s3:::{LOGS}/*", of_account)}


def _watch() -> Nodes:
    """The rows of the account's table that are off by default."""
    events = ("AWS::Bedrock::Model", "AWS::BedrockAgentCore::Gateway", "AWS::BedrockAgentCore::Runtime")
    trail = {
        "name": "account-trail",
        "s3BucketName": UNKNOWN,
        "kmsKeyId": UNKNOWN,
        "isMultiRegionTrail": True,
        "enableLogFileValidation": True,
        "advancedEventSelectors": [_selector("Management"), *(_selector("Data", kind) for kind in events)],
    }
    return {
        **_bucket("records", RECORDS, document(*_trail_writes(), deny_plain_transport("s3:*", *whole(RECORDS))), expires=True),
        "records-logging": _logging("records"),
        "trail": Node("aws:cloudtrail/trail:Trail", trail, {"s3BucketName": ["records"], "kmsKeyId": ["key"]}, protect=True),
        "detector": Node("aws:guardduty/detector:Detector", {"enable": True}),
    }


def account(*, watched: bool = True) -> Nodes:
    """The project, with what watches the account by request, or without."""
    of_key = {"description": "State.", "policy": _key_policy(), "enableKeyRotation": True, "deletionWindowInDays": 30.0}
    nodes: Nodes = {
        "stack": Node("pulumi:pulumi:Stack", {}),
        "key": Node("aws:kms/key:Key", of_key, protect=True),
        "alias": Node("aws:kms/alias:Alias", {"name": "alias/account-state", "targetKeyId": UNKNOWN}, {"targetKeyId": ["key"]}),
        **_bucket("state", STATE, _state_policy(), expires=False),
        **_bucket("logs", LOGS, document(_delivers(), deny_plain_transport("s3:*", *whole(LOGS))), expires=True, algorithm="AES256"),
        "state-logging": _logging("state"),
        "github": Node(
            "aws:iam/openIdConnectProvider:OpenIdConnectProvider", {"url": f"https://{ISSUER}", "clientIdLists": ["sts.amazonaws.com"]}
        ),
        "analyzer": Node("aws:accessanalyzer/analyzer:Analyzer", {"analyzerName": "account", "type": "ACCOUNT"}),
    }
    for stack in STACKS:
        boundary = {"name": f"account-boundary-{stack}", "policy": document(*bounds(stack))}
        nodes[f"boundary-{stack}"] = Node("aws:iam/policy:Policy", boundary)
        nodes |= _role(stack, "deploy", deploys(stack))
        nodes |= _role(stack, "drift", [allow("iam:GetRole", role_of(stack))])
    nodes |= _watch() if watched else {}
    for node in nodes.values():
        if node.type in TAGGABLE:
            node.props["tagsAll"] = common_tags(STACK)
    return nodes


def rules_that_fire(nodes: Nodes) -> set[str]:
    return {found.rule for found in findings(nodes, project=PROJECT, stack=STACK)}
