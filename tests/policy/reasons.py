"""Why a property that a rule reads may be missing or unknown all the same; test_reads.py finds what is read."""

from __future__ import annotations

from typing import Final

DEFAULTED: Final = "AWS's own default is what the rule wants"
STRICT: Final = "nothing is the strict value"
REQUIRED: Final = "the engine or AWS refuses the resource without it"
SHOWN: Final = "only messages name it"
OTHER: Final = "another entry of the list is enough"
KEY_ALL_THE_SAME: Final = "a cluster whose services can't be told needs the key"
NOBODY_TOLD: Final = "nobody is told that the alarm is OK again, and nothing waits for it"
UNTOLD: Final = "what isn't known here can't be looked for elsewhere"
ELSEWHERE: Final = "this one is found by dependency; those that are found by name have edits in test_edits.py"

NOTHING_SAID: Final = "then there is nothing to read"

LOGS_END = "of the destination of logs, whose type nobody asks for; that of traces is missed"

MAY_GO = {
    ("LogDeliveryDestination", "deliveryDestinationType"): LOGS_END,
    ("Schedule", "flexibleTimeWindow"): REQUIRED,
    ("Schedule", "flexibleTimeWindow.mode"): REQUIRED,
    ("FunctionEventInvokeConfig", "maximumRetryAttempts"): DEFAULTED,
    ("FunctionEventInvokeConfig", "maximumEventAgeInSeconds"): DEFAULTED,
    ("Key", "rotationPeriodInDays"): DEFAULTED,
    ("Budget", "name"): "the topic admits every budget of the account",
    ("CompositeAlarm", "alarmDescription"): NOTHING_SAID,
    ("MetricAlarm", "alarmDescription"): NOTHING_SAID,
    ("Cluster", "name"): KEY_ALL_THE_SAME,
    ("Service", "cluster"): KEY_ALL_THE_SAME,
    ("Role", "name"): ELSEWHERE,
    ("Policy", "name"): ELSEWHERE,
    ("TaskDefinition", "executionRoleArn"): STRICT,
    ("FlowLog", "iamRoleArn"): STRICT,
    ("AgentcoreAgentRuntime", "roleArn"): REQUIRED,
    ("AgentcoreResourcePolicy", "resourceArn"): REQUIRED,
    ("Key", "deletionWindowInDays"): DEFAULTED,
    ("Secret", "recoveryWindowInDays"): DEFAULTED,
    ("DefaultSecurityGroup", "ingress"): STRICT,
    ("DefaultSecurityGroup", "egress"): STRICT,
    ("Subnet", "mapPublicIpOnLaunch"): DEFAULTED,
    ("Subnet", "vpcId"): REQUIRED,
    ("Repository", "forceDelete"): DEFAULTED,
    ("Bucket", "forceDestroy"): DEFAULTED,
    ("Bucket", "bucket"): ELSEWHERE,
    ("MetricAlarm", "actionsEnabled"): DEFAULTED,
    ("MetricAlarm", "okActions"): NOBODY_TOLD,
    ("CompositeAlarm", "okActions"): NOBODY_TOLD,
    ("Service", "networkConfiguration.securityGroups"): "the VPC's default group, which lets nothing through",
    ("MetricAlarm", "datapointsToAlarm"): DEFAULTED,
    ("MetricAlarm", "warmUpConfiguration"): STRICT,
    ("MetricAlarm", "warmUpConfiguration.warmUpPeriodDurationInMinutes"): STRICT,
    ("MetricAlarm", "metricQueries.0.id"): REQUIRED,
    ("VpcEndpoint", "vpcEndpointType"): DEFAULTED,
    ("SecurityGroupIngressRule", "cidrIpv4"): STRICT,
    ("TaskDefinition", "volumes"): STRICT,
    ("TaskDefinition", "taskRoleArn"): OTHER,
    ("Service", "networkConfiguration.assignPublicIp"): DEFAULTED,
    ("Service", "enableExecuteCommand"): DEFAULTED,
    ("Service", "deploymentMinimumHealthyPercent"): DEFAULTED,
    ("Service", "deploymentMaximumPercent"): DEFAULTED,
    ("Service", "availabilityZoneRebalancing"): DEFAULTED,
    ("Route", "gatewayId"): STRICT,
    ("Route", "natGatewayId"): STRICT,
    ("SecurityGroupIngressRule", "securityGroupId"): REQUIRED,
    ("Function", "loggingConfig.applicationLogLevel"): DEFAULTED,
    ("Route", "routeTableId"): REQUIRED,
    ("RouteTableAssociation", "subnetId"): REQUIRED,
    ("RouteTableAssociation", "routeTableId"): REQUIRED,
    ("FlowLog", "logDestinationType"): DEFAULTED,
    ("Vpc", "enableDnsSupport"): DEFAULTED,
    ("LogGroup", "name"): ELSEWHERE,
    ("LogDeliverySource", "name"): REQUIRED,
    ("BucketLifecycleConfiguration", "rules.0.filter"): DEFAULTED,
    ("WebAcl", "rules.0.name"): SHOWN,
    ("WebAcl", "rules.0.statement.managedRuleGroupStatement.ruleActionOverrides"): STRICT,
    ("WebAcl", "rules.0.statement.rateBasedStatement.aggregateKeyType"): DEFAULTED,
    **{("Budget", f"notifications.0.{key}"): OTHER for key in ("threshold", "comparisonOperator", "thresholdType", "notificationType")},
    ("Budget", "notifications.0.subscriberSnsTopicArns"): OTHER,
    ("Queue", "messageRetentionSeconds"): DEFAULTED,
    ("Parameter", "name"): REQUIRED,
    ("Parameter", "value"): STRICT,
    ("SecretVersion", "secretStringWo"): UNTOLD,
    ("AgentcoreAgentRuntime", "environmentVariables.BEDROCK_REGION"): STRICT,
    ("AgentcoreAgentRuntime", "environmentVariables.BEDROCK_MODEL_ID"): STRICT,
    ("Function", "environment.variables.AGENTCORE_GATEWAY_URL"): "then the handler asks the model itself, with the guardrail",
    ("Schedule", "state"): DEFAULTED,
    ("EventSourceMapping", "eventSourceArn"): REQUIRED,
    ("Function", "role"): REQUIRED,
    ("FunctionEventInvokeConfig", "functionName"): REQUIRED,
    ("Permission", "function"): REQUIRED,
    ("Function", "loggingConfig"): DEFAULTED,
    ("Function", "loggingConfig.logGroup"): DEFAULTED,
    ("Guardrail", "sensitiveInformationPolicyConfig.piiEntitiesConfigs.0.type"): SHOWN,
    ("Guardrail", "topicPolicyConfig.topicsConfigs.0.name"): SHOWN,
    ("AgentcorePolicy", "validationMode"): DEFAULTED,
    ("ResolverFirewallConfig", "firewallFailOpen"): DEFAULTED,
    ("ResolverFirewallRule", "firewallRuleGroupId"): REQUIRED,
    ("ResolverFirewallRule", "priority"): REQUIRED,
    ("InvocationLoggingConfiguration", "loggingConfig.textDataDeliveryEnabled"): DEFAULTED,
}
"""What may be deleted, by type and path, and why."""

