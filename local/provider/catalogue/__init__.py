"""Every resource type that the local cloud knows: one module a service, one entry a type. A type that isn't here is refused by name.

To add a type, write its entry in a service's module (a new module goes into the list below), a sample and a refused edit into one of the
modules that `tests/local/provider/samples.py` joins, and what the provider's own schema says of it into `tests/local/provider/facts.json`.
The tests then say which of the SDK's properties go nowhere, which names AWS's model doesn't have, and where the entry isn't true to the
provider.
"""

from __future__ import annotations

from local.provider.catalogue import (
    agentcore,
    autoscaling,
    bedrock,
    cloudwatch,
    containers,
    deliveries,
    dynamodb,
    ec2,
    functions,
    iam,
    messaging,
    s3,
    scheduler,
    security_groups,
    sqs,
    ssm,
    wafv2,
)
from local.provider.catalogue import security as keys_and_secrets
from local.provider.table import ResourceType

_MODULES = (
    agentcore,
    autoscaling,
    bedrock,
    cloudwatch,
    containers,
    deliveries,
    dynamodb,
    ec2,
    functions,
    iam,
    keys_and_secrets,
    messaging,
    s3,
    scheduler,
    security_groups,
    sqs,
    ssm,
    wafv2,
)

RESOURCES: dict[str, ResourceType] = {resource.token: resource for module in _MODULES for resource in module.RESOURCES}
"""The table, by type token."""
