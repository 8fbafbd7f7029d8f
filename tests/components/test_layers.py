"""Each layer by itself under Pulumi's mocks: what it declares, what waits for what, and what differs between stacks."""

from __future__ import annotations

import json

import pulumi
import pulumi_aws as aws
import pytest

from components.component import ServiceRole
from components.compute import Compute, ComputeArgs
from components.data import Data, DataArgs
from components.evolution import MODE_PROPERTIES, Evolution, EvolutionArgs
from components.monitoring import Monitoring, MonitoringArgs
from components.naming import Names
from components.network import Network, NetworkArgs
from components.safety import safety_alarms
from components.security import Security, SecurityArgs
from local.provider.outputs import ACCOUNT
from tests.components.cloud import REGION, Layer, build
from tests.components.tables import env_of
from tests.local.test_provider_table import sdk_inputs

KEY = "arn:aws:kms:us-east-1:000000000000:key/11111111-2222-4333-8444-555555555555"
BOUNDARY = "arn:aws:iam::000000000000:policy/boundary"
DIGEST = "sha256:" + "0" * 64

STACKS = ("dev", "staging", "prod")


def names_of(stack: str) -> Names:
    return Names(stack=stack, region=REGION, account=ACCOUNT)


def security(stack: str) -> Layer:
    env = env_of(stack)
    return build(lambda: Security("security", SecurityArgs(names=names_of(stack), limits=env, keeping=env.keeping)).key_arn, stack)


def network(stack: str) -> Layer:
    env = env_of(stack)
    args = NetworkArgs(names=names_of(stack), settings=env.network, keeping=env.keeping, key_arn=KEY, boundary_arn=BOUNDARY)
    return build(lambda: Network("network", args).vpc_id, stack)


def data(stack: str) -> Layer:
    env = env_of(stack)
    return build(lambda: Data("data", DataArgs(names=names_of(stack), keeping=env.keeping, key_arn=KEY)).stream_arn, stack)


def compute(stack: str, digest: str | None = DIGEST) -> Layer:
    env = env_of(stack)

    def declare() -> pulumi.Output[str]:
        role = aws.iam.Role("monitor", name="monitor", assume_role_policy="{}")
        grants = aws.iam.RolePolicy("monitor-grants", name="grants", role=role.name, policy="{}")
        args = ComputeArgs(
            names=names_of(stack),
            limits=env,
            engine=env.engine,
            image_digest=digest,
            monitor_task=env.monitor_task,
            keeping=env.keeping,
            key_arn=KEY,
            boundary_arn=BOUNDARY,
            monitor_role=ServiceRole(role=role, grants=grants),
            vpc_id="vpc-0123456789abcdef0",
            subnet_ids=["subnet-0123456789abcdef0"],
            after=[aws.dynamodb.Table("stored", name="stored", hash_key="id", attributes=[{"name": "id", "type": "S"}])],
        )
        return Compute("compute", args).cluster.name

    return build(declare, stack)


def monitoring(stack: str, *, runs: bool = True) -> Layer:
    env = env_of(stack)
    args = MonitoringArgs(
        names=names_of(stack),
        safety_alarms=safety_alarms(env),
        minimum_tasks={f"evolution-engine-{stack}": 2},
        workload_runs=runs,
        functions=[f"evolution-safety-switch-{stack}"],
        queues=[f"evolution-dead-letters-{stack}"],
        alerts=env.alerts.model_copy(update={"emails": ("oncall@example.com",)}),
        key_arn=KEY,
    )
    return build(lambda: Monitoring("monitoring", args).topic_arn, stack)


def evolution(stack: str) -> Layer:
    env = env_of(stack)
    args = EvolutionArgs(
        names=names_of(stack),
        keeping=env.keeping,
        generations=env.generations,
        schedule=env.evolution_schedule,
        engine=env.engine,
        key_arn=KEY,
        boundary_arn=BOUNDARY,
        stream_arn=f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/evolution-state-{stack}/stream/2026-01-31T00:00:00.000",
        topic_arn=f"arn:aws:sns:{REGION}:{ACCOUNT}:evolution-system-alerts-{stack}",
    )
    return build(lambda: Evolution("evolution", args).dead_letters_arn, stack)


