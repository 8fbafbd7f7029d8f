"""What a first deployment of prod would meet in a fresh account, and what an operator sees of it."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from components.capacity import FARGATE_VCPUS, needs
from operations import OperationError, planned, preflight
from operations.account import Account
from operations.needs import grants
from operations.planned import Planned, State, recorded, resources_of
from operations.preflight import CALLS, run, status
from tests.components.tables import env_of
from tests.operations.stubs import NUMBER, REGION
from tests.operations.world import refusal
from tests.plans import Plan

NOT_THERE: Mapping[str, str] = {
    "get_role": "NoSuchEntity",
    "get_policy": "NoSuchEntity",
    "get_open_id_connect_provider": "NoSuchEntity",
    "head_bucket": "404",
    "describe_repositories": "RepositoryNotFoundException",
    "get_queue_url": "AWS.SimpleQueueService.NonExistentQueue",
    "describe_key": "NotFoundException",
    "describe_budget": "NotFoundException",
}
"""How each service says that there is none; the others say ResourceNotFoundException."""

FRESH: Mapping[str, Mapping[str, Any]] = {
    "get_account_settings": {"AccountLimit": {"ConcurrentExecutions": 10, "UnreservedConcurrentExecutions": 10}},
    "describe_addresses": {"Addresses": []},
    "describe_vpcs": {"Vpcs": [{}]},
    "get_metric_statistics": {"Datapoints": []},
    "describe_resource_policies": {"resourcePolicies": []},
    "describe_availability_zones": {
        "AvailabilityZones": [{"ZoneName": f"us-east-1{letter}", "ZoneId": f"use1-az{number}"} for number, letter in enumerate("abcdef", 1)]
    },
    "get_inference_profile": {"status": "ACTIVE"},
    "get_foundation_model_availability": {
        "agreementAvailability": {"status": "NOT_AVAILABLE"},
        "authorizationStatus": "NOT_AUTHORIZED",
        "entitlementAvailability": "NOT_AVAILABLE",
        "regionAvailability": "AVAILABLE",
    },
    "get_caller_identity": {"Account": NUMBER, "Arn": f"arn:aws:iam::{NUMBER}:user/administrator"},
    "list_detectors": {"DetectorIds": []},
    "list_analyzers": {"analyzers": []},
    "get_model_invocation_logging_configuration": {},
    "get_trace_segment_destination": {"Destination": "XRay", "Status": "ACTIVE"},
    "list_resource_policies": {"ResourcePolicies": []},
    "describe_log_groups": {"logGroups": []},
    "describe_parameters": {"Parameters": []},
    "list_web_acls": {"WebACLs": []},
    "list_guardrails": {"guardrails": []},
    "list_agent_runtimes": {"agentRuntimes": []},
    "list_gateways": {"items": []},
}


class Fresh:
    """An account in which nothing is, with an administrator. It keeps what it is asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, Any]]] = []

    def __getattr__(self, method: str) -> Callable[..., Any]:
        def answer(**parameters: Any) -> Any:
            self.asked.append((method, parameters))
            match method:
                case "get_service_quota":
                    need = next(one for one in needs(env_of("prod")) if one.quota.code == parameters["QuotaCode"])
                    metric = {"MetricNamespace": "AWS/Usage", "MetricName": "ResourceCount"}
                    return {"Quota": {"Value": float(need.quota.fresh), "UsageMetric": metric}}
                case "describe_vpc_endpoint_services":
                    zones = [f"us-east-1{letter}" for letter in "abcdef"]
                    return {"ServiceDetails": [{"ServiceName": one, "AvailabilityZones": zones} for one in parameters["ServiceNames"]]}
                case "simulate_principal_policy":
                    assert parameters["ActionNames"]
                    return {"EvaluationResults": [{"EvalDecision": "allowed"}]}
                case _ if method in FRESH:
                    return FRESH[method]
                case _:
                    raise refusal(NOT_THERE.get(method, "ResourceNotFoundException"))

        return answer

    def account(self) -> Account:
        services = {call.partition(":")[0] for call in CALLS}
        return Account(number=NUMBER, region=REGION, calls=CALLS, session=None, clients=dict.fromkeys(services, self))


