"""Every rule: silent on the compliant stack, and caught by exactly the rules that are named for each edit of it."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest

from exemptions import NEVER
from tests.policy.builders import document
from tests.policy.edits import Edit, each_fires, referring, setting, without
from tests.policy.samples import (
    KEY_ARN,
    TABLE,
    UNKNOWN,
    Node,
    compliant,
    configure,
    containers,
    findings,
    rules_that_fire,
    set_at,
)

SSE = "rules.0.applyServerSideEncryptionByDefault"
ENGINE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/engine"


UNTOLD = json.dumps([{**json.loads(containers())[0], "environment": []}])

UNREADABLE = {"environment/readable"}
"""Containers that can't be read are said once, by a rule that nobody can be exempt from; no other guesses what they hold."""

BEYOND = {"environment/container-limits", "environment/table-equality"}
PORTS = {"network/no-public-ingress", "network/named-ports"}

EDITS: list[tuple[str, Edit, set[str]]] = [
    # Encryption.
    ("the table uses AWS's key", setting("state", "serverSideEncryption", {"enabled": True}), {"encryption/table-cmk"}),
    ("the table is not encrypted", setting("state", "serverSideEncryption.enabled", False), {"encryption/table-cmk"}),
    ("the table's flag is unknown", setting("state", "serverSideEncryption.enabled", UNKNOWN), {"encryption/table-cmk"}),
    ("the table has no encryption", setting("state", "serverSideEncryption", None), {"encryption/table-cmk"}),
    ("the table's key is a bucket", referring("state", "serverSideEncryption", "artifacts"), {"encryption/key-reference"}),
    ("the topic uses AWS's key", setting("topic", "kmsMasterKeyId", "alias/aws/sns"), {"encryption/topic-cmk"}),
    ("the topic is not encrypted", setting("topic", "kmsMasterKeyId", None), {"encryption/topic-cmk"}),
    ("the topic's key is a log group", referring("topic", "kmsMasterKeyId", "logs"), {"encryption/key-reference"}),
    ("the log group is not encrypted", setting("logs", "kmsKeyId", None), {"encryption/log-group-cmk"}),
    ("the secret uses AWS's key", setting("secret", "kmsKeyId", "aws/secretsmanager"), {"encryption/secret-cmk"}),
    (
        "the secret's key is a role",
        setting("secret", "kmsKeyId", "arn:aws:iam::123456789012:role/key"),
        {"encryption/secret-cmk", "containment/own-roles"},
    ),
    (
        "the repository uses S3's key",
        setting("repository", "encryptionConfigurations.0.encryptionType", "AES256"),
        {"encryption/repository-cmk"},
    ),
    ("the repository says nothing", setting("repository", "encryptionConfigurations", None), {"encryption/repository-cmk"}),
    ("the repository uses AWS's key", setting("repository", "encryptionConfigurations.0.kmsKey", None), {"encryption/repository-cmk"}),
    (
        "the repository's kind is unknown",
        setting("repository", "encryptionConfigurations.0.encryptionType", UNKNOWN),
        {"encryption/repository-cmk"},
    ),
    ("the bucket uses S3's key", setting("artifacts-encryption", f"{SSE}.sseAlgorithm", "AES256"), {"encryption/bucket-cmk"}),
    ("the bucket uses AWS's key", setting("artifacts-encryption", f"{SSE}.kmsMasterKeyId", None), {"encryption/bucket-cmk"}),
    ("the bucket's algorithm is unknown", setting("artifacts-encryption", f"{SSE}.sseAlgorithm", UNKNOWN), {"encryption/bucket-cmk"}),
    ("the bucket has no encryption", without("artifacts-encryption"), {"encryption/bucket-cmk"}),
    ("the bucket's rules are empty", setting("artifacts-encryption", "rules", []), {"encryption/bucket-cmk"}),
    ("the bucket's key is a topic", referring("artifacts-encryption", "rules", "topic"), {"encryption/key-reference"}),
    ("access logs go where S3 can't write", setting("access-logs-encryption", f"{SSE}.sseAlgorithm", "aws:kms"), {"encryption/bucket-cmk"}),
    ("a bucket is no log destination any more", without("logging"), {"encryption/bucket-cmk", "data-protection/bucket-access-logs"}),
    # Alarms.
    ("the average score's alarm is gone", without("score"), {"alarms/safety-score-average"}),
    ("the worst score's alarm is gone", without("worst-score"), {"alarms/safety-score-minimum"}),
    ("the memory alarm is gone", without("memory"), {"alarms/agent-memory"}),
    ("the speed alarm is gone", without("speed"), {"alarms/instantiation-speed"}),
    ("the autonomy alarm is gone", without("autonomy"), {"alarms/autonomy"}),
    ("the score's threshold is lower", setting("score", "threshold", 0.5), {"alarms/safety-score-average"}),
    ("the score's threshold is higher than the table", setting("worst-score", "threshold", 0.9), {"alarms/safety-score-minimum"}),
    ("the score's threshold is unknown", setting("score", "threshold", UNKNOWN), {"alarms/safety-score-average"}),
    ("the score's threshold is a text", setting("score", "threshold", "0.8"), {"alarms/safety-score-average"}),
    ("the memory threshold is in bytes", setting("memory", "threshold", 6656), {"alarms/agent-memory"}),
    ("the autonomy threshold is lower", setting("autonomy", "threshold", 50), {"alarms/autonomy"}),
    ("the operator is flipped", setting("score", "comparisonOperator", "GreaterThanThreshold"), {"alarms/safety-score-average"}),
    ("the statistic is the maximum", setting("worst-score", "statistic", "Maximum"), {"alarms/safety-score-minimum"}),
    ("both alarms watch the average", setting("worst-score", "statistic", "Average"), {"alarms/safety-score-minimum"}),
    ("the namespace is another", setting("memory", "namespace", "Evolution"), {"alarms/agent-memory"}),
    ("the metric is misspelt", setting("speed", "metricName", "InstantiationSpeed"), {"alarms/instantiation-speed"}),
    ("the dimension is missing", setting("score", "dimensions", None), {"alarms/safety-score-average"}),
    ("the dimension is another stack's", setting("score", "dimensions.Environment", "dev"), {"alarms/safety-score-average"}),
    ("the dimension is unknown", setting("score", "dimensions.Environment", UNKNOWN), {"alarms/safety-score-average"}),
    ("more periods", setting("speed", "evaluationPeriods", 30), {"alarms/instantiation-speed"}),
    ("silence is no breach", setting("score", "treatMissingData", "notBreaching"), {"alarms/safety-score-average"}),
    ("silence is unsaid", setting("worst-score", "treatMissingData", None), {"alarms/safety-score-minimum"}),
    ("actions are off", setting("autonomy", "actionsEnabled", False), {"alarms/actions"}),
    ("actions may be off", setting("autonomy", "actionsEnabled", UNKNOWN), {"alarms/actions"}),
    ("nobody is told", setting("memory", "alarmActions", []), {"alarms/to-alert-topic"}),
    ("somebody is told by mail", setting("memory", "alarmActions", ["oncall@example.com"]), {"alarms/actions"}),
    # Environment.
    ("more autonomy", setting("task", "containerDefinitions", containers(AI_AUTONOMY_LEVEL="95")), BEYOND),
    ("autonomy in words", setting("task", "containerDefinitions", containers(AI_AUTONOMY_LEVEL="full")), BEYOND),
    (
        "autonomy without end",
        setting("task", "containerDefinitions", containers(AI_AUTONOMY_LEVEL="-inf")),
        BEYOND,
    ),
    (
        "no autonomy level",
        setting("task", "containerDefinitions", containers(AI_AUTONOMY_LEVEL=None)),
        {"environment/container-limits", "environment/engine-bounded"},
    ),
    ("more memory", setting("task", "containerDefinitions", containers(AGENT_MEMORY_LIMIT="8192")), BEYOND),
    ("more agents", setting("task", "containerDefinitions", containers(MAX_CONCURRENT_AGENTS="10001")), BEYOND),
    ("slower", setting("task", "containerDefinitions", containers(INSTANTIATION_TARGET_US="4")), BEYOND),
    ("more generations", setting("task", "containerDefinitions", containers(EVOLUTION_GENERATIONS="51")), BEYOND),
    (
        "permissive",
        setting("task", "containerDefinitions", containers(EVOLUTION_SAFETY_MODE="permissive")),
        BEYOND,
    ),
    ("safety off", setting("task", "containerDefinitions", containers(EVOLUTION_SAFETY_ENABLED="false")), {"environment/container-limits"}),
    (
        "safety unsaid",
        setting("task", "containerDefinitions", containers(EVOLUTION_SAFETY_ENABLED=None)),
        {"environment/container-limits", "environment/engine-bounded"},
    ),
    ("the engine is told nothing", setting("task", "containerDefinitions", UNTOLD), {"environment/engine-bounded"}),
    ("nothing runs what is told", without("task"), {"environment/engine-bounded", "workload/own-task"}),
    # Network.
    ("the internet may reach in", setting("from-vpc", "cidrIpv4", "0.0.0.0/0"), {"network/no-public-ingress"}),
    ("half of the internet may reach in", setting("from-vpc", "cidrIpv4", "0.0.0.0/1"), {"network/no-public-ingress"}),
    ("the internet may reach in by IPv6", setting("from-vpc", "cidrIpv6", "::/0"), {"network/no-public-ingress"}),
    ("who may reach in is unknown", setting("from-vpc", "cidrIpv4", UNKNOWN), {"network/no-public-ingress"}),
    ("who may reach in is no range", setting("from-vpc", "cidrIpv4", "everyone"), {"network/no-public-ingress"}),
    (
        "the group is open",
        setting("group", "ingress", [{"protocol": "tcp", "cidrBlocks": ["10.0.0.0/8", "8.8.8.8/32"]}]),
        {"network/no-public-ingress"},
    ),
    (
        "the group is open by IPv6",
        setting("group", "ingress", [{"protocol": "tcp", "ipv6CidrBlocks": ["::/0"]}]),
        {"network/no-public-ingress"},
    ),
    ("the group's ingress is unknown", setting("group", "ingress", UNKNOWN), PORTS),
    (
        "the default group is open",
        setting("default-group", "ingress", [{"cidrBlocks": ["0.0.0.0/0"]}]),
        {"network/no-public-ingress", "network/default-group-closed"},
    ),
    ("a rule that went out comes in", setting("old-rule", "type", "ingress"), PORTS),
    ("a rule's direction is unknown", setting("old-rule", "type", UNKNOWN), PORTS),
    ("the tasks have public addresses", setting("service", "networkConfiguration.assignPublicIp", True), {"network/no-public-ip"}),
    ("the tasks may have public addresses", setting("service", "networkConfiguration.assignPublicIp", UNKNOWN), {"network/no-public-ip"}),
    ("the subnet gives public addresses", setting("subnet", "mapPublicIpOnLaunch", True), {"network/no-public-subnet"}),
    # Workload.
    ("an image by tag", setting("task", "containerDefinitions", containers(image=f"{ENGINE}:latest")), {"workload/image-by-digest"}),
    (
        "an image by short digest",
        setting("task", "containerDefinitions", containers(image=f"{ENGINE}@sha256:0123")),
        {"workload/image-by-digest"},
    ),
    (
        "an image by nothing",
        setting("task", "containerDefinitions", containers(image=ENGINE)),
        {"workload/image-by-digest", "workload/own-repository"},
    ),
    (
        "containers are unknown",
        setting("task", "containerDefinitions", UNKNOWN),
        UNREADABLE,
    ),
    (
        "containers are no JSON",
        setting("task", "containerDefinitions", "engine"),
        UNREADABLE,
    ),
    ("there is no container", setting("task", "containerDefinitions", "[]"), UNREADABLE),
    (
        "one of two containers is none",
        setting("task", "containerDefinitions", json.dumps([*json.loads(containers()), "engine"])),
        UNREADABLE,
    ),
    (
        "one of two containers is none, and the other is root",
        setting("task", "containerDefinitions", json.dumps([{**json.loads(containers())[0], "user": "root"}, "engine"])),
        {*UNREADABLE, "workload/not-root"},
    ),
]


