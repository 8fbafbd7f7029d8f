"""The decisions that components only declare: subnets, zones, containers, alarms, the dashboard."""

from __future__ import annotations

import ipaddress
import json
from typing import Any

import pulumi
import pytest

from components.agent_alarms import agent_alarms
from components.compute import push_an_image, repository_lifecycle
from components.containers import engine_container, monitor_container
from components.dashboard import dashboard_body
from components.naming import Names
from components.network import plan_subnets
from components.safety import safety_alarms
from components.zones import ZONE_IDS, agent_zones, choose_zones
from local.provider.zones import ZONES
from tests.components.tables import env_of

NAMES = Names(stack="prod", region="us-east-1", account="123456789012")
IMAGE = f"{NAMES.repository_url}@sha256:{'0' * 64}"


PROD = env_of("prod")


@pytest.mark.parametrize("cidr", ["10.10.0.0/16", "172.16.0.0/18", "192.168.16.0/20"])
@pytest.mark.parametrize("zones", range(1, 7))
def test_subnets_lie_in_the_vpc_and_never_overlap(cidr: str, zones: int) -> None:
    plan = plan_subnets(cidr, zones)
    assert len(plan.public) == len(plan.private) == zones
    subnets = [ipaddress.IPv4Network(subnet) for subnet in (*plan.public, *plan.private)]
    assert all(subnet.subnet_of(ipaddress.IPv4Network(cidr)) for subnet in subnets)
    assert not [(a, b) for i, a in enumerate(subnets) for b in subnets[:i] if a.overlaps(b)]
    assert all(subnet.prefixlen <= 28 for subnet in subnets), "AWS takes nothing smaller than /28"


def test_a_plan_for_more_zones_extends_the_plan_for_fewer() -> None:
    assert (
        plan_subnets("10.10.0.0/16", 6).private[:3]
        == plan_subnets("10.10.0.0/16", 3).private
        == (
            "10.10.0.0/19",
            "10.10.32.0/19",
            "10.10.64.0/19",
        )
    )


IRELAND = {"eu-west-1c": "euw1-az3", "eu-west-1a": "euw1-az1", "eu-west-1b": "euw1-az2"}
VIRGINIA = {f"us-east-1{letter}": f"use1-az{number}" for letter, number in zip("abcdef", (6, 3, 1, 5, 2, 4), strict=True)}
"""The zones of an account in which the first ones by name don't take agents."""


def test_the_first_zones_by_name_are_used() -> None:
    assert choose_zones(IRELAND, 2, "eu-west-1") == ("eu-west-1a", "eu-west-1b")


def test_zones_that_take_agents_come_before_all_others() -> None:
    chosen = choose_zones(VIRGINIA, 3, "us-east-1")
    assert chosen == ("us-east-1c", "us-east-1e", "us-east-1f")
    assert agent_zones([VIRGINIA[name] for name in chosen], "us-east-1") == ZONE_IDS["us-east-1"]


def test_the_choice_of_zones_moves_no_subnet_of_a_stack_that_is_deployed() -> None:
    all_six = choose_zones(VIRGINIA, 6, "us-east-1")
    for order in (sorted(VIRGINIA), sorted(VIRGINIA, reverse=True)):
        assert choose_zones({name: VIRGINIA[name] for name in order}, 6, "us-east-1") == all_six, "AWS promises no order"
    for wanted in range(1, 7):
        assert choose_zones(VIRGINIA, wanted, "us-east-1") == all_six[:wanted], "more zones extend fewer"
    assert choose_zones({**VIRGINIA, "us-east-1g": "use1-az7"}, 3, "us-east-1") == all_six[:3], "a new zone displaces none"


@pytest.mark.parametrize("region", sorted(ZONES))
def test_in_every_region_agents_stand_in_as_many_zones_as_agentcore_takes(region: str) -> None:
    available = {region + letter: zone for letter, zone in ZONES[region].items()}
    chosen = [available[name] for name in choose_zones(available, 3, region)]
    assert agent_zones(chosen, region) == ZONE_IDS[region]


