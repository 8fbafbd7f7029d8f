"""Keys and secrets."""

from __future__ import annotations

from typing import Any

from local.provider import equivalence
from local.provider.table import EXPLICIT, FLAG, OWN, Call, Convert, Local, ResourceType, json_text


def _recovery(days: Any) -> dict[str, Any]:
    """A window of 0 days is how the provider spells deletion at once."""
    return {"ForceDeleteWithoutRecovery": True} if days == 0 else {"RecoveryWindowInDays": days}


RESOURCES = (
    ResourceType(
        token="aws:kms/key:Key",
        calls=(
            Call("kms:CreateKey", {"policy": json_text("Policy")}),
            Call(
                "kms:EnableKeyRotation",
                {"enableKeyRotation": FLAG, "rotationPeriodInDays": "RotationPeriodInDays"},
                {"KeyId": OWN},
                only=("enableKeyRotation", True),
            ),
            Call("kms:DisableKey", {"isEnabled": FLAG}, {"KeyId": OWN}, only=("isEnabled", False)),
            Call("kms:ScheduleKeyDeletion", {"deletionWindowInDays": "PendingWindowInDays"}, {"KeyId": OWN}, at="delete"),
        ),
        id="{uuid}",
        outputs={
            "arn": "arn:aws:kms:{region}:{account}:key/{id}",
            "keyId": "{id}",
        },
        replaces=frozenset({"customKeyStoreId", "customerMasterKeySpec", "keyUsage", "multiRegion", "xksKeyId"}),
        defaults={
            "bypassPolicyLockoutSafetyCheck": False,
            "customerMasterKeySpec": "SYMMETRIC_DEFAULT",
            "enableKeyRotation": False,
            "isEnabled": True,
            "keyUsage": "ENCRYPT_DECRYPT",
        },
        computed=frozenset({"description", "multiRegion", "policy", "rotationPeriodInDays"}),
        tags=True,
        equivalent={"policy": equivalence.policies},
    ),
    ResourceType(
        token="aws:kms/alias:Alias",
        calls=(Call("kms:CreateAlias", {"name": "AliasName"}),),
        instead=EXPLICIT,
        id="{name}",
        outputs={"arn": "arn:aws:kms:{region}:{account}:{name}", "targetKeyArn": "arn:aws:kms:{region}:{account}:key/{targetKeyId:last}"},
        replaces=frozenset({"name"}),
        computed=frozenset({"name"}),
        name="name",
        equivalent={"targetKeyId": equivalence.arn_or_name},
    ),
    ResourceType(
        token="aws:secretsmanager/secret:Secret",
        calls=(
            Call("secretsmanager:CreateSecret", {"replicas": "AddReplicaRegions"}),
            Call("secretsmanager:PutResourcePolicy", {"policy": json_text("ResourcePolicy")}, {"SecretId": OWN}),
            Call("secretsmanager:DeleteSecret", {"recoveryWindowInDays": Convert("", _recovery)}, {"SecretId": OWN}, at="delete"),
        ),
        instead=EXPLICIT,
        id="{arn}",
        outputs={"arn": "arn:aws:secretsmanager:{region}:{account}:secret:{name}-{letters6}"},
        replaces=frozenset({"name", "type"}),
        defaults={"forceOverwriteReplicaSecret": False, "recoveryWindowInDays": 30},
        computed=frozenset({"name", "policy", "replicas"}),
        sets=frozenset({"replicas"}),
        name="name",
        tags=True,
        equivalent={"policy": equivalence.policies},
    ),
    ResourceType(
        token="aws:secretsmanager/secretVersion:SecretVersion",
        calls=(Call("secretsmanager:PutSecretValue", {"secretStringWo": "SecretString", "secretStringWoVersion": Local(int)}),),
        id="{secretId}|{versionId}",
        outputs={"arn": "{secretId}", "secretArn": "{secretId}", "versionId": "terraform-{uuid}", "versionStages": ["AWSCURRENT"]},
        replaces=frozenset({"secretBinary", "secretId", "secretString", "secretStringWoVersion"}),
        computed=frozenset({"versionStages"}),
        sets=frozenset({"versionStages"}),
        write_only=frozenset({"secretStringWo"}),
    ),
)
