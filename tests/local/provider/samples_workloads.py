"""Samples and refused edits for containers, their watch and their guard: part of `samples.py`."""

from __future__ import annotations

import json
from typing import Any

from tests.local.provider.common import ACCOUNT, GONE, KEY, POLICY, ROLE, TAGS, TOPIC, Edit

WEB_ACL = f"arn:aws:wafv2:us-east-1:{ACCOUNT}:regional/webacl/evolution-dev/1234abcd-12ab-34cd-56ef-1234567890ab"
VISIBILITY = {"cloudwatchMetricsEnabled": True, "metricName": "all", "sampledRequestsEnabled": True}

CONTAINER = {
    "name": "engine",
    "image": f"{ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com/evolution-engine-dev@sha256:{'0' * 64}",
    "essential": True,
    "user": "10001:10001",
    "readonlyRootFilesystem": True,
    "portMappings": [{"containerPort": 8000, "protocol": "tcp"}],
    "environment": [{"name": "EVOLUTION_MODE", "value": "autonomous"}],
    "healthCheck": {"command": ["CMD", "true"], "interval": 30},
    "logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": "/evolution/dev/engine"}},
}

VALID: dict[str, dict[str, Any]] = {
    "aws:cloudwatch/logGroup:LogGroup": {"name": "/evolution/dev/engine", "retentionInDays": 30, "kmsKeyId": KEY, "tags": TAGS},
    "aws:cloudwatch/logResourcePolicy:LogResourcePolicy": {"policyName": "evolution-web-acl-logs-dev", "policyDocument": POLICY},
    "aws:cloudwatch/metricAlarm:MetricAlarm": {
        "name": "evolution-safety-score-dev",
        "comparisonOperator": "LessThanThreshold",
        "evaluationPeriods": 2,
        "datapointsToAlarm": 2,
        "threshold": 0.8,
        "treatMissingData": "breaching",
        "alarmActions": [TOPIC],
        "warmUpConfiguration": {"warmUpPeriodDurationInMinutes": 60, "onlyStartEvaluatingAfterWarmUpPeriodEnds": True},
        "metricQueries": [
            {
                "id": "score",
                "returnData": True,
                "metric": {
                    "metricName": "SafetyScore",
                    "namespace": "EvolutionSystem",
                    "dimensions": {"Environment": "dev"},
                    "period": 60,
                    "stat": "Minimum",
                },
            }
        ],
        "tags": TAGS,
    },
    "aws:cloudwatch/compositeAlarm:CompositeAlarm": {
        "alarmName": "evolution-unsafe-dev",
        "alarmRule": 'ALARM("evolution-safety-score-dev")',
        "alarmActions": [TOPIC],
        "actionsSuppressor": {"alarm": "maintenance", "waitPeriod": 60, "extensionPeriod": 60},
        "tags": TAGS,
    },
    "aws:cloudwatch/dashboard:Dashboard": {"dashboardName": "Evolution-System-Monitoring-dev", "dashboardBody": '{"widgets": []}'},
    "aws:wafv2/webAcl:WebAcl": {
        "name": "evolution-dev",
        "scope": "REGIONAL",
        "defaultAction": {"allow": {}},
        "visibilityConfig": VISIBILITY,
        "customResponseBodies": [{"key": "slow", "content": "slow down", "contentType": "TEXT_PLAIN"}],
        "rules": [
            {
                "name": "common",
                "priority": 0,
                "overrideAction": {"none": {}},
                "statement": {
                    "managedRuleGroupStatement": {
                        "vendorName": "AWS",
                        "name": "AWSManagedRulesCommonRuleSet",
                        "ruleActionOverrides": [{"name": "SizeRestrictions_BODY", "actionToUse": {"count": {}}}],
                    }
                },
                "visibilityConfig": VISIBILITY,
            },
            {
                "name": "floods",
                "priority": 1,
                "action": {"block": {"customResponse": {"responseCode": 429, "customResponseBodyKey": "slow"}}},
                "statement": {
                    "rateBasedStatement": {
                        "limit": 2000,
                        "aggregateKeyType": "IP",
                        "scopeDownStatement": {
                            "notStatement": {
                                "statement": {
                                    "byteMatchStatement": {
                                        "fieldToMatch": {"uriPath": {}},
                                        "positionalConstraint": "STARTS_WITH",
                                        "searchString": "/ping",
                                        "textTransformations": [{"priority": 0, "type": "NONE"}],
                                    }
                                }
                            }
                        },
                    }
                },
                "visibilityConfig": VISIBILITY,
            },
            {
                "name": "large-bodies",
                "priority": 2,
                "action": {"block": {}},
                "statement": {
                    "sizeConstraintStatement": {
                        "fieldToMatch": {"body": {"oversizeHandling": "MATCH"}},
                        "comparisonOperator": "GT",
                        "size": 16384,
                        "textTransformations": [{"priority": 0, "type": "NONE"}],
                    }
                },
                "visibilityConfig": VISIBILITY,
            },
        ],
        "tags": TAGS,
    },
    "aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration": {
        "resourceArn": WEB_ACL,
        "logDestinationConfigs": [f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:aws-waf-logs-evolution-dev"],
        "redactedFields": [{"singleHeader": {"name": "authorization"}}],
        "loggingFilter": {
            "defaultBehavior": "DROP",
            "filters": [{"behavior": "KEEP", "requirement": "MEETS_ANY", "conditions": [{"actionCondition": {"action": "BLOCK"}}]}],
        },
    },
    "aws:ecr/repository:Repository": {
        "name": "evolution-engine-dev",
        "imageTagMutability": "IMMUTABLE",
        "imageScanningConfiguration": {"scanOnPush": True},
        "encryptionConfigurations": [{"encryptionType": "KMS", "kmsKey": KEY}],
        "forceDelete": True,
        "tags": TAGS,
    },
    "aws:ecr/lifecyclePolicy:LifecyclePolicy": {
        "repository": "evolution-engine-dev",
        "policy": json.dumps(
            {
                "rules": [
                    {"rulePriority": 1, "description": "Old images go", "selection": {"tagStatus": "any"}, "action": {"type": "expire"}}
                ]
            }
        ),
    },
    "aws:ecs/cluster:Cluster": {
        "name": "evolution-system-dev",
        "settings": [{"name": "containerInsights", "value": "enhanced"}],
        "configuration": {
            "executeCommandConfiguration": {
                "logging": "OVERRIDE",
                "logConfiguration": {"cloudWatchLogGroupName": "/evolution/dev/exec", "cloudWatchEncryptionEnabled": True},
            }
        },
        "tags": TAGS,
    },
    "aws:ecs/taskDefinition:TaskDefinition": {
        "family": "evolution-engine-dev",
        "cpu": "4096",
        "memory": "8192",
        "networkMode": "awsvpc",
        "requiresCompatibilities": ["FARGATE"],
        "runtimePlatform": {"cpuArchitecture": "ARM64", "operatingSystemFamily": "LINUX"},
        "executionRoleArn": ROLE,
        "taskRoleArn": ROLE,
        "containerDefinitions": json.dumps([CONTAINER]),
        "volumes": [{"name": "scratch"}],
        "ephemeralStorage": {"sizeInGib": 21},
        "tags": TAGS,
    },
    "aws:ecs/service:Service": {
        "name": "evolution-engine-dev",
        "cluster": f"arn:aws:ecs:us-east-1:{ACCOUNT}:cluster/evolution-system-dev",
        "taskDefinition": f"arn:aws:ecs:us-east-1:{ACCOUNT}:task-definition/evolution-engine-dev:1",
        "desiredCount": 3,
        "launchType": "FARGATE",
        "availabilityZoneRebalancing": "ENABLED",
        "deploymentMinimumHealthyPercent": 50,
        "deploymentMaximumPercent": 200,
        "deploymentCircuitBreaker": {"enable": True, "rollback": True},
        "deploymentConfiguration": {"strategy": "ROLLING"},
        "enableExecuteCommand": False,
        "propagateTags": "SERVICE",
        "networkConfiguration": {
            "subnets": ["subnet-0123456789abcdef0"],
            "securityGroups": ["sg-0123456789abcdef0"],
            "assignPublicIp": False,
        },
        "waitForSteadyState": False,
        "tags": TAGS,
    },
    "aws:appautoscaling/target:Target": {
        "serviceNamespace": "ecs",
        "resourceId": "service/evolution-system-dev/evolution-engine-dev",
        "scalableDimension": "ecs:service:DesiredCount",
        "minCapacity": 1,
        "maxCapacity": 6,
        "suspendedState": {"dynamicScalingInSuspended": False},
        "tags": TAGS,
    },
    "aws:appautoscaling/scheduledAction:ScheduledAction": {
        "name": "evolution-engine-bounds-dev",
        "serviceNamespace": "ecs",
        "resourceId": "service/evolution-system-dev/evolution-engine-dev",
        "scalableDimension": "ecs:service:DesiredCount",
        "schedule": "rate(5 minutes)",
        "timezone": "UTC",
        "scalableTargetAction": {"minCapacity": 1, "maxCapacity": 6},
    },
    "aws:appautoscaling/policy:Policy": {
        "name": "evolution-engine-cpu-dev",
        "policyType": "TargetTrackingScaling",
        "serviceNamespace": "ecs",
        "resourceId": "service/evolution-system-dev/evolution-engine-dev",
        "scalableDimension": "ecs:service:DesiredCount",
        "targetTrackingScalingPolicyConfiguration": {
            "targetValue": 70,
            "scaleInCooldown": 300,
            "scaleOutCooldown": 120,
            "predefinedMetricSpecification": {"predefinedMetricType": "ECSServiceAverageCPUUtilization"},
        },
    },
}

REFUSED: list[Edit] = [
    ("aws:cloudwatch/logGroup:LogGroup", "name", "has a space", "name", "must match"),
    ("aws:cloudwatch/logGroup:LogGroup", "tags", {"Autonomy": "85%"}, "tags.Autonomy", "must match"),
    ("aws:cloudwatch/logResourcePolicy:LogResourcePolicy", "policyDocument", "{", "policyDocument", "must be JSON"),
    ("aws:cloudwatch/metricAlarm:MetricAlarm", "comparisonOperator", "LessThan", "comparisonOperator", "is one of"),
    ("aws:cloudwatch/metricAlarm:MetricAlarm", "evaluationPeriods", 0, "evaluationPeriods", "at least 1"),
    (
        "aws:cloudwatch/metricAlarm:MetricAlarm",
        "warmUpConfiguration.warmUpPeriodDurationInMinutes",
        2881,
        "warmUpConfiguration.warmUpPeriodDurationInMinutes",
        "at most 2880",
    ),
    ("aws:cloudwatch/metricAlarm:MetricAlarm", "metricQueries[0].metric.stat", GONE, "metricQueries[0].metric.stat", "Stat is required"),
    ("aws:cloudwatch/compositeAlarm:CompositeAlarm", "alarmRule", "", "alarmRule", "at least 1 characters"),
    ("aws:cloudwatch/dashboard:Dashboard", "dashboardBody", "widgets", "dashboardBody", "must be JSON"),
    ("aws:wafv2/webAcl:WebAcl", "scope", "GLOBAL", "scope", "one of CLOUDFRONT, REGIONAL"),
    ("aws:wafv2/webAcl:WebAcl", "visibilityConfig", GONE, "visibilityConfig", "VisibilityConfig is required"),
    (
        "aws:wafv2/webAcl:WebAcl",
        "rules[1].statement.rateBasedStatement.limit",
        5,
        "rules[1].statement.rateBasedStatement.limit",
        "at least 10",
    ),
    (
        "aws:wafv2/webAcl:WebAcl",
        "rules[0].statement.managedRuleGroupStatement.vendorName",
        GONE,
        "rules[0].statement.managedRuleGroupStatement.vendorName",
        "VendorName is required",
    ),
    (
        "aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration",
        "logDestinationConfigs",
        [],
        "logDestinationConfigs",
        "at least 1",
    ),
    (
        "aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration",
        "loggingFilter.defaultBehavior",
        "FORGET",
        "loggingFilter.defaultBehavior",
        "one of KEEP, DROP",
    ),
    ("aws:ecr/repository:Repository", "name", "Evolution", "name", "must match"),
    (
        "aws:ecr/repository:Repository",
        "encryptionConfigurations[0].encryptionType",
        "CMK",
        "encryptionConfigurations[0].encryptionType",
        "is one of AES256",
    ),
    ("aws:ecr/lifecyclePolicy:LifecyclePolicy", "policy", "{}", "policy", "at least 100 characters"),
    ("aws:ecs/cluster:Cluster", "settings[0].name", "insights", "settings[0].name", "one of containerInsights"),
    ("aws:ecs/taskDefinition:TaskDefinition", "networkMode", "vpc", "networkMode", "awsvpc"),
    ("aws:ecs/taskDefinition:TaskDefinition", "requiresCompatibilities[0]", "fargate", "requiresCompatibilities[0]", "write FARGATE"),
    ("aws:ecs/taskDefinition:TaskDefinition", "containerDefinitions", "[}", "containerDefinitions", "must be JSON"),
    (
        "aws:ecs/taskDefinition:TaskDefinition",
        "containerDefinitions",
        json.dumps([CONTAINER | {"portMappings": [{"containerPort": 8000, "protocol": "TCP"}]}]),
        "containerDefinitions[0].portMappings[0].protocol",
        "one of tcp, udp; write tcp",
    ),
    (
        "aws:ecs/taskDefinition:TaskDefinition",
        "containerDefinitions",
        json.dumps([CONTAINER | {"imgae": "x"}]),
        "containerDefinitions[0].imgae",
        "did you mean `image`?",
    ),
    (
        "aws:ecs/service:Service",
        "deploymentCircuitBreaker.rollback",
        GONE,
        "deploymentCircuitBreaker.rollback",
        "rollback is required",
    ),
    ("aws:ecs/service:Service", "networkConfiguration.subnets", GONE, "networkConfiguration.subnets", "subnets is required"),
    ("aws:ecs/service:Service", "networkConfiguration.assignPublicIp", "no", "networkConfiguration.assignPublicIp", "true or false"),
    ("aws:ecs/service:Service", "availabilityZoneRebalancing", "ON", "availabilityZoneRebalancing", "one of ENABLED, DISABLED"),
    ("aws:appautoscaling/target:Target", "scalableDimension", "ecs:service:Count", "scalableDimension", "write ecs:service:DesiredCount"),
    (
        "aws:appautoscaling/scheduledAction:ScheduledAction",
        "scalableTargetAction.minCapacity",
        "one",
        "scalableTargetAction.minCapacity",
        "a whole number",
    ),
    ("aws:appautoscaling/target:Target", "resourceId", "", "resourceId", "at least 1"),
    (
        "aws:appautoscaling/policy:Policy",
        "targetTrackingScalingPolicyConfiguration.targetValue",
        GONE,
        "targetTrackingScalingPolicyConfiguration.targetValue",
        "TargetValue is required",
    ),
]
