"""How guardrails and AgentCore's runtimes go on, and the deliveries of their logs."""

from __future__ import annotations

from typing import Any, cast

from local.provider.life import Ask, Life, kept_here, tagging
from local.provider.reading import Reading, Seen, Sent, plainly, tags
from local.provider.table import Call, Members

_GUARDRAIL_TAGS, _GUARDRAIL_UNTAG = tagging(
    "bedrock:TagResource", "bedrock:UntagResource", ("resourceARN", "tags", "tagKeys"), "{guardrailArn}"
)
_LOG_TAGS, _LOG_UNTAG = tagging("logs:TagResource", "logs:UntagResource", ("resourceArn", "tags", "tagKeys"))

_CONTROL = "bedrock-agentcore-control"
_GUARDRAIL = {"guardrailIdentifier": "{id}"}
_ENDPOINT = {"agentRuntimeId": "{agentRuntimeId}", "endpointName": "{name}"}
_LOGGED: dict[str, Ask] = {"tagged": Ask("logs:ListTagsForResource", {"resourceArn": "{arn}"})}

_POLICIES = ("contentPolicy", "contextualGroundingPolicy", "sensitiveInformationPolicy", "topicPolicy", "wordPolicy")
_RUNTIME = (
    "agentRuntimeArtifact",
    "authorizerConfiguration",
    "description",
    "environmentVariables",
    "filesystemConfigurations",
    "networkConfiguration",
    "platformVersion",
    "protocolConfiguration",
    "requestHeaderConfiguration",
    "roleArn",
)
_RESPELLED = ("agentRuntimeArtifact", "authorizerConfiguration", "filesystemConfigurations", "requestHeaderConfiguration")
"""Those of a runtime's properties inside which the SDK has names of its own."""


def _same(*names: str) -> Members:
    """Properties that go to the members of the same name."""
    return {name: name for name in names}


def _plain(*names: str) -> dict[str, str]:
    """Outputs that AWS's members bear the names of."""
    return {name: name for name in names}


def _configured(policy: Any) -> Any:
    """One of a guardrail's policies as a program writes it: AWS answers `filters` where it was asked for `filtersConfig`."""
    found = cast("dict[str, Any]", policy or {})
    made: dict[str, Any] = {f"{name}Configs": item if isinstance(item, list) else [item] for name, item in found.items() if item}
    return made or None


def _policies() -> dict[str, Reading]:
    return {f"{name}Config": Seen(name, _configured) for name in _POLICIES}


