"""Network: nobody outside can reach in."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

import tokens as t
from checks import absent, literal, off, on, present
from plain import Plain, Unknown, dig, items, number, shown
from rule import Finding, Resource, Severity, rule

PRIVATE = tuple(map(ipaddress.ip_network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7")))
"""The ranges that are never routed on the internet. Source: RFC 1918, RFC 6598, RFC 4193."""


def _ranges(where: str, value: Plain) -> Iterator[Finding]:
    """Every range that may reach in must lie within a private one."""
    for one in items(value):
        if isinstance(one, Unknown):
            yield Finding(f"{where} is not known at preview; it must be a literal private range.")
            continue
        try:
            network = ipaddress.ip_network(str(one), strict=False)
        except ValueError:
            yield Finding(f"{where} is {shown(one)}, which is no address range; it must be a private one, such as 10.0.0.0/16.")
            continue
        if not any(network.version == private.version and network.subnet_of(private) for private in PRIVATE):  # pyright: ignore[reportArgumentType]  # the versions agree
            yield Finding(
                f"{where} is {network}, which reaches beyond the private ranges; it must lie within 10.0.0.0/8 or another of them."
            )


@rule(
    id="network/no-public-ingress",
    types={t.SECURITY_GROUP, t.DEFAULT_SECURITY_GROUP, t.SECURITY_GROUP_RULE, t.INGRESS_RULE},
    severity=Severity.CRITICAL,
    protects="What runs, from being reached by strangers.",
    why="A port that is open to the internet is found within minutes.",
    fix="Name a private range, or the security group that may reach in, as the source.",
    controls=("Security Hub EC2.18", "Security Hub EC2.19"),
)
def no_public_ingress(resource: Resource) -> Iterator[Finding]:
    match resource.type:
        case t.INGRESS_RULE:
            yield from _ranges("cidrIpv4", resource.at("cidrIpv4"))
            yield from _ranges("cidrIpv6", resource.at("cidrIpv6"))
            yield from _prefix_lists("prefixListId", resource.at("prefixListId"))
        case t.SECURITY_GROUP_RULE:
            if resource.at("type") != "egress":
                yield from _ranges("cidrBlocks", resource.at("cidrBlocks"))
                yield from _ranges("ipv6CidrBlocks", resource.at("ipv6CidrBlocks"))
                yield from _prefix_lists("prefixListIds", resource.at("prefixListIds"))
        case _:
            for entry in items(resource.at("ingress")):
                yield from _ranges("ingress.cidrBlocks", dig(entry, "cidrBlocks"))
                yield from _ranges("ingress.ipv6CidrBlocks", dig(entry, "ipv6CidrBlocks"))
                yield from _prefix_lists("ingress.prefixListIds", dig(entry, "prefixListIds"))


def _prefix_lists(where: str, value: Plain) -> Iterator[Finding]:
    for one in items(value):
        yield Finding(f"{where} names the prefix list {shown(one)}, whose ranges are not known here; it must name ranges instead.")


@rule(
    id="network/default-group-closed",
    types={t.DEFAULT_SECURITY_GROUP},
    severity=Severity.HIGH,
    protects="Whatever is launched without a security group of its own.",
    why="The default group lets all its members talk to each other, and to the internet.",
    fix="Write ingress=[] and egress=[].",
    controls=("Security Hub EC2.2", "checkov CKV2_AWS_12"),
)
def default_group_closed(group: Resource) -> Iterator[Finding]:
    for direction in ("ingress", "egress"):
        yield from absent(direction, group.at(direction), "what is launched without a group of its own gets this one")


ADMINISTRATION = (22, 3389)
"""SSH and remote desktop."""


@rule(
    id="network/no-open-acl",
    types={t.NETWORK_ACL, t.NETWORK_ACL_RULE, t.DEFAULT_NETWORK_ACL},
    severity=Severity.MEDIUM,
    protects="The ports of administration in every subnet of the ACL.",
    why="An ACL that admits the internet to ports 22 and 3389 leaves security groups as the only defence.",
    fix="Allow 22 and 3389 from private ranges only, or not at all.",
    controls=("Security Hub EC2.21",),
)
def no_open_acl(resource: Resource) -> Iterator[Finding]:
    """A network ACL answers both ways, so ranges of high ports are open to all; those of administration must not be."""
    if resource.type == t.NETWORK_ACL_RULE:
        if resource.at("egress") is not True:
            yield from _acl_entry("", resource.props, "ruleAction", "protocol")
        return
    for entry in items(resource.at("ingress")):
        yield from _acl_entry("ingress.", entry, "action", "protocol")


def _acl_entry(where: str, entry: Plain, action: str, protocol: str) -> Iterator[Finding]:
    if dig(entry, action) == "deny":
        return
    first, last = number(dig(entry, "fromPort")), number(dig(entry, "toPort"))
    every = dig(entry, protocol) in ("-1", "all") or first is None or last is None
    if every or any(first <= port <= last for port in ADMINISTRATION if first is not None and last is not None):
        yield from _ranges(f"{where}cidrBlock", dig(entry, "cidrBlock"))
        yield from _ranges(f"{where}ipv6CidrBlock", dig(entry, "ipv6CidrBlock"))


@rule(
    id="network/named-ports",
    types={t.SECURITY_GROUP, t.SECURITY_GROUP_RULE, t.INGRESS_RULE},
    severity=Severity.MEDIUM,
    protects="The ports that nobody meant to open.",
    why="A rule for every protocol opens whatever anybody will ever listen on.",
    fix="Write the protocol, such as tcp, and the ports.",
)
def named_ports(resource: Resource) -> Iterator[Finding]:
    """Whoever may reach in by an address may reach named ports. Between security groups, all ports may be open."""
    match resource.type:
        case t.INGRESS_RULE:
            if resource.at("cidrIpv4") is not None or resource.at("cidrIpv6") is not None:
                yield from _not_every_protocol("ipProtocol", resource.at("ipProtocol"))
        case t.SECURITY_GROUP_RULE:
            if resource.at("type") != "egress" and (resource.at("cidrBlocks") is not None or resource.at("ipv6CidrBlocks") is not None):
                yield from _not_every_protocol("protocol", resource.at("protocol"))
        case _:
            for entry in items(resource.at("ingress")):
                if items(dig(entry, "cidrBlocks")) or items(dig(entry, "ipv6CidrBlocks")):
                    yield from _not_every_protocol("ingress.protocol", dig(entry, "protocol"))


def _not_every_protocol(where: str, value: Plain) -> Iterator[Finding]:
    if isinstance(value, Unknown):
        yield Finding(f"{where} is not known at preview; it must be the literal tcp or udp.")
    elif value not in ("tcp", "udp", "icmp", "icmpv6", "6", "17", 6, 17):
        yield Finding(f"{where} is {shown(value)}, which opens every port; it must be tcp or udp, with the ports named.")


@rule(
    id="network/endpoint",
    types={t.ENDPOINT},
    severity=Severity.MEDIUM,
    protects="The private way to AWS's services.",
    why="Without a group of its own an endpoint gets the VPC's default one; without private DNS nobody uses it.",
    fix="Write security_group_ids=[…] and private_dns_enabled=True.",
)
def endpoint(endpoint: Resource) -> Iterator[Finding]:
    kind = endpoint.at("vpcEndpointType")
    yield from literal("vpcEndpointType", kind, "Gateway", "Interface", "GatewayLoadBalancer", or_missing=True)
    if kind == "Interface":
        yield from present("securityGroupIds", endpoint.at("securityGroupIds"), "a security group")
        yield from present("subnetIds", endpoint.at("subnetIds"), "the subnets to be reached from")
        yield from on("privateDnsEnabled", endpoint.at("privateDnsEnabled"))


@rule(
    id="network/no-public-function",
    types={t.FUNCTION_URL},
    severity=Severity.CRITICAL,
    protects="Functions from being invoked by strangers.",
    why="A function URL without authorization is a public endpoint.",
    fix="Write authorization_type='AWS_IAM', or remove the URL.",
    controls=("checkov CKV_AWS_258",),
)
def no_public_function(url: Resource) -> Iterator[Finding]:
    yield from literal("authorizationType", url.at("authorizationType"), "AWS_IAM")


@rule(
    id="network/no-public-ip",
    types={t.SERVICE},
    severity=Severity.HIGH,
    protects="The tasks from having an address on the internet.",
    why="A task with a public address is one security-group edit away from the internet, and bypasses the NAT gateways.",
    fix="Remove assign_public_ip and place the service in private subnets.",
    controls=("Security Hub ECS.2",),
)
def no_public_ip(service: Resource) -> Iterator[Finding]:
    yield from off("networkConfiguration.assignPublicIp", service.at("networkConfiguration", "assignPublicIp"))


@rule(
    id="network/no-public-subnet",
    types={t.SUBNET},
    severity=Severity.HIGH,
    protects="Whatever is placed in a subnet from getting an address on the internet by default.",
    why="Who launches into the subnet gets a public address without having asked for it.",
    fix="Write map_public_ip_on_launch=False; NAT gateways bring their own addresses.",
    controls=("Security Hub EC2.15",),
)
def no_public_subnet(subnet: Resource) -> Iterator[Finding]:
    yield from off("mapPublicIpOnLaunch", subnet.at("mapPublicIpOnLaunch"))
    yield from off("assignIpv6AddressOnCreation", subnet.at("assignIpv6AddressOnCreation"))
