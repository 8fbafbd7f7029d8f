"""The parts of Pulumi and of Python that aren't public and that the local run relies on, all of them, each with its reason.

tests/local/test_internals.py says in one sentence what has changed when an upgrade takes one away.
"""

from __future__ import annotations
import __future__

import contextlib
import importlib.util
import json
import marshal
import os
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

import pulumi
from pulumi.automation import _stack as automation_stack  # pyright: ignore[reportPrivateUsage]
from pulumi.automation._server import LanguageServer as SdkLanguageServer

TAG = "annotations"
"""Sets our bytecode apart from what Python itself compiles, in the same `__pycache__` (PEP 488): `vpc.cpython-311.opt-annotations.pyc`."""


class LanguageServer(SdkLanguageServer):
    """Tells the engine that a failed program has already said why, as the language host does; the SDK's server has it said twice."""

    def Run(self, request: Any, context: Any) -> Any:  # noqa: N802 (the protocol's name)
        result = super().Run(request, context)  # pyright: ignore[reportUnknownMemberType] (the SDK leaves it untyped)
        if result.error:
            result.error = ""
            result.bail = True
        return result


def say_errors_once() -> None:
    """The Automation API takes no server of one's own."""
    automation_stack.LanguageServer = LanguageServer  # pyright: ignore[reportPrivateImportUsage]


def silence_debug_messages() -> None:
    """The SDK tells the engine some five things a resource that only `--debug` shows, and waits for it to hear each one: 0.65 s of prod's
    preview (docs/speed.md)."""
    pulumi.log.debug = _unheard


def _unheard(*_: object, **__: object) -> None:
    """In the place of `pulumi.log.debug`."""


def latest_checkpoint(file: Path) -> dict[str, Any] | None:
    """What a file of the engine's state holds (`resources` and more), if it is whole. `pulumi stack export` takes 0.3 s for the same."""
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        return json.loads(file.read_text(encoding="utf-8"))["checkpoint"]["latest"] or {}
    return None


def defer_annotations() -> None:
    """Have the SDK's service modules that aren't imported yet compiled so that their annotations wait until they are read (PEP 563, the
    compiler's own flag): about 2 s of the CPU.

    There are a hundred thousand, such as `pulumi.Input[Optional[str]]`. What reads them does so with `typing.get_type_hints`, which
    evaluates the few that are used. Python 3.14 does so by itself (PEP 649).
    """
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
            spec.loader = _CompilingLoader(spec.loader.name, spec.loader.path)
        return spec


class _CompilingLoader(SourceFileLoader):
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
