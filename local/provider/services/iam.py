"""Roles, policies and what binds them."""

import json
from typing import Final

from local.provider import equivalence
from local.provider.members import FLAG, Local, json_text, named
from local.provider.reading import fields, search
from local.provider.resource_type import Call, InText, Read, Request, ResourceType, tagging

_ROLE = {"RoleName": "{id}"}
_POLICY = {"PolicyArn": "{id}"}
_VERSIONS = Request("iam:ListPolicyVersions", _POLICY)
_PROVIDER = {"OpenIDConnectProviderArn": "{id}"}
_ROLE_POLICY = {"RoleName": "{role}", "PolicyName": "{name}"}


def _principals(document: str) -> list[str]:
    found: list[str] | None = search("Statement[].Principal.AWS[] || Statement[].Principal.AWS", json.loads(document))
    return found or []


PRINCIPALS: Final = InText(("aws:iam/role:Role",), _principals)
"""The AWS principals of a policy. AWS doesn't look for what its resources and conditions name."""

RESOURCES = (
    ResourceType(
        token="aws:iam/role:Role",
        create=Call(
            "iam:CreateRole",
            {"name": "RoleName", "assumeRolePolicy": json_text("AssumeRolePolicyDocument"), "forceDetachPolicies": FLAG},
        ),
        outputs={
            "arn": "arn:aws:iam::{account}:role{path}{name}",
            "createDate": "{now}",
            "uniqueId": "AROA{iam17}",
        },
        read=Read(
            Request("iam:GetRole", _ROLE),
            "Role",
            {
                "assumeRolePolicy": "AssumeRolePolicyDocument",
                "permissionsBoundary": "PermissionsBoundary.PermissionsBoundaryArn",
                **fields("Description", "MaxSessionDuration"),
            },
            {"arn": "Arn", "uniqueId": "RoleId", "path": "Path", "maxSessionDuration": "MaxSessionDuration"},
        ),
        update=(
            Call("iam:UpdateAssumeRolePolicy", {"assumeRolePolicy": json_text("PolicyDocument")}, _ROLE),
            Call("iam:UpdateRole", named("description", "maxSessionDuration"), _ROLE),
            Call("iam:PutRolePermissionsBoundary", named("permissionsBoundary"), _ROLE),
        ),
        delete=Request("iam:DeleteRole", _ROLE),
        diff_suppress={"assumeRolePolicy": equivalence.policies},
        unsupported={"inlinePolicies": "use aws.iam.RolePolicy", "managedPolicyArns": "use aws.iam.RolePolicyAttachment"},
        references={"assumeRolePolicy": PRINCIPALS, "permissionsBoundary": "aws:iam/policy:Policy"},
        referred_to_as=("arn:aws:iam::{account}:role/{id}", "arn:aws:iam::{account}:role/{path}/{id}", "{id}"),
        regional=False,
        tags=tagging("iam", "RoleName", whose="{name}", operations=("TagRole", "UntagRole"), path="Tags"),
    ),
    ResourceType(
        token="aws:iam/rolePolicy:RolePolicy",
        create=Call("iam:PutRolePolicy", {"role": "RoleName", "name": "PolicyName", "policy": json_text("PolicyDocument")}),
        id="{role}:{name}",
        read=Read(Request("iam:GetRolePolicy", _ROLE_POLICY), properties={"policy": "PolicyDocument"}),
        delete=Request("iam:DeleteRolePolicy", _ROLE_POLICY),
        diff_suppress={"policy": equivalence.policies},
        references={"role": "aws:iam/role:Role"},
        regional=False,
    ),
    ResourceType(
        token="aws:iam/policy:Policy",
        create=Call(
            "iam:CreatePolicy",
            {"name": "PolicyName", "policy": json_text("PolicyDocument"), "delayAfterPolicyCreationInMs": Local(int)},
        ),
        id="{arn}",
        outputs={
            "arn": "arn:aws:iam::{account}:policy{path}{name}",
            "attachmentCount": 0,
            "policyId": "ANPA{iam17}",
        },
        created={"id": "Policy.Arn"},
        read=Read(
            Request("iam:GetPolicy", _POLICY),
            "Policy",
            {"policy": "version.PolicyVersion.Document"},
            {"arn": "Arn", "policyId": "PolicyId", "path": "Path"},
            {"version": Request("iam:GetPolicyVersion", {**_POLICY, "VersionId": "{found.DefaultVersionId}"})},
        ),
        update=Call(
            "iam:CreatePolicyVersion",
            {"policy": json_text("PolicyDocument")},
            {**_POLICY, "SetAsDefault": True},
            # IAM keeps five versions: the oldest goes, which is the first that the emulator lists.
            before=Request(
                "iam:DeletePolicyVersion",
                {**_POLICY, "VersionId": "{each}"},
                each=(_VERSIONS, "Versions[4] && Versions[?!IsDefaultVersion].VersionId | [:1]"),
            ),
        ),
        delete=(
            Request(
                "iam:DeletePolicyVersion",
                {**_POLICY, "VersionId": "{each}"},
                each=(_VERSIONS, "Versions[?!IsDefaultVersion].VersionId"),
            ),
            Request("iam:DeletePolicy", _POLICY),
        ),
        diff_suppress={"policy": equivalence.policies},
        referred_to_as=("arn:aws:iam::{account}:policy/{name}",),
        regional=False,
        tags=tagging("iam", "PolicyArn", operations=("TagPolicy", "UntagPolicy"), path="Tags"),
    ),
    ResourceType(
        token="aws:iam/rolePolicyAttachment:RolePolicyAttachment",
        create=Call("iam:AttachRolePolicy", {"role": "RoleName"}),
        id="{role}/{policyArn}",
        read=Read(Request("iam:ListAttachedRolePolicies", {"RoleName": "{role}"}), "AttachedPolicies[?PolicyArn=='{policyArn}'] | [0]"),
        delete=Request("iam:DetachRolePolicy", {"RoleName": "{role}", "PolicyArn": "{policyArn}"}),
        references={"role": "aws:iam/role:Role", "policyArn": "aws:iam/policy:Policy"},
        regional=False,
    ),
    ResourceType(
        token="aws:iam/openIdConnectProvider:OpenIdConnectProvider",
        create=Call("iam:CreateOpenIDConnectProvider", {"clientIdLists": "ClientIDList", "thumbprintLists": "ThumbprintList"}),
        id="{arn}",
        outputs={"arn": "arn:aws:iam::{account}:oidc-provider/{url:host}"},
        created={"id": "OpenIDConnectProviderArn"},
        read=Read(
            Request("iam:GetOpenIDConnectProvider", _PROVIDER),
            properties={"url": "Url", "clientIdLists": "ClientIDList"},
        ),
        # ministack takes no other client afterwards, no other thumbprint and no other tags.
        update=Call("iam:UpdateOpenIDConnectProviderThumbprint", {"thumbprintLists": "ThumbprintList"}, _PROVIDER),
        delete=Request("iam:DeleteOpenIDConnectProvider", _PROVIDER),
        diff_suppress={"url": lambda one, other: one.removeprefix("https://") == other.removeprefix("https://")},
        regional=False,
        tags=tagging(
            "iam",
            "OpenIDConnectProviderArn",
            operations=("TagOpenIDConnectProvider", "UntagOpenIDConnectProvider"),
            path="Tags",
        ),
    ),
)
