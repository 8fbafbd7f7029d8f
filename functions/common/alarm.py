"""The composite alarm "evolution unsafe", whose state the switch and the resume command act on."""

from __future__ import annotations

from common.aws import PROMPT, call
from common.results import FunctionError
from common.settings import setting
from common.shape import as_list, as_object, text

ALARM = "ALARM"
OK = "OK"


def state() -> str:
    """Its state: `ALARM`, `OK` or `INSUFFICIENT_DATA`.

    Raises:
        FunctionError: it doesn't exist, or can't be read.
    """
    name = setting("UNSAFE_ALARM_NAME")
    answer = call("cloudwatch:DescribeAlarms", {"AlarmNames": [name], "AlarmTypes": ["CompositeAlarm"]}, retry=PROMPT)
    for alarm in map(as_object, as_list(answer.get("CompositeAlarms"))):
        if alarm.get("AlarmName") == name and text(alarm.get("StateValue")):
            return text(alarm["StateValue"])
    raise FunctionError(
        "alarm_missing",
        f"The alarm {name} isn't there: nothing watches over evolution.",
        "Run `pulumi up`, which makes it; until then, halt by hand: see docs/runbook.md.",
    )
