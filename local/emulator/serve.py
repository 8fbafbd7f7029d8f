"""Runs the emulator, at the same address with what it lacks (autoscaling.py), and with its guardrails and secrets mended.

`python local/emulator/serve.py` runs in the emulator's virtual environment, where the standard library and ministack are all there is.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import logging
import os
import re
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from local.emulator import guardrails, secret_versions
    from local.emulator.autoscaling import LOOK_SECONDS, TARGET_PREFIX, ApiError, Autoscaling
    from local.emulator.kept import SAVE_PATH, SAVED
else:  # this folder alone: a function's own modules must never meet the checkout's
    import guardrails
    import secret_versions
    from autoscaling import LOOK_SECONDS, TARGET_PREFIX, ApiError, Autoscaling
    from kept import SAVE_PATH, SAVED

_ECS = "AmazonEC2ContainerServiceV20141113"
_JSON = "application/x-amz-json-1.1"


Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]


class WithAutoscaling:
    """An ASGI application: the emulator's, with one service more, which is loaded and saved when it is."""

    def __init__(self, emulator: App, save: Callable[[], None], folder: Path) -> None:
        self._emulator = emulator
        self._save = save
        self._autoscaling = Autoscaling(self._ask_ecs, folder / "application-autoscaling.json")
        self._folder = folder
        self._one_at_a_time = asyncio.Lock()
        self._clock: asyncio.Task[None] | None = None

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._emulator(scope, lambda: self._lifespan(receive), send)
        elif scope["type"] == "http" and scope["path"] == SAVE_PATH:
            await _send_json(send, 200, {"failures": self._failures_to_save()})
        else:
            await self._serve(scope, receive, send)

    async def _serve(self, scope: Message, receive: Receive, send: Send) -> None:
        headers = _headers(scope)
        target = headers.get("x-amz-target", "")
        if not target.startswith(TARGET_PREFIX):
            await self._emulator(scope, receive, send)
            return
        region = _region(headers.get("authorization", ""))
        request: Message = json.loads(await _read(receive) or b"{}")
        try:
            async with self._one_at_a_time:
                status, answer = 200, await self._autoscaling.answer(region, target.removeprefix(TARGET_PREFIX), request)
        except ApiError as error:
            status, answer = 400, {"__type": error.code, "message": str(error)}
        except KeyError as error:
            status, answer = 400, {"__type": "ValidationException", "message": f"{error.args[0]} is required"}
        await _send_json(send, status, answer)

    async def _lifespan(self, receive: Receive) -> Message:
        message = await receive()
        if message["type"] == "lifespan.startup":
            self._autoscaling.load()
            self._clock = asyncio.create_task(self._run_scheduled_actions())
        if message["type"] == "lifespan.shutdown":
            if self._clock:
                self._clock.cancel()
            if not self._failures_to_save():
                (self._folder / SAVED).touch()
        return message

    async def _run_scheduled_actions(self) -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            async with self._one_at_a_time:
                try:
                    await self._autoscaling.act(time.time())
                except ApiError as error:  # of a service that is gone
                    logging.getLogger("autoscaling").warning("a scheduled action failed: %s", error)

    def _failures_to_save(self) -> list[str]:
        """Save everything, and say of what can't be saved why."""
        heard = _Heard()
        persistence = logging.getLogger("persistence")
        persistence.addHandler(heard)
        try:
            self._save()
        finally:
            persistence.removeHandler(heard)
        try:
            self._autoscaling.save()
        except OSError as error:
            heard.said.append(str(error))
        return heard.said

    async def _ask_ecs(self, region: str, operation: str, parameters: Message) -> Message:
        """Ask the emulator's ECS, as the service's own role would."""
        headers = {
            "host": f"ecs.{region}.amazonaws.com",
            "content-type": _JSON,
            "x-amz-target": f"{_ECS}.{operation}",
            "authorization": f"AWS4-HMAC-SHA256 Credential=local/20200101/{region}/ecs/aws4_request, SignedHeaders=host, Signature=0",
        }
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": "POST",
            "scheme": "http",
            "path": "/",
            "raw_path": b"/",
            "query_string": b"",
            "root_path": "",
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
            "client": ("127.0.0.1", 0),
            "server": ("127.0.0.1", 0),
        }
        said: list[Message] = []

        async def receive() -> Message:
            return {"type": "http.request", "body": json.dumps(parameters).encode(), "more_body": False}

        async def send(message: Message) -> None:
            said.append(message)

        await self._emulator(scope, receive, send)
        answer: Message = json.loads(b"".join(part.get("body", b"") for part in said[1:]))
        if said[0]["status"] != 200:
            raise ApiError("ValidationException", str(answer.get("message") or answer.get("__type")))
        return answer


async def _read(receive: Receive) -> bytes:
    """A request's whole body."""
    parts: list[bytes] = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)


async def _send_json(send: Send, status: int, answer: Message) -> None:
    await send({"type": "http.response.start", "status": status, "headers": [(b"content-type", _JSON.encode())]})
    await send({"type": "http.response.body", "body": json.dumps(answer).encode()})


class _Heard(logging.Handler):
    """What the emulator logs while it saves: it goes on after a failure."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.said.append(record.getMessage())


def _headers(scope: Message) -> dict[str, str]:
    return {name.decode().lower(): value.decode() for name, value in scope.get("headers", ())}


def _region(authorization: str) -> str:
    """The region that a request was signed for."""
    found = re.search(r"Credential=[^/]+/\d+/([^/]+)/", authorization)
    return found.group(1) if found else "us-east-1"


def main() -> None:
    """Serve until the process is ended, as `python -m ministack` does."""
    sys.path.pop(0)
    ministack: Any = importlib.import_module("ministack.app")
    guardrails.mend(importlib.import_module("ministack.services.bedrock"))
    secret_versions.mend(importlib.import_module("ministack.services.secretsmanager"))
    guardrails.mend_converse(importlib.import_module("ministack.services.bedrock_runtime"))
    persistence: Any = importlib.import_module("ministack.core.persistence")

    def save() -> None:  # as its own end does; it has no public way
        persistence.save_all(ministack._build_persistence_save_dict())

    ministack.app = WithAutoscaling(ministack.app, save, Path(os.environ["STATE_DIR"]))
    ministack.main()


if __name__ == "__main__":
    main()
