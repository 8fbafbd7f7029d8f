"""The environment table: everything that differs between dev, staging and prod, read and checked once.

Each `Pulumi.<stack>.yaml` carries one table under `evolution-system:environment`. `load` turns it into an `Environment`,
or raises `EnvironmentTableError`, whose message names every wrong key, its value, what is allowed and an example.
"""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Sequence
from typing import Annotated, Literal, Self

from pulumi import RunError
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from components.faults import explain
from components.geographies import geographies_of

PROJECT = "evolution-system"
"""The Pulumi project's name, and so the namespace of its configuration keys (Pulumi.yaml)."""

KEY = f"{PROJECT}:environment"
"""The one configuration key that holds the table."""

DISPOSABLE_STACK = "dev"
"""The only stack that may run permissive safety and may be destroyed with its data. Every other name, known or not, is held to
the strict side."""

STACK_PATTERN = re.compile(r"[a-z][a-z0-9]{0,11}")
"""A stack's name is part of every physical name: lower case and no hyphen (AgentCore names take none), 12 characters at most, so that
`evolution-artifacts-<stack>-<12-digit account>-<region>` stays within S3's 63."""

FARGATE_MEMORY_BY_CPU: dict[int, Sequence[int]] = {
    256: (512, 1024, 2048),
    512: range(1024, 4096 + 1, 1024),
    1024: range(2048, 8192 + 1, 1024),
    2048: range(4096, 16384 + 1, 1024),
    4096: range(8192, 30720 + 1, 1024),
    8192: range(16384, 61440 + 1, 4096),
    16384: range(32768, 122880 + 1, 8192),
}
"""CPU units (1024 = one vCPU) to the memory sizes in MiB that Fargate pairs with them. Source: Amazon ECS developer guide, "Task CPU and
memory"."""

LOG_RETENTION_DAYS = (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653)
"""The retention periods that CloudWatch Logs takes. Source: API reference, PutRetentionPolicy."""

SCHEDULE_PATTERN = re.compile(r"rate\([1-9][0-9]* (minute|hour|day)s?\)|cron\([^ ()]+( [^ ()]+){5}\)")
"""Source: EventBridge Scheduler user guide, "Schedule types"."""

DOMAIN_PATTERN = re.compile(r"(\*\.)?([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}")
"""A domain name, or all names under one. Source: Route 53 Resolver developer guide, "Managing your own domain lists"."""

Region = Literal[
    "us-east-1",
    "us-east-2",
    "us-west-2",
    "ap-northeast-1",
    "ap-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "eu-central-1",
    "eu-west-1",
]
"""The regions in which every service of this system is offered; Bedrock AgentCore is the narrowest of them.
Source: "Supported AWS Regions" in the AgentCore developer guide."""

InterfaceEndpoint = Literal["bedrock-runtime", "ecr.api", "ecr.dkr", "logs", "monitoring", "secretsmanager"]
"""The services that the workloads call and that a VPC interface endpoint can keep off the NAT gateways."""

NetworkMode = Literal["PUBLIC", "VPC"]
"""Where agents run: in the stack's private subnets, or in AgentCore's network. Source: AgentCore API reference, NetworkConfiguration."""

Owner = Literal["stack", "account"]
"""Who has a setting that an account and region has once: this stack, or the account's own project (account/)."""

SMALLEST_ISLAND = 4
"""Agents that an island needs: two parents and somebody to be better than (engine/settings.py refuses fewer)."""

SafetyMode = Literal["permissive", "strict"]
"""`strict` refuses what `permissive` only records."""

Strategy = Literal["ga", "cma-es", "sep-cma-es"]
"""How an engine breeds (engine/breeding.py)."""

PRIVATE_NETWORKS = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")
"""Source: RFC 1918."""


def _distinct(values: tuple[str, ...]) -> tuple[str, ...]:
    if twice := sorted({value for value in values if values.count(value) > 1}):
        raise ValueError(f"{', '.join(twice)} stands in it twice")
    return values


def _vpc_cidr(value: str) -> str:
    try:
        network = ipaddress.IPv4Network(value)
    except ValueError as error:
        raise ValueError(f"{error}; write the network address and its prefix length") from None
    if not 16 <= network.prefixlen <= 20:
        raise ValueError("a VPC takes a prefix of /16 to /28, and six subnets of a useful size need /16 to /20")
    if not any(network.subnet_of(ipaddress.IPv4Network(private)) for private in PRIVATE_NETWORKS):
        raise ValueError(f"a VPC must use a private range: {', '.join(PRIVATE_NETWORKS)}")
    return value


