"""Roles, policies and what binds them."""

from __future__ import annotations

from local.provider import equivalence
from local.provider.table import EXPLICIT, FLAG, Call, Local, ResourceType, json_text

RESOURCES = (
    ResourceType(
        token="aws:iam/role:Role",
        calls=(
            Call(
                "iam:CreateRole",
                {"name": "RoleName", "assumeRolePolicy": json_text("AssumeRolePolicyDocument"), "forceDetachPolicies": FLAG},
            ),
        ),
        instead={
            **EXPLICIT,
            "inlinePolicies": "use aws.iam.RolePolicy",
            "managedPolicyArns": "use aws.iam.RolePolicyAttachment",
        },
        id="{name}",
        outputs={
            "arn": "arn:aws:iam::{account}:role{path}{name}",
            "createDate": "{now}",
            "uniqueId": "AROA{iam17}",
        },
        replaces=frozenset({"name", "path"}),
        defaults={"forceDetachPolicies": False, "maxSessionDuration": 3600, "path": "/"},
        computed=frozenset({"name"}),
        name="name",
        tags=True,
        regional=False,
        equivalent={"assumeRolePolicy": equivalence.policies},
    ),
    ResourceType(
        token="aws:iam/rolePolicy:RolePolicy",
        calls=(Call("iam:PutRolePolicy", {"role": "RoleName", "name": "PolicyName", "policy": json_text("PolicyDocument")}),),
        instead=EXPLICIT,
        id="{role}:{name}",
        replaces=frozenset({"name", "role"}),
        computed=frozenset({"name"}),
        name="name",
        regional=False,
        equivalent={"policy": equivalence.policies},
    ),
    ResourceType(
        token="aws:iam/policy:Policy",
        calls=(
            Call(
                "iam:CreatePolicy",
                {"name": "PolicyName", "policy": json_text("PolicyDocument"), "delayAfterPolicyCreationInMs": Local(int)},
            ),
        ),
        instead=EXPLICIT,
        id="{arn}",
        outputs={
            "arn": "arn:aws:iam::{account}:policy{path}{name}",
            "attachmentCount": 0,
            "policyId": "ANPA{iam17}",
        },
        replaces=frozenset({"description", "name", "path"}),
        defaults={"path": "/"},
        computed=frozenset({"name"}),
        name="name",
        tags=True,
        regional=False,
        equivalent={"policy": equivalence.policies},
    ),
    ResourceType(
        token="aws:iam/rolePolicyAttachment:RolePolicyAttachment",
        calls=(Call("iam:AttachRolePolicy", {"role": "RoleName"}),),
        id="{role}/{policyArn}",
        replaces=frozenset({"policyArn", "role"}),
        deletes_first=True,
        regional=False,
    ),
)
