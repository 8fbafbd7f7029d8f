"""Network, the paths: where the workloads stand, and who writes down what passes."""

from __future__ import annotations

from collections.abc import Iterator

from checks import literal
from graph import Linked
from plain import Unknown, dig, items
from rule import Finding, Resource, Severity, Stack, about, rule
from tokens import (
    AGENT_RUNTIME,
    DEFAULT_ROUTE_TABLE,
    DEFAULT_SECURITY_GROUP,
    ENDPOINT,
    FLOW_LOG,
    FUNCTION,
    INTERNET_GATEWAY,
    MAIN_ROUTE_TABLE,
    ROUTE,
    ROUTE_TABLE,
    ROUTE_TABLE_ASSOCIATION,
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
    vpcs = Linked(stack, VPC)
    made_main = [one for one in stack.of_type(MAIN_ROUTE_TABLE) if tables.by(one, "routeTableId") & open_tables]
    open_vpcs = vpcs.by_all(routes, "routeTableId") | vpcs.by_all(made_main, "vpcId")  # by vpc.main_route_table_id
    return public | {urn for urn in subnets.all.keys() - associated if vpcs.by(subnets.all[urn], "vpcId") & open_vpcs}


def _may_be_internet(route: Resource) -> bool:
    """Whether a route leads to an internet gateway that isn't this stack's, or to nobody knows what."""
    gateway = route.at("gatewayId")
    if isinstance(gateway, Unknown):
        return not route.comes_from("gatewayId")
    return isinstance(gateway, str) and gateway.startswith("igw-")


@rule(
    id="network/private-placement",
    severity=Severity.CRITICAL,
    protects="Tasks, functions and agents from standing next to the internet.",
    why="A subnet that routes to an internet gateway is one public address away from being reached.",
    fix="Place it in subnets whose routes lead to a NAT gateway, and give no private route table a route to the internet gateway.",
)
def private_placement(stack: Stack) -> Iterator[Finding]:
    public, subnets = _public_subnets(stack), Linked(stack, SUBNET)
    for kind, path in PLACED.items():
        for placed in stack.of_type(kind):
            if found := sorted(urn.rpartition("::")[2] for urn in subnets.by(placed, *path) & public):
                yield Finding(
                    f"it stands in {', '.join(found)}, which routes to an internet gateway; it must stand in private subnets.", placed
                )


@rule(
    id="network/flow-logs",
    severity=Severity.MEDIUM,
    protects="The record of who talked to whom.",
    why="Without flow logs nobody can tell afterwards what a compromised task reached.",
    fix="Declare aws.ec2.FlowLog(vpc_id=vpc.id, traffic_type='ALL').",
    controls=("Security Hub EC2.6",),
)
def flow_logs(stack: Stack) -> Iterator[Finding]:
    vpcs = Linked(stack, VPC)
    logged: set[str] = set()
    for log in stack.of_type(FLOW_LOG):
        if own := vpcs.by(log, "vpcId"):
            yield from about(log, literal("trafficType", log.at("trafficType"), "ALL"))
            logged |= own
    for urn, vpc in vpcs.all.items():
        if urn not in logged:
            yield Finding("nobody logs its traffic; an aws.ec2.FlowLog with traffic_type='ALL' must.", vpc)


@rule(
    id="network/default-group",
    severity=Severity.HIGH,
    protects="Whatever is launched without a security group of its own.",
    why="AWS makes every VPC with a group that lets its members talk to each other and out.",
    fix="Declare aws.ec2.DefaultSecurityGroup(vpc_id=vpc.id, ingress=[], egress=[]).",
    controls=("Security Hub EC2.2",),
)
def default_group(stack: Stack) -> Iterator[Finding]:
    vpcs = Linked(stack, VPC)
    closed = vpcs.by_all(stack.of_type(DEFAULT_SECURITY_GROUP), "vpcId")
    for urn, vpc in vpcs.all.items():
        if urn not in closed:
            yield Finding("its default security group is left as AWS makes it, open; an aws.ec2.DefaultSecurityGroup must close it.", vpc)
