"""Alarms, the path of one to its end: it may speak to the topic, the topic to the switch, and the switch may do what halts evolution."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from accounts import own_account
from calls import AwsCall, allowed
from checks import present
from documents import DocumentKind, Statement, statements_of, unreadable
from globs import glob
from graph import Linked
from plain import Plain, Unknown, dig
from rule import Finding, Resource, Severity, Stack, about
from rules.aws.alarms import ALARMS
from rules.evolution.containment import CALLED, RESUME, SWITCH
from system import alert_topic_of, evolution_rule, mode_parameter
from tokens import (
    BUDGET,
    COMPOSITE_ALARM,
    FUNCTION,
    FUNCTION_PERMISSION,
    IAM_POLICY,
    KEY,
    KEY_POLICY,
    QUEUE,
    QUEUE_POLICY,
    ROLE,
    ROLE_ATTACHMENT,
    ROLE_POLICY,
    SCALABLE_TARGET,
    SCHEDULE,
    TOPIC,
    TOPIC_POLICY,
    TOPIC_SUBSCRIPTION,
)

BY_KEY = ("kms:Decrypt", "kms:GenerateDataKey")
"""What whoever sends to an encrypted topic or queue needs of its key. Source: SNS developer guide, "Key management"."""

ANY_ID = "0123456789abcdef0123456789abcdef"
"""Stands for an id that AWS makes: the call must be allowed whichever it is."""

EVERYTHING = "*"
"""The resource of a call that names none: only a grant on `*` allows it."""


class Place:
    """Where the stack is deployed: how its ARNs read, and what is known of every call in it."""

    def __init__(self, stack: Stack) -> None:
        self.account = own_account(stack)
        region = (stack.table or {}).get("region")
        self.region = region if isinstance(region, str) else ""
        self.partition = "aws-cn" if self.region.startswith("cn-") else "aws-us-gov" if self.region.startswith("us-gov-") else "aws"
        self.known = bool(self.account and self.region)

    def arn(self, service: str, resource: str, *, region: bool = True) -> str:
        return f"arn:{self.partition}:{service}:{self.region if region else ''}:{self.account}:{resource}"

    def on_behalf_of(self, source: str) -> Mapping[str, str]:
        """What is known of a call that a service makes on behalf of one of the account's resources, its source."""
        return {"aws:sourceaccount": self.account, "aws:sourcearn": source, "aws:securetransport": "true"}

    def of_role(self) -> Mapping[str, str]:
        return {"aws:securetransport": "true", "aws:principalaccount": self.account, "aws:requestedregion": self.region}


def carriers_of(stack: Stack, kind: str, policy: str, property_name: str, resource: Resource) -> list[Resource]:
    """The resources that carry a resource's own policy: itself, and those that attach one to it."""
    linked = Linked(stack, kind, ("arn", "id", "name", "url", "keyId"))
    return [resource, *(one for one in stack.of_type(policy) if resource.urn in linked.by(one, property_name))]


def readable(carriers: Sequence[Resource]) -> list[Statement] | None:
    """Their statements; None where one can't be read, which `identity/document` reports."""
    if any(any(unreadable(one)) for one in carriers):
        return None
    return [statement for one in carriers for statement in statements_of(one)]


def _speakers(stack: Stack, topic: Resource, place: Place) -> Iterator[tuple[Resource, str, str]]:
    """What sends to the topic: the resource, its service and its ARN."""
    topics = Linked(stack, TOPIC)
    for kind in ALARMS:
        for alarm in stack.of_type(kind):
            name = alarm.at("alarmName" if kind == COMPOSITE_ALARM else "name")
            if isinstance(name, str) and topic.urn in topics.by(alarm, "alarmActions"):
                yield alarm, "cloudwatch.amazonaws.com", place.arn("cloudwatch", f"alarm:{name}")
    for budget in stack.of_type(BUDGET):
        name = budget.at("name")
        name = name if isinstance(name, str) else ANY_ID
        if topic.urn in topics.by(budget, "notifications"):
            yield budget, "budgets.amazonaws.com", place.arn("budgets", f"budget/{name}", region=False)


def _keys_of(stack: Stack, resource: Resource) -> list[list[Statement]]:
    """What the policies of the keys of a topic or a queue say."""
    keys = Linked(stack, KEY)
    read = [readable(carriers_of(stack, KEY, KEY_POLICY, "keyId", keys.all[urn])) for urn in keys.by(resource, "kmsMasterKeyId")]
    return [statements for statements in read if statements is not None]


def _refused(keys: Sequence[Sequence[Statement]], service: str, source: str, place: Place) -> Iterator[str]:
    """The actions that keys don't allow a service that sends to what is encrypted with them."""
    for statements in keys:
        for action in BY_KEY:
            request = AwsCall(action=action, resource=EVERYTHING, service=service, context=place.on_behalf_of(source))
            if not allowed(request, statements):
                yield action


