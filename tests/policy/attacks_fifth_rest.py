"""The fifth set, its other half: what runs, keys, logs, options, and kinds of resources that are new here."""

from __future__ import annotations

import pulumi

from components.function import sources
from tests.policy.attacks import ACCOUNT, ARN, FOREIGN, at, attack, new
from tests.policy.attacks_watch import CONTAINERS
from tests.policy.planned import DELETED, GONE, Edit

COMPUTE = (
    attack(
        "a thousand engines to begin with",
        "The service is made with ten times the table's maximum: four thousand processors, paid for until the autoscaler has come down.",
        at("compute-engine-service", "desiredCount", 1000),
        "environment/table-figures",
    ),
    attack(
        "a crash that ECS never sees",
        "The container is started again inside its task, so no alarm on running tasks and no circuit breaker sees an engine that crashes.",
        at("compute-engine-task", f"{CONTAINERS}.0.restartPolicy", {"enabled": True, "restartAttemptPeriod": 60}),
        "approved/properties",
    ),
    attack(
        "tags of one form may move",
        "Whoever pushes moves `latest` to another image after its review.",
        (
            at("compute-repository", "imageTagMutability", "IMMUTABLE_WITH_EXCLUSION"),
            at("compute-repository", "imageTagMutabilityExclusionFilters", [{"filter": "latest*", "filterType": "WILDCARD"}]),
        ),
        "workload/immutable-tags",
    ),
)
COMPUTE_DEV = (
    attack(
        "a week until it scales in",
        "After one busy hour the most engines that are allowed run on, and are paid for, for a week.",
        (
            at("compute-engine-scaling-cpu", "targetTrackingScalingPolicyConfiguration.scaleInCooldown", 604800),
            at("compute-engine-scaling-memory", "targetTrackingScalingPolicyConfiguration.scaleInCooldown", 604800),
        ),
        "approved/choices",
    ),
)
COMPUTE_STAGING = (
    attack(
        "the monitor on spare capacity",
        "AWS takes the monitor's host away whenever it needs it, and nobody scores what is bred meanwhile.",
        (
            at("compute-monitor-service", "launchType", GONE),
            at("compute-monitor-service", "capacityProviderStrategies", [{"capacityProvider": "FARGATE_SPOT", "weight": 1}]),
        ),
        "workload/fargate-service",
    ),
)
"""What runs in containers."""

FUNCTIONS = (
    attack(
        "the switch runs resume's code",
        "Reviewed files under another function's name: what is woken by an unsafe alarm looks whether it may resume, and halts nothing.",
        at("evolution-safety-switch", "code", pulumi.AssetArchive(sources("resume"))),
        "approved/choices",
    ),
    attack(
        "evolutions of a thousand generations",
        "Each start runs twenty times as long, and costs as much, as the table says.",
        at("evolution-trigger", "environment.variables.EVOLUTION_GENERATIONS", "1000"),
        "environment/function-limits",
        "environment/functions-told",
        "environment/table-equality",
    ),
    attack(
        "resume is tried again later",
        "A resumption that was refused while evolution was unsafe is repeated by itself minutes later, when nobody decides it.",
        (
            at("evolution-resume-invocations", "maximumRetryAttempts", 2),
            at("evolution-resume-invocations", "maximumEventAgeInSeconds", 21600),
        ),
        "approved/switch-settings",
    ),
)
FUNCTIONS_DEV = (
    attack(
        "a layer of somebody else's",
        "Another account's code is imported before the function's own, and nobody here has reviewed it.",
        at("evolution-trigger", "layers", [FOREIGN.format("lambda", "layer:boto3:7")]),
        "workload/function-form",
    ),
)
"""Functions, and where their code comes from."""

KEYS = (
    attack(
        "the settings are turned by somebody else's function",
        "A function of another program writes the threshold and the key that promotions are validated with.",
        new(
            "turned",
            "secretsmanager/secretRotation:SecretRotation",
            secretId="EvolutionSafetyConfig-prod",
            rotationLambdaArn=ARN.format("lambda", "function:turns-secrets"),
            rotationRules={"automaticallyAfterDays": 1},
        ),
        "containment/known-types",
    ),
    attack(
        "a key of all regions",
        "Whoever may replicate the key has its material in a region that nobody watches, under a policy of its own.",
        at("security-key", "multiRegion", True),
        "approved/properties",
    ),
    attack(
        "the safety settings in a second region",
        "A copy of the threshold and the validation key lies in Ireland, under AWS's own key and no policy of ours.",
        at("security-safety-settings", "replicas", [{"region": "eu-west-1"}]),
        "encryption/secret-cmk",
    ),
)
KEYS_STAGING = (
    attack(
        "a version of the settings that nobody reads",
        "A threshold that is raised is written beside the current one; the monitor goes on with the lower one.",
        at("security-safety-settings-value", "versionStages", ["AWSPENDING"]),
        "approved/properties",
    ),
)
"""Keys and secrets."""

