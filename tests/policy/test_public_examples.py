"""The pack over public programs that no one here wrote: nothing fails, and what fires is known, finding by finding."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from tests.policy import public_examples as public
from tests.policy import public_examples_more as more
from tests.policy.builders import UNKNOWN, Node, Nodes
from tests.policy.samples import KEY_ARN, ReportedFinding, findings, set_at

BUCKETS = frozenset(f"data-protection/bucket-{what}" for what in ("lifecycle", "ownership", "policy", "public-access-block", "versioning"))
"""What every bucket must have beside it; each one is a resource of its own that these programs don't declare."""

EXAMPLES: dict[str, tuple[Nodes, set[str]]] = {
    "fargate": (
        public.FARGATE,
        {
            "encryption/cluster-cmk",
            "identity/boundary",
            "identity/managed-policies",
            "identity/trust-source",
            "network/no-public-ingress",
            "network/no-public-ip",
            "workload/container-insights",
            "workload/image-by-digest",
            "workload/logged",
            "workload/not-root",
            "workload/read-only-root",
        },
    ),
    "static website": (
        public.STATIC_WEBSITE,
        {
            *BUCKETS,
            "data-protection/bucket-access-logs",
            "encryption/bucket-cmk",
            "identity/tls-only",
        },
    ),
    "serverless": (
        public.SERVERLESS,
        {
            "data-protection/table-recovery",
            "encryption/function-cmk",
            "encryption/table-cmk",
            "identity/boundary",
            "identity/managed-policies",
            "identity/trust-source",
            "workload/function-runtime",
            "workload/function-traced",
        },
    ),
    "web server": (
        public.WEB_SERVER,
        {
            "network/no-public-ingress",
        },
    ),
    "slack bot": (
        public.SLACK_BOT,
        {
            "data-protection/table-recovery",
            "encryption/function-cmk",
            "encryption/table-cmk",
            "environment/no-secret",
            "identity/boundary",
            "identity/no-wildcard-resource",
            "identity/trust-source",
            "workload/function-runtime",
            "workload/function-traced",
        },
    ),
    "events": (
        public.EVENTS,
        {
            "identity/boundary",
            "identity/managed-policies",
            "identity/no-wildcard-resource",
            "identity/trust-source",
            "workload/function-runtime",
            "workload/function-traced",
        },
    ),
    "graphql": (
        public.GRAPHQL,
        {
            "data-protection/table-recovery",
            "encryption/table-cmk",
            "identity/boundary",
            "identity/document",
            "identity/trust-source",
        },
    ),
    "oidc": (
        public.OIDC,
        {
            "identity/boundary",
            "identity/document",
        },
    ),
    "encrypted bucket": (
        public.ENCRYPTED_BUCKET,
        {
            *BUCKETS,
            "data-protection/bucket-access-logs",
            "encryption/key-rotation",
            "identity/own-policy",
            "identity/tls-only",
        },
    ),
    "secret": (
        public.SECRET,
        {
            "encryption/secret-cmk",
        },
    ),
    "wordpress": (
        more.WORDPRESS,
        {
            "encryption/cluster-cmk",
            "environment/readable",
            "identity/boundary",
            "identity/managed-policies",
            "identity/trust-source",
            "network/default-group",
            "network/flow-logs",
            "network/no-public-ingress",
            "network/no-public-ip",
            "network/no-public-subnet",
            "workload/container-insights",
        },
    ),
    "step functions": (
        more.STEP_FUNCTIONS,
        {
            "identity/boundary",
            "identity/no-wildcard-resource",
            "identity/trust-source",
            "workload/function-traced",
        },
    ),
    "gateway in Go": (
        more.GO_GATEWAY,
        {
            "identity/boundary",
            "identity/no-wildcard-resource",
            "identity/trust-source",
            "workload/function-runtime",
            "workload/function-traced",
        },
    ),
    "warehouse": (
        more.WAREHOUSE,
        {
            *BUCKETS,
            "data-protection/bucket-access-logs",
            "encryption/bucket-cmk",
            "identity/boundary",
            "identity/managed-policies",
            "identity/own-policy",
            "identity/tls-only",
            "identity/trust-source",
            "network/default-group",
            "network/flow-logs",
        },
    ),
    "role of a user": (
        more.ASSUMED_ROLE,
        {
            "identity/boundary",
            "identity/document",
            "identity/no-user",
            "identity/no-wildcard-action",
            "identity/no-wildcard-resource",
        },
    ),
    "image cache": (
        more.IMAGE_CACHE,
        {
            "encryption/repository-cmk",
            "encryption/secret-cmk",
            "workload/immutable-tags",
            "workload/repository-lifecycle",
            "workload/scan-on-push",
        },
    ),
    "ecs anywhere": (
        more.ECS_ANYWHERE,
        {
            "data-protection/log-retention",
            "encryption/log-group-cmk",
            "environment/readable",
            "identity/boundary",
            "identity/managed-policies",
            "identity/no-wildcard-resource",
            "identity/trust-source",
            "workload/container-insights",
        },
    ),
    "website in YAML": (
        more.YAML_SITE,
        {
            "governance/judged",
            "identity/document",
        },
    ),
    "function with secrets": (
        more.FUNCTION_SECRETS,
        {
            "encryption/function-cmk",
            "encryption/secret-cmk",
            "identity/boundary",
            "identity/document",
            "identity/managed-policies",
            "identity/trust-source",
            "workload/function-runtime",
            "workload/function-traced",
        },
    ),
    "template": (
        more.TEMPLATE,
        {
            "governance/judged",
        },
    ),
}
"""Each finding of these was judged by hand; the rules that were wrong have been mended, and their kinds are in test_kinds.py."""

