"""What Pulumi tells no policy pack, of a resource or of a value that isn't known yet: only what is named here, and why, may ask for it."""

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


COMPUTES = frozenset({"all", "concat", "format", "json_dumps", "json_loads"})
"""What the SDK's Output makes another value with, beside `apply`."""

COMPUTED = {
    ("agent_runtime.py", "_policies"): "ARNs of the runtime's endpoints, and documents, which the pack reads",
    ("agent_runtime.py", "deploy_runtime"): "the log group's name, which has the runtime's id in it",
    ("agentcore.py", "_gateway_policy"): "a document",
    ("agentcore.py", "_policy"): "the fence, which the pack reads",
    ("component.py", "_with_key"): "names, for documents",
    ("component.py", "pattern_until_made"): "a pattern in the place of what isn't known yet, for documents",
    ("component.py", "permissions_boundary"): "a document",
    ("component.py", "service_role"): "a document",
    ("compute.py", "__init__"): "what the stack says is left to do",
    ("evolution.py", "_by_topic"): "the JSON around the dead letters' ARN",
    ("security.py", "_safety_settings"): "the secret around the key",
}
"""The functions that compute something from an output, and what: before the first deployment no pack can tell it from the output itself."""


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


def computing(text: str) -> Iterator[str]:
    """The functions of a text of the program that compute something from an output; empty for none of them."""

    def within(node: ast.AST, function: str) -> Iterator[str]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.Attribute) and (
                child.attr == "apply" or (child.attr in COMPUTES and ast.unparse(child.value).endswith("Output"))
            ):
                yield function
            yield from within(child, child.name if isinstance(child, ast.FunctionDef) else function)

    return within(ast.parse(text), "")


def test_only_named_places_compute_what_no_policy_pack_can_tell() -> None:
    found = {(path.name, function) for path in PROGRAM for function in computing(path.read_text(encoding="utf-8"))}
    assert sorted(found - COMPUTED.keys()) == [], "the pack can't tell it from the output itself: name the place, or do without"
    assert sorted(COMPUTED.keys() - found) == [], "it computes nothing any more: take it off the list"


@pytest.mark.parametrize(
    "text",
    [
        "def told(group):\n    return group.arn.apply(lambda _: other)",
        "def told(group):\n    return pulumi.Output.concat(group.arn, ':1')",
        "def told(group):\n    return Output.all(group.arn)",
    ],
)
def test_each_way_to_compute_is_seen(text: str) -> None:
    assert list(computing(text)) == ["told"]


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