LOGS = (
    attack(
        "prompts are recorded by nobody",
        "The group, its role and its masks stay; Bedrock isn't told of them, while the table says that this stack records every prompt.",
        Edit("agentcore-prompts-record", "", DELETED, frozenset()),
        "agentcore/prompts-recorded",
    ),
    attack(
        "the engine's log may be deleted",
        "Whoever may delete log groups removes the record of a year; all others are protected from it.",
        at("compute-engine-logs", "deletionProtectionEnabled", GONE),
        "data-protection/log-deletion",
    ),
    attack(
        "two policies of one name",
        "CloudWatch Logs keeps one policy a name: whichever is written first is gone, and one of the two logs isn't delivered.",
        at("security-web-acl-log-delivery", "policyName", "evolution-gateway-logs-prod"),
        "approved/choices",
    ),
)
LOGS_STAGING = (
    attack(
        "the gateway's log without its callers",
        "That there were requests is written down; who asked what isn't.",
        at("agentcore-gateway-logs-delivery", "recordFields", ["event_timestamp"]),
        "approved/properties",
    ),
)
"""Logs, and what else is evidence."""

OPTIONS = (
    attack(
        "the gateway is opened before it is guarded",
        "Without `dependsOn` the target stands before the policies of gateway and runtime do, and stays so where one of them fails.",
        at("agentcore-gateway-target", "dependsOn", ()),
        "approved/order",
    ),
    attack(
        "a provider of two years ago",
        "Its plugin passes over what it doesn't know, such as a log group's protection from deletion.",
        at("aws", "version", "6.66.0"),
        "approved/choices",
    ),
    attack(
        "the gateway's policy is whatever it is",
        "What somebody has written by hand into the gateway's policy stays, whatever the program says.",
        at("agentcore-gateway-policy", "ignoreChanges", ("policy",)),
        "approved/options",
    ),
)
"""What Pulumi and its provider are told."""

NEW = (
    attack(
        "a log that forgets who asked",
        "A transformer drops the caller from each event as it is taken in.",
        new(
            "forgets",
            "cloudwatch/logTransformer:LogTransformer",
            logGroupArn=ARN.format("logs", "log-group:/evolution/prod/gateway"),
            transformerConfigs=[{"parseJson": {}}, {"deleteKeys": {"withKeys": ["caller"]}}],
        ),
        "containment/known-types",
    ),
    attack(
        "the engine on the internet in one line",
        "ECS Express makes a public load balancer, a certificate and a service with the engine's image and role.",
        new(
            "express",
            "ecs/expressGatewayService:ExpressGatewayService",
            executionRoleArn=f"arn:aws:iam::{ACCOUNT}:role/evolution-execution-prod-us-east-1",
            infrastructureRoleArn=f"arn:aws:iam::{ACCOUNT}:role/ecsInfrastructureRole",
            taskRoleArn=f"arn:aws:iam::{ACCOUNT}:role/evolution-engine-prod-us-east-1",
            primaryContainer={"image": f"{ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com/evolution-engine-prod@sha256:{'0' * 64}"},
        ),
        "containment/known-types",
        "containment/own-roles",
    ),
    attack(
        "a machine at spot price",
        "An instance of the old kind runs whatever its user data says, in a subnet of ours.",
        new("spot", "ec2/spotInstanceRequest:SpotInstanceRequest", ami="ami-0123456789abcdef0", instanceType="p5.48xlarge", spotPrice="98"),
        "containment/known-types",
    ),
)
NEW_DEV = (
    attack(
        "a function may call itself for ever",
        "Lambda no longer stops a trigger that starts itself, and the bill runs on.",
        new(
            "recursion",
            "lambda/functionRecursionConfig:FunctionRecursionConfig",
            functionName="evolution-trigger-dev",
            recursiveLoop="Allow",
        ),
        "containment/known-types",
    ),
)
"""Kinds of resources that are new here."""
