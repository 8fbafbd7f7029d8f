"""Bedrock: guardrails and their versions, and what is recorded of model calls."""

from typing import Any, cast

from local.provider.members import FLAG, Local
from local.provider.reading import AsSent, Field, fields
from local.provider.resource_type import Call, Read, Request, ResourceType, tagging

_GUARDRAIL = {"guardrailIdentifier": "{id}"}
_VERSION = {"guardrailIdentifier": "{guardrailArn}", "guardrailVersion": "{version}"}
_POLICIES = ("contentPolicy", "contextualGroundingPolicy", "sensitiveInformationPolicy", "topicPolicy", "wordPolicy")


def _configured(policy: Any) -> Any:
    """A guardrail's policy with the request's names: AWS returns `filters` for `filtersConfig`."""
    found = cast("dict[str, Any]", policy or {})
    made: dict[str, Any] = {f"{name}Configs": item if isinstance(item, list) else [item] for name, item in found.items() if item}
    return made or None


RESOURCES = (
    ResourceType(
        token="aws:bedrock/guardrail:Guardrail",
        create=Call("bedrock:CreateGuardrail", {"kmsKeyArn": "kmsKeyId", "timeouts": Local(dict)}),
        id="{guardrailId}",
        outputs={
            "guardrailId": "{lower12}",
            "guardrailArn": "arn:aws:bedrock:{region}:{account}:guardrail/{guardrailId}",
            "createdAt": "{now}Z",
            "status": "READY",
            "version": "DRAFT",
        },
        created={"id": "guardrailId"},
        read=Read(
            Request("bedrock:GetGuardrail", _GUARDRAIL),
            properties={
                # Not crossRegionConfig: the emulator drops it.
                **{f"{name}Config": Field(name, _configured) for name in _POLICIES},
                **fields("name", "description", "kmsKeyArn", "blockedInputMessaging", "blockedOutputsMessaging"),
            },
            outputs={name: name for name in ("guardrailId", "guardrailArn", "status", "version")},
        ),
        update=Call("bedrock:UpdateGuardrail", {"kmsKeyArn": "kmsKeyId"}, _GUARDRAIL, rest=True),
        delete=Request("bedrock:DeleteGuardrail", _GUARDRAIL),
        references={"kmsKeyArn": "aws:kms/key:Key"},
        tags=tagging("bedrock", "resourceARN", "tags", "tagKeys", whose="{guardrailArn}", read="ListTagsForResource"),
    ),
    ResourceType(
        token="aws:bedrock/guardrailVersion:GuardrailVersion",
        create=Call(
            "bedrock:CreateGuardrailVersion",
            {"guardrailArn": "guardrailIdentifier", "skipDestroy": FLAG, "timeouts": Local(dict)},
        ),
        id="{guardrailArn},{version}",
        outputs={"version": "1"},
        created={"version": "version"},
        read=Read(Request("bedrock:GetGuardrail", _VERSION)),
        delete=Request("bedrock:DeleteGuardrail", _VERSION, unless=("skipDestroy", True)),
    ),
    # One a region, which is its id.
    ResourceType(
        token="aws:bedrockmodel/invocationLoggingConfiguration:InvocationLoggingConfiguration",
        create=Call("bedrock:PutModelInvocationLoggingConfiguration"),
        id="{region}",
        read=Read(
            Request("bedrock:GetModelInvocationLoggingConfiguration"), "loggingConfig && @", {"loggingConfig": AsSent("loggingConfig")}
        ),
        delete=Request("bedrock:DeleteModelInvocationLoggingConfiguration"),
        references={
            "loggingConfig.cloudwatchConfig.roleArn": "aws:iam/role:Role",
            "loggingConfig.s3Config.bucketName": "aws:s3/bucket:Bucket",
        },
    ),
)
