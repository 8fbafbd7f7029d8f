"""Workload, failed events: whoever hands them on may send them to their destination."""

from __future__ import annotations

from collections.abc import Iterator

from calls import AwsCall
from graph import Linked
from rule import Finding, Resource, Severity, Stack
from rules.evolution.alarm_path import Place, RoleGrants
from rules.evolution.containment import CALLED
from system import evolution_rule
from tokens import EVENT_SOURCE_MAPPING, FUNCTION, FUNCTION_INVOKE_CONFIG, QUEUE, SCHEDULE, TOPIC

SENDING = {
    QUEUE: ("sqs", "", "sqs:SendMessage"),
    TOPIC: ("sns", "", "sns:Publish"),
    FUNCTION: ("lambda", "function:", "lambda:InvokeFunction"),
}
"""By the type of the destination: its service, how its resource's name begins, and the action that sends to it. Source: Lambda developer
guide, "Capturing records of Lambda asynchronous invocations"."""

QUEUES, QUEUES_AND_TOPICS, DESTINATIONS = (QUEUE,), (QUEUE, TOPIC), tuple(SENDING)

Way = tuple[Resource, str, Resource, tuple[str, ...], tuple[str, ...]]
"""One way that failures take: who sends, and the property that names its role; the resource and the property that name the destination; and
the types that the destination may have."""


def _ways(stack: Stack) -> Iterator[Way]:
    functions = Linked(stack, FUNCTION, CALLED)
    for function in functions.all.values():
        yield function, "role", function, ("deadLetterConfig", "targetArn"), QUEUES_AND_TOPICS
    for kind, last in ((FUNCTION_INVOKE_CONFIG, "destination"), (EVENT_SOURCE_MAPPING, "destinationArn")):
        for config in stack.of_type(kind):
            for urn in sorted(functions.by(config, "functionName")):
                for when in ("onFailure", "onSuccess"):
                    yield functions.all[urn], "role", config, ("destinationConfig", when, last), DESTINATIONS
    for schedule in stack.of_type(SCHEDULE):
        yield schedule, "target", schedule, ("target", "deadLetterConfig", "arn"), QUEUES


@evolution_rule(
    id="workload/failures-granted",
    severity=Severity.HIGH,
    protects="The deployment, and the events that could not be handled.",
    why="Lambda refuses to make a function whose role may not send to its dead letters; the scheduler drops what it may not send.",
    fix="Grant the role the sending, to exactly that queue, in its policy and in its boundary.",
)
def failures_granted(stack: Stack) -> Iterator[Finding]:
    place, grants = Place(stack), RoleGrants(stack)
    places = {kinds: Linked(stack, kinds) for kinds in (QUEUES, QUEUES_AND_TOPICS, DESTINATIONS)}
    for sender, role, config, path, kinds in _ways(stack) if place.known else ():
        targets = places[kinds]
        for urn in sorted(targets.by(config, *path)):
            target = targets.all[urn]
            service, before, action = SENDING[target.type]
            call = AwsCall(action=action, resource=place.arn(service, f"{before}{target.at('name')}"), context=place.of_role())
            for one in grants.refused(sender, role, [call]):
                yield Finding(f"its role may not do {one.action} on `{target.name}`, where {'.'.join(path)} leads; it must.", sender)
