"""`python -m local.provider [ENDPOINT]`: print the port, and serve until the parent process ends (local/plugins.py)."""

import gc
import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import grpc

from local.provider import models
from local.provider.cloud import Cloud
from local.provider.server import Provider
from local.provider.services import RESOURCES
from local.provider.wire import provider_pb2_grpc

_MESSAGE_BYTES = 400 * 1024 * 1024
"""Pulumi's own limit for a message. Source: sdk/go/common/util/rpcutil/serve.go."""


def _load_models() -> None:
    """Load AWS's models ahead: otherwise the first resource of each service waits for its model."""
    for service in {call.operation.partition(":")[0] for resource in RESOURCES.values() for call in resource.calls}:
        models.load(service)


def main(endpoint: str | None) -> None:
    """Serve on loopback, on a free port. `endpoint`: the emulator in which resources are created; None: none are."""
    server = grpc.server(
        ThreadPoolExecutor(max_workers=8),
        options=[("grpc.max_receive_message_length", _MESSAGE_BYTES), ("grpc.max_send_message_length", _MESSAGE_BYTES)],
    )
    cloud = Cloud(endpoint) if endpoint else None
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(Provider(cloud), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    parent = os.getppid()
    print(port, flush=True)
    while server.wait_for_termination(timeout=1.0):  # True: it timed out, and the server still runs
        if os.getppid() != parent:  # the run was killed, and nobody reads the answers
            os._exit(1)


if __name__ == "__main__":
    gc.set_threshold(100_000)  # AWS's models stay in memory, and scanning them takes long
    threading.Thread(target=_load_models, daemon=True).start()
    main(next(iter(sys.argv[1:]), None))
