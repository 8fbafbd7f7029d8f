"""Edits of what evolution remembers, each with the exact rules that must fire."""

from __future__ import annotations

from tests.policy.planned import DELETED, FOREIGN_KEY, GONE, Edit, Refer, on

EDITS: tuple[Edit, ...] = (
    *on(
        "data-state",
        ("serverSideEncryption.enabled", False, "encryption/table-cmk"),
        ("serverSideEncryption.kmsKeyArn", GONE, "encryption/table-cmk"),
        ("serverSideEncryption.kmsKeyArn", FOREIGN_KEY, "encryption/own-key"),
        (
            "replicas",
            [{"regionName": "us-west-2"}],
            "encryption/table-cmk",
            "data-protection/table-recovery",
            "data-protection/table-deletion",
        ),
        ("serverSideEncryption", Refer("data-artifacts"), "encryption/key-reference", "encryption/table-cmk"),
        ("pointInTimeRecovery.enabled", False, "data-protection/table-recovery"),
        ("deletionProtectionEnabled", False, "data-protection/table-deletion"),
        ("streamViewType", "KEYS_ONLY", "data-protection/state-table"),
        ("streamEnabled", False, "data-protection/state-table"),
        ("hashKey", "id", "data-protection/state-table"),
        ("rangeKey", "gen", "data-protection/state-table"),
        ("attributes.0.type", "B", "data-protection/state-table"),
        ("ttl.enabled", False, "data-protection/state-table"),
        ("protect", False, "data-protection/protect"),
        ("", DELETED, "data-protection/state-table", "network/own-parts"),
        ("tagsAll.Environment", "dev", "governance/tags"),
    ),
    *on(
        "data-population",
        ("pointInTimeRecovery", GONE, "data-protection/table-recovery"),
        ("ttl.enabled", False, "data-protection/population-table"),
        ("ttl.attributeName", "expires", "data-protection/population-table"),
        ("", DELETED, "data-protection/population-table"),
    ),
    *on(
        "data-checkpoints",
        ("billingMode", "PROVISIONED", "data-protection/checkpoint-table"),
        ("ttl", GONE, "data-protection/checkpoint-table"),
        ("name", "checkpoints", "alarms/throttles", "data-protection/checkpoint-table"),
    ),
    *on(
        "data-artifacts",
        ("bucket", "artifacts", "data-protection/artifacts-bucket", "identity/tls-only"),
        ("forceDestroy", True, "data-protection/objects-kept"),
        ("protect", False, "data-protection/protect"),
        ("tagsAll", GONE, "governance/tags"),
    ),
    *on(
        "data-artifacts-encryption",
        ("rules.0.applyServerSideEncryptionByDefault.sseAlgorithm", "AES256", "encryption/bucket-cmk"),
        ("rules.0.applyServerSideEncryptionByDefault.kmsMasterKeyId", GONE, "encryption/bucket-cmk"),
        ("rules.0.applyServerSideEncryptionByDefault.kmsMasterKeyId", FOREIGN_KEY, "encryption/own-key"),
        ("", DELETED, "encryption/bucket-cmk"),
    ),
    *on(
        "data-artifacts-public-access-block",
        ("blockPublicAcls", False, "data-protection/public-access-block"),
        ("blockPublicPolicy", False, "data-protection/public-access-block"),
        ("ignorePublicAcls", False, "data-protection/public-access-block"),
        ("restrictPublicBuckets", GONE, "data-protection/public-access-block"),
        ("", DELETED, "data-protection/bucket-public-access-block"),
    ),
    *on(
        "data-artifacts-versioning",
        ("versioningConfiguration.status", "Suspended", "data-protection/versioning"),
        ("", DELETED, "data-protection/bucket-versioning"),
    ),
    *on(
        "data-artifacts-ownership",
        ("rule.objectOwnership", "ObjectWriter", "data-protection/ownership"),
        ("", DELETED, "data-protection/bucket-ownership"),
    ),
    *on(
        "data-artifacts-logging",
        ("targetBucket", GONE, "data-protection/bucket-access-logs", "encryption/bucket-cmk"),
        ("", DELETED, "data-protection/bucket-access-logs", "encryption/bucket-cmk"),
    ),
    *on(
        "data-artifacts-policy",
        ("", DELETED, "data-protection/bucket-policy", "identity/tls-only"),
    ),
    *on(
        "data-artifacts-lifecycle",
        ("rules.0.transitions", [{"days": 7, "storageClass": "STANDARD_IA"}], "data-protection/valid-lifecycle"),
        (
            "rules.0.transitions",
            [{"days": 30, "storageClass": "STANDARD_IA"}, {"days": 400, "storageClass": "GLACIER"}],
            "data-protection/valid-lifecycle",
        ),
        (
            "rules.0.noncurrentVersionTransitions",
            [{"noncurrentDays": 40, "storageClass": "GLACIER"}, {"noncurrentDays": 80, "storageClass": "STANDARD_IA"}],
            "data-protection/valid-lifecycle",
        ),
        ("rules.0.status", "Disabled", "data-protection/bucket-lifecycle", "data-protection/objects-expire"),
        ("rules.0.expiration", GONE, "data-protection/objects-expire"),
        ("rules.0.noncurrentVersionExpiration", GONE, "data-protection/bucket-lifecycle"),
        ("rules.0.abortIncompleteMultipartUpload", GONE, "data-protection/bucket-lifecycle"),
        ("rules.0.filter", {"prefix": "tmp/"}, "data-protection/bucket-lifecycle", "data-protection/objects-expire"),
        ("", DELETED, "data-protection/bucket-lifecycle"),
    ),
)
