"""What IAM is asked for the calls that the stand-in sends for a plan, by the names that AWS gives the resources: not by the table that the
policies are made from."""

from __future__ import annotations

import string
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from actions import find
from components.environment import PROJECT
from components.naming import Names
from local.previews import UNKNOWN
from local.provider.resource_type import ResourceType
from local.provider.services import RESOURCES
from tests.functions.requests import IamRequest
from tests.plans import PlannedResource

ID = "0a1b2c3d4e"
"""Ten characters, as AgentCore appends; any other service's id is `*` in a policy."""

AS_ACTION: Mapping[str, str] = {
    "budgets:CreateBudget": "budgets:ModifyBudget",
    "budgets:DeleteBudget": "budgets:ModifyBudget",
    "budgets:DescribeBudget": "budgets:ViewBudget",
    "budgets:UpdateBudget": "budgets:ModifyBudget",
    "s3:DeleteBucketEncryption": "s3:PutEncryptionConfiguration",
    "s3:DeleteBucketLifecycle": "s3:PutLifecycleConfiguration",
    "s3:DeleteBucketOwnershipControls": "s3:PutBucketOwnershipControls",
    "s3:DeletePublicAccessBlock": "s3:PutBucketPublicAccessBlock",
    "s3:GetBucketEncryption": "s3:GetEncryptionConfiguration",
    "s3:GetBucketLifecycleConfiguration": "s3:GetLifecycleConfiguration",
    "s3:GetPublicAccessBlock": "s3:GetBucketPublicAccessBlock",
    "s3:HeadBucket": "s3:ListBucket",
    "s3:PutBucketEncryption": "s3:PutEncryptionConfiguration",
    "s3:PutBucketLifecycleConfiguration": "s3:PutLifecycleConfiguration",
    "s3:PutPublicAccessBlock": "s3:PutBucketPublicAccessBlock",
}
"""Calls whose action has another name. Source: Service Authorization Reference."""

RUNTIME, GATEWAY = (
    "bedrock-agentcore:{region}:{account}:runtime/evolution_{stack}-{id}",
    "bedrock-agentcore:{region}:{account}:gateway/{name}",
)
ENGINE = "bedrock-agentcore:{region}:{account}:policy-engine/evolution_{stack}-{id}"
TARGET = "application-autoscaling:{region}:{account}:scalable-target/{id}"
FUNCTION, BUCKET, ACL = (
    "lambda:{region}:{account}:function:{{}}",
    "s3:::{bucket}",
    "wafv2:{region}:{account}:regional/webacl/evolution-{stack}/{id}",
)

NAMED: Mapping[str, tuple[str, ...]] = {
    "appautoscaling/policy": (TARGET,),
    "appautoscaling/scheduledAction": (TARGET,),
    "bedrock/agentcoreAgentRuntime": (RUNTIME,),
    "bedrock/agentcoreAgentRuntimeEndpoint": (RUNTIME, RUNTIME + "/runtime-endpoint/evolution"),
    "bedrock/agentcoreGateway": (GATEWAY.replace("{name}", "evolution-{stack}-{id}"),),
    "bedrock/agentcoreGatewayTarget": (GATEWAY.replace("{name}", "evolution-{stack}-{id}"),),
    "bedrock/agentcorePolicy": (ENGINE,),
    "bedrock/agentcorePolicyEngine": (ENGINE,),
    "bedrock/agentcoreResourcePolicy": (
        RUNTIME,
        RUNTIME + "/runtime-endpoint/DEFAULT",
        GATEWAY.replace("{name}", "evolution-{stack}-{id}"),
    ),
    "bedrockmodel/invocationLoggingConfiguration": ("bedrock:{region}:{account}:*",),
    "cloudwatch/logDataProtectionPolicy": ("logs:{region}:{account}:log-group:{logGroupName}",),
    "bedrock/guardrail": ("bedrock:{region}:{account}:guardrail/{id}",),
    "bedrock/guardrailVersion": ("bedrock:{region}:{account}:guardrail/{id}",),
    "cloudwatch/dashboard": ("cloudwatch::{account}:dashboard/{dashboardName}",),
    "cloudwatch/logGroup": ("logs:{region}:{account}:log-group:{name}", "logs:{region}:{account}:log-group:{name}:log-stream:"),
    "cloudwatch/logResourcePolicy": ("logs:{region}:{account}:*",),
    "ec2/natGateway": ("ec2:{region}:{account}:natgateway/{id}",),
    "ec2/route": ("ec2:{region}:{account}:route-table/{id}",),
    "ec2/routeTableAssociation": ("ec2:{region}:{account}:route-table/{id}", "ec2:{region}:{account}:subnet/{id}"),
    "ecr/lifecyclePolicy": ("ecr:{region}:{account}:repository/{repository}",),
    "ecs/service": ("ecs:{region}:{account}:service/evolution-system-{stack}/{name}",),
    "ecs/taskDefinition": ("ecs:{region}:{account}:task-definition/{family}:1",),
    "iam/policy": ("iam::{account}:policy/{name}",),
    "iam/role": ("iam::{account}:role/{name}",),
    "iam/rolePolicy": ("iam::{account}:role/{role}",),
    "kms/alias": ("kms:{region}:{account}:{name}",),
    "lambda/functionEventInvokeConfig": ("lambda:{region}:{account}:function:{functionName}",),
    "lambda/permission": ("lambda:{region}:{account}:function:{function}",),
    "route53/resolverFirewallConfig": ("route53resolver:{region}:{account}:firewall-config/{id}",),
    "route53/resolverFirewallRule": ("route53resolver:{region}:{account}:firewall-rule-group/{id}",),
    "secretsmanager/secretVersion": ("secretsmanager:{region}:{account}:secret:EvolutionSafetyConfig-{stack}-AbCdEf",),
    "secretsmanager/secret": ("secretsmanager:{region}:{account}:secret:{name}-AbCdEf",),
    "sns/topicPolicy": ("sns:{region}:{account}:evolution-system-alerts-{stack}",),
    "sns/topicSubscription": ("sns:{region}:{account}:evolution-system-alerts-{stack}",),
    "sqs/queuePolicy": ("sqs:{region}:{account}:evolution-dead-letters-{stack}",),
    "wafv2/webAclAssociation": (ACL, GATEWAY.replace("{name}", "evolution-{stack}-{id}")),
    "wafv2/webAclLoggingConfiguration": (ACL,),
    "xray/resourcePolicy": ("xray:{region}:{account}:*",),
}
"""By type, what AWS says its requests are about, where the stand-in's own ARN doesn't."""

