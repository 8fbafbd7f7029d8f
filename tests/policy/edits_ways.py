"""Edits that make a second way to the agents, to another model or out of a halt, each with the exact rules that must fire."""

from __future__ import annotations

from tests.policy.builders import UNKNOWN, Node, document
from tests.policy.planned import GONE, Edit, on

ACCOUNT = "000000000000"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/"
RUNTIME = f"arn:aws:bedrock-agentcore:us-east-1:{ACCOUNT}:runtime/"
PROFILES = f"arn:aws:bedrock:us-east-1:{ACCOUNT}:inference-profile/"
ELSEWHERE = "https://example.com"

CALLERS = "agentcore/gateway-callers"
LEADS = "agentcore/gateway-leads-to-runtime"
MODEL = "agentcore/model"
ONLY_GATEWAY = "agentcore/only-gateway"
BLOCKED = "alarms/blocked-requests"

DRAFT = "arn:aws:bedrock:us-east-1:000000000000:guardrail/*"

EDITS: tuple[Edit, ...] = (
    *on(
        "another-policy",
        (
            "",
            Node(
                "aws:bedrock/agentcoreResourcePolicy:AgentcoreResourcePolicy",
                {
                    "resourceArn": f"{RUNTIME}evolution_prod-abcdefghij",
                    "policy": document(
                        {
                            "Effect": "Allow",
                            "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
                            "Action": "bedrock-agentcore:InvokeAgentRuntime",
                            "Resource": f"{RUNTIME}evolution_prod-abcdefghij",
                        }
                    ),
                },
            ),
            ONLY_GATEWAY,
        ),
    ),
    *on(
        "agentcore-gateway",
        ("authorizerType", "CUSTOM_JWT", CALLERS),
        ("interceptorConfigurations", [{"interceptor": {"lambda": {"arn": "arn:aws:lambda:us-east-1:999999999999:function:x"}}}], CALLERS),
    ),
    *on(
        "agentcore-gateway-target",
        ("credentialProviderConfiguration.oauth", {"providerArn": "x"}, "agentcore/gateway-target"),
        ("credentialProviderConfiguration.callerIamCredentials", {}, "agentcore/gateway-target"),
        ("metadataConfiguration", {"allowedRequestHeaders": ["Authorization"]}, "agentcore/gateway-target"),
        ("targetConfiguration.mcp", {"mcpServer": {"endpoint": ELSEWHERE}}, LEADS),
        ("targetConfiguration.http.agentcoreRuntime.arn", f"{RUNTIME}other-0123456789", LEADS),
        ("privateEndpoint", {"selfManagedLatticeResource": {"resourceConfigurationIdentifier": "x"}}, LEADS),
    ),
    *on(
        "agentcore-runtime",
        ("authorizerConfiguration", {"customJwtAuthorizer": {"discoveryUrl": ELSEWHERE}}, CALLERS),
        ("requestHeaderConfiguration", {"requestHeaderAllowlists": ["Authorization"]}, CALLERS),
        ("agentRuntimeArtifact", {"codeConfiguration": {"code": {"s3": {"bucket": "x", "prefix": "y"}}}}, "workload/own-repository"),
        (
            "agentRuntimeArtifact.containerConfiguration.containerUri",
            f"999999999999.dkr.ecr.us-east-1.amazonaws.com/evolution-engine-prod@sha256:{'0' * 64}",
            "workload/own-repository",
        ),
        ("networkConfiguration.networkModeConfig.securityGroups", [], "agentcore/private-network"),
    ),
    *on(
        "agentcore-handler",
        ("environment.variables.AGENTCORE_GATEWAY_URL", ELSEWHERE, CALLERS),
        ("layers", ["arn:aws:lambda:us-east-1:999999999999:layer:x:1"], "workload/function-form"),
    ),
    *on(
        "agentcore-gateway-role-grants",
        ("policy.Statement.0.Action", ["bedrock-agentcore:InvokeAgentRuntimeCommand"], "containment/grants"),
        ("policy.Statement.0.Action", ["bedrock-agentcore:InvokeAgentRuntimeCommandShell"], "containment/grants"),
    ),
    *on(
        "agentcore-handler-role-grants",
        ("policy.Statement.1.Action", ["bedrock-agentcore:InvokeAgentRuntime"], "containment/grants", "identity/resource-fits"),
        *(
            ("policy.Statement.1.Action", [f"bedrock-agentcore:{name}"], "identity/no-escalation", "containment/grants")
            for name in ("GatewayDisassociateWebACL", "GatewayAssociateWebACL", "PutResourcePolicy", "UpdateGateway")
        ),
    ),
    *on(
        "agentcore-runtime-role-grants",
        ("policy.Statement.7.Action", ["ssm:GetParameter", "ssm:PutParameter"], "containment/grants"),
        ("policy.Statement.10.Resource", f"{PROFILES}us.amazon.nova-pro-v1:0", MODEL),
        ("policy.Statement.10.Resource", f"{PROFILES}us.anthropic.claude-opus-4-6-v1", MODEL),
        ("policy.Statement.11.Resource", "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-pro-v1:0", MODEL),
        ("policy.Statement.11.Condition", GONE, MODEL),
        ("policy.Statement.11.Condition", {"StringLike": {"bedrock:InferenceProfileArn": "*"}}, MODEL),
        ("policy.Statement.10.Condition", GONE, MODEL),
        ("policy.Statement.10.Condition.StringLike", {"bedrock:GuardrailIdentifier": "*"}, MODEL),
        ("policy.Statement.10.Condition.StringLike", {"bedrock:GuardrailIdentifier": DRAFT}, MODEL),
    ),
    *on("agentcore-boundary", ("policy.Statement.15.Resource", f"{PROFILES}us.amazon.nova-pro-v1:0", MODEL)),
    *on(
        "security-key",
        ("policy.Statement.10.Condition", {"ArnLike": {"aws:PrincipalArn": f"{ROLE}*"}}, "identity/key-breadth"),
        ("policy.Statement.10.Condition", {"StringLike": {"kms:ViaService": "*.amazonaws.com"}}, "identity/key-breadth"),
    ),
    *on("agentcore-gateway-logs-source", ("logType", "TRACES", "agentcore/log-delivery")),
    *on(
        "agentcore-guardrail",
        ("contentPolicyConfig.filtersConfigs.0.inputModalities", ["IMAGE"], "agentcore/guardrail-prompt-attack"),
        ("contentPolicyConfig.filtersConfigs.0.inputEnabled", False, "agentcore/guardrail-prompt-attack"),
    ),
    *on(
        "monitoring-web-acl-blocked",
        ("threshold", 1_000_000, BLOCKED),
        ("dimensions.WebACL", "other", BLOCKED),
        ("dimensions.Rule", "RateLimit", BLOCKED),
        ("dimensions.Region", "eu-west-1", BLOCKED),
        ("statistic", "Minimum", BLOCKED),
        ("comparisonOperator", "LessThanThreshold", BLOCKED),
        ("evaluationPeriods", 200, BLOCKED),
        ("period", 86400, BLOCKED),
        ("metricName", UNKNOWN, BLOCKED),
        ("actionsEnabled", False, "alarms/actions"),
    ),
)
