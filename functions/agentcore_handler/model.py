"""Asking the model itself, with the guardrail, where no AgentCore runtime is deployed yet."""

from __future__ import annotations

import re

from agent_request import AgentRequest
from answered import Answered
from common.aws import MODEL, AwsError, call
from common.results import FunctionError
from common.settings import setting
from common.shape import as_list, as_object, text

BYTES_PER_TOKEN = 4
"""About: an answer that the agent can't hold needn't be written."""

GROUNDED_TOKENS = 1000
"""Of an answer that rests on a source: Bedrock compares at most 5,000 characters with it. Source: Bedrock user guide, "Use contextual
grounding check"."""

NOT_ENABLED = re.compile(r"marketplace|model access|access to the model|use.case details|not available for this account", re.IGNORECASE)
"""What Bedrock says where the account has no access to a model. The refusal of its AWS Marketplace subscription reads like one of the
role's. Source: Bedrock user guide, "Request access to models"; seen in public reports."""


def ask(request: AgentRequest) -> Answered:
    """Ask through Bedrock's Converse.

    Raises:
        FunctionError: no answer; its kind is `throttled`, `model_not_enabled`, `timeout`, or another of `common.aws`.
    """
    model = setting("BEDROCK_MODEL_ID")
    try:
        answer = call("bedrock-runtime:Converse", _request(request, model), region=setting("BEDROCK_REGION"), patience=MODEL)
    except AwsError as failure:
        raise _explained(failure, model) from None
    content = as_list(as_object(as_object(answer.get("output")).get("message")).get("content"))
    return Answered(
        output="".join(text(as_object(block).get("text")) for block in content),
        stop_reason=text(answer.get("stopReason")),
        figures=dict(as_object(answer.get("usage"))),
    )


def _request(request: AgentRequest, model: str) -> dict[str, object]:
    part = (
        f"You are an agent of {request.agent_memory_bytes} bytes. Up to {request.autonomy_percent} percent of your decisions "
        "need no human; name those that do."
    )
    tokens = request.agent_memory_bytes // BYTES_PER_TOKEN
    return {
        "modelId": model,
        "system": [{"text": part}],
        "messages": [{"role": "user", "content": _content(request)}],
        "inferenceConfig": {"maxTokens": max(1, min(tokens, GROUNDED_TOKENS) if request.source else tokens)},
        "guardrailConfig": {
            "guardrailIdentifier": setting("BEDROCK_GUARDRAIL_ID"),
            "guardrailVersion": setting("BEDROCK_GUARDRAIL_VERSION"),
        },
    }


def _content(request: AgentRequest) -> list[dict[str, object]]:
    """With a source, the guardrail compares the answer with it and with the prompt; and its other policies look at marked parts only.

    Source: Bedrock user guide, "Use contextual grounding check", "Calling contextual grounding check with Converse APIs".
    """
    if not request.source:
        return [{"text": request.prompt}]
    marked = ((request.source, "grounding_source"), (request.prompt, "query"))
    return [{"guardContent": {"text": {"text": part, "qualifiers": [role, "guard_content"]}}} for part, role in marked]


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
