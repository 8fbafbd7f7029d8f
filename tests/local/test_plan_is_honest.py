"""What the emulator holds after `make up` is what was planned: compared through boto3, field by field where safety rests on it.

The comparison goes its own way from properties to AWS's answers, not the provider's.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from components.environment import PROJECT
from local.engine import UNKNOWN
from tests.local.conftest import BroughtUp, clients

Client = Callable[[str], Any]

SECRET = "4dabf18193072939515e22adb298388d"


@pytest.fixture(scope="module")
def made(brought_up: BroughtUp) -> list[dict[str, Any]]:
    """What the engine recorded."""
    state = json.loads((brought_up.place / f"state/.pulumi/stacks/{PROJECT}/dev.json").read_text(encoding="utf-8"))
    return state["checkpoint"]["latest"]["resources"]


@pytest.fixture(scope="module")
def client(brought_up: BroughtUp) -> Client:
    return clients(brought_up.place)


def of(made: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    """The inputs of every resource of a type."""
    found = [resource["inputs"] for resource in made if resource["type"] == kind]
    assert found, f"dev has no {kind}"
    return found


def differing(planned: Any, there: Any) -> Any:
    """Where a known planned value isn't what is there."""
    if planned == UNKNOWN or (isinstance(planned, dict) and (SECRET in planned or (isinstance(there, dict) and SECRET in there))):
        return None
    if isinstance(planned, dict) and isinstance(there, dict):
        found: dict[str, Any] = {key: differing(planned.get(key), there.get(key)) for key in planned.keys() | there.keys()}  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType, reportUnknownVariableType]
        return {key: value for key, value in found.items() if value} or None
    if isinstance(planned, list) and isinstance(there, list) and len(planned) == len(there):  # pyright: ignore[reportUnknownArgumentType]
        return [one for one in map(differing, planned, there) if one] or None  # pyright: ignore[reportUnknownArgumentType]
    return None if planned == there else (planned, there)


def test_what_was_made_is_what_was_planned(made: list[dict[str, Any]], plan: Any) -> None:
    inputs: dict[str, Mapping[str, Any]] = {resource["urn"]: resource.get("inputs", {}) for resource in made}
    planned: dict[str, Mapping[str, Any]] = {resource.urn: resource.inputs for resource in plan("dev").resources}
    assert inputs.keys() == planned.keys()
    assert {urn: found for urn in planned if (found := differing(dict(planned[urn]), dict(inputs[urn])))} == {}


def pairs(items: list[dict[str, str]], key: str = "Key", value: str = "Value") -> dict[str, str]:
    return {item[key]: item[value] for item in items}


NOT_HELD = {"metricQueries", "warmUpConfiguration"}
"""Of alarms: the emulator takes both and forgets them. AWS's model has checked them."""


def test_metric_alarms(made: list[dict[str, Any]], client: Client) -> None:
    there = {alarm["AlarmName"]: alarm for alarm in client("cloudwatch").describe_alarms(AlarmTypes=["MetricAlarm"])["MetricAlarms"]}
    alarms = of(made, "aws:cloudwatch/metricAlarm:MetricAlarm")
    assert there.keys() == {alarm["name"] for alarm in alarms}
    for alarm in alarms:
        held = there[alarm["name"]]
        spelled = {name[0].lower() + name[1:]: value for name, value in held.items()}
        spelled |= {"name": held["AlarmName"], "okActions": held["OKActions"], "dimensions": pairs(held.get("Dimensions", []), "Name")}
        spelled["tags"] = pairs(client("cloudwatch").list_tags_for_resource(ResourceARN=held["AlarmArn"])["Tags"])
        planned = {name: value for name, value in alarm.items() if not name.startswith("__") and name not in NOT_HELD}
        assert {name: spelled.get(name) for name in planned} == planned


def test_the_composite_alarm(made: list[dict[str, Any]], client: Client) -> None:
    (alarm,) = of(made, "aws:cloudwatch/compositeAlarm:CompositeAlarm")
    (there,) = client("cloudwatch").describe_alarms(AlarmTypes=["CompositeAlarm"])["CompositeAlarms"]
    assert (there["AlarmName"], there["AlarmRule"], there["AlarmActions"]) == (
        alarm["alarmName"],
        alarm["alarmRule"],
        alarm["alarmActions"],
    )
    assert there["ActionsEnabled"]


def test_the_dashboard(made: list[dict[str, Any]], client: Client) -> None:
    (dashboard,) = of(made, "aws:cloudwatch/dashboard:Dashboard")
    there = client("cloudwatch").get_dashboard(DashboardName=dashboard["dashboardName"])
    assert json.loads(there["DashboardBody"]) == json.loads(dashboard["dashboardBody"])


