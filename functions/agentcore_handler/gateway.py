"""Calls the AgentCore runtime through the gateway in front of it, the only caller that the runtime admits.

An HTTP target has no operation in AWS's API models. It is a path of the gateway, and requests are signed with Signature Version 4.
Source: AgentCore developer guide, "Amazon Bedrock AgentCore Runtime targets".
"""

# botocore publishes no types.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from typing import Any

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.exceptions import BotoCoreError, ConnectTimeoutError, ReadTimeoutError
from botocore.httpsession import URLLib3Session

from agent_request import AgentRequest
from common.aws import CONNECTION_ERRORS, MODEL, session
from common.results import FunctionError
from common.shape import as_object, parse, text
from model_answer import ModelAnswer

SERVICE = "bedrock-agentcore"

TARGET = "runtime"
"""The gateway target's name in components/naming.py: the first part of the path."""

SESSION_HEADER = "X-Amzn-Bedrock-AgentCore-Runtime-Session-Id"

USER_AGENT = "evolution-agentcore-handler"
"""The web ACL blocks requests without one (NoUserAgent_HEADER of AWS's common rules)."""

LARGEST_ANSWER_BYTES = 5 * 1024 * 1024
"""Lambda returns at most 6 MB, as JSON. Source: Lambda developer guide, "Lambda quotas"."""

TRANSIENT_STATUSES = frozenset({409, 429, 502, 503, 504})
"""AgentCore's own transient errors: a session that is being created or ended, throttling, or no container available. A container's response
other than 2xx arrives as 424 without its body, so an agent refuses with 200.
Source: AgentCore developer guide, "Troubleshoot AgentCore Runtime"."""

TRANSIENT_KINDS = frozenset({"busy", "throttled", "unavailable"})
"""An agent's transient refusals. The agent itself has already retried the model."""

REFUSED_BY_POLICY = "due to policy enforcement"
"""In a 403 of the gateway: its policies permit no such request. No container was started for it. Source: AgentCore developer guide,
"Getting started with guardrails in policies", expected blocked result."""

UNEVALUATED = "could not be evaluated"
"""In a refusal of the gateway: its policies can't be read, or say nothing that can be applied. Source: as above; seen in public reports."""

LONGEST_WAIT_SECONDS = 8.0


@dataclass(frozen=True, kw_only=True)
class _Response:
    status: int
    kind: str
    body: str


def ask(request: AgentRequest, *, url: str, region: str) -> ModelAnswer:
    """Call the runtime.

    Args:
        url: the gateway's.
        region: the gateway's.

    Raises:
        FunctionError: no answer; its kind is `throttled`, `busy`, `denied`, `over_limit`, `policy_unavailable`, `missing`, `timeout`,
            `unavailable`, `rejected`, `runtime_failed`, `too_large`, or the agent's own.
    """
    address = f"{url.rstrip('/').removesuffix('/mcp')}/{TARGET}/invocations"
    response = _send_until_answered(address, request.body, request.session_id, region)
    if response.status != 200:
        raise _refused(response)
    if len(response.body) > LARGEST_ANSWER_BYTES:
        raise FunctionError("too_large", f"The runtime's answer has {len(response.body)} characters.", "Ask for less.")
    return _joined(response.body) if response.kind.startswith("text/event-stream") else _read(response.body)


def _send_until_answered(address: str, body: bytes, session_id: str, region: str) -> _Response:
    """Send the request with as many attempts as a call of the model, with exponential backoff and jitter in between."""
    for attempt in range(1, MODEL.attempts + 1):
        last = attempt == MODEL.attempts
        try:
            response = _send(address, body, session_id, region)
            if last or not _is_transient(response):
                return response
        except CONNECTION_ERRORS as error:
            if last:
                raise _silent(error) from None
        time.sleep(random.uniform(0, min(LONGEST_WAIT_SECONDS, 2.0**attempt)))
    raise AssertionError("the last attempt returns or raises")


def _is_transient(response: _Response) -> bool:
    return response.status in TRANSIENT_STATUSES or (
        response.status == 200 and text(as_object(parse(response.body)).get("kind")) in TRANSIENT_KINDS
    )