@pytest.fixture(autouse=True)
def _prod(monkeypatch: pytest.MonkeyPatch) -> None:  # pyright: ignore[reportUnusedFunction]  # pytest uses it
    configure(monkeypatch)


def test_a_stack_that_breaks_no_rule_is_left_alone() -> None:
    assert findings(compliant()) == []


def test_each_edit_is_caught_by_exactly_its_rules() -> None:
    def fired(edit: Edit) -> set[str]:
        nodes = compliant()
        edit(nodes)
        return rules_that_fire(nodes)

    each_fires(EDITS, fired)


@pytest.mark.parametrize(
    ("row", "value"),
    [
        ("autonomy_percent", 86),
        ("agent_memory_bytes", 6657),
        ("max_concurrent_agents", 10001),
        ("safety_mode", "permissive"),
        ("safety_mode", "lax"),
        ("generations", 51),
        ("safety_score_minimum", 0.79),
        ("instantiation_target_us", 4),
        ("autonomy_percent", None),
    ],
)
def test_a_table_beyond_the_tier_is_caught(row: str, value: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    configure(monkeypatch, **{row: value})
    found = [finding for finding in findings(compliant()) if finding.rule == "environment/table-limits"]
    assert len(found) == 1
    assert row in found[0].message


def test_a_message_names_rule_resource_value_reason_and_mend() -> None:
    nodes = compliant()
    set_at(nodes, "artifacts-encryption", "rules.0.applyServerSideEncryptionByDefault.sseAlgorithm", "AES256")
    [finding] = findings(nodes)
    for part in (
        "[encryption/bucket-cmk]",
        "`artifacts-encryption`",
        "BucketServerSideEncryptionConfiguration",
        '"AES256"',
        "Why: ",
        "Fix: ",
    ):
        assert part in finding.message


def test_a_rule_that_raises_is_a_violation_and_shows_nothing_of_the_input() -> None:
    nodes = compliant()
    set_at(nodes, "service", "networkConfiguration", "hunter2-a-secret")
    found = findings(nodes)
    assert [(finding.rule, finding.resource) for finding in found] == [("network/no-public-ip", "service")]
    assert "hunter2" not in found[0].message


@pytest.mark.parametrize("limits", ["AI_AUTONOMY_LEVEL", "AGENT_MEMORY_LIMIT"])
def test_a_secret_among_the_variables_is_never_shown(limits: str) -> None:
    nodes = compliant()
    set_at(nodes, "task", "containerDefinitions", containers(**{"DATABASE_PASSWORD": "hunter2", limits: "hunter2"}))
    assert all("hunter2" not in finding.message for finding in findings(nodes))


def test_a_resource_without_inputs_is_refused_with_a_word_about_targets() -> None:
    nodes = compliant()
    nodes["state"].props = {}
    found = [finding for finding in findings(nodes) if finding.resource == "state"]
    assert "encryption/table-cmk" in {finding.rule for finding in found}
    assert all("--target" in finding.message for finding in found)


def test_known_references_are_judged_like_unknown_ones() -> None:
    """After the deployment every reference is known: the same stack must still break no rule."""
    nodes = compliant()
    for name, path in (("state", "serverSideEncryption.kmsKeyArn"), ("topic", "kmsMasterKeyId"), ("logs", "kmsKeyId")):
        set_at(nodes, name, path, KEY_ARN)
    set_at(nodes, "artifacts-encryption", "bucket", nodes["artifacts"].props["bucket"])
    assert findings(nodes) == []


def test_silence_is_no_breach_before_there_is_a_service() -> None:
    nodes = compliant()
    for name in ("service", "task", "monitor-service", "monitor-task"):
        nodes.pop(name)
    for name in ("score", "worst-score"):
        set_at(nodes, name, "treatMissingData", "notBreaching")
    assert findings(nodes) == []


def test_an_additional_weaker_alarm_does_no_harm() -> None:
    nodes = compliant()
    nodes["early-warning"] = Node(
        nodes["score"].type, {**nodes["score"].props, "threshold": 0.9, "name": "early-prod"}, nodes["score"].references
    )
    assert findings(nodes) == []


@pytest.mark.parametrize(
    "mark",
    [
        Node("evolution:data:Data", {}),
        Node("aws:cloudwatch/metricAlarm:MetricAlarm", {"namespace": "EvolutionSystem", "metricName": "SafetyScore"}),
    ],
)
def test_one_mark_of_the_system_is_enough_to_be_held_to_its_rules(mark: Node) -> None:
    """A renamed project doesn't escape."""
    assert "alarms/autonomy" in rules_that_fire({"mark": mark}, project="renamed")


def test_another_system_need_not_have_our_alarms() -> None:
    assert findings({"bare": Node("pulumi:pulumi:Stack", {})}, project="somebody-elses") == []


def test_a_system_without_a_table_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PULUMI_CONFIG")
    assert rules_that_fire(compliant()) == {"environment/table-limits"}


def test_the_table_of_a_deployed_state_is_the_stacks_output(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PULUMI_CONFIG")
    nodes = compliant()
    nodes["stack"].props["environment"] = {key: float(row) if type(row) is int else row for key, row in TABLE.items()}
    assert findings(nodes) == []


@pytest.mark.parametrize(
    ("kind", "key", "unreadable", "said_by"),
    [
        ("aws:ecs/taskDefinition:TaskDefinition", "containerDefinitions", UNKNOWN, "environment/readable"),
        ("aws:ecs/taskDefinition:TaskDefinition", "containerDefinitions", "engine", "environment/readable"),
        ("aws:lambda/function:Function", "environment", UNKNOWN, "environment/readable"),
        ("aws:bedrock/agentcoreAgentRuntime:AgentcoreAgentRuntime", "environmentVariables", UNKNOWN, "environment/readable"),
        ("aws:sqs/queuePolicy:QueuePolicy", "policy", UNKNOWN, "identity/document"),
        ("aws:kms/keyPolicy:KeyPolicy", "policy", '{"Statement": [', "identity/document"),
    ],
)
def test_what_cannot_be_read_is_said_once_of_any_program(kind: str, key: str, unreadable: Any, said_by: str) -> None:
    """By a rule from which nobody can be exempt."""
    policy = document({"Effect": "Deny", "Principal": "*", "Action": "sqs:*"})
    readable: dict[str, Any] = {"containerDefinitions": containers(), "policy": policy}

    def fired(value: Any) -> Counter[str]:
        return Counter(finding.rule for finding in findings({"it": Node(kind, {key: value})}, project="webshop"))

    assert fired(unreadable) - fired(readable.get(key, {})) == Counter([said_by])
    assert said_by.startswith(NEVER)
