"""Every row of the environment table, the kinds of change that it takes in a deployed stack, and which resources each of them changes."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from components.environment import Environment, FargateSize
from components.environment import Table as Part
from local.stackfile import IMAGE_KEY, LOCAL_IMAGE_DIGEST
from rules.evolution.agentcore_model import MODELS
from tests.components.tables import table_of

PROTECTED = ("staging", "prod")
"""The stacks with protected data."""

FIRST_IMAGE = "the first image"

DIGESTS = tuple(f"sha256:{digit * 64}" for digit in "12")
"""Two builds of the engine."""

To = Callable[[Any], object]


@dataclass(frozen=True, kw_only=True)
class RowChange:
    """One change of a row in a deployed stack.

    Attributes:
        kind: in words.
        before, after: the row's values, from the committed one.
        along: other rows that differ from the committed table, before as well as after.
        expected: the operation by resource; nothing else may change.
        back: whether the opposite is allowed, too. Of a row that is committed at its tier's limit, that is the one that loosens.
        stacks: where it is allowed.
    """

    kind: str
    before: To
    after: To
    expected: Mapping[str, str]
    along: Mapping[str, object]
    back: bool
    stacks: tuple[str, ...]

    @property
    def stands_alone(self) -> bool:
        """Whether it begins with the committed table."""
        return self.before is _kept and not self.along

    def rows(self, stack: str, row: str, value: To) -> dict[str, object]:
        """What differs from the stack's committed table when the row has this value."""
        part, key = at(with_rows(stack, {}), row)
        return {**self.along, row: value(part[key])}

    @property
    def expected_back(self) -> dict[str, str]:
        """The same by the opposite change."""
        opposite = {"create": "delete", "delete": "create"}
        return {name: opposite.get(operation, operation) for name, operation in self.expected.items()}


def _kept(value: Any) -> object:
    return value


def change(
    kind: str,
    after: To,
    *,
    before: To = _kept,
    updates: str = "",
    replaces: str = "",
    creates: str = "",
    deletes: str = "",
    along: Mapping[str, object] | None = None,
    back: bool = True,
    stacks: tuple[str, ...] = PROTECTED,
) -> RowChange:
    """A change, with the names of the resources by what is done to them."""
    words = {"update": updates, "replace": replaces, "create": creates, "delete": deletes}
    expected = {name: operation for operation, names in words.items() for name in names.split()}
    return RowChange(kind=kind, before=before, after=after, expected=expected, along=along or {}, back=back, stacks=stacks)


def _is(value: object) -> To:
    return lambda _: value


def _plus(difference: float) -> To:
    return lambda value: value + difference


def _other_model(model: str) -> object:
    """Another approved one, through the same geography's profile."""
    geography, _, name = model.partition(".")
    return f"{geography}.{min(MODELS - {name})}"


ENGINE = "compute-engine-service"
ENGINE_TASK = "compute-engine-task"
"""A revision of a task definition is never changed: a new one takes its place."""

MONITOR, MONITOR_TASK = "compute-monitor-service", "compute-monitor-task"
RUNTIME = "agentcore-runtime agentcore-runtime-endpoint"
"""A runtime that is changed has a new version, to which its endpoint moves."""

HANDLER = "agentcore-handler"
DASHBOARD = "monitoring-dashboard"

TRIGGER = "evolution-trigger"
"""It writes down what an evolution is begun with, and the engine keeps to that until it ends."""

RESERVED = "agentcore-handler evolution-resume evolution-safety-switch"
"""The functions that Lambda executions are kept back for, once there is something to ask and to halt."""


LOG_GROUPS = (
    "agentcore-gateway-logs agentcore-handler-logs agentcore-runtime-logs compute-engine-logs compute-insights-logs compute-monitor-logs "
    "evolution-archiver-logs evolution-resume-logs evolution-safety-switch-logs evolution-trigger-logs network-flow-logs-group "
    "security-web-acl-logs"
)

WORKLOAD = (
    "agentcore-agents-errors agentcore-gateway-permit agentcore-gateway-target agentcore-runtime agentcore-runtime-default-policy "
    "agentcore-runtime-endpoint agentcore-runtime-logs-masks "
    "agentcore-runtime-endpoint-policy agentcore-runtime-group agentcore-runtime-https agentcore-runtime-logs agentcore-runtime-policy "
    "agentcore-runtime-role agentcore-runtime-role-grants compute-engine-bounds compute-engine-scaling compute-engine-scaling-cpu "
    "compute-engine-scaling-memory compute-engine-service compute-engine-task compute-monitor-service compute-monitor-task"
)
"""What there is only with an image."""

FAILING_CLOSED = "monitoring-safety-score monitoring-safety-score-worst monitoring-engine-tasks monitoring-safety-monitor-tasks"
"""The alarms for which silence is a breach once something runs. They are made anew then, for an alarm warms up only when it is made."""

ZONE = (
    "network-private-2 network-private-2-association network-private-2-routes network-private-2-to-nat "
    "network-public-2 network-public-2-association"
)
"""What there is only with a third zone."""

