"""The mode of the system: one SSM parameter, `running` or `halted`. Whatever isn't plainly `running` counts as halted."""

from __future__ import annotations

from dataclasses import dataclass

from common import log
from common.aws import ORDINARY, AwsError, Patience, call
from common.results import FunctionError, RequestRefusedError
from common.settings import setting
from common.shape import as_object

RUNNING = "running"
HALTED = "halted"


@dataclass(frozen=True, kw_only=True)
class Mode:
    """What the parameter says.

    Attributes:
        value: `running` or `halted`, if it says either.
        missing: there is no parameter.
        unclear: why it says neither; else empty.
    """

    value: str = ""
    missing: bool = False
    unclear: str = ""

    @property
    def runs(self) -> bool:
        return self.value == RUNNING


def read(patience: Patience = ORDINARY) -> Mode:
    """The mode. A parameter that can't be read or understood is logged, and doesn't run."""
    name = setting("EVOLUTION_MODE_PARAMETER")
    try:
        value = as_object(call("ssm:GetParameter", {"Name": name}, patience=patience).get("Parameter")).get("Value")
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
    """Go on only while the system runs.

    Raises:
        RequestRefusedError: it is halted.
        FunctionError: nobody can tell. It may be so for a moment only, and somebody should know of it.
    """
    mode = read()
    if mode.unclear:
        raise FunctionError("mode_unclear", f"The mode counts as halted: {mode.unclear}", "See docs/runbook.md, Looking.")
    if not mode.runs:
        raise RequestRefusedError(
            "halted", "Evolution is halted.", "An operator resumes it when it is safe again: see docs/runbook.md, Resuming."
        )


def write(value: str, patience: Patience = ORDINARY) -> None:
    """Set the mode.

    Raises:
        AwsError: it can't be written.
    """
    name = setting("EVOLUTION_MODE_PARAMETER")
    call("ssm:PutParameter", {"Name": name, "Value": value, "Type": "String", "Overwrite": True}, patience=patience)
