"""AgentCore: the guardrail, the gateway in front of the agents, the runtime of the agents, and the handler that calls them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components import agent_alarms, boundary, fence, iam_agentcore, iam_functions
from components.agent_runtime import DeployedRuntime, RuntimeArgs, RuntimeNetwork, deploy_runtime
from components.component import ServiceRole, log_group, masked, pattern_until_made, permissions_boundary, service_role
from components.environment import Limits, NetworkMode, Owner, Retention
from components.function import Attempts, FunctionArgs, deploy
from components.gateway_record import GatewayRecordArgs, record_gateway
from components.guardrail import pinned_guardrail
from components.naming import AGENT_ENDPOINT, GATEWAY_TARGET, Names

HANDLER_SECONDS = 300
HANDLER_MEGABYTES = 1024

HANDLER_ATTEMPTS = Attempts(retries=0, seconds=60)
"""The caller waits for the answer, so a later retry by Lambda would only cost."""


@dataclass(frozen=True, kw_only=True)
class AgentCoreArgs:
    """The arguments of the layer.

    Attributes:
        limits: what agents and handler may do.
        model_id: the inference profile that is called.
        model_invocation_logging: who records every prompt and answer.
        image_digest: as in `ComputeArgs`. None before the first image: then the gateway has no target, and the handler calls the model.
        network_mode, vpc_id, subnet_ids, zone_ids: where the agents run, as in `RuntimeNetwork`.
        reserved: as in `FunctionArgs`.
        boundary_arn: the permissions boundary of roles that ask no model.
        web_acl_arn: checks requests in front of the gateway.
        alarms: on what is made here.
        topic_arn: where they go.
        dead_letters_arn: the queue for events that the handler failed on.
        after: the layers that must be complete before an agent runs.
    """

    names: Names
    limits: Limits
    model_id: str
    model_invocation_logging: Owner
    image_digest: str | None
    network_mode: NetworkMode
    vpc_id: pulumi.Input[str]
    subnet_ids: Sequence[pulumi.Input[str]]
    zone_ids: Sequence[str]
    retention: Retention
    reserved: Mapping[str, int]
    key_arn: pulumi.Input[str]
    boundary_arn: pulumi.Input[str]
    web_acl_arn: pulumi.Input[str]
    alarms: Sequence[agent_alarms.AgentAlarm]
    topic_arn: pulumi.Input[str]
    dead_letters_arn: pulumi.Input[str]
    after: Sequence[pulumi.Resource]


class AgentCore(pulumi.ComponentResource):
    """The guardrail, the gateway and the handler; with an image, the runtime behind them."""

    gateway_url: pulumi.Output[str]

    def __init__(self, name: str, args: AgentCoreArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("evolution:agentcore:AgentCore", name, opts=opts)
        child = pulumi.ResourceOptions(parent=self)
        names = args.names

        recorded = record_prompts(f"{name}-prompts", args, child) if args.model_invocation_logging == "stack" else []
        guardrail = pinned_guardrail(f"{name}-guardrail", names, args.model_id, args.key_arn, child)
        variables: dict[str, pulumi.Input[str]] = {
            "BEDROCK_MODEL_ID": args.model_id,
            "BEDROCK_REGION": names.region,
            **guardrail.variables,
            "AGENT_MEMORY_LIMIT": str(args.limits.agent_memory_bytes),
            "AUTONOMY_LEVEL": str(args.limits.autonomy_percent),
            "EVOLUTION_SAFETY_ENABLED": "true",
            "EVOLUTION_ENVIRONMENT": names.stack,
            "EVOLUTION_MODE_PARAMETER": names.mode_parameter,
        }
        limit = permissions_boundary(
            f"{name}-boundary",
            names.agents_boundary,
            names=names,
            key_arn=args.key_arn,
            description="The most that a role may do which asks models.",
            grants=lambda known: boundary.agent_grants(known, args.model_id),
            opts=child,
        )
        gateway_role = service_role(
            f"{name}-gateway-role",
            names.gateway_role,
            names=names,
            key_arn=args.key_arn,
            description="The AgentCore gateway: asks the runtime.",
            trust=iam_agentcore.gateway_trust(names),
            grants=iam_agentcore.gateway_grants,
            boundary_arn=limit.arn,
            opts=child,
        )
        engine = aws.bedrock.AgentcorePolicyEngine(
            f"{name}-policy-engine",
            name=names.policy_engine,
            description="What may be asked of the agents, and by whom.",
            encryption_key_arn=args.key_arn,
            opts=pulumi.ResourceOptions(parent=self, depends_on=args.after),
        )
        gateway = self._gateway(name, args, gateway_role, engine)
        handler_role = self._handler(name, args, variables, gateway, limit.arn, recorded)
        guard = self._gateway_policy(name, args, gateway, handler_role)
        watched: dict[agent_alarms.Subject, agent_alarms.Dimensions] = {
            "guardrail": agent_alarms.of_guardrail(guardrail.guardrail.guardrail_arn, guardrail.version.version),
            "model": agent_alarms.of_model(args.model_id),
            "gateway": agent_alarms.of_gateway(gateway.gateway_arn),
        }
        if args.image_digest is not None:
            runtime_args = RuntimeArgs(
                names=names,
                image=f"{names.repository_url}@{args.image_digest}",
                variables=variables,
                tags=args.limits.tags,
                grants=lambda known: (*iam_agentcore.runtime_grants(known), *iam_agentcore.model_grants(known, args.model_id)),
                gateway_role=gateway_role,
                network=RuntimeNetwork(
                    network_mode=args.network_mode, vpc_id=args.vpc_id, subnet_ids=args.subnet_ids, zone_ids=args.zone_ids
                ),
                key_arn=args.key_arn,
                boundary_arn=limit.arn,
                retention=args.retention,
                after=[*args.after, *recorded],
            )
            deployed = deploy_runtime(f"{name}-runtime", runtime_args, child)
            target = self._target(name, gateway, [gateway_role.grants, guard], deployed)
            self._policy(name, args, gateway, engine, target)
            watched["runtime"] = agent_alarms.of_runtime(names, deployed.runtime.agent_runtime_arn)
        agent_alarms.declare_alarms(name, names, args.alarms, watched, args.topic_arn, child)

        self.gateway_url = gateway.gateway_url
        self.register_outputs({"gatewayUrl": self.gateway_url})

    def _gateway(
        self, name: str, args: AgentCoreArgs, role: ServiceRole, engine: aws.bedrock.AgentcorePolicyEngine
    ) -> aws.bedrock.AgentcoreGateway:
        """The entrance: signed requests, checked by the web ACL and the policy engine. Without a protocol type it forwards HTTP
        unchanged."""
        gateway = aws.bedrock.AgentcoreGateway(
            f"{name}-gateway",
            name=args.names.gateway,
            description="The only way to the agents.",
            authorizer_type="AWS_IAM",
            role_arn=role.role.arn,
            kms_key_arn=args.key_arn,
            policy_engine_configuration={"arn": engine.policy_engine_arn, "mode": "ENFORCE"},
            opts=pulumi.ResourceOptions(parent=self, depends_on=[role.grants, *args.after]),
        )
        aws.wafv2.WebAclAssociation(
            f"{name}-gateway-web-acl",
            resource_arn=gateway.gateway_arn,
            web_acl_arn=args.web_acl_arn,
            opts=pulumi.ResourceOptions(parent=self),
        )
        record = GatewayRecordArgs(names=args.names, gateway_arn=gateway.gateway_arn, key_arn=args.key_arn, retention=args.retention)
        record_gateway(f"{name}-gateway", record, pulumi.ResourceOptions(parent=self))
        return gateway

    def _gateway_policy(
        self, name: str, args: AgentCoreArgs, gateway: aws.bedrock.AgentcoreGateway, handler: ServiceRole
    ) -> aws.bedrock.AgentcoreResourcePolicy:
        """The gateway's own policy: it admits the handler alone, not whoever else of the account is granted to invoke it."""
        names = args.names
        return aws.bedrock.AgentcoreResourcePolicy(
            f"{name}-gateway-policy",
            resource_arn=gateway.gateway_arn,
            policy=pattern_until_made(gateway.gateway_arn, names.gateway_arn).apply(lambda arn: iam_agentcore.only_handler(names, arn)),
            # AWS refuses a policy that names a role that doesn't exist.
            opts=pulumi.ResourceOptions(parent=self, depends_on=[handler.role]),
        )

    def _target(
        self, name: str, gateway: aws.bedrock.AgentcoreGateway, guards: Sequence[pulumi.Resource], deployed: DeployedRuntime
    ) -> aws.bedrock.AgentcoreGatewayTarget:
        """The gateway's target: the runtime's endpoint, called with the gateway's own role. `guards` must be there before it."""
        return aws.bedrock.AgentcoreGatewayTarget(
            f"{name}-gateway-target",
            name=GATEWAY_TARGET,
            description="The agents.",
            gateway_identifier=gateway.gateway_id,
            target_configuration={
                "http": {
                    "agentcore_runtime": {
                        "arn": deployed.runtime.agent_runtime_arn,
                        "qualifier": AGENT_ENDPOINT,
                        "schema": {"source": {"inline_payload": {"payload": fence.runtime_schema()}}},
                    }
                }
            },
            credential_provider_configuration={"gateway_iam_role": {}},
            opts=pulumi.ResourceOptions(parent=self, depends_on=[*guards, *deployed.ready]),
        )

    def _policy(
        self,
        name: str,
        args: AgentCoreArgs,
        gateway: aws.bedrock.AgentcoreGateway,
        engine: aws.bedrock.AgentcorePolicyEngine,
        target: aws.bedrock.AgentcoreGatewayTarget,
    ) -> None:
        """The only policy: the handler's requests within the limits. AgentCore compares it with the target's schema."""
        names = args.names
        statement = pattern_until_made(gateway.gateway_arn, names.gateway_arn).apply(
            lambda arn: fence.invocation_policy(names, args.limits, arn)
        )
        aws.bedrock.AgentcorePolicy(
            f"{name}-gateway-permit",
            name=f"{names.policy_engine}_invocations",
            description="The handler's requests, within the environment table's limits.",
            policy_engine_id=engine.policy_engine_id,
            definition={"cedar": {"statement": statement}},
            validation_mode="FAIL_ON_ANY_FINDINGS",
            opts=pulumi.ResourceOptions(parent=self, depends_on=[target]),
        )

    def _handler(
        self,
        name: str,
        args: AgentCoreArgs,
        variables: Mapping[str, pulumi.Input[str]],
        gateway: aws.bedrock.AgentcoreGateway,
        boundary_arn: pulumi.Input[str],
        recorded: Sequence[pulumi.Resource],
    ) -> ServiceRole:
        """The handler's role. With an image the handler calls the gateway; without, the model."""
        names = args.names
        calls_gateway = args.image_digest is not None
        function_args = FunctionArgs(
            names=names,
            source="agentcore_handler",
            physical_name=names.handler_function,
            description="Asks an agent for a caller, within the stack's limits and while evolution runs.",
            grants=lambda known: (
                *iam_agentcore.asking_grants(known, args.model_id, through_gateway=calls_gateway),
                *iam_functions.base_grants(known, names.handler_function),
            ),
            variables={**variables, "AGENTCORE_GATEWAY_URL": gateway.gateway_url} if calls_gateway else variables,
            tags=args.limits.tags,
            seconds=HANDLER_SECONDS,
            megabytes=HANDLER_MEGABYTES,
            reserved=args.reserved,
            attempts=HANDLER_ATTEMPTS,
            dead_letters_arn=args.dead_letters_arn,
            key_arn=args.key_arn,
            boundary_arn=boundary_arn,
            retention=args.retention,
            after=[*args.after, *recorded],
        )
        return deploy(f"{name}-handler", function_args, pulumi.ResourceOptions(parent=self)).role


