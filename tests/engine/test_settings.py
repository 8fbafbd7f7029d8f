"""The environment is read once, and a fault in it is one line that says all."""

from __future__ import annotations

import json

import pytest

from components import containers
from components.naming import Names
from engine.settings import AgentSettings, EngineSettings, EngineSettingsError, Workload, read
from tests.engine.aws import LIMITS, variables
from tests.engine.test_agent import ENVIRONMENT

GIVEN = variables("http://127.0.0.1:1")
NAMES = Names(stack="dev", region="us-east-1", account="000000000000")


def test_the_engine_reads_what_its_container_is_given() -> None:
    given = containers.engine_environment(NAMES, LIMITS, islands=4, strategy="sep-cma-es", task="engine.mytask:MyTask")
    settings = read(EngineSettings, given | {"AWS_REGION": "us-east-1"})
    assert settings.island_size == LIMITS.max_concurrent_agents // 4
    assert (settings.strategy, settings.task) == ("sep-cma-es", "engine.mytask:MyTask")
    assert settings.mode_parameter == "/evolution/dev/mode"


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"AGENT_MEMORY_LIMIT": "lots"}, "AGENT_MEMORY_LIMIT is 'lots': .*integer.*example: 8192"),
        ({"AGENT_MEMORY_LIMIT": ""}, "AGENT_MEMORY_LIMIT is ''"),
        ({"AI_AUTONOMY_LEVEL": "101"}, "AI_AUTONOMY_LEVEL is '101'"),
        ({"EVOLUTION_MODE": "manual"}, "EVOLUTION_MODE is 'manual': .*autonomous"),
        ({"EVOLUTION_SAFETY_ENABLED": "false"}, "EVOLUTION_SAFETY_ENABLED is 'false'"),
        ({"EVOLUTION_SAFETY_MODE": "off"}, "EVOLUTION_SAFETY_MODE is 'off'"),
        ({"EVOLUTION_GENERATION": "5"}, "EVOLUTION_GENERATION is not known, did you mean EVOLUTION_GENERATIONS"),
        ({"EVOLUTION_POPULATION": "2000"}, "must be at most MAX_CONCURRENT_AGENTS"),
        ({"EVOLUTION_POPULATION": "8"}, "fewer than 4 on each"),
        ({"EVOLUTION_ISLANDS": "257"}, "EVOLUTION_ISLANDS is '257'"),
        ({"EVOLUTION_AGENT_SECONDS": "nan"}, "EVOLUTION_AGENT_SECONDS is 'nan'"),
    ],
)
def test_an_impossible_value_is_one_line(changes: dict[str, str], says: str) -> None:
    with pytest.raises(EngineSettingsError, match=says) as refused:
        read(EngineSettings, GIVEN | changes)
    assert "\n" not in str(refused.value)


def test_every_fault_is_said_at_once() -> None:
    given = {name: value for name, value in GIVEN.items() if name not in ("EVOLUTION_STATE_TABLE", "AGENT_MEMORY_LIMIT")}
    with pytest.raises(EngineSettingsError) as refused:
        read(EngineSettings, given | {"EVOLUTION_ISLANDS": "no"})
    for name in (
        "EVOLUTION_STATE_TABLE is missing (example: evolution-state-dev)",
        "AGENT_MEMORY_LIMIT is missing",
        "EVOLUTION_ISLANDS is 'no'",
    ):
        assert name in str(refused.value)


def test_the_other_commands_read_their_own() -> None:
    [monitor] = json.loads(containers.monitor_container(NAMES, LIMITS, image="image", task="cartpole"))
    given = {item["name"]: item["value"] for item in monitor["environment"]}
    assert read(Workload, given | {"AWS_REGION": "us-east-1"}).memory_limit == 8192
    assert read(AgentSettings, ENVIRONMENT).port == 8080
