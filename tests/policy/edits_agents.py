"""Edits that add a second agent, a tool of agents, or a record of models to the complete stack: what each must be wherever it stands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.policy.builders import TAGS, UNKNOWN, Node, Nodes, document, tagged
from tests.policy.complete_agents import (
    AGENT_LOGS,
    GATEWAY_ARN,
    MASKS,
    PROFILE,
    PROMPTS,
    ROLE_ARN,
    TRACED,
    only_handler,
    permit,
    recorded,
    role,
)
from tests.policy.edits import Edit, adding, both, referring, setting, without
from tests.policy.edits_complete import removing
from tests.policy.samples import ACCOUNT
from tests.policy.surroundings import asking

BEDROCK = "aws:bedrock/"
PRIVATE = {"networkMode": "VPC", "vpcConfig": {"subnets": [UNKNOWN], "securityGroups": [UNKNOWN]}}
FILTERS = "contentPolicyConfig.filtersConfigs"
JUDGES = "crossRegionConfig.guardrailProfileIdentifier"
HARM, TIER = "agentcore/guardrail-harm", "agentcore/guardrail-tier"


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


AGENTS_LOG = "agentcore/runtime-logs"


def moved(name: str) -> Edit:
    """The runtime's log group by a name that is written down."""

    def edit(nodes: Nodes) -> None:
        nodes["runtime-logs"].props["name"] = name
        nodes["runtime-logs"].references.pop("name")

    return edit


def logs(config: Any, masks: Mapping[str, Any] | None = MASKS, sources: tuple[str, ...] = ("prompts-role",)) -> Edit:
    """Another record of what models are asked."""
    return lambda nodes: nodes.update(tagged(recorded(config, masks, sources)))


def to(group: Any = PROMPTS, **more: Any) -> dict[str, Any]:
    return {"cloudwatchConfig": {"logGroupName": group, "roleArn": UNKNOWN}, **more}


def admits(principal: Any) -> Edit:
    """Let the gateway's policy admit somebody."""
    return setting("gateway-policy", "policy", only_handler(principal))


ENGINE, POLICIES, STATEMENT = "policyEngineConfiguration", "agentcore/policies", "definition.cedar.statement"
AUTONOMY, MEMORY = "context.input.autonomy_percent <= 85", "context.input.agent_memory_bytes <= 6656"
BOTH = f"{AUTONOMY} && {MEMORY}"
WIDER = (
    "permit(principal, action, resource);",
    permit("true"),
    permit(AUTONOMY),
    permit(MEMORY),
    permit(f"{AUTONOMY} || {MEMORY}"),
    permit(f"{BOTH} && !({MEMORY})"),
    permit(BOTH.replace("85", "86")),
    permit(BOTH.replace("<= 6656", "< 6658")),
    permit(BOTH.replace("<= 85", ">= 85")),
    permit(BOTH.replace("context.input.autonomy", "context.output.autonomy")),
    permit(f"// {BOTH}\n true"),
    permit(caller=f"arn:aws:sts::{ACCOUNT}:assumed-role/evolution-engine-prod-us-east-1"),
    permit(caller="arn:aws:sts::999999999999:assumed-role/evolution-agentcore-handler-prod-us-east-1"),
    permit(gateway=GATEWAY_ARN.replace("evolution-prod", "evolution-dev")),
    permit(action="other___POST:/invocations"),
    permit().replace("principal ==", "principal is AgentCore::IamEntity ||"),
    permit().replace(";", " unless { false };"),
    f"{permit()} permit(principal, action, resource);",
    "forbid(principal, action, resource) when { false }; permit(principal, action, resource);",
    "",
)
NARROWER = (
    permit(BOTH.replace("85", "50")),
    permit(f"{BOTH} && context.input has autonomy_percent && context.input.autonomy_percent >= 0"),
    permit(BOTH.replace("<= 85", "== 85").replace("<= 6656", "< 6657")),
    "forbid(principal, action, resource) when { context.input.autonomy_percent > 50 };",
)

