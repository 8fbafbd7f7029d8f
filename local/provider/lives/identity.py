"""How roles, policies, keys and secrets go on."""

from __future__ import annotations

from local.provider.life import Ask, Life, kept_here, tagging
from local.provider.reading import Seen, plainly, tags
from local.provider.table import FLAG, Call, json_text

_ROLE_TAGS, _ROLE_UNTAG = tagging("iam:TagRole", "iam:UntagRole", ("RoleName", "Tags", "TagKeys"), "{name}")
_POLICY_TAGS, _POLICY_UNTAG = tagging("iam:TagPolicy", "iam:UntagPolicy", ("PolicyArn", "Tags", "TagKeys"))
_KEY_TAGS, _KEY_UNTAG = tagging("kms:TagResource", "kms:UntagResource", ("KeyId", "Tags", "TagKeys"), "{id}")
_SECRET_TAGS, _SECRET_UNTAG = tagging("secretsmanager:TagResource", "secretsmanager:UntagResource", ("SecretId", "Tags", "TagKeys"))

_KEY = {"KeyId": "{id}"}

LIVES: dict[str, Life] = {
    "aws:iam/role:Role": Life(
        look=Ask("iam:GetRole", {"RoleName": "{id}"}),
        at="Role",
        reads={
            "assumeRolePolicy": "AssumeRolePolicyDocument",
            "permissionsBoundary": "PermissionsBoundary.PermissionsBoundaryArn",
            **plainly("Description", "MaxSessionDuration"),
            **tags(),
        },
        outputs={"arn": "Arn", "uniqueId": "RoleId", "path": "Path", "maxSessionDuration": "MaxSessionDuration"},
        changes=(
            Call("iam:UpdateAssumeRolePolicy", {"assumeRolePolicy": json_text("PolicyDocument")}, {"RoleName": "{id}"}),
            Call("iam:UpdateRole", {"description": "Description", "maxSessionDuration": "MaxSessionDuration"}, {"RoleName": "{id}"}),
            Call("iam:PutRolePermissionsBoundary", {"permissionsBoundary": "PermissionsBoundary"}, {"RoleName": "{id}"}),
            _ROLE_TAGS,
        ),
        untag=_ROLE_UNTAG,
        remove=(Ask("iam:DeleteRole", {"RoleName": "{id}"}),),
    ),
    "aws:iam/rolePolicy:RolePolicy": Life(
        look=Ask("iam:GetRolePolicy", {"RoleName": "{role}", "PolicyName": "{name}"}),
        at="@",
        reads={"policy": "PolicyDocument"},
        puts=True,
        remove=(Ask("iam:DeleteRolePolicy", {"RoleName": "{role}", "PolicyName": "{name}"}),),
    ),
    "aws:iam/policy:Policy": Life(
        look=Ask("iam:GetPolicy", {"PolicyArn": "{id}"}),
        at="Policy",
        also={"version": Ask("iam:GetPolicyVersion", {"PolicyArn": "{id}", "VersionId": "{seen.DefaultVersionId}"})},
        reads={"policy": "version.PolicyVersion.Document", **tags()},
        answer={"id": "Policy.Arn"},
        outputs={"arn": "Arn", "policyId": "PolicyId", "path": "Path"},
        changes=(
            Call("iam:CreatePolicyVersion", {"policy": json_text("PolicyDocument")}, {"PolicyArn": "{id}", "SetAsDefault": True}),
            _POLICY_TAGS,
        ),
        untag=_POLICY_UNTAG,
        remove=(
            Ask(
                "iam:DeletePolicyVersion",
                {"PolicyArn": "{id}", "VersionId": "{each}"},
                each=(Ask("iam:ListPolicyVersions", {"PolicyArn": "{id}"}), "Versions[?!IsDefaultVersion].VersionId"),
            ),
            Ask("iam:DeletePolicy", {"PolicyArn": "{id}"}),
        ),
    ),
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": Life(
        look=Ask("iam:ListAttachedRolePolicies", {"RoleName": "{role}"}),
        at="AttachedPolicies[?PolicyArn=='{policyArn}'] | [0]",
        remove=(Ask("iam:DetachRolePolicy", {"RoleName": "{role}", "PolicyArn": "{policyArn}"}),),
    ),
    # A key can't be deleted, only scheduled for it; until then it is gone for Pulumi.
    "aws:kms/key:Key": Life(
        look=Ask("kms:DescribeKey", _KEY),
        at="KeyMetadata | [@] | [?KeyState!='PendingDeletion'] | [0]",
        also={
            "document": Ask("kms:GetKeyPolicy", {**_KEY, "PolicyName": "default"}),
            "rotation": Ask("kms:GetKeyRotationStatus", _KEY),
            "tagged": Ask("kms:ListResourceTags", _KEY),
        },
        reads={
            "policy": "document.Policy",
            "enableKeyRotation": Seen("rotation.KeyRotationEnabled", default=False),
            "isEnabled": Seen("Enabled", default=True),
            **plainly("Description"),
            **tags("tagged.Tags"),
        },
        answer={"id": "KeyMetadata.KeyId"},
        outputs={"arn": "Arn", "keyId": "KeyId", "keyUsage": "KeyUsage", "customerMasterKeySpec": "KeySpec"},
        changes=(
            Call("kms:PutKeyPolicy", {"policy": json_text("Policy")}, {**_KEY, "PolicyName": "default"}),
            Call("kms:UpdateKeyDescription", {"description": "Description"}, _KEY),
            Call("kms:DisableKeyRotation", {"enableKeyRotation": FLAG}, _KEY, only=("enableKeyRotation", False)),
            Call("kms:EnableKey", {"isEnabled": FLAG}, _KEY, only=("isEnabled", True)),
            _KEY_TAGS,
        ),
        untag=_KEY_UNTAG,
    ),
    "aws:kms/alias:Alias": Life(
        look=Ask("kms:ListAliases"),
        at="Aliases[?AliasName=='{name}'] | [0]",
        reads={"targetKeyId": "TargetKeyId"},
        outputs={"arn": "AliasArn"},
        changes=(Call("kms:UpdateAlias", {"name": "AliasName", "targetKeyId": "TargetKeyId"}),),
        remove=(Ask("kms:DeleteAlias", {"AliasName": "{name}"}),),
    ),
    "aws:secretsmanager/secret:Secret": Life(
        look=Ask("secretsmanager:DescribeSecret", {"SecretId": "{id}"}),
        at="[@] | [?!DeletedDate] | [0]",
        reads=plainly("Description", "KmsKeyId") | tags(),
        answer={"id": "ARN"},
        outputs={"arn": "ARN"},
        changes=(
            Call("secretsmanager:UpdateSecret", {"description": "Description", "kmsKeyId": "KmsKeyId"}, {"SecretId": "{id}"}),
            Call("", kept_here("recoveryWindowInDays", "forceOverwriteReplicaSecret")),
            _SECRET_TAGS,
        ),
        untag=_SECRET_UNTAG,
    ),
    # A version goes with its secret.
    "aws:secretsmanager/secretVersion:SecretVersion": Life(
        look=Ask("secretsmanager:DescribeSecret", {"SecretId": "{secretId}"}),
        at='VersionIdsToStages."{versionId}" && @',
        answer={"versionId": "VersionId"},
    ),
}
"""By type."""
