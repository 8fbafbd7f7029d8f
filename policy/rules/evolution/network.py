"""Network: this system's own, with its endpoints, names and ways out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from ipaddress import IPv4Network

from checks import literal, present
from graph import Linked
from plain import Plain, Unknown, dig, items, shown
from rule import Finding, Resource, Severity, Stack, about
from rules.aws.network import PRIVATE
from rules.aws.network_paths import PLACED
from system import evolution_rule
from tokens import (
    AGENT_RUNTIME,
    CLUSTER,
    EGRESS_RULE,
    ENDPOINT,
    EVENT_SOURCE_MAPPING,
    FLOW_LOG,
    INGRESS_RULE,
    INTERNET_GATEWAY,
    LOAD_BALANCER,
    LOG_GROUP,
    NAT_GATEWAY,
    QUEUE,
    ROUTE,
    ROUTE_TABLE,
    ROUTE_TABLE_ASSOCIATION,
    SECURITY_GROUP,
    SERVICE,
    SUBNET,
    TABLE,
    VPC,
)

AWS_SERVICE = re.compile(r"com\.amazonaws\.[a-z]+(-[a-z]+)+-[0-9]+\.[a-z0-9.-]+")
"""The name of a service of AWS's own; one of somebody else's begins with com.amazonaws.vpce."""

FREE_ENDPOINTS = ("s3", "dynamodb")
"""Gateway endpoints cost nothing, and keep data off the internet."""


@evolution_rule(
    id="network/own-network",
    severity=Severity.HIGH,
    protects="The workloads from a network that others route, log and open as they like.",
    why="Routes, flow logs and groups of another stack's network are judged by nobody here.",
    fix="Place the service in subnets of this stack's VPC.",
)
def own_network(stack: Stack) -> Iterator[Finding]:
    """Whose subnets and routes the pack hasn't seen may be anybody's. Judged once the stack runs anything."""
    subnets, vpcs = Linked(stack, SUBNET), Linked(stack, VPC)
    for placed in stack.of_type(SERVICE):
        own = [subnets.all[urn] for urn in subnets.by(placed, *PLACED[SERVICE])]
        if not own or not vpcs.by_all(own, "vpcId"):
            yield Finding("its subnets lead to no VPC of this stack; they must.", placed)


PARTS: Mapping[str, tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]] = {
    EVENT_SOURCE_MAPPING: ((("eventSourceArn",), (TABLE, QUEUE)),),
    ROUTE_TABLE_ASSOCIATION: ((("routeTableId",), (ROUTE_TABLE,)),),
    AGENT_RUNTIME: (
        (("networkConfiguration", "networkModeConfig", "securityGroups"), (SECURITY_GROUP,)),
        (("networkConfiguration", "networkModeConfig", "subnets"), (SUBNET,)),
    ),
    ENDPOINT: ((("securityGroupIds",), (SECURITY_GROUP,)),),
    ROUTE: ((("gatewayId",), (INTERNET_GATEWAY,)), (("natGatewayId",), (NAT_GATEWAY,))),
    SERVICE: ((("cluster",), (CLUSTER,)), (("networkConfiguration", "securityGroups"), (SECURITY_GROUP,))),
}
"""By type, the properties that name a part of this stack where they are set, and the types of those parts."""


@evolution_rule(
    id="network/own-parts",
    types=PARTS.keys(),
    severity=Severity.HIGH,
    protects="What runs, from a cluster, a security group, a route table or a source of events that others open and fill as they like.",
    why="A literal id names what nobody here reviews: its rules, its routes and its records are anybody's.",
    fix="Pass the id, name or ARN of the resource itself, one of this stack.",
)
def own_parts(resource: Resource) -> Iterator[Finding]:
    for path, kinds in PARTS[resource.type]:
        comes_from = {one.type for one in resource.comes_from(path[0])}
        unread = len(path) > 1 and isinstance(resource.at(*path), Unknown)  # network/no-public-ip says it
        if resource.at(*path) not in (None, "", []) and not unread and not comes_from & set(kinds):
            yield Finding(f"{'.'.join(path)} comes from nothing of this stack; it must come from one of its resources.")


@evolution_rule(
    id="network/own-callers",
    severity=Severity.HIGH,
    protects="The endpoints from whoever reaches this network from another one, and everything else from whoever is in it.",
    why="A range that is wider than the VPC's admits every network that is ever peered with it, or routed to it.",
    fix="Write cidr_ipv4=<the VPC's own cidr_block>.",
)
def own_callers(stack: Stack) -> Iterator[Finding]:
    """What isn't a private range is network/no-public-ingress's to say; that there is no VPC, network/own-network's."""
    private = [one for one in PRIVATE if isinstance(one, IPv4Network)]
    ranges = [one for vpc in stack.of_type(VPC) if (one := _range(vpc.at("cidrBlock")))]
    groups, endpoints = Linked(stack, SECURITY_GROUP), stack.of_type(ENDPOINT)
    asked = groups.by_all(endpoints, "securityGroupIds")
    for rule in stack.of_type(INGRESS_RULE) if stack.of_type(VPC) else ():
        if groups.by(rule, "securityGroupId") - asked:
            yield Finding("securityGroupId is the group of no endpoint; nothing else of this system takes requests.", rule)
        admitted = _range(rule.at("cidrIpv4"))
        if admitted and any(admitted.subnet_of(one) for one in private) and not any(admitted.subnet_of(one) for one in ranges):
            yield Finding(f"cidrIpv4 is {admitted}; it must be within the range of this stack's VPC.", rule)