@pytest.fixture
def prod(plan: Callable[..., Plan]) -> Planned:
    return Planned(stack="prod", env=env_of("prod"), resources=resources_of(plan("prod"), NUMBER, {}))


def test_what_a_first_deployment_of_prod_meets_in_a_fresh_account_is_named(prod: Planned) -> None:
    found = run(Fresh().account(), prod)
    kinds = {(one.check, one.kind) for one in found}
    assert kinds == {
        ("Lambda executions", "fail"),
        ("Fargate vCPUs", "fail"),
        ("elastic IPs", "pass"),
        ("VPCs", "pass"),
        ("log policies", "pass"),
        ("traces", "fail"),
        ("zones", "pass"),
        ("endpoints", "pass"),
        ("names", "pass"),
        ("service roles", "person"),
        ("model", "person"),
        ("rights", "pass"),
        ("administrator", "person"),
        ("once an account", "pass"),
    }
    assert status(found) == 1
    commands = [one.command for one in found if one.kind != "pass"]
    assert all(commands), "each says what a person runs"
    most = next(need.most for need in needs(env_of("prod")) if need.quota == FARGATE_VCPUS)
    assert any(f"--quota-code {FARGATE_VCPUS.code} --desired-value {most} " in one for one in commands)
    assert sum("create-service-linked-role" in one for one in commands) == 5


def test_every_name_is_asked_for_with_the_accounts_own_number(prod: Planned) -> None:
    fresh = Fresh()
    run(fresh.account(), prod)
    buckets = {parameters["Bucket"] for method, parameters in fresh.asked if method == "head_bucket"}
    assert buckets == {f"evolution-{what}-prod-{NUMBER}-us-east-1" for what in ("artifacts", "access-logs")}
    assert "000000000000" not in json.dumps([asked for _, asked in fresh.asked], default=str)


def test_once_the_state_has_everything_no_name_is_asked_for(plan: Callable[..., Plan]) -> None:
    planned_ = plan("prod")
    there = Planned(
        stack="prod",
        env=env_of("prod"),
        resources=resources_of(planned_, NUMBER, {one.urn: {} for one in planned_.resources}),
    )
    fresh = Fresh()
    run(fresh.account(), there)
    assert {"head_bucket", "describe_secret"} & {method for method, _ in fresh.asked} == set()


def test_iam_is_asked_for_every_right_that_a_deployment_needs_and_few_times(prod: Planned) -> None:
    fresh = Fresh()
    run(fresh.account(), prod)
    questions = [parameters for method, parameters in fresh.asked if method == "simulate_principal_policy"]
    named = {action for one in questions for action in one["ActionNames"]}
    assert named == {one.action for one in grants(prod, fresh.account().names("prod"))}
    assert len(questions) < len(named) / 2
    assert not [arn for one in questions for arn in one.get("ResourceArns", []) if "*" in arn or "?" in arn]


