"""The two diagrams of the README: made from the plan, true to it, and legible."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import combinations
from typing import Any
from xml.etree import ElementTree

import pytest

from local import LocalError
from local.previews import ROOT, Plan, PlannedResource
from report.diagram import FACT_CHARACTER, MARGIN, NAME_CHARACTER, PADDING, WIDTH, Box, Diagram
from report.halt_diagram import halt_diagram
from report.network_diagram import network_diagram
from report.readme import DIAGRAMS
from tests.report.conftest import STACKS

Plans = Callable[..., Plan]
Draw = Callable[[Plan], Diagram]


@pytest.mark.parametrize("path", DIAGRAMS)
def test_a_diagram_in_the_readme_is_fresh(path: str, plan: Plans) -> None:
    assert (ROOT / path).read_text(encoding="utf-8") == DIAGRAMS[path](plan("prod")).svg, f"{path} is stale: run make picture"
    assert f"]({path})" in (ROOT / "README.md").read_text(encoding="utf-8")


def holds(frame: Box, box: Box) -> bool:
    return frame.x <= box.x and box.right <= frame.right and frame.y <= box.y and box.bottom <= frame.bottom


def apart(one: Box, other: Box) -> bool:
    return one.right <= other.x or other.right <= one.x or one.bottom <= other.y or other.bottom <= one.y


@pytest.mark.parametrize("draw", [halt_diagram, network_diagram])
@pytest.mark.parametrize("stack", STACKS)
def test_nothing_is_drawn_over_anything_else_and_no_text_leaves_its_box(stack: str, draw: Draw, plan: Plans) -> None:
    diagram = draw(plan(stack))
    for one, other in combinations(diagram.boxes, 2):
        within = (one.look == "frame" and holds(one, other)) or (other.look == "frame" and holds(other, one))
        assert apart(one, other) or within, f"{one} is over {other}"
    for box in diagram.boxes:
        assert box.x >= MARGIN
        assert box.right <= WIDTH - MARGIN
        for y, words, role in box.texts:
            assert box.y < y < box.bottom - PADDING / 2, f"{words} leaves its box"
            assert len(words) * (NAME_CHARACTER if role == "name" else FACT_CHARACTER) <= box.width, f"{words} leaves its box"
    assert len({arrow.points for arrow in diagram.arrows}) == len(diagram.arrows)
    for arrow in diagram.arrows:
        assert all(x0 == x1 or y0 == y1 for (x0, y0), (x1, y1) in zip(arrow.points, arrow.points[1:], strict=False)), "no slanted line"
    ElementTree.fromstring(diagram.svg)


def without(plan: Plan, *gone: str) -> Plan:
    assert set(gone) <= {one.name for one in plan.resources}
    return replace(plan, resources=tuple(one for one in plan.resources if one.name not in gone))


def edited(plan: Plan, name: str, **inputs: Any) -> Plan:
    def edit(one: PlannedResource) -> PlannedResource:
        return replace(one, inputs={**one.inputs, **inputs}) if one.name == name else one

    assert name in {one.name for one in plan.resources}
    return replace(plan, resources=tuple(map(edit, plan.resources)))


def words_of(diagram: Diagram) -> str:
    return "\n".join(words for box in diagram.boxes for words in (box.kind, box.name, *box.facts))


def labels(diagram: Diagram) -> list[str]:
    return sorted(arrow.label for arrow in diagram.arrows if arrow.label)


WHOLE = ["halts", "resumes", "through 3 tables", "wakes", "wakes"]


def test_the_whole_loop_is_there(plan: Plans) -> None:
    diagram = halt_diagram(plan("prod"))
    assert labels(diagram) == WHOLE
    order = [box.kind for box in diagram.boxes if box.kind in {"mode", "autoscaler's bounds", "desired count"}]
    assert order == ["mode", "autoscaler's bounds", "desired count"]


@pytest.mark.parametrize(
    ("gone", "missing"),
    [
        ("evolution-switch-hears-topic", ["wakes"]),
        ("evolution-topic-invokes-switch", ["wakes"]),
        ("evolution-safety-switch-schedule", ["wakes"]),
        ("evolution-resume-role-grants", ["resumes"]),
        ("evolution-safety-switch-role-grants", WHOLE),
        ("security-monitor-role-grants", ["through 3 tables"]),
    ],
)
def test_a_link_that_the_plan_lacks_is_not_drawn(gone: str, missing: list[str], plan: Plans) -> None:
    left = list(WHOLE)
    for label in missing:
        left.remove(label)
    assert labels(halt_diagram(without(plan("prod"), gone))) == left


def test_an_alarm_that_halts_no_more_is_not_drawn_and_a_changed_bound_is(plan: Plans) -> None:
    prod = plan("prod")
    rule = 'ALARM("evolution-safety-score-prod") OR ALARM("evolution-safety-score-worst-prod")'
    diagram = halt_diagram(edited(prod, "monitoring-unsafe", alarmRule=rule))
    assert "evolution-agent-memory" in words_of(halt_diagram(prod))
    assert "evolution-agent-memory" not in words_of(diagram)
    assert "fires if any of the 2 does" in words_of(diagram)
    assert "average < 0.35 for" in words_of(halt_diagram(edited(prod, "monitoring-safety-score", threshold=0.35)))
    quiet = halt_diagram(edited(prod, "monitoring-unsafe", actionsEnabled=False))
    assert "topic" not in [box.kind for box in quiet.boxes]
    off = halt_diagram(edited(prod, "evolution-safety-switch-schedule", state="DISABLED"))
    assert labels(off).count("wakes") == 1


def test_the_network_shows_each_way_out_that_is_planned_and_no_other(plan: Plans) -> None:
    prod = plan("prod")
    whole = network_diagram(prod)
    assert len(network_diagram(without(prod, "network-private-2-to-nat")).arrows) == len(whole.arrows) - 1
    assert "tcp 443 from anywhere" not in words_of(whole)
    opened = network_diagram(edited(prod, "network-endpoints-from-vpc", cidrIpv4="0.0.0.0/0"))
    assert "in tcp 443 from anywhere" in words_of(opened)
    fewer = network_diagram(without(prod, "network-logs-endpoint"))
    endpoints = sum(one.name.endswith("-endpoint") and one.inputs.get("vpcEndpointType") == "Interface" for one in prod.resources)
    assert f"{endpoints} interface endpoints" in words_of(whole)
    assert f"{endpoints - 1} interface endpoints" in words_of(fewer)
    assert "ECS service evolution-engine" not in words_of(network_diagram(without(prod, "compute-engine-service")))


def test_what_isnt_clear_is_said(plan: Plans) -> None:
    with pytest.raises(LocalError, match="plans 0 of aws:cloudwatch/compositeAlarm"):
        halt_diagram(without(plan("prod"), "monitoring-unsafe"))
    with pytest.raises(LocalError, match="plans 0 VPCs"):
        network_diagram(without(plan("prod"), "network-vpc"))
