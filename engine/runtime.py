"""AgentCore's runtime contract: POST /invocations and GET /ping on port 8080. It asks the model, always through the guardrail.

Source: AgentCore developer guide, "HTTP protocol contract".
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Mapping
from typing import Any

from engine.server import Answer, Route
from engine.settings import AgentSettings
from engine.store import boto3, config, exceptions

log = logging.getLogger(__name__)

MOST_PROMPT = 20_000
"""Characters: some 5,000 tokens."""

MOST_TOKENS = 1024
"""Of an answer."""


def clients(region: str) -> dict[str, Any]:
    """The model may think for a while."""
    settings = config.Config(region_name=region, connect_timeout=5, read_timeout=120, retries={"mode": "standard", "total_max_attempts": 3})
    session = boto3.session.Session()
    return {name: session.client(name, config=settings) for name in ("bedrock-runtime", "ssm")}


def routes(settings: AgentSettings, aws: Mapping[str, Any]) -> dict[tuple[str, str], Route]:
    """What the runtime answers."""
    since = time.time()

    def ping(_body: bytes, _headers: Mapping[str, str]) -> Answer:
        return 200, {"status": "Healthy", "time_of_last_update": int(since)}

    def invoke(body: bytes, _headers: Mapping[str, str]) -> Answer:
        return invocation(settings, aws, body)

    return {("GET", "/ping"): ping, ("POST", "/invocations"): invoke}


def invocation(settings: AgentSettings, aws: Mapping[str, Any], body: bytes) -> Answer:
    """Answer one prompt: `{"prompt": "…"}`."""
    try:
        request = json.loads(body)
        prompt = request["prompt"]
    except (ValueError, KeyError, TypeError):
        return 400, {"error": 'the body must be JSON such as {"prompt": "…"}'}
    if not isinstance(prompt, str) or not 0 < len(prompt) <= MOST_PROMPT:
        return 400, {"error": f"the prompt must be a text of 1 to {MOST_PROMPT} characters"}
    if not _runs(lambda: aws["ssm"].get_parameter(Name=settings.mode_parameter)["Parameter"]["Value"]):
        return 503, {"error": "evolution is halted"}
    try:
        answer = aws["bedrock-runtime"].converse(
            modelId=settings.model,
            messages=[{"role": "user", "content": [{"text": prompt}]}],
            inferenceConfig={"maxTokens": MOST_TOKENS},
            guardrailConfig={"guardrailIdentifier": settings.guardrail, "guardrailVersion": settings.guardrail_version},
        )
    except (exceptions.ClientError, exceptions.BotoCoreError) as error:
        log.error("the model can't be asked: %s", error)
        return 502, {"error": "the model can't be asked; the log says why"}
    texts = [part["text"] for part in answer["output"]["message"]["content"] if "text" in part]
    return 200, {"response": "".join(texts), "stop_reason": answer["stopReason"], "usage": answer.get("usage", {})}


def _runs(mode: Callable[[], str]) -> bool:
    try:
        return mode() == "running"
    except (exceptions.ClientError, exceptions.BotoCoreError) as error:
        log.warning("the mode can't be read and counts as halted: %s", error)
        return False
