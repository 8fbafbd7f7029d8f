"""The checkout's two Pulumi projects: the system itself, and what an AWS account needs before it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import account.table
import components.environment
from local import LocalError, accountfile, stackfile

Read = Callable[..., tuple[dict[str, Any], str]]


@dataclass(frozen=True, kw_only=True)
class Project:
    """A Pulumi project of the checkout.

    Attributes:
        name: as its Pulumi.yaml has it.
        folder: where its Pulumi.yaml is, relative to the checkout.
        modules: the folder of the modules that it is made of, relative to the checkout.
        place: where its local cloud is, relative to the checkout. Each has a state, a lock and emulators of its own.
        table: the output that repeats its configuration.
        stack: the one that is meant where none is named.
        look: a command that shows what is in the emulator.
        read: reads the file of a stack (`stackfile.read`).
    """

    name: str
    folder: str
    modules: str
    place: str
    table: str
    stack: str
    look: str
    read: Read

    def arguments(self, stack: str) -> str:
        """What `make` is told to mean a stack of it."""
        return f"STACK={stack}" if self is SYSTEM else f"PROJECT={self.folder} STACK={stack}"


SYSTEM = Project(
    name=components.environment.PROJECT,
    folder=".",
    modules="components",
    place=".local",
    table="environment",
    stack="dev",
    look="aws cloudwatch describe-alarms --query 'MetricAlarms[].[AlarmName,StateValue]' --output table",
    read=stackfile.read,
)

ACCOUNT = Project(
    name=account.table.PROJECT,
    folder="account",
    modules="account",
    place=".local/account",
    table="account",
    stack="sandbox",
    look="aws iam list-roles --query 'Roles[].[RoleName,PermissionsBoundary.PermissionsBoundaryArn]' --output table",
    read=accountfile.read,
)

PROJECTS: Mapping[str, Project] = {"system": SYSTEM, "account": ACCOUNT}
"""By the names that `make` takes."""


def project_of(name: str) -> Project:
    """A project by its name.

    Raises:
        LocalError: there is no such project.
    """
    if name not in PROJECTS:
        raise LocalError(f"there is no project {name!r}: PROJECT is one of {', '.join(PROJECTS)}.")
    return PROJECTS[name]


def folder_of(project: Project, repo: Path) -> Path:
    """Where a project of a checkout is."""
    return (repo / project.folder).resolve()
