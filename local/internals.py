"""Every part of Pulumi and of Python that isn't public and that the local run uses, each with its reason.

If an upgrade removes one, tests/local/test_internals.py says in one sentence what has changed.
"""

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
from pulumi.runtime import resource as sdk_resource
from pulumi.runtime.proto import source_pb2

TAG = "annotations"
"""Tells our bytecode apart from Python's own in `__pycache__` (PEP 488): `vpc.cpython-311.opt-annotations.pyc`."""


class LanguageServer(SdkLanguageServer):
    """Reports a failed program as the language host does: as one that has printed its error. With the SDK's server it is printed twice."""

    def Run(self, request: Any, context: Any) -> Any:  # noqa: N802 (the protocol's name)
        result = super().Run(request, context)  # pyright: ignore[reportUnknownMemberType] (the SDK leaves it untyped)
        if result.error:
            result.error = ""
            result.bail = True
        return result


def report_errors_once() -> None:
    """Use that server. The Automation API has no parameter for it."""
    automation_stack.LanguageServer = LanguageServer  # pyright: ignore[reportPrivateImportUsage]


def silence_debug_messages() -> None:
    """The SDK sends about five messages for each resource that only `--debug` shows, and waits for each answer: 0.65 s of prod's preview
    (docs/speed.md)."""
    pulumi.log.debug = _ignore


def omit_stack_traces() -> None:
    """The SDK sends with each resource the calls that led to it, which the local run shows nowhere: 0.1 s of prod's preview
    (docs/speed.md)."""
    sdk_resource._get_stack_trace = source_pb2.StackTrace  # pyright: ignore[reportPrivateUsage]


def _ignore(*_: object, **__: object) -> None:
    """Replaces `pulumi.log.debug`."""


def latest_checkpoint(file: Path) -> dict[str, Any] | None:
    """The content of a state file (`resources` and more); None if it is truncated. `pulumi stack export` takes 0.3 s for the same."""
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        return json.loads(file.read_text(encoding="utf-8"))["checkpoint"]["latest"] or {}
    return None


def defer_annotations() -> None:
    """Compile the SDK's service modules with deferred annotations (PEP 563, a flag of the compiler): saves about 2 s of CPU time.

    There are a hundred thousand, such as `pulumi.Input[Optional[str]]`. They are read with `typing.get_type_hints`, which evaluates the few
    that are used. Python 3.14 defers them by itself (PEP 649). Modules that are imported already stay as they are.
    """
    if sys.version_info < (3, 14) and _Finder not in sys.meta_path:
        sys.meta_path.insert(0, _Finder)


class _Finder:
    """Finds the same modules as Python, and gives them another loader."""

    @staticmethod
    def find_spec(name: str, path: Sequence[str] | None = None, target: ModuleType | None = None) -> ModuleSpec | None:
        if not name.startswith("pulumi_aws."):
            return None
        spec = PathFinder.find_spec(name, path, target)
        if spec and isinstance(spec.loader, SourceFileLoader):
            spec.loader = _CompilingLoader(spec.loader.name, spec.loader.path)
        return spec


class _CompilingLoader(SourceFileLoader):
    """Compiles with the flag of `from __future__ import annotations`; caches and validates the bytecode as Python does (PEP 552)."""

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
        if not os.access(kept.parent, os.W_OK):  # without a cache, compiling each time costs more than it saves
            return super().get_code(fullname)
        code = compile(source.read_bytes(), str(source), "exec", flags=__future__.annotations.compiler_flag, dont_inherit=True)
        with contextlib.suppress(OSError):
            new = kept.with_suffix(f".{os.getpid()}")
            new.write_bytes(header + marshal.dumps(code))
            new.replace(kept)
        return code


def _word(number: int) -> bytes:
    return (number & 0xFFFFFFFF).to_bytes(4, "little")
