"""The operator's command to resume evolution after a halt. It refuses while the composite alarm fires, and can't be forced."""

from __future__ import annotations

from common import alarm, log, mode
from common.capacity import EngineService
from common.entry import InvocationContext, entry
from common.results import FunctionError, RequestRefusedError, Result
from common.settings import number
from common.shape import as_object, is_object, text

ADVICE = 'Send {} or {"reason": "why it is safe again"}; see docs/runbook.md, Resuming.'

LONGEST_REASON = 500


@entry(fails=False)
def handler(event: object, call: InvocationContext) -> Result:  # noqa: ARG001 (Lambda passes it)
    """Restore the autoscaler's bounds, then set the mode. The outcome is `resumed`, or `running` if nothing had to change.

    Raises:
        FunctionError: a step failed. The mode is set last, so evolution is still halted.
    """
    log.info("Somebody asks to resume evolution.", reason=_reason(event))
    state = alarm.state()
    if state != alarm.OK:
        raise RequestRefusedError(
            "unsafe",
            f"The alarm is in {state}: evolution is still unsafe.",
            "Look at which safety alarm fires and mend the cause; see docs/runbook.md, Looking.",
        )
    minimum, maximum = number("ENGINE_MINIMUM"), number("ENGINE_MAXIMUM")
    engine = EngineService.of_this_stack()
    bounds = engine.bounds()
    desired = engine.desired()
    # Registering also starts engines again after a halt that stopped them but failed to close the bounds.
    opens = bounds is not None and (not bounds.are(minimum, maximum) or (desired is not None and desired < minimum))
    if opens:
        engine.open(minimum, maximum)
    now = mode.read()
    if now.missing:
        raise FunctionError("mode_missing", "The mode parameter isn't there.", "Run `pulumi up`, which makes it; it starts as `running`.")
    starts = not now.runs
    if starts:
        mode.write(mode.RUNNING)
    details = {
        "state": state,
        "bounds": "absent" if bounds is None else "done" if opens else "already",
        "mode": "done" if starts else "already",
    }
    if opens or starts:
        return Result(outcome="resumed", message="Evolution runs again; the next schedule starts one.", details=details)
    return Result(outcome="running", message="Evolution wasn't halted.", details=details)


def _reason(event: object) -> str:
    body = as_object(event)
    reason = body.get("reason", "")
    if (event is not None and not is_object(event)) or body.keys() - {"reason"} or not isinstance(reason, str):
        raise RequestRefusedError(
            "bad_request", "The request must be an object that holds nothing but a reason; there is no force.", ADVICE
        )
    return text(reason)[:LONGEST_REASON]
