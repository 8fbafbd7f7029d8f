"""The picture of the architecture: the real graph, legible at any width, and in the README as it is planned."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from local import LocalError
from local.previews import Plan
from report.layers import Layer, Use, layers_of
from report.mermaid import boxes_and_arrows
from report.pages import NARROW, WIDE
from report.picture import CHARACTER, picture_of
from report.readme import README, refreshed
from tests.report.conftest import STACKS


def test_the_picture_in_the_readme_is_fresh(plan: Callable[..., Plan]) -> None:
    text = README.read_text(encoding="utf-8")
    assert refreshed(text, plan("prod")) == text, "README.md's picture is stale: run make picture"


def test_a_readme_without_a_picture_is_told_so(plan: Callable[..., Plan]) -> None:
    with pytest.raises(LocalError, match="must have the lines"):
        refreshed("# Nothing", plan("prod"))


@pytest.mark.parametrize("width", [WIDE, NARROW])
@pytest.mark.parametrize("stack", STACKS)
def test_nothing_is_drawn_over_anything_else(stack: str, width: float, plan: Callable[..., Plan]) -> None:
    layers = layers_of(plan(stack))
    picture = picture_of(layers, width)
    assert len(picture.boxes) == len(layers)
    for above, below in zip(picture.boxes, picture.boxes[1:], strict=False):
        assert above.y + above.height < below.y
    for box in picture.boxes:
        assert box.x + box.width <= width
        for text in box.texts:
            assert box.y < text.y < box.y + box.height
            if text.role != "count":
                assert text.x + len(text.words) * CHARACTER * 0.98 <= box.x + box.width, f"{text.words} leaves its box"
    lanes = {lane.x for lane in picture.lanes}
    assert len(lanes) == len(picture.lanes), "each has a lane of its own"
    assert all(any(lane.x == arrow.x and lane.top <= arrow.y <= lane.bottom for lane in picture.lanes) for arrow in picture.arrows)
    assert len({arrow.y for arrow in picture.arrows}) == len(picture.arrows), "no two arrows end at one place"
    assert len(picture.arrows) == sum(len(layer.uses) for layer in layers)


def made(name: str, *uses: str) -> Layer:
    return Layer(name=name, resources=(), uses=tuple(Use(of=of, links=1, rests=True, acts=()) for of in uses))


def arrows(*layers: Layer) -> set[str]:
    return {line for line in boxes_and_arrows(layers, totals=False) if "-->" in line}


def test_an_arrow_that_others_imply_is_left_out() -> None:
    assert arrows(made("a"), made("b", "a"), made("c", "a", "b")) == {"a --> b", "b --> c"}


def test_layers_that_use_each_other_keep_their_arrows() -> None:
    assert arrows(made("a", "b"), made("b", "a"), made("c", "b")) == {"a --> b", "b --> a", "b --> c"}
