"""The environment table: what it takes, what it refuses, and what it says."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from components.environment import FARGATE_MEMORY_BY_CPU, EnvironmentTableError, common_tags, load
from rules.aws.governance import TAG_VALUE
from tests.components.tables import table_of

STACKS = ("dev", "staging", "prod")

Table = dict[str, Any]

ENGINE = table_of("prod")["engine"]


def refusal(stack: str, table: Table) -> str:
    with pytest.raises(EnvironmentTableError) as refused:
        load(stack, json.dumps(table))
    return str(refused.value)


@pytest.mark.parametrize("stack", STACKS)
def test_no_committed_stack_names_an_image(stack: str) -> None:
    assert load(stack, json.dumps(table_of(stack))).engine_image_digest is None


@pytest.mark.parametrize("stack", STACKS)
def test_every_task_of_a_committed_stack_has_work(stack: str) -> None:
    engine = load(stack, json.dumps(table_of(stack))).engine
    assert engine.islands >= engine.maximum, "a worker has an island, or nothing to do"


def test_tags_keep_to_the_characters_that_every_service_takes() -> None:
    table = load("prod", json.dumps({**table_of("prod"), "autonomy_percent": 85, "agent_memory_bytes": 6656}))
    assert table.tags == {"Autonomy": "85", "AgentMemoryLimit": "6.5KB"}
    assert common_tags("prod") == {
        "Project": "evolution-system",
        "Environment": "prod",
        "ManagedBy": "pulumi",
        "Purpose": "AI Evolution System",
    }
    assert all(TAG_VALUE.fullmatch(value) for value in (*table.tags.values(), *common_tags("prod").values()))


def _put(path: str, value: object) -> Callable[[Table], None]:
    def edit(table: Table) -> None:
        *parents, last = path.split(".")
        for parent in parents:
            table = table[parent]
        table[last] = value

    return edit


def _drop(path: str) -> Callable[[Table], None]:
    def edit(table: Table) -> None:
        *parents, last = path.split(".")
        for parent in parents:
            table = table[parent]
        del table[last]

    return edit


@pytest.mark.parametrize(
    ("edit", "says"),
    [
        (_put("autonomy_percnt", 80), "autonomy_percnt is not a key of the table. Did you mean `autonomy_percent`?"),
        (_put("network.nat_gateway", 2), "network.nat_gateway is not a key of the table. Did you mean `nat_gateways`?"),
        (_drop("generations"), "generations is missing. Example: `generations: 10`."),
        (_drop("engine"), "engine is missing."),
        (_drop("engine.task"), 'engine.task is missing. Example: `task: {"cpu": 4096, "memory": 8192}`.'),
        (_put("autonomy_percent", 120), "autonomy_percent is 120: Input should be less than or equal to 100."),
        (_put("autonomy_percent", "85"), "autonomy_percent is '85': Input should be a valid integer. Example: `autonomy_percent: 75`."),
        (_put("autonomy_percent", True), "autonomy_percent is True: Input should be a valid integer."),
        (_put("safety_score_minimum", 1.5), "safety_score_minimum is 1.5: Input should be less than or equal to 1."),
        (_put("safety_mode", "lenient"), "safety_mode is 'lenient': Input should be 'permissive' or 'strict'."),
        (_put("region", "us-east-9"), "region is 'us-east-9'"),
        (
            _put("engine.task", {"cpu": 256, "memory": 8192}),
            "engine.task: Fargate pairs 256 CPU units with 512, 1024, 2048 MiB, not with 8192.",
        ),
        (
            _put("engine.task", {"cpu": 3000, "memory": 8192}),
            "engine.task: Fargate has no task with 3000 CPU units; choose one of 256, 512",
        ),
        (
            _put("engine.desired", 1001),
            f"engine: desired (1001) must lie between minimum ({ENGINE['minimum']}) and maximum ({ENGINE['maximum']})",
        ),
        (_put("engine.container_cpu", 99999), f"container_cpu (99999) must be at most task.cpu ({ENGINE['task']['cpu']})"),
        (_put("engine.container_memory", 999999), f"container_memory (999999) must be at most task.memory ({ENGINE['task']['memory']})"),
        (_put("engine.islands", 0), "engine.islands is 0: Input should be greater than or equal to 1. Example: `islands: 100`."),
        (_put("engine.islands", 257), "engine.islands is 257: Input should be less than or equal to 256."),
        (
            _put("max_concurrent_agents", 4 * ENGINE["islands"] - 1),
            (
                f"engine.islands ({ENGINE['islands']}) must be at most max_concurrent_agents / 4 ({ENGINE['islands'] - 1}): "
                "each island needs 4 agents to select from."
            ),
        ),
        (_put("evolution_schedule", "every hour"), "evolution_schedule is 'every hour': EventBridge Scheduler takes rate(<number>"),
        (_put("evolution_schedule", "rate(0 hours)"), 'Example: `evolution_schedule: "rate(1 hour)"`.'),
        (_put("network.vpc_cidr", "10.30.0.1/16"), "network.vpc_cidr is '10.30.0.1/16': 10.30.0.1/16 has host bits set"),
        (_put("network.vpc_cidr", "10.30.0.0/24"), "six subnets of a useful size need /16 to /20"),
        (_put("network.vpc_cidr", "52.0.0.0/16"), "a VPC must use a private range"),
        (_put("network.vpc_cidr", "127.0.0.0/16"), "a VPC must use a private range"),
        (_put("network.interface_endpoints", ["logs", "logs"]), "logs stands in it twice"),
        (
            _put("network.nat_gateways", 4),
            f"nat_gateways (4) must be at most availability_zones ({table_of('prod')['network']['availability_zones']})",
        ),
        (_put("network.interface_endpoints", ["lambda"]), "network.interface_endpoints.0 is 'lambda'"),
        (_put("network.allowed_domains", ["https://pypi.org"]), "write a name such as example.com"),
        (_put("network.allowed_domains", ["*"]), "write a name such as example.com"),
        (_put("engine_image_digest", "evolution-engine:latest"), "engine_image_digest is 'evolution-engine:latest'"),
        (_put("model_id", "eu.anthropic.claude-sonnet-4-6"), "there, its name must start with one of us, global"),
        (_put("retention.log_retention_days", 8), "CloudWatch Logs keeps logs for one of 1, 3, 5, 7, 14"),
        (_put("alerts.emails", ["nobody"]), "alerts.emails.0 is 'nobody'"),
        (_put("safety_mode", "permissive"), "safety_mode is permissive: every stack but dev must refuse, not only record."),
        (_put("retention.protect_data", False), "retention.protect_data is false: every stack but dev must keep its data when it goes."),
    ],
)
def test_a_wrong_table_is_refused_by_key_value_and_mend(edit: Callable[[Table], None], says: str) -> None:
    table = table_of("prod")
    edit(table)
    message = refusal("prod", table)
    assert says in message
    assert message.startswith("The environment table in Pulumi.prod.yaml (evolution-system:environment) can't be used:\n")
    assert len(message.splitlines()) == 2, "one fault must give one line"


@pytest.mark.parametrize("islands", [1, 100, 256])
def test_as_many_islands_as_the_design_allows_are_taken(islands: int) -> None:
    table = table_of("prod")
    table["engine"]["islands"] = islands
    assert load("prod", json.dumps(table)).engine.islands == islands


def test_every_fault_is_named_at_once() -> None:
    table = table_of("dev")
    table["autonomy_percent"] = 0
    del table["region"]
    table["extra"] = 1
    assert len(refusal("dev", table).splitlines()) == 4


@pytest.mark.parametrize("table", [[], "prod", 3, None])
def test_what_is_no_table_is_refused(table: Any) -> None:
    assert "the table is" in refusal("dev", table)


def test_a_stack_without_a_table_is_refused() -> None:
    with pytest.raises(EnvironmentTableError, match="Stack 'dev' has no environment table"):
        load("dev", None)


@pytest.mark.parametrize("stack", ["Prod", "prod-eu", "a-very-long-stack-name", "1st", ""])
def test_a_stack_name_that_physical_names_cannot_carry_is_refused(stack: str) -> None:
    with pytest.raises(EnvironmentTableError, match="lower-case letters"):
        load(stack, json.dumps(table_of("dev")))


@pytest.mark.parametrize("stack", ["sandbox", "prod2"])
def test_an_environment_named_in_no_code_is_held_to_the_strict_side(stack: str) -> None:
    assert "safety_mode" in refusal(stack, table_of("dev"))
    assert "Write `agent_network_mode: VPC`" in refusal(stack, table_of("dev"))
    assert load(stack, json.dumps(table_of("prod"))).safety_mode == "strict"


def test_dev_may_be_permissive_and_disposable() -> None:
    env = load("dev", json.dumps(table_of("dev")))
    assert (env.safety_mode, env.retention.protect_data) == ("permissive", False)


def test_every_fargate_size_of_the_table_is_one_of_aws() -> None:
    assert {cpu: (min(sizes), max(sizes)) for cpu, sizes in FARGATE_MEMORY_BY_CPU.items()} == {
        256: (512, 2048),
        512: (1024, 4096),
        1024: (2048, 8192),
        2048: (4096, 16384),
        4096: (8192, 30720),
        8192: (16384, 61440),
        16384: (32768, 122880),
    }
