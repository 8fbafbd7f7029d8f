"""The network: EC2's half of the table, without security groups."""

from __future__ import annotations

from local.provider import equivalence
from local.provider.table import FLAG, OWN, Call, Given, ResourceType, Wrap, json_text, tag_specification

_VPC_ATTRIBUTES = {
    "enableDnsSupport": "EnableDnsSupport",
    "enableDnsHostnames": "EnableDnsHostnames",
    "enableNetworkAddressUsageMetrics": "EnableNetworkAddressUsageMetrics",
}

_SUBNET_ATTRIBUTES = {
    "assignIpv6AddressOnCreation": "AssignIpv6AddressOnCreation",
    "enableDns64": "EnableDns64",
    "enableResourceNameDnsARecordOnLaunch": "EnableResourceNameDnsARecordOnLaunch",
    "enableResourceNameDnsAaaaRecordOnLaunch": "EnableResourceNameDnsAAAARecordOnLaunch",
    "mapCustomerOwnedIpOnLaunch": "MapCustomerOwnedIpOnLaunch",
    "mapPublicIpOnLaunch": "MapPublicIpOnLaunch",
}


def _logged(kind: str) -> Wrap:
    """The one thing whose traffic a flow log records."""
    return Wrap("", lambda value: {"ResourceIds": [value], "ResourceType": kind})