def record_prompts(name: str, args: AgentCoreArgs, opts: pulumi.ResourceOptions) -> list[pulumi.Resource]:
    """Bedrock's record of every prompt and answer, in an encrypted log group that masks credentials and personal data. It is one setting
    for all that calls models in the account and region. What must be there before a model is asked."""
    names = args.names
    role = service_role(
        f"{name}-role",
        names.prompt_log_role,
        names=names,
        key_arn=args.key_arn,
        description="Bedrock: records prompts and answers in their one log group.",
        trust=iam_agentcore.prompt_log_trust(names),
        grants=iam_agentcore.prompt_log_grants,
        boundary_arn=args.boundary_arn,
        opts=opts,
    )
    group = log_group(f"{name}-logs", names.prompt_log_group, key_arn=args.key_arn, retention=args.retention, opts=opts)
    masks = masked(f"{name}-logs-masks", group, opts)
    record = aws.bedrockmodel.InvocationLoggingConfiguration(
        f"{name}-record",
        logging_config={
            "text_data_delivery_enabled": True,
            # The system sends and gets text alone, and whatever else is sent is somebody else's.
            "embedding_data_delivery_enabled": True,
            "image_data_delivery_enabled": True,
            "video_data_delivery_enabled": True,
            "cloudwatch_config": {"log_group_name": group.name, "role_arn": role.role.arn},
        },
        # Bedrock tries the role when it is told, and prompts are masked as they are written.
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=[role.grants, masks])),
    )
    return [record]
