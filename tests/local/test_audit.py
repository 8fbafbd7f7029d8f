"""`make audit` with the real engine and pack: what a hand changed in the emulator is named and judged, and nothing else is."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from local import LocalError, audit, lifecycle
from tests.local.conftest import BroughtUp, Run
from tests.local.system import ENGINE, UNSAFE, System

BUCKET = "evolution-artifacts-dev-000000000000-us-east-1"
ROLE = "evolution-engine-dev-us-east-1"
EVERYTHING = {"Effect": "Allow", "Action": "*", "Resource": "*"}
EVERYBODY = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{BUCKET}/*"}


def change_by_hand(client: Callable[[str], Any]) -> None:
    """What somebody might do in the console, one thing a line."""
    client("cloudwatch").disable_alarm_actions(AlarmNames=["evolution-safety-score-dev"])
    loose = {"AlarmName": "evolution-autonomy-dev", "MetricName": "AutonomyPercentage", "Threshold": 10}
    kept = client("cloudwatch").describe_alarms(AlarmNames=["evolution-autonomy-dev"])["MetricAlarms"][0]
    taken = (
        "Namespace",
        "Dimensions",
        "Statistic",
        "Period",
        "EvaluationPeriods",
        "ComparisonOperator",
        "TreatMissingData",
        "DatapointsToAlarm",
    )
    told = ("AlarmActions", "OKActions", "AlarmDescription", "ActionsEnabled")
    client("cloudwatch").put_metric_alarm(**{name: kept[name] for name in (*taken, *told)}, **loose)
    client("cloudwatch").disable_alarm_actions(AlarmNames=[UNSAFE])
    client("s3").delete_public_access_block(Bucket=BUCKET)
    policy = json.loads(client("s3").get_bucket_policy(Bucket=BUCKET)["Policy"])
    client("s3").put_bucket_policy(Bucket=BUCKET, Policy=json.dumps(policy | {"Statement": [*policy["Statement"], EVERYBODY]}))
    weaker = {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]}
    client("s3").put_bucket_encryption(Bucket=BUCKET, ServerSideEncryptionConfiguration=weaker)
    client("s3").put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Suspended"})
    document = json.dumps({"Version": "2012-10-17", "Statement": [EVERYTHING]})
    client("iam").put_role_policy(RoleName=ROLE, PolicyName="grants", PolicyDocument=document)
    client("iam").delete_role_permissions_boundary(RoleName=ROLE)
    client("kms").disable_key_rotation(KeyId=client("kms").describe_key(KeyId="alias/evolution-dev")["KeyMetadata"]["KeyId"])
    recovery = {"PointInTimeRecoveryEnabled": False}
    client("dynamodb").update_continuous_backups(TableName="evolution-state-dev", PointInTimeRecoverySpecification=recovery)
    # And what the autoscaler does, which is no drift.
    client("ecs").update_service(
        cluster="evolution-system-dev", service="evolution-engine-dev", enableExecuteCommand=True, desiredCount=ENGINE.maximum
    )


DRIFT = {
    "monitoring-safety-score": {"actionsEnabled"},
    "monitoring-unsafe": {"actionsEnabled"},
    "monitoring-autonomy": {"threshold"},
    "data-artifacts-public-access-block": set[str](),
    "data-artifacts-policy": {"policy"},
    "data-artifacts-encryption": {"rules"},
    "data-artifacts-versioning": {"versioningConfiguration"},
    "compute-engine-role": {"permissionsBoundary"},
    "compute-engine-role-grants": {"policy"},
    "security-key": {"enableKeyRotation"},
    "data-state": {"pointInTimeRecovery"},
    "compute-engine-service": {"enableExecuteCommand"},
}
"""By resource, the properties that drifted; none: it is gone."""

RULES = {
    ("monitoring-safety-score", "alarms/actions"),
    ("monitoring-unsafe", "alarms/actions"),
    ("monitoring-autonomy", "alarms/autonomy"),
    ("data-artifacts", "data-protection/bucket-public-access-block"),
    # The stack is without something that each approved one has.
    ("", "approved/presence"),
    ("data-artifacts-policy", "identity/no-public-access"),
    ("data-artifacts-encryption", "encryption/bucket-cmk"),
    ("data-artifacts-versioning", "data-protection/versioning"),
    ("compute-engine-role", "identity/boundary"),
    ("compute-engine-role-grants", "identity/no-wildcard-action"),
    ("compute-engine-role-grants", "identity/no-wildcard-resource"),
    # Who may do everything may also ask the agents past their gateway, forge the score, and end a halt.
    ("compute-engine-role-grants", "containment/grants"),
    ("compute-engine-role-grants", "alarms/score-writers"),
    ("security-key", "encryption/key-rotation"),
    ("data-state", "data-protection/table-recovery"),
    ("compute-engine-service", "workload/no-shell"),
}


def findings(found: audit.Audit) -> set[tuple[str, str]]:
    return {(one.urn.rpartition("::")[2], one.rule) for one in found.findings}


def test_every_change_by_hand_is_named_and_judged_and_can_be_put_back(act: Run, system: System) -> None:
    state = system.place / "state/.pulumi/stacks/evolution-system/dev.json"
    before = state.read_bytes()
    change_by_hand(system)

    found: audit.Audit = act(audit.audit, system.place)
    assert {one.urn.rpartition("::")[2]: set(one.changes) for one in found.drift} == DRIFT
    assert {one.urn.rpartition("::")[2] for one in found.drift if one.gone} == {"data-artifacts-public-access-block"}
    assert findings(found) == RULES
    said = "\n".join(line for one in found.drift for line in one.lines)
    assert "actionsEnabled was true and is false" in said
    assert (
        f'was nothing and is {{"Action": "s3:GetObject", "Effect": "Allow", "Principal": "*", "Resource": "arn:aws:s3:::{BUCKET}/*"}}'
        in said
    )
    assert state.read_bytes() == before, "an audit only looks"

    assert act(lifecycle.refresh, system.place).succeeded
    mended = act(lifecycle.up, system.place)
    assert mended.succeeded, mended.text
    assert {urn.rpartition("::")[2] for urn in mended.operations} == DRIFT.keys()
    again: audit.Audit = act(audit.audit, system.place)
    assert (again.drift, again.findings) == ((), ())
    service = system("ecs").describe_services(cluster="evolution-system-dev", services=["evolution-engine-dev"])["services"][0]
    assert service["desiredCount"] == ENGINE.maximum
    system("ecs").update_service(cluster="evolution-system-dev", service="evolution-engine-dev", desiredCount=ENGINE.desired)


def test_where_nothing_drifted_there_is_nothing_to_say(act: Run, brought_up: BroughtUp) -> None:
    found: audit.Audit = act(audit.audit, brought_up.place)
    assert (found.resources, found.drift, found.findings) == (brought_up.first.resources, (), ())


def test_what_is_not_up_can_not_be_audited(own_place: Path) -> None:
    with pytest.raises(LocalError, match="`make up STACK=dev` first"):
        audit.audit(lifecycle.Target(stack="dev", place=own_place))