def test_a_region_with_too_few_zones_is_refused() -> None:
    with pytest.raises(
        pulumi.RunError, match=r"availability_zones is 4, but eu-west-1 offers this account only 3: .* Write `availability_zones: 3`"
    ):
        choose_zones(IRELAND, 4, "eu-west-1")


def container(text: str) -> dict[str, Any]:
    [only] = json.loads(text)
    return only


ENGINE = container(engine_container(NAMES, PROD, image=IMAGE, cpu=3072, memory=6144, islands=16, strategy="ga", task="cartpole"))
MONITOR = container(monitor_container(NAMES, PROD, image=IMAGE, task="cartpole"))


def test_the_engine_is_told_what_the_table_says() -> None:
    assert {item["name"]: item["value"] for item in ENGINE["environment"]} == {
        "EVOLUTION_MODE": "autonomous",
        "AI_AUTONOMY_LEVEL": str(PROD.autonomy_percent),
        "AGENT_MEMORY_LIMIT": str(PROD.agent_memory_bytes),
        "INSTANTIATION_TARGET_US": str(PROD.instantiation_target_us),
        "MAX_CONCURRENT_AGENTS": str(PROD.max_concurrent_agents),
        "BEDROCK_REGION": "us-east-1",
        "EVOLUTION_SAFETY_ENABLED": "true",
        "EVOLUTION_SAFETY_MODE": "strict",
        "EVOLUTION_GENERATIONS": str(PROD.generations),
        "EVOLUTION_ISLANDS": "16",
        "EVOLUTION_STRATEGY": "ga",
        "EVOLUTION_TASK": "cartpole",
        "EVOLUTION_ENVIRONMENT": "prod",
        "EVOLUTION_STATE_TABLE": "evolution-state-prod",
        "EVOLUTION_POPULATION_TABLE": "agent-population-prod",
        "EVOLUTION_CHECKPOINT_TABLE": "evolution-checkpoints-prod",
        "EVOLUTION_ARTIFACTS_BUCKET": "evolution-artifacts-prod-123456789012-us-east-1",
        "EVOLUTION_SAFETY_SECRET": "EvolutionSafetyConfig-prod",
        "EVOLUTION_MODE_PARAMETER": "/evolution/prod/mode",
        "EVOLUTION_METRIC_NAMESPACE": "EvolutionSystem/Engine",
    }


@pytest.mark.parametrize("definition", [ENGINE, MONITOR], ids=["engine", "monitor"])
def test_a_container_is_unprivileged_and_cannot_write_to_its_root(definition: dict[str, Any]) -> None:
    assert definition["user"] == "10001:10001"
    assert definition["privileged"] is False
    assert definition["readonlyRootFilesystem"] is True
    assert definition["linuxParameters"]["capabilities"] == {"add": [], "drop": ["ALL"]}, "what ECS gives back"
    assert definition["image"] == IMAGE
    assert definition["logConfiguration"]["options"]["awslogs-stream-prefix"] == "evolution"


def test_the_engine_answers_on_its_port_and_is_checked() -> None:
    assert ENGINE["portMappings"] == [{"containerPort": 8000, "protocol": "tcp"}]
    assert (ENGINE["cpu"], ENGINE["memory"]) == (3072, 6144)
    assert "/health" in ENGINE["healthCheck"]["command"][-1]
    assert (ENGINE["command"], MONITOR["command"]) == (["engine"], ["monitor"])


@pytest.mark.parametrize("stack", ["dev", "staging", "prod"])
def test_the_safety_alarms_stand_at_the_tables_thresholds(stack: str) -> None:
    env = env_of(stack)
    alarms = safety_alarms(env)
    assert [(alarm.metric, alarm.statistic, alarm.comparison, alarm.threshold, alarm.periods) for alarm in alarms] == [
        ("SafetyScore", "Average", "LessThanThreshold", env.safety_score_minimum, 2),
        ("SafetyScore", "Minimum", "LessThanThreshold", env.safety_score_minimum, 2),
        ("AgentMemoryUsageKB", "Maximum", "GreaterThanThreshold", env.agent_memory_bytes / 1024, 1),
        ("InstantiationSpeedMicroseconds", "Average", "GreaterThanThreshold", env.instantiation_target_us, 3),
        ("AutonomyPercentage", "Average", "LessThanThreshold", env.autonomy_percent, 2),
    ]
    assert [alarm.fails_closed for alarm in alarms] == [True, True, False, False, False]


