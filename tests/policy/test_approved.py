"""What nobody has approved is refused in stacks of this system, however it is written; what is narrower isn't, nor a new environment."""

from __future__ import annotations

import json
from typing import Any

import pytest

from approval import FOLDER
from plain import items
from rules import FAMILIES
from tests.approve import IMAGE, STACKS, approved, planned, table_of
from tests.policy.builders import UNKNOWN, Node, Nodes, document
from tests.policy.edits import Edit
from tests.policy.edits_containment import ACCOUNT, ARN, ENGINE, OF_ENGINE, OF_SCHEDULES, OF_SWITCH, TOPIC, admitting, granting, more
from tests.policy.filled import with_all_filled
from tests.policy.in_memory import judged, nodes_of, stack_of
from tests.policy.planned import edit_at
from tests.policy.samples import findings

ACCESS, GUARDS = "approved/new-access", "approved/guards"

ARTIFACTS = f"arn:aws:s3:::evolution-artifacts-prod-{ACCOUNT}-us-east-1"
TABLE = ARN.format("dynamodb", "table/{}")
OF_TOPIC, OF_KEY, OF_QUEUE = "monitoring-alerts-policy", "security-key", "evolution-dead-letters-policy"
OF_PROMPTS, OF_MONITORING, OF_LOGS = "agentcore-prompts-role-grants", "network-monitoring-endpoint", "network-logs-endpoint"
BOUNDARY, AGENTS_BOUNDARY = "security-boundary", "agentcore-boundary"


@pytest.mark.slow
def test_the_files_are_what_the_plans_hold() -> None:
    for name, text in approved().items():
        assert (FOLDER / name).read_text(encoding="utf-8") == text, f"policy/approved/{name} isn't what is planned: run make approve"


