"""Encryption: everything that stores data does so under a customer-managed key."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from checks import literal, on
from graph import Linked
from plain import Plain, Unknown, dig, items, shown
from rule import Family, Finding, Resource, ResourceRule, Severity, Stack, StackRule, about
from rules import encryption_keys as keys
from tokens import (
    AGENT_GATEWAY,
    AGENT_MEMORY,
    BUCKET,
    BUCKET_ENCRYPTION,
    BUCKET_LOGGING,
    CLUSTER,
    FUNCTION,
    GUARDRAIL,
    LOG_GROUP,
    PARAMETER,
    QUEUE,
    REPOSITORY,
    SECRET,
    TABLE,
    TOPIC,
)

KEY_NAME = re.compile(r"(arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:)?(key/)?(mrk-[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})")
ALIAS_NAME = re.compile(r"(arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:)?alias/(?!aws/)[a-zA-Z0-9/_-]+")
"""The forms in which AWS takes a customer-managed key: id or ARN of a key, name or ARN of an alias. `alias/aws/…` is AWS's own key."""

KMS_ALGORITHMS = ("aws:kms", "aws:kms:dsse")
INLINE = "serverSideEncryptionConfiguration"
AUDITED = "only a customer-managed key can be audited and withdrawn"


def names_a_key(where: str, value: Plain) -> Iterator[Finding]:
    """A reference that is unknown counts as present: `encryption/key-reference` looks at what it refers to."""
    if isinstance(value, Unknown) or (isinstance(value, str) and (KEY_NAME.fullmatch(value) or ALIAS_NAME.fullmatch(value))):
        return
    yield Finding(f"{where} is {shown(value)}; it must name a customer-managed KMS key.")


def _table(table: Resource) -> Iterator[Finding]:
    yield from on("serverSideEncryption.enabled", table.at("serverSideEncryption", "enabled"))
    yield from names_a_key("serverSideEncryption.kmsKeyArn", table.at("serverSideEncryption", "kmsKeyArn"))
    yield from _replicas(table, "kmsKeyArn")


def _secret(secret: Resource) -> Iterator[Finding]:
    yield from names_a_key("kmsKeyId", secret.at("kmsKeyId"))
    yield from _replicas(secret, "kmsKeyId")


def _replicas(resource: Resource, key: str) -> Iterator[Finding]:
    """A replica doesn't take its original's key: one that names none is under AWS's own."""
    for replica in items(resource.at("replicas")):
        if isinstance(replica, dict):
            yield from names_a_key(f"replicas.{key}", replica.get(key))
        else:
            yield Finding(f"replicas is not known at preview; each must name a customer-managed KMS key in {key}.")


def _key_in(*path: str) -> Callable[[Resource], Iterator[Finding]]:
    return lambda resource: names_a_key(".".join(path), resource.at(*path))


def _function(function: Resource) -> Iterator[Finding]:
    """A function without variables keeps nothing but its code."""
    if function.at("environment") is not None:
        yield from names_a_key("kmsKeyArn", function.at("kmsKeyArn"))


def _parameter(parameter: Resource) -> Iterator[Finding]:
    """A String parameter is for what anybody of the account may read; `environment/no-secret` holds secrets out of it."""
    kind = parameter.at("type")
    if kind == "SecureString":
        yield from names_a_key("keyId", parameter.at("keyId"))
    elif kind not in ("String", "StringList"):
        yield from literal("type", kind, "String", "StringList", "SecureString")


def _repository(repository: Resource) -> Iterator[Finding]:
    configurations = items(repository.at("encryptionConfigurations"))
    if not configurations:
        yield Finding("encryptionConfigurations is missing, so images are kept under AWS's key; it must hold one with encryptionType KMS.")
    for configuration in configurations:
        kind = dig(configuration, "encryptionType")
        if isinstance(kind, Unknown):
            yield Finding("encryptionConfigurations.encryptionType is not known at preview; it must be the literal KMS.")
        elif kind not in ("KMS", "KMS_DSSE"):
            yield Finding(f"encryptionConfigurations.encryptionType is {shown(kind)}; it must be KMS.")
        else:
            yield from names_a_key("encryptionConfigurations.kmsKey", dig(configuration, "kmsKey"))


def _buckets(stack: Stack) -> Iterator[Finding]:
    """Every bucket has a default encryption with a customer-managed key, in a resource of its own or inline.

    The one exception is a bucket that server access logs are delivered to (and that delivers none itself): S3 refuses to deliver them
    under SSE-KMS, so it must use S3's own keys, which is what a bucket without a configuration does.
    Source: Amazon S3 user guide, "Enabling Amazon S3 server access logging".
    """
    buckets = Linked(stack, BUCKET, ("bucket", "id"))
    logged: set[str] = set()
    log_destinations: set[str] = set()
    for logging in stack.of_type(BUCKET_LOGGING):
        logged |= buckets.by(logging, "bucket")
        log_destinations |= buckets.by(logging, "targetBucket")
    log_destinations -= logged
    encrypted: set[str] = set()
    for encryption in stack.of_type(BUCKET_ENCRYPTION):
        own = buckets.by(encryption, "bucket")
        encrypted |= own
        if own and own <= log_destinations:
            yield from _all_algorithms(encryption, encryption.at("rules"), ("AES256",), "S3 delivers access logs only under its own keys")
        else:
            yield from _all_algorithms(encryption, encryption.at("rules"), KMS_ALGORITHMS, AUDITED)
    for urn, bucket in buckets.all.items():
        if urn in encrypted or urn in log_destinations:
            continue
        if bucket.references.get(INLINE):  # the program's own; S3 reports one for every bucket, a companion's that goes too
            yield from _all_algorithms(bucket, bucket.at(INLINE, "rule"), KMS_ALGORITHMS, AUDITED)
        else:
            yield Finding("it has no default encryption of its own (BucketServerSideEncryptionConfiguration); it must have one.", bucket)


