"""Policy documents of what asks models: the AgentCore runtime, the gateway in front of it, and the handler. Pure, like `iam.py`."""

from __future__ import annotations

from components.guardrail_tier import PROFILE_REGIONS, tier
from components.iam import (
    Condition,
    Statement,
    allow,
    allow_key,
    document,
    encrypt_logs,
    our_tags,
    publish,
    read_mode,
    see_key_of_logs,
    trust,
    use_key,
)
from components.naming import AGENT_ENDPOINT, PARTITION, Names

AGENTCORE = "bedrock-agentcore.amazonaws.com"

AGENT_NAMESPACE = "bedrock-agentcore"
"""The CloudWatch namespace in which AgentCore's runtimes publish. Source: AgentCore developer guide, "IAM Permissions for AgentCore
Runtime"."""

BEDROCK = "bedrock.amazonaws.com"

PROMPT_LOG_STREAM = "aws/bedrock/modelinvocations"
"""The one stream of the record; Bedrock fixes its name. Source: Bedrock user guide, "Monitor model invocation using CloudWatch Logs and
Amazon S3"."""

DEFAULT_ENDPOINT = "DEFAULT"
"""AgentCore gives every runtime this endpoint, and it can't be removed."""

INVOCATIONS = (
    "bedrock-agentcore:InvokeAgentRuntime",
    "bedrock-agentcore:InvokeAgentRuntimeCommand",
    "bedrock-agentcore:InvokeAgentRuntimeCommandShell",
    "bedrock-agentcore:InvokeAgentRuntimeForUser",
    "bedrock-agentcore:InvokeAgentRuntimeWithWebSocketStream",
    "bedrock-agentcore:InvokeAgentRuntimeWithWebSocketStreamForUser",
)
"""Every way to reach an agent, a shell with its credentials among them. Sources: Service Authorization Reference, Amazon Bedrock AgentCore;
AgentCore developer guide, "Interactive Shells (Terminals)"."""

INVOKE_GATEWAY = "bedrock-agentcore:InvokeGateway"
"""The only way to reach a gateway, and all that its policy can be about. Source: AgentCore developer guide, "Resource-based policies for
Amazon Bedrock AgentCore", Gateway actions."""

MODEL_REGIONS: dict[str, tuple[str, ...]] = {
    "us": ("us-east-1", "us-east-2", "us-west-2"),
    "eu": ("eu-central-1", "eu-north-1", "eu-south-1", "eu-south-2", "eu-west-1", "eu-west-3"),
    "jp": ("ap-northeast-1", "ap-northeast-3"),
    "au": ("ap-southeast-2", "ap-southeast-4"),
    "apac": (
        "ap-northeast-1",
        "ap-northeast-2",
        "ap-northeast-3",
        "ap-south-1",
        "ap-south-2",
        "ap-southeast-1",
        "ap-southeast-2",
        "ap-southeast-4",
    ),
}
"""Where an inference profile sends requests, by its geography. Source: Bedrock user guide, "Supported Regions and models for inference
profiles"."""


def gateway_trust(names: Names) -> str:
    """Of the gateway, by its name: AgentCore makes the rest of its ARN when it is created, and wants the role before.

    Source: AgentCore developer guide, "Set up permissions for AgentCore Gateway", AgentCore Gateway service role permissions.
    """
    return trust(AGENTCORE, account=names.account, source_arn=names.gateway_arn)


def runtime_trust(names: Names) -> str:
    """Of the runtime and what is under it, by its name, as with the gateway.

    Source: AgentCore developer guide, "IAM Permissions for AgentCore Runtime", trust policy, narrowed to the one runtime.
    """
    return trust(AGENTCORE, account=names.account, source_arn=names.arn("bedrock-agentcore", f"runtime/{names.agent_runtime}-*"))


def prompt_log_trust(names: Names) -> str:
    """Of this account's Bedrock. Source: Bedrock user guide, "Monitor model invocation using CloudWatch Logs and Amazon S3"."""
    return trust(BEDROCK, account=names.account, source_arn=names.arn("bedrock", "*"))


