"""AgentCore and Bedrock: where agents and their tools stand, what they are guarded and recorded by, and where they keep credentials."""

from __future__ import annotations

from collections.abc import Iterator

from checks import absent, literal, off, on, present
from plain import Plain, Unknown, dig, items
from rule import Finding, Resource, Severity, rule
from tokens import (
    AGENT_BROWSER,
    AGENT_CODE_INTERPRETER,
    AGENT_HARNESS,
    AGENT_RUNTIME,
    API_KEY_PROVIDER,
    BEDROCK_AGENT,
    OAUTH_PROVIDER,
)

PRIVATE_TIERS = frozenset({"staging", "prod"})
"""In dev an agent may stand in AgentCore's own network: VPC mode is bound to few zones, and its interfaces outlive it by hours."""

S3_ENDPOINT = "requireServiceS3Endpoint"

WRITTEN_DOWN = ("apiKey", "clientSecret")
"""Properties whose value goes into Pulumi's state; with `Wo` behind the name, it doesn't."""


def _networks(resource: Resource) -> Iterator[tuple[str, Plain]]:
    """Each network that it stands in, and the property's path."""
    if resource.type != AGENT_HARNESS:
        yield "networkConfiguration", resource.at("networkConfiguration")
        return
    where = "environments.agentcoreRuntimeEnvironment.networkConfiguration"
    for environment in items(resource.at("environments")) or [None]:
        yield where, dig(environment, "agentcoreRuntimeEnvironment", "networkConfiguration")


@rule(
    id="agentcore/private-network",
    types={AGENT_RUNTIME, AGENT_BROWSER, AGENT_CODE_INTERPRETER, AGENT_HARNESS},
    severity=Severity.HIGH,
    protects="Agents and their tools from the internet.",
    why="In public mode what an agent does leaves by a way that nobody filters or logs; a sandbox resolves names and reaches S3.",
    fix="Write network_configuration with network_mode='VPC', private subnets and a security group.",
    controls=("Security Hub BedrockAgentCore.1", "Security Hub BedrockAgentCore.5", "Security Hub BedrockAgentCore.7", "prowler AC-01"),
    tiers=PRIVATE_TIERS,
)
def private_network(resource: Resource) -> Iterator[Finding]:
    """A sandbox isn't private: whoever runs code in it sends data out in the names that it asks for. Sources: AgentCore developer guide,
    "Code interpreter resource management"; AWS Security Hub user guide, BedrockAgentCore.7."""
    for where, network in _networks(resource):
        # A harness that says nothing stands in the public one.
        yield from literal(f"{where}.networkMode", dig(network, "networkMode"), "VPC")
    if resource.type == AGENT_RUNTIME and resource.at("networkConfiguration", "networkMode") == "VPC":
        subnets = resource.at("networkConfiguration", "networkModeConfig", "subnets")
        yield from present("networkConfiguration.networkModeConfig.subnets", subnets, "private subnets")
        groups = resource.at("networkConfiguration", "networkModeConfig", "securityGroups")
        yield from present("networkConfiguration.networkModeConfig.securityGroups", groups, "a security group")


@rule(
    id="agentcore/service-endpoint",
    types={AGENT_RUNTIME},
    severity=Severity.HIGH,
    protects="The network from a way to S3 that its owner has no policy on.",
    why="AgentCore then makes an endpoint for S3 of its own, which lets through whatever bucket an agent names.",
    fix=f"Leave out {S3_ENDPOINT}, and declare an aws.ec2.VpcEndpoint for S3 with a policy.",
)
def service_endpoint(runtime: Resource) -> Iterator[Finding]:
    where = f"networkConfiguration.networkModeConfig.{S3_ENDPOINT}"
    return off(where, runtime.at("networkConfiguration", "networkModeConfig", S3_ENDPOINT))


@rule(
    id="agentcore/browser-recorded",
    types={AGENT_BROWSER},
    severity=Severity.MEDIUM,
    protects="The record of what an agent did in a browser.",
    why="What a page made an agent do is in no other log.",
    fix="Write recording with enabled=True and an s3_location.",
    controls=("Security Hub BedrockAgentCore.6", "prowler AC-06"),
)
def browser_recorded(browser: Resource) -> Iterator[Finding]:
    yield from on("recording.enabled", browser.at("recording", "enabled"))
    yield from present("recording.s3Location.bucket", browser.at("recording", "s3Location", "bucket"), "a bucket")


@rule(
    id="agentcore/agent-guardrail",
    types={BEDROCK_AGENT},
    severity=Severity.HIGH,
    protects="What a Bedrock agent is asked and what it answers.",
    why="An agent asks its model by itself, past every guardrail that its callers use; a draft changes under it.",
    fix="Write guardrail_configurations with the guardrail's id and a pinned version.",
)
def agent_guardrail(agent: Resource) -> Iterator[Finding]:
    guardrails = items(agent.at("guardrailConfigurations"))
    if not guardrails:
        yield Finding("guardrailConfigurations is missing or empty; it must name a guardrail and its version.")
    for one in guardrails:
        yield from present("guardrailIdentifier", dig(one, "guardrailIdentifier"), "a guardrail")
        version = dig(one, "guardrailVersion")
        yield from present("guardrailVersion", version, "a pinned version")
        if not isinstance(version, Unknown) and version == "DRAFT":
            yield Finding("guardrailVersion is the draft; it must be a pinned version.")


@rule(
    id="agentcore/credential-provider",
    types={API_KEY_PROVIDER, OAUTH_PROVIDER},
    severity=Severity.CRITICAL,
    protects="Other services' keys and secrets from lying in Pulumi's state.",
    why="Whoever reads the state, or the program that the value stands in, calls the other service as these agents.",
    fix="Let the provider read a secret in Secrets Manager (api_key_secret_config, client_secret_configs), or write the value by "
    "api_key_wo or client_secret_wo.",
)
def credential_provider(provider: Resource) -> Iterator[Finding]:
    """Never shows the value."""
    for where, holder in _holders(provider):
        for name in WRITTEN_DOWN:
            yield from absent(f"{where}{name}", dig(holder, name), "its value would be kept in the state")


def _holders(provider: Resource) -> Iterator[tuple[str, Plain]]:
    """What may hold a secret: the provider itself, or the part of it for the vendor."""
    if provider.type == API_KEY_PROVIDER:
        yield "", provider.props
        return
    vendors = provider.at("oauth2ProviderConfig")
    for vendor, config in vendors.items() if isinstance(vendors, dict) else [("", vendors)]:
        for one in items(config):
            yield f"oauth2ProviderConfig.{vendor}.".replace("..", "."), one
