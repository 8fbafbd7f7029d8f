"""The safety switch: while the composite alarm "evolution unsafe" is in ALARM, evolution is halted.

It goes by the alarm's level, not by the event: an alarm acts once, when its state changes, and a message can be lost, late, repeated or
forged. So the alert topic and a schedule of one minute both only wake it, and it asks CloudWatch. It never resumes anything.
"""

from __future__ import annotations

from collections.abc import Callable

from common import alarm, log, mode
from common.aws import PROMPT, AwsError
from common.capacity import EngineService
from common.entry import InvocationContext, entry
from common.results import FunctionError, Result
from waking import woken_by

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
    try:
        bounds = engine.bounds()
    except AwsError as failure:
        log.warning("The autoscaler's bounds can't be read; they are set all the same.", kind=failure.kind, said=failure.message)
    else:
        if bounds is None:
            return ABSENT
        if bounds.closed:
            return ALREADY
    engine.close()
    return DONE


def _stop(engine: EngineService) -> str:
    try:
        desired = engine.desired()
    except AwsError as failure:
        log.warning("The desired count can't be read; it is set all the same.", kind=failure.kind, said=failure.message)
    else:
        if desired is None:
            return ABSENT
        if desired == 0:
            return ALREADY
    try:
        engine.stop()
    except AwsError as failure:
        if failure.kind == "missing":
            return ABSENT
        raise
    return DONE
