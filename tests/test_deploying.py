"""docs/deploying.md is true where it can be compared: its commands, its roles, and the way back up."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml

from account.documents import environment_of
from account.names import AccountNames
from account.state import backend
from components.naming import Names
from local import quotas
from tests.functions.test_runbook import CALLED, OF_EVERY_COMMAND, SESSION

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "docs/deploying.md").read_text(encoding="utf-8")
NAMES = Names(stack="dev", region="us-east-1", account="123456789012")

ROLES = {
    environment: (role, set(re.findall(r"`(\w+)`", variables)))
    for environment, role, variables in re.findall(r"^\| `(.*?)` \| `(account-.*?)` \| (.*?) \|", TEXT, re.MULTILINE)
}
"""By GitHub environment, the role and the variables."""

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


def test_the_environments_are_those_that_the_workflows_have_and_the_roles_those_that_trust_them() -> None:
    """Names alone fail wherever GitHub puts numbers into a subject; so nobody writes them down, and all ask for the prefix."""
    assert "actions/oidc/customization/sub --jq .sub_claim_prefix" in TEXT
    wanted: dict[str, set[str]] = {}
    for name in ("deploy-stack", "drift", "image", "drill"):
        text = (ROOT / f".github/workflows/{name}.yml").read_text(encoding="utf-8")
        (environment,) = {job["environment"] for job in yaml.safe_load(text)["jobs"].values() if "id-token" in job["permissions"]}
        wanted[re.sub(r"\$\{\{.*?\}\}", "<stack>", environment)] = set(re.findall(r"vars\.(\w+)", text))
    assert {environment: variables for environment, (_, variables) in ROLES.items()} == wanted
    roles = {role: environment_of("<stack>", role) for role in ("deploy", "drift", "image")} | {"drill": environment_of("staging", "drill")}
    stacks = {"drill": "staging"}
    assert {role: environment for environment, (role, _) in ROLES.items()} == {
        f"account-{role}-{stacks.get(role, '<stack>')}": environment for role, environment in roles.items()
    }


def test_a_state_moves_to_where_the_account_keeps_it() -> None:
    told = dict(re.findall(r'\b(TO|KEY)="(.*?)"', TEXT))
    names = AccountNames(number="123456789012", region="us-east-1")
    assert backend(names) == {
        name: url.replace("$NUMBER", names.number).replace("$AWS_REGION", names.region)
        for name, url in (("backend_url", told["TO"]), ("secrets_provider", told["KEY"]))
    }


def test_who_comes_back_up_is_told_what_is_in_the_way() -> None:
    again = TEXT[TEXT.index("To bring it up again") :]
    assert f"--log-group-name {NAMES.insights_log_group}\n" in again
    assert "ResourceAlreadyExistsException" in again
    assert "Take `engine_image_digest` out of `Pulumi.dev.yaml`" in again


def test_the_quotas_that_are_named_are_those_that_a_table_may_need() -> None:
    assert set(re.findall(r"L-[0-9A-F]{8}", TEXT)) <= set(re.findall(r"L-[0-9A-F]{8}", quotas.report(ROOT, "prod")))
