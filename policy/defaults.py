"""What a property is where a program doesn't set it.

Inputs may come with the provider's defaults filled in (pulumi/pulumi#4099), or with an empty text or a zero where nothing is set. Rules
must judge all of these alike, so each resource is brought into one form before any rule sees it.
"""

from __future__ import annotations

from collections.abc import Mapping

from plain import Plain
from tokens import (
    BUDGET,
    COMPOSITE_ALARM,
    DNS_RULE,
    ENDPOINT,
    EVENT_SOURCE_MAPPING,
    FLOW_LOG,
    FUNCTION,
    FUNCTION_INVOKE_CONFIG,
    FUNCTION_URL,
    IAM_POLICY,
    KEY,
    LOAD_BALANCER,
    METRIC_ALARM,
    NAT_GATEWAY,
    QUEUE,
    REPOSITORY,
    ROLE,
    SCALING_POLICY,
    SCHEDULE,
    SCHEDULED_ACTION,
    SECRET,
    SECURITY_GROUP,
    SERVICE,
    TABLE,
    TOPIC_SUBSCRIPTION,
    USER,
    VPC,
)

DEFAULTS: Mapping[str, Mapping[str, Plain]] = {
    BUDGET: {"timePeriodEnd": "2087-06-15_00:00"},
    COMPOSITE_ALARM: {"actionsEnabled": True},
    DNS_RULE: {"firewallDomainRedirectionAction": "INSPECT_REDIRECTION_DOMAIN"},
    ENDPOINT: {"vpcEndpointType": "Gateway"},
    EVENT_SOURCE_MAPPING: {"enabled": True},
    FLOW_LOG: {"logDestinationType": "cloud-watch-logs", "maxAggregationInterval": 600},
    FUNCTION: {"memorySize": 128, "packageType": "Zip", "reservedConcurrentExecutions": -1, "timeout": 3},
    FUNCTION_INVOKE_CONFIG: {"maximumRetryAttempts": 2},
    FUNCTION_URL: {"invokeMode": "BUFFERED"},
    IAM_POLICY: {"path": "/"},
    KEY: {"customerMasterKeySpec": "SYMMETRIC_DEFAULT", "isEnabled": True, "keyUsage": "ENCRYPT_DECRYPT"},
    LOAD_BALANCER: {"loadBalancerType": "application"},
    METRIC_ALARM: {"actionsEnabled": True, "treatMissingData": "missing"},
    NAT_GATEWAY: {"connectivityType": "public"},
    QUEUE: {"maxMessageSize": 262144, "messageRetentionSeconds": 345600, "visibilityTimeoutSeconds": 30},
    REPOSITORY: {"imageTagMutability": "MUTABLE"},
    ROLE: {"maxSessionDuration": 3600, "path": "/"},
    SCALING_POLICY: {"policyType": "StepScaling"},
    SCHEDULE: {"scheduleExpressionTimezone": "UTC", "state": "ENABLED"},
    SCHEDULED_ACTION: {"timezone": "UTC"},
    SECRET: {"recoveryWindowInDays": 30},
    SECURITY_GROUP: {"description": "Managed by Pulumi"},
    SERVICE: {"deploymentMaximumPercent": 200, "deploymentMinimumHealthyPercent": 100, "schedulingStrategy": "REPLICA"},
    TABLE: {"billingMode": "PROVISIONED", "tableClass": "STANDARD"},
    TOPIC_SUBSCRIPTION: {"confirmationTimeoutInMinutes": 1},
    USER: {"path": "/"},
    VPC: {"enableDnsSupport": True, "instanceTenancy": "default"},
}
"""By type, the defaults that are neither false, zero nor empty, of the properties themselves and not of their parts.

Source: `Default` in the schemas of terraform-provider-aws 6.58, and for the description of a group Pulumi's own
(pulumi-aws, provider/resources.go). A test holds them against the stand-in's, which were read by themselves.
"""

UNSET_AT_ZERO: Mapping[str, tuple[tuple[str, ...], ...]] = {
    KEY: (("deletionWindowInDays",), ("rotationPeriodInDays",)),
    METRIC_ALARM: (("datapointsToAlarm",),),
    TABLE: (("pointInTimeRecovery", "recoveryPeriodInDays"),),
}
"""By type, the numbers that the provider leaves to AWS when they are zero, which AWS takes for none of them.

Any other zero is a value, such as the retries of an event source mapping (`GetOkExists` in its Create).
"""


def effective(kind: str, props: dict[str, Plain]) -> dict[str, Plain]:
    """A resource's properties as they take effect: without empty texts, which the provider takes for unset, and with the defaults."""
    if "" in props.values():
        props = {name: value for name, value in props.items() if value != ""}
    for path in UNSET_AT_ZERO.get(kind, ()):
        props = _without_zero(props, path)
    defaults = DEFAULTS.get(kind)
    if defaults and props:  # a resource without any inputs is one that --target left out
        props = {**defaults, **{name: value for name, value in props.items() if value is not None or name not in defaults}}
    return props


def _without_zero(props: dict[str, Plain], path: tuple[str, ...]) -> dict[str, Plain]:
    name, *rest = path
    value = props.get(name)
    if isinstance(value, dict) and rest:
        return {**props, name: _without_zero(value, tuple(rest))}
    return {key: one for key, one in props.items() if key != name} if value == 0 and not isinstance(value, bool) and not rest else props
