"""Samples and refused edits for guardrails, AgentCore, and the deliveries of its logs: part of `samples.py`."""

from __future__ import annotations

import json
from typing import Any

from tests.local.provider.common import ACCOUNT, GONE, KEY, ROLE, TAGS, Edit

_REGIONAL = f"us-east-1:{ACCOUNT}"
RUNTIME_ID = "evolution_dev-AbCdEfGh12"
RUNTIME = f"arn:aws:bedrock-agentcore:{_REGIONAL}:runtime/{RUNTIME_ID}"
GATEWAY_ID = "evolution-dev-abcdefgh12"
GATEWAY = f"arn:aws:bedrock-agentcore:{_REGIONAL}:gateway/{GATEWAY_ID}"
GUARDRAIL = f"arn:aws:bedrock:{_REGIONAL}:guardrail/abcdefgh1234"
WEB_ACL = f"arn:aws:wafv2:{_REGIONAL}:regional/webacl/evolution-dev/1234abcd-12ab-34cd-56ef-1234567890ab"
LOG_GROUP = f"arn:aws:logs:{_REGIONAL}:log-group:/evolution/dev/gateway"
ADMITS = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"AWS": ROLE}, "Action": "bedrock-agentcore:InvokeAgentRuntime", "Resource": RUNTIME},
        ],
    }
)

