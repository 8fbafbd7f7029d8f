"""What invoked the switch. It only logs this: an event that isn't from this stack's own alarms needs an investigation."""

from __future__ import annotations

from common import log
from common.entry import InvocationContext
from common.settings import setting
from common.shape import as_list, as_object, parse, text

ADVICE = "The switch went by the alarm's own state, so nothing is lost. Look at who may publish to the topic and invoke the function."


def woken_by(event: object, call: InvocationContext) -> str:
    """`schedule`, `alarm`, `message` (of this stack's topic, but no alarm), `foreign` or `unknown`. The last two are logged as warnings."""
    body = as_object(event)
    if body.get("source") == "schedule":
        return "schedule"
    records = as_list(body.get("Records"))
    if not records:
        log.warning(
            "The switch was woken by what is neither its schedule nor its topic.", woken_by="unknown", kind="not_an_alarm", advice=ADVICE
        )
        return "unknown"
    kinds = [_kind(as_object(as_object(record).get("Sns")), call) for record in records]
    return next((kind for kind in ("foreign", "unknown", "alarm") if kind in kinds), "message")


def _kind(notification: dict[str, object], call: InvocationContext) -> str:
    topic = text(notification.get("TopicArn"))
    message = as_object(parse(notification.get("Message")))
    alarm, account = text(message.get("AlarmName")), text(message.get("AWSAccountId"))
    stack = setting("EVOLUTION_ENVIRONMENT")
    if not topic:
        log.warning("The switch was woken by a record that is no notification.", woken_by="unknown", kind="not_an_alarm", advice=ADVICE)
        return "unknown"
    home = f"arn:aws:sns:{call.region}:{call.account}:"
    fault = ""
    if not (topic.startswith(home) and topic.endswith(f"-{stack}")):
        fault = "other_topic"
    elif alarm and not alarm.endswith(f"-{stack}"):
        fault = "other_alarm"
    elif alarm and account != call.account:
        fault = "other_account"
    if fault:
        log.warning(
            "The switch was woken by a message of another stack or account.",
            woken_by="foreign",
            kind=fault,
            topic=topic,
            alarm=alarm,
            account=account,
            advice=ADVICE,
        )
        return "foreign"
    if alarm:
        return "alarm"
    log.info("The switch was woken by a message that is no alarm, such as the budget's.", woken_by="message", kind="not_an_alarm")
    return "message"
