"""The evolution layer under Pulumi's mocks: what invokes each function, and what no deployment touches again."""

from __future__ import annotations

import json

import pytest

from components.evolution import MODE_PROPERTIES
from tests.components.layers import KEY, STACKS, evolution
from tests.components.tables import env_of
from tests.local.test_provider_types import sdk_inputs


def test_each_function_has_its_own_role_log_group_and_bounds() -> None:
    layer = evolution("prod")
    functions = layer.of("Function")
    assert len({function.inputs["role"] for function in functions.values()}) == 4
    for name, function in functions.items():
        inputs = function.inputs
        assert (inputs["runtime"], inputs["handler"], inputs["architectures"]) == ("python3.14", "handler.handler", ["arm64"])
        assert (inputs["memorySize"], inputs["kmsKeyArn"]) == (256, KEY)
        assert inputs["timeout"] == (120 if name in ("evolution-safety-switch", "evolution-resume") else 60)
        assert inputs["tracingConfig"] == {"mode": "Active"}
        assert inputs["loggingConfig"]["logFormat"] == "JSON"
        assert inputs["loggingConfig"]["logGroup"] == f"/aws/lambda/{inputs['name']}"
        assert layer.of("LogGroup")[f"{name}-logs"].inputs["kmsKeyId"] == KEY
        assert f"{name}-role-grants" in function.depends_on
        variables = inputs["environment"]["variables"]
        assert variables["EVOLUTION_ENVIRONMENT"] == "prod"
        assert variables.get("EVOLUTION_MODE_PARAMETER") == (None if name == "evolution-archiver" else "/evolution/prod/mode")


def test_executions_are_reserved_for_the_switch_and_resume_alone_and_not_in_dev() -> None:
    def reserved(stack: str) -> dict[str, int]:
        inputs = {name: function.inputs for name, function in evolution(stack).of("Function").items()}
        return {name: one["reservedConcurrentExecutions"] for name, one in inputs.items() if "reservedConcurrentExecutions" in one}

    assert reserved("dev") == {}
    assert reserved("prod") == {"evolution-safety-switch": 2, "evolution-resume": 1}


def test_no_deployment_sets_the_mode_again() -> None:
    mode = evolution("prod").only("Parameter")
    assert (mode.inputs["name"], mode.inputs["type"]) == ("/evolution/prod/mode", "String")
    assert mode.inputs["value"]["value"] == "running", "the SDK takes every parameter's value for a secret"
    assert (mode.protect, mode.retain_on_delete) == (True, True)
    assert mode.ignore_changes == MODE_PROPERTIES
    assert set(MODE_PROPERTIES) == sdk_inputs("aws:ssm/parameter:Parameter") - {"tags", "arn", "region"}, "every property but its tags"
    assert evolution("dev").only("Parameter").protect is False


def test_the_switch_is_woken_by_the_topic_and_each_minute() -> None:
    layer = evolution("prod")
    subscription = layer.only("TopicSubscription")
    assert (subscription.inputs["protocol"], subscription.inputs["topic"].rpartition(":")[2]) == ("lambda", "evolution-system-alerts-prod")
    assert subscription.inputs["endpoint"].endswith(":function:evolution-safety-switch-prod")
    assert json.loads(subscription.inputs["redrivePolicy"])["deadLetterTargetArn"].endswith(":evolution-dead-letters-prod")
    assert "evolution-topic-invokes-switch" in subscription.depends_on
    assert layer.only("Permission").inputs["sourceArn"].endswith(":evolution-system-alerts-prod")
    schedule = layer.of("Schedule")["evolution-safety-switch-schedule"]
    assert (schedule.inputs["scheduleExpression"], schedule.inputs["state"]) == ("rate(1 minute)", "ENABLED")
    assert schedule.inputs["target"]["arn"].endswith(":function:evolution-safety-switch-prod")
    assert json.loads(schedule.inputs["target"]["input"]) == {"source": "schedule"}
    assert schedule.depends_on >= {"evolution-scheduler-role-grants", "evolution-safety-switch-role-grants"}


@pytest.mark.parametrize("stack", STACKS)
def test_the_trigger_runs_when_the_table_says_and_is_told_the_time(stack: str) -> None:
    schedule = evolution(stack).of("Schedule")["evolution-trigger-schedule"].inputs
    assert schedule["scheduleExpression"] == env_of(stack).evolution_schedule
    assert json.loads(schedule["target"]["input"]) == {"scheduled_time": "<aws.scheduler.scheduled-time>"}


def test_nothing_but_a_person_invokes_resume() -> None:
    layer = evolution("prod")
    invoked = [layer.only("Permission"), layer.only("TopicSubscription"), layer.only("EventSourceMapping"), *layer.of("Schedule").values()]
    assert all("evolution-resume" not in json.dumps(dict(one.inputs)) for one in invoked)
    variables = layer.of("Function")["evolution-resume"].inputs["environment"]["variables"]
    engine = env_of("prod").engine
    assert (variables["ENGINE_MINIMUM"], variables["ENGINE_MAXIMUM"]) == (str(engine.minimum), str(engine.maximum))


def test_one_record_that_cannot_be_read_holds_up_no_other() -> None:
    layer = evolution("prod")
    mapping = layer.only("EventSourceMapping")
    inputs = mapping.inputs
    assert inputs["bisectBatchOnFunctionError"] is True
    assert inputs["functionResponseTypes"] == ["ReportBatchItemFailures"]
    assert (inputs["maximumRetryAttempts"], inputs["maximumRecordAgeInSeconds"]) == (5, 21600)
    assert inputs["destinationConfig"]["onFailure"]["destinationArn"].endswith(":evolution-dead-letters-prod")
    assert "filterCriteria" not in inputs, "a filter would drop what the archiver must keep as a dead letter"
    assert "evolution-archiver-role-grants" in mapping.depends_on


def test_what_a_function_failed_to_handle_is_kept() -> None:
    layer = evolution("prod")
    configs = layer.of("FunctionEventInvokeConfig")
    assert {name: config.inputs["maximumRetryAttempts"] for name, config in configs.items()} == {
        "evolution-trigger-invocations": 2,
        "evolution-safety-switch-invocations": 2,
        "evolution-resume-invocations": 0,
    }
    for config in configs.values():
        assert config.inputs["destinationConfig"]["onFailure"]["destination"].endswith(":evolution-dead-letters-prod")
    queue = layer.only("Queue").inputs
    assert (queue["kmsMasterKeyId"], queue["messageRetentionSeconds"]) == (KEY, 1209600)
