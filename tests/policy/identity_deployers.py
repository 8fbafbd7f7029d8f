"""Roles that deploy, and fences around them: what of their policies is right, and the edits that must be caught."""

from __future__ import annotations

from typing import Any

from tests.policy.edits import Edit, adding, both
from tests.policy.identity_builders import ON_KEYS, OURS
from tests.policy.samples import ACCOUNT, UNKNOWN, Node, document

GITHUB = {"Federated": f"arn:aws:iam::{ACCOUNT}:oidc-provider/token.actions.githubusercontent.com"}
SUBJECT = {"StringEquals": {"token.actions.githubusercontent.com:sub": "repo:acme/shop:environment:prod"}}
LAMBDA = {"Service": "lambda.amazonaws.com"}

ROLE, POLICY, USER = (f"arn:aws:iam::{ACCOUNT}:{what}" for what in ("role/shop-web", "policy/shop-limits", "user/shop"))
OTHER_ROLES = f"arn:aws:iam::{ACCOUNT}:role/*"
WEB = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:shop-web"
TAGGED = {"StringEquals": {"aws:RequestTag/Project": "shop"}}
UNTAGGED = {**TAGGED, "Null": {"aws:ResourceTag/Project": "true"}}
NETWORKS = f"arn:aws:ec2:us-east-1:{ACCOUNT}:vpc/*"
ALARMS = f"arn:aws:cloudwatch:us-east-1:{ACCOUNT}:alarm:*"


def _with(creation: str, operator: str = "StringEquals") -> dict[str, dict[str, str]]:
    """Tags that a request gives to what it makes."""
    return {**TAGGED, operator: {**TAGGED.get(operator, {}), "ec2:CreateAction": creation}}


def _taken_by(*principals: Any) -> str:
    conditions = {"Federated": SUBJECT, "Service": OURS, "AWS": {}}
    return document(
        *(
            {
                "Effect": "Allow",
                "Principal": one,
                "Action": "sts:AssumeRoleWithWebIdentity" if "Federated" in one else "sts:AssumeRole",
                **({"Condition": condition} if (condition := conditions[next(iter(one))]) else {}),
            }
            for one in principals
        )
    )


def holding(*statements: dict[str, Any], by: tuple[Any, ...] = (GITHUB,)) -> Edit:
    """A role that workflows take on, or somebody else, with a policy."""
    role = Node(
        "aws:iam/role:Role",
        {"name": "deploy", "assumeRolePolicy": _taken_by(*by), "permissionsBoundary": UNKNOWN},
        {"permissionsBoundary": ["boundary"]},
    )
    policy = Node("aws:iam/policy:Policy", {"name": "deploys", "policy": document(*statements)})
    attachment = Node(
        "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
        {"role": "deploy", "policyArn": UNKNOWN},
        {"role": ["deployer"], "policyArn": ["deploys"]},
    )
    return both(adding("deployer", role), adding("deploys", policy), adding("deploys-attached", attachment))


def allow(action: Any, resource: Any, condition: Any = None) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **({"Condition": condition} if condition else {})}


def bounded(boundary: Any = POLICY, operator: str = "StringEquals") -> dict[str, Any]:
    return {operator: {"iam:PermissionsBoundary": boundary}}


MAKES_ROLES = ["iam:CreateRole", "iam:PutRolePolicy", "iam:AttachRolePolicy"]
ALL: dict[str, Any] = {"Effect": "Allow", "Action": ["iam:*", "sts:*", "s3:*"], "Resource": "*"}
FENCE_NAME = f"arn:aws:iam::{ACCOUNT}:policy/fence"
BEHIND: tuple[dict[str, Any], ...] = (
    {"Effect": "Deny", "Action": ["iam:*Policy*", "iam:Delete*"], "Resource": f"arn:aws:iam::{ACCOUNT}:policy/*"},
    {"Effect": "Deny", "Action": ["iam:*Boundary", "iam:*User*", "iam:*AccessKey*", "iam:*LoginProfile", "sts:*"], "Resource": "*"},
    {"Effect": "Deny", "Action": ["iam:PassRole", "iam:UpdateAssumeRolePolicy"], "NotResource": ROLE},
    {"Effect": "Deny", "Action": MAKES_ROLES, "Resource": "*", "Condition": {"StringNotEquals": {"iam:PermissionsBoundary": POLICY}}},
)
"""What closes the ways out."""


