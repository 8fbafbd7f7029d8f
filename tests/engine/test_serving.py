"""The engine's HTTP server: what it answers, and that no caller can hold it up."""

from __future__ import annotations

import json
import logging
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from http.client import HTTPConnection, HTTPResponse
from typing import Any

import pytest

from engine import serving
from engine.serving import Response, Routes, Server, ServingError, endpoints, serve
from tests.engine.aws import wait_for


def echo(body: bytes, headers: Mapping[str, str]) -> Response:
    return 200, {"bytes": len(body), "session": headers.get("x-session", "")}


def fail(_body: bytes, _headers: Mapping[str, str]) -> Response:
    raise RuntimeError("secret detail")


def write_no_number(_body: bytes, _headers: Mapping[str, str]) -> Response:
    return 200, {"value": float("nan")}


ROUTES: Routes = {("POST", "/echo"): echo, ("GET", "/fails"): fail, ("GET", "/nan"): write_no_number}


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    made = serve("127.0.0.1", 0, ROUTES)
    yield made
    made.stop(0)


def ask(
    server: Server, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None, **options: Any
) -> tuple[int, Any]:
    connection = HTTPConnection("127.0.0.1", server.server_port, timeout=30)
    try:
        connection.request(method, path, body, dict(headers or {}), **options)
        return read(connection.getresponse())
    finally:
        connection.close()


def read(response: HTTPResponse) -> tuple[int, Any]:
    content = response.read()
    return response.status, json.loads(content) if content else None


def say(server: Server, text: bytes) -> tuple[int, Any]:
    """What it answers to bytes that no client library would send."""
    with socket.create_connection(("127.0.0.1", server.server_port), timeout=30) as connection:
        connection.sendall(text)
        response = HTTPResponse(connection)
        response.begin()
        return read(response)


def test_a_request_is_answered_by_its_route(server: Server) -> None:
    assert ask(server, "POST", "/echo?really=1", b"abc", {"X-Session": "one"}) == (200, {"bytes": 3, "session": "one"})


def test_a_body_in_chunks_is_put_together(server: Server) -> None:
    headers = {"Transfer-Encoding": "chunked"}
    assert ask(server, "POST", "/echo", iter([b"a" * 70_000, b"b" * 5]), headers, encode_chunked=True) == (
        200,
        {"bytes": 70_005, "session": ""},
    )


def test_an_unknown_path_is_told_what_there_is(server: Server) -> None:
    status, answer = ask(server, "GET", "/admin")
    assert status == 404
    assert "GET /fails, GET /nan, POST /echo" in answer["error"]


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_another_method_is_told_which_are_allowed(server: Server, method: str) -> None:
    connection = HTTPConnection("127.0.0.1", server.server_port, timeout=30)
    connection.request(method, "/echo")
    response = connection.getresponse()
    assert (response.status, response.headers["Allow"]) == (405, "POST")
    connection.close()


def test_a_head_request_has_the_status_and_no_body(server: Server) -> None:
    assert ask(server, "HEAD", "/fails") == (500, None)


