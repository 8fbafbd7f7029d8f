"""Runs the emulator, with Application Auto Scaling at the same address (autoscaling.py), and with patched functions (patches.py).

`python local/emulator/serve.py` runs in the emulator's virtual environment, which has only ministack and the standard library.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import logging
import os
import re
import runpy
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from local.emulator import patches
    from local.emulator.autoscaling import POLL_SECONDS, TARGET_PREFIX, ApiError, Autoscaling
    from local.emulator.kept import SAVE_PATH, SAVED
else:  # from this folder alone: a deployed function must not import the checkout's modules
    import patches
    from autoscaling import POLL_SECONDS, TARGET_PREFIX, ApiError, Autoscaling
    from kept import SAVE_PATH, SAVED

ZONES = Path(__file__).resolve().parents[1] / "provider/zones.py"
"""What the stand-in says of zones. It is run by itself: the checkout's other modules aren't to be had here."""

_ECS = "AmazonEC2ContainerServiceV20141113"
_JSON = "application/x-amz-json-1.1"


Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]


class WithAutoscaling:
    """The emulator's ASGI application with one more service, which is loaded and saved together with it."""

    def __init__(self, emulator: App, save: Callable[[], None], folder: Path, address: str) -> None:
        self._emulator = emulator
        self._address = address
        self._save = save
        self._autoscaling = Autoscaling(self._call_ecs, folder / "application-autoscaling.json")
        self._folder = folder
        self._lock = asyncio.Lock()
        self._timer: asyncio.Task[None] | None = None

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
            async with self._lock:
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
            self._timer = asyncio.create_task(self._run_scheduled_actions())
        if message["type"] == "lifespan.shutdown":
            if self._timer:
                self._timer.cancel()
            if not self._failures_to_save():
                (self._folder / SAVED).touch()
        return message

    async def _run_scheduled_actions(self) -> None:
        while True:
            await asyncio.sleep(POLL_SECONDS)
            async with self._lock:
                try:
                    await self._autoscaling.act(time.time())
                except ApiError as error:  # of a deleted service
                    logging.getLogger("autoscaling").warning("a scheduled action failed: %s", error)

    def _failures_to_save(self) -> list[str]:
        """Save all data, and return an error for each part that can't be saved."""
        errors = _ErrorLog()
        persistence = logging.getLogger("persistence")
        persistence.addHandler(errors)
        try:
            self._save()
        finally:
            persistence.removeHandler(errors)
        try:
            self._autoscaling.save()
        except OSError as error:
            errors.messages.append(str(error))
        return errors.messages

    async def _call_ecs(self, region: str, operation: str, parameters: Message) -> Message:
        """Call the emulator's ECS, as the service's own role would."""
        headers = {
            "host": f"ecs.{region}.amazonaws.com",
            "content-type": _JSON,
            "x-amz-target": f"{_ECS}.{operation}",
            "authorization": f"AWS4-HMAC-SHA256 Credential=local/20200101/{region}/ecs/aws4_request, SignedHeaders=host, Signature=0",
        }
        request = urllib.request.Request(self._address, json.dumps(parameters).encode(), headers)
        try:
            return json.loads(await asyncio.to_thread(lambda: urllib.request.urlopen(request).read()))
        except urllib.error.HTTPError as error:
            answer: Message = json.loads(error.read())
            raise ApiError("ValidationException", str(answer.get("message") or answer.get("__type"))) from None


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


class _ErrorLog(logging.Handler):
    """Collects the errors that the emulator logs while it saves: it continues after a failure."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(record.getMessage())


def _headers(scope: Message) -> dict[str, str]:
    return {name.decode().lower(): value.decode() for name, value in scope.get("headers", ())}


def _region(authorization: str) -> str:
    """The region in a request's signature."""
    found = re.search(r"Credential=[^/]+/\d+/([^/]+)/", authorization)
    return found.group(1) if found else "us-east-1"


def main() -> None:
    """Serve until the process is stopped, as `python -m ministack` does."""
    sys.path.pop(0)
    ministack: Any = importlib.import_module("ministack.app")
    patches.patch_guardrails(importlib.import_module("ministack.services.bedrock"))
    patches.patch_secrets(importlib.import_module("ministack.services.secretsmanager"))
    patches.patch_zones(importlib.import_module("ministack.services.ec2"), runpy.run_path(str(ZONES))["ZONES"])
    patches.patch_deliveries(importlib.import_module("ministack.services.cloudwatch_logs"))
    patches.patch_converse(importlib.import_module("ministack.services.bedrock_runtime"))
    persistence: Any = importlib.import_module("ministack.core.persistence")

    def save() -> None:  # as it does when it ends; it has no public function for it
        persistence.save_all(ministack._build_persistence_save_dict())

    ministack.app = WithAutoscaling(ministack.app, save, Path(os.environ["STATE_DIR"]), f"http://127.0.0.1:{os.environ['GATEWAY_PORT']}")
    ministack.main()


if __name__ == "__main__":
    main()
