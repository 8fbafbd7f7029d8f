"""The types and properties that rules and fixtures name, held against the AWS provider's own classes."""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Iterator
from typing import Any, cast

from taggable import TAGGABLE
from tests.plans import Plan
from tests.policy.complete import complete
from tests.policy.provider_types import annotations_of, camel, module_of


def unknown_keys(token: str, annotations: dict[str, str], value: dict[str, Any], path: str) -> Iterator[str]:
    """The keys of a value that the provider doesn't know, at any depth."""
    inputs = importlib.import_module(f"{module_of(token)}._inputs")
    for key, one in value.items():
        if key not in annotations:
            yield f"{path}.{key}"
            continue
        nested = re.search(r"(\w+Args)(Dict)?\b", annotations[key])
        if nested is None:
            continue
        fields = {camel(name): str(kind) for name, kind in getattr(inputs, f"{nested[1]}Dict").__annotations__.items()}
        for entry in cast("list[Any]", one) if isinstance(one, list) else [one]:
            if isinstance(entry, dict):
                yield from unknown_keys(token, fields, cast("dict[str, Any]", entry), f"{path}.{key}")


def test_the_fixtures_have_only_properties_that_the_provider_has() -> None:
    unknown: list[str] = []
    for name, node in complete().items():
        if node.type.startswith("aws:"):
            props = {key: value for key, value in node.props.items() if key not in ("inlinePolicies", "tagsAll")}
            unknown += unknown_keys(node.type, annotations_of(node.type), props, name)
    assert unknown == []


def test_every_taggable_type_takes_tags() -> None:
    assert [token for token in sorted(TAGGABLE) if "tags" not in annotations_of(token)] == []


def test_every_planned_type_that_takes_tags_is_known_to(plan: Callable[..., Plan]) -> None:
    kinds = {resource.type for resource in plan("prod").resources if resource.type.startswith("aws:")}
    kinds |= {node.type for node in complete().values() if node.type.startswith("aws:")}
    assert {kind for kind in kinds if "tags" in annotations_of(kind)} <= TAGGABLE
