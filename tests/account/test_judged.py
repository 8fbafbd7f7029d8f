"""The program as the pack judges it: nothing to say of it, whatever rows its table turns on, and each edit of it caught."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from account.policies import PLACEHOLDER
from rule import Stack
from rules import FAMILIES
from tests.account.tables import ALL_ON, THERE_ALREADY, account_table
from tests.policy.builders import Node, Nodes
from tests.policy.edits import Edit, adding, both, referring, setting, without
from tests.policy.edits_containment import setting as changing
from tests.policy.in_memory import account_of, configure, nodes_of
from tests.policy.samples import findings

pytestmark = pytest.mark.slow  # whole plans, each half a second of the processor

ISSUER = "token.actions.githubusercontent.com"


def judged(stack: Stack, nodes: Nodes, monkeypatch: pytest.MonkeyPatch) -> set[tuple[str, str]]:
    configure(stack, monkeypatch)
    return {(one.rule, one.resource) for one in findings(nodes, project=stack.project, stack=stack.name, families=FAMILIES)}


@pytest.mark.parametrize("deployed", [False, True], ids=["planned", "deployed"])
@pytest.mark.parametrize(
    "rows",
    [{}, ALL_ON, THERE_ALREADY, {"stacks": ["dev"]}, {**ALL_ON, "region": "eu-west-1"}, *({row: True} for row in ALL_ON)],
    ids=["off", "on", "there already", "dev alone", "elsewhere", *ALL_ON],
)
def test_it_breaks_no_rule(rows: dict[str, object], deployed: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    stack = account_of(made=deployed, **rows)
    assert judged(stack, nodes_of(stack), monkeypatch) == set()


def policy(name: str, change: Callable[[list[dict[str, Any]]], object]) -> Edit:
    """An edit of a document's statements."""

    def edit(nodes: Nodes) -> None:
        key = "assumeRolePolicy" if "assumeRolePolicy" in nodes[name].props else "policy"
        stated = json.loads(nodes[name].props[key])
        change(stated["Statement"])
        nodes[name].props[key] = json.dumps(stated)
        nodes[name].outputs.pop(key, None)

    return edit


def claims(**values: Any) -> Edit:
    def change(stated: list[dict[str, Any]]) -> None:
        stated[0]["Condition"]["StringEquals"] |= {f"{ISSUER}:{claim}": value for claim, value in values.items()}

    return policy("access-prod-deploy", change)


def allowing(name: str, action: str, resource: str = "*") -> Edit:
    return policy(name, lambda stated: stated.append({"Effect": "Allow", "Action": [action], "Resource": [resource]}))


def denying(name: str, principal: Any) -> Edit:
    return policy(name, lambda stated: stated.append({"Effect": "Deny", "Principal": principal, "Action": "*", "Resource": "*"}))


def only_allowed(stated: list[dict[str, Any]]) -> None:
    stated[:] = [one for one in stated if one["Effect"] == "Allow"]


PREFIX = account_table()["github"]["subject_prefix"]
ROLE = f"arn:aws:iam::{PLACEHOLDER}:role/"

OPEN = {(rule, "access-prod-boundary") for rule in ("identity/models", "identity/no-wildcard-action", "identity/no-wildcard-resource")}
"""What a boundary breaks that isn't one."""


def replacing(name: str, old: str, new: str) -> Edit:
    """An edit of a document's text."""

    def edit(nodes: Nodes) -> None:
        key = "assumeRolePolicy" if "assumeRolePolicy" in nodes[name].props else "policy"
        nodes[name].props[key] = nodes[name].props[key].replace(old, new)
        nodes[name].outputs.pop(key, None)

    return edit


ADMINISTRATOR = account_table()["administrators"][0]
ROLE_TYPE = "aws:iam/role:Role"
ROLES = [("staging", "drill"), *((stack, does) for stack in ("dev", "staging", "prod") for does in ("deploy", "drift", "image"))]

