"""What is recorded of the gateway: the access log, in an encrypted log group, and the traces, in X-Ray."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components import resource_policies
from components.component import log_group
from components.environment import Retention
from components.naming import Names


@dataclass(frozen=True, kw_only=True)
class GatewayRecordArgs:
    """The arguments of a gateway's record."""

    names: Names
    gateway_arn: pulumi.Input[str]
    key_arn: pulumi.Input[str]
    retention: Retention


def record_gateway(name: str, args: GatewayRecordArgs, opts: pulumi.ResourceOptions) -> None:
    """The deliveries of a gateway's access log and of its traces. What admits AWS's delivery is there before it is made."""
    names = args.names
    group = log_group(f"{name}-logs", names.gateway_log_group, key_arn=args.key_arn, retention=args.retention, opts=opts)
    admitted = aws.cloudwatch.LogResourcePolicy(
        f"{name}-logs-policy",
        policy_name=names.regional("evolution-gateway-logs"),
        policy_document=resource_policies.log_delivery(names, names.gateway_log_group),
        opts=opts,
    )
    to_group = aws.cloudwatch.LogDeliveryDestination(
        f"{name}-logs-destination",
        name=names.regional("evolution-gateway"),
        delivery_destination_type="CWL",
        delivery_destination_configuration={"destination_resource_arn": group.arn},
        opts=_made_anew(opts),
    )
    _deliver(f"{name}-logs", "APPLICATION_LOGS", names.regional("evolution-gateway"), args.gateway_arn, to_group, admitted, opts)

    # AWS refuses the delivery in an account whose traces don't go to CloudWatch Logs: `make preflight` says so.
    traced = aws.xray.ResourcePolicy(
        f"{name}-traces-policy",
        policy_name=names.gateway_traces,
        policy_document=resource_policies.trace_delivery(names),
        opts=opts,
    )
    to_xray = aws.cloudwatch.LogDeliveryDestination(
        f"{name}-traces-destination",
        name=names.gateway_traces,
        delivery_destination_type="XRAY",
        opts=_made_anew(opts),
    )
    _deliver(f"{name}-traces", "TRACES", names.gateway_traces, args.gateway_arn, to_xray, traced, opts)


def _deliver(
    name: str,
    log_type: str,
    source_name: str,
    gateway_arn: pulumi.Input[str],
    destination: aws.cloudwatch.LogDeliveryDestination,
    admitted: pulumi.Resource,
    opts: pulumi.ResourceOptions,
) -> None:
    """One kind of what the gateway tells, from it to a destination."""
    source = aws.cloudwatch.LogDeliverySource(
        f"{name}-source", name=source_name, log_type=log_type, resource_arn=gateway_arn, opts=_made_anew(opts)
    )
    aws.cloudwatch.LogDelivery(
        f"{name}-delivery",
        delivery_source_name=source.name,
        delivery_destination_arn=destination.arn,
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=[admitted])),
    )


def _made_anew(opts: pulumi.ResourceOptions) -> pulumi.ResourceOptions:
    """For what AWS writes over where the name is taken: made first, its replacement would be deleted as the old one."""
    return pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(delete_before_replace=True))
