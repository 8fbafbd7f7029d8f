"""What watches the account: an analyzer of who from outside may come in, and the trail's record of what the agents do."""

from __future__ import annotations

from collections.abc import Iterator

from account_project import account_rule
from checks import protected
from graph import Linked
from other_types import ANALYZER, TRAIL
from plain import Plain, dig, items, number, shown
from rule import Finding, Resource, Severity, Stack, about
from rules.aws.data_protection import A_YEAR
from tokens import BUCKET, BUCKET_ENCRYPTION, BUCKET_LIFECYCLE

EXTERNAL = ("ACCOUNT", "ORGANIZATION")
"""The types of analyzers of external access. The others look for unused access, and are billed."""

AGENTS_EVENTS = ("AWS::Bedrock::Model", "AWS::BedrockAgentCore::Gateway", "AWS::BedrockAgentCore::Runtime")
"""The resources whose events say what the agents were asked, and by whom. Source: CloudTrail user guide, "Logging data events"."""


@account_rule(
    id="account/analyzer",
    severity=Severity.HIGH,
    protects="The account from access from outside that nobody meant to give.",
    why="A bucket, key or role that lets another account in shows in no bill and no log before it is used.",
    fix="Declare an aws.accessanalyzer.Analyzer of the type ACCOUNT; one that is there is named by analyzer_arn in the account's table.",
    controls=("Security Hub IAM.28",),
)
def analyzer(stack: Stack) -> Iterator[Finding]:
    """One that the account's table names is somebody else's, and watches already."""
    watching = stack.of_type(ANALYZER)
    if not watching and not dig(dict(stack.table or {}), "analyzer_arn"):
        yield Finding("it has no analyzer of external access; it must have one.")
    for one in watching:
        kind = one.at("type")
        if kind is not None and kind not in EXTERNAL:
            yield Finding(f"type is {shown(kind)}; it must be ACCOUNT or ORGANIZATION.", one)


@account_rule(
    id="account/trail-events",
    severity=Severity.HIGH,
    protects="The record of what the agents and their models were asked, and by whom.",
    why="Calls of agents and models are data events: a trail without selectors for them shows who deployed the system, and nothing after.",
    fix="Write advanced_event_selectors: one with eventCategory Management, and one with eventCategory Data for each resources.type: "
    f"{', '.join(AGENTS_EVENTS)}.",
    controls=("prowler cloudtrail_agentcore_data_events_enabled", "prowler cloudtrail_bedrock_logging_enabled"),
)
def trail_events(stack: Stack) -> Iterator[Finding]:
    buckets = Linked(stack, BUCKET, ("bucket", "id"))
    for trail in stack.of_type(TRAIL):
        if not buckets.by(trail, "s3BucketName") and trail.at("s3BucketName") is not None:  # account/trail says that there is none
            yield Finding("s3BucketName is no bucket of this stack; it must be one, which is judged here.", trail)
        yield from about(trail, protected(trail))
        yield from about(trail, _lacks(trail))
        for encryption in stack.of_type(BUCKET_ENCRYPTION):
            if buckets.by(encryption, "bucket") & buckets.by(trail, "s3BucketName"):
                yield from about(encryption, _wants_to_decrypt(encryption))
        for lifecycle in stack.of_type(BUCKET_LIFECYCLE):
            if buckets.by(lifecycle, "bucket") & buckets.by(trail, "s3BucketName"):
                yield from about(lifecycle, _forgets(lifecycle))


def _wants_to_decrypt(encryption: Resource) -> Iterator[Finding]:
    """Source: CloudTrail user guide, "Configure AWS KMS key policies for CloudTrail"."""
    for index, one in enumerate(items(encryption.at("rules"))):
        if (value := dig(one, "bucketKeyEnabled")) not in (None, False):
            yield Finding(
                f"rules[{index}].bucketKeyEnabled is {shown(value)}; it must be left out: over a bucket key CloudTrail must decrypt, too, "
                "and the key's policy doesn't let it."
            )


def _forgets(lifecycle: Resource) -> Iterator[Finding]:
    for index, one in enumerate(items(lifecycle.at("rules"))):
        for what, path in (("records", ("expiration", "days")), ("deleted records", ("noncurrentVersionExpiration", "noncurrentDays"))):
            days = number(dig(one, *path))
            if days is not None and days < A_YEAR:
                yield Finding(f"rules[{index}] ends {what} after {days} days; it must keep them for {A_YEAR} or more.")


def _lacks(trail: Resource) -> Iterator[Finding]:
    selectors = [_fields(one) for one in items(trail.at("advancedEventSelectors"))]
    if {"eventCategory": ["Management"]} not in selectors:
        yield Finding("advancedEventSelectors has none for all management events; it must have one.")
    for kind in AGENTS_EVENTS:
        if {"eventCategory": ["Data"], "resources.type": [kind]} not in selectors:
            yield Finding(f"advancedEventSelectors has none for all events of {kind}; it must have one.")


def _fields(selector: Plain) -> dict[str, Plain]:
    """What a selector's fields must equal. Any other test keeps its own name, so that it equals nothing that is wanted."""
    return {
        str(dig(one, "field")) if set(one) <= {"field", "equals"} else f"{dig(one, 'field')}?": one.get("equals")
        for one in items(dig(selector, "fieldSelectors"))
        if isinstance(one, dict)
    }