NAMES_IN_INPUTS: Mapping[str, str] = {
    "allocationId": "elastic-ip",
    "routeTableId": "route-table",
    "routeTableIds": "route-table",
    "securityGroupId": "security-group",
    "securityGroupIds": "security-group",
    "subnetId": "subnet",
    "subnetIds": "subnet",
    "vpcId": "vpc",
}
"""By input of an EC2 type, what else a request names."""

UNSENT: Mapping[str, frozenset[str]] = {
    # The emulator has no tags of agents', and no gateways: the stand-in keeps both as state.
    "bedrock/agentcoreAgentRuntime": frozenset({"bedrock-agentcore:TagResource", "bedrock-agentcore:UntagResource"}),
    "bedrock/agentcoreAgentRuntimeEndpoint": frozenset({"bedrock-agentcore:TagResource", "bedrock-agentcore:UntagResource"}),
    "bedrock/agentcoreGateway": frozenset(
        f"bedrock-agentcore:{one}" for one in ("UpdateGateway", "DeleteGateway", "TagResource", "UntagResource")
    ),
    "bedrock/agentcoreGatewayTarget": frozenset({"bedrock-agentcore:UpdateGatewayTarget", "bedrock-agentcore:DeleteGatewayTarget"}),
    "wafv2/webAclLoggingConfiguration": frozenset({"wafv2:DeleteLoggingConfiguration"}),
    # The emulator has no protection of log groups, no policies of gateways and no firewalls of DNS.
    "bedrock/agentcorePolicy": frozenset({"bedrock-agentcore:DeletePolicy", "bedrock-agentcore:UpdatePolicy"}),
    "bedrock/agentcorePolicyEngine": frozenset(
        f"bedrock-agentcore:{one}" for one in ("DeletePolicyEngine", "TagResource", "UntagResource", "UpdatePolicyEngine")
    ),
    "cloudwatch/logDataProtectionPolicy": frozenset({"logs:DeleteDataProtectionPolicy"}),
    "cloudwatch/logGroup": frozenset({"logs:PutLogGroupDeletionProtection"}),
    "route53/resolverFirewallRule": frozenset({"route53resolver:UpdateFirewallRule"}),
    "route53/resolverFirewallRuleGroupAssociation": frozenset({"route53resolver:UpdateFirewallRuleGroupAssociation"}),
    # A new bucket gets its tags with the request that makes it, and S3 has new names for changing them.
    "s3/bucket": frozenset({"s3:TagResource", "s3:UntagResource"}),
    # What this program never does, and the provider's resource can: rules in line, another address, another table.
    "ec2/eip": frozenset({"ec2:DisassociateAddress"}),
    "ec2/routeTableAssociation": frozenset({"ec2:ReplaceRouteTableAssociation"}),
    "ec2/securityGroup": frozenset(
        f"ec2:{one}" for one in ("AuthorizeSecurityGroupEgress", "AuthorizeSecurityGroupIngress", "RevokeSecurityGroupIngress")
    ),
    "iam/role": frozenset({"iam:UpdateRoleDescription"}),
    "secretsmanager/secretVersion": frozenset({"secretsmanager:UpdateSecretVersionStage"}),
    "sns/topicSubscription": frozenset({"sns:SetSubscriptionAttributes"}),
}
"""By type, the writes that the provider sends and the stand-in doesn't. Source: terraform-provider-aws 6.58, each resource's functions."""