SSE = "serverSideEncryptionConfiguration.rule.applyServerSideEncryptionByDefault"


def judged(nodes: Nodes, stack: str = "dev") -> list[ReportedFinding]:
    """What the pack says about the resources as another project's, beside what the engine adds to every stack."""
    around = {"stack": Node("pulumi:pulumi:Stack", {}), "default": Node("pulumi:providers:aws", {"region": "us-west-2"})}
    return findings({**around, **copy.deepcopy(nodes)}, project="webshop", stack=stack)


@pytest.mark.parametrize("name", EXAMPLES)
def test_exactly_these_rules_fire(name: str) -> None:
    nodes, fires = EXAMPLES[name]
    assert {finding.rule for finding in judged(nodes)} == fires


@pytest.mark.parametrize("stack", ["dev", "prod", "production"])
@pytest.mark.parametrize("name", EXAMPLES)
def test_nothing_needs_the_guard_and_nothing_is_said_of_the_stack(name: str, stack: str) -> None:
    """A finding of the stack itself would be a rule about this system."""
    found = judged(EXAMPLES[name][0], stack)
    assert not [finding.message for finding in found if "could not read it" in finding.message]
    assert not [finding.message for finding in found if finding.resource in ("", "stack", "default")]


def test_a_key_and_an_algorithm_of_the_buckets_own_are_judged_as_those_of_a_companion() -> None:
    def fires(path: str, value: Any) -> bool:
        nodes = copy.deepcopy(public.ENCRYPTED_BUCKET)
        set_at(nodes, "mybucket", path, value)
        return "encryption/bucket-cmk" in {finding.rule for finding in judged(nodes)}

    assert not fires(f"{SSE}.sseAlgorithm", "aws:kms:dsse")
    assert fires(f"{SSE}.sseAlgorithm", "AES256")
    assert fires(f"{SSE}.sseAlgorithm", UNKNOWN)
    assert fires(f"{SSE}.kmsMasterKeyId", None)
    assert fires("serverSideEncryptionConfiguration", UNKNOWN)
    assert fires("serverSideEncryptionConfiguration", {})


def test_an_encryption_that_only_s3_reports_does_not_count() -> None:
    """After a refresh, a bucket shows what its companion set, also in the preview of the companion's removal."""
    nodes = copy.deepcopy(public.ENCRYPTED_BUCKET)
    nodes["mybucket"].references.clear()
    set_at(nodes, "mybucket", f"{SSE}.kmsMasterKeyId", KEY_ARN)
    assert ("encryption/bucket-cmk", "mybucket") in {(finding.rule, finding.resource) for finding in judged(nodes)}


def test_a_buckets_own_encryption_must_come_from_a_key() -> None:
    nodes = copy.deepcopy(public.ENCRYPTED_BUCKET)
    nodes["role"] = public.trusted("lambda")
    nodes["mybucket"].references["serverSideEncryptionConfiguration"] = ["role"]
    assert ("encryption/key-reference", "mybucket") in {(finding.rule, finding.resource) for finding in judged(nodes)}


def test_a_bucket_that_takes_a_distributions_logs_needs_none_of_its_own() -> None:
    rule = "data-protection/bucket-access-logs"
    assert [finding.resource for finding in judged(public.STATIC_WEBSITE) if finding.rule == rule] == ["contentBucket"]