MAY_GO_ANYWHERE = {"region": "then it is the provider's"}
"""What may be deleted of any type."""

QUERIED = "metricQueries.0.metric.dimensions"

MAY_BE_UNKNOWN = {
    ("LogDeliveryDestination", "deliveryDestinationType"): LOGS_END,
    ("MetricAlarm", "okActions"): OTHER,
    ("CompositeAlarm", "okActions"): OTHER,
    ("AgentcoreAgentRuntimeEndpoint", "agentRuntimeVersion"): "the runtime, by reference",
    ("Budget", "name"): "the topic admits every budget of the account",
    ("TopicSubscription", "redrivePolicy"): "a queue of this stack, by reference",
    ("Cluster", "name"): KEY_ALL_THE_SAME,
    ("Service", "cluster"): KEY_ALL_THE_SAME,
    ("Role", "name"): ELSEWHERE,
    ("Policy", "name"): ELSEWHERE,
    ("MetricAlarm", "metricQueries.0.id"): OTHER,
    ("MetricAlarm", "dimensions.ClusterName"): "the cluster, by reference; the service's name is known",
    **{
        ("MetricAlarm", f"{where}.{name}"): "the gateway, the runtime or the guardrail and its version, by reference"
        for where, name in (
            *((where, name) for where in ("dimensions", QUERIED) for name in ("GuardrailArn", "GuardrailVersion")),
            (QUERIED, "Resource"),
        )
    },
    ("WebAcl", "rules.0.name"): SHOWN,
    ("LogGroup", "name"): ELSEWHERE,
    ("LogDeliverySource", "name"): ELSEWHERE,
    ("Parameter", "name"): SHOWN,
    ("Parameter", "value"): "what another resource makes is no secret that somebody typed",
    ("SecretVersion", "secretStringWo"): UNTOLD,
    ("AgentcoreGatewayTarget", "credentialProviderConfiguration.gatewayIamRole"): "that it is there is all that counts",
    ("Guardrail", "topicPolicyConfig.topicsConfigs.0.name"): SHOWN,
    **{("Budget", f"notifications.0.{key}"): OTHER for key in ("threshold", "comparisonOperator", "thresholdType", "notificationType")},
}
"""What may be unknown beside references, by type and path, and why."""

