"""The documents of the account's project are approved by their meaning, both ways: each single edit is refused, or says the same."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from account.policies import PLACEHOLDER
from documents import PLACES
from rule import Resource, Stack
from rules.evolution.approved import guards, new_access
from tests.account.document_edits import Statement, alike, narrower, wider
from tests.account.tables import ALL_ON, THERE_ALREADY, account_table
from tests.policy.in_memory import account_of

pytestmark = pytest.mark.slow  # whole plans, each half a second of the processor

ACCESS, GUARDS = "approved/new-access", "approved/guards"

Change = Callable[[list[Statement]], object]

BUCKETS = ("state-bucket-policy", "state-access-logs-policy", "watch-records-policy")
ROLES = ("staging-drill", *(f"{stack}-{does}" for stack in ("dev", "staging", "prod") for does in ("deploy", "drift", "image")))
BOUNDARIES = tuple(f"access-{stack}-boundary" for stack in ("dev", "staging", "prod"))
EDITED = (*BUCKETS, "state-key", *BOUNDARIES[::2], *(f"access-{role}" for role in ROLES[:4]))
"""One of each kind."""
DOCUMENTS = (*BUCKETS, "state-key", *BOUNDARIES, *(f"access-{role}" for role in ROLES))


def refused(stack: Stack) -> set[tuple[str, str]]:
    """The rules that refuse a document, and which."""
    found = [(rule.id, one.resource) for rule in (new_access, guards) for one in rule.check(stack)]
    return {(rule, resource.name if resource else "") for rule, resource in found}


def stated(resource: Resource) -> list[Statement]:
    text = resource.at(PLACES[resource.type].property_name)
    assert isinstance(text, str)
    return json.loads(text)["Statement"]


def saying(stack: Stack, name: str, statements: list[Statement]) -> Stack:
    """The stack, in which a document says something else."""

    def said(one: Resource) -> Resource:
        document = {PLACES[one.type].property_name: json.dumps({"Version": "2012-10-17", "Statement": statements})}
        return replace(one, props={**one.props, **document}, inputs={**(one.inputs or {}), **document})

    return replace(stack, resources=tuple(said(one) if one.name == name else one for one in stack.resources))


def in_its_place(
    stack: Stack, name: str, edits: Callable[[Statement], Iterator[tuple[str, list[Statement]]]]
) -> Iterator[tuple[str, bool, set[str]]]:
    """What each edit of one statement does, whether it is of one that allows, and the rules that refuse it."""
    [resource] = [one for one in stack.resources if one.name == name]
    whole = stated(resource)
    for index, one in enumerate(whole):
        for label, others in edits(one):
            after = [*whole[:index], *others, *whole[index + 1 :]]
            if after:  # of one without a statement identity/document tells
                found = refused(saying(stack, name, after))
                assert {it for _, it in found} <= {name}
                yield f"{index}: {label}", one["Effect"] == "Allow", {rule for rule, _ in found}


@pytest.fixture(scope="module")
def everything() -> Stack:
    """The account with all that its table can turn on."""
    return account_of(**ALL_ON)


def test_each_document_is_held_to_its_entry(everything: Stack) -> None:
    """But for what roles are granted, which is approved/duties' to say."""
    attached = {one.references["policyArn"][0].urn for one in everything.resources if one.type.endswith(":RolePolicyAttachment")}
    having = {one.name for one in everything.resources if one.type in PLACES and one.at(PLACES[one.type].property_name) is not None}
    assert having - {one.name for one in everything.resources if one.urn in attached} == {*DOCUMENTS}


@pytest.mark.parametrize("name", EDITED)
def test_what_says_more_is_refused(name: str, everything: Stack) -> None:
    """What allows more is new access. A denial of more keeps somebody from what he must do, or from what he must undo."""
    wrong = [
        (label, found) for label, allows, found in in_its_place(everything, name, wider) if (found != {ACCESS} if allows else not found)
    ]
    assert wrong == []


@pytest.mark.parametrize("name", EDITED)
def test_what_says_less_is_refused(name: str, everything: Stack) -> None:
    """A denial less is new access. Only a boundary may allow less: who deploys is kept from something, and nothing else is lost."""
    wrong = [
        (label, found)
        for label, allows, found in in_its_place(everything, name, narrower)
        if found != ({ACCESS} if not allows else set() if name in BOUNDARIES else {GUARDS})
    ]
    assert wrong == []


