"""Network: private subnets for the workloads, without any ingress."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components import environment, iam, resource_policies
from components.component import HTTPS, log_group, service_role
from components.dns_firewall import allow_domains
from components.naming import Names
from components.zones import choose_zones

GATEWAY_ENDPOINTS = ("s3", "dynamodb")
"""Free, and they keep most of the traffic off the NAT gateways."""


@dataclass(frozen=True, kw_only=True)
class SubnetPlan:
    """One CIDR for each zone."""

    public: tuple[str, ...]
    private: tuple[str, ...]


def plan_subnets(vpc_cidr: str, zones: int) -> SubnetPlan:
    """Cut a VPC into private subnets of an eighth each, and public ones (they hold only NAT gateways) of a sixty-fourth each.

    Args:
        vpc_cidr: the VPC's IPv4 network, such as `10.10.0.0/16`.
        zones: how many availability zones, 1 to 6. The plan for more zones extends the plan for fewer.
    """
    eighths = list(ipaddress.IPv4Network(vpc_cidr).subnets(prefixlen_diff=3))
    return SubnetPlan(
        private=tuple(str(subnet) for subnet in eighths[:zones]),
        public=tuple(str(subnet) for subnet in list(eighths[-1].subnets(prefixlen_diff=3))[:zones]),
    )


@dataclass(frozen=True, kw_only=True)
class NetworkArgs:
    """The arguments of the network.

    Attributes:
        settings: the CIDR, the zones, the NAT gateways (with fewer than zones, zones share), the interface endpoints, and the names that
            may be looked up.
        model_id: the only model that may be asked from the VPC.
    """

    names: Names
    settings: environment.NetworkTable
    model_id: str
    retention: environment.Retention
    key_arn: pulumi.Input[str]
    boundary_arn: pulumi.Input[str]


class Network(pulumi.ComponentResource):
    """The VPC, its subnets, gateways and endpoints."""

    vpc_id: pulumi.Output[str]
    private_subnet_ids: list[pulumi.Output[str]]
    zone_ids: list[str]
    """The id of each private subnet's zone. Unlike a zone's name, its id means the same place in every account."""

    def __init__(self, name: str, args: NetworkArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("evolution:network:Network", name, opts=opts)
        child = pulumi.ResourceOptions(parent=self)

        available = aws.get_availability_zones(
            state="available",
            # Local zones have no NAT gateways and no Fargate.
            filters=[{"name": "opt-in-status", "values": ["opt-in-not-required"]}],
            opts=pulumi.InvokeOptions(parent=self),
        )
        zone_ids = dict(zip(available.names, available.zone_ids, strict=True))
        zones = choose_zones(zone_ids, args.settings.availability_zones, args.names.region)
        plan = plan_subnets(args.settings.vpc_cidr, len(zones))

        vpc = aws.ec2.Vpc(
            f"{name}-vpc",
            cidr_block=args.settings.vpc_cidr,
            enable_dns_support=True,
            enable_dns_hostnames=True,
            tags=_named(args, "vpc"),
            # Another CIDR is another VPC, and what stands in the old one keeps it: an `up` that would replace it is refused while nothing
            # is done yet, instead of failing halfway.
            opts=pulumi.ResourceOptions(parent=self, protect=args.retention.protect_data),
        )
        # Anything launched without a security group gets this one, which allows no traffic.
        aws.ec2.DefaultSecurityGroup(f"{name}-default-group", vpc_id=vpc.id, ingress=[], egress=[], opts=child)
        gateway = aws.ec2.InternetGateway(f"{name}-internet-gateway", vpc_id=vpc.id, tags=_named(args, "internet"), opts=child)

        public_routes = aws.ec2.RouteTable(f"{name}-public-routes", vpc_id=vpc.id, tags=_named(args, "public"), opts=child)
        to_internet = aws.ec2.Route(
            f"{name}-public-to-internet",
            route_table_id=public_routes.id,
            destination_cidr_block="0.0.0.0/0",
            gateway_id=gateway.id,
            opts=child,
        )
        nat_gateways: list[aws.ec2.NatGateway] = []
        for index, (zone, cidr) in enumerate(zip(zones, plan.public, strict=True)):
            subnet = self._subnet(f"{name}-public-{index}", args, vpc, zone, cidr, public_routes)
            if index < args.settings.nat_gateways:
                nat_gateways.append(self._nat_gateway(f"{name}-nat-{index}", args, subnet, to_internet))

        private_routes: list[aws.ec2.RouteTable] = []
        private_subnets: list[aws.ec2.Subnet] = []
        for index, (zone, cidr) in enumerate(zip(zones, plan.private, strict=True)):
            routes = aws.ec2.RouteTable(f"{name}-private-{index}-routes", vpc_id=vpc.id, tags=_named(args, f"private-{index}"), opts=child)
            aws.ec2.Route(
                f"{name}-private-{index}-to-nat",
                route_table_id=routes.id,
                destination_cidr_block="0.0.0.0/0",
                nat_gateway_id=nat_gateways[index % len(nat_gateways)].id,
                opts=child,
            )
            private_routes.append(routes)
            private_subnets.append(self._subnet(f"{name}-private-{index}", args, vpc, zone, cidr, routes))

        self._endpoints(name, args, vpc, private_routes, private_subnets)
        if args.settings.allowed_domains is not None:
            allow_domains(f"{name}-dns", args.names, args.settings.allowed_domains, vpc, child)
        self._flow_logs(name, args, vpc)

        self.vpc_id = vpc.id
        self.private_subnet_ids = [subnet.id for subnet in private_subnets]
        self.zone_ids = [zone_ids[zone] for zone in zones]
        self.register_outputs({"vpcId": self.vpc_id, "privateSubnetIds": self.private_subnet_ids})

    def _subnet(self, name: str, args: NetworkArgs, vpc: aws.ec2.Vpc, zone: str, cidr: str, routes: aws.ec2.RouteTable) -> aws.ec2.Subnet:
        child = pulumi.ResourceOptions(parent=self)
        subnet = aws.ec2.Subnet(
            name,
            vpc_id=vpc.id,
            availability_zone=zone,
            cidr_block=cidr,
            map_public_ip_on_launch=False,
            tags=_named(args, name),
            opts=child,
        )
        aws.ec2.RouteTableAssociation(f"{name}-association", subnet_id=subnet.id, route_table_id=routes.id, opts=child)
        return subnet

    def _nat_gateway(self, name: str, args: NetworkArgs, subnet: aws.ec2.Subnet, to_internet: aws.ec2.Route) -> aws.ec2.NatGateway:
        tags = _named(args, name)
        address = aws.ec2.Eip(f"{name}-address", domain="vpc", tags=tags, opts=pulumi.ResourceOptions(parent=self))
        return aws.ec2.NatGateway(
            name,
            subnet_id=subnet.id,
            allocation_id=address.id,
            tags=tags,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[to_internet]),
        )

    def _endpoints(
        self,
        name: str,
        args: NetworkArgs,
        vpc: aws.ec2.Vpc,
        routes: Sequence[aws.ec2.RouteTable],
        subnets: Sequence[aws.ec2.Subnet],
    ) -> None:
        child = pulumi.ResourceOptions(parent=self)
        for service in GATEWAY_ENDPOINTS:
            aws.ec2.VpcEndpoint(
                f"{name}-{service}-endpoint",
                vpc_id=vpc.id,
                service_name=f"com.amazonaws.{args.names.region}.{service}",
                vpc_endpoint_type="Gateway",
                route_table_ids=[table.id for table in routes],
                policy=resource_policies.endpoint_policy(args.names, service, args.model_id),
                tags=_named(args, service),
                opts=child,
            )
        if not args.settings.interface_endpoints:
            return
        group = aws.ec2.SecurityGroup(
            f"{name}-endpoints-group",
            name=args.names.regional("evolution-endpoints"),
            description="Interface endpoints: HTTPS from inside the VPC.",
            vpc_id=vpc.id,
            tags=_named(args, "endpoints"),
            opts=child,
        )
        aws.vpc.SecurityGroupIngressRule(
            f"{name}-endpoints-from-vpc",
            security_group_id=group.id,
            description="HTTPS from inside the VPC",
            cidr_ipv4=args.settings.vpc_cidr,
            ip_protocol="tcp",
            from_port=HTTPS,
            to_port=HTTPS,
            opts=child,
        )
        for service in args.settings.interface_endpoints:
            aws.ec2.VpcEndpoint(
                f"{name}-{service}-endpoint",
                vpc_id=vpc.id,
                service_name=f"com.amazonaws.{args.names.region}.{service}",
                vpc_endpoint_type="Interface",
                subnet_ids=[subnet.id for subnet in subnets],
                security_group_ids=[group.id],
                private_dns_enabled=True,
                policy=resource_policies.endpoint_policy(args.names, service, args.model_id),
                tags=_named(args, service),
                opts=child,
            )

    def _flow_logs(self, name: str, args: NetworkArgs, vpc: aws.ec2.Vpc) -> None:
        child = pulumi.ResourceOptions(parent=self)
        role = service_role(
            f"{name}-flow-logs-role",
            args.names.flow_logs_role,
            names=args.names,
            key_arn=args.key_arn,
            description="VPC flow logs: writes to their one log group.",
            trust=iam.flow_logs_trust(args.names),
            grants=iam.flow_logs_grants,
            boundary_arn=args.boundary_arn,
            opts=child,
        )
        group = log_group(
            f"{name}-flow-logs-group",
            args.names.flow_log_group,
            key_arn=args.key_arn,
            retention=args.retention,
            opts=child,
        )
        aws.ec2.FlowLog(
            f"{name}-flow-logs",
            vpc_id=vpc.id,
            traffic_type="ALL",
            log_destination_type="cloud-watch-logs",
            log_destination=group.arn,
            iam_role_arn=role.role.arn,
            tags=_named(args, "flow-logs"),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[role.grants]),
        )


def _named(args: NetworkArgs, part: str) -> dict[str, str]:
    """EC2 objects have no names, only this tag."""
    return {"Name": args.names.regional(f"evolution-{part}")}
