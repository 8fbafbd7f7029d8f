"""Physical names and ARNs, all of them known before anything exists.

Names are explicit and deterministic so that every ARN, and with them every policy document, is known at preview: the policy pack and
the reviewer judge the real document, not a placeholder. What AWS numbers itself (a key's id, a secret's suffix) is named by the prefix
that is known, with the generated part as the only wildcard.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

PARTITION = "aws"
"""The regions of the environment table are all in the commercial partition."""

METRIC_NAMESPACE = "EvolutionSystem"
"""The CloudWatch namespace of what the safety monitor says: SafetyScore. Its metrics carry the dimension Environment=<stack>."""

ENGINE_NAMESPACE = "EvolutionSystem/Engine"
"""The namespace of what the engine says of itself. A namespace of its own, because IAM can't narrow PutMetricData any further:
whoever may write to a namespace may write every metric in it, and the engine would grade itself.
Source: Service Authorization Reference, "Actions, resources, and condition keys for Amazon CloudWatch" (cloudwatch:namespace)."""

LOG_STREAM_PREFIX = "evolution"
"""The first part of every container's log stream."""

AGENT_ENDPOINT = "evolution"
"""The runtime's endpoint. It is part of the runtime, and so is its name."""

GATEWAY_TARGET = "runtime"
"""The gateway's one target, and the first part of the path that callers ask (functions/agentcore_handler/gateway.py)."""


