"""The engine's record of one stack, and whether it can be trusted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from components.environment import PROJECT
from local import LocalError
from local.internals import latest_checkpoint

Resources = dict[str, dict[str, Any]]


class State:
    """What the engine recorded of a stack at a place."""

    def __init__(self, place: Path, stack: str) -> None:
        self._stack = stack
        self._file = _file(place / "state", stack)
        self._mark = place / f"{stack}.unfinished"

    def held(self) -> Resources:
        """The resources, by URN.

        Raises:
            LocalError: the record was cut short.
        """
        return _by_urn(self.all())

    def all(self) -> list[dict[str, Any]]:
        """The resources, those among them that were replaced and are still to be deleted.

        Raises:
            LocalError: as `held`.
        """
        if not self._file.exists():
            return []
        content = latest_checkpoint(self._file)
        if content is None:
            raise LocalError(
                f"what was recorded of {self._stack} was cut short, as by a full disk ({self._file}). "
                f"Run `make up STACK={self._stack}`, which discards it and makes everything again."
            )
        return content.get("resources") or []

    @property
    def doubt(self) -> str | None:
        """Why the record may not be what is there, as a clause; None if it is."""
        if self._mark.exists():
            return f"the last run of {self._stack} was killed"
        if self._file.exists() and latest_checkpoint(self._file) is None:
            return f"what was recorded of {self._stack} was cut short, as by a full disk"
        return None

    def begin(self) -> None:
        """Note that a run is about to change things."""
        self._mark.touch()

    def finish(self) -> None:
        """Note that the run has ended by itself, well or badly: what it did is recorded."""
        self._mark.unlink(missing_ok=True)

    def discard(self) -> None:
        """Forget the stack."""
        for file in self._file.parent.glob(f"{self._file.name}*"):
            file.unlink()
        self.finish()


def held(folder: Path, stack: str) -> Resources:
    """The resources in the engine's folder, by URN."""
    content = latest_checkpoint(_file(folder, stack)) or {}
    return _by_urn(content.get("resources") or [])


def _file(folder: Path, stack: str) -> Path:
    return folder / f".pulumi/stacks/{PROJECT}/{stack}.json"


def _by_urn(resources: list[dict[str, Any]]) -> Resources:
    """The engine lists what stands in a replaced resource's place before the one that is still to be deleted."""
    return {one["urn"]: one for one in reversed(resources)}
