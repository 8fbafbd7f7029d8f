"""What Pulumi does with a resource, and tells no policy pack: only what is named here, and why, may ask for it."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from pathlib import Path

import pulumi
import pytest

ROOT = Path(__file__).resolve().parents[2]

PROGRAM = (ROOT / "__main__.py", *sorted((ROOT / "components").rglob("*.py")), *sorted((ROOT / "account").rglob("*.py")))

TOLD = frozenset({"parent", "depends_on", "protect", "ignore_changes", "delete_before_replace", "aliases", "custom_timeouts"})
"""The options that a pack is told of, some only where it judges the whole stack. Source: AnalyzerResource in Pulumi's analyzer.proto."""

HARMLESS = frozenset({"provider", "providers", "additional_secret_outputs"})
"""Those that a pack needn't be told of: it judges the providers themselves."""

UNTOLD = frozenset(inspect.signature(pulumi.ResourceOptions).parameters) - TOLD - HARMLESS

NAMED = {
    ("component.py", "retain_on_delete"): "data, and logs that CloudWatch refuses to delete, stay where they are protected",
    ("security.py", "retain_on_delete"): "the settings' version before is there to go back to",
    ("monitoring.py", "replace_on_changes"): "an alarm warms up only when it is made",
}
"""Where an option that no pack is told of is given, and why."""


def untold(text: str) -> Iterator[str]:
    """The options that a text of the program gives, or seems to give, and of which no pack is told; `**` for some that can't be read."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("ResourceOptions"):
            yield from ("**" for one in (*node.args, *node.keywords) if not isinstance(one, ast.keyword) or one.arg is None)
            yield from (one.arg for one in node.keywords if one.arg in UNTOLD)
        elif isinstance(node, ast.Attribute) and node.attr in UNTOLD - {"id", "urn"} and isinstance(node.ctx, ast.Store):
            yield node.attr
        elif isinstance(node, ast.Attribute | ast.Name):
            name = node.attr if isinstance(node, ast.Attribute) else node.id
            yield from ([name] if name == "setattr" or "transform" in name else [])


def test_only_named_places_ask_for_what_no_policy_pack_is_told() -> None:
    asked = {(path.name, option) for path in PROGRAM for option in untold(path.read_text(encoding="utf-8"))}
    assert sorted(asked - NAMED.keys()) == [], "the pack can't refuse it: name the place with its reason, or do without"
    assert sorted(NAMED.keys() - asked) == [], "it isn't given any more: take it off the list"


@pytest.mark.parametrize(
    ("text", "option"),
    [
        ("opts=pulumi.ResourceOptions(parent=self, import_='evolution-flow-logs-prod-us-east-1')", "import_"),
        ("opts=ResourceOptions(retain_on_delete=True)", "retain_on_delete"),
        ("opts=pulumi.ResourceOptions(deleted_with=service)", "deleted_with"),
        ("opts=pulumi.ResourceOptions(**more)", "**"),
        ("child.retain_on_delete = True", "retain_on_delete"),
        ("pulumi.runtime.register_stack_transformation(keep)", "register_stack_transformation"),
    ],
)
def test_each_way_to_ask_for_it_is_seen(text: str, option: str) -> None:
    assert list(untold(text)) == [option]
