"""Alarms, what they do: they lead to the stack's own topic; somebody hears it; and the one that halts evolution hears all of them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from accounts import own_account
from checks import absent, literal, present
from graph import Linked, names_of
from plain import UNKNOWN, dig, items, shown
from rule import Finding, Resource, Severity, Stack, about
from rules.aws.alarms import ALARMS, WHY_SILENT, spoken_for
from rules.evolution.alarms import ONLY_TOLD, guards
from system import ALERT_TOPIC, UNSAFE_ALARM, alert_topic_of, evolution_rule
from tokens import COMPOSITE_ALARM, FUNCTION, METRIC_ALARM, SCHEDULE, TOPIC, TOPIC_SUBSCRIPTION

FIRES = re.compile(r'ALARM\(\s*"([^"]+)"\s*\)')
RULE = re.compile(rf"\s*{FIRES.pattern}(\s+OR\s+{FIRES.pattern})*\s*")
"""A composite's rule that fires when any of its alarms does; anything cleverer can be silent when one of them fires."""


@evolution_rule(
    id="alarms/alert-topic",
    severity=Severity.CRITICAL,
    protects="The one topic that the switch and the people on call listen to.",
    why=WHY_SILENT,
    fix=f"Declare aws.sns.Topic(name=f'{ALERT_TOPIC}-{{stack}}').",
)
def alert_topic(stack: Stack) -> Iterator[Finding]:
    if alert_topic_of(stack) is None:
        yield Finding(f"it has no SNS topic named {ALERT_TOPIC}-{stack.name}; it must have one, for its alarms.")


@evolution_rule(
    id="alarms/to-alert-topic",
    severity=Severity.CRITICAL,
    protects="The alarms from acting on something that nobody listens to.",
    why="Only the alert topic leads to the switch and to the people on call.",
    fix="Pass the arn of the stack's alert topic itself, so that the dependency shows at preview.",
)
def to_alert_topic(stack: Stack) -> Iterator[Finding]:
    topic, topics = alert_topic_of(stack), Linked(stack, TOPIC)
    if topic is None:
        return
    children = spoken_for(stack)  # a composite halts for them; each pages by itself
    for kind in ALARMS:
        for alarm in stack.of_type(kind):
            if (items(alarm.at("alarmActions")) or str(alarm.at("name")) in children) and not (
                items(alarm.at("alarmActions")) and topic.urn in topics.by(alarm, "alarmActions")
            ):
                yield Finding(f"alarmActions does not lead to the alert topic `{topic.name}`; it must.", alarm)


ACTIONS = ("alarmActions", "insufficientDataActions", "okActions")


@evolution_rule(
    id="alarms/only-topics",
    severity=Severity.CRITICAL,
    protects="The halt, from an alarm that ends it: what an alarm calls when it is over runs by itself.",
    why="An alarm may invoke a function directly: `resume` as an action of OK undoes each halt, and nobody has looked.",
    fix="Let alarms tell topics of this account, and nothing else.",
)
def only_topics(stack: Stack) -> Iterator[Finding]:
    """What is no ARN, `alarms/actions` says, and AWS refuses."""
    topics, own = Linked(stack, TOPIC), own_account(stack)
    for alarm in (alarm for kind in ALARMS for alarm in stack.of_type(kind)):
        for name in ACTIONS:
            actions = items(alarm.at(name))
            strange = [one for one in actions if isinstance(one, str) and one.startswith("arn:") and not _is_topic(one, own)]
            if UNKNOWN in actions:
                strange += [one.type for one in alarm.comes_from(name) if one.urn not in topics.all]
            if strange:
                yield Finding(f"{name} holds {shown(strange[0])}; it must hold topics of this account, and nothing else.", alarm)


def _is_topic(arn: str, account: str) -> bool:
    parts = arn.split(":")
    return len(parts) == 6 and parts[2] == "sns" and (not account or parts[4] == account)


@evolution_rule(
    id="alarms/subscriber",
    severity=Severity.HIGH,
    protects="The alerts from being heard by nobody.",
    why=WHY_SILENT,
    fix="Subscribe each address of alerts.emails to the topic without a filter, or write `emails: []` where others listen.",
)
def subscriber(stack: Stack) -> Iterator[Finding]:
    """Somebody must hear the alarms, or the table must say that nobody is mailed: `alerts.emails: []` is a written decision (a pager
    that subscribes by itself, say), and shows in a review; a table that says nothing is none."""
    topic = alert_topic_of(stack)
    if topic is None or stack.table is None:
        return
    emails = dig(stack.table.get("alerts"), "emails")
    if not isinstance(emails, list) or not all(isinstance(email, str) for email in emails):
        yield Finding("alerts.emails in the environment table is no list of addresses; it must say who is told, or [] for nobody.")
        return
    topics = Linked(stack, TOPIC)
    subscriptions = [one for one in stack.of_type(TOPIC_SUBSCRIPTION) if topic.urn in topics.by(one, "topic")]
    told = names_of([one for one in subscriptions if one.at("protocol") == "email"], "endpoint")
    for email in emails:
        if email not in told:
            yield Finding(f"nobody subscribes {email} to it, whom alerts.emails of the table names; a TopicSubscription must.", topic)
    for one in subscriptions:
        yield from about(one, absent("filterPolicy", one.at("filterPolicy"), "a filter keeps alarms from being heard"))


AWS_OWN = ("AWS/", "ECS/")
"""How the namespaces begin in which AWS publishes: they are about what evolution runs on. A rolled service or a failed function isn't
unsafe."""


