"""How the report names things: layers, types, counts and ARNs."""

import re
from collections.abc import Mapping

from local.previews import UNKNOWN, Plan, PlannedResource

LAYER_PREFIX = "evolution:"
"""The prefix of the component types, each of which is a layer."""

TIMES = "\u00d7"

NOUNS = {
    "aws:appautoscaling/policy:Policy": "scaling policy",
    "aws:appautoscaling/target:Target": "scaling target",
    "aws:ec2/eip:Eip": "elastic address",
    "aws:iam/policy:Policy": "managed policy",
}
"""Types whose name alone isn't clear."""


def service_of(kind: str) -> str:
    """The AWS service of a type token, `ec2` for `aws:ec2/natGateway:NatGateway`; of other packages, the package."""
    package, _, rest = kind.partition(":")
    return rest.partition("/")[0] if package == "aws" else package


def noun_of(kind: str) -> str:
    """The name of a type in words: `nat gateway`."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", kind.rpartition(":")[2]).lower()
    return NOUNS.get(kind) or words.removeprefix("agentcore ")  # the layer's own name


def counted(count: int, noun: str) -> str:
    """A noun with its count."""
    return noun if count == 1 else f"{count} {TIMES} {noun}"


def short_arn(arn: str) -> str:
    """An ARN without partition, region and account: `dynamodb:table/evolution-state-prod`."""
    parts = arn.split(":", 5)
    return f"{parts[2]}:{parts[5]}" if len(parts) == 6 and parts[0] == "arn" else arn


def homes_of(plan: Plan) -> Mapping[str, str]:
    """By URN, the layer of a resource: its outermost component. Empty for the stack, and for resources of no component."""
    by_urn = {resource.urn: resource for resource in plan.resources}

    def home(resource: PlannedResource) -> str:
        name = ""
        while True:
            if resource.type.startswith(LAYER_PREFIX):
                name = resource.name
            if resource.parent not in by_urn:
                return name
            resource = by_urn[resource.parent]

    return {resource.urn: home(resource) for resource in plan.resources}


def called(resource: PlannedResource) -> str:
    """A resource's name on AWS; empty if it has none that is known at preview."""
    for key in ("name", "bucket", "dashboardName", "family"):
        value = resource.inputs.get(key)
        if isinstance(value, str) and value != UNKNOWN:
            return value
    return ""