def widgets_of(*, agents_run: bool = True) -> list[dict[str, Any]]:
    return json.loads(dashboard_body(NAMES, safety_alarms(PROD), agent_alarms(PROD.alerts, agents_run=agents_run)))["widgets"]


@pytest.mark.parametrize("agents_run", [True, False])
def test_the_dashboards_second_row_shows_each_alarm_on_the_agents(agents_run: bool) -> None:
    """A widget that names an alarm draws its metric and its threshold; it takes one."""
    heading, *widgets = widgets_of(agents_run=agents_run)[3:]
    assert heading["properties"]["markdown"] == "# Agents"
    assert all(widget["y"] > heading["y"] >= 2 * 6 for widget in widgets)
    stems = [alarm.stem for alarm in agent_alarms(PROD.alerts, agents_run=agents_run)]
    assert [widget["properties"]["annotations"] for widget in widgets] == [{"alarms": [NAMES.alarm_arn(f"{stem}-prod")]} for stem in stems]
    assert ("evolution-agents-errors" in stems) is agents_run, "before there is a runtime, nothing is published of one"


def test_the_dashboard_draws_each_metric_with_its_bound() -> None:
    score, constraints, autonomy, *_ = widgets_of()
    assert [(w["width"], w["height"], w["properties"]["title"]) for w in (score, constraints, autonomy)] == [
        (12, 6, "Safety Score Trend"),
        (12, 6, "Agent Constraints"),
        (12, 6, "Autonomy Level"),
    ]
    drawn = {
        (line["label"], line["value"], line["yAxis"])
        for widget in (score, constraints, autonomy)
        for line in widget["properties"]["annotations"]["horizontal"]
    }
    score_bound, kilobytes = PROD.safety_score_minimum, PROD.agent_memory_bytes / 1024
    assert drawn == {
        (f"SafetyScore: at least {score_bound:g}", score_bound, "left"),
        (f"AgentMemoryUsageKB: at most {kilobytes:g}", kilobytes, "left"),
        (f"InstantiationSpeedMicroseconds: at most {PROD.instantiation_target_us}", PROD.instantiation_target_us, "right"),
        (f"AutonomyPercentage: at least {PROD.autonomy_percent}", PROD.autonomy_percent, "left"),
    }
    for widget in (score, constraints, autonomy):
        for namespace, metric, dimension, value, _ in widget["properties"]["metrics"]:
            assert (dimension, value) == ("Environment", "prod")
            assert namespace == ("EvolutionSystem" if metric == "SafetyScore" else "EvolutionSystem/Engine")


def test_widgets_lie_side_by_side_on_the_grid() -> None:
    widgets = widgets_of()
    places = {(w["x"] + column, w["y"] + row) for w in widgets for column in range(w["width"]) for row in range(w["height"])}
    assert len(places) == sum(w["width"] * w["height"] for w in widgets), "two widgets overlap"
    assert max(x for x, _ in places) < 24


def test_untagged_images_go_and_releases_stay() -> None:
    rules = json.loads(repository_lifecycle())["rules"]
    assert [rule["selection"]["tagStatus"] for rule in rules] == ["untagged", "any"]
    assert [rule["rulePriority"] for rule in rules] == [1, 2]


def test_without_an_image_the_output_says_what_to_do() -> None:
    said = push_an_image(NAMES, "Lambda: concurrent executions (L-B99A9384) 113")
    assert said.startswith("Nothing runs yet. Ask AWS for these service quotas, unless")
    assert "(L-B99A9384) 113. Push" in said
    assert NAMES.repository_url in said
    assert "`engine_image_digest: sha256:…`" in said
    assert "quota" not in push_an_image(NAMES, "")
