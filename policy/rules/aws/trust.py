"""Trust: who may take a role on. The rules belong to the family identity."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from accounts import account_of, admitted_by, own_account
from conditions import ARN, OF_SOURCE, Test, is_account, is_specific, narrows
from documents import DocumentKind, Principal, Statement, allows_of, unreadable
from globs import WILDCARD
from other_types import LEADS_OUT
from plain import shown, texts
from rule import Finding, Resource, Severity, Stack, rule
from tokens import (
    AGENT_GATEWAY,
    AGENT_RUNTIME,
    BUILD_PROJECT,
    EVENT_TARGET,
    FLOW_LOG,
    FUNCTION,
    PIPE,
    ROLE,
    SCHEDULE,
    STATE_MACHINE,
    TASK_DEFINITION,
)

SERVICE = re.compile(r"[a-z0-9.-]+\.amazonaws\.com(\.cn)?")

REGIONAL = re.compile(r"(codedeploy|states)\.[a-z]{2}(?:-[a-z]+)+-\d(\.amazonaws\.com(?:\.cn)?)")
"""The services that have a principal in each region as well, such as states.us-east-1.amazonaws.com, which is the same service. Source:
Step Functions developer guide, "Creating an IAM role for your state machine"; aws/aws-cdk#19267."""

WITHOUT_SOURCE = frozenset({"ec2.amazonaws.com"})
"""Services that send no source account and no source ARN when they take a role. An instance profile can be given only to the account's own
instances."""

NARROWS_ACCOUNT: dict[str, Test] = {
    "aws:principalarn": lambda value: bool(ARN.fullmatch(value)) and is_specific(value.rpartition("/")[2]),
    "aws:principaltag/*": is_specific,
    "sts:externalid": lambda value: bool(value) and not WILDCARD.search(value),
}
"""Conditions that let only some of an account's principals take the role."""


def _names_after(*beginnings: str) -> Test:
    """Whether a value has text of its own before its first wildcard, after one of the beginnings that all values share."""

    def test(value: str) -> bool:
        literal = WILDCARD.split(value, maxsplit=1)[0]
        return any(literal.startswith(one) and len(literal) > len(one) for one in beginnings)

    return test


def _is_whole(value: str) -> bool:
    return bool(value) and not WILDCARD.search(value)


def _of_repository(value: str) -> bool:
    """Whether a subject of GitHub's names an owner in full: `repo:a*` matches every owner whose name begins with a."""
    return bool(re.match(r"repo:[^/*?:]+/", value))


def _of_owner(value: str) -> bool:
    return bool(re.match(r"[^/*?:]+/", value))


SUBJECTS: dict[str, dict[str, Test]] = {
    "token.actions.githubusercontent.com": {
        "sub": _of_repository,
        "repository": _of_owner,
        "repository_id": _is_whole,
        "repository_owner": _is_whole,
        "repository_owner_id": _is_whole,
        "job_workflow_ref": _of_owner,
    },
    "gitlab.com": {"sub": _names_after("project_path:"), "project_id": _is_whole, "namespace_id": _is_whole, "namespace_path": _is_whole},
}
"""By an issuer that serves everybody: the claims that say who asks, and the test that a value names somebody. Source: GitHub's and GitLab's
guides, "OpenID Connect in Amazon Web Services". Anybody can ask for any audience, and name an environment as they like."""


def _of_subject(value: str) -> bool:
    """Whether a subject has text of its own before its first wildcard; for a cluster's subject, beyond what all of its service accounts
    share."""
    return bool(WILDCARD.split(value, maxsplit=1)[0].removeprefix("system:serviceaccount:"))


ANYBODYS: dict[str, Test] = {"sub": _of_subject}
"""The same for any other issuer."""

SAML: dict[str, Test] = {"saml:sub": is_specific, "saml:namequalifier": is_specific, "saml:iss": is_specific}

