"""docs/deploying.md is true where it can be compared: its commands, its roles, and the way back up."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.naming import METRIC_NAMESPACE, Names
from local import quotas
from operations import drill
from tests.functions.test_runbook import CALLED, OF_EVERY_COMMAND, SESSION

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "docs/deploying.md").read_text(encoding="utf-8")
NAMES = Names(stack="dev", region="us-east-1", account="123456789012")

ROLES = {
    name: (trusts, may) for name, trusts, may in re.findall(r"^\| (deploy|drift|image|drill) \| `(.*?)` \| (.*) \|$", TEXT, re.MULTILINE)
}

AWS_COMMANDS = [
    command.replace("\\\n", " ")
    for block in re.findall(r"```sh\n(.*?)```", TEXT, re.DOTALL)
    for command in re.findall(r"(?m)^ *(aws (?:[^\n]|(?<=\\)\n)+)", block)
]


@pytest.mark.parametrize("command", AWS_COMMANDS)
def test_a_command_is_one_of_awss_with_options_that_it_takes(command: str) -> None:
    words = shlex.split(re.sub(r"\$\(.*?\)", "VALUE", command), comments=True)
    words = words[: words.index("|")] if "|" in words else words
    service, operation = words[1].replace("s3api", "s3"), words[2]
    options = {word for word in words if re.fullmatch(r"--[a-z-]+", word)}
    if operation == "get-login-password":
        assert options == set()
        return
    model: Any = SESSION.get_service_model(service)
    (name,) = [name for name in model.operation_names if CALLED(name, "-") == operation]
    known = {f"--{CALLED(member, '-')}" for member in model.operation_model(name).input_shape.members}
    assert options <= known | OF_EVERY_COMMAND


def test_a_role_trusts_one_environment_of_one_repository_whatever_its_subjects_look_like() -> None:
    """Names alone fail wherever GitHub puts numbers into them; so nobody writes them down, and all ask for the prefix."""
    assert {name: trusts for name, (trusts, _) in ROLES.items()} == {
        "deploy": "<prefix>:environment:<stack>",
        "drift": "<prefix>:environment:<stack>-drift",
        "image": "<prefix>:environment:<stack>-image",
        "drill": "<prefix>:environment:staging-drill",
    }
    assert "actions/oidc/customization/sub --jq .sub_claim_prefix" in TEXT
    asking = ("deploy-stack", "drift", "image", "drill")
    workflows = {name: (ROOT / f".github/workflows/{name}.yml").read_text(encoding="utf-8") for name in asking}
    environments = {
        name: {job.get("environment") for job in yaml.safe_load(text)["jobs"].values() if "id-token" in job["permissions"]}
        for name, text in workflows.items()
    }
    assert environments == {
        "deploy-stack": {"${{ inputs.stack }}"},
        "drift": {"${{ matrix.stack }}-drift"},
        "image": {"${{ inputs.stack || 'dev' }}-image"},
        "drill": {"staging-drill"},
    }, "who asks AWS for a role has the environment that the role trusts"


def test_the_drift_role_may_do_what_a_preview_asks_and_writes_nothing() -> None:
    _, may = ROLES["drift"]
    asked = {
        name for file in (ROOT / "components").glob("*.py") for name in re.findall(r"aws\.secretsmanager\.(get_\w+)", file.read_text())
    }
    assert asked == {"get_random_password_output"}, "another lookup wants another permission"
    assert "`drift-*.json`" in may, "make permissions has it"
    assert "lock it" not in may, "pulumi preview takes no lock"


def test_the_drill_role_may_do_what_a_drill_calls_and_nothing_else() -> None:
    _, may = ROLES["drill"]
    called = {call.replace("lambda:Invoke", "lambda:InvokeFunction") for call in drill.CALLS} - {"sts:GetCallerIdentity"}  # wants no right
    assert set(re.findall(r"`([a-z-]+:[A-Z]\w+)`", may)) == called | {"kms:Decrypt", "kms:ViaService"}
    names = Names(stack="staging", region="us-east-1", account="123456789012")
    assert f"`{names.trigger_function}` and `{names.resume_function}`" in may
    assert f"`cloudwatch:namespace` is `{METRIC_NAMESPACE}`" in may


def test_who_comes_back_up_is_told_what_is_in_the_way() -> None:
    again = TEXT[TEXT.index("To bring it up again") :]
    assert f"--log-group-name {NAMES.insights_log_group}\n" in again
    assert "ResourceAlreadyExistsException" in again
    assert "Take `engine_image_digest` out of `Pulumi.dev.yaml`" in again


def test_the_quotas_that_are_named_are_those_that_a_table_may_need() -> None:
    assert set(re.findall(r"L-[0-9A-F]{8}", TEXT)) <= set(re.findall(r"L-[0-9A-F]{8}", quotas.report(ROOT, "prod")))
