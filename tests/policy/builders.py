"""Resources as raw data, as CrossGuard's proxies wrap them; what a stack of the system holds beside its workload."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pulumi_policy.proxy import UNKNOWN_STRING_VALUE

from taggable import TAGGABLE

UNKNOWN = UNKNOWN_STRING_VALUE
"""What the engine sends for a value that is decided only by the deployment."""

TAGS = {
    "Project": "evolution-system",
    "Environment": "prod",
    "ManagedBy": "pulumi",
    "Purpose": "AI Evolution System",
    "Autonomy": "85",
    "AgentMemoryLimit": "6.5KB",
}


@dataclass
class Node:
    """A resource: its type, its properties, and by property the names of the resources that its value comes from."""

    type: str
    props: dict[str, Any]
    references: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    protect: bool = False


Nodes = dict[str, Node]


def document(*statements: Mapping[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def tagged(nodes: Nodes) -> Nodes:
    """The nodes with the tags that the provider adds."""
    for node in nodes.values():
        if node.type in TAGGABLE:
            node.props["tags"] = dict(TAGS)
    return nodes


def alarm(metric: str, statistic: str, operator: str, threshold: float, periods: int, silence: str = "notBreaching", **more: Any) -> Node:
    """An alarm on one metric of the system, to its topic."""
    return Node(
        "aws:cloudwatch/metricAlarm:MetricAlarm",
        {
            "name": f"{metric}-{statistic}-prod",
            "namespace": "EvolutionSystem",
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


def watch(name: str, namespace: str, metrics: list[str], dimensions: dict[str, str]) -> Node:
    """An alarm on the sum of some metrics of AWS, to the topic."""
    queries = [
        {
            "id": f"m{index}",
            "metric": {"namespace": namespace, "metricName": metric, "dimensions": dimensions, "period": 60.0, "stat": "Sum"},
        }
        for index, metric in enumerate(metrics)
    ]
    total = {"id": "all", "expression": " + ".join(str(query["id"]) for query in queries), "returnData": True}
    return Node(
        "aws:cloudwatch/metricAlarm:MetricAlarm",
        {
            "name": f"{name}-prod",
            "metricQueries": [total, *queries],
            "comparisonOperator": "GreaterThanThreshold",
            "threshold": 0.0,
            "evaluationPeriods": 5.0,
            "treatMissingData": "notBreaching",
            "alarmActions": [UNKNOWN],
        },
        {"alarmActions": ["topic"]},
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


def web_acl() -> Nodes:
    seen = {"cloudwatchMetricsEnabled": True, "sampledRequestsEnabled": True, "metricName": "m"}
    groups = ("AWSManagedRulesCommonRuleSet", "AWSManagedRulesKnownBadInputsRuleSet", "AWSManagedRulesAmazonIpReputationList")
    rules: list[dict[str, Any]] = [
        {
            "name": group,
            "overrideAction": {"none": {}},
            "statement": {"managedRuleGroupStatement": {"vendorName": "AWS", "name": group}},
            "visibilityConfig": seen,
        }
        for group in groups
    ]
    rate = {"rateBasedStatement": {"limit": 2000.0, "aggregateKeyType": "IP"}}
    rules.append({"name": "rate", "action": {"block": {}}, "statement": rate, "visibilityConfig": seen})
    return {
        "acl": Node("aws:wafv2/webAcl:WebAcl", {"scope": "REGIONAL", "name": "evolution-prod", "rules": rules, "visibilityConfig": seen}),
        "acl-logs": Node(
            "aws:cloudwatch/logGroup:LogGroup",
            {"name": "aws-waf-logs-evolution-prod", "kmsKeyId": UNKNOWN, "retentionInDays": 365.0},
            {"kmsKeyId": ["key"]},
        ),
        "acl-logging": Node(
            "aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration",
            {
                "resourceArn": UNKNOWN,
                "logDestinationConfigs": [UNKNOWN],
                "redactedFields": [{"singleHeader": {"name": "authorization"}}],
            },
            {"resourceArn": ["acl"], "logDestinationConfigs": ["acl-logs"]},
        ),
    }


def _network() -> Nodes:
    ours = {"StringEquals": {"aws:PrincipalAccount": "123456789012"}}
    objects = "arn:aws:s3:::artifacts/*"
    endpoint = document({"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": objects, "Condition": ours})
    return {
        "vpc": Node("aws:ec2/vpc:Vpc", {"cidrBlock": "10.0.0.0/16", "enableDnsSupport": True, "enableDnsHostnames": True}),
        "flow-log": Node(
            "aws:ec2/flowLog:FlowLog",
            {"vpcId": UNKNOWN, "trafficType": "ALL", "logDestination": UNKNOWN},
            {"vpcId": ["vpc"], "logDestination": ["logs"]},
        ),
        **{
            f"{service}-endpoint": Node(
                "aws:ec2/vpcEndpoint:VpcEndpoint",
                {
                    "serviceName": f"com.amazonaws.us-east-1.{service}",
                    "vpcEndpointType": "Gateway",
                    "policy": endpoint,
                    "routeTableIds": [UNKNOWN],
                },
            )
            for service in ("s3", "dynamodb")
        },
    }


def _watched(alarms: Nodes) -> Nodes:
    metrics = [["EvolutionSystem", node.props["metricName"], "Environment", "prod"] for node in alarms.values()]
    lines = [{"value": node.props["threshold"]} for node in alarms.values()]
    body = {"widgets": [{"properties": {"metrics": metrics, "annotations": {"horizontal": lines}}}]}
    notification = {
        "comparisonOperator": "GREATER_THAN",
        "notificationType": "ACTUAL",
        "thresholdType": "PERCENTAGE",
        "threshold": 100.0,
        "subscriberSnsTopicArns": [UNKNOWN],
    }
    tables = {"evolution-state": "state", "agent-population": "population", "evolution-checkpoints": "checkpoints"}
    return {
        **alarms,
        "unsafe": Node(
            "aws:cloudwatch/compositeAlarm:CompositeAlarm",
            {
                "alarmName": "evolution-unsafe-prod",
                "alarmRule": " OR ".join(f'ALARM("{node.props["name"]}")' for node in alarms.values()),
                "alarmActions": [UNKNOWN],
            },
            {"alarmActions": ["topic"]},
        ),
        **{
            key: alarm(
                "RunningTaskCount",
                "Minimum",
                "LessThanThreshold",
                count,
                3,
                "breaching",
                name=f"{service}-tasks-prod",
                namespace="ECS/ContainerInsights",
                dimensions={"ClusterName": "evolution-system-prod", "ServiceName": f"{service}-prod"},
            )
            for key, service, count in (("tasks", "evolution-engine", 2), ("monitor-tasks", "evolution-safety-monitor", 1))
        },
        **{
            f"{name}-throttles": watch(
                f"{stem}-throttles", "AWS/DynamoDB", ["ReadThrottleEvents", "WriteThrottleEvents"], {"TableName": f"{stem}-prod"}
            )
            for stem, name in tables.items()
        },
        "dashboard": Node("aws:cloudwatch/dashboard:Dashboard", {"dashboardBody": json.dumps(body)}),
        "budget": Node(
            "aws:budgets/budget:Budget",
            {
                "budgetType": "COST",
                "timeUnit": "MONTHLY",
                "limitAmount": "10000",
                "limitUnit": "USD",
                "notifications": [notification],
            },
            {"notifications": ["topic"]},
        ),
    }


def surroundings() -> Nodes:
    """What the system's rules ask of a stack beside its data and its workload."""
    scaled = "service/evolution-system-prod/evolution-engine-prod"
    alarms = {
        "score": alarm("SafetyScore", "Average", "LessThanThreshold", 0.8, 2, "breaching"),
        "worst-score": alarm("SafetyScore", "Minimum", "LessThanThreshold", 0.8, 2, "breaching"),
        "memory": alarm("AgentMemoryUsageKB", "Maximum", "GreaterThanThreshold", 6.5, 1),
        "speed": alarm("InstantiationSpeedMicroseconds", "Average", "GreaterThanThreshold", 3, 3),
        "autonomy": alarm("AutonomyPercentage", "Average", "LessThanThreshold", 85, 2),
    }
    return {
        "aws": Node("pulumi:providers:aws", {"region": "us-east-1"}),
        "alias": Node("aws:kms/alias:Alias", {"name": "alias/evolution-prod", "targetKeyId": UNKNOWN}, {"targetKeyId": ["key"]}),
        "secret-value": Node(
            "aws:secretsmanager/secretVersion:SecretVersion", {"secretId": UNKNOWN, "secretStringWoVersion": 1.0}, {"secretId": ["secret"]}
        ),
        "repository-lifecycle": Node("aws:ecr/lifecyclePolicy:LifecyclePolicy", {"repository": "engine", "policy": "{}"}),
        "cluster": Node(
            "aws:ecs/cluster:Cluster",
            {
                "settings": [{"name": "containerInsights", "value": "enhanced"}],
                "configuration": {"managedStorageConfiguration": {"fargateEphemeralStorageKmsKeyId": UNKNOWN}},
            },
            {"configuration": ["key"]},
        ),
        "scaling": Node("aws:appautoscaling/target:Target", {"resourceId": scaled, "minCapacity": 2.0, "maxCapacity": 100.0}),
        **{
            f"scaling-{metric.lower()}": Node(
                "aws:appautoscaling/policy:Policy",
                {
                    "resourceId": scaled,
                    "policyType": "TargetTrackingScaling",
                    "targetTrackingScalingPolicyConfiguration": {
                        "targetValue": 70.0,
                        "predefinedMetricSpecification": {"predefinedMetricType": f"ECSServiceAverage{metric}Utilization"},
                    },
                },
            )
            for metric in ("CPU", "Memory")
        },
        **_network(),
        **web_acl(),
        **_watched(alarms),
    }
