"""Changes of a deployed stack, and what goes wrong around one: each with the real engine and an emulator of its own."""

from __future__ import annotations

import os
import shutil
import signal
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from local import LocalError, emulator, lifecycle
from local.provider.lives import LIVES
from tests.local.conftest import VENV, Run, clients


def changed(outcome: lifecycle.Outcome) -> dict[str, set[str]]:
    """The names of what was done, by operation; the provider's own entry follows its default tags."""
    found: dict[str, set[str]] = {}
    for urn, operation in outcome.operations.items():
        found.setdefault(operation, set()).add(urn.rpartition("::")[2])
    return found


def test_a_change_of_the_table_changes_what_carries_it_and_never_the_desired_count(act: Run, own_place: Path, plan: Any) -> None:
    """And then, as the stack is there: an emulator that was stopped loses nothing, and one that was killed is noticed."""
    assert act(lifecycle.up, own_place).succeeded
    ecs = clients(own_place)("ecs")
    engine_service: dict[str, Any] = {"cluster": "evolution-system-dev", "services": ["evolution-engine-dev"]}
    ecs.update_service(cluster="evolution-system-dev", service="evolution-engine-dev", desiredCount=5)  # as the autoscaler does
    before = ecs.describe_services(**engine_service)["services"][0]
    lowered = act(lifecycle.up, own_place, edits={"autonomy_percent": 74})
    assert lowered.succeeded, lowered.text
    tagged = {one.name for one in plan("dev").resources if "tags" in one.inputs}
    in_place = tagged - {"compute-engine-task"} | {"monitoring-dashboard", "aws"}
    assert changed(lowered) == {"update": in_place, "delete-replaced": {"compute-engine-task"}}, "nothing that holds data is replaced"
    after = ecs.describe_services(**engine_service, include=["TAGS"])["services"][0]
    assert after["desiredCount"] == 5
    assert after["taskDefinition"] != before["taskDefinition"]
    assert {"key": "Autonomy", "value": "74"} in after["tags"]
    alarms = clients(own_place)("cloudwatch").describe_alarms()["MetricAlarms"]
    assert [alarm["Threshold"] for alarm in alarms if alarm.get("MetricName") == "AutonomyPercentage"] == [74.0]

    clients(own_place)("dynamodb").put_item(TableName="evolution-checkpoints-dev", Item={"checkpoint_id": {"S": "one"}})
    assert emulator.stop(own_place, "dev")
    restarted = act(lifecycle.up, own_place, edits={"autonomy_percent": 74})
    assert (restarted.succeeded, restarted.operations, restarted.lost) == (True, {}, ()), restarted.text
    assert clients(own_place)("dynamodb").scan(TableName="evolution-checkpoints-dev")["Count"] == 1

    running = emulator.find(own_place, "dev")
    assert running
    os.kill(running.pid, signal.SIGKILL)
    for saved in (emulator.folder(own_place, "dev") / "state").glob("*"):
        shutil.rmtree(saved) if saved.is_dir() else saved.unlink()
    remade = act(lifecycle.up, own_place, edits={"autonomy_percent": 74})
    assert remade.succeeded, remade.text
    assert set(remade.lost) == {one.urn for one in plan("dev").resources if one.type in LIVES}
    assert set(remade.lost) == {urn for urn, operation in remade.operations.items() if operation == "create"}
    assert remade.resources == lowered.resources


class Faults:
    """What the way to the emulator does to requests: by a part of the target or body, how often it is refused and with what."""

    def __init__(self, *faults: tuple[str, int, str]) -> None:
        self._left = {part: [times, code] for part, times, code in faults}
        self._lock = threading.Lock()

    def take(self, request: str) -> str | None:
        with self._lock:
            for part, left in self._left.items():
                if part in request and left[0]:
                    left[0] = int(left[0]) - 1
                    return str(left[1])
        return None

    @property
    def unused(self) -> list[str]:
        return [part for part, left in self._left.items() if left[0]]


