"""Who deploys: by which provider of identities, for how long, and what bounds each role."""

from __future__ import annotations

from collections.abc import Iterator

from account_project import ROLE_NAME, account_rule, boundary_name
from checks import between
from other_types import OIDC_PROVIDER
from plain import shown
from rule import Finding, Resource, Severity, Stack
from rules.aws.holdings import boundaries_of
from tokens import IAM_POLICY, ROLE

ISSUER = "token.actions.githubusercontent.com"
AUDIENCE = "sts.amazonaws.com"
"""GitHub's provider of identities, and whom its tokens must be for. Source: GitHub's guide, "OpenID Connect in Amazon Web Services"."""

SESSION_SECONDS = 3600
"""How long credentials of a role are good at most: AWS's default, and the shortest that a role can have. Source: IAM API reference,
CreateRole, MaxSessionDuration."""


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
