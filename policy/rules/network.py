"""Network: nobody outside can reach in."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

from plain import Plain, Unknown, dig, items, shown
from rule import Family, Fault, Resource, ResourceRule, Severity, broken, cannot_tell

SECURITY_GROUP = "aws:ec2/securityGroup:SecurityGroup"
DEFAULT_SECURITY_GROUP = "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup"
SECURITY_GROUP_RULE = "aws:ec2/securityGroupRule:SecurityGroupRule"
INGRESS_RULE = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
SUBNET = "aws:ec2/subnet:Subnet"
SERVICE = "aws:ecs/service:Service"

PRIVATE = tuple(map(ipaddress.ip_network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7")))
"""The ranges that are never routed on the internet. Source: RFC 1918, RFC 6598, RFC 4193."""


def _ranges(where: str, value: Plain) -> Iterator[Fault]:
    """Every range that may reach in must lie within a private one."""
    for one in items(value):
        if isinstance(one, Unknown):
            yield cannot_tell(f"{where} is not known at preview; it must be a literal private range.")
            continue
        try:
            network = ipaddress.ip_network(str(one), strict=False)
        except ValueError:
            yield cannot_tell(f"{where} is {shown(one)}, which is no address range; it must be a private one, such as 10.0.0.0/16.")
            continue
        if not any(network.version == private.version and network.subnet_of(private) for private in PRIVATE):  # pyright: ignore[reportArgumentType]  # the versions agree
            yield broken(
                f"{where} is {network}, which reaches beyond the private ranges; it must lie within 10.0.0.0/8 or another of them."
            )


def _ingress(resource: Resource) -> Iterator[Fault]:
    match resource.type:
        case "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule":
            yield from _ranges("cidrIpv4", resource.at("cidrIpv4"))
            yield from _ranges("cidrIpv6", resource.at("cidrIpv6"))
        case "aws:ec2/securityGroupRule:SecurityGroupRule":
            if resource.at("type") != "egress":
                yield from _ranges("cidrBlocks", resource.at("cidrBlocks"))
                yield from _ranges("ipv6CidrBlocks", resource.at("ipv6CidrBlocks"))
        case _:
            for entry in items(resource.at("ingress")):
                yield from _ranges("ingress.cidrBlocks", dig(entry, "cidrBlocks"))
                yield from _ranges("ingress.ipv6CidrBlocks", dig(entry, "ipv6CidrBlocks"))


def _is_off(where: str, value: Plain) -> Iterator[Fault]:
    """A switch that is off unless it is set."""
    if isinstance(value, Unknown):
        yield cannot_tell(f"{where} is not known at preview; it must be the literal false.")
    elif value is not None and value is not False:
        yield broken(f"{where} is {shown(value)}; it must be false.")


def _public_ip(service: Resource) -> Iterator[Fault]:
    yield from _is_off("networkConfiguration.assignPublicIp", service.at("networkConfiguration", "assignPublicIp"))


def _public_subnet(subnet: Resource) -> Iterator[Fault]:
    yield from _is_off("mapPublicIpOnLaunch", subnet.at("mapPublicIpOnLaunch"))


FAMILY = Family(
    name="network",
    title="Nothing outside the private network may reach in.",
    resource_rules=(
        ResourceRule(
            id="network/no-public-ingress",
            severity=Severity.CRITICAL,
            protects="The engine, which decides by itself, from being spoken to by strangers.",
            why="A port that is open to the internet is found within minutes.",
            mend="Name a private range, or the security group that may reach in, as the source.",
            check=_ingress,
            types=frozenset({SECURITY_GROUP, DEFAULT_SECURITY_GROUP, SECURITY_GROUP_RULE, INGRESS_RULE}),
            controls=("Security Hub EC2.18", "Security Hub EC2.19"),
        ),
        ResourceRule(
            id="network/no-public-ip",
            severity=Severity.HIGH,
            protects="The tasks from having an address on the internet.",
            why="A task with a public address is one security-group edit away from the internet, and bypasses the NAT gateways.",
            mend="Remove assign_public_ip and place the service in private subnets.",
            check=_public_ip,
            types=frozenset({SERVICE}),
            controls=("Security Hub ECS.2",),
        ),
        ResourceRule(
            id="network/no-public-subnet",
            severity=Severity.HIGH,
            protects="Whatever is placed in a subnet from getting an address on the internet by default.",
            why="Who launches into the subnet gets a public address without having asked for it.",
            mend="Write map_public_ip_on_launch=False; NAT gateways bring their own addresses.",
            check=_public_subnet,
            types=frozenset({SUBNET}),
            controls=("Security Hub EC2.15",),
        ),
    ),
)
