"""Edits of what runs, each with the exact rules that must fire."""

from __future__ import annotations

import json
from typing import Any

from tests.components.tables import env_of
from tests.policy.builders import UNKNOWN
from tests.policy.planned import DELETED, FOREIGN_KEY, GONE, Edit, Refer, on
from tests.policy.samples import DIGEST, containers
from tests.policy.test_rules import UNREADABLE

TAGS = env_of("prod").tags
"""What enforces prod's limits bears them."""

ENGINE = "containerDefinitions.0"
"""The one container of a task."""

SECRET = "arn:aws:secretsmanager:us-east-1:{}:secret:EvolutionSafetyConfig-prod-AbCdEf"

ROGUE: dict[str, Any] = {
    **json.loads(containers(image=f"000000000000.dkr.ecr.us-east-1.amazonaws.com/evolution-engine-prod@{DIGEST}"))[0],
    "name": "rogue",
    "command": ["agent"],
    "environment": [],
    "logConfiguration": {
        "logDriver": "awslogs",
        "options": {"awslogs-group": "/evolution/prod/engine", "mode": "non-blocking", "max-buffer-size": "4m"},
    },
}
"""A second container, which is told nothing."""

EDITS: tuple[Edit, ...] = (
    *on(
        "compute-engine-logs",
        ("kmsKeyId", GONE, "encryption/log-group-cmk"),
        ("kmsKeyId", FOREIGN_KEY, "encryption/own-key"),
        ("retentionInDays", 7, "data-protection/log-retention"),
        ("name", "/other", "encryption/logs-may-encrypt", "workload/log-group"),
        ("", DELETED, "workload/log-group"),
    ),
    *on(
        "compute-repository",
        ("encryptionConfigurations.0.encryptionType", "AES256", "encryption/repository-cmk"),
        ("encryptionConfigurations.0.kmsKey", FOREIGN_KEY, "encryption/own-key"),
        ("imageTagMutability", "MUTABLE", "workload/immutable-tags"),
        ("imageScanningConfiguration.scanOnPush", False, "workload/scan-on-push"),
        ("forceDelete", True, "data-protection/images-kept"),
        ("name", "other", "workload/own-repository"),
    ),
    *on(
        "compute-repository-lifecycle",
        ("", DELETED, "workload/repository-lifecycle"),
    ),
    *on(
        "compute-cluster",
        ("settings.0.value", "disabled", "workload/container-insights"),
        ("configuration.managedStorageConfiguration.fargateEphemeralStorageKmsKeyId", GONE, "encryption/cluster-cmk"),
        ("configuration", GONE, "encryption/cluster-cmk"),
        ("tagsAll.Autonomy", "99", "governance/tags"),
        ("tagsAll.Autonomy", GONE, "governance/tags"),
        ("tagsAll.Purpose", GONE, "governance/tags"),
        ("tagsAll.AUTONOMY", TAGS["Autonomy"]),
        ("tagsAll.AUTONOMY", "99", "governance/tags"),
    ),
    *on(
        "compute-engine-service",
        ("desiredCount", 1000, "environment/table-figures"),
        ("networkConfiguration.assignPublicIp", True, "network/no-public-ip"),
        ("networkConfiguration.subnets", Refer("network-public-0"), "network/private-placement", "network/own-parts"),
        ("enableExecuteCommand", True, "workload/no-shell"),
        ("platformVersion", "1.3.0", "workload/platform-version"),
        ("launchType", "EC2", "workload/fargate-service"),
        ("capacityProviderStrategies", [{"capacityProvider": "FARGATE_SPOT"}], "workload/fargate-service"),
        ("deploymentCircuitBreaker.enable", False, "workload/rollout"),
        ("deploymentCircuitBreaker.rollback", False, "workload/rollout"),
        ("deploymentMinimumHealthyPercent", 0, "workload/rollout"),
        ("deploymentMaximumPercent", 100, "workload/rollout"),
        ("deploymentController", {"type": "EXTERNAL"}, "workload/rollout"),
        ("waitForSteadyState", False, "workload/rollout"),
        ("waitForSteadyState", GONE, "workload/rollout"),
        ("availabilityZoneRebalancing", "DISABLED", "workload/fargate-service"),
        ("taskDefinition", "other:1", "workload/own-task"),
        ("propagateTags", "NONE", "governance/task-tags"),
        ("tagsAll.AgentMemoryLimit", GONE, "governance/tags"),
        ("name", "engine", "alarms/running-tasks"),
        ("ignoreChanges", (), "workload/untouched-count"),
    ),
    *on(
        "compute-engine-task",
        (f"{ENGINE}.image", "000000000000.dkr.ecr.us-east-1.amazonaws.com/evolution-engine-prod:latest", "workload/image-by-digest"),
        (
            f"{ENGINE}.image",
            "docker.io/library/python@sha256:0000000000000000000000000000000000000000000000000000000000000000",
            "workload/own-repository",
        ),
        ("tagsAll.Autonomy", GONE, "governance/tags"),
        (f"{ENGINE}.privileged", True, "workload/unprivileged"),
        (f"{ENGINE}.user", "root", "workload/not-root"),
        (f"{ENGINE}.user", GONE, "workload/not-root"),
        (f"{ENGINE}.readonlyRootFilesystem", False, "workload/read-only-root"),
        (f"{ENGINE}.linuxParameters.capabilities.drop", [], "workload/no-capabilities"),
        (f"{ENGINE}.linuxParameters.capabilities.add", ["SYS_PTRACE"], "workload/unprivileged"),
        (f"{ENGINE}.linuxParameters.capabilities.add", ["SYS_ADMIN"], "workload/unprivileged"),
        (f"{ENGINE}.linuxParameters.capabilities.add", GONE),
        (f"{ENGINE}.linuxParameters.devices", [{"hostPath": "/dev/kmsg"}], "workload/unprivileged"),
        (f"{ENGINE}.logConfiguration", GONE, "workload/log-delivery", "workload/log-group", "workload/logged"),
        (f"{ENGINE}.logConfiguration.options.mode", "blocking", "workload/log-delivery"),
        (f"{ENGINE}.logConfiguration.options.max-buffer-size", GONE, "workload/log-delivery"),
        (f"{ENGINE}.logConfiguration.options.awslogs-group", "/elsewhere", "workload/log-group"),
        (f"{ENGINE}.healthCheck", GONE, "workload/health-check"),
        (f"{ENGINE}.environment.AI_AUTONOMY_LEVEL", "95", "environment/container-limits", "environment/table-equality"),
        (f"{ENGINE}.environment.AI_AUTONOMY_LEVEL", "80", "environment/table-equality"),
        (f"{ENGINE}.environment.AGENT_MEMORY_LIMIT", "8192", "environment/container-limits", "environment/table-equality"),
        (f"{ENGINE}.environment.MAX_CONCURRENT_AGENTS", "20000", "environment/container-limits", "environment/table-equality"),
        (f"{ENGINE}.environment.MAX_CONCURRENT_AGENTS", "-1", "environment/container-limits", "environment/table-equality"),
        (f"{ENGINE}.environment.INSTANTIATION_TARGET_US", "9", "environment/container-limits", "environment/table-equality"),
        (f"{ENGINE}.environment.EVOLUTION_GENERATIONS", "500", "environment/container-limits", "environment/table-equality"),
        (f"{ENGINE}.environment.EVOLUTION_SAFETY_MODE", "permissive", "environment/container-limits", "environment/table-equality"),
        (f"{ENGINE}.environment.EVOLUTION_SAFETY_ENABLED", "false", "environment/container-limits"),
        (f"{ENGINE}.environment.EVOLUTION_ENVIRONMENT", "dev", "environment/table-equality"),
        (f"{ENGINE}.environment.EVOLUTION_ISLANDS", "1000000", "environment/table-equality"),
        (f"{ENGINE}.environment.EVOLUTION_STRATEGY", "cma-es", "environment/table-equality"),
        (f"{ENGINE}.environment.EVOLUTION_METRIC_NAMESPACE", "Custom", "environment/table-equality"),
        (f"{ENGINE}.environment.EVOLUTION_METRIC_NAMESPACE", "EvolutionSystem", "environment/table-equality"),
        (f"{ENGINE}.environment.EVOLUTION_MODE", "free", "environment/table-equality"),
        (f"{ENGINE}.environment.BEDROCK_REGION", "eu-west-1", "environment/table-equality"),
        (f"{ENGINE}.environment.API_KEY", "hunter2", "environment/no-secret"),
        (
            f"{ENGINE}.environment.BEDROCK_MODEL_ID",
            "us.meta.llama3-1-8b-instruct-v1:0",
            "agentcore/guardrail-used",
            "agentcore/model",
            "environment/table-equality",
        ),
        (f"{ENGINE}.environment.AGENT_MEMORY_LIMIT", GONE, "environment/container-limits", "environment/engine-bounded"),
        ("containerDefinitions", "[]", *UNREADABLE),
        (f"{ENGINE}.command", ["sh", "-c", "AI_AUTONOMY_LEVEL=100 exec engine"], "workload/command"),
        (f"{ENGINE}.command", "engine", "workload/command"),
        (f"{ENGINE}.command", ["monitor"], "workload/command"),
        (f"{ENGINE}.command", GONE, "workload/command"),
        (f"{ENGINE}.entryPoint", ["sh", "-c"], "workload/command"),
        (f"{ENGINE}.name", "rogue", "workload/known-container"),
        (f"{ENGINE}.essential", False, "workload/known-container"),
        ("containerDefinitions.1", ROGUE, "environment/table-equality", "workload/known-container"),
        ("containerDefinitions.1", {**ROGUE, "name": "agent"}, "environment/table-equality", "workload/known-container"),
        (f"{ENGINE}.environmentFiles", [{"type": "s3", "value": "arn:aws:s3:::foreign/x.env"}], "environment/reviewed-sources"),
        (f"{ENGINE}.secrets", [{"name": "EXTRA", "valueFrom": SECRET.format("999999999999")}], "environment/reviewed-sources"),
        (f"{ENGINE}.secrets", [{"name": "EXTRA", "valueFrom": SECRET.format("000000000000")}]),
        ("skipDestroy", False, "workload/revision-kept"),
        ("skipDestroy", GONE, "workload/revision-kept"),
        ("networkMode", "host", "workload/fargate", "workload/isolated"),
        ("pidMode", "host", "workload/isolated"),
        ("ipcMode", "host", "workload/isolated"),
        ("requiresCompatibilities", ["EC2"], "workload/fargate"),
        ("runtimePlatform.cpuArchitecture", "X86_64", "workload/fargate"),
        ("volumes", [{"name": "scratch", "hostPath": "/var"}], "workload/isolated"),
    ),
    *on(
        "compute-monitor-service",
        ("name", "monitor", "alarms/running-tasks", "workload/safety-monitor"),
        ("desiredCount", 0, "workload/safety-monitor"),
        ("waitForSteadyState", GONE, "workload/rollout"),
        ("taskDefinition", Refer("compute-engine-task"), "workload/safety-monitor"),
        ("", DELETED, "workload/safety-monitor"),
    ),
    *on(
        "compute-monitor-task",
        ("taskRoleArn", Refer("compute-engine-role"), "workload/safety-monitor"),
        (f"{ENGINE}.environment.EVOLUTION_POPULATION_TABLE", "other", "environment/table-equality"),
        (f"{ENGINE}.environment.EVOLUTION_METRIC_NAMESPACE", "EvolutionSystem/Engine", "environment/table-equality"),
        (f"{ENGINE}.environment.EVOLUTION_SAFETY_MODE", GONE, "environment/container-limits"),
        ("", DELETED, "workload/own-task", "workload/safety-monitor"),
    ),
    *on(
        "compute-engine-scaling",
        ("maxCapacity", 1000, "environment/scale-bounds"),
        ("ignoreChanges", (), "workload/untouched-bounds"),
        ("ignoreChanges", ("minCapacity", "suspendedState"), "workload/untouched-bounds"),
        ("minCapacity", 50, "environment/scale-bounds"),
        ("minCapacity", 0, "environment/scale-bounds"),
        ("maxCapacity", UNKNOWN, "environment/scale-bounds"),
        ("", DELETED, "alarms/running-tasks", "environment/scale-bounds"),
        ("tagsAll.Environment", GONE, "governance/tags", "alarms/switch-may-halt"),
    ),
    *on(
        "compute-engine-bounds",
        ("scalableTargetAction.maxCapacity", 1000, "environment/scale-bounds"),
        ("scalableTargetAction.maxCapacity", GONE, "environment/scale-bounds"),
        ("scalableTargetAction.minCapacity", 50, "alarms/running-tasks", "environment/scale-bounds"),
        ("scalableTargetAction", UNKNOWN, "environment/scale-bounds"),
        ("schedule", "at(2026-12-24T00:00:00)", "environment/scale-bounds"),
        ("schedule", "rate(90 minutes)", "environment/scale-bounds"),
        ("endTime", "2026-12-24T00:00:00Z", "environment/scale-bounds"),
        ("resourceId", "service/other/other", "alarms/running-tasks", "environment/scale-bounds"),
        ("", DELETED, "alarms/running-tasks", "environment/scale-bounds"),
    ),
    *on(
        "compute-engine-scaling-cpu",
        ("targetTrackingScalingPolicyConfiguration.targetValue", 100, "workload/autoscaling"),
        ("policyType", "StepScaling", "workload/autoscaling"),
        ("", DELETED, "workload/autoscaling"),
    ),
    *on(
        "compute-engine-scaling-memory",
        ("resourceId", "service/other/other", "workload/autoscaling"),
    ),
    *on(
        "compute-workload-https",
        ("ipProtocol", "-1", "network/narrow-egress"),
        ("fromPort", 22, "network/narrow-egress"),
        ("toPort", 65535, "network/narrow-egress"),
        ("tagsAll.Autonomy", "85%", "governance/tag-characters", "governance/tags"),
    ),
    *on(
        "compute-engine-role",
        ("tagsAll.AgentMemoryLimit", "8KB", "governance/tags"),
        ("tagsAll.AgentMemoryLimit", TAGS["AgentMemoryLimit"]),
        ("tagsAll.agentmemorylimit", "8KB", "governance/tags"),
        ("tagsAll.Autonomy", UNKNOWN, "governance/tags"),
    ),
    *on(
        "compute-insights-logs",
        ("retentionInDays", GONE, "data-protection/log-retention"),
    ),
    *on("evolution-archiver-role-grants", ("policy.Statement.7.Action", ["sqs:GetQueueUrl"], "workload/failures-granted")),
)
