"""What the emulator's additions keep while it is down: a JSON file each, which is the old one or the new one, whatever happens."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

SAVE_PATH: Final = "/_evolution/save"
"""Where the emulator is asked to save everything, and says what it can't. When it ends, it saves as well, and then could only log that."""

SAVED: Final = "saved"
"""The file that the emulator leaves in its state's folder when it has saved everything and ends. Without it, what it held is gone."""


def load(file: Path, default: Any) -> Any:
    """What was saved, or the default."""
    return json.loads(file.read_text(encoding="utf-8")) if file.exists() else default


def save(file: Path, content: Any) -> None:
    """Save it for the next start.

    Raises:
        OSError: it can't be written. What was saved before is still there.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    new = file.with_suffix(".new")
    try:
        new.write_text(json.dumps(content), encoding="utf-8")
        new.replace(file)
    finally:
        new.unlink(missing_ok=True)
