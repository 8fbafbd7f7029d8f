"""Calls to AWS: retried while that can help, and with three kinds of errors."""

from __future__ import annotations

import importlib
import random
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

from engine import EngineError, items

boto3: Any = importlib.import_module("boto3")  # it publishes no types
config: Any = importlib.import_module("botocore.config")
exceptions: Any = importlib.import_module("botocore.exceptions")

ATTEMPTS = 5
"""How often a call is tried. botocore waits in between, with exponential backoff and jitter."""


MOST_WRITES = 100
"""The most writes of one transaction. Source: DynamoDB API reference, TransactWriteItems."""

MOST_GETS = 100
"""The most items of one request. Source: DynamoDB API reference, BatchGetItem."""

TTL = "ttl"
"""The attribute of the tables' TTL (components/data.py): when an item expires, in seconds since 1970."""


class StoreError(EngineError):
    """AWS can't be reached, or refuses the call. Nothing is lost: what isn't committed is done again."""


class ConditionFailedError(StoreError):
    """A condition doesn't hold. `conflict`: only for the moment, because of another transaction in progress."""

    def __init__(self, message: str, *, conflict: bool = False) -> None:
        super().__init__(message)
        self.conflict = conflict


class NotFoundError(StoreError):
    """There is no such object."""


def clients(region: str) -> dict[str, Any]:
    """One client for each service. Adaptive retries slow a worker down when the tables throttle it."""
    settings = config.Config(
        region_name=region, connect_timeout=5, read_timeout=20, retries={"mode": "adaptive", "total_max_attempts": ATTEMPTS}
    )
    session = boto3.session.Session()
    return {name: session.client(name, config=settings) for name in ("dynamodb", "s3", "ssm", "secretsmanager", "cloudwatch")}


def new(table: str, item: items.Item, key: str) -> dict[str, Any]:
    """A write, for a transaction, of an item that must not exist yet. `key` is the name of its partition key."""
    return {"Put": {"TableName": table, "Item": items.write(item), "ConditionExpression": f"attribute_not_exists({key})"}}


class Calls:
    """The clients of one worker. Each method is one call, retried where that can help; each raises StoreError if AWS fails."""

    def __init__(self, aws: Mapping[str, Any]) -> None:
        self._aws = aws
        self.write_units = 0.0
        """Write units that this worker has used."""

    def _get(self, table: str, key: Mapping[str, Any]) -> dict[str, Any] | None:
        item = self._call("dynamodb", "get_item", TableName=table, Key=items.write(key), ConsistentRead=True).get("Item")
        return next(iter(_not_expired([item])), None) if item else None

    def _get_all(self, table: str, keys: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Those of many items that exist, in any order."""
        found: list[dict[str, Any]] = []
        left = [items.write(key) for key in keys]
        for attempt in range(ATTEMPTS + -(-len(keys) // MOST_GETS)):
            if not left:
                return found
            now, left = left[:MOST_GETS], left[MOST_GETS:]
            answer = self._call("dynamodb", "batch_get_item", RequestItems={table: {"Keys": now, "ConsistentRead": True}})
            found += _not_expired(answer["Responses"].get(table, []))
            if again := answer.get("UnprocessedKeys", {}).get(table, {}).get("Keys"):
                left += again
                time.sleep(random.SystemRandom().uniform(0, 0.1 * 2 ** min(attempt, ATTEMPTS)))
        if left:
            raise StoreError(f"{table} leaves keys unread all the time")
        return found

    def _query(self, table: str, key: str, value: str, *, consistent: bool = True) -> list[dict[str, Any]]:
        """All items of a partition; DynamoDB gives a megabyte at a time."""
        parameters: dict[str, Any] = {
            "TableName": table,
            "KeyConditionExpression": f"{key} = :value",
            "ExpressionAttributeValues": {":value": {"S": value}},
            "ConsistentRead": consistent,
        }
        found: list[dict[str, Any]] = []
        while True:
            answer = self._call("dynamodb", "query", **parameters)
            found += _not_expired(answer["Items"])
            if not answer.get("LastEvaluatedKey"):
                return found
            parameters["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    def _transact(self, writes: Sequence[Mapping[str, Any]]) -> bool:
        """Do all of the writes or none; False if a condition doesn't hold. A conflict with another worker's write is retried."""
        for attempt in range(ATTEMPTS):
            try:
                self._write("transact_write_items", TransactItems=list(writes))
            except ConditionFailedError as error:
                if not error.conflict:
                    return False
                time.sleep(random.SystemRandom().uniform(0, 0.1 * 2**attempt))
            else:
                return True
        raise StoreError("other workers write to the same items all the time")

    def _write(self, operation: str, **parameters: Any) -> dict[str, Any]:
        answer = self._call("dynamodb", operation, ReturnConsumedCapacity="TOTAL", **parameters)
        used: Any = answer.get("ConsumedCapacity", [])
        each = cast(list[dict[str, float]], used if isinstance(used, list) else [used])
        self.write_units += sum(one.get("CapacityUnits", 0.0) for one in each)
        return answer

    def _call(self, service: str, operation: str, **parameters: Any) -> Any:
        try:
            return getattr(self._aws[service], operation)(**parameters)
        except exceptions.ClientError as error:
            code = error.response["Error"]["Code"]
            reasons = {reason.get("Code") for reason in error.response.get("CancellationReasons", [])}
            if (
                code in ("ConditionalCheckFailedException", "PreconditionFailed", "ConditionalRequestConflict")
                or "ConditionalCheckFailed" in reasons
            ):
                raise ConditionFailedError(str(error)) from None
            if "TransactionConflict" in reasons or code == "TransactionConflictException":
                raise ConditionFailedError(str(error), conflict=True) from None
            if code in ("NoSuchKey", "404", "ResourceNotFoundException"):
                raise NotFoundError(str(error)) from None
            raise StoreError(f"{service} refuses {operation}: {error}") from error
        except exceptions.BotoCoreError as error:
            raise StoreError(f"{service} can't be reached for {operation}: {error}") from error


def _not_expired(found: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Items without those that have expired: DynamoDB takes days to delete them, in any order."""
    now = time.time()
    return [item for item in map(items.read, found) if item.get(TTL, now + 1) > now]
