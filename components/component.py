"""What all layers share: options for resources that hold data, roles and their boundary, log groups, and names that AWS makes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components import resource_policies
from components.boundary import boundary
from components.environment import Retention
from components.iam import Statement, document
from components.naming import Names

HTTPS = 443
"""TCP."""

Grants = Sequence[Statement]

IN_USE = ["description"]
"""What a permissions boundary's deployment leaves as it is. IAM changes no description, so another one replaces the policy, and IAM
deletes no boundary that a role has. Source: IAM API reference, DeletePolicy."""


def kept(parent: pulumi.Resource, *, protect: bool, depends_on: Sequence[pulumi.Resource] = ()) -> pulumi.ResourceOptions:
    """The options of a resource that holds or protects data: with `protect`, Pulumi refuses to delete it, and keeps it when the stack is
    removed."""
    return pulumi.ResourceOptions(parent=parent, protect=protect, retain_on_delete=protect, depends_on=depends_on)


@dataclass(frozen=True, kw_only=True)
class ServiceRole:
    """A role and its one inline policy. What uses the role must depend on the grants too, or it starts before it has permissions."""

    role: aws.iam.Role
    grants: aws.iam.RolePolicy


def service_role(
    name: str,
    physical_name: str,
    *,
    names: Names,
    key_arn: pulumi.Input[str],
    description: str,
    trust: str,
    grants: Callable[[Names], Grants],
    boundary_arn: pulumi.Input[str],
    opts: pulumi.ResourceOptions,
) -> ServiceRole:
    """A role with its one inline policy, under the permissions boundary.

    Args:
        names, key_arn: `grants` gets the names, with the key's ARN as soon as that is known.
        grants: the policy's statements.
    """
    role = aws.iam.Role(
        name,
        name=physical_name,
        description=description,
        assume_role_policy=trust,
        permissions_boundary=boundary_arn,
        opts=opts,
    )
    policy = _with_key(names, key_arn).apply(lambda known: document(*grants(known)))
    return ServiceRole(role=role, grants=aws.iam.RolePolicy(f"{name}-grants", name="grants", role=role.name, policy=policy, opts=opts))


def permissions_boundary(
    name: str,
    physical_name: str,
    *,
    names: Names,
    key_arn: pulumi.Input[str],
    description: str,
    grants: Callable[[Names], Grants],
    opts: pulumi.ResourceOptions,
) -> aws.iam.Policy:
    """The permissions boundary of the roles with these grants; the arguments are as in `service_role`."""
    policy = _with_key(names, key_arn).apply(lambda known: boundary(grants(known)))
    as_it_is = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(ignore_changes=IN_USE))
    return aws.iam.Policy(name, name=physical_name, description=description, policy=policy, opts=as_it_is)


def pattern_until_made(made: pulumi.Output[str], pattern: str) -> pulumi.Output[str]:
    """A name that AWS makes or, in the preview of its creation, the pattern that it will match.

    For a policy document that must contain the exact name: so it is known at preview, and no narrower than what is deployed.
    """
    return made.apply(lambda value: pattern if pulumi.contains_unknowns(value) else value, run_with_unknowns=True)


def _with_key(names: Names, key_arn: pulumi.Input[str]) -> pulumi.Output[Names]:
    """The names with the key's ARN or, in the preview of its creation, without it, so that grants are known in both cases."""
    made = pattern_until_made(pulumi.Output.from_input(key_arn), names.any_key_arn)
    return made.apply(lambda arn: names if arn == names.any_key_arn else names.with_key(arn))


def log_group(
    name: str,
    physical_name: pulumi.Input[str],
    *,
    key_arn: pulumi.Input[str],
    retention: Retention,
    opts: pulumi.ResourceOptions,
) -> aws.cloudwatch.LogGroup:
    """An encrypted log group that keeps its events for a number of days. Where data is protected, nobody deletes it before it lets them:
    what an intruder did is read there."""
    return aws.cloudwatch.LogGroup(
        name,
        name=physical_name,
        kms_key_id=key_arn,
        retention_in_days=retention.log_retention_days,
        deletion_protection_enabled=True if retention.protect_data else None,
        # CloudWatch refuses to delete a protected group, so what no longer needs it leaves it behind.
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(retain_on_delete=retention.protect_data)),
    )


def masked(name: str, group: aws.cloudwatch.LogGroup, opts: pulumi.ResourceOptions) -> aws.cloudwatch.LogDataProtectionPolicy:
    """Mask credentials and personal data in a log group where prompts may be, for whoever may read logs."""
    return aws.cloudwatch.LogDataProtectionPolicy(name, log_group_name=group.name, policy_document=resource_policies.log_masks(), opts=opts)


def https_out(
    name: str, physical_name: str, *, description: str, vpc_id: pulumi.Input[str], opts: pulumi.ResourceOptions
) -> tuple[aws.ec2.SecurityGroup, aws.vpc.SecurityGroupEgressRule]:
    """A security group that allows HTTPS out and nothing in, and its only rule."""
    group = aws.ec2.SecurityGroup(
        f"{name}-group",
        name=physical_name,
        description=description,
        vpc_id=vpc_id,
        tags={"Name": physical_name},
        opts=opts,
    )
    rule = aws.vpc.SecurityGroupEgressRule(
        f"{name}-https",
        security_group_id=group.id,
        description="AWS services over HTTPS",
        cidr_ipv4="0.0.0.0/0",
        ip_protocol="tcp",
        from_port=HTTPS,
        to_port=HTTPS,
        opts=opts,
    )
    return group, rule
