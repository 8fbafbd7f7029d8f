"""A stack that runs in an emulator, for tests that use it: its functions are invoked, its alarms fire, its data change."""

from __future__ import annotations

import base64
import functools
import importlib
import json
import socket
import threading
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from local import emulator
from tests.components.tables import env_of

boto3: Any = importlib.import_module("boto3")  # it publishes no types

ACCOUNT, REGION, STACK = "000000000000", "us-east-1", "dev"
MODE = f"/evolution/{STACK}/mode"
CLUSTER, SERVICE = f"evolution-system-{STACK}", f"evolution-engine-{STACK}"
TARGET = {
    "ServiceNamespace": "ecs",
    "ResourceId": f"service/{CLUSTER}/{SERVICE}",
    "ScalableDimension": "ecs:service:DesiredCount",
}
ENGINE = env_of(STACK).engine
"""Its size in the committed table."""

SUSPENDED = ("DynamicScalingInSuspended", "DynamicScalingOutSuspended", "ScheduledScalingSuspended")
UNSAFE = f"evolution-unsafe-{STACK}"
SCORE = f"evolution-safety-score-{STACK}"
TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:evolution-system-alerts-{STACK}"
TABLE = f"evolution-state-{STACK}"
BUCKET = f"evolution-artifacts-{STACK}-{ACCOUNT}-{REGION}"
QUEUE = f"evolution-dead-letters-{STACK}"

PATIENCE_SECONDS = 120
"""An idle emulator needs less than one, and one on a busy machine a few."""


def clients(place: Path, stack: str = "dev", region: str = "us-east-1") -> Callable[[str], Any]:
    """`clients(place)("ecs")`: boto3's client for a service of the stack's emulator, made once: making one takes as long as some calls."""
    port = json.loads((emulator.folder(place, stack) / "process.json").read_text(encoding="utf-8"))["port"]

    @functools.cache
    def client(service: str) -> Any:
        return boto3.client(
            service,
            endpoint_url=f"http://127.0.0.1:{port}",
            region_name=region,
            aws_access_key_id="local",
            aws_secret_access_key="local",
        )

    return client


@dataclass(frozen=True, kw_only=True)
class Invoked:
    """What a deployed function gave back, the lines of its log, and all of the log as it is."""

    answer: Any
    failed: bool
    log: list[dict[str, Any]]
    text: str


@dataclass(frozen=True, kw_only=True)
class Halt:
    """All that a halt changes: the mode, the autoscaler's bounds and whether it is suspended, and the desired count."""

    mode: str
    bounds: tuple[int, int, bool] | None
    desired: int | None


