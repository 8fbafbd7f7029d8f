"""Pulumi's state of one stack, and whether it is complete."""

from pathlib import Path
from typing import Any

from local import LocalError
from local.internals import latest_checkpoint
from local.projects import SYSTEM, Project

Resources = dict[str, dict[str, Any]]


class StackState:
    """The recorded state of a stack.

    Args:
        place: the folder that holds the state of all stacks.
        project: whose stack it is.
    """

    def __init__(self, place: Path, stack: str, project: Project = SYSTEM) -> None:
        self._stack = stack
        self._arguments = project.arguments(stack)
        self._file = _file(place / "state", stack, project)
        self._mark = place / f"{stack}.unfinished"

    def resources(self) -> Resources:
        """The resources, by URN. Raises as `all`."""
        return _by_urn(self.all())

    def all(self) -> list[dict[str, Any]]:
        """The resources, with those that were replaced and are still to be deleted.

        Raises:
            LocalError: the file is truncated.
        """
        if not self._file.exists():
            return []
        content = latest_checkpoint(self._file)
        if content is None:
            raise LocalError(
                f"what was recorded of {self._stack} was cut short, as by a full disk ({self._file}). "
                f"Run `make up {self._arguments}`, which discards it and makes everything again."
            )
        return content.get("resources") or []

    @property
    def defect(self) -> str | None:
        """Why the state may not be what exists, as a clause; None if nothing is wrong."""
        if self._mark.exists():
            return f"the last run of {self._stack} was killed"
        if self._file.exists() and latest_checkpoint(self._file) is None:
            return f"what was recorded of {self._stack} was cut short, as by a full disk"
        return None

    def begin(self) -> None:
        """Mark the stack as being changed."""
        self._mark.touch()

    def finish(self) -> None:
        """Remove the mark: the run has ended by itself, with or without an error, so that the state is complete."""
        self._mark.unlink(missing_ok=True)

    def discard(self) -> None:
        """Delete the stack's state."""
        for file in self._file.parent.glob(f"{self._file.name}*"):
            file.unlink()
        self.finish()


def resources_in(folder: Path, stack: str, project: Project = SYSTEM) -> Resources:
    """The resources in a state folder, by URN."""
    content = latest_checkpoint(_file(folder, stack, project)) or {}
    return _by_urn(content.get("resources") or [])


def _file(folder: Path, stack: str, project: Project) -> Path:
    return folder / f".pulumi/stacks/{project.name}/{stack}.json"


def _by_urn(resources: list[dict[str, Any]]) -> Resources:
    """Pulumi lists a replacement before the resource that it replaces, which is still to be deleted."""
    return {one["urn"]: one for one in reversed(resources)}
