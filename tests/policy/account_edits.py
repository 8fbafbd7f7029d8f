"""Edits of the account project, and the rules that must fire for each: exactly these."""

from __future__ import annotations

from typing import Any

from tests.policy.account_stack import (
    ISSUER,
    deploys,
    of_iam,
    role_of,
    within,
)
from tests.policy.builders import Node, document
from tests.policy.edits import Edit, adding, both, referring, setting
from tests.policy.identity_deployers import allow

ESCALATION, WILD = {"identity/no-escalation"}, {"identity/no-wildcard-resource"}


def deploying(stack: str, *statements: dict[str, Any]) -> Edit:
    """A stack's role that deploys may do this, too."""
    return setting(f"deploy-{stack}-policy", "policy", document(*deploys(stack), *statements))


EDITS: list[tuple[str, Edit, set[str]]] = [
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
]
