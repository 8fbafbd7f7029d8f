"""The committed stacks through the real engine, the real program and the real pack; and the edits that the pack refuses."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.plans import UNKNOWN, Plan, PlannedResource
from tests.policy.planned import nodes_of

ROOT = Path(__file__).parents[1]
STACKS = ("dev", "staging", "prod")

DOCUMENTS = {"policy", "assumeRolePolicy", "policyDocument", "containerDefinitions", "dashboardBody", "alarmRule"}
"""Inputs that are JSON text or a rule's text, and whose content is what a reviewer judges."""

FIGURES = {
    "threshold",
    "evaluationPeriods",
    "datapointsToAlarm",
    "period",
    "comparisonOperator",
    "statistic",
    "treatMissingData",
    "dimensions",
}


ENFORCES = {
    "agentcore-handler",
    "agentcore-runtime",
    "compute-cluster",
    "compute-engine-service",
    "compute-engine-task",
    "compute-monitor-service",
    "compute-monitor-task",
}
"""What enforces the table's limits, and says so by its tags."""


def unknown_in(value: Any) -> bool:
    return UNKNOWN in json.dumps(value)


@pytest.fixture(params=STACKS)
def stack(request: pytest.FixtureRequest) -> str:
    return request.param


def test_the_stack_previews_with_the_pack_and_without_a_word_of_warning(stack: str, plan: Callable[..., Plan]) -> None:
    planned = plan(stack)
    assert planned.succeeded, planned.text
    assert len(planned.policy_packs) == 1, "the pack must be loaded"
    assert not planned.findings
    assert not planned.diagnostics


def test_no_document_threshold_or_container_is_unknown_at_preview(stack: str, plan: Callable[..., Plan]) -> None:
    judged = 0
    unknown: list[str] = []
    for resource in plan(stack).resources:
        wanted = DOCUMENTS | FIGURES if resource.type.endswith(":MetricAlarm") else DOCUMENTS
        for name in wanted & set(resource.inputs):
            judged += 1
            # What an alarm watches may be named by an ARN that AWS makes: alarms/guardrail-interventions sees whose it is.
            if name == "dimensions" and name in resource.property_dependencies:
                continue
            if unknown_in(resource.inputs[name]):
                unknown.append(f"{resource.name}.{name}")
    assert not unknown, f"{len(unknown)} of {judged} can't be judged at preview: {unknown}"
    assert judged > 80, f"only {judged} documents and figures were found: the test has lost sight of them"


def test_every_policy_document_of_the_plan_is_json(stack: str, plan: Callable[..., Plan]) -> None:
    for resource in plan(stack).resources:
        for name in DOCUMENTS - {"alarmRule"}:
            if name in resource.inputs:
                json.loads(resource.inputs[name])


def test_everything_that_takes_tags_carries_the_stacks_and_what_enforces_the_limits_theirs(stack: str, plan: Callable[..., Plan]) -> None:
    tagged = {name: node.props["tagsAll"] for name, node in nodes_of(plan(stack)).items() if "tagsAll" in node.props}
    assert len(tagged) > 40
    for name, tags in tagged.items():
        assert {"Project", "Environment", "ManagedBy", "Purpose"} <= tags.keys(), name
        assert tags["Environment"] == stack
    assert {name for name, tags in tagged.items() if {"Autonomy", "AgentMemoryLimit"} & tags.keys()} == ENFORCES
    table = plan(stack).outputs["environment"]
    for name in ENFORCES:
        assert tagged[name]["Autonomy"] == str(table["autonomy_percent"])
        assert tagged[name]["AgentMemoryLimit"] == f"{table['agent_memory_bytes'] / 1024:g}KB"


def test_every_name_is_explicit_and_carries_the_stack(stack: str, plan: Callable[..., Plan]) -> None:
    names = {"name", "bucket", "family", "alarmName", "dashboardName", "policyName", "agentRuntimeName"}
    # Inside of something that carries the stack, or named by AWS; AgentCore's runtimes and policies take no hyphen.
    inner = re.compile(
        rf"grants|runtime|evolution|allowed|everything-else|alias/evolution-.*|/aws/ecs/.*|/evolution/.*|arn:.*|evolution_{stack}(_.*)?"
        rf"|{re.escape(UNKNOWN)}"
    )
    for resource in plan(stack).resources:
        for key in names & set(resource.inputs):
            value = resource.inputs[key]
            if resource.type.startswith("aws:") and isinstance(value, str) and not inner.fullmatch(value):
                assert f"-{stack}" in value, f"{resource.name}.{key} is {value}"


def test_every_resource_is_made_by_the_layers_own_provider(stack: str, plan: Callable[..., Plan]) -> None:
    providers = [resource.name for resource in plan(stack).resources if resource.type.startswith("pulumi:providers:")]
    assert providers == ["aws"], "a default provider would carry no tags"


