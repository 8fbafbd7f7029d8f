"""Who holds grants: roles within a boundary and with policies of this stack, and no users. The rules belong to the family identity."""

from __future__ import annotations

import re
from collections.abc import Iterator

from documents import PLACES, DocumentKind
from plain import Unknown, items, shown
from rule import Finding, Resource, Severity, Stack, rule
from tokens import (
    ACCESS_KEY,
    GROUP_ATTACHMENT,
    GROUP_ATTACHMENTS,
    IAM_ATTACHMENT,
    IAM_POLICY,
    PERMISSION_SET_ATTACHMENT,
    ROLE,
    ROLE_ATTACHMENT,
    ROLE_ATTACHMENTS,
    SERVICE_CREDENTIAL,
    USER,
    USER_ATTACHMENT,
    USER_ATTACHMENTS,
    USER_LOGIN,
)

GRANTED = (DocumentKind.IDENTITY, DocumentKind.ENDPOINT)
"""Documents in which a resource is somebody else's: in a resource's own policy `*` is that resource."""

HOLDERS = frozenset(kind for kind, place in PLACES.items() if place.kind in GRANTED) | {ROLE}

LEAST = "Everything that a role was not made for."

CUSTOMER_POLICY = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:policy/[^*?]+")

ATTACHABLE = frozenset({"AWSXRayDaemonWriteAccess", "CloudWatchLambdaInsightsExecutionRolePolicy"})
"""AWS's own policies that may be attached: they send telemetry, which can't be limited to a resource. All others grant on `*`."""

ATTACHMENTS = {
    ROLE: "managedPolicyArns",
    GROUP_ATTACHMENT: "policyArn",
    GROUP_ATTACHMENTS: "policyArns",
    IAM_ATTACHMENT: "policyArn",
    ROLE_ATTACHMENT: "policyArn",
    ROLE_ATTACHMENTS: "policyArns",
    USER_ATTACHMENT: "policyArn",
    USER_ATTACHMENTS: "policyArns",
    PERMISSION_SET_ATTACHMENT: "managedPolicyArn",
}
"""By type, the property that attaches managed policies."""

LONG_LIVED = frozenset({ACCESS_KEY, SERVICE_CREDENTIAL, USER, USER_LOGIN})


@rule(
    id="identity/managed-policies",
    types=ATTACHMENTS,
    severity=Severity.CRITICAL,
    protects=LEAST,
    why="AWS's policies grant on every resource and grow without a review: AmazonBedrockFullAccess holds bedrock:* and PassRole.",
    fix="Write the grants into a policy of this stack's own, on this stack's resources.",
    controls=("Security Hub IAM.1",),
)
def managed_policies(resource: Resource) -> Iterator[Finding]:
    """A reference that is unknown counts as present, and so does the ARN of a policy of the account: `identity/policy-reference` looks at
    what they refer to."""
    property_name = ATTACHMENTS[resource.type]
    value = resource.at(property_name)
    if value is None and resource.type != ROLE:
        yield Finding(f"{property_name} is missing; it must name a policy.")
    for one in items(value):
        if isinstance(one, Unknown) or (isinstance(one, str) and CUSTOMER_POLICY.fullmatch(one)):
            continue
        if not isinstance(one, str) or one.rpartition("/")[2] not in ATTACHABLE or not one.startswith("arn:aws"):
            yield Finding(f"{property_name} is {shown(one)}; it must be a policy of this stack, or one of {', '.join(sorted(ATTACHABLE))}.")


@rule(
    id="identity/boundary",
    types={ROLE},
    severity=Severity.HIGH,
    protects="The account from a role that is given more by hand, or by a later edit.",
    why="Without a permissions boundary, whatever is attached to the role later holds.",
    fix="Write permissions_boundary=<the stack's boundary policy>.arn.",
)
def boundary(role: Resource) -> Iterator[Finding]:
    value = role.at("permissionsBoundary")
    if not isinstance(value, Unknown) and not (isinstance(value, str) and CUSTOMER_POLICY.fullmatch(value)):
        yield Finding(f"permissionsBoundary is {shown(value)}; it must name a policy of the account's own.")


@rule(
    id="identity/policy-reference",
    severity=Severity.HIGH,
    protects="Boundaries and attachments from a reference to something that is no policy, or that nobody reviews.",
    why="The value is unknown until the deployment, and a policy from elsewhere isn't judged here.",
    fix="Pass the arn of an aws.iam.Policy of this stack.",
)
def policy_reference(stack: Stack) -> Iterator[Finding]:
    policies = {policy.urn for policy in stack.of_type(IAM_POLICY)}
    names = {name for policy in stack.of_type(IAM_POLICY) if isinstance(name := policy.at("name"), str)}
    for resource in stack.resources:
        held = {ATTACHMENTS.get(resource.type), "permissionsBoundary" if resource.type == ROLE else None}
        for property_name in sorted(name for name in held if name and resource.at(name) is not None):
            references = resource.comes_from(property_name)
            values = items(resource.at(property_name))
            if references and not any(one.urn in policies or not one.type.startswith("aws:") for one in references):
                found = ", ".join(f"{one.urn.rpartition('::')[2]} ({one.type})" for one in references)
                yield Finding(f"{property_name} comes from {found}; it must come from a policy.", resource)
            elif not references and any(isinstance(one, Unknown) for one in values):
                yield Finding(f"{property_name} is not known at preview and comes from nothing; it must come from a policy.", resource)
            elif not references and property_name != "permissionsBoundary":
                for one in values:
                    # Where a landing zone sets a boundary it only takes rights away; what is attached gives them.
                    if isinstance(one, str) and CUSTOMER_POLICY.fullmatch(one) and one.rpartition("/")[2] not in names:
                        yield Finding(
                            f"{property_name} is {shown(one)}, which this stack doesn't make; it must be reviewed here.", resource
                        )


@rule(
    id="identity/no-user",
    types=LONG_LIVED,
    severity=Severity.HIGH,
    protects="The account from credentials that leak and stay valid.",
    why="An access key works for whoever finds it, for years; a role's credentials end within hours.",
    fix="Remove it; let people sign in by IAM Identity Center and programs take a role.",
)
def no_user(resource: Resource) -> Iterator[Finding]:
    yield Finding("it is a credential that never ends, or its holder; people and programs must take a role instead.", resource)
