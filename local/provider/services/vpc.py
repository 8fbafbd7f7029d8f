"""The network: EC2's types, without security groups."""

from typing import Final

from local.provider import equivalence
from local.provider.members import FLAG, Local, Wrap, json_text, named, tag_specification
from local.provider.reading import fields
from local.provider.resource_type import Call, IfGiven, Read, Request, ResourceType, Tagging

_ARN = "arn:aws:ec2:{region}:{account}"

EC2_TAGS: Final = Tagging(
    tag=Call("ec2:CreateTags", named("tags"), {"Resources": ["{id}"]}),
    untag=Request("ec2:DeleteTags", {"Resources": ["{id}"], "Tags": "{gonePairs}"}),
    path="Tags",
)
"""The tags of existing EC2 resources; `tag_specification` has those of new ones."""

_ROUTES = Request("ec2:DescribeRouteTables", {"RouteTableIds": ["{routeTableId}"]})
_ROUTE = {"RouteTableId": "{routeTableId}", "DestinationCidrBlock": "{destinationCidrBlock}"}

_SUBNET_ATTRIBUTES = (
    "assignIpv6AddressOnCreation",
    "customerOwnedIpv4Pool",
    "enableDns64",
    "enableLniAtDeviceIndex",
    "enableResourceNameDnsARecordOnLaunch",
    "enableResourceNameDnsAaaaRecordOnLaunch",
    "mapCustomerOwnedIpOnLaunch",
    "mapPublicIpOnLaunch",
    "privateDnsHostnameTypeOnLaunch",
)

_ENDPOINT_LISTS = {"routeTableIds": "RouteTableIds", "securityGroupIds": "SecurityGroupIds", "subnetIds": "SubnetIds"}
"""An endpoint's lists, for which AWS takes the added and the removed items."""


def _logged(kind: str) -> Wrap:
    """The resource whose traffic a flow log records."""
    return Wrap("", lambda value: {"ResourceIds": [value], "ResourceType": kind})


