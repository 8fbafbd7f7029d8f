"""A request to an agent, and its checks: size, memory and autonomy must be within the stack's limits."""

from __future__ import annotations

import json
from dataclasses import dataclass

from common.results import RequestRefusedError
from common.settings import number
from common.shape import as_object, is_object, parse, whole
from converse import LONGEST_QUESTION

LARGEST_BYTES = 16 * 1024
"""The largest request to an agent. The web ACL blocks a larger one (LARGEST_BODY_BYTES in components/security.py) without saying why."""

SHORTEST_SESSION, LONGEST_SESSION = 33, 256
"""The length of an AgentCore session id, in characters. Source: API reference, InvokeAgentRuntime, runtimeSessionId."""

KEYS = frozenset({"prompt", "source", "agent_memory_bytes", "autonomy_percent", "session_id"})

EXAMPLE = '{"prompt": "…", "agent_memory_bytes": 4096, "autonomy_percent": 50}'


@dataclass(frozen=True, kw_only=True)
class AgentRequest:
    """One request.

    Attributes:
        source: what the answer must rest on; empty where nothing was given.
        agent_memory_bytes: how much memory the agent may take.
        autonomy_percent: how far it may decide by itself.
        session_id: requests with the same one share a conversation.
    """

    prompt: str
    source: str
    agent_memory_bytes: int
    autonomy_percent: int
    session_id: str

    @property
    def body(self) -> bytes:
        """The body that is sent to an agent. Non-ASCII characters aren't escaped, which would make it longer."""
        source = {"source": self.source} if self.source else {}
        body = {"prompt": self.prompt, **source, "agent_memory_bytes": self.agent_memory_bytes, "autonomy_percent": self.autonomy_percent}
        return json.dumps(body, ensure_ascii=False).encode()


def read_request(event: object, request_id: str) -> AgentRequest:
    """Read a request: an object, or its JSON text.

    Args:
        request_id: Lambda's own, 36 characters: the session of a request that names none, so that a repetition is the same session.

    Raises:
        RequestRefusedError: it can't be read, or exceeds the stack's limits.
    """
    body = parse(event) if isinstance(event, str) else event
    if not is_object(body):
        raise RequestRefusedError("not_json", "The request is no JSON object.", f"Send one such as {EXAMPLE}.")
    request = _read(as_object(body), request_id)
    if len(request.body) > LARGEST_BYTES:
        raise RequestRefusedError(
            "too_large",
            f"The request has {len(request.body)} bytes; at most {LARGEST_BYTES} are taken.",
            "Send less, or in several requests.",
        )
    return request


def _read(body: dict[str, object], request_id: str) -> AgentRequest:
    if strange := sorted(body.keys() - KEYS):
        raise _bad(f"The request has keys that nobody reads: {', '.join(strange)}.")
    prompt, session_id = _text(body, "prompt"), body.get("session_id", request_id)
    source = _text(body, "source") if "source" in body else ""
    if source and len(prompt) > LONGEST_QUESTION:
        raise _bad(f"The prompt has {len(prompt)} characters; with a source, it may have {LONGEST_QUESTION}.")
    if not isinstance(session_id, str) or not SHORTEST_SESSION <= len(session_id) <= LONGEST_SESSION or not session_id.isascii():
        raise _bad(f"session_id must be a text of {SHORTEST_SESSION} to {LONGEST_SESSION} ASCII characters.")
    return AgentRequest(
        prompt=prompt,
        source=source,
        agent_memory_bytes=_within(body, "agent_memory_bytes", 1, number("AGENT_MEMORY_LIMIT"), "too_much_memory"),
        autonomy_percent=_within(body, "autonomy_percent", 0, number("AUTONOMY_LEVEL"), "too_much_autonomy"),
        session_id=session_id,
    )


def _text(body: dict[str, object], key: str) -> str:
    value = body.get(key)
    if not isinstance(value, str) or not value.strip():
        raise _bad(f"The request has no {key}.")
    if any("\ud800" <= character <= "\udfff" for character in value):
        raise _bad(f"{key} holds half a character, which is no text.")
    return value


def _within(body: dict[str, object], key: str, least: int, most: int, kind: str) -> int:
    value = whole(body.get(key))
    if value is None or value < least:
        raise _bad(f"{key} must be a whole number from {least}.")
    if value > most:
        raise RequestRefusedError(kind, f"{key} is {value}; this environment allows at most {most}.", f"Ask for {most} or less.")
    return value


def _bad(message: str) -> RequestRefusedError:
    return RequestRefusedError("bad_request", message, f"Send an object such as {EXAMPLE}.")