VALID: dict[str, dict[str, Any]] = {
    "aws:bedrock/guardrail:Guardrail": {
        "name": "evolution-dev",
        "description": "What no agent may be asked, and what none may answer.",
        "blockedInputMessaging": "This can't be asked.",
        "blockedOutputsMessaging": "This can't be answered.",
        "kmsKeyArn": KEY,
        "contentPolicyConfig": {
            "filtersConfigs": [
                {"type": "PROMPT_ATTACK", "inputStrength": "HIGH", "outputStrength": "NONE"},
                {"type": "VIOLENCE", "inputStrength": "HIGH", "outputStrength": "HIGH", "inputModalities": ["TEXT"]},
            ],
            "tierConfigs": [{"tierName": "CLASSIC"}],
        },
        "contextualGroundingPolicyConfig": {
            "filtersConfigs": [{"type": "GROUNDING", "threshold": 0.75}, {"type": "RELEVANCE", "threshold": 0.75}]
        },
        "sensitiveInformationPolicyConfig": {
            "piiEntitiesConfigs": [
                {
                    "type": "EMAIL",
                    "action": "ANONYMIZE",
                    "inputAction": "ANONYMIZE",
                    "inputEnabled": True,
                    "outputAction": "BLOCK",
                    "outputEnabled": False,
                }
            ],
            "regexesConfigs": [{"name": "ticket", "pattern": "T-[0-9]+", "action": "BLOCK"}],
        },
        "topicPolicyConfig": {
            "topicsConfigs": [{"name": "escape", "definition": "Getting out.", "type": "DENY", "examples": ["How do I get out?"]}]
        },
        "wordPolicyConfig": {"managedWordListsConfigs": [{"type": "PROFANITY"}], "wordsConfigs": [{"text": "sudo"}]},
        "timeouts": {"create": "10m"},
        "tags": TAGS,
    },
    "aws:bedrock/guardrailVersion:GuardrailVersion": {
        "guardrailArn": GUARDRAIL,
        "description": "The first.",
        "skipDestroy": False,
    },
    "aws:bedrock/agentcoreAgentRuntime:AgentcoreAgentRuntime": {
        "agentRuntimeName": "evolution_dev",
        "description": "Agents that do one task each.",
        "agentRuntimeArtifact": {
            "containerConfiguration": {
                "containerUri": f"{ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com/evolution-engine-dev@sha256:{'0' * 64}",
            }
        },
        "roleArn": ROLE,
        "networkConfiguration": {
            "networkMode": "VPC",
            "networkModeConfig": {"subnets": ["subnet-0123456789abcdef0"], "securityGroups": ["sg-0123456789abcdef0"]},
        },
        "environmentVariables": {"AGENT_MEMORY_LIMIT": "8192"},
        "lifecycleConfigurations": [{"idleRuntimeSessionTimeout": 60, "maxLifetime": 28800}],
        "protocolConfiguration": {"serverProtocol": "HTTP"},
        "requestHeaderConfiguration": {"requestHeaderAllowlists": ["X-Amzn-Bedrock-AgentCore-Runtime-Custom-Trace"]},
        "authorizerConfiguration": {
            "customJwtAuthorizer": {
                "discoveryUrl": "https://example.com/.well-known/openid-configuration",
                "allowedAudiences": ["evolution"],
                "customClaims": [
                    {
                        "inboundTokenClaimName": "team",
                        "inboundTokenClaimValueType": "STRING",
                        "authorizingClaimMatchValue": {
                            "claimMatchOperator": "EQUALS",
                            "claimMatchValue": {"matchValueString": "evolution"},
                        },
                    }
                ],
            }
        },
        "timeouts": {"create": "10m"},
        "tags": TAGS,
    },
    "aws:bedrock/agentcoreAgentRuntimeEndpoint:AgentcoreAgentRuntimeEndpoint": {
        "agentRuntimeId": RUNTIME_ID,
        "name": "evolution",
        "agentRuntimeVersion": "1",
        "description": "What the gateway calls.",
        "tags": TAGS,
    },
    "aws:bedrock/agentcoreResourcePolicy:AgentcoreResourcePolicy": {"resourceArn": RUNTIME, "policy": ADMITS},
    "aws:bedrock/agentcoreGateway:AgentcoreGateway": {
        "name": "evolution-dev",
        "description": "The way in.",
        "authorizerType": "AWS_IAM",
        "roleArn": ROLE,
        "kmsKeyArn": KEY,
        "interceptorConfigurations": [
            {
                "interceptionPoints": ["REQUEST"],
                "interceptor": {"lambda": {"arn": f"arn:aws:lambda:{_REGIONAL}:function:evolution-interceptor-dev"}},
                "inputConfiguration": {"passRequestHeaders": False},
            }
        ],
        "timeouts": {"create": "10m"},
        "tags": TAGS,
    },
    "aws:bedrock/agentcoreGatewayTarget:AgentcoreGatewayTarget": {
        "name": "runtime",
        "gatewayIdentifier": GATEWAY_ID,
        "targetConfiguration": {
            "http": {
                "agentcoreRuntime": {
                    "arn": RUNTIME,
                    "qualifier": "evolution",
                    "schema": {"source": {"inlinePayload": {"payload": '{"openapi": "3.0.0"}'}}},
                }
            }
        },
        "credentialProviderConfiguration": {"gatewayIamRole": {"service": "bedrock-agentcore"}},
        "metadataConfiguration": {"allowedRequestHeaders": ["X-Request-Id"]},
    },
    "aws:wafv2/webAclAssociation:WebAclAssociation": {"resourceArn": GATEWAY, "webAclArn": WEB_ACL},
    "aws:cloudwatch/logDeliverySource:LogDeliverySource": {
        "name": "evolution-gateway-dev",
        "logType": "APPLICATION_LOGS",
        "resourceArn": GATEWAY,
        "tags": TAGS,
    },
    "aws:cloudwatch/logDeliveryDestination:LogDeliveryDestination": {
        "name": "evolution-gateway-dev",
        "deliveryDestinationConfiguration": {"destinationResourceArn": LOG_GROUP},
        "outputFormat": "json",
        "tags": TAGS,
    },
    "aws:cloudwatch/logDelivery:LogDelivery": {
        "deliverySourceName": "evolution-gateway-dev",
        "deliveryDestinationArn": f"arn:aws:logs:{_REGIONAL}:delivery-destination:evolution-gateway-dev",
        "recordFields": ["resource_arn", "event_timestamp"],
        "s3DeliveryConfigurations": [{"suffixPath": "gateway", "enableHiveCompatiblePath": False}],
        "tags": TAGS,
    },
}

