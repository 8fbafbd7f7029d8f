"""A small HTTP server: JSON in, JSON out, each request in its own thread. Everything that a caller decides is limited."""

from __future__ import annotations

import io
import json
import logging
import socket
import threading
import time
from collections.abc import Callable, Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from types import MappingProxyType
from typing import Any, cast

from engine import EngineError

log = logging.getLogger(__name__)

MOST_BYTES = 1024 * 1024
"""The largest body of a request."""

MOST_CONNECTIONS = 32
"""The most connections at once. Each has a thread."""

ARRIVAL_SECONDS = 10.0
"""The time for a whole request to arrive, however slowly, and again for its response to be sent."""

MOST_UNREAD_BYTES = 8 * MOST_BYTES
"""The most bytes of a refused request that are still read: closing the connection earlier may lose the response."""

STILL_SECONDS = 300.0
"""If the main loop hasn't moved for so long, it hangs. It pauses for 60 s at most (engine/worker.py), and five attempts of one call to AWS
take less than 200 s."""

Response = tuple[int, Mapping[str, Any]]
"""HTTP status and body."""

Route = Callable[[bytes, Mapping[str, str]], Response]
"""Takes a request's body and its headers, whose names are in lower case."""

Routes = Mapping[tuple[str, str], Route]
"""By method and path."""


class ServingError(EngineError):
    """The server can't be started."""


