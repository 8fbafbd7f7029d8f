"""Imports the SDK's AWS services and the layers earlier and faster: half of the CPU time of a preview's own process.

Three measures, none of which changes a module's content (tests/local/test_imports.py compares the plans):

- The imports run while the CLI and the pack start.
- Garbage collection is off meanwhile: an import leaves no garbage, and the collector would scan every new class some twenty times.
- Annotations aren't evaluated (local/internals.py).
"""

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


def aws_classes(modules: Path) -> dict[str, str]:
    """The AWS services that the modules of a folder use, each with one of its classes: `{"ec2": "Vpc", …}`.

    The SDK imports a service when one of its names is first used.
    """
    sources = [path.read_text(encoding="utf-8") for path in sorted(modules.glob("*.py"))]
    return dict(sorted({match for source in sources for match in re.findall(r"\baws\.([a-z0-9_]+)\.([A-Z]\w+)\(", source)}))


def import_services(modules: Path) -> None:
    """Import the AWS services that the modules of a folder use."""
    defer_annotations()
    for service, name in aws_classes(modules).items():
        with contextlib.suppress(Exception):  # the program will fail with the same error
            getattr(getattr(pulumi_aws, service), name)


class PreloadedProgram:
    """A program whose modules, all in one folder, are imported before it runs."""

    def __init__(self, modules: Path, run: Callable[[], None]) -> None:
        self._modules = modules
        self._run = run
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Start to import in a thread. This process can do little else meanwhile: loading a large module holds Python's lock."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._import, daemon=True)
            self._thread.start()

    def __call__(self) -> None:
        self.start()
        assert self._thread
        self._thread.join()  # the SDK's lazy modules aren't thread-safe
        self._run()

    def _import(self) -> None:
        before = len(sys.modules)
        gc.disable()
        try:
            import_services(self._modules)
            for path in sorted(self._modules.glob("[a-z]*.py")):
                with contextlib.suppress(Exception):
                    importlib.import_module(f"{self._modules.name}.{path.stem}")
        finally:
            if len(sys.modules) > before:
                gc.freeze()  # imported modules stay: the collector needn't scan them again
            gc.enable()
