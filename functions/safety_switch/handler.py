"""The safety switch: while the composite alarm "evolution unsafe" is in ALARM, evolution is halted.

It acts on the alarm's state, not on the event: an alarm sends one message when its state changes, and a message can be lost, late, repeated
or forged. So the alert topic and a schedule of one minute only invoke it, and it reads the state from CloudWatch. It never resumes
anything.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from common import alarm, log, mode
from common.aws import PROMPT, AwsError
from common.capacity import EngineService
from common.entry import InvocationContext, entry
from common.results import FunctionError, Result
from waking import woken_by

Current = TypeVar("Current")

DONE = "done"
ALREADY = "already"
ABSENT = "absent"
FAILED = "failed"


@entry(fails=True)
def handler(event: object, call: InvocationContext) -> Result:
    """Enforce the whole halt if the alarm fires. The outcome is `halted`, or `safe` if it doesn't fire.

    Raises:
        FunctionError: the alarm can't be read, or a step of the halt failed. Every step is tried.
    """
    woken = woken_by(event, call)
    state = alarm.state()
    if state != alarm.ALARM:
        return Result(
            outcome="safe", message="The alarm doesn't fire; nothing is halted or resumed.", details={"state": state, "woken_by": woken}
        )
    engine = EngineService.of_this_stack()
    # In this order: the mode stops new evolutions, and open bounds would raise a desired count of 0 again.
    steps: dict[str, Callable[[], str]] = {"mode": _halt_mode, "bounds": lambda: _close(engine), "desired": lambda: _stop(engine)}
    done: dict[str, object] = {}
    first: FunctionError | None = None
    for name, step in steps.items():
        try:
            done[name] = step()
        except FunctionError as failure:
            log.error(f"A step of the halt has failed: {failure.message}", step=name, kind=failure.kind, advice=failure.advice)
            done[name] = FAILED
            first = first or failure
    log.info("The steps of the halt were tried.", state=state, woken_by=woken, **done)
    if first:
        raise first
    return Result(outcome="halted", message="Evolution is unsafe and halted.", details={"state": state, "woken_by": woken, **done})


def _halt_mode() -> str:
    now = mode.read(PROMPT)
    if now.missing:
        return ABSENT  # readers take a missing mode for a halt, and only the program creates it
    if now.value == mode.HALTED:
        return ALREADY
    mode.write(mode.HALTED, PROMPT)
    return DONE


def _close(engine: EngineService) -> str:
    return _set("autoscaler's bounds", engine.bounds, lambda bounds: bounds.closed, engine.close)


def _stop(engine: EngineService) -> str:
    try:
        return _set("desired count", engine.desired, lambda desired: desired == 0, engine.stop)
    except AwsError as failure:
        if failure.kind == "missing":
            return ABSENT
        raise


def _set(what: str, read: Callable[[], Current | None], is_set: Callable[[Current], bool], write: Callable[[], None]) -> str:
    """Set what isn't as it must be; without reading it if it can't be read.

    Raises:
        AwsError: it can't be set.
    """
    try:
        state = read()
    except AwsError as failure:
        log.warning(f"The {what} can't be read and is set all the same.", kind=failure.kind, said=failure.message)
    else:
        if state is None:
            return ABSENT
        if is_set(state):
            return ALREADY
    write()
    return DONE
