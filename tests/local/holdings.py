"""What an emulator holds, asked for in AWS's own way and not in the provider's: the proof that a destroyed stack leaves nothing.

Every type that is planned is in one of three tables: listed, asked for by name where AWS has no list, or a part of what is listed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import jmespath  # pyright: ignore[reportMissingTypeStubs] (it publishes none)
from botocore.exceptions import ClientError  # pyright: ignore[reportMissingTypeStubs]

from local.state import StackState
from tests.local.conftest import clients

ACCOUNT = "000000000000"
REGIONAL = {"Scope": "REGIONAL"}
ECS = {"ServiceNamespace": "ecs"}


class Listing(NamedTuple):
    """How AWS lists what an account holds of a type: the request, and the path to the names in its answer."""

    service: str
    method: str
    path: str
    parameters: Mapping[str, Any] = {}


LISTINGS: dict[str, Listing] = {
    "aws:appautoscaling/policy:Policy": Listing(
        "application-autoscaling", "describe_scaling_policies", "ScalingPolicies[].PolicyName", ECS
    ),
    "aws:appautoscaling/scheduledAction:ScheduledAction": Listing(
        "application-autoscaling", "describe_scheduled_actions", "ScheduledActions[].ScheduledActionName", ECS
    ),
    "aws:appautoscaling/target:Target": Listing(
        "application-autoscaling", "describe_scalable_targets", "ScalableTargets[].ResourceId", ECS
    ),
    "aws:bedrock/agentcoreAgentRuntime:AgentcoreAgentRuntime": Listing(
        "bedrock-agentcore-control", "list_agent_runtimes", "agentRuntimes[].agentRuntimeName"
    ),
    "aws:bedrock/guardrail:Guardrail": Listing("bedrock", "list_guardrails", "guardrails[].name"),
    "aws:budgets/budget:Budget": Listing("budgets", "describe_budgets", "Budgets[].BudgetName", {"AccountId": ACCOUNT}),
    "aws:cloudwatch/compositeAlarm:CompositeAlarm": Listing(
        "cloudwatch", "describe_alarms", "CompositeAlarms[].AlarmName", {"AlarmTypes": ["CompositeAlarm"]}
    ),
    "aws:cloudwatch/dashboard:Dashboard": Listing("cloudwatch", "list_dashboards", "DashboardEntries[].DashboardName"),
    "aws:cloudwatch/logDelivery:LogDelivery": Listing("logs", "describe_deliveries", "deliveries[].id"),
    "aws:cloudwatch/logDeliveryDestination:LogDeliveryDestination": Listing(
        "logs", "describe_delivery_destinations", "deliveryDestinations[].name"
    ),
    "aws:cloudwatch/logDeliverySource:LogDeliverySource": Listing("logs", "describe_delivery_sources", "deliverySources[].name"),
    "aws:cloudwatch/logGroup:LogGroup": Listing("logs", "describe_log_groups", "logGroups[].logGroupName"),
    "aws:cloudwatch/logResourcePolicy:LogResourcePolicy": Listing("logs", "describe_resource_policies", "resourcePolicies[].policyName"),
    "aws:cloudwatch/metricAlarm:MetricAlarm": Listing(
        "cloudwatch", "describe_alarms", "MetricAlarms[].AlarmName", {"AlarmTypes": ["MetricAlarm"]}
    ),
    "aws:dynamodb/table:Table": Listing("dynamodb", "list_tables", "TableNames"),
    "aws:ec2/eip:Eip": Listing("ec2", "describe_addresses", "Addresses[].AllocationId"),
    "aws:ec2/flowLog:FlowLog": Listing("ec2", "describe_flow_logs", "FlowLogs[].FlowLogId"),
    "aws:ec2/internetGateway:InternetGateway": Listing("ec2", "describe_internet_gateways", "InternetGateways[].InternetGatewayId"),
    "aws:ec2/natGateway:NatGateway": Listing("ec2", "describe_nat_gateways", "NatGateways[?State!='deleted'].NatGatewayId"),
    "aws:ec2/routeTable:RouteTable": Listing("ec2", "describe_route_tables", "RouteTables[].RouteTableId"),
    "aws:ec2/securityGroup:SecurityGroup": Listing("ec2", "describe_security_groups", "SecurityGroups[].GroupId"),
    "aws:ec2/subnet:Subnet": Listing("ec2", "describe_subnets", "Subnets[].SubnetId"),
    "aws:ec2/vpc:Vpc": Listing("ec2", "describe_vpcs", "Vpcs[].VpcId"),
    "aws:ec2/vpcEndpoint:VpcEndpoint": Listing("ec2", "describe_vpc_endpoints", "VpcEndpoints[].VpcEndpointId"),
    "aws:ecr/repository:Repository": Listing("ecr", "describe_repositories", "repositories[].repositoryName"),
    "aws:ecs/cluster:Cluster": Listing("ecs", "list_clusters", "clusterArns"),
    "aws:iam/policy:Policy": Listing("iam", "list_policies", "Policies[].PolicyName", {"Scope": "Local"}),
    "aws:iam/role:Role": Listing("iam", "list_roles", "Roles[].RoleName"),
    "aws:kms/alias:Alias": Listing("kms", "list_aliases", "Aliases[].AliasName"),
    "aws:lambda/eventSourceMapping:EventSourceMapping": Listing("lambda", "list_event_source_mappings", "EventSourceMappings[].UUID"),
    "aws:lambda/function:Function": Listing("lambda", "list_functions", "Functions[].FunctionName"),
    "aws:s3/bucket:Bucket": Listing("s3", "list_buckets", "Buckets[].Name"),
    "aws:scheduler/schedule:Schedule": Listing("scheduler", "list_schedules", "Schedules[].Name"),
    "aws:scheduler/scheduleGroup:ScheduleGroup": Listing("scheduler", "list_schedule_groups", "ScheduleGroups[].Name"),
    "aws:secretsmanager/secret:Secret": Listing("secretsmanager", "list_secrets", "SecretList[].Name"),
    "aws:sns/topic:Topic": Listing("sns", "list_topics", "Topics[].TopicArn"),
    "aws:sns/topicSubscription:TopicSubscription": Listing("sns", "list_subscriptions", "Subscriptions[].SubscriptionArn"),
    "aws:sqs/queue:Queue": Listing("sqs", "list_queues", "QueueUrls"),
    "aws:ssm/parameter:Parameter": Listing("ssm", "describe_parameters", "Parameters[].Name"),
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": Listing(
        "ec2", "describe_security_group_rules", "SecurityGroupRules[].SecurityGroupRuleId"
    ),
    "aws:wafv2/webAcl:WebAcl": Listing("wafv2", "list_web_acls", "WebACLs[].Name", REGIONAL),
}
"""By type. Keys are listed by `keys_in_use`: one that is scheduled for deletion stays in AWS's own list."""

