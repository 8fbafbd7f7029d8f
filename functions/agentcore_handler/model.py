"""Asking the model itself, with the guardrail, where no AgentCore runtime is deployed yet."""

from __future__ import annotations

from answered import Answered
from asked import Asked
from common.aws import MODEL, AwsError, call
from common.results import FunctionError
from common.settings import setting
from common.shape import as_list, as_object, text

BYTES_PER_TOKEN = 4
"""About: an answer that the agent can't hold needn't be written."""


def ask(asked: Asked) -> Answered:
    """Ask through Bedrock's Converse.

    Raises:
        FunctionError: no answer; its kind is `throttled`, `model_not_enabled`, `timeout`, or another of `common.aws`.
    """
    model = setting("BEDROCK_MODEL_ID")
    try:
        answer = call("bedrock-runtime:Converse", _request(asked, model), region=setting("BEDROCK_REGION"), patience=MODEL)
    except AwsError as failure:
        raise _explained(failure, model) from None
    content = as_list(as_object(as_object(answer.get("output")).get("message")).get("content"))
    return Answered(
        output="".join(text(as_object(block).get("text")) for block in content),
        stop_reason=text(answer.get("stopReason")),
        figures=dict(as_object(answer.get("usage"))),
    )


def _request(asked: Asked, model: str) -> dict[str, object]:
    part = (
        f"You are an agent of {asked.agent_memory_bytes} bytes. Up to {asked.autonomy_percent} percent of your decisions need no human; "
        "name those that do."
    )
    return {
        "modelId": model,
        "system": [{"text": part}],
        "messages": [{"role": "user", "content": [{"text": asked.prompt}]}],
        "inferenceConfig": {"maxTokens": max(1, asked.agent_memory_bytes // BYTES_PER_TOKEN)},
        "guardrailConfig": {
            "guardrailIdentifier": setting("BEDROCK_GUARDRAIL_ID"),
            "guardrailVersion": setting("BEDROCK_GUARDRAIL_VERSION"),
        },
    }


def _explained(failure: AwsError, model: str) -> FunctionError:
    match failure.kind:
        case "throttled":
            advice = f"Send fewer requests, or ask for a higher quota of {model} in Service Quotas."
            return FunctionError("throttled", f"Bedrock throttled every attempt: {failure.said}", advice)
        case "denied" if "not authorized to perform" not in failure.said:
            advice = f"Enable {model} in the Bedrock console, under Model access, in every region of its inference profile."
            return FunctionError("model_not_enabled", f"This account has no access to {model}: {failure.said}", advice)
        case "missing":
            advice = "Choose a current model as model_id in the stack's table, and deploy."
            return FunctionError("model_not_enabled", f"Bedrock doesn't have {model}: {failure.said}", advice)
        case "timeout":
            return FunctionError("timeout", f"{model} didn't answer in time: {failure.said}", "Ask for less, or try again later.")
        case _:
            return failure
