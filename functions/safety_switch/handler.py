"""The safety switch: while the composite alarm "evolution unsafe" is in ALARM, evolution is halted.

It goes by the alarm's level, not by the event: an alarm acts once, when its state changes, and a message can be lost, late, repeated or
forged. So the alert topic and a schedule of one minute both only wake it, and it asks CloudWatch. It never resumes anything.
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
    """Enforce the whole halt while the alarm fires: `halted`; and nothing else: `safe`.

    Raises:
        FunctionError: the alarm can't be looked at, or a step of the halt has failed; every step was tried.
    """
    woken = woken_by(event, call)
    state = alarm.state()
    if state != alarm.ALARM:
        return Result(
            outcome="safe", message="The alarm doesn't fire; nothing is halted or resumed.", details={"state": state, "woken_by": woken}
        )
    engine = EngineService.of_this_stack()
    # In this order: the first stops what starts evolutions, and the second would move a count of 0 back into its bounds.
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
        return ABSENT  # which every reader takes for a halt; making it here would be in the program's way
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
