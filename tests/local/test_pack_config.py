"""A configuration of the pack that turns rules off doesn't reach a deployment."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from local import LocalError
from local.pack_config import check
from local.previews import Plan

ROOT = Path(__file__).resolve().parents[2]
COMMITTED = ROOT / "policy-config.json"


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        '{"environment": {"limits": {"prod": {"autonomy_percent": 80}}}}',
        '{"environment": {"exemptions": []}}',
        COMMITTED.read_text(encoding="utf-8"),
    ],
    ids=["nothing", "limits", "exemptions", "the committed one"],
)
def test_limits_and_exemptions_pass(text: str) -> None:
    check(text)


@pytest.mark.parametrize(
    "text",
    [
        '{"all": "disabled"}',
        '{"all": "advisory"}',
        '{"all": "mandatory"}',
        '{"all": {"enforcementLevel": "advisory"}}',
        '{"identity": "disabled"}',
        '{"system": {"enforcementLevel": "advisory"}}',
        '{"environment": "advisory"}',
        '{"environment": {"enforcementLevel": "disabled", "limits": {}}}',
        '{"environment": {"exemptions": []}, "environment": {"enforcementLevel": "disabled"}}',
        "[]",
        "null",
        "",
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(LocalError, match=r"configuration|object"):
        check(text)


def test_the_committed_configuration_leaves_the_pack_on(preview: Callable[..., Plan]) -> None:
    refused = preview("dev", edits={"autonomy_percent": 90}, pack_config=COMMITTED)
    assert not refused.succeeded
    assert refused.findings