_GUARDRAIL = "aws:bedrock/guardrail:Guardrail"
_RUNTIME = "aws:bedrock/agentcoreAgentRuntime:AgentcoreAgentRuntime"
_ENDPOINT = "aws:bedrock/agentcoreAgentRuntimeEndpoint:AgentcoreAgentRuntimeEndpoint"
_GATEWAY = "aws:bedrock/agentcoreGateway:AgentcoreGateway"
_TARGET = "aws:bedrock/agentcoreGatewayTarget:AgentcoreGatewayTarget"

_FILTER = "contentPolicyConfig.filtersConfigs[0]"
_CLAIM = "authorizerConfiguration.customJwtAuthorizer.customClaims[0]"
_INLINE = "targetConfiguration.http.agentcoreRuntime.schema.source.inlinePayload"

REFUSED: list[Edit] = [
    (_GUARDRAIL, "name", "evolution dev", "name", "must match"),
    (_GUARDRAIL, "description", "", "description", "at least 1 characters"),
    (_GUARDRAIL, "kmsKeyArn", "key", "kmsKeyArn", "must match"),
    (_GUARDRAIL, "blockedOutputsMessaging", GONE, "blockedOutputsMessaging", "is required"),
    (_GUARDRAIL, f"{_FILTER}.inputStrength", "STRONG", f"{_FILTER}.inputStrength", "one of NONE, LOW, MEDIUM, HIGH"),
    (_GUARDRAIL, f"{_FILTER}.outputStrength", GONE, f"{_FILTER}.outputStrength", "is required"),
    (_GUARDRAIL, "topicPolicyConfig.topicsConfigs[0].type", "ALLOW", "topicPolicyConfig.topicsConfigs[0].type", "one of DENY"),
    (
        _GUARDRAIL,
        "contextualGroundingPolicyConfig.filtersConfigs[0].threshold",
        -0.5,
        "contextualGroundingPolicyConfig.filtersConfigs[0].threshold",
        "at least 0",
    ),
    (
        _GUARDRAIL,
        "sensitiveInformationPolicyConfig.piiEntitiesConfigs[0].action",
        "HIDE",
        "sensitiveInformationPolicyConfig.piiEntitiesConfigs[0].action",
        "one of BLOCK, ANONYMIZE, NONE",
    ),
    (_GUARDRAIL, "tags", {"Autonomy": "85%"}, "tags.Autonomy", "must match"),
    ("aws:bedrock/guardrailVersion:GuardrailVersion", "guardrailArn", "gr-12", "guardrailArn", "must match"),
    ("aws:bedrock/guardrailVersion:GuardrailVersion", "skipDestroy", "yes", "skipDestroy", "true or false"),
    (_RUNTIME, "agentRuntimeName", "evolution-dev", "agentRuntimeName", "must match"),
    (_RUNTIME, "agentRuntimeArtifact", {}, "agentRuntimeArtifact", "exactly one of containerConfiguration, codeConfiguration"),
    (
        _RUNTIME,
        "agentRuntimeArtifact.containerConfiguration.containerUri",
        "docker.io/evolution",
        "agentRuntimeArtifact.containerConfiguration.containerUri",
        "must match",
    ),
    (_RUNTIME, "networkConfiguration", GONE, "networkConfiguration", "the provider requires it"),
    (_RUNTIME, "networkConfiguration.networkMode", "PRIVATE", "networkConfiguration.networkMode", "one of PUBLIC, VPC"),
    (
        _RUNTIME,
        "networkConfiguration.networkModeConfig.subnets",
        [],
        "networkConfiguration.networkModeConfig.subnets",
        "at least 1 items",
    ),
    (_RUNTIME, "environmentVariables", {}, "environmentVariables", "leave it out"),
    (
        _RUNTIME,
        "lifecycleConfigurations[0].maxLifetime",
        30,
        "lifecycleConfigurations[0].maxLifetime",
        "at least 60",
    ),
    (_RUNTIME, "protocolConfiguration.serverProtocol", "GRPC", "protocolConfiguration.serverProtocol", "one of MCP, HTTP, A2A"),
    (_RUNTIME, f"{_CLAIM}.inboundTokenClaimValueType", "NUMBER", f"{_CLAIM}.inboundTokenClaimValueType", "one of STRING, STRING_ARRAY"),
    (_ENDPOINT, "name", "the-endpoint", "name", "must match"),
    (_ENDPOINT, "agentRuntimeVersion", "v1", "agentRuntimeVersion", "must match"),
    (_ENDPOINT, "agentRuntimeId", "evolution_dev", "agentRuntimeId", "must match"),
    ("aws:bedrock/agentcoreResourcePolicy:AgentcoreResourcePolicy", "policy", "open", "policy", "must be JSON"),
    ("aws:bedrock/agentcoreResourcePolicy:AgentcoreResourcePolicy", "resourceArn", "arn", "resourceArn", "at least 20 characters"),
    (_GATEWAY, "name", "evolution_dev", "name", "must match"),
    (_GATEWAY, "authorizerType", "IAM", "authorizerType", "one of CUSTOM_JWT, AWS_IAM"),
    (_GATEWAY, "protocolType", "HTTP", "protocolType", "one of MCP"),
    (_GATEWAY, "roleArn", GONE, "roleArn", "roleArn is required"),
    (
        _GATEWAY,
        "interceptorConfigurations[0].interceptionPoints[0]",
        "BOTH",
        "interceptorConfigurations[0].interceptionPoints[0]",
        "one of REQUEST, RESPONSE",
    ),
    (_TARGET, "name", "the_runtime", "name", "must match"),
    (
        _TARGET,
        "targetConfiguration.http.agentcoreRuntime.arn",
        GATEWAY,
        "targetConfiguration.http.agentcoreRuntime.arn",
        "must match",
    ),
    (_TARGET, "targetConfiguration", GONE, "targetConfiguration", "is required"),
    (_TARGET, _INLINE, "text", _INLINE, "must be a list of objects"),
    (_TARGET, "credentialProviderConfiguration", {"role": {}}, "credentialProviderConfiguration", "one of apiKey, callerIamCredentials"),
    (_TARGET, "credentialProviderConfiguration.gatewayIamRole.service", "a b", "credentialProviderConfiguration", "must match"),
    ("aws:wafv2/webAclAssociation:WebAclAssociation", "webAclArn", "arn", "webAclArn", "at least 20 characters"),
    ("aws:wafv2/webAclAssociation:WebAclAssociation", "resourceArn", GONE, "resourceArn", "is required"),
    ("aws:cloudwatch/logDeliverySource:LogDeliverySource", "name", "evolution.gateway", "name", "must match"),
    ("aws:cloudwatch/logDeliverySource:LogDeliverySource", "logType", GONE, "logType", "is required"),
    ("aws:cloudwatch/logDeliveryDestination:LogDeliveryDestination", "outputFormat", "JSON", "outputFormat", "write json"),
    (
        "aws:cloudwatch/logDeliveryDestination:LogDeliveryDestination",
        "deliveryDestinationConfiguration.destinationResourceArn",
        GONE,
        "deliveryDestinationConfiguration.destinationResourceArn",
        "is required",
    ),
    ("aws:cloudwatch/logDelivery:LogDelivery", "deliverySourceName", "evolution gateway", "deliverySourceName", "must match"),
    ("aws:cloudwatch/logDelivery:LogDelivery", "recordFields[0]", "", "recordFields[0]", "at least 1 characters"),
]
