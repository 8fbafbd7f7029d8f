"""Of the complete stack: AgentCore with its gateway, its policies and its record, the guardrail, and roles."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from tests.policy.builders import UNKNOWN, Node, Nodes, document, watch
from tests.policy.samples import ACCOUNT, DIGEST, KEEPS, compliant

MODEL = "us.anthropic.claude-sonnet-4-6"

PROFILE = f"arn:aws:bedrock:us-east-1:{ACCOUNT}:guardrail-profile/us.guardrail.v1:0"

ROLE_ARN = f"arn:aws:iam::{ACCOUNT}:role/evolution-gateway-prod-us-east-1"

RUNTIME_ARN = f"arn:aws:bedrock-agentcore:us-east-1:{ACCOUNT}:runtime/evolution_prod-??????????"

GATEWAY_ARN = f"arn:aws:bedrock-agentcore:us-east-1:{ACCOUNT}:gateway/evolution-prod-??????????"

HANDLER_ARN = f"arn:aws:iam::{ACCOUNT}:role/evolution-agentcore-handler-prod-us-east-1"

HANDLER = {
    "EVOLUTION_ENVIRONMENT": "prod",
    "EVOLUTION_MODE_PARAMETER": "/evolution/prod/mode",
    "BEDROCK_MODEL_ID": MODEL,
    "BEDROCK_REGION": "us-east-1",
    "BEDROCK_GUARDRAIL_ID": UNKNOWN,
    "BEDROCK_GUARDRAIL_VERSION": UNKNOWN,
    "AGENT_MEMORY_LIMIT": "6656",
    "AUTONOMY_LEVEL": "85",
    "EVOLUTION_SAFETY_ENABLED": "true",
}

MASKED = {
    "type": "EMAIL",
    "action": "ANONYMIZE",
    "inputAction": "ANONYMIZE",
    "inputEnabled": True,
    "outputAction": "ANONYMIZE",
    "outputEnabled": True,
}

AGENT_LOGS = "/aws/bedrock-agentcore/runtimes/"

MASKS: Mapping[str, Any] = {
    "Sid": "mask",
    "DataIdentifier": ["arn:aws:dataprotection::aws:data-identifier/EmailAddress"],
    "Operation": {"Deidentify": {"MaskConfig": {}}},
}
"""A statement of a data-protection policy."""

TRACED = {
    "Effect": "Allow",
    "Principal": {"Service": "delivery.logs.amazonaws.com"},
    "Action": "xray:PutTraceSegments",
    "Resource": "*",
    "Condition": {"StringEquals": {"aws:SourceAccount": ACCOUNT}},
}
"""What admits AWS's delivery to X-Ray."""

HARMS = ("HATE", "INSULTS", "MISCONDUCT", "SEXUAL", "VIOLENCE")

GUARDED = ["guardrail", "guardrail-version"]

PROMPTS = "/evolution/prod/prompts"


def role(name: str, service: str, source: str = "*") -> Node:
    """A role that one service of AWS takes on, for this account, or for one thing of it."""
    trust = {
        "Effect": "Allow",
        "Principal": {"Service": f"{service}.amazonaws.com"},
        "Action": "sts:AssumeRole",
        "Condition": {
            "StringEquals": {"aws:SourceAccount": ACCOUNT},
            "ArnLike": {"aws:SourceArn": f"arn:aws:{service}:us-east-1:{ACCOUNT}:{source}"},
        },
    }
    props = {"name": f"{name}-prod-us-east-1", "assumeRolePolicy": document(trust), "permissionsBoundary": UNKNOWN}
    return Node("aws:iam/role:Role", props, compliant()["role"].references)


def guardrail() -> Nodes:
    return {
        "guardrail": Node(
            "aws:bedrock/guardrail:Guardrail",
            {
                "name": "evolution-prod",
                "blockedInputMessaging": "No.",
                "blockedOutputsMessaging": "No.",
                "kmsKeyArn": UNKNOWN,
                "contentPolicyConfig": {
                    "filtersConfigs": [
                        {"type": "PROMPT_ATTACK", "inputStrength": "HIGH", "outputStrength": "NONE"},
                        *({"type": harm, "inputStrength": "HIGH", "outputStrength": "HIGH"} for harm in HARMS),
                    ],
                    "tierConfigs": [{"tierName": "STANDARD"}],
                },
                "crossRegionConfig": {"guardrailProfileIdentifier": PROFILE},
                "sensitiveInformationPolicyConfig": {"piiEntitiesConfigs": [dict(MASKED)]},
                "topicPolicyConfig": {
                    "topicsConfigs": [{"name": "escape", "definition": "Getting out.", "type": "DENY"}],
                    "tierConfigs": [{"tierName": "STANDARD"}],
                },
                "contextualGroundingPolicyConfig": {
                    "filtersConfigs": [{"type": "GROUNDING", "threshold": 0.75}, {"type": "RELEVANCE", "threshold": 0.75}],
                },
            },
            {"kmsKeyArn": ["key"]},
        ),
        "guardrail-version": Node(
            "aws:bedrock/guardrailVersion:GuardrailVersion",
            {"guardrailArn": UNKNOWN, "description": "content 0123456789ab"},
            {"guardrailArn": ["guardrail"]},
        ),
    }


