"""Alarms, the way back: evolution is resumed by a person, and by nothing else."""

from __future__ import annotations

from collections.abc import Iterator

from documents import allows_of
from globs import glob, meet
from graph import Linked, names_of
from rule import Finding, Severity, Stack
from system import evolution_rule
from tokens import (
    EVENT_SOURCE_MAPPING,
    EVENT_TARGET,
    FUNCTION,
    FUNCTION_PERMISSION,
    FUNCTION_URL,
    ROLE,
    ROLE_POLICY,
    SCHEDULE,
    TOPIC_SUBSCRIPTION,
)

INVOKERS = {
    EVENT_SOURCE_MAPPING: ("functionName",),
    FUNCTION_PERMISSION: ("function",),
    FUNCTION_URL: ("functionName",),
    SCHEDULE: ("target", "arn"),
    TOPIC_SUBSCRIPTION: ("endpoint",),
    EVENT_TARGET: ("arn",),
}
"""What invokes a function by itself, or lets somebody else do so, and where it names the function."""

WRITES_MODE = ("ssm:deleteparameter", "ssm:deleteparameters", "ssm:putparameter")

RESUME, SWITCH = "evolution-resume", "evolution-safety-switch"


@evolution_rule(
    id="alarms/resume-by-hand",
    severity=Severity.CRITICAL,
    protects="A halt from being undone by the machine that was halted.",
    why="Evolution that resumes by itself was never halted: a person must have looked at what made it unsafe.",
    fix="Remove what invokes the function, and give it a role of its own.",
)
def resume_by_hand(stack: Stack) -> Iterator[Finding]:
    functions = Linked(stack, FUNCTION, ("arn", "id", "name"))
    named = {str(function.at("name")): function for function in functions.all.values()}
    resume, switch = (named.get(f"{stem}-{stack.name}") for stem in (RESUME, SWITCH))
    if resume is None:
        return
    for kind, path in INVOKERS.items():
        for invoker in stack.of_type(kind):
            if resume.urn in functions.by(invoker, *path):
                yield Finding(f"it invokes `{resume.name}`, or lets others invoke it; nothing but a person must.", invoker)
    roles = Linked(stack, ROLE)
    if switch is not None and roles.by(resume, "role") & roles.by(switch, "role"):
        yield Finding(f"it has the role of `{switch.name}`; each must have its own.", resume)


@evolution_rule(
    id="alarms/mode-writers",
    severity=Severity.CRITICAL,
    protects="A halt from being undone by what was halted.",
    why="An agent or an engine that may write the mode sets it to running, whatever the switch wrote there.",
    fix="Take ssm:PutParameter and ssm:DeleteParameter away; what evolves only reads its mode.",
)
def mode_writers(stack: Stack) -> Iterator[Finding]:
    """Whoever may write the mode may end a halt: the switch, which only halts, and what a person invokes."""
    roles = Linked(stack, ROLE, ("name", "id", "arn"))
    for grants in stack.of_type(ROLE_POLICY):
        holders = names_of(roles.all[urn] for urn in roles.by(grants, "role"))
        if any(name.startswith((f"{RESUME}-{stack.name}", f"{SWITCH}-{stack.name}")) for name in holders):
            continue
        for statement in allows_of(grants):
            writes = [action for action in statement.actions if any(glob(action.lower(), one) for one in WRITES_MODE)]
            if writes and any(meet(one.rpartition(":parameter")[2], f"/evolution/{stack.name}/mode") for one in statement.resources):
                yield Finding(
                    f"{statement.where} allows {writes[0]} on the mode; only the roles of {SWITCH} and {RESUME} must write it.", grants
                )