class _BadRequestError(Exception):
    """A request that can't be read: the status of its response, and what is wrong."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Server(ThreadingHTTPServer):
    """Serves until it is stopped; `serve` makes one."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = MOST_CONNECTIONS

    def __init__(self, address: tuple[str, int], routes: Routes) -> None:
        self.routes = routes
        self._free = threading.Semaphore(MOST_CONNECTIONS)
        super().__init__(address, _Handler)

    def server_bind(self) -> None:
        """Bind without a reverse lookup of the host's name, which HTTPServer makes and which may be slow."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = cast("tuple[str, int]", self.server_address[:2])

    def process_request(self, request: Any, client_address: Any) -> None:
        """Start a thread, unless there are too many connections."""
        if not self._free.acquire(blocking=False):
            request.settimeout(1)
            request.sendall(b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            self.shutdown_request(request)
            return
        try:
            super().process_request(request, client_address)
        except BaseException:
            self._free.release()
            raise

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Serve a request in its thread."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._free.release()

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002 (the base class's)
        """Log a broken connection, which is normal, without a traceback."""
        log.debug("a connection of %s broke off", client_address, exc_info=True)

    def stop(self, seconds: float) -> None:
        """Accept no more requests, and wait this long for those in progress."""
        self.shutdown()
        self.server_close()
        deadline = time.monotonic() + seconds
        for _ in range(MOST_CONNECTIONS):
            if not self._free.acquire(timeout=max(0.0, deadline - time.monotonic())):
                log.warning("stopped with requests in progress")
                return


def serve(host: str, port: int, routes: Routes) -> Server:
    """Serve `routes` in threads that end with the process.

    Args:
        port: 0 for any free one; it is then in the server's `server_port`.

    Raises:
        ServingError: the port can't be opened.
    """
    try:
        server = Server((host, port), routes)
    except OSError as error:
        raise ServingError(
            f"port {port} can't be opened ({error.strerror}): stop what uses it, or set EVOLUTION_PORT to another"
        ) from error
    threading.Thread(target=server.serve_forever, name="http", daemon=True).start()
    return server


def endpoints(*, still: Callable[[], float], unready: Callable[[], str], status: Callable[[], Mapping[str, Any]]) -> Routes:
    """The engine's endpoints: /health, /ready and /status.

    Args:
        still: seconds since the main loop last moved. /health fails only if a restart would help, so not while AWS fails.
        unready: why the worker isn't ready; empty if it is.
        status: the content of /status.
    """

    def health(_body: bytes, _headers: Mapping[str, str]) -> Response:
        seconds = still()
        if seconds > STILL_SECONDS:
            return 503, {"alive": False, "reason": f"the main loop hasn't moved for {seconds:.0f} s, at most {STILL_SECONDS:g} are normal"}
        return 200, {"alive": True}

    def ready(_body: bytes, _headers: Mapping[str, str]) -> Response:
        reason = unready()
        return (503, {"ready": False, "reason": reason}) if reason else (200, {"ready": True})

    def tell(_body: bytes, _headers: Mapping[str, str]) -> Response:
        return 200, status()

    return {("GET", "/health"): health, ("GET", "/ready"): ready, ("GET", "/status"): tell}


class _Arriving(io.RawIOBase):
    """The data of a connection, with one deadline for all of it."""

    def __init__(self, connection: socket.socket, deadline: float) -> None:
        self._connection, self._deadline = connection, deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        remaining = self._deadline - time.monotonic()
        if remaining <= 0:
            raise TimeoutError
        self._connection.settimeout(remaining)
        return self._connection.recv_into(buffer)


class _Handler(BaseHTTPRequestHandler):
    """Handles one connection with one request."""

    protocol_version = "HTTP/1.1"
    default_request_version = "HTTP/1.1"  # a request without a version gets a status line, too

    def setup(self) -> None:
        super().setup()
        self._routes = cast("Server", self.server).routes
        self.rfile = io.BufferedReader(_Arriving(self.connection, time.monotonic() + ARRIVAL_SECONDS))

    def version_string(self) -> str:
        """The Server header, without Python's version."""
        return "evolution"

    def log_message(self, format: str, *args: Any) -> None:
        """Log requests at debug level: a health check comes every 30 s."""
        log.debug(format, *args)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:  # noqa: ARG002 (as well)
        """Send the base class's errors as JSON."""
        self._send(code, _encode({"error": message or HTTPStatus(code).phrase}))
        self._drain()

    def do_GET(self) -> None:
        try:
            body = self._body()
        except _BadRequestError as refusal:
            self.send_error(refusal.status, str(refusal))
            return
        method = "GET" if self.command == "HEAD" else self.command
        path = self.path.partition("?")[0]
        route = self._routes.get((method, path))
        if route is None:
            self._send_not_found(path)
            return
        try:
            status, answer = route(body, {name.lower(): value for name, value in self.headers.items()})
            content = _encode(answer)
        except Exception:
            log.exception("%s %s failed", method, path)
            status, content = 500, _encode({"error": f"{method} {path} failed; the log says why"})
        self._send(status, content)

    do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = do_GET  # noqa: N815 (the base class's names)

    def _send_not_found(self, path: str) -> None:
        known = ", ".join(f"{method} {known}" for method, known in sorted(self._routes))
        allowed = ", ".join(sorted(method for method, known in self._routes if known == path))
        content = _encode({"error": f"there is no such endpoint: ask for {known}"})
        self._send(405 if allowed else 404, content, {"Allow": allowed} if allowed else {})

    def _body(self) -> bytes:
        try:
            return self._chunks() if "Transfer-Encoding" in self.headers else self._read(self._length())
        except TimeoutError:
            raise _BadRequestError(408, f"the request must arrive within {ARRIVAL_SECONDS:g} s") from None

    def _length(self) -> int:
        lengths = self.headers.get_all("Content-Length", ["0"])
        if len(set(lengths)) > 1 or not (lengths[0].isascii() and lengths[0].isdigit()):
            raise _BadRequestError(400, "the request must have one Content-Length, in digits")
        return int(lengths[0][:20])

    def _chunks(self) -> bytes:
        """A body in chunks. Source: RFC 9112, section 7.1."""
        if "Content-Length" in self.headers or self.headers["Transfer-Encoding"].strip().lower() != "chunked":
            raise _BadRequestError(400, "the request's Transfer-Encoding must be `chunked`, without a Content-Length")
        body = bytearray()
        while True:
            size = self.rfile.readline(100).partition(b";")[0].strip()
            try:
                length = int(size, 16) if size.isalnum() else -1
            except ValueError:
                length = -1
            if length < 0:
                raise _BadRequestError(400, "the request has a chunk without a length")
            if length == 0:
                return bytes(body)
            body += self._read(length, len(body))
            self.rfile.readline(3)

    def _read(self, length: int, before: int = 0) -> bytes:
        if before + length > MOST_BYTES:
            raise _BadRequestError(413, f"the request's body is larger than {MOST_BYTES} bytes: send less, or in several requests")
        content = self.rfile.read(length)
        if len(content) < length:
            raise _BadRequestError(400, "the request broke off")
        return content

    def _send(self, status: int, content: bytes, headers: Mapping[str, str] = MappingProxyType({})) -> None:
        self.connection.settimeout(ARRIVAL_SECONDS)
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Connection", "close")
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def _drain(self) -> None:
        """Read the rest of a refused request."""
        try:
            self.connection.shutdown(socket.SHUT_WR)
            unread = MOST_UNREAD_BYTES
            while unread > 0 and (taken := len(self.rfile.read1(65536))):
                unread -= taken
        except OSError:
            log.debug("a refused request broke off", exc_info=True)


def _encode(answer: Mapping[str, Any]) -> bytes:
    """The JSON of a response. NaN isn't JSON."""
    return json.dumps(answer, allow_nan=False).encode()
