"""The agents' runtime: the container that AgentCore runs, its endpoint, and the policies that admit only the gateway."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.component import Grants, ServiceRole, https_out, log_group, masked, pattern_until_made, service_role
from components.environment import NetworkMode, Retention
from components.iam_agentcore import DEFAULT_ENDPOINT, only_gateway, runtime_trust
from components.naming import AGENT_ENDPOINT, Names
from components.zones import agent_zones

IDLE_SECONDS = 60
"""AgentCore's minimum. A request without a session gets its own microVM, which costs until it has been idle for so long, and an agent keeps
nothing between two requests. While it answers it isn't idle, for its ping says HealthyBusy; a caller's next attempt, in the
same session, comes within seconds. Source: AgentCore API reference, LifecycleConfiguration: 60 s at least, 900 s unless it is set."""

LIFE_SECONDS = 8 * 3600
"""AgentCore's default, written down."""


@dataclass(frozen=True, kw_only=True)
class RuntimeNetwork:
    """Where the agents run.

    Attributes:
        network_mode: in the VPC, or in AgentCore's own network, which needs none of the other attributes.
        subnet_ids, zone_ids: the private subnets, and the id of each one's zone.
    """

    network_mode: NetworkMode
    vpc_id: pulumi.Input[str]
    subnet_ids: Sequence[pulumi.Input[str]]
    zone_ids: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class RuntimeArgs:
    """The arguments of a runtime.

    Attributes:
        image: by digest, for arm64.
        variables: the container's environment.
        tags: besides the provider's default tags.
        grants: what its role may do.
        gateway_role: the only role that may invoke it.
        after: what must exist before an agent runs.
    """

    names: Names
    image: str
    variables: Mapping[str, pulumi.Input[str]]
    tags: Mapping[str, str]
    grants: Callable[[Names], Grants]
    gateway_role: ServiceRole
    network: RuntimeNetwork
    key_arn: pulumi.Input[str]
    boundary_arn: pulumi.Input[str]
    retention: Retention
    after: Sequence[pulumi.Resource]


@dataclass(frozen=True, kw_only=True)
class DeployedRuntime:
    """A runtime, and what must exist before requests may be sent to it."""

    runtime: aws.bedrock.AgentcoreAgentRuntime
    ready: Sequence[pulumi.Resource]


def deploy_runtime(name: str, args: RuntimeArgs, opts: pulumi.ResourceOptions) -> DeployedRuntime:
    """A runtime with its role, its endpoint, its log group and its policies."""
    names = args.names
    role = service_role(
        f"{name}-role",
        names.agent_runtime_role,
        names=names,
        key_arn=args.key_arn,
        description="The agents in their runtime: their mode, and the one model.",
        trust=runtime_trust(names),
        grants=args.grants,
        boundary_arn=args.boundary_arn,
        opts=opts,
    )
    runtime = aws.bedrock.AgentcoreAgentRuntime(
        name,
        agent_runtime_name=names.agent_runtime,
        description="Asks the model on an agent's behalf.",
        # The image's own command is `agent`: AgentCore can't name another.
        agent_runtime_artifact={"container_configuration": {"container_uri": args.image}},
        role_arn=role.role.arn,
        network_configuration=_network(name, names, args.network, opts),
        protocol_configuration={"server_protocol": "HTTP"},
        environment_variables=args.variables,
        tags=args.tags,
        lifecycle_configurations=[{"idle_runtime_session_timeout": IDLE_SECONDS, "max_lifetime": LIFE_SECONDS}],
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=[role.grants, *args.after])),
    )
    # AgentCore would create it without a key and without a retention.
    logs = log_group(
        f"{name}-logs",
        runtime.agent_runtime_id.apply(names.agent_log_group),
        key_arn=args.key_arn,
        retention=args.retention,
        opts=opts,
    )
    masks = masked(f"{name}-logs-masks", logs, opts)
    endpoint = aws.bedrock.AgentcoreAgentRuntimeEndpoint(
        f"{name}-endpoint",
        name=AGENT_ENDPOINT,
        description="What the gateway asks.",
        agent_runtime_id=runtime.agent_runtime_id,
        # A new image is a new version; the endpoint moves to it with the deployment.
        agent_runtime_version=runtime.agent_runtime_version,
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=[masks])),
    )
    return DeployedRuntime(runtime=runtime, ready=[endpoint, *_policies(name, args, runtime, endpoint, opts)])


def _policies(
    name: str,
    args: RuntimeArgs,
    runtime: aws.bedrock.AgentcoreAgentRuntime,
    endpoint: aws.bedrock.AgentcoreAgentRuntimeEndpoint,
    opts: pulumi.ResourceOptions,
) -> list[aws.bedrock.AgentcoreResourcePolicy]:
    """Policies of the runtime and of its endpoints: AgentCore checks both. Each runtime also has an endpoint that AgentCore creates."""
    names = args.names
    under = "/runtime-endpoint/"
    places: dict[str, tuple[pulumi.Output[str], str]] = {
        "": (runtime.agent_runtime_arn, ""),
        "-endpoint": (pulumi.Output.concat(runtime.agent_runtime_arn, under, endpoint.name), f"{under}{AGENT_ENDPOINT}"),
        "-default": (pulumi.Output.concat(runtime.agent_runtime_arn, under, DEFAULT_ENDPOINT), f"{under}{DEFAULT_ENDPOINT}"),
    }
    return [
        aws.bedrock.AgentcoreResourcePolicy(
            f"{name}{part}-policy",
            resource_arn=arn,
            policy=pattern_until_made(arn, f"{names.agent_runtime_arn}{suffix}").apply(lambda known: only_gateway(names, known)),
            # AWS refuses a policy that names a role that doesn't exist.
            opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=[args.gateway_role.role])),
        )
        for part, (arn, suffix) in places.items()
    ]


def _network(
    name: str, names: Names, network: RuntimeNetwork, opts: pulumi.ResourceOptions
) -> aws.bedrock.AgentcoreAgentRuntimeNetworkConfigurationArgsDict:
    """In a VPC, agents call AWS over HTTPS. No connection to them is needed: AgentCore delivers their requests another way."""
    if network.network_mode != "VPC":
        return {"network_mode": network.network_mode}
    chosen = agent_zones(network.zone_ids, names.region)
    group, _ = https_out(
        name,
        names.regional("evolution-agents"),
        description="Agents: HTTPS out, nothing in.",
        vpc_id=network.vpc_id,
        opts=opts,
    )
    subnets = [subnet for subnet, zone in zip(network.subnet_ids, network.zone_ids, strict=True) if zone in chosen]
    return {"network_mode": "VPC", "network_mode_config": {"subnets": subnets, "security_groups": [group.id]}}