def _domain(value: str) -> str:
    if not DOMAIN_PATTERN.fullmatch(value):
        raise ValueError("write a name such as example.com, or *.example.com for all under it")
    return value


def _log_retention(value: int) -> int:
    if value not in LOG_RETENTION_DAYS:
        raise ValueError(f"CloudWatch Logs keeps logs for one of {', '.join(map(str, LOG_RETENTION_DAYS))} days")
    return value


def _schedule(value: str) -> str:
    if not SCHEDULE_PATTERN.fullmatch(value):
        raise ValueError("EventBridge Scheduler takes rate(<number> minutes|hours|days) or cron(<six fields>)")
    return value


Percent = Annotated[int, Field(ge=1, le=100)]
"""A whole percentage, 1 to 100."""

Days = Annotated[int, Field(ge=1, le=3653)]
"""Days, at most ten years."""

VpcCidr = Annotated[str, AfterValidator(_vpc_cidr)]
"""A private IPv4 network, /16 to /20."""

LogRetentionDays = Annotated[int, AfterValidator(_log_retention)]
"""Days, one of LOG_RETENTION_DAYS."""

ImageDigest = Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")]
"""An image's content digest. A tag can be moved after the review; a digest can't."""

ModelId = Annotated[str, Field(pattern=r"^(us|eu|apac|jp|au|global)\.[a-z0-9-]+\.[a-z0-9.:-]+$")]
"""A Bedrock cross-region inference profile, such as us.anthropic.claude-sonnet-4-6."""

TaskName = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_.]{0,199}(:[A-Za-z_][A-Za-z0-9_]{0,199})?$")]
"""A task of the engine's image by its name, such as cartpole, or a module and what makes it, such as engine.mytask:MyTask."""

DomainName = Annotated[str, AfterValidator(_domain)]
"""A domain name, or all names under one: `*.example.com`."""

Schedule = Annotated[str, AfterValidator(_schedule)]
"""When something happens: `rate(15 minutes)` or `cron(0 6 * * ? *)`, in UTC."""

EmailAddress = Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$")]
"""Where alerts go. SNS asks the owner to confirm."""


class Table(BaseModel):
    """Part of the table: frozen (nobody edits it later), closed (an unknown key is an error) and strict ("3" is not 3)."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class FargateSize(Table):
    """A task's CPU (units, 1024 = one vCPU) and memory (MiB): a pair that Fargate offers."""

    cpu: int
    memory: int

    @model_validator(mode="after")
    def _is_offered(self) -> Self:
        sizes = FARGATE_MEMORY_BY_CPU.get(self.cpu)
        if sizes is None:
            raise ValueError(f"Fargate has no task with {self.cpu} CPU units; choose one of {', '.join(map(str, FARGATE_MEMORY_BY_CPU))}")
        if self.memory not in sizes:
            raise ValueError(f"Fargate pairs {self.cpu} CPU units with {', '.join(map(str, sizes))} MiB, not with {self.memory}")
        return self


class NetworkTable(Table):
    """Where the workloads live. `vpc_cidr` is a deployed stack's for good: AWS can't renumber a VPC. `allowed_domains` may be looked up
    besides AWS's own names that the workloads need; null is everything."""

    vpc_cidr: VpcCidr = Field(examples=["10.10.0.0/16"])
    availability_zones: Annotated[int, Field(ge=2, le=6)] = Field(examples=[3])
    nat_gateways: Annotated[int, Field(ge=1, le=6)] = Field(examples=[2])
    interface_endpoints: Annotated[tuple[InterfaceEndpoint, ...], AfterValidator(_distinct)] = Field(examples=[["logs", "monitoring"]])
    allowed_domains: Annotated[tuple[DomainName, ...], AfterValidator(_distinct)] | None = Field(examples=[["pypi.org"]])

    @model_validator(mode="after")
    def _wastes_no_gateway(self) -> Self:
        if self.nat_gateways > self.availability_zones:
            raise ValueError(
                f"nat_gateways ({self.nat_gateways}) must be at most availability_zones ({self.availability_zones}): "
                "each private subnet uses one"
            )
        return self


