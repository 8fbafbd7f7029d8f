"""Edits that add a second agent, a tool of agents, or a record of models to the complete stack: what each must be wherever it stands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.policy.builders import TAGS, UNKNOWN, Node, Nodes, document
from tests.policy.complete import ROLE_ARN, only_handler
from tests.policy.edits import Edit, adding, both, referring, setting, without
from tests.policy.samples import ACCOUNT

BEDROCK = "aws:bedrock/"
PRIVATE = {"networkMode": "VPC", "vpcConfig": {"subnets": [UNKNOWN], "securityGroups": [UNKNOWN]}}
FILTERS = "contentPolicyConfig.filtersConfigs"
HARM = "agentcore/guardrail-harm"


def adds(kind: str, **props: Any) -> Edit:
    """A resource that AWS makes an agent, a tool or a setting of."""
    tags = {} if kind in ("agentDataSource:AgentDataSource", "agentcorePolicy:AgentcorePolicy") else {"tagsAll": TAGS}
    return adding("more", Node(f"{BEDROCK}{kind}", {**props, **tags}))


def browser(**props: Any) -> Edit:
    recording = {"enabled": True, "s3Location": {"bucket": UNKNOWN}}
    return adds("agentcoreBrowser:AgentcoreBrowser", **{"networkConfiguration": PRIVATE, "recording": recording, **props})


def interpreter(mode: str) -> Edit:
    return adds("agentcoreCodeInterpreter:AgentcoreCodeInterpreter", networkConfiguration={**PRIVATE, "networkMode": mode})


def harness(environments: Any) -> Edit:
    return adds("agentcoreHarness:AgentcoreHarness", environments=environments)


def agent(guardrails: Any, key: Any = UNKNOWN) -> Edit:
    return adds("agentAgent:AgentAgent", guardrailConfigurations=guardrails, customerEncryptionKeyArn=key)


def oauth(vendor: str, **config: Any) -> Edit:
    return adds("agentcoreOauth2CredentialProvider:AgentcoreOauth2CredentialProvider", oauth2ProviderConfig={vendor: config})


GROUP, BUCKET = "/evolution/prod/prompts", "evolution-artifacts-prod-123456789012-us-east-1"
MASKS: Mapping[str, Any] = {
    "Sid": "mask",
    "DataIdentifier": ["arn:aws:dataprotection::aws:data-identifier/EmailAddress"],
    "Operation": {"Deidentify": {"MaskConfig": {}}},
}


def logs(config: Any, masks: Mapping[str, Any] | None = MASKS, sources: tuple[str, ...] = ("gateway-role",)) -> Edit:
    """Bedrock's record of what models are asked, its group, and what masks it."""
    group = Node(
        "aws:cloudwatch/logGroup:LogGroup",
        {"name": GROUP, "kmsKeyId": UNKNOWN, "retentionInDays": 365.0, "tagsAll": TAGS},
        {"kmsKeyId": ["key"]},
    )
    kind = "aws:bedrockmodel/invocationLoggingConfiguration:InvocationLoggingConfiguration"
    logging = Node(kind, {"loggingConfig": config}, {"loggingConfig": [*sources]})
    more: Nodes = {"prompts": group, "model-log": logging}
    if masks is not None:
        policy = {"logGroupName": GROUP, "policyDocument": document(dict(masks))}
        more["prompts-masked"] = Node("aws:cloudwatch/logDataProtectionPolicy:LogDataProtectionPolicy", policy)
    return lambda nodes: nodes.update(more)


def to(group: Any = GROUP, **more: Any) -> dict[str, Any]:
    return {"cloudwatchConfig": {"logGroupName": group, "roleArn": UNKNOWN}, **more}


def admits(principal: Any) -> Edit:
    """Let the gateway's policy admit somebody."""
    return setting("gateway-policy", "policy", only_handler(principal))


ONLY_HANDLER = "agentcore/only-handler"
WRONG_ROLE = {ONLY_HANDLER, "identity/trust-service", "workload/failures-granted", "containment/resource-policies"}
ROOT = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}

