"""Application Auto Scaling beside the emulator, through boto3: what AWS answers, and what it does to a service's desired count."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError  # pyright: ignore[reportMissingTypeStubs] (it publishes none)

from local import emulator
from local.emulator.autoscaling import POLL_SECONDS
from tests.local.conftest import VENV, clients
from tests.local.system import until

TARGET = {"ServiceNamespace": "ecs", "ResourceId": "service/herd/engine", "ScalableDimension": "ecs:service:DesiredCount"}
ALL = {"DynamicScalingInSuspended": True, "DynamicScalingOutSuspended": True, "ScheduledScalingSuspended": True}
POLICY = {
    "PolicyName": "cpu",
    "PolicyType": "TargetTrackingScaling",
    "TargetTrackingScalingPolicyConfiguration": {
        "TargetValue": 70.0,
        "PredefinedMetricSpecification": {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"},
    },
}


@pytest.fixture
def herd(own_place: Path) -> Callable[[str], Any]:
    """Clients of an emulator with one service, `engine`, of three tasks."""
    emulator.start(own_place, "dev", VENV)
    client = clients(own_place)
    ecs = client("ecs")
    ecs.create_cluster(clusterName="herd")
    ecs.register_task_definition(family="engine", containerDefinitions=[{"name": "engine", "image": "x", "memory": 128}])
    ecs.create_service(cluster="herd", serviceName="engine", taskDefinition="engine", desiredCount=3)
    return client


def desired(client: Callable[[str], Any]) -> int:
    return client("ecs").describe_services(cluster="herd", services=["engine"])["services"][0]["desiredCount"]


def refused(call: Callable[..., Any], **parameters: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    error = cast(Any, caught.value).response["Error"]
    return error["Code"], error["Message"]


def test_registering_keeps_the_desired_count_within_the_bounds(herd: Callable[[str], Any]) -> None:
    scaling = herd("application-autoscaling")
    scaling.register_scalable_target(**TARGET, MinCapacity=1, MaxCapacity=10)
    assert desired(herd) == 3, "within the bounds: nothing to adjust"
    scaling.register_scalable_target(**TARGET, MaxCapacity=2)
    assert desired(herd) == 2
    scaling.register_scalable_target(**TARGET, MinCapacity=0, SuspendedState=ALL)
    assert desired(herd) == 2
    (halted,) = scaling.describe_scalable_targets(ServiceNamespace="ecs")["ScalableTargets"]
    assert (halted["MinCapacity"], halted["MaxCapacity"], halted["SuspendedState"]) == (0, 2, ALL), "what isn't named stays"
    herd("ecs").update_service(cluster="herd", service="engine", desiredCount=0)
    scaling.register_scalable_target(**TARGET, SuspendedState=dict.fromkeys(ALL, False))
    assert desired(herd) == 0, "min is 0: nothing to adjust"
    scaling.register_scalable_target(**TARGET, MinCapacity=2)
    assert desired(herd) == 2
    herd("ecs").update_service(cluster="herd", service="engine", desiredCount=7)
    scaling.register_scalable_target(**TARGET)
    assert desired(herd) == 2, "registering again adjusts even if it names neither bound"


def test_what_aws_refuses_is_refused(herd: Callable[[str], Any]) -> None:
    scaling = herd("application-autoscaling")
    code, message = refused(scaling.register_scalable_target, **{**TARGET, "ResourceId": "service/herd/none"}, MinCapacity=1, MaxCapacity=2)
    assert (code, "doesn't exist" in message) == ("ValidationException", True)
    assert refused(scaling.register_scalable_target, **TARGET)[0] == "ValidationException"
    assert refused(scaling.register_scalable_target, **TARGET, MinCapacity=3, MaxCapacity=2)[0] == "ValidationException"
    assert refused(scaling.put_scaling_policy, **TARGET, **POLICY)[0] == "ObjectNotFoundException"
    assert refused(scaling.deregister_scalable_target, **TARGET)[0] == "ObjectNotFoundException"
    assert refused(scaling.delete_scaling_policy, **TARGET, PolicyName="cpu")[0] == "ObjectNotFoundException"
    assert refused(scaling.list_tags_for_resource, ResourceARN="arn:aws:none")[0] == "ResourceNotFoundException"
    assert refused(scaling.describe_scaling_activities, ServiceNamespace="ecs")[0] == "UnknownOperationException"
    assert scaling.describe_scalable_targets(ServiceNamespace="ecs")["ScalableTargets"] == [], "what is refused leaves nothing"


def test_a_scheduled_action_sets_the_bounds_but_for_what_is_suspended(herd: Callable[[str], Any]) -> None:
    scaling = herd("application-autoscaling")
    scaling.register_scalable_target(**TARGET, MinCapacity=1, MaxCapacity=10)
    wanted = {"ScheduledActionName": "bounds", "Schedule": "rate(5 minutes)"}
    scaling.put_scheduled_action(**TARGET, **wanted, ScalableTargetAction={"MinCapacity": 4, "MaxCapacity": 8})
    until(lambda: desired(herd) == 4)
    (target,) = scaling.describe_scalable_targets(ServiceNamespace="ecs")["ScalableTargets"]
    assert (target["MinCapacity"], target["MaxCapacity"]) == (4, 8)
    scaling.register_scalable_target(**TARGET, MinCapacity=0, SuspendedState=ALL)
    herd("ecs").update_service(cluster="herd", service="engine", desiredCount=0)
    scaling.put_scheduled_action(**TARGET, ScheduledActionName="bounds", ScalableTargetAction={"MinCapacity": 5, "MaxCapacity": 9})
    (action,) = scaling.describe_scheduled_actions(ServiceNamespace="ecs", ScheduledActionNames=["bounds"])["ScheduledActions"]
    assert (action["Schedule"], action["ScalableTargetAction"]) == ("rate(5 minutes)", {"MinCapacity": 5, "MaxCapacity": 9})
    time.sleep(2 * POLL_SECONDS)
    assert desired(herd) == 0, "suspended"
    assert refused(scaling.put_scheduled_action, **TARGET, ScheduledActionName="other", Schedule="soon")[0] == "ValidationException"
    scaling.delete_scheduled_action(**TARGET, ScheduledActionName="bounds")
    assert refused(scaling.delete_scheduled_action, **TARGET, ScheduledActionName="bounds")[0] == "ObjectNotFoundException"


def test_policies_and_tags_follow_their_target_and_a_restart_loses_nothing(herd: Callable[[str], Any], own_place: Path) -> None:
    scaling = herd("application-autoscaling")
    arn = scaling.register_scalable_target(**TARGET, MinCapacity=1, MaxCapacity=10, Tags={"a": "1"})["ScalableTargetARN"]
    scaling.tag_resource(ResourceARN=arn, Tags={"b": "2"})
    scaling.untag_resource(ResourceARN=arn, TagKeys=["a"])
    first = scaling.put_scaling_policy(**TARGET, **POLICY)["PolicyARN"]
    assert scaling.put_scaling_policy(**TARGET, **POLICY)["PolicyARN"] == first, "putting it again changes it in place"

    assert emulator.stop(own_place, "dev")
    emulator.start(own_place, "dev", VENV)
    scaling = clients(own_place)("application-autoscaling")
    assert scaling.list_tags_for_resource(ResourceARN=arn)["Tags"] == {"b": "2"}
    (policy,) = scaling.describe_scaling_policies(ServiceNamespace="ecs", PolicyNames=["cpu"])["ScalingPolicies"]
    assert {name: policy[name] for name in POLICY} == POLICY
    assert scaling.describe_scaling_policies(ServiceNamespace="ecs", PolicyNames=["memory"])["ScalingPolicies"] == []

    scaling.deregister_scalable_target(**TARGET)
    assert scaling.describe_scalable_targets(ServiceNamespace="ecs", ResourceIds=[TARGET["ResourceId"]])["ScalableTargets"] == []
    assert scaling.describe_scaling_policies(ServiceNamespace="ecs")["ScalingPolicies"] == []