class Engine(Table):
    """How large the engine is: its task, its container's share of it (CPU units, MiB), how many tasks run, and how many islands (parts
    of the population that evolve apart and exchange a few agents) they share among them: a task beyond these has nothing to do.

    Attributes:
        strategy: how an evolution breeds; one that runs keeps the strategy it began with. docs/engine.md says which suits what.
    """

    task: FargateSize = Field(examples=[{"cpu": 4096, "memory": 8192}])
    container_cpu: Annotated[int, Field(ge=128)] = Field(examples=[3072])
    container_memory: Annotated[int, Field(ge=128)] = Field(examples=[6144])
    desired: Annotated[int, Field(ge=1)] = Field(examples=[3])
    minimum: Annotated[int, Field(ge=1)] = Field(examples=[2])
    maximum: Annotated[int, Field(ge=1, le=1000)] = Field(examples=[100])
    islands: Annotated[int, Field(ge=1, le=256)] = Field(examples=[100])
    strategy: Strategy = Field(examples=["ga"])

    @model_validator(mode="after")
    def _fits(self) -> Self:
        faults: list[str] = []
        if not self.minimum <= self.desired <= self.maximum:
            faults.append(
                f"desired ({self.desired}) must lie between minimum ({self.minimum}) and maximum ({self.maximum}): "
                "the autoscaler would move it there at once"
            )
        if self.container_cpu > self.task.cpu:
            faults.append(f"container_cpu ({self.container_cpu}) must be at most task.cpu ({self.task.cpu})")
        if self.container_memory > self.task.memory:
            faults.append(f"container_memory ({self.container_memory}) must be at most task.memory ({self.task.memory})")
        if faults:
            raise ValueError("; ".join(faults))
        return self


class Limits(Table):
    """What the system may do. The policy pack holds its own ceilings for these rows; a table may be stricter, never looser.

    Attributes:
        autonomy_percent: the share of promotions that may happen without a human.
        agent_memory_bytes: the most that one agent may occupy, in bytes.
        safety_score_minimum: 0.01 to 1; below it, evolution is unsafe.
        instantiation_target_us: the longest that making an agent may take, in microseconds.
    """

    autonomy_percent: Percent = Field(examples=[75])
    agent_memory_bytes: Annotated[int, Field(ge=1024, le=65536)] = Field(examples=[8192])
    max_concurrent_agents: Annotated[int, Field(ge=1, le=100_000)] = Field(examples=[1000])
    safety_mode: SafetyMode = Field(examples=["strict"])
    generations: Annotated[int, Field(ge=1, le=1000)] = Field(examples=[10])
    safety_score_minimum: Annotated[float, Field(ge=0.01, le=1)] = Field(examples=[0.8])
    instantiation_target_us: Annotated[int, Field(ge=1, le=1000)] = Field(examples=[3])

    @property
    def tags(self) -> dict[str, str]:
        """The tags of what enforces them. Values keep to the characters that all services take: no `%`."""
        return {"Autonomy": str(self.autonomy_percent), "AgentMemoryLimit": f"{self.agent_memory_bytes / 1024:g}KB"}


class Retention(Table):
    """How long things are kept.

    Attributes:
        protect_data: False only where the stack may be destroyed with its data.
        log_retention_days: one of CloudWatch Logs' periods.
        artifact_retention_days: after this many days an artifact expires.
        noncurrent_retention_days: how long a replaced or deleted version can still be brought back.
    """

    protect_data: bool = Field(examples=[True])
    log_retention_days: LogRetentionDays = Field(examples=[7])
    artifact_retention_days: Days = Field(examples=[90])
    noncurrent_retention_days: Days = Field(examples=[30])


class Alerts(Table):
    """Who is told, and what is normal: more than that is told.

    Attributes:
        emails: each address must confirm.
        monthly_budget_usd: what the whole account may cost, in US dollars a month.
        guardrail_interventions: how often the guardrail may block or mask, in five minutes.
        model_tokens_per_minute: what the model may read and write, on average of five minutes.
    """

    emails: Annotated[tuple[EmailAddress, ...], AfterValidator(_distinct)] = Field(examples=[["oncall@example.com"]])
    monthly_budget_usd: Annotated[int, Field(ge=1)] = Field(examples=[500])
    guardrail_interventions: Annotated[int, Field(ge=1, le=100)] = Field(examples=[20])
    model_tokens_per_minute: Annotated[int, Field(ge=1, le=100_000)] = Field(examples=[2000])