TAKERS: dict[str, dict[str, str]] = {
    AGENT_RUNTIME: {"roleArn": "bedrock-agentcore.amazonaws.com"},
    AGENT_GATEWAY: {"roleArn": "bedrock-agentcore.amazonaws.com"},
    EVENT_TARGET: {"roleArn": "events.amazonaws.com"},
    BUILD_PROJECT: {"serviceRole": "codebuild.amazonaws.com"},
    FLOW_LOG: {"iamRoleArn": "vpc-flow-logs.amazonaws.com"},
    TASK_DEFINITION: {
        "executionRoleArn": "ecs-tasks.amazonaws.com",
        "taskRoleArn": "ecs-tasks.amazonaws.com",
    },
    FUNCTION: {"role": "lambda.amazonaws.com"},
    PIPE: {"roleArn": "pipes.amazonaws.com"},
    SCHEDULE: {"target": "scheduler.amazonaws.com"},
    STATE_MACHINE: {"roleArn": "states.amazonaws.com"},
}
"""By type, the top-level property that names a role, and the service that takes it on."""


BESIDE = {"lambda.amazonaws.com": frozenset({"edgelambda.amazonaws.com"})}
"""Services that take a role on together with another one. Source: CloudFront developer guide, "Set up IAM permissions for Lambda@Edge"."""


def is_everybody(principal: Principal) -> bool:
    """Whether a principal's name has a wildcard, so that it stands for many."""
    return bool(WILDCARD.search(principal.name))


def deputy(statement: Statement, verb: str, services: Sequence[str]) -> Iterator[Finding]:
    """The confused deputy: a service acts for every account, so without a condition on the source it acts here for anybody."""
    if services and not narrows(statement.conditions, OF_SOURCE):
        yield Finding(
            f"{statement.where} {verb} {services[0]} on anybody's behalf; "
            "it must have a condition on aws:SourceAccount or aws:SourceArn, in this account."
        )


def is_whole_account(principal: Principal) -> bool:
    """Whether a principal is a whole account: all of its roles and users whose own policies let them."""
    return account_of(principal) is not None and (is_account(principal.name) or principal.name.endswith(":root"))


@rule(
    id="identity/trust-closed",
    types={ROLE},
    severity=Severity.CRITICAL,
    protects="Every role, and all that it may do.",
    why="Whoever is trusted has the role's rights; a wildcard trusts everybody who has an AWS account.",
    fix="Name the one service, or the one role, that takes the role on.",
)
def trust_closed(role: Resource) -> Iterator[Finding]:
    for statement in allows_of(role):
        if statement.kind is not DocumentKind.TRUST:
            continue
        if statement.excepted_principals:
            yield Finding(f"{statement.where} trusts everybody but a NotPrincipal; it must name whom it trusts.")
        for principal in statement.principals:
            yield from _named(statement, principal)


def _named(statement: Statement, principal: Principal) -> Iterator[Finding]:
    if is_everybody(principal):
        yield Finding(f"{statement.where} trusts {shown(principal.name)}; it must name each service or role.")
    elif principal.kind == "Service":
        if not SERVICE.fullmatch(principal.name):
            yield Finding(f"{statement.where} trusts {shown(principal.name)}; it must be a service, such as lambda.amazonaws.com.")
    elif principal.kind == "Federated":
        issuer = principal.name.rpartition("provider/")[2].lower()
        subjects = {f"{issuer}:{claim}": test for claim, test in SUBJECTS.get(issuer, ANYBODYS).items()} | SAML
        if not narrows(statement.conditions, subjects):
            yield Finding(f"{statement.where} trusts anybody whom {principal.name} knows; it must have conditions on who that is (…:sub).")
    elif principal.kind != "AWS" or (account_of(principal) is None and not ARN.fullmatch(principal.name)):
        yield Finding(f"{statement.where} trusts {shown(principal.name)}; it must be a service, or a role's ARN.")
    elif is_whole_account(principal) and not narrows(statement.conditions, NARROWS_ACCOUNT):
        yield Finding(
            f"{statement.where} trusts all of the account {account_of(principal)}; it must name roles, or have a condition on them."
        )