def test_tables(made: list[dict[str, Any]], client: Client) -> None:
    dynamodb = client("dynamodb")
    tables = of(made, "aws:dynamodb/table:Table")
    assert sorted(dynamodb.list_tables()["TableNames"]) == sorted(table["name"] for table in tables)
    for table in tables:
        there = dynamodb.describe_table(TableName=table["name"])["Table"]
        keys = {key["KeyType"]: key["AttributeName"] for key in there["KeySchema"]}
        assert keys == {"HASH": table["hashKey"], **({"RANGE": table["rangeKey"]} if "rangeKey" in table else {})}
        assert {one["AttributeName"]: one["AttributeType"] for one in there["AttributeDefinitions"]} == {
            one["name"]: one["type"] for one in table["attributes"]
        }
        assert there["BillingModeSummary"]["BillingMode"] == table["billingMode"]
        assert there["SSEDescription"]["Status"] == "ENABLED"
        assert there["SSEDescription"]["KMSMasterKeyArn"] == table["serverSideEncryption"]["kmsKeyArn"]
        assert there["DeletionProtectionEnabled"] == table["deletionProtectionEnabled"]
        stream = there.get("StreamSpecification", {})
        assert (stream.get("StreamEnabled", False), stream.get("StreamViewType")) == (table["streamEnabled"], table.get("streamViewType"))
        backups = dynamodb.describe_continuous_backups(TableName=table["name"])["ContinuousBackupsDescription"]
        assert backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "ENABLED"
        ttl = dynamodb.describe_time_to_live(TableName=table["name"])["TimeToLiveDescription"]
        assert ttl.get("AttributeName") == table.get("ttl", {}).get("attributeName")
        assert pairs(dynamodb.list_tags_of_resource(ResourceArn=there["TableArn"])["Tags"]) == table["tags"]


def test_buckets(made: list[dict[str, Any]], client: Client) -> None:
    s3 = client("s3")
    buckets = of(made, "aws:s3/bucket:Bucket")
    assert sorted(bucket["Name"] for bucket in s3.list_buckets()["Buckets"]) == sorted(bucket["bucket"] for bucket in buckets)
    for bucket in buckets:
        name = bucket["bucket"]

        def planned(aspect: str, name: str = name) -> dict[str, Any]:
            kind = f"aws:s3/{aspect[0].lower()}{aspect[1:]}:{aspect}"
            (found,) = (one for one in of(made, kind) if one["bucket"] == name)
            return found

        blocks = planned("BucketPublicAccessBlock")
        assert s3.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"] == {
            flag: blocks[flag[0].lower() + flag[1:]]
            for flag in ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")
        }
        assert s3.get_bucket_versioning(Bucket=name)["Status"] == planned("BucketVersioning")["versioningConfiguration"]["status"]
        (rule,) = s3.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]["Rules"]
        wanted = planned("BucketServerSideEncryptionConfiguration")["rules"][0]
        default = wanted["applyServerSideEncryptionByDefault"]
        assert rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == default["sseAlgorithm"]
        assert rule["ApplyServerSideEncryptionByDefault"].get("KMSMasterKeyID") == default.get("kmsMasterKeyId")
        assert rule.get("BucketKeyEnabled", False) == wanted.get("bucketKeyEnabled", False)
        (ownership,) = s3.get_bucket_ownership_controls(Bucket=name)["OwnershipControls"]["Rules"]
        assert ownership["ObjectOwnership"] == planned("BucketOwnershipControls")["rule"]["objectOwnership"]
        assert json.loads(s3.get_bucket_policy(Bucket=name)["Policy"]) == json.loads(planned("BucketPolicy")["policy"])
        rules = {rule["ID"]: rule for rule in s3.get_bucket_lifecycle_configuration(Bucket=name)["Rules"]}
        for rule in planned("BucketLifecycleConfiguration")["rules"]:
            there = rules.pop(rule["id"])
            assert there["Status"] == rule["status"]
            assert there["Expiration"]["Days"] == rule["expiration"]["days"]
            assert there["NoncurrentVersionExpiration"]["NoncurrentDays"] == rule["noncurrentVersionExpiration"]["noncurrentDays"]
        assert rules == {}
        assert pairs(s3.get_bucket_tagging(Bucket=name)["TagSet"]) == bucket["tags"]
    (logging,) = of(made, "aws:s3/bucketLogging:BucketLogging")
    there = s3.get_bucket_logging(Bucket=logging["bucket"])["LoggingEnabled"]
    assert (there["TargetBucket"], there["TargetPrefix"]) == (logging["targetBucket"], logging["targetPrefix"])


