"""Run the provider as the engine runs a plugin: print the port, serve until the engine goes."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor

import grpc

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
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(Provider(cloud), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    parent = os.getppid()
    print(port, flush=True)
    while server.wait_for_termination(timeout=1.0):  # True: a second went by
        if os.getppid() != parent:  # an engine that was killed takes its providers with it
            server.stop(grace=None)


if __name__ == "__main__":
    main()