@pytest.mark.parametrize("name", EDITED)
def test_what_says_the_same_otherwise_passes(name: str, everything: Stack) -> None:
    wrong = [(label, found) for label, _, found in in_its_place(everything, name, alike) if found]
    assert wrong == []
    [resource] = [one for one in everything.resources if one.name == name]
    assert refused(saying(everything, name, stated(resource)[::-1])) == set()


@pytest.mark.parametrize(
    "rows",
    [
        {},
        *({row: True} for row in ALL_ON),
        THERE_ALREADY,
        {**ALL_ON, "region": "eu-west-1"},
        {"stacks": ["dev"]},
        {"stacks": ["prod", "staging"]},
        {"administrators": [f"arn:aws:iam::{PLACEHOLDER}:role/teams/{name}" for name in ("one", "another")]},
        {"github": {"subject_prefix": "repo:acme/evolution"}},
    ],
    ids=str,
)
@pytest.mark.parametrize("made", [False, True], ids=["planned", "made"])
def test_what_its_table_says_needs_no_approval(rows: dict[str, Any], made: bool) -> None:
    assert refused(account_of(made=made, **rows)) == set()


ISSUER = "token.actions.githubusercontent.com"
PREFIX = account_table()["github"]["subject_prefix"]
ADMINISTRATOR = account_table()["administrators"][0]
EQUALS = {"aud": "sts.amazonaws.com", "sub": f"{PREFIX}:environment:prod"}
OF_IAM = f"arn:aws:iam::{PLACEHOLDER}:"
PROVIDER = f"{OF_IAM}oidc-provider/{ISSUER}"
STATE, RECORDS = (f"arn:aws:s3:::account-{what}-{PLACEHOLDER}-us-east-1" for what in ("state", "records"))
TAKE = "sts:AssumeRoleWithWebIdentity"
ROLE = f"{OF_IAM}role/evolution-engine-{{}}-us-east-1"


def trusting(**condition: Any) -> tuple[str, Change]:
    """prod's role that deploys, with other tests of GitHub's claims."""
    tests = {operator: {f"{ISSUER}:{claim}": value for claim, value in claims.items()} for operator, claims in condition.items()}
    return "access-prod-deploy", lambda statements: statements[0].update(Condition=tests)


def trusting_too(principal: Any, action: str = "sts:AssumeRole", condition: Any = None) -> tuple[str, Change]:
    return saying_too("access-prod-deploy", {"Principal": principal, "Action": action}, condition)


def saying_too(name: str, statement: Statement, condition: Any = None) -> tuple[str, Change]:
    more = {"Effect": "Allow", **statement, **({"Condition": condition} if condition else {})}
    return name, lambda statements: statements.append(more)


def bounding(stack: str, action: Any, resource: str = "*", condition: Any = None) -> tuple[str, Change]:
    """A stack's boundary allows this, too."""
    return saying_too(f"access-{stack}-boundary", {"Action": action, "Resource": resource}, condition)


def within(stack: str) -> dict[str, Any]:
    return {"StringEquals": {"iam:PermissionsBoundary": f"{OF_IAM}policy/evolution-boundary-{stack}-us-east-1"}}


def at(name: str, index: int, *path: str, value: Any) -> tuple[str, Change]:
    """One value of one statement."""

    def change(statements: list[Statement]) -> None:
        inner = statements[index]
        for key in path[:-1]:
            inner = inner[key]
        inner[path[-1]] = value

    return name, change


def keyed(principal: Any, condition: Any = None, action: str = "kms:Decrypt") -> tuple[str, Change]:
    """The key's policy says this, too."""
    return saying_too("state-key", {"Principal": principal, "Action": action, "Resource": "*"}, condition)


def used_by(principal: str) -> tuple[str, Change]:
    return keyed({"AWS": f"{OF_IAM}root"}, {"ArnLike": {"aws:PrincipalArn": principal}})