RESOURCES = (
    ResourceType(
        token="aws:ec2/vpc:Vpc",
        create=(
            Call(
                "ec2:CreateVpc",
                {"assignGeneratedIpv6CidrBlock": "AmazonProvidedIpv6CidrBlock", "tags": tag_specification("vpc")},
            ),
            # AWS takes one attribute in a request.
            *(
                Call("ec2:ModifyVpcAttribute", named(name), {"VpcId": "{id}"})
                for name in ("enableDnsSupport", "enableDnsHostnames", "enableNetworkAddressUsageMetrics")
            ),
        ),
        id="vpc-{hex17}",
        outputs={
            "arn": f"{_ARN}:vpc/{{id}}",
            "defaultNetworkAclId": "acl-{hex17}",
            "defaultRouteTableId": "rtb-{hex17}",
            "defaultSecurityGroupId": "sg-{hex17}",
            "dhcpOptionsId": "dopt-{hex17}",
            "mainRouteTableId": "{defaultRouteTableId}",
            "ownerId": "{account}",
        },
        created={"id": "Vpc.VpcId"},
        read=Read(
            Request("ec2:DescribeVpcs", {"VpcIds": ["{id}"]}),
            "Vpcs[0]",
            outputs={"ownerId": "OwnerId", "dhcpOptionsId": "DhcpOptionsId"},
        ),
        delete=Request("ec2:DeleteVpc", {"VpcId": "{id}"}),
        tags=EC2_TAGS,
    ),
    ResourceType(
        token="aws:ec2/subnet:Subnet",
        create=(
            Call("ec2:CreateSubnet", {"tags": tag_specification("subnet")}),
            *(Call("ec2:ModifySubnetAttribute", named(name), {"SubnetId": "{id}"}) for name in _SUBNET_ATTRIBUTES),
        ),
        id="subnet-{hex17}",
        outputs={"arn": f"{_ARN}:subnet/{{id}}", "ownerId": "{account}"},
        created={"id": "Subnet.SubnetId"},
        read=Read(
            Request("ec2:DescribeSubnets", {"SubnetIds": ["{id}"]}),
            "Subnets[0]",
            fields("MapPublicIpOnLaunch"),
            {"arn": "SubnetArn", "ownerId": "OwnerId"},
        ),
        delete=Request("ec2:DeleteSubnet", {"SubnetId": "{id}"}),
        tags=EC2_TAGS,
    ),
    ResourceType(
        token="aws:ec2/internetGateway:InternetGateway",
        create=(
            Call("ec2:CreateInternetGateway", {"tags": tag_specification("internet-gateway")}),
            Call("ec2:AttachInternetGateway", {"vpcId": "VpcId"}, {"InternetGatewayId": "{id}"}),
        ),
        id="igw-{hex17}",
        outputs={"arn": f"{_ARN}:internet-gateway/{{id}}", "ownerId": "{account}"},
        created={"id": "InternetGateway.InternetGatewayId"},
        read=Read(
            Request("ec2:DescribeInternetGateways", {"InternetGatewayIds": ["{id}"]}),
            "InternetGateways[0]",
            outputs={"ownerId": "OwnerId"},
        ),
        delete=(
            Request("ec2:DetachInternetGateway", {"InternetGatewayId": "{id}", "VpcId": "{vpcId}"}),
            Request("ec2:DeleteInternetGateway", {"InternetGatewayId": "{id}"}),
        ),
        tags=EC2_TAGS,
    ),
    ResourceType(
        token="aws:ec2/routeTable:RouteTable",
        create=Call("ec2:CreateRouteTable", {"tags": tag_specification("route-table")}),
        id="rtb-{hex17}",
        outputs={"arn": f"{_ARN}:route-table/{{id}}", "ownerId": "{account}"},
        created={"id": "RouteTable.RouteTableId"},
        read=Read(Request("ec2:DescribeRouteTables", {"RouteTableIds": ["{id}"]}), "RouteTables[0]", outputs={"ownerId": "OwnerId"}),
        delete=Request("ec2:DeleteRouteTable", {"RouteTableId": "{id}"}),
        unsupported={"routes": "use aws.ec2.Route", "propagatingVgws": "use aws.ec2.Route"},
        tags=EC2_TAGS,
    ),
    ResourceType(
        token="aws:ec2/route:Route",
        create=Call("ec2:CreateRoute", {"egressOnlyGatewayId": "EgressOnlyInternetGatewayId"}),
        id="r-{routeTableId}{decimal}",
        outputs={"origin": "CreateRoute", "state": "active"},
        read=Read(
            _ROUTES,
            "RouteTables[0].Routes[?DestinationCidrBlock=='{destinationCidrBlock}'] | [0]",
            fields("GatewayId", "NatGatewayId"),
            {"origin": "Origin", "state": "State"},
        ),
        update=Call("ec2:ReplaceRoute", named("routeTableId", "destinationCidrBlock", "gatewayId", "natGatewayId")),
        delete=Request("ec2:DeleteRoute", _ROUTE),
    ),
    ResourceType(
        token="aws:ec2/routeTableAssociation:RouteTableAssociation",
        create=Call("ec2:AssociateRouteTable"),
        id="rtbassoc-{hex17}",
        created={"id": "AssociationId"},
        read=Read(_ROUTES, "RouteTables[0].Associations[?RouteTableAssociationId=='{id}'] | [0]"),
        delete=Request("ec2:DisassociateRouteTable", {"AssociationId": "{id}"}),
    ),
    ResourceType(
        token="aws:ec2/eip:Eip",
        create=Call("ec2:AllocateAddress", {"tags": tag_specification("elastic-ip")}),
        id="eipalloc-{hex17}",
        outputs={"allocationId": "{id}", "arn": f"{_ARN}:elastic-ip/{{id}}", "publicIp": "203.0.113.{octet}"},
        created={"id": "AllocationId"},
        read=Read(Request("ec2:DescribeAddresses", {"AllocationIds": ["{id}"]}), "Addresses[0]", outputs={"publicIp": "PublicIp"}),
        delete=Request("ec2:ReleaseAddress", {"AllocationId": "{id}"}),
        unsupported=dict.fromkeys(("associateWithPrivateIp", "instance", "networkInterface"), "use aws.ec2.EipAssociation"),
        tags=EC2_TAGS,
    ),
    ResourceType(
        token="aws:ec2/natGateway:NatGateway",
        create=Call("ec2:CreateNatGateway", {"privateIp": "PrivateIpAddress", "tags": tag_specification("natgateway")}),
        id="nat-{hex17}",
        outputs={
            "associationId": "eipassoc-{hex17}",
            "networkInterfaceId": "eni-{hex17}",
            "publicIp": IfGiven("allocationId", "203.0.113.{octet}"),
        },
        created={"id": "NatGateway.NatGatewayId"},
        read=Read(
            Request("ec2:DescribeNatGateways", {"NatGatewayIds": ["{id}"]}),
            "NatGateways[?State!='deleted' && State!='deleting'] | [0]",
            outputs={"publicIp": "NatGatewayAddresses[0].PublicIp", "networkInterfaceId": "NatGatewayAddresses[0].NetworkInterfaceId"},
        ),
        delete=Request("ec2:DeleteNatGateway", {"NatGatewayId": "{id}"}),
        tags=EC2_TAGS,
    ),
    ResourceType(
        token="aws:ec2/vpcEndpoint:VpcEndpoint",
        create=Call(
            "ec2:CreateVpcEndpoint",
            {"policy": json_text("PolicyDocument"), "autoAccept": FLAG, "tags": tag_specification("vpc-endpoint")},
        ),
        id="vpce-{hex17}",
        outputs={
            "arn": f"{_ARN}:vpc-endpoint/{{id}}",
            "ownerId": "{account}",
            "prefixListId": IfGiven("routeTableIds", "pl-{hex8}"),
            "requesterManaged": False,
            "state": "available",
        },
        created={"id": "VpcEndpoint.VpcEndpointId"},
        # The emulator doesn't return an endpoint's policy, security groups and private DNS.
        read=Read(
            Request("ec2:DescribeVpcEndpoints", {"VpcEndpointIds": ["{id}"]}),
            "VpcEndpoints[0]",
            fields("RouteTableIds", "SubnetIds"),
            {"ownerId": "OwnerId", "state": "State"},
        ),
        update=Call(
            "ec2:ModifyVpcEndpoint",
            {"policy": json_text("PolicyDocument"), **dict.fromkeys(_ENDPOINT_LISTS, Local(list))},
            {
                "VpcEndpointId": "{id}",
                **{f"Add{member}": f"{{added.{name}}}" for name, member in _ENDPOINT_LISTS.items()},
                **{f"Remove{member}": f"{{removed.{name}}}" for name, member in _ENDPOINT_LISTS.items()},
            },
            rest=True,
        ),
        delete=Request("ec2:DeleteVpcEndpoints", {"VpcEndpointIds": ["{id}"]}),
        diff_suppress={"policy": equivalence.policies},
        tags=EC2_TAGS,
    ),
    ResourceType(
        token="aws:ec2/flowLog:FlowLog",
        create=(
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
                },
            ),
            # The emulator ignores the tags in the first request.
            Call("ec2:CreateTags", named("tags"), {"Resources": ["{id}"]}),
        ),
        id="fl-{hex17}",
        outputs={"arn": f"{_ARN}:vpc-flow-log/{{id}}"},
        created={"id": "FlowLogIds[0]"},
        read=Read(
            Request("ec2:DescribeFlowLogs", {"FlowLogIds": ["{id}"]}),
            "FlowLogs[0]",
            fields("LogDestinationType", "TrafficType"),
        ),
        delete=Request("ec2:DeleteFlowLogs", {"FlowLogIds": ["{id}"]}),
        # AWS creates a missing log group, without a key and a retention.
        references={"iamRoleArn": "aws:iam/role:Role", "logDestination": ("aws:cloudwatch/logGroup:LogGroup", "aws:s3/bucket:Bucket")},
        tags=EC2_TAGS,
    ),
)