EDITS: list[tuple[str, Edit, set[str]]] = [
    # The gateway's own policy.
    ("nobody says who may invoke the gateway", without("gateway-policy"), {ONLY_HANDLER}),
    ("the account may invoke the gateway", admits(ROOT), {ONLY_HANDLER}),
    ("anybody may invoke the gateway", admits("*"), {ONLY_HANDLER, "identity/no-public-access"}),
    ("the gateway may invoke itself", admits({"AWS": ROLE_ARN}), {ONLY_HANDLER}),
    ("the policy is another's", referring("gateway-policy", "resourceArn", "topic"), {ONLY_HANDLER}),
    ("the handler has another role", referring("handler", "role", "gateway-role"), WRONG_ROLE),
    # Browsers, interpreters, harnesses.
    ("a private, recorded browser", browser(), set()),
    ("a public browser", browser(networkConfiguration={"networkMode": "PUBLIC"}), {"agentcore/private-network"}),
    ("a browser that nobody records", browser(recording=None), {"agentcore/browser-recorded"}),
    ("a browser whose recording is off", browser(recording={"enabled": False}), {"agentcore/browser-recorded"}),
    ("a browser whose records go nowhere", browser(recording={"enabled": True}), {"agentcore/browser-recorded"}),
    ("a private interpreter", interpreter("VPC"), set()),
    ("a public interpreter", interpreter("PUBLIC"), {"agentcore/private-network"}),
    ("an interpreter in a sandbox", interpreter("SANDBOX"), {"agentcore/private-network"}),
    ("a private harness", harness([{"agentcoreRuntimeEnvironment": {"networkConfiguration": {"networkMode": "VPC"}}}]), set()),
    (
        "a public harness",
        harness([{"agentcoreRuntimeEnvironment": {"networkConfiguration": {"networkMode": "PUBLIC"}}}]),
        {"agentcore/private-network"},
    ),
    ("a harness that says nothing of its network", harness(None), {"agentcore/private-network"}),
    # Bedrock's own agents.
    ("a guarded agent", agent([{"guardrailIdentifier": UNKNOWN, "guardrailVersion": UNKNOWN}]), set()),
    ("an agent without a guardrail", agent(None), {"agentcore/agent-guardrail"}),
    ("an agent with a draft", agent([{"guardrailIdentifier": UNKNOWN, "guardrailVersion": "DRAFT"}]), {"agentcore/agent-guardrail"}),
    ("an agent without a version", agent([{"guardrailIdentifier": UNKNOWN}]), {"agentcore/agent-guardrail"}),
    (
        "an agent under AWS's key",
        agent([{"guardrailIdentifier": UNKNOWN, "guardrailVersion": "1"}], None),
        {"encryption/bedrock-cmk"},
    ),
    ("a data source under AWS's key", adds("agentDataSource:AgentDataSource", name="x"), {"encryption/bedrock-cmk"}),
    ("policies under AWS's key", adds("agentcorePolicyEngine:AgentcorePolicyEngine", name="x"), {"encryption/policy-engine-cmk"}),
    # Credentials.
    (
        "a key that is written down",
        adds("agentcoreApiKeyCredentialProvider:AgentcoreApiKeyCredentialProvider", name="x", apiKey="hunter2"),
        {"agentcore/credential-provider"},
    ),
    (
        "a key that may be kept",
        adds("agentcoreApiKeyCredentialProvider:AgentcoreApiKeyCredentialProvider", name="x", apiKey=UNKNOWN),
        {"agentcore/credential-provider"},
    ),
    (
        "a key that isn't kept",
        adds("agentcoreApiKeyCredentialProvider:AgentcoreApiKeyCredentialProvider", name="x", apiKeyWo="hunter2", apiKeyWoVersion=1.0),
        set(),
    ),
    (
        "a client's secret",
        oauth("githubOauth2ProviderConfig", clientId="x", clientSecret="hunter2"),
        {"agentcore/credential-provider"},
    ),
    ("a client's secret in Secrets Manager", oauth("githubOauth2ProviderConfig", clientSecretSource="EXTERNAL"), set()),
    (
        "clients that can't be known",
        adds("agentcoreOauth2CredentialProvider:AgentcoreOauth2CredentialProvider", oauth2ProviderConfig=UNKNOWN),
        {"agentcore/credential-provider"},
    ),
    # The runtime's network.
    (
        "AgentCore's own way to S3",
        setting("runtime", "networkConfiguration.networkModeConfig.requireServiceS3Endpoint", True),
        {"agentcore/service-endpoint"},
    ),
    (
        "no way of AgentCore's own to S3",
        setting("runtime", "networkConfiguration.networkModeConfig.requireServiceS3Endpoint", False),
        set(),
    ),
    # The record of prompts.
    ("prompts are recorded", logs(to()), set()),
    ("prompts are recorded here", logs(to(UNKNOWN), sources=("prompts", "gateway-role")), set()),
    ("text is left out", logs(to(textDataDeliveryEnabled=False)), {"agentcore/model-log"}),
    ("text may be left out", logs(to(textDataDeliveryEnabled=UNKNOWN)), {"agentcore/model-log"}),
    ("prompts go nowhere", logs({"textDataDeliveryEnabled": True}), {"agentcore/model-log"}),
    ("prompts go to another's group", logs(to("/another/prompts")), {"agentcore/model-log"}),
    ("prompts go to another's bucket", logs({"s3Config": {"bucketName": "another"}}), {"agentcore/model-log"}),
    ("prompts go to an own bucket", logs({"s3Config": {"bucketName": UNKNOWN}}, sources=("artifacts",)), set()),
    (
        "long prompts go to another's bucket",
        logs({"cloudwatchConfig": {"logGroupName": GROUP, "largeDataDeliveryS3Config": {"bucketName": "another"}}}),
        {"agentcore/model-log"},
    ),
    ("what is recorded can't be known", logs(UNKNOWN), {"agentcore/model-log"}),
    ("prompts are in clear", logs(to(), None), {"agentcore/model-log-masked"}),
    ("prompts are only counted", logs(to(), {**MASKS, "Operation": {"Audit": {}}}), {"agentcore/model-log-masked"}),
    ("nothing is masked", logs(to(), {**MASKS, "DataIdentifier": []}), {"agentcore/model-log-masked"}),
    ("prompts are not encrypted", both(logs(to()), setting("prompts", "kmsKeyId", None)), {"encryption/log-group-cmk"}),
    # The guardrail's floor.
    (
        "prompt attacks are half stopped",
        setting("guardrail", f"{FILTERS}.0.inputStrength", "MEDIUM"),
        {"agentcore/guardrail-prompt-attack"},
    ),
    ("hate passes", setting("guardrail", f"{FILTERS}.1.type", "VIOLENCE"), {HARM}),
    ("insults mostly pass", setting("guardrail", f"{FILTERS}.2.inputStrength", "LOW"), {HARM}),
    ("answers misconduct", setting("guardrail", f"{FILTERS}.3.outputStrength", "NONE"), {HARM}),
    ("harm is counted", setting("guardrail", f"{FILTERS}.4.inputAction", "NONE"), {HARM}),
    ("harm in answers is not looked for", setting("guardrail", f"{FILTERS}.5.outputEnabled", False), {HARM}),
]
