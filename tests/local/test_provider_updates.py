"""What the environment table can change and what a deletion leaves, in a real emulator."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.local.world import World, a_world

BUDGET = "aws:budgets/budget:Budget"
ENDPOINT = "aws:ec2/vpcEndpoint:VpcEndpoint"
FUNCTION = "aws:lambda/function:Function"
GRANTS = "aws:iam/policy:Policy"
GROUP = "aws:ec2/securityGroup:SecurityGroup"
LOGS = "aws:cloudwatch/logGroup:LogGroup"
RULE = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
SUBNET = "aws:ec2/subnet:Subnet"
TABLE = "aws:dynamodb/table:Table"
TASK = "aws:ecs/taskDefinition:TaskDefinition"
VPC = "aws:ec2/vpc:Vpc"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, _processes: None) -> Iterator[World]:
    with a_world(tmp_path_factory.mktemp("updates")) as made:
        yield made


def test_a_budgets_amount_changes(world: World) -> None:
    with world.made(BUDGET, limitAmount="500") as budget:
        assert budget.changed(limitAmount="600").drift() == {}
        found = world.client("budgets").describe_budget(AccountId="000000000000", BudgetName=budget.inputs["name"])["Budget"]
        assert float(found["BudgetLimit"]["Amount"]) == 600
        assert len(found["TimePeriod"]) == 2, "an update says when the budget ends, as the provider's does"


def test_a_reservation_that_is_no_longer_asked_for_is_given_back(world: World) -> None:
    with world.made(FUNCTION, reservedConcurrentExecutions=4) as function:
        client = world.client("lambda")
        assert client.get_function_concurrency(FunctionName=function.id)["ReservedConcurrentExecutions"] == 4
        fewer = function.changed(reservedConcurrentExecutions=2)
        assert client.get_function_concurrency(FunctionName=function.id)["ReservedConcurrentExecutions"] == 2
        fewer.changed(reservedConcurrentExecutions=None)
        assert "ReservedConcurrentExecutions" not in client.get_function_concurrency(FunctionName=function.id)


def test_the_items_of_a_table_begin_and_cease_to_expire_in_place(world: World) -> None:
    """Whose table is from before its items expired gets it by the next `up`, with what it holds."""
    with world.made(TABLE, ttl=None, deletionProtectionEnabled=False) as table:
        client = world.client("dynamodb")
        item = {name: {kind: "1"} for name, kind in ((one["name"], one["type"]) for one in table.inputs["attributes"])}
        client.put_item(TableName=table.id, Item=item)

        def expiry() -> dict[str, str]:
            return client.describe_time_to_live(TableName=table.id)["TimeToLiveDescription"]

        assert expiry() == {"TimeToLiveStatus": "DISABLED"}
        expiring = table.changed(ttl={"enabled": True, "attributeName": "ttl"})
        assert expiring.drift() == {}
        assert expiry() == {"TimeToLiveStatus": "ENABLED", "AttributeName": "ttl"}
        lasting = expiring.changed(ttl={"enabled": False, "attributeName": "ttl"})
        assert expiry()["TimeToLiveStatus"] == "DISABLED"
        assert lasting.drift() == {}
        assert client.scan(TableName=table.id)["Items"] == [item]


def test_a_policy_changes_as_often_as_one_likes(world: World) -> None:
    """IAM keeps five versions, and refuses a sixth."""
    with world.made(GRANTS) as grants:
        for number in range(6):
            statement = {"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": f"arn:aws:s3:::bucket/{number}"}
            grants = grants.changed(policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
        assert grants.drift() == {}
        versions = world.client("iam").list_policy_versions(PolicyArn=grants.id)["Versions"]
        assert {one["VersionId"] for one in versions} == {"v3", "v4", "v5", "v6", "v7"}


def test_an_endpoints_subnets_come_and_go(world: World) -> None:
    with world.made(VPC, cidrBlock="10.0.0.0/16") as vpc:
        subnets = [world.make(SUBNET, vpcId=vpc.id, cidrBlock=f"10.0.{index}.0/24", availabilityZone=None) for index in range(3)]
        first, second, third = (subnet.id for subnet in subnets)
        interface = {"vpcEndpointType": "Interface", "routeTableIds": None, "securityGroupIds": None, "policy": None}
        with world.made(ENDPOINT, vpcId=vpc.id, subnetIds=[first, second], **interface) as endpoint:
            assert endpoint.changed(subnetIds=[second, third]).drift() == {}
            [found] = world.client("ec2").describe_vpc_endpoints(VpcEndpointIds=[endpoint.id])["VpcEndpoints"]
            assert set(found["SubnetIds"]) == {second, third}
        for subnet in subnets:
            subnet.delete()


def test_a_rule_of_a_group_gets_another_source_in_place(world: World) -> None:
    with world.made(VPC, cidrBlock="10.0.0.0/16") as vpc, world.made(GROUP, vpcId=vpc.id) as group:
        rule = world.make(RULE, securityGroupId=group.id, cidrIpv4="10.0.0.0/16", referencedSecurityGroupId=None)
        assert rule.changed(cidrIpv4="10.1.0.0/16").drift() == {}


@pytest.mark.parametrize("skips", [True, False])
def test_a_revision_that_is_kept_is_there_for_a_rollback(world: World, skips: bool) -> None:
    task = world.make(TASK, skipDestroy=skips)
    task.delete()
    found = world.client("ecs").describe_task_definition(taskDefinition=task.outputs["arn"])["taskDefinition"]
    assert found["status"] == ("ACTIVE" if skips else "INACTIVE")


def test_a_log_group_that_is_kept_is_there(world: World) -> None:
    logs = world.make(LOGS, skipDestroy=True)
    logs.delete()
    assert not logs.gone
    assert logs.changed(skipDestroy=False).drift() == {}
