"""One bound, one home in each thing that is deployed: what a row of the table may be, the engine, the functions and the pack take, no more
and no less. The engine's image, the functions and the pack import nothing of one another; this test is what ties them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args, get_origin

import pytest
from pydantic import BaseModel
from pydantic.fields import FieldInfo

import limits
from common.results import FunctionError
from common.settings import number
from components import containers
from components.environment import SMALLEST_ISLAND, Environment, EnvironmentTableError, load
from components.naming import Names
from engine import settings
from engine.records import Bounds
from engine.settings import AgentSettings, EngineSettings, EngineSettingsError, Workload, read
from rules.evolution import alarm_agents, governance
from tests.components.test_environment import table_of
from tests.engine.aws import variables
from tests.functions.test_least_privilege import variables_that_are_read
from tests.functions.world import FUNCTIONS

Allowed = tuple[float, float | None] | frozenset[str] | None
"""The least and the most that a row may be (None where nothing but AWS bounds it), or the words that it may be; None if it is neither."""


def allowed(field: FieldInfo) -> Allowed:
    """What pydantic takes for a field."""
    if get_origin(field.annotation) is Literal:
        return frozenset(get_args(field.annotation))
    bounds: dict[str, float] = {
        name: getattr(one, name) for one in field.metadata for name in ("ge", "le", "gt", "lt") if hasattr(one, name)
    }
    assert not bounds.keys() & {"gt", "lt"}, "a bound is written as the last value that is allowed, so that it can be compared"
    return (bounds["ge"], bounds.get("le")) if bounds else None


def rows(model: type[BaseModel] = Environment, place: str = "") -> Iterator[tuple[str, FieldInfo]]:
    """The rows of the table, by path."""
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from rows(field.annotation, f"{place}{name}.")
        else:
            yield place + name, field


TABLE = dict(rows())


@dataclass(frozen=True)
class Counterpart:
    """Where the range of a row is written once more.

    Attributes:
        where: for the message.
        allows: what is written there.
    """

    where: str
    allows: Callable[[], Allowed]


def engine(kind: type[settings.CommonSettings], variable: str) -> Counterpart:
    """A setting of one of the image's commands."""
    (field,) = [field for field in kind.model_fields.values() if field.alias == variable]
    return Counterpart(f"engine/settings.py, {kind.__name__}, {variable}", lambda: allowed(field))


def pack(row: str) -> Counterpart:
    """A limit of the pack."""
    kept = limits.ROWS[row]
    if kept.direction == "order":
        return Counterpart(f"policy/limits.py, {row}", lambda: frozenset(limits.SAFETY_MODES))
    return Counterpart(f"policy/limits.py, {row}", lambda: (kept.lowest, kept.highest))


@dataclass(frozen=True)
class FunctionVariable:
    """A function that is told a row by a variable. Functions have no ranges: they must take both ends of the table's."""

    folder: str
    variable: str


WORKER, MONITOR, AGENT = EngineSettings, Workload, AgentSettings
HANDLER, TRIGGER, RESUME = "agentcore_handler", "evolution_trigger", "resume"

