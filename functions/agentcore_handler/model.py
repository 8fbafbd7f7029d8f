"""Calls the model directly, with the guardrail, while no AgentCore runtime is deployed."""

from __future__ import annotations

from agent_request import AgentRequest
from common.aws import MODEL, AwsError, call
from common.results import FunctionError
from common.settings import setting
from common.shape import as_list, as_object, text
from converse import NOT_ENABLED, converse_request
from model_answer import ModelAnswer


def ask(request: AgentRequest) -> ModelAnswer:
    """Ask through Bedrock's Converse.

    Raises:
        FunctionError: no answer; its kind is `throttled`, `model_not_enabled`, `timeout`, or another of `common.aws`.
    """
    model = setting("BEDROCK_MODEL_ID")
    parameters = converse_request(
        model=model,
        guardrail=setting("BEDROCK_GUARDRAIL_ID"),
        guardrail_version=setting("BEDROCK_GUARDRAIL_VERSION"),
        prompt=request.prompt,
        source=request.source,
        agent_memory_bytes=request.agent_memory_bytes,
        autonomy_percent=request.autonomy_percent,
    )
    try:
        answer = call("bedrock-runtime:Converse", parameters, region=setting("BEDROCK_REGION"), retry=MODEL)
    except AwsError as failure:
        raise _explained(failure, model) from None
    content = as_list(as_object(as_object(answer.get("output")).get("message")).get("content"))
    return ModelAnswer(
        output="".join(text(as_object(block).get("text")) for block in content),
        stop_reason=text(answer.get("stopReason")),
        figures=dict(as_object(answer.get("usage"))),
    )


def _explained(failure: AwsError, model: str) -> FunctionError:
    match failure.kind:
        case "throttled":
            advice = f"Send fewer requests, or ask for a higher quota of {model} in Service Quotas."
            return FunctionError("throttled", f"Bedrock throttled every attempt: {failure.said}", advice)
        case "denied" | "missing" if NOT_ENABLED.search(failure.said):
            advice = "An administrator enables it once: see docs/deploying.md, Model access."
            return FunctionError("model_not_enabled", f"This account has no access to {model}: {failure.said}", advice)
        case "missing":
            advice = "Choose a current model as model_id in the stack's table, and deploy."
            return FunctionError("missing", f"Bedrock doesn't have {model}: {failure.said}", advice)
        case "timeout":
            return FunctionError("timeout", f"{model} didn't answer in time: {failure.said}", "Ask for less, or try again later.")
        case _:
            return failure
