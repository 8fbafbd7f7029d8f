"""What the system's rules ask of a stack beside its data and its workload: the web ACL, the network, who watches."""

from __future__ import annotations

import json
from typing import Any

from tests.policy.builders import UNKNOWN, Node, Nodes, alarm, document, watch


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
    body = {
        "sizeConstraintStatement": {
            "fieldToMatch": {"body": {"oversizeHandling": "MATCH"}},
            "comparisonOperator": "GT",
            "size": 16384.0,
            "textTransformations": [{"priority": 0.0, "type": "NONE"}],
        }
    }
    for name, statement in (("rate", rate), ("body", body)):
        rules.append({"name": name, "action": {"block": {}}, "statement": statement, "visibilityConfig": seen})
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
        "model-endpoint": Node(
            "aws:ec2/vpcEndpoint:VpcEndpoint",
            {
                "serviceName": "com.amazonaws.us-east-1.bedrock-runtime",
                "vpcEndpointType": "Interface",
                "policy": document(asking(ours)),
                "securityGroupIds": [UNKNOWN],
                "subnetIds": [UNKNOWN],
                "privateDnsEnabled": True,
            },
            {"securityGroupIds": ["group"], "subnetIds": ["subnet"]},
        ),
        **_names(),
    }


def asking(condition: dict[str, dict[str, str]]) -> dict[str, object]:
    """To ask the model of the samples' table, through the guardrail."""
    guarded = {"StringLike": {"bedrock:GuardrailIdentifier": "arn:aws:bedrock:us-east-1:123456789012:guardrail/*:*"}}
    return {
        "Effect": "Allow",
        "Principal": "*",
        "Action": "bedrock:InvokeModel",
        "Resource": "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-sonnet-4-6",
        "Condition": {**condition, **guarded},
    }


def _names() -> Nodes:
    """The names that resolve in the network: AWS's, and no others."""
    lists = {"names": ["sts.us-east-1.amazonaws.com."], "all-names": ["*"]}
    rules = {"names-allowed": ("names", "ALLOW", 1.0), "names-blocked": ("all-names", "BLOCK", 2.0)}
    of_group = {"firewallRuleGroupId": ["name-group"]}
    return {
        **{
            name: Node("aws:route53/resolverFirewallDomainList:ResolverFirewallDomainList", {"domains": [*of]})
            for name, of in lists.items()
        },
        "name-group": Node("aws:route53/resolverFirewallRuleGroup:ResolverFirewallRuleGroup", {"name": "evolution-prod"}),
        **{
            name: Node(
                "aws:route53/resolverFirewallRule:ResolverFirewallRule",
                {"firewallRuleGroupId": UNKNOWN, "firewallDomainListId": UNKNOWN, "action": action, "priority": priority},
                {**of_group, "firewallDomainListId": [of]},
            )
            for name, (of, action, priority) in rules.items()
        },
        "name-group-of-vpc": Node(
            "aws:route53/resolverFirewallRuleGroupAssociation:ResolverFirewallRuleGroupAssociation",
            {"firewallRuleGroupId": UNKNOWN, "vpcId": UNKNOWN, "priority": 101.0},
            {**of_group, "vpcId": ["vpc"]},
        ),
        "name-config": Node(
            "aws:route53/resolverFirewallConfig:ResolverFirewallConfig",
            {"resourceId": UNKNOWN, "firewallFailOpen": "DISABLED"},
            {"resourceId": ["vpc"]},
        ),
    }


def _watched(alarms: Nodes) -> Nodes:
    metrics = [
        [node.props["namespace"], node.props["metricName"], "Environment", "prod", {"stat": node.props["statistic"]}]
        for node in alarms.values()
    ]
    sides = {"LessThanThreshold": "least", "GreaterThanThreshold": "most"}
    lines = [
        {
            "label": f"{node.props['metricName']}: at {sides[node.props['comparisonOperator']]} {node.props['threshold']:g}",
            "value": node.props["threshold"],
        }
        for node in alarms.values()
    ]
    body = {"widgets": [{"type": "metric", "properties": {"metrics": metrics, "period": 60, "annotations": {"horizontal": lines}}}]}
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
                "alarmRule": " OR ".join(f'ALARM("{alarms[name].props["name"]}")' for name in ("score", "worst-score", "memory")),
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
        "scaling": Node(
            "aws:appautoscaling/target:Target",
            {"resourceId": scaled, "minCapacity": 2.0, "maxCapacity": 100.0},
            ignore_changes=("minCapacity", "maxCapacity", "suspendedState"),
        ),
        "scaling-bounds": Node(
            "aws:appautoscaling/scheduledAction:ScheduledAction",
            {
                "resourceId": scaled,
                "schedule": "rate(5 minutes)",
                "scalableTargetAction": {"minCapacity": 2.0, "maxCapacity": 100.0},
            },
        ),
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
