"""Each layer by itself, as a stack's own table has it."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from components import capacity
from components.agent_alarms import agent_alarms
from components.component import ServiceRole
from components.compute import Compute, ComputeArgs
from components.data import Data, DataArgs
from components.evolution import Evolution, EvolutionArgs
from components.monitoring import Monitoring, MonitoringArgs
from components.naming import Names
from components.network import Network, NetworkArgs
from components.safety import safety_alarms
from components.security import Security, SecurityArgs
from tests.components.cloud import ACCOUNT, REGION, RegisteredLayer, build
from tests.components.tables import env_of

KEY = "arn:aws:kms:us-east-1:000000000000:key/11111111-2222-4333-8444-555555555555"
BOUNDARY = "arn:aws:iam::000000000000:policy/boundary"
DIGEST = "sha256:" + "0" * 64

STACKS = ("dev", "staging", "prod")


def names_of(stack: str) -> Names:
    return Names(stack=stack, region=REGION, account=ACCOUNT)


def security(stack: str) -> RegisteredLayer:
    env = env_of(stack)
    return build(lambda: Security("security", SecurityArgs(names=names_of(stack), limits=env, retention=env.retention)).key_arn, stack)


def network(stack: str) -> RegisteredLayer:
    env = env_of(stack)
    args = NetworkArgs(
        names=names_of(stack),
        settings=env.network,
        model_id=env.model_id,
        retention=env.retention,
        key_arn=KEY,
        boundary_arn=BOUNDARY,
    )
    return build(lambda: Network("network", args).vpc_id, stack)


def data(stack: str) -> RegisteredLayer:
    env = env_of(stack)
    return build(lambda: Data("data", DataArgs(names=names_of(stack), retention=env.retention, key_arn=KEY)).stream_arn, stack)


def compute(stack: str, digest: str | None = DIGEST) -> RegisteredLayer:
    env = env_of(stack)

    def declare() -> pulumi.Output[str]:
        role = aws.iam.Role("monitor", name="monitor", assume_role_policy="{}")
        grants = aws.iam.RolePolicy("monitor-grants", name="grants", role=role.name, policy="{}")
        args = ComputeArgs(
            names=names_of(stack),
            limits=env,
            engine=env.engine,
            evolution_task=env.evolution_task,
            image_digest=digest,
            monitor_task=env.monitor_task,
            lacking=capacity.in_words(env),
            retention=env.retention,
            key_arn=KEY,
            boundary_arn=BOUNDARY,
            monitor_role=ServiceRole(role=role, grants=grants),
            vpc_id="vpc-0123456789abcdef0",
            subnet_ids=["subnet-0123456789abcdef0"],
            after=[aws.dynamodb.Table("stored", name="stored", hash_key="id", attributes=[{"name": "id", "type": "S"}])],
        )
        return Compute("compute", args).cluster.name

    return build(declare, stack)


def monitoring(stack: str, *, runs: bool = True, emails: tuple[str, ...] = ("oncall@example.com",)) -> RegisteredLayer:
    env = env_of(stack)
    args = MonitoringArgs(
        names=names_of(stack),
        safety_alarms=safety_alarms(env),
        agent_alarms=agent_alarms(env.alerts, agents_run=runs),
        minimum_tasks={f"evolution-engine-{stack}": 2},
        workload_runs=runs,
        functions=[f"evolution-safety-switch-{stack}"],
        queues=[f"evolution-dead-letters-{stack}"],
        alerts=env.alerts.model_copy(update={"emails": emails}),
        key_arn=KEY,
    )
    return build(lambda: Monitoring("monitoring", args).topic_arn, stack)


def evolution(stack: str) -> RegisteredLayer:
    env = env_of(stack)
    args = EvolutionArgs(
        names=names_of(stack),
        retention=env.retention,
        limits=env,
        schedule=env.evolution_schedule,
        engine=env.engine,
        reserved=capacity.reserved_executions(env.model_copy(update={"engine_image_digest": DIGEST})),
        key_arn=KEY,
        boundary_arn=BOUNDARY,
        stream_arn=f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/evolution-state-{stack}/stream/2026-01-31T00:00:00.000",
        topic_arn=f"arn:aws:sns:{REGION}:{ACCOUNT}:evolution-system-alerts-{stack}",
    )
    return build(lambda: Evolution("evolution", args).dead_letters_arn, stack)


LAYERS = {"security": security, "network": network, "data": data, "compute": compute, "monitoring": monitoring, "evolution": evolution}
