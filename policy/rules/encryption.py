"""Encryption: everything that stores data does so under a customer-managed key."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from plain import Plain, Unknown, dig, items, shown
from rule import Family, Fault, Reference, Resource, ResourceRule, Severity, Stack, StackRule, broken, cannot_tell

TABLE = "aws:dynamodb/table:Table"
TOPIC = "aws:sns/topic:Topic"
LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup"
SECRET = "aws:secretsmanager/secret:Secret"
REPOSITORY = "aws:ecr/repository:Repository"
BUCKET = "aws:s3/bucket:Bucket"
BUCKET_ENCRYPTION = "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
BUCKET_LOGGING = "aws:s3/bucketLogging:BucketLogging"

KEY_TYPES = frozenset({"aws:kms/key:Key", "aws:kms/alias:Alias", "aws:kms/replicaKey:ReplicaKey", "aws:kms/externalKey:ExternalKey"})

KEY = re.compile(r"(arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:)?(key/)?(mrk-[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})")
ALIAS = re.compile(r"(arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:)?alias/(?!aws/)[a-zA-Z0-9/_-]+")
"""The forms in which AWS takes a customer-managed key: id or ARN of a key, name or ARN of an alias. `alias/aws/…` is AWS's own key."""

KEY_PROPERTIES = {
    TABLE: "serverSideEncryption",
    TOPIC: "kmsMasterKeyId",
    LOG_GROUP: "kmsKeyId",
    SECRET: "kmsKeyId",
    REPOSITORY: "encryptionConfigurations",
    BUCKET_ENCRYPTION: "rules",
}
"""By type, the top-level property that holds the key: what its value comes from is known for the whole of it."""

KMS_ALGORITHMS = ("aws:kms", "aws:kms:dsse")


def _names_a_key(where: str, value: Plain) -> Iterator[Fault]:
    """A reference that is unknown counts as present: `encryption/key-reference` looks at what it refers to."""
    if isinstance(value, Unknown) or (isinstance(value, str) and (KEY.fullmatch(value) or ALIAS.fullmatch(value))):
        return
    yield broken(f"{where} is {shown(value)}; it must name a customer-managed KMS key.")


def _is_true(where: str, value: Plain) -> Iterator[Fault]:
    if isinstance(value, Unknown):
        yield cannot_tell(f"{where} is not known at preview; it must be the literal true.")
    elif value is not True:
        yield broken(f"{where} is {shown(value)}; it must be true.")


def _table(table: Resource) -> Iterator[Fault]:
    yield from _is_true("serverSideEncryption.enabled", table.at("serverSideEncryption", "enabled"))
    yield from _names_a_key("serverSideEncryption.kmsKeyArn", table.at("serverSideEncryption", "kmsKeyArn"))


def _key_in(property_name: str) -> Callable[[Resource], Iterator[Fault]]:
    return lambda resource: _names_a_key(property_name, resource.at(property_name))


def _repository(repository: Resource) -> Iterator[Fault]:
    configurations = items(repository.at("encryptionConfigurations"))
    if not configurations:
        yield broken("encryptionConfigurations is missing, so images are kept under AWS's key; it must hold one with encryptionType KMS.")
    for configuration in configurations:
        kind = dig(configuration, "encryptionType")
        if isinstance(kind, Unknown):
            yield cannot_tell("encryptionConfigurations.encryptionType is not known at preview; it must be the literal KMS.")
        elif kind not in ("KMS", "KMS_DSSE"):
            yield broken(f"encryptionConfigurations.encryptionType is {shown(kind)}; it must be KMS.")
        else:
            yield from _names_a_key("encryptionConfigurations.kmsKey", dig(configuration, "kmsKey"))


class _Buckets:
    """The stack's buckets, and which of them a property names: because its value comes from one, or because it is one's name."""

    def __init__(self, stack: Stack) -> None:
        self.all = {bucket.urn: bucket for bucket in stack.of_type(BUCKET)}
        self._by_name = {
            name: bucket.urn for bucket in self.all.values() for key in ("bucket", "id") if isinstance(name := bucket.at(key), str)
        }

    def named_by(self, resource: Resource, property_name: str) -> set[str]:
        """The URNs of the buckets that a property names."""
        urns = {reference.urn for reference in resource.references.get(property_name, ()) if reference.urn in self.all}
        name = resource.at(property_name)
        if isinstance(name, str) and name in self._by_name:
            urns.add(self._by_name[name])
        return urns