COUNTERPARTS: Mapping[str, tuple[Counterpart | FunctionVariable, ...] | str] = {
    "autonomy_percent": (
        engine(WORKER, "AI_AUTONOMY_LEVEL"),
        engine(AGENT, "AUTONOMY_LEVEL"),
        pack("autonomy_percent"),
        FunctionVariable(HANDLER, "AUTONOMY_LEVEL"),
    ),
    "agent_memory_bytes": (
        engine(WORKER, "AGENT_MEMORY_LIMIT"),
        engine(MONITOR, "AGENT_MEMORY_LIMIT"),
        engine(AGENT, "AGENT_MEMORY_LIMIT"),
        pack("agent_memory_bytes"),
        FunctionVariable(HANDLER, "AGENT_MEMORY_LIMIT"),
        FunctionVariable(TRIGGER, "AGENT_MEMORY_LIMIT"),
    ),
    "max_concurrent_agents": (
        engine(WORKER, "MAX_CONCURRENT_AGENTS"),
        pack("max_concurrent_agents"),
        FunctionVariable(TRIGGER, "MAX_CONCURRENT_AGENTS"),
    ),
    "safety_mode": (engine(WORKER, "EVOLUTION_SAFETY_MODE"), engine(MONITOR, "EVOLUTION_SAFETY_MODE"), pack("safety_mode")),
    "generations": (engine(WORKER, "EVOLUTION_GENERATIONS"), pack("generations"), FunctionVariable(TRIGGER, "EVOLUTION_GENERATIONS")),
    "safety_score_minimum": (pack("safety_score_minimum"),),
    "instantiation_target_us": (engine(WORKER, "INSTANTIATION_TARGET_US"), pack("instantiation_target_us")),
    "engine.islands": (engine(WORKER, "EVOLUTION_ISLANDS"), FunctionVariable(TRIGGER, "EVOLUTION_ISLANDS")),
    "engine.strategy": (engine(WORKER, "EVOLUTION_STRATEGY"),),
    "engine.minimum": (FunctionVariable(RESUME, "ENGINE_MINIMUM"),),
    "engine.maximum": (FunctionVariable(RESUME, "ENGINE_MAXIMUM"),),
    "region": (Counterpart("policy/rules/evolution/governance.py, REGIONS", lambda: frozenset(governance.REGIONS)),),
    "model_id": "the pack approves models by name, whatever they may be called",
    "network.vpc_cidr": "the program alone makes networks of it",
    "network.availability_zones": "the program alone chooses zones",
    "network.nat_gateways": "the pack compares with the table",
    "network.interface_endpoints": "the pack compares with the table",
    "model_invocation_logging": "two words, which the program alone reads",
    "network.allowed_domains": "the program alone makes them",
    "agent_network_mode": "outside the disposable stack the pack takes one of the two words",
    "engine.task.cpu": "Fargate's own sizes, which the table alone lists",
    "engine.task.memory": "Fargate's own sizes, which the table alone lists",
    "engine.container_cpu": "ECS's own",
    "engine.container_memory": "ECS's own",
    "engine.desired": "between minimum and maximum",
    "engine_image_digest": "a digest's own form, for whoever reads one",
    "evolution_task": "a name of the image's",
    "evolution_schedule": "EventBridge Scheduler's own form",
    "monitor_task.cpu": "Fargate's own sizes, which the table alone lists",
    "monitor_task.memory": "Fargate's own sizes, which the table alone lists",
    "reserve_concurrency": "yes or no",
    "retention.protect_data": "yes or no",
    "retention.log_retention_days": "CloudWatch Logs' own periods; the pack holds the least for a tier",
    "retention.artifact_retention_days": "the pack wants an end, whichever",
    "retention.noncurrent_retention_days": "the pack wants an end, whichever",
    "alerts.emails": "a form, not a range",
    "alerts.monthly_budget_usd": "the pack compares with the table",
    "alerts.guardrail_interventions": (
        Counterpart("policy/rules/evolution/alarm_agents.py, MOST_INTERVENED", lambda: (1, alarm_agents.MOST_INTERVENED)),
    ),
    "alerts.model_tokens_per_minute": (
        Counterpart("policy/rules/evolution/alarm_agents.py, MOST_TOKENS_PER_MINUTE", lambda: (1, alarm_agents.MOST_TOKENS_PER_MINUTE)),
    ),
}
"""By row: where its range is written once more, or why it is nowhere else."""


def test_every_row_of_the_table_has_its_counterparts_or_a_reason_why_not() -> None:
    missing, gone = sorted(TABLE.keys() - COUNTERPARTS.keys()), sorted(COUNTERPARTS.keys() - TABLE.keys())
    assert (missing, gone) == ([], []), "a row was added or removed: say in COUNTERPARTS who else must know what it may be"


TIED = [(row, one) for row, ties in COUNTERPARTS.items() if not isinstance(ties, str) for one in ties]


@pytest.mark.parametrize(
    ("row", "tie"), [(row, one) for row, one in TIED if isinstance(one, Counterpart)], ids=lambda value: getattr(value, "where", value)
)
def test_a_range_is_the_same_wherever_it_is_written(row: str, tie: Counterpart) -> None:
    assert tie.allows() == allowed(TABLE[row]), f"{tie.where} and {row} of the table must allow the same"


def ends(row: str) -> list[int]:
    """The least and the most that a row may be, where it has both."""
    found = allowed(TABLE[row])
    assert isinstance(found, tuple)
    return [int(end) for end in found if end is not None]


@pytest.mark.parametrize(("row", "tie"), [(row, one) for row, one in TIED if isinstance(one, FunctionVariable)], ids=str)
def test_a_function_takes_all_that_the_table_may_say(row: str, tie: FunctionVariable, monkeypatch: pytest.MonkeyPatch) -> None:
    assert tie.variable in set(variables_that_are_read(FUNCTIONS / tie.folder))
    for end in ends(row):
        monkeypatch.setenv(tie.variable, str(end))
        assert number(tie.variable) == end
    monkeypatch.setenv(tie.variable, "-1")
    with pytest.raises(FunctionError):
        number(tie.variable)


