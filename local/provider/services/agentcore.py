"""Bedrock AgentCore: runtimes and their endpoints, gateways and their targets, and the policies on them.

The emulator keeps no tags of AgentCore's.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from local.provider import equivalence
from local.provider.members import Convert, Local, Members, Path, json_text, named, objects
from local.provider.reading import AsSent, Field, fields
from local.provider.resource_type import Call, Read, Request, ResourceType, Tagging
from local.provider.services.iam import PRINCIPALS

_SERVICE = "bedrock-agentcore-control"
_TIMEOUTS: Members = {"timeouts": Local(dict)}
_ARN = "arn:aws:bedrock-agentcore:{region}:{account}"
_RUNTIME = {"agentRuntimeId": "{id}"}
_ENDPOINT = {"agentRuntimeId": "{agentRuntimeId}", "endpointName": "{name}"}

_RESPELLED = ("agentRuntimeArtifact", "authorizerConfiguration", "filesystemConfigurations", "requestHeaderConfiguration")
"""A runtime's properties in which the SDK's names differ from AWS's."""

_CREDENTIALS = {
    "apiKey": ("API_KEY", "apiKeyCredentialProvider"),
    "callerIamCredentials": ("CALLER_IAM_CREDENTIALS", "iamCredentialProvider"),
    "gatewayIamRole": ("GATEWAY_IAM_ROLE", "iamCredentialProvider"),
    "jwtPassthrough": ("JWT_PASSTHROUGH", ""),
    "oauth": ("OAUTH", "oauthCredentialProvider"),
}
"""AWS's type and member for each of the provider's blocks."""


def _workload(identity: str) -> list[dict[str, str]]:
    return [{"workloadIdentityArn": f"{_ARN}:workload-identity-directory/default/workload-identity/{{{identity}}}"}]


def _credentials(value: Any) -> list[dict[str, Any]]:
    """The provider's single block as AWS's list of one item with a type."""
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
    """A schema's text, for which the provider has a block."""
    given = objects(value)
    return given[0].get("payload") if given else None


