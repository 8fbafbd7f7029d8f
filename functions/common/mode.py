"""The mode of the system: one SSM parameter, `running` or `halted`. Anything but `running` counts as halted."""

from __future__ import annotations

from dataclasses import dataclass

from common import log
from common.aws import ORDINARY, AwsError, RetryPolicy, call
from common.results import FunctionError, RequestRefusedError
from common.settings import setting
from common.shape import as_object

RUNNING = "running"
HALTED = "halted"


@dataclass(frozen=True, kw_only=True)
class Mode:
    """The parameter's value.

    Attributes:
        value: `running` or `halted`; empty for anything else.
        missing: whether the parameter doesn't exist.
        unclear: why the value is neither; otherwise empty.
    """

    value: str = ""
    missing: bool = False
    unclear: str = ""

    @property
    def runs(self) -> bool:
        return self.value == RUNNING


def read(retry: RetryPolicy = ORDINARY) -> Mode:
    """The mode. An unreadable or unknown value is logged and counts as halted."""
    name = setting("EVOLUTION_MODE_PARAMETER")
    try:
        value = as_object(call("ssm:GetParameter", {"Name": name}, retry=retry).get("Parameter")).get("Value")
    except AwsError as failure:
        log.warning(
            "The mode can't be read, and so counts as halted.", parameter=name, kind=failure.kind, advice=failure.advice, said=str(failure)
        )
        return Mode(missing=failure.kind == "missing", unclear=failure.message)
    if value in (RUNNING, HALTED):
        return Mode(value=str(value))
    unclear = f"{name} says {value!r}, neither {RUNNING!r} nor {HALTED!r}."
    log.warning(
        "The mode can't be understood, and so counts as halted.", parameter=name, said=unclear, advice="See docs/runbook.md, Resuming."
    )
    return Mode(unclear=unclear)


def require_running() -> None:
    """Continue only if the mode is `running`.

    Raises:
        RequestRefusedError: it is halted.
        FunctionError: the mode can't be determined, perhaps only for a moment. The invocation fails, so that it is noticed.
    """
    mode = read()
    if mode.unclear:
        raise FunctionError("mode_unclear", f"The mode counts as halted: {mode.unclear}", "See docs/runbook.md, Looking.")
    if not mode.runs:
        raise RequestRefusedError(
            "halted", "Evolution is halted.", "An operator resumes it when it is safe again: see docs/runbook.md, Resuming."
        )


def write(value: str, retry: RetryPolicy = ORDINARY) -> None:
    """Set the mode.

    Raises:
        AwsError: it can't be written.
    """
    name = setting("EVOLUTION_MODE_PARAMETER")
    call("ssm:PutParameter", {"Name": name, "Value": value, "Type": "String", "Overwrite": True}, retry=retry)
