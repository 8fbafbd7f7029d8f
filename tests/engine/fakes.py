"""AWS in memory, for more workers than an emulator serves: DynamoDB's conditions and transactions, what they cost, and what goes wrong."""

from __future__ import annotations

import copy
import math
import random
import re
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from engine import items
from engine.calls import MOST_GETS, MOST_WRITES, exceptions
from tests.engine.aws import KEYS, MODE
from tests.engine.test_islands import size

Item = dict[str, Any]

ATTEMPTS, TRANSIENT = 2, ("ThrottlingException", "InternalServerError")
"""botocore tries five times (engine/calls.py); with two, more reaches the engine."""

CONDITION = re.compile(r"(?:(attribute_not_exists|attribute_exists)\((\S+)\)|(\S+) = (\S+))")


class CrashError(SystemExit):
    """A worker is gone, with all its threads."""


@dataclass
class Faults:
    """What goes wrong with a call, by share of all calls.

    Attributes:
        stalled: a worker stands still for `stall_seconds`, before or after its call.
    """

    throttled: float = 0.0
    lost: float = 0.0
    crashed: float = 0.0
    stalled: float = 0.0
    stall_seconds: float = 0.0


def refusal(code: str, *reasons: str) -> Exception:
    """An error as botocore raises it."""
    response = {"Error": {"Code": code, "Message": "no"}, "CancellationReasons": [{"Code": one} for one in reasons]}
    return exceptions.ClientError(response, "operation")


@dataclass
class FakeCloud:
    """Three tables, a bucket and the mode.

    Attributes:
        calls: by operation.
        units: read and write units, by table and kind.
        made: how often each item was made anew.
    """

    tables: dict[str, dict[tuple[str, ...], Item]] = field(default_factory=lambda: {name: {} for name in KEYS})
    objects: dict[str, bytes] = field(default_factory=dict[str, bytes])
    mode: str = "running"
    calls: Counter[str] = field(default_factory=Counter[str])
    units: defaultdict[str, float] = field(default_factory=lambda: defaultdict[str, float](float))
    made: Counter[tuple[str, ...]] = field(default_factory=Counter[tuple[str, ...]])
    lock: threading.RLock = field(default_factory=threading.RLock)

    def start(self, evolution_id: str, *, generations: int, bounds: Mapping[str, int], seed: int = 7) -> None:
        """As the trigger does."""
        form: Item = {"generation": 0, "version": 1, "status": "running"}
        header: Item = {"evolution_id": evolution_id, "kind": "evolution", "seed": seed, "generations": generations, **form}
        header["bounds"] = {"kind": "bounds", "version": 1, **bounds}
        for item in (header, {"evolution_id": "current", "kind": "pointer", "active": evolution_id, **form}):
            self._put("evolution-state-dev", items.write(item))

    def clients(self, faults: Faults | None = None, seed: int = 0) -> dict[str, Any]:
        """The clients of one worker."""
        client = FakeClient(self, faults or Faults(), random.Random(seed))
        return dict.fromkeys(("dynamodb", "s3", "ssm", "secretsmanager", "cloudwatch"), client)

    def all_of(self, table: str, kind: str) -> list[dict[str, Any]]:
        """A table's items of a kind."""
        return [one for one in map(items.read, self.tables[table].values()) if one.get("kind") == kind]

    # DynamoDB.

    def get_item(self, **given: Any) -> Item:
        found = self.tables[given["TableName"]].get(_key(given["TableName"], given["Key"]))
        self._read(given["TableName"], found or {}, consistent=given["ConsistentRead"])
        return {"Item": copy.deepcopy(found)} if found else {}

    def batch_get_item(self, **given: Any) -> Item:
        ((table, wanted),) = given["RequestItems"].items()
        assert len(wanted["Keys"]) <= MOST_GETS
        found = [self.get_item(TableName=table, Key=key, ConsistentRead=wanted["ConsistentRead"]) for key in wanted["Keys"]]
        return {"Responses": {table: [one["Item"] for one in found if one]}, "UnprocessedKeys": {}}

    def query(self, **given: Any) -> Item:
        table, (value,) = given["TableName"], given["ExpressionAttributeValues"].values()
        first = next(iter(KEYS[table]))
        found = [item for item in self.tables[table].values() if item[first] == value]
        self._read(table, *found, consistent=given["ConsistentRead"])
        return {"Items": copy.deepcopy(found)}

    def put_item(self, **given: Any) -> Item:
        return self._one("Put", given)

    def update_item(self, **given: Any) -> Item:
        return self._one("Update", given)

    def _one(self, kind: str, given: Mapping[str, Any]) -> Item:
        used = self._written(kind, given)
        if not self._holds(given):
            raise refusal("ConditionalCheckFailedException")
        self._do(kind, given)
        return {"ConsumedCapacity": {"CapacityUnits": used}}

    def transact_write_items(self, **given: Any) -> Item:
        writes = [next(iter(one.items())) for one in given["TransactItems"]]
        assert len(writes) <= MOST_WRITES
        used = sum(self._written(*write) for write in writes)
        self.units["write once more, in transactions"] += used
        failed = [not self._holds(write) for _, write in writes]
        if any(failed):
            raise refusal("TransactionCanceledException", *("ConditionalCheckFailed" if one else "None" for one in failed))
        for write in writes:
            self._do(*write)
        return {"ConsumedCapacity": [{"CapacityUnits": 2 * used}]}

    def _read(self, table: str, *found: Item, consistent: bool) -> None:
        units = max(1, math.ceil(sum(map(size, found)) / 4096)) * (1 if consistent else 0.5)
        self.units[f"read {table}"] += units

    def _written(self, kind: str, given: Mapping[str, Any]) -> int:
        """Write units: of what is there, or of what is put."""
        there = self.tables[given["TableName"]].get(_key(given["TableName"], given.get("Key") or given["Item"]), {})
        units = max(1, math.ceil(max(size(there) if there else 0, size(given.get("Item", {})) if kind == "Put" else 0) / 1024))
        self.units[f"write {given['TableName']}"] += units
        return units

    def _holds(self, given: Mapping[str, Any]) -> bool:
        there = self.tables[given["TableName"]].get(_key(given["TableName"], given.get("Key") or given["Item"]), {})
        names, values = given.get("ExpressionAttributeNames", {}), given.get("ExpressionAttributeValues", {})
        for one in filter(None, given.get("ConditionExpression", "").split(" AND ")):
            match = CONDITION.fullmatch(one)
            assert match, one
            function, attribute, name, value = match.groups()
            if function:
                holds = (names.get(attribute, attribute) in there) == (function == "attribute_exists")
            else:
                holds = there.get(names.get(name, name)) == values[value]
            if not holds:
                return False
        return True

    def _do(self, kind: str, given: Mapping[str, Any]) -> None:
        table = given["TableName"]
        if kind == "Put":
            self._put(table, given["Item"])
        elif kind == "Update":
            there = self.tables[table].setdefault(_key(table, given["Key"]), copy.deepcopy(given["Key"]))
            names, values = given.get("ExpressionAttributeNames", {}), given["ExpressionAttributeValues"]
            sets, _, adds = given["UpdateExpression"].removeprefix("SET ").partition(" ADD ")
            for one in sets.split(", "):
                name, value = one.split(" = ")
                there[names.get(name, name)] = values[value]
            for one in filter(None, adds.split(", ")):
                name, value = one.split()
                there[name] = {"N": str(int(there.get(name, {"N": "0"})["N"]) + int(values[value]["N"]))}
        else:
            assert kind == "ConditionCheck", kind

    def _put(self, table: str, item: Item) -> None:
        key = _key(table, item)
        self.made[(table, *key)] += 1
        self.tables[table][key] = copy.deepcopy(item)

    # The others.

    def put_object(self, **given: Any) -> Item:
        if "IfNoneMatch" in given and given["Key"] in self.objects:
            raise refusal("PreconditionFailed")
        self.objects[given["Key"]] = given["Body"]
        return {}

    def get_object(self, **given: Any) -> Item:
        if given["Key"] not in self.objects:
            raise refusal("NoSuchKey")
        return {"Body": _Body(self.objects[given["Key"]])}

    def get_parameter(self, **given: Any) -> Item:
        assert given["Name"] == MODE
        return {"Parameter": {"Value": self.mode}}


