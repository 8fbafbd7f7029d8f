"""Edits of the compliant stack, for tables of what must be caught."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Set
from typing import Any, TypeVar

from tests.policy.samples import Node, Nodes, set_at

Edit = Callable[[Nodes], object]

Case = TypeVar("Case")


def each_fires(cases: Iterable[tuple[str, Case, Set[str]]], fired: Callable[[Case], Set[str]]) -> None:
    """Hold that of each edit exactly the rules fire that must, and name every one of which others do.

    Many in one test: an edit is judged in a few milliseconds, about as long as pytest takes for a test.
    """

    def outcome(case: Case) -> Set[str] | str:
        try:
            return fired(case)
        except Exception as error:  # the others are tried all the same
            return f"{error!r}: can it still be made?"

    outcomes = [(name, outcome(case), must) for name, case, must in cases]
    wrong = [f"{name}: {fire or 'none'} fire, and {must or 'none'} must" for name, fire, must in outcomes if fire != must]
    assert not wrong, "\n".join(wrong)


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
