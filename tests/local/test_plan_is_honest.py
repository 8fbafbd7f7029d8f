"""What the emulator holds after `make up` is what was planned: compared through boto3, field by field where safety rests on it.

The comparison goes its own way from properties to AWS's answers, not the provider's. It is spread over this file and its neighbours
`test_plan_is_honest_*.py`, and every planned type is compared in one of them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from local.previews import UNKNOWN
from local.provider.services import RESOURCES
from tests.local.recorded import Resources, as_written, held, of, pairs, without

Client = Callable[[str], Any]

SECRET = "4dabf18193072939515e22adb298388d"

ALIASES = "kms:ResourceAliases"

MADE_UP = "??????????"
"""In a planned ARN, what AWS makes up; in a grant it stays."""


def differing(planned: Any, there: Any) -> Any:
    """Where a known planned value isn't what is there."""
    if planned == UNKNOWN or (isinstance(planned, dict) and (SECRET in planned or (isinstance(there, dict) and SECRET in there))):
        return None
    if isinstance(planned, dict) and isinstance(there, dict):
        found: dict[str, Any] = {key: differing(planned.get(key), there.get(key)) for key in planned.keys() | there.keys()}  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType, reportUnknownVariableType]
        return {key: value for key, value in found.items() if value} or None
    if isinstance(planned, list) and isinstance(there, list) and len(planned) == len(there):  # pyright: ignore[reportUnknownArgumentType]
        return [one for one in map(differing, planned, there) if one] or None  # pyright: ignore[reportUnknownArgumentType]
    if isinstance(planned, str) and isinstance(there, str) and MADE_UP in planned:
        return None if re.fullmatch(re.escape(planned).replace(re.escape(MADE_UP), "[0-9A-Za-z?]{10}"), there) else (planned, there)
    return None if planned == there else (planned, there)


def named(planned: Mapping[str, Any], key_arn: str) -> Mapping[str, Any]:
    """A planned policy as it is deployed: its grants on the key name the very key, where the plan could only name its alias."""
    if ALIASES not in planned.get("policy", ""):
        return planned
    document = json.loads(planned["policy"])
    for statement in document["Statement"]:
        if statement.get("Condition", {}).pop("ForAnyValue:StringEquals", None) == {ALIASES: "alias/evolution-dev"}:
            statement["Resource"] = key_arn
        if not statement.get("Condition", True):
            del statement["Condition"]
    return {**planned, "policy": json.dumps(document)}


def test_what_was_made_is_what_was_planned(made: Resources, plan: Any) -> None:
    inputs: dict[str, Mapping[str, Any]] = {resource["urn"]: resource.get("inputs", {}) for resource in made}
    (key,) = [one["outputs"]["arn"] for one in made if one["type"] == "aws:kms/key:Key"]
    planned: dict[str, Mapping[str, Any]] = {resource.urn: named(resource.inputs, key) for resource in plan("dev").resources}
    assert inputs.keys() == planned.keys()
    assert ALIASES not in json.dumps(list(inputs.values())), "what is deployed must not wait for the alias to count"
    assert {urn: found for urn in planned if (found := differing(dict(planned[urn]), dict(inputs[urn])))} == {}


def test_every_planned_type_is_compared(plan: Any) -> None:
    """A type that none of these files names could be made otherwise than it was planned, and nobody would see it."""
    sources = "".join(path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("test_plan_is_honest*.py"))
    planned = {one.type for one in plan("dev").resources if one.type.startswith("aws:") and not RESOURCES[one.type].not_emulated}
    assert planned - set(re.findall('"(aws:[^"]+)"', sources)) == set()


