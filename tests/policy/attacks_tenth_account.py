"""The tenth set's edits of the account's project: who deploys, the state, and the analyzer."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from tests.policy.attacks import ACCOUNT, Attack, at, attack
from tests.policy.attacks_tenth import bare
from tests.policy.builders import Nodes
from tests.policy.in_memory import account_of, nodes_of
from tests.policy.planned import Edit, Refer


@cache
def planned_account() -> Nodes:
    return nodes_of(account_of())


def said_there(resource: str) -> list[dict[str, Any]]:
    """The statements of a document of the account."""
    return json.loads(planned_account()[resource].props["policy"])["Statement"]


def _any_key_tagged() -> Edit:
    """prod's deployer puts the stack's tags on a key that has other tags already."""
    for number in range(1, 10):
        resource = f"access-prod-deploy-{number}"
        for index, one in enumerate(said_there(resource)):
            if one["Action"] == ["kms:TagResource"] and "Null" in one["Condition"]:
                return at(resource, f"policy.Statement.{index}.Condition", {"StringEquals": one["Condition"]["StringEquals"]})
    raise AssertionError("prod's deployer tags no key")


ISSUER = "token.actions.githubusercontent.com"
SUBJECT = "repo:example-org@1234567/evolution-system@7654321:environment:{}"
ADMINISTRATORS = [f"arn:aws:iam::{ACCOUNT}:role/administrator", f"arn:aws:iam::{ACCOUNT}:root"]

OPENED_ACCOUNT: tuple[Attack, ...] = (
    attack(
        "prod's images, also from dev's environment",
        "A condition's values are joined by or: a workflow of any branch, in dev-image, pushes into prod's repository.",
        at(
            "access-prod-image",
            "assumeRolePolicy.Statement.0.Condition.StringEquals",
            {f"{ISSUER}:aud": "sts.amazonaws.com", f"{ISSUER}:sub": [SUBJECT.format("prod-image"), SUBJECT.format("dev-image")]},
        ),
        "approved/new-access",
    ),
    attack(
        "a part of the deployer's policies, for who looks for drift",
        "The attachment names another policy: the nightly workflow writes prod's state, and with it what the next `up` runs.",
        at("access-prod-drift-1-attached", "policyArn", Refer("access-prod-deploy-3")),
        "approved/choices",
        "approved/duties",
    ),
    attack(
        "the drill within dev's boundary",
        "dev's boundary denies neither the mode, nor the switch's code, nor the end of data: staging's role is bounded by less.",
        at("access-staging-drill", "permissionsBoundary", Refer("access-dev-boundary")),
        "account/boundary",
    ),
    attack(
        "a Deny for strangers of another account",
        "Operators are joined by and: within the account nobody is denied any more to open the state's bucket or to delete its versions.",
        at(
            "state-bucket-policy",
            "policy.Statement.0.Condition",
            {"ArnNotEquals": {"aws:PrincipalArn": ADMINISTRATORS}, "StringNotEquals": {"aws:PrincipalAccount": ACCOUNT}},
        ),
        "approved/new-access",
    ),
    attack(
        "prod's tags on anybody's key",
        "Without `Null` the deployer tags keys of other systems as prod's; by those tags it then decrypts with them and changes them.",
        _any_key_tagged(),
        "identity/no-wildcard-resource",
    ),
    attack(
        "findings that are archived unread",
        "The analyzer finds what is public and files it away by itself: nobody sees that a role or bucket was opened.",
        bare(
            "watch-analyzer-known",
            "accessanalyzer/archiveRule:ArchiveRule",
            {"analyzerName": ["watch-analyzer"]},
            analyzerName="account-external-access",
            ruleName="known",
            filters=[{"criteria": "isPublic", "eqs": ["true", "false"]}],
        ),
        "approved/types",
    ),
)