KEY = "aws:kms/key:Key"

ASKED: dict[str, Listing] = {
    "aws:bedrock/agentcoreAgentRuntimeEndpoint:AgentcoreAgentRuntimeEndpoint": Listing(
        "bedrock-agentcore-control",
        "get_agent_runtime_endpoint",
        "agentRuntimeEndpointArn",
        {"agentRuntimeId": "agentRuntimeId", "endpointName": "name"},
    ),
    "aws:bedrock/agentcoreResourcePolicy:AgentcoreResourcePolicy": Listing(
        "bedrock-agentcore-control", "get_resource_policy", "policy", {"resourceArn": "resourceArn"}
    ),
    "aws:bedrock/guardrailVersion:GuardrailVersion": Listing(
        "bedrock", "get_guardrail", "version", {"guardrailIdentifier": "guardrailArn", "guardrailVersion": "version"}
    ),
    "aws:ecs/service:Service": Listing(
        "ecs", "describe_services", "services[?status=='ACTIVE'].serviceName", {"cluster": "cluster", "services": "name"}
    ),
    "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig": Listing(
        "lambda", "get_function_event_invoke_config", "DestinationConfig", {"FunctionName": "functionName"}
    ),
    "aws:lambda/permission:Permission": Listing("lambda", "get_policy", "Policy", {"FunctionName": "function"}),
    "aws:wafv2/webAclAssociation:WebAclAssociation": Listing(
        "wafv2", "get_web_acl_for_resource", "WebACL.Name", {"ResourceArn": "resourceArn"}
    ),
}
"""By type: how AWS is asked about one of them. The parameters' values are properties' names."""

STAYS = frozenset({"aws:ecs/taskDefinition:TaskDefinition"})
"""Not deregistered when it is replaced or its stack goes: a rollback may still need it."""

