"""What is made only when its guard stands waits for it, however the program says so."""

from __future__ import annotations

from dataclasses import replace

import pytest

from approval import Names, names_of
from choices import called
from order import FIRST, THEN
from properties import SYSTEM, approved
from rule import Resource, Stack, judge_stack
from rules.evolution.approved_choices import order
from tests.policy.in_memory import stack_of

THENS = sorted({then for entry in approved(SYSTEM)["order"] for then in entry[THEN]})


def names() -> Names:
    return names_of(stack_of("prod"))


def late(stack: Stack) -> set[str]:
    """What the program calls the resources that the rule finds."""
    return {called(found.resource, names()) for found in judge_stack(order, stack) if found.resource}


def waiting(name: str, *urns: str) -> Stack:
    """prod, in which a resource waits for these, and for what its values come from."""

    def changed(resource: Resource) -> Resource:
        given = (reference.urn for found in resource.references.values() for reference in found)
        return replace(resource, dependencies=(*given, *urns)) if called(resource, names()) == name else resource

    prod = stack_of("prod")
    return replace(prod, resources=tuple(map(changed, prod.resources)))


@pytest.mark.parametrize("name", THENS)
def test_what_no_longer_waits_is_found(name: str) -> None:
    assert name in late(waiting(name))


def test_it_may_wait_for_more_and_through_others() -> None:
    prod = stack_of("prod")
    assert late(prod) == set()
    everything = tuple(one.urn for one in prod.resources if one.type != "aws:bedrock/agentcoreGatewayTarget:AgentcoreGatewayTarget")
    assert late(waiting("agentcore-gateway-target", *everything)) == set()
    target, between = "agentcore-gateway-target", "compute-repository"
    policies = {first for entry in approved(SYSTEM)["order"] for first in entry[FIRST] if target in entry[THEN]}
    urns = tuple(one.urn for one in prod.resources if called(one, names()) in policies)
    indirect = waiting(target, *(one.urn for one in prod.resources if one.name == between))
    through = (replace(one, dependencies=urns) if one.name == between else one for one in indirect.resources)
    assert late(indirect) == {target}
    assert late(replace(indirect, resources=tuple(through))) == set()


def test_nothing_waits_for_what_the_stack_does_not_have() -> None:
    prod = stack_of("prod")
    without = replace(prod, resources=tuple(one for one in prod.resources if one.name != "agentcore-prompts-record"))
    assert late(without) == set()
