"""Bedrock AgentCore: runtimes and their endpoints, gateways and their targets, and the policies on them.

Source of what replaces what: terraform-provider-aws, internal/service/bedrockagentcore.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from local.provider import equivalence
from local.provider.table import Call, Convert, Local, Members, Path, ResourceType, json_text, objects

_TIMEOUTS: Members = {"timeouts": Local(dict)}
_ARN = "arn:aws:bedrock-agentcore:{region}:{account}"

_CREDENTIALS = {
    "apiKey": ("API_KEY", "apiKeyCredentialProvider"),
    "callerIamCredentials": ("CALLER_IAM_CREDENTIALS", "iamCredentialProvider"),
    "gatewayIamRole": ("GATEWAY_IAM_ROLE", "iamCredentialProvider"),
    "jwtPassthrough": ("JWT_PASSTHROUGH", ""),
    "oauth": ("OAUTH", "oauthCredentialProvider"),
}
"""The provider's blocks, and AWS's type and member for each."""


def _workload(identity: str) -> list[dict[str, str]]:
    return [{"workloadIdentityArn": f"{_ARN}:workload-identity-directory/default/workload-identity/{{{identity}}}"}]


def _credentials(value: Any) -> list[dict[str, Any]]:
    """The provider's one block as AWS's list of one, with its type."""
    made: list[dict[str, Any]] = []
    for block in objects(value):
        for kind, settings in block.items():
            if kind not in _CREDENTIALS:
                raise ValueError(f"{kind} is no kind of credentials; write one of {', '.join(_CREDENTIALS)}")
            name, member = _CREDENTIALS[kind]
            if settings is not None:
                provider = {"credentialProvider": {member: settings}} if member and settings else {}
                made.append({"credentialProviderType": name, **provider})
    return made


def _inline(value: Any) -> Any:
    """A schema's text, which the provider has in a block of its own."""
    given = objects(value)
    return given[0].get("payload") if given else None


def _runtime(properties: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
    """What the provider refuses, or falls over."""
    if properties.get("networkConfiguration") is None:
        yield (
            ("networkConfiguration",),
            'is missing: the provider requires it; write {"networkMode": "VPC", …} or {"networkMode": "PUBLIC"}',
        )
    if properties.get("environmentVariables") == {}:
        yield ("environmentVariables",), "an empty map comes back as none, and the provider fails over that; leave it out"


RESOURCES = (
    ResourceType(
        token="aws:bedrock/agentcoreAgentRuntime:AgentcoreAgentRuntime",
        calls=(Call("bedrock-agentcore-control:CreateAgentRuntime", _TIMEOUTS),),
        id="{agentRuntimeId}",
        outputs={
            "agentRuntimeId": "{agentRuntimeName}-{letters10}",
            "agentRuntimeArn": f"{_ARN}:runtime/{{agentRuntimeId}}",
            "agentRuntimeVersion": "1",
            "lifecycleConfigurations": [{"idleRuntimeSessionTimeout": 900, "maxLifetime": 28800}],
            "workloadIdentityDetails": _workload("agentRuntimeId"),
        },
        moving=frozenset({"agentRuntimeVersion"}),
        replaces=frozenset({"agentRuntimeName"}),
        computed=frozenset({"lifecycleConfigurations"}),
        sets=frozenset({"networkConfiguration.networkModeConfig.securityGroups", "networkConfiguration.networkModeConfig.subnets"}),
        framework=True,
        tags=True,
        rule=_runtime,
    ),
    ResourceType(
        token="aws:bedrock/agentcoreAgentRuntimeEndpoint:AgentcoreAgentRuntimeEndpoint",
        calls=(Call("bedrock-agentcore-control:CreateAgentRuntimeEndpoint", _TIMEOUTS),),
        id="{agentRuntimeId},{name}",
        outputs={
            "agentRuntimeArn": f"{_ARN}:runtime/{{agentRuntimeId}}",
            "agentRuntimeEndpointArn": "{agentRuntimeArn}/runtime-endpoint/{name}",
            "agentRuntimeVersion": "1",
        },
        moving=frozenset({"agentRuntimeVersion"}),
        replaces=frozenset({"agentRuntimeId", "name"}),
        computed=frozenset({"agentRuntimeVersion"}),
        framework=True,
        tags=True,
    ),
    ResourceType(
        token="aws:bedrock/agentcoreResourcePolicy:AgentcoreResourcePolicy",
        calls=(Call("bedrock-agentcore-control:PutResourcePolicy", {"policy": json_text("policy")}),),
        id="{resourceArn}",
        replaces=frozenset({"resourceArn"}),
        equivalent={"policy": equivalence.policies},
    ),
    ResourceType(
        token="aws:bedrock/agentcoreGateway:AgentcoreGateway",
        calls=(Call("bedrock-agentcore-control:CreateGateway", _TIMEOUTS),),
        id="{gatewayId}",
        outputs={
            "gatewayId": "{name}-{lower10}",
            "gatewayArn": f"{_ARN}:gateway/{{gatewayId}}",
            "gatewayUrl": "https://{gatewayId}.gateway.bedrock-agentcore.{region}.amazonaws.com",
            "workloadIdentityDetails": _workload("gatewayId"),
        },
        replaces=frozenset({"authorizerType", "name"}),
        computed=frozenset({"protocolType"}),
        framework=True,
        tags=True,
    ),
    # Of a target's kinds, those over HTTP are spelled as AWS spells them; the tool schemas of the others are not, and are refused.
    ResourceType(
        token="aws:bedrock/agentcoreGatewayTarget:AgentcoreGatewayTarget",
        calls=(
            Call(
                "bedrock-agentcore-control:CreateGatewayTarget",
                {**_TIMEOUTS, "credentialProviderConfiguration": Convert("credentialProviderConfigurations", _credentials)},
                structures={"ApiSchemaConfiguration": {"inlinePayload": Convert("inlinePayload", _inline)}},
            ),
        ),
        id="{gatewayIdentifier},{targetId}",
        outputs={"targetId": "{upper10}"},
        replaces=frozenset({"gatewayIdentifier", "name"}),
    ),
)
