"""On which resources a statement allows its actions: named ones, of the types that the actions take. The rules belong to the family
identity."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice

from actions import meaning
from conditions import ARN, Test, in_account, is_account, is_organization, is_specific, narrows, tests_of
from documents import PLACES, DocumentKind, Statement, allows_of
from fences import is_fence
from globs import POLICY_VARIABLE, WILDCARD, glob, meet
from plain import Plain, shown
from rule import Finding, Resource, Severity, rule
from rules.aws.identity_actions import MOST_FINDINGS, PASS_ROLE, is_wildcard_action
from rules.aws.identity_holders import GRANTED, HOLDERS

ONLY_WILDCARDS = re.compile(r"[*?-]+")

EVERY_VALUE = "\0" * 40
"""Stands for any value in the place of an ARN's variable part: what matches it names no value."""

OWN_ALIAS = re.compile(r"alias/(?!aws/)[a-zA-Z0-9/_-]+")
"""One alias, whole. `alias/aws/…` is AWS's own key."""

SCOPING: dict[str, Test] = {
    "kms:resourcealiases": lambda value: bool(OWN_ALIAS.fullmatch(value)),
    "aws:resourcetag/*": lambda value: bool(value) and not WILDCARD.search(value),
}
"""Conditions that narrow a resource whose id AWS makes, each by a whole value: `alias/*e*` takes in AWS's own keys and every other."""

SCOPING_CLUSTER: dict[str, Test] = {"ecs:cluster": lambda value: in_account(value) and not WILDCARD.search(value)}
"""ECS's lists take no resource that could be named, but a cluster. Source: Service Authorization Reference, Amazon ECS."""

REQUESTED: dict[str, Test] = {"aws:requesttag/*": lambda value: bool(value) and not WILDCARD.search(value)}
"""Conditions on the tags that a request gives to what it makes."""

CREATE_TAGS = "ec2:createtags"

OF_CREATION: dict[str, Test] = {"ec2:createaction": lambda value: is_specific(value) and not WILDCARD.search(value)}
"""In the request of a creation alone, which tags what it makes. Source: EC2 user guide, "Grant permission to tag resources during
creation"."""

MAKES = ("Allocate", "Authorize", "Create")
"""How the names of actions begin that make something new each time, which AWS numbers."""

MAKES_TAGGED = frozenset({"application-autoscaling:registerscalabletarget", "route53resolver:associatefirewallrulegroup"})
"""Others that take tags only where they make something. Source: Application Auto Scaling API reference, RegisterScalableTarget, Tags."""

ALL_OR_NONE = frozenset(
    {
        "bedrock:listguardrails",
        "cloudwatch:describealarms",
        "route53:associatevpcwithhostedzone",
        "route53resolver:getfirewallconfig",
        "route53resolver:updatefirewallconfig",
    }
)
"""Actions that fail, or don't show all, for who may do them on some resources only: composite alarms show only to who may describe every
alarm, all guardrails only to who names none, the zone of an endpoint's private names is AWS's own, whose id nobody knows before, and
neither does anybody that of a VPC's setting of the DNS firewall, which takes no tags.
Source: CloudWatch API reference, DescribeAlarms; Bedrock API reference, ListGuardrails; Service Authorization Reference, what
ec2:CreateVpcEndpoint depends on."""

SCOPING_OWNER: dict[str, Test] = {"aws:resourceaccount": is_account, "aws:resourceorgid": is_organization}
"""Conditions that narrow what may be reached through an endpoint."""

MODEL_ACTIONS = frozenset(
    {
        "bedrock:createmodelinvocationjob",
        "bedrock:invokemodel",
        "bedrock:invokemodelwithbidirectionalstream",
        "bedrock:invokemodelwithresponsestream",
    }
)
"""What calls a model; Converse is authorised as InvokeModel. Source: Service Authorization Reference, Amazon Bedrock."""

MODEL = re.compile(
    r"arn:aws[a-z-]*:bedrock:"
    r"(([a-z]{2}(-[a-z]+)+-\d)?::foundation-model/[A-Za-z0-9.:_-]+"
    r"|[a-z]{2}(-[a-z]+)+-\d:\d{12}:(application-)?inference-profile/[A-Za-z0-9.:_-]+)"
)
"""One model or profile. Through a global profile a model is called in no region of its own. Source: Bedrock user guide, "Global
cross-Region inference"."""

SAYS_WHICH = 3
"""So many letters and digits in a row, beside a wildcard, tell a name from most others."""


