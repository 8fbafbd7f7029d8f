"""How things are called on the page: types, counts and ARNs in the reader's words."""

from __future__ import annotations

import re

TIMES = "\u00d7"

NOUNS = {
    "aws:appautoscaling/policy:Policy": "scaling policy",
    "aws:appautoscaling/target:Target": "scaling target",
    "aws:ec2/eip:Eip": "elastic address",
    "aws:iam/policy:Policy": "managed policy",
}
"""Types whose own word says too little."""


def service_of(kind: str) -> str:
    """The AWS service of a type token: `aws:ec2/natGateway:NatGateway` is of `ec2`; other packages go by their own name."""
    package, _, rest = kind.partition(":")
    return rest.partition("/")[0] if package == "aws" else package


def noun_of(kind: str) -> str:
    """What a type token calls its resource, as words: `nat gateway`."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", kind.rpartition(":")[2]).lower()
    return NOUNS.get(kind) or words.removeprefix("agentcore ")  # the layer's own name


def counted(count: int, noun: str) -> str:
    """A noun, and how many there are."""
    return noun if count == 1 else f"{count} {TIMES} {noun}"


def short_arn(arn: str) -> str:
    """An ARN without what every ARN of the stack has in common: `dynamodb:table/evolution-state-prod`."""
    parts = arn.split(":", 5)
    return f"{parts[2]}:{parts[5]}" if len(parts) == 6 and parts[0] == "arn" else arn