def _range(value: Plain) -> IPv4Network | None:
    try:
        return IPv4Network(value, strict=False) if isinstance(value, str) else None
    except ValueError:
        return None


@evolution_rule(
    id="network/flow-log-destination",
    severity=Severity.MEDIUM,
    protects="The flow logs themselves.",
    why="Elsewhere they may be unencrypted, or gone after a day.",
    fix="Write log_destination=group.arn, with a LogGroup of this stack.",
)
def flow_log_destination(stack: Stack) -> Iterator[Finding]:
    groups = Linked(stack, LOG_GROUP)
    for log in stack.of_type(FLOW_LOG):
        if not groups.by(log, "logDestination"):
            yield Finding("logDestination leads to no log group of this stack; it must, for those are encrypted and kept.", log)
        yield from about(log, literal("logDestinationType", log.at("logDestinationType"), "cloud-watch-logs", or_missing=True))


@evolution_rule(
    id="network/endpoints",
    severity=Severity.MEDIUM,
    protects="Traffic to AWS's services from going over the internet.",
    why="Without the endpoints, data goes through NAT gateways, unfiltered and at a price.",
    fix="Declare the gateway endpoints s3 and dynamodb and those of network.interface_endpoints, each with a policy.",
)
def endpoints(stack: Stack) -> Iterator[Finding]:
    vpcs = Linked(stack, VPC)
    if not vpcs.all:
        return
    named = dig(None if stack.table is None else stack.table.get("network"), "interface_endpoints")
    wanted = [*FREE_ENDPOINTS, *(name for name in items(named) if isinstance(name, str))]
    served: dict[str, Resource] = {}
    for endpoint in stack.of_type(ENDPOINT):
        name = endpoint.at("serviceName")
        if isinstance(name, Unknown) or not isinstance(name, str):
            yield Finding(f"serviceName is {shown(name)}; it must be the literal name of a service.", endpoint)
            continue
        service = name.split(".", 3)[-1]
        if not AWS_SERVICE.fullmatch(name):
            yield Finding(f"serviceName is {shown(name)}; it must be a service of AWS's own, for any other is a way out.", endpoint)
        elif service in served:
            yield Finding(f"serviceName is {shown(name)}, as that of {served[service].name} is; it must be the only one.", endpoint)
        elif stack.table is not None and service not in wanted:
            yield Finding(f"serviceName is {shown(name)}; it must be of network.interface_endpoints: it is paid by the hour.", endpoint)
        served.setdefault(service, endpoint)
        yield from about(endpoint, present("policy", endpoint.at("policy"), "what may pass; the default is everything"))
    for name in wanted:
        if name not in served:
            yield Finding(f"it has no VPC endpoint for {name}; it must have one.", next(iter(vpcs.all.values())))
    tables = Linked(stack, ROUTE_TABLE)
    public = tables.by_all([one for one in stack.of_type(ROUTE) if one.at("gatewayId") is not None], "routeTableId")
    private = {urn: one for urn, one in tables.all.items() if urn not in public}
    for name in FREE_ENDPOINTS:
        if name in served:
            yield from about(served[name], present("routeTableIds", served[name].at("routeTableIds"), "the private route tables"))
            past = [one.name for urn, one in private.items() if urn not in tables.by(served[name], "routeTableIds")]
            if past:
                yield Finding(f"routeTableIds lacks {', '.join(past)}; what goes by them goes past it.", served[name])


@evolution_rule(
    id="network/names-resolve",
    types={VPC},
    severity=Severity.MEDIUM,
    protects="The private names of the interface endpoints.",
    why="Without DNS in the VPC the services' names lead to public addresses.",
    fix="Write enable_dns_support=True and enable_dns_hostnames=True.",
)
def names_resolve(vpc: Resource) -> Iterator[Finding]:
    yield from literal("enableDnsSupport", vpc.at("enableDnsSupport"), True, or_missing=True)
    yield from literal("enableDnsHostnames", vpc.at("enableDnsHostnames"), True)


@evolution_rule(
    id="network/narrow-egress",
    types={EGRESS_RULE, SECURITY_GROUP},
    severity=Severity.MEDIUM,
    protects="Data from leaving by another way than HTTPS.",
    why="The workloads call AWS over HTTPS and nothing else; any other port is for somebody else's purposes.",
    fix="Write ip_protocol='tcp', from_port=443, to_port=443.",
)
def narrow_egress(resource: Resource) -> Iterator[Finding]:
    if resource.type == EGRESS_RULE:
        yield from literal("ipProtocol", resource.at("ipProtocol"), "tcp")
        yield from literal("fromPort", resource.at("fromPort"), 443)
        yield from literal("toPort", resource.at("toPort"), 443)
    else:
        for entry in items(resource.at("egress")):
            yield from literal("egress.protocol", dig(entry, "protocol"), "tcp")
            yield from literal("egress.fromPort", dig(entry, "fromPort"), 443)
            yield from literal("egress.toPort", dig(entry, "toPort"), 443)


@evolution_rule(
    id="network/no-public-load-balancer",
    types={LOAD_BALANCER},
    severity=Severity.CRITICAL,
    protects="The engine, which decides by itself, from being spoken to by strangers.",
    why="Nothing of this system takes requests from the internet; agents are behind the AgentCore gateway.",
    fix="Remove the load balancer, or write internal=True.",
)
def no_public_load_balancer(balancer: Resource) -> Iterator[Finding]:
    yield from literal("internal", balancer.at("internal"), True)
