"""Which stacks are the Evolution System, and the environment table that one is configured with."""

from __future__ import annotations

from collections.abc import Mapping

from plain import NotJsonError, Plain, dig, parse
from rule import Resource, Stack

PROJECT = "evolution-system"
TABLE_KEY = f"{PROJECT}:environment"
"""The configuration key of the table."""

METRIC_NAMESPACE = "EvolutionSystem"
STACK_TYPE = "pulumi:pulumi:Stack"
METRIC_ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"


def is_evolution_system(stack: Stack) -> bool:
    """Whether the rules about this system apply. Any one of its marks is enough, so that no single edit takes a stack out of them:
    the project's name, a component of its own, an alarm on its metrics."""
    return (
        stack.project == PROJECT
        or any(resource.type.startswith("evolution:") for resource in stack.resources)
        or any(alarm.at("namespace") == METRIC_NAMESPACE for alarm in stack.of_type(METRIC_ALARM))
    )


def table_of(configuration: str, resources: list[Resource]) -> Mapping[str, Plain] | None:
    """The environment table of a stack, or None where it has none.

    Args:
        configuration: the stack's configuration as the engine gives it to the pack's process (PULUMI_CONFIG), a JSON object of texts;
            empty where the pack runs over a state (`pulumi policy analyze`): then it is the stack's output `environment`.
        resources: the stack's resources.
    """
    for source in (_configured(configuration), *(root.at("environment") for root in resources if root.type == STACK_TYPE)):
        try:
            table = parse(source)
        except NotJsonError:
            continue
        if isinstance(table, dict):
            return table
    return None


def _configured(configuration: str) -> Plain:
    try:
        return dig(parse(configuration), TABLE_KEY)
    except NotJsonError:
        return None
