"""Edits of the account project, and the rules that must fire for each: exactly these."""

from __future__ import annotations

from typing import Any

from tests.policy.account_stack import (
    ACCOUNT,
    ADMINISTRATOR,
    ISSUER,
    PROVIDER,
    REPOSITORY,
    bounds,
    deploys,
    of_iam,
    role_of,
    trust,
    within,
)
from tests.policy.builders import Node, Nodes, document
from tests.policy.edits import Edit, adding, both, referring, setting
from tests.policy.identity_deployers import allow

TRUST, FENCE = ({f"account/{name}"} for name in ("trust", "fence"))
CLOSED = TRUST | {"identity/trust-closed"}
ESCALATION, WILD = {"identity/no-escalation"}, {"identity/no-wildcard-resource"}
OPEN = {"identity/no-wildcard-action", "identity/no-wildcard-resource", "identity/models"}
NO_FENCE = FENCE | OPEN
PASS_ROLE = {"identity/pass-role"}

SUBJECT = f"{REPOSITORY}:environment:prod"
TAKE = "sts:AssumeRoleWithWebIdentity"
BY_GITHUB: dict[str, Any] = {"Effect": "Allow", "Principal": {"Federated": PROVIDER}, "Action": TAKE}


def trusting(**condition: Any) -> Edit:
    """prod's role that deploys, with other conditions on GitHub's claims."""
    tests = {operator: {f"{ISSUER}:{claim}": value for claim, value in claims.items()} for operator, claims in condition.items()}
    return setting("deploy-prod", "assumeRolePolicy", document({**BY_GITHUB, "Condition": tests}))


def trusting_too(principal: Any, action: str = "sts:AssumeRole", condition: Any = None) -> Edit:
    other = {"Effect": "Allow", "Principal": principal, "Action": action, **({"Condition": condition} if condition else {})}
    claims = {f"{ISSUER}:aud": "sts.amazonaws.com", f"{ISSUER}:sub": SUBJECT}
    return setting("deploy-prod", "assumeRolePolicy", document({**BY_GITHUB, "Condition": {"StringEquals": claims}}, other))


def deploying(stack: str, *statements: dict[str, Any]) -> Edit:
    """A stack's role that deploys may do this, too."""
    return setting(f"deploy-{stack}-policy", "policy", document(*deploys(stack), *statements))


def bounding(stack: str, *statements: dict[str, Any]) -> Edit:
    """A stack's boundary allows this, too."""
    return setting(f"boundary-{stack}", "policy", document(*bounds(stack), *statements))


def bounding_without(stack: str, number: int) -> Edit:
    """A stack's boundary lacks one of its denials."""
    whole = bounds(stack)
    denials = [one for one in whole if one["Effect"] == "Deny"]
    return setting(f"boundary-{stack}", "policy", document(*(one for one in whole if one is not denials[number])))


def without_all(*names: str) -> Edit:
    def edit(nodes: Nodes) -> None:
        for name in names:
            nodes.pop(name)

    return edit


STATES = f"arn:aws:s3:::account-state-{ACCOUNT}-us-east-1/.pulumi/stacks/evolution-system"

EQUALS = {"aud": "sts.amazonaws.com", "sub": SUBJECT}

