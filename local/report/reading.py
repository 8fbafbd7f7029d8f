"""Notes what a rule reads of a resource, so that a verdict can name what it rests on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

Path = tuple[str, ...]


class Watched(dict[str, Any]):
    """An object that notes which of its keys are read."""

    def __init__(self, value: dict[str, Any], path: Path, note: Callable[[Path], None]) -> None:
        super().__init__({key: watched(one, (*path, key), note) for key, one in value.items()})
        self._path, self._note = path, note

    def get(self, key: str, default: Any = None) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]  # what rules call
        self._note((*self._path, key))
        return super().get(key, default)

    def __getitem__(self, key: str) -> Any:
        self._note((*self._path, key))
        return super().__getitem__(key)


def watched(value: Any, path: Path, note: Callable[[Path], None]) -> Any:
    """A copy of a value whose objects note what is read of them."""
    if isinstance(value, dict):
        return Watched(cast("dict[str, Any]", value), path, note)
    if isinstance(value, list):
        return [watched(one, (*path, str(index)), note) for index, one in enumerate(cast("list[Any]", value))]
    return value
