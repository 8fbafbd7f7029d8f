"""The committed account's table, for tests to edit."""

from __future__ import annotations

from typing import Any

from account.names import ISSUER
from account.policies import PLACEHOLDER
from account.table import KEY, Account
from local.previews import ROOT
from local.stackfile import parse

ALL_ON = {"trail": True, "model_invocation_logging": True, "guardduty": True}
"""The rows that are off where nobody asks for them."""


def account_table(**rows: object) -> dict[str, Any]:
    """The table of account/Pulumi.sandbox.yaml with other rows."""
    return {**parse(ROOT / "account/Pulumi.sandbox.yaml")["config"][KEY], **rows}


def account_of(**rows: object) -> Account:
    """The same, read."""
    return Account.model_validate(account_table(**rows), strict=False)


THERE_ALREADY: dict[str, Any] = {
    "github": {**account_table()["github"], "provider_arn": f"arn:aws:iam::{PLACEHOLDER}:oidc-provider/{ISSUER}"},
    "analyzer_arn": f"arn:aws:access-analyzer:us-east-1:{PLACEHOLDER}:analyzer/one",
}
"""The rows that name what an account has already."""