def _all_algorithms(encryption: Resource, value: Plain, allowed: tuple[str, ...], reason: str) -> Iterator[Finding]:
    rules = items(value)
    if not rules:
        yield Finding("rules is missing; it must hold one rule.", encryption)
    for rule in rules:
        default = dig(rule, "applyServerSideEncryptionByDefault")
        algorithm = dig(default, "sseAlgorithm")
        if isinstance(algorithm, Unknown):
            yield Finding(f"sseAlgorithm is not known at preview; it must be the literal {allowed[0]}.", encryption)
        elif algorithm not in allowed:
            yield Finding(f"sseAlgorithm is {shown(algorithm)}; it must be {allowed[0]}, for {reason}.", encryption)
        elif allowed is KMS_ALGORITHMS:
            yield from about(encryption, names_a_key("kmsMasterKeyId", dig(default, "kmsMasterKeyId")))


WHY = "Data under AWS's own keys can be read by whoever may read the service: nobody can audit, restrict or withdraw the key."


def _key_rule(
    name: str, kind: str, check: Callable[[Resource], Iterator[Finding]], *, protects: str, fix: str, controls: tuple[str, ...] = ()
):
    return ResourceRule(
        id=f"encryption/{name}",
        severity=Severity.HIGH,
        protects=protects,
        why=WHY,
        fix=fix,
        check=check,
        types=frozenset({kind}),
        controls=controls,
    )


FAMILY = Family(
    name="encryption",
    title="What stores data must encrypt it under a customer-managed key.",
    resource_rules=(
        _key_rule(
            "table-cmk",
            TABLE,
            _table,
            protects="The state, the population and the checkpoints of evolution.",
            fix="Write server_side_encryption={'enabled': True, 'kms_key_arn': <the stack's key>.arn}.",
        ),
        _key_rule(
            "topic-cmk",
            TOPIC,
            _key_in("kmsMasterKeyId"),
            protects="What alarms say.",
            fix="Write kms_master_key_id=<the stack's key>.arn; alias/aws/sns fails with CloudWatch alarms anyway.",
            controls=("Security Hub SNS.1",),
        ),
        _key_rule(
            "log-group-cmk",
            LOG_GROUP,
            _key_in("kmsKeyId"),
            protects="What the workloads and the network log.",
            fix="Write kms_key_id=<the stack's key>.arn.",
        ),
        _key_rule(
            "secret-cmk",
            SECRET,
            _secret,
            protects="The safety settings and their validation key.",
            fix="Write kms_key_id=<the stack's key>.arn.",
        ),
        _key_rule(
            "repository-cmk",
            REPOSITORY,
            _repository,
            protects="The images that the system runs.",
            fix="Write encryption_configurations=[{'encryption_type': 'KMS', 'kms_key': <the stack's key>.arn}].",
            controls=("Security Hub ECR.5",),
        ),
        _key_rule(
            "cluster-cmk",
            CLUSTER,
            _key_in("configuration", "managedStorageConfiguration", "fargateEphemeralStorageKmsKeyId"),
            protects="What tasks write to their own disk.",
            fix="Write configuration={'managed_storage_configuration': {'fargate_ephemeral_storage_kms_key_id': <the stack's key>.arn}}.",
        ),
        _key_rule(
            "function-cmk",
            FUNCTION,
            _function,
            protects="The variables of the Lambda functions.",
            fix="Write kms_key_arn=<the stack's key>.arn.",
            controls=("checkov CKV_AWS_173",),
        ),
        _key_rule(
            "queue-cmk",
            QUEUE,
            _key_in("kmsMasterKeyId"),
            protects="The events that could not be handled, which dead-letter queues keep whole.",
            fix="Write kms_master_key_id=<the stack's key>.arn; sqs_managed_sse_enabled uses AWS's own key.",
            controls=("Security Hub SQS.1",),
        ),
        _key_rule(
            "parameter-cmk",
            PARAMETER,
            _parameter,
            protects="What is kept in SSM because it is secret.",
            fix="Write key_id=<the stack's key>.arn beside type='SecureString'.",
        ),
        _key_rule(
            "guardrail-cmk",
            GUARDRAIL,
            _key_in("kmsKeyArn"),
            protects="The guardrail's topics and patterns, which tell how to get around it.",
            fix="Write kms_key_arn=<the stack's key>.arn.",
        ),
        _key_rule(
            "gateway-cmk",
            AGENT_GATEWAY,
            _key_in("kmsKeyArn"),
            protects="The AgentCore gateway's configuration and credentials.",
            fix="Write kms_key_arn=<the stack's key>.arn.",
        ),
        _key_rule(
            "memory-cmk",
            AGENT_MEMORY,
            _key_in("encryptionKeyArn"),
            protects="What agents remember.",
            fix="Write encryption_key_arn=<the stack's key>.arn.",
        ),
        *keys.RESOURCE_RULES,
    ),
    stack_rules=(
        StackRule(
            id="encryption/bucket-cmk",
            severity=Severity.HIGH,
            protects="The artifacts that evolution leaves behind.",
            why=WHY,
            fix="Add a BucketServerSideEncryptionConfiguration for the bucket: sse_algorithm 'aws:kms' and the stack's key; for a bucket "
            "that takes server access logs, 'AES256'.",
            check=_buckets,
            controls=("Security Hub S3.17",),
        ),
        *keys.STACK_RULES,
    ),
)