LAYERS = {"security": security, "network": network, "data": data, "compute": compute, "monitoring": monitoring, "evolution": evolution}


@pytest.mark.parametrize("name", LAYERS)
def test_every_resource_of_a_layer_is_its_child(name: str) -> None:
    given = {"monitor", "monitor-grants", "stored"}
    component, *children = [resource for resource in LAYERS[name]("prod").resources if resource.name not in given]
    assert component.type == f"evolution:{name}:{name.capitalize()}"
    assert {child.parent for child in children} == {name}
    assert all(child.name.startswith(f"{name}-") for child in children)


# Security.


@pytest.mark.parametrize(("stack", "key_days", "secret_days"), [("dev", 7, 0), ("staging", 30, 30), ("prod", 30, 30)])
def test_what_is_deleted_by_mistake_can_be_brought_back_outside_dev(stack: str, key_days: int, secret_days: int) -> None:
    layer = security(stack)
    assert layer.only("Key").inputs["deletionWindowInDays"] == key_days
    assert layer.only("Secret").inputs["recoveryWindowInDays"] == secret_days
    assert layer.only("Key").protect is (stack != "dev")


def test_the_key_rotates_and_bears_the_alias_that_grants_name() -> None:
    layer = security("prod")
    assert layer.only("Key").inputs["enableKeyRotation"] is True
    assert layer.only("Alias").inputs["name"] == "alias/evolution-prod"


def test_the_safety_settings_are_write_only_and_secret() -> None:
    value = security("prod").only("SecretVersion").inputs
    assert "secretString" not in value
    wrapped = value["secretStringWo"]
    assert wrapped["4dabf18193072939515e22adb298388d"] == "1b47061264138c4ac30d75fd1eb44270", "it must be marked as a secret"
    settings = json.loads(wrapped["value"])
    assert settings["safety_threshold"] == "0.8"
    assert len(settings["safety_validation_key"]) == 32
    assert not set('"@/\\') & set(settings["safety_validation_key"])
    assert value["secretStringWoVersion"] == 8000


def test_the_web_acl_blocks_known_attacks_and_floods_and_counts_large_bodies() -> None:
    layer = security("prod")
    rules = {rule["name"]: rule for rule in layer.only("WebAcl").inputs["rules"]}
    assert list(rules) == [
        "AWSManagedRulesCommonRuleSet",
        "AWSManagedRulesKnownBadInputsRuleSet",
        "AWSManagedRulesAmazonIpReputationList",
        "RateLimit",
    ]
    assert [rule["priority"] for rule in rules.values()] == [0, 1, 2, 3]
    common = rules["AWSManagedRulesCommonRuleSet"]["statement"]["managedRuleGroupStatement"]
    assert common["ruleActionOverrides"] == [{"name": "SizeRestrictions_BODY", "actionToUse": {"count": {}}}]
    assert all("overrideAction" not in rule or rule["overrideAction"] == {"none": {}} for rule in rules.values())
    assert rules["RateLimit"]["action"] == {"block": {}}


def test_web_acl_logs_go_to_an_encrypted_group_once_waf_may_write_there() -> None:
    layer = security("prod")
    group = layer.only("LogGroup")
    assert group.inputs["name"] == "aws-waf-logs-evolution-prod"
    assert "kmsKeyId" in group.inputs
    logging = layer.only("WebAclLoggingConfiguration")
    assert "security-web-acl-log-delivery" in logging.depends_on
    assert logging.inputs["redactedFields"] == [{"singleHeader": {"name": "authorization"}}]


# Network.


@pytest.mark.parametrize(("stack", "gateways"), [("dev", 1), ("staging", 2), ("prod", 2)])
def test_each_private_subnet_leaves_through_a_nat_gateway(stack: str, gateways: int) -> None:
    layer = network(stack)
    assert len(layer.of("NatGateway")) == gateways
    for index in range(3):
        route = layer.of("Route")[f"network-private-{index}-to-nat"]
        assert f"network-nat-{index % gateways}" in route.depends_on
        assert route.inputs["natGatewayId"].startswith("nat-")


