"""Imports the SDK's AWS services sooner and cheaper, and the layers that use them: half of what a preview's own process does.

Three measures, none of which changes what the modules hold (tests/local/test_imports.py compares the plans):

- They are imported while the engine and the pack start.
- The cyclic garbage collector waits meanwhile: an import leaves no garbage, and it would look through every new class some twenty times.
- Their annotations aren't evaluated (PEP 563, the compiler's own flag): the SDK has a hundred thousand, such as
  `pulumi.Input[Optional[str]]`, and what reads them does so with `typing.get_type_hints`, which evaluates the few that are used. Python
  3.14 does so by itself (PEP 649).
"""

from __future__ import annotations
import __future__

import contextlib
import gc
import importlib
import importlib.util
import marshal
import os
import re
import sys
import threading
from collections.abc import Callable, Sequence
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType

import pulumi_aws

TAG = "annotations"
"""Sets our bytecode apart from what Python itself compiles, in the same `__pycache__` (PEP 488): `vpc.cpython-311.opt-annotations.pyc`."""


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


def defer_annotations() -> None:
    """Have the SDK's service modules that aren't imported yet compiled so that their annotations wait until they are read."""
    if sys.version_info < (3, 14) and _Finder not in sys.meta_path:
        sys.meta_path.insert(0, _Finder)


class _Finder:
    """Finds what Python itself would find, and gives it the other loader."""

    @staticmethod
    def find_spec(name: str, path: Sequence[str] | None = None, target: ModuleType | None = None) -> ModuleSpec | None:
        if not name.startswith("pulumi_aws."):
            return None
        spec = PathFinder.find_spec(name, path, target)
        if spec and isinstance(spec.loader, SourceFileLoader):
            spec.loader = _Loader(spec.loader.name, spec.loader.path)
        return spec


class _Loader(SourceFileLoader):
    """Compiles with the flag of `from __future__ import annotations`; keeps and checks the bytecode as Python does (PEP 552)."""

    def get_code(self, fullname: str) -> CodeType | None:
        source = Path(self.get_filename(fullname))
        kept = Path(importlib.util.cache_from_source(str(source), optimization=TAG))
        stat = source.stat()
        # The format of a .pyc: Python's magic number, no flags, then time of change and size of the source that it was made from.
        header = importlib.util.MAGIC_NUMBER + bytes(4) + _word(int(stat.st_mtime)) + _word(stat.st_size)
        with contextlib.suppress(OSError, ValueError, EOFError, TypeError):
            content = kept.read_bytes()
            if content.startswith(header):
                return marshal.loads(content[len(header) :])
        if not os.access(kept.parent, os.W_OK):  # where it can't be kept, compiling each time costs more than it saves
            return super().get_code(fullname)
        code = compile(source.read_bytes(), str(source), "exec", flags=__future__.annotations.compiler_flag, dont_inherit=True)
        with contextlib.suppress(OSError):
            new = kept.with_suffix(f".{os.getpid()}")
            new.write_bytes(header + marshal.dumps(code))
            new.replace(kept)
        return code


def _word(number: int) -> bytes:
    return (number & 0xFFFFFFFF).to_bytes(4, "little")