def test_roles_and_their_documents(made: list[dict[str, Any]], client: Client) -> None:
    iam = client("iam")
    roles = of(made, "aws:iam/role:Role")
    assert sorted(role["RoleName"] for role in iam.list_roles()["Roles"]) == sorted(role["name"] for role in roles)
    for role in roles:
        there = iam.get_role(RoleName=role["name"])["Role"]
        assert there["AssumeRolePolicyDocument"] == json.loads(role["assumeRolePolicy"])
        assert there["PermissionsBoundary"]["PermissionsBoundaryArn"] == role["permissionsBoundary"]
        assert pairs(there["Tags"]) == role["tags"]
        policies = {policy["name"]: policy for policy in of(made, "aws:iam/rolePolicy:RolePolicy") if policy["role"] == role["name"]}
        assert sorted(iam.list_role_policies(RoleName=role["name"])["PolicyNames"]) == sorted(policies)
        for name, policy in policies.items():
            document = iam.get_role_policy(RoleName=role["name"], PolicyName=name)["PolicyDocument"]
            assert document == json.loads(policy["policy"])
        assert iam.list_attached_role_policies(RoleName=role["name"])["AttachedPolicies"] == []
    for policy in of(made, "aws:iam/policy:Policy"):
        (arn,) = (one["Arn"] for one in iam.list_policies(Scope="Local")["Policies"] if one["PolicyName"] == policy["name"])
        version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
        assert iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"] == json.loads(policy["policy"])


def test_the_key(made: list[dict[str, Any]], client: Client) -> None:
    kms = client("kms")
    (key,) = of(made, "aws:kms/key:Key")
    (alias,) = of(made, "aws:kms/alias:Alias")
    there = kms.describe_key(KeyId=alias["name"])["KeyMetadata"]
    assert there["Enabled"]
    assert json.loads(kms.get_key_policy(KeyId=there["KeyId"], PolicyName="default")["Policy"]) == json.loads(key["policy"])
    assert kms.get_key_rotation_status(KeyId=there["KeyId"])["KeyRotationEnabled"] == key["enableKeyRotation"]


def test_the_topic(made: list[dict[str, Any]], client: Client) -> None:
    (topic,) = of(made, "aws:sns/topic:Topic")
    (policy,) = of(made, "aws:sns/topicPolicy:TopicPolicy")
    there = client("sns").get_topic_attributes(TopicArn=policy["arn"])["Attributes"]
    assert there["KmsMasterKeyId"] == topic["kmsMasterKeyId"]
    assert json.loads(there["Policy"]) == json.loads(policy["policy"])


def test_log_groups(made: list[dict[str, Any]], client: Client) -> None:
    there = {group["logGroupName"]: group for group in client("logs").describe_log_groups()["logGroups"]}
    groups = of(made, "aws:cloudwatch/logGroup:LogGroup")
    assert there.keys() == {group["name"] for group in groups}
    for group in groups:
        assert there[group["name"]]["kmsKeyId"] == group["kmsKeyId"]
        assert there[group["name"]]["retentionInDays"] == group["retentionInDays"]


def test_services_and_what_they_run(made: list[dict[str, Any]], client: Client) -> None:
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


def test_nothing_comes_in_from_the_network(made: list[dict[str, Any]], client: Client) -> None:
    ec2 = client("ec2")
    (vpc,) = ec2.describe_vpcs(Filters=[{"Name": "tag:Name", "Values": ["evolution-vpc-dev"]}])["Vpcs"]
    assert vpc["CidrBlock"] == of(made, "aws:ec2/vpc:Vpc")[0]["cidrBlock"]
    for group in ec2.describe_security_groups(Filters=[{"Name": "vpc-id", "Values": [vpc["VpcId"]]}])["SecurityGroups"]:
        assert group["IpPermissions"] == []
        out = [(rule["IpProtocol"], rule.get("FromPort"), rule.get("ToPort")) for rule in group["IpPermissionsEgress"]]
        assert out == ([] if group["GroupName"] == "default" else [("tcp", 443, 443)])
    subnets = ec2.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [vpc["VpcId"]]}])["Subnets"]
    assert sorted(subnet["CidrBlock"] for subnet in subnets) == sorted(one["cidrBlock"] for one in of(made, "aws:ec2/subnet:Subnet"))
    assert not any(subnet["MapPublicIpOnLaunch"] for subnet in subnets)
