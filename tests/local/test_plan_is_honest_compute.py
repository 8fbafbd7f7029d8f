"""What runs and what it runs in, as it was planned: see `test_plan_is_honest.py`."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from tests.local.recorded import Resources, held, ids, of, pairs, without

Client = Callable[[str], Any]

ENDPOINT = "aws:ec2/vpcEndpoint:VpcEndpoint"
GROUP = "aws:ec2/securityGroup:SecurityGroup"
NAT = "aws:ec2/natGateway:NatGateway"
RULE = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"
SUBNET = "aws:ec2/subnet:Subnet"


def test_services_and_what_they_run(made: Resources, client: Client) -> None:
    ecs = client("ecs")
    services = of(made, "aws:ecs/service:Service")
    assert len(ecs.list_services(cluster=services[0]["cluster"])["serviceArns"]) == len(services)
    for service in services:
        (there,) = ecs.describe_services(cluster=service["cluster"], services=[service["name"]])["services"]
        assert (there["desiredCount"], there["launchType"], there["taskDefinition"]) == (
            service["desiredCount"],
            service["launchType"],
            service["taskDefinition"],
        )
        network = there["networkConfiguration"]["awsvpcConfiguration"]
        assert network["assignPublicIp"] == "DISABLED"
        assert sorted(network["subnets"]) == sorted(service["networkConfiguration"]["subnets"])
        assert network["securityGroups"] == service["networkConfiguration"]["securityGroups"]
        deployment = there["deploymentConfiguration"]
        assert deployment["minimumHealthyPercent"] == service["deploymentMinimumHealthyPercent"]
        assert deployment["maximumPercent"] == service["deploymentMaximumPercent"]
        assert deployment["deploymentCircuitBreaker"] == {"enable": True, "rollback": True}
        assert there["enableExecuteCommand"] is False
        (task,) = (one for one in of(made, "aws:ecs/taskDefinition:TaskDefinition") if one["family"] == service["name"])
        held = ecs.describe_task_definition(taskDefinition=service["taskDefinition"])["taskDefinition"]
        for name in ("family", "cpu", "memory", "networkMode", "executionRoleArn", "taskRoleArn", "requiresCompatibilities"):
            assert held[name] == task[name], name
        (container,) = json.loads(task["containerDefinitions"])
        (runs,) = held["containerDefinitions"]
        assert {name: runs.get(name) for name in container} == container


def test_what_services_run_in_and_pull_from(made: Resources, client: Client) -> None:
    (cluster,) = of(made, "aws:ecs/cluster:Cluster")
    (there,) = client("ecs").describe_clusters(clusters=[cluster["name"]], include=["SETTINGS", "CONFIGURATIONS", "TAGS"])["clusters"]
    assert held(cluster, there, name=there["clusterName"], tags=pairs(there["tags"], "key", "value")) == cluster
    (repository,) = of(made, "aws:ecr/repository:Repository")
    (found,) = client("ecr").describe_repositories()["repositories"]
    assert found["repositoryName"] == repository["name"]
    assert [found["encryptionConfiguration"]] == repository["encryptionConfigurations"]
    for name in ("imageScanningConfiguration", "imageTagMutability"):
        assert found[name] == repository[name]
    (lifecycle,) = of(made, "aws:ecr/lifecyclePolicy:LifecyclePolicy")
    kept = client("ecr").get_lifecycle_policy(repositoryName=lifecycle["repository"])["lifecyclePolicyText"]
    assert json.loads(kept) == json.loads(lifecycle["policy"])


def test_scaling(made: Resources, client: Client) -> None:
    scaling = client("application-autoscaling")
    (target,) = of(made, "aws:appautoscaling/target:Target")
    (there,) = scaling.describe_scalable_targets(ServiceNamespace="ecs")["ScalableTargets"]
    tags = scaling.list_tags_for_resource(ResourceARN=there["ScalableTargetARN"])["Tags"]
    assert held(target, there, tags=tags) == target
    policies = {one["PolicyName"]: one for one in scaling.describe_scaling_policies(ServiceNamespace="ecs")["ScalingPolicies"]}
    planned = of(made, "aws:appautoscaling/policy:Policy")
    assert policies.keys() == {policy["name"] for policy in planned}
    for policy in planned:
        assert held(policy, policies[policy["name"]], name=policies[policy["name"]]["PolicyName"]) == policy
    (bounds,) = of(made, "aws:appautoscaling/scheduledAction:ScheduledAction")
    (action,) = scaling.describe_scheduled_actions(ServiceNamespace="ecs")["ScheduledActions"]
    assert held(bounds, action, name=action["ScheduledActionName"]) == bounds


def test_nothing_comes_in_from_the_network(made: Resources, client: Client) -> None:
    ec2 = client("ec2")
    (vpc,) = ec2.describe_vpcs(Filters=[{"Name": "tag:Name", "Values": ["evolution-vpc-dev"]}])["Vpcs"]
    assert [vpc["VpcId"]] == ids(made, "aws:ec2/vpc:Vpc")
    assert vpc["CidrBlock"] == of(made, "aws:ec2/vpc:Vpc")[0]["cidrBlock"]
    (default,) = of(made, "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup")
    assert (default["vpcId"], default.get("ingress", []), default.get("egress", [])) == (vpc["VpcId"], [], [])
    groups = ec2.describe_security_groups(Filters=[{"Name": "vpc-id", "Values": [vpc["VpcId"]]}])["SecurityGroups"]
    assert {group["GroupName"] for group in groups} == {"default", *(group["name"] for group in of(made, GROUP))}
    for group in groups:
        assert group["IpPermissions"] == []
        out = [(rule["IpProtocol"], rule.get("FromPort"), rule.get("ToPort")) for rule in group["IpPermissionsEgress"]]
        assert out == ([] if group["GroupName"] == "default" else [("tcp", 443, 443)])
    rules = {rule["SecurityGroupRuleId"]: rule for rule in ec2.describe_security_group_rules()["SecurityGroupRules"]}
    for identity, rule in zip(ids(made, RULE), of(made, RULE), strict=True):
        there = rules[identity]
        assert held(rule, there, securityGroupId=there["GroupId"], tags=pairs(there["Tags"])) == rule
    subnets = {
        subnet["SubnetId"]: subnet for subnet in ec2.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [vpc["VpcId"]]}])["Subnets"]
    }
    assert sorted(subnets) == sorted(ids(made, SUBNET))
    for identity, subnet in zip(ids(made, SUBNET), of(made, SUBNET), strict=True):
        assert held(subnet, subnets[identity], tags=pairs(subnets[identity]["Tags"])) == subnet
        assert subnet["mapPublicIpOnLaunch"] is False


def test_what_goes_out_goes_the_way_that_was_planned(made: Resources, client: Client) -> None:
    ec2 = client("ec2")
    found: set[tuple[str, ...]] = set()
    associated: set[tuple[str, str]] = set()
    tables = ec2.describe_route_tables(RouteTableIds=ids(made, "aws:ec2/routeTable:RouteTable"))["RouteTables"]
    for table in tables:
        for route in table["Routes"]:
            way = route.get("NatGatewayId") or route.get("GatewayId")
            if way != "local" and "DestinationCidrBlock" in route:
                found.add((table["RouteTableId"], route["DestinationCidrBlock"], way))
        associated |= {(table["RouteTableId"], one["SubnetId"]) for one in table["Associations"]}
    assert found == {
        (route["routeTableId"], route["destinationCidrBlock"], route.get("natGatewayId") or route["gatewayId"])
        for route in of(made, "aws:ec2/route:Route")
    }
    assert associated == {(one["routeTableId"], one["subnetId"]) for one in of(made, "aws:ec2/routeTableAssociation:RouteTableAssociation")}
    (gateway,) = ec2.describe_internet_gateways(InternetGatewayIds=ids(made, "aws:ec2/internetGateway:InternetGateway"))["InternetGateways"]
    assert [one["VpcId"] for one in gateway["Attachments"]] == ids(made, "aws:ec2/vpc:Vpc")
    nats = {nat["NatGatewayId"]: nat for nat in ec2.describe_nat_gateways()["NatGateways"]}
    for identity, nat in zip(ids(made, NAT), of(made, NAT), strict=True):
        # The emulator forgets which address a gateway has.
        assert (nats[identity]["SubnetId"], nat["allocationId"] in ids(made, "aws:ec2/eip:Eip")) == (nat["subnetId"], True)


def test_private_ways_to_aws_and_the_record_of_what_goes_on(made: Resources, client: Client) -> None:
    ec2 = client("ec2")
    endpoints = {one["VpcEndpointId"]: one for one in ec2.describe_vpc_endpoints()["VpcEndpoints"]}
    assert sorted(endpoints) == sorted(ids(made, ENDPOINT))
    for identity, endpoint in zip(ids(made, ENDPOINT), of(made, ENDPOINT), strict=True):
        # The emulator forgets the policy. AWS's model and the pack have checked it.
        planned = without(endpoint, "policy")
        assert held(planned, endpoints[identity], tags=pairs(endpoints[identity]["Tags"])) == planned
    (flow_log,) = of(made, "aws:ec2/flowLog:FlowLog")
    (there,) = ec2.describe_flow_logs()["FlowLogs"]
    planned = without(flow_log, "iamRoleArn", "tags")  # these, too
    assert held(planned, there, vpcId=there["ResourceId"]) == planned
    assert there["FlowLogStatus"] == "ACTIVE"
