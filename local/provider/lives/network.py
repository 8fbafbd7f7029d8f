"""How networks, and the groups that guard them, go on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from local.provider.life import EC2_TAGS, EC2_UNTAG, Ask, Life
from local.provider.reading import Reading, plainly, tags
from local.provider.table import Call, Local, json_text

_ANYWHERE = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
"""The rule out that AWS gives every new group, and that the provider takes away again."""


def _ec2(
    describe: str,
    list_: str,
    key: str,
    remove: Sequence[Ask],
    outputs: dict[str, str] | None = None,
    *,
    answer: str | None = None,
    ids: str | None = None,
    changes: Sequence[Call] = (),
    then: Sequence[Ask] = (),
    reads: Mapping[str, Reading] | None = None,
) -> Life:
    """A thing of EC2's: described by its id, whose member is `key` in the description and, below `answer`, in the creation's answer."""
    return Life(
        look=Ask(f"ec2:{describe}", {ids or f"{key}s": ["{id}"]}),
        at=f"{list_}[0]",
        answer={"id": f"{answer}.{key}" if answer else key},
        reads={**tags(), **(reads or {})},
        outputs=outputs or {},
        changes=(EC2_TAGS, *changes),
        untag=EC2_UNTAG,
        remove=remove,
        then=then,
    )


def _group_rule(direction: str) -> Life:
    return Life(
        look=Ask("ec2:DescribeSecurityGroupRules", {"SecurityGroupRuleIds": ["{id}"]}),
        at="SecurityGroupRules[0]",
        reads=plainly("CidrIpv4", "CidrIpv6", "Description", "FromPort", "IpProtocol", "PrefixListId", "ToPort") | tags(),
        answer={"id": "SecurityGroupRules[0].SecurityGroupRuleId"},
        changes=(
            Call(
                "ec2:ModifySecurityGroupRules",
                {name: f"{_RULE}.{member}" for name, member in _RULE_MEMBERS.items()},
                {"GroupId": "{securityGroupId}", "SecurityGroupRules": [{"SecurityGroupRuleId": "{id}"}]},
            ),
            EC2_TAGS,
        ),
        untag=EC2_UNTAG,
        remove=(Ask(f"ec2:RevokeSecurityGroup{direction}", {"GroupId": "{securityGroupId}", "SecurityGroupRuleIds": ["{id}"]}),),
    )


def _revoke(direction: str, permission: dict[str, Any]) -> Ask:
    return Ask(f"ec2:RevokeSecurityGroup{direction}", {"GroupId": "{id}", "IpPermissions": [permission]})


_ENDPOINT_LISTS = {"routeTableIds": "RouteTableIds", "securityGroupIds": "SecurityGroupIds", "subnetIds": "SubnetIds"}
"""An endpoint's lists, of which AWS wants to be told what comes and what goes."""

_RULE = "SecurityGroupRules.0.SecurityGroupRule"
_RULE_MEMBERS = {
    "cidrIpv4": "CidrIpv4",
    "cidrIpv6": "CidrIpv6",
    "description": "Description",
    "fromPort": "FromPort",
    "ipProtocol": "IpProtocol",
    "prefixListId": "PrefixListId",
    "referencedSecurityGroupId": "ReferencedGroupId",
    "toPort": "ToPort",
}

_PERMISSION = "{protocol: IpProtocol, fromPort: FromPort, toPort: ToPort, cidrBlocks: IpRanges[].CidrIp}"
_MAIN_ROUTES = Ask("ec2:DescribeRouteTables", {"RouteTableIds": ["{routeTableId}"]})

