"""Run the provider as the engine runs a plugin: print the port, serve until the engine goes.

With `--standby SOCKET` it is started later (local/standby.py).
"""

from __future__ import annotations

import gc
import os
import signal
import sys
from concurrent.futures import ThreadPoolExecutor

import grpc

from local import handover
from local.provider import models
from local.provider.catalogue import RESOURCES
from local.provider.cloud import ENDPOINT_VARIABLE, Cloud
from local.provider.server import Provider
from local.provider.wire import provider_pb2_grpc

_MESSAGE_BYTES = 400 * 1024 * 1024
"""The engine's own limit for a message. Source: sdk/go/common/util/rpcutil/serve.go."""


def main() -> None:
    """Serve on loopback, on a free port, until the engine ends or kills the process."""
    server = grpc.server(
        ThreadPoolExecutor(max_workers=8),
        options=[("grpc.max_receive_message_length", _MESSAGE_BYTES), ("grpc.max_send_message_length", _MESSAGE_BYTES)],
    )
    endpoint = os.environ.get(ENDPOINT_VARIABLE)
    cloud = Cloud(endpoint) if endpoint else None
    if not cloud:  # so that nothing can be left unfinished
        signal.signal(signal.SIGINT, handover.end_at_once)
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(Provider(cloud), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    parent = os.getppid()
    print(port, flush=True)
    while server.wait_for_termination(timeout=1.0):  # True: a second went by
        if os.getppid() != parent:  # an engine that was killed takes its providers with it, whatever they are doing: nobody hears of it
            os._exit(1)


if __name__ == "__main__":
    gc.set_threshold(100_000)  # AWS's models stay, and are much to look through
    if sys.argv[1:2] == ["--standby"]:
        for service in {call.operation.partition(":")[0] for resource in RESOURCES.values() for call in resource.calls}:
            models.load(service)  # else the first resource of each waits for it
        handover.take(int(sys.argv[2]))
    main()
