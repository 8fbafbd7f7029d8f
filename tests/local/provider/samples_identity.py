"""Samples and refused edits for roles, policies, keys and secrets: part of `samples.py`."""

from __future__ import annotations

from typing import Any

from tests.local.provider.common import ACCOUNT, GONE, KEY, POLICY, TAGS, Edit

VALID: dict[str, dict[str, Any]] = {
    "aws:iam/role:Role": {
        "name": "evolution-engine-dev-us-east-1",
        "assumeRolePolicy": POLICY,
        "permissionsBoundary": f"arn:aws:iam::{ACCOUNT}:policy/evolution-boundary-dev",
        "maxSessionDuration": 3600,
        "tags": TAGS,
    },
    "aws:iam/rolePolicy:RolePolicy": {"role": "evolution-engine-dev-us-east-1", "name": "grants", "policy": POLICY},
    "aws:iam/policy:Policy": {"name": "evolution-boundary-dev", "path": "/evolution/", "policy": POLICY, "tags": TAGS},
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": {
        "role": "evolution-engine-dev-us-east-1",
        "policyArn": "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy",
    },
    "aws:kms/key:Key": {
        "description": "Everything that stores data",
        "policy": POLICY,
        "enableKeyRotation": True,
        "rotationPeriodInDays": 365,
        "deletionWindowInDays": 30,
        "tags": TAGS,
    },
    "aws:kms/alias:Alias": {"name": "alias/evolution-dev", "targetKeyId": KEY},
    "aws:secretsmanager/secret:Secret": {
        "name": "EvolutionSafetyConfig-dev",
        "kmsKeyId": KEY,
        "recoveryWindowInDays": 0,
        "policy": POLICY,
        "tags": TAGS,
    },
    "aws:secretsmanager/secretVersion:SecretVersion": {
        "secretId": f"arn:aws:secretsmanager:us-east-1:{ACCOUNT}:secret:EvolutionSafetyConfig-dev-AbCdEf",
        "secretStringWo": '{"safety_threshold": "0.8"}',
        "secretStringWoVersion": 1,
    },
}

REFUSED: list[Edit] = [
    ("aws:iam/role:Role", "name", "a" * 65, "name", "at most 64 characters, not 65"),
    ("aws:iam/role:Role", "maxSessionDuration", 60, "maxSessionDuration", "at least 3600"),
    ("aws:iam/role:Role", "tags", {"Autonomy": "85%"}, "tags.Autonomy", "must match"),
    ("aws:iam/role:Role", "assumeRolePolicy", GONE, "assumeRolePolicy", "AssumeRolePolicyDocument is required"),
    ("aws:iam/role:Role", "inlinePolicies", [], "inlinePolicies", "use aws.iam.RolePolicy"),
    ("aws:iam/rolePolicy:RolePolicy", "name", "has a space", "name", "must match"),
    ("aws:iam/policy:Policy", "path", "evolution", "path", "must match"),
    ("aws:iam/rolePolicyAttachment:RolePolicyAttachment", "policyArn", "arn", "policyArn", "at least 20 characters"),
    ("aws:kms/key:Key", "rotationPeriodInDays", 30, "rotationPeriodInDays", "at least 90"),
    ("aws:kms/key:Key", "deletionWindowInDays", 400, "deletionWindowInDays", "at most 365"),
    ("aws:kms/key:Key", "keyUsage", "ENCRYPT", "keyUsage", "write ENCRYPT_DECRYPT"),
    ("aws:kms/alias:Alias", "name", "alias/evolution.dev", "name", "must match"),
    ("aws:secretsmanager/secret:Secret", "name", "", "name", "at least 1"),
    ("aws:secretsmanager/secret:Secret", "recoveryWindowInDays", "soon", "recoveryWindowInDays", "is a whole number"),
    ("aws:secretsmanager/secretVersion:SecretVersion", "secretId", GONE, "secretId", "SecretId is required"),
    ("aws:secretsmanager/secretVersion:SecretVersion", "secretStringWo", "x" * 65537, "secretStringWo", "[secret]"),
]
