"""Containment, what resources let others do: whom their policies admit to what, who invokes `resume`, and whose roles they use."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Mapping

import tokens
from accounts import account_of, own_account
from actions import meaning
from dashboards import beside_metrics
from documents import PLACES, DocumentKind, Principal, Statement, allows_of
from graph import Linked
from plain import NotJsonError, Plain, items, parse, shown, texts
from rule import Finding, Resource, Severity, Stack, about
from rules.aws.access import SERVICE_MAY
from rules.aws.identity_actions import is_wildcard_action
from rules.aws.trust import is_whole_account
from rules.evolution.containment import CALLED, NOT_OF_AWS, RESUME, SWITCH, parts_of_roles, refused, said
from system import evolution_rule
from tokens import (
    DASHBOARD,
    FUNCTION,
    FUNCTION_INVOKE_CONFIG,
    FUNCTION_PERMISSION,
    KEY_GRANT,
    METRIC_ALARM,
    ROLE,
    SCHEDULE,
    TOPIC_SUBSCRIPTION,
)
from writes import SERVICES, Part, is_read

FUNCTIONS = "arn:aws:lambda:*:*:function:"
"""How the ARN of a function of any account begins."""

OWN = (DocumentKind.RESOURCE, DocumentKind.KEY)
"""Documents that give something. An endpoint's only lets through what a role is granted."""

WATCHES = frozenset({FUNCTION_INVOKE_CONFIG, METRIC_ALARM})
"""What says where a function's failures go, and what watches it."""

REFERS: Mapping[str, tuple[frozenset[str], str]] = {
    RESUME: (WATCHES, "nothing must, for nobody but a person invokes it"),
    SWITCH: (
        WATCHES | {FUNCTION_PERMISSION, SCHEDULE, TOPIC_SUBSCRIPTION},
        "only what starts or watches it must: its permission, its schedule, its subscription and its alarm",
    ),
}
"""By the first part of a function's name, the types that may refer to it, and what is said of all others."""


def _statements(resource: Resource, functions: Linked) -> Iterator[Statement]:
    """What a resource's own policy allows; also what a permission and a grant do, which are no documents, but mean the same."""
    if resource.type in PLACES:
        yield from (one for one in allows_of(resource) if one.kind in OWN)
    elif resource.type == FUNCTION_PERMISSION:
        name = str(resource.at("principal"))
        who = Principal(kind="Service" if name.endswith((".amazonaws.com", ".amazonaws.com.cn")) else "AWS", name=name)
        called = {str(functions.all[urn].at("name")) for urn in functions.by(resource, "function")}
        called |= {text.rpartition("function:")[2] for text in texts(resource.at("function"))}
        yield _statement(DocumentKind.RESOURCE, who, [resource.at("action")], [f"{FUNCTIONS}{one}" for one in sorted(called)] or ["*"])
    elif resource.type == KEY_GRANT:
        grantee = Principal(kind="AWS", name=str(resource.at("granteePrincipal")))
        yield _statement(DocumentKind.KEY, grantee, [f"kms:{one}" for one in items(resource.at("operations"))], ["*"])


def _statement(kind: DocumentKind, principal: Principal, actions: list[Plain], resources: list[str]) -> Statement:
    return Statement(
        where="it",
        kind=kind,
        allows=True,
        actions=tuple(str(action) for action in actions),
        excepted_actions=(),
        resources=tuple(resources),
        excepted_resources=(),
        principals=(principal,),
        excepted_principals=False,
        conditions={},
    )


@evolution_rule(
    id="containment/resource-policies",
    severity=Severity.CRITICAL,
    protects="Topic, key, queues, buckets and functions from a policy of their own that lets in what their guards keep out.",
    why="A resource's own policy grants whatever the roles' policies don't.",
    fix="Let services do what policy/writes.py lists for them, and roles nothing but what their own policies may say.",
)
def resource_policies(stack: Stack) -> Iterator[Finding]:
    own, parts = own_account(stack), stack.once(parts_of_roles)
    functions = Linked(stack, FUNCTION, CALLED)
    by_name = {str(role.at("name")): parts.get(role.urn, Part.OTHER) for role in stack.of_type(ROLE)}
    for resource in stack.resources:
        for statement in _statements(resource, functions):
            if statement.excepted_principals:
                yield Finding(f"{statement.where} allows everybody but a NotPrincipal; it must name whom it allows.", resource)
                continue
            for principal in statement.principals:
                part = by_name.get(principal.name.rpartition("/")[2], Part.OTHER)
                yield from about(resource, _admits(statement, principal, part, own, stack))


