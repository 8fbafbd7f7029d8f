"""Security groups and their rules."""

from typing import Any

from local.provider.members import FLAG, OWN_ID, Convert, FirstOf, Members, Wrap, each, named, tag_specification, under
from local.provider.reading import fields
from local.provider.resource_type import Call, Read, Request, ResourceType
from local.provider.services.vpc import EC2_TAGS

_GROUP = {"GroupId": "{id}"}
_RULE = {"GroupId": "{securityGroupId}", "SecurityGroupRuleIds": ["{id}"]}

_PERMISSION = "IpPermissions.0"
"""A rule resource is one permission with one source or destination."""

_PEERS = {
    "cidrIpv4": f"{_PERMISSION}.IpRanges.0.CidrIp",
    "cidrIpv6": f"{_PERMISSION}.Ipv6Ranges.0.CidrIpv6",
    "prefixListId": f"{_PERMISSION}.PrefixListIds.0.PrefixListId",
    "referencedSecurityGroupId": f"{_PERMISSION}.UserIdGroupPairs.0.GroupId",
}

_MODIFIED = "SecurityGroupRules.0.SecurityGroupRule"

_INLINE: dict[str, Members] = {
    "IpPermission": {
        "protocol": "IpProtocol",
        "cidrBlocks": each("IpRanges", "CidrIp"),
        "ipv6CidrBlocks": each("Ipv6Ranges", "CidrIpv6"),
        "prefixListIds": each("PrefixListIds", "PrefixListId"),
        "securityGroups": each("UserIdGroupPairs", "GroupId"),
        "self": Convert("UserIdGroupPairs", lambda value: [{"GroupId": OWN_ID}] if value else []),
    }
}
_INLINE_RULES = (
    Call("ec2:AuthorizeSecurityGroupIngress", {"ingress": "IpPermissions"}, _GROUP, _INLINE),
    Call("ec2:AuthorizeSecurityGroupEgress", {"egress": "IpPermissions"}, _GROUP, _INLINE),
)
_INLINE_READ = "{protocol: IpProtocol, fromPort: FromPort, toPort: ToPort, cidrBlocks: IpRanges[].CidrIp}"


def _revoke(direction: str, permission: dict[str, Any]) -> Request:
    return Request(f"ec2:RevokeSecurityGroup{direction}", {**_GROUP, "IpPermissions": [permission]})


_REVOKE_ANYWHERE = _revoke("Egress", {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]})
"""AWS gives every new group a rule for all egress, which the provider removes."""


def _rule(direction: str) -> ResourceType:
    return ResourceType(
        token=f"aws:vpc/securityGroup{direction}Rule:SecurityGroup{direction}Rule",
        create=Call(
            f"ec2:AuthorizeSecurityGroup{direction}",
            {
                "securityGroupId": "GroupId",
                **under(_PERMISSION, "ipProtocol", "fromPort", "toPort"),
                **_PEERS,
                "description": FirstOf({peer: place.rpartition(".")[0] + ".Description" for peer, place in _PEERS.items()}),
                "tags": tag_specification("security-group-rule"),
            },
        ),
        id="sgr-{hex17}",
        outputs={"arn": "arn:aws:ec2:{region}:{account}:security-group-rule/{id}", "securityGroupRuleId": "{id}"},
        created={"id": "SecurityGroupRules[0].SecurityGroupRuleId"},
        read=Read(
            Request("ec2:DescribeSecurityGroupRules", {"SecurityGroupRuleIds": ["{id}"]}),
            "SecurityGroupRules[0]",
            fields("CidrIpv4", "CidrIpv6", "Description", "FromPort", "IpProtocol", "PrefixListId", "ToPort"),
        ),
        update=Call(
            "ec2:ModifySecurityGroupRules",
            {
                **under(_MODIFIED, "cidrIpv4", "cidrIpv6", "description", "fromPort", "ipProtocol", "prefixListId", "toPort"),
                "referencedSecurityGroupId": f"{_MODIFIED}.ReferencedGroupId",
            },
            {"GroupId": "{securityGroupId}", "SecurityGroupRules": [{"SecurityGroupRuleId": "{id}"}]},
        ),
        delete=Request(f"ec2:RevokeSecurityGroup{direction}", _RULE),
        tags=EC2_TAGS,
    )


RESOURCES = (
    ResourceType(
        token="aws:ec2/securityGroup:SecurityGroup",
        create=(
            Call(
                "ec2:CreateSecurityGroup", {"name": "GroupName", "revokeRulesOnDelete": FLAG, "tags": tag_specification("security-group")}
            ),
            *_INLINE_RULES,
        ),
        id="sg-{hex17}",
        outputs={"arn": "arn:aws:ec2:{region}:{account}:security-group/{id}", "ownerId": "{account}", "ingress": [], "egress": []},
        created={"id": "GroupId"},
        after_create=(_REVOKE_ANYWHERE,),
        read=Read(Request("ec2:DescribeSecurityGroups", {"GroupIds": ["{id}"]}), "SecurityGroups[0]", outputs={"ownerId": "OwnerId"}),
        delete=Request("ec2:DeleteSecurityGroup", _GROUP),
        tags=EC2_TAGS,
    ),
    ResourceType(
        # Every VPC has this group from the start; the provider takes it over. It is deleted with its VPC.
        token="aws:ec2/defaultSecurityGroup:DefaultSecurityGroup",
        create=(
            Call(
                "ec2:DescribeSecurityGroups",
                {"vpcId": Wrap("Filters", lambda value: [{"Name": "vpc-id", "Values": [value]}]), "revokeRulesOnDelete": FLAG},
                {"Filters": [{"Name": "group-name", "Values": ["default"]}]},
            ),
            Call("ec2:CreateTags", named("tags"), {"Resources": ["{id}"]}),
            *_INLINE_RULES,
        ),
        id="sg-{hex17}",
        outputs={
            "arn": "arn:aws:ec2:{region}:{account}:security-group/{id}",
            "description": "default VPC security group",
            "name": "default",
            "ownerId": "{account}",
        },
        created={"id": "SecurityGroups[0].GroupId"},
        after_create=(_REVOKE_ANYWHERE, _revoke("Ingress", {"IpProtocol": "-1", "UserIdGroupPairs": [_GROUP]})),
        read=Read(
            Request("ec2:DescribeSecurityGroups", {"GroupIds": ["{id}"]}),
            "SecurityGroups[0]",
            {"ingress": f"IpPermissions[].{_INLINE_READ}", "egress": f"IpPermissionsEgress[].{_INLINE_READ}"},
            {"ownerId": "OwnerId", "name": "GroupName", "description": "Description"},
        ),
        tags=EC2_TAGS,
    ),
    _rule("Ingress"),
    _rule("Egress"),
)