def test_metric_alarms(made: Resources, client: Client) -> None:
    there = {alarm["AlarmName"]: alarm for alarm in client("cloudwatch").describe_alarms(AlarmTypes=["MetricAlarm"])["MetricAlarms"]}
    alarms = of(made, "aws:cloudwatch/metricAlarm:MetricAlarm")
    assert there.keys() == {alarm["name"] for alarm in alarms}
    for alarm in alarms:
        answer = there[alarm["name"]]
        # The emulator takes the other two and forgets them. AWS's model has checked them.
        planned = without(alarm, "metricQueries", "warmUpConfiguration")
        tags = pairs(client("cloudwatch").list_tags_for_resource(ResourceARN=answer["AlarmArn"])["Tags"])
        dimensions = pairs(answer.get("Dimensions", []), "Name")
        assert held(planned, answer, name=answer["AlarmName"], dimensions=dimensions, tags=tags) == planned


def test_the_composite_alarm(made: Resources, client: Client) -> None:
    (alarm,) = of(made, "aws:cloudwatch/compositeAlarm:CompositeAlarm")
    (there,) = client("cloudwatch").describe_alarms(AlarmTypes=["CompositeAlarm"])["CompositeAlarms"]
    tags = pairs(client("cloudwatch").list_tags_for_resource(ResourceARN=there["AlarmArn"])["Tags"])
    assert held(alarm, there, tags=tags) == alarm
    assert there["ActionsEnabled"]


def test_the_dashboard(made: Resources, client: Client) -> None:
    (dashboard,) = of(made, "aws:cloudwatch/dashboard:Dashboard")
    there = client("cloudwatch").get_dashboard(DashboardName=dashboard["dashboardName"])
    assert json.loads(there["DashboardBody"]) == json.loads(dashboard["dashboardBody"])


def test_tables(made: Resources, client: Client) -> None:
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


def test_buckets(made: Resources, client: Client) -> None:
    s3 = client("s3")
    buckets = of(made, "aws:s3/bucket:Bucket")
    assert sorted(bucket["Name"] for bucket in s3.list_buckets()["Buckets"]) == sorted(bucket["bucket"] for bucket in buckets)
    for bucket in buckets:
        name = bucket["bucket"]

        def planned(kind: str, name: str = name) -> dict[str, Any]:
            (found,) = (one for one in of(made, kind) if one["bucket"] == name)
            return found

        blocks = planned("aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock")
        assert s3.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"] == {
            flag: blocks[flag[0].lower() + flag[1:]]
            for flag in ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")
        }
        assert (
            s3.get_bucket_versioning(Bucket=name)["Status"]
            == planned("aws:s3/bucketVersioning:BucketVersioning")["versioningConfiguration"]["status"]
        )
        (rule,) = s3.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]["Rules"]
        wanted = planned("aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration")["rules"][0]
        default = wanted["applyServerSideEncryptionByDefault"]
        assert rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == default["sseAlgorithm"]
        assert rule["ApplyServerSideEncryptionByDefault"].get("KMSMasterKeyID") == default.get("kmsMasterKeyId")
        assert rule.get("BucketKeyEnabled", False) == wanted.get("bucketKeyEnabled", False)
        (ownership,) = s3.get_bucket_ownership_controls(Bucket=name)["OwnershipControls"]["Rules"]
        assert ownership["ObjectOwnership"] == planned("aws:s3/bucketOwnershipControls:BucketOwnershipControls")["rule"]["objectOwnership"]
        assert json.loads(s3.get_bucket_policy(Bucket=name)["Policy"]) == json.loads(planned("aws:s3/bucketPolicy:BucketPolicy")["policy"])
        rules = {rule["ID"]: rule for rule in s3.get_bucket_lifecycle_configuration(Bucket=name)["Rules"]}
        for rule in planned("aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration")["rules"]:
            there = rules.pop(rule["id"])
            assert there["Status"] == rule["status"]
            assert there["Expiration"]["Days"] == rule["expiration"]["days"]
            assert there["NoncurrentVersionExpiration"]["NoncurrentDays"] == rule["noncurrentVersionExpiration"]["noncurrentDays"]
        assert rules == {}
        assert pairs(s3.get_bucket_tagging(Bucket=name)["TagSet"]) == bucket["tags"]
    (logging,) = of(made, "aws:s3/bucketLogging:BucketLogging")
    there = s3.get_bucket_logging(Bucket=logging["bucket"])["LoggingEnabled"]
    assert (there["TargetBucket"], there["TargetPrefix"]) == (logging["targetBucket"], logging["targetPrefix"])