def fenced(*statements: dict[str, Any], bounds: bool = True, attached: bool = False) -> Edit:
    """A policy that is meant as a boundary, of a role or of none."""
    edits = [adding("fence", Node("aws:iam/policy:Policy", {"name": "fence", "policy": document(*statements)}))]
    if bounds:
        props = {"name": "deploy", "assumeRolePolicy": _taken_by(GITHUB), "permissionsBoundary": UNKNOWN}
        edits.append(adding("deployer", Node("aws:iam/role:Role", props, {"permissionsBoundary": ["fence"]})))
    if attached:
        kind = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
        edits.append(adding("fence-attached", Node(kind, {"role": "deploy", "policyArn": FENCE_NAME})))
    return both(*edits)


ESCALATION, PASS_ROLE, WILD_RESOURCE = {"identity/no-escalation"}, {"identity/pass-role"}, {"identity/no-wildcard-resource"}
WILD_ACTION, FENCE = {"identity/no-wildcard-action"}, {"identity/fence"}
NO_FENCE = WILD_ACTION | WILD_RESOURCE

EDITS: list[tuple[str, Edit, set[str]]] = [
    # Who makes roles.
    ("a service's role makes roles", holding(allow(MAKES_ROLES, ROLE, bounded()), by=(LAMBDA,)), ESCALATION),
    ("another role makes roles, too", holding(allow(MAKES_ROLES, ROLE, bounded()), by=(GITHUB, {"AWS": ROLE})), ESCALATION),
    (
        "whoever deploys isn't known",
        adding("deploys", Node("aws:iam/policy:Policy", {"policy": document(allow(MAKES_ROLES, ROLE))})),
        ESCALATION,
    ),
    # Under which boundary.
    ("roles without a boundary", holding(allow(MAKES_ROLES, ROLE)), ESCALATION),
    ("a boundary if there is one", holding(allow(MAKES_ROLES, ROLE, bounded(operator="StringEqualsIfExists"))), ESCALATION),
    ("a boundary, or none at all", holding(allow(MAKES_ROLES, ROLE, bounded(operator="ForAllValues:StringEquals"))), ESCALATION),
    ("every boundary but one", holding(allow(MAKES_ROLES, ROLE, bounded(operator="StringNotEquals"))), ESCALATION),
    ("any boundary", holding(allow(MAKES_ROLES, ROLE, bounded("*", "StringLike"))), ESCALATION),
    ("any boundary of the account", holding(allow(MAKES_ROLES, ROLE, bounded(f"arn:aws:iam::{ACCOUNT}:policy/*", "ArnLike"))), ESCALATION),
    ("a boundary of AWS", holding(allow(MAKES_ROLES, ROLE, bounded("arn:aws:iam::aws:policy/AdministratorAccess"))), ESCALATION),
    ("one boundary, or any", holding(allow(MAKES_ROLES, ROLE, bounded([POLICY, "*"]))), ESCALATION),
    ("the boundary of some other key", holding(allow(MAKES_ROLES, ROLE, {"StringEquals": {"iam:PolicyARN": POLICY}})), ESCALATION),
    # On what.
    ("roles of any name that begins so", holding(allow("iam:CreateRole", f"{ROLE}-*", bounded())), ESCALATION),
    ("the trust of any such role", holding(allow("iam:UpdateAssumeRolePolicy", f"{ROLE}-*")), ESCALATION),
    ("every role", holding(allow("iam:PutRolePolicy", OTHER_ROLES, bounded())), ESCALATION | WILD_RESOURCE),
    # What no deployment does.
    ("another version of a policy", holding(allow("iam:CreatePolicyVersion", POLICY)), ESCALATION),
    ("an older version of a policy", holding(allow("iam:SetDefaultPolicyVersion", POLICY)), ESCALATION),
    ("another boundary of a role", holding(allow("iam:PutRolePermissionsBoundary", ROLE, bounded())), ESCALATION),
    ("a role without its boundary", holding(allow("iam:DeleteRolePermissionsBoundary", ROLE, bounded())), ESCALATION),
    ("a user's policy within a boundary", holding(allow("iam:PutUserPolicy", USER, bounded())), ESCALATION),
    ("a key of a user", holding(allow("iam:CreateAccessKey", USER)), ESCALATION),
    (
        "any role handed on",
        holding(allow("iam:PassRole", OTHER_ROLES, {"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}})),
        PASS_ROLE | WILD_RESOURCE,
    ),
    ("a role handed to anything", holding(allow("iam:PassRole", ROLE)), PASS_ROLE),
    ("a service's role changes code", holding(allow("lambda:UpdateFunctionCode", WEB), by=(LAMBDA,)), ESCALATION),
    ("any function's code", holding(allow("lambda:UpdateFunctionCode", f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:*")), WILD_RESOURCE),
    # What is only made.
    ("keys of others get tags", holding(allow("kms:TagResource", ON_KEYS, TAGGED)), WILD_RESOURCE),
    (
        "keys of others get tags, with tags or without",
        holding(allow("kms:TagResource", ON_KEYS, {**TAGGED, "Null": {"aws:ResourceTag/Project": "false"}})),
        WILD_RESOURCE,
    ),
    ("networks of others get tags", holding(allow("ec2:CreateTags", NETWORKS, TAGGED)), WILD_RESOURCE),
    (
        "networks get tags with whatever makes something",
        holding(allow("ec2:CreateTags", NETWORKS, _with("*", "StringLike"))),
        WILD_RESOURCE,
    ),
    (
        "networks get tags but with one creation",
        holding(allow("ec2:CreateTags", NETWORKS, _with("CreateVpc", "StringNotEquals"))),
        WILD_RESOURCE,
    ),
    ("keys get tags with another service's creation", holding(allow("kms:TagResource", ON_KEYS, _with("CreateKey"))), WILD_RESOURCE),
    (
        "networks with any tag",
        holding(allow("ec2:CreateVpc", NETWORKS, {"StringLike": {"aws:RequestTag/Project": "*"}})),
        WILD_RESOURCE,
    ),
    (
        "networks with tags, if any",
        holding(allow("ec2:CreateVpc", NETWORKS, {"StringEqualsIfExists": {"aws:RequestTag/Project": "shop"}})),
        WILD_RESOURCE,
    ),
    ("an alarm of others, made again with tags", holding(allow("cloudwatch:PutMetricAlarm", ALARMS, TAGGED)), WILD_RESOURCE),
    # Fences.
    ("a fence that is attached", fenced(ALL, *BEHIND, attached=True), FENCE),
    ("a fence around nobody", fenced(ALL, *BEHIND, bounds=False), FENCE),
    *(
        (f"a fence without its denial {number}", fenced(ALL, *BEHIND[:number], *BEHIND[number + 1 :]), NO_FENCE)
        for number in range(len(BEHIND))
    ),
    (
        "a fence that can be had without the condition",
        fenced(ALL, *BEHIND[:3], {**BEHIND[3], "Condition": bounded(operator="StringEquals")}),
        NO_FENCE,
    ),
    (
        "a fence for the daytime",
        fenced(ALL, {**BEHIND[0], "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "false"}}}, *BEHIND[1:]),
        NO_FENCE,
    ),
    ("a boundary that only leaves out", fenced({**ALL, "Action": ["s3:*"]}), NO_FENCE),
]

GOOD: list[tuple[str, Edit]] = [
    ("whoever deploys makes roles within a boundary", holding(allow(MAKES_ROLES, ROLE, bounded()))),
    ("within one of two boundaries", holding(allow(MAKES_ROLES, ROLE, bounded([POLICY, f"{POLICY}-2"])))),
    ("by ARN", holding(allow(MAKES_ROLES, ROLE, bounded(operator="ArnEquals")))),
    ("changes and removes named roles", holding(allow(["iam:UpdateAssumeRolePolicy", "iam:DeleteRole", "iam:DeleteRolePolicy"], ROLE))),
    ("makes named policies", holding(allow(["iam:CreatePolicy", "iam:DeletePolicy"], POLICY))),
    ("changes named functions", holding(allow(["lambda:UpdateFunctionCode", "lambda:AddPermission"], WEB))),
    ("makes what has our tags", holding(allow(["ec2:CreateVpc"], NETWORKS, TAGGED))),
    ("tags what it makes", holding(allow("ec2:CreateTags", NETWORKS, _with("CreateVpc")))),
    ("tags what has no tags", holding(allow("kms:TagResource", ON_KEYS, UNTAGGED))),
    ("a fence", fenced(ALL, *BEHIND)),
    ("a fence for all that isn't denied", fenced({"Effect": "Allow", "NotAction": "sts:*", "Resource": "*"}, *BEHIND)),
]