# And the other way round: what has a range has it from the table.


def test_every_range_of_the_pack_is_a_rows() -> None:
    assert limits.ROWS.keys() <= TABLE.keys()
    assert {row for row, tie in TIED if isinstance(tie, Counterpart) and tie.where.startswith("policy/limits.py")} == limits.ROWS.keys()


@pytest.mark.parametrize("kind", [WORKER, MONITOR, AGENT])
def test_every_range_of_what_the_program_tells_the_engine_is_a_rows(kind: type[settings.CommonSettings]) -> None:
    """Those with a default are for a laptop, and no row's."""
    told = {field.alias for field in kind.model_fields.values() if field.is_required() and isinstance(allowed(field), tuple)}
    tied = {tie.where.rpartition(", ")[2] for _, tie in TIED if isinstance(tie, Counterpart) and f", {kind.__name__}," in tie.where}
    assert told <= tied, f"{sorted(str(one) for one in told - tied)} come from the table: name their rows in COUNTERPARTS"


def test_every_whole_number_that_a_function_reads_is_a_rows() -> None:
    told = {(tie.folder, tie.variable) for _, tie in TIED if isinstance(tie, FunctionVariable)}
    read_by = {
        (folder.name, variable)
        for folder in FUNCTIONS.iterdir()
        if (folder / "handler.py").exists()
        for variable in variables_that_are_read(folder)
        if any(f'number("{variable}")' in path.read_text(encoding="utf-8") for path in folder.glob("*.py"))
    }
    assert read_by == told


def test_what_the_trigger_writes_down_are_rows_of_the_table() -> None:
    names = {"islands": "engine.islands"}
    assert {names.get(name, name) for name in vars(Bounds)["__dataclass_fields__"]} <= TABLE.keys()


@pytest.mark.parametrize("row", [row for row in limits.ROWS if limits.ROWS[row].direction != "order"])
def test_every_approved_limit_is_a_value_that_the_table_takes(row: str) -> None:
    least, most = ends(row) if row != "safety_score_minimum" else (0.01, 1)
    assert all(least <= float(str(tier[row])) <= most for tier in limits.APPROVED.values())


# Rows that bound each other.


def table_allows(islands: int, agents: int) -> bool:
    table: Any = table_of("prod")
    table["engine"]["islands"], table["max_concurrent_agents"] = islands, agents
    try:
        load("prod", json.dumps(table))
    except EnvironmentTableError:
        return False
    return True


def engine_allows(islands: int, agents: int) -> bool:
    given = variables("http://127.0.0.1:1", EVOLUTION_ISLANDS=str(islands), MAX_CONCURRENT_AGENTS=str(agents))
    del given["EVOLUTION_POPULATION"]
    try:
        read(EngineSettings, given)
    except EngineSettingsError:
        return False
    return True


@pytest.mark.parametrize("islands", [1, 2, 16, 40, 41, 255, 256, 257])
def test_the_table_refuses_the_islands_that_the_engine_would_refuse_and_no_others(islands: int) -> None:
    assert SMALLEST_ISLAND == settings.SMALLEST_ISLAND
    for agents in (islands * SMALLEST_ISLAND - 1, islands * SMALLEST_ISLAND, 10_000, 100_000):
        assert table_allows(islands, agents) == engine_allows(islands, agents), f"{agents} agents on {islands} islands"


@pytest.mark.parametrize("end", [0, 1], ids=["the least", "the most"])
def test_the_engine_starts_with_either_end_of_every_row(end: int) -> None:
    """As the program tells it."""
    table: Any = table_of("prod")
    for row in ("autonomy_percent", "agent_memory_bytes", "generations", "instantiation_target_us"):
        table[row] = ends(row)[end]
    table["engine"]["islands"] = ends("engine.islands")[end]
    table["max_concurrent_agents"] = max(ends("max_concurrent_agents")[end], SMALLEST_ISLAND)
    environment = load("prod", json.dumps(table))
    names = Names(stack="prod", region="us-east-1", account="000000000000")
    given = containers.engine_environment(
        names, environment, islands=environment.engine.islands, strategy=environment.engine.strategy, task=environment.evolution_task
    ) | {"AWS_REGION": "us-east-1"}
    told = read(EngineSettings, given)
    assert (told.islands, told.most_agents) == (table["engine"]["islands"], table["max_concurrent_agents"])