def is_wildcard_resource(resource: str, types: frozenset[str] = frozenset()) -> bool:
    """Whether a resource stands for all of a service's resources, or all of one type: a bare wildcard, or an ARN that names no more than
    the type.

    Args:
        types: what the actions take.
    """
    arn = ARN.fullmatch(resource)
    if not arn or WILDCARD.search(arn["service"]):
        return True
    if not WILDCARD.search(arn["resource"]):
        return False
    name = arn["resource"]
    if arn["service"] == "s3" and not arn["account"]:
        # The first part is the bucket's name, where other services have a type.
        return not _says_which(name.partition("/")[0])
    parts = re.split("[/:]", name)
    named = parts[1:] if len(parts) > 1 else parts
    return not any(map(_says_which, named)) or any(
        glob(name, pattern.split(":", 3)[3].replace("*", EVERY_VALUE))
        for pattern in types
        if pattern.startswith(f"{arn['service']}:") and "*" in pattern.split(":", 3)[3]
    )


def _says_which(part: str) -> bool:
    """Whether a part of a name says more than its wildcards do: `*a*` and `a*` match most names."""
    if not WILDCARD.search(part):
        return bool(part) and not ONLY_WILDCARDS.fullmatch(part)
    return any(len(run) >= SAYS_WHICH for run in re.split(r"[^A-Za-z0-9]+", part))


def is_scoped_by_condition(resource: str, conditions: dict[str, Plain]) -> bool:
    """Whether a resource that names no more than its type is narrowed to ours: by a key's alias, or by a tag.

    Only within one region and account, where the alias or the tag is ours, and only by values that are more than wildcards.
    """
    arn = ARN.fullmatch(resource)
    if not arn or WILDCARD.search(arn["region"] + arn["account"] + arn["service"]):
        return False
    return is_specific(re.split("[/:]", arn["resource"])[0]) and narrows(conditions, SCOPING)


def is_scoped_by_request(action: str, conditions: dict[str, Plain]) -> bool:
    """Whether an action only makes things with our tags, or tags what is just made or has none: AWS numbers what is made, and nothing of
    others is changed.

    A request's tags don't narrow a change of what is there, and to tag another's thing is to take it over.
    """
    if not narrows(conditions, REQUESTED):
        return False
    if any(one.level == "T" for one in meaning(action).actions):
        return (action.lower() == CREATE_TAGS and narrows(conditions, OF_CREATION)) or any(
            (operator, [str(value).lower() for value in values]) == ("null", ["true"]) and key.startswith("aws:resourcetag/")
            for operator, key, values in tests_of(conditions)
        )
    return action.partition(":")[2].startswith(MAKES) or action.lower() in MAKES_TAGGED


@rule(
    id="identity/no-wildcard-resource",
    types=PLACES,
    severity=Severity.HIGH,
    protects="What belongs to other stacks and other systems of the account.",
    why="The action takes a resource, so the grant reaches every one of its kind in the account.",
    fix="Name the ARN; where AWS makes the id, its known prefix, or the type with a condition on kms:ResourceAliases or "
    "aws:ResourceTag. Through an endpoint, a condition on aws:ResourceAccount will do.",
)
def no_wildcard_resource(resource: Resource) -> Iterator[Finding]:
    for statement in () if is_fence(resource) else allows_of(resource):
        if statement.excepted_resources:
            yield Finding(f"{statement.where} allows everything but a NotResource; it must name what it allows.")
        if statement.kind not in GRANTED or (statement.kind is DocumentKind.ENDPOINT and narrows(statement.conditions, SCOPING_OWNER)):
            continue
        yield from islice(_wide(statement), MOST_FINDINGS)


def _wide(statement: Statement) -> Iterator[Finding]:
    scopeable = [action for action in dict.fromkeys(statement.actions) if _could_be_scoped(action, statement)]
    types = frozenset[str]().union(*(meaning(action).types for action in scopeable))
    for one in dict.fromkeys(statement.resources) if scopeable else ():
        if not is_wildcard_resource(one, types) or is_scoped_by_condition(one, statement.conditions):
            continue
        wide = [
            action
            for action in scopeable
            if is_wildcard_resource(one, meaning(action).types) and not is_scoped_by_request(action, statement.conditions)
        ]
        if wide:
            actions = ", ".join(wide[:3]) + (", …" if len(wide) > 3 else "")
            yield Finding(f"{statement.where} allows {actions} on the resource {shown(one)}; it must name the resource.")


