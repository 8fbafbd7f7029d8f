"""Edits of the samples that AWS refuses, and what the refusal must say."""

from __future__ import annotations

import json
from typing import Final, NamedTuple

from local.provider.assets import ARCHIVE, ASSET, SIGNATURE
from tests.local.provider.samples import ACCOUNT

GONE: Final = object()
"""In an edit: take the property out."""

GATEWAY_ARN = f"arn:aws:bedrock-agentcore:us-east-1:{ACCOUNT}:gateway/evolution-prod-abcdefgh12"
CONTAINER = {"name": "engine", "image": "engine", "essential": True}


class Edit(NamedTuple):
    """A property, what is put there, words that the refusal must hold, and the property that it must name where that is another."""

    path: str
    value: object
    says: str
    named: str | None = None


REFUSED: dict[str, list[Edit]] = {
    "aws:appautoscaling/policy:Policy": [
        Edit("targetTrackingScalingPolicyConfiguration.targetValue", GONE, "TargetValue is required"),
    ],
    "aws:appautoscaling/scheduledAction:ScheduledAction": [
        Edit("scalableTargetAction.minCapacity", "one", "a whole number"),
    ],
    "aws:appautoscaling/target:Target": [
        Edit("scalableDimension", "ecs:service:Count", "write ecs:service:DesiredCount"),
        Edit("resourceId", "", "at least 1"),
    ],
    "aws:bedrock/agentcoreAgentRuntime:AgentcoreAgentRuntime": [
        Edit("agentRuntimeName", "evolution-dev", "must match"),
        Edit("agentRuntimeArtifact", {}, "exactly one of containerConfiguration, codeConfiguration"),
        Edit("agentRuntimeArtifact.containerConfiguration.containerUri", "docker.io/evolution", "must match"),
        Edit("networkConfiguration", GONE, "the provider requires it"),
        Edit("networkConfiguration.networkMode", "PRIVATE", "one of PUBLIC, VPC"),
        Edit("networkConfiguration.networkModeConfig.subnets", [], "at least 1 items"),
        Edit("environmentVariables", {}, "leave it out"),
        Edit("lifecycleConfigurations[0].maxLifetime", 30, "at least 60"),
        Edit("protocolConfiguration.serverProtocol", "GRPC", "one of MCP, HTTP, A2A"),
        Edit(
            "authorizerConfiguration.customJwtAuthorizer.customClaims[0].inboundTokenClaimValueType",
            "NUMBER",
            "one of STRING, STRING_ARRAY",
        ),
    ],
    "aws:bedrock/agentcoreAgentRuntimeEndpoint:AgentcoreAgentRuntimeEndpoint": [
        Edit("name", "the-endpoint", "must match"),
        Edit("agentRuntimeVersion", "v1", "must match"),
        Edit("agentRuntimeId", "evolution_dev", "must match"),
    ],
    "aws:bedrock/agentcoreGateway:AgentcoreGateway": [
        Edit("name", "evolution_dev", "must match"),
        Edit("authorizerType", "IAM", "one of CUSTOM_JWT, AWS_IAM"),
        Edit("protocolType", "HTTP", "one of MCP"),
        Edit("roleArn", GONE, "roleArn is required"),
        Edit("interceptorConfigurations[0].interceptionPoints[0]", "BOTH", "one of REQUEST, RESPONSE"),
    ],
    "aws:bedrock/agentcoreGatewayTarget:AgentcoreGatewayTarget": [
        Edit("name", "the_runtime", "must match"),
        Edit("targetConfiguration.http.agentcoreRuntime.arn", GATEWAY_ARN, "must match"),
        Edit("targetConfiguration", GONE, "is required"),
        Edit("targetConfiguration.http.agentcoreRuntime.schema.source.inlinePayload", "text", "must be a list of objects"),
        Edit("credentialProviderConfiguration", {"role": {}}, "one of apiKey, callerIamCredentials"),
        Edit("credentialProviderConfiguration.gatewayIamRole.service", "a b", "must match", "credentialProviderConfiguration"),
    ],
    "aws:bedrock/agentcorePolicy:AgentcorePolicy": [
        Edit("name", "evolution-dev", "must match"),
        Edit("definition.cedar.statement", "permit(p, a, r);", "at least 35 characters"),
        Edit("validationMode", "IGNORE", "one of FAIL_ON_ANY_FINDINGS, IGNORE_ALL_FINDINGS"),
    ],
    "aws:bedrock/agentcorePolicyEngine:AgentcorePolicyEngine": [
        Edit("name", "evolution-dev", "must match"),
        Edit("encryptionKeyArn", "alias/evolution", "must match"),
    ],
    "aws:bedrock/agentcoreResourcePolicy:AgentcoreResourcePolicy": [
        Edit("policy", "open", "must be JSON"),
        Edit("resourceArn", "arn", "at least 20 characters"),
    ],
    "aws:bedrock/guardrail:Guardrail": [
        Edit("name", "evolution dev", "must match"),
        Edit("description", "", "at least 1 characters"),
        Edit("kmsKeyArn", "key", "must match"),
        Edit("blockedOutputsMessaging", GONE, "is required"),
        Edit("contentPolicyConfig.filtersConfigs[0].inputStrength", "STRONG", "one of NONE, LOW, MEDIUM, HIGH"),
        Edit("contentPolicyConfig.filtersConfigs[0].outputStrength", GONE, "is required"),
        Edit("topicPolicyConfig.topicsConfigs[0].type", "ALLOW", "one of DENY"),
        Edit("contextualGroundingPolicyConfig.filtersConfigs[0].threshold", -0.5, "at least 0"),
        Edit("sensitiveInformationPolicyConfig.piiEntitiesConfigs[0].action", "HIDE", "one of BLOCK, ANONYMIZE, NONE"),
        Edit("tags", {"Autonomy": "85%"}, "must match", "tags.Autonomy"),
    ],
    "aws:bedrock/guardrailVersion:GuardrailVersion": [
        Edit("guardrailArn", "gr-12", "must match"),
        Edit("skipDestroy", "yes", "true or false"),
    ],
    "aws:budgets/budget:Budget": [
        Edit("timeUnit", "WEEKLY", "is one of DAILY, MONTHLY"),
        Edit("limitAmount", "much", "must match"),
        Edit("notifications[0].threshold", -1, "at least 0"),
    ],
    "aws:cloudwatch/compositeAlarm:CompositeAlarm": [
        Edit("alarmRule", "", "at least 1 characters"),
    ],
    "aws:cloudwatch/dashboard:Dashboard": [
        Edit("dashboardBody", "widgets", "must be JSON"),
    ],
    "aws:cloudwatch/logDelivery:LogDelivery": [
        Edit("deliverySourceName", "evolution gateway", "must match"),
        Edit("recordFields[0]", "", "at least 1 characters"),
    ],
    "aws:cloudwatch/logDeliveryDestination:LogDeliveryDestination": [
        Edit("outputFormat", "JSON", "write json"),
        Edit("deliveryDestinationConfiguration.destinationResourceArn", GONE, "is required"),
        Edit("deliveryDestinationConfiguration", GONE, "the provider requires it for logs"),
        Edit("deliveryDestinationType", "XRAY", "must be left out", "deliveryDestinationConfiguration"),
    ],
    "aws:cloudwatch/logDeliverySource:LogDeliverySource": [
        Edit("name", "evolution.gateway", "must match"),
        Edit("logType", GONE, "is required"),
    ],
    "aws:cloudwatch/logGroup:LogGroup": [
        Edit("name", "has a space", "must match"),
        Edit("tags", {"Autonomy": "85%"}, "must match", "tags.Autonomy"),
    ],
    "aws:cloudwatch/logDataProtectionPolicy:LogDataProtectionPolicy": [
        Edit("policyDocument", "open", "must be JSON"),
        Edit("logGroupName", GONE, "logGroupIdentifier is required"),
    ],
    "aws:cloudwatch/logResourcePolicy:LogResourcePolicy": [
        Edit("policyDocument", "{", "must be JSON"),
    ],
    "aws:cloudwatch/metricAlarm:MetricAlarm": [
        Edit("comparisonOperator", "LessThan", "is one of"),
        Edit("evaluationPeriods", 0, "at least 1"),
        Edit("warmUpConfiguration.warmUpPeriodDurationInMinutes", 2881, "at most 2880"),
        Edit("metricQueries[0].metric.stat", GONE, "Stat is required"),
    ],
    "aws:dynamodb/table:Table": [
        Edit("attributes[0].type", "String", "one of S, N, B"),
        Edit("streamViewType", "ALL", "is one of"),
        Edit("pointInTimeRecovery.recoveryPeriodInDays", 36, "at most 35"),
        Edit("ttl.attributeName", GONE, "AttributeName is required"),
        Edit("globalSecondaryIndexes[0].name", "x", "at least 3 characters"),
        Edit("replicas", [], "one region"),
    ],
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": [
        Edit("egress[0].fromPort", "any", "is a whole number"),
    ],
    "aws:ec2/eip:Eip": [
        Edit("domain", "VPC", "one of vpc, standard; write vpc"),
    ],
    "aws:ec2/flowLog:FlowLog": [
        Edit("trafficType", "EVERYTHING", "one of ACCEPT, REJECT, ALL"),
        Edit("vpcId", GONE, "ResourceIds is required"),
    ],
    "aws:ec2/internetGateway:InternetGateway": [
        Edit("vpcId", ["a", "b"], "is a string"),
    ],
    "aws:ec2/natGateway:NatGateway": [
        Edit("connectivityType", "open", "one of private, public"),
    ],
    "aws:ec2/route:Route": [
        Edit("routeTableId", GONE, "RouteTableId is required"),
    ],
    "aws:ec2/routeTable:RouteTable": [
        Edit("vpcId", GONE, "VpcId is required"),
        Edit("routes", [], "use aws.ec2.Route"),
    ],
    "aws:ec2/routeTableAssociation:RouteTableAssociation": [
        Edit("routeTableId", GONE, "is required"),
    ],
    "aws:ec2/securityGroup:SecurityGroup": [
        Edit("description", GONE, "Description is required"),
        Edit("revokeRulesOnDelete", "yes", "true or false"),
    ],
    "aws:ec2/subnet:Subnet": [
        Edit("vpcId", GONE, "VpcId is required"),
        Edit("privateDnsHostnameTypeOnLaunch", "ip", "one of ip-name, resource-name"),
    ],
    "aws:ec2/vpc:Vpc": [
        Edit("instanceTenancy", "shared", "one of default, dedicated, host"),
        Edit("enableDnsSupport", "maybe", "true or false"),
    ],
    "aws:ec2/vpcEndpoint:VpcEndpoint": [
        Edit("vpcEndpointType", "gateway", "write Gateway"),
        Edit("policy", '{"Statement": [', "must be JSON"),
    ],
    "aws:ecr/lifecyclePolicy:LifecyclePolicy": [
        Edit("policy", "{}", "at least 100 characters"),
    ],
    "aws:ecr/repository:Repository": [
        Edit("name", "Evolution", "must match"),
        Edit("encryptionConfigurations[0].encryptionType", "CMK", "is one of AES256"),
    ],
    "aws:ecs/cluster:Cluster": [
        Edit("settings[0].name", "insights", "one of containerInsights"),
    ],
    "aws:ecs/service:Service": [
        Edit("deploymentCircuitBreaker.rollback", GONE, "rollback is required"),
        Edit("networkConfiguration.subnets", GONE, "subnets is required"),
        Edit("networkConfiguration.assignPublicIp", "no", "true or false"),
        Edit("availabilityZoneRebalancing", "ON", "one of ENABLED, DISABLED"),
    ],
    "aws:ecs/taskDefinition:TaskDefinition": [
        Edit("networkMode", "vpc", "awsvpc"),
        Edit("requiresCompatibilities[0]", "fargate", "write FARGATE"),
        Edit("containerDefinitions", "[}", "must be JSON"),
        Edit(
            "containerDefinitions",
            json.dumps([CONTAINER | {"portMappings": [{"containerPort": 8000, "protocol": "TCP"}]}]),
            "one of tcp, udp; write tcp",
            "containerDefinitions[0].portMappings[0].protocol",
        ),
        Edit("containerDefinitions", json.dumps([CONTAINER | {"imgae": "x"}]), "did you mean `image`?", "containerDefinitions[0].imgae"),
    ],
    "aws:iam/policy:Policy": [
        Edit("path", "evolution", "must match"),
    ],
    "aws:iam/role:Role": [
        Edit("name", "a" * 65, "at most 64 characters, not 65"),
        Edit("maxSessionDuration", 60, "at least 3600"),
        Edit("tags", {"Autonomy": "85%"}, "must match", "tags.Autonomy"),
        Edit("assumeRolePolicy", GONE, "AssumeRolePolicyDocument is required"),
        Edit("inlinePolicies", [], "use aws.iam.RolePolicy"),
    ],
    "aws:iam/rolePolicy:RolePolicy": [
        Edit("name", "has a space", "must match"),
    ],
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": [
        Edit("policyArn", "arn", "at least 20 characters"),
    ],
    "aws:kms/alias:Alias": [
        Edit("name", "alias/evolution.dev", "must match"),
    ],
    "aws:kms/key:Key": [
        Edit("rotationPeriodInDays", 30, "at least 90"),
        Edit("deletionWindowInDays", 400, "at most 365"),
        Edit("keyUsage", "ENCRYPT", "write ENCRYPT_DECRYPT"),
    ],
    "aws:lambda/eventSourceMapping:EventSourceMapping": [
        Edit("startingPosition", "FIRST", "is one of"),
        Edit("maximumRecordAgeInSeconds", 700000, "at most"),
        Edit("batchSize", 0, "at least 1"),
    ],
    "aws:lambda/function:Function": [
        Edit("runtime", "python4.0", "is one of"),
        Edit("timeout", 0, "at least 1"),
        Edit("memorySize", 64, "at least 128"),
        Edit("role", "evolution-switch", "must match"),
        Edit("code", {SIGNATURE: ARCHIVE, "assets": {}}, "must be an archive with a file in it"),
        Edit("code", "handler.zip", "must be an archive of files or texts"),
        Edit(
            "code",
            {SIGNATURE: ARCHIVE, "assets": {"handler.py": {SIGNATURE: ASSET, "uri": "https://example.com/handler.py"}}},
            "reads no addresses",
        ),
        Edit("tracingConfig.mode", "On", "is one of Active, PassThrough"),
        Edit("loggingConfig.logFormat", "json", "is one of JSON, Text"),
        Edit("reservedConcurrentExecutions", -1, "at least 0"),
    ],
    "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig": [
        Edit("maximumRetryAttempts", 3, "at most 2"),
        Edit("maximumEventAgeInSeconds", 30, "at least 60"),
    ],
    "aws:lambda/permission:Permission": [
        Edit("action", "sns:Publish", "must match"),
        Edit("sourceArn", "topic", "must match"),
    ],
    "aws:s3/bucket:Bucket": [
        Edit("bucket", GONE, "Bucket is required"),
        Edit("versioning", {"enabled": True}, "use aws.s3.BucketVersioning"),
    ],
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": [
        Edit("rules[0].transitions[0].storageClass", "COLD", "is one of GLACIER"),
        Edit("rules[0].transitions[0].days", 7, "after 30 days at the earliest"),
        Edit("rules[0].expiration.days", 30, "write 31 or more"),
    ],
    "aws:s3/bucketLogging:BucketLogging": [
        Edit("targetPrefix", GONE, "TargetPrefix is required"),
    ],
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": [
        Edit("rule.objectOwnership", "Owner", "is one of"),
    ],
    "aws:s3/bucketPolicy:BucketPolicy": [
        Edit("policy", "allow", "must be JSON"),
    ],
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": [
        Edit("blockPublicAcls", "all", "true or false"),
    ],
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": [
        Edit("rules[0].applyServerSideEncryptionByDefault.sseAlgorithm", "kms", "write aws:kms"),
    ],
    "aws:s3/bucketVersioning:BucketVersioning": [
        Edit("versioningConfiguration.status", "On", "Suspended"),
    ],
    "aws:scheduler/schedule:Schedule": [
        Edit("state", "ON", "is one of ENABLED, DISABLED"),
        Edit("flexibleTimeWindow.mode", "NONE", "is one of OFF, FLEXIBLE"),
        Edit("target.retryPolicy.maximumEventAgeInSeconds", 10, "at least 60"),
    ],
    "aws:scheduler/scheduleGroup:ScheduleGroup": [
        Edit("name", "evolution dev", "must match"),
    ],
    "aws:route53/resolverFirewallConfig:ResolverFirewallConfig": [Edit("firewallFailOpen", "NO", "one of ENABLED, DISABLED")],
    "aws:route53/resolverFirewallDomainList:ResolverFirewallDomainList": [Edit("name", "allowed names!", "must match")],
    "aws:route53/resolverFirewallRule:ResolverFirewallRule": [
        Edit("action", "DENY", "one of ALLOW, BLOCK, ALERT"),
        Edit("firewallDomainRedirectionAction", "TRUST", "one of INSPECT_REDIRECTION_DOMAIN"),
        Edit("priority", GONE, "Priority is required"),
    ],
    "aws:route53/resolverFirewallRuleGroup:ResolverFirewallRuleGroup": [Edit("name", "a!", "must match")],
    "aws:route53/resolverFirewallRuleGroupAssociation:ResolverFirewallRuleGroupAssociation": [
        Edit("mutationProtection", "YES", "one of ENABLED, DISABLED"),
        Edit("vpcId", GONE, "VpcId is required"),
    ],
    "aws:secretsmanager/secret:Secret": [
        Edit("name", "", "at least 1"),
        Edit("recoveryWindowInDays", "soon", "is a whole number"),
    ],
    "aws:secretsmanager/secretVersion:SecretVersion": [
        Edit("secretId", GONE, "SecretId is required"),
        Edit("secretStringWo", "x" * 65537, "[secret]"),
    ],
    "aws:sns/topic:Topic": [
        Edit("name", GONE, "Name is required"),
    ],
    "aws:sns/topicPolicy:TopicPolicy": [
        Edit("policy", "{'a': 1}", "must be JSON"),
    ],
    "aws:sns/topicSubscription:TopicSubscription": [
        Edit("protocol", GONE, "Protocol is required"),
    ],
    "aws:sqs/queue:Queue": [
        Edit("tags", "none", "is a map"),
    ],
    "aws:sqs/queuePolicy:QueuePolicy": [
        Edit("policy", "open", "must be JSON"),
    ],
    "aws:ssm/parameter:Parameter": [
        Edit("type", "Text", "is one of String, StringList, SecureString"),
        Edit("tier", "Free", "is one of"),
    ],
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": [
        Edit("securityGroupId", GONE, "GroupId is required"),
        Edit("cidrIpv4", GONE, "one of cidrIpv4", "description"),
    ],
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": [
        Edit("toPort", 1.5, "is a whole number"),
    ],
    "aws:wafv2/webAcl:WebAcl": [
        Edit("scope", "GLOBAL", "one of CLOUDFRONT, REGIONAL"),
        Edit("visibilityConfig", GONE, "VisibilityConfig is required"),
        Edit("rules[1].statement.rateBasedStatement.limit", 5, "at least 10"),
        Edit("rules[0].statement.managedRuleGroupStatement.vendorName", GONE, "VendorName is required"),
    ],
    "aws:wafv2/webAclAssociation:WebAclAssociation": [
        Edit("webAclArn", "arn", "at least 20 characters"),
        Edit("resourceArn", GONE, "is required"),
    ],
    "aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration": [
        Edit("logDestinationConfigs", [], "at least 1"),
        Edit("loggingFilter.defaultBehavior", "FORGET", "one of KEEP, DROP"),
    ],
    "aws:xray/resourcePolicy:ResourcePolicy": [
        Edit("policyName", "evolution traces", "must match"),
        Edit("policyDocument", "traces", "must be JSON"),
    ],
}
"""By type."""
