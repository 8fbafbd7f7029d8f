"""Data that outlives the emulator's process, as JSON files that are replaced atomically."""

import json
from pathlib import Path
from typing import Any, Final

SAVE_PATH: Final = "/_evolution/save"
"""The path of the request to save all data, which returns the failures. On its end the emulator saves too, but could only log them."""

SAVED: Final = "saved"
"""The file in its state folder by which the emulator says that it has ended with all data saved. Without it, data are lost."""


def load(file: Path, default: Any) -> Any:
    """The saved content, or the default."""
    return json.loads(file.read_text(encoding="utf-8")) if file.exists() else default


def save(file: Path, content: Any) -> None:
    """Save content for the next start.

    Raises:
        OSError: it can't be written. The file is unchanged.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    new = file.with_suffix(".new")
    try:
        new.write_text(json.dumps(content), encoding="utf-8")
        new.replace(file)
    finally:
        new.unlink(missing_ok=True)
