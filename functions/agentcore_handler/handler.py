"""Calls an agent for a caller that waits: the AgentCore runtime or, before there is one, the model with its guardrail."""

from __future__ import annotations

import os

import gateway
import model
from agent_request import read_request
from common import mode
from common.entry import InvocationContext, entry
from common.results import RequestRefusedError, Result
from common.settings import setting
from model_answer import INTERVENED


@entry(fails=False)
def handler(event: object, call: InvocationContext) -> Result:
    """Check the request and get the answer. The outcome is `answered`, or `intervened` if the guardrail wrote the answer.

    Raises:
        RequestRefusedError: the request is refused.
        FunctionError: there is no answer.
    """
    if setting("EVOLUTION_SAFETY_ENABLED") != "true":
        raise RequestRefusedError("safety_disabled", "The safety checks are turned off.", "Deploy with EVOLUTION_SAFETY_ENABLED=true.")
    request = read_request(event, call.request_id)
    mode.require_running()
    url = os.environ.get("AGENTCORE_GATEWAY_URL")
    answer = gateway.ask(request, url=url, region=call.region) if url else model.ask(request)
    details = {
        "via": "runtime" if url else "model",
        "session_id": request.session_id,
        "stop_reason": answer.stop_reason,
        "characters": len(answer.output),
        **answer.figures,
    }
    private = {"output": answer.output}
    if answer.stop_reason == INTERVENED:
        return Result(
            outcome="intervened",
            message="The guardrail stepped in; the output is its own.",
            kind=INTERVENED,
            advice="Change the prompt. If it is harmless, look at the guardrail's policies.",
            details=details,
            private=private,
        )
    return Result(outcome="answered", message="The agent has answered.", details=details, private=private)