MORE: dict[str, tuple[str, Change]] = {
    # Whom a role trusts.
    "every branch and environment": trusting(StringLike={**EQUALS, "sub": f"{PREFIX}:*"}),
    "a subject that isn't a pattern, tested as one": trusting(StringLike={**EQUALS, "sub": f"{PREFIX}:environment:pro?"}),
    "every repository of the owner": trusting(StringEquals={"aud": EQUALS["aud"]}, StringLike={"sub": "repo:example-org@1234567/*"}),
    "everybody's workflows": trusting(StringEquals={"aud": EQUALS["aud"]}),
    "a subject, if there is one": trusting(StringEqualsIfExists=EQUALS),
    "one of several subjects": trusting(StringEquals={**EQUALS, "sub": [EQUALS["sub"], f"{PREFIX}:environment:dev"]}),
    "any environment": trusting(StringEquals={**EQUALS, "sub": f"{PREFIX}:environment:*"}),
    "a branch in the place of an environment": trusting(StringEquals={**EQUALS, "sub": f"{PREFIX}:ref:refs/heads/main"}),
    "pull requests": trusting(StringEquals={**EQUALS, "sub": f"{PREFIX}:pull_request"}),
    "another repository": trusting(StringEquals={**EQUALS, "sub": "repo:acme/webshop:environment:prod"}),
    "another environment": trusting(StringEquals={**EQUALS, "sub": f"{PREFIX}:environment:dev"}),
    "the environment of another role": trusting(StringEquals={**EQUALS, "sub": f"{PREFIX}:environment:prod-drift"}),
    "any audience": trusting(StringEquals={"sub": EQUALS["sub"]}),
    "another audience": trusting(StringEquals={**EQUALS, "aud": "https://github.com/acme"}),
    "a claim that isn't the subject": trusting(StringEquals={"aud": EQUALS["aud"], "repository": "example-org/evolution-system"}),
    "another provider": trusting_too(
        {"Federated": f"{OF_IAM}oidc-provider/gitlab.com"},
        TAKE,
        {"StringEquals": {"gitlab.com:sub": "project_path:acme/evolution:ref_type:branch:ref:main"}},
    ),
    "the provider of another account": trusting_too(
        {"Federated": PROVIDER.replace(PLACEHOLDER, "999999999999")}, TAKE, {"StringEquals": {f"{ISSUER}:sub": EQUALS["sub"]}}
    ),
    "an administrator, too": trusting_too({"AWS": ADMINISTRATOR}),
    "a service, too": trusting_too({"Service": "ec2.amazonaws.com"}),
    "tags of the session": at("access-dev-drift", 0, "Action", value=[TAKE, "sts:TagSession"]),
    # What a boundary holds back.
    "prod makes roles": bounding("prod", "iam:CreateRole", ROLE.format("prod"), within("prod")),
    "prod makes policies": bounding("prod", "iam:CreatePolicy", f"{OF_IAM}policy/evolution-*-prod-us-east-1"),
    "dev makes roles without a boundary": bounding("dev", "iam:CreateRole", f"{OF_IAM}role/evolution-*-dev-us-east-1"),
    "dev gives its own roles more": bounding("dev", "iam:PutRolePolicy", ROLE.format("dev")),
    "dev makes roles within AWS's policy": bounding(
        "dev", "iam:CreateRole", ROLE.format("dev"), {"StringLike": {"iam:PermissionsBoundary": "arn:aws:iam::aws:policy/*"}}
    ),
    "the account is closed": bounding("dev", "account:*"),
    "dev makes prod's roles": bounding("dev", "iam:CreateRole", ROLE.format("prod"), within("dev")),
    "boundaries dropped": bounding("dev", "iam:DeleteRolePermissionsBoundary", ROLE.format("dev"), within("dev")),
    "boundaries swapped": bounding("dev", "iam:PutRolePermissionsBoundary", ROLE.format("dev"), within("dev")),
    "any role handed on": bounding("dev", "iam:PassRole"),
    "another stack's role handed on": bounding("dev", "iam:PassRole", ROLE.format("prod")),
    "itself handed on": bounding("dev", "iam:PassRole", f"{OF_IAM}role/account-deploy-dev"),
    "itself changed": bounding("dev", "iam:PutRolePolicy", f"{OF_IAM}role/account-*"),
    "its own trust changed": bounding("prod", "iam:UpdateAssumeRolePolicy", f"{OF_IAM}role/account-deploy-prod"),
    "another provider of identities is made": bounding("prod", "iam:CreateOpenIDConnectProvider", PROVIDER),
    "users": bounding("dev", "iam:CreateUser", f"{OF_IAM}user/*"),
    "groups": bounding("dev", "iam:AddUserToGroup", f"{OF_IAM}group/*"),
    "sessions of other roles": bounding("dev", "sts:AssumeRole", f"{OF_IAM}role/*"),
    "the trail is stopped": bounding("dev", "cloudtrail:StopLogging"),
    "the trail is changed": bounding("dev", "cloudtrail:*"),
    "GuardDuty is turned off": bounding("dev", "guardduty:*"),
    "the analyzer is removed": bounding("dev", "access-analyzer:DeleteAnalyzer"),
    "more of what costs": bounding("dev", "servicequotas:*"),
    "the marketplace": bounding("dev", "aws-marketplace:*"),
    "a service more": bounding("prod", "lightsail:*"),
    "everything": bounding("dev", "*"),
    "no denial": ("access-prod-boundary", lambda said: said.__setitem__(slice(None), [one for one in said if one["Effect"] == "Allow"])),
    # The state, the records and the key.
    "anybody deletes older states": ("state-bucket-policy", lambda said: said.pop(0)),
    "states without TLS": ("state-bucket-policy", lambda said: said.pop(1)),
    "deployers delete older states": at(
        "state-bucket-policy", 0, "Condition", "ArnNotEquals", "aws:PrincipalArn", value=[ADMINISTRATOR, f"{OF_IAM}role/account-deploy-*"]
    ),
    "an administrator whom nobody named": at(
        "state-bucket-policy", 0, "Condition", "ArnNotEquals", "aws:PrincipalArn", value=[ADMINISTRATOR, f"{OF_IAM}role/another"]
    ),
    "a role reads the state by the bucket's policy": saying_too(
        "state-bucket-policy", {"Principal": {"AWS": ROLE.format("prod")}, "Action": "s3:GetObject", "Resource": f"{STATE}/*"}
    ),
    "the account reads the records": saying_too(
        "watch-records-policy", {"Principal": {"AWS": f"{OF_IAM}root"}, "Action": "s3:GetObject", "Resource": f"{RECORDS}/*"}
    ),
    "anybody administers the key": keyed({"AWS": f"{OF_IAM}root"}, action="kms:PutKeyPolicy"),
    "deployers administer the key": at(
        "state-key", 0, "Condition", "ArnEquals", "aws:PrincipalArn", value=[f"{OF_IAM}root", f"{OF_IAM}role/account-deploy-dev"]
    ),
    "roles of some name administer the key": at(
        "state-key", 0, "Condition", "ArnEquals", "aws:PrincipalArn", value=[f"{OF_IAM}root", f"{OF_IAM}role/admin*"]
    ),
    "who looks for drift writes under the key": at(
        "state-key", 1, "Condition", "ArnEquals", "aws:PrincipalArn", value=f"{OF_IAM}role/account-drift-dev"
    ),
    "machines use the key": keyed({"Service": "ec2.amazonaws.com"}, {"StringEquals": {"aws:SourceAccount": PLACEHOLDER}}),
    "a role uses the key by its name": keyed({"AWS": ROLE.format("prod")}),
    "a role that deploys nothing uses the key": used_by(ROLE.format("prod")),
    "roles of some name use the key": used_by(f"{OF_IAM}role/account-*"),
}
"""Edits that allow more, or deny less: what each is of, and what it does."""

