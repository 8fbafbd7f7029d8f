"""What the emulator remembers of resources that were begun (local/emulator/once.py), seen from outside."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import quote, urlsplit

from local.emulator.once import PATH
from local.provider.cloud import CloudError

SECONDS = 60
"""The emulator answers one request at a time, and may be busy with a slow one."""


@dataclass(frozen=True, kw_only=True)
class Creation:
    """A resource that was begun.

    Attributes:
        type: its type, `aws:ec2/vpc:Vpc`.
        region: where it is.
        properties: what was asked for, as the engine sent it.
        id: its id, once it was completed.
        answered: whether a request for it ever succeeded.
    """

    type: str
    region: str
    properties: Mapping[str, Any]
    id: str | None = None
    answered: bool = False


class Ledger:
    """What the emulator at an endpoint remembers, by URN."""

    def __init__(self, endpoint: str) -> None:
        self._address = urlsplit(endpoint).netloc

    def begin(self, urn: str, creation: Creation) -> Creation:
        """Have it remembered, unless one is begun already; the one that is."""
        return self._send("PUT", {urn: _said(creation)})[urn]

    def completed(self, urn: str, creation: Creation) -> None:
        """Have the id remembered, by which it can be found in a state."""
        self._send("PUT", {urn: _said(creation)})

    def forget(self, urns: Iterable[str]) -> None:
        """Whoever asks for these again gets new ones."""
        self._send("DELETE", list(urns))

    def all(self) -> dict[str, Creation]:
        """Everything that is remembered, in the order in which it was begun."""
        return self._send("GET", None)

    def _send(self, method: str, content: Any) -> dict[str, Creation]:
        connection = http.client.HTTPConnection(self._address, timeout=SECONDS)
        try:
            connection.request(method, PATH, json.dumps(content), {"Content-Type": "application/json"})
            answer = connection.getresponse()
            text = answer.read()
        except (OSError, http.client.HTTPException) as error:
            raise CloudError(f"{method} {PATH}", type(error).__name__, str(error)) from None
        finally:
            connection.close()
        if answer.status != 200:
            raise CloudError(f"{method} {PATH}", str(answer.status), text.decode(errors="replace"))
        return {urn: Creation(**one) for urn, one in cast("dict[str, Any]", json.loads(text)).items()}


def key(urn: str, index: int) -> str:
    """The header's value for one of the requests that make a resource."""
    return f"{index} {quote(urn, safe='')}"


def _said(creation: Creation) -> dict[str, Any]:
    said: dict[str, Any] = {"type": creation.type, "region": creation.region, "properties": creation.properties}
    return said | ({"id": creation.id} if creation.id else {})