def _contained(stack: Stack, rule: str, *, whenever: bool) -> set[str]:
    """The names of the alarms in a composite's rule, and in the rules of composites in it.

    Args:
        whenever: only those with which the composite fires whatever the others do.
    """
    rules = {str(one.at("alarmName")): str(one.at("alarmRule")) for one in stack.of_type(COMPOSITE_ALARM)}
    found, new = set[str](), set(FIRES.findall(rule))
    while new:
        found |= new
        nested = [rules[name] for name in new if name in rules and (RULE.fullmatch(rules[name]) or not whenever)]
        new = {name for one in nested for name in FIRES.findall(one)} - found
    return found


def _metrics_of(alarm: Resource) -> Iterator[tuple[str, str]]:
    """The namespace and name of every metric that an alarm reads."""
    for one in (alarm.props, *(dig(query, "metric") for query in items(alarm.at("metricQueries")))):
        yield str(dig(one, "namespace")), str(dig(one, "metricName"))


@evolution_rule(
    id="alarms/evolution-unsafe",
    severity=Severity.CRITICAL,
    protects="The halt of evolution, which follows this one alarm.",
    why="A safety alarm that is not part of it fires and halts nothing. One that is and isn't about safety halts a stack because "
    "its table was changed, or its host is slow.",
    fix="Declare the CompositeAlarm evolution-unsafe-<stack> over the alarms on SafetyScore and AgentMemoryUsageKB, with OR, "
    "without a suppressor.",
)
def evolution_unsafe(stack: Stack) -> Iterator[Finding]:
    wanted = f"{UNSAFE_ALARM}-{stack.name}"
    composite = next((one for one in stack.of_type(COMPOSITE_ALARM) if one.at("alarmName") == wanted), None)
    if composite is None:
        yield Finding(f"it has no composite alarm named {wanted}; it must have one, which halts evolution.")
        return
    yield from about(composite, _no_suppressor(composite))
    rule = composite.at("alarmRule")
    if not isinstance(rule, str) or not RULE.fullmatch(rule):
        yield Finding(f'alarmRule is {shown(rule)}; it must be ALARM("…") OR ALARM("…") over the safety alarms\' names.', composite)
        return
    contained, named = (_contained(stack, rule, whenever=whenever) for whenever in (True, False))
    for alarms in guards(stack):
        if alarms and not any(str(alarm.at("name")) in contained for alarm in alarms):
            yield Finding(f"alarmRule does not contain the safety alarm `{alarms[0].name}`; it must contain each, by its name.", composite)
    for alarm in stack.of_type(METRIC_ALARM):
        read = [f"{space} {metric}" for space, metric in _metrics_of(alarm) if metric in ONLY_TOLD or space.startswith(AWS_OWN)]
        if str(alarm.at("name")) in named and read:
            yield Finding(
                f"alarmRule contains `{alarm.name}`, which watches {read[0]}; it must not, for that pages and must halt nothing.",
                composite,
            )


def _no_suppressor(composite: Resource) -> Iterator[Finding]:
    return absent("actionsSuppressor", composite.at("actionsSuppressor"), "a suppressor silences the halt")


@evolution_rule(
    id="alarms/switch",
    severity=Severity.CRITICAL,
    protects="The halt itself: alarms act on transitions only, and a lost message must not leave evolution running.",
    why="Without the topic the halt is late; without the schedule one lost message means no halt at all.",
    fix="Subscribe the safety switch to the alert topic, and run it by a Schedule of rate(1 minute).",
)
def switch(stack: Stack) -> Iterator[Finding]:
    """The halt is level-triggered: the topic invokes the switch, and a one-minute schedule does, for actions fire on transitions only.

    Judged once the stack has functions at all.
    """
    if not stack.of_type(FUNCTION):
        return
    switches = [one for one in stack.of_type(FUNCTION) if "safety-switch" in str(one.at("name")).replace("_", "-")]
    if not switches:
        yield Finding("it has no Lambda function named safety-switch; it must have one, which halts evolution.")
    topic, topics, functions = alert_topic_of(stack), Linked(stack, TOPIC), Linked(stack, FUNCTION, ("arn", "id", "name"))
    for switch in switches:
        if topic and not any(
            one.at("protocol") == "lambda" and topic.urn in topics.by(one, "topic") and switch.urn in functions.by(one, "endpoint")
            for one in stack.of_type(TOPIC_SUBSCRIPTION)
        ):
            yield Finding("it is not subscribed to the alert topic (TopicSubscription with protocol lambda); it must be.", switch)
        if not any(
            one.at("scheduleExpression") == "rate(1 minute)"
            and one.at("state") in (None, "ENABLED")
            and switch.urn in functions.by(one, "target", "arn")
            for one in stack.of_type(SCHEDULE)
        ):
            yield Finding("no schedule invokes it each minute; one with rate(1 minute) must, for alarms act on transitions only.", switch)


@evolution_rule(
    id="alarms/subscription",
    types={TOPIC_SUBSCRIPTION},
    severity=Severity.MEDIUM,
    protects="The alerts from a subscription that can't deliver, or delivers in plain text.",
    why="A protocol that isn't encrypted shows to the network what is wrong with the system, and a missing endpoint tells nobody.",
    fix="Write protocol='email', 'lambda', 'sqs' or 'https', and the endpoint.",
)
def subscription(subscription: Resource) -> Iterator[Finding]:
    yield from literal("protocol", subscription.at("protocol"), "email", "email-json", "lambda", "sqs", "https")
    yield from present("endpoint", subscription.at("endpoint"), "whom the topic tells")
