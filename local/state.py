"""The engine's record of one stack, and how it survives a full disk and a run that is cut off.

On a full disk the engine leaves both its file and the copy that it made of it cut short (measured). So a sound copy of it is kept beside.
"""

from __future__ import annotations

import os
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
        self._earlier = self._file.with_name(f"{self._file.name}.bak")
        self._kept = place / "kept" / f"{stack}.json"
        self._mark = place / "kept" / f"{stack}.unfinished"

    def held(self) -> Resources:
        """The resources, by URN; of a record that was cut short, those of its latest sound copy.

        Raises:
            LocalError: it was cut short, and there is no copy.
        """
        return _by_urn(self.all())

    def all(self) -> list[dict[str, Any]]:
        """The resources, those among them that were replaced and are still to be deleted.

        Raises:
            LocalError: as `held`.
        """
        if not self._file.exists():
            return []
        for file in (self._file, self._earlier, self._kept):
            if (content := latest_checkpoint(file)) is not None:
                return content.get("resources") or []
        raise LocalError(
            f"what was recorded of {self._stack} is cut short ({self._file}), and there is no copy of it. "
            f"Run `make up STACK={self._stack}`, which takes over what is there."
        )

    def mend(self) -> str | None:
        """Put the latest sound copy in the place of a record that was cut short, and say so; keep a copy of one that is sound."""
        if not self._file.exists() or latest_checkpoint(self._file) is not None:
            self.keep()
            return None
        cut = f"what was recorded of {self._stack} was cut short, as by a full disk"
        for file in (self._earlier, self._kept):
            if latest_checkpoint(file) is not None:
                _replace(self._file, file.read_bytes())
                break
        else:
            self._file.unlink()
            file = None
        for stale in self._file.parent.glob(f"{self._file.name}*.attrs"):  # they have the size and the sum of the old content
            stale.unlink()
        self.begin()
        return f"{cut}, and there is no copy: it begins anew" if file is None else f"{cut}: restored from {file}"

    def keep(self) -> None:
        """Keep a copy of a sound record.

        Raises:
            OSError: it can't be written. The copy before is still there.
        """
        if latest_checkpoint(self._file) is not None:
            _replace(self._kept, self._file.read_bytes())

    @property
    def unfinished(self) -> bool:
        """Whether the last run that changed things was cut off, or failed."""
        return self._mark.exists()

    def begin(self) -> None:
        """Note that a run is about to change things."""
        self._mark.parent.mkdir(parents=True, exist_ok=True)
        self._mark.touch()

    def finish(self) -> None:
        """Note that the record is true: all that was to be done is done, or has been looked at."""
        self._mark.unlink(missing_ok=True)


def held(folder: Path, stack: str) -> Resources:
    """The resources in the engine's folder, by URN."""
    content = latest_checkpoint(_file(folder, stack)) or {}
    return _by_urn(content.get("resources") or [])


def _file(folder: Path, stack: str) -> Path:
    return folder / f".pulumi/stacks/{PROJECT}/{stack}.json"


def _by_urn(resources: list[dict[str, Any]]) -> Resources:
    """The engine lists what stands in a replaced resource's place before the one that is still to be deleted."""
    return {one["urn"]: one for one in reversed(resources)}


def _replace(file: Path, content: bytes) -> None:
    """Write a file so that it is the old one or the new one, whatever happens."""
    file.parent.mkdir(parents=True, exist_ok=True)
    new = file.with_name(f"{file.name}.new")
    try:
        with new.open("wb") as opened:
            opened.write(content)
            opened.flush()
            os.fsync(opened.fileno())
        new.replace(file)
    finally:
        new.unlink(missing_ok=True)
