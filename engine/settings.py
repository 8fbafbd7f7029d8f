"""The engine's settings, read from environment variables once. A missing or invalid value is one line and exit code 2.

components/containers.py sets the variables; those with a default are for a laptop, a test, or a team's own task.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Annotated, Any, Literal, NamedTuple, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from engine import EngineError

PREFIX = "EVOLUTION_"
"""Only the engine's variables have this prefix, so an unknown one is a misspelling."""

NonEmptyText = Annotated[str, Field(min_length=1)]


class Range(NamedTuple):
    """The range of a row in any table; tests/test_bounds.py compares it with the table's own."""

    least: int
    most: int


MEMORY = Range(1024, 65536)
"""Bytes of one individual: the table's agent_memory_bytes."""

LEVEL = Range(1, 100)
"""Percent of decisions without a human."""

AGENTS = Range(1, 100_000)
"""Individuals at once, on all islands together: the table's max_concurrent_agents."""

GENERATIONS = Range(1, 1000)

ISLANDS = Range(1, 256)
"""The decisions on all islands' champions are in one item. DynamoDB allows 400 KB; 256 champions take at most 230 KB."""

INSTANTIATION = Range(1, 1000)
"""Microseconds that making an individual may take."""

SMALLEST_ISLAND = 4
"""Two parents, and others to select them from."""

Memory = Annotated[int, Field(ge=MEMORY.least, le=MEMORY.most)]

AutonomyLevel = Annotated[int, Field(ge=LEVEL.least, le=LEVEL.most)]


AnySettings = TypeVar("AnySettings", bound="CommonSettings")


class EngineSettingsError(EngineError):
    """The environment is invalid; one line that names every wrong variable."""


class CommonSettings(BaseModel):
    """The variables of all commands."""

    model_config = ConfigDict(frozen=True, populate_by_name=False)

    environment: NonEmptyText = Field(alias="EVOLUTION_ENVIRONMENT", examples=["dev"])
    safety_enabled: Literal["true"] = Field(alias="EVOLUTION_SAFETY_ENABLED", examples=["true"])
    region: NonEmptyText = Field(alias="AWS_REGION", examples=["us-east-1"])


class Storage(CommonSettings):
    """The tables and the bucket."""

    state_table: NonEmptyText = Field(alias="EVOLUTION_STATE_TABLE", examples=["evolution-state-dev"])
    population_table: NonEmptyText = Field(alias="EVOLUTION_POPULATION_TABLE", examples=["agent-population-dev"])
    checkpoint_table: NonEmptyText = Field(alias="EVOLUTION_CHECKPOINT_TABLE", examples=["evolution-checkpoints-dev"])
    bucket: NonEmptyText = Field(alias="EVOLUTION_ARTIFACTS_BUCKET", examples=["evolution-artifacts-dev-000000000000-us-east-1"])


class Workload(Storage):
    """What the engine and the monitor both need.

    Attributes:
        task: a task of engine/tasks.py by name, or a team's own as `module:attribute`.
        agent_seconds: seconds that scoring one individual may take. Far above what a task needs: an individual that exceeds it is
            dead, and the run no longer repeatable.
        evaluators: processes that score individuals; one for each CPU if unset.
        metric_seconds: how often metrics are published: at least twice in an alarm's period of a minute.
    """

    safety_mode: Literal["permissive", "strict"] = Field(alias="EVOLUTION_SAFETY_MODE", examples=["strict"])
    safety_secret: NonEmptyText = Field(alias="EVOLUTION_SAFETY_SECRET", examples=["EvolutionSafetyConfig-dev"])
    metric_namespace: NonEmptyText = Field(alias="EVOLUTION_METRIC_NAMESPACE", examples=["EvolutionSystem"])
    memory_limit: Memory = Field(alias="AGENT_MEMORY_LIMIT", examples=[8192])
    task: NonEmptyText = Field(default="cartpole", alias="EVOLUTION_TASK", examples=["cartpole"])
    agent_seconds: Annotated[float, Field(gt=0, le=600)] = Field(default=30.0, alias="EVOLUTION_AGENT_SECONDS", examples=[30])
    evaluators: Annotated[int, Field(ge=1, le=64)] | None = Field(default=None, alias="EVOLUTION_EVALUATORS", examples=[3])
    metric_seconds: Annotated[float, Field(gt=0, le=60)] = Field(default=30.0, alias="EVOLUTION_METRIC_SECONDS", examples=[30])


