"""Edits of the compliant stack, for tables of what must be caught."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.policy.samples import Node, Nodes, set_at

Edit = Callable[[Nodes], object]


def setting(name: str, path: str, value: Any) -> Edit:
    """Replace one property of one resource."""
    return lambda nodes: set_at(nodes, name, path, value)


def without(name: str) -> Edit:
    """Remove a resource."""
    return lambda nodes: nodes.pop(name)


def adding(name: str, node: Node) -> Edit:
    """Add a resource."""
    return lambda nodes: nodes.update({name: node})


def referring(name: str, key: str, source: str) -> Edit:
    """Let a property's value come from another resource."""

    def edit(nodes: Nodes) -> None:
        nodes[name].references[key] = [source]

    return edit


def both(*edits: Edit) -> Edit:
    """Several edits as one."""

    def edit(nodes: Nodes) -> None:
        for one in edits:
            one(nodes)

    return edit