def recorded(config: Any = None, masks: Mapping[str, Any] | None = MASKS, sources: tuple[str, ...] = ("prompts-role",)) -> Nodes:
    """Bedrock's record of what models are asked, its group, and what masks it."""
    given = {"cloudwatchConfig": {"logGroupName": PROMPTS, "roleArn": UNKNOWN}} if config is None else config
    group = {"name": PROMPTS, "kmsKeyId": UNKNOWN, "retentionInDays": 365.0}
    masked = {"logGroupName": PROMPTS, "policyDocument": document(dict(masks or {}))}
    return {
        "prompts-role": role("evolution-prompts", "bedrock"),
        "prompts": Node("aws:cloudwatch/logGroup:LogGroup", group, {"kmsKeyId": ["key"]}),
        "prompts-masked": Node("aws:cloudwatch/logDataProtectionPolicy:LogDataProtectionPolicy", masked),
        "model-log": Node(
            "aws:bedrockmodel/invocationLoggingConfiguration:InvocationLoggingConfiguration",
            {"loggingConfig": given},
            {"loggingConfig": [*sources]},
        ),
    }


def permit(
    when: str = "context.input.autonomy_percent <= 85 && context.input.agent_memory_bytes <= 6656",
    caller: str = f"arn:aws:sts::{ACCOUNT}:assumed-role/evolution-agentcore-handler-prod-us-east-1",
    gateway: str = GATEWAY_ARN,
    action: str = "runtime___POST:/invocations",
) -> str:
    """A Cedar policy that lets a caller ask the agents."""
    scope = f'''principal == AgentCore::IamEntity::"{caller}", action == AgentCore::Action::"{action}",
        resource == AgentCore::Gateway::"{gateway}"'''
    return f"permit({scope}) when {{ {when} }};"


def only(arn: str, principal: Any = None, action: str = "InvokeAgentRuntime", role_arn: str = ROLE_ARN) -> str:
    """A policy that admits somebody, and turns away all but one role: the gateway's, or the handler's."""
    resource = {"Resource": arn}
    admitted = {"AWS": role_arn} if principal is None else principal
    return document(
        {"Effect": "Allow", "Principal": admitted, "Action": f"bedrock-agentcore:{action}", **resource},
        {
            "Effect": "Deny",
            "Principal": "*",
            "Action": f"bedrock-agentcore:{action}*",
            **resource,
            "Condition": {"ArnNotEquals": {"aws:PrincipalArn": role_arn}},
        },
    )


def only_handler(principal: Any = None) -> str:
    """The gateway's policy."""
    return only(GATEWAY_ARN, principal, "InvokeGateway", HANDLER_ARN)


