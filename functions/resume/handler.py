"""The operator's command to resume evolution after a halt. It refuses while the composite alarm fires, and can't be forced."""

from __future__ import annotations

import time

from common import alarm, log, mode
from common.capacity import EngineService
from common.entry import InvocationContext, entry
from common.results import FunctionError, RequestRefusedError, Result
from common.settings import number
from common.shape import as_object, is_object, text

ADVICE = 'Send {} or {"reason": "why it is safe again"}; see docs/runbook.md, Resuming.'

LONGEST_REASON = 500

DONE = "done"

WATCH_SECONDS = 5
"""How long what was resumed is watched: a switch that read the alarm just before it became OK may still be at its steps, which take a
second or two."""


@entry(fails=False)
def handler(event: object, call: InvocationContext) -> Result:  # noqa: ARG001 (Lambda passes it)
    """Restore the autoscaler's bounds, then set the mode. The outcome is `resumed`, or `running` if nothing had to change.

    Raises:
        FunctionError: a step failed. The mode is set last, so evolution is still halted, unless it was set already.
    """
    log.info("Somebody asks to resume evolution.", reason=_reason(event))
    engine, minimum, maximum = EngineService.of_this_stack(), number("ENGINE_MINIMUM"), number("ENGINE_MAXIMUM")
    steps = _resume(engine, minimum, maximum)
    details = {"state": alarm.OK, **steps}
    if DONE not in steps.values():
        return Result(outcome="running", message="Evolution wasn't halted.", details=details)
    until = time.monotonic() + WATCH_SECONDS
    for _ in range(WATCH_SECONDS):
        time.sleep(1)
        again = _resume(engine, minimum, maximum)
        if DONE in again.values():
            log.warning("What was resumed had been halted again, by a switch that was still running; it is resumed again.", **again)
        if time.monotonic() > until:  # AWS answers slowly
            break
    return Result(outcome="resumed", message="Evolution runs again; the next schedule starts one.", details=details)


def _resume(engine: EngineService, minimum: int, maximum: int) -> dict[str, str]:
    """Set what isn't as it must be, and say of the bounds and the mode: `done`, `already` or `absent`.

    Raises:
        RequestRefusedError: the alarm isn't OK.
        FunctionError: a step failed.
    """
    state = alarm.state()
    if state != alarm.OK:
        raise RequestRefusedError(
            "unsafe",
            f"The alarm is in {state}: evolution is still unsafe.",
            "Look at which safety alarm fires and mend the cause; see docs/runbook.md, Looking.",
        )
    bounds = engine.bounds()
    desired = engine.desired()
    # Registering also starts engines again after a halt that stopped them but failed to close the bounds.
    opens = bounds is not None and (not bounds.are(minimum, maximum) or (desired is not None and desired < minimum))
    if opens:
        engine.open(minimum, maximum)
    now = mode.read()
    if now.missing:
        raise FunctionError("mode_missing", "The mode parameter isn't there.", "Run `pulumi up`, which makes it; it starts as `running`.")
    if not now.runs:
        mode.write(mode.RUNNING)
    return {"bounds": "absent" if bounds is None else DONE if opens else "already", "mode": "already" if now.runs else DONE}


def _reason(event: object) -> str:
    body = as_object(event)
    reason = body.get("reason", "")
    if (event is not None and not is_object(event)) or body.keys() - {"reason"} or not isinstance(reason, str):
        raise RequestRefusedError(
            "bad_request", "The request must be an object that holds nothing but a reason; there is no force.", ADVICE
        )
    return text(reason)[:LONGEST_REASON]
