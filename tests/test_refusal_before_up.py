"""The CLI's own `up`, which previews first, refuses before it makes anything, whichever kind of rule says no."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from pulumi import automation

from components import containers, safety
from components.environment import Limits
from local import cli, plugins, previews, stackfile, workspace
from tests import apart


class OrdinaryCommand(workspace.InterruptibleCli):
    """The CLI as a person runs it: the Automation API adds --skip-preview to every `up`."""

    def run(
        self,
        args: list[str],
        cwd: str,
        additional_env: Mapping[str, str],
        on_output: automation.OnOutput | None = None,
        on_error: automation.OnOutput | None = None,
    ) -> automation.CommandResult:
        ordinary = [argument for argument in args if argument != "--skip-preview"]
        assert args[0] != "up" or len(ordinary) < len(args), "the Automation API no longer skips the preview: this class can go"
        return super().run(ordinary, cwd, additional_env, on_output, on_error)


def with_a_root_user() -> None:
    containers.UNPRIVILEGED_USER = "0"  # pyright: ignore[reportConstantRedefinition] (the edit that is tried)
    previews.run_main()


def without_the_safety_alarm() -> None:
    whole = safety.safety_alarms

    def all_but_the_first(limits: Limits) -> tuple[safety.SafetyAlarm, ...]:
        return whole(limits)[1:]

    safety.safety_alarms = all_but_the_first
    previews.run_main()


def ordinary_up(place: Path, program: Callable[[], None]) -> tuple[bool, str, list[str]]:
    """Whether prod came up, what the engine said, and what its state holds afterwards."""
    content, _ = stackfile.read(previews.ROOT, "prod")
    said: list[str] = []
    with workspace.open_place(place, previews.ROOT, "prod", content) as work, plugins.ProviderProcess(previews.ROOT) as provider:
        command = cli.find()
        variables = {**workspace.environment(place), **provider.variables}
        with workspace.environment_of_this_process(variables):
            ours = workspace.Workspace(work, place, command, program)
            ours.pulumi_command = OrdinaryCommand(command, variables)
            stack = automation.Stack.select("prod", ours)
            try:
                stack.up(policy_packs=[str(work / plugins.PACK)], on_output=said.append, color="never")
                succeeded = True
            except automation.CommandError:
                succeeded = False
            state: Mapping[str, Any] = stack.export_stack().deployment or {}
            resources: list[dict[str, Any]] = state.get("resources") or []
    return succeeded, "\n".join(said), [str(resource["urn"]) for resource in resources]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("program", "rule"),
    [(with_a_root_user, "workload/"), (without_the_safety_alarm, "alarms/safety-score-average")],
    ids=["by a rule on one resource", "by a rule across resources"],
)
def test_nothing_is_made_before_the_refusal(program: Callable[[], None], rule: str, tmp_path: Path) -> None:
    succeeded, said, resources = apart.call(ordinary_up, tmp_path, program)
    assert not succeeded
    assert f"[{rule}" in said, said
    assert resources == [], "something was made before the pack refused"
