"""Resources as raw data, as CrossGuard's proxies wrap them; what a stack of the system holds beside its workload."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pulumi_policy.proxy import UNKNOWN_STRING_VALUE

from rules.evolution.governance import ENFORCES, HANDLER
from taggable import TAGGABLE

UNKNOWN = UNKNOWN_STRING_VALUE
"""What the engine sends for a value that is decided only by the deployment."""

TAGS = {
    "Project": "evolution-system",
    "Environment": "prod",
    "ManagedBy": "pulumi",
    "Purpose": "AI Evolution System",
}
LIMIT_TAGS = {"Autonomy": "85", "AgentMemoryLimit": "6.5KB"}


@dataclass
class Node:
    """A resource: its type, its properties, by property the names of the resources that its value comes from, its options, what it waits
    for, and what AWS has computed: only the rules across resources see that."""

    type: str
    props: dict[str, Any]
    references: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    protect: bool = False
    ignore_changes: tuple[str, ...] = ()
    delete_before_replace: bool = False
    depends_on: tuple[str, ...] = ()
    outputs: dict[str, Any] = field(default_factory=dict[str, Any])


Nodes = dict[str, Node]


def document(*statements: Mapping[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def tagged(nodes: Nodes) -> Nodes:
    """The nodes with the tags that the provider adds, and what enforces the table's limits with its own; log groups can't be deleted."""
    for node in nodes.values():
        if node.type == "aws:cloudwatch/logGroup:LogGroup":
            node.props["deletionProtectionEnabled"] = True
        if node.type in TAGGABLE:
            handler = node.type == "aws:lambda/function:Function" and node.props["name"].startswith(HANDLER)
            enforces = node.type in ENFORCES or handler
            node.props["tagsAll"] = {**TAGS, **(LIMIT_TAGS if enforces else {})}
    return nodes


def alarm(metric: str, statistic: str, operator: str, threshold: float, periods: int, silence: str = "notBreaching", **more: Any) -> Node:
    """An alarm on one metric of the system, to its topic."""
    namespace = "EvolutionSystem" if metric == "SafetyScore" else "EvolutionSystem/Engine"
    return Node(
        "aws:cloudwatch/metricAlarm:MetricAlarm",
        {
            "name": f"{metric}-{statistic}-prod",
            "namespace": namespace,
            "dimensions": {"Environment": "prod"},
            "metricName": metric,
            "statistic": statistic,
            "comparisonOperator": operator,
            "threshold": float(threshold),
            "period": 60.0,
            "evaluationPeriods": float(periods),
            "treatMissingData": silence,
            "actionsEnabled": True,
            "alarmActions": [UNKNOWN],
            **more,
        },
        {"alarmActions": ["topic"]},
    )


def watch(name: str, namespace: str, metrics: list[str], dimensions: dict[str, str], sources: tuple[str, ...] = ()) -> Node:
    """An alarm on the sum of some metrics of AWS, to the topic. `sources` are the resources that the dimensions come from."""
    queries = [
        {
            "id": f"m{index}",
            "metric": {"namespace": namespace, "metricName": metric, "dimensions": dimensions, "period": 60.0, "stat": "Sum"},
        }
        for index, metric in enumerate(metrics)
    ]
    total = {"id": "all", "expression": " + ".join(f"FILL({query['id']}, 0)" for query in queries), "returnData": True}
    return Node(
        "aws:cloudwatch/metricAlarm:MetricAlarm",
        {
            "name": f"{name}-prod",
            "metricQueries": [total, *queries],
            "comparisonOperator": "GreaterThanThreshold",
            "threshold": 0.0,
            "evaluationPeriods": 5.0,
            "datapointsToAlarm": 3.0,
            "treatMissingData": "notBreaching",
            "alarmActions": [UNKNOWN],
        },
        {"alarmActions": ["topic"], "metricQueries": [*sources]},
    )


def table(name: str, keys: dict[str, str], **more: Any) -> Node:
    return Node(
        "aws:dynamodb/table:Table",
        {
            "name": name,
            "hashKey": next(iter(keys)),
            "rangeKey": [*keys, None][1],
            "attributes": [{"name": key, "type": kind} for key, kind in keys.items()],
            "billingMode": "PAY_PER_REQUEST",
            "pointInTimeRecovery": {"enabled": True},
            "deletionProtectionEnabled": True,
            "ttl": {"attributeName": "ttl", "enabled": True},
            "serverSideEncryption": {"enabled": True, "kmsKeyArn": UNKNOWN},
            **more,
        },
        {"serverSideEncryption": ["key"]},
        protect=True,
    )


def physical(name: str) -> str:
    """The name of a bucket on AWS."""
    return f"evolution-{name}-prod-123456789012-us-east-1"


def bucket(name: str) -> Nodes:
    """A bucket and what belongs to it, but for its encryption."""
    on_aws = physical(name)
    own: dict[str, list[str]] = {"bucket": [name]}
    rule = {
        "status": "Enabled",
        "filter": {"prefix": ""},
        "expiration": {"days": 90.0},
        "noncurrentVersionExpiration": {"noncurrentDays": 30.0},
        "abortIncompleteMultipartUpload": {"daysAfterInitiation": 7.0},
    }
    blocks = dict.fromkeys(("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets"), True)
    tls_only = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [f"arn:aws:s3:::{on_aws}", f"arn:aws:s3:::{on_aws}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    return {
        name: Node("aws:s3/bucket:Bucket", {"bucket": on_aws}, protect=True),
        f"{name}-block": Node("aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock", {"bucket": on_aws, **blocks}, own),
        f"{name}-versioning": Node(
            "aws:s3/bucketVersioning:BucketVersioning", {"bucket": on_aws, "versioningConfiguration": {"status": "Enabled"}}, own
        ),
        f"{name}-ownership": Node(
            "aws:s3/bucketOwnershipControls:BucketOwnershipControls",
            {"bucket": on_aws, "rule": {"objectOwnership": "BucketOwnerEnforced"}},
            own,
        ),
        f"{name}-lifecycle": Node(
            "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration", {"bucket": on_aws, "rules": [rule]}, own
        ),
        f"{name}-policy": Node("aws:s3/bucketPolicy:BucketPolicy", {"bucket": on_aws, "policy": document(tls_only)}, own),
    }