EDITS: dict[str, tuple[Edit, set[tuple[str, str]]]] = {
    "any environment": (claims(sub=f"{PREFIX}:environment:*"), {("approved/new-access", "access-prod-deploy")}),
    "dev's environment": (claims(sub=f"{PREFIX}:environment:dev"), {("approved/new-access", "access-prod-deploy")}),
    "another boundary": (
        referring("access-prod-deploy", "permissionsBoundary", "access-dev-boundary"),
        {("account/boundary", "access-prod-deploy")},
    ),
    "sessions of roles": (allowing("access-prod-boundary", "sts:AssumeRole", f"{ROLE}account-deploy-dev"), OPEN),
    "itself": (
        allowing("access-dev-boundary", "iam:PutRolePolicy", f"{ROLE}account-deploy-dev"),
        {("approved/new-access", "access-dev-boundary")},
    ),
    "the trail": (allowing("access-dev-boundary", "cloudtrail:StopLogging"), {("approved/new-access", "access-dev-boundary")}),
    "no denial": (policy("access-prod-boundary", only_allowed), OPEN),
    "another stack's roles": (
        allowing("access-dev-deploy-1", "iam:UpdateRole", f"{ROLE}evolution-engine-prod-us-east-1"),
        {("approved/duties", "access-dev-deploy-1")},
    ),
    "a boundary's next version": (
        allowing("access-dev-deploy-1", "iam:CreatePolicyVersion", f"arn:aws:iam::{PLACEHOLDER}:policy/evolution-boundary-dev-us-east-1"),
        {("identity/no-escalation", "access-dev-deploy-1")},
    ),
    "states expire": (
        setting("state-bucket-lifecycle", "rules.0.expiration", {"days": 30}),
        {("account/state-bucket", "state-bucket-lifecycle")},
    ),
    "nobody guards the state": (
        policy("state-bucket-policy", lambda stated: stated.pop(0)),
        {("approved/new-access", "state-bucket-policy")},
    ),
    "anybody administers the key": (
        policy("state-key", lambda stated: stated[0].pop("Condition")),
        {("identity/key-breadth", "state-key")},
    ),
    "an administrator whom nobody named": (
        both(replacing("state-key", ADMINISTRATOR, f"{ROLE}another"), replacing("state-bucket-policy", ADMINISTRATOR, f"{ROLE}another")),
        {("approved/new-access", "state-key"), ("approved/new-access", "state-bucket-policy")},
    ),
    "another repository everywhere": (
        lambda nodes: [replacing(name, PREFIX, "repo:another/one")(nodes) for name, node in nodes.items() if node.type == ROLE_TYPE],
        {("approved/new-access", f"access-{stack}-{does}") for stack, does in ROLES},
    ),
    "no analyzer": (without("watch-analyzer"), {("account/analyzer", "")}),
    "no agents' events": (setting("watch-trail", "advancedEventSelectors.2.fieldSelectors", []), {("account/trail-events", "watch-trail")}),
    "one region": (setting("watch-trail", "isMultiRegionTrail", False), {("account/trail", "watch-trail")}),
    "GuardDuty off": (setting("watch-guardduty", "enable", False), {("account/detector", "watch-guardduty")}),
    "a key that a deployer's boundary doesn't know": (
        setting("state-key", "tagsAll.Project", "evolution-system"),
        {("governance/tags", "state-key")},
    ),
    "records elsewhere": (setting("watch-records", "region", "eu-west-1"), {("governance/region", "watch-records")}),
    "records by another provider": (
        adding("default_7_0_0", Node("pulumi:providers:aws", {"region": "us-east-1"})),
        {("governance/explicit-provider", "default_7_0_0")},
    ),
    **{
        f"{name} loses its statement {number}": (
            policy(name, lambda stated, number=number: stated.pop(number)),
            {("approved/guards", name)},
        )
        for name, number in (
            ("watch-records-policy", 0),
            ("watch-records-policy", 1),
            ("watch-records-policy", 2),
            ("state-access-logs-policy", 0),
            ("state-key", 3),
            ("state-key", 4),
            ("state-key", 5),
        )
    },
    "the trail is denied its key": (denying("state-key", {"Service": "cloudtrail.amazonaws.com"}), {("approved/guards", "state-key")}),
    "models are denied the records": (
        denying("watch-records-policy", {"Service": "bedrock.amazonaws.com"}),
        {("approved/guards", "watch-records-policy")},
    ),
    "records under a bucket key": (
        changing("watch-records-encryption", "rules.0.bucketKeyEnabled", True, "state-key"),
        {("account/trail-events", "watch-records-encryption")},
    ),
    "all are denied the access logs": (denying("state-access-logs-policy", "*"), {("approved/guards", "state-access-logs-policy")}),
    "SAML": (adding("saml", Node("aws:iam/samlProvider:SamlProvider", {"name": "one"})), {("approved/types", "saml")}),
}


@pytest.mark.parametrize("name", EDITS)
def test_each_edit_is_caught_where_it_is(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    edit, found = EDITS[name]
    stack = account_of(**ALL_ON)
    nodes = nodes_of(stack)
    both(edit)(nodes)
    assert judged(stack, nodes, monkeypatch) == found
