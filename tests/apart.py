"""Calls in processes of their own: a run settles the Pulumi SDK's global state, which is to be no other test's.

They are forked from a process that has imported the SDK and its AWS services, which each would spend two seconds of the CPU on. It holds
no thread, no channel and nothing of a test's, so that a fork of it is a new process in all but the imports.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Mapping
from multiprocessing.context import ForkServerContext
from typing import Any

PATIENCE_SECONDS = 600
"""A whole `up` takes ten seconds on an idle machine; this only guards against one that hangs."""


def _context() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.preloaded"])
    return context


_CONTEXT = _context()


def call(function: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
    """What a function of a module gives back, or raises, in a process of its own with this one's environment."""
    with _CONTEXT.Pool(1) as pool:
        return pool.apply_async(_with_environment, (dict(os.environ), function, arguments, options)).get(timeout=PATIENCE_SECONDS)


def _with_environment(environment: Mapping[str, str], function: Callable[..., Any], arguments: tuple[Any, ...], options: Any) -> Any:
    """The server has the environment of its start."""
    os.environ.clear()
    os.environ.update(environment)
    return function(*arguments, **options)
