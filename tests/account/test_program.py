"""What the program makes of an account's table, as the stand-in provider takes it."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

from account import policies
from account.policies import PLACEHOLDER
from local.previews import ROOT
from local.projects import ACCOUNT
from operations import drill
from operations.permissions import MOST_POLICIES
from tests import in_process
from tests.account.tables import ALL_ON, account_table
from tests.in_process import Planned, Step

PREFIX = account_table()["github"]["subject_prefix"]
ADMINISTRATORS = account_table()["administrators"]
ROOT_USER = f"arn:aws:iam::{PLACEHOLDER}:root"
PROVIDER = f"arn:aws:iam::{PLACEHOLDER}:oidc-provider/token.actions.githubusercontent.com"
ANALYZER = f"arn:aws:access-analyzer:us-east-1:{PLACEHOLDER}:analyzer/one"
SOME = ["dev", "staging"]
OIDC, ANALYZERS = "aws:iam/openIdConnectProvider:OpenIdConnectProvider", "aws:accessanalyzer/analyzer:Analyzer"


@cache
def planned(**rows: object) -> Planned:
    made = in_process.run("sandbox", account_table(**rows), project=ACCOUNT)
    assert made.refused == []
    return made


@cache
def everything() -> Planned:
    return planned(**ALL_ON)


def of_type(made: Planned, kind: str) -> dict[str, Step]:
    return {name: step for name, step in made.steps.items() if step.type == kind}


def statements(text: str) -> list[dict[str, Any]]:
    return json.loads(text)["Statement"]


def after(before: Planned, **rows: object) -> dict[str, str]:
    """What changes in an account that is there, when its table does."""
    return in_process.run("sandbox", account_table(**{"stacks": SOME, **rows}), before.state, project=ACCOUNT).changes()


def test_every_role_is_taken_by_one_environment_of_one_repository() -> None:
    trusted: dict[str, str] = {}
    for role in of_type(planned(), "aws:iam/role:Role").values():
        (one,) = statements(role.inputs["assumeRolePolicy"])
        assert one["Principal"] == {"Federated": PROVIDER}
        assert one["Action"] == "sts:AssumeRoleWithWebIdentity"
        assert list(one["Condition"]) == ["StringEquals"]
        claims = one["Condition"]["StringEquals"]
        assert claims.pop("token.actions.githubusercontent.com:aud") == "sts.amazonaws.com"
        (trusted[role.inputs["name"]],) = claims.values()
    stacks = ("dev", "staging", "prod")
    assert trusted == {
        **{f"account-deploy-{stack}": f"{PREFIX}:environment:{stack}" for stack in stacks},
        **{f"account-drift-{stack}": f"{PREFIX}:environment:{stack}-drift" for stack in stacks},
        **{f"account-image-{stack}": f"{PREFIX}:environment:{stack}-image" for stack in stacks},
        "account-drill-staging": f"{PREFIX}:environment:staging-drill",
    }


def test_every_role_is_under_its_stacks_boundary_and_has_few_policies() -> None:
    made = planned()
    boundaries = {name for name in made.steps if name.endswith("-boundary")}
    assert boundaries == {f"access-{stack}-boundary" for stack in ("dev", "staging", "prod")}
    for name, role in of_type(made, "aws:iam/role:Role").items():
        assert role.references["permissionsBoundary"] == [f"access-{role.inputs['name'].rpartition('-')[2]}-boundary"], name
    attached = Counter(step.inputs["role"] for step in of_type(made, "aws:iam/rolePolicyAttachment:RolePolicyAttachment").values())
    assert attached.keys() == {role.inputs["name"] for role in of_type(made, "aws:iam/role:Role").values()}
    assert max(attached.values()) <= MOST_POLICIES
    assert not of_type(made, "aws:iam/rolePolicy:RolePolicy")


def test_every_name_is_out_of_the_systems_reach() -> None:
    names = {
        step.inputs[key]
        for step in everything().steps.values()
        for key in ("name", "bucket", "analyzerName")
        if step.type.startswith("aws:") and key in step.inputs and "/bucket" not in step.type.replace("bucket:", "")
    }
    assert names
    assert {name for name in names if not name.removeprefix("alias/").startswith("account-")} == set()


def test_the_state_is_protected_and_its_current_version_never_expires() -> None:
    made = everything()
    kept = {name for name, step in made.steps.items() if step.protect}
    assert kept == {name for name in made.steps if name.startswith(("state-", "watch-records", "watch-trail"))}
    lifecycle = made.steps["state-bucket-lifecycle"].inputs["rules"]
    assert [rule["status"] for rule in lifecycle] == ["Enabled"]
    assert not [rule for rule in lifecycle if "expiration" in rule or "transitions" in rule]
    assert made.steps["state-bucket-versioning"].inputs["versioningConfiguration"] == {"status": "Enabled"}
    (encryption,) = made.steps["state-bucket-encryption"].inputs["rules"]
    assert encryption["applyServerSideEncryptionByDefault"]["sseAlgorithm"] == "aws:kms"
    assert made.steps["state-bucket-encryption"].references["rules"] == ["state-key"]
    assert all(made.steps["state-bucket-public-access-block"].inputs[name] for name in ("blockPublicPolicy", "restrictPublicBuckets"))


def test_a_trail_is_not_refused_for_a_bucket_key() -> None:
    """Over one, CloudTrail wants to decrypt, and a request for the bucket's key doesn't say for which trail it is."""
    (encryption,) = everything().steps["watch-records-encryption"].inputs["rules"]
    assert encryption["applyServerSideEncryptionByDefault"]["sseAlgorithm"] == "aws:kms"
    assert encryption["bucketKeyEnabled"] is False
    of_trail = [one for one in statements(everything().steps["state-key"].inputs["policy"]) if "cloudtrail" in str(one["Principal"])]
    assert {action for one in of_trail for action in one["Action"]} == {"kms:GenerateDataKey*", "kms:DescribeKey"}


def test_a_wrong_administrator_is_refused_by_kms_before_a_bucket_locks_everybody_out() -> None:
    """KMS takes no policy that its caller couldn't change again; S3 does, and only the root user could mend that."""
    steps = everything().steps
    for name in ("state-bucket", "watch-records"):
        assert f"{name}-encryption" in steps[f"{name}-policy"].depends_on
        assert "state-key" in steps[f"{name}-encryption"].depends_on


