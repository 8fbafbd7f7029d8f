"""AgentCore's runtime contract: POST /invocations and GET /ping on port 8080.

It calls the model on behalf of an agent: only while evolution runs, within the stack's limits, and always with the guardrail.
Source: AgentCore developer guide, "HTTP protocol contract".
"""

from __future__ import annotations

import importlib
import logging
import re
import threading
import time
from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from engine import EngineError
from engine.converse import LONGEST_QUESTION, NOT_ENABLED, converse_request
from engine.serving import Response, Routes, serve
from engine.settings import AgentSettings

boto3: Any = importlib.import_module("boto3")  # it publishes no types
config: Any = importlib.import_module("botocore.config")
exceptions: Any = importlib.import_module("botocore.exceptions")

log = logging.getLogger(__name__)

CONNECT_SECONDS, MODEL_SECONDS, MODEL_ATTEMPTS = 2.0, 30.0, 2
"""The timeouts of a call of the model. All attempts, and those for the mode, end before the caller's timeout of 80 s (MODEL in
functions/common/aws.py)."""

MODE_SECONDS = 2.0

MOST_INVOCATIONS = 8
"""The most at once. Fewer than the server's connections, so that /ping always gets through."""

STOP_SECONDS = 8.0
"""The time after SIGTERM for the invocations in progress. A container is usually killed after 10 s."""

SESSION_HEADER = "x-amzn-bedrock-agentcore-runtime-session-id"

EXAMPLE = '{"prompt": "…", "agent_memory_bytes": 4096, "autonomy_percent": 50}'


class Invocation(BaseModel):
    """A request to an agent. The model, its region and the guardrail are the stack's, not the request's.

    Attributes:
        source: what the answer must rest on; the guardrail withholds one that doesn't, or that isn't about the prompt.
        agent_memory_bytes: how much memory the agent may take.
        autonomy_percent: how far it may decide by itself.
    """

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    prompt: Annotated[str, Field(pattern=r"\S")]
    source: Annotated[str, Field(pattern=r"\S")] | None = None
    agent_memory_bytes: Annotated[int, Field(ge=1)]
    autonomy_percent: Annotated[int, Field(ge=0)]

    @model_validator(mode="after")
    def _question(self) -> Self:
        if self.source is not None and len(self.prompt) > LONGEST_QUESTION:
            raise ValueError(f"with a source, the prompt may have {LONGEST_QUESTION} characters")
        return self


class InvocationRefusedError(EngineError):
    """An invocation that is refused.

    Attributes:
        kind: what is wrong, in a word that docs/runbook.md explains.
    """

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


class Agent:
    """Answers invocations."""

    def __init__(self, settings: AgentSettings, aws: Mapping[str, Any]) -> None:
        self._settings, self._aws = settings, aws
        self._lock = threading.Lock()
        self._under_way = 0
        self._changed = int(time.time())

    @property
    def routes(self) -> Routes:
        """AgentCore's two routes. Unreadable requests and bugs keep their HTTP status, so that AgentCore counts them as errors."""
        return {
            ("GET", "/ping"): lambda _body, _headers: self.ping(),
            ("POST", "/invocations"): lambda body, headers: self.invoke(body, headers.get(SESSION_HEADER, "")),
        }

    def ping(self) -> Response:
        """The status, and when it last changed: AgentCore uses that time to end idle sessions."""
        with self._lock:
            return 200, {"status": "HealthyBusy" if self._under_way else "Healthy", "time_of_last_update": self._changed}

    def invoke(self, body: bytes, session: str = "") -> Response:
        """Answer one invocation. A refusal is a 200, too: for any other status AgentCore's caller sees 424 without kind and message.

        Args:
            session: AgentCore's id, to find it in the log. Neither prompt nor answer is logged.
        """
        start = time.monotonic()
        who = f"session {session[:256]!r}"
        try:
            answer = self._answer(body)
        except InvocationRefusedError as refusal:
            log.warning("%s: %s: %s", who, refusal.kind, refusal)
            return 200, {"error": str(refusal), "kind": refusal.kind}
        log.info("%s: %s after %.1f s, %s", who, answer["stop_reason"], time.monotonic() - start, answer["usage"])
        return 200, answer

    def _answer(self, body: bytes) -> dict[str, Any]:
        self._count(1)
        try:
            invocation = _read(body)
            self._require_within("agent_memory_bytes", invocation.agent_memory_bytes, "AGENT_MEMORY_LIMIT", self._settings.memory_limit)
            self._require_within("autonomy_percent", invocation.autonomy_percent, "AUTONOMY_LEVEL", self._settings.autonomy_level)
            self._require_running()
            return self._ask(invocation)
        finally:
            self._count(-1)

    def _count(self, change: int) -> None:
        with self._lock:
            if self._under_way + change > MOST_INVOCATIONS:
                raise InvocationRefusedError(
                    "busy", f"{MOST_INVOCATIONS} invocations are in progress: wait for one to end, and send this one again"
                )
            if (self._under_way == 0) != (self._under_way + change == 0):
                self._changed = int(time.time())
            self._under_way += change

    def _require_within(self, name: str, value: int, limit_name: str, limit: int) -> None:
        if value > limit:
            raise InvocationRefusedError(
                "over_limit",
                f"{name} is {value}, and {limit_name} allows {limit} in {self._settings.environment}: ask for {limit} or less",
            )

    def _require_running(self) -> None:
        """Continue only if the mode is `running`."""
        name = self._settings.mode_parameter
        try:
            value = self._aws["ssm"].get_parameter(Name=name)["Parameter"]["Value"]
        except (exceptions.ClientError, exceptions.BotoCoreError) as error:
            log.error("the mode can't be read: %s", error)
            raise InvocationRefusedError(
                "halted", f"{name} can't be read ({_code(error)}), so evolution counts as halted: look at the runtime's log and role"
            ) from None
        if value != "running":
            raise InvocationRefusedError(
                "halted", f"evolution is halted ({name} is {str(value)[:40]!r}): docs/runbook.md says how it is resumed"
            )

    def _ask(self, invocation: Invocation) -> dict[str, Any]:
        settings = self._settings
        request = converse_request(
            model=settings.model,
            guardrail=settings.guardrail,
            guardrail_version=settings.guardrail_version,
            prompt=invocation.prompt,
            source=invocation.source or "",
            agent_memory_bytes=invocation.agent_memory_bytes,
            autonomy_percent=invocation.autonomy_percent,
        )
        try:
            answer = self._aws["bedrock-runtime"].converse(**request)
        except (exceptions.ClientError, exceptions.BotoCoreError) as error:
            log.error("%s can't be asked: %s", settings.model, error)
            raise _unanswered(settings.model, _code(error), str(error)) from None
        blocks = answer["output"]["message"]["content"]
        return {
            "output": "".join(block.get("text", "") for block in blocks),
            "stop_reason": answer["stopReason"],
            "usage": dict(answer.get("usage", {})),
        }


