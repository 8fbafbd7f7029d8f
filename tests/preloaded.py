"""What every process of tests/apart.py has imported when it is forked, by its first import of this module."""

from __future__ import annotations

from local import lifecycle
from local.imports import PreloadedProgram

PreloadedProgram(lifecycle.previews.ROOT, lambda: None)()
