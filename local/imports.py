"""Imports the SDK's AWS services sooner and cheaper, and the layers that use them: half of what a preview's own process does.

Three measures, none of which changes what the modules hold (tests/local/test_imports.py compares the plans):

- They are imported while the engine and the pack start.
- The cyclic garbage collector waits meanwhile: an import leaves no garbage, and it would look through every new class some twenty times.
- Their annotations aren't evaluated (local/internals.py).
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import re
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pulumi_aws

from local.internals import defer_annotations


def aws_classes(repo: Path) -> dict[str, str]:
    """The AWS services that the layers use, each with one of its classes: `{"ec2": "Vpc", …}`.

    The SDK imports a service when one of its names is first used.
    """
    sources = [path.read_text(encoding="utf-8") for path in sorted((repo / "components").glob("*.py"))]
    return dict(sorted({match for source in sources for match in re.findall(r"\baws\.([a-z0-9_]+)\.([A-Z]\w+)\(", source)}))


class Ahead:
    """A program whose modules are imported before it runs.

    Args:
        repo: the checkout.
        run: the program.
    """

    def __init__(self, repo: Path, run: Callable[[], None]) -> None:
        self._repo = repo
        self._run = run
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to import, while this process waits: it can do little else meanwhile, for reading a large module holds Python's lock."""
        if self._thread is None:
            defer_annotations()
            self._thread = threading.Thread(target=self._import, daemon=True)
            self._thread.start()

    def __call__(self) -> None:
        self.start()
        assert self._thread
        self._thread.join()  # the SDK's lazy modules aren't made for two threads
        self._run()

    def _import(self) -> None:
        before = len(sys.modules)
        gc.disable()
        try:
            for service, name in aws_classes(self._repo).items():
                with contextlib.suppress(Exception):  # the program will say what is wrong with it
                    getattr(getattr(pulumi_aws, service), name)
            for path in sorted((self._repo / "components").glob("[a-z]*.py")):
                with contextlib.suppress(Exception):
                    importlib.import_module(f"components.{path.stem}")
        finally:
            if len(sys.modules) > before:
                gc.freeze()  # what was imported stays: the collector need never look at it
            gc.enable()
