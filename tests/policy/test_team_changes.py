"""What a team changes in a month: what passes, and what wants an approval. docs/approval.md has the table, and this holds it."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from rule import Stack
from rules import FAMILIES
from tests.approve import IMAGE, planned, table_of
from tests.policy.builders import TAGS, UNKNOWN, Node, Nodes
from tests.policy.edits import Edit, adding, both
from tests.policy.edits_containment import ARN, granting, setting
from tests.policy.in_memory import nodes_of, stack_of
from tests.policy.samples import findings

pytestmark = pytest.mark.slow  # whole plans, each half a second of the processor

DOCUMENT = Path(__file__).resolve().parents[2] / "docs/approval.md"

ROW = re.compile(r"\| (?P<change>[^|]+?) \| (?P<where>[^|]+?) \| (passes|wants approval: `(?P<rule>[a-z/-]+)`) \|")


def rows(stack: str = "prod", of: str = "prod", **changed: Any) -> Callable[[], tuple[Stack, Nodes]]:
    """The table of a committed stack with other rows; of a table in it, those that are named."""

    def change() -> tuple[Stack, Nodes]:
        table: dict[str, Any] = copy.deepcopy({**table_of(of), "engine_image_digest": IMAGE})
        for row, value in changed.items():
            table[row] = {**table[row], **value} if isinstance(value, dict) else value
        one = planned(stack, table)
        return one, nodes_of(one)

    return change


def program(*edits: Edit) -> Callable[[], tuple[Stack, Nodes]]:
    """prod with other resources."""

    def change() -> tuple[Stack, Nodes]:
        prod = stack_of("prod")
        nodes = nodes_of(prod)
        both(*edits)(nodes)
        return prod, nodes

    return change


def another(called: str, of: str, like: Mapping[str, str], **comes_from: list[str]) -> Edit:
    """A resource like another one, with other texts in it, and values that come from elsewhere."""

    def edit(nodes: Nodes) -> None:
        node = copy.deepcopy(nodes[of])
        node.props, node.outputs = (_told(props, like) for props in (node.props, node.outputs))
        node.references |= comes_from
        nodes[called] = node

    return edit


def _told(props: dict[str, Any], like: Mapping[str, str]) -> dict[str, Any]:
    text = json.dumps(props)
    for one, other in like.items():
        text = text.replace(one, other)
    return json.loads(text)


QUEUE = {"evolution-dead-letters-prod": "evolution-work-prod"}
DASHBOARD = {"Evolution-System-Monitoring": "Evolution-System-Cost"}
ALARM = {"AgentMemoryUsageKB": "AgentsBorn", "agent-memory": "agents-born"}
SCHEDULED = {"evolution-trigger-prod": "evolution-night-prod", "rate(15 minutes)": "cron(0 3 * * ? *)"}
A_QUEUE = (
    another("more", "evolution-dead-letters", QUEUE),
    another("more-policy", "evolution-dead-letters-policy", QUEUE, queueUrl=["more"]),
    another("more-depth", "monitoring-dead-letters-depth", {**QUEUE, "dead-letters": "work"}),
)
SENDS = [
    granting("sqs:SendMessage", ARN.format("sqs", "evolution-work-prod"), to) for to in ("compute-engine-role-grants", "security-boundary")
]

STRICTEST: dict[str, Any] = {"autonomy_percent": 75, "agent_memory_bytes": 6656, "max_concurrent_agents": 1000, "generations": 10}
"""What an environment is held to that the pack has no limits for."""

CHANGES: dict[str, Callable[[], tuple[Stack, Nodes]]] = {
    "a new alarm": program(another("more", "monitoring-agent-memory", ALARM, dimensions=["evolution-dead-letters"])),
    "longer retention": rows(retention={"log_retention_days": 731, "artifact_retention_days": 730, "noncurrent_retention_days": 180}),
    "another model": rows(model_id="us.anthropic.claude-opus-4-6-v1"),
    "a bigger task": rows(engine={"task": {"cpu": 8192, "memory": 16384}, "container_cpu": 6144, "container_memory": 12288}),
    "another schedule": rows(evolution_schedule="cron(0 6 * * ? *)"),
    "a schedule more": program(another("more", "evolution-trigger-schedule", SCHEDULED)),
    "an endpoint more": rows("staging", "staging", network={"interface_endpoints": ["bedrock-runtime", "logs", "secretsmanager"]}),
    "a dashboard more": program(another("more", "monitoring-dashboard", DASHBOARD)),
    "a second region": rows(region="eu-west-1", model_id="eu.anthropic.claude-sonnet-4-6"),
    "a new environment": rows("qa", **STRICTEST),
    "tightened limits": rows(autonomy_percent=60, agent_memory_bytes=4096, max_concurrent_agents=5000, generations=20),
    "texts": program(setting("evolution-safety-switch", "description", "Halts.")),
    "e-mails": rows(alerts={"emails": ["oncall@example.com", "lead@example.com"]}),
    "a queue more": program(*A_QUEUE),
    "a function's time-out": program(setting("evolution-archiver", "timeout", 240)),
    "more islands": rows(engine={"islands": 64}),
    "an unrelated parameter": program(
        adding(
            "more", Node("aws:ssm/parameter:Parameter", {"name": "/evolution/prod/cursor", "type": "String", "value": "0", "tagsAll": TAGS})
        )
    ),
    "a name more that resolves": rows(network={"allowed_domains": ["pypi.org"]}),
    "the engine sends to that queue": program(*A_QUEUE, *SENDS),
    "the switch's time-out": program(setting("evolution-safety-switch", "timeout", 90)),
    "what the guardrail answers": program(setting("agentcore-guardrail", "blockedInputMessaging", "No.")),
    "a property that nobody had set": program(setting("network-vpc", "enableNetworkAddressUsageMetrics", True)),
    "a tag more": program(setting("data-population", "tags", {"team": "breeders"})),
    "a kind of resource that is new here": program(
        adding("more", Node("aws:ec2/networkAcl:NetworkAcl", {"vpcId": UNKNOWN, "tagsAll": TAGS}, {"vpcId": ["network-vpc"]}))
    ),
}
"""The changes of the table, by what it calls them."""


def verdicts() -> dict[str, str]:
    """By change, the rule that wants an approval, as the document says; empty where it passes."""
    return {found["change"]: found["rule"] or "" for found in ROW.finditer(DOCUMENT.read_text(encoding="utf-8"))}


@pytest.mark.parametrize("change", CHANGES)
def test_what_a_team_changes_passes_or_wants_approval_as_is_written(change: str, monkeypatch: pytest.MonkeyPatch) -> None:
    stack, nodes = CHANGES[change]()
    monkeypatch.setenv("PULUMI_CONFIG", json.dumps({"evolution-system:environment": json.dumps(stack.table)}))
    found = {one.rule for one in findings(nodes, stack=stack.name, families=FAMILIES)}
    assert found == ({verdicts()[change]} - {""})


def test_the_document_has_every_change_and_no_other() -> None:
    assert list(verdicts()) == list(CHANGES)