MODEL_ENDPOINT, NAMES, KEPT = "network/model-endpoint", "network/name-list", "network/names-kept"
OTHER_MODEL = f"arn:aws:bedrock:us-east-1:{ACCOUNT}:inference-profile/us.anthropic.claude-opus-4-6-v1"
OURS = {"StringEquals": {"aws:PrincipalAccount": ACCOUNT}}


ENDPOINTS, AWS = "network/endpoints", "com.amazonaws.us-east-1"


def another(name: str) -> Edit:
    """Add a resource like another one."""
    return lambda nodes: nodes.update({"more": nodes[name]})


def through(**changed: Any) -> Edit:
    """Change what the endpoint lets through."""
    return setting("model-endpoint", "policy", document({**asking(OURS), **changed}))


def blocked(domains: Any, *lists: str) -> Edit:
    """Block names before all others are looked at."""
    rule = {"firewallRuleGroupId": UNKNOWN, "firewallDomainListId": UNKNOWN, "action": "BLOCK", "priority": 0.0}
    of = {"firewallRuleGroupId": ["name-group"], "firewallDomainListId": [*lists]}
    return both(
        adding("noisy", Node("aws:route53/resolverFirewallDomainList:ResolverFirewallDomainList", {"domains": domains, "tagsAll": TAGS})),
        adding("noisy-blocked", Node("aws:route53/resolverFirewallRule:ResolverFirewallRule", rule, of)),
    )


def grants(statement: dict[str, object]) -> Node:
    """A role of the stack's that may do it."""
    policy = document({key: value for key, value in statement.items() if key != "Principal"})
    return Node("aws:iam/rolePolicy:RolePolicy", {"role": UNKNOWN, "policy": policy}, {"role": ["runtime-role"]})


ONLY_HANDLER, OWN_ROLE, TRACES = "agentcore/only-handler", "agentcore/own-role", "agentcore/traces-delivered"
WRONG_ROLE = {ONLY_HANDLER, POLICIES, "identity/trust-service", "workload/failures-granted", "containment/resource-policies"}
ROOT = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}


def admitting(service: str = "delivery.logs.amazonaws.com", **changed: Any) -> Edit:
    """Let another policy say who sends traces to X-Ray."""
    return setting("gateway-traces-policy", "policyDocument", document({**TRACED, "Principal": {"Service": service}, **changed}))


def taken_on(name: str, source: Any, service: str = "bedrock-agentcore") -> Edit:
    """Let a role be taken on by what has such an ARN."""
    return lambda nodes: nodes[name].props.update(role("x", service, source).props | {"name": nodes[name].props["name"]})