def test_it_prints_a_table_and_json_and_ends_with_its_verdict(
    prod: Planned, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def connected(*_: object, **__: object) -> Account:
        return Fresh().account()

    monkeypatch.setattr(preflight, "connect", connected)
    monkeypatch.setattr(preflight, "made", lambda *_: ({}, "no state"))  # pyright: ignore[reportUnknownLambdaType, reportUnknownArgumentType]
    monkeypatch.setattr(preflight, "planned", lambda *_: prod)  # pyright: ignore[reportUnknownLambdaType, reportUnknownArgumentType]
    assert preflight.main(["--stack", "prod", "--account", NUMBER]) == 1
    said = capsys.readouterr().out
    assert said.startswith(f"prod in account {NUMBER}, us-east-1; no state\n")
    assert "  will fail      Lambda executions" in said
    assert said.splitlines()[-1] == "pass: 8, a person must: 8, will fail: 3"
    assert preflight.main(["--stack", "prod", "--account", NUMBER, "--json"]) == 1
    read = json.loads(capsys.readouterr().out)
    assert (read["stack"], read["account"]) == ("prod", NUMBER)
    assert {one["kind"] for one in read["outcomes"]} == {"pass", "person", "fail"}


@pytest.mark.parametrize("arguments", [["--account", "12"], ["--stack", "nowhere"], ["--colour"]])
def test_bad_input_is_one_line(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert preflight.main(arguments) == 1
    said = capsys.readouterr()
    assert (said.out, said.err.count("\n")) == ("", 1)
    assert said.err.startswith("error: ")


URN = "urn:pulumi:prod::evolution-system::"
STATE = '{"deployment": {"resources": [{"urn": "urn:pulumi:prod::evolution-system::a", "type": "aws:a:A", "inputs": {"name": "b"}}]}}'


class TestState:
    def test_it_is_read_and_another_shape_is_refused(self) -> None:
        assert recorded(STATE, "prod", NUMBER) == {f"{URN}a": {"name": "b"}}
        assert recorded('{"version": 3, "deployment": {}}', "prod", NUMBER) == {}
        for wrong in ("", "[]", "{}", '{"deployment": {"resources": [{}]}}', '{"deployment": {"resources": [{"urn": "a", "inputs": 1}]}}'):
            with pytest.raises(OperationError, match="no state of a shape"):
                recorded(wrong, "prod", NUMBER)

    @pytest.mark.parametrize(
        ("one", "says"),
        [
            ({"type": "pulumi:providers:aws", "custom": True, "inputs": {"__internal": {}, "version": "7.51.1"}}, None),
            ({"type": "evolution:data:Data", "custom": False}, None),
            ({"type": "aws:iam/policy:Policy", "custom": True, "outputs": {"arn": f"arn:aws:iam::{NUMBER}:policy/a"}}, None),
            ({"type": "aws:s3/bucket:Bucket", "custom": True, "outputs": {"arn": "arn:aws:s3:::a"}}, None),
            ({"type": "command:local:Command", "custom": True}, "a provider that this program doesn't use"),
            ({"type": "pulumi-python:dynamic:Resource", "custom": True}, "a provider that this program doesn't use"),
            ({"type": "pulumi:providers:command", "custom": True}, "a provider that this program doesn't use"),
            (
                {"type": "pulumi:providers:aws", "custom": True, "inputs": {"__internal": {"pluginDownloadURL": "https://example.com"}}},
                "whose plugin is to come from elsewhere",
            ),
            ({"type": "aws:s3/bucket:Bucket", "custom": True, "urn": "urn:pulumi:dev::evolution-system::a"}, "of another stack or project"),
            (
                {"type": "aws:iam/policy:Policy", "custom": True, "outputs": {"arn": "arn:aws:iam::999999999999:policy/a"}},
                f"is of account 999999999999, and this is {NUMBER}: export",
            ),
        ],
    )
    def test_what_this_program_never_made_is_refused(self, one: Mapping[str, Any], says: str | None) -> None:
        exported = json.dumps({"deployment": {"resources": [{"urn": f"{URN}a", **one}]}})
        if says is None:
            recorded(exported, "prod", NUMBER)
        else:
            with pytest.raises(OperationError, match=says) as raised:
                recorded(exported, "prod", NUMBER)
            assert "\n" not in str(raised.value)

    def test_without_a_backend_every_name_must_be_free(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("PULUMI_BACKEND_URL", raising=False)
        found, said = planned.made("prod", Fresh().account())
        assert (found, "PULUMI_BACKEND_URL isn't set" in said) == ({}, True)

    @pytest.mark.slow
    @pytest.mark.parametrize(
        ("script", "found"),
        [
            (f"echo '{STATE}'", {f"{URN}a": {"name": "b"}}),
            ("echo \"error: no stack named 'prod' found\" >&2; exit 255", {}),
            ("echo 'error: no such\n bucket' >&2; exit 1", None),
        ],
    )
    def test_with_one_pulumi_is_asked(self, script: str, found: State | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        command = tmp_path / "pulumi"
        command.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        command.chmod(command.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
        monkeypatch.setenv("PULUMI_BACKEND_URL", "s3://somewhere")
        if found is None:
            with pytest.raises(OperationError, match="the state can't be read: error: no such bucket"):
                planned.made("prod", Fresh().account())
        else:
            assert planned.made("prod", Fresh().account())[0] == found
