"""One resource of every type that the local cloud knows, as the engine would send it, and edits that AWS's model refuses."""

from __future__ import annotations

import json
from typing import Any

from tests.local.provider import samples_functions

ACCOUNT = "000000000000"
KEY = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/evolution-engine-dev-us-east-1"
TOPIC = f"arn:aws:sns:us-east-1:{ACCOUNT}:evolution-system-alerts-dev"
WEB_ACL = f"arn:aws:wafv2:us-east-1:{ACCOUNT}:regional/webacl/evolution-dev/1234abcd-12ab-34cd-56ef-1234567890ab"
POLICY = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]})
VISIBILITY = {"cloudwatchMetricsEnabled": True, "metricName": "all", "sampledRequestsEnabled": True}
TAGS = {"Purpose": "AI Evolution System"}

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
    "aws:ec2/vpc:Vpc": {"cidrBlock": "10.10.0.0/16", "enableDnsSupport": True, "enableDnsHostnames": True, "tags": TAGS},
    "aws:ec2/subnet:Subnet": {
        "vpcId": "vpc-0123456789abcdef0",
        "cidrBlock": "10.10.0.0/19",
        "availabilityZone": "us-east-1a",
        "mapPublicIpOnLaunch": False,
        "tags": TAGS,
    },
    "aws:ec2/internetGateway:InternetGateway": {"vpcId": "vpc-0123456789abcdef0", "tags": TAGS},
    "aws:ec2/routeTable:RouteTable": {"vpcId": "vpc-0123456789abcdef0", "tags": TAGS},
    "aws:ec2/route:Route": {
        "routeTableId": "rtb-0123456789abcdef0",
        "destinationCidrBlock": "0.0.0.0/0",
        "natGatewayId": "nat-0123456789abcdef0",
    },
    "aws:ec2/routeTableAssociation:RouteTableAssociation": {
        "routeTableId": "rtb-0123456789abcdef0",
        "subnetId": "subnet-0123456789abcdef0",
    },
    "aws:ec2/eip:Eip": {"domain": "vpc", "tags": TAGS},
    "aws:ec2/natGateway:NatGateway": {
        "allocationId": "eipalloc-0123456789abcdef0",
        "subnetId": "subnet-0123456789abcdef0",
        "connectivityType": "public",
        "tags": TAGS,
    },
    "aws:ec2/vpcEndpoint:VpcEndpoint": {
        "vpcId": "vpc-0123456789abcdef0",
        "serviceName": "com.amazonaws.us-east-1.s3",
        "vpcEndpointType": "Gateway",
        "routeTableIds": ["rtb-0123456789abcdef0"],
        "policy": POLICY,
        "tags": TAGS,
    },
    "aws:ec2/flowLog:FlowLog": {
        "vpcId": "vpc-0123456789abcdef0",
        "trafficType": "ALL",
        "logDestinationType": "cloud-watch-logs",
        "logDestination": f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:/evolution/dev/flow-logs",
        "iamRoleArn": ROLE,
        "maxAggregationInterval": 60,
        "tags": TAGS,
    },
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": {
        "vpcId": "vpc-0123456789abcdef0",
        "ingress": [],
        "egress": [{"protocol": "-1", "fromPort": 0, "toPort": 0, "cidrBlocks": ["10.10.0.0/16"], "self": True}],
        "tags": TAGS,
    },
    "aws:ec2/securityGroup:SecurityGroup": {
        "name": "evolution-engine-dev",
        "description": "The engine's tasks",
        "vpcId": "vpc-0123456789abcdef0",
        "revokeRulesOnDelete": True,
        "tags": TAGS,
    },
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": {
        "securityGroupId": "sg-0123456789abcdef0",
        "ipProtocol": "tcp",
        "fromPort": 443,
        "toPort": 443,
        "prefixListId": "pl-01234567",
        "description": "S3 over HTTPS",
        "tags": TAGS,
    },
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": {
        "securityGroupId": "sg-0123456789abcdef0",
        "ipProtocol": "tcp",
        "fromPort": 443,
        "toPort": 443,
        "cidrIpv4": "10.10.0.0/16",
        "description": "HTTPS from inside the VPC",
        "tags": TAGS,
    },
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
    "aws:iam/role:Role": {
        "name": "evolution-engine-dev-us-east-1",
        "assumeRolePolicy": POLICY,
        "permissionsBoundary": f"arn:aws:iam::{ACCOUNT}:policy/evolution-boundary-dev",
        "maxSessionDuration": 3600,
        "tags": TAGS,
    },
    "aws:iam/rolePolicy:RolePolicy": {"role": "evolution-engine-dev-us-east-1", "name": "grants", "policy": POLICY},
    "aws:iam/policy:Policy": {"name": "evolution-boundary-dev", "path": "/evolution/", "policy": POLICY, "tags": TAGS},
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": {
        "role": "evolution-engine-dev-us-east-1",
        "policyArn": "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy",
    },
    "aws:kms/key:Key": {
        "description": "Everything that stores data",
        "policy": POLICY,
        "enableKeyRotation": True,
        "rotationPeriodInDays": 365,
        "deletionWindowInDays": 30,
        "tags": TAGS,
    },
    "aws:kms/alias:Alias": {"name": "alias/evolution-dev", "targetKeyId": KEY},
    "aws:secretsmanager/secret:Secret": {
        "name": "EvolutionSafetyConfig-dev",
        "kmsKeyId": KEY,
        "recoveryWindowInDays": 0,
        "policy": POLICY,
        "tags": TAGS,
    },
    "aws:secretsmanager/secretVersion:SecretVersion": {
        "secretId": f"arn:aws:secretsmanager:us-east-1:{ACCOUNT}:secret:EvolutionSafetyConfig-dev-AbCdEf",
        "secretStringWo": '{"safety_threshold": "0.8"}',
        "secretStringWoVersion": 1,
    },
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
    "aws:dynamodb/table:Table": {
        "name": "evolution-state-dev",
        "billingMode": "PAY_PER_REQUEST",
        "hashKey": "evolution_id",
        "rangeKey": "generation",
        "attributes": [{"name": "evolution_id", "type": "S"}, {"name": "generation", "type": "N"}],
        "globalSecondaryIndexes": [
            {
                "name": "by-generation",
                "keySchemas": [{"attributeName": "generation", "keyType": "HASH"}],
                "projectionType": "INCLUDE",
                "nonKeyAttributes": ["score"],
            }
        ],
        "streamEnabled": True,
        "streamViewType": "NEW_AND_OLD_IMAGES",
        "serverSideEncryption": {"enabled": True, "kmsKeyArn": KEY},
        "pointInTimeRecovery": {"enabled": True, "recoveryPeriodInDays": 35},
        "ttl": {"enabled": True, "attributeName": "ttl"},
        "deletionProtectionEnabled": True,
        "tags": TAGS,
    },
    "aws:s3/bucket:Bucket": {"bucket": "evolution-artifacts-dev-000000000000-us-east-1", "forceDestroy": True, "tags": TAGS},
    "aws:s3/bucketVersioning:BucketVersioning": {
        "bucket": "evolution-artifacts-dev",
        "versioningConfiguration": {"status": "Enabled"},
    },
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": {
        "bucket": "evolution-artifacts-dev",
        "rules": [
            {
                "applyServerSideEncryptionByDefault": {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": KEY},
                "bucketKeyEnabled": True,
                "blockedEncryptionTypes": ["SSE-C"],
            }
        ],
    },
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": {
        "bucket": "evolution-artifacts-dev",
        "blockPublicAcls": True,
        "blockPublicPolicy": True,
        "ignorePublicAcls": True,
        "restrictPublicBuckets": True,
    },
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": {
        "bucket": "evolution-artifacts-dev",
        "rule": {"objectOwnership": "BucketOwnerEnforced"},
    },
    "aws:s3/bucketPolicy:BucketPolicy": {"bucket": "evolution-artifacts-dev", "policy": POLICY},
    "aws:s3/bucketLogging:BucketLogging": {
        "bucket": "evolution-artifacts-dev",
        "targetBucket": "evolution-access-logs-dev",
        "targetPrefix": "artifacts/",
        "targetObjectKeyFormat": {"partitionedPrefix": {"partitionDateSource": "EventTime"}},
    },
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": {
        "bucket": "evolution-artifacts-dev",
        "rules": [
            {
                "id": "expire",
                "status": "Enabled",
                "filter": {"and": {"prefix": "runs/", "objectSizeGreaterThan": 131072, "tags": {"kind": "run"}}},
                "transitions": [{"days": 30, "storageClass": "STANDARD_IA"}],
                "expiration": {"days": 90},
                "noncurrentVersionExpiration": {"noncurrentDays": 30},
                "abortIncompleteMultipartUpload": {"daysAfterInitiation": 7},
            }
        ],
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
    "aws:sns/topic:Topic": {"name": "evolution-system-alerts-dev", "kmsMasterKeyId": KEY, "signatureVersion": 2, "tags": TAGS},
    "aws:sns/topicPolicy:TopicPolicy": {"arn": TOPIC, "policy": POLICY},
    "aws:sns/topicSubscription:TopicSubscription": {
        "topic": TOPIC,
        "protocol": "email",
        "endpoint": "oncall@example.com",
        "rawMessageDelivery": False,
    },
    "aws:budgets/budget:Budget": {
        "name": "evolution-system-dev-us-east-1",
        "budgetType": "COST",
        "timeUnit": "MONTHLY",
        "limitAmount": "500",
        "limitUnit": "USD",
        "costFilters": [{"name": "TagKeyValue", "values": ["user:Project$evolution-system"]}],
        "notifications": [
            {
                "comparisonOperator": "GREATER_THAN",
                "notificationType": "ACTUAL",
                "threshold": 80,
                "thresholdType": "PERCENTAGE",
                "subscriberSnsTopicArns": [TOPIC],
                "subscriberEmailAddresses": ["oncall@example.com"],
            }
        ],
        "tags": TAGS,
    },
    **samples_functions.VALID,
}