def test_no_subnet_gives_a_public_address_and_nothing_comes_in() -> None:
    layer = network("prod")
    assert len(layer.of("Subnet")) == 6
    assert not [subnet for subnet in layer.of("Subnet").values() if subnet.inputs["mapPublicIpOnLaunch"]]
    assert (layer.only("DefaultSecurityGroup").inputs["ingress"], layer.only("DefaultSecurityGroup").inputs["egress"]) == ([], [])
    assert layer.only("SecurityGroupIngressRule").inputs["cidrIpv4"] == "10.30.0.0/16"


@pytest.mark.parametrize("stack", STACKS)
def test_the_tables_endpoints_are_made_each_with_a_policy(stack: str) -> None:
    endpoints = network(stack).of("VpcEndpoint").values()
    kinds = {
        endpoint.inputs["serviceName"].removeprefix("com.amazonaws.us-east-1."): endpoint.inputs["vpcEndpointType"]
        for endpoint in endpoints
    }
    wanted = dict.fromkeys(env_of(stack).network.interface_endpoints, "Interface")
    assert kinds == {"s3": "Gateway", "dynamodb": "Gateway"} | wanted
    assert all(json.loads(endpoint.inputs["policy"])["Statement"] for endpoint in endpoints)


def test_flow_logs_wait_for_the_right_to_write() -> None:
    layer = network("prod")
    flow = layer.only("FlowLog")
    assert flow.inputs["trafficType"] == "ALL"
    assert "network-flow-logs-role-grants" in flow.depends_on
    assert layer.only("LogGroup").inputs["kmsKeyId"] == KEY


# Data.


def test_the_tables_have_their_keys_stream_and_time_to_live() -> None:
    tables = data("prod").of("Table")
    keys = {
        table.inputs["name"]: (
            table.inputs["hashKey"],
            table.inputs.get("rangeKey"),
            {attribute["name"]: attribute["type"] for attribute in table.inputs["attributes"]},
        )
        for table in tables.values()
    }
    assert keys == {
        "evolution-state-prod": ("evolution_id", "generation", {"evolution_id": "S", "generation": "N"}),
        "agent-population-prod": ("population_id", "agent_id", {"population_id": "S", "agent_id": "S"}),
        "evolution-checkpoints-prod": ("checkpoint_id", None, {"checkpoint_id": "S"}),
    }
    assert tables["data-state"].inputs["streamViewType"] == "NEW_AND_OLD_IMAGES"
    assert tables["data-population"].inputs["ttl"] == {"attributeName": "ttl", "enabled": True}


@pytest.mark.parametrize("stack", STACKS)
def test_data_is_encrypted_and_recoverable_everywhere_and_kept_outside_dev(stack: str) -> None:
    layer = data(stack)
    kept = stack != "dev"
    for table in layer.of("Table").values():
        assert table.inputs["billingMode"] == "PAY_PER_REQUEST"
        assert table.inputs["pointInTimeRecovery"] == {"enabled": True}
        assert table.inputs["serverSideEncryption"] == {"enabled": True, "kmsKeyArn": KEY}
        assert (table.inputs["deletionProtectionEnabled"], table.protect, table.retain_on_delete) == (kept, kept, kept)
    for bucket in layer.of("Bucket").values():
        assert (bucket.inputs["forceDestroy"], bucket.protect, bucket.retain_on_delete) == (not kept, kept, kept)


