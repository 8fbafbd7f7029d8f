"""Stacks of this system as they are planned without the engine, and what the approved files say of them."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import pytest

from local.projects import ACCOUNT
from plain import Plain
from rule import Stack
from rules import FAMILIES
from system import TABLES
from tests.account.tables import account_table
from tests.approve import IMAGE, planned, table_of
from tests.policy.builders import UNKNOWN, Node, Nodes
from tests.policy.samples import findings


@cache
def stack_of(stack: str, image: str | None = IMAGE) -> Stack:
    """A committed stack, with an engine image."""
    return planned(stack, {**table_of(stack), "engine_image_digest": image})


def account_of(*, made: bool = False, **rows: Any) -> Stack:
    """The committed account with other rows, planned or once AWS has made it."""
    return _account_of(json.dumps(rows), made)


@cache
def _account_of(rows: str, made: bool) -> Stack:
    return planned(ACCOUNT.stack, account_table(**json.loads(rows)), made=made, project=ACCOUNT)


def nodes_of(stack: Stack) -> Nodes:
    """A planned stack as the raw data that CrossGuard's proxies wrap."""
    names = {resource.urn: resource.name for resource in stack.resources}
    return {
        one.name: Node(
            one.type,
            _raw(one.inputs),
            {key: [names[reference.urn] for reference in found] for key, found in one.references.items()},
            protect=one.protect,
            ignore_changes=one.ignore_changes,
            delete_before_replace=one.delete_before_replace,
            depends_on=tuple(names[urn] for urn in one.dependencies),
            outputs=_raw(one.props),
        )
        for one in stack.resources
    }


_last_planned: list[tuple[Stack, Nodes]] = []
"""The stack that was judged last, and its nodes as they were planned."""


def _planned(stack: Stack) -> Nodes:
    if not _last_planned or _last_planned[0][0] is not stack:
        _last_planned[:] = [(stack, nodes_of(stack))]
    return _last_planned[0][1]


def _raw(props: dict[str, Plain] | None) -> Any:
    return json.loads(json.dumps(props, default=lambda _: UNKNOWN))


def configure(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give the pack the stack's table."""
    (key,) = (key for key in TABLES if key.startswith(f"{stack.project}:"))
    monkeypatch.setenv("PULUMI_CONFIG", json.dumps({key: json.dumps(stack.table)}))


def judged(stack: Stack, nodes: Nodes, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """The rules that say that something isn't approved, and about what; all others are judged beside them.

    What is as it was planned isn't judged by itself again, where anything else is; of what AWS has made, inputs and outputs differ, and so
    all is.
    """
    configure(stack, monkeypatch)
    planned = _planned(stack)
    nodes = {**nodes, **{name: one for name, one in planned.items() if nodes.get(name) == one}}
    is_made = any(node.outputs.get("arn") not in (None, UNKNOWN) for node in planned.values())
    base = None if is_made or nodes == planned else planned
    found = findings(nodes, stack=stack.name, project=stack.project, families=FAMILIES, judged=base)
    return [(one.rule, one.resource) for one in found if one.rule.startswith("approved/")]