def _runtime(properties: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
    """What the provider refuses, or fails on."""
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
        create=Call(f"{_SERVICE}:CreateAgentRuntime", _TIMEOUTS),
        id="{agentRuntimeId}",
        outputs={
            "agentRuntimeId": "{agentRuntimeName}-{letters10}",
            "agentRuntimeArn": f"{_ARN}:runtime/{{agentRuntimeId}}",
            "agentRuntimeVersion": "1",
            "lifecycleConfigurations": [{"idleRuntimeSessionTimeout": 900, "maxLifetime": 28800}],
            "workloadIdentityDetails": _workload("agentRuntimeId"),
        },
        created={"id": "agentRuntimeId"},
        read=Read(
            Request(f"{_SERVICE}:GetAgentRuntime", _RUNTIME),
            properties={
                **fields("description", "platformVersion", "protocolConfiguration", "roleArn"),
                **{name: AsSent(name) for name in _RESPELLED},
                "environmentVariables": Field("environmentVariables", whole=True),
                "networkConfiguration": "networkConfiguration.{networkMode: networkMode, networkModeConfig: networkModeConfig}",
                "lifecycleConfigurations": "[lifecycleConfiguration]",
            },
            outputs={
                "agentRuntimeId": "agentRuntimeId",
                "agentRuntimeArn": "agentRuntimeArn",
                "agentRuntimeVersion": "agentRuntimeVersion",
                "workloadIdentityDetails": "[workloadIdentityDetails]",
            },
        ),
        update=Call(f"{_SERVICE}:UpdateAgentRuntime", {}, _RUNTIME, rest=True),
        delete=Request(f"{_SERVICE}:DeleteAgentRuntime", _RUNTIME),
        unknown_on_update={"agentRuntimeVersion"},
        validate=_runtime,
        references={"roleArn": "aws:iam/role:Role"},
        referred_to_as=(f"{_ARN}:runtime/{{id}}", "{id}"),
        tags=Tagging(),
    ),
    ResourceType(
        token="aws:bedrock/agentcoreAgentRuntimeEndpoint:AgentcoreAgentRuntimeEndpoint",
        create=Call(f"{_SERVICE}:CreateAgentRuntimeEndpoint", _TIMEOUTS),
        id="{agentRuntimeId},{name}",
        outputs={
            "agentRuntimeArn": f"{_ARN}:runtime/{{agentRuntimeId}}",
            "agentRuntimeEndpointArn": "{agentRuntimeArn}/runtime-endpoint/{name}",
            "agentRuntimeVersion": "1",
        },
        read=Read(
            Request(f"{_SERVICE}:GetAgentRuntimeEndpoint", _ENDPOINT),
            properties={**fields("description"), "agentRuntimeVersion": "targetVersion"},
            outputs={
                "agentRuntimeArn": "agentRuntimeArn",
                "agentRuntimeEndpointArn": "agentRuntimeEndpointArn",
                "agentRuntimeVersion": "targetVersion",
            },
        ),
        update=Call(f"{_SERVICE}:UpdateAgentRuntimeEndpoint", named("agentRuntimeVersion", "description"), _ENDPOINT),
        delete=Request(f"{_SERVICE}:DeleteAgentRuntimeEndpoint", _ENDPOINT),
        unknown_on_update={"agentRuntimeVersion"},
        references={"agentRuntimeId": "aws:bedrock/agentcoreAgentRuntime:AgentcoreAgentRuntime"},
        referred_to_as=(f"{_ARN}:runtime/{{agentRuntimeId}}/runtime-endpoint/{{name}}",),
        tags=Tagging(),
    ),
    ResourceType(
        token="aws:bedrock/agentcoreResourcePolicy:AgentcoreResourcePolicy",
        create=Call(f"{_SERVICE}:PutResourcePolicy", {"policy": json_text("policy")}),
        id="{resourceArn}",
        read=Read(Request(f"{_SERVICE}:GetResourcePolicy", {"resourceArn": "{resourceArn}"}), properties=fields("policy")),
        delete=Request(f"{_SERVICE}:DeleteResourcePolicy", {"resourceArn": "{resourceArn}"}),
        # Of a gateway, which the emulator doesn't have.
        not_emulated_where=("resourceArn", ":gateway/"),
        diff_suppress={"policy": equivalence.policies},
        references={
            "resourceArn": (
                "aws:bedrock/agentcoreAgentRuntime:AgentcoreAgentRuntime",
                "aws:bedrock/agentcoreAgentRuntimeEndpoint:AgentcoreAgentRuntimeEndpoint",
            ),
            "policy": PRINCIPALS,
        },
    ),
    ResourceType(
        token="aws:bedrock/agentcoreGateway:AgentcoreGateway",
        create=Call(f"{_SERVICE}:CreateGateway", _TIMEOUTS),
        id="{gatewayId}",
        outputs={
            "gatewayId": "{name}-{lower10}",
            "gatewayArn": f"{_ARN}:gateway/{{gatewayId}}",
            "gatewayUrl": "https://{gatewayId}.gateway.bedrock-agentcore.{region}.amazonaws.com",
            "workloadIdentityDetails": _workload("gatewayId"),
        },
        not_emulated="ministack's AgentCore has runtimes and memories, but no gateways",
        references={
            "roleArn": "aws:iam/role:Role",
            "kmsKeyArn": "aws:kms/key:Key",
            "interceptorConfigurations[].interceptor.lambda.arn": "aws:lambda/function:Function",
        },
        tags=Tagging(),
    ),
    # HTTP targets have AWS's names. The tool schemas of other targets don't, and are refused.
    ResourceType(
        token="aws:bedrock/agentcoreGatewayTarget:AgentcoreGatewayTarget",
        create=Call(
            f"{_SERVICE}:CreateGatewayTarget",
            {**_TIMEOUTS, "credentialProviderConfiguration": Convert("credentialProviderConfigurations", _credentials)},
            structures={"ApiSchemaConfiguration": {"inlinePayload": Convert("inlinePayload", _inline)}},
        ),
        id="{gatewayIdentifier},{targetId}",
        outputs={"targetId": "{upper10}"},
        not_emulated="ministack's AgentCore has no gateways, and so no targets of theirs",
        references={"targetConfiguration.http.agentcoreRuntime.arn": "aws:bedrock/agentcoreAgentRuntime:AgentcoreAgentRuntime"},
    ),
    ResourceType(
        token="aws:bedrock/agentcorePolicyEngine:AgentcorePolicyEngine",
        create=Call(f"{_SERVICE}:CreatePolicyEngine", _TIMEOUTS),
        id="{policyEngineId}",
        outputs={"policyEngineId": "{name}-{lower10}", "policyEngineArn": f"{_ARN}:policy-engine/{{policyEngineId}}"},
        not_emulated="ministack's AgentCore has no policies",
        references={"encryptionKeyArn": "aws:kms/key:Key"},
        tags=Tagging(),
    ),
    ResourceType(
        token="aws:bedrock/agentcorePolicy:AgentcorePolicy",
        create=Call(f"{_SERVICE}:CreatePolicy", _TIMEOUTS),
        id="{policyEngineId},{policyId}",
        outputs={"policyId": "{name}-{lower10}", "policyArn": f"{_ARN}:policy-engine/{{policyEngineId}}/policy/{{policyId}}"},
        not_emulated="ministack's AgentCore has no policies",
    ),
)
