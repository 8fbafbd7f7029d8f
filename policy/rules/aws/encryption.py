"""Encryption: everything that stores data does so under a customer-managed key."""

from __future__ import annotations

import re
from collections.abc import Iterator

from checks import literal, on
from graph import Linked
from other_types import TRAIL
from plain import Plain, Unknown, dig, items, shown
from rule import Finding, Resource, Severity, Stack, about, rule
from tokens import (
    AGENT_GATEWAY,
    AGENT_MEMORY,
    AGENT_POLICY_ENGINE,
    BEDROCK_AGENT,
    BEDROCK_DATA_SOURCE,
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
    SERVICE,
    TABLE,
    TOPIC,
)

KEY_NAME = re.compile(r"(arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:)?(key/)?(mrk-[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})")
ALIAS_NAME = re.compile(r"(arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:)?alias/(?!aws/)[a-zA-Z0-9/_-]+")
"""The forms in which AWS takes a customer-managed key: id or ARN of a key, name or ARN of an alias. `alias/aws/…` is AWS's own key."""

KMS_ALGORITHMS = ("aws:kms", "aws:kms:dsse")
ELSEWHERE = ("EC2", "EXTERNAL")
"""The launch types of services that don't run on Fargate."""

INLINE = "serverSideEncryptionConfiguration"
AUDITED = "only a customer-managed key can be audited and withdrawn"

BEDROCK_KEYS = {
    BEDROCK_AGENT: ("customerEncryptionKeyArn",),
    BEDROCK_DATA_SOURCE: ("serverSideEncryptionConfiguration", "kmsKeyArn"),
}
"""By type, where it names its key."""

WHY = "Data under AWS's own keys can be read by whoever may read the service: nobody can audit, restrict or withdraw the key."


def names_a_key(where: str, value: Plain) -> Iterator[Finding]:
    """A reference that is unknown counts as present: `encryption/key-reference` looks at what it refers to."""
    if isinstance(value, Unknown) or (isinstance(value, str) and (KEY_NAME.fullmatch(value) or ALIAS_NAME.fullmatch(value))):
        return
    yield Finding(f"{where} is {shown(value)}; it must name a customer-managed KMS key.")


@rule(
    id="encryption/table-cmk",
    types={TABLE},
    severity=Severity.HIGH,
    protects="What the tables hold.",
    why=WHY,
    fix="Write server_side_encryption={'enabled': True, 'kms_key_arn': <the stack's key>.arn}.",
)
def table_cmk(table: Resource) -> Iterator[Finding]:
    yield from on("serverSideEncryption.enabled", table.at("serverSideEncryption", "enabled"))
    yield from names_a_key("serverSideEncryption.kmsKeyArn", table.at("serverSideEncryption", "kmsKeyArn"))
    yield from _replicas(table, "kmsKeyArn")


@rule(
    id="encryption/secret-cmk",
    types={SECRET},
    severity=Severity.HIGH,
    protects="The secrets, and whatever they open.",
    why=WHY,
    fix="Write kms_key_id=<the stack's key>.arn.",
)
def secret_cmk(secret: Resource) -> Iterator[Finding]:
    yield from names_a_key("kmsKeyId", secret.at("kmsKeyId"))
    yield from _replicas(secret, "kmsKeyId")


def _replicas(resource: Resource, key: str) -> Iterator[Finding]:
    """A replica doesn't take its original's key: one that names none is under AWS's own."""
    for replica in items(resource.at("replicas")):
        if isinstance(replica, dict):
            yield from names_a_key(f"replicas.{key}", replica.get(key))
        else:
            yield Finding(f"replicas is not known at preview; each must name a customer-managed KMS key in {key}.")


@rule(
    id="encryption/topic-cmk",
    types={TOPIC},
    severity=Severity.HIGH,
    protects="What alarms say.",
    why=WHY,
    fix="Write kms_master_key_id=<the stack's key>.arn; alias/aws/sns fails with CloudWatch alarms anyway.",
    controls=("Security Hub SNS.1",),
)
def topic_cmk(topic: Resource) -> Iterator[Finding]:
    return names_a_key("kmsMasterKeyId", topic.at("kmsMasterKeyId"))


