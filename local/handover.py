"""Hands a plugin's start over to a process that stands by and has imported everything already (local/standby.py).

The engine runs `python -IS local/handover.py SOCKET COMMAND… -- ARGUMENT…` to start a plugin. What it gives to this process, its streams
included, the one that stands by takes on; then each ends with the other. Where nobody stands by, the command is run.
"""

# ruff: noqa: PTH108, PTH109  # pathlib takes longer to import than all the rest

import json
import os
import select
import signal
import socket
import sys
import threading

LENGTH = 8
"""The bytes that say how long a message is."""

STREAMS = (0, 1, 2)


def give(path: str, command: "list[str]", arguments: "list[str]") -> None:
    """Pass on what this process was started with, and wait until the other process, or the engine, has gone."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # the engine's way to end a plugin; it needs no traceback
    engine = os.getppid()
    message = json.dumps({"arguments": arguments, "folder": os.getcwd(), "environment": dict(os.environ)}).encode()
    with socket.socket(socket.AF_UNIX) as connection:
        try:
            connection.connect(path)
        except OSError:
            os.execv(command[0], [*command, *arguments])
        socket.send_fds(connection, [len(message).to_bytes(LENGTH, "big")], STREAMS)
        connection.sendall(message)
        while os.getppid() == engine and not select.select([connection], [], [], 1)[0]:
            pass


def take(listening: int) -> None:
    """Wait, at a listening socket, for a plugin's start, and make it this process's own.

    The process ends at once with whoever started it, as its closed standard input shows, and afterwards with the one that hands over.
    """
    with socket.socket(fileno=listening) as listener:
        if listener not in select.select([listener, sys.stdin], [], [])[0]:
            os._exit(0)
        connection, _ = listener.accept()
        os.unlink(listener.getsockname())
    length, streams, _, _ = socket.recv_fds(connection, LENGTH, len(STREAMS))
    with connection.makefile("rb") as reader:
        start = json.loads(reader.read(int.from_bytes(length, "big")))
    for number, stream in zip(STREAMS, streams, strict=True):
        os.dup2(stream, number)
        os.close(stream)
    os.chdir(start["folder"])
    os.environ.clear()
    os.environ.update(start["environment"])
    sys.argv[1:] = start["arguments"]
    threading.Thread(target=_end_with, args=(connection,), daemon=True).start()


def end_at_once(*_: object) -> None:
    """For a signal: the engine waits for its plugins to end, and Python takes 0.1 s to put away what needs no putting away."""
    os._exit(0)


def _end_with(connection: socket.socket) -> None:
    connection.recv(1)
    os._exit(1)


if __name__ == "__main__":
    end = sys.argv.index("--")
    give(sys.argv[1], sys.argv[2:end], sys.argv[end + 1 :])