DATA = (
    "compute-repository data-access-logs data-artifacts data-checkpoints data-population data-state security-key security-safety-settings"
)

SUBSCRIPTION = "monitoring-alerts-to-{}"

IN_ZONES = f"{ENGINE} {MONITOR} network-dynamodb-endpoint network-s3-endpoint network-bedrock-runtime-endpoint"
SPREAD = {"network.nat_gateways": 2, "network.interface_endpoints": ["bedrock-runtime"]}

ROWS: Mapping[str, tuple[RowChange, ...]] = {
    "autonomy_percent": (
        change(
            "tighter",
            _plus(-5),
            updates=f"agentcore-gateway-permit compute-cluster {ENGINE} {MONITOR} {MONITOR_TASK} {RUNTIME} {HANDLER} {DASHBOARD}",
            replaces=f"{ENGINE_TASK} monitoring-autonomy",
        ),
    ),
    "agent_memory_bytes": (
        change(
            "tighter",
            _plus(-512),
            updates=f"agentcore-gateway-permit compute-cluster {ENGINE} {MONITOR} {RUNTIME} {HANDLER} {DASHBOARD} {TRIGGER} "
            "monitoring-agent-memory",
            replaces=f"{ENGINE_TASK} {MONITOR_TASK}",
        ),
    ),
    "max_concurrent_agents": (change("fewer", _plus(-100), updates=f"{ENGINE} {TRIGGER}", replaces=ENGINE_TASK),),
    "safety_mode": (
        change("strict", _is("strict"), updates=f"{ENGINE} {MONITOR}", replaces=f"{ENGINE_TASK} {MONITOR_TASK}", stacks=("dev",)),
    ),
    "generations": (change("fewer", _plus(-1), updates=f"{ENGINE} {TRIGGER}", replaces=ENGINE_TASK),),
    "safety_score_minimum": (
        change(
            "tighter",
            _plus(0.05),
            updates=f"{DASHBOARD} monitoring-safety-score monitoring-safety-score-worst",
            replaces="security-safety-settings-value",
        ),
    ),
    "instantiation_target_us": (
        change("tighter", _plus(-1), updates=f"{ENGINE} {DASHBOARD} monitoring-instantiation-speed", replaces=ENGINE_TASK),
    ),
    "model_id": (
        change(
            "another",
            _other_model,
            updates=f"agentcore-boundary agentcore-runtime-role-grants network-bedrock-runtime-endpoint {RUNTIME} {HANDLER} "
            "agentcore-model-errors agentcore-model-throttles agentcore-model-tokens",
            back=False,
        ),
    ),
    "network.availability_zones": (change("fewer", _is(2), before=_is(3), updates=f"{IN_ZONES} {RUNTIME}", deletes=ZONE, along=SPREAD),),
    "network.nat_gateways": (
        change(
            "fewer",
            _is(1),
            before=_is(2),
            updates="network-private-1-to-nat",
            deletes="network-nat-1 network-nat-1-address",
            along={"network.availability_zones": 3},
        ),
    ),
    "network.interface_endpoints": (
        change("another order", _is(["bedrock-runtime", "logs"]), before=_is(["logs", "bedrock-runtime"]), back=False),
        change(
            "one at the front", _is(["ecr.api", "bedrock-runtime"]), before=_is(["bedrock-runtime"]), creates="network-ecr.api-endpoint"
        ),
        change(
            "the first",
            _is(["logs"]),
            before=_is([]),
            creates="network-logs-endpoint network-endpoints-group network-endpoints-from-vpc",
            stacks=("dev",),
        ),
    ),
    "model_invocation_logging": (
        # Not back: the record of what was asked stays.
        change(
            "by the stack",
            _is("stack"),
            before=_is("account"),
            creates="agentcore-prompts-logs agentcore-prompts-logs-masks agentcore-prompts-record agentcore-prompts-role "
            "agentcore-prompts-role-grants",
            back=False,
        ),
    ),
    # One more is a way out more, and wants an approval of the pack's.
    "network.allowed_domains": (change("one fewer", _is([]), before=_is(["pypi.org"]), updates="network-dns-allowed"),),
    "agent_network_mode": (
        change(
            "into the VPC",
            _is("VPC"),
            before=_is("PUBLIC"),
            updates=RUNTIME,
            creates="agentcore-runtime-group agentcore-runtime-https",
            stacks=("dev",),
        ),
    ),
    "engine.task": (change("larger", _is({"cpu": 8192, "memory": 16384}), updates=ENGINE, replaces=ENGINE_TASK),),
    "engine.container_cpu": (change("less", _plus(-128), updates=ENGINE, replaces=ENGINE_TASK),),
    "engine.container_memory": (change("less", _plus(-128), updates=ENGINE, replaces=ENGINE_TASK),),
    "engine.desired": (change("more", _plus(1), back=False),),
    "engine.minimum": (change("fewer", _plus(-1), updates="compute-engine-bounds evolution-resume", replaces="monitoring-engine-tasks"),),
    "engine.maximum": (change("fewer", _plus(-1), updates="compute-engine-bounds evolution-resume"),),
    "engine.strategy": (change("another", _is("sep-cma-es"), updates=ENGINE, replaces=ENGINE_TASK),),
    "engine.islands": (change("more", _plus(1), updates=f"{ENGINE} {TRIGGER}", replaces=ENGINE_TASK),),
    "engine_image_digest": (
        change(
            "another",
            _is(DIGESTS[1]),
            before=_is(DIGESTS[0]),
            updates=f"{ENGINE} {MONITOR} {RUNTIME}",
            replaces=f"{ENGINE_TASK} {MONITOR_TASK}",
            back=False,
        ),
        change(
            FIRST_IMAGE,
            _is(DIGESTS[0]),
            before=_is(None),
            updates=f"agentcore-handler-role-grants monitoring-unsafe {DASHBOARD} {RESERVED}",
            replaces=FAILING_CLOSED,
            creates=WORKLOAD,
            back=False,
        ),
    ),
    "evolution_task": (change("another", _is("pendulum"), updates=f"{ENGINE} {MONITOR}", replaces=f"{ENGINE_TASK} {MONITOR_TASK}"),),
    "evolution_schedule": (change("rarer", _is("rate(6 hours)"), updates="evolution-trigger-schedule"),),
    "monitor_task": (change("larger", _is({"cpu": 1024, "memory": 4096}), updates=MONITOR, replaces=MONITOR_TASK),),
    "reserve_concurrency": (change("no more", _is(False), before=_is(True), updates=RESERVED),),
    "retention.protect_data": (
        change("from now on", _is(True), before=_is(False), updates=f"{DATA} {LOG_GROUPS}", back=False, stacks=("dev",)),
    ),
    "retention.log_retention_days": (change("longer", _is(3653), updates=f"{LOG_GROUPS} agentcore-prompts-logs"),),
    "retention.artifact_retention_days": (change("longer", _plus(1), updates="data-artifacts-lifecycle"),),
    "retention.noncurrent_retention_days": (change("longer", _plus(1), updates="data-artifacts-lifecycle data-access-logs-lifecycle"),),
    "alerts.emails": (
        change("another order", _is(["b@example.com", "a@example.com"]), before=_is(["a@example.com", "b@example.com"]), back=False),
        change(
            "one at the front",
            _is(["new@example.com", "old@example.com"]),
            before=_is(["old@example.com"]),
            creates=SUBSCRIPTION.format(hashlib.sha256(b"new@example.com").hexdigest()[:8]),
        ),
    ),
    "alerts.monthly_budget_usd": (change("higher", _plus(1000), updates="monitoring-budget"),),
    "alerts.guardrail_interventions": (change("fewer", _plus(-5), updates="agentcore-guardrail-interventions"),),
    "alerts.model_tokens_per_minute": (change("fewer", _plus(-500), updates="agentcore-model-tokens"),),
}