def _could_be_scoped(action: str, statement: Statement) -> bool:
    """Whether an action can be limited to a resource. One that is unknown, or stands for all of AWS, counts as if it could."""
    what = meaning(action)
    if (what.actions and not what.types) or action.lower() in ALL_OR_NONE:
        return False
    return not (action.lower().startswith("ecs:") and narrows(statement.conditions, SCOPING_CLUSTER))


@lru_cache(maxsize=8192)
def _fits(resource: str, types: frozenset[str]) -> bool:
    """Whether an ARN can be of one of some types."""
    arn = ARN.fullmatch(POLICY_VARIABLE.sub("*", resource))
    return arn is None or any(_of_type(arn["service"], arn["resource"], pattern) for pattern in types)


def _of_type(service: str, name: str, pattern: str) -> bool:
    kind, _, _, shape = pattern.split(":", 3)
    if not meet(service, kind):
        return False
    before, plus, after = shape.partition("+")
    if before.endswith("*"):  # a plus of AWS's own, as in the name of a private domain and its id
        return meet(name, shape)
    if plus and not after:  # the bucket's name, which holds no slash
        return meet(name, f"{before}*") and name.count("/") <= before.count("/")
    return meet(name, shape.replace("+", "*"))


@rule(
    id="identity/resource-fits",
    types=HOLDERS,
    severity=Severity.MEDIUM,
    protects="The documents from saying something else than was meant.",
    why="An action on a resource of another kind grants nothing, which shows when the system needs it.",
    fix="Give each action a resource that it takes; an action that takes none belongs in a statement of its own, on *.",
)
def resource_fits(resource: Resource) -> Iterator[Finding]:
    for statement in allows_of(resource):
        if statement.kind is DocumentKind.IDENTITY and not any(is_wildcard_action(action) for action in statement.actions):
            yield from islice(_unfit(statement), MOST_FINDINGS)


def _unfit(statement: Statement) -> Iterator[Finding]:
    resources = dict.fromkeys(statement.resources)
    whats = {action: meaning(action) for action in statement.actions if meaning(action).actions}
    for action, what in whats.items():
        if resources and not any(one == "*" or _fits(one, what.types) for one in resources):
            takes = "the resource *, for it takes none" if not what.types else "one of " + ", ".join(sorted(what.types)[:3])
            yield Finding(f"{statement.where} allows {action} on {shown(statement.resources[0])}; it must be on {takes}.")
    types = frozenset[str]().union(*(what.types for what in whats.values()))
    for one in resources if len(whats) > 1 else ():
        if one != "*" and not _fits(one, types):
            yield Finding(f"{statement.where} names {shown(one)}, which none of its actions takes; each must be one that they take.")


@rule(
    id="identity/pass-role",
    types=HOLDERS,
    severity=Severity.CRITICAL,
    protects="Every role that a service could be given.",
    why="Who passes a role to a service gets what the role may do.",
    fix="Name each role's ARN, and add StringEquals on iam:PassedToService.",
)
def pass_role(resource: Resource) -> Iterator[Finding]:
    for statement in allows_of(resource):
        if statement.kind is not DocumentKind.IDENTITY or PASS_ROLE not in map(str.lower, statement.actions):
            continue
        for one in statement.resources:
            arn = ARN.fullmatch(one)
            if not arn or WILDCARD.search(one) or not is_account(arn["account"]):
                yield Finding(f"{statement.where} allows passing the role {shown(one)}; it must name each role by its whole ARN.")
        if not narrows(statement.conditions, {"iam:passedtoservice": lambda value: is_specific(value) and not WILDCARD.search(value)}):
            yield Finding(f"{statement.where} allows passing a role to any service; it must have a condition on iam:PassedToService.")


@rule(
    id="identity/models",
    types=HOLDERS,
    severity=Severity.HIGH,
    protects="The model calls: only the model that was reviewed may decide.",
    why="A wildcard admits every model of the region, at any price and without its guardrail being reviewed.",
    fix="Name the inference profile and, in each of its regions, the foundation model.",
)
def models(resource: Resource) -> Iterator[Finding]:
    for statement in () if is_fence(resource) else allows_of(resource):
        if statement.kind not in GRANTED:
            continue
        calls = sorted({one.name for action in statement.actions for one in meaning(action).actions if one.name.lower() in MODEL_ACTIONS})
        for one in statement.resources if calls else ():
            if not MODEL.fullmatch(one):
                yield Finding(
                    f"{statement.where} allows {calls[0]} on {shown(one)}; it must name an inference profile of the account or "
                    "a foundation model, whole and in one region."
                )
