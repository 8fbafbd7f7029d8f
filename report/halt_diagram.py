"""The halt's loop as a diagram: from the score over alarms, topic and switch to what is halted, and back, with what resumes it.

A box is a resource of the plan, an arrow a property or a grant of one: what the plan doesn't hold isn't drawn. Only what the two functions
do with what they may set is said here: it is in their code (functions/safety_switch, functions/resume).
"""

from collections.abc import Sequence
from itertools import product

from local import LocalError
from local.previews import Plan
from plain import number
from report.diagram import MARGIN, Box, Column, Diagram, arrow, framed, stacked
from report.halt import WORKERS, Halt, short
from report.judged import stack_of
from rule import Resource, Stack
from tokens import AGENT_RUNTIME, COMPOSITE_ALARM, PARAMETER, SCALABLE_TARGET

LEFT, ALARMS, SET, MIDDLE, RIGHT = (MARGIN, 208.0), (268.0, 236.0), (278.0, 216.0), (556.0, 144.0), (732.0, 192.0)
"""The columns. What the switch sets stands in a frame below the alarms."""

TOP, GAP, BETWEEN = 16.0, 12.0, 68.0
"""Where the upper row begins, how far apart boxes of a column are, and the two rows."""

WATCHES, RESUMES, HALTS, IS_SET = 0, 2, 3, 7
"""Colours of the stylesheet, by what a box or an arrow does."""

SIGNS = {
    "LessThanThreshold": "<",
    "LessThanOrEqualToThreshold": "≤",
    "GreaterThanThreshold": ">",
    "GreaterThanOrEqualToThreshold": "≥",
}


def halt_diagram(plan: Plan) -> Diagram:
    """The loop of a planned stack.

    Raises:
        LocalError: it isn't clear which alarm or which parameter is meant: the plan has none, or several.
    """
    stack = stack_of(plan)
    halt = Halt(stack)
    composite, mode = _one(stack, COMPOSITE_ALARM), _one(stack, PARAMETER)
    unsafe = short(stack, composite, "alarmName")
    alarms, topics = halt.alarms(composite), halt.told(composite)
    switches = [one for one in halt.setters(mode) if halt.invoked(one)]
    resumes = [one for one in halt.setters(mode) if one not in switches]
    schedules = [schedule for switch in switches for schedule in halt.schedules(switch)]
    engines = [service for switch in switches for service in halt.halted(switch)]
    targets = [one for one in stack.of_type(SCALABLE_TARGET) if any(halt.bounds(switch, one) for switch in switches)]
    publishers = {one.urn: one for alarm in alarms for one in halt.publishers(alarm)}
    monitors = [one for one in publishers.values() if one not in engines]
    readers = [one for one in halt.readers(mode) if one not in engines]
    drawn: dict[str, Box] = {}

    def place(resources: Sequence[Resource], boxes: Sequence[Box], y: float, *, centred: bool = False) -> float:
        """Draw resources one below the other, and give the bottom of the last."""
        placed = stacked(boxes, y, GAP, centred=centred)
        drawn.update(zip((resource.urn for resource in resources), placed, strict=True))
        return placed[-1].bottom if placed else y

    upper = place(alarms, [_alarm(stack, one) for one in alarms], TOP)
    middle = (TOP + upper) / 2
    place(monitors, [_worker(stack, one, LEFT, "scores what is stored", WATCHES) for one in monitors], middle, centred=True)
    place([composite], [Box(MIDDLE, "composite alarm", unsafe, (f"fires if any of the {len(alarms)} does",))], middle, centred=True)
    place(topics, [Box(RIGHT, "topic", short(stack, one), _mails(halt.addresses(one))) for one in topics], middle, centred=True)

    lower = upper + BETWEEN
    acts = f"halts while {unsafe} is in ALARM, whatever woke it"
    below = place(switches, [_worker(stack, one, RIGHT, acts, HALTS) for one in switches], lower)
    place(schedules, [Box(RIGHT, "schedule", str(one.at("scheduleExpression")), colour=HALTS) for one in schedules], below + 4 * GAP)
    refuses = f"refuses unless {unsafe} is OK; only a person invokes it"
    place(resumes, [_worker(stack, one, MIDDLE, refuses, RESUMES) for one in resumes], below + GAP)
    below = place(engines, [_worker(stack, one, LEFT, "stores what it breeds", WATCHES) for one in engines], lower)
    reads = Box(LEFT, "read the mode, too", "", tuple(_reader(stack, one) for one in readers), look="quiet")
    others = stacked([reads] if readers else [], below + GAP, GAP)

    sets = [Box(SET, "mode", str(mode.at("name")), ("becomes halted",), colour=IS_SET)] if switches else []
    sets += [Box(SET, "autoscaler's bounds", _bounds(one), ("minimum becomes 0, all suspended",), colour=IS_SET) for one in targets]
    sets += [Box(SET, "desired count", short(stack, one), ("becomes 0",), colour=IS_SET) for one in engines]
    held = stacked(sets, lower + 28, GAP)
    frames = [framed(held, "halted in this order", IS_SET)] if held else []

    arrows = [
        *(arrow(drawn[one.urn], drawn[alarm.urn], "", WATCHES, one in engines) for alarm in alarms for one in halt.publishers(alarm)),
        *(arrow(drawn[alarm.urn], drawn[composite.urn], "", WATCHES) for alarm in alarms),
        *(arrow(drawn[composite.urn], drawn[topic.urn], "", WATCHES) for topic in topics),
        *(arrow(drawn[topic.urn], drawn[one.urn], "wakes", HALTS) for topic in topics for one in halt.heard_by(topic) if one in switches),
        *(arrow(drawn[clock.urn], drawn[one.urn], "wakes", HALTS) for one in switches for clock in halt.schedules(one)),
        *(arrow(drawn[one.urn], frame, "halts", HALTS) for one in switches for frame in frames),
        *(arrow(drawn[one.urn], frame, "resumes", RESUMES) for one in resumes for frame in frames),
        *(arrow(frame, one, "", IS_SET) for frame in frames for one in (*(drawn[engine.urn] for engine in engines), *others)),
        *(
            arrow(drawn[engine.urn], drawn[one.urn], f"through {len(tables)} {'table' if len(tables) == 1 else 'tables'}", WATCHES)
            for engine, one in product(engines, monitors)
            if (tables := halt.shared(engine, one))
        ),
    ]
    return Diagram(
        title=f"How {stack.name} is halted: {'; '.join(box.name for box in drawn.values())}.",
        source=f"From {stack.name}'s plan by make picture: a box is a resource, an arrow a property or a grant of one. "
        "Names are without the stack's.",
        boxes=(*frames, *held, *drawn.values(), *others),
        arrows=tuple(arrows),
    )