def test_roles_and_their_documents(made: Resources, client: Client) -> None:
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


def test_the_key(made: Resources, client: Client) -> None:
    kms = client("kms")
    (key,) = of(made, "aws:kms/key:Key")
    (alias,) = of(made, "aws:kms/alias:Alias")
    there = kms.describe_key(KeyId=alias["name"])["KeyMetadata"]
    assert (there["Enabled"], there["KeyId"]) == (True, alias["targetKeyId"])
    assert json.loads(kms.get_key_policy(KeyId=there["KeyId"], PolicyName="default")["Policy"]) == json.loads(key["policy"])
    assert kms.get_key_rotation_status(KeyId=there["KeyId"])["KeyRotationEnabled"] == key["enableKeyRotation"]


def test_the_secret(made: Resources, client: Client) -> None:
    (secret,) = of(made, "aws:secretsmanager/secret:Secret")
    (version,) = of(made, "aws:secretsmanager/secretVersion:SecretVersion")
    there = client("secretsmanager").describe_secret(SecretId=version["secretId"])
    planned = without(secret, "recoveryWindowInDays")  # it counts when the secret goes
    assert held(planned, there, tags=pairs(there["Tags"])) == planned
    value = json.loads(client("secretsmanager").get_secret_value(SecretId=version["secretId"])["SecretString"])
    assert value.keys() == {"safety_threshold", "safety_validation_key"}
    assert value["safety_threshold"] == "0.8"


def test_the_topic(made: Resources, client: Client) -> None:
    (topic,) = of(made, "aws:sns/topic:Topic")
    (policy,) = of(made, "aws:sns/topicPolicy:TopicPolicy")
    there = client("sns").get_topic_attributes(TopicArn=policy["arn"])["Attributes"]
    assert there["KmsMasterKeyId"] == topic["kmsMasterKeyId"]
    assert json.loads(there["Policy"]) == json.loads(policy["policy"])


def test_log_groups_and_who_delivers_to_them(made: Resources, client: Client) -> None:
    there = {group["logGroupName"]: group for group in client("logs").describe_log_groups()["logGroups"]}
    groups = of(made, "aws:cloudwatch/logGroup:LogGroup")
    assert there.keys() == {group["name"] for group in groups}
    for group in groups:
        assert there[group["name"]]["kmsKeyId"] == group["kmsKeyId"]
        assert there[group["name"]]["retentionInDays"] == group["retentionInDays"]
    policies = {
        one["policyName"]: json.loads(one["policyDocument"]) for one in client("logs").describe_resource_policies()["resourcePolicies"]
    }
    planned = of(made, "aws:cloudwatch/logResourcePolicy:LogResourcePolicy")
    assert policies == {one["policyName"]: json.loads(one["policyDocument"]) for one in planned}


def test_the_budget(made: Resources, client: Client) -> None:
    (budget,) = of(made, "aws:budgets/budget:Budget")
    budgets, whose = client("budgets"), {"AccountId": "000000000000", "BudgetName": budget["name"]}
    there = budgets.describe_budget(**whose)["Budget"]
    assert (there["BudgetType"], there["TimeUnit"]) == (budget["budgetType"], budget["timeUnit"])
    assert there["BudgetLimit"] == {"Amount": budget["limitAmount"], "Unit": budget["limitUnit"]}
    found: list[dict[str, Any]] = []
    for notification in budgets.describe_notifications_for_budget(**whose)["Notifications"]:
        named = without(notification, "NotificationState")
        subscribers = budgets.describe_subscribers_for_notification(**whose, Notification=named)["Subscribers"]
        found.append({**as_written(named), "subscriberSnsTopicArns": [one["Address"] for one in subscribers]})
    assert found == budget["notifications"]