GONE = object()
"""In an edit: take the property out."""

Edit = tuple[str, str, object, str, str]
"""Type, property to edit, what to put there, the property that the refusal must name, and words that it must hold."""

REFUSED: list[Edit] = [
    ("aws:ec2/vpc:Vpc", "instanceTenancy", "shared", "instanceTenancy", "one of default, dedicated, host"),
    ("aws:ec2/vpc:Vpc", "enableDnsSupport", "maybe", "enableDnsSupport", "true or false"),
    ("aws:ec2/subnet:Subnet", "vpcId", GONE, "vpcId", "VpcId is required"),
    ("aws:ec2/subnet:Subnet", "privateDnsHostnameTypeOnLaunch", "ip", "privateDnsHostnameTypeOnLaunch", "one of ip-name, resource-name"),
    ("aws:ec2/internetGateway:InternetGateway", "vpcId", ["a", "b"], "vpcId", "is a string"),
    ("aws:ec2/routeTable:RouteTable", "vpcId", GONE, "vpcId", "VpcId is required"),
    ("aws:ec2/routeTable:RouteTable", "routes", [], "routes", "use aws.ec2.Route"),
    ("aws:ec2/route:Route", "routeTableId", GONE, "routeTableId", "RouteTableId is required"),
    ("aws:ec2/routeTableAssociation:RouteTableAssociation", "routeTableId", GONE, "routeTableId", "is required"),
    ("aws:ec2/eip:Eip", "domain", "VPC", "domain", "one of vpc, standard; write vpc"),
    ("aws:ec2/natGateway:NatGateway", "connectivityType", "open", "connectivityType", "one of private, public"),
    ("aws:ec2/vpcEndpoint:VpcEndpoint", "vpcEndpointType", "gateway", "vpcEndpointType", "write Gateway"),
    ("aws:ec2/vpcEndpoint:VpcEndpoint", "policy", '{"Statement": [', "policy", "must be JSON"),
    ("aws:ec2/flowLog:FlowLog", "trafficType", "EVERYTHING", "trafficType", "one of ACCEPT, REJECT, ALL"),
    ("aws:ec2/flowLog:FlowLog", "vpcId", GONE, "vpcId", "ResourceIds is required"),
    ("aws:ec2/defaultSecurityGroup:DefaultSecurityGroup", "egress[0].fromPort", "any", "egress[0].fromPort", "is a whole number"),
    ("aws:ec2/securityGroup:SecurityGroup", "description", GONE, "description", "Description is required"),
    ("aws:ec2/securityGroup:SecurityGroup", "revokeRulesOnDelete", "yes", "revokeRulesOnDelete", "true or false"),
    ("aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule", "securityGroupId", GONE, "securityGroupId", "GroupId is required"),
    ("aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule", "prefixListId", GONE, "description", "one of cidrIpv4"),
    ("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", "toPort", 1.5, "toPort", "is a whole number"),
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
    ("aws:iam/role:Role", "name", "a" * 65, "name", "at most 64 characters, not 65"),
    ("aws:iam/role:Role", "maxSessionDuration", 60, "maxSessionDuration", "at least 3600"),
    ("aws:iam/role:Role", "tags", {"Autonomy": "85%"}, "tags.Autonomy", "must match"),
    ("aws:iam/role:Role", "assumeRolePolicy", GONE, "assumeRolePolicy", "AssumeRolePolicyDocument is required"),
    ("aws:iam/role:Role", "inlinePolicies", [], "inlinePolicies", "use aws.iam.RolePolicy"),
    ("aws:iam/rolePolicy:RolePolicy", "name", "has a space", "name", "must match"),
    ("aws:iam/policy:Policy", "path", "evolution", "path", "must match"),
    ("aws:iam/rolePolicyAttachment:RolePolicyAttachment", "policyArn", "arn", "policyArn", "at least 20 characters"),
    ("aws:kms/key:Key", "rotationPeriodInDays", 30, "rotationPeriodInDays", "at least 90"),
    ("aws:kms/key:Key", "deletionWindowInDays", 400, "deletionWindowInDays", "at most 365"),
    ("aws:kms/key:Key", "keyUsage", "ENCRYPT", "keyUsage", "write ENCRYPT_DECRYPT"),
    ("aws:kms/alias:Alias", "name", "alias/evolution.dev", "name", "must match"),
    ("aws:secretsmanager/secret:Secret", "name", "", "name", "at least 1"),
    ("aws:secretsmanager/secret:Secret", "recoveryWindowInDays", "soon", "recoveryWindowInDays", "is a whole number"),
    ("aws:secretsmanager/secretVersion:SecretVersion", "secretId", GONE, "secretId", "SecretId is required"),
    ("aws:secretsmanager/secretVersion:SecretVersion", "secretStringWo", "x" * 65537, "secretStringWo", "[secret]"),
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
    ("aws:dynamodb/table:Table", "attributes[0].type", "String", "attributes[0].type", "one of S, N, B"),
    ("aws:dynamodb/table:Table", "streamViewType", "ALL", "streamViewType", "is one of"),
    ("aws:dynamodb/table:Table", "pointInTimeRecovery.recoveryPeriodInDays", 36, "pointInTimeRecovery.recoveryPeriodInDays", "at most 35"),
    ("aws:dynamodb/table:Table", "ttl.attributeName", GONE, "ttl.attributeName", "AttributeName is required"),
    ("aws:dynamodb/table:Table", "globalSecondaryIndexes[0].name", "x", "globalSecondaryIndexes[0].name", "at least 3 characters"),
    ("aws:dynamodb/table:Table", "replicas", [], "replicas", "one region"),
    ("aws:s3/bucket:Bucket", "bucket", GONE, "bucket", "Bucket is required"),
    ("aws:s3/bucket:Bucket", "versioning", {"enabled": True}, "versioning", "use aws.s3.BucketVersioning"),
    ("aws:s3/bucketVersioning:BucketVersioning", "versioningConfiguration.status", "On", "versioningConfiguration.status", "Suspended"),
    (
        "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
        "rules[0].applyServerSideEncryptionByDefault.sseAlgorithm",
        "kms",
        "rules[0].applyServerSideEncryptionByDefault.sseAlgorithm",
        "write aws:kms",
    ),
    ("aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock", "blockPublicAcls", "all", "blockPublicAcls", "true or false"),
    ("aws:s3/bucketOwnershipControls:BucketOwnershipControls", "rule.objectOwnership", "Owner", "rule.objectOwnership", "is one of"),
    ("aws:s3/bucketPolicy:BucketPolicy", "policy", "allow", "policy", "must be JSON"),
    ("aws:s3/bucketLogging:BucketLogging", "targetPrefix", GONE, "targetPrefix", "TargetPrefix is required"),
    (
        "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
        "rules[0].transitions[0].storageClass",
        "COLD",
        "rules[0].transitions[0].storageClass",
        "is one of GLACIER",
    ),
    (
        "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
        "rules[0].transitions[0].days",
        7,
        "rules[0].transitions[0].days",
        "after 30 days at the earliest",
    ),
    (
        "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
        "rules[0].expiration.days",
        30,
        "rules[0].expiration.days",
        "write 31 or more",
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
    ("aws:appautoscaling/target:Target", "resourceId", "", "resourceId", "at least 1"),
    (
        "aws:appautoscaling/policy:Policy",
        "targetTrackingScalingPolicyConfiguration.targetValue",
        GONE,
        "targetTrackingScalingPolicyConfiguration.targetValue",
        "TargetValue is required",
    ),
    ("aws:sns/topic:Topic", "name", GONE, "name", "Name is required"),
    ("aws:sns/topicPolicy:TopicPolicy", "policy", "{'a': 1}", "policy", "must be JSON"),
    ("aws:sns/topicSubscription:TopicSubscription", "protocol", GONE, "protocol", "Protocol is required"),
    ("aws:budgets/budget:Budget", "timeUnit", "WEEKLY", "timeUnit", "is one of DAILY, MONTHLY"),
    ("aws:budgets/budget:Budget", "limitAmount", "much", "limitAmount", "must match"),
    ("aws:budgets/budget:Budget", "notifications[0].threshold", -1, "notifications[0].threshold", "at least 0"),
    *samples_functions.REFUSED,
]
