"""The runbook's commands, at 3 a.m.: AWS has each of them, and they name what this system really has."""

# botocore publishes no types.
# pyright: reportMissingTypeStubs=false, reportUnknownVariableType=false

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
from botocore import xform_name
from botocore.session import Session

from components.agent_alarms import agent_alarms
from components.naming import Names
from components.safety import safety_alarms
from engine import agent
from tests.components.tables import env_of

RUNBOOK = (Path(__file__).parents[2] / "docs/runbook.md").read_text(encoding="utf-8")

EXPLAINED = "".join(re.findall(r"^\| .*\|$", RUNBOOK.partition("## An agent does not answer")[2].partition("\n## ")[0], re.MULTILINE))
"""The table of kinds."""

COMMANDS = re.findall(r"aws (?:[^\n]|(?<=\\)\n)+", "\n".join(re.findall(r"```sh\n(.*?)```", RUNBOOK, re.DOTALL)))

OF_EVERY_COMMAND = {"--query", "--output", "--cli-binary-format"}

OF_THE_CLI_ALONE: dict[str, set[str]] = {"logs tail": {"--since"}, "s3 sync": set()}
"""Commands that are no operation of the API."""

CALLED: Any = xform_name
SESSION: Any = Session()


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_is_one_of_awss_with_options_that_it_takes(command: str) -> None:
    words = shlex.split(command.replace("\\\n", " ").split(" --query QueueUrl")[0])
    service, operation, options = words[1], words[2], {word for word in words if re.fullmatch(r"--[a-z-]+", word)}
    known = OF_THE_CLI_ALONE.get(f"{service} {operation}")
    if known is None:
        model = SESSION.get_service_model(service)
        (name,) = [name for name in model.operation_names if CALLED(name, "-") == operation]
        known = {f"--{CALLED(member, '-')}" for member in model.operation_model(name).input_shape.members}
    assert options <= known | OF_EVERY_COMMAND, f"{service} {operation} takes no {options - known - OF_EVERY_COMMAND}"


def test_every_resource_that_is_named_is_one_of_the_stacks() -> None:
    names = Names(stack="$STACK", region="us-east-1", account="123456789012")
    ours = {
        value for key in dir(type(names)) if isinstance(getattr(type(names), key), property) for value in [getattr(names, key)] if value
    }
    ours |= {f"/aws/lambda/{function}" for function in names.functions}
    ours |= {f"service/{names.cluster}/{names.engine_service}"}
    named = set(re.findall(r"[\w/-]+\$STACK[\w/$-]*", "\n".join(COMMANDS)))
    assert len(named) >= 10
    assert named <= ours


def test_every_alarm_on_evolution_and_on_the_agents_is_explained() -> None:
    env = env_of("dev")
    stems = {alarm.stem for alarm in (*safety_alarms(env), *agent_alarms(env.alerts, agents_run=True))}
    assert {stem for stem in stems if f"`{stem}`" not in RUNBOOK} == set()


def test_every_kind_of_answer_that_an_agents_caller_may_get_is_explained() -> None:
    root = Path(__file__).parents[2]
    handler = [*(root / "functions/agentcore_handler").glob("*.py"), root / "functions/common/mode.py"]
    kinds = {"model_not_enabled", *(kind for _, kind, _ in agent.UNANSWERED)}
    for path in (*handler, root / "engine/agent.py"):
        kinds |= set(
            re.findall(r'(?:FunctionError|RequestRefusedError|InvocationRefusedError)\(\s*"(\w+)"', path.read_text(encoding="utf-8"))
        )
    assert kinds >= {"busy", "halted", "over_limit", "throttled", "denied", "model_not_enabled", "runtime_failed"}
    unexplained = {kind for kind in kinds - {"safety_disabled"} if f"`{kind}`" not in EXPLAINED}
    assert unexplained == set()


def test_what_enables_a_model_are_commands_that_aws_has() -> None:
    deploying = (Path(__file__).parents[2] / "docs/deploying.md").read_text(encoding="utf-8")
    section = deploying.partition("### Model access")[2].partition("\n## ")[0]
    commands = re.findall(r"^aws (\S+) (\S+)(.*)$", section, re.MULTILINE)
    assert [operation for _, operation, _ in commands] == [
        "put-use-case-for-model-access",
        "converse",
        "get-foundation-model-availability",
    ]
    for service, operation, rest in commands:
        model = SESSION.get_service_model(service)
        (name,) = [name for name in model.operation_names if CALLED(name, "-") == operation]
        known = {f"--{CALLED(member, '-')}" for member in model.operation_model(name).input_shape.members}
        assert set(re.findall(r"--[a-z-]+", rest)) <= known
