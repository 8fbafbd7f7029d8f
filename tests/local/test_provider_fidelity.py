"""What the stand-in takes for replacing, default, computed, unordered and equivalent, against what the provider does.

`provider/facts.json` was read off the provider's schemas (terraform-provider-aws 6.58.0, which the SDK 7.51.1 bridges or is newer than) by
pattern, with what CustomizeDiff and pulumi-aws's overrides add read by hand. Names are the SDK's. Of the parts of properties it holds
those that replace, and of the rest those of blocks that the program uses.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import pytest

from local.provider.services import RESOURCES
from tests.local.test_provider_types import sdk_inputs

FACTS: Final[dict[str, dict[str, Any]]] = json.loads((Path(__file__).parent / "provider" / "facts.json").read_text(encoding="utf-8"))

REASONS: Final[dict[str, dict[str, str]]] = {
    "replaces": {
        "aws:bedrock/agentcoreAgentRuntime:AgentcoreAgentRuntime.agentRuntimeArtifact": "only from code to a container and back",
        "aws:cloudwatch/logDeliveryDestination:LogDeliveryDestination.deliveryDestinationConfiguration.destinationResourceArn": (
            "only where the ARN's service is another, from logs to S3"
        ),
        "aws:ec2/natGateway:NatGateway.secondaryPrivateIpAddressCount": "only of a private gateway; there are none",
        "aws:ec2/subnet:Subnet.ipv6CidrBlock": "only where addresses were assigned at creation; nothing here has IPv6",
        "aws:ec2/vpcEndpoint:VpcEndpoint.privateDnsEnabled": "only of endpoints that aren't interfaces, which never say it",
        "aws:lambda/function:Function.durableConfig": "only when it comes or goes; no function is durable",
        "aws:secretsmanager/secretVersion:SecretVersion.secretStringWo": "write-only, and never compared; its version says when it changed",
        "aws:ssm/parameter:Parameter.tier": "only from Advanced to Standard; there is no Advanced one",
    },
    "suppressed": {
        "aws:appautoscaling/scheduledAction:ScheduledAction.endTime": "spelling of times; no action here has an end",
        "aws:appautoscaling/scheduledAction:ScheduledAction.startTime": "spelling of times; no action here has a start",
        "aws:dynamodb/table:Table.pointInTimeRecovery.recoveryPeriodInDays": "only while recovery is off",
        "aws:dynamodb/table:Table.tableClass": "an old table without a class; those made since have one",
        "aws:dynamodb/table:Table.ttl.attributeName": "only while it is off",
        "aws:ec2/natGateway:NatGateway.availabilityZoneAddresses": "only of a regional gateway; there are none",
        "aws:ec2/route:Route.destinationIpv6CidrBlock": "spelling of IPv6; nothing here has it",
        "aws:ec2/vpcEndpoint:VpcEndpoint.ipAddressType": "capitals, which AWS's model refuses here",
        "aws:ecs/service:Service.deploymentMaximumPercent": "only of daemons; there are none",
        "aws:ecs/service:Service.deploymentMinimumHealthyPercent": "only of daemons; there are none",
        "aws:ecs/service:Service.desiredCount": "only of daemons; there are none",
        "aws:ecs/service:Service.propagateTags": "only from NONE to nothing",
        "aws:lambda/eventSourceMapping:EventSourceMapping.batchSize": "only of queues; the one mapping reads a stream",
        "aws:lambda/function:Function.environment": "an empty one for none; every function has variables",
        "aws:lambda/function:Function.imageConfig": "an empty one for none; no function is an image",
        "aws:lambda/function:Function.loggingConfig.applicationLogLevel": "a level that isn't said, which `computed` covers",
        "aws:lambda/function:Function.loggingConfig.systemLogLevel": "a level that isn't said, which `computed` covers",
        "aws:lambda/function:Function.vpcConfig": "an empty one for none; no function is in a VPC",
        "aws:cloudwatch/logGroup:LogGroup.retentionInDays": "only of the class DELIVERY; there is none",
        "aws:scheduler/schedule:Schedule.target.retryPolicy": "leaving it out, which `computed` covers",
        "aws:sqs/queue:Queue.kmsDataKeyReusePeriodSeconds": "only under SQS's own key; every queue has the stack's",
        "aws:ssm/parameter:Parameter.tier": "Intelligent-Tiering; there is none",
        "aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration.redactedFields": "their order; there is one",
    },
    "computed beyond the provider's": {
        "aws:lambda/function:Function.loggingConfig.applicationLogLevel": "the provider suppresses a level that isn't said",
        "aws:lambda/function:Function.loggingConfig.systemLogLevel": "the provider suppresses a level that isn't said",
        "aws:scheduler/schedule:Schedule.target.retryPolicy": "the provider suppresses leaving it out",
    },
    "suppressed beyond the provider's": {
        "aws:sqs/queue:Queue.redriveAllowPolicy": "the provider compares the JSON once it has normalised it",
        "aws:sqs/queue:Queue.redrivePolicy": "the provider compares the JSON once it has normalised it",
    },
}
"""Every difference that stays, by property, with the reason."""

UNSAID: Final[dict[str, set[str]]] = {
    "aws:appautoscaling/policy:Policy": {"alarmArns"},
    "aws:bedrock/guardrail:Guardrail": {"updatedAt"},
    "aws:cloudwatch/logResourcePolicy:LogResourcePolicy": {"revisionId"},
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": {"namePrefix"},
    "aws:ec2/eip:Eip": {"associationId", "carrierIp", "customerOwnedIp", "privateDns", "privateIp", "ptrRecord", "publicDns"},
    "aws:ec2/natGateway:NatGateway": {
        "autoProvisionZones",
        "autoScalingIps",
        "regionalNatGatewayAddresses",
        "regionalNatGatewayAutoMode",
        "routeTableId",
    },
    "aws:ec2/route:Route": {"instanceId", "instanceOwnerId"},
    "aws:ec2/subnet:Subnet": {"ipv6CidrBlockAssociationId"},
    "aws:ec2/vpc:Vpc": {"ipv6AssociationId"},
    "aws:ec2/vpcEndpoint:VpcEndpoint": {"cidrBlocks", "dnsEntries", "networkInterfaceIds"},
    "aws:lambda/eventSourceMapping:EventSourceMapping": {
        "functionArn",
        "lastModified",
        "lastProcessingResult",
        "state",
        "stateTransitionReason",
        "uuid",
    },
    "aws:lambda/function:Function": {
        "lastModified",
        "qualifiedInvokeArn",
        "responseStreamingInvokeArn",
        "signingJobArn",
        "signingProfileVersionArn",
        "sourceCodeSize",
    },
    "aws:s3/bucket:Bucket": {"hostedZoneId", "websiteDomain", "websiteEndpoint"},
    "aws:scheduler/scheduleGroup:ScheduleGroup": {"creationDate", "lastModificationDate"},
    "aws:secretsmanager/secretVersion:SecretVersion": {"hasSecretStringWo"},
    "aws:sns/topic:Topic": {"beginningArchiveTime"},
    "aws:sns/topicSubscription:TopicSubscription": {"pendingConfirmation"},
    "aws:wafv2/webAcl:WebAcl": {"applicationIntegrationUrl"},
}
"""What AWS computes and the stand-in doesn't say, for nothing in the program reads it: it is not made up."""