@rule(
    id="identity/trust-source",
    types={ROLE},
    severity=Severity.HIGH,
    protects="Every role from being taken on by a service for somebody else (the confused deputy).",
    why="The service works for every account; without the condition, another account's resource can make it use this role.",
    fix='Add {"StringEquals": {"aws:SourceAccount": <this account>}, "ArnLike": {"aws:SourceArn": <its resources>}}.',
)
def trust_source(role: Resource) -> Iterator[Finding]:
    for statement in allows_of(role):
        if statement.kind is DocumentKind.TRUST:
            yield from deputy(statement, "trusts", [name for name in statement.services if name not in WITHOUT_SOURCE])


@rule(
    id="identity/trust-service",
    severity=Severity.HIGH,
    protects="Each role from being taken on by a service that it wasn't made for; and the system, which fails without the right one.",
    why="A function whose role trusts only bedrock.amazonaws.com can't start, and a service that needs no role shouldn't get one.",
    fix="Trust exactly the service that uses the role: lambda.amazonaws.com for functions, ecs-tasks.amazonaws.com for tasks.",
)
def trust_service(stack: Stack) -> Iterator[Finding]:
    roles = {role.urn: role for role in stack.of_type(ROLE)}
    by_name = {name: role.urn for role in roles.values() if isinstance(name := role.at("name"), str)}
    takers: dict[str, dict[str, Resource]] = {}
    for kind, properties in TAKERS.items():
        for resource in stack.of_type(kind):
            for property_name, service in properties.items():
                urns = {one.urn for one in resource.comes_from(property_name) if one.urn in roles}
                value = resource.at(property_name)
                if not urns and isinstance(value, str) and (urn := by_name.get(value.rpartition("/")[2])):
                    urns = {urn}
                for urn in urns:
                    takers.setdefault(urn, {})[service] = resource
    for urn, wanted in takers.items():
        if any(unreadable(roles[urn])):
            continue  # identity/document says it
        trusted = {
            REGIONAL.sub(r"\1\2", name)
            for statement in allows_of(roles[urn])
            if statement.kind is DocumentKind.TRUST
            for name in statement.services
        }
        for service in sorted(wanted.keys() - trusted):
            others = ", ".join(sorted(trusted)) or "no service"
            yield Finding(f"{wanted[service]} takes it on, but it trusts {others}; it must trust {service}.", roles[urn])
        beside = frozenset[str]().union(*(BESIDE.get(service, ()) for service in wanted))
        for service in sorted(trusted - wanted.keys() - beside):
            yield Finding(f"it trusts {service}, but only {', '.join(sorted(wanted))} takes it on; it must trust no other.", roles[urn])


def _accounts_in(text: str) -> Iterator[str]:
    """The account that a text names: by its number, or within an ARN."""
    arn = ARN.fullmatch(text)
    found = arn["account"] if arn else text
    if is_account(found):
        yield found


@rule(
    id="identity/one-account",
    severity=Severity.CRITICAL,
    protects="Roles, keys, topics and buckets from another account.",
    why="A foreign account's rights are given by its own administrators, whom nobody here reviews.",
    fix="Name this account; where another must really come in, write an exemption that says why.",
)
def one_account(stack: Stack) -> Iterator[Finding]:
    """Of this system approved/new-access says most of it; other programs have no approved grants."""
    own = own_account(stack)
    for resource, statement, account in admitted_by(stack):
        if account != own:
            yield Finding(f"{statement.where} admits the account {account}; it must admit only {own}, which all else names.", resource)
    for kind, properties in LEADS_OUT.items() if own else ():  # else nothing says which one is ours
        for resource in stack.of_type(kind):
            for name in properties:
                for account in sorted({found for text in texts(resource.at(name)) for found in _accounts_in(text)} - {own}):
                    yield Finding(f"{name} names the account {account}; it must name only {own}, which all else does.", resource)
