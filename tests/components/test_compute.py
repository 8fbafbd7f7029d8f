"""The compute layer under Pulumi's mocks: what runs, what it waits for, and what the autoscaler may do."""

from __future__ import annotations

from tests.components.layers import KEY, compute
from tests.components.tables import env_of


def test_the_engine_runs_as_the_design_says() -> None:
    service = compute("prod").of("Service")["compute-engine-service"]
    inputs = service.inputs
    assert (inputs["name"], inputs["launchType"]) == ("evolution-engine-prod", "FARGATE")
    assert inputs["desiredCount"] == env_of("prod").engine.desired
    assert (inputs["deploymentMinimumHealthyPercent"], inputs["deploymentMaximumPercent"]) == (50, 200)
    assert inputs["deploymentCircuitBreaker"] == {"enable": True, "rollback": True}
    assert inputs["availabilityZoneRebalancing"] == "ENABLED"
    assert inputs["networkConfiguration"]["assignPublicIp"] is False
    assert inputs["enableExecuteCommand"] is False


def test_a_deployment_ends_when_both_services_are_steady_or_ecs_has_given_up() -> None:
    for service in compute("prod").of("Service").values():
        assert service.inputs["waitForSteadyState"] is True
        assert service.timeouts == ("30m", "30m"), "the provider's 20 minutes end before the circuit breaker says why"


def test_a_rollback_finds_the_revision_before() -> None:
    tasks = compute("prod").of("TaskDefinition")
    assert {name: task.inputs.get("skipDestroy") for name, task in tasks.items()} == {
        "compute-engine-task": True,
        "compute-monitor-task": True,
    }


def test_the_program_never_fights_the_autoscaler() -> None:
    services = compute("prod").of("Service")
    assert services["compute-engine-service"].ignore_changes == ("desiredCount",)
    assert services["compute-monitor-service"].ignore_changes == (), "nothing scales the monitor: its one task is the program's"


def test_a_service_waits_for_its_roles_grants_its_logs_and_the_layers_before_it() -> None:
    services = compute("prod").of("Service")
    assert services["compute-engine-service"].depends_on >= {
        "compute-execution-role-grants",
        "compute-engine-role-grants",
        "compute-engine-logs",
        "stored",
    }
    assert services["compute-monitor-service"].depends_on >= {
        "compute-execution-role-grants",
        "monitor-grants",
        "compute-monitor-logs",
        "stored",
    }


def test_the_engine_and_its_judge_are_two_tasks_with_two_roles() -> None:
    tasks = compute("prod").of("TaskDefinition")
    roles = {name: task.inputs["taskRoleArn"] for name, task in tasks.items()}
    assert len(set(roles.values())) == 2
    for task in tasks.values():
        assert task.inputs["runtimePlatform"] == {"operatingSystemFamily": "LINUX", "cpuArchitecture": "ARM64"}
        assert task.inputs["requiresCompatibilities"] == ["FARGATE"]
    size = env_of("prod").engine.task
    engine = tasks["compute-engine-task"].inputs
    assert (engine["cpu"], engine["memory"]) == (str(size.cpu), str(size.memory))


def test_the_autoscaler_follows_cpu_and_memory_within_the_tables_bounds() -> None:
    layer = compute("prod")
    target = layer.only("Target").inputs
    engine = env_of("prod").engine
    assert (target["minCapacity"], target["maxCapacity"]) == (engine.minimum, engine.maximum)
    assert target["resourceId"] == "service/evolution-system-prod/evolution-engine-prod"
    policies = [policy.inputs["targetTrackingScalingPolicyConfiguration"] for policy in layer.of("Policy").values()]
    assert {policy["predefinedMetricSpecification"]["predefinedMetricType"]: policy["targetValue"] for policy in policies} == {
        "ECSServiceAverageCPUUtilization": 70,
        "ECSServiceAverageMemoryUtilization": 80,
    }
    assert {(policy["scaleInCooldown"], policy["scaleOutCooldown"]) for policy in policies} == {(300, 120)}


def test_the_repository_takes_no_second_image_under_a_tag() -> None:
    repository = compute("prod").only("Repository")
    assert repository.inputs["imageTagMutability"] == "IMMUTABLE"
    assert repository.inputs["imageScanningConfiguration"] == {"scanOnPush": True}
    assert repository.inputs["encryptionConfigurations"] == [{"encryptionType": "KMS", "kmsKey": KEY}]


def test_container_insights_writes_to_an_encrypted_group_that_is_there_first() -> None:
    layer = compute("prod")
    assert layer.of("LogGroup")["compute-insights-logs"].inputs["name"] == "/aws/ecs/containerinsights/evolution-system-prod/performance"
    assert "compute-insights-logs" in layer.only("Cluster").depends_on


def test_before_the_first_image_only_what_runs_it_is_absent() -> None:
    with_image = {(resource.type, resource.name) for resource in compute("prod").resources}
    without = {(resource.type, resource.name) for resource in compute("prod", None).resources}
    assert without < with_image
    assert {kind.rpartition(":")[2] for kind, _ in with_image - without} == {
        "TaskDefinition",
        "Service",
        "Target",
        "ScheduledAction",
        "Policy",
    }


def test_no_deployment_moves_the_bounds_again() -> None:
    made = compute("prod")
    assert made.only("Target").ignore_changes == ("minCapacity", "maxCapacity", "suspendedState")
    action, engine = made.only("ScheduledAction").inputs, env_of("prod").engine
    assert action["scalableTargetAction"] == {"minCapacity": engine.minimum, "maxCapacity": engine.maximum}, "but those of the table"