def test_the_artifacts_are_private_versioned_logged_and_expire() -> None:
    layer = data("prod")
    for bucket in ("data-artifacts", "data-access-logs"):
        block = layer.of("BucketPublicAccessBlock")[f"{bucket}-public-access-block"].inputs
        assert {block[key] for key in ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")} == {True}
        assert layer.of("BucketOwnershipControls")[f"{bucket}-ownership"].inputs["rule"] == {"objectOwnership": "BucketOwnerEnforced"}
        assert layer.of("BucketVersioning")[f"{bucket}-versioning"].inputs["versioningConfiguration"] == {"status": "Enabled"}
        assert f"{bucket}-public-access-block" in layer.of("BucketPolicy")[f"{bucket}-policy"].depends_on
    [encryption] = layer.of("BucketServerSideEncryptionConfiguration")["data-artifacts-encryption"].inputs["rules"]
    assert encryption == {
        "applyServerSideEncryptionByDefault": {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": KEY},
        "bucketKeyEnabled": True,
    }
    [rule] = layer.of("BucketLifecycleConfiguration")["data-artifacts-lifecycle"].inputs["rules"]
    assert (rule["expiration"], rule["noncurrentVersionExpiration"]) == ({"days": 365}, {"noncurrentDays": 90})
    assert rule["abortIncompleteMultipartUpload"] == {"daysAfterInitiation": 7}
    assert "transitions" not in rule, "objects of this size never move to a colder class"
    assert layer.only("BucketLogging").inputs["targetPrefix"] == "artifacts/"


# Compute.


def test_the_engine_runs_as_the_design_says() -> None:
    service = compute("prod").of("Service")["compute-engine-service"]
    inputs = service.inputs
    assert (inputs["name"], inputs["launchType"], inputs["desiredCount"]) == ("evolution-engine-prod", "FARGATE", 3)
    assert (inputs["deploymentMinimumHealthyPercent"], inputs["deploymentMaximumPercent"]) == (50, 200)
    assert inputs["deploymentCircuitBreaker"] == {"enable": True, "rollback": True}
    assert inputs["availabilityZoneRebalancing"] == "ENABLED"
    assert inputs["networkConfiguration"]["assignPublicIp"] is False
    assert inputs["enableExecuteCommand"] is False


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
    assert (tasks["compute-engine-task"].inputs["cpu"], tasks["compute-engine-task"].inputs["memory"]) == ("4096", "8192")


def test_the_autoscaler_follows_cpu_and_memory_within_the_tables_bounds() -> None:
    layer = compute("prod")
    target = layer.only("Target").inputs
    assert (target["minCapacity"], target["maxCapacity"]) == (2, 100)
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
    assert {kind.rpartition(":")[2] for kind, _ in with_image - without} == {"TaskDefinition", "Service", "Target", "Policy"}


# Monitoring.


def test_the_safety_alarms_measure_this_stack_and_go_to_the_topic() -> None:
    layer = monitoring("prod")
    alarms = [alarm.inputs for alarm in layer.of("MetricAlarm").values() if alarm.inputs.get("namespace") == "EvolutionSystem"]
    assert len(alarms) == 5
    for alarm in alarms:
        assert alarm["dimensions"] == {"Environment": "prod"}
        assert alarm["actionsEnabled"] is True
        assert alarm["alarmActions"] == [f"arn:aws:sns:{REGION}:{ACCOUNT}:evolution-system-alerts-prod"]
        assert alarm["datapointsToAlarm"] == alarm["evaluationPeriods"]


def test_silence_is_an_alarm_only_where_somebody_should_speak() -> None:
    def silence(layer: Layer) -> dict[str, str]:
        return {name: alarm.inputs["treatMissingData"] for name, alarm in layer.of("MetricAlarm").items()}

    running, first = silence(monitoring("prod")), silence(monitoring("prod", runs=False))
    assert {name for name, value in running.items() if value == "breaching"} == {
        "monitoring-safety-score",
        "monitoring-safety-score-worst",
        "monitoring-engine-tasks",
    }
    assert set(first.values()) == {"notBreaching"}
    for name, alarm in monitoring("prod").of("MetricAlarm").items():
        assert ("warmUpConfiguration" in alarm.inputs) is (running[name] == "breaching")


def test_one_alarm_says_that_evolution_is_unsafe() -> None:
    composite = monitoring("prod").only("CompositeAlarm")
    assert composite.inputs["alarmRule"] == (
        'ALARM("evolution-safety-score-prod") OR ALARM("evolution-safety-score-worst-prod") OR ALARM("evolution-agent-memory-prod")'
        ' OR ALARM("evolution-instantiation-speed-prod") OR ALARM("evolution-autonomy-prod")'
    )
    assert composite.depends_on >= {"monitoring-safety-score", "monitoring-autonomy"}


def test_each_table_is_watched_for_throttling() -> None:
    alarms = monitoring("prod").of("MetricAlarm")
    watched = {
        query["metric"]["dimensions"]["TableName"]
        for alarm in alarms.values()
        for query in alarm.inputs.get("metricQueries", [])
        if "metric" in query
    }
    assert watched == {"evolution-state-prod", "agent-population-prod", "evolution-checkpoints-prod"}


def test_somebody_is_told_before_the_budget_is_spent() -> None:
    layer = monitoring("prod")
    budget = layer.only("Budget")
    assert (budget.inputs["limitAmount"], budget.inputs["limitUnit"]) == ("10000", "USD")
    assert [(told["notificationType"], told["threshold"]) for told in budget.inputs["notifications"]] == [
        ("FORECASTED", 80),
        ("ACTUAL", 100),
    ]
    assert "monitoring-alerts-policy" in budget.depends_on, "AWS refuses a topic that the budget may not publish to"
    assert layer.only("TopicSubscription").inputs["endpoint"] == "oncall@example.com"


def test_whatever_fails_is_told_at_once() -> None:
    alarms = monitoring("prod").of("MetricAlarm")
    for name, metric in (
        ("monitoring-safety-switch-errors", "Errors"),
        ("monitoring-dead-letters-depth", "ApproximateNumberOfMessagesVisible"),
    ):
        alarm = alarms[name].inputs
        assert (alarm["metricName"], alarm["threshold"], alarm["comparisonOperator"]) == (metric, 0, "GreaterThanThreshold")
        assert alarm["treatMissingData"] == "notBreaching", "where nothing happens, AWS publishes nothing"


def test_an_alarm_that_silence_will_breach_is_made_anew_with_the_first_image() -> None:
    """It warms up only when it is made. Under another name the new one is there before the old one goes, and before the composite turns."""

    def names(layer: Layer) -> dict[str, str]:
        return {name: alarm.inputs["name"] for name, alarm in layer.of("MetricAlarm").items()}

    first, running = names(monitoring("prod", runs=False)), names(monitoring("prod"))
    assert first.keys() == running.keys()
    assert {name: first[name] for name in first if first[name] != running[name]} == {
        "monitoring-safety-score": "evolution-safety-score-idle-prod",
        "monitoring-safety-score-worst": "evolution-safety-score-worst-idle-prod",
        "monitoring-engine-tasks": "evolution-engine-tasks-idle-prod",
    }
    assert 'ALARM("evolution-safety-score-idle-prod")' in monitoring("prod", runs=False).only("CompositeAlarm").inputs["alarmRule"]


# Evolution.


def test_each_function_has_its_own_role_log_group_and_bounds() -> None:
    layer = evolution("prod")
    functions = layer.of("Function")
    assert {name: function.inputs["reservedConcurrentExecutions"] for name, function in functions.items()} == {
        "evolution-trigger": 1,
        "evolution-safety-switch": 2,
        "evolution-resume": 1,
        "evolution-archiver": 2,
    }
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


def test_no_deployment_sets_the_mode_again() -> None:
    mode = evolution("prod").only("Parameter")
    assert (mode.inputs["name"], mode.inputs["type"]) == ("/evolution/prod/mode", "String")
    assert mode.inputs["value"]["value"] == "running", "the SDK takes every parameter's value for a secret"
    assert (mode.protect, mode.retain_on_delete) == (True, True)
    assert mode.ignore_changes == MODE_PROPERTIES
    assert set(MODE_PROPERTIES) == sdk_inputs("aws:ssm/parameter:Parameter") - {"tags", "arn", "region"}, "every property but its tags"
    assert evolution("dev").only("Parameter").protect is False


def test_no_deployment_moves_the_bounds_again() -> None:
    assert compute("prod").only("Target").ignore_changes == ("minCapacity", "maxCapacity", "suspendedState")


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
    assert (variables["ENGINE_MINIMUM"], variables["ENGINE_MAXIMUM"]) == ("2", "100")


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