def agentcore() -> Nodes:
    return {
        "gateway-role": role("evolution-gateway", "bedrock-agentcore", "gateway/evolution-prod-??????????"),
        "handler-role": role("evolution-agentcore-handler", "lambda"),
        "handler-role-grants": Node(
            "aws:iam/rolePolicy:RolePolicy", {"role": UNKNOWN, "policy": document(KEEPS)}, {"role": ["handler-role"]}
        ),
        "gateway-policy": Node(
            "aws:bedrock/agentcoreResourcePolicy:AgentcoreResourcePolicy",
            {"resourceArn": UNKNOWN, "policy": only_handler()},
            {"resourceArn": ["gateway"]},
        ),
        "runtime-role": role("evolution-runtime", "bedrock-agentcore", "runtime/evolution_prod-*"),
        "runtime": Node(
            "aws:bedrock/agentcoreAgentRuntime:AgentcoreAgentRuntime",
            {
                "agentRuntimeName": "evolution_prod",
                "agentRuntimeArtifact": {
                    "containerConfiguration": {"containerUri": f"{ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com/engine@{DIGEST}"}
                },
                "roleArn": UNKNOWN,
                "networkConfiguration": {
                    "networkMode": "VPC",
                    "networkModeConfig": {"subnets": [UNKNOWN], "securityGroups": [UNKNOWN]},
                },
                "environmentVariables": dict(HANDLER),
                "lifecycleConfigurations": [{"idleRuntimeSessionTimeout": 60.0, "maxLifetime": 28800.0}],
            },
            {"roleArn": ["runtime-role"], "networkConfiguration": ["subnet", "group"], "environmentVariables": GUARDED},
        ),
        "runtime-logs": Node(
            "aws:cloudwatch/logGroup:LogGroup",
            {"name": f"{AGENT_LOGS}evolution_prod-0a1b2c3d4e-evolution", "kmsKeyId": UNKNOWN, "retentionInDays": 365.0},
            {"kmsKeyId": ["key"], "name": ["runtime"]},
        ),
        "runtime-logs-masked": Node(
            "aws:cloudwatch/logDataProtectionPolicy:LogDataProtectionPolicy",
            {"logGroupName": UNKNOWN, "policyDocument": document(dict(MASKS))},
            {"logGroupName": ["runtime-logs"]},
        ),
        "runtime-endpoint": Node(
            "aws:bedrock/agentcoreAgentRuntimeEndpoint:AgentcoreAgentRuntimeEndpoint",
            {"name": "evolution", "agentRuntimeId": UNKNOWN, "agentRuntimeVersion": UNKNOWN},
            {"agentRuntimeId": ["runtime"], "agentRuntimeVersion": ["runtime"]},
        ),
        **{
            f"runtime{part}-policy": Node(
                "aws:bedrock/agentcoreResourcePolicy:AgentcoreResourcePolicy",
                {"resourceArn": UNKNOWN, "policy": only(f"{RUNTIME_ARN}{place}")},
                {"resourceArn": ["runtime"]},
            )
            for part, place in (("", ""), ("-default", "/runtime-endpoint/DEFAULT"), ("-endpoint", "/runtime-endpoint/evolution"))
        },
        "gateway": Node(
            "aws:bedrock/agentcoreGateway:AgentcoreGateway",
            {
                "name": "evolution-prod",
                "authorizerType": "AWS_IAM",
                "roleArn": UNKNOWN,
                "kmsKeyArn": UNKNOWN,
                "policyEngineConfiguration": {"arn": UNKNOWN, "mode": "ENFORCE"},
            },
            {"roleArn": ["gateway-role"], "kmsKeyArn": ["key"], "policyEngineConfiguration": ["policy-engine"]},
        ),
        "policy-engine": Node(
            "aws:bedrock/agentcorePolicyEngine:AgentcorePolicyEngine",
            {"name": "evolution_prod", "encryptionKeyArn": UNKNOWN},
            {"encryptionKeyArn": ["key"]},
        ),
        "permit": Node(
            "aws:bedrock/agentcorePolicy:AgentcorePolicy",
            {
                "name": "evolution_prod_invocations",
                "policyEngineId": UNKNOWN,
                "validationMode": "FAIL_ON_ANY_FINDINGS",
                "definition": {"cedar": {"statement": permit()}},
            },
            {"policyEngineId": ["policy-engine"]},
        ),
        "gateway-target": Node(
            "aws:bedrock/agentcoreGatewayTarget:AgentcoreGatewayTarget",
            {
                "name": "runtime",
                "gatewayIdentifier": UNKNOWN,
                "targetConfiguration": {"http": {"agentcoreRuntime": {"arn": UNKNOWN}}},
                "credentialProviderConfiguration": {"gatewayIamRole": {"service": "bedrock-agentcore"}},
            },
            {"gatewayIdentifier": ["gateway"], "targetConfiguration": ["runtime"]},
        ),
        "gateway-logs": Node(
            "aws:cloudwatch/logDeliverySource:LogDeliverySource",
            {"name": "evolution-gateway-prod", "logType": "APPLICATION_LOGS", "resourceArn": UNKNOWN},
            {"resourceArn": ["gateway"]},
        ),
        "gateway-log-group": Node(
            "aws:cloudwatch/logGroup:LogGroup",
            {"name": "/evolution/prod/gateway", "kmsKeyId": UNKNOWN, "retentionInDays": 365.0},
            {"kmsKeyId": ["key"]},
        ),
        "gateway-logs-end": Node(
            "aws:cloudwatch/logDeliveryDestination:LogDeliveryDestination",
            {"name": "evolution-gateway-prod", "deliveryDestinationConfiguration": {"destinationResourceArn": UNKNOWN}},
            {"deliveryDestinationConfiguration": ["gateway-log-group"]},
        ),
        "gateway-logs-way": Node(
            "aws:cloudwatch/logDelivery:LogDelivery",
            {"deliverySourceName": "evolution-gateway-prod", "deliveryDestinationArn": UNKNOWN},
            {"deliveryDestinationArn": ["gateway-logs-end"]},
        ),
        "gateway-traces": Node(
            "aws:cloudwatch/logDeliverySource:LogDeliverySource",
            {"name": "evolution-gateway-traces-prod", "logType": "TRACES", "resourceArn": UNKNOWN},
            {"resourceArn": ["gateway"]},
        ),
        "gateway-traces-end": Node(
            "aws:cloudwatch/logDeliveryDestination:LogDeliveryDestination",
            {"name": "evolution-gateway-traces-prod", "deliveryDestinationType": "XRAY"},
        ),
        "gateway-traces-way": Node(
            "aws:cloudwatch/logDelivery:LogDelivery",
            {"deliverySourceName": "evolution-gateway-traces-prod", "deliveryDestinationArn": UNKNOWN},
            {"deliveryDestinationArn": ["gateway-traces-end"]},
        ),
        "gateway-traces-policy": Node(
            "aws:xray/resourcePolicy:ResourcePolicy",
            {"policyName": "evolution-gateway-traces-prod", "policyDocument": document(TRACED)},
        ),
        "acl-association": Node(
            "aws:wafv2/webAclAssociation:WebAclAssociation",
            {"resourceArn": UNKNOWN, "webAclArn": UNKNOWN},
            {"resourceArn": ["gateway"], "webAclArn": ["acl"]},
        ),
        "blocked": watch("blocked", "AWS/WAFV2", ["BlockedRequests"], {"WebACL": "m", "Region": "us-east-1", "Rule": "ALL"}),
        "memory-of-agents": Node(
            "aws:bedrock/agentcoreMemory:AgentcoreMemory",
            {"name": "evolution_prod", "eventExpiryDuration": 30.0, "encryptionKeyArn": UNKNOWN},
            {"encryptionKeyArn": ["key"]},
        ),
    }