def prompt_log_grants(names: Names) -> tuple[Statement, ...]:
    """What Bedrock needs to record prompts and answers in the one group."""
    stream = f"{names.log_group_arn(names.prompt_log_group)}:log-stream:{PROMPT_LOG_STREAM}"
    return (
        allow("WritePrompts", ["logs:CreateLogStream", "logs:PutLogEvents"], stream),
        *encrypt_logs(names, names.prompt_log_group),
    )


def model_arns(names: Names, model_id: str) -> list[str]:
    """The foundation model behind an inference profile, in every region that the profile may send a request to.

    Args:
        model_id: an inference profile, such as `us.anthropic.claude-sonnet-4-6`. A `global` one names no region beside its own.
    """
    geography, _, model = model_id.partition(".")
    regions = MODEL_REGIONS.get(geography, (names.region, ""))
    return [f"arn:{PARTITION}:bedrock:{region}::foundation-model/{model}" for region in regions]


def model_grants(names: Names, model_id: str) -> tuple[Statement, ...]:
    """To ask the one model, through its profile and the stack's guardrail. Converse is authorised as InvokeModel."""
    profile = names.arn("bedrock", f"inference-profile/{model_id}")
    # A call that names no guardrail, or a draft, is refused; which one it may name, the next statement says.
    # Source: Bedrock user guide, "Set up permissions to enforce the use of a guardrail".
    guarded: Condition = {"StringLike": {"bedrock:GuardrailIdentifier": f"{names.any_guardrail_arn}:*"}}
    return (
        allow("AskProfile", ["bedrock:InvokeModel"], profile, condition=guarded),
        allow(
            "AskModelThroughProfile",
            ["bedrock:InvokeModel"],
            model_arns(names, model_id),
            condition={**guarded, "StringEquals": {"bedrock:InferenceProfileArn": profile}},
        ),
        allow("ApplyGuardrail", ["bedrock:ApplyGuardrail"], names.any_guardrail_arn, condition=our_tags(names)),
        *_judged_elsewhere(names, model_id),
    )


def _judged_elsewhere(names: Names, model_id: str) -> tuple[Statement, ...]:
    """To have the guardrail judge in each region that its profile names.

    Source: Bedrock user guide, "Permissions for using cross-Region inference with Amazon Bedrock Guardrails".
    """
    profile = tier(model_id, names.region).profile
    if profile is None:
        return ()
    regions = PROFILE_REGIONS[profile.partition(".")[0]]
    profiles = [f"arn:{PARTITION}:bedrock:{region}:{names.account}:guardrail-profile/{profile}" for region in regions]
    return (allow("ApplyGuardrailThere", ["bedrock:ApplyGuardrail"], profiles),)


def asking_grants(names: Names, model_id: str, *, through_gateway: bool) -> tuple[Statement, ...]:
    """What the handler needs beside what every function does: to ask the agents or, where there are none yet, the model."""
    ask = (allow("AskAgents", [INVOKE_GATEWAY], names.gateway_arn),) if through_gateway else model_grants(names, model_id)
    return (read_mode(names), *ask)