class Environment(Limits):
    """One stack's table. Each row of a deployed stack can be changed, but for `network.vpc_cidr` and `region`.

    Attributes:
        region: for good: another region is another cloud, to which nothing moves. It takes a stack of its own.
        evolution_task: what evolutions that begin from now on breed; one that runs keeps its own.
        model_invocation_logging: who records every prompt and answer. Of the stacks that share an account, one.
        reserve_concurrency: True keeps Lambda executions back for the functions that must not wait for others, once there is an image.
            A fresh account has none to spare: components/capacity.py says what it needs.
    """

    region: Region = Field(examples=["us-east-1"])
    model_id: ModelId = Field(examples=["us.anthropic.claude-sonnet-4-6"])
    network: NetworkTable
    model_invocation_logging: Owner = Field(examples=["stack"])
    agent_network_mode: NetworkMode = Field(examples=["VPC"])
    engine: Engine
    engine_image_digest: ImageDigest | None = Field(default=None, examples=["sha256:" + "0123456789abcdef" * 4])
    evolution_task: TaskName = Field(examples=["cartpole"])
    evolution_schedule: Schedule = Field(examples=["rate(1 hour)"])
    monitor_task: FargateSize = Field(examples=[{"cpu": 256, "memory": 512}])
    reserve_concurrency: bool = Field(examples=[True])
    retention: Retention
    alerts: Alerts

    @model_validator(mode="after")
    def _calls_a_model_nearby(self) -> Self:
        geographies = geographies_of(self.region)
        if self.model_id.partition(".")[0] not in geographies:
            raise ValueError(
                f"model_id ({self.model_id}) is an inference profile that {self.region} can't call; "
                f"there, its name must start with one of {', '.join(geographies)}"
            )
        return self

    @model_validator(mode="after")
    def _fills_its_islands(self) -> Self:
        if self.engine.islands * SMALLEST_ISLAND > self.max_concurrent_agents:
            raise ValueError(
                f"engine.islands ({self.engine.islands}) must be at most max_concurrent_agents / {SMALLEST_ISLAND} "
                f"({self.max_concurrent_agents // SMALLEST_ISLAND}): each island needs {SMALLEST_ISLAND} agents to select from"
            )
        return self


def common_tags(stack: str) -> dict[str, str]:
    """The tags that every resource carries: none of them changes with a row of the table."""
    return {"Project": PROJECT, "Environment": stack, "ManagedBy": "pulumi", "Purpose": "AI Evolution System"}


class EnvironmentTableError(RunError):
    """The table can't be used; the message is for the person who wrote it. Pulumi prints it without a traceback."""


def load(stack: str, table: str | None) -> Environment:
    """Read a stack's table.

    Args:
        stack: the stack's name, such as `prod`.
        table: the table as the JSON text that Pulumi hands over for an object; None where the stack has none.

    Raises:
        EnvironmentTableError: the stack's name or the table is wrong. The message names every fault, with the value and an example.
    """
    if not STACK_PATTERN.fullmatch(stack):
        raise EnvironmentTableError(
            f"Stack name {stack!r} can't be used: it becomes part of every physical name and must be 1 to 12 lower-case letters "
            "and digits, starting with a letter, such as 'dev'."
        )
    if table is None:
        raise EnvironmentTableError(
            f"Stack {stack!r} has no environment table. Write one under `{KEY}` in Pulumi.{stack}.yaml; Pulumi.dev.yaml is an example."
        )
    try:
        environment = Environment.model_validate_json(table)
    except ValidationError as error:
        faults = [explain(Environment, detail) for detail in error.errors(include_url=False)]
        raise EnvironmentTableError(_report(stack, faults)) from None
    if faults := _faults_outside_the_disposable_stack(stack, environment):
        raise EnvironmentTableError(_report(stack, faults))
    return environment


def _faults_outside_the_disposable_stack(stack: str, environment: Environment) -> list[str]:
    held = (
        ("safety_mode", environment.safety_mode, "strict", "refuse, not only record"),
        ("agent_network_mode", environment.agent_network_mode, "VPC", "keep its agents in its own network"),
        ("network.allowed_domains", json.dumps(environment.network.allowed_domains is not None), "true", "say what may be looked up"),
        ("retention.protect_data", json.dumps(environment.retention.protect_data), "true", "keep its data when it goes"),
    )
    return [
        f"{key} is {value}: every stack but {DISPOSABLE_STACK} must {must}. Write `{key.rpartition('.')[2]}: {wanted}`."
        for key, value, wanted, must in held
        if stack != DISPOSABLE_STACK and value != wanted
    ]


def _report(stack: str, faults: list[str]) -> str:
    lines = "\n".join(f"  - {fault}" for fault in faults)
    return f"The environment table in Pulumi.{stack}.yaml ({KEY}) can't be used:\n{lines}"
