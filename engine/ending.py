"""The writes that end an evolution: one transaction of at most six, however many islands there are."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

from engine import items
from engine.calls import TTL, new
from engine.records import Lease
from engine.settings import Storage

LASTING_SECONDS = 365 * 24 * 3600
"""How long headers, records and decisions stay: a year, as prod's logs. The archive of finished evolutions is in the bucket."""


def writes_of_end(
    tables: Storage, evolution_id: str, outcome: items.Item, promotions: Sequence[Mapping[str, Any]], lease: Lease
) -> list[dict[str, Any]]:
    """Write the outcome into the header, reset the pointer, and store and count the promotions.

    Conditions: the evolution is running, and `lease` hasn't been claimed since. All promotions are in one item: with an item for each, 256
    islands would need more writes than one transaction has, and a worker that dies between two transactions would leave some of them to
    repair or to count twice. engine/approvals.py reads them.
    """
    expires = {TTL: int(time.time()) + LASTING_SECONDS}
    given = {**outcome, **expires}
    sets = {f"#{name}": name for name in given}
    writes: list[dict[str, Any]] = [
        {
            "Update": {
                "TableName": tables.state_table,
                "Key": items.write({"evolution_id": evolution_id, "generation": 0}),
                "UpdateExpression": "SET " + ", ".join(f"{name} = :{name[1:]}" for name in sets),
                "ConditionExpression": "#status = :running",
                "ExpressionAttributeNames": sets,
                "ExpressionAttributeValues": items.write({f":{name}": value for name, value in given.items()} | {":running": "running"}),
            }
        },
        {
            "Update": {
                "TableName": tables.state_table,
                "Key": items.write({"evolution_id": "current", "generation": 0}),
                "UpdateExpression": "SET #status = :idle",
                "ConditionExpression": "active = :id",
                "ExpressionAttributeNames": {"#status": "status"},
                "ExpressionAttributeValues": items.write({":idle": "idle", ":id": evolution_id}),
            }
        },
    ]
    table = tables.population_table
    check = {"ConditionExpression": "#token = :token", "ExpressionAttributeNames": {"#token": "token"}}
    key = {"population_id": evolution_id, "agent_id": lease.name}
    values = {":token": {"N": str(lease.token)}}
    writes.append({"ConditionCheck": {"TableName": table, "Key": items.write(key), **check, "ExpressionAttributeValues": values}})
    champions = {one["agent_id"]: {name: value for name, value in one.items() if name != "agent_id"} for one in promotions}
    waiting = {one["agent_id"]: True for one in promotions if one["status"] == "awaiting_approval"}
    for queue, content in (("promotions", champions), ("waiting", waiting)):
        if content:
            item = {
                "population_id": queue,
                "agent_id": evolution_id,
                "kind": queue,
                "version": items.VERSION,
                "champions": content,
                **expires,
            }
            writes.append(new(table, item, "population_id"))
    if counted := [one["status"] for one in promotions if one["status"] != "refused"]:
        key = {"population_id": "control", "agent_id": "promotions"}
        values = {":kind": "control", ":one": 1, ":all": len(counted), ":alone": counted.count("promoted")}
        writes.append(
            {
                "Update": {
                    "TableName": table,
                    "Key": items.write(key),
                    "UpdateExpression": "SET kind = :kind, version = :one ADD decided :all, autonomous :alone",
                    "ExpressionAttributeValues": items.write(values),
                }
            }
        )
    return writes
