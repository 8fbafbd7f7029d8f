"""The decorator of all handlers: every invocation ends with one log line, and without a bare traceback."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps

from common import log
from common.results import FunctionError, RequestRefusedError, Result
from common.settings import setting


@dataclass(frozen=True, kw_only=True)
class InvocationContext:
    """One invocation, and the function's account and region."""

    request_id: str
    function: str
    account: str
    region: str


Body = Callable[[object, InvocationContext], Result]
Handler = Callable[[object, object], dict[str, object]]


def entry(*, fails: bool) -> Callable[[Body], Handler]:
    """Make a Lambda handler of a function's body.

    Args:
        fails: whether an error fails the invocation, so that the event's sender retries or keeps it. Otherwise the error is returned as
            the result, to a caller that waits for it.
    """

    def wrap(body: Body) -> Handler:
        @wraps(body)
        def handler(event: object, context: object) -> dict[str, object]:
            call = _call(context)
            log.bind(function=call.function, request_id=call.request_id)
            try:
                log.bind(function=call.function, request_id=call.request_id, environment=setting("EVOLUTION_ENVIRONMENT"))
                result = body(event, call)
            except RequestRefusedError as refusal:
                result = refusal.result("refused")
            except FunctionError as failure:
                result = failure.result()
                log.error(result.message, **result.fields())
                if fails:
                    raise failure from None
                return result.answer()
            except Exception as error:
                fault = _fault(error)
                if fails:
                    raise fault from None
                return fault.result().answer()
            log.write("WARN" if result.kind else "INFO", result.message, **result.fields())
            return result.answer()

        return handler

    return wrap


def _fault(error: Exception) -> FunctionError:
    """The error for a bug of the function itself."""
    fault = FunctionError(
        "fault",
        f"The function itself is at fault: {type(error).__name__}.",
        "Report it with the log line of this request, which says where.",
    )
    frames = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(error.__traceback__)]
    log.error(fault.message, outcome="failed", kind=fault.kind, advice=fault.advice, said=str(error), where=frames)
    return fault


def _call(context: object) -> InvocationContext:
    """Lambda's own context object. Its ARN: arn:aws:lambda:<region>:<account>:function:<name>."""
    arn = str(getattr(context, "invoked_function_arn", "")).split(":")
    region, account = (arn[3], arn[4]) if len(arn) > 6 else ("", "")
    return InvocationContext(
        request_id=str(getattr(context, "aws_request_id", "")),
        function=str(getattr(context, "function_name", "")),
        account=account,
        region=region,
    )
