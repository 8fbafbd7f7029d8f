"""Which stacks prepare an AWS account for the Evolution System, and how what they make is called."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from typing import Unpack, overload

from graph import names_of
from plain import dig, items
from rule import Metadata, Resource, ResourceCheck, Stack, StackCheck, StackRule
from system import ACCOUNT_PROJECT as PROJECT
from system import rule_where
from tokens import BUCKET, ROLE

STATE = "account-state-"
"""How the name of the bucket begins that holds the stacks' states."""

ROLE_NAME = re.compile(r"account-(?P<does>deploy|drift|image|drill)-(?P<stack>[a-z][a-z0-9]*)")
"""What workflows take on: by what it does, and for which stack."""

FLAGS = ("trail", "model_invocation_logging", "guardduty")
"""Rows of the table by which something more watches the account."""

THERE_ALREADY = (("analyzer_arn",), ("github", "provider_arn"))
"""Rows that name what the account has, and so needn't make."""

DISPOSABLE = "dev"
"""The stack that its pipeline may make and destroy alone. In every other an administrator makes roles and writes the mode."""


def is_account(stack: Stack) -> bool:
    """Whether the rules about an account apply. Any one of its marks is enough, so that no single edit takes a stack out of them: the
    project's name, a bucket for states, a role that deploys the system."""
    return (
        stack.project == PROJECT
        or any(str(bucket.at("bucket")).startswith(STATE) for bucket in stack.of_type(BUCKET))
        or any(ROLE_NAME.fullmatch(str(role.at("name"))) for role in stack.of_type(ROLE))
    )


def boundary_name(stack: str) -> str:
    """The name of the policy that bounds the roles of a stack."""
    return f"account-boundary-{stack}"


def state_buckets(stack: Stack) -> list[Resource]:
    """The buckets that hold states, or might: those whose name isn't known."""
    return [one for one in stack.of_type(BUCKET) if not isinstance(name := one.at("bucket"), str) or name.startswith(STATE)]


def rows_of(stack: Stack) -> frozenset[str]:
    """What a stack's table says, as far as that decides what the account has: a flag that is on, an environment of its own, and what there
    is already where nothing is said of it."""
    table = dict(stack.table or {})
    on = {row for row in FLAGS if dig(table, row) is True}
    made = {f"no {'.'.join(row)}" for row in THERE_ALREADY if not dig(table, *row)}
    return frozenset({*on, *made, *(f"stacks.{one}" for one in items(table.get("stacks")))})


def role_names(stack: Stack) -> set[str]:
    """The names of the roles that workflows take on."""
    return names_of(stack.of_type(ROLE))


@overload
def account_rule(*, types: Collection[str], **metadata: Unpack[Metadata]) -> Callable[[ResourceCheck], StackRule]: ...
@overload
def account_rule(**metadata: Unpack[Metadata]) -> Callable[[StackCheck], StackRule]: ...
def account_rule(
    *, types: Collection[str] | None = None, **metadata: Unpack[Metadata]
) -> Callable[[ResourceCheck], StackRule] | Callable[[StackCheck], StackRule]:
    """`rule` for a decision about the account of this system alone: other programs are not held to it."""
    return rule_where(is_account, types, metadata)
