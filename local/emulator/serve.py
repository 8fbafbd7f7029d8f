"""Runs the emulator with Application Auto Scaling beside its services, at the same address, and with its guardrails mended.

`python local/emulator/serve.py` runs in the emulator's virtual environment, where the standard library and ministack are all there is.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import os
import re
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from local.emulator import guardrails
    from local.emulator.autoscaling import TARGET_PREFIX, Autoscaling, RefusedError
else:  # this folder alone: a function's own modules must never meet the checkout's
    import guardrails
    from autoscaling import TARGET_PREFIX, Autoscaling, RefusedError

Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]

_ECS = "AmazonEC2ContainerServiceV20141113"
_JSON = "application/x-amz-json-1.1"


class Beside:
    """An ASGI application: the emulator's, with one service more, which is loaded and saved when the emulator is."""

    def __init__(self, emulator: App, file: Path) -> None:
        self._emulator = emulator
        self._autoscaling = Autoscaling(self._ask_ecs, file)
        self._one_at_a_time = asyncio.Lock()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._emulator(scope, lambda: self._lifespan(receive), send)
            return
        headers = {name.decode().lower(): value.decode() for name, value in scope.get("headers", ())}
        target = headers.get("x-amz-target", "")
        if not target.startswith(TARGET_PREFIX):
            await self._emulator(scope, receive, send)
            return
        region = _region(headers.get("authorization", ""))
        request: Message = json.loads(await _body(receive) or b"{}")
        try:
            async with self._one_at_a_time:
                status, answer = 200, await self._autoscaling.answer(region, target.removeprefix(TARGET_PREFIX), request)
        except RefusedError as error:
            status, answer = 400, {"__type": error.code, "message": str(error)}
        except KeyError as error:
            status, answer = 400, {"__type": "ValidationException", "message": f"{error.args[0]} is required"}
        await send({"type": "http.response.start", "status": status, "headers": [(b"content-type", _JSON.encode())]})
        await send({"type": "http.response.body", "body": json.dumps(answer).encode()})

    async def _lifespan(self, receive: Receive) -> Message:
        message = await receive()
        if message["type"] == "lifespan.startup":
            self._autoscaling.load()
        if message["type"] == "lifespan.shutdown":
            self._autoscaling.save()
        return message

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
            raise RefusedError("ValidationException", str(answer.get("message") or answer.get("__type")))
        return answer


async def _body(receive: Receive) -> bytes:
    parts: list[bytes] = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)


def _region(authorization: str) -> str:
    """The region that a request was signed for."""
    found = re.search(r"Credential=[^/]+/\d+/([^/]+)/", authorization)
    return found.group(1) if found else "us-east-1"


def main() -> None:
    """Serve until the process is ended, as `python -m ministack` does."""
    sys.path.pop(0)
    ministack: Any = importlib.import_module("ministack.app")
    guardrails.mend(importlib.import_module("ministack.services.bedrock"))
    ministack.app = Beside(ministack.app, Path(os.environ["STATE_DIR"]) / "application-autoscaling.json")
    ministack.main()


if __name__ == "__main__":
    main()
