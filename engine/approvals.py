"""The champions that await approval.

    promotions / <evolution>    the decision on each of an evolution's champions
    waiting / <evolution>       which of them are waiting; deleted when none is

Evolutions that ended before these items were introduced have one item for each champion, in `promotions` and in `awaiting`.
"""

from __future__ import annotations

from typing import Any

from engine import items
from engine.calls import Calls
from engine.records import now
from engine.settings import Storage


class Approvals(Calls):
    """The approval queue, and a person's decisions."""

    _settings: Storage

    def awaiting(self) -> list[dict[str, Any]]:
        """The promotions that await approval."""
        table = self._settings.population_table
        found = self._query(table, "population_id", "awaiting")
        for waiting in self._query(table, "population_id", "waiting"):
            evolution_id = waiting["agent_id"]
            promotions = self._get(table, {"population_id": "promotions", "agent_id": evolution_id}) or {}
            champions = items.expect("promotions", promotions, f"promotions/{evolution_id}")["champions"]
            found += [{"agent_id": agent_id, **champions[agent_id]} for agent_id in waiting["champions"]]
        return found

    def decide(self, agent_id: str, status: str, by: str) -> bool:
        """Promote or refuse a waiting champion; False if it doesn't wait."""
        state, evolution_id = self._settings.state_table, agent_id.partition("/")[0]
        values = {":status": status, ":by": by, ":at": now()}
        if not self._transact(self._decision(evolution_id, agent_id, values)):
            return False
        header = self._get(state, {"evolution_id": evolution_id, "generation": 0})
        if header and header.get("champion", {}).get("agent_id") == agent_id:
            self._write(
                "update_item",
                TableName=state,
                Key=items.write({"evolution_id": evolution_id, "generation": 0}),
                UpdateExpression="SET promotion = :status",
                ExpressionAttributeValues={":status": {"S": status}},
            )
        return True

    def _decision(self, evolution_id: str, agent_id: str, values: items.Item) -> list[dict[str, Any]]:
        """Remove the champion from the queue and record the decision, on the condition that it is in the queue."""
        table = self._settings.population_table
        waiting = (self._get(table, {"population_id": "waiting", "agent_id": evolution_id}) or {}).get("champions", {})
        if agent_id in waiting:
            queue, sort, path, names = "waiting", evolution_id, "champions.#agent", {"#agent": agent_id}
        else:
            queue, sort, path, names = "awaiting", agent_id, "agent_id", dict[str, str]()
        waits: dict[str, Any] = {
            "TableName": table,
            "Key": items.write({"population_id": queue, "agent_id": sort}),
            "ConditionExpression": f"attribute_exists({path})",
            **({"ExpressionAttributeNames": names} if names else {}),
        }
        rest = {"Update": {**waits, "UpdateExpression": f"REMOVE {path}"}} if len(waiting) > 1 and names else {"Delete": waits}
        inside = f"{path}." if names else ""
        record = {
            "TableName": table,
            "Key": items.write({"population_id": "promotions", "agent_id": sort}),
            "UpdateExpression": f"SET {inside}#status = :status, {inside}decided_by = :by, {inside}decided_at = :at",
            "ExpressionAttributeNames": {**names, "#status": "status"},
            "ExpressionAttributeValues": items.write(values),
        }
        return [rest, {"Update": record}]