class EngineSettings(Workload):
    """The `engine` command's.

    Attributes:
        strategy: how evolutions that begin from now on are bred.
        population: how many individuals there are at once, on all islands together; as many as are allowed if unset.
        mode_seconds: how old the mode may be that a worker goes by, with 40 islands; with more, as much older (engine/mode.py).
        lease_seconds: how long a worker may send no heartbeat before another takes over its island.
        port: of /health, /ready and /status.
    """

    mode: Literal["autonomous"] = Field(alias="EVOLUTION_MODE", examples=["autonomous"])
    autonomy_level: AutonomyLevel = Field(alias="AI_AUTONOMY_LEVEL", examples=[75])
    instantiation_target_us: Annotated[float, Field(ge=INSTANTIATION.least, le=INSTANTIATION.most)] = Field(
        alias="INSTANTIATION_TARGET_US", examples=[3]
    )
    most_agents: Annotated[int, Field(ge=AGENTS.least, le=AGENTS.most)] = Field(alias="MAX_CONCURRENT_AGENTS", examples=[1000])
    most_generations: Annotated[int, Field(ge=GENERATIONS.least, le=GENERATIONS.most)] = Field(alias="EVOLUTION_GENERATIONS", examples=[10])
    mode_parameter: NonEmptyText = Field(alias="EVOLUTION_MODE_PARAMETER", examples=["/evolution/dev/mode"])
    mode_seconds: Annotated[float, Field(ge=0, le=60)] = Field(default=5.0, alias="EVOLUTION_MODE_SECONDS", examples=[5])
    strategy: Literal["ga", "cma-es", "sep-cma-es"] = Field(default="ga", alias="EVOLUTION_STRATEGY", examples=["ga"])
    islands: Annotated[int, Field(ge=ISLANDS.least, le=ISLANDS.most)] = Field(alias="EVOLUTION_ISLANDS", examples=[4])
    population: Annotated[int, Field(ge=1)] | None = Field(default=None, alias="EVOLUTION_POPULATION", examples=[400])
    lease_seconds: Annotated[float, Field(gt=0, le=600)] = Field(default=20.0, alias="EVOLUTION_LEASE_SECONDS", examples=[20])
    poll_seconds: Annotated[float, Field(gt=0, le=60)] = Field(default=5.0, alias="EVOLUTION_POLL_SECONDS", examples=[5])
    port: Annotated[int, Field(ge=0, le=65535)] = Field(default=8000, alias="EVOLUTION_PORT", examples=[8000])

    @property
    def island_size(self) -> int:
        """Individuals on one island."""
        return (self.population or self.most_agents) // self.islands

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.population and self.population > self.most_agents:
            raise ValueError(
                f"EVOLUTION_POPULATION ({self.population}) must be at most MAX_CONCURRENT_AGENTS ({self.most_agents}), which bounds it"
            )
        if self.island_size < SMALLEST_ISLAND:
            raise ValueError(
                f"{self.population or self.most_agents} individuals on {self.islands} islands leave fewer than {SMALLEST_ISLAND} on each: "
                "there is nothing to select from. Use fewer EVOLUTION_ISLANDS"
            )
        return self


class AgentSettings(CommonSettings):
    """The `agent` command's: AgentCore's runtime, which has no tables.

    Attributes:
        region: the runtime's own, if AgentCore sets it.
        model_region: where the model is called.
        memory_limit: the most bytes that a request may allow an agent.
        autonomy_level: the most percent of its decisions that a request may leave to an agent.
    """

    region: str = Field(default="", alias="AWS_REGION", examples=["us-east-1"])
    model_region: NonEmptyText = Field(alias="BEDROCK_REGION", examples=["us-east-1"])
    model: NonEmptyText = Field(alias="BEDROCK_MODEL_ID", examples=["us.anthropic.claude-sonnet-4-6"])
    guardrail: NonEmptyText = Field(alias="BEDROCK_GUARDRAIL_ID", examples=["abcdefghij"])
    guardrail_version: Annotated[str, Field(pattern="^[1-9][0-9]{0,7}$")] = Field(alias="BEDROCK_GUARDRAIL_VERSION", examples=["1"])
    memory_limit: Memory = Field(alias="AGENT_MEMORY_LIMIT", examples=[8192])
    autonomy_level: AutonomyLevel = Field(alias="AUTONOMY_LEVEL", examples=[75])
    mode_parameter: NonEmptyText = Field(alias="EVOLUTION_MODE_PARAMETER", examples=["/evolution/dev/mode"])
    port: Annotated[int, Field(ge=0, le=65535)] = Field(default=8080, alias="EVOLUTION_PORT", examples=[8080])


def read(kind: type[AnySettings], environment: Mapping[str, str]) -> AnySettings:
    """The settings of one command.

    Raises:
        EngineSettingsError: a variable is missing, impossible or unknown.
    """
    known = {field.alias for one in (EngineSettings, AgentSettings) for field in one.model_fields.values() if field.alias}
    given = {"AWS_REGION": environment.get("AWS_DEFAULT_REGION", ""), **environment}
    faults = [_unknown(name, known) for name in sorted(environment) if name.startswith(PREFIX) and name not in known]
    try:
        settings = kind.model_validate({name: value for name, value in given.items() if name in known})
    except ValidationError as error:
        details: list[Any] = list(error.errors(include_url=False))
        faults += [_explain(kind, detail) for detail in details]
    else:
        if not faults:
            return settings
    raise EngineSettingsError("the environment can't be used: " + "; ".join(faults) + ".")


def _unknown(name: str, known: set[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    return f"{name} is not known" + (f", did you mean {near[0]}?" if near else "")


def _explain(kind: type[CommonSettings], detail: Any) -> str:
    if not detail["loc"]:
        return str(detail["msg"]).removeprefix("Value error, ")
    name = str(detail["loc"][0])
    examples = [field.examples for field in kind.model_fields.values() if field.alias == name]
    example = f" (example: {examples[0][0]})" if examples and examples[0] else ""
    if detail["type"] == "missing":
        return f"{name} is missing{example}"
    return f"{name} is {str(detail['input'])[:80]!r}: {detail['msg']}{example}"