EDITS: list[tuple[str, Edit, set[str]]] = [
    # Whom a role trusts.
    ("every branch and environment", trusting(StringLike={**EQUALS, "sub": f"{REPOSITORY}:*"}), TRUST),
    ("a subject that isn't a pattern, tested as one", trusting(StringLike=EQUALS), TRUST),
    ("every repository of the owner", trusting(StringEquals={"aud": "sts.amazonaws.com"}, StringLike={"sub": "repo:acme/*"}), TRUST),
    ("everybody's workflows", trusting(StringEquals={"aud": "sts.amazonaws.com"}), CLOSED),
    ("a subject, if there is one", trusting(StringEqualsIfExists=EQUALS), CLOSED),
    ("one of several subjects", trusting(StringEquals={**EQUALS, "sub": [SUBJECT, f"{REPOSITORY}:environment:dev"]}), TRUST),
    ("a pattern that never fits", trusting(StringEquals={**EQUALS, "sub": f"{REPOSITORY}:environment:*"}), TRUST),
    ("a branch in the place of an environment", trusting(StringEquals={**EQUALS, "sub": f"{REPOSITORY}:ref:refs/heads/main"}), TRUST),
    ("pull requests", trusting(StringEquals={**EQUALS, "sub": f"{REPOSITORY}:pull_request"}), TRUST),
    ("another repository", trusting(StringEquals={**EQUALS, "sub": "repo:acme/webshop:environment:prod"}), TRUST),
    ("another environment", trusting(StringEquals={**EQUALS, "sub": f"{REPOSITORY}:environment:dev"}), TRUST),
    ("any audience", trusting(StringEquals={"sub": SUBJECT}), TRUST),
    ("another audience", trusting(StringEquals={**EQUALS, "aud": "https://github.com/acme"}), TRUST),
    ("a claim that isn't the subject", trusting(StringEquals={"aud": "sts.amazonaws.com", "repository": "acme/evolution"}), TRUST),
    (
        "another provider",
        trusting_too(
            {"Federated": f"arn:aws:iam::{ACCOUNT}:oidc-provider/gitlab.com"},
            TAKE,
            {"StringEquals": {"gitlab.com:sub": "project_path:acme/evolution:ref_type:branch:ref:main"}},
        ),
        TRUST,
    ),
    (
        "the provider of another account",
        trusting_too({"Federated": PROVIDER.replace(ACCOUNT, "999999999999")}, TAKE, {"StringEquals": {f"{ISSUER}:sub": SUBJECT}}),
        TRUST,
    ),
    ("an administrator, too", trusting_too({"AWS": ADMINISTRATOR}), TRUST | ESCALATION),
    ("a service, too", trusting_too({"Service": "ec2.amazonaws.com"}), TRUST | ESCALATION),
    (
        "tags of the session",
        setting("drift-dev", "assumeRolePolicy", trust("dev-drift").replace(f'"{TAKE}"', f'["{TAKE}", "sts:TagSession"]')),
        TRUST,
    ),
    # Ways in.
    ("another provider of identities", setting("github", "url", "https://gitlab.com"), {"account/identity-provider"}),
    ("tokens for anybody", setting("github", "clientIdLists", ["sts.amazonaws.com", "acme"]), {"account/identity-provider"}),
    (
        "a second provider",
        adding(
            "gitlab",
            Node(
                "aws:iam/openIdConnectProvider:OpenIdConnectProvider", {"url": f"https://{ISSUER}", "clientIdLists": ["sts.amazonaws.com"]}
            ),
        ),
        {"account/identity-provider"},
    ),
    # Boundaries of the roles.
    (
        "no boundary",
        both(setting("deploy-prod", "permissionsBoundary", None), referring("deploy-prod", "permissionsBoundary", "gone")),
        {"identity/boundary"},
    ),
    ("another stack's boundary", referring("deploy-prod", "permissionsBoundary", "boundary-dev"), {"account/boundary"}),
    ("a policy that only grants", referring("drift-prod", "permissionsBoundary", "drift-prod-policy"), {"account/boundary"}),
    (
        "a landing zone's boundary",
        both(
            setting("deploy-prod", "permissionsBoundary", of_iam("policy/landing-zone")),
            referring("deploy-prod", "permissionsBoundary", "stack"),
        ),
        {"account/boundary"},
    ),
    ("a role of another kind", setting("drift-prod", "name", "account-reader-prod"), {"account/boundary"}),
    ("the boundary is attached", setting("deploy-prod-attached", "policyArn", of_iam("policy/account-boundary-prod")), {"identity/fence"}),
    # What deployers may do.
    ("roles without a boundary", deploying("dev", allow("iam:CreateRole", role_of("dev"))), ESCALATION),
    (
        "roles within a boundary, if any",
        deploying("dev", allow("iam:CreateRole", role_of("dev"), {"StringEqualsIfExists": within("dev")["StringEquals"]})),
        ESCALATION,
    ),
    (
        "roles within any boundary",
        deploying("dev", allow("iam:CreateRole", role_of("dev"), {"StringLike": {"iam:PermissionsBoundary": "*"}})),
        ESCALATION,
    ),
    ("roles of any name", deploying("dev", allow("iam:PutRolePolicy", of_iam("role/*"), within("dev"))), ESCALATION | WILD),
    (
        "a new version of a boundary",
        deploying("dev", allow("iam:CreatePolicyVersion", of_iam("policy/evolution-boundary-dev-us-east-1"))),
        ESCALATION,
    ),
    # What the boundary must hold back: none of its denials may go, and none of these may be allowed.
    *((f"prod's boundary without its denial {number}", bounding_without("prod", number), FENCE if number else OPEN) for number in range(6)),
    ("prod makes roles", bounding("prod", allow("iam:CreateRole", role_of("prod"), within("prod"))), FENCE),
    ("dev makes roles without a boundary", bounding("dev", allow("iam:CreateRole", of_iam("role/evolution-*-dev-us-east-1"))), FENCE),
    ("dev gives its own roles more", bounding("dev", allow("iam:PutRolePolicy", role_of("dev"))), FENCE),
    (
        "dev makes roles within AWS's policy",
        bounding(
            "dev",
            allow("iam:CreateRole", role_of("dev"), {"StringLike": {"iam:PermissionsBoundary": "arn:aws:iam::aws:policy/*"}}),
        ),
        FENCE,
    ),
    ("the account is closed", bounding("dev", allow("account:*", "*")), FENCE),
    ("dev makes prod's roles", bounding("dev", allow("iam:CreateRole", role_of("prod"), within("dev"))), FENCE),
    ("boundaries dropped", bounding("dev", allow("iam:DeleteRolePermissionsBoundary", role_of("dev"), within("dev"))), NO_FENCE),
    ("boundaries swapped", bounding("dev", allow("iam:PutRolePermissionsBoundary", role_of("dev"), within("dev"))), FENCE),
    ("any role handed on", bounding("dev", allow("iam:PassRole", "*")), NO_FENCE | PASS_ROLE),
    ("another stack's role handed on", bounding("dev", allow("iam:PassRole", role_of("prod"))), FENCE | PASS_ROLE),
    ("itself handed on", bounding("dev", allow("iam:PassRole", of_iam("role/account-deploy-dev"))), FENCE | PASS_ROLE),
    ("itself changed", bounding("dev", allow("iam:PutRolePolicy", of_iam("role/account-*"))), FENCE),
    ("its own trust changed", bounding("prod", allow("iam:UpdateAssumeRolePolicy", of_iam("role/account-deploy-prod"))), FENCE),
    ("another provider of identities is made", bounding("prod", allow("iam:CreateOpenIDConnectProvider", PROVIDER)), FENCE),
    ("users", bounding("dev", allow("iam:CreateUser", of_iam("user/*"))), NO_FENCE),
    ("groups", bounding("dev", allow("iam:AddUserToGroup", of_iam("group/*"))), FENCE),
    ("sessions of other roles", bounding("dev", allow("sts:AssumeRole", of_iam("role/*"))), NO_FENCE),
    ("the trail is stopped", bounding("dev", allow("cloudtrail:StopLogging", "*")), FENCE),
    ("the trail is changed", bounding("dev", allow("cloudtrail:*", "*")), FENCE),
    ("GuardDuty is turned off", bounding("dev", allow("guardduty:*", "*")), FENCE),
    ("the analyzer is removed", bounding("dev", allow("access-analyzer:DeleteAnalyzer", "*")), FENCE),
    ("more of what costs", bounding("dev", allow("servicequotas:*", "*")), FENCE),
    ("the marketplace", bounding("dev", allow("aws-marketplace:*", "*")), FENCE),
    ("everything", bounding("dev", allow("*", "*")), NO_FENCE),
    (
        "all but one thing",
        setting("boundary-dev", "policy", document({"Effect": "Allow", "NotAction": "s3:*", "Resource": "*"})),
        FENCE | {"identity/no-not-action"},
    ),
]