@pytest.mark.parametrize("image", [IMAGE, None])
@pytest.mark.parametrize("stack", STACKS)
def test_what_is_planned_is_approved(stack: str, image: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    one = stack_of(stack, image)
    assert judged(one, nodes_of(one), monkeypatch) == []


@pytest.mark.parametrize("stack", STACKS)
def test_what_the_provider_fills_in_needs_no_approval(stack: str, monkeypatch: pytest.MonkeyPatch) -> None:
    one = stack_of(stack)
    assert judged(one, with_all_filled(nodes_of(one)), monkeypatch) == []


def test_a_new_environment_in_another_region_needs_no_approval(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = {"region": "eu-west-1", "model_id": "eu.anthropic.claude-opus-4-6-v1", "engine_image_digest": IMAGE}
    qa = planned("qa", {**table_of("staging"), **rows})
    assert judged(qa, nodes_of(qa), monkeypatch) == []


def without(name: str, sid: str) -> Edit:
    """Take a statement out of a document."""

    def edit(nodes: Nodes) -> None:
        policy = json.loads(nodes[name].props["policy"])
        kept = [one for one in policy["Statement"] if one["Sid"] != sid]
        assert len(kept) < len(policy["Statement"]), f"{name} has no statement {sid}"
        nodes[name].props["policy"] = json.dumps({**policy, "Statement": kept})

    return edit


def stating(name: str, sid: str, path: str, value: Any) -> Edit:
    """Change a statement of a document."""

    def edit(nodes: Nodes) -> None:
        policy = json.loads(nodes[name].props["policy"])
        [index] = [index for index, one in enumerate(policy["Statement"]) if one["Sid"] == sid]
        nodes[name].props["policy"] = edit_at(nodes[name].props["policy"], ["Statement", str(index), *path.split(".")], value)

    return edit


def _role(nodes: Nodes) -> None:
    """A role more, which is granted nothing yet."""
    trust = nodes["evolution-trigger-role"]
    nodes["more-role"] = Node(trust.type, {**trust.props, "name": "evolution-more-prod-us-east-1"}, dict(trust.references))


def _granted_by_itself(nodes: Nodes) -> None:
    reads = document({"Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": TABLE.format("evolution-lineage-prod")})
    nodes["more"] = Node("aws:iam/rolePolicy:RolePolicy", {"role": UNKNOWN, "policy": reads}, {"role": ["compute-engine-role"]})


def closed(name: str, *actions: str) -> Edit:
    """Take actions that begin so out of a document whose statements have no Sid."""

    def edit(nodes: Nodes) -> None:
        policy = json.loads(nodes[name].props["policy"])
        statements = [
            {**one, "Action": [it for it in items(one["Action"]) if not str(it).startswith(actions)]} for one in policy["Statement"]
        ]
        kept = [one for one in statements if one["Action"]]
        assert statements != [{**one, "Action": items(one["Action"])} for one in policy["Statement"]], f"{name} has no {actions}"
        nodes[name].props["policy"] = json.dumps({**policy, "Statement": kept})

    return edit


def trusting(name: str, operator: str, **tests: str) -> Edit:
    """Add a condition to whom a role trusts."""

    def edit(nodes: Nodes) -> None:
        text = nodes[name].props["assumeRolePolicy"]
        path = ["Statement", "0", "Condition", operator]
        for key, value in tests.items():
            text = edit_at(text, [*path, key.replace("_", ":")], value)
        nodes[name].props["assumeRolePolicy"] = text

    return edit


def _spare_key(nodes: Nodes) -> None:
    """A key more, whose policy says what the first one's does no more."""
    key = nodes[OF_KEY]
    nodes["spare-key"] = Node(key.type, dict(key.props), protect=True)
    without(OF_KEY, "AgentsReadGuardrail")(nodes)


def _second_policy(nodes: Nodes) -> None:
    """A policy more for the dead letters, in which nobody may send but one."""
    policy = nodes[OF_QUEUE]
    nodes["more"] = Node(policy.type, dict(policy.props), dict(policy.references), depends_on=(OF_QUEUE,))
    statements = json.loads(policy.props["policy"])["Statement"]
    assert len(statements) > 1, "so that one can be left out"
    nodes["more"].props["policy"] = document(statements[-1])


def _lent(nodes: Nodes) -> None:
    """What the dead letters' policy says stands in one of another queue, and in its own no more."""
    _store(nodes)
    own, other = nodes[OF_QUEUE], nodes["work-policy"]
    own.props["policy"], other.props["policy"] = other.props["policy"], own.props["policy"]


READS = ["dynamodb:GetItem", "dynamodb:Query"]
SOURCE = {"StringEquals": {"aws:SourceAccount": ACCOUNT}}
OTHER_TABLE, OTHER_BUCKET = TABLE.format("evolution-lineage-prod"), f"arn:aws:s3:::evolution-reports-prod-{ACCOUNT}-us-east-1"
PASSES = {
    "Effect": "Allow",
    "Principal": "*",
    "Action": "s3:GetObject",
    "Resource": f"{OTHER_BUCKET}/*",
    "Condition": {"StringEquals": {"aws:PrincipalAccount": ACCOUNT}},
}

WIDER: dict[str, tuple[Edit, str]] = {
    "reads more": (granting("dynamodb:Scan", TABLE.format("evolution-state-prod")), OF_ENGINE),
    "another table": (granting(READS, OTHER_TABLE), OF_ENGINE),
    "a secret": (granting("secretsmanager:GetSecretValue", ARN.format("secretsmanager", "secret:Other-prod-??????")), OF_ENGINE),
    "objects of old": (granting("s3:GetObjectVersion", f"{ARTIFACTS}/*"), OF_ENGINE),
    "a wider resource": (
        stating(OF_ENGINE, "KeepArtifacts", "Resource", f"arn:aws:s3:::evolution-artifacts-prod-{ACCOUNT}-*/*"),
        OF_ENGINE,
    ),
    "a wider pattern of actions": (stating(OF_ENGINE, "KeepArtifacts", "Action", "s3:GetObject*"), OF_ENGINE),
    "the switch reads data": (granting(READS, TABLE.format("evolution-state-prod"), OF_SWITCH), OF_SWITCH),
    "by a policy beside": (_granted_by_itself, "more"),
    "a role more": (_role, "more-role"),
    "the key is used by the engine, by name": (admitting(OF_KEY, {"AWS": ENGINE}, "kms:Decrypt"), OF_KEY),
    "the topic hears of costs": (
        admitting(OF_TOPIC, {"Service": "costalerts.amazonaws.com"}, "sns:Publish", TOPIC, Condition=SOURCE),
        OF_TOPIC,
    ),
    "whatever alarms of another region": (
        stating(OF_TOPIC, "AlarmsPublish", "Condition.ArnLike", {"aws:SourceArn": f"arn:aws:cloudwatch:*:{ACCOUNT}:alarm:*"}),
        OF_TOPIC,
    ),
    "plain transport to the artifacts": (
        stating("data-artifacts-policy", "DenyPlainTransport", "Action", "s3:Get*"),
        "data-artifacts-policy",
    ),
    "in the boundary": (granting("dynamodb:Scan", OTHER_TABLE, BOUNDARY), BOUNDARY),
    "in the agents' boundary, what the switch may": (
        granting("ssm:PutParameter", ARN.format("ssm", "parameter/evolution/prod/mode"), AGENTS_BOUNDARY),
        AGENTS_BOUNDARY,
    ),
    "by an endpoint": (more("network-s3-endpoint", "policy", PASSES), "network-s3-endpoint"),
}
"""What nobody has approved, and no other rule refuses; and what it is about."""


@pytest.mark.parametrize(("edit", "about"), [pytest.param(edit, about, id=name) for name, (edit, about) in WIDER.items()])
def test_new_access_is_refused(edit: Edit, about: str, monkeypatch: pytest.MonkeyPatch) -> None:
    prod = stack_of("prod")
    nodes = nodes_of(prod)
    edit(nodes)
    assert judged(prod, nodes, monkeypatch) == [(ACCESS, about)]


LESS: dict[str, tuple[Edit, str]] = {
    "the budget publishes no more": (without(OF_TOPIC, "BudgetPublishes"), OF_TOPIC),
    "the budget has no use of the key": (without(OF_KEY, "BudgetPublishesToTopic"), OF_KEY),
    "the key for the agents' guardrail": (without(OF_KEY, "AgentsReadGuardrail"), OF_KEY),
    "only alarms of one name": (
        stating(OF_TOPIC, "AlarmsPublish", "Condition.ArnLike", {"aws:SourceArn": ARN.format("cloudwatch", "alarm:x-*")}),
        OF_TOPIC,
    ),
    "the schedules lose the key": (without(OF_SCHEDULES, "UseKey"), OF_SCHEDULES),
    "the engine says nothing of itself": (without(OF_ENGINE, "PublishMetrics"), OF_ENGINE),
    "the prompts' role has no key": (without(OF_PROMPTS, "EncryptLogs"), OF_PROMPTS),
    "the endpoint refuses what the engine says of itself": (without(OF_MONITORING, "PublishMetrics"), OF_MONITORING),
    "the endpoint passes what the engine says of something else": (
        stating(OF_MONITORING, "PublishMetrics", "Condition.StringEquals.cloudwatch:namespace", "EvolutionSystem"),
        OF_MONITORING,
    ),
    "the endpoint refuses the engine's logs": (
        stating(OF_LOGS, "WriteTaskLogs", "Resource", ARN.format("logs", "log-group:/evolution/prod/safety-monitor:*")),
        OF_LOGS,
    ),
    "the endpoint denies the score": (
        more(
            OF_MONITORING, "policy", {"Effect": "Deny", "Principal": "*", "Action": "cloudwatch:Put*", "Resource": "*", "Condition": SOURCE}
        ),
        OF_MONITORING,
    ),
    "the switch loses its traces": (without(OF_SWITCH, "Trace"), OF_SWITCH),
    "the topic denies publishing": (
        more(OF_TOPIC, "policy", {"Effect": "Deny", "Principal": "*", "Action": "sns:Publish", "Resource": TOPIC, "Condition": SOURCE}),
        OF_TOPIC,
    ),
    "the boundary denies the record of prompts": (
        more(
            BOUNDARY, "policy", {"Effect": "Deny", "Action": "logs:PutLogEvents", "Resource": ARN.format("logs", "log-group:/evolution/*")}
        ),
        BOUNDARY,
    ),
    "the agents' boundary denies their logs": (
        more("agentcore-boundary", "policy", {"Effect": "Deny", "Action": "logs:PutLogEvents", "Resource": "*"}),
        "agentcore-boundary",
    ),
    "the boundary lets nobody use the key": (closed(BOUNDARY, "kms:"), BOUNDARY),
    "the boundary lets nobody read the stream": (closed(BOUNDARY, "dynamodb:GetRecords"), BOUNDARY),
    "the boundary lets nobody trace": (closed(BOUNDARY, "xray:"), BOUNDARY),
    "the agents' boundary lets no log through": (closed(AGENTS_BOUNDARY, "logs:PutLogEvents"), AGENTS_BOUNDARY),
    "the switch is trusted until December": (
        trusting("evolution-safety-switch-role", "DateLessThan", aws_CurrentTime="2026-12-01T00:00:00Z"),
        "evolution-safety-switch-role",
    ),
    "who records prompts must name an id": (
        trusting("agentcore-prompts-role", "StringEquals", sts_ExternalId="prompts"),
        "agentcore-prompts-role",
    ),
    "the runtime's trust denies": (
        more(
            "agentcore-runtime-role",
            "assumeRolePolicy",
            {
                "Effect": "Deny",
                "Principal": {"Service": "bedrock-agentcore.amazonaws.com"},
                "Action": "sts:AssumeRole",
                "Condition": {"DateGreaterThan": {"aws:CurrentTime": "2026-12-01T00:00:00Z"}},
            },
        ),
        "agentcore-runtime-role",
    ),
    "a second, smaller policy of the dead letters": (_second_policy, "more"),
    "another queue's policy says what is approved": (_lent, OF_QUEUE),
    "another key's policy says what is approved": (_spare_key, OF_KEY),
    "the switch is denied": (
        more(OF_SWITCH, "policy", {"Effect": "Deny", "Action": "ecs:*", "Resource": "*", "Condition": SOURCE}),
        OF_SWITCH,
    ),
}


@pytest.mark.parametrize(("edit", "about"), [pytest.param(edit, about, id=name) for name, (edit, about) in LESS.items()])
def test_what_guards_may_lose_nothing(edit: Edit, about: str, monkeypatch: pytest.MonkeyPatch) -> None:
    prod = stack_of("prod")
    nodes = nodes_of(prod)
    edit(nodes)
    assert judged(prod, nodes, monkeypatch) == [(GUARDS, about)]


def _split(nodes: Nodes) -> None:
    """The engine's grants, a statement each, in the order of the alphabet."""
    policy = json.loads(nodes[OF_ENGINE].props["policy"])
    parts = [
        {**one, "Sid": f"{one['Sid']}{index}", "Action": action}
        for one in policy["Statement"]
        for index, action in enumerate(one["Action"])
    ]
    nodes[OF_ENGINE].props["policy"] = json.dumps({**policy, "Statement": sorted(parts, key=str)})


def _split_endpoint(nodes: Nodes) -> None:
    """What passes into the log groups, a statement for each."""
    policy = json.loads(nodes[OF_LOGS].props["policy"])
    parts = [
        {**one, "Sid": f"Part{index}{number}", "Resource": resource}
        for index, one in enumerate(policy["Statement"])
        for number, resource in enumerate(one["Resource"] if isinstance(one["Resource"], list) else [one["Resource"]])
    ]
    nodes[OF_LOGS].props["policy"] = json.dumps({**policy, "Statement": parts})


def _store(nodes: Nodes) -> None:
    """A queue more, with a policy of its own."""
    queue, policy = nodes["evolution-dead-letters"], nodes[OF_QUEUE]
    nodes["work"] = Node(queue.type, {**queue.props, "name": "evolution-work-prod"}, dict(queue.references))
    text = policy.props["policy"].replace("evolution-dead-letters-prod", "evolution-work-prod")
    nodes["work-policy"] = Node(policy.type, {**policy.props, "policy": text}, {"queueUrl": ["work"]})


RIGHT: dict[str, Edit] = {
    "a grant less": without(OF_ENGINE, "ListArtifacts"),
    "an action less": stating(OF_ENGINE, "KeepArtifacts", "Action", ["s3:GetObject"]),
    "a narrower resource": stating(OF_ENGINE, "KeepArtifacts", "Resource", f"{ARTIFACTS}/evolutions/*"),
    "a condition more": stating(OF_ENGINE, "KeepArtifacts", "Condition", {"Bool": {"aws:SecureTransport": "true"}}),
    "split": _split,
    "a denial": more(
        OF_ENGINE, "policy", {"Effect": "Deny", "Action": "s3:*", "Resource": "*", "Condition": {"Bool": {"aws:SecureTransport": "false"}}}
    ),
    "what an endpoint passes, split": _split_endpoint,
    "what no alarm or record rests on, refused by its endpoint": without("network-ecr.api-endpoint", "PullAgent"),
    "a queue more": _store,
}
"""What needs no approval."""


@pytest.mark.parametrize("edit", [pytest.param(edit, id=name) for name, edit in RIGHT.items()])
def test_what_is_narrower_or_a_store_of_its_own_passes(edit: Edit, monkeypatch: pytest.MonkeyPatch) -> None:
    prod = stack_of("prod")
    nodes = nodes_of(prod)
    edit(nodes)
    assert judged(prod, nodes, monkeypatch) == []


def test_a_finding_says_what_is_beyond_in_iams_own_words(monkeypatch: pytest.MonkeyPatch) -> None:
    prod = stack_of("prod")
    nodes = nodes_of(prod)
    granting(["dynamodb:Scan", "dynamodb:GetItem"], TABLE.format("evolution-state-prod"))(nodes)
    monkeypatch.setenv("PULUMI_CONFIG", json.dumps({"evolution-system:environment": json.dumps(prod.table)}))
    [found] = [one for one in findings(nodes, families=FAMILIES) if one.rule == ACCESS]
    beyond = {"Effect": "Allow", "Action": "dynamodb:Scan", "Resource": TABLE.format("evolution-state-prod")}
    assert json.dumps(beyond) in found.message, "only what is more than approved"


def test_another_program_is_not_held_to_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PULUMI_CONFIG", raising=False)
    grants = document({"Effect": "Allow", "Action": READS, "Resource": OTHER_TABLE})
    nodes = {"stack": Node("pulumi:pulumi:Stack", {}), "grants": Node("aws:iam/rolePolicy:RolePolicy", {"role": "x", "policy": grants})}
    assert not [one for one in findings(nodes, project="webshop", families=FAMILIES) if one.rule.startswith("approved/")]
