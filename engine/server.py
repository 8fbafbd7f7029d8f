"""A small HTTP server: JSON in, JSON out, in threads of its own."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

log = logging.getLogger(__name__)

MOST_BYTES = 1024 * 1024
"""Of a request's body."""

Answer = tuple[int, Mapping[str, Any]]
"""HTTP status and body."""

Route = Callable[[bytes, Mapping[str, str]], Answer]
"""Takes a request's body and headers."""


def serve(host: str, port: int, routes: Mapping[tuple[str, str], Route]) -> ThreadingHTTPServer:
    """Answer `(method, path)` by `routes`, until the server is shut down."""

    class Handler(BaseHTTPRequestHandler):
        timeout = 30  # a client that says nothing doesn't hold a thread for longer
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._answer("GET")

        def do_POST(self) -> None:
            self._answer("POST")

        def _answer(self, method: str) -> None:
            status, body = self._answered(method)
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def _answered(self, method: str) -> Answer:
            length = self.headers.get("Content-Length") or "0"
            if not length.isdigit() or int(length) > MOST_BYTES:
                self.close_connection = True
                return 413, {"error": f"a body must have a length, of at most {MOST_BYTES} bytes"}
            content = self.rfile.read(int(length))
            path = self.path.partition("?")[0]
            route = routes.get((method, path))
            if route is None:
                return (405 if any(path == known for _, known in routes) else 404), {"error": f"no {method} {path} here"}
            try:
                return route(content, dict(self.headers.items()))
            except Exception:
                log.exception("%s %s failed", method, path)
                return 500, {"error": "it failed; the log says why"}

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing: a health check every 30 s is no news."""

    server = ThreadingHTTPServer((host, port), Handler)
    threading.Thread(target=server.serve_forever, name="http", daemon=True).start()
    return server