@dataclass(frozen=True)
class System:
    """dev, as it was brought up at a place."""

    place: Path

    @functools.cached_property
    def _client(self) -> Callable[[str], Any]:
        return clients(self.place)

    def __call__(self, service: str) -> Any:
        """boto3's client."""
        return self._client(service)

    def invoke(self, function: str, event: object) -> Invoked:
        """Invoke a function as whoever waits for its answer does."""
        answer = self("lambda").invoke(FunctionName=f"{function}-{STACK}", Payload=json.dumps(event).encode(), LogType="Tail")
        text = base64.b64decode(answer.get("LogResult", "")).decode()
        return Invoked(
            answer=json.loads(answer["Payload"].read()),
            failed="FunctionError" in answer,
            log=[json.loads(line) for line in text.splitlines() if line.startswith("{")],
            text=text,
        )

    def halt(self) -> Halt:
        """What is halted now."""
        targets = self("application-autoscaling").describe_scalable_targets(ServiceNamespace="ecs")["ScalableTargets"]
        services = self("ecs").describe_services(cluster=CLUSTER, services=[SERVICE])["services"]
        bounds: list[tuple[int, int, bool]] = []
        for target in targets:
            suspended = [target.get("SuspendedState", {}).get(kind, False) for kind in SUSPENDED]
            bounds.append((target["MinCapacity"], target["MaxCapacity"], all(suspended)))
        return Halt(
            mode=self("ssm").get_parameter(Name=MODE)["Parameter"]["Value"],
            bounds=bounds[0] if bounds else None,
            desired=next((one["desiredCount"] for one in services if one["status"] == "ACTIVE"), None),
        )

    def run_freely(self, minimum: int = ENGINE.minimum, maximum: int = ENGINE.maximum, desired: int = ENGINE.desired) -> None:
        """What an operator could do by hand: the mode, the bounds, the count."""
        self("ssm").put_parameter(Name=MODE, Value="running", Overwrite=True)
        self("application-autoscaling").register_scalable_target(
            **TARGET, MinCapacity=minimum, MaxCapacity=maximum, SuspendedState=dict.fromkeys(SUSPENDED, False)
        )
        self("ecs").update_service(cluster=CLUSTER, service=SERVICE, desiredCount=desired)

    def alarm(self) -> str:
        """The composite's state."""
        (alarm,) = self("cloudwatch").describe_alarms(AlarmNames=[UNSAFE], AlarmTypes=["CompositeAlarm"])["CompositeAlarms"]
        return alarm["StateValue"]

    def set_alarm(self, state: str) -> None:
        """Set the safety score's alarm, which the composite follows."""
        self("cloudwatch").set_alarm_state(AlarmName=SCORE, StateValue=state, StateReason="a test")

    def item(self, name: str) -> dict[str, Any] | None:
        """An item of the state table, of generation 0."""
        return self("dynamodb").get_item(TableName=TABLE, Key={"evolution_id": {"S": name}, "generation": {"N": "0"}}).get("Item")

    def archived(self) -> list[str]:
        """The keys below `evolutions/`."""
        return [one["Key"] for one in self("s3").list_objects_v2(Bucket=BUCKET, Prefix="evolutions/").get("Contents", [])]

    def letters(self) -> list[dict[str, Any]]:
        """Takes what is in the dead-letter queue."""
        queue = self("sqs")
        url = queue.get_queue_url(QueueName=QUEUE)["QueueUrl"]
        taken = queue.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
        for message in taken:
            queue.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return [json.loads(message["Body"]) for message in taken]

    def clear(self) -> None:
        """Back to a system that runs, is safe and has done nothing yet."""
        for alarm in self("cloudwatch").describe_alarms(AlarmTypes=["MetricAlarm"])["MetricAlarms"]:
            if alarm["StateValue"] == "ALARM":
                self("cloudwatch").set_alarm_state(AlarmName=alarm["AlarmName"], StateValue="OK", StateReason="a test")
        table, bucket = self("dynamodb"), self("s3")
        for item in table.scan(TableName=TABLE)["Items"]:
            table.delete_item(TableName=TABLE, Key={key: item[key] for key in ("evolution_id", "generation")})
        for version in bucket.list_object_versions(Bucket=BUCKET).get("Versions", []):
            bucket.delete_object(Bucket=BUCKET, Key=version["Key"], VersionId=version["VersionId"])
        while self.letters():
            pass
        self.run_freely()

    @contextmanager
    def told(self, function: str, **variables: str) -> Generator[None]:
        """A function with other environment variables, for a while."""
        name, client = f"{function}-{STACK}", self("lambda")
        before: Mapping[str, str] = client.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
        client.update_function_configuration(FunctionName=name, Environment={"Variables": {**before, **variables}})
        try:
            yield
        finally:
            client.update_function_configuration(FunctionName=name, Environment={"Variables": before})


def until(true: Callable[[], object], seconds: float = PATIENCE_SECONDS) -> float:
    """Wait until something is true, and say how many seconds that took."""
    start = time.monotonic()
    while not true():
        waited = time.monotonic() - start
        assert waited < seconds, f"it isn't so after {seconds} s"
        time.sleep(max(0.05, waited / 20))  # asking takes both processes' time
    return time.monotonic() - start


@dataclass
class Stub:
    """An HTTP server on loopback in a service's place. It keeps what it was sent, and answers all of it alike but for the first `busy`
    requests, which it throttles."""

    status: int = 200
    kind: str = "application/json"
    body: bytes = b"{}"
    busy: int = 0
    requests: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list[tuple[str, dict[str, str], bytes]])
    url: str = ""


@contextmanager
def stub(status: int = 200, body: object = None, kind: str = "application/json", busy: int = 0) -> Generator[Stub]:
    """A `Stub` that listens; `body` is JSON, or bytes as they are."""
    served = Stub(status, kind, body if isinstance(body, bytes) else json.dumps(body or {}).encode(), busy)

    class Answer(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            content = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            served.requests.append((self.path, dict(self.headers.items()), content))
            throttled = len(served.requests) <= served.busy
            body = b'{"__type": "ThrottlingException", "message": "Too many requests."}' if throttled else served.body
            self.send_response(429 if throttled else served.status)
            self.send_header("Content-Type", served.kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_PUT = do_POST  # noqa: N815

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    served.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield served
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def silence() -> Generator[str]:
    """The address of a server that takes no connection: its queue is full, so whoever calls waits until they give up."""
    with socket.socket() as server, ExitStack() as waiting:
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        for _ in range(4):
            caller = waiting.enter_context(socket.socket())
            caller.setblocking(False)
            caller.connect_ex(server.getsockname())
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
