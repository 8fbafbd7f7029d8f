"""A complete stack in short: Lambda functions, the safety switch, AgentCore with its gateway and guardrail, and what could come with it.

Property names are those of pulumi_aws's classes; a test holds them against it.
"""

from __future__ import annotations

from typing import Any

from tests.policy.builders import UNKNOWN, Node, Nodes, document, physical, tagged, watch
from tests.policy.samples import ACCOUNT, CALLS, DIGEST, KEEPS, compliant, deny_plain_transport

MODEL = "us.anthropic.claude-sonnet-4-6"
ROLE_ARN = f"arn:aws:iam::{ACCOUNT}:role/evolution-gateway-prod-us-east-1"
RUNTIME_ARN = f"arn:aws:bedrock-agentcore:us-east-1:{ACCOUNT}:runtime/evolution_prod-??????????"
GATEWAY_ARN = f"arn:aws:bedrock-agentcore:us-east-1:{ACCOUNT}:gateway/evolution-prod-??????????"
HANDLER_ARN = f"arn:aws:iam::{ACCOUNT}:role/evolution-agentcore-handler-prod-us-east-1"
TO_QUEUE = {
    "Effect": "Allow",
    "Principal": {"Service": "sns.amazonaws.com"},
    "Action": "sqs:SendMessage",
    "Resource": "*",
    "Condition": {"StringEquals": {"aws:SourceAccount": ACCOUNT}},
}
"""What the topic couldn't deliver."""

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

HARMS = ("HATE", "INSULTS", "MISCONDUCT", "SEXUAL", "VIOLENCE")

GUARDED = ["guardrail", "guardrail-version"]


def role(name: str, service: str) -> Node:
    """A role that one service of AWS takes on, for this account."""
    trust = {
        "Effect": "Allow",
        "Principal": {"Service": f"{service}.amazonaws.com"},
        "Action": "sts:AssumeRole",
        "Condition": {
            "StringEquals": {"aws:SourceAccount": ACCOUNT},
            "ArnLike": {"aws:SourceArn": f"arn:aws:{service}:us-east-1:{ACCOUNT}:*"},
        },
    }
    props = {"name": f"{name}-prod-us-east-1", "assumeRolePolicy": document(trust), "permissionsBoundary": UNKNOWN}
    return Node("aws:iam/role:Role", props, compliant()["role"].references)


def function(name: str, variables: dict[str, Any] | None = None, **more: Any) -> Node:
    return Node(
        "aws:lambda/function:Function",
        {
            "name": f"evolution-{name}-prod",
            "runtime": "python3.14",
            "handler": "handler.handler",
            "architectures": ["arm64"],
            "timeout": 300.0,
            "memorySize": 1024.0,
            "reservedConcurrentExecutions": 10.0,
            "tracingConfig": {"mode": "Active"},
            "loggingConfig": {"logFormat": "JSON", "logGroup": f"/aws/lambda/evolution-{name}-prod"},
            "kmsKeyArn": UNKNOWN,
            "deadLetterConfig": {"targetArn": UNKNOWN},
            "environment": {"variables": dict(variables or {})},
            **more,
        },
        {"kmsKeyArn": ["key"], "deadLetterConfig": ["dead-letters"]},
    )