def _admits(statement: Statement, principal: Principal, part: Part, own: str, stack: Stack) -> Iterator[Finding]:
    if is_whole_account(principal) and account_of(principal) == own:
        return  # the account's roles need a grant of their own, too
    names = _beyond_service(statement, principal.name) if principal.kind == "Service" else refused(statement, frozenset({part}), stack)
    if principal.kind == "AWS" and account_of(principal) not in (None, own):
        yield Finding(f"{statement.where} allows {shown(principal.name)} in, which is of another account; it must be of this one.")
    elif names:
        yield Finding(f"{statement.where} allows {shown(principal.name)} {said(names)}")


def _beyond_service(statement: Statement, service: str) -> list[str]:
    """What a statement allows a service that no service, or another one, may do."""
    if statement.excepted_actions:
        return ["everything but a NotAction"]
    called = re.sub(r"\.amazonaws\.com(\.cn)?$", "", service)
    found: list[str] = []
    for action in statement.actions:
        if is_wildcard_action(action) or not meaning(action).actions:
            found.append(shown(action))
            continue
        for one in meaning(action).actions:
            listed = SERVICES.get(one.name)
            may = called in listed if listed is not None else is_read(one) or one.name.lower() in SERVICE_MAY
            if not may:
                found.append(one.name)
    return found


@evolution_rule(
    id="containment/switch-and-resume",
    severity=Severity.CRITICAL,
    protects="A halt from being undone by the machine that was halted, and the switch from being changed.",
    why="Evolution that resumes by itself was never halted: a person must have looked at what made it unsafe.",
    fix="Remove what leads to the function: it could invoke it, or let somebody else do so.",
)
def switch_and_resume(stack: Stack) -> Iterator[Finding]:
    """Whatever leads to one of them is known by its type: any other could invoke it, or change how it runs. A dashboard may show its
    metrics."""
    for stem, (types, must) in REFERS.items():
        name = f"{stem}-{stack.name}"
        functions = {one.urn for one in stack.of_type(FUNCTION) if one.at("name") == name}
        called = re.compile(rf"""(^|function:|["'\s=,]){re.escape(name)}(?![\w-])""")
        for resource in stack.resources:
            if resource.urn in functions or resource.type in types or resource.type.startswith(NOT_OF_AWS):
                continue
            for key, value in resource.props.items():
                comes_from = resource.type != DASHBOARD and any(one.urn in functions for one in resource.comes_from(key))
                if comes_from or _names(resource, key, value, name, called):
                    yield Finding(f"{key} leads to {name}; {must}.", resource)


KNOWN = frozenset(value for value in vars(tokens).values() if isinstance(value, str) and value.startswith("aws:"))
"""The types that some rule reads."""


@evolution_rule(
    id="containment/known-types",
    severity=Severity.HIGH,
    protects="The stack from what no rule looks at: another service's way to open, run or send something.",
    why="A type that no rule knows breaks none, whatever is in it; and some make others, such as CloudFormation's and Cloud Control's.",
    fix="Declare it with a type that the pack knows, or give the type its token in policy/tokens.py, and a rule that reads it.",
)
def known_types(stack: Stack) -> Iterator[Finding]:
    for resource in stack.resources:
        if resource.type not in KNOWN and not resource.type.startswith(NOT_OF_AWS):
            yield Finding("no rule of this pack knows its type, so nobody has judged it; it must be of one that a rule reads.", resource)


def _names(resource: Resource, key: str, value: Plain, name: str, called: re.Pattern[str]) -> bool:
    """Whether a property names a function in a text; what documents grant is judged as grants."""
    if resource.type == DASHBOARD:
        with contextlib.suppress(NotJsonError):  # alarms/dashboard says it
            value = beside_metrics(parse(value))
    place = PLACES.get(resource.type)
    return not (place and key == place.property_name) and any(name in text and called.search(text) for text in texts(value))
