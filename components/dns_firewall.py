"""The DNS firewall: which names may be looked up from the VPC. All others have no answer, so that nothing leaves in the question either."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
import pulumi_aws as aws

from components.naming import Names

SERVICES = (
    "api.ecr",
    "bedrock-agentcore",
    "bedrock-runtime",
    "dynamodb",
    "logs",
    "monitoring",
    "secretsmanager",
    "ssm",
    "sts",
    "xray",
)
"""The regional endpoints that the workloads and the agents call. What else AWS serves under its domain, others may have made."""

PRIORITY = 101
"""The first of the VPC's associations. Source: Route 53 Resolver API reference, AssociateFirewallRuleGroup: over 100."""


def domains(names: Names, further: Sequence[str]) -> list[str]:
    """All that may be looked up: AWS's services, the stack's own buckets and registry, and what the table adds."""
    regional = f"{names.region}.amazonaws.com"
    buckets = (names.artifacts_bucket, f"prod-{names.region}-starport-layer-bucket")  # ECR keeps layers there
    return sorted(
        {
            *(f"{service}.{regional}" for service in SERVICES),
            # The SDK's forms of the endpoints of S3 and of DynamoDB.
            *(f"{bucket}.s3.{place}" for bucket in buckets for place in (regional, "amazonaws.com")),
            *(f"s3.{place}" for place in (regional, "amazonaws.com")),
            f"{names.account}.ddb.{regional}",
            f"{names.account}.dkr.ecr.{regional}",
            *further,
        }
    )


def allow_domains(name: str, names: Names, further: Sequence[str], vpc: aws.ec2.Vpc, opts: pulumi.ResourceOptions) -> None:
    """Answer for these names and for no other in the VPC, and for none while the firewall itself doesn't answer.

    Source: Route 53 Resolver developer guide, "How Route 53 Resolver DNS Firewall works".
    """
    allowed = aws.route53.ResolverFirewallDomainList(
        f"{name}-allowed", name=names.regional("evolution-allowed"), domains=domains(names, further), opts=opts
    )
    everything = aws.route53.ResolverFirewallDomainList(
        f"{name}-everything", name=names.regional("evolution-everything"), domains=["*"], opts=opts
    )
    group = aws.route53.ResolverFirewallRuleGroup(f"{name}-firewall", name=names.regional("evolution"), opts=opts)
    allow = aws.route53.ResolverFirewallRule(
        f"{name}-allow",
        name="allowed",
        firewall_rule_group_id=group.id,
        firewall_domain_list_id=allowed.id,
        priority=1,
        action="ALLOW",
        # AWS's names are aliases of further ones, which change.
        firewall_domain_redirection_action="TRUST_REDIRECTION_DOMAIN",
        opts=opts,
    )
    block = aws.route53.ResolverFirewallRule(
        f"{name}-block",
        name="everything-else",
        firewall_rule_group_id=group.id,
        firewall_domain_list_id=everything.id,
        priority=2,
        action="BLOCK",
        block_response="NXDOMAIN",
        firewall_domain_redirection_action="INSPECT_REDIRECTION_DOMAIN",
        opts=opts,
    )
    aws.route53.ResolverFirewallConfig(f"{name}-fails-closed", resource_id=vpc.id, firewall_fail_open="DISABLED", opts=opts)
    aws.route53.ResolverFirewallRuleGroupAssociation(
        f"{name}-association",
        name=names.regional("evolution"),
        firewall_rule_group_id=group.id,
        vpc_id=vpc.id,
        priority=PRIORITY,
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=[allow, block])),
    )
