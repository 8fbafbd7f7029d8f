"""The network as a diagram: its zones, what stands in each, and every way out. All of it is read from the plan."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from graph import Linked
from local import LocalError
from local.previews import Plan
from plain import items
from report.diagram import MARGIN, PADDING, WIDTH, Arrow, Box, Column, Diagram, arrow, framed
from report.halt import WORKERS, short
from report.judged import stack_of
from rule import Resource, Stack
from rules.aws.network_paths import PLACED
from tokens import (
    DEFAULT_SECURITY_GROUP,
    EGRESS_RULE,
    ENDPOINT,
    INGRESS_RULE,
    INTERNET_GATEWAY,
    NAT_GATEWAY,
    ROUTE,
    ROUTE_TABLE,
    ROUTE_TABLE_ASSOCIATION,
    SECURITY_GROUP,
    SUBNET,
    VPC,
)

INSIDE: Column = (MARGIN + PADDING, WIDTH - 2 * MARGIN - 2 * PADDING)
"""What spans the VPC."""

GATEWAY: Column = (WIDTH / 2 - 80, 160.0)

TOP, GAP, LANE = 16.0, 14.0, 36.0
"""Where the drawing begins, how far apart zones are, and the room for arrows between two rows."""

PRIVATE, OUT, FRAME = 0, 3, 7
"""Colours of the stylesheet: what stays inside, the ways to the internet, and what is around them."""

INTERFACE, GATEWAYS = "Interface", "Gateway"


@dataclass(frozen=True)
class Network:
    """The stack, as it is asked about its network."""

    stack: Stack

    def zones(self) -> dict[str, list[Resource]]:
        """The subnets of each availability zone."""
        found: dict[str, list[Resource]] = {}
        for subnet in self.stack.of_type(SUBNET):
            found.setdefault(str(subnet.at("availabilityZone")), []).append(subnet)
        return dict(sorted(found.items()))

    def ways(self, subnet: Resource, kind: str, name: str) -> list[Resource]:
        """Where the routes of a subnet lead, of one type of gateway, which a route names by `name`."""
        ways = Linked(self.stack, kind)
        return [ways.all[urn] for urn in sorted(ways.by_all(self._routed(subnet, ROUTE, "routeTableId"), name))]

    def gateways(self, subnet: Resource) -> list[Resource]:
        """The NAT gateways that stand in a subnet."""
        return [one for one in self.stack.of_type(NAT_GATEWAY) if self._is_in(subnet, one, "subnetId")]

    def standing(self, subnet: Resource) -> list[Resource]:
        """All else that stands in a subnet."""
        return [one for kind, path in PLACED.items() for one in self.stack.of_type(kind) if self._is_in(subnet, one, *path)]

    def endpoints(self, kind: str) -> list[Resource]:
        """The endpoints of one kind."""
        return [one for one in self.stack.of_type(ENDPOINT) if one.at("vpcEndpointType") == kind]

    def doors(self, subnet: Resource) -> list[Resource]:
        """The endpoints that a subnet has: in it, or in its route table."""
        inside = [one for one in self.endpoints(INTERFACE) if self._is_in(subnet, one, "subnetIds")]
        return [*inside, *self._routed(subnet, ENDPOINT, "routeTableIds")]

    def groups(self) -> Iterator[str]:
        """What each security group lets through, in words."""
        groups = Linked(self.stack, SECURITY_GROUP)
        for urn, group in groups.all.items():
            rules = {
                word: [
                    _opening(rule, "from" if word == "in" else "to")
                    for rule in self.stack.of_type(kind)
                    if urn in groups.by(rule, "securityGroupId")
                ]
                for word, kind in (("in", INGRESS_RULE), ("out", EGRESS_RULE))
            }
            yield f"{short(self.stack, group)}: {_let(rules)}"
        for group in self.stack.of_type(DEFAULT_SECURITY_GROUP):
            inline = {
                word: [f"{len(rules)} rules"] if (rules := items(group.at(key))) else []
                for word, key in (("in", "ingress"), ("out", "egress"))
            }
            yield f"the default one: {_let(inline)}"

    def _routed(self, subnet: Resource, kind: str, name: str) -> list[Resource]:
        """What is in a subnet's route table, of one type."""
        tables = Linked(self.stack, ROUTE_TABLE)
        own = [one for one in self.stack.of_type(ROUTE_TABLE_ASSOCIATION) if self._is_in(subnet, one, "subnetId")]
        wanted = tables.by_all(own, "routeTableId")
        return [one for one in self.stack.of_type(kind) if tables.by(one, name) & wanted]

    def _is_in(self, subnet: Resource, resource: Resource, *path: str) -> bool:
        return subnet.urn in Linked(self.stack, SUBNET).by(resource, *path)


