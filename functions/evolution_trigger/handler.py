"""Starts one evolution if none runs and the mode is `running`. The engine finds it in the state table and runs it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from common import mode
from common.aws import AwsError, call
from common.entry import InvocationContext, entry
from common.results import FunctionError, RequestRefusedError, Result
from common.settings import number, setting
from common.shape import as_list, as_object, text

VERSION = 1
"""The version of the items."""

SCHEDULED = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z")
"""How EventBridge Scheduler writes `<aws.scheduler.scheduled-time>`."""

CONFLICTS = frozenset({"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"})
"""Why a transaction is cancelled that may succeed the next time. Source: API reference, TransactWriteItems."""


@dataclass(frozen=True, kw_only=True)
class NewEvolution:
    """An evolution to start. The same scheduled time gives the same evolution, however often the event is delivered.

    Attributes:
        bounds: rows of the table, which the evolution keeps until its end.
    """

    id: str
    seed: int
    generations: int
    bounds: Mapping[str, int]
    started_at: str


@entry(fails=True)
def handler(event: object, call: InvocationContext) -> Result:  # noqa: ARG001 (Lambda passes it)
    """`started`; or `already_running`, or `already_started` where the same scheduled time has started it before.

    Raises:
        RequestRefusedError: the mode isn't `running`, or the event isn't the schedule's.
        FunctionError: the table can't be written.
    """
    scheduled = _scheduled_time(event)
    evolution = _evolution(scheduled)
    mode.require_running()
    return _start(evolution)


def _scheduled_time(event: object) -> datetime:
    scheduled = text(as_object(event).get("scheduled_time"))
    try:
        if not SCHEDULED.fullmatch(scheduled):
            raise ValueError
        return datetime.strptime(scheduled, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError:
        raise RequestRefusedError(
            "bad_event",
            "The event isn't the schedule's: it has no scheduled_time.",
            'Send {"scheduled_time": "2026-01-31T06:00:00Z"}, as the schedule does.',
        ) from None


def _evolution(scheduled: datetime) -> NewEvolution:
    name = f"evo-{scheduled:%Y%m%dT%H%M%SZ}"
    return NewEvolution(
        id=name,
        seed=int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big"),
        generations=number("EVOLUTION_GENERATIONS"),
        bounds={
            "islands": number("EVOLUTION_ISLANDS"),
            "max_concurrent_agents": number("MAX_CONCURRENT_AGENTS"),
            "agent_memory_bytes": number("AGENT_MEMORY_LIMIT"),
        },
        started_at=f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
    )


def _start(evolution: NewEvolution) -> Result:
    """Write the pointer and the evolution's header in one transaction."""
    table = setting("EVOLUTION_STATE_TABLE")
    pointer = {
        "Put": {
            "TableName": table,
            "Item": {**_key("current"), **_form("pointer"), "status": {"S": "running"}, "active": {"S": evolution.id}},
            "ConditionExpression": "attribute_not_exists(evolution_id) OR #status <> :running",
            "ExpressionAttributeNames": {"#status": "status"},
            "ExpressionAttributeValues": {":running": {"S": "running"}},
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }
    }
    bounds = {name: {"N": str(value)} for name, value in evolution.bounds.items()}
    header = {
        "Put": {
            "TableName": table,
            "Item": {
                **_key(evolution.id),
                **_form("evolution"),
                "status": {"S": "running"},
                "started_at": {"S": evolution.started_at},
                "seed": {"N": str(evolution.seed)},
                "generations": {"N": str(evolution.generations)},
                "bounds": {"M": {**_form("bounds"), **bounds}},
            },
            "ConditionExpression": "attribute_not_exists(evolution_id)",
        }
    }
    try:
        call("dynamodb:TransactWriteItems", {"TransactItems": [pointer, header]})
    except AwsError as failure:
        if failure.code != "TransactionCanceledException":
            raise
        return _not_started(evolution, failure)
    return Result(
        outcome="started",
        message=f"{evolution.id} has started.",
        details={"evolution_id": evolution.id, "seed": evolution.seed, "generations": evolution.generations},
    )


def _not_started(evolution: NewEvolution, failure: AwsError) -> Result:
    """The result of a cancelled transaction. The reasons are in the order of its two items."""
    reasons = [as_object(reason) for reason in as_list(failure.answer.get("CancellationReasons"))]
    codes = [text(reason.get("Code")) for reason in reasons]
    if CONFLICTS & set(codes):
        raise FunctionError("throttled", f"The state table is busy: {failure.said}", "The schedule tries again by itself.")
    if "ConditionalCheckFailed" not in codes:
        raise failure
    active = text(as_object(as_object(reasons[0].get("Item")).get("active")).get("S"))
    details = {"evolution_id": evolution.id, "active": active}
    if active == evolution.id or codes[0] != "ConditionalCheckFailed":
        return Result(
            outcome="already_started", message=f"{evolution.id} was started before: the event was delivered twice.", details=details
        )
    return Result(outcome="already_running", message=f"{active or 'An evolution'} still runs, so none was started.", details=details)


def _key(name: str) -> dict[str, object]:
    return {"evolution_id": {"S": name}, "generation": {"N": "0"}}


def _form(kind: str) -> dict[str, object]:
    return {"kind": {"S": kind}, "version": {"N": str(VERSION)}}
