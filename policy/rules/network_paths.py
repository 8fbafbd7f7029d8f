"""Network, the paths: where the workloads stand, what leads there, and who writes down what passes."""

from __future__ import annotations

from collections.abc import Iterator

from checks import literal, present
from graph import Linked
from plain import Unknown, dig, items, shown
from rule import Finding, Resource, Severity, Stack, StackRule, about
from system import each_of_this_system, of_this_system
from tokens import (
    AGENT_RUNTIME,
    DEFAULT_ROUTE_TABLE,
    DEFAULT_SECURITY_GROUP,
    EGRESS_RULE,
    ENDPOINT,
    FLOW_LOG,
    FUNCTION,
    INTERNET_GATEWAY,
    LOAD_BALANCER,
    LOG_GROUP,
    ROUTE,
    ROUTE_TABLE,
    ROUTE_TABLE_ASSOCIATION,
    SECURITY_GROUP,
    SERVICE,
    SUBNET,
    VPC,
)

PLACED = {
    SERVICE: ("networkConfiguration", "subnets"),
    FUNCTION: ("vpcConfig", "subnetIds"),
    AGENT_RUNTIME: ("networkConfiguration", "networkModeConfig", "subnets"),
    ENDPOINT: ("subnetIds",),
}
"""What stands in subnets, and where it says in which."""

FREE_ENDPOINTS = ("s3", "dynamodb")
"""Gateway endpoints cost nothing, and keep data off the internet."""


def _public_subnets(stack: Stack) -> set[str]:
    """The subnets whose routes lead to an internet gateway. One without a route table of its own uses the VPC's main one."""
    gateways, subnets = Linked(stack, INTERNET_GATEWAY), Linked(stack, SUBNET)
    tables = Linked(stack, (ROUTE_TABLE, DEFAULT_ROUTE_TABLE))
    routes = [route for route in stack.of_type(ROUTE) if gateways.by(route, "gatewayId") or _may_be_internet(route)]
    open_tables = tables.by_all(routes, "routeTableId")
    for urn, table in tables.all.items():
        inline = [value for route in items(table.at("routes")) if isinstance(value := dig(route, "gatewayId"), str)]
        if gateways.by(table, "routes") or any(value.startswith("igw-") for value in inline):
            open_tables.add(urn)
    public: set[str] = set()
    associated: set[str] = set()
    for association in stack.of_type(ROUTE_TABLE_ASSOCIATION):
        own = subnets.by(association, "subnetId")
        associated |= own
        if tables.by(association, "routeTableId") & open_tables:
            public |= own
    if any(table.urn in open_tables for table in stack.of_type(DEFAULT_ROUTE_TABLE)):
        public |= subnets.all.keys() - associated
    return public


def _may_be_internet(route: Resource) -> bool:
    """Whether a route leads to an internet gateway that isn't this stack's, or to nobody knows what."""
    gateway = route.at("gatewayId")
    if isinstance(gateway, Unknown):
        return not route.references.get("gatewayId")
    return isinstance(gateway, str) and gateway.startswith("igw-")


def _private_placement(stack: Stack) -> Iterator[Finding]:
    public, subnets = _public_subnets(stack), Linked(stack, SUBNET)
    for kind, path in PLACED.items():
        for placed in stack.of_type(kind):
            if found := sorted(urn.rpartition("::")[2] for urn in subnets.by(placed, *path) & public):
                yield Finding(
                    f"it stands in {', '.join(found)}, which routes to an internet gateway; it must stand in private subnets.", placed
                )


def _own_network(stack: Stack) -> Iterator[Finding]:
    """Whose subnets and routes the pack hasn't seen may be anybody's. Judged once the stack runs anything."""
    subnets, vpcs = Linked(stack, SUBNET), Linked(stack, VPC)
    for placed in stack.of_type(SERVICE):
        own = [subnets.all[urn] for urn in subnets.by(placed, *PLACED[SERVICE])]
        if not own or not vpcs.by_all(own, "vpcId"):
            yield Finding("its subnets lead to no VPC of this stack; they must.", placed)


def _flow_logs(stack: Stack) -> Iterator[Finding]:
    vpcs = Linked(stack, VPC)
    logged: set[str] = set()
    for log in stack.of_type(FLOW_LOG):
        if own := vpcs.by(log, "vpcId"):
            yield from about(log, literal("trafficType", log.at("trafficType"), "ALL"))
            logged |= own
    for urn, vpc in vpcs.all.items():
        if urn not in logged:
            yield Finding("nobody logs its traffic; an aws.ec2.FlowLog with traffic_type='ALL' must.", vpc)


def _flow_log_destination(stack: Stack) -> Iterator[Finding]:
    groups = Linked(stack, LOG_GROUP)
    for log in stack.of_type(FLOW_LOG):
        if not groups.by(log, "logDestination"):
            yield Finding("logDestination leads to no log group of this stack; it must, for those are encrypted and kept.", log)
        yield from about(log, literal("logDestinationType", log.at("logDestinationType"), "cloud-watch-logs", or_missing=True))


def _default_groups(stack: Stack) -> Iterator[Finding]:
    vpcs = Linked(stack, VPC)
    closed = vpcs.by_all(stack.of_type(DEFAULT_SECURITY_GROUP), "vpcId")
    for urn, vpc in vpcs.all.items():
        if urn not in closed:
            yield Finding("its default security group is left as AWS makes it, open; an aws.ec2.DefaultSecurityGroup must close it.", vpc)