@dataclass(frozen=True, kw_only=True)
class Names:
    """The names of one stack in one account and region.

    A stem is followed by the stack. Names that are unique in an account rather than in a region (IAM, budgets, dashboards) add the
    region, and buckets, unique in the world, add account and region: stacks, regions and accounts never collide.

    Attributes:
        key_arn: the key's own ARN; None until AWS has made the key.
    """

    stack: str
    region: str
    account: str
    key_arn: str | None = None

    def regional(self, stem: str) -> str:
        """`<stem>-<stack>`, for what is unique in an account's region."""
        return f"{stem}-{self.stack}"

    def in_account(self, stem: str) -> str:
        """`<stem>-<stack>-<region>`, for what is unique in an account."""
        return f"{stem}-{self.stack}-{self.region}"

    def in_world(self, stem: str) -> str:
        """`<stem>-<stack>-<account>-<region>`, for what is unique in the world."""
        return f"{stem}-{self.stack}-{self.account}-{self.region}"

    def arn(self, service: str, resource: str) -> str:
        """The ARN of a regional resource of this account."""
        return f"arn:{PARTITION}:{service}:{self.region}:{self.account}:{resource}"

    # Data.

    @property
    def state_table(self) -> str:
        return self.regional("evolution-state")

    @property
    def population_table(self) -> str:
        return self.regional("agent-population")

    @property
    def checkpoint_table(self) -> str:
        return self.regional("evolution-checkpoints")

    @property
    def tables(self) -> tuple[str, str, str]:
        return (self.state_table, self.population_table, self.checkpoint_table)

    @property
    def artifacts_bucket(self) -> str:
        return self.in_world("evolution-artifacts")

    @property
    def access_logs_bucket(self) -> str:
        return self.in_world("evolution-access-logs")

    def table_arn(self, table: str) -> str:
        return self.arn("dynamodb", f"table/{table}")

    def stream_arn(self, table: str) -> str:
        """A table's stream; AWS makes its label, a time."""
        return f"{self.table_arn(table)}/stream/*"

    def bucket_arn(self, bucket: str) -> str:
        return f"arn:{PARTITION}:s3:::{bucket}"

    # Security.

    @property
    def key_alias(self) -> str:
        return f"alias/{self.regional('evolution')}"

    @property
    def any_key_arn(self) -> str:
        """Every key of the account: AWS makes a key's id. A grant must narrow it by the condition kms:ResourceAliases."""
        return self.arn("kms", "key/*")

    def with_key(self, key_arn: str) -> Names:
        """The same names, where the key is made."""
        return replace(self, key_arn=key_arn)

    @property
    def safety_secret(self) -> str:
        return self.regional("EvolutionSafetyConfig")

    @property
    def safety_secret_arn(self) -> str:
        """Secrets Manager appends a hyphen and six random characters."""
        return self.arn("secretsmanager", f"secret:{self.safety_secret}-??????")

    @property
    def web_acl_log_group(self) -> str:
        """WAF delivers only to a log group whose name starts like this."""
        return self.regional("aws-waf-logs-evolution")

    @property
    def web_acl_metric(self) -> str:
        """The name under which CloudWatch counts what the web ACL decides."""
        return self.regional("evolution-web-acl")

    @property
    def flow_log_group(self) -> str:
        return f"/evolution/{self.stack}/flow-logs"

    @property
    def engine_log_group(self) -> str:
        return f"/evolution/{self.stack}/engine"

    @property
    def monitor_log_group(self) -> str:
        return f"/evolution/{self.stack}/safety-monitor"

    @property
    def insights_log_group(self) -> str:
        """Container Insights writes here; AWS fixes the name, and makes the group without a key if it isn't there."""
        return f"/aws/ecs/containerinsights/{self.cluster}/performance"

    def log_group_arn(self, log_group: str) -> str:
        return self.arn("logs", f"log-group:{log_group}")

    # Roles.

    @property
    def flow_logs_role(self) -> str:
        return self.in_account("evolution-flow-logs")

    @property
    def execution_role(self) -> str:
        return self.in_account("evolution-execution")

    @property
    def engine_role(self) -> str:
        return self.in_account("evolution-engine")

    @property
    def monitor_role(self) -> str:
        return self.in_account("evolution-safety-monitor")

    @property
    def permissions_boundary(self) -> str:
        return self.in_account("evolution-boundary")

    @property
    def agents_boundary(self) -> str:
        """Of the roles of what asks models."""
        return self.in_account("evolution-agents-boundary")

    def role_arn(self, role: str) -> str:
        return f"arn:{PARTITION}:iam::{self.account}:role/{role}"

    # Compute.

    @property
    def repository(self) -> str:
        return self.regional("evolution-engine")

    @property
    def repository_url(self) -> str:
        return f"{self.account}.dkr.ecr.{self.region}.amazonaws.com/{self.repository}"

    @property
    def cluster(self) -> str:
        return self.regional("evolution-system")

    @property
    def engine_service(self) -> str:
        return self.regional("evolution-engine")

    @property
    def monitor_service(self) -> str:
        return self.regional("evolution-safety-monitor")

    def service_arn(self, service: str) -> str:
        return self.arn("ecs", f"service/{self.cluster}/{service}")

    @property
    def scalable_target_arn(self) -> str:
        """Every scalable target of the account: AWS makes its id. A grant must narrow it by the stack's tags."""
        return self.arn("application-autoscaling", "scalable-target/*")

    # AgentCore. It appends a hyphen and ten characters to the names of runtimes, gateways and policy engines.

    @property
    def agent_runtime(self) -> str:
        """AgentCore takes no hyphens here."""
        return f"evolution_{self.stack}"

    @property
    def agent_runtime_arn(self) -> str:
        return self.arn("bedrock-agentcore", f"runtime/{self.agent_runtime}-??????????")

    def agent_log_group(self, runtime_id: str) -> str:
        """Where the agents of the endpoint write; AgentCore fixes the name."""
        return f"/aws/bedrock-agentcore/runtimes/{runtime_id}-{AGENT_ENDPOINT}"

    @property
    def any_agent_log_group(self) -> str:
        return self.agent_log_group(f"{self.agent_runtime}-??????????")

    @property
    def agent_runtime_role(self) -> str:
        return self.in_account("evolution-agent-runtime")

    @property
    def gateway(self) -> str:
        return self.regional("evolution")

    @property
    def gateway_arn(self) -> str:
        return self.arn("bedrock-agentcore", f"gateway/{self.gateway}-??????????")

    @property
    def gateway_role(self) -> str:
        return self.in_account("evolution-gateway")

    @property
    def gateway_log_group(self) -> str:
        return f"/evolution/{self.stack}/gateway"

    @property
    def gateway_traces(self) -> str:
        """What delivers the gateway's traces to X-Ray, and what admits it there."""
        return self.regional("evolution-gateway-traces")

    @property
    def prompt_log_group(self) -> str:
        return f"/evolution/{self.stack}/prompts"

    @property
    def prompt_log_role(self) -> str:
        return self.in_account("evolution-prompts")

    @property
    def policy_engine(self) -> str:
        """AgentCore takes no hyphens here."""
        return f"evolution_{self.stack}"

    @property
    def policy_engine_arn(self) -> str:
        return self.arn("bedrock-agentcore", f"policy-engine/{self.policy_engine}-??????????")

    @property
    def guardrail(self) -> str:
        return self.regional("evolution")

    @property
    def any_guardrail_arn(self) -> str:
        """Every guardrail of the account: AWS makes its id. A grant must narrow it by the stack's tags."""
        return self.arn("bedrock", "guardrail/*")

    # Evolution.

    @property
    def trigger_function(self) -> str:
        return self.regional("evolution-trigger")

    @property
    def switch_function(self) -> str:
        return self.regional("evolution-safety-switch")

    @property
    def resume_function(self) -> str:
        return self.regional("evolution-resume")

    @property
    def archiver_function(self) -> str:
        return self.regional("evolution-archiver")

    @property
    def handler_function(self) -> str:
        return self.regional("evolution-agentcore-handler")

    @property
    def functions(self) -> tuple[str, ...]:
        return (self.handler_function, self.trigger_function, self.switch_function, self.resume_function, self.archiver_function)

    def function_arn(self, function: str) -> str:
        return self.arn("lambda", f"function:{function}")

    def function_log_group(self, function: str) -> str:
        """Lambda's own name for it, so that what looks for a function's logs finds them."""
        return f"/aws/lambda/{function}"

    def function_role(self, function: str) -> str:
        return f"{function}-{self.region}"

    @property
    def handler_role(self) -> str:
        """The only caller of the gateway."""
        return self.function_role(self.handler_function)

    @property
    def schedule_group(self) -> str:
        """The group of the stack's schedules: a role that schedules take on can be narrowed to a group, not to a schedule."""
        return self.regional("evolution")

    @property
    def schedule_group_arn(self) -> str:
        return self.arn("scheduler", f"schedule-group/{self.schedule_group}")

    @property
    def scheduler_role(self) -> str:
        return self.in_account("evolution-scheduler")

    @property
    def mode_parameter(self) -> str:
        """Holds `running` or `halted`. No secret."""
        return f"/evolution/{self.stack}/mode"

    @property
    def mode_parameter_arn(self) -> str:
        return self.arn("ssm", f"parameter{self.mode_parameter}")

    @property
    def dead_letters(self) -> str:
        return self.regional("evolution-dead-letters")

    @property
    def dead_letters_arn(self) -> str:
        return self.arn("sqs", self.dead_letters)

    # Monitoring.

    @property
    def unsafe_alarm(self) -> str:
        """The composite alarm that drives the switch."""
        return self.regional("evolution-unsafe")

    @property
    def alert_topic(self) -> str:
        return self.regional("evolution-system-alerts")

    @property
    def alert_topic_arn(self) -> str:
        return self.arn("sns", self.alert_topic)

    @property
    def dashboard(self) -> str:
        return self.in_account("Evolution-System-Monitoring")

    def alarm_arn(self, alarm: str) -> str:
        return self.arn("cloudwatch", f"alarm:{alarm}")
