"""Container definitions: what a task runs, and its environment. Pure functions, fully known at preview."""

from __future__ import annotations

import json
from collections.abc import Mapping

from components.environment import Limits
from components.naming import ENGINE_NAMESPACE, LOG_STREAM_PREFIX, METRIC_NAMESPACE, Names

ENGINE_PORT = 8000
"""TCP. Serves /health, /ready and /status inside the task; no security group allows connections from outside."""

UNPRIVILEGED_USER = "10001:10001"
"""The image's user and group. A number, because ECS can't tell that a name isn't root."""

STOP_SECONDS = 120
"""From SIGTERM to SIGKILL: time for a last checkpoint, and Fargate's maximum."""

SCRATCH_VOLUME = "scratch"
"""The only folder that a container can write to: the root file system is read-only."""


def workload_environment(names: Names, *, namespace: str, task: str) -> dict[str, str]:
    """The variables of both workloads: the task, and names of tables, bucket, secret and namespace. Secret values stay in the secret."""
    return {
        "EVOLUTION_TASK": task,
        "EVOLUTION_ENVIRONMENT": names.stack,
        "EVOLUTION_STATE_TABLE": names.state_table,
        "EVOLUTION_POPULATION_TABLE": names.population_table,
        "EVOLUTION_CHECKPOINT_TABLE": names.checkpoint_table,
        "EVOLUTION_ARTIFACTS_BUCKET": names.artifacts_bucket,
        "EVOLUTION_SAFETY_SECRET": names.safety_secret,
        "EVOLUTION_MODE_PARAMETER": names.mode_parameter,
        "EVOLUTION_METRIC_NAMESPACE": namespace,
    }


def engine_environment(names: Names, limits: Limits, *, islands: int, strategy: str, task: str) -> dict[str, str]:
    """The engine's environment. `islands`: into how many parts the ECS tasks divide the population; `strategy`: how they breed it; `task`:
    for what."""
    return {
        "EVOLUTION_MODE": "autonomous",
        "AI_AUTONOMY_LEVEL": str(limits.autonomy_percent),
        "AGENT_MEMORY_LIMIT": str(limits.agent_memory_bytes),
        "INSTANTIATION_TARGET_US": str(limits.instantiation_target_us),
        "MAX_CONCURRENT_AGENTS": str(limits.max_concurrent_agents),
        "BEDROCK_REGION": names.region,
        "EVOLUTION_SAFETY_ENABLED": "true",
        "EVOLUTION_SAFETY_MODE": limits.safety_mode,
        "EVOLUTION_GENERATIONS": str(limits.generations),
        "EVOLUTION_ISLANDS": str(islands),
        "EVOLUTION_STRATEGY": strategy,
        **workload_environment(names, namespace=ENGINE_NAMESPACE, task=task),
    }


def engine_container(names: Names, limits: Limits, *, image: str, cpu: int, memory: int, islands: int, strategy: str, task: str) -> str:
    """The engine task's one container, as the JSON text that ECS takes. `cpu` in units (1024 = one vCPU), `memory` in MiB."""
    probe = f"import urllib.request as request; request.urlopen('http://127.0.0.1:{ENGINE_PORT}/health', timeout=4)"
    environment = engine_environment(names, limits, islands=islands, strategy=strategy, task=task)
    container = _container(names, "engine", names.engine_log_group, image=image, environment=environment) | {
        "cpu": cpu,
        "memory": memory,
        "portMappings": [{"containerPort": ENGINE_PORT, "protocol": "tcp"}],
        # ECS ignores the image's own HEALTHCHECK.
        "healthCheck": {"command": ["CMD", "python", "-c", probe], "interval": 30, "timeout": 5, "retries": 3, "startPeriod": 60},
    }
    return json.dumps([container])


def monitor_container(names: Names, limits: Limits, *, image: str, task: str) -> str:
    """The safety monitor task's one container, as the JSON text that ECS takes."""
    environment = {
        "AGENT_MEMORY_LIMIT": str(limits.agent_memory_bytes),
        "EVOLUTION_SAFETY_ENABLED": "true",
        "EVOLUTION_SAFETY_MODE": limits.safety_mode,
        **workload_environment(names, namespace=METRIC_NAMESPACE, task=task),
    }
    return json.dumps([_container(names, "monitor", names.monitor_log_group, image=image, environment=environment)])


def _container(names: Names, command: str, log_group: str, *, image: str, environment: Mapping[str, str]) -> dict[str, object]:
    """One image, three commands (engine, monitor, agent): the name of the container is the command that it runs."""
    return {
        "name": command,
        "image": image,
        "command": [command],
        "essential": True,
        "user": UNPRIVILEGED_USER,
        "privileged": False,
        "readonlyRootFilesystem": True,
        # ECS gives the empty list back, and the provider takes a list that it wasn't told for a change: without `add`, every `up` would
        # replace the task definition and roll its service. Source: terraform-provider-aws, containerDefinitionsAreEquivalent.
        "linuxParameters": {"initProcessEnabled": True, "capabilities": {"add": [], "drop": ["ALL"]}},
        "mountPoints": [{"sourceVolume": SCRATCH_VOLUME, "containerPath": "/tmp", "readOnly": False}],
        "environment": [{"name": key, "value": value} for key, value in environment.items()],
        "stopTimeout": STOP_SECONDS,
        "logConfiguration": {
            "logDriver": "awslogs",
            "options": {
                "awslogs-group": log_group,
                "awslogs-region": names.region,
                "awslogs-stream-prefix": LOG_STREAM_PREFIX,
                # A slow log service must not block evolution; lines that don't fit in the buffer are dropped.
                "mode": "non-blocking",
                "max-buffer-size": "4m",
            },
        },
    }