FAILED = ["SystemErrors", "UserErrors", "Throttles"]

OF_MODEL = {"ModelId": MODEL}
OF_GUARDRAIL = {"GuardrailArn": UNKNOWN, "GuardrailVersion": UNKNOWN}
OF_GATEWAY = {"Operation": "InvokeGateway", "Protocol": "HTTP", "Resource": UNKNOWN}
OF_RUNTIME = {"Operation": "InvokeAgentRuntime", "Name": "evolution_prod::evolution", "Resource": UNKNOWN}


def agent_alarms() -> Nodes:
    """The agents are watched, and so is all that they ask."""
    return {
        "interventions": watch(
            "interventions", "AWS/Bedrock/Guardrails", ["InvocationsIntervened"], OF_GUARDRAIL, ("guardrail", "guardrail-version")
        ),
        "model-errors": watch("model-errors", "AWS/Bedrock", ["InvocationClientErrors", "InvocationServerErrors"], OF_MODEL),
        "model-throttles": watch("model-throttles", "AWS/Bedrock", ["InvocationThrottles"], OF_MODEL),
        "model-tokens": watch("model-tokens", "AWS/Bedrock", ["InputTokenCount", "OutputTokenCount"], OF_MODEL),
        "gateway-errors": watch("gateway-errors", "AWS/Bedrock-AgentCore", FAILED, OF_GATEWAY, ("gateway",)),
        "agents-errors": watch("agents-errors", "AWS/Bedrock-AgentCore", FAILED, OF_RUNTIME, ("runtime",)),
    }


def with_agents_drawn(dashboard: Node) -> Node:
    """The dashboard with the graph of each of those alarms."""
    body = json.loads(dashboard.props["dashboardBody"])
    for node in agent_alarms().values():
        arn = f"arn:aws:cloudwatch:us-east-1:{ACCOUNT}:alarm:{node.props['name']}"
        body["widgets"].append({"type": "metric", "properties": {"annotations": {"alarms": [arn]}}})
    return Node(dashboard.type, {**dashboard.props, "dashboardBody": json.dumps(body)}, dashboard.references)