def _buckets(stack: Stack) -> Iterator[Fault]:
    """Every bucket has a default encryption with a customer-managed key.

    The one exception is a bucket that server access logs are delivered to (and that delivers none itself): S3 refuses to deliver them
    under SSE-KMS, so it must use S3's own keys, which is what a bucket without a configuration does.
    Source: Amazon S3 user guide, "Enabling Amazon S3 server access logging".
    """
    buckets = _Buckets(stack)
    logged: set[str] = set()
    log_destinations: set[str] = set()
    for logging in stack.of_type(BUCKET_LOGGING):
        logged |= buckets.named_by(logging, "bucket")
        log_destinations |= buckets.named_by(logging, "targetBucket")
    log_destinations -= logged
    encrypted: set[str] = set()
    for encryption in stack.of_type(BUCKET_ENCRYPTION):
        own = buckets.named_by(encryption, "bucket")
        encrypted |= own
        if own and own <= log_destinations:
            yield from _all_algorithms(encryption, ("AES256",), "S3 delivers access logs only under its own keys")
        else:
            yield from _all_algorithms(encryption, KMS_ALGORITHMS, "only a customer-managed key can be audited and withdrawn")
    for urn, bucket in buckets.all.items():
        if urn not in encrypted and urn not in log_destinations:
            yield broken("it has no default encryption of its own (BucketServerSideEncryptionConfiguration); it must have one.", bucket)


def _all_algorithms(encryption: Resource, allowed: tuple[str, ...], reason: str) -> Iterator[Fault]:
    rules = items(encryption.at("rules"))
    if not rules:
        yield broken("rules is missing; it must hold one rule.", encryption)
    for rule in rules:
        default = dig(rule, "applyServerSideEncryptionByDefault")
        algorithm = dig(default, "sseAlgorithm")
        if isinstance(algorithm, Unknown):
            yield cannot_tell(f"sseAlgorithm is not known at preview; it must be the literal {allowed[0]}.", encryption)
        elif algorithm not in allowed:
            yield broken(f"sseAlgorithm is {shown(algorithm)}; it must be {allowed[0]}, for {reason}.", encryption)
        elif allowed is KMS_ALGORITHMS:
            for fault in _names_a_key("kmsMasterKeyId", dig(default, "kmsMasterKeyId")):
                yield broken(fault.what, encryption)


def _is_key(reference: Reference) -> bool:
    """Whether a reference leads to a key. One that leads out of the AWS provider (another stack's output) can't be followed."""
    return reference.type in KEY_TYPES or not reference.type.startswith("aws:")


def _key_references(stack: Stack) -> Iterator[Fault]:
    for resource in stack.resources:
        property_name = KEY_PROPERTIES.get(resource.type, "")
        references = resource.references.get(property_name, ())
        if references and not any(map(_is_key, references)):
            found = ", ".join(f"{reference.urn.rpartition('::')[2]} ({reference.type})" for reference in references)
            yield broken(f"the key in {property_name} comes from {found}; it must come from a KMS key.", resource)


WHY = "Data under AWS's own keys can be read by whoever may read the service: nobody can audit, restrict or withdraw the key."


def _key_rule(
    name: str, kind: str, check: Callable[[Resource], Iterator[Fault]], *, protects: str, mend: str, controls: tuple[str, ...] = ()
):
    return ResourceRule(
        id=f"encryption/{name}",
        severity=Severity.HIGH,
        protects=protects,
        why=WHY,
        mend=mend,
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
            mend="Write server_side_encryption={'enabled': True, 'kms_key_arn': <the stack's key>.arn}.",
        ),
        _key_rule(
            "topic-cmk",
            TOPIC,
            _key_in("kmsMasterKeyId"),
            protects="What alarms say.",
            mend="Write kms_master_key_id=<the stack's key>.arn; alias/aws/sns fails with CloudWatch alarms anyway.",
            controls=("Security Hub SNS.1",),
        ),
        _key_rule(
            "log-group-cmk",
            LOG_GROUP,
            _key_in("kmsKeyId"),
            protects="What the workloads and the network log.",
            mend="Write kms_key_id=<the stack's key>.arn.",
        ),
        _key_rule(
            "secret-cmk",
            SECRET,
            _key_in("kmsKeyId"),
            protects="The safety settings and their validation key.",
            mend="Write kms_key_id=<the stack's key>.arn.",
        ),
        _key_rule(
            "repository-cmk",
            REPOSITORY,
            _repository,
            protects="The images that the system runs.",
            mend="Write encryption_configurations=[{'encryption_type': 'KMS', 'kms_key': <the stack's key>.arn}].",
            controls=("Security Hub ECR.5",),
        ),
    ),
    stack_rules=(
        StackRule(
            id="encryption/bucket-cmk",
            severity=Severity.HIGH,
            protects="The artifacts that evolution leaves behind.",
            why=WHY,
            mend="Add a BucketServerSideEncryptionConfiguration for the bucket: sse_algorithm 'aws:kms' and the stack's key; for a bucket "
            "that takes server access logs, 'AES256'.",
            check=_buckets,
            controls=("Security Hub S3.17",),
        ),
        StackRule(
            id="encryption/key-reference",
            severity=Severity.HIGH,
            protects="All of the above from a reference to something that is no key.",
            why="The value is unknown until the deployment, and AWS would only then find that it names no key.",
            mend="Pass the arn of the stack's aws.kms.Key.",
            check=_key_references,
        ),
    ),
)