@evolution_rule(
    id="alarms/heard-by-topic",
    severity=Severity.CRITICAL,
    protects="Every alarm, and the budget's: what they say reaches the topic.",
    why="CloudWatch says nowhere that its message was refused: an alarm that the topic or its key keeps out fires and nobody hears it.",
    fix="Let cloudwatch.amazonaws.com and budgets.amazonaws.com publish in the topic's policy, and decrypt and make data keys in the "
    "key's, for this account's alarms and budgets (components/resource_policies.py).",
)
def heard_by_topic(stack: Stack) -> Iterator[Finding]:
    topic, place = alert_topic_of(stack), Place(stack)
    if topic is None or not place.known:
        return
    statements = readable(carriers_of(stack, TOPIC, TOPIC_POLICY, "arn", topic))
    keys, said = _keys_of(stack, topic), set[str]()
    for speaker, service, source in _speakers(stack, topic, place):
        request = AwsCall(
            action="sns:Publish", resource=place.arn("sns", str(topic.at("name"))), service=service, context=place.on_behalf_of(source)
        )
        missing = [] if statements is None or allowed(request, statements) else [("sns:Publish", "the topic's policy")]
        missing += [(action, "the policy of its key") for action in _refused(keys, service, source, place)]
        for action, where in missing[:1]:
            if f"{service} {action}" not in said:  # one cause, one finding: all alarms speak alike
                said.add(f"{service} {action}")
                yield Finding(f"{where} doesn't let {service} do {action} for `{speaker.name}`; it must.", topic)


@evolution_rule(
    id="alarms/switch-is-called",
    severity=Severity.CRITICAL,
    protects="The halt: the topic and the schedule may invoke the switch, and what they couldn't deliver is kept.",
    why="A subscription whose function doesn't admit it, or a schedule whose role may not invoke it, is there and does nothing.",
    fix="Declare the aws.lambda.Permission for sns.amazonaws.com with the topic as source_arn, grant the schedules' role "
    "lambda:InvokeFunction, and let the topic send to the dead letters.",
)
def switch_is_called(stack: Stack) -> Iterator[Finding]:
    topic, place, functions = alert_topic_of(stack), Place(stack), Linked(stack, FUNCTION, CALLED)
    switch = next((one for one in functions.all.values() if one.at("name") == f"{SWITCH}-{stack.name}"), None)
    if topic is None or switch is None or not place.known:
        return
    topics, grants = Linked(stack, TOPIC), RoleGrants(stack)
    for subscription in stack.of_type(TOPIC_SUBSCRIPTION):
        if topic.urn in topics.by(subscription, "topic") and switch.urn in functions.by(subscription, "endpoint"):
            if not any(
                _admits_topic(one, topic, topics, place) and switch.urn in functions.by(one, "function")
                for one in stack.of_type(FUNCTION_PERMISSION)
            ):
                yield Finding("no permission lets the alert topic invoke it; an aws.lambda.Permission for sns.amazonaws.com must.", switch)
            yield from _lost(stack, subscription, topic, place)
    for schedule in stack.of_type(SCHEDULE):
        if switch.urn in functions.by(schedule, "target"):
            yield from about(schedule, present("target.roleArn", schedule.at("target", "roleArn"), "the schedules' role"))
            request = AwsCall(
                action="lambda:InvokeFunction", resource=place.arn("lambda", f"function:{SWITCH}-{stack.name}"), context=place.of_role()
            )
            yield from (
                Finding(f"its role may not do {one.action} on the switch; it must.", schedule)
                for one in grants.refused(schedule, "target", [request])
            )


def _admits_topic(permission: Resource, topic: Resource, topics: Linked, place: Place) -> bool:
    """Whether a permission lets the topic in. One that is too wide is reported by `workload/function-permission`."""
    source, arn, principal = permission.at("sourceArn"), place.arn("sns", str(topic.at("name"))), permission.at("principal")
    return (
        (source is None or topic.urn in topics.by(permission, "sourceArn") or glob(str(source), arn))
        and (isinstance(principal, Unknown) or principal in ("sns.amazonaws.com", "*"))
        and glob(str(permission.at("action")).lower(), "lambda:invokefunction")
        and permission.at("qualifier") in (None, "")
        and permission.at("eventSourceToken") in (None, "")
        and permission.at("sourceAccount") in (None, "", place.account)
    )


def _lost(stack: Stack, subscription: Resource, topic: Resource, place: Place) -> Iterator[Finding]:
    """What the topic couldn't deliver goes to a queue that accepts it, or is lost."""
    queues, source = Linked(stack, QUEUE), place.arn("sns", str(topic.at("name")))
    kept = queues.by(subscription, "redrivePolicy")
    if not kept:
        yield Finding("redrivePolicy leads to no queue of this stack; it must, or a message that wasn't delivered is lost.", subscription)
    for urn in sorted(kept):
        queue, service = queues.all[urn], "sns.amazonaws.com"
        statements = readable(carriers_of(stack, QUEUE, QUEUE_POLICY, "queueUrl", queue))
        request = AwsCall(
            action="sqs:SendMessage", resource=place.arn("sqs", str(queue.at("name"))), service=service, context=place.on_behalf_of(source)
        )
        missing = [] if statements is None or allowed(request, statements) else [("sqs:SendMessage", "its policy")]
        missing += [(action, "the policy of its key") for action in _refused(_keys_of(stack, queue), service, source, place)]
        for action, where in missing[:1]:
            yield Finding(f"{where} doesn't let {service} do {action} for `{subscription.name}`; it must.", queue)


