"""Edits of the account project's state and of what watches the account, and the rules that must fire for each: exactly these."""

from __future__ import annotations

from tests.policy.account_stack import ACCOUNT
from tests.policy.builders import UNKNOWN
from tests.policy.edits import Edit, both, referring, setting, without

BUCKET, KEY, EVENTS = {"account/state-bucket"}, {"account/state-key"}, {"account/trail-events"}


EDITS: list[tuple[str, Edit, set[str]]] = [
    # The state.
    ("no bucket for the state", setting("state", "bucket", f"account-things-{ACCOUNT}-us-east-1"), BUCKET | {"identity/tls-only"}),
    ("the state's bucket may go", lambda nodes: setattr(nodes["state"], "protect", False), BUCKET | {"data-protection/protect"}),
    ("states expire", setting("state-lifecycle", "rules.0.expiration", {"days": 90.0}), BUCKET),
    ("states expire on a day", setting("state-lifecycle", "rules.0.expiration", {"date": "2027-01-01T00:00:00Z"}), BUCKET),
    ("older states go at once", setting("state-lifecycle", "rules.0.noncurrentVersionExpiration.noncurrentDays", 1.0), BUCKET),
    (
        "older states stay for ever",
        setting("state-lifecycle", "rules.0.noncurrentVersionExpiration", None),
        {"data-protection/bucket-lifecycle"},
    ),
    ("one state only", setting("state-versioning", "versioningConfiguration.status", "Suspended"), {"data-protection/versioning"}),
    ("no versions at all", without("state-versioning"), {"data-protection/bucket-versioning"}),
    ("the state may be public", setting("state-block", "blockPublicPolicy", False), {"data-protection/public-access-block"}),
    (
        "the state under S3's own key",
        setting("state-encryption", "rules.0.applyServerSideEncryptionByDefault.sseAlgorithm", "AES256"),
        {"encryption/bucket-cmk"},
    ),
    (
        "the state under another key",
        both(
            setting(
                "state-encryption",
                "rules.0.applyServerSideEncryptionByDefault.kmsMasterKeyId",
                f"arn:aws:kms:us-east-1:{ACCOUNT}:key/11111111-2222-4333-8444-555555555555",
            ),
            referring("state-encryption", "rules", "stack"),
        ),
        BUCKET,
    ),
    ("the key may go", lambda nodes: setattr(nodes["key"], "protect", False), KEY | {"data-protection/protect"}),
    (
        "another key bears the name",
        both(setting("alias", "targetKeyId", "other"), referring("alias", "targetKeyId", "stack")),
        KEY,
    ),
    # What watches.
    ("no analyzer", without("analyzer"), {"account/analyzer"}),
    ("an analyzer of what is unused", setting("analyzer", "type", "ACCOUNT_UNUSED_ACCESS"), {"account/analyzer"}),
    ("a trail of one region", setting("trail", "isMultiRegionTrail", False), {"account/trail"}),
    ("whether it is of every region isn't known", setting("trail", "isMultiRegionTrail", UNKNOWN), {"account/trail"}),
    ("a trail without validation", setting("trail", "enableLogFileValidation", None), {"account/trail"}),
    ("a trail that is off", setting("trail", "enableLogging", False), {"account/trail"}),
    ("a trail without IAM", setting("trail", "includeGlobalServiceEvents", False), {"account/trail"}),
    ("a trail to nowhere", setting("trail", "s3BucketName", None), {"account/trail"}),
    (
        "a trail to a bucket of others",
        both(setting("trail", "s3BucketName", "others"), referring("trail", "s3BucketName", "stack")),
        EVENTS,
    ),
    ("a trail under AWS's key", both(setting("trail", "kmsKeyId", None), referring("trail", "kmsKeyId", "gone")), {"encryption/trail-cmk"}),
    ("a trail under a bucket", referring("trail", "kmsKeyId", "records"), {"encryption/key-reference"}),
    ("a trail that may go", lambda nodes: setattr(nodes["trail"], "protect", False), EVENTS),
    ("records under a bucket key", setting("records-encryption", "rules.0.bucketKeyEnabled", True), EVENTS),
    ("records of a month", setting("records-lifecycle", "rules.0.expiration", {"days": 30.0}), EVENTS),
    ("deleted records of a day", setting("records-lifecycle", "rules.0.noncurrentVersionExpiration.noncurrentDays", 1.0), EVENTS),
    ("a trail without data events", setting("trail", "advancedEventSelectors", None), EVENTS),
    ("a trail without models", lambda nodes: nodes["trail"].props["advancedEventSelectors"].pop(1), EVENTS),
    ("a trail without management", lambda nodes: nodes["trail"].props["advancedEventSelectors"].pop(0), EVENTS),
    (
        "only what is written",
        lambda nodes: (
            nodes["trail"].props["advancedEventSelectors"][2]["fieldSelectors"].append({"field": "readOnly", "equals": ["false"]})
        ),
        EVENTS,
    ),
    (
        "all but some gateways",
        lambda nodes: (
            nodes["trail"]
            .props["advancedEventSelectors"][2]["fieldSelectors"]
            .append({"field": "resources.ARN", "notStartsWiths": ["arn:aws:bedrock-agentcore:us-east-1"]})
        ),
        EVENTS,
    ),
    ("sessions of half a day", setting("deploy-prod", "maxSessionDuration", 43200.0), {"account/sessions"}),
    ("how long sessions last isn't known", setting("drift-prod", "maxSessionDuration", UNKNOWN), {"account/sessions"}),
    ("GuardDuty is off", setting("detector", "enable", False), {"account/detector"}),
    ("whether GuardDuty is on isn't known", setting("detector", "enable", UNKNOWN), {"account/detector"}),
]