def _read(body: bytes) -> Invocation:
    try:
        return Invocation.model_validate_json(body)
    except ValidationError as error:
        details: list[Any] = list(error.errors(include_url=False, include_context=False, include_input=False))
    wrong = "; ".join(": ".join(filter(None, (".".join(map(str, one["loc"])), one["msg"]))) for one in details[:4])
    raise InvocationRefusedError("bad_request", f"the body can't be used ({wrong[:400]}): send JSON such as {EXAMPLE}")


def _code(error: Any) -> str:
    """AWS's error code, or the name of botocore's error."""
    return str(error.response.get("Error", {}).get("Code", "")) if isinstance(error, exceptions.ClientError) else type(error).__name__


UNANSWERED: tuple[tuple[str, str, str], ...] = (
    ("throttl|quota|toomany", "throttled", "send fewer requests, or ask for a higher quota of the model in Service Quotas"),
    ("timeout", "timeout", "ask for less, or try again later"),
    ("accessdenied", "denied", "compare the runtime's role with the request"),
    ("credential|token|signature|unrecognizedclient", "denied", "look at the runtime's role: it has no valid credentials"),
    ("notfound", "missing", "choose a current model as model_id in the stack's table, and deploy"),
    ("validation", "rejected", "look at the runtime's log, which has Bedrock's own words"),
    ("", "unavailable", "try again; if it goes on, look at Bedrock's health and the runtime's log"),
)
"""What an error code means: a pattern, the kind of the refusal, and what to do. Bedrock's own message may name accounts and roles, so it is
only logged."""


def _unanswered(model: str, code: str, said: str) -> InvocationRefusedError:
    if re.search("accessdenied|notfound", code, re.IGNORECASE) and NOT_ENABLED.search(said):
        kind, advice = "model_not_enabled", "an administrator enables the model once: see docs/deploying.md, Model access"
    else:
        kind, advice = next(entry[1:] for entry in UNANSWERED if re.search(entry[0], code, re.IGNORECASE))
    return InvocationRefusedError(kind, f"{model} didn't answer ({code}): {advice}")


def clients(settings: AgentSettings) -> dict[str, Any]:
    """The clients of the model and of the mode."""
    session = boto3.session.Session()
    return {
        name: session.client(
            name,
            config=config.Config(
                region_name=region,
                connect_timeout=CONNECT_SECONDS,
                read_timeout=seconds,
                retries={"mode": "standard", "total_max_attempts": MODEL_ATTEMPTS},
            ),
        )
        for name, region, seconds in (
            ("bedrock-runtime", settings.model_region, MODEL_SECONDS),
            ("ssm", settings.region or settings.model_region, MODE_SECONDS),
        )
    }


def run(settings: AgentSettings, stopped: threading.Event) -> int:
    """Serve until `stopped` is set; returns the command's exit code."""
    # AgentCore connects from outside the container.
    server = serve("0.0.0.0", settings.port, Agent(settings, clients(settings)).routes)
    log.info("agent of %s on port %d", settings.environment, server.server_port)
    stopped.wait()
    server.stop(STOP_SECONDS)
    log.info("stopped")
    return 0