@contextmanager
def way_with(faults: Faults, port: int) -> Generator[str]:
    """The endpoint of a proxy before the emulator."""

    class Handler(BaseHTTPRequestHandler):
        def _pass(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            code = faults.take(f"{self.headers.get('X-Amz-Target')} {body[:200]!r}")
            if code:
                status, headers, answer = 400, {"Content-Type": "application/x-amz-json-1.1"}, f'{{"__type": "{code}"}}'.encode()
            else:
                sent = {name: value for name, value in self.headers.items() if name.lower() not in {"connection", "expect"}}
                url = f"http://127.0.0.1:{port}{self.path}"
                request = urllib.request.Request(url, data=body or None, headers=sent, method=self.command)
                try:
                    with urllib.request.urlopen(request, timeout=60) as there:
                        status, headers, answer = there.status, dict(there.headers), there.read()
                except urllib.error.HTTPError as error:
                    with error:
                        status, headers, answer = error.code, dict(error.headers), error.read()
            self.send_response(status)
            for name, value in headers.items():
                if name.lower() not in {"transfer-encoding", "content-length", "connection", "date", "server"}:
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(answer)

        do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = _pass  # noqa: N815 (the base class's names)

        def log_message(self, format: str, *args: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_a_throttled_call_is_tried_again_and_a_failed_one_loses_nothing(act: Run, own_place: Path, plan: Any) -> None:
    port = emulator.start(own_place, "dev", VENV).port
    faults = Faults(("AWSWAF_20190729.CreateWebACL", 5, "ThrottlingException"), ("CreateCluster", 1, "AccessDeniedException"))
    with way_with(faults, port) as endpoint:
        failed = act(lifecycle.up, own_place, endpoint=endpoint)
    assert not failed.succeeded
    assert faults.unused == []
    assert "ecs:CreateCluster was refused: AccessDeniedException" in failed.text
    assert "ThrottlingException" not in failed.text
    assert failed.resources > 20, "what was made is recorded"
    finished = act(lifecycle.up, own_place)
    assert finished.succeeded, finished.text
    planned = len(plan("dev").resources)
    assert finished.resources == planned
    assert len(changed(finished)["create"]) == planned - failed.resources
    vpcs = clients(own_place)("ec2").describe_vpcs()["Vpcs"]
    assert len([vpc for vpc in vpcs if not vpc["IsDefault"]]) == 1, "nothing is made twice"


def test_of_two_ups_at_once_one_is_refused(act: Run, own_place: Path) -> None:
    outcomes: list[Any] = []

    def one() -> None:
        try:
            outcomes.append(act(lifecycle.up, own_place, image="none"))
        except LocalError as error:
            outcomes.append(error)

    first = threading.Thread(target=one)
    first.start()
    while not (own_place / "lock").exists():
        time.sleep(0.05)
    with pytest.raises(LocalError, match="another local run"):
        act(lifecycle.up, own_place, image="none")
    first.join()
    assert outcomes[0].succeeded, outcomes


def test_with_the_first_image_the_alarms_that_fail_closed_are_made_anew_before_the_old_ones_go(act: Run, own_place: Path) -> None:
    """An alarm warms up only when it is made, and CloudWatch refuses to delete one that a composite depends on."""
    first = act(lifecycle.up, own_place, image="none")
    assert first.succeeded, first.text
    cloudwatch = clients(own_place)("cloudwatch")
    before = {alarm["AlarmName"] for alarm in cloudwatch.describe_alarms()["MetricAlarms"]}
    assert {name for name in before if "-idle-" in name} >= {"evolution-safety-score-idle-dev", "evolution-safety-score-worst-idle-dev"}
    imaged = act(lifecycle.up, own_place)
    assert imaged.succeeded, imaged.text
    alarms = {alarm["AlarmName"]: alarm for alarm in cloudwatch.describe_alarms()["MetricAlarms"]}
    assert alarms["evolution-safety-score-dev"]["TreatMissingData"] == "breaching"
    assert not [name for name in alarms if "-idle-" in name]
    [unsafe] = cloudwatch.describe_alarms(AlarmTypes=["CompositeAlarm"])["CompositeAlarms"]
    assert "-idle-" not in unsafe["AlarmRule"]
    steps = [
        "MetricAlarm monitoring-safety-score created replacement",
        "CompositeAlarm monitoring-unsafe updated",
        "MetricAlarm monitoring-safety-score deleted original",
    ]
    places = [imaged.text.index(step) for step in steps]
    assert places == sorted(places), "the composite must lead to the new alarm before the old one goes"