@rule(
    id="encryption/log-group-cmk",
    types={LOG_GROUP},
    severity=Severity.HIGH,
    protects="What the workloads and the network log.",
    why=WHY,
    fix="Write kms_key_id=<the stack's key>.arn.",
)
def log_group_cmk(group: Resource) -> Iterator[Finding]:
    return names_a_key("kmsKeyId", group.at("kmsKeyId"))


@rule(
    id="encryption/trail-cmk",
    types={TRAIL},
    severity=Severity.HIGH,
    protects="The record of who did what in the account.",
    why=WHY,
    fix="Write kms_key_id=<the stack's key>.arn.",
    controls=("Security Hub CloudTrail.2",),
)
def trail_cmk(trail: Resource) -> Iterator[Finding]:
    return names_a_key("kmsKeyId", trail.at("kmsKeyId"))


@rule(
    id="encryption/cluster-cmk",
    severity=Severity.HIGH,
    protects="What tasks write to their own disk.",
    why=WHY,
    fix="Write configuration={'managed_storage_configuration': {'fargate_ephemeral_storage_kms_key_id': <the stack's key>.arn}}.",
)
def cluster_cmk(stack: Stack) -> Iterator[Finding]:
    """Only Fargate has this disk: a cluster all of whose services run elsewhere is spared."""
    clusters = Linked(stack, CLUSTER, ("id", "arn", "name"))
    services = [(clusters.by(service, "cluster"), service.at("launchType")) for service in stack.of_type(SERVICE)]
    path = ("configuration", "managedStorageConfiguration", "fargateEphemeralStorageKmsKeyId")
    for urn, cluster in clusters.all.items():
        launched = [how for used, how in services if urn in used]
        if not launched or any(how not in ELSEWHERE for how in launched):
            yield from about(cluster, names_a_key(".".join(path), cluster.at(*path)))


@rule(
    id="encryption/queue-cmk",
    types={QUEUE},
    severity=Severity.HIGH,
    protects="The events that could not be handled, which dead-letter queues keep whole.",
    why=WHY,
    fix="Write kms_master_key_id=<the stack's key>.arn; sqs_managed_sse_enabled uses AWS's own key.",
    controls=("Security Hub SQS.1",),
)
def queue_cmk(queue: Resource) -> Iterator[Finding]:
    return names_a_key("kmsMasterKeyId", queue.at("kmsMasterKeyId"))


@rule(
    id="encryption/guardrail-cmk",
    types={GUARDRAIL},
    severity=Severity.HIGH,
    protects="The guardrail's topics and patterns, which tell how to get around it.",
    why=WHY,
    fix="Write kms_key_arn=<the stack's key>.arn.",
)
def guardrail_cmk(guardrail: Resource) -> Iterator[Finding]:
    return names_a_key("kmsKeyArn", guardrail.at("kmsKeyArn"))


@rule(
    id="encryption/gateway-cmk",
    types={AGENT_GATEWAY},
    severity=Severity.HIGH,
    protects="The AgentCore gateway's configuration and credentials.",
    why=WHY,
    fix="Write kms_key_arn=<the stack's key>.arn.",
    controls=("Security Hub BedrockAgentCore.4", "prowler AC-12"),
)
def gateway_cmk(gateway: Resource) -> Iterator[Finding]:
    return names_a_key("kmsKeyArn", gateway.at("kmsKeyArn"))


@rule(
    id="encryption/memory-cmk",
    types={AGENT_MEMORY},
    severity=Severity.HIGH,
    protects="What agents remember.",
    why=WHY,
    fix="Write encryption_key_arn=<the stack's key>.arn.",
    controls=("Security Hub BedrockAgentCore.3", "prowler AC-07"),
)
def memory_cmk(memory: Resource) -> Iterator[Finding]:
    return names_a_key("encryptionKeyArn", memory.at("encryptionKeyArn"))


@rule(
    id="encryption/policy-engine-cmk",
    types={AGENT_POLICY_ENGINE},
    severity=Severity.HIGH,
    protects="The policies in front of the agents, which tell what gets through.",
    why=WHY,
    fix="Write encryption_key_arn=<the stack's key>.arn.",
    controls=("prowler AC-11",),
)
def policy_engine_cmk(engine: Resource) -> Iterator[Finding]:
    return names_a_key("encryptionKeyArn", engine.at("encryptionKeyArn"))


