"""Edits of the agents, their gateway, the guardrail and the handler, each with the exact rules that must fire."""

from __future__ import annotations

from components.iam_agentcore import INVOCATIONS
from tests.policy.builders import UNKNOWN
from tests.policy.complete_agents import only
from tests.policy.planned import DELETED, FOREIGN_KEY, GONE, Edit, Refer, on
from tests.policy.samples import ACCOUNT as SAMPLES

ACCOUNT = "000000000000"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/"
RUNTIME = f"arn:aws:bedrock-agentcore:us-east-1:{ACCOUNT}:runtime/"
GATEWAY_ROLE = f"{ROLE}evolution-gateway-prod-us-east-1"

ONLY_GATEWAY = "agentcore/only-gateway"
ONLY_HANDLER = "agentcore/only-handler"
LIMITS = "environment/runtime-limits"
TABLE = "environment/table-equality"
USED = "agentcore/guardrail-used"
TOLD = "environment/functions-told"
SENSITIVE = "agentcore/guardrail-sensitive-information"

CONTENT = "contentPolicyConfig.filtersConfigs"
PERSONAL = "sensitiveInformationPolicyConfig.piiEntitiesConfigs"
GROUNDING = "contextualGroundingPolicyConfig.filtersConfigs"


def _only(arn: str) -> str:
    """A right policy, but of another runtime."""
    return only(arn).replace(SAMPLES, ACCOUNT)


POLICY: tuple[tuple[object, ...], ...] = (
    ("policy.Statement.0.Principal", {"AWS": f"{ROLE}evolution-engine-prod-us-east-1"}, ONLY_GATEWAY, "containment/resource-policies"),
    ("policy.Statement.0.Principal", {"AWS": "arn:aws:iam::000000000000:root"}, ONLY_GATEWAY),
    ("policy.Statement.1.Effect", "Allow", ONLY_GATEWAY, "identity/no-public-access", "containment/resource-policies"),
    ("policy.Statement.1.Principal", {"AWS": f"{ROLE}other"}, ONLY_GATEWAY),
    ("policy.Statement.1.Action", ["bedrock-agentcore:InvokeAgentRuntime"], ONLY_GATEWAY),
    ("policy.Statement.1.Action", [action for action in INVOCATIONS if not action.endswith("Shell")], ONLY_GATEWAY),
    ("policy.Statement.1.Action", "bedrock-agentcore:InvokeAgentRuntime*"),
    ("policy.Statement.1.Condition", {"ArnEquals": {"aws:PrincipalArn": f"{ROLE}evolution-gateway-prod-us-east-1"}}, ONLY_GATEWAY),
    ("policy.Statement.1.Condition.ArnNotEquals", {"aws:PrincipalArn": f"{ROLE}other"}, ONLY_GATEWAY),
    ("policy.Statement.1.Condition.Bool", {"aws:SecureTransport": "false"}, ONLY_GATEWAY),
    ("policy.Statement.1.Resource", f"{RUNTIME}evolution_dev-??????????", ONLY_GATEWAY),
    ("policy.Statement.1.Condition.Bool", {"aws:ViaAWSService": "false"}, ONLY_GATEWAY),
    ("policy", UNKNOWN, "identity/document"),
    ("policy.Statement.0.Action", "bedrock-agentcore:PutResourcePolicy", ONLY_GATEWAY, "containment/resource-policies"),
    ("policy.Statement.1.NotAction", "bedrock-agentcore:InvokeAgentRuntime", "identity/document"),
    ("policy.Statement.1.NotResource", "*", "identity/document"),
    ("policy.Statement.1.Condition", {"ForAnyValue:ArnNotEquals": {"aws:PrincipalArn": GATEWAY_ROLE}}, ONLY_GATEWAY),
    ("policy", _only(f"{RUNTIME}evolution_dev-??????????"), ONLY_GATEWAY),
    ("policy", _only(f"{RUNTIME}evolution_prod-??????????".replace(ACCOUNT, "999999999999")), ONLY_GATEWAY),
    ("resourceArn", Refer("agentcore-gateway"), ONLY_GATEWAY, ONLY_HANDLER),
    ("", DELETED, ONLY_GATEWAY),
)
"""Of the runtime, of its endpoint and of the endpoint that every runtime has: each alone is a way past the gateway."""

HANDLER_ROLE = f"{ROLE}evolution-agentcore-handler-prod-us-east-1"