def taken(token: str, paths: Iterable[str]) -> set[str]:
    """Those of the paths whose property the stand-in takes from a program."""
    inputs = sdk_inputs(token) - set(RESOURCES[token].unsupported)
    return {path for path in paths if path.partition(".")[0] in inputs}


def reasons(token: str, kind: str) -> set[str]:
    """The paths of a type that differ for a reason."""
    return taken(token, (key.removeprefix(f"{token}.") for key in REASONS[kind] if key.startswith(f"{token}.")))


def test_there_are_facts_of_every_type() -> None:
    assert FACTS.keys() == RESOURCES.keys()


@pytest.mark.parametrize("token", sorted(RESOURCES))
def test_what_is_of_the_plugin_framework_is_known(token: str) -> None:
    assert RESOURCES[token].framework == (bool(RESOURCES[token].tags) and FACTS[token].get("framework", False))


@pytest.mark.parametrize("token", sorted(RESOURCES))
def test_what_is_replaced_is_what_the_provider_replaces(token: str) -> None:
    assert RESOURCES[token].force_new == taken(token, FACTS[token].get("replaces", [])) - reasons(token, "replaces")


@pytest.mark.parametrize("token", sorted(RESOURCES))
def test_the_defaults_are_the_providers(token: str) -> None:
    defaults: dict[str, Any] = FACTS[token].get("defaults", {})
    assert dict(RESOURCES[token].defaults) == {path: defaults[path] for path in taken(token, defaults)}


@pytest.mark.parametrize("token", sorted(RESOURCES))
def test_what_aws_fills_in_is_what_the_provider_lets_it(token: str) -> None:
    computed = taken(token, FACTS[token].get("computed", []))
    assert RESOURCES[token].computed == computed | reasons(token, "computed beyond the provider's")


@pytest.mark.parametrize("token", sorted(RESOURCES))
def test_every_output_is_said_or_known_to_be_unsaid(token: str) -> None:
    outputs = set(FACTS[token].get("computed", [])) - sdk_inputs(token) - set(RESOURCES[token].unsupported)
    assert {name for name in outputs if "." not in name} - RESOURCES[token].outputs.keys() == UNSAID.get(token, set())


@pytest.mark.parametrize("token", sorted(RESOURCES))
def test_what_has_no_order_has_none_for_the_provider(token: str) -> None:
    assert RESOURCES[token].sets == taken(token, FACTS[token].get("sets", []))


@pytest.mark.parametrize("token", sorted(RESOURCES))
def test_what_means_the_same_means_it_to_the_provider(token: str) -> None:
    suppressed = taken(token, FACTS[token].get("suppressed", [])) - reasons(token, "suppressed")
    assert RESOURCES[token].diff_suppress.keys() == suppressed | reasons(token, "suppressed beyond the provider's")


def test_no_reason_outlives_its_difference() -> None:
    """A reason for what is no longer so would hide the next difference."""
    for key in REASONS["replaces"]:
        token, _, path = key.partition(".")
        assert path in FACTS[token]["replaces"], key
        assert path not in RESOURCES[token].force_new, key
    for key in REASONS["suppressed"]:
        token, _, path = key.partition(".")
        assert path in FACTS[token]["suppressed"], key
        assert path not in RESOURCES[token].diff_suppress, key
    for kind, side in (("computed beyond the provider's", "computed"), ("suppressed beyond the provider's", "suppressed")):
        for key in REASONS[kind]:
            token, _, path = key.partition(".")
            assert path not in FACTS[token].get(side, []), key
