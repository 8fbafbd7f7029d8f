"""Secrets and their versions."""

from typing import Any

from local.provider import equivalence
from local.provider.members import Convert, Local, json_text, named
from local.provider.reading import fields
from local.provider.resource_type import Call, Read, Request, ResourceType, tagging

_SECRET = {"SecretId": "{id}"}


def _recovery(days: Any) -> dict[str, Any]:
    """0 days are the provider's value for immediate deletion."""
    return {"ForceDeleteWithoutRecovery": True} if days == 0 else {"RecoveryWindowInDays": days}


RESOURCES = (
    ResourceType(
        token="aws:secretsmanager/secret:Secret",
        create=(
            Call("secretsmanager:CreateSecret", {"replicas": "AddReplicaRegions"}),
            Call("secretsmanager:PutResourcePolicy", {"policy": json_text("ResourcePolicy")}, _SECRET),
        ),
        id="{arn}",
        outputs={"arn": "arn:aws:secretsmanager:{region}:{account}:secret:{name}-{letters6}"},
        created={"id": "ARN"},
        read=Read(
            Request("secretsmanager:DescribeSecret", _SECRET),
            "[@] | [?!DeletedDate] | [0]",
            fields("Description", "KmsKeyId"),
            {"arn": "ARN"},
        ),
        update=Call("secretsmanager:UpdateSecret", named("description", "kmsKeyId"), _SECRET),
        provider_only={"forceOverwriteReplicaSecret"},
        delete=Call("secretsmanager:DeleteSecret", {"recoveryWindowInDays": Convert("", _recovery)}, _SECRET),
        diff_suppress={"policy": equivalence.policies},
        references={"kmsKeyId": "aws:kms/key:Key"},
        referred_to_as=("arn:aws:secretsmanager:{region}:{account}:secret:{name}", "{name}"),
        tags=tagging("secretsmanager", "SecretId", path="Tags"),
    ),
    # A version is deleted with its secret.
    ResourceType(
        token="aws:secretsmanager/secretVersion:SecretVersion",
        create=Call("secretsmanager:PutSecretValue", {"secretStringWo": "SecretString", "secretStringWoVersion": Local(int)}),
        id="{secretId}|{versionId}",
        outputs={"arn": "{secretId}", "secretArn": "{secretId}", "versionId": "terraform-{uuid}", "versionStages": ["AWSCURRENT"]},
        created={"versionId": "VersionId"},
        read=Read(Request("secretsmanager:DescribeSecret", {"SecretId": "{secretId}"}), 'VersionIdsToStages."{versionId}" && @'),
        write_only={"secretStringWo"},
        references={"secretId": "aws:secretsmanager/secret:Secret"},
    ),
)