def _endpoints(stack: Stack) -> Iterator[Finding]:
    vpcs = Linked(stack, VPC)
    if not vpcs.all:
        return
    served: dict[str, Resource] = {}
    for endpoint in stack.of_type(ENDPOINT):
        name = endpoint.at("serviceName")
        if isinstance(name, Unknown) or not isinstance(name, str):
            yield Finding(f"serviceName is {shown(name)}; it must be the literal name of a service.", endpoint)
            continue
        served[name.split(".", 3)[-1]] = endpoint
        yield from about(endpoint, present("policy", endpoint.at("policy"), "what may pass; the default is everything"))
    wanted = [*FREE_ENDPOINTS]
    named = dig(None if stack.table is None else stack.table.get("network"), "interface_endpoints")
    wanted += [name for name in items(named) if isinstance(name, str)]
    for name in wanted:
        if name not in served:
            yield Finding(f"it has no VPC endpoint for {name}; it must have one.", next(iter(vpcs.all.values())))
    for name in FREE_ENDPOINTS:
        if name in served:
            yield from about(served[name], present("routeTableIds", served[name].at("routeTableIds"), "the private route tables"))


def _names_resolve(vpc: Resource) -> Iterator[Finding]:
    yield from literal("enableDnsSupport", vpc.at("enableDnsSupport"), True, or_missing=True)
    yield from literal("enableDnsHostnames", vpc.at("enableDnsHostnames"), True)


def _narrow_egress(resource: Resource) -> Iterator[Finding]:
    if resource.type == EGRESS_RULE:
        yield from literal("ipProtocol", resource.at("ipProtocol"), "tcp")
        yield from literal("fromPort", resource.at("fromPort"), 443)
        yield from literal("toPort", resource.at("toPort"), 443)
    else:
        for entry in items(resource.at("egress")):
            yield from literal("egress.protocol", dig(entry, "protocol"), "tcp")
            yield from literal("egress.fromPort", dig(entry, "fromPort"), 443)
            yield from literal("egress.toPort", dig(entry, "toPort"), 443)


def _internal(balancer: Resource) -> Iterator[Finding]:
    yield from literal("internal", balancer.at("internal"), True)


STACK_RULES = (
    StackRule(
        id="network/private-placement",
        severity=Severity.CRITICAL,
        protects="Tasks, functions and agents from standing next to the internet.",
        why="A subnet that routes to an internet gateway is one public address away from being reached.",
        fix="Place it in subnets whose routes lead to a NAT gateway, and give no private route table a route to the internet gateway.",
        check=_private_placement,
    ),
    StackRule(
        id="network/own-network",
        severity=Severity.HIGH,
        protects="The workloads from a network that others route, log and open as they like.",
        why="Routes, flow logs and groups of another stack's network are judged by nobody here.",
        fix="Place the service in subnets of this stack's VPC.",
        check=of_this_system(_own_network),
    ),
    StackRule(
        id="network/flow-logs",
        severity=Severity.MEDIUM,
        protects="The record of who talked to whom.",
        why="Without flow logs nobody can tell afterwards what a compromised task reached.",
        fix="Declare aws.ec2.FlowLog(vpc_id=vpc.id, traffic_type='ALL').",
        check=_flow_logs,
        controls=("Security Hub EC2.6",),
    ),
    StackRule(
        id="network/flow-log-destination",
        severity=Severity.MEDIUM,
        protects="The flow logs themselves.",
        why="Elsewhere they may be unencrypted, or gone after a day.",
        fix="Write log_destination=group.arn, with a LogGroup of this stack.",
        check=of_this_system(_flow_log_destination),
    ),
    StackRule(
        id="network/default-group",
        severity=Severity.HIGH,
        protects="Whatever is launched without a security group of its own.",
        why="AWS makes every VPC with a group that lets its members talk to each other and out.",
        fix="Declare aws.ec2.DefaultSecurityGroup(vpc_id=vpc.id, ingress=[], egress=[]).",
        check=_default_groups,
        controls=("Security Hub EC2.2",),
    ),
    StackRule(
        id="network/endpoints",
        severity=Severity.MEDIUM,
        protects="Traffic to AWS's services from going over the internet.",
        why="Without the endpoints, data goes through NAT gateways, unfiltered and at a price.",
        fix="Declare the gateway endpoints s3 and dynamodb and those of network.interface_endpoints, each with a policy.",
        check=of_this_system(_endpoints),
    ),
    StackRule(
        id="network/names-resolve",
        severity=Severity.MEDIUM,
        protects="The private names of the interface endpoints.",
        why="Without DNS in the VPC the services' names lead to public addresses.",
        fix="Write enable_dns_support=True and enable_dns_hostnames=True.",
        check=each_of_this_system(_names_resolve, VPC),
    ),
    StackRule(
        id="network/narrow-egress",
        severity=Severity.MEDIUM,
        protects="Data from leaving by another way than HTTPS.",
        why="The workloads call AWS over HTTPS and nothing else; any other port is for somebody else's purposes.",
        fix="Write ip_protocol='tcp', from_port=443, to_port=443.",
        check=each_of_this_system(_narrow_egress, EGRESS_RULE, SECURITY_GROUP),
    ),
    StackRule(
        id="network/no-public-load-balancer",
        severity=Severity.CRITICAL,
        protects="The engine, which decides by itself, from being spoken to by strangers.",
        why="Nothing of this system takes requests from the internet; agents are behind the AgentCore gateway.",
        fix="Remove the load balancer, or write internal=True.",
        check=each_of_this_system(_internal, LOAD_BALANCER),
    ),
)
