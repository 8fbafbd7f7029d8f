"""The account's table: what is wrong in it is said in one sentence, with the value and what to write."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from pulumi import RunError

from account import policies
from account.table import KEY, AccountTableError, load
from local import LocalError, accountfile
from local.previews import ROOT
from tests.account.tables import account_table

ROLE = "arn:aws:iam::000000000000:role/administrator"
PREFIX = "repo:example-org@1/evolution-system@2"

WRONG: list[tuple[dict[str, object], str]] = [
    ({"guardutty": True}, "guardutty is not a key of the table. Did you mean `guardduty`?"),
    ({"github": {"subject_prefix": PREFIX, "provider": "x"}}, "github.provider is not a key of the table. Did you mean `provider_arn`?"),
    ({"number": "1234"}, "number is '1234': an account's number is twelve digits, in quotes. Example: `number: \"123456789012\"`."),
    ({"number": 123456789012}, "number is 123456789012: Input should be a valid string."),
    ({"number": "12345678901x"}, "twelve digits"),
    ({"github": {"subject_prefix": "repo:example-org/*"}}, "it must name one repository in full, without a wildcard"),
    ({"github": {"subject_prefix": "repo:example-org@1/evolution-system@?"}}, "without a wildcard"),
    ({"github": {"subject_prefix": f"{PREFIX}:environment:prod"}}, "and nothing after it"),
    ({"github": {"subject_prefix": "example-org/evolution-system"}}, "it must name one repository in full"),
    ({"github": {}}, "github.subject_prefix is missing."),
    (
        {"github": {"subject_prefix": PREFIX, "provider_arn": "arn:aws:iam::000000000000:oidc-provider/gitlab.com"}},
        "github.provider_arn is",
    ),
    ({"administrators": []}, "administrators is []: it must name at least one"),
    ({"administrators": [f"{ROLE}*"]}, "it must be the whole ARN of a role, without a wildcard"),
    ({"administrators": ["arn:aws:iam::000000000000:root"]}, "it must be the whole ARN of a role"),
    ({"administrators": [ROLE, ROLE]}, f"{ROLE} stands in it twice"),
    ({"administrators": [ROLE.replace("0" * 12, "1" * 12)]}, "is of another account than 000000000000"),
    ({"analyzer_arn": "arn:aws:access-analyzer:us-east-1:111111111111:analyzer/one"}, "is of another account than 000000000000"),
    ({"stacks": []}, "it must name at least one"),
    ({"stacks": ["Prod"]}, "a stack's name is 1 to 12 lower-case letters and digits"),
    ({"stacks": ["dev", "dev"]}, "dev stands in it twice"),
    ({"region": "mars-1"}, "region is 'mars-1'"),
    ({"trail": "yes"}, "trail is 'yes'"),
]


@pytest.mark.parametrize(("rows", "said"), WRONG, ids=[said[:40] for _, said in WRONG])
def test_what_is_wrong_is_said_with_the_value_and_what_to_write(rows: dict[str, object], said: str) -> None:
    with pytest.raises(AccountTableError) as error:
        load(json.dumps(account_table(**rows)))
    first, *faults = str(error.value).splitlines()
    assert first == f"The account's table ({KEY}) can't be used:"
    assert len(faults) == 1
    assert said in faults[0]


def test_every_fault_is_said_at_once() -> None:
    with pytest.raises(AccountTableError) as error:
        load(json.dumps(account_table(number="1", trail=1, region="x")))
    assert len(str(error.value).splitlines()) == 4


def test_no_table_is_an_error_with_an_example() -> None:
    with pytest.raises(AccountTableError, match=r"account/Pulumi\.sandbox\.yaml is an example"):
        load(None)


def test_a_stack_without_a_file_is_named_with_what_to_do() -> None:
    with pytest.raises(RunError, match=r"stacks names qa, .* write Pulumi\.qa\.yaml, and then run `make permissions STACK=qa`"):
        policies.read("qa", "0" * 12)
    with pytest.raises(LocalError, match="stacks names qa, and there is no account"):
        accountfile.read(ROOT, "sandbox", edits={"stacks": ["qa"]})


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("config: {}", "holds no table: it must have the key `evolution-account:account` under `config`"),
        ("config:\n  evolution-account:account: 3", "the table is 3"),
        ("config: [", "isn't valid YAML"),
    ],
)
def test_a_bad_file_is_one_error(tmp_path: Path, content: str, said: str) -> None:
    (tmp_path / "account").mkdir()
    (tmp_path / "account/Pulumi.mine.yaml").write_text(content, encoding="utf-8")
    with pytest.raises(LocalError) as error:
        accountfile.read(tmp_path, "mine")
    assert said in str(error.value)
    with pytest.raises(
        LocalError, match=r"there is no account 'other': account/Pulumi\.other\.yaml doesn't exist\. The accounts are: mine"
    ):
        accountfile.read(tmp_path, "other")


def test_a_real_account_is_planned_as_the_embedded_clouds(tmp_path: Path) -> None:
    table = json.loads(json.dumps(account_table()).replace("0" * 12, "123456789012"))
    (tmp_path / "account").mkdir()
    (tmp_path / "account/policies").symlink_to(policies.FOLDER)
    (tmp_path / "account/Pulumi.mine.yaml").write_text(yaml.safe_dump({"config": {KEY: table}}), encoding="utf-8")
    content, note = accountfile.read(tmp_path, "mine")
    assert content["config"][KEY] == account_table()
    assert note == "account 123456789012 is planned as 000000000000, the embedded cloud's own"
    assert accountfile.read(ROOT, "sandbox")[1] == ""
    with pytest.raises(LocalError, match="an account has no image"):
        accountfile.read(ROOT, "sandbox", image="none")