class RoleGrants:
    """What the stack's roles may do: by their policies, and within their boundaries."""

    def __init__(self, stack: Stack) -> None:
        self._roles, self._policies = Linked(stack, ROLE, CALLED), Linked(stack, IAM_POLICY, CALLED)
        self._inline: defaultdict[str, list[Resource]] = defaultdict(list)
        self._attached: defaultdict[str, set[str]] = defaultdict(set)
        for one in stack.of_type(ROLE_POLICY):
            for urn in self._roles.by(one, "role"):
                self._inline[urn].append(one)
        for one in stack.of_type(ROLE_ATTACHMENT):
            for urn in self._roles.by(one, "role"):
                self._attached[urn] |= self._policies.by(one, "policyArn")
        self._read: dict[str, tuple[list[Statement], list[Statement] | None] | None] = {}

    def refused(self, taker: Resource, property_name: str, calls: Sequence[AwsCall]) -> Iterator[AwsCall]:
        """The calls that a resource's role may not make. None where a document can't be read, which `identity/document` reports."""
        named = {text.rpartition("/")[2] for text in _arns(taker.at(property_name))}
        urns = self._roles.by(taker, property_name) | {urn for name in named for urn in self._roles.called(name)}
        for urn in sorted(urns):
            if urn not in self._read:
                self._read[urn] = self._documents_of(self._roles.all[urn])
            read = self._read[urn]
            if read is not None:
                granted, bounding = read
                yield from (one for one in calls if not allowed(one, granted) or (bounding is not None and not allowed(one, bounding)))

    def _documents_of(self, role: Resource) -> tuple[list[Statement], list[Statement] | None] | None:
        """What a role is granted, and what its boundary allows; the boundary is None where the role has none. None where they can't be
        read."""
        attached = self._attached[role.urn] | self._policies.by(role, "managedPolicyArns")
        granted = readable([role, *self._inline[role.urn], *(self._policies.all[urn] for urn in sorted(attached))])
        bounds = [self._policies.all[urn] for urn in self._policies.by(role, "permissionsBoundary")]
        bounding = readable(bounds)
        if granted is None or bounding is None:
            return None
        return [one for one in granted if one.kind is DocumentKind.IDENTITY], bounding if bounds else None


def _arns(value: Plain) -> Iterator[str]:
    for one in (value, dig(value, "roleArn") if isinstance(value, dict) else None):
        if isinstance(one, str):
            yield one


def _halting(stack: Stack, place: Place) -> list[AwsCall]:
    """The calls by which the switch halts evolution; `resume` needs the same."""
    targets = stack.of_type(SCALABLE_TARGET)
    tags = targets[0].at("tagsAll") if targets else None
    tagged = {f"aws:resourcetag/{key.lower()}": str(value) for key, value in tags.items()} if isinstance(tags, dict) else {}
    service = place.arn("ecs", f"service/evolution-system-{stack.name}/evolution-engine-{stack.name}")
    asked: list[tuple[str, str, Mapping[str, str]]] = [
        ("cloudwatch:DescribeAlarms", EVERYTHING, {}),
        ("ssm:GetParameter", place.arn("ssm", f"parameter{mode_parameter(stack)}"), {}),
        ("ssm:PutParameter", place.arn("ssm", f"parameter{mode_parameter(stack)}"), {}),
        ("application-autoscaling:DescribeScalableTargets", EVERYTHING, {}),
        ("ecs:DescribeServices", service, {}),
        ("ecs:UpdateService", service, {}),
    ]
    if targets:
        asked.append(
            ("application-autoscaling:RegisterScalableTarget", place.arn("application-autoscaling", f"scalable-target/{ANY_ID}"), tagged)
        )
    return [AwsCall(action=action, resource=on, context={**place.of_role(), **more}) for action, on, more in asked]


@evolution_rule(
    id="alarms/switch-may-halt",
    severity=Severity.CRITICAL,
    protects="The halt, and the way back: the switch and resume may do what they are there for.",
    why="A grant that is missing, narrowed away, denied or beyond the boundary shows when evolution had to be halted.",
    fix="Grant it as components/iam_functions.py: halting_grants does, in the role and in its boundary.",
)
def switch_may_halt(stack: Stack) -> Iterator[Finding]:
    place, grants = Place(stack), RoleGrants(stack)
    for function in stack.of_type(FUNCTION) if place.known else ():
        if function.at("name") in (f"{SWITCH}-{stack.name}", f"{RESUME}-{stack.name}"):
            names = [one.action for one in grants.refused(function, "role", _halting(stack, place))]
            if names:
                yield Finding(f"its role may not do {', '.join(names)}; it must, or nothing is halted.", function)