def test_only_the_administrators_change_the_key_and_guard_the_bucket() -> None:
    made = planned()
    administers, *uses = statements(made.steps["state-key"].inputs["policy"])
    assert administers["Condition"] == {"ArnEquals": {"aws:PrincipalArn": [*ADMINISTRATORS, ROOT_USER]}}
    assert {action for one in uses for action in one["Action"]} == {"kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey"}
    assert made.steps["state-key"].inputs["enableKeyRotation"] is True
    guard, tls = statements(made.steps["state-bucket-policy"].inputs["policy"])
    assert guard["Condition"] == {"ArnNotEquals": {"aws:PrincipalArn": [*ADMINISTRATORS, ROOT_USER]}}
    assert {"s3:DeleteObjectVersion", "s3:PutBucketPolicy"} <= set(guard["Action"])
    assert tls["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_what_an_organization_often_has_is_made_only_where_the_table_says_so() -> None:
    more = {step.type.split(":")[1] for name, step in everything().steps.items() if name not in planned().steps}
    assert {kind for kind in more if not kind.startswith("s3/")} == {
        "bedrockmodel/invocationLoggingConfiguration",
        "cloudtrail/trail",
        "guardduty/detector",
    }
    trail = everything().steps["watch-trail"].inputs
    assert (trail["isMultiRegionTrail"], trail["enableLogFileValidation"]) == (True, True)
    kinds = [
        field["equals"][0]
        for one in trail["advancedEventSelectors"]
        for field in one["fieldSelectors"]
        if field["field"] == "resources.type"
    ]
    assert {
        "AWS::BedrockAgentCore::Runtime",
        "AWS::BedrockAgentCore::Gateway",
        "AWS::Bedrock::Guardrail",
        "AWS::Bedrock::Model",
        "AWS::S3::Object",
    } == set(kinds)


def test_what_the_account_has_already_is_not_made_again() -> None:
    github = {"subject_prefix": PREFIX, "provider_arn": PROVIDER}
    made = in_process.run("sandbox", account_table(github=github, analyzer_arn=ANALYZER), project=ACCOUNT)
    assert planned().steps.keys() - made.steps.keys() == {*of_type(planned(), OIDC), *of_type(planned(), ANALYZERS)}
    assert made.steps["access-dev-deploy"].inputs == planned().steps["access-dev-deploy"].inputs


@pytest.fixture(scope="module")
def deployed() -> Planned:
    return in_process.run("sandbox", account_table(stacks=SOME), preview=False, project=ACCOUNT)


def test_a_second_time_changes_nothing(deployed: Planned) -> None:
    assert after(deployed) == {}


def test_another_repository_changes_who_takes_the_roles_and_nothing_else(deployed: Planned) -> None:
    roles = of_type(deployed, "aws:iam/role:Role")
    assert after(deployed, github={"subject_prefix": "repo:another@1/name@2"}) == dict.fromkeys(roles, "update")


def test_another_administrator_changes_the_policies_of_key_and_bucket(deployed: Planned) -> None:
    more = [*ADMINISTRATORS, f"arn:aws:iam::{PLACEHOLDER}:role/another"]
    assert after(deployed, administrators=more) == {"state-key": "update", "state-bucket-policy": "update"}


def test_a_stack_that_goes_takes_its_roles_along(deployed: Planned) -> None:
    changes = after(deployed, stacks=SOME[:1])
    assert changes.pop("state-key") == "update"
    assert set(changes.values()) == {"delete"}
    assert {name.split("-")[1] for name in changes} == {"staging"}


@pytest.mark.parametrize("row", ALL_ON)
def test_a_row_that_is_turned_on_replaces_nothing(deployed: Planned, row: str) -> None:
    changes = after(deployed, **{row: True})
    assert set(changes.values()) <= {"create", "update"}
    assert any(name.startswith("watch-") for name in changes)


def test_a_boundary_that_is_described_otherwise_is_not_replaced(deployed: Planned) -> None:
    """IAM deletes none that a role has."""
    name = "access-dev-boundary"
    described = {**deployed.state, name: deployed.state[name].having(description="As it was called before.")}
    assert in_process.run("sandbox", account_table(stacks=SOME), described, project=ACCOUNT).changes() == {}


def test_an_analyzer_goes_before_another_comes(deployed: Planned) -> None:
    """An account has one in a region."""
    name = "watch-analyzer"
    renamed = {**deployed.state, name: deployed.state[name].having(analyzerName="before")}
    step = in_process.run("sandbox", account_table(stacks=SOME), renamed, project=ACCOUNT).steps[name]
    assert (step.operation, step.deleted_first) == ("replace", True)


def actions(policy: str) -> Iterator[str]:
    for one in statements(policy):
        yield from one["Action"]


def test_the_drill_may_do_what_a_drill_calls_and_nothing_else() -> None:
    (policy,) = [step.inputs["policy"] for name, step in planned().steps.items() if name == "access-staging-drill-1"]
    called = {call.replace("lambda:Invoke", "lambda:InvokeFunction") for call in drill.CALLS} - {"sts:GetCallerIdentity"}  # wants no right
    assert set(actions(policy)) == called | {"kms:Decrypt"}


LOOKUPS = {
    "get_availability_zones": "ec2:DescribeAvailabilityZones",
    "get_caller_identity": None,
    "get_random_password_output": "secretsmanager:GetRandomPassword",
}
"""What each lookup of the program's asks; None is a call that wants no right."""


@pytest.mark.parametrize("stack", ["dev", "staging", "prod"])
def test_the_drift_role_may_look_up_what_a_preview_does(stack: str) -> None:
    files = [ROOT / "__main__.py", *(ROOT / "components").glob("*.py")]
    asked = {name for file in files for name in re.findall(r"aws\.(?:\w+\.)?(get_\w+)\(", file.read_text(encoding="utf-8"))}
    assert asked == LOOKUPS.keys(), "another lookup wants another permission"
    held = {action for statement in policies.read(stack, PLACEHOLDER).drift for action in statement["Action"]}
    assert set(LOOKUPS.values()) - {None} <= held