LESS: dict[str, tuple[str, Change]] = {
    **{
        f"{name} loses its statement {number}": (name, lambda said, number=number: said.pop(number))
        for name, number in (
            ("watch-records-policy", 0),
            ("watch-records-policy", 1),
            ("watch-records-policy", 2),
            ("state-access-logs-policy", 0),
            *(("state-key", number) for number in range(6)),
        )
    },
    **{
        f"{who} is denied {name}": (
            name,
            lambda said, who=who: said.append({"Effect": "Deny", "Principal": who, "Action": "*", "Resource": "*"}),
        )
        for name, who in (
            ("state-key", {"Service": "cloudtrail.amazonaws.com"}),
            ("watch-records-policy", {"Service": "bedrock.amazonaws.com"}),
            ("state-access-logs-policy", "*"),
        )
    },
    "nobody takes prod's role on by day": saying_too(
        "access-prod-deploy",
        {"Effect": "Deny", "Principal": "*", "Action": TAKE},
        {"DateLessThan": {"aws:CurrentTime": "2027-01-01T00:00:00Z"}},
    ),
    "prod deploys nothing any more": saying_too("access-prod-boundary", {"Effect": "Deny", "Action": "*", "Resource": "*"}),
}
"""Edits that allow less of what must arrive, or deny more."""