LIVES: dict[str, Life] = {
    "aws:ec2/vpc:Vpc": _ec2(
        "DescribeVpcs",
        "Vpcs",
        "VpcId",
        (Ask("ec2:DeleteVpc", {"VpcId": "{id}"}),),
        {"ownerId": "OwnerId", "dhcpOptionsId": "DhcpOptionsId"},
        answer="Vpc",
    ),
    "aws:ec2/subnet:Subnet": _ec2(
        "DescribeSubnets",
        "Subnets",
        "SubnetId",
        (Ask("ec2:DeleteSubnet", {"SubnetId": "{id}"}),),
        {"arn": "SubnetArn", "ownerId": "OwnerId"},
        answer="Subnet",
        reads=plainly("MapPublicIpOnLaunch"),
    ),
    "aws:ec2/internetGateway:InternetGateway": _ec2(
        "DescribeInternetGateways",
        "InternetGateways",
        "InternetGatewayId",
        (
            Ask("ec2:DetachInternetGateway", {"InternetGatewayId": "{id}", "VpcId": "{vpcId}"}),
            Ask("ec2:DeleteInternetGateway", {"InternetGatewayId": "{id}"}),
        ),
        {"ownerId": "OwnerId"},
        answer="InternetGateway",
    ),
    "aws:ec2/routeTable:RouteTable": _ec2(
        "DescribeRouteTables",
        "RouteTables",
        "RouteTableId",
        (Ask("ec2:DeleteRouteTable", {"RouteTableId": "{id}"}),),
        {"ownerId": "OwnerId"},
        answer="RouteTable",
    ),
    "aws:ec2/route:Route": Life(
        look=_MAIN_ROUTES,
        at="RouteTables[0].Routes[?DestinationCidrBlock=='{destinationCidrBlock}'] | [0]",
        outputs={"origin": "Origin", "state": "State"},
        reads=plainly("GatewayId", "NatGatewayId"),
        changes=(
            Call(
                "ec2:ReplaceRoute",
                {
                    "routeTableId": "RouteTableId",
                    "destinationCidrBlock": "DestinationCidrBlock",
                    "gatewayId": "GatewayId",
                    "natGatewayId": "NatGatewayId",
                },
            ),
        ),
        remove=(Ask("ec2:DeleteRoute", {"RouteTableId": "{routeTableId}", "DestinationCidrBlock": "{destinationCidrBlock}"}),),
    ),
    "aws:ec2/routeTableAssociation:RouteTableAssociation": Life(
        look=_MAIN_ROUTES,
        at="RouteTables[0].Associations[?RouteTableAssociationId=='{id}'] | [0]",
        answer={"id": "AssociationId"},
        remove=(Ask("ec2:DisassociateRouteTable", {"AssociationId": "{id}"}),),
    ),
    "aws:ec2/eip:Eip": _ec2(
        "DescribeAddresses",
        "Addresses",
        "AllocationId",
        (Ask("ec2:ReleaseAddress", {"AllocationId": "{id}"}),),
        {"publicIp": "PublicIp"},
    ),
    "aws:ec2/natGateway:NatGateway": Life(
        look=Ask("ec2:DescribeNatGateways", {"NatGatewayIds": ["{id}"]}),
        at="NatGateways[?State!='deleted' && State!='deleting'] | [0]",
        answer={"id": "NatGateway.NatGatewayId"},
        reads=tags(),
        outputs={
            "publicIp": "NatGatewayAddresses[0].PublicIp",
            "networkInterfaceId": "NatGatewayAddresses[0].NetworkInterfaceId",
        },
        changes=(EC2_TAGS,),
        untag=EC2_UNTAG,
        remove=(Ask("ec2:DeleteNatGateway", {"NatGatewayId": "{id}"}),),
    ),
    # The emulator doesn't say what policy an endpoint has, nor its groups, nor whether its names resolve privately.
    "aws:ec2/vpcEndpoint:VpcEndpoint": _ec2(
        "DescribeVpcEndpoints",
        "VpcEndpoints",
        "VpcEndpointId",
        (Ask("ec2:DeleteVpcEndpoints", {"VpcEndpointIds": ["{id}"]}),),
        {"ownerId": "OwnerId", "state": "State"},
        answer="VpcEndpoint",
        reads=plainly("RouteTableIds", "SubnetIds"),
        changes=(
            Call(
                "ec2:ModifyVpcEndpoint",
                {
                    "policy": json_text("PolicyDocument"),
                    "privateDnsEnabled": "PrivateDnsEnabled",
                    **dict.fromkeys(_ENDPOINT_LISTS, Local(list)),
                },
                {
                    "VpcEndpointId": "{id}",
                    **{f"Add{member}": f"{{added.{name}}}" for name, member in _ENDPOINT_LISTS.items()},
                    **{f"Remove{member}": f"{{removed.{name}}}" for name, member in _ENDPOINT_LISTS.items()},
                },
            ),
        ),
    ),
    "aws:ec2/flowLog:FlowLog": Life(
        look=Ask("ec2:DescribeFlowLogs", {"FlowLogIds": ["{id}"]}),
        at="FlowLogs[0]",
        answer={"id": "FlowLogIds[0]"},
        reads=plainly("LogDestinationType", "TrafficType") | tags(),
        changes=(EC2_TAGS,),
        untag=EC2_UNTAG,
        remove=(Ask("ec2:DeleteFlowLogs", {"FlowLogIds": ["{id}"]}),),
    ),
    "aws:ec2/securityGroup:SecurityGroup": _ec2(
        "DescribeSecurityGroups",
        "SecurityGroups",
        "GroupId",
        (Ask("ec2:DeleteSecurityGroup", {"GroupId": "{id}"}),),
        {"ownerId": "OwnerId"},
        then=(_revoke("Egress", _ANYWHERE),),
    ),
    # The group goes with its VPC, as with the real provider.
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": Life(
        look=Ask("ec2:DescribeSecurityGroups", {"GroupIds": ["{id}"]}),
        at="SecurityGroups[0]",
        answer={"id": "SecurityGroups[0].GroupId"},
        outputs={"ownerId": "OwnerId", "name": "GroupName", "description": "Description"},
        reads={"ingress": f"IpPermissions[].{_PERMISSION}", "egress": f"IpPermissionsEgress[].{_PERMISSION}", **tags()},
        then=(
            _revoke("Egress", _ANYWHERE),
            _revoke("Ingress", {"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": "{id}"}]}),
        ),
        changes=(EC2_TAGS,),
        untag=EC2_UNTAG,
    ),
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": _group_rule("Ingress"),
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": _group_rule("Egress"),
}
"""By type."""