def network_diagram(plan: Plan) -> Diagram:
    """The network of a planned stack.

    Raises:
        LocalError: it has no VPC, or several.
    """
    stack = stack_of(plan)
    network = Network(stack)
    vpcs = stack.of_type(VPC)
    if len(vpcs) != 1:
        raise LocalError(f"{stack.name} plans {len(vpcs)} VPCs, and the picture of the network shows one: say in it which is meant.")
    zones = network.zones()
    share = (INSIDE[1] - GAP * (len(zones) - 1)) / len(zones)
    columns = {zone: (INSIDE[0] + (share + GAP) * index + PADDING, share - 2 * PADDING) for index, zone in enumerate(zones)}

    internet = Box(INSIDE, "", "the internet", y=TOP, look="quiet")
    gateway = Box(GATEWAY, "", "internet gateway", y=internet.bottom + LANE + GAP, colour=OUT)
    subnets = [(subnet, columns[zone]) for zone, listed in zones.items() for subnet in listed]
    public = {one.urn for one, _ in subnets if network.ways(one, INTERNET_GATEWAY, "gatewayId")}
    outer = _row({one.urn: _public(network, one, column) for one, column in subnets if one.urn in public}, gateway.bottom + 2 * LANE)
    lane = max(box.bottom for box in outer.values()) + LANE / 2
    inner = _row({one.urn: _private(network, one, column) for one, column in subnets if one.urn not in public}, lane + LANE / 2)
    frames = [framed([(outer | inner)[one.urn] for one in listed], f"zone {zone}", FRAME) for zone, listed in zones.items()]
    doors = [_doors(network, kind, words) for kind, words in ((GATEWAYS, "by route"), (INTERFACE, "in every private subnet"))]
    endpoints = Box(INSIDE, "", "endpoints", tuple(filter(None, doors)), y=frames[0].bottom + LANE, colour=PRIVATE)
    around = framed([gateway, endpoints], f"VPC {vpcs[0].at('cidrBlock')}", FRAME)
    services = Box(INSIDE, "", "AWS services, not over the internet", y=around.bottom + LANE, look="quiet")
    groups = Box(INSIDE, "security groups", "", tuple(network.groups()), y=services.bottom + GAP, look="quiet")

    nats = {nat.urn: outer[one.urn] for one, _ in subnets for nat in network.gateways(one) if one.urn in outer}
    arrows = [
        _up(inner[one.urn], nats[nat.urn], lane)
        for one, _ in subnets
        if one.urn in inner
        for nat in network.ways(one, NAT_GATEWAY, "natGatewayId")
    ]
    arrows += [_to_gateway(box, gateway) for box in nats.values()]
    arrows += [arrow(inner[one.urn], endpoints, "", PRIVATE) for one, _ in subnets if one.urn in inner and network.doors(one)]
    arrows += [arrow(gateway, internet, "", OUT), arrow(endpoints, services, "", PRIVATE)]
    return Diagram(
        title=f"The network of {stack.name}: {len(zones)} zones, {len(nats)} NAT gateways.",
        source=f"From {stack.name}'s plan by make picture. Names are without the stack's.",
        boxes=(around, *frames, internet, gateway, *outer.values(), *inner.values(), endpoints, services, groups),
        arrows=tuple(arrows),
    )


def _row(boxes: dict[str, Box], y: float) -> dict[str, Box]:
    """Boxes side by side, all as tall as the tallest."""
    tallest = max(box.tall for box in boxes.values())
    return {urn: replace(box, y=y, height=tallest) for urn, box in boxes.items()}


def _public(network: Network, subnet: Resource, column: Column) -> Box:
    kind = f"public subnet {subnet.at('cidrBlock')}"
    gateways = network.gateways(subnet)
    if not gateways:
        return Box(column, kind, "", ("empty",), look="quiet")
    return Box(column, kind, "NAT gateway", (f"{len(gateways)} elastic IP",), colour=OUT)


def _private(network: Network, subnet: Resource, column: Column) -> Box:
    standing = network.standing(subnet)
    doors = sum(one.type == ENDPOINT for one in standing)
    facts = [f"{WORKERS[one.type]} {short(network.stack, one)}" for one in standing if one.type in WORKERS]
    facts += [f"{doors} interface endpoints"] if doors else []
    return Box(column, f"private subnet {subnet.at('cidrBlock')}", "", tuple(facts) or ("empty",), colour=PRIVATE)


def _doors(network: Network, kind: str, words: str) -> str:
    services = [str(one.at("serviceName")).split(".", 3)[3] for one in network.endpoints(kind)]
    return f"{kind.lower()} endpoints, {words}: {', '.join(services)}" if services else ""


def _up(private: Box, nat: Box, lane: float) -> Arrow:
    """The way from a private subnet to its NAT gateway, in its own zone or along the lane to another."""
    if private.x == nat.x:
        return arrow(private, nat, "", OUT)
    start, end = private.middle[0], nat.middle[0] + (24 if private.x > nat.x else -24)
    return Arrow(((start, private.y), (start, lane), (end, lane), (end, nat.bottom)), "", (start, lane), OUT)


def _to_gateway(nat: Box, gateway: Box) -> Arrow:
    x, level = nat.middle[0], gateway.middle[1]
    if gateway.x < x < gateway.right:
        return arrow(nat, gateway, "", OUT)
    return Arrow(((x, nat.y), (x, level), (gateway.x if x < gateway.x else gateway.right, level)), "", (x, level), OUT)


def _opening(rule: Resource, way: str) -> str:
    """A rule of a security group: ports, and from where or to where."""
    first, last = rule.at("fromPort"), rule.at("toPort")
    ports = str(first) if first == last else f"{first} to {last}"
    whose = rule.at("cidrIpv4") or rule.at("cidrIpv6") or "a group"
    return f"{rule.at('ipProtocol')} {ports if first is not None else 'all'} {way} {'anywhere' if whose == '0.0.0.0/0' else whose}"


def _let(rules: dict[str, list[str]]) -> str:
    return "; ".join(f"{word} {' and '.join(found) or 'nothing'}" for word, found in rules.items())
