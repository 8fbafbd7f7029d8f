"""What the local run relies on of Pulumi's private parts is still there. Each message says what an upgrade has changed."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path

import pulumi
from pulumi.automation import _stack as automation_stack  # pyright: ignore[reportPrivateUsage]
from pulumi.automation._server import LanguageServer as SdkLanguageServer
from pulumi.runtime import resource as sdk_resource
from pulumi.runtime.proto import source_pb2

from components.environment import PROJECT
from local import internals, previews, workspace


def test_the_automation_api_takes_its_language_server_from_its_own_module() -> None:
    used = inspect.getsource(automation_stack)
    assert "LanguageServer(" in used, "the Automation API no longer makes its LanguageServer in pulumi.automation._stack"
    assert workspace.automation.Stack.__module__ == automation_stack.__name__, "Stack has moved to another module of the Automation API"
    assert "Run" in vars(SdkLanguageServer), "the SDK's LanguageServer no longer answers Run itself"
    assert vars(automation_stack)["LanguageServer"] is internals.LanguageServer, "importing local.workspace no longer puts ours there"


def test_the_sdk_says_what_only_debug_shows_by_one_function() -> None:
    assert "log.debug(" in inspect.getsource(sdk_resource), "pulumi.runtime.resource no longer says its debug messages by pulumi.log.debug"
    assert pulumi.log.debug is not None


def test_the_sdk_says_where_a_resource_stands_in_the_code_by_one_function() -> None:
    used = inspect.getsource(sdk_resource)
    assert "stack_trace = _get_stack_trace()" in used, (
        "pulumi.runtime.resource no longer finds the calls of a resource by _get_stack_trace()"
    )
    assert vars(sdk_resource)["_get_stack_trace"]() == source_pb2.StackTrace(), "importing local.workspace no longer leaves them out"


def test_the_engine_keeps_a_stack_as_a_checkpoint_in_one_file(preview: Callable[..., previews.Plan], place: Path) -> None:
    assert preview("dev", pack=False, program=_nothing).succeeded
    file = place / f"state/.pulumi/stacks/{PROJECT}/dev.json"
    assert file.exists(), "the file backend no longer keeps a stack at stacks/<project>/<stack>.json"
    assert internals.latest_checkpoint(file) is not None, "the file backend no longer keeps a stack's state under checkpoint.latest"


def _nothing() -> None:
    """A program without a resource."""