def runtime_grants(names: Names) -> tuple[Statement, ...]:
    """What AgentCore needs to run the container, and what the agent needs beside the model.

    Source: AgentCore developer guide, "IAM Permissions for AgentCore Runtime", narrowed to the one runtime.
    """
    directory = names.arn("bedrock-agentcore", "workload-identity-directory/default")
    return (
        allow("FindRegistry", ["ecr:GetAuthorizationToken"], "*"),
        allow("PullAgent", ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"], names.arn("ecr", f"repository/{names.repository}")),
        allow("FindLogGroups", ["logs:DescribeLogGroups"], "*"),
        allow(
            "WriteAgentLogs",
            ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
            f"{names.log_group_arn(names.any_agent_log_group)}:*",
        ),
        allow(
            "TraceAgents",
            ["xray:GetSamplingRules", "xray:GetSamplingTargets", "xray:PutTelemetryRecords", "xray:PutTraceSegments"],
            "*",
        ),
        publish("PublishAgentMetrics", AGENT_NAMESPACE),
        allow(
            "IdentifyAgents",
            [
                "bedrock-agentcore:GetWorkloadAccessToken",
                "bedrock-agentcore:GetWorkloadAccessTokenForJWT",
                "bedrock-agentcore:GetWorkloadAccessTokenForUserId",
            ],
            [directory, f"{directory}/workload-identity/{names.agent_runtime}-*"],
        ),
        read_mode(names),
        use_key(names),
        see_key_of_logs(names),
    )


def gateway_grants(names: Names) -> tuple[Statement, ...]:
    """What the gateway needs: to ask the one runtime and whether it may, and to encrypt what it is told of its target."""
    return (
        allow(
            "AskRuntime",
            ["bedrock-agentcore:InvokeAgentRuntime"],
            [names.agent_runtime_arn, f"{names.agent_runtime_arn}/runtime-endpoint/{AGENT_ENDPOINT}"],
        ),
        # Source: AgentCore developer guide, "AgentCore Gateway and Policy in AgentCore IAM Permissions", Gateway Execution Role.
        allow("FindPolicies", ["bedrock-agentcore:GetPolicyEngine"], names.policy_engine_arn),
        allow(
            "AskPolicies",
            ["bedrock-agentcore:AuthorizeAction", "bedrock-agentcore:PartiallyAuthorizeActions"],
            [names.gateway_arn, names.policy_engine_arn],
        ),
        use_key(names),
        allow_key(names, "SeeKey", ["kms:DescribeKey"]),
        allow_key(names, "LetGatewayUseKey", ["kms:CreateGrant"], gateway_key_grants(names)),
    )


def gateway_key_grants(names: Names) -> Condition:
    """When the gateway's role may let AgentCore use the key.

    Source: AgentCore developer guide, "Encrypt your AgentCore gateway with a customer-managed KMS key".
    """
    return {
        "StringEquals": {
            "kms:ViaService": f"bedrock-agentcore.{names.region}.amazonaws.com",
            "kms:GrantConstraintType": "EncryptionContextSubset",
        },
        "ForAllValues:StringEquals": {"kms:GrantOperations": ["Decrypt", "GenerateDataKey"]},
    }


def only_gateway(names: Names, arn: str) -> str:
    """The policy of a runtime or of one of its endpoints: the gateway's role may invoke it, and nobody else, whatever a role is granted."""
    return _only(arn, "Gateway", names.role_arn(names.gateway_role), INVOCATIONS, {})


def only_handler(names: Names, arn: str) -> str:
    """The policy of the gateway: the handler's role may invoke it, and nobody else, whatever a role is granted.

    Whoever makes or changes a Cedar policy has AgentCore call the gateway on their behalf, to compare the policy with what can be asked
    there. Such a call invokes no agent. Source: AgentCore developer guide, "AgentCore Gateway and Policy in AgentCore IAM Permissions", on
    InvokeGateway.
    """
    by_hand: Condition = {"Bool": {"aws:ViaAWSService": "false"}}
    return _only(arn, "Handler", names.role_arn(names.handler_role), (INVOKE_GATEWAY,), by_hand)


def _only(arn: str, who: str, role: str, invocations: tuple[str, ...], under: Condition) -> str:
    """One role may do the first of these actions, and nobody else any of them: within an account, a grant in a role's own policy is enough
    unless the resource denies it.

    Args:
        arn: the very resource. AgentCore takes one resource a statement, and no pattern.
        under: a further condition of the denial.
    """
    others: Statement = {
        "Sid": "NobodyElseAsks",
        "Effect": "Deny",
        "Principal": "*",
        "Action": list(invocations),
        "Resource": arn,
        "Condition": {"ArnNotEquals": {"aws:PrincipalArn": role}, **under},
    }
    return document(allow(f"{who}Asks", [invocations[0]], arn, principal={"AWS": role}), others)