RESOURCES = (
    ResourceType(
        token="aws:ec2/vpc:Vpc",
        calls=(
            Call(
                "ec2:CreateVpc",
                {"assignGeneratedIpv6CidrBlock": "AmazonProvidedIpv6CidrBlock", "tags": tag_specification("vpc")},
            ),
            # One attribute a request: AWS refuses two at once.
            *(Call("ec2:ModifyVpcAttribute", {name: f"{member}.Value"}, {"VpcId": OWN}) for name, member in _VPC_ATTRIBUTES.items()),
        ),
        id="vpc-{hex17}",
        outputs={
            "arn": "arn:aws:ec2:{region}:{account}:vpc/{id}",
            "defaultNetworkAclId": "acl-{hex17}",
            "defaultRouteTableId": "rtb-{hex17}",
            "defaultSecurityGroupId": "sg-{hex17}",
            "dhcpOptionsId": "dopt-{hex17}",
            "mainRouteTableId": "{defaultRouteTableId}",
            "ownerId": "{account}",
        },
        replaces=frozenset({"cidrBlock", "instanceTenancy", "ipv4IpamPoolId", "ipv4NetmaskLength"}),
        defaults={"enableDnsSupport": True, "instanceTenancy": "default"},
        computed=frozenset(
            {"cidrBlock", "enableDnsHostnames", "enableNetworkAddressUsageMetrics", "ipv6CidrBlock", "ipv6CidrBlockNetworkBorderGroup"}
        ),
        tags=True,
    ),
    ResourceType(
        token="aws:ec2/subnet:Subnet",
        calls=(
            Call("ec2:CreateSubnet", {"tags": tag_specification("subnet")}),
            *(
                Call("ec2:ModifySubnetAttribute", {name: f"{member}.Value"}, {"SubnetId": OWN})
                for name, member in _SUBNET_ATTRIBUTES.items()
            ),
            *(
                Call("ec2:ModifySubnetAttribute", {name: name[0].upper() + name[1:]}, {"SubnetId": OWN})
                for name in ("customerOwnedIpv4Pool", "enableLniAtDeviceIndex", "privateDnsHostnameTypeOnLaunch")
            ),
        ),
        id="subnet-{hex17}",
        outputs={"arn": "arn:aws:ec2:{region}:{account}:subnet/{id}", "ownerId": "{account}"},
        replaces=frozenset(
            {
                "availabilityZone",
                "availabilityZoneId",
                "cidrBlock",
                "ipv4IpamPoolId",
                "ipv4NetmaskLength",
                "ipv6IpamPoolId",
                "ipv6Native",
                "ipv6NetmaskLength",
                "outpostArn",
                "vpcId",
            }
        ),
        defaults={
            "assignIpv6AddressOnCreation": False,
            "enableDns64": False,
            "enableResourceNameDnsARecordOnLaunch": False,
            "enableResourceNameDnsAaaaRecordOnLaunch": False,
            "ipv6Native": False,
            "mapPublicIpOnLaunch": False,
        },
        computed=frozenset({"availabilityZone", "availabilityZoneId", "cidrBlock", "ipv6CidrBlock", "privateDnsHostnameTypeOnLaunch"}),
        tags=True,
    ),
    ResourceType(
        token="aws:ec2/internetGateway:InternetGateway",
        calls=(
            Call("ec2:CreateInternetGateway", {"tags": tag_specification("internet-gateway")}),
            Call("ec2:AttachInternetGateway", {"vpcId": "VpcId"}, {"InternetGatewayId": OWN}),
        ),
        id="igw-{hex17}",
        outputs={"arn": "arn:aws:ec2:{region}:{account}:internet-gateway/{id}", "ownerId": "{account}"},
        computed=frozenset({"vpcId"}),
        tags=True,
    ),
    ResourceType(
        token="aws:ec2/routeTable:RouteTable",
        calls=(Call("ec2:CreateRouteTable", {"tags": tag_specification("route-table")}),),
        instead={"routes": "use aws.ec2.Route", "propagatingVgws": "use aws.ec2.Route"},
        id="rtb-{hex17}",
        outputs={"arn": "arn:aws:ec2:{region}:{account}:route-table/{id}", "ownerId": "{account}"},
        replaces=frozenset({"vpcId"}),
        tags=True,
    ),
    ResourceType(
        token="aws:ec2/route:Route",
        calls=(Call("ec2:CreateRoute", {"egressOnlyGatewayId": "EgressOnlyInternetGatewayId"}),),
        id="r-{routeTableId}{decimal}",
        outputs={"origin": "CreateRoute", "state": "active"},
        replaces=frozenset({"destinationCidrBlock", "destinationIpv6CidrBlock", "destinationPrefixListId", "routeTableId"}),
        computed=frozenset({"networkInterfaceId"}),
    ),
    ResourceType(
        token="aws:ec2/routeTableAssociation:RouteTableAssociation",
        calls=(Call("ec2:AssociateRouteTable"),),
        id="rtbassoc-{hex17}",
        replaces=frozenset({"gatewayId", "subnetId"}),
    ),
    ResourceType(
        token="aws:ec2/eip:Eip",
        calls=(Call("ec2:AllocateAddress", {"tags": tag_specification("elastic-ip")}),),
        instead=dict.fromkeys(("associateWithPrivateIp", "instance", "networkInterface"), "use aws.ec2.EipAssociation"),
        id="eipalloc-{hex17}",
        outputs={
            "allocationId": "{id}",
            "arn": "arn:aws:ec2:{region}:{account}:elastic-ip/{id}",
            "publicIp": "203.0.113.{octet}",
        },
        replaces=frozenset({"address", "domain", "ipamPoolId", "networkBorderGroup", "publicIpv4Pool"}),
        computed=frozenset({"domain", "ipamPoolId", "networkBorderGroup", "publicIpv4Pool"}),
        tags=True,
    ),
    ResourceType(
        token="aws:ec2/natGateway:NatGateway",
        calls=(Call("ec2:CreateNatGateway", {"privateIp": "PrivateIpAddress", "tags": tag_specification("natgateway")}),),
        id="nat-{hex17}",
        outputs={
            "associationId": "eipassoc-{hex17}",
            "networkInterfaceId": "eni-{hex17}",
            "publicIp": Given("allocationId", "203.0.113.{octet}"),
        },
        replaces=frozenset({"allocationId", "availabilityMode", "connectivityType", "privateIp", "subnetId", "vpcId"}),
        defaults={"connectivityType": "public"},
        computed=frozenset(
            {
                "availabilityMode",
                "privateIp",
                "secondaryAllocationIds",
                "secondaryPrivateIpAddressCount",
                "secondaryPrivateIpAddresses",
                "vpcId",
            }
        ),
        sets=frozenset({"availabilityZoneAddresses", "secondaryAllocationIds", "secondaryPrivateIpAddresses"}),
        tags=True,
    ),
    ResourceType(
        token="aws:ec2/vpcEndpoint:VpcEndpoint",
        calls=(
            Call(
                "ec2:CreateVpcEndpoint",
                {"policy": json_text("PolicyDocument"), "autoAccept": FLAG, "tags": tag_specification("vpc-endpoint")},
            ),
        ),
        id="vpce-{hex17}",
        outputs={
            "arn": "arn:aws:ec2:{region}:{account}:vpc-endpoint/{id}",
            "ownerId": "{account}",
            "prefixListId": Given("routeTableIds", "pl-{hex8}"),
            "requesterManaged": False,
            "state": "available",
        },
        replaces=frozenset(
            {
                "dnsOptions.privateDnsPreference",
                "dnsOptions.privateDnsSpecifiedDomains",
                "resourceConfigurationArn",
                "serviceName",
                "serviceNetworkArn",
                "serviceRegion",
                "vpcEndpointType",
                "vpcId",
            }
        ),
        defaults={"vpcEndpointType": "Gateway"},
        computed=frozenset(
            {
                "dnsOptions",
                "ipAddressType",
                "policy",
                "privateDnsEnabled",
                "routeTableIds",
                "securityGroupIds",
                "serviceRegion",
                "subnetConfigurations",
                "subnetIds",
            }
        ),
        sets=frozenset({"routeTableIds", "securityGroupIds", "subnetConfigurations", "subnetIds"}),
        tags=True,
        equivalent={"policy": equivalence.policies},
    ),
    ResourceType(
        token="aws:ec2/flowLog:FlowLog",
        calls=(
            Call(
                "ec2:CreateFlowLogs",
                {
                    "iamRoleArn": "DeliverLogsPermissionArn",
                    "vpcId": _logged("VPC"),
                    "subnetId": _logged("Subnet"),
                    "eniId": _logged("NetworkInterface"),
                    "regionalNatGatewayId": _logged("RegionalNatGateway"),
                    "transitGatewayId": _logged("TransitGateway"),
                    "transitGatewayAttachmentId": _logged("TransitGatewayAttachment"),
                    "tags": tag_specification("vpc-flow-log"),
                },
            ),
        ),
        id="fl-{hex17}",
        outputs={"arn": "arn:aws:ec2:{region}:{account}:vpc-flow-log/{id}"},
        replaces=frozenset(
            {
                "deliverCrossAccountRole",
                "destinationOptions",
                "eniId",
                "iamRoleArn",
                "logDestination",
                "logDestinationType",
                "logFormat",
                "maxAggregationInterval",
                "regionalNatGatewayId",
                "subnetId",
                "tagFieldSpecifications",
                "trafficType",
                "transitGatewayAttachmentId",
                "transitGatewayId",
                "vpcId",
            }
        ),
        defaults={"logDestinationType": "cloud-watch-logs", "maxAggregationInterval": 600},
        computed=frozenset({"destinationOptions", "logDestination", "logFormat"}),
        sets=frozenset({"tagFieldSpecifications"}),
        tags=True,
    ),
)
