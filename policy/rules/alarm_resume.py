"""Alarms, the way back: evolution is resumed by a person, and by nothing else."""

from __future__ import annotations

from collections.abc import Iterator

from graph import Linked
from rule import Fault, Severity, Stack, StackRule, broken
from system import of_this_system
from tokens import EVENT_SOURCE_MAPPING, FUNCTION, FUNCTION_PERMISSION, FUNCTION_URL, ROLE, SCHEDULE, TOPIC_SUBSCRIPTION

INVOKERS = {
    EVENT_SOURCE_MAPPING: ("functionName",),
    FUNCTION_PERMISSION: ("function",),
    FUNCTION_URL: ("functionName",),
    SCHEDULE: ("target", "arn"),
    TOPIC_SUBSCRIPTION: ("endpoint",),
    "aws:cloudwatch/eventTarget:EventTarget": ("arn",),
}
"""What invokes a function by itself, or lets somebody else do so, and where it names the function."""

RESUME, SWITCH = "evolution-resume", "evolution-safety-switch"


def _by_hand(stack: Stack) -> Iterator[Fault]:
    functions = Linked(stack, FUNCTION, ("arn", "id", "name"))
    named = {str(function.at("name")): function for function in functions.all.values()}
    resume, switch = (named.get(f"{stem}-{stack.name}") for stem in (RESUME, SWITCH))
    if resume is None:
        return
    for kind, path in INVOKERS.items():
        for invoker in stack.of_type(kind):
            if resume.urn in functions.by(invoker, *path):
                yield broken(f"it invokes `{resume.name}`, or lets others invoke it; nothing but a person must.", invoker)
    roles = Linked(stack, ROLE)
    if switch is not None and roles.by(resume, "role") & roles.by(switch, "role"):
        yield broken(f"it has the role of `{switch.name}`; each must have its own.", resume)


STACK_RULES = (
    StackRule(
        id="alarms/resume-by-hand",
        severity=Severity.CRITICAL,
        protects="A halt from being undone by the machine that was halted.",
        why="Evolution that resumes by itself was never halted: a person must have looked at what made it unsafe.",
        mend="Remove what invokes the function, and give it a role of its own.",
        check=of_this_system(_by_hand),
    ),
)
