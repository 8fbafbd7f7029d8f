"""Edits of the complete stack: what the plan has no place for, and forms that it doesn't use."""

from __future__ import annotations

from typing import Any

from tests.policy.builders import TAGS, UNKNOWN, Node, Nodes
from tests.policy.complete_agents import ROLE_ARN, RUNTIME_ARN, only
from tests.policy.edits import Edit, adding, both, referring, setting, without
from tests.policy.samples import ACCOUNT, DIGEST


def removing(name: str, key: str) -> Edit:
    """Remove a property and what it comes from."""

    def edit(nodes: Nodes) -> None:
        nodes[name].props.pop(key)
        nodes[name].references.pop(key, None)

    return edit


def admitting(principal: Any) -> Edit:
    """Let the runtime's resource policy admit somebody."""
    return setting("runtime-policy", "policy", only(RUNTIME_ARN, principal))


VARIABLES = "environment.variables"
FILTERS = "contentPolicyConfig.filtersConfigs"
CALLERS = {"agentcore/gateway-authorizer", "agentcore/gateway-callers"}

EDITS: list[tuple[str, Edit, set[str]]] = [
    # Encryption.
    ("the guardrail has no key", removing("guardrail", "kmsKeyArn"), {"encryption/guardrail-cmk"}),
    ("the gateway has no key", removing("gateway", "kmsKeyArn"), {"encryption/gateway-cmk"}),
    ("the agents' memory has no key", removing("memory-of-agents", "encryptionKeyArn"), {"encryption/memory-cmk"}),
    ("the guardrail's key is a topic", referring("guardrail", "kmsKeyArn", "topic"), {"encryption/key-reference"}),
    # Functions.
    ("a function loses events", removing("switch", "deadLetterConfig"), {"workload/function-failures"}),
    ("a function's queue is a role", referring("switch", "deadLetterConfig", "role"), {"workload/function-failures"}),
    (
        "an image by tag",
        both(setting("switch", "packageType", "Image"), setting("switch", "imageUri", "a/engine:latest")),
        {"containment/switch-settings", "workload/image-by-digest", "workload/own-repository"},
    ),
    # What they are told.
    (
        "the handler's autonomy is higher",
        setting("handler", f"{VARIABLES}.AUTONOMY_LEVEL", "95"),
        {"environment/function-limits", "environment/table-equality"},
    ),
    ("the handler's autonomy is not the table's", setting("handler", f"{VARIABLES}.AUTONOMY_LEVEL", "80"), {"environment/table-equality"}),
    (
        "the handler's memory is higher",
        setting("handler", f"{VARIABLES}.AGENT_MEMORY_LIMIT", "8192"),
        {"environment/function-limits", "environment/table-equality"},
    ),
    ("the handler is not safe", setting("handler", f"{VARIABLES}.EVOLUTION_SAFETY_ENABLED", "false"), {"environment/function-limits"}),
    (
        "the handler's bound is unknown",
        setting("handler", f"{VARIABLES}.AGENT_MEMORY_LIMIT", UNKNOWN),
        {"environment/function-limits", "environment/table-equality"},
    ),
    (
        "no function is the handler",
        both(without("handler"), without("handler-errors")),
        {"environment/handler-bounded", "environment/functions-told", "agentcore/only-handler"},
    ),
    (
        "the variables are unknown",
        setting("archiver", VARIABLES, UNKNOWN),
        {"environment/readable"},
    ),
    (
        "the runtime's memory is higher",
        setting("runtime", "environmentVariables.AGENT_MEMORY_LIMIT", "8192"),
        {"environment/runtime-limits", "environment/table-equality"},
    ),
    ("what the runtime is told is unknown", setting("runtime", "environmentVariables", UNKNOWN), {"environment/readable"}),
    (
        "the runtime is told nothing",
        setting("runtime", "environmentVariables", {}),
        {"environment/handler-bounded", "environment/functions-told"},
    ),
    (
        "what the secret holds is told in each message",
        both(
            setting("secret-value", "secretStringWo", "correct-horse-battery"),
            setting("score", "alarmDescription", "correct-horse-battery"),
        ),
        {"environment/secret-repeated"},
    ),
    # Alarms.
    ("a surge of blocked requests is unseen", without("blocked"), {"alarms/blocked-requests"}),
    ("there is no switch", both(*map(without, ("switch", "switch-errors"))), {"alarms/switch", "environment/functions-told"}),
    # Network.
    (
        "the function has a public address",
        adding("url", Node("aws:lambda/functionUrl:FunctionUrl", {"authorizationType": "NONE"})),
        {"network/no-public-function"},
    ),
    (
        "the load balancer is public",
        adding("web", Node("aws:lb/loadBalancer:LoadBalancer", {"tagsAll": TAGS})),
        {"network/no-public-load-balancer"},
    ),
    # AgentCore.
    ("anybody may ask the gateway", setting("gateway", "authorizerType", "NONE"), CALLERS),
    ("who may ask is unknown", setting("gateway", "authorizerType", UNKNOWN), CALLERS),
    ("the gateway shows its errors", setting("gateway", "exceptionLevel", "DEBUG"), {"agentcore/gateway-authorizer"}),
    ("the gateway keeps no logs", without("gateway-logs"), {"agentcore/log-delivery"}),
    (
        "the gateway has no web ACL",
        without("acl-association"),
        {
            "agentcore/web-acl-association",
        },
    ),
    ("the association is to something else", referring("acl-association", "resourceArn", "topic"), {"agentcore/web-acl-association"}),
    (
        "the target uses a key",
        setting("gateway-target", "credentialProviderConfiguration", {"apiKey": {"providerArn": UNKNOWN}}),
        {"agentcore/gateway-target"},
    ),
    ("the target is elsewhere", referring("gateway-target", "targetConfiguration", "topic"), {"agentcore/gateway-leads-to-runtime"}),
    ("the runtime is public", setting("runtime", "networkConfiguration.networkMode", "PUBLIC"), {"agentcore/private-network"}),
    (
        "the runtime's image is a tag",
        setting(
            "runtime",
            "agentRuntimeArtifact.containerConfiguration.containerUri",
            f"{ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com/engine:latest",
        ),
        {"workload/image-by-digest"},
    ),
    (
        "the runtime's image is a stranger's",
        setting("runtime", "agentRuntimeArtifact.containerConfiguration.containerUri", f"public.ecr.aws/x/engine@{DIGEST}"),
        {"workload/own-repository"},
    ),
    ("sessions never end", setting("runtime", "lifecycleConfigurations.0.maxLifetime", None), {"agentcore/runtime-lifecycle"}),
    (
        "idle sessions live on",
        setting("runtime", "lifecycleConfigurations.0.idleRuntimeSessionTimeout", 28800),
        {"agentcore/runtime-lifecycle"},
    ),
    ("the endpoint is another's", referring("runtime-endpoint", "agentRuntimeId", "gateway"), {"agentcore/runtime-endpoint"}),
    ("nobody says who may invoke", without("runtime-policy"), {"agentcore/only-gateway"}),
    ("the account may invoke", admitting({"AWS": f"arn:aws:iam::{ACCOUNT}:root"}), {"agentcore/only-gateway"}),
    (
        "anybody may invoke the runtime",
        admitting("*"),
        {"agentcore/only-gateway", "containment/resource-policies", "identity/no-public-access"},
    ),
    (
        "another role may invoke too",
        admitting({"AWS": [ROLE_ARN, f"arn:aws:iam::{ACCOUNT}:role/other"]}),
        {"agentcore/only-gateway", "containment/resource-policies"},
    ),
    (
        "a service may invoke too",
        admitting({"AWS": ROLE_ARN, "Service": "lambda.amazonaws.com"}),
        {"agentcore/only-gateway", "identity/confused-deputy", "containment/resource-policies"},
    ),
    (
        "who may invoke the runtime is unknown",
        setting("runtime-policy", "policy", UNKNOWN),
        {"identity/document"},
    ),
    # Guardrail and model.
    (
        "prompt attacks pass",
        setting("guardrail", f"{FILTERS}.0.type", "HATE"),
        {"agentcore/guardrail-prompt-attack", "agentcore/guardrail-harm"},
    ),
    ("prompt attacks mostly pass", setting("guardrail", f"{FILTERS}.0.inputStrength", "LOW"), {"agentcore/guardrail-prompt-attack"}),
    ("prompt attacks are counted", setting("guardrail", f"{FILTERS}.0.inputAction", "NONE"), {"agentcore/guardrail-prompt-attack"}),
    ("prompt attacks are not looked for", setting("guardrail", f"{FILTERS}.0.inputEnabled", False), {"agentcore/guardrail-prompt-attack"}),
    ("filters are unknown", setting("guardrail", FILTERS, UNKNOWN), {"agentcore/guardrail-prompt-attack"}),
    ("personal data passes", removing("guardrail", "sensitiveInformationPolicyConfig"), {"agentcore/guardrail-sensitive-information"}),
    (
        "personal data is counted",
        setting("guardrail", "sensitiveInformationPolicyConfig.piiEntitiesConfigs.0.action", "NONE"),
        {"agentcore/guardrail-sensitive-information"},
    ),
    (
        "personal data in prompts passes",
        setting("guardrail", "sensitiveInformationPolicyConfig.piiEntitiesConfigs.0.inputEnabled", False),
        {"agentcore/guardrail-sensitive-information"},
    ),
    ("a body of any size passes", setting("acl", "rules.4.action", {"count": {}}), {"agentcore/web-acl-body"}),
    ("every topic passes", setting("guardrail", "topicPolicyConfig.topicsConfigs", []), {"agentcore/guardrail-denied-topics"}),
    ("topics are unknown", setting("guardrail", "topicPolicyConfig.topicsConfigs", UNKNOWN), {"agentcore/guardrail-denied-topics"}),
    (
        "answers may be made up",
        setting("guardrail", "contextualGroundingPolicyConfig.filtersConfigs.0.threshold", 0.1),
        {"agentcore/guardrail-grounding"},
    ),
    ("answers are not looked at", removing("guardrail", "contextualGroundingPolicyConfig"), {"agentcore/guardrail-grounding"}),
    ("the guardrail is not pinned", without("guardrail-version"), {"agentcore/guardrail", "agentcore/guardrail-used"}),
    (
        "there is no guardrail",
        both(without("guardrail"), without("guardrail-version")),
        {"agentcore/guardrail", "agentcore/guardrail-used"},
    ),
    ("the handler uses the draft", setting("handler", f"{VARIABLES}.BEDROCK_GUARDRAIL_VERSION", "DRAFT"), {"agentcore/guardrail-used"}),
    ("the handler uses no guardrail", setting("handler", f"{VARIABLES}.BEDROCK_GUARDRAIL_ID", None), {"agentcore/guardrail-used"}),
    ("the runtime uses another guardrail", referring("runtime", "environmentVariables", "topic"), {"agentcore/guardrail-used"}),
    (
        "the model is another",
        setting("handler", f"{VARIABLES}.BEDROCK_MODEL_ID", "us.meta.llama3-1-8b-instruct-v1:0"),
        {"agentcore/model", "environment/table-equality"},
    ),
    (
        "the model has no profile",
        setting("handler", f"{VARIABLES}.BEDROCK_MODEL_ID", "anthropic.claude-sonnet-4-6"),
        {"agentcore/model", "environment/table-equality"},
    ),
    (
        "the model has ended",
        setting("runtime", "environmentVariables.BEDROCK_MODEL_ID", "us.anthropic.claude-3-sonnet-20240229-v1:0"),
        {"agentcore/model", "environment/table-equality"},
    ),
    # Tags.
    ("tags are unknown", setting("archiver", "tagsAll", UNKNOWN), {"governance/tags"}),
]
