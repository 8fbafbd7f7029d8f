"""Containment, how the switch and resume are set up: their own code, time enough, and nobody else beside what calls them."""

from __future__ import annotations

import math
from collections.abc import Iterator

from checks import absent, between, literal
from graph import Linked
from plain import Plain, dig, items, shown
from rule import Finding, Resource, Severity, Stack, about
from rules.evolution.containment import CALLED, RESUME, SWITCH
from system import alert_topic_of, evolution_rule
from tokens import FUNCTION, FUNCTION_INVOKE_CONFIG, SCHEDULE, TOPIC, TOPIC_SUBSCRIPTION

SHORTEST_SECONDS = 60
"""A halt is six calls, each with the SDK's retries."""

FROM_ELSEWHERE = ("s3Bucket", "imageUri", "fileSystemConfig")
"""Code that can be changed after the review."""


@evolution_rule(
    id="containment/switch-settings",
    severity=Severity.CRITICAL,
    protects="The halt: what runs it is the code that was reviewed, at once, and for as long as it takes.",
    why="A handler of another name, a second's timeout, code from a bucket or a window of an hour leaves a switch that halts nothing.",
    fix="Declare both functions, the schedule and the invocations as components/evolution.py does.",
)
def switch_settings(stack: Stack) -> Iterator[Finding]:
    functions = Linked(stack, FUNCTION, CALLED)
    guards = {urn: one for urn, one in functions.all.items() if one.at("name") in (f"{SWITCH}-{stack.name}", f"{RESUME}-{stack.name}")}
    switches = {urn for urn, one in guards.items() if one.at("name") == f"{SWITCH}-{stack.name}"}
    for function in guards.values():
        yield from about(function, _runs(function))
    for schedule in stack.of_type(SCHEDULE):
        if switches & functions.by(schedule, "target"):
            yield from about(
                schedule, literal("flexibleTimeWindow.mode", schedule.at("flexibleTimeWindow", "mode"), "OFF", or_missing=True)
            )
            yield from about(schedule, absent("startDate", schedule.at("startDate"), "the halt can't wait"))
    for config in stack.of_type(FUNCTION_INVOKE_CONFIG):
        if switches & functions.by(config, "functionName"):
            attempts, age = config.at("maximumRetryAttempts"), config.at("maximumEventAgeInSeconds")
            yield from about(config, between("maximumRetryAttempts", attempts, 1, 2, or_missing=True))
            yield from about(config, between("maximumEventAgeInSeconds", age, SHORTEST_SECONDS, 21600, or_missing=True))


def _runs(function: Resource) -> Iterator[Finding]:
    yield from literal("handler", function.at("handler"), "handler.handler")
    yield from between("timeout", function.at("timeout"), SHORTEST_SECONDS, math.inf)
    for name in FROM_ELSEWHERE:
        yield from absent(name, function.at(name), "code from there can be changed after the review")
    yield from absent("vpcConfig", function.at("vpcConfig", "subnetIds"), "a network can cut it off from what it halts")


@evolution_rule(
    id="containment/subscriptions",
    severity=Severity.HIGH,
    protects="What the alarms say, and whom they say it to.",
    why="Whoever else hears the alarms can act on them, or be sent them for good; another topic may be told the same.",
    fix="Subscribe the safety switch, and the addresses of alerts.emails in the table; nobody else, and no other address to any topic.",
)
def subscriptions(stack: Stack) -> Iterator[Finding]:
    topic, topics, functions = alert_topic_of(stack), Linked(stack, TOPIC), Linked(stack, FUNCTION, CALLED)
    name = f"{SWITCH}-{stack.name}"
    if topic is None or stack.table is None or not any(one.at("name") == name for one in functions.all.values()):
        return  # alarms/alert-topic, environment/table-limits and alarms/switch say it
    emails: list[Plain] = items(dig(stack.table.get("alerts"), "emails"))
    for one in stack.of_type(TOPIC_SUBSCRIPTION):
        if topic.urn not in topics.by(one, "topic"):
            if str(one.at("protocol")).startswith("email") and one.at("endpoint") not in emails:
                yield Finding(f"it sends mail to {shown(one.at('endpoint'))}; it must be an address of the table's alerts.emails.", one)
            continue
        called = {str(functions.all[urn].at("name")) for urn in functions.by(one, "endpoint")}
        switch = one.at("protocol") == "lambda" and called == {name}
        if not switch and not (one.at("protocol") == "email" and one.at("endpoint") in emails):
            yield Finding(
                f"it subscribes {shown(one.at('protocol'))} {shown(one.at('endpoint'))} to the alert topic; only the switch and the "
                "table's alerts.emails must be.",
                one,
            )