FOR_GOOD: Mapping[str, tuple[object, str, str]] = {
    "region": ("us-west-2", "data-state", "another region is another cloud, to which nothing moves"),
    "network.vpc_cidr": ("10.99.0.0/16", "network-vpc", "a VPC can't be renumbered, and what stands in it keeps it"),
}
"""The rows that no `up` can change where data is protected: another value, what would have to be replaced and is protected, and why."""


def together(stack: str) -> tuple[dict[str, Any], dict[str, str]]:
    """The table with one change of every row that asks nothing of the others, and what all of them change."""
    chosen = [(row, change) for row, (change, *_) in ROWS.items() if stack in change.stacks and change.stands_alone]
    rows = {row: change.rows(stack, row, change.after)[row] for row, change in chosen}
    done = [step for _, change in chosen for step in change.expected.items()]
    return with_rows(stack, rows), dict(sorted(done, key=lambda step: step[1] != "update"))  # a replacement updates as well


def operations(urns: Mapping[str, str]) -> dict[str, str]:
    """What the engine has done, by the resources' names: of a replacement it tells the parts."""
    parts = {"create-replacement": "replace", "delete-replaced": "replace"}
    return {urn.rpartition("::")[2]: parts.get(done, done) for urn, done in urns.items()}


def at(table: dict[str, Any], row: str) -> tuple[dict[str, Any], str]:
    """The part of a table that holds a row, and its key there."""
    *parts, key = row.split(".")
    for part in parts:
        table = table[part]
    return table, key


def with_rows(stack: str, rows: dict[str, object]) -> dict[str, Any]:
    """The committed table, with an image and some rows replaced."""
    table = {**copy.deepcopy(table_of(stack)), IMAGE_KEY: LOCAL_IMAGE_DIGEST}
    for row, value in rows.items():
        part, key = at(table, row)
        part[key] = value
    return table


def rows_of(part: type[Part] = Environment, path: str = "") -> Iterator[str]:
    """The rows of the table, such as `network.nat_gateways`. A Fargate size is one: only some pairs exist."""
    for name, declared in part.model_fields.items():
        kind = declared.annotation
        if isinstance(kind, type) and issubclass(kind, Part) and kind is not FargateSize:
            yield from rows_of(kind, f"{path}{name}.")
        else:
            yield f"{path}{name}"
