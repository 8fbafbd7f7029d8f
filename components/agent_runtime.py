"""The agents' runtime: the container that AgentCore runs, its endpoint, and the policies that keep everybody but the gateway out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.component import ServiceRole, https_out, log_group, pattern_until_made, service_role
from components.environment import NetworkMode
from components.iam import Statement
from components.iam_agentcore import DEFAULT_ENDPOINT, agentcore_trust, only_gateway
from components.naming import AGENT_ENDPOINT, Names

ZONE_IDS: dict[str, frozenset[str]] = {
    "us-east-1": frozenset({"use1-az1", "use1-az2", "use1-az4"}),
    "us-east-2": frozenset({"use2-az1", "use2-az2", "use2-az3"}),
    "us-west-2": frozenset({"usw2-az1", "usw2-az2", "usw2-az3"}),
    "ap-northeast-1": frozenset({"apne1-az1", "apne1-az2", "apne1-az4"}),
    "ap-south-1": frozenset({"aps1-az1", "aps1-az2", "aps1-az3"}),
    "ap-southeast-1": frozenset({"apse1-az1", "apse1-az2", "apse1-az3"}),
    "ap-southeast-2": frozenset({"apse2-az1", "apse2-az2", "apse2-az3"}),
    "eu-central-1": frozenset({"euc1-az1", "euc1-az2", "euc1-az3"}),
    "eu-west-1": frozenset({"euw1-az1", "euw1-az2", "euw1-az3"}),
}
"""The zones in which AgentCore puts interfaces into a VPC. Source: AgentCore developer guide, "Configure AgentCore Runtime and tools for
VPC"."""

LEAST_ZONES = 2
"""With one, its failure would silence every agent."""

IDLE_SECONDS = 900
LIFE_SECONDS = 8 * 3600
"""AgentCore's own defaults, written down: a session is forgotten after a quarter of an hour without a request, and after eight hours."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where the agents run.

    Attributes:
        network_mode: in the VPC, or in AgentCore's own network, where nothing else here matters.
        subnet_ids, zone_ids: the private subnets, and of each the id of its zone.
    """

    network_mode: NetworkMode
    vpc_id: pulumi.Input[str]
    subnet_ids: Sequence[pulumi.Input[str]]
    zone_ids: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class RuntimeArgs:
    """What a runtime is made from.

    Attributes:
        image: by digest, for arm64.
        variables: the container's environment.
        grants: what its role may do.
        gateway_role: the only one that may invoke it.
        after: what must be there before an agent runs.
    """

    names: Names
    image: str
    variables: Mapping[str, pulumi.Input[str]]
    grants: Sequence[Statement]
    gateway_role: ServiceRole
    place: Place
    key_arn: pulumi.Input[str]
    boundary_arn: pulumi.Input[str]
    log_retention_days: int
    after: Sequence[pulumi.Resource]


@dataclass(frozen=True, kw_only=True)
class DeployedRuntime:
    """A runtime, and what must be there before anybody leads requests to it."""

    runtime: aws.bedrock.AgentcoreAgentRuntime
    ready: Sequence[pulumi.Resource]


def deploy_runtime(name: str, args: RuntimeArgs, opts: pulumi.ResourceOptions) -> DeployedRuntime:
    """A runtime with its role, its endpoint, its log group and its policies."""
    names = args.names
    role = service_role(
        f"{name}-role",
        names.agent_runtime_role,
        description="The agents in their runtime: their mode, and the one model.",
        trust=agentcore_trust(names),
        grants=tuple(args.grants),
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
        network_configuration=_network(name, names, args.place, opts),
        protocol_configuration={"server_protocol": "HTTP"},
        environment_variables=args.variables,
        lifecycle_configurations=[{"idle_runtime_session_timeout": IDLE_SECONDS, "max_lifetime": LIFE_SECONDS}],
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=[role.grants, *args.after])),
    )
    # AgentCore would make it without a key, and keep it for ever.
    logs = log_group(
        f"{name}-logs",
        runtime.agent_runtime_id.apply(names.agent_log_group),
        key_arn=args.key_arn,
        retention_days=args.log_retention_days,
        opts=opts,
    )
    endpoint = aws.bedrock.AgentcoreAgentRuntimeEndpoint(
        f"{name}-endpoint",
        name=AGENT_ENDPOINT,
        description="What the gateway asks.",
        agent_runtime_id=runtime.agent_runtime_id,
        # A new image is a new version; the endpoint moves to it with the deployment.
        agent_runtime_version=runtime.agent_runtime_version,
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=[logs])),
    )
    return DeployedRuntime(runtime=runtime, ready=[endpoint, *_policies(name, args, runtime, endpoint, opts)])


def _policies(
    name: str,
    args: RuntimeArgs,
    runtime: aws.bedrock.AgentcoreAgentRuntime,
    endpoint: aws.bedrock.AgentcoreAgentRuntimeEndpoint,
    opts: pulumi.ResourceOptions,
) -> list[aws.bedrock.AgentcoreResourcePolicy]:
    """AgentCore asks the policy of the runtime and that of the endpoint that is named; and each runtime has one that nobody made."""
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
            # AWS refuses a policy that names a role which isn't there.
            opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=[args.gateway_role.role])),
        )
        for part, (arn, suffix) in places.items()
    ]


def _network(
    name: str, names: Names, place: Place, opts: pulumi.ResourceOptions
) -> aws.bedrock.AgentcoreAgentRuntimeNetworkConfigurationArgsDict:
    """In a VPC, agents call AWS over HTTPS, and nobody calls them: AgentCore brings them their requests another way."""
    if place.network_mode != "VPC":
        return {"network_mode": place.network_mode}
    chosen = agent_zones(place.zone_ids, names.region)
    group, _ = https_out(
        name,
        names.regional("evolution-agents"),
        description="Agents: HTTPS out, nothing in.",
        vpc_id=place.vpc_id,
        opts=opts,
    )
    subnets = [subnet for subnet, zone in zip(place.subnet_ids, place.zone_ids, strict=True) if zone in chosen]
    return {"network_mode": "VPC", "network_mode_config": {"subnets": subnets, "security_groups": [group.id]}}


def agent_zones(zone_ids: Sequence[str], region: str) -> set[str]:
    """Those of the zones in which AgentCore runs agents.

    Args:
        zone_ids: of the private subnets, such as `use1-az1`.

    Raises:
        pulumi.RunError: there are fewer than two.
    """
    offered = ZONE_IDS[region]
    chosen = offered & set(zone_ids)
    if len(chosen) < LEAST_ZONES:
        raise pulumi.RunError(
            f"agent_network_mode is VPC, but AgentCore runs agents in only {len(chosen)} of the zones that the private subnets are in "
            f"({', '.join(zone_ids)}); in {region} it takes {', '.join(sorted(offered))}, and {LEAST_ZONES} are needed. "
            "Write a larger `availability_zones`, or choose another region."
        )
    return set(chosen)
