"""Who deploys: whom each role trusts, and what bounds it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from account_project import ROLE_NAME, account_rule, boundary_name
from accounts import own_account
from checks import between
from conditions import tests_of
from documents import DocumentKind, Statement, allows_of
from other_types import OIDC_PROVIDER
from plain import Plain, dig, shown
from rule import Finding, Resource, Severity, Stack
from rules.aws.holdings import boundaries_of
from tokens import IAM_POLICY, ROLE

ISSUER = "token.actions.githubusercontent.com"
AUDIENCE = "sts.amazonaws.com"
"""GitHub's provider of identities, and whom its tokens must be for. Source: GitHub's guide, "OpenID Connect in Amazon Web Services"."""

TAKE = "sts:assumerolewithwebidentity"

SESSION_SECONDS = 3600
"""How long credentials of a role are good at most: AWS's default, and the shortest that a role can have. Source: IAM API reference,
CreateRole, MaxSessionDuration."""

SUBJECT = re.compile(r"(?P<repository>repo:[\w.@-]+/[\w.@-]+):environment:(?P<environment>[\w-]+)", re.ASCII)
"""One environment of one repository, without a wildcard. Source: GitHub's reference, "OpenID Connect"."""


@account_rule(
    id="account/sessions",
    types={ROLE},
    severity=Severity.HIGH,
    protects="Each stack from whoever has stolen the credentials of a deployment.",
    why="What a workflow was given is good until its session ends, wherever it is used; half a day is time enough for anything.",
    fix="Leave max_session_duration out: it is an hour by default.",
)
def sessions(role: Resource) -> Iterator[Finding]:
    yield from between("maxSessionDuration", role.at("maxSessionDuration"), 0, SESSION_SECONDS, or_missing=True)


@account_rule(
    id="account/trust",
    severity=Severity.CRITICAL,
    protects="The account from every workflow but the one that each role is for.",
    why="Whoever gets a token that fits deploys here; a pattern in its subject fits another branch's or a stranger's workflow, too.",
    fix="Trust GitHub's provider alone, with StringEquals on …:aud (sts.amazonaws.com) and on the whole …:sub, which names the repository "
    "and the role's environment.",
    controls=("prowler iam_role_github_oidc_trust_subject_restricted",),
)
def trust(stack: Stack) -> Iterator[Finding]:
    provider = f":iam::{own_account(stack)}:oidc-provider/{ISSUER}"
    asked: list[tuple[Resource, Statement, re.Match[str]]] = []
    for role in stack.of_type(ROLE):
        for statement in allows_of(role):
            if statement.kind is not DocumentKind.TRUST:
                continue
            others = [one.name for one in statement.principals if one.kind != "Federated" or not one.name.endswith(provider)]
            if others or statement.excepted_principals:
                whom = shown(others[0]) if others else "everybody but a NotPrincipal"
                yield Finding(f"{statement.where} trusts {whom}; it must trust this account's provider {ISSUER} alone.", role)
                continue
            if [one.lower() for one in statement.actions] != [TAKE]:
                yield Finding(
                    f"{statement.where} allows {', '.join(statement.actions)}; it must allow AssumeRoleWithWebIdentity alone.", role
                )
            audience, subject = (_equal_to(statement, f"{ISSUER}:{claim}") for claim in ("aud", "sub"))
            if audience != AUDIENCE:
                yield Finding(f"{statement.where} tests {ISSUER}:aud by {shown(audience)}; it must be StringEquals {AUDIENCE}.", role)
            if not isinstance(subject, str) or not (whole := SUBJECT.fullmatch(subject)):
                yield Finding(f"{statement.where} tests {ISSUER}:sub by {shown(subject)}; it must be StringEquals a whole subject.", role)
            else:
                asked.append((role, statement, whole))
    yield from _one_repository(asked, dig(dict(stack.table or {}), "github", "subject_prefix"))


def _equal_to(statement: Statement, key: str) -> Plain:
    """The one value that a key must equal; of any other test, all that there is about it."""
    tests = [(operator, values) for operator, name, values in tests_of(statement.conditions) if name == key]
    exact = [values for operator, values in tests if operator == "stringequals"]
    if len(tests) == len(exact) == 1 and len(exact[0]) == 1 and any(name.lower() == "stringequals" for name in statement.conditions):
        return exact[0][0]
    return [[operator, *values] for operator, values in tests] or None


def _one_repository(asked: list[tuple[Resource, Statement, re.Match[str]]], wanted: Plain) -> Iterator[Finding]:
    """All roles are for one repository: that of the account's table or, where there is none, the one that most of them name; and each for
    the environment that is called as its stack."""
    common = Counter(subject["repository"] for _, _, subject in asked).most_common(1)
    repository = wanted if isinstance(wanted, str) or not common else common[0][0]
    for role, statement, subject in asked:
        if subject["repository"] != repository:
            yield Finding(f"{statement.where} is for {subject['repository']}; it must be for {shown(repository)}.", role)
        if named := ROLE_NAME.fullmatch(str(role.at("name"))):
            own = named["stack"] if named["does"] == "deploy" else f"{named['stack']}-{named['does']}"
            if subject["environment"] != own:
                yield Finding(f"{statement.where} is for the environment {subject['environment']}; it must be for {own}.", role)


@account_rule(
    id="account/identity-provider",
    severity=Severity.CRITICAL,
    protects="The account from a second way in.",
    why="Whoever runs a provider of identities says who anybody is.",
    fix=f"Declare one aws.iam.OpenIdConnectProvider at most: https://{ISSUER}, for the audience {AUDIENCE}.",
)
def identity_provider(stack: Stack) -> Iterator[Finding]:
    for number, provider in enumerate(stack.of_type(OIDC_PROVIDER)):
        url, audiences = provider.at("url"), provider.at("clientIdLists")
        if not isinstance(url, str) or url.removeprefix("https://") != ISSUER or number:
            yield Finding(f"url is {shown(url)}; it must be https://{ISSUER}, once.", provider)
        if audiences != [AUDIENCE]:
            yield Finding(f"clientIdLists is {shown(audiences)}; it must be {AUDIENCE} alone.", provider)


@account_rule(
    id="account/boundary",
    severity=Severity.CRITICAL,
    protects="The account from a role that is bounded by something that nobody judges as a fence.",
    why="Whoever steals a role has all that its boundary leaves open; what bounds a table's role doesn't bound a deployer.",
    fix="Write permissions_boundary=<the policy account-boundary-<stack>>.arn on each role of the stack.",
)
def boundary(stack: Stack) -> Iterator[Finding]:
    policies = {policy.urn: str(policy.at("name")) for policy in stack.of_type(IAM_POLICY)}
    for role in stack.of_type(ROLE):
        named = ROLE_NAME.fullmatch(str(role.at("name")))
        if named is None:
            yield Finding(f"its name is {shown(role.at('name'))}; it must be account-deploy-, -drift-, -image- or -drill-<stack>.", role)
            continue
        wanted, found = boundary_name(named["stack"]), sorted(policies[urn] for urn in boundaries_of(role, stack))
        if role.at("permissionsBoundary") is not None and found != [wanted]:  # identity/boundary says that there is none
            yield Finding(f"its boundary is {', '.join(found) or 'no policy of this stack'}; it must be {wanted}.", role)
