"""What the stand-in takes for replacing, default, computed, unordered and equivalent, against what the provider and AWS do.

The stand-in reads that from `local/provider/facts.json`. Here it is held against what was written down apart from it: the SDK's properties,
the entries' requests, AWS's API, and a list by hand of what replaces the resources that hold data or guard something.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import pytest

from local.provider.members import Local
from local.provider.request import takes
from local.provider.resource_type import Call, ResourceType
from local.provider.schema import SCHEMAS
from local.provider.services import RESOURCES
from tests.local.provider.samples import VALID
from tests.local.test_provider_requests import changes_of, names_in, requests_of
from tests.local.test_provider_types import sdk_inputs

NOT_SUPPRESSED: Final[dict[str, str]] = {
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
}
"""What the provider suppresses and the stand-in doesn't, by property, with the reason."""

ALSO_SUPPRESSED: Final[dict[str, str]] = {
    "aws:sqs/queue:Queue.redriveAllowPolicy": "the provider compares the JSON once it has normalised it",
    "aws:sqs/queue:Queue.redrivePolicy": "the provider compares the JSON once it has normalised it",
}
"""What the stand-in suppresses beyond the provider."""

UNSAID: Final[dict[str, set[str]]] = {
    "aws:appautoscaling/policy:Policy": {"alarmArns"},
    "aws:bedrock/guardrail:Guardrail": {"updatedAt"},
    "aws:cloudtrail/trail:Trail": {"snsTopicArn"},
    "aws:cloudwatch/logResourcePolicy:LogResourcePolicy": {"revisionId"},
    "aws:route53/resolverFirewallRule:ResolverFirewallRule": {"firewallThreatProtectionId"},
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


REPLACING: Final[dict[str, set[str]]] = {
    "aws:bedrock/agentcoreGateway:AgentcoreGateway": {"authorizerType", "name"},
    "aws:bedrock/agentcoreGatewayTarget:AgentcoreGatewayTarget": {"gatewayIdentifier", "name"},
    "aws:bedrock/agentcorePolicy:AgentcorePolicy": {"name", "policyEngineId"},
    "aws:bedrock/agentcorePolicyEngine:AgentcorePolicyEngine": {"encryptionKeyArn", "name"},
    "aws:bedrock/agentcoreResourcePolicy:AgentcoreResourcePolicy": {"resourceArn"},
    "aws:bedrock/guardrail:Guardrail": set(),
    "aws:bedrock/guardrailVersion:GuardrailVersion": {"description", "guardrailArn"},
    "aws:bedrockmodel/invocationLoggingConfiguration:InvocationLoggingConfiguration": set(),
    "aws:cloudwatch/logDataProtectionPolicy:LogDataProtectionPolicy": {"logGroupName"},
    "aws:cloudwatch/logDelivery:LogDelivery": {"deliveryDestinationArn", "deliverySourceName"},
    "aws:cloudwatch/logDeliveryDestination:LogDeliveryDestination": {"name", "outputFormat"},
    "aws:cloudwatch/logDeliverySource:LogDeliverySource": {"logType", "name", "resourceArn"},
    "aws:route53/resolverFirewallConfig:ResolverFirewallConfig": {"resourceId"},
    "aws:route53/resolverFirewallDomainList:ResolverFirewallDomainList": {"name"},
    "aws:route53/resolverFirewallRule:ResolverFirewallRule": {
        "confidenceThreshold",
        "dnsThreatProtection",
        "firewallDomainListId",
        "firewallRuleGroupId",
    },
    "aws:route53/resolverFirewallRuleGroup:ResolverFirewallRuleGroup": {"name"},
    "aws:route53/resolverFirewallRuleGroupAssociation:ResolverFirewallRuleGroupAssociation": {"firewallRuleGroupId", "vpcId"},
    "aws:xray/resourcePolicy:ResourcePolicy": {"policyName"},
    "aws:dynamodb/table:Table": {"hashKey", "localSecondaryIndexes", "name", "rangeKey"},
    "aws:ecr/repository:Repository": {"encryptionConfigurations", "name"},
    "aws:ecs/service:Service": {"cluster", "iamRole", "launchType", "name", "schedulingStrategy"},
    "aws:iam/policy:Policy": {"description", "name", "path"},
    "aws:iam/role:Role": {"name", "path"},
    "aws:kms/key:Key": {"customKeyStoreId", "customerMasterKeySpec", "keyUsage", "multiRegion", "xksKeyId"},
    "aws:lambda/function:Function": {"name", "packageType", "tenancyConfig"},
    "aws:s3/bucket:Bucket": {"bucket", "bucketNamespace", "objectLockEnabled"},
    "aws:secretsmanager/secret:Secret": {"name", "type"},
    "aws:sns/topic:Topic": {"fifoTopic", "name"},
    "aws:sqs/queue:Queue": {"fifoQueue", "name"},
    "aws:ssm/parameter:Parameter": {"dataType", "name"},
    "aws:wafv2/webAcl:WebAcl": {"name", "scope"},
}
"""What replaces the types that hold data or guard something, apart from the rows. Source: terraform-provider-aws 6.58.0, their ForceNew."""

UNCHANGEABLE: Final[dict[str, set[str]]] = {
    "aws:budgets/budget:Budget": {"notifications"},
    "aws:dynamodb/table:Table": {"attributes", "globalSecondaryIndexes"},
    "aws:ec2/routeTableAssociation:RouteTableAssociation": {"routeTableId"},
    "aws:iam/openIdConnectProvider:OpenIdConnectProvider": {"clientIdLists"},
    "aws:sns/topic:Topic": {"signatureVersion"},
    "aws:sns/topicSubscription:TopicSubscription": {"rawMessageDelivery", "redrivePolicy"},
}
"""What AWS changes in place and the stand-in doesn't: `make up` refuses such a change and says so."""


def taken(token: str, paths: Iterable[str]) -> set[str]:
    """Those of the paths whose property the stand-in takes from a program."""
    inputs = sdk_inputs(token) - set(RESOURCES[token].refused)
    return {path for path in paths if path.partition(".")[0] in inputs}


def addressed_by(resource: ResourceType) -> set[str]:
    """The properties by which a resource is found."""
    templates = [resource.id, *(dict(request.parameters) for request in requests_of(resource)), resource.read.path if resource.read else ""]
    return {name for template in templates for name in names_in(template)}


def changed_by_a_request(resource: ResourceType) -> set[str]:
    calls = (*resource.creation[1:], *changes_of(resource))
    return {
        name for call in calls for name in (*call.members, *VALID[resource.token]) if takes(call, name, VALID[resource.token].get(name, ""))
    }


def test_there_are_facts_of_every_type() -> None:
    assert SCHEMAS.keys() == RESOURCES.keys()


@pytest.mark.parametrize("token", sorted(REPLACING))
def test_what_replaces_data_is_what_was_read_by_hand(token: str) -> None:
    assert taken(token, SCHEMAS[token].force_new) == REPLACING[token]


@pytest.mark.parametrize("token", sorted(RESOURCES))
def test_what_aws_changes_in_place_replaces_only_where_it_is_part_of_the_address(token: str) -> None:
    resource = RESOURCES[token]
    assert changed_by_a_request(resource) & set(resource.schema.force_new) <= addressed_by(resource)


@pytest.mark.parametrize("token", sorted(token for token, one in RESOURCES.items() if one.read and not one.create_overwrites))
def test_what_aws_cannot_change_in_place_replaces(token: str) -> None:
    """Of all that the program gives: what no request changes is the provider's own, or forces a new resource."""
    resource = RESOURCES[token]
    own = {name for call in resource.creation for name, member in call.members.items() if isinstance(member, Local)}
    deleting = {name for call in resource.deletion if isinstance(call, Call) for name in call.members}
    free = own | deleting | resource.write_only | resource.provider_only | {"tags"}
    left = VALID[token].keys() - changed_by_a_request(resource) - set(resource.schema.force_new) - free
    assert left == UNCHANGEABLE.get(token, set())


@pytest.mark.parametrize("token", sorted(RESOURCES))
def test_every_note_is_of_a_property(token: str) -> None:
    schema = RESOURCES[token].schema
    assert taken(token, schema.notes) == set(schema.notes)
    assert not schema.notes.keys() & set(schema.force_new), "a note tells of what does not replace"


@pytest.mark.parametrize("token", sorted(RESOURCES))
def test_every_output_is_said_or_known_to_be_unsaid(token: str) -> None:
    outputs = set(RESOURCES[token].schema.computed) - sdk_inputs(token) - set(RESOURCES[token].refused)
    assert {name for name in outputs if "." not in name} - RESOURCES[token].outputs.keys() == UNSAID.get(token, set())


@pytest.mark.parametrize("token", sorted(RESOURCES))
def test_what_means_the_same_means_it_to_the_provider(token: str) -> None:
    suppressed = {path for path in taken(token, RESOURCES[token].schema.suppressed) if f"{token}.{path}" not in NOT_SUPPRESSED}
    beyond = {key.removeprefix(f"{token}.") for key in ALSO_SUPPRESSED if key.startswith(f"{token}.")}
    assert RESOURCES[token].diff_suppress.keys() == suppressed | beyond


def test_no_reason_outlives_its_difference() -> None:
    """A reason for what is no longer so would hide the next difference."""
    for key in NOT_SUPPRESSED:
        token, _, path = key.partition(".")
        assert path in SCHEMAS[token].suppressed, key
        assert path not in RESOURCES[token].diff_suppress, key
    for key in ALSO_SUPPRESSED:
        token, _, path = key.partition(".")
        assert path not in SCHEMAS[token].suppressed, key