def test_a_first_deployment_runs_nothing_and_says_what_to_do(plan: Callable[..., Plan]) -> None:
    first, later = plan("prod", image="none"), plan("prod")
    assert first.succeeded, first.text
    assert not first.findings
    missing = {(resource.type, resource.name) for resource in later.resources} - {
        (resource.type, resource.name) for resource in first.resources
    }
    assert {kind for kind, _ in missing} == {
        "aws:ecs/taskDefinition:TaskDefinition",
        "aws:ecs/service:Service",
        "aws:appautoscaling/target:Target",
        "aws:appautoscaling/policy:Policy",
        "aws:appautoscaling/scheduledAction:ScheduledAction",
        "aws:bedrock/agentcoreAgentRuntime:AgentcoreAgentRuntime",
        "aws:bedrock/agentcoreAgentRuntimeEndpoint:AgentcoreAgentRuntimeEndpoint",
        "aws:bedrock/agentcoreResourcePolicy:AgentcoreResourcePolicy",
        "aws:bedrock/agentcoreGatewayTarget:AgentcoreGatewayTarget",
        "aws:bedrock/agentcorePolicy:AgentcorePolicy",
        "aws:cloudwatch/logDataProtectionPolicy:LogDataProtectionPolicy",
        "aws:cloudwatch/metricAlarm:MetricAlarm",
        # The agents' own role, log group and security group come and go with them.
        "aws:iam/role:Role",
        "aws:iam/rolePolicy:RolePolicy",
        "aws:cloudwatch/logGroup:LogGroup",
        "aws:ec2/securityGroup:SecurityGroup",
        "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule",
    }
    beside = {name for kind, name in missing if kind.split("/")[0] in ("aws:iam", "aws:cloudwatch", "aws:ec2", "aws:vpc")}
    assert all(name.startswith("agentcore-runtime-") for name in beside - {"agentcore-agents-errors"})
    assert "engine_image_digest" in first.outputs["next_step"]
    silence = {resource.name: resource.inputs["treatMissingData"] for resource in first.resources if "treatMissingData" in resource.inputs}
    assert set(silence.values()) == {"notBreaching"}, "before there is anything to run, silence is no alarm"


def test_protected_stacks_protect_what_holds_data(plan: Callable[..., Plan]) -> None:
    def protected(resources: tuple[PlannedResource, ...]) -> set[str]:
        return {resource.name for resource in resources if resource.protect and resource.retain_on_delete}

    assert protected(plan("dev").resources) == set()
    for stack in ("staging", "prod"):
        kept = protected(plan(stack).resources)
        companions = {"encryption", "lifecycle", "ownership", "policy", "public-access-block", "versioning"}
        assert kept == {
            "compute-repository",
            "data-checkpoints",
            "data-population",
            "data-state",
            "evolution-mode",
            "security-key",
            "security-key-alias",
            "security-safety-settings",
            "data-artifacts-logging",
            "data-artifacts",
            "data-access-logs",
            *(f"{bucket}-{part}" for bucket in ("data-artifacts", "data-access-logs") for part in companions),
        }


EDITS = {
    "a weaker SafetyScore threshold": (
        "components/safety.py",
        "threshold=limits.safety_score_minimum",
        "threshold=0.5",
        ("alarms/safety-score-minimum", "monitoring-safety-score-worst", "threshold is 0.5; it must be"),
    ),
    "the bucket encrypted with S3's own key": (
        "components/buckets.py",
        '"aws:kms"',
        '"AES256"',
        ("encryption/bucket-cmk", "data-artifacts-encryption", 'sseAlgorithm is "AES256"; it must be'),
    ),
    "any action in the monitor's role": (
        "components/iam.py",
        '["dynamodb:GetItem", "dynamodb:Query"]',
        '["*"]',
        ("identity/no-wildcard-action", "security-monitor-role-grants", "must"),
    ),
    "more autonomy than prod may have": (
        "components/containers.py",
        "str(limits.autonomy_percent)",
        '"95"',
        ("environment/container-limits", "compute-engine-task", 'is "95"; in the tier `prod` it must be'),
    ),
    "an image by tag": (
        "components/compute.py",
        "@{args.image_digest}",
        ":latest",
        ("workload/image-by-digest", "compute-engine-task", "it must end in its digest"),
    ),
    "the safety alarm removed": (
        "components/monitoring.py",
        "for alarm in args.safety_alarms}",
        "for alarm in args.safety_alarms[1:]}",
        ("alarms/safety-score-average", "monitoring-safety-score-worst", 'statistic is "Minimum"; it must be'),
    ),
}
"""By what is wrong: an edit, in a file, from and to; and the rule that refuses it, the resource, and words of what it says."""


@pytest.mark.slow
def test_the_preview_refuses_each_of_several_edits(tmp_path: Path) -> None:
    checkout = tmp_path / "checkout"
    kept = shutil.ignore_patterns("__pycache__", ".venv", ".local", ".git", "tests", "docs", ".*_cache")
    shutil.copytree(ROOT, checkout, ignore=kept)
    for file, before, after, _ in EDITS.values():
        source = (checkout / file).read_text(encoding="utf-8")
        assert before in source, f"{file} no longer says {before}: mend this test"
        (checkout / file).write_text(source.replace(before, after), encoding="utf-8")
    command = [sys.executable, "-m", "local", "preview", "--stack", "prod"]
    run = subprocess.run(command, cwd=checkout, capture_output=True, text=True, check=False, timeout=120)
    said = run.stdout + run.stderr
    assert run.returncode == 1, said
    assert "Traceback" not in said
    assert re.search(r"^prod: refused, \d+ findings of the policy pack, [\d.]+ s$", run.stdout, re.MULTILINE), said
    findings = re.findall(r"^(\S+) \(\w+\)\n  resource: (\S+) .*\n  wrong:    (.*)$", run.stdout, re.MULTILINE)
    for edit, (*_, (rule, resource, words)) in EDITS.items():
        assert any(found[:2] == (rule, resource) and words in found[2] for found in findings), f"{edit} isn't refused by {rule}:\n{said}"
