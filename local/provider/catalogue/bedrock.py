"""Bedrock: guardrails and their versions."""

from __future__ import annotations

from local.provider.table import FLAG, Call, Local, ResourceType

RESOURCES = (
    ResourceType(
        token="aws:bedrock/guardrail:Guardrail",
        calls=(Call("bedrock:CreateGuardrail", {"kmsKeyArn": "kmsKeyId", "timeouts": Local(dict)}),),
        id="{guardrailId}",
        outputs={
            "guardrailId": "{lower12}",
            "guardrailArn": "arn:aws:bedrock:{region}:{account}:guardrail/{guardrailId}",
            "createdAt": "{now}Z",
            "status": "READY",
            "version": "DRAFT",
        },
        computed=frozenset(
            {
                "contentPolicyConfig.tierConfig",
                "description",
                "sensitiveInformationPolicyConfig.piiEntitiesConfigs.inputAction",
                "sensitiveInformationPolicyConfig.piiEntitiesConfigs.inputEnabled",
                "sensitiveInformationPolicyConfig.piiEntitiesConfigs.outputAction",
                "sensitiveInformationPolicyConfig.piiEntitiesConfigs.outputEnabled",
                "topicPolicyConfig.tierConfig",
                "topicPolicyConfig.topicsConfigs.examples",
            }
        ),
        sets=frozenset(
            {
                "contentPolicyConfig.filtersConfigs",
                "contentPolicyConfig.filtersConfigs.inputModalities",
                "contentPolicyConfig.filtersConfigs.outputModalities",
            }
        ),
        framework=True,
        tags=True,
    ),
    ResourceType(
        token="aws:bedrock/guardrailVersion:GuardrailVersion",
        calls=(
            Call(
                "bedrock:CreateGuardrailVersion",
                {"guardrailArn": "guardrailIdentifier", "skipDestroy": FLAG, "timeouts": Local(dict)},
            ),
        ),
        id="{guardrailArn},{version}",
        outputs={"version": "1"},
        replaces=frozenset({"description", "guardrailArn"}),
    ),
)
