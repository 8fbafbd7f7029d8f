"""Route 53 Resolver's DNS firewall."""

from typing import Final

from local.provider.members import named
from local.provider.resource_type import Call, ResourceType, tagging

_ARN = "arn:aws:route53resolver:{region}:{account}"
_LACKS: Final = "ministack has no Route 53 Resolver"
_TAGS = tagging("route53resolver", "ResourceArn", read="ListTagsForResource")

RESOURCES = (
    ResourceType(
        token="aws:route53/resolverFirewallDomainList:ResolverFirewallDomainList",
        create=(
            Call("route53resolver:CreateFirewallDomainList"),
            Call("route53resolver:UpdateFirewallDomains", named("domains"), {"FirewallDomainListId": "{id}", "Operation": "ADD"}),
        ),
        id="rslvr-fdl-{hex17}",
        outputs={"arn": f"{_ARN}:firewall-domain-list/{{id}}"},
        not_emulated=_LACKS,
        tags=_TAGS,
    ),
    ResourceType(
        token="aws:route53/resolverFirewallRuleGroup:ResolverFirewallRuleGroup",
        create=Call("route53resolver:CreateFirewallRuleGroup"),
        id="rslvr-frg-{hex17}",
        outputs={"arn": f"{_ARN}:firewall-rule-group/{{id}}", "ownerId": "{account}", "shareStatus": "NOT_SHARED"},
        not_emulated=_LACKS,
        tags=_TAGS,
    ),
    ResourceType(
        token="aws:route53/resolverFirewallRule:ResolverFirewallRule",
        create=Call("route53resolver:CreateFirewallRule", {"qType": "Qtype"}),
        id="{firewallRuleGroupId}:{firewallDomainListId}",
        not_emulated=_LACKS,
    ),
    ResourceType(
        token="aws:route53/resolverFirewallRuleGroupAssociation:ResolverFirewallRuleGroupAssociation",
        create=Call("route53resolver:AssociateFirewallRuleGroup"),
        id="rslvr-frgassoc-{hex17}",
        outputs={"arn": f"{_ARN}:firewall-rule-group-association/{{id}}", "mutationProtection": "DISABLED"},
        not_emulated=_LACKS,
        tags=_TAGS,
    ),
    ResourceType(
        token="aws:route53/resolverFirewallConfig:ResolverFirewallConfig",
        create=Call("route53resolver:UpdateFirewallConfig"),
        id="rslvr-fc-{hex17}",
        outputs={"ownerId": "{account}"},
        not_emulated=_LACKS,
    ),
)