def _send(address: str, body: bytes, session_id: str, region: str) -> _Response:
    headers = {
        "Content-Type": "application/json",
        "Accept": "application/json, text/event-stream",
        "User-Agent": USER_AGENT,
        SESSION_HEADER: session_id,
    }
    request = AWSRequest(method="POST", url=address, data=body, headers=headers)
    SigV4Auth(session().get_credentials(), SERVICE, region).add_auth(request)
    http = URLLib3Session(timeout=(MODEL.connect, MODEL.read))
    try:
        answer: Any = http.send(request.prepare())
        return _Response(
            status=int(answer.status_code),
            kind=str(answer.headers.get("Content-Type", "")),
            body=bytes(answer.content).decode("utf-8", "replace"),
        )
    finally:
        http.close()


def _read(body: str) -> ModelAnswer:
    """The agent's answer: an object with `output` and perhaps `stop_reason`, or otherwise the whole text."""
    answer = as_object(parse(body))
    if "error" in answer:
        raise _refused_by_agent(answer)
    return ModelAnswer(output=text(answer.get("output")) if "output" in answer else body, stop_reason=text(answer.get("stop_reason")))


def _joined(stream: str) -> ModelAnswer:
    """The joined parts of a stream of server-sent events: objects with `text`, or plain text. Any part may have the stop reason."""
    parts: list[str] = []
    stop_reason = ""
    for line in stream.splitlines():
        field, _, data = line.partition(":")
        if field != "data":
            continue
        data = data.removeprefix(" ")
        meaning = parse(data)
        part = as_object(meaning)
        if "error" in part:
            raise _refused_by_agent(part)
        stop_reason = text(part.get("stop_reason")) or stop_reason
        parts.append(text(part.get("text")) if part else meaning if isinstance(meaning, str) else data)
    return ModelAnswer(output="".join(parts), stop_reason=stop_reason)


def _refused_by_agent(said: dict[str, object]) -> FunctionError:
    """An agent's refusal: `error`, a message, and `kind`, a word that docs/runbook.md explains."""
    kind, sentence = text(said.get("kind")), str(said["error"])[:500]
    if kind:
        return FunctionError(kind, f"The agent refuses: {sentence}", "See docs/runbook.md, An agent does not answer.")
    return FunctionError(
        "runtime_failed", f"The agent reports an error: {sentence}", "Look at the runtime's log group, by the session's id."
    )


def _silent(error: BotoCoreError) -> FunctionError:
    if isinstance(error, ReadTimeoutError | ConnectTimeoutError):
        return FunctionError("timeout", f"The runtime didn't answer within {MODEL.read:g} s.", "Ask for less, or try again later.")
    return FunctionError("unavailable", f"The gateway can't be reached: {type(error).__name__}.", "Try again; then look at the gateway.")


def _refused(response: _Response) -> FunctionError:
    """AgentCore's own refusals. Source: AgentCore API reference, InvokeAgentRuntime, errors."""
    said = f"The gateway answered {response.status}: {response.body[:200]}"
    match response.status:
        case 429:
            return FunctionError("throttled", said, "Send fewer requests, or ask for a higher quota of AgentCore in Service Quotas.")
        case 402:
            advice = (
                "A quota of AgentCore is used up, most likely that of sessions: wait for some to end, or ask for more in Service Quotas."
            )
            return FunctionError("throttled", said, advice)
        case 409:
            return FunctionError("busy", said, "The session is just being made or ended: try again in a moment.")
        case 403 if REFUSED_BY_POLICY in response.body:
            advice = "Ask for no more memory and autonomy than the stack's table allows: the gateway's policy holds requests to it."
            return FunctionError("over_limit", f"The gateway refuses the request, and no agent was started for it: {said}", advice)
        case 403 if UNEVALUATED in response.body:
            advice = "Nothing is let through until they can be: look at the policy engine, its policy and the key."
            return FunctionError("policy_unavailable", f"The gateway can't evaluate its policies: {said}", advice)
        case 401 | 403:
            return FunctionError("denied", said, "Look at the function's role, the runtime's resource policy and the web ACL's log.")
        case 404:
            return FunctionError("missing", said, "Run `pulumi up`, which makes the gateway's target and the runtime.")
        case 408 | 504:
            return FunctionError("timeout", said, "Ask for less, or try again later.")
        case 424:
            said = f"The agent's container didn't start, failed, or answered with an error, and AgentCore doesn't say which: {said}"
            return FunctionError("runtime_failed", said, "Look at the runtime's log group, by the session's id.")
        case status if status >= 500:
            return FunctionError("unavailable", said, "Try again; then look at the runtime's log group.")
        case _:
            return FunctionError("rejected", said, "Read the gateway's words, and mend the request.")
