"""One resource of every type, as the engine would send it: the fullest of prod's plan or else of an account's, and what the program doesn't
use of its type."""

from __future__ import annotations

import copy
import functools
import json
from collections.abc import Iterator, Mapping
from typing import Any

from local import projects
from local.provider.services import RESOURCES
from tests import in_process
from tests.account.tables import ALL_ON, account_table
from tests.rows import with_rows

ACCOUNT = "000000000000"
KEY = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
TOPIC = f"arn:aws:sns:us-east-1:{ACCOUNT}:evolution-system-alerts-prod"
POLICY = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]})
TAGS = {"Purpose": "AI Evolution System"}

_TIMEOUTS = {"timeouts": {"create": "10m"}}
_VISIBILITY = {"cloudwatchMetricsEnabled": True, "metricName": "all", "sampledRequestsEnabled": True}
_NONE = [{"priority": 0, "type": "NONE"}]

BEYOND: dict[str, dict[str, Any]] = {
    "aws:appautoscaling/target:Target": {"suspendedState": {"dynamicScalingInSuspended": False}},
    "aws:bedrock/agentcoreAgentRuntime:AgentcoreAgentRuntime": {
        "requestHeaderConfiguration": {"requestHeaderAllowlists": ["X-Amzn-Bedrock-AgentCore-Runtime-Custom-Trace"]},
        "authorizerConfiguration": {
            "customJwtAuthorizer": {
                "discoveryUrl": "https://example.com/.well-known/openid-configuration",
                "allowedAudiences": ["evolution"],
                "customClaims": [
                    {
                        "inboundTokenClaimName": "team",
                        "inboundTokenClaimValueType": "STRING",
                        "authorizingClaimMatchValue": {
                            "claimMatchOperator": "EQUALS",
                            "claimMatchValue": {"matchValueString": "evolution"},
                        },
                    }
                ],
            }
        },
        **_TIMEOUTS,
    },
    "aws:bedrock/agentcoreGateway:AgentcoreGateway": {
        "interceptorConfigurations": [
            {
                "interceptionPoints": ["REQUEST"],
                "interceptor": {"lambda": {"arn": f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:evolution-interceptor-prod"}},
                "inputConfiguration": {"passRequestHeaders": False},
            }
        ],
        **_TIMEOUTS,
    },
    "aws:bedrock/agentcoreGatewayTarget:AgentcoreGatewayTarget": {
        "targetConfiguration": {
            "http": {
                "agentcoreRuntime": {
                    "arn": f"arn:aws:bedrock-agentcore:us-east-1:{ACCOUNT}:runtime/evolution_prod-AbCdEfGh12",
                    "qualifier": "evolution",
                    "schema": {"source": {"inlinePayload": {"payload": '{"openapi": "3.0.0"}'}}},
                }
            }
        },
        "metadataConfiguration": {"allowedRequestHeaders": ["X-Request-Id"]},
    },
    "aws:bedrock/agentcorePolicy:AgentcorePolicy": _TIMEOUTS,
    "aws:bedrock/agentcorePolicyEngine:AgentcorePolicyEngine": _TIMEOUTS,
    "aws:bedrock/guardrail:Guardrail": {
        "wordPolicyConfig": {"managedWordListsConfigs": [{"type": "PROFANITY"}], "wordsConfigs": [{"text": "sudo"}]},
        **_TIMEOUTS,
    },
    "aws:bedrock/guardrailVersion:GuardrailVersion": {"skipDestroy": False},
    "aws:budgets/budget:Budget": {"costFilters": [{"name": "TagKeyValue", "values": ["user:Project$evolution-system"]}]},
    "aws:cloudwatch/compositeAlarm:CompositeAlarm": {
        "actionsSuppressor": {"alarm": "maintenance", "waitPeriod": 60, "extensionPeriod": 60}
    },
    "aws:cloudwatch/logDelivery:LogDelivery": {
        "recordFields": ["resource_arn", "event_timestamp"],
        "s3DeliveryConfigurations": [{"suffixPath": "gateway", "enableHiveCompatiblePath": False}],
    },
    "aws:cloudwatch/logDeliveryDestination:LogDeliveryDestination": {"outputFormat": "json"},
    "aws:cloudwatch/metricAlarm:MetricAlarm": {
        "metricQueries": [
            {
                "id": "score",
                "returnData": True,
                "metric": {
                    "metricName": "SafetyScore",
                    "namespace": "EvolutionSystem",
                    "dimensions": {"Environment": "prod"},
                    "period": 60,
                    "stat": "Minimum",
                },
            }
        ],
    },
    "aws:dynamodb/table:Table": {
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
    },
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": {
        "egress": [{"protocol": "-1", "fromPort": 0, "toPort": 0, "cidrBlocks": ["10.10.0.0/16"], "self": True}]
    },
    "aws:ec2/flowLog:FlowLog": {"maxAggregationInterval": 60},
    "aws:ec2/natGateway:NatGateway": {"connectivityType": "public"},
    "aws:ec2/securityGroup:SecurityGroup": {"revokeRulesOnDelete": True},
    "aws:ec2/vpcEndpoint:VpcEndpoint": {"routeTableIds": ["rtb-0123456789abcdef0"]},
    "aws:ecs/service:Service": {"deploymentConfiguration": {"strategy": "ROLLING"}},
    "aws:ecs/taskDefinition:TaskDefinition": {"ephemeralStorage": {"sizeInGib": 21}},
    "aws:iam/policy:Policy": {"path": "/evolution/"},
    "aws:iam/role:Role": {"maxSessionDuration": 3600},
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": {
        "role": "evolution-engine-prod",
        "policyArn": "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy",
    },
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": {
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
    "aws:s3/bucketLogging:BucketLogging": {"targetObjectKeyFormat": {"partitionedPrefix": {"partitionDateSource": "EventTime"}}},
    "aws:scheduler/schedule:Schedule": {"description": "Each minute."},
    "aws:secretsmanager/secret:Secret": {"policy": POLICY},
    "aws:sns/topic:Topic": {"signatureVersion": 2},
    "aws:sns/topicSubscription:TopicSubscription": {"rawMessageDelivery": False},
    "aws:sqs/queue:Queue": {"kmsDataKeyReusePeriodSeconds": 300},
    "aws:wafv2/webAcl:WebAcl": {
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
                "visibilityConfig": _VISIBILITY,
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
                                        "textTransformations": _NONE,
                                    }
                                }
                            }
                        },
                    }
                },
                "visibilityConfig": _VISIBILITY,
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
                        "textTransformations": _NONE,
                    }
                },
                "visibilityConfig": _VISIBILITY,
            },
        ],
    },
    "aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration": {
        "loggingFilter": {
            "defaultBehavior": "DROP",
            "filters": [{"behavior": "KEEP", "requirement": "MEETS_ANY", "conditions": [{"actionCondition": {"action": "BLOCK"}}]}],
        },
    },
}
"""By type, what prod's plan doesn't hold, or not in the form that a test needs."""