TAGGING = ("CreateTags", "TagResource", "TagRole", "TagPolicy", "TagQueue", "AddTagsToResource", "PutBucketTagging")


TAGGED_LATER = "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup"
"""All else of EC2 gets its tags with the request that makes it, and this with one of its own. Source: terraform-provider-aws 6.58,
getTagSpecificationsIn in each resource's creation, and resourceDefaultSecurityGroupCreate."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One question to IAM for a planned resource. `stage` is create, read, change or delete."""

    resource: PlannedResource
    stage: str
    request: IamRequest

    def __str__(self) -> str:
        return f"{self.resource.name}: {self.stage}: {self.request.action} on {self.request.resource}"


def arns(one: PlannedResource, names: Names) -> list[str]:
    """What requests about a resource are about."""
    kind = one.type.split(":")[1]
    templates = NAMED.get(kind)
    if templates is None:
        own = (BUCKET,) if kind.startswith("s3/") else (RESOURCES[one.type].outputs["arn"].removeprefix("arn:aws:"),)
        templates = own
    known = {name: ID if value == UNKNOWN else value for name, value in one.inputs.items()}
    group = {"cloudwatch/logGroup": "name", "cloudwatch/logDataProtectionPolicy": "logGroupName"}.get(kind)
    if group and known[group] == ID:
        known[group] = f"/aws/bedrock-agentcore/runtimes/evolution_{names.stack}-{ID}-evolution"
    known |= {"region": names.region, "account": names.account, "stack": names.stack}
    fields = {name: ID for template in templates for _, name, _, _ in string.Formatter().parse(template) if name}
    return ["arn:aws:" + template.format(**{**fields, **known}) for template in templates]


def asked(resources: Sequence[PlannedResource], names: Names) -> Iterator[Asked]:
    """All that the stand-in sends to create, read, change and delete what is planned."""
    for one in resources:
        if one.type.startswith("aws:"):
            kind = RESOURCES[one.type]
            for stage, operation, first in _operations(kind, one.inputs):
                action = AS_ACTION.get(operation, operation).replace("bedrock-agentcore-control:", "bedrock-agentcore:")
                yield from (Asked(resource=one, stage=stage, request=each) for each in _requests(kind, one, stage, action, first, names))


def _operations(kind: ResourceType, inputs: Mapping[str, Any]) -> Iterator[tuple[str, str, bool]]:
    """The calls, and whether it is the one that makes the resource."""
    first, *later = kind.creation
    made = len(later) == 0 or "Describe" not in first.operation
    yield "create" if made else "read", first.operation, made
    yield from (("create", call.operation, False) for call in later if call.members.keys() & inputs.keys() and call.holds(inputs))
    yield from (("create", request.operation, False) for request in kind.after_create)
    if kind.tags and kind.tags.tag:
        yield "create", kind.tags.tag.operation, False
        yield "change", kind.tags.tag.operation, False
    if kind.tags and kind.tags.untag:
        yield "change", kind.tags.untag.operation, False
    if kind.read:
        yield from (("read", request.operation, False) for request in (kind.read.request, *kind.read.further.values()))
    if kind.tags and kind.tags.read:
        yield "read", kind.tags.read.operation, False
    yield from (("change", call.operation, False) for call in kind.changes)
    for removal in kind.deletion:
        if removal.holds(inputs):
            yield "delete", removal.operation, False


def _requests(kind: ResourceType, one: PlannedResource, stage: str, action: str, makes: bool, names: Names) -> Iterator[IamRequest]:
    tags = {"Project": PROJECT, "Environment": names.stack}
    asking = {f"aws:RequestTag/{key}": [value] for key, value in tags.items()}
    having = {f"aws:ResourceTag/{key}": [value] for key, value in tags.items()}
    own_tags = kind.tags is not None or "agentcore" in one.type
    bounded = {"iam:PermissionsBoundary": [f"arn:aws:iam::{names.account}:policy/{names.permissions_boundary}"]}
    new = stage == "create" and own_tags and (makes or action.partition(":")[2] in TAGGING)
    context = {**(asking if new else having), **(bounded if one.type.startswith("aws:iam/role") else {})}
    if one.type == "aws:ssm/parameter:Parameter" and stage == "change" and action == "ssm:PutParameter":
        context = {**context, "ssm:Overwrite": ["true"]}
    by = kind.creation[0].operation.partition(":")[2]
    if new and action == "ec2:CreateTags" and one.type != TAGGED_LATER:
        context = {**context, "ec2:CreateAction": [by]}
    for arn in arns(one, names):
        if action == "wafv2:DisassociateWebACL" and ":wafv2:" in arn:
            continue  # it names the resource alone
        yield IamRequest(action=action, resource=f"{arn}/key" if action == "s3:DeleteObject" else arn, context=context)
    for name, what in NAMES_IN_INPUTS.items():
        found = find(action)
        if makes and found and f"ec2:*:*:{what}/*" in found.types and name in one.inputs:
            yield IamRequest(action=action, resource=names.arn("ec2", f"{what}/{ID}"), context=having)