@dataclass
class _Body:
    content: bytes

    def read(self) -> bytes:
        return self.content


def _key(table: str, item: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(next(iter(item[name].values())) for name in KEYS[table])


class FakeClient:
    """One worker's way to the cloud: one call at a time, and some of them go wrong. Like botocore, it tries some of these again."""

    def __init__(self, cloud: FakeCloud, faults: Faults, draw: random.Random) -> None:
        self._cloud, self._faults, self._draw = cloud, faults, draw
        self._gone = False

    def __getattr__(self, operation: str) -> Any:
        def ask(**given: Any) -> Any:
            for left in reversed(range(ATTEMPTS)):
                try:
                    return self._once(operation, given)
                except exceptions.ClientError as error:
                    if error.response["Error"]["Code"] not in TRANSIENT or not left:
                        raise
            raise AssertionError

        return ask

    def _once(self, operation: str, given: Mapping[str, Any]) -> Any:
        self._stand()
        with self._cloud.lock:
            self._cloud.calls[operation] += 1
            if self._draw.random() < self._faults.throttled:
                raise refusal("ThrottlingException")
            answer = getattr(self._cloud, operation)(**given)
        self._stand()
        if self._draw.random() < self._faults.lost:
            raise refusal("InternalServerError")
        return answer

    def _stand(self) -> None:
        """Before a call, and after it: stall, or be gone."""
        if self._draw.random() < self._faults.stalled / 2:
            time.sleep(self._faults.stall_seconds)
        if self._gone or self._draw.random() < self._faults.crashed / 2:
            self._gone = True
            raise CrashError