def _fullest(planned: in_process.Planned) -> dict[str, dict[str, Any]]:
    """By type, the resource that says most of itself."""
    fullest: dict[str, dict[str, Any]] = {}
    for _, step in sorted(planned.steps.items()):
        given = {name: value for name, value in step.inputs.items() if name not in {"region", "tagsAll"}}
        if len(given) > len(fullest.get(step.type, {})):
            fullest[step.type] = given
    return fullest


@functools.cache
def _samples() -> dict[str, dict[str, Any]]:
    fullest = _fullest(in_process.run("prod", with_rows("prod", {})))
    fullest = _fullest(in_process.run("sandbox", account_table(**ALL_ON), project=projects.ACCOUNT)) | fullest
    tags = {"tags": TAGS}
    return {token: (tags if one.tags else {}) | fullest.get(token, {}) | BEYOND.get(token, {}) for token, one in RESOURCES.items()}


class _Valid(Mapping[str, dict[str, Any]]):
    """Planned when the first sample is asked for, not when the tests are collected."""

    def __getitem__(self, token: str) -> dict[str, Any]:
        return copy.deepcopy(_samples()[token])

    def __iter__(self) -> Iterator[str]:
        return iter(RESOURCES)

    def __len__(self) -> int:
        return len(RESOURCES)


VALID = _Valid()
"""By type."""
