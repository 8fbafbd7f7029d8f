"""What keeps watch over a whole account, whichever program declares it: the trail and GuardDuty. The rules belong to the family account."""

from __future__ import annotations

from collections.abc import Iterator

from checks import literal, on
from other_types import DETECTOR, TRAIL
from plain import shown
from rule import Finding, Resource, Severity, rule


@rule(
    id="account/trail",
    types={TRAIL},
    severity=Severity.HIGH,
    protects="The record of who did what in the account, in every region.",
    why="Who breaks in works in a region that nobody uses, stops the trail, or rewrites its files: such a record shows nothing.",
    fix="Write is_multi_region_trail=True and enable_log_file_validation=True; leave enable_logging and include_global_service_events on.",
    controls=("Security Hub CloudTrail.1", "Security Hub CloudTrail.3", "Security Hub CloudTrail.4"),
)
def trail(trail: Resource) -> Iterator[Finding]:
    yield from on("isMultiRegionTrail", trail.at("isMultiRegionTrail"))
    yield from on("enableLogFileValidation", trail.at("enableLogFileValidation"))
    yield from literal("enableLogging", trail.at("enableLogging"), True, or_missing=True)
    yield from literal("includeGlobalServiceEvents", trail.at("includeGlobalServiceEvents"), True, or_missing=True)
    if trail.at("s3BucketName") in (None, ""):
        yield Finding(f"s3BucketName is {shown(trail.at('s3BucketName'))}; it must name the bucket that takes the events.")


@rule(
    id="account/detector",
    types={DETECTOR},
    severity=Severity.HIGH,
    protects="The account: somebody watches what its credentials are used for.",
    why="A detector that is declared and off looks like GuardDuty in a review and finds nothing.",
    fix="Remove enable=False.",
    controls=("Security Hub GuardDuty.1",),
)
def detector(detector: Resource) -> Iterator[Finding]:
    yield from literal("enable", detector.at("enable"), True, or_missing=True)
