"""What workers share: three tables, a bucket and the mode parameter. Nothing else is shared, and nothing is cached here.

    state         pointer, header and one record for each generation (the contract with trigger and archiver)
    population    `<evolution>` / plan, island-NN, finish: the plan and the leases; `control`; the champions (engine/approvals.py)
    checkpoints   `<evolution>/<island>/<generation>`: where the island's population is, and its hash
    bucket        populations/<evolution>/…, champions/<evolution>/…

A generation of an island is committed in one transaction: its checkpoint must not exist yet, and the lease must still be the worker's.
Times in items are for people; no decision depends on them.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from engine import EngineError, items
from engine.approvals import Approvals
from engine.calls import MOST_WRITES, TTL, ConditionFailedError, NotFoundError, StoreError, exceptions, new
from engine.ending import LASTING_SECONDS, writes_of_end
from engine.records import FINISH, Autonomy, Checkpoint, EvolutionPlan, Header, Lease, Pointer, Promotions, header_of, island_name, now
from engine.settings import Storage

WORKING_SECONDS = 7 * 24 * 3600
"""How long a checkpoint stays, and an ended evolution's plan and leases: a week for investigations, as the populations in the bucket
(POPULATION_DAYS in components/data.py)."""


class LostLeaseError(EngineError):
    """Another worker has taken over, or was faster. This one's result is discarded."""


class DisagreementError(EngineError):
    """What is stored can't be so. To try again doesn't help: a human must look."""