def test_a_failing_route_is_500_and_its_reason_stays_in_the_log(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    status, answer = ask(server, "GET", "/fails")
    assert status == 500
    assert answer == {"error": "GET /fails failed; the log says why"}
    assert "secret detail" in caplog.text


def test_an_answer_that_is_no_json_is_a_failure_and_not_a_wrong_number(server: Server) -> None:
    assert ask(server, "GET", "/nan")[0] == 500


def test_a_body_beyond_the_limit_is_refused_and_the_caller_reads_why(server: Server) -> None:
    status, answer = ask(server, "POST", "/echo", b"a" * (serving.MOST_BYTES + 1))
    assert status == 413
    assert "1048576 bytes: send less" in answer["error"]
    assert ask(server, "POST", "/echo", b"a" * serving.MOST_BYTES)[0] == 200


def test_a_body_in_chunks_has_the_same_limit(server: Server) -> None:
    endless = (b"a" * 65536 for _ in range(17))
    assert ask(server, "POST", "/echo", endless, {"Transfer-Encoding": "chunked"}, encode_chunked=True)[0] == 413


@pytest.mark.parametrize(
    ("request_text", "status"),
    [
        (b"POST /echo HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400),
        (b"POST /echo HTTP/1.1\r\nContent-Length: many\r\n\r\n", 400),
        (b"POST /echo HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", 400),
        (b"POST /echo HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        (b"POST /echo HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n", 400),
        (b"POST /echo HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400),
        (b"POST /echo HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\n", 400),
        (b"POST /echo HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffffff\r\n", 413),
        (b"POST /echo HTTP/1.1\r\nContent-Length: 99999999999999999999999999\r\n\r\n", 413),
        (b"nonsense\r\n\r\n", 400),
        (b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\n\r\n", 414),
        (b"GET / HTTP/1.1\r\n" + b"x: y\r\n" * 200 + b"\r\n", 431),
        (b"BREW /echo HTTP/1.1\r\n\r\n", 501),
    ],
    ids=lambda value: str(value)[:60],
)
def test_what_cant_be_read_is_refused_as_json(server: Server, request_text: bytes, status: int) -> None:
    answered, answer = say(server, request_text)
    assert answered == status
    assert answer["error"]


def test_a_request_that_drips_is_ended_at_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "ARRIVAL_SECONDS", 0.5)
    server = serve("127.0.0.1", 0, ROUTES)
    with socket.create_connection(("127.0.0.1", server.server_port), timeout=30) as connection:
        connection.sendall(b"POST /echo HTTP/1.1\r\nContent-Length: 1000\r\n\r\n")
        response = HTTPResponse(connection)
        dripping = threading.Thread(target=_drip, args=(connection,), daemon=True)
        dripping.start()
        response.begin()
        assert response.status == 408
    server.stop(0)


def _drip(connection: socket.socket) -> None:
    try:
        while True:
            connection.sendall(b"a")
            time.sleep(0.1)
    except OSError:
        return


def test_beyond_the_most_connections_a_caller_is_told_to_come_again_and_then_served(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "MOST_CONNECTIONS", 2)
    server = serve("127.0.0.1", 0, ROUTES)
    held = [socket.create_connection(("127.0.0.1", server.server_port)) for _ in range(2)]
    wait_for(lambda: ask(server, "POST", "/echo")[0] == 503, 60, "both connections are held")
    for one in held:
        one.close()
    wait_for(lambda: ask(server, "POST", "/echo")[0] == 200, 60, "both are given up")
    server.stop(0)


def test_a_caller_who_goes_away_leaves_no_traceback(server: Server, capfd: pytest.CaptureFixture[str]) -> None:
    for _ in range(5):
        with socket.create_connection(("127.0.0.1", server.server_port)) as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")  # closing resets
            connection.sendall(b"POST /echo HTTP/1.1\r\nContent-Length: 10\r\n\r\nab")
    assert ask(server, "POST", "/echo", b"abc")[0] == 200
    captured = capfd.readouterr()
    assert (captured.out, captured.err) == ("", "")


def test_requests_are_no_news(server: Server, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        ask(server, "POST", "/echo", b"abc")
        ask(server, "GET", "/nowhere")
    assert caplog.text == ""
    assert capfd.readouterr().err == ""


def test_a_taken_port_is_one_sentence(server: Server) -> None:
    with pytest.raises(ServingError, match=rf"port {server.server_port} can't be opened \(.*\): stop what uses it"):
        serve("127.0.0.1", server.server_port, ROUTES)


def test_stopping_lets_a_request_under_way_end_and_takes_no_other() -> None:
    begun, finish = threading.Event(), threading.Event()

    def slow(_body: bytes, _headers: Mapping[str, str]) -> Response:
        begun.set()
        finish.wait(60)
        return 200, {}

    server = serve("127.0.0.1", 0, {("GET", "/slow"): slow})
    answers: list[tuple[int, Any]] = []
    asking = threading.Thread(target=lambda: answers.append(ask(server, "GET", "/slow")))
    asking.start()
    assert begun.wait(60)
    stopping = threading.Thread(target=server.stop, args=(10,))
    stopping.start()
    wait_for(lambda: _is_closed(server), 60, "nobody is let in any more")
    finish.set()
    stopping.join(60)
    asking.join(60)
    assert answers == [(200, {})]


def _is_closed(server: Server) -> bool:
    try:
        socket.create_connection(("127.0.0.1", server.server_port), timeout=1).close()
    except OSError:
        return True
    return False


def test_stopping_waits_no_longer_than_it_is_told() -> None:
    begun = threading.Event()
    goes_on = threading.Event()

    def hang(_body: bytes, _headers: Mapping[str, str]) -> Response:
        begun.set()
        goes_on.wait(120)
        return 200, {}

    server = serve("127.0.0.1", 0, {("GET", "/hangs"): hang})
    with socket.create_connection(("127.0.0.1", server.server_port)) as connection:
        connection.sendall(b"GET /hangs HTTP/1.1\r\n\r\n")
        assert begun.wait(60)
        start = time.monotonic()
        server.stop(0.2)
        assert time.monotonic() - start < 60, "it must not wait for a request that hangs"
        goes_on.set()


@pytest.mark.slow
def test_a_hanging_request_doesnt_keep_the_process() -> None:
    program = (
        "import time\n"
        "from urllib.request import urlopen\n"
        "from threading import Thread, Event\n"
        "from engine.serving import serve\n"
        "begun = Event()\n"
        "def hang(body, headers):\n"
        "    begun.set()\n"
        "    time.sleep(60)\n"
        "server = serve('127.0.0.1', 0, {('GET', '/'): hang})\n"
        "Thread(target=urlopen, args=(f'http://127.0.0.1:{server.server_port}/',), daemon=True).start()\n"
        "begun.wait(60)\n"
        "server.stop(0.1)\n"
    )
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, timeout=50, check=False).returncode == 0


@pytest.fixture
def engine() -> Iterator[tuple[Server, dict[str, Any]]]:
    """The engine's endpoints, and what they are told."""
    told: dict[str, Any] = {"still": 1.0, "unready": "", "status": {"state": "evolving"}}
    made = serve("127.0.0.1", 0, endpoints(still=lambda: told["still"], unready=lambda: told["unready"], status=lambda: told["status"]))
    yield made, told
    made.stop(0)


def test_a_worker_that_moves_is_healthy_and_one_that_hangs_isnt(engine: tuple[Server, dict[str, Any]]) -> None:
    server, told = engine
    assert ask(server, "GET", "/health") == (200, {"alive": True})
    told["still"] = 301.0
    status, answer = ask(server, "GET", "/health")
    assert (status, answer["alive"]) == (503, False)
    assert "hasn't moved for 301 s" in answer["reason"]


def test_a_worker_without_aws_is_healthy_but_not_ready(engine: tuple[Server, dict[str, Any]]) -> None:
    server, told = engine
    assert ask(server, "GET", "/ready") == (200, {"ready": True})
    told["unready"] = "dynamodb can't be reached"
    assert ask(server, "GET", "/ready") == (503, {"ready": False, "reason": "dynamodb can't be reached"})
    assert ask(server, "GET", "/health")[0] == 200


def test_status_tells_what_the_worker_tells(engine: tuple[Server, dict[str, Any]]) -> None:
    assert ask(engine[0], "GET", "/status") == (200, {"state": "evolving"})