@pytest.mark.parametrize(
    ("case", "rule"),
    [pytest.param(case, rule, id=name) for cases, rule in ((MORE, ACCESS), (LESS, GUARDS)) for name, case in cases.items()],
)
def test_each_edit_is_refused_by_one_rule(case: tuple[str, Change], rule: str, everything: Stack) -> None:
    name, change = case
    [resource] = [one for one in everything.resources if one.name == name]
    statements = stated(resource)
    change(statements)
    assert refused(saying(everything, name, statements)) == {(rule, name)}


ROLE_NAMES = frozenset(f"access-{role}" for role in ROLES)
OF_TABLE: dict[str, tuple[dict[str, Any], str, str, frozenset[str]]] = {
    "a deployer administers": (
        {"administrators": [f"{OF_IAM}role/account-deploy-dev"]},
        ADMINISTRATOR,
        f"{OF_IAM}role/account-deploy-dev",
        frozenset({"state-key", "state-bucket-policy"}),
    ),
    "whoever is called so administers": (
        {"administrators": [f"{OF_IAM}role/*"]},
        ADMINISTRATOR,
        f"{OF_IAM}role/*",
        frozenset({"state-key", "state-bucket-policy"}),
    ),
    "another account's role administers": (
        {"administrators": ["arn:aws:iam::999999999999:role/administrator"]},
        ADMINISTRATOR,
        "arn:aws:iam::999999999999:role/administrator",
        frozenset({"state-key", "state-bucket-policy"}),
    ),
    "more than a repository": (
        {"github": {"subject_prefix": f"{PREFIX}:environment:dev"}},
        PREFIX,
        f"{PREFIX}:environment:dev",
        ROLE_NAMES,
    ),
    "no repository": ({"github": None}, PREFIX, PREFIX, ROLE_NAMES),
    "another repository": ({"github": {"subject_prefix": "repo:acme/webshop"}}, PREFIX, PREFIX, ROLE_NAMES),
    "every environment": (
        {"stacks": ["dev", "staging", "prod", "*"]},
        f'"{OF_IAM}role/account-deploy-dev"',
        f'"{OF_IAM}role/account-deploy-dev", "{OF_IAM}role/account-deploy-*"',
        frozenset({"state-key"}),
    ),
}
"""Tables that say what no table may: the rows, the text of the documents that they bring along, and what is refused."""


@pytest.mark.parametrize(("rows", "old", "new", "names"), [pytest.param(*case, id=name) for name, case in OF_TABLE.items()])
def test_a_table_lets_no_pattern_in_and_no_deployer(
    rows: dict[str, Any], old: str, new: str, names: frozenset[str], everything: Stack
) -> None:
    stack = replace(everything, table=account_table(**ALL_ON, **rows))
    for one in everything.resources:
        if one.name in DOCUMENTS:
            stack = saying(stack, one.name, json.loads(json.dumps(stated(one)).replace(old, new)))
    assert refused(stack) == {(ACCESS, name) for name in names}


def test_a_boundary_is_of_the_region_that_its_roles_grants_are_of(everything: Stack) -> None:
    """Those of its stack; what it denies it denies in every region."""
    name = "access-prod-boundary"
    [boundary] = [one for one in everything.resources if one.name == name]
    elsewhere = json.loads(json.dumps(stated(boundary)).replace("prod-us-east-1", "prod-eu-west-1"))
    assert refused(saying(everything, name, elsewhere)) == {(ACCESS, name)}
    denied = json.dumps([one for one in stated(boundary) if one["Effect"] == "Deny"])
    assert set(re.findall("arn:aws:(?:lambda|ssm):([^:]*):", denied)) == {"*"}