class Store(Approvals):
    """The tables, the bucket and the mode. Each method is one call or a few, and raises StoreError if AWS fails."""

    def __init__(self, settings: Storage, aws: Mapping[str, Any]) -> None:
        super().__init__(aws)
        self._settings = settings

    # Control.

    def mode(self, parameter: str) -> str:
        """`running`, or `halted` for any other value. If it can't be read, that is a StoreError."""
        value = self._call("ssm", "get_parameter", Name=parameter)["Parameter"]["Value"]
        return "running" if value == "running" else "halted"

    def secret(self, name: str, version: str | None = None) -> dict[str, str]:
        """The safety settings: safety_threshold and safety_validation_key, and their `version`.

        Args:
            name: of the secret.
            version: an earlier one; None for the current one. Secrets Manager keeps a hundred, and all of the last day's (PutSecretValue).

        Raises:
            NotFoundError: there is no such version.
        """
        which = {"VersionId": version} if version is not None else {}
        answer = self._call("secretsmanager", "get_secret_value", SecretId=name, **which)
        try:
            return {**json.loads(answer["SecretString"]), "version": answer["VersionId"]}
        except ValueError:
            raise StoreError(f"the secret {name} isn't JSON") from None

    def autonomy_level(self, most: int) -> int:
        """The level in force, in percent: `most`, or a lower one that a person has set."""
        item = self._control("autonomy")
        return min(most, items.build(Autonomy, "control", item, "the control item `autonomy`").level) if item else most

    def promotions(self) -> Promotions | None:
        """How many promotions there were; None before the first."""
        item = self._control("promotions")
        return items.build(Promotions, "control", item, "the control item `promotions`") if item else None

    def _control(self, name: str) -> dict[str, Any] | None:
        return self._get(self._settings.population_table, {"population_id": "control", "agent_id": name})

    def lower_autonomy(self, level: int) -> None:
        """Set the level in force. A level above the table's has no effect."""
        item = {"population_id": "control", "agent_id": "autonomy", "kind": "control", "version": items.VERSION, "level": level}
        self._write("put_item", TableName=self._settings.population_table, Item=items.write(item | {"set_at": now()}))

    # Evolutions.

    def pointer(self) -> tuple[str, bool] | None:
        """The evolution that runs, or ran last, and whether it runs."""
        item = self._get(self._settings.state_table, {"evolution_id": "current", "generation": 0})
        if item is None:
            return None
        pointer = items.build(Pointer, "pointer", item, "the pointer of the state table")
        return pointer.active, pointer.status == "running"

    def header(self, evolution_id: str) -> Header | None:
        """An evolution's header."""
        item = self._get(self._settings.state_table, {"evolution_id": evolution_id, "generation": 0})
        if item is None:
            return None
        return header_of(item, f"the header of {evolution_id}")

    def champion(self, evolution_id: str) -> dict[str, Any] | None:
        """The champion in the header of a finished evolution."""
        item = self._get(self._settings.state_table, {"evolution_id": evolution_id, "generation": 0})
        return item.get("champion") if item else None

    def work(self, evolution_id: str, *, consistent: bool = True) -> tuple[EvolutionPlan | None, list[Lease]]:
        """The plan and the leases; no plan if the evolution hasn't begun.

        Args:
            consistent: False for a read at half the price. It may be a moment old: every write that follows from it is conditional.
        """
        table = self._settings.population_table
        found = {item["agent_id"]: item for item in self._query(table, "population_id", evolution_id, consistent=consistent)}
        if "plan" not in found:
            return None, []
        plan = items.build(EvolutionPlan, "plan", found["plan"], f"{evolution_id}/plan")
        # A slower worker with another plan may have written leases for more islands.
        needed = [*map(island_name, range(plan.islands)), FINISH]
        if lacking := [name for name in needed if name not in found]:
            if not consistent:
                return self.work(evolution_id)
            raise StoreError(f"{evolution_id} lacks the leases {', '.join(lacking)}: restore all tables together")
        given = {"evolution_id": evolution_id}
        return plan, [items.build(Lease, "lease", found[name], f"{evolution_id}/{name}", **given, name=name) for name in needed]

    def begin(self, evolution_id: str, plan: EvolutionPlan) -> None:
        """Write the leases of a plan, and then the plan, unless another worker has.

        Existing items stay as they are, so several workers may do this at once, or one may die in between.
        """
        table = self._settings.population_table
        leases = [
            {"agent_id": name, "kind": "lease", "owner": "", "token": 0, "beat": 0, "generation": 0, "attempts": 0}
            for name in (*map(island_name, range(plan.islands)), FINISH)
        ]
        made = [
            {"population_id": evolution_id, "version": items.VERSION, **item}
            for item in (*leases, {"agent_id": "plan", "kind": "plan", **asdict(plan)})
        ]
        writes = [new(table, item, "population_id") for item in made]
        for start in range(0, len(writes), MOST_WRITES):
            if not self._transact(some := writes[start : start + MOST_WRITES]):
                if self._get(table, {"population_id": evolution_id, "agent_id": "plan"}):
                    return
                for one in some:
                    self._transact([one])

    # Leases.

    def claim(self, lease: Lease, worker: str) -> Lease | None:
        """Claim a lease that hasn't changed since it was read; None if it has."""
        mine = dataclasses.replace(lease, owner=worker, token=lease.token + 1, beat=lease.beat + 1, attempts=lease.attempts + 1)
        unchanged = "#token = :old AND #beat = :beat"
        try:
            taken = self._update_lease(mine, unchanged, {":old": {"N": str(lease.token)}, ":beat": {"N": str(lease.beat)}})
        except ConditionFailedError:
            return None
        except StoreError:  # nobody knows whether it was written
            if self._is(mine, "owner", "token"):
                return mine
            raise
        # Written, and tried again because the answer was lost, it fails: the lease isn't as it was seen, for it is this worker's.
        return mine if taken or self._is(mine, "owner", "token") else None

    def beat(self, lease: Lease, beat: int) -> bool:
        """Write a heartbeat; False if the worker is no longer the owner."""
        return self._update_lease(dataclasses.replace(lease, beat=beat), "#token = :token AND #owner = :owner", {})

    def release(self, lease: Lease, beat: int, *, failed: bool = False) -> None:
        """Release a lease. `failed`: the claim counts as a failed attempt at its work."""
        free = dataclasses.replace(lease, owner="", beat=beat, attempts=lease.attempts - (not failed))
        self._update_lease(free, "#token = :token AND #owner = :mine", {":mine": {"S": lease.owner}})

    def _update_lease(self, lease: Lease, condition: str, values: Mapping[str, Any]) -> bool:
        update = self._lease_update(lease, condition, values)
        try:
            self._write("update_item", **update)
        except ConditionFailedError as error:
            if error.conflict:  # another write at the same moment; the lease isn't lost
                raise
            return False
        return True

    def _lease_update(self, lease: Lease, condition: str, values: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "TableName": self._settings.population_table,
            "Key": items.write({"population_id": lease.evolution_id, "agent_id": lease.name}),
            "UpdateExpression": "SET #owner = :owner, #token = :token, #beat = :now, #expires = :expires, generation = :generation, "
            "attempts = :attempts",
            "ConditionExpression": condition,
            "ExpressionAttributeNames": {"#owner": "owner", "#token": "token", "#beat": "beat", "#expires": "expires"},
            "ExpressionAttributeValues": items.write(
                {
                    ":owner": lease.owner,
                    ":token": lease.token,
                    ":now": lease.beat,
                    ":generation": lease.generation,
                    ":attempts": lease.attempts,
                    ":expires": lease.expires,
                }
            )
            | dict(values),
        }

    # Checkpoints.

    def checkpoint(self, evolution_id: str, island: int, generation: int) -> Checkpoint | None:
        """The checkpoint of an island's generation; None if there is none."""
        checkpoint_id = _checkpoint_id(evolution_id, island, generation)
        item = self._get(self._settings.checkpoint_table, {"checkpoint_id": checkpoint_id})
        if item is None:
            return None
        return items.build(Checkpoint, "checkpoint", item, f"checkpoint {checkpoint_id}")

    def checkpoints(self, evolution_id: str, islands: int, generation: int) -> list[Checkpoint]:
        """The checkpoints of a generation, of those islands that have one, in the islands' order."""
        keys = [{"checkpoint_id": _checkpoint_id(evolution_id, island, generation)} for island in range(islands)]
        found = [
            items.build(Checkpoint, "checkpoint", item, f"checkpoint {item['checkpoint_id']}")
            for item in self._get_all(self._settings.checkpoint_table, keys)
        ]
        return sorted(found, key=lambda one: one.island)

    def commit(self, lease: Lease, checkpoint: Checkpoint, *, beat: int) -> None:
        """Commit an island's generation and release the lease.

        It may be done again after a StoreError: nobody knows then whether it was done.

        Raises:
            LostLeaseError: it has been committed already, or the lease is another worker's.
            DisagreementError: the tables disagree about whether it has been committed.
        """
        expires = int(time.time()) + WORKING_SECONDS
        done = dataclasses.replace(lease, owner="", beat=beat, generation=checkpoint.generation, attempts=0, expires=expires)
        values = {":mine": {"S": lease.owner}, ":before": {"N": str(lease.generation)}}
        writes = [
            new(self._settings.checkpoint_table, _checkpoint_item(checkpoint), "checkpoint_id"),
            {"Update": self._lease_update(done, "#token = :token AND #owner = :mine AND generation = :before", values)},
        ]
        if self._transact(writes):
            return
        where = f"{lease.name} of {lease.evolution_id}: generation {checkpoint.generation}"
        if self._is(done, "owner", "token", "generation"):
            return  # by this very lease, and the answer was lost
        if self._is(lease, "owner", "token", "generation") and self.checkpoint(
            checkpoint.evolution_id, checkpoint.island, checkpoint.generation
        ):
            raise DisagreementError(
                f"{where} has a checkpoint that its lease knows nothing of: the tables disagree, restore all of them together"
            )
        raise LostLeaseError(f"{where} was committed by another worker")

    def _is(self, lease: Lease, *names: str) -> bool:
        """Whether a lease is so in the table, in these of its attributes."""
        key = {"population_id": lease.evolution_id, "agent_id": lease.name}
        item = self._get(self._settings.population_table, key) or {}
        return all(item.get(name) == getattr(lease, name) for name in names)

    def replace(self, checkpoint: Checkpoint, was: Checkpoint) -> bool:
        """Point a committed generation to another population; False if it has changed since `was` was read."""
        try:
            self._write(
                "put_item",
                TableName=self._settings.checkpoint_table,
                Item=items.write(_checkpoint_item(checkpoint)),
                ConditionExpression="sha256 = :was",
                ExpressionAttributeValues={":was": {"S": was.sha256}},
            )
        except ConditionFailedError:
            return self.checkpoint(checkpoint.evolution_id, checkpoint.island, checkpoint.generation) == checkpoint  # the answer was lost
        return True

    def record(self, generation: int, checkpoints: Sequence[Checkpoint]) -> None:
        """Record that all islands have committed a generation; a record that exists stays."""
        living = sum(one.agents - one.dead for one in checkpoints)
        item = {
            "evolution_id": checkpoints[0].evolution_id,
            "generation": generation,
            "kind": "generation",
            "version": items.VERSION,
            "agents": sum(one.agents for one in checkpoints),
            "dead": sum(one.dead for one in checkpoints),
            "best": max(one.best for one in checkpoints),
            "mean": sum(one.mean * (one.agents - one.dead) for one in checkpoints) / living if living else 0,
            "deterministic": all(one.deterministic for one in checkpoints),
            "sha256": hashlib.sha256("".join(one.sha256 for one in checkpoints).encode()).hexdigest(),
            "committed_at": now(),
            TTL: int(time.time()) + LASTING_SECONDS,
        }
        try:
            self._write("put_item", **new(self._settings.state_table, item, "evolution_id")["Put"])
        except ConditionFailedError as error:
            if error.conflict:
                raise

    def recorded(self, lease: Lease, generation: int, beat: int) -> None:
        """Release FINISH, with the last generation that has a record."""
        done = dataclasses.replace(lease, owner="", beat=beat, generation=generation, attempts=0)
        self._update_lease(done, "#token = :token AND #owner = :mine", {":mine": {"S": lease.owner}})

    # The end.

    def end(self, evolution_id: str, outcome: items.Item, promotions: Sequence[Mapping[str, Any]], lease: Lease) -> None:
        """Write the outcome into the header, reset the pointer, and store the promotions, in one transaction.

        It may be done again after a StoreError: nobody knows then whether it was done.

        Raises:
            LostLeaseError: another worker has ended it, or has claimed `lease` since.
        """
        if self._transact(writes_of_end(self._settings, evolution_id, outcome, promotions, lease)):
            return
        # It was ended on the strength of this very lease if all is so, and the answer was lost.
        header = self._get(self._settings.state_table, {"evolution_id": evolution_id, "generation": 0}) or {}
        if not self._is(lease, "token") or any(header.get(name) != value for name, value in outcome.items()):
            raise LostLeaseError(f"{evolution_id} was ended, or its lease claimed, by another worker")

    def leave(self, evolution_id: str) -> None:
        """Let an ended evolution's plan and leases expire, all at the same time."""
        at = str(int(time.time()) + WORKING_SECONDS)
        for item in self._query(self._settings.population_table, "population_id", evolution_id):
            self._write(
                "update_item",
                TableName=self._settings.population_table,
                Key=items.write({"population_id": evolution_id, "agent_id": item["agent_id"]}),
                UpdateExpression="SET #ttl = :at",
                ExpressionAttributeNames={"#ttl": TTL},
                ExpressionAttributeValues={":at": {"N": at}},
            )

    # The bucket.

    def keep(self, key: str, content: bytes, *, create_only: bool = False) -> None:
        """Write an object. `create_only`: if it exists, it must have the same content, and stays."""
        try:
            self._call(
                "s3", "put_object", Bucket=self._settings.bucket, Key=key, Body=content, **({"IfNoneMatch": "*"} if create_only else {})
            )
        except ConditionFailedError:
            if self.fetch(key) != content:
                raise DisagreementError(
                    f"s3://{self._settings.bucket}/{key} is there already, with other content: it isn't overwritten"
                ) from None

    def fetch(self, key: str) -> bytes | None:
        """An object's content; None if there is no such object."""
        try:
            body = self._call("s3", "get_object", Bucket=self._settings.bucket, Key=key)["Body"]
            return body.read()
        except NotFoundError:
            return None
        except (exceptions.BotoCoreError, OSError) as error:
            raise StoreError(f"reading {key} from s3 broke off: {error}") from error

    # Metrics.

    def publish(self, namespace: str, data: Sequence[Mapping[str, Any]]) -> None:
        """Publish metrics, with the stack's name as dimension: without it, dev would trigger prod's alarms."""
        dimensions = [{"Name": "Environment", "Value": self._settings.environment}]
        self._call("cloudwatch", "put_metric_data", Namespace=namespace, MetricData=[{**one, "Dimensions": dimensions} for one in data])


def _checkpoint_id(evolution_id: str, island: int, generation: int) -> str:
    return f"{evolution_id}/{island:02d}/{generation:04d}"


def _checkpoint_item(checkpoint: Checkpoint) -> dict[str, Any]:
    checkpoint_id = _checkpoint_id(checkpoint.evolution_id, checkpoint.island, checkpoint.generation)
    given = {name: value for name, value in asdict(checkpoint).items() if value is not None}
    expires = int(time.time()) + WORKING_SECONDS
    return {"checkpoint_id": checkpoint_id, "kind": "checkpoint", "version": items.VERSION, TTL: expires, **given}
