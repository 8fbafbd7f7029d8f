"""Every row of a stack's table changed, one by one, by `make up` with the real Pulumi CLI in an emulator (make rows STACK=staging).

An evolution runs all the while, with an engine and a safety monitor in processes that are started again whenever their task definition
tells them something else. Prints what each change did, and what came of it all. The emulator knows no warm-up: an alarm that
sleeps on AWS while a new figure comes into force may fire here, and is told of.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from engine import items
from local import LocalError, emulator, lifecycle
from local.stackfile import IMAGE_KEY, NO_IMAGE
from local.state import StackState
from tests import apart
from tests.local.conftest import VENV
from tests.local.test_engine_in_emulator import Tasks
from tests.rows import FIRST_IMAGE, FOR_GOOD, PROTECTED, ROWS, operations, with_rows

WORKERS = {"engine": "evolution-engine", "monitor": "evolution-safety-monitor"}
"""By command, the family of the task definition."""


def act(command: Callable[..., Any], stack: str, place: Path, table: Mapping[str, object]) -> lifecycle.Outcome:
    """One command, in a process of its own, as for a person."""
    where = lifecycle.Target(stack=stack, place=place, venv=VENV, edits=table, image=NO_IMAGE if table[IMAGE_KEY] is None else None)
    return apart.call(command, where)


def legs(stack: str, rows: Collection[str]) -> Iterator[tuple[str, str, dict[str, object], dict[str, object], Mapping[str, str]]]:
    """Each change and, where it is allowed, its opposite: the row, what is done, the rows before and after, and what must change."""
    first = [(row, change) for row in rows for change in ROWS[row] if stack in change.stacks]
    for row, change in sorted(first, key=lambda one: one[1].kind != FIRST_IMAGE):
        before, after = (change.rows(stack, row, value) for value in (change.before, change.after))
        yield row, change.kind, before, after, change.expected
        if change.back:
            yield row, "back", after, before, change.expected_back


class Running:
    """A stack that is up, with its tasks and an evolution."""

    def __init__(self, stack: str, place: Path) -> None:
        self._stack = stack
        self._tasks = Tasks(place, place / "poison", stack)
        self._told: dict[str, dict[str, str]] = {}
        self._begun = 0
        self.ended: Counter[str] = Counter()
        self.modes: Counter[str] = Counter()
        self.alarms: Counter[str] = Counter()
        self._evolution = ""

    def look(self) -> None:
        """Start the tasks of new revisions, see how the evolution does and begin the next one once it has ended, and note the mode."""
        for command, family in WORKERS.items():
            told = self._tasks.environment(f"{family}-{self._stack}")
            if told != self._told.get(command):
                if command in self._told:
                    self._tasks.stop(command)
                self._tasks.start(command, command, f"{family}-{self._stack}")
                self._told[command] = told
        status = self._status() if self._evolution else ""
        if status != "running":
            self.ended.update([status] if status else ())
            self._begin()
        firing = self._tasks.client("cloudwatch").describe_alarms(AlarmTypes=["MetricAlarm", "CompositeAlarm"], StateValue="ALARM")
        self.alarms.update(one["AlarmName"] for one in (*firing["MetricAlarms"], *firing["CompositeAlarms"]))
        parameter = self._tasks.client("ssm").get_parameter(Name=f"/evolution/{self._stack}/mode")
        self.modes[parameter["Parameter"]["Value"]] += 1

    def end(self) -> None:
        self._tasks.end()

    def _begin(self) -> None:
        self._begun += 1
        at = f"2026-11-24T{self._begun // 60:02d}:{self._begun % 60:02d}:00Z"
        event = json.dumps({"scheduled_time": at})
        answer = self._tasks.client("lambda").invoke(FunctionName=f"evolution-trigger-{self._stack}", Payload=event)
        told = json.loads(answer["Payload"].read())
        assert told.get("outcome") == "started", (told, self.alarms, self._tasks.said("monitor")[-3000:])
        self._evolution = f"evo-{re.sub('[-:]', '', at)}"

    def _status(self) -> str:
        key = items.write({"evolution_id": self._evolution, "generation": 0})
        table = self._tasks.client("dynamodb")
        return items.read(table.get_item(TableName=f"evolution-state-{self._stack}", Key=key, ConsistentRead=True)["Item"])["status"]


def change_all(stack: str, place: Path, only: Collection[str], say: Callable[[str], object]) -> list[str]:
    """RowChange every row of a stack, and say what went wrong."""
    wrong: list[str] = []
    rows: dict[str, object] = {IMAGE_KEY: None}
    made = act(lifecycle.up, stack, place, with_rows(stack, rows))
    assert made.succeeded, made.text
    running = Running(stack, place)
    errors = replaced = deployments = 0
    done: Counter[str] = Counter()
    try:
        for row, kind, before, after, expected in legs(stack, only):
            for step, asked in (("first", before), (kind, after)):
                if with_rows(stack, rows) == with_rows(stack, asked):
                    continue
                if rows.get(IMAGE_KEY, "") is not None:
                    running.look()
                protected = {name_of(urn) for urn, one in StackState(place, stack).resources().items() if one.get("protect")}
                started = time.monotonic()
                outcome = act(lifecycle.up, stack, place, with_rows(stack, asked))
                rows, deployments = asked, deployments + 1
                did = operations(outcome.operations)
                counted = ", ".join(f"{count} {what}" for what, count in sorted(Counter(did.values()).items())) or "nothing"
                say(f"{row}, {step}: {counted}, {time.monotonic() - started:.0f} s")
                done.update(did.values())
                gone = protected & {name for name, what in did.items() if what in {"replace", "delete"}}
                replaced += len(gone)
                if not outcome.succeeded:
                    errors += 1
                    wrong.append(f"{row}, {step}: {outcome.text}")
                if gone:
                    wrong.append(f"{row}, {step}: {', '.join(gone)} is protected")
                if asked is after and step == kind and did != dict(expected):
                    wrong.append(f"{row}, {step}: expected {dict(expected)}, and it was {did}")
        running.look()
        for row, (value, _, _) in FOR_GOOD.items():
            refused = act(lifecycle.up, stack, place, with_rows(stack, {**rows, row: value}))
            said = "protect" in refused.text and not refused.succeeded
            say(f"{row}: {'refused before anything was done' if said else 'NOT refused'}")
            if not said:
                wrong.append(f"{row}: {refused.text}")
        refreshed = act(lifecycle.refresh, stack, place, with_rows(stack, rows))
        again = act(lifecycle.up, stack, place, with_rows(stack, rows))
        running.look()
    finally:
        running.end()
    for what, outcome in (("refresh", refreshed), ("up after it", again)):
        if not outcome.succeeded or set(outcome.changes) != {"same"}:
            wrong.append(f"{what}: {outcome.text}")
    say(f"{stack}: {deployments} changes deployed, {errors} errors, {replaced} protected resources replaced or deleted; {dict(done)}")
    say(f"  mode: {dict(running.modes)}; alarms that fired: {dict(running.alarms)}; evolutions: {dict(running.ended)} and one that runs")
    say(f"  refresh: {dict(refreshed.changes)}; up after it: {dict(again.changes)}")
    if set(running.modes) != {"running"} or set(running.ended) - {"finished"}:
        wrong.append(f"the mode was {dict(running.modes)}, and evolutions ended {dict(running.ended)}")
    return wrong


def name_of(urn: str) -> str:
    return urn.rpartition("::")[2]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("stack", choices=PROTECTED)
    parser.add_argument("rows", nargs="*", default=[*ROWS], help="default: all")
    given = parser.parse_args()
    stack: str = given.stack
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        try:
            wrong = change_all(stack, place, given.rows, lambda line: print(line, flush=True))
        except LocalError as error:
            wrong = [str(error)]
        finally:
            emulator.stop(place, stack)
    for one in wrong:
        print(f"WRONG: {one}", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