def _functions() -> Nodes:
    handler = function("agentcore-handler", HANDLER, role=UNKNOWN)
    handler.references |= {"environment": GUARDED, "role": ["handler-role"]}
    mode = {"EVOLUTION_ENVIRONMENT": "prod", "EVOLUTION_MODE_PARAMETER": "/evolution/prod/mode"}
    guarded = {
        **mode,
        "UNSAFE_ALARM_NAME": "evolution-unsafe-prod",
        "ENGINE_CLUSTER": "evolution-system-prod",
        "ENGINE_SERVICE": "evolution-engine-prod",
    }
    archiver = function(
        "archiver",
        {"EVOLUTION_ENVIRONMENT": "prod", "EVOLUTION_ARTIFACTS_BUCKET": physical("artifacts"), "EVOLUTION_DEAD_LETTERS_URL": UNKNOWN},
    )
    del archiver.props["deadLetterConfig"]
    bounds = {"EVOLUTION_GENERATIONS": "50", "EVOLUTION_ISLANDS": "16", "MAX_CONCURRENT_AGENTS": "10000", "AGENT_MEMORY_LIMIT": "6656"}
    trigger = function("trigger", {**mode, "EVOLUTION_STATE_TABLE": "evolution-state-prod", **bounds})
    del trigger.props["deadLetterConfig"]
    functions = {
        "handler": handler,
        "archiver": archiver,
        "trigger": trigger,
        "switch": function("safety-switch", guarded),
        "resume": function("resume", {**guarded, "ENGINE_MINIMUM": "2", "ENGINE_MAXIMUM": "100"}),
    }
    errors = {
        f"{key}-errors": watch(f"{key}-errors", "AWS/Lambda", ["Errors"], {"FunctionName": node.props["name"]})
        for key, node in functions.items()
    }
    logs = {
        f"{key}-logs": Node(
            "aws:cloudwatch/logGroup:LogGroup",
            {"name": node.props["loggingConfig"]["logGroup"], "kmsKeyId": UNKNOWN, "retentionInDays": 365.0},
            {"kmsKeyId": ["key"]},
        )
        for key, node in functions.items()
    }
    return {
        **functions,
        **errors,
        **logs,
        "dead-letters": Node(
            "aws:sqs/queue:Queue",
            {"name": "evolution-dead-letters-prod", "kmsMasterKeyId": UNKNOWN, "messageRetentionSeconds": 1209600.0},
            {"kmsMasterKeyId": ["key"]},
        ),
        "dead-letters-policy": Node(
            "aws:sqs/queuePolicy:QueuePolicy",
            {"queueUrl": UNKNOWN, "policy": document(deny_plain_transport("sqs:*", "*"), TO_QUEUE)},
            {"queueUrl": ["dead-letters"]},
        ),
        "scheduler-role": role("evolution-scheduler", "scheduler"),
        "scheduler-role-grants": Node(
            "aws:iam/rolePolicy:RolePolicy",
            {
                "role": UNKNOWN,
                "policy": document(CALLS, KEEPS),
            },
            {"role": ["scheduler-role"]},
        ),
        "dead-letters-alarm": watch(
            "dead-letters", "AWS/SQS", ["ApproximateNumberOfMessagesVisible"], {"QueueName": "evolution-dead-letters-prod"}
        ),
        "archive-stream": Node(
            "aws:lambda/eventSourceMapping:EventSourceMapping",
            {
                "functionName": "evolution-archiver-prod",
                "eventSourceArn": UNKNOWN,
                "startingPosition": "TRIM_HORIZON",
                "bisectBatchOnFunctionError": True,
                "maximumRetryAttempts": 5.0,
                "maximumRecordAgeInSeconds": 3600.0,
                "functionResponseTypes": ["ReportBatchItemFailures"],
                "destinationConfig": {"onFailure": {"destinationArn": UNKNOWN}},
            },
            {"eventSourceArn": ["state"], "destinationConfig": ["dead-letters"], "functionName": ["archiver"]},
        ),
        "trigger-invocations": Node(
            "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig",
            {"functionName": UNKNOWN, "maximumRetryAttempts": 1.0, "destinationConfig": {"onFailure": {"destination": UNKNOWN}}},
            {"functionName": ["trigger"], "destinationConfig": ["dead-letters"]},
        ),
        "switch-by-topic": Node(
            "aws:sns/topicSubscription:TopicSubscription",
            {"topic": UNKNOWN, "protocol": "lambda", "endpoint": UNKNOWN, "redrivePolicy": UNKNOWN},
            {"topic": ["topic"], "endpoint": ["switch"], "redrivePolicy": ["dead-letters"]},
        ),
        "switch-permission": Node(
            "aws:lambda/permission:Permission",
            {
                "action": "lambda:InvokeFunction",
                "function": UNKNOWN,
                "principal": "sns.amazonaws.com",
                "sourceArn": UNKNOWN,
            },
            {"function": ["switch"], "sourceArn": ["topic"]},
        ),
        **{
            f"{name}-schedule": Node(
                "aws:scheduler/schedule:Schedule",
                {
                    "name": f"evolution-{name}-prod",
                    "scheduleExpression": rate,
                    "flexibleTimeWindow": {"mode": "OFF"},
                    "state": "ENABLED",
                    "target": {"arn": UNKNOWN, "roleArn": UNKNOWN, "deadLetterConfig": {"arn": UNKNOWN}},
                },
                {"target": [name, "scheduler-role", "dead-letters"]},
            )
            for name, rate in (("switch", "rate(1 minute)"), ("trigger", "rate(1 hour)"))
        },
        "mode": Node(
            "aws:ssm/parameter:Parameter",
            {"name": "/evolution/prod/mode", "type": "String", "value": "running"},
            protect=True,
            ignore_changes=("*",),
        ),
    }


def _guardrail() -> Nodes:
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
                },
                "sensitiveInformationPolicyConfig": {"piiEntitiesConfigs": [dict(MASKED)]},
                "topicPolicyConfig": {"topicsConfigs": [{"name": "escape", "definition": "Getting out.", "type": "DENY"}]},
                "contextualGroundingPolicyConfig": {
                    "filtersConfigs": [{"type": "GROUNDING", "threshold": 0.75}, {"type": "RELEVANCE", "threshold": 0.75}],
                },
            },
            {"kmsKeyArn": ["key"]},
        ),
        "guardrail-version": Node(
            "aws:bedrock/guardrailVersion:GuardrailVersion", {"guardrailArn": UNKNOWN}, {"guardrailArn": ["guardrail"]}
        ),
    }


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


def _agentcore() -> Nodes:
    return {
        "gateway-role": role("evolution-gateway", "bedrock-agentcore"),
        "handler-role": role("evolution-agentcore-handler", "lambda"),
        "handler-role-grants": Node(
            "aws:iam/rolePolicy:RolePolicy", {"role": UNKNOWN, "policy": document(KEEPS)}, {"role": ["handler-role"]}
        ),
        "gateway-policy": Node(
            "aws:bedrock/agentcoreResourcePolicy:AgentcoreResourcePolicy",
            {"resourceArn": UNKNOWN, "policy": only_handler()},
            {"resourceArn": ["gateway"]},
        ),
        "runtime-role": role("evolution-runtime", "bedrock-agentcore"),
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
            {"name": "evolution-prod", "authorizerType": "AWS_IAM", "roleArn": UNKNOWN, "kmsKeyArn": UNKNOWN},
            {"roleArn": ["gateway-role"], "kmsKeyArn": ["key"]},
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


def complete() -> Nodes:
    """The compliant stack with all of it."""
    return compliant() | tagged(_functions() | _guardrail() | _agentcore())
