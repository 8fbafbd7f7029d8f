"""Security groups and their rules."""

from __future__ import annotations

from typing import Any

from local.provider.table import EXPLICIT, FLAG, OWN, Beside, Call, Convert, Members, ResourceType, Wrap, each, tag_specification

_RULE = "IpPermissions.0"
"""A rule that is a resource of its own is one permission with one source or destination."""

_PEERS = {
    "cidrIpv4": f"{_RULE}.IpRanges.0.CidrIp",
    "cidrIpv6": f"{_RULE}.Ipv6Ranges.0.CidrIpv6",
    "prefixListId": f"{_RULE}.PrefixListIds.0.PrefixListId",
    "referencedSecurityGroupId": f"{_RULE}.UserIdGroupPairs.0.GroupId",
}

_INLINE: dict[str, Members] = {
    "IpPermission": {
        "protocol": "IpProtocol",
        "cidrBlocks": each("IpRanges", "CidrIp"),
        "ipv6CidrBlocks": each("Ipv6Ranges", "CidrIpv6"),
        "prefixListIds": each("PrefixListIds", "PrefixListId"),
        "securityGroups": each("UserIdGroupPairs", "GroupId"),
        "self": Convert("UserIdGroupPairs", lambda value: [{"GroupId": OWN}] if value else []),
    }
}


def _rule(kind: str, operation: str) -> ResourceType:
    return ResourceType(
        token=f"aws:vpc/securityGroup{kind}Rule:SecurityGroup{kind}Rule",
        calls=(
            Call(
                operation,
                {
                    "securityGroupId": "GroupId",
                    "ipProtocol": f"{_RULE}.IpProtocol",
                    "fromPort": f"{_RULE}.FromPort",
                    "toPort": f"{_RULE}.ToPort",
                    **_PEERS,
                    "description": Beside({peer: place.rpartition(".")[0] + ".Description" for peer, place in _PEERS.items()}),
                    "tags": tag_specification("security-group-rule"),
                },
            ),
        ),
        id="sgr-{hex17}",
        outputs={"arn": "arn:aws:ec2:{region}:{account}:security-group-rule/{id}", "securityGroupRuleId": "{id}"},
        replaces=frozenset({"securityGroupId"}),
        framework=True,
        tags=True,
    )


def _group_filter(value: Any) -> list[dict[str, Any]]:
    return [{"Name": "vpc-id", "Values": [value]}]


_INLINE_RULES = (
    Call("ec2:AuthorizeSecurityGroupIngress", {"ingress": "IpPermissions"}, {"GroupId": OWN}, _INLINE),
    Call("ec2:AuthorizeSecurityGroupEgress", {"egress": "IpPermissions"}, {"GroupId": OWN}, _INLINE),
)

RESOURCES = (
    ResourceType(
        token="aws:ec2/securityGroup:SecurityGroup",
        calls=(
            Call(
                "ec2:CreateSecurityGroup", {"name": "GroupName", "revokeRulesOnDelete": FLAG, "tags": tag_specification("security-group")}
            ),
            *_INLINE_RULES,
        ),
        instead=EXPLICIT,
        id="sg-{hex17}",
        outputs={"arn": "arn:aws:ec2:{region}:{account}:security-group/{id}", "ownerId": "{account}", "ingress": [], "egress": []},
        replaces=frozenset({"description", "name", "vpcId"}),
        # The description is pulumi-aws's own. Source: provider/resource_overrides.go.
        defaults={"description": "Managed by Pulumi", "revokeRulesOnDelete": False},
        computed=frozenset({"egress", "ingress", "name", "vpcId"}),
        sets=frozenset({"egress", "ingress"}),
        name="name",
        tags=True,
    ),
    ResourceType(
        # Every VPC comes with this group; the provider finds it and takes it over.
        token="aws:ec2/defaultSecurityGroup:DefaultSecurityGroup",
        calls=(
            Call(
                "ec2:DescribeSecurityGroups",
                {"vpcId": Wrap("Filters", _group_filter), "revokeRulesOnDelete": FLAG},
                {"Filters": [{"Name": "group-name", "Values": ["default"]}]},
            ),
            Call("ec2:CreateTags", {"tags": "Tags"}, {"Resources": [OWN]}),
            *_INLINE_RULES,
        ),
        id="sg-{hex17}",
        outputs={
            "arn": "arn:aws:ec2:{region}:{account}:security-group/{id}",
            "description": "default VPC security group",
            "name": "default",
            "ownerId": "{account}",
        },
        replaces=frozenset({"vpcId"}),
        defaults={"revokeRulesOnDelete": False},
        computed=frozenset({"egress", "ingress", "vpcId"}),
        sets=frozenset({"egress", "ingress"}),
        tags=True,
    ),
    _rule("Ingress", "ec2:AuthorizeSecurityGroupIngress"),
    _rule("Egress", "ec2:AuthorizeSecurityGroupEgress"),
)