EDITS: list[tuple[str, Edit, set[str]]] = [
    # Whose the roles are.
    ("any gateway may have the role", taken_on("gateway-role", "gateway/*"), {OWN_ROLE}),
    ("any runtime may have the role", taken_on("runtime-role", "*"), {OWN_ROLE}),
    ("another gateway may have the role", taken_on("gateway-role", "gateway/evolution-prod2-??????????"), {OWN_ROLE}),
    ("the runtime may have the gateway's role", taken_on("gateway-role", "runtime/evolution_prod-*"), {OWN_ROLE}),
    ("the gateway's own ARN is known", taken_on("gateway-role", "gateway/evolution-prod-0a1b2c3d4e"), set()),
    (
        "the gateway has the runtime's role",
        referring("gateway", "roleArn", "runtime-role"),
        {OWN_ROLE, "agentcore/only-gateway", "containment/resource-policies"},
    ),
    # The gateway's own policy.
    ("nobody says who may invoke the gateway", without("gateway-policy"), {ONLY_HANDLER}),
    ("the account may invoke the gateway", admits(ROOT), {ONLY_HANDLER}),
    ("anybody may invoke the gateway", admits("*"), {ONLY_HANDLER, "identity/no-public-access"}),
    ("the gateway may invoke itself", admits({"AWS": ROLE_ARN}), {ONLY_HANDLER}),
    ("the policy is another's", referring("gateway-policy", "resourceArn", "topic"), {ONLY_HANDLER}),
    ("the handler has another role", referring("handler", "role", "gateway-role"), WRONG_ROLE),
    # The gateway's traces.
    ("no traces are sent", without("gateway-traces"), {TRACES}),
    ("the traces are another's", referring("gateway-traces", "resourceArn", "topic"), {TRACES}),
    ("usage is sent", setting("gateway-traces", "logType", "USAGE_LOGS"), {TRACES}),
    ("the traces go nowhere", without("gateway-traces-way"), {TRACES}),
    ("the traces go to logs", setting("gateway-traces-end", "deliveryDestinationType", "CWL"), {TRACES}),
    ("where the traces go is unknown", setting("gateway-traces-end", "deliveryDestinationType", UNKNOWN), {TRACES}),
    ("nothing admits the traces", without("gateway-traces-policy"), {TRACES}),
    ("others are admitted", admitting("logs.amazonaws.com"), {TRACES, "containment/resource-policies"}),
    ("the delivery may only sample", admitting(Action="xray:GetSamplingRules"), {TRACES}),
    ("whoever's traces are admitted", admitting(Condition={}), {"identity/confused-deputy"}),
    # The policies in front of the agents.
    ("the engine only logs", setting("gateway", f"{ENGINE}.mode", "LOG_ONLY"), {"agentcore/policy-engine"}),
    ("whether the engine enforces is unknown", setting("gateway", f"{ENGINE}.mode", UNKNOWN), {"agentcore/policy-engine"}),
    ("there is no engine", removing("gateway", ENGINE), {"agentcore/policy-engine"}),
    ("the engine is another's", referring("gateway", ENGINE, "topic"), {"agentcore/policy-engine"}),
    ("findings about a policy are ignored", setting("permit", "validationMode", "IGNORE_ALL_FINDINGS"), {POLICIES}),
    ("nothing is said of findings", setting("permit", "validationMode", None), set()),
    ("the policy is of another engine", referring("permit", "policyEngineId", "topic"), {POLICIES}),
    ("the policy is unknown", setting("permit", STATEMENT, UNKNOWN), {POLICIES}),
    *((f"permitted: {text}", setting("permit", STATEMENT, text), {POLICIES}) for text in WIDER),
    *((f"permitted within: {text}", setting("permit", STATEMENT, text), set[str]()) for text in NARROWER),
    # The ways out.
    ("models are asked over the internet", without("model-endpoint"), {MODEL_ENDPOINT, ENDPOINTS}),
    (
        "the endpoint refuses the model that is granted",
        both(adding("more", grants(asking({}))), through(Action="bedrock:ApplyGuardrail")),
        {MODEL_ENDPOINT},
    ),
    ("the endpoint lets the granted model through", adding("more", grants(asking({}))), set()),
    ("the endpoint wants no guardrail", through(Condition=OURS), {"agentcore/model"}),
    ("an endpoint that the table doesn't name", setting("model-endpoint", "serviceName", f"{AWS}.sts"), {MODEL_ENDPOINT, ENDPOINTS}),
    ("a second endpoint of a service", another("model-endpoint"), {ENDPOINTS}),
    ("a second endpoint of a free service", another("s3-endpoint"), {ENDPOINTS}),
    ("the endpoint is for another model", through(Resource=OTHER_MODEL), {"agentcore/model"}),
    ("all names resolve", without("name-group-of-vpc"), {NAMES}),
    ("names resolve in another network", referring("name-group-of-vpc", "vpcId", "topic"), {NAMES}),
    ("names resolve when the list fails", setting("name-config", "firewallFailOpen", "ENABLED"), {NAMES}),
    ("nothing is said of a failure", without("name-config"), set()),
    ("no name is blocked", without("names-blocked"), {NAMES}),
    ("names are counted", setting("names-blocked", "action", "ALERT"), {NAMES}),
    ("some names are blocked", setting("all-names", "domains", ["*.example.com"]), {NAMES}),
    ("some questions are blocked", setting("names-blocked", "qType", "A"), {NAMES}),
    ("names are blocked first", setting("names-blocked", "priority", 0.0), {NAMES}),
    ("when names are blocked is unknown", setting("names-blocked", "priority", UNKNOWN), {NAMES}),
    ("all names are allowed", setting("names", "domains", ["*"]), {NAMES}),
    ("all names of a top level are allowed", setting("names", "domains", ["*.com"]), {NAMES}),
    ("names of others are allowed", setting("names", "domains", ["sts.us-east-1.amazonaws.com", "example.com"]), {NAMES}),
    ("which names are allowed is unknown", setting("names", "domains", UNKNOWN), {NAMES}),
    ("a name that is let through is blocked", blocked(["example.org", "logs.us-east-1.amazonaws.com."], "noisy"), {KEPT}),
    ("names are blocked that some let through are of", blocked(["*.Amazonaws.com"], "noisy"), {KEPT}),
    ("which names are blocked is unknown", blocked([UNKNOWN], "noisy"), {KEPT}),
    ("names of a list of AWS's are blocked", blocked([]), {KEPT}),
    ("a name is blocked that isn't let through", blocked(["example.org", "*.example.org"], "noisy"), set()),
    ("the list of names is another's", referring("names-allowed", "firewallDomainListId", "topic"), {NAMES}),
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
    ("nobody records prompts", without("model-log"), {"agentcore/prompts-recorded"}),
    ("prompts are recorded here", logs(to(UNKNOWN), sources=("prompts", "prompts-role")), set()),
    ("text is left out", logs(to(textDataDeliveryEnabled=False)), {"agentcore/model-log"}),
    ("text may be left out", logs(to(textDataDeliveryEnabled=UNKNOWN)), {"agentcore/model-log"}),
    ("prompts go nowhere", logs({"textDataDeliveryEnabled": True}), {"agentcore/model-log"}),
    ("prompts go to another's group", logs(to("/another/prompts")), {"agentcore/model-log"}),
    ("prompts go to another's bucket", logs({"s3Config": {"bucketName": "another"}}), {"agentcore/model-log"}),
    ("prompts go to an own bucket", logs({"s3Config": {"bucketName": UNKNOWN}}, sources=("artifacts",)), set()),
    (
        "long prompts go to another's bucket",
        logs({"cloudwatchConfig": {"logGroupName": PROMPTS, "largeDataDeliveryS3Config": {"bucketName": "another"}}}),
        {"agentcore/model-log"},
    ),
    ("what is recorded can't be known", logs(UNKNOWN), {"agentcore/model-log"}),
    ("prompts are in clear", logs(to(), None), {"agentcore/model-log-masked"}),
    ("prompts are only counted", logs(to(), {**MASKS, "Operation": {"Audit": {}}}), {"agentcore/model-log-masked"}),
    ("nothing is masked", logs(to(), {**MASKS, "DataIdentifier": []}), {"agentcore/model-log-masked"}),
    ("agents write where nobody looks", both(without("runtime-logs"), without("runtime-logs-masked")), {AGENTS_LOG}),
    ("agents write to a group of another name", moved("/evolution/prod/agents"), {AGENTS_LOG}),
    ("the group's name is known", moved(f"{AGENT_LOGS}evolution_prod-0a1b2c3d4e-evolution"), set()),
    ("what agents write is in clear", without("runtime-logs-masked"), {AGENTS_LOG}),
    ("what agents write is only counted", setting("runtime-logs-masked", "policyDocument", document({"Operation": {}})), {AGENTS_LOG}),
    ("somebody may delete what agents wrote", setting("runtime-logs", "deletionProtectionEnabled", None), {"data-protection/log-deletion"}),
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
    ("attacks in code pass", setting("guardrail", "contentPolicyConfig.tierConfigs.0.tierName", "CLASSIC"), {TIER}),
    ("topics have AWS's tier", setting("guardrail", "topicPolicyConfig.tierConfigs", None), {TIER}),
    ("the tier is unknown", setting("guardrail", "topicPolicyConfig.tierConfigs", UNKNOWN), {TIER}),
    ("texts are judged elsewhere", setting("guardrail", JUDGES, PROFILE.replace("/us.", "/eu.")), {TIER}),
    ("where texts are judged is unknown", setting("guardrail", JUDGES, UNKNOWN), {TIER}),
    ("texts are judged nowhere else", removing("guardrail", "crossRegionConfig"), {TIER}),
    ("harm in answers is not looked for", setting("guardrail", f"{FILTERS}.5.outputEnabled", False), {HARM}),
]
