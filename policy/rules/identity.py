"""Identity: nobody may do more than is named. Every document is judged as it will be sent, at preview."""

from __future__ import annotations

import re
from collections.abc import Iterator

from documents import PLACES, Kind, Statement, statements_of
from plain import Plain, items, shown
from rule import Family, Fault, Resource, ResourceRule, Severity, broken

UNSCOPEABLE = frozenset(
    {
        "application-autoscaling:describescalabletargets",
        "application-autoscaling:describescalingactivities",
        "application-autoscaling:describescalingpolicies",
        "cloudwatch:getmetricdata",
        "cloudwatch:getmetricstatistics",
        "cloudwatch:listmetrics",
        "cloudwatch:putmetricdata",
        "ec2:describenetworkinterfaces",
        "ec2:describesubnets",
        "ec2:describevpcs",
        "ecr:getauthorizationtoken",
        "ssmmessages:createcontrolchannel",
        "ssmmessages:createdatachannel",
        "ssmmessages:opencontrolchannel",
        "ssmmessages:opendatachannel",
        "sts:getcalleridentity",
        "xray:getsamplingrules",
        "xray:getsamplingstatisticsummaries",
        "xray:getsamplingtargets",
        "xray:puttelemetryrecords",
        "xray:puttracesegments",
    }
)
"""Actions that take no resource, in lower case. Source: Service Authorization Reference, "Actions, resources, and condition keys"."""

ONLY_WILDCARDS = re.compile(r"[*?]+")

ARN = re.compile(r"arn:(?P<partition>[^:]*):(?P<service>[^:]*):(?P<region>[^:]*):(?P<account>[^:]*):(?P<resource>.*)", re.DOTALL)

SCOPING_CONDITIONS = re.compile(r"kms:resourcealiases|aws:resourcetag/.+")
"""Condition keys that narrow a resource whose id AWS makes, in lower case."""

SCOPING_OPERATORS = frozenset({"stringequals", "stringlike", "foranyvalue:stringequals", "foranyvalue:stringlike"})
"""Operators that fail where the key is absent; `…IfExists` and `ForAllValues:` hold there."""


def _allows(resource: Resource) -> Iterator[Statement]:
    for statement in statements_of(resource):
        if isinstance(statement, Statement) and statement.allows:
            yield statement


def _document(resource: Resource) -> Iterator[Fault]:
    for statement in statements_of(resource):
        if isinstance(statement, Fault):
            yield statement


def is_wildcard_action(action: str) -> bool:
    """Whether an action stands for all of a service's, or of every service's."""
    service, colon, name = action.partition(":")
    return not colon or "*" in service or "?" in service or bool(ONLY_WILDCARDS.fullmatch(name))


def _wildcard_action(resource: Resource) -> Iterator[Fault]:
    for statement in _allows(resource):
        for action in statement.actions:
            if is_wildcard_action(action):
                yield broken(f"{statement.where} allows the action {shown(action)}; it must name each action.")


def _not_action(resource: Resource) -> Iterator[Fault]:
    for statement in _allows(resource):
        if statement.excepted_actions:
            yield broken(f"{statement.where} allows everything but a NotAction; it must name what it allows.")


def is_wildcard_resource(resource: str) -> bool:
    """Whether a resource stands for all of a service's, or all of a type's: a bare wildcard, or an ARN that names no more than a type."""
    arn = ARN.fullmatch(resource)
    if not arn:
        return True
    if "*" in arn["service"] or "?" in arn["service"]:
        return True
    if arn["service"] == "s3":
        # The first part is the bucket's name, where other services have a type.
        return bool(ONLY_WILDCARDS.fullmatch(arn["resource"].partition("/")[0]))
    parts = re.split("[/:]", arn["resource"])
    named = parts[1:] if len(parts) > 1 else parts
    return all(not part or ONLY_WILDCARDS.fullmatch(part) for part in named)


def is_scoped_by_condition(resource: str, conditions: dict[str, Plain]) -> bool:
    """Whether a resource that names no more than its type is narrowed to ours: by a key's alias, or by a tag.

    Only within one region and account, where the alias or the tag is ours, and only by values that are more than wildcards.
    """
    arn = ARN.fullmatch(resource)
    if not arn or "*" in arn["region"] + arn["account"] + arn["service"] or not re.split("[/:]", arn["resource"])[0].strip("*?"):
        return False
    for operator, tests in conditions.items():
        if operator.lower() in SCOPING_OPERATORS and isinstance(tests, dict):
            for key, values in tests.items():
                if SCOPING_CONDITIONS.fullmatch(key.lower()) and all(_is_specific(value) for value in items(values)):
                    return True
    return False


def _is_specific(value: Plain) -> bool:
    return isinstance(value, str) and bool(value.removeprefix("alias/").strip("*?"))


def _wildcard_resource(resource: Resource) -> Iterator[Fault]:
    for statement in _allows(resource):
        if statement.kind is not Kind.IDENTITY:
            continue
        if statement.excepted_resources:
            yield broken(f"{statement.where} allows everything but a NotResource; it must name what it allows.")
        scopeable = [action for action in statement.actions if action.lower() not in UNSCOPEABLE]
        for one in statement.resources:
            if scopeable and is_wildcard_resource(one) and not is_scoped_by_condition(one, statement.conditions):
                actions = ", ".join(scopeable[:3]) + (", …" if len(scopeable) > 3 else "")
                yield broken(f"{statement.where} allows {actions} on the resource {shown(one)}; it must name the resource.")


TYPES = frozenset(PLACES)

FAMILY = Family(
    name="identity",
    title="Nobody may do more than is named.",
    resource_rules=(
        ResourceRule(
            id="identity/document",
            severity=Severity.CRITICAL,
            protects="The review: what is granted can be read before it is.",
            why="What can't be read at preview can't be reviewed, and is granted all the same.",
            mend="Write the document as JSON from names and ARNs that are known at preview; components/naming.py has them.",
            check=_document,
            types=TYPES,
        ),
        ResourceRule(
            id="identity/no-wildcard-action",
            severity=Severity.CRITICAL,
            protects="Everything that a role was not made for.",
            why="A wildcard grants every action that the service has, and those it will have.",
            mend="Name each action that is called, such as dynamodb:GetItem.",
            check=_wildcard_action,
            types=TYPES,
            controls=("Security Hub IAM.1", "Security Hub IAM.21"),
        ),
        ResourceRule(
            id="identity/no-not-action",
            severity=Severity.CRITICAL,
            protects="Everything that a role was not made for.",
            why="An Allow with NotAction grants all actions of all services but a few.",
            mend="Write Action, with each action that is called.",
            check=_not_action,
            types=TYPES,
        ),
        ResourceRule(
            id="identity/no-wildcard-resource",
            severity=Severity.HIGH,
            protects="What belongs to other stacks and other systems of the account.",
            why="The action takes a resource, so the grant reaches every one of its kind in the account.",
            mend="Name the ARN; where AWS makes the id, its known prefix, or the type with a condition on kms:ResourceAliases or "
            "aws:ResourceTag.",
            check=_wildcard_resource,
            types=TYPES,
        ),
    ),
)