LIVES: dict[str, Life] = {
    "aws:bedrock/guardrail:Guardrail": Life(
        look=Ask("bedrock:GetGuardrail", _GUARDRAIL),
        at="@",
        also={"tagged": Ask("bedrock:ListTagsForResource", {"resourceARN": "{guardrailArn}"})},
        reads=_policies()
        | plainly("name", "description", "kmsKeyArn", "blockedInputMessaging", "blockedOutputsMessaging")
        | tags("tagged.tags"),
        answer={"id": "guardrailId"},
        outputs=_plain("guardrailId", "guardrailArn", "status", "version"),
        changes=(
            Call(
                "bedrock:UpdateGuardrail",
                {
                    **_same("name", "description", "blockedInputMessaging", "blockedOutputsMessaging", "crossRegionConfig"),
                    **_same(*(f"{name}Config" for name in _POLICIES)),
                    "kmsKeyArn": "kmsKeyId",
                },
                _GUARDRAIL,
            ),
            Call("", kept_here("timeouts")),
            _GUARDRAIL_TAGS,
        ),
        untag=_GUARDRAIL_UNTAG,
        remove=(Ask("bedrock:DeleteGuardrail", _GUARDRAIL),),
    ),
    "aws:bedrock/guardrailVersion:GuardrailVersion": Life(
        look=Ask("bedrock:GetGuardrail", {"guardrailIdentifier": "{guardrailArn}", "guardrailVersion": "{version}"}),
        at="@",
        answer={"version": "version"},
        changes=(Call("", kept_here("skipDestroy", "timeouts")),),
        remove=(
            Ask(
                "bedrock:DeleteGuardrail",
                {"guardrailIdentifier": "{guardrailArn}", "guardrailVersion": "{version}"},
                unless="skipDestroy",
            ),
        ),
    ),
    # The emulator keeps no tags of AgentCore's.
    "aws:bedrock/agentcoreAgentRuntime:AgentcoreAgentRuntime": Life(
        look=Ask(f"{_CONTROL}:GetAgentRuntime", {"agentRuntimeId": "{id}"}),
        at="@",
        reads={
            **plainly(*_RUNTIME),
            **{name: Sent(name) for name in _RESPELLED},
            "environmentVariables": Seen("environmentVariables", whole=True),
            "networkConfiguration": "networkConfiguration.{networkMode: networkMode, networkModeConfig: networkModeConfig}",
            "lifecycleConfigurations": "[lifecycleConfiguration]",
        },
        answer={"id": "agentRuntimeId"},
        outputs={
            **_plain("agentRuntimeId", "agentRuntimeArn", "agentRuntimeVersion"),
            "workloadIdentityDetails": "[workloadIdentityDetails]",
        },
        changes=(
            Call(
                f"{_CONTROL}:UpdateAgentRuntime",
                {**_same(*_RUNTIME), "lifecycleConfigurations": "lifecycleConfiguration"},
                {"agentRuntimeId": "{id}"},
            ),
            Call("", kept_here("tags", "timeouts")),
        ),
        remove=(Ask(f"{_CONTROL}:DeleteAgentRuntime", {"agentRuntimeId": "{id}"}),),
    ),
    "aws:bedrock/agentcoreAgentRuntimeEndpoint:AgentcoreAgentRuntimeEndpoint": Life(
        look=Ask(f"{_CONTROL}:GetAgentRuntimeEndpoint", _ENDPOINT),
        at="@",
        reads=plainly("description") | {"agentRuntimeVersion": "targetVersion"},
        outputs={**_plain("agentRuntimeArn", "agentRuntimeEndpointArn"), "agentRuntimeVersion": "targetVersion"},
        changes=(
            Call(f"{_CONTROL}:UpdateAgentRuntimeEndpoint", _same("agentRuntimeVersion", "description"), _ENDPOINT),
            Call("", kept_here("tags", "timeouts")),
        ),
        remove=(Ask(f"{_CONTROL}:DeleteAgentRuntimeEndpoint", _ENDPOINT),),
    ),
    "aws:bedrock/agentcoreResourcePolicy:AgentcoreResourcePolicy": Life(
        look=Ask(f"{_CONTROL}:GetResourcePolicy", {"resourceArn": "{resourceArn}"}),
        at="@",
        reads=plainly("policy"),
        puts=True,
        remove=(Ask(f"{_CONTROL}:DeleteResourcePolicy", {"resourceArn": "{resourceArn}"}),),
    ),
    "aws:cloudwatch/logDeliverySource:LogDeliverySource": Life(
        look=Ask("logs:GetDeliverySource", {"name": "{id}"}),
        at="deliverySource",
        also=_LOGGED,
        reads=plainly("logType") | {"resourceArn": "resourceArns[0]"} | tags("tagged.tags"),
        outputs=_plain("arn", "service"),
        changes=(_LOG_TAGS,),
        untag=_LOG_UNTAG,
        remove=(Ask("logs:DeleteDeliverySource", {"name": "{id}"}),),
    ),
    "aws:cloudwatch/logDeliveryDestination:LogDeliveryDestination": Life(
        look=Ask("logs:GetDeliveryDestination", {"name": "{id}"}),
        at="deliveryDestination",
        also=_LOGGED,
        reads=plainly("deliveryDestinationConfiguration", "deliveryDestinationType", "outputFormat") | tags("tagged.tags"),
        outputs=_plain("arn"),
        changes=(
            Call(
                "logs:PutDeliveryDestination", _same("name", "deliveryDestinationConfiguration", "deliveryDestinationType", "outputFormat")
            ),
            _LOG_TAGS,
        ),
        untag=_LOG_UNTAG,
        remove=(Ask("logs:DeleteDeliveryDestination", {"name": "{id}"}),),
    ),
    # The emulator can't change a delivery: it refuses UpdateDeliveryConfiguration by name.
    "aws:cloudwatch/logDelivery:LogDelivery": Life(
        look=Ask("logs:GetDelivery", {"id": "{id}"}),
        at="delivery",
        also=_LOGGED,
        reads=plainly("deliveryDestinationArn", "deliverySourceName", "fieldDelimiter", "recordFields")
        | {"s3DeliveryConfigurations": "[s3DeliveryConfiguration]"}
        | tags("tagged.tags"),
        answer={"id": "delivery.id"},
        outputs=_plain("arn"),
        changes=(
            Call(
                "logs:UpdateDeliveryConfiguration",
                {**_same("fieldDelimiter", "recordFields"), "s3DeliveryConfigurations": "s3DeliveryConfiguration"},
                {"id": "{id}"},
            ),
            _LOG_TAGS,
        ),
        untag=_LOG_UNTAG,
        remove=(Ask("logs:DeleteDelivery", {"id": "{id}"}),),
    ),
}
"""By type."""