PART_OF: dict[str, str] = {
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": "aws:ec2/vpc:Vpc",
    "aws:ec2/route:Route": "aws:ec2/routeTable:RouteTable",
    "aws:ec2/routeTableAssociation:RouteTableAssociation": "aws:ec2/routeTable:RouteTable",
    "aws:ecr/lifecyclePolicy:LifecyclePolicy": "aws:ecr/repository:Repository",
    "aws:iam/rolePolicy:RolePolicy": "aws:iam/role:Role",
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": "aws:s3/bucket:Bucket",
    "aws:s3/bucketLogging:BucketLogging": "aws:s3/bucket:Bucket",
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": "aws:s3/bucket:Bucket",
    "aws:s3/bucketPolicy:BucketPolicy": "aws:s3/bucket:Bucket",
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": "aws:s3/bucket:Bucket",
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": "aws:s3/bucket:Bucket",
    "aws:s3/bucketVersioning:BucketVersioning": "aws:s3/bucket:Bucket",
    "aws:secretsmanager/secretVersion:SecretVersion": "aws:secretsmanager/secret:Secret",
    "aws:sns/topicPolicy:TopicPolicy": "aws:sns/topic:Topic",
    "aws:sqs/queuePolicy:QueuePolicy": "aws:sqs/queue:Queue",
}
"""By type, what it is kept in: it has no name of its own, and goes with that."""


def holdings(place: Path, stack: str = "dev") -> dict[str, list[Any]]:
    """What the stack's emulator holds, by type."""
    client = clients(place, stack)
    found: dict[str, list[Any]] = {KEY: keys_in_use(client("kms"))}
    for kind, listing in LISTINGS.items():
        answer = getattr(client(listing.service), listing.method)(**listing.parameters)
        found[kind] = jmespath.search(listing.path, answer) or []  # pyright: ignore[reportUnknownMemberType]
    return found


def keys_in_use(kms: Any) -> list[str]:
    """The keys that aren't scheduled for deletion."""
    keys = [kms.describe_key(KeyId=one["KeyId"])["KeyMetadata"] for one in kms.list_keys()["Keys"]]
    return [key["KeyId"] for key in keys if key["KeyState"] != "PendingDeletion"]


def answering(place: Path, recorded: Iterable[Mapping[str, Any]], stack: str = "dev") -> set[str]:
    """Of the recorded resources that have to be asked for, those that are there, by URN."""
    client = clients(place, stack)
    return {one["urn"] for one in recorded if one["type"] in ASKED and _answers(client, ASKED[one["type"]], one)}


def _answers(client: Any, listing: Listing, resource: Mapping[str, Any]) -> bool:
    known = {**resource["inputs"], **resource["outputs"]}
    parameters = {name: [known[of]] if name == "services" else known[of] for name, of in listing.parameters.items()}
    try:
        answer = getattr(client(listing.service), listing.method)(**parameters)
    except ClientError as error:
        if any(word in error.response["Error"]["Code"] for word in ("NotFound", "Nonexistent")):  # pyright: ignore[reportTypedDictNotRequiredAccess]
            return False
        raise
    return bool(jmespath.search(listing.path, answer))  # pyright: ignore[reportUnknownMemberType]


def unlike_the_record(place: Path, empty: Mapping[str, list[Any]], stack: str = "dev") -> list[str]:
    """What of the types that AWS lists the emulator holds and nobody recorded, or the other way round.

    Args:
        place: where the emulator is.
        empty: what it lists of itself, before the stack is there.
        stack: the stack.
    """
    resources = StackState(place, stack).all()
    routes = clients(place, stack)("ec2").describe_route_tables()["RouteTables"]
    given = {one["RouteTableId"] for one in routes if any(association.get("Main") for association in one["Associations"])}
    given |= {one["id"] for one in resources if "DefaultSecurityGroup" in one["type"]}  # a VPC comes with these
    found: list[str] = []
    for kind, items in holdings(place, stack).items():
        ours = {_bare(item) for item in items if item not in empty[kind] and item not in given}
        names = [{_bare(name) for name in (one["id"], *one["outputs"].values())} for one in resources if one["type"] == kind]
        if len(ours) != len(names) or not all(ours & one for one in names):
            found.append(f"{kind}: {sorted(ours)} are there, and {[one['id'] for one in resources if one['type'] == kind]} recorded")
    return found


def _bare(name: Any) -> str:
    """A queue's address without the port of whoever asked for it; any other name as it is."""
    return str(name).partition("//127.0.0.1:")[2].partition("/")[2] or str(name)
