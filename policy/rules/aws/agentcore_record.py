"""Bedrock: the record of every prompt and answer, and what of it is masked."""

from __future__ import annotations

from collections.abc import Iterator

from checks import literal
from graph import Linked
from plain import NotJsonError, Plain, Unknown, dig, items, parse
from rule import Finding, Resource, Severity, Stack, about, rule
from tokens import BUCKET, LOG_DATA_PROTECTION, LOG_GROUP, MODEL_LOG

GROUP = ("cloudwatchConfig", "logGroupName")
PLACES = (GROUP, ("cloudwatchConfig", "largeDataDeliveryS3Config", "bucketName"), ("s3Config", "bucketName"))
"""Where prompts and answers may go to."""


@rule(
    id="agentcore/model-log",
    severity=Severity.HIGH,
    protects="The record of every prompt and answer, and who reads it.",
    why="It is one setting for all models of an account and region: without text it records nothing, and in a place of somebody else's "
    "it gives every prompt away.",
    fix="Write text_data_delivery_enabled=True, and this stack's log group or buckets as destinations.",
)
def model_log(stack: Stack) -> Iterator[Finding]:
    """The places must be the stack's own, whose encryption and retention other rules judge."""
    groups, buckets = Linked(stack, LOG_GROUP, ("name",)), Linked(stack, BUCKET, ("bucket",))
    for logging in stack.of_type(MODEL_LOG):
        text = logging.at("loggingConfig", "textDataDeliveryEnabled")
        yield from about(logging, literal("loggingConfig.textDataDeliveryEnabled", text, True, or_missing=True))
        places = {path: value for path in PLACES if (value := logging.at("loggingConfig", *path)) is not None}
        if not places:
            yield Finding("loggingConfig names no log group and no bucket; it must name one.", logging)
        for path, value in places.items():
            if not _own(groups if path == GROUP else buckets, logging, value):
                where = ".".join(("loggingConfig", *path))
                yield Finding(f"{where} is none of this stack's; prompts and answers must stay with it.", logging)


def _own(places: Linked, logging: Resource, value: Plain) -> set[str]:
    """The places of this stack that a value names."""
    return places.called(value) if isinstance(value, str) else places.by(logging, "loggingConfig")


@rule(
    id="agentcore/model-log-masked",
    severity=Severity.HIGH,
    protects="Personal data and credentials in prompts and answers from everybody who reads logs.",
    why="Whoever may read log events reads every prompt in clear, and a guardrail masks only what it stops.",
    fix="Declare an aws.cloudwatch.LogDataProtectionPolicy for the group, with a statement that has Deidentify.MaskConfig.",
)
def model_log_masked(stack: Stack) -> Iterator[Finding]:
    groups, masked = Linked(stack, LOG_GROUP, ("name",)), masked_groups(stack)
    for logging in stack.of_type(MODEL_LOG):
        name = logging.at("loggingConfig", *GROUP)
        for urn in sorted(_own(groups, logging, name) - masked) if name is not None else ():
            yield Finding("prompts go to it, and no data-protection policy masks what they hold; one must.", groups.all[urn])


def masked_groups(stack: Stack) -> set[str]:
    """The URNs of the log groups of which something is masked."""
    groups = Linked(stack, LOG_GROUP, ("name",))
    return groups.by_all([one for one in stack.of_type(LOG_DATA_PROTECTION) if _masks(one)], "logGroupName")


def _masks(protection: Resource) -> bool:
    """Whether a data-protection policy masks something. Source: CloudWatch Logs user guide, "Understanding data protection policies"."""
    try:
        document = parse(protection.at("policyDocument"))
    except NotJsonError:
        return False
    statements = [] if isinstance(document, Unknown) else items(dig(document, "Statement"))
    return any(
        isinstance(dig(one, "Operation", "Deidentify", "MaskConfig"), dict) and bool(items(dig(one, "DataIdentifier")))
        for one in statements
    )
