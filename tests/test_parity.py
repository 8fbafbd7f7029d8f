"""docs/parity.md is true: every row of it holds in what real Pulumi plans for each stack."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, cast

import pytest

from tests.plans import UNKNOWN, Plan, PlannedResource

STACKS = ("dev", "staging", "prod")
TEXT = (Path(__file__).parents[1] / "docs/parity.md").read_text(encoding="utf-8")

ABSENT = object()


class ParityRow(NamedTuple):
    """One row of the document."""

    layer: str
    what: str
    resource: str
    property: str
    value: str


def _rows() -> list[ParityRow]:
    rows: list[ParityRow] = []
    layer = ""
    for line in TEXT.splitlines():
        if line.startswith("## "):
            layer = line.removeprefix("## ").lower()
        cells = [cell.strip() for cell in line.strip("|").split(" | ")]
        if line.startswith("| ") and len(cells) == 4 and cells[0] != "what":
            rows.append(ParityRow(layer, cells[0], *(cell.strip("`") for cell in cells[1:])))
    return rows


ROWS = _rows()


def expected(row: ParityRow, stack: str) -> Any:
    values = row.value.split(" / ")
    text = values[STACKS.index(stack)] if len(values) == len(STACKS) else row.value
    return {"absent": ABSENT, "unknown": UNKNOWN}.get(text) or json.loads(text)


def step(value: Any, part: str) -> Any:
    """One step down a path: a key, or an item in brackets."""
    if not part.startswith("["):
        return cast("dict[str, Any]", value).get(part, ABSENT) if isinstance(value, dict) else ABSENT
    key = part[1:-1]
    if key.isdigit():
        return value[int(key)]
    found = [item for item in value if key in (item.get("name"), item.get("Sid"), item.get("id"))]
    return found[0] if len(found) == 1 else ABSENT


def values_of(row: ParityRow, plan: Plan) -> list[Any]:
    """What the plan has for a row: one value, or one for every resource of the type where the row names no resource."""
    kind, _, name = row.resource.partition(" ")
    found = [resource for resource in plan.resources if resource.type.startswith(f"aws:{kind}:") and name in ("", resource.name)]
    if row.property == "count":
        return [len(found)]
    if name and found and row.layer != "tags":
        assert found[0].parent.rpartition("::")[2] == row.layer, f"{name} is made in another layer"
    return [value_at(row.property, resource) for resource in found] or [ABSENT]


def value_at(path: str, resource: PlannedResource) -> Any:
    """The value at a path of a resource's inputs."""
    if path in ("protect", "retainOnDelete"):
        return {"protect": resource.protect, "retainOnDelete": resource.retain_on_delete}[path]
    value: Any = dict(resource.inputs)
    for document in path.split(">"):
        value = json.loads(value) if isinstance(value, str) else value
        for part in re.findall(r"\[[^\]]*\]|[^.\[\]]+", document):
            value = step(value, part)
            if value is ABSENT:
                return ABSENT
    return value


def holds(value: Any, wanted: Any) -> bool:
    if wanted is UNKNOWN:
        return value in (UNKNOWN, [UNKNOWN])
    return value == wanted and (type(value) is type(wanted) or (_number(value) and _number(wanted)))


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def test_the_document_has_its_rows() -> None:
    assert {row.layer for row in ROWS} == {"network", "security", "data", "agentcore", "compute", "evolution", "monitoring", "tags"}
    table_lines = [line for line in TEXT.splitlines() if line.startswith("| ") and not line.startswith("| what ")]
    assert len(ROWS) == len(table_lines), "a row could not be read"


@pytest.mark.parametrize("stack", STACKS)
def test_every_row_holds_in_the_plan(stack: str, plan: Callable[..., Plan]) -> None:
    wrong = [
        f"{row.layer}: {row.what}: {row.resource} {row.property} is {value!r}, not {row.value}"
        for row in ROWS
        for value in values_of(row, plan(stack))
        if not holds(value, expected(row, stack))
    ]
    assert not wrong, "\n".join(wrong)