EDITS: tuple[Edit, ...] = (
    *on(
        "agentcore-gateway-policy",
        ("policy.Statement.0.Principal", {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, ONLY_HANDLER),
        ("policy.Statement.0.Principal", {"AWS": [HANDLER_ROLE, f"arn:aws:iam::{ACCOUNT}:root"]}, ONLY_HANDLER),
        ("policy.Statement.0.Principal", {"AWS": GATEWAY_ROLE}, ONLY_HANDLER),
        ("policy.Statement.0.Action", "bedrock-agentcore:*", ONLY_HANDLER, "identity/no-wildcard-action", "containment/resource-policies"),
        ("policy.Statement.1.Effect", "Allow", ONLY_HANDLER, "identity/no-public-access"),
        ("policy.Statement.1.Principal", {"AWS": GATEWAY_ROLE}, ONLY_HANDLER),
        ("policy.Statement.1.Action", "bedrock-agentcore:InvokeAgentRuntime", ONLY_HANDLER),
        ("policy.Statement.1.Condition.ArnNotEquals", {"aws:PrincipalArn": [HANDLER_ROLE, f"{ROLE}other"]}, ONLY_HANDLER),
        ("policy.Statement.1.Condition", {"ArnNotLike": {"aws:PrincipalArn": f"{ROLE}evolution-*"}}, ONLY_HANDLER),
        ("policy.Statement.1.Condition.Bool", {"aws:SecureTransport": "false"}, ONLY_HANDLER),
        ("policy.Statement.1.Condition.Bool", {"aws:ViaAWSService": "false"}),
        ("policy.Statement.1.Condition.Bool", {"aws:ViaAWSService": "true"}, ONLY_HANDLER),
        ("policy.Statement.1.Condition", {"Bool": {"aws:ViaAWSService": "false"}}, ONLY_HANDLER),
        ("policy", UNKNOWN, "identity/document"),
        ("resourceArn", Refer("agentcore-runtime"), ONLY_HANDLER, ONLY_GATEWAY),
        ("", DELETED, ONLY_HANDLER),
    ),
    *(edit for part in ("", "-endpoint", "-default") for edit in on(f"agentcore-runtime{part}-policy", *POLICY)),
    *on(
        "agentcore-runtime",
        ("tagsAll.Autonomy", GONE, "governance/tags"),
        ("tagsAll.AgentMemoryLimit", "64KB", "governance/tags"),
        (
            "agentRuntimeArtifact.containerConfiguration.containerUri",
            "public.ecr.aws/agent:1",
            "workload/image-by-digest",
            "workload/own-repository",
        ),
        ("roleArn", Refer("compute-engine-role"), "identity/trust-service"),
        ("networkConfiguration.networkMode", "PUBLIC", "agentcore/private-network"),
        ("networkConfiguration.networkMode", UNKNOWN, "agentcore/private-network"),
        ("networkConfiguration.networkModeConfig.subnets", [], "agentcore/private-network"),
        ("lifecycleConfigurations", [], "agentcore/runtime-lifecycle"),
        ("lifecycleConfigurations.0.maxLifetime", 86400, "agentcore/runtime-lifecycle"),
        ("lifecycleConfigurations.0.idleRuntimeSessionTimeout", 3600, "agentcore/runtime-lifecycle"),
        ("lifecycleConfigurations.0.idleRuntimeSessionTimeout", GONE, "agentcore/runtime-lifecycle"),
        ("lifecycleConfigurations.0.idleRuntimeSessionTimeout", 120),
        ("environmentVariables.AUTONOMY_LEVEL", "95", LIMITS, TABLE),
        ("environmentVariables.AGENT_MEMORY_LIMIT", "8192", LIMITS, TABLE),
        ("environmentVariables.EVOLUTION_SAFETY_ENABLED", "false", LIMITS),
        ("environmentVariables.BEDROCK_MODEL_ID", "us.amazon.nova-pro-v1:0", "agentcore/model", TABLE),
        ("environmentVariables.BEDROCK_GUARDRAIL_VERSION", "DRAFT", USED),
        ("environmentVariables.BEDROCK_GUARDRAIL_ID", GONE, USED),
        ("environmentVariables.EVOLUTION_MODE_PARAMETER", GONE, TOLD),
        ("tagsAll", GONE, "governance/tags"),
    ),
    *on(
        "agentcore-runtime-endpoint",
        ("name", UNKNOWN, ONLY_GATEWAY),
        ("agentRuntimeId", Refer("agentcore-gateway"), "agentcore/runtime-endpoint"),
    ),
    *on(
        "agentcore-runtime-logs",
        ("", DELETED, "agentcore/runtime-logs"),
        ("deletionProtectionEnabled", GONE, "data-protection/log-deletion"),
        ("deletionProtectionEnabled", False, "data-protection/log-deletion"),
    ),
    *on(
        "agentcore-runtime-logs-masks",
        ("", DELETED, "agentcore/runtime-logs"),
        ("policyDocument.Statement.1.Operation", {"Audit": {}}, "agentcore/runtime-logs"),
        ("policyDocument", UNKNOWN, "agentcore/runtime-logs"),
    ),
    *on(
        "agentcore-prompts-record",
        ("loggingConfig.textDataDeliveryEnabled", False, "agentcore/model-log"),
        ("loggingConfig.cloudwatchConfig.logGroupName", "/another/prompts", "agentcore/model-log"),
        ("loggingConfig.s3Config", {"bucketName": "another"}, "agentcore/model-log"),
        ("", DELETED, "agentcore/prompts-recorded"),
    ),
    *on(
        "agentcore-prompts-logs",
        ("kmsKeyId", GONE, "encryption/log-group-cmk"),
        ("deletionProtectionEnabled", GONE, "data-protection/log-deletion"),
    ),
    *on(
        "agentcore-prompts-logs-masks", ("policyDocument", "{}", "agentcore/model-log-masked"), ("", DELETED, "agentcore/model-log-masked")
    ),
    *on("agentcore-runtime-logs", ("kmsKeyId", GONE, "encryption/log-group-cmk"), ("retentionInDays", 0, "data-protection/log-retention")),
    *on(
        "agentcore-gateway",
        ("authorizerType", "NONE", "agentcore/gateway-authorizer", "agentcore/gateway-callers"),
        ("authorizerType", "AUTHENTICATE_ONLY", "agentcore/gateway-authorizer", "agentcore/gateway-callers"),
        ("exceptionLevel", "DEBUG", "agentcore/gateway-authorizer"),
        ("kmsKeyArn", GONE, "encryption/gateway-cmk"),
        ("kmsKeyArn", FOREIGN_KEY, "encryption/own-key"),
        (
            "roleArn",
            Refer("compute-engine-role"),
            "identity/trust-service",
            ONLY_GATEWAY,
            "containment/grants",
            "containment/resource-policies",
        ),
    ),
    *on(
        "agentcore-gateway",
        ("policyEngineConfiguration.mode", "LOG_ONLY", "agentcore/policy-engine"),
        ("policyEngineConfiguration.mode", UNKNOWN, "agentcore/policy-engine"),
        ("policyEngineConfiguration", GONE, "agentcore/policy-engine"),
        ("policyEngineConfiguration", {"arn": "arn:x", "mode": "ENFORCE"}, "agentcore/policy-engine"),
    ),
    *on(
        "agentcore-policy-engine",
        ("encryptionKeyArn", GONE, "encryption/policy-engine-cmk"),
        ("encryptionKeyArn", FOREIGN_KEY, "encryption/own-key"),
        ("", DELETED, "agentcore/policy-engine", "agentcore/policies"),
    ),
    *on(
        "agentcore-gateway-permit",
        ("validationMode", "IGNORE_ALL_FINDINGS", "agentcore/policies"),
        ("policyEngineId", "another-0123456789", "agentcore/policies"),
        ("definition.cedar.statement", "permit(principal, action, resource);", "agentcore/policies"),
        ("definition.cedar.statement", UNKNOWN, "agentcore/policies"),
    ),
    *on(
        "agentcore-gateway-target",
        ("credentialProviderConfiguration", {"apiKey": {"providerArn": "x"}}, "agentcore/gateway-target"),
        ("targetConfiguration", {"mcp": {"mcpServer": {"endpoint": "https://example.com"}}}, "agentcore/gateway-leads-to-runtime"),
        ("gatewayIdentifier", "other-0123456789", "agentcore/gateway-leads-to-runtime"),
    ),
    *on(
        "agentcore-gateway-web-acl",
        ("webAclArn", "arn:aws:wafv2:us-east-1:000000000000:regional/webacl/other/1", "agentcore/web-acl-association"),
        ("", DELETED, "agentcore/web-acl-association"),
    ),
    *on(
        "agentcore-gateway-logs-source",
        ("resourceArn", Refer("agentcore-runtime"), "agentcore/log-delivery"),
        ("", DELETED, "agentcore/log-delivery"),
    ),
    *on(
        "agentcore-gateway-logs-destination",
        ("deliveryDestinationConfiguration", {"destinationResourceArn": "arn:aws:s3:::elsewhere"}, "agentcore/log-delivery"),
        ("", DELETED, "agentcore/log-delivery"),
    ),
    *on(
        "agentcore-gateway-logs-delivery",
        ("deliverySourceName", "another", "agentcore/log-delivery"),
        ("deliveryDestinationArn", Refer("monitoring-alerts"), "agentcore/log-delivery"),
        ("", DELETED, "agentcore/log-delivery"),
    ),
    *on(
        "agentcore-gateway-traces-source",
        ("resourceArn", Refer("agentcore-runtime"), "agentcore/traces-delivered"),
        ("logType", "USAGE_LOGS", "agentcore/traces-delivered"),
        ("", DELETED, "agentcore/traces-delivered"),
    ),
    *on("agentcore-gateway-traces-destination", ("deliveryDestinationType", "CWL", "agentcore/traces-delivered")),
    *on("agentcore-gateway-traces-delivery", ("", DELETED, "agentcore/traces-delivered")),
    *on(
        "agentcore-gateway-traces-policy",
        (
            "policyDocument.Statement.0.Principal",
            {"Service": "xray.amazonaws.com"},
            "agentcore/traces-delivered",
            "containment/resource-policies",
        ),
        ("policyDocument.Statement.0.Condition", GONE, "identity/confused-deputy"),
        ("", DELETED, "agentcore/traces-delivered"),
    ),
    *on(
        "agentcore-guardrail",
        ("kmsKeyArn", GONE, "encryption/guardrail-cmk"),
        (f"{CONTENT}.0.inputStrength", "LOW", "agentcore/guardrail-prompt-attack"),
        (f"{CONTENT}.0.type", "HATE", "agentcore/guardrail-prompt-attack", "agentcore/guardrail-harm"),
        (PERSONAL, [], SENSITIVE),
        (f"{PERSONAL}.0.action", "NONE", SENSITIVE),
        *((f"{PERSONAL}.0.{side}Action", value, SENSITIVE) for side in ("input", "output") for value in (GONE, "NONE", UNKNOWN)),
        *((f"{PERSONAL}.0.{side}Enabled", value, SENSITIVE) for side in ("input", "output") for value in (GONE, False)),
        (f"{PERSONAL}.0.outputAction", "ANONYMIZE"),
        ("topicPolicyConfig", GONE, "agentcore/guardrail-denied-topics"),
        ("topicPolicyConfig.tierConfigs.0.tierName", "CLASSIC", "agentcore/guardrail-tier"),
        ("crossRegionConfig", GONE, "agentcore/guardrail-tier"),
        (f"{GROUNDING}.0.threshold", 0.2, "agentcore/guardrail-grounding"),
        (f"{GROUNDING}.1.type", "GROUNDING", "agentcore/guardrail-grounding"),
        ("tagsAll", GONE, "governance/tags"),
        ("", DELETED, "agentcore/guardrail", USED),
    ),
    *on("agentcore-guardrail-version", ("guardrailArn", "arn:x", "agentcore/guardrail"), ("", DELETED, "agentcore/guardrail", USED)),
    *on(
        "agentcore-handler",
        ("tagsAll.Autonomy", GONE, "governance/tags"),
        ("tagsAll.AgentMemoryLimit", "64KB", "governance/tags"),
        ("environment.variables.AUTONOMY_LEVEL", "95", "environment/function-limits", TABLE),
        ("environment.variables.AGENT_MEMORY_LIMIT", GONE, "environment/handler-bounded", "environment/function-limits"),
        ("environment.variables.BEDROCK_MODEL_ID", "us.amazon.nova-pro-v1:0", "agentcore/model", TABLE),
        ("environment.variables.BEDROCK_GUARDRAIL_ID", GONE, USED),
        ("environment.variables.EVOLUTION_MODE_PARAMETER", "/evolution/dev/mode", TABLE, TOLD),
        ("environment.variables.BEDROCK_GUARDRAIL_VERSION", "DRAFT", USED),
        ("reservedConcurrentExecutions", GONE, "workload/reserved-executions"),
    ),
    *on("monitoring-web-acl-blocked", ("", DELETED, "alarms/blocked-requests"), ("alarmActions", [], "alarms/actions")),
    *on(
        "agentcore-runtime-role-grants",
        ("policy.Statement.10.Resource", "*", "agentcore/model", "identity/models", "identity/no-wildcard-resource"),
    ),
)
