"""What a deployment would make in an account: the local preview's plan with that account's number, against what is recorded."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from components.environment import PROJECT, Environment
from local import LocalError, previews
from local.state import StackState
from operations import OperationError
from operations.account import ROOT, Account, table
from operations.states import elsewhere, foreign

LOCAL_ACCOUNT = "000000000000"
"""The number that the local preview plans with (local/provider/outputs.py)."""

EXPORT_SECONDS = 120
"""A backend in S3 answers in a few seconds."""


@dataclass(frozen=True, kw_only=True)
class Resource:
    """One planned resource.

    Attributes:
        type: without `aws:` and the class, such as `s3/bucket`.
        before: its inputs in the stack's state; None if that hasn't it.
        kept: whether it is protected, or retained when it goes.
        name: as the program calls it.
    """

    type: str
    inputs: Mapping[str, Any]
    before: Mapping[str, Any] | None = None
    kept: bool = False
    name: str = ""

    @property
    def made(self) -> bool:
        """Whether the stack's state has it already."""
        return self.before is not None


@dataclass(frozen=True, kw_only=True)
class Planned:
    """A stack's plan, and its table with an image in it."""

    stack: str
    env: Environment
    resources: tuple[Resource, ...]

    def of(self, kind: str) -> list[Resource]:
        """All of a type."""
        return [one for one in self.resources if one.type == kind]

    def new(self, kind: str) -> list[Resource]:
        """Those of a type that are still to be made."""
        return [one for one in self.of(kind) if not one.made]


State = Mapping[str, Mapping[str, Any]]
"""The inputs of what is made already, by URN."""


def planned(stack: str, account: Account, state: State, repo: Path = ROOT) -> Planned:
    """The plan of a stack, by a preview on the embedded cloud.

    Args:
        state: what is made already.

    Raises:
        OperationError: the stack can't be previewed.
    """
    try:
        plan = previews.preview(stack, pack=False, repo=repo, place=repo / ".local" / previews.UNDEPLOYED)
    except LocalError as error:
        raise OperationError(str(error)) from None
    if not plan.succeeded:
        raise OperationError(f"{stack} can't be planned: {'; '.join(plan.errors)}. `make preview STACK={stack}` shows it.")
    return Planned(stack=stack, env=table(stack, repo), resources=resources_of(plan, account.number, state))


def resources_of(plan: previews.Plan, number: str, state: State) -> tuple[Resource, ...]:
    """AWS's resources of a plan, with the account's number in their names."""
    return tuple(
        Resource(
            type=one.type.split(":")[1],
            inputs=json.loads(json.dumps(one.inputs).replace(LOCAL_ACCOUNT, number)),
            before=state.get(one.urn),
            kept=one.protect or one.retain_on_delete,
            name=one.name,
        )
        for one in plan.resources
        if one.type.startswith("aws:")
    )


def made(stack: str, account: Account, repo: Path = ROOT) -> tuple[State, str]:
    """The stack's state, and where that is, in words.

    Raises:
        OperationError: the state can't be read.
    """
    if account.emulated:
        return in_emulator(repo / ".local", stack), "the emulator's state"
    if not os.environ.get("PULUMI_BACKEND_URL"):
        return {}, "no state, as PULUMI_BACKEND_URL isn't set: every name must still be free"
    try:
        asked = subprocess.run(
            ["pulumi", "stack", "export", "--stack", stack],
            cwd=repo,
            capture_output=True,
            text=True,
            check=False,
            timeout=EXPORT_SECONDS,
        )
    except FileNotFoundError:
        raise OperationError("PULUMI_BACKEND_URL is set, but there is no `pulumi` to read the state with: install it.") from None
    except subprocess.TimeoutExpired:
        raise OperationError(f"`pulumi stack export` hasn't ended in {EXPORT_SECONDS} s: look at PULUMI_BACKEND_URL.") from None
    if asked.returncode:
        if "no stack named" in asked.stderr:
            return {}, "a state without this stack"
        raise OperationError(f"the state can't be read: {' '.join(asked.stderr.split())}")
    return recorded(asked.stdout, stack, account.number), "the state in PULUMI_BACKEND_URL"


def in_emulator(place: Path, stack: str) -> State:
    """What is recorded of a stack in an emulator."""
    return {urn: one.get("inputs") or {} for urn, one in StackState(place, stack).resources().items()}


def recorded(exported: str, stack: str, number: str) -> State:
    """What an exported state holds of a stack in an account.

    Raises:
        OperationError: it isn't one, or is another account's or somebody else's.
    """
    try:
        resources: Any = json.loads(exported)["deployment"].get("resources") or []
        found = {str(one["urn"]): dict(one.get("inputs") or {}) for one in resources}
    except (ValueError, KeyError, TypeError, AttributeError):
        raise OperationError("what `pulumi stack export` says is no state of a shape that is known here.") from None
    foreign(resources, PROJECT, stack)
    elsewhere(resources, number)
    return found
