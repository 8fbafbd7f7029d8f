"""The Evolution System on AWS, top to bottom: each layer rests on the ones before it."""

import pulumi
import pulumi_aws as aws

from components import capacity
from components.agent_alarms import agent_alarms
from components.agentcore import AgentCore, AgentCoreArgs
from components.compute import Compute, ComputeArgs, minimum_tasks
from components.data import Data, DataArgs
from components.environment import common_tags, load
from components.evolution import Evolution, EvolutionArgs
from components.monitoring import Monitoring, MonitoringArgs
from components.naming import Names
from components.network import Network, NetworkArgs
from components.safety import safety_alarms
from components.security import Security, SecurityArgs

stack = pulumi.get_stack()
env = load(stack, pulumi.Config().get("environment"))

# Every resource is made by this provider: one region, and the stack's tags on everything that takes them.
provider = aws.Provider("aws", region=env.region, default_tags={"tags": common_tags(stack)})
on_aws = pulumi.ResourceOptions(providers=[provider])
account = aws.get_caller_identity(opts=pulumi.InvokeOptions(provider=provider)).account_id
names = Names(stack=stack, region=env.region, account=account)
reserved = capacity.reserved_executions(env)
watched = agent_alarms(env.alerts, agents_run=env.engine_image_digest is not None)

security = Security("security", SecurityArgs(names=names, limits=env, retention=env.retention), on_aws)
key_arn, boundary_arn = security.key_arn, security.boundary_arn

network = Network(
    "network",
    NetworkArgs(
        names=names, settings=env.network, model_id=env.model_id, retention=env.retention, key_arn=key_arn, boundary_arn=boundary_arn
    ),
    on_aws,
)
data = Data("data", DataArgs(names=names, retention=env.retention, key_arn=key_arn), on_aws)
monitoring = Monitoring(
    "monitoring",
    MonitoringArgs(
        names=names,
        safety_alarms=safety_alarms(env),
        agent_alarms=watched,
        minimum_tasks=minimum_tasks(names, env.engine),
        workload_runs=env.engine_image_digest is not None,
        functions=names.functions,
        queues=[names.dead_letters],
        alerts=env.alerts,
        key_arn=key_arn,
    ),
    on_aws,
)
evolution = Evolution(
    "evolution",
    EvolutionArgs(
        names=names,
        retention=env.retention,
        limits=env,
        schedule=env.evolution_schedule,
        engine=env.engine,
        reserved=reserved,
        key_arn=key_arn,
        boundary_arn=boundary_arn,
        stream_arn=data.stream_arn,
        topic_arn=monitoring.topic_arn,
    ),
    on_aws,
)
agentcore = AgentCore(
    "agentcore",
    AgentCoreArgs(
        names=names,
        limits=env,
        model_id=env.model_id,
        model_invocation_logging=env.model_invocation_logging,
        image_digest=env.engine_image_digest,
        network_mode=env.agent_network_mode,
        vpc_id=network.vpc_id,
        subnet_ids=network.private_subnet_ids,
        zone_ids=network.zone_ids,
        retention=env.retention,
        reserved=reserved,
        key_arn=key_arn,
        boundary_arn=boundary_arn,
        web_acl_arn=security.web_acl_arn,
        alarms=watched,
        topic_arn=monitoring.topic_arn,
        dead_letters_arn=evolution.dead_letters_arn,
        after=[security, network, evolution],
    ),
    on_aws,
)
compute = Compute(
    "compute",
    ComputeArgs(
        names=names,
        limits=env,
        engine=env.engine,
        evolution_task=env.evolution_task,
        image_digest=env.engine_image_digest,
        monitor_task=env.monitor_task,
        lacking=capacity.in_words(env),
        retention=env.retention,
        key_arn=key_arn,
        boundary_arn=boundary_arn,
        monitor_role=security.monitor_role,
        vpc_id=network.vpc_id,
        subnet_ids=network.private_subnet_ids,
        after=[security, network, data, evolution],
    ),
    on_aws,
)

pulumi.export("environment", env.model_dump(mode="json"))
pulumi.export("next_step", compute.next_step)
pulumi.export("repository_url", names.repository_url)
pulumi.export("cluster", names.cluster)
pulumi.export("tables", names.tables)
pulumi.export("agent_handler", names.handler_function)
pulumi.export("agent_gateway_url", agentcore.gateway_url)
pulumi.export("artifacts_bucket", names.artifacts_bucket)
pulumi.export("alert_topic_arn", monitoring.topic_arn)
pulumi.export("dashboard", names.dashboard)