def _one(stack: Stack, kind: str) -> Resource:
    found = stack.of_type(kind)
    if len(found) != 1:
        raise LocalError(f"{stack.name} plans {len(found)} of {kind}, and the picture of the halt shows one: say in it which is meant.")
    return found[0]


def _worker(stack: Stack, resource: Resource, column: Column, does: str, colour: int) -> Box:
    return Box(column, WORKERS[resource.type], short(stack, resource), (does,), colour=colour)


def _reader(stack: Stack, resource: Resource) -> str:
    """A reader of the mode; a runtime's name alone says nothing."""
    return (f"{WORKERS[AGENT_RUNTIME]} " if resource.type == AGENT_RUNTIME else "") + short(stack, resource)


def _mails(addresses: int) -> tuple[str, ...]:
    return (f"and mails {addresses} {'address' if addresses == 1 else 'addresses'}",) if addresses else ()


def _bounds(target: Resource) -> str:
    return f"{target.at('minCapacity')} to {target.at('maxCapacity')} tasks"


def _alarm(stack: Stack, alarm: Resource) -> Box:
    """An alarm's metric, bound and patience."""
    sign = SIGNS.get(str(alarm.at("comparisonOperator")), "?")
    needed, periods = (number(alarm.at(key)) for key in ("datapointsToAlarm", "evaluationPeriods"))
    minutes = (number(alarm.at("period")) or 0) * (periods or 0) / 60
    patience = f"for {minutes:g} {'minute' if minutes == 1 else 'minutes'}" if needed == periods else f"{needed} of {periods} periods"
    silence = ", or is missing" if alarm.at("treatMissingData") == "breaching" else ""
    says = f"{str(alarm.at('statistic')).lower()} {sign} {alarm.at('threshold')} {patience}{silence}"
    return Box(ALARMS, "alarm", short(stack, alarm), (str(alarm.at("metricName")), says))