@rule(
    id="encryption/bedrock-cmk",
    types={BEDROCK_AGENT, BEDROCK_DATA_SOURCE},
    severity=Severity.HIGH,
    protects="What Bedrock's own agents are told, and what is read for them.",
    why=WHY,
    fix="Write the stack's key as customer_encryption_key_arn, of a data source in server_side_encryption_configuration.",
    controls=("Security Hub Bedrock.1",),
)
def bedrock_cmk(resource: Resource) -> Iterator[Finding]:
    path = BEDROCK_KEYS[resource.type]
    return names_a_key(".".join(path), resource.at(*path))


@rule(
    id="encryption/function-cmk",
    types={FUNCTION},
    severity=Severity.HIGH,
    protects="The variables of the Lambda functions.",
    why=WHY,
    fix="Write kms_key_arn=<the stack's key>.arn.",
    controls=("checkov CKV_AWS_173",),
)
def function_cmk(function: Resource) -> Iterator[Finding]:
    """A function without variables keeps nothing but its code."""
    if function.at("environment") is not None:
        yield from names_a_key("kmsKeyArn", function.at("kmsKeyArn"))


@rule(
    id="encryption/parameter-cmk",
    types={PARAMETER},
    severity=Severity.HIGH,
    protects="What is kept in SSM because it is secret.",
    why=WHY,
    fix="Write key_id=<the stack's key>.arn beside type='SecureString'.",
)
def parameter_cmk(parameter: Resource) -> Iterator[Finding]:
    """A String parameter is for what anybody of the account may read; `environment/no-secret` holds secrets out of it."""
    kind = parameter.at("type")
    if kind == "SecureString":
        yield from names_a_key("keyId", parameter.at("keyId"))
    elif kind not in ("String", "StringList"):
        yield from literal("type", kind, "String", "StringList", "SecureString")


@rule(
    id="encryption/repository-cmk",
    types={REPOSITORY},
    severity=Severity.HIGH,
    protects="The images that the system runs.",
    why=WHY,
    fix="Write encryption_configurations=[{'encryption_type': 'KMS', 'kms_key': <the stack's key>.arn}].",
    controls=("Security Hub ECR.5",),
)
def repository_cmk(repository: Resource) -> Iterator[Finding]:
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


@rule(
    id="encryption/bucket-cmk",
    severity=Severity.HIGH,
    protects="What the buckets hold.",
    why=WHY,
    fix="Add a BucketServerSideEncryptionConfiguration for the bucket: sse_algorithm 'aws:kms' and the stack's key; for a bucket "
    "that takes server access logs, 'AES256'.",
    controls=("Security Hub S3.17",),
)
def bucket_cmk(stack: Stack) -> Iterator[Finding]:
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
        if bucket.comes_from(INLINE):  # the program's own; S3 reports one for every bucket, a companion's that goes too
            yield from _all_algorithms(bucket, bucket.at(INLINE, "rule"), KMS_ALGORITHMS, AUDITED)
        else:
            yield Finding("it has no default encryption of its own (BucketServerSideEncryptionConfiguration); it must have one.", bucket)


def _all_algorithms(encryption: Resource, value: Plain, allowed: tuple[str, ...], reason: str) -> Iterator[Finding]:
    rules = items(value)
    if not rules:
        yield Finding("rules is missing; it must hold one rule.", encryption)
    for one in rules:
        default = dig(one, "applyServerSideEncryptionByDefault")
        algorithm = dig(default, "sseAlgorithm")
        if isinstance(algorithm, Unknown):
            yield Finding(f"sseAlgorithm is not known at preview; it must be the literal {allowed[0]}.", encryption)
        elif algorithm not in allowed:
            yield Finding(f"sseAlgorithm is {shown(algorithm)}; it must be {allowed[0]}, for {reason}.", encryption)
        elif allowed is KMS_ALGORITHMS:
            yield from about(encryption, names_a_key("kmsMasterKeyId", dig(default, "kmsMasterKeyId")))
