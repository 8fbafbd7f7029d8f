"""Samples and refused edits for networks and the groups that guard them: part of `samples.py`."""

from __future__ import annotations

from typing import Any

from tests.local.provider.common import ACCOUNT, GONE, POLICY, ROLE, TAGS, Edit

VALID: dict[str, dict[str, Any]] = {
    "aws:ec2/vpc:Vpc": {"cidrBlock": "10.10.0.0/16", "enableDnsSupport": True, "enableDnsHostnames": True, "tags": TAGS},
    "aws:ec2/subnet:Subnet": {
        "vpcId": "vpc-0123456789abcdef0",
        "cidrBlock": "10.10.0.0/19",
        "availabilityZone": "us-east-1a",
        "mapPublicIpOnLaunch": False,
        "tags": TAGS,
    },
    "aws:ec2/internetGateway:InternetGateway": {"vpcId": "vpc-0123456789abcdef0", "tags": TAGS},
    "aws:ec2/routeTable:RouteTable": {"vpcId": "vpc-0123456789abcdef0", "tags": TAGS},
    "aws:ec2/route:Route": {
        "routeTableId": "rtb-0123456789abcdef0",
        "destinationCidrBlock": "0.0.0.0/0",
        "natGatewayId": "nat-0123456789abcdef0",
    },
    "aws:ec2/routeTableAssociation:RouteTableAssociation": {
        "routeTableId": "rtb-0123456789abcdef0",
        "subnetId": "subnet-0123456789abcdef0",
    },
    "aws:ec2/eip:Eip": {"domain": "vpc", "tags": TAGS},
    "aws:ec2/natGateway:NatGateway": {
        "allocationId": "eipalloc-0123456789abcdef0",
        "subnetId": "subnet-0123456789abcdef0",
        "connectivityType": "public",
        "tags": TAGS,
    },
    "aws:ec2/vpcEndpoint:VpcEndpoint": {
        "vpcId": "vpc-0123456789abcdef0",
        "serviceName": "com.amazonaws.us-east-1.s3",
        "vpcEndpointType": "Gateway",
        "routeTableIds": ["rtb-0123456789abcdef0"],
        "policy": POLICY,
        "tags": TAGS,
    },
    "aws:ec2/flowLog:FlowLog": {
        "vpcId": "vpc-0123456789abcdef0",
        "trafficType": "ALL",
        "logDestinationType": "cloud-watch-logs",
        "logDestination": f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:/evolution/dev/flow-logs",
        "iamRoleArn": ROLE,
        "maxAggregationInterval": 60,
        "tags": TAGS,
    },
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": {
        "vpcId": "vpc-0123456789abcdef0",
        "ingress": [],
        "egress": [{"protocol": "-1", "fromPort": 0, "toPort": 0, "cidrBlocks": ["10.10.0.0/16"], "self": True}],
        "tags": TAGS,
    },
    "aws:ec2/securityGroup:SecurityGroup": {
        "name": "evolution-engine-dev",
        "description": "The engine's tasks",
        "vpcId": "vpc-0123456789abcdef0",
        "revokeRulesOnDelete": True,
        "tags": TAGS,
    },
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": {
        "securityGroupId": "sg-0123456789abcdef0",
        "ipProtocol": "tcp",
        "fromPort": 443,
        "toPort": 443,
        "prefixListId": "pl-01234567",
        "description": "S3 over HTTPS",
        "tags": TAGS,
    },
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": {
        "securityGroupId": "sg-0123456789abcdef0",
        "ipProtocol": "tcp",
        "fromPort": 443,
        "toPort": 443,
        "cidrIpv4": "10.10.0.0/16",
        "description": "HTTPS from inside the VPC",
        "tags": TAGS,
    },
}

REFUSED: list[Edit] = [
    ("aws:ec2/vpc:Vpc", "instanceTenancy", "shared", "instanceTenancy", "one of default, dedicated, host"),
    ("aws:ec2/vpc:Vpc", "enableDnsSupport", "maybe", "enableDnsSupport", "true or false"),
    ("aws:ec2/subnet:Subnet", "vpcId", GONE, "vpcId", "VpcId is required"),
    ("aws:ec2/subnet:Subnet", "privateDnsHostnameTypeOnLaunch", "ip", "privateDnsHostnameTypeOnLaunch", "one of ip-name, resource-name"),
    ("aws:ec2/internetGateway:InternetGateway", "vpcId", ["a", "b"], "vpcId", "is a string"),
    ("aws:ec2/routeTable:RouteTable", "vpcId", GONE, "vpcId", "VpcId is required"),
    ("aws:ec2/routeTable:RouteTable", "routes", [], "routes", "use aws.ec2.Route"),
    ("aws:ec2/route:Route", "routeTableId", GONE, "routeTableId", "RouteTableId is required"),
    ("aws:ec2/routeTableAssociation:RouteTableAssociation", "routeTableId", GONE, "routeTableId", "is required"),
    ("aws:ec2/eip:Eip", "domain", "VPC", "domain", "one of vpc, standard; write vpc"),
    ("aws:ec2/natGateway:NatGateway", "connectivityType", "open", "connectivityType", "one of private, public"),
    ("aws:ec2/vpcEndpoint:VpcEndpoint", "vpcEndpointType", "gateway", "vpcEndpointType", "write Gateway"),
    ("aws:ec2/vpcEndpoint:VpcEndpoint", "policy", '{"Statement": [', "policy", "must be JSON"),
    ("aws:ec2/flowLog:FlowLog", "trafficType", "EVERYTHING", "trafficType", "one of ACCEPT, REJECT, ALL"),
    ("aws:ec2/flowLog:FlowLog", "vpcId", GONE, "vpcId", "ResourceIds is required"),
    ("aws:ec2/defaultSecurityGroup:DefaultSecurityGroup", "egress[0].fromPort", "any", "egress[0].fromPort", "is a whole number"),
    ("aws:ec2/securityGroup:SecurityGroup", "description", GONE, "description", "Description is required"),
    ("aws:ec2/securityGroup:SecurityGroup", "revokeRulesOnDelete", "yes", "revokeRulesOnDelete", "true or false"),
    ("aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule", "securityGroupId", GONE, "securityGroupId", "GroupId is required"),
    ("aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule", "prefixListId", GONE, "description", "one of cidrIpv4"),
    ("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", "toPort", 1.5, "toPort", "is a whole number"),
]