REFERENCES = frozenset(
    {
        *("kmsKey", "kmsKeyArn", "kmsKeyId", "kmsMasterKeyId", "encryptionKeyArn", "fargateEphemeralStorageKmsKeyId", "targetKeyId"),
        *("alarmActions", "subscriberSnsTopicArns", "topic", "endpoint", "sourceArn"),
        *("bucket", "targetBucket", "repository", "secretId", "resourceId", "resourceArn", "webAclArn"),
        *("logDestination", "logDestinationConfigs", "logGroup", "logGroupName", "policyEngineId"),
        *("firewallDomainListId", "firewallRuleGroupId"),
        *("vpcId", "subnetId", "subnetIds", "subnets", "securityGroupIds", "routeTableId", "routeTableIds", "gatewayId"),
        *("natGatewayId", "securityGroupId"),
        *(
            "roleArn",
            "iamRoleArn",
            "executionRoleArn",
            "permissionsBoundary",
            "policyArn",
            "queueUrl",
            "taskRoleArn",
            "taskDefinition",
            "functionName",
            "eventSourceArn",
            "targetArn",
            "arn",
            "destination",
            "destinationArn",
        ),
        # A function's role, and the queue and the bucket that one is told.
        *("role", "function", "EVOLUTION_DEAD_LETTERS_URL", "EVOLUTION_ARTIFACTS_BUCKET"),
        *("deliverySourceName", "deliveryDestinationArn", "deliveryDestinationConfiguration", "destinationResourceArn"),
        *(
            "securityGroups",
            "AGENTCORE_GATEWAY_URL",
            "agentRuntimeId",
            "gatewayIdentifier",
            "guardrailArn",
            "BEDROCK_GUARDRAIL_ID",
            "BEDROCK_GUARDRAIL_VERSION",
        ),
        # Objects that hold nothing else that a rule reads.
        *("configuration", "managedStorageConfiguration", "deadLetterConfig", "destinationConfig", "onFailure", "target"),
        *("targetConfiguration", "networkModeConfig"),
    }
)
"""Properties whose value is another resource's: unknown counts as present, and rules across resources follow the dependency."""
