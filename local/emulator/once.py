"""Remembers what was asked to be made until it is known to be recorded, so that asking again makes nothing twice.

A provider that is killed may have made what no state knows. Whoever asks for the same again, before that is recorded, gets the first answer
again: the same id, the same ARN. It runs in the emulator's virtual environment: the standard library is all that it may import.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote

if TYPE_CHECKING or __package__:
    from local.emulator import kept
else:  # in the emulator's process, this folder stands alone
    import kept

PATH: Final = "/_evolution/creations"
"""Where what is remembered can be seen (GET), begun or completed (PUT) and forgotten (DELETE)."""

HEADER: Final = "x-evolution-once"
"""Marks a request that is part of making something: which one of its requests, a space, and its name in URL quotes."""

Message = dict[str, Any]
Document = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]


class Creations:
    """By name, what was begun: what the asker says of it, and the answers so far. The file keeps it while the emulator is down."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._begun: dict[str, Document] = {}
        self._one_at_a_time: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    def load(self) -> None:
        """Take up what was saved."""
        self._begun = kept.load(self._file, {})

    def save(self) -> None:
        """Keep everything for the next start."""
        kept.save(self._file, self._begun)

    def control(self, method: str, content: Any) -> Document:
        """Answer one request to PATH.

        Args:
            method: `PUT` begins each of the named things, unless it is begun already, or, where its `id` is said, completes it; `DELETE`
                forgets them; anything else only looks.
            content: by name, what is said of each thing, or the names to forget.
        """
        if method == "DELETE":
            for name in content:
                self._begun.pop(name, None)
                self._one_at_a_time.pop(name, None)
            return {}
        if method == "PUT":
            for name, said in content.items():
                one = self._begun.setdefault(name, {**said, "answers": {}})
                one.update(said if "id" in said else {})
            return {name: self._shown(name) for name in content}
        return {name: self._shown(name) for name in self._begun}

    async def answer(self, key: str, app: App, scope: Message, receive: Receive, send: Send) -> None:
        """Give the answer that the request with this key got before, else the application's, which is remembered if it is a success."""
        index, _, quoted = key.partition(" ")
        name = unquote(quoted)
        async with self._one_at_a_time[name]:
            answers: Document = self._begun.get(name, {}).get("answers", {})
            if index in answers:
                answer = answers[index]
                await read(receive)
            else:
                said: list[Message] = []

                async def hear(message: Message) -> None:
                    said.append(message)

                await app(scope, receive, hear)
                answer = _packed(said)
                if answer["status"] < 300:
                    answers[index] = answer
        headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in answer["headers"]]
        await send({"type": "http.response.start", "status": answer["status"], "headers": headers})
        await send({"type": "http.response.body", "body": answer["body"].encode("latin-1")})

    def _shown(self, name: str) -> Document:
        one = self._begun[name]
        return {**{key: value for key, value in one.items() if key != "answers"}, "answered": bool(one["answers"])}


async def read(receive: Receive) -> bytes:
    """A request's whole body."""
    parts: list[bytes] = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)


def _packed(said: list[Message]) -> Document:
    """The messages of an answer as JSON can hold them."""
    start, *rest = said
    return {
        "status": start["status"],
        "headers": [(name.decode("latin-1"), value.decode("latin-1")) for name, value in start.get("headers", ())],
        "body": b"".join(part.get("body", b"") for part in rest).decode("latin-1"),
    }
