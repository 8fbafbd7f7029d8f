"""What the table says of how often and how many is held of what is new here, too."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

import pytest

from plain import dig, number
from rule import Resource, judge_stack
from rules.evolution.environment_figures import table_figures
from schedules import shortest_gap, starts_a_day
from tests.policy.in_memory import stack_of
from tokens import EIP, NAT_GATEWAY, SCHEDULE, SUBNET


def like(kind: str, name: str, *called: str, **props: str) -> Iterator[Resource]:
    """Resources like one of prod's, under other names."""
    one = next(one for one in stack_of("prod").of_type(kind) if one.name == name)
    return (replace(one, name=new, urn=one.urn.replace(name, new), props={**one.props, **props}) for new in called)


def refused(*more: Resource) -> list[str]:
    prod = stack_of("prod")
    return [one.message for one in judge_stack(table_figures, replace(prod, resources=(*prod.resources, *more)))]


def test_prod_keeps_to_its_table() -> None:
    assert refused() == []


def test_no_more_gateways_are_made_than_the_table_says() -> None:
    most = int(number(dig(dict(stack_of("prod").table or {}), "network", "nat_gateways")) or 0)
    [message] = refused(*like(NAT_GATEWAY, "network-nat-1", *(f"spare-{number}" for number in range(50))))
    assert message.startswith(f"it has {most + 50} of {NAT_GATEWAY}; it may have at most {most}")


@pytest.mark.parametrize(("kind", "name"), [(EIP, "network-nat-1-address"), (SUBNET, "network-private-1"), (SUBNET, "network-public-1")])
def test_one_more_of_what_the_table_counts_is_refused_whatever_it_is_called(kind: str, name: str) -> None:
    [message] = refused(*like(kind, name, "spare"))
    assert kind in message


@pytest.mark.parametrize(
    ("expression", "often"),
    [
        ("rate(1 minute)", True),
        ("cron(* 3 * * ? *)", True),
        ("none", True),
        ("cron(0 3 * * ? *)", False),
        ("at(2027-01-01T00:00:00)", False),
    ],
)
def test_no_other_schedule_starts_evolution_more_often_than_the_tables(expression: str, often: bool) -> None:
    found = refused(*like(SCHEDULE, "evolution-trigger-schedule", "more", scheduleExpression=expression))
    assert bool(found) is often


def test_all_schedules_beside_the_tables_start_evolution_no_more_often_than_it() -> None:
    row = (stack_of("prod").table or {})["evolution_schedule"]
    assert refused(*like(SCHEDULE, "evolution-trigger-schedule", "more", scheduleExpression=str(row))) == []
    [message] = refused(*like(SCHEDULE, "evolution-trigger-schedule", "more", "most", scheduleExpression=str(row)))
    assert message.startswith(f"its schedules beside the table's start evolution {2 * starts_a_day(row):g} times a day")


def test_a_schedule_of_another_function_is_as_often_as_it_likes() -> None:
    assert refused(*like(SCHEDULE, "evolution-safety-switch-schedule", "more")) == []


@pytest.mark.parametrize(
    ("expression", "minutes", "times"),
    [
        ("rate(1 minute)", 1, 1440),
        ("rate(2 hours)", 120, 12),
        ("rate(2 days)", 2880, 0.5),
        ("rate(0 days)", 0, math.inf),
        ("cron(0 6 * * ? *)", 1440, 1),
        ("cron(0 6,18 * * ? *)", 720, 2),
        ("cron(0/15 * * * ? *)", 15, 96),
        ("cron(5,50 * * * ? *)", 15, 48),
        ("cron(0 8-10 * * ? *)", 60, 3),
        ("cron(*/5 0-1 ? * MON *)", 5, 24),
        ("at(2027-01-01T00:00:00)", math.inf, 1),
        ("cron(x * * * ? *)", 0, math.inf),
        ("cron(0/0 * * * ? *)", 0, math.inf),
        ("cron(99 * * * ? *)", 0, math.inf),
        ("every minute", 0, math.inf),
        (None, 0, math.inf),
    ],
)
def test_how_often_a_schedule_fires_is_read_as_the_scheduler_reads_it(expression: str | None, minutes: float, times: float) -> None:
    assert (shortest_gap(expression), starts_a_day(expression)) == (minutes, times)
