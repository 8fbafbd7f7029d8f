"""The report in a real browser: as a reader has it, light and dark, on a desk and on a phone."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from local.previews import ROOT, Plan
from report.content import gather
from report.pages import page
from report.table import tables_of
from tests.browser.browser import NoBrowserError, look

SMALLEST = 9.5
"""Pixels of the smallest text in a drawing, at any width."""


@pytest.fixture(scope="module")
def seen(plan: Callable[..., Plan], tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Any]:
    """What the browser says of prod's page. Without a browser the tests are skipped, unless BROWSER=required, as .ci/run says."""
    folder = tmp_path_factory.mktemp("page")
    file = folder / "prod.html"
    report = gather("prod", plan("prod"), tables_of(ROOT, ("dev", "staging", "prod")), source="Made by a test.")
    file.write_text(page(report), encoding="utf-8")
    try:
        found = look(file, folder)
    except NoBrowserError as error:
        if os.environ.get("BROWSER") == "required":
            pytest.fail(f"a browser is required here, and there is none: {error}")
        pytest.skip(f"NOT TESTED, the page was opened in no browser: {error}")
    print(f"Chromium {found['browser']}; screenshots in {folder}")
    return {view["name"]: {**view, "url": file.as_uri(), "shots": folder} for view in found["views"]}


VIEWS = ("light", "dark", "phone-light", "phone-dark")


@pytest.mark.parametrize("view", VIEWS)
def test_the_browser_has_nothing_to_complain_of(view: str, seen: Mapping[str, Any]) -> None:
    assert seen[view]["said"] == []


@pytest.mark.parametrize("view", VIEWS)
def test_the_page_asks_for_nothing_but_itself(view: str, seen: Mapping[str, Any]) -> None:
    assert [url for url in seen[view]["requests"] if not url.startswith("data:")] == [seen[view]["url"]]


@pytest.mark.parametrize("view", VIEWS)
def test_nothing_is_wider_than_the_window_not_even_with_all_details_open(view: str, seen: Mapping[str, Any]) -> None:
    assert seen[view]["overflow"] == [0, 0]


@pytest.mark.parametrize("view", VIEWS)
def test_axe_finds_no_barrier_with_all_details_open(view: str, seen: Mapping[str, Any]) -> None:
    assert seen[view]["axe"]["violations"] == []
    assert seen[view]["axe"]["passes"] > 20, "axe must really have run"


@pytest.mark.parametrize("view", VIEWS)
def test_the_drawings_can_be_read_and_nothing_leaves_its_box(view: str, seen: Mapping[str, Any]) -> None:
    assert seen[view]["letters"] > 20 * SMALLEST / 2, "no letter is drawn: the browser has no font"
    assert seen[view]["smallest"] >= SMALLEST
    assert seen[view]["outside"] == []


def test_the_page_is_light_or_dark_as_the_reader_has_it(seen: Mapping[str, Any]) -> None:
    assert seen["light"]["background"] == seen["phone-light"]["background"] == "rgb(255, 255, 255)"
    assert seen["dark"]["background"] == seen["phone-dark"]["background"] == "rgb(13, 17, 23)"


@pytest.mark.parametrize("view", VIEWS)
def test_there_is_a_screenshot(view: str, seen: Mapping[str, Any]) -> None:
    shot: Path = seen[view]["shots"] / f"{view}.png"
    assert shot.read_bytes().startswith(b"\x89PNG")
