"""Check: what AWS's model refuses, the local cloud refuses, by the property's name; what it doesn't know, it refuses too."""

from __future__ import annotations

import copy
import re
from typing import Any, cast

import pytest
from google.protobuf.struct_pb2 import Struct

from local.provider.check import checked, unknown_type
from local.provider.services import RESOURCES
from local.provider.settings import Settings
from local.provider.wire import Secrets, decode, encode, secret
from tests.local.provider.refused import GONE, REFUSED, Edit
from tests.local.provider.samples import TAGS, VALID
from tests.local.provider.talk import REGION
from tests.local.test_provider_types import sdk_inputs

UNKNOWN_MARK = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"


def struct(properties: dict[str, Any]) -> Struct:
    return encode(properties).struct_value


def reasons(token: str, properties: dict[str, Any]) -> list[str]:
    return checked(RESOURCES[token], struct(properties), Settings(REGION))[1]


def edited(properties: dict[str, Any], path: str, value: object) -> dict[str, Any]:
    """A copy with one place changed; the place is written as Pulumi writes it."""
    changed = copy.deepcopy(properties)
    *parents, last = [int(part) if part.isdecimal() else part for part in re.findall(r"[^.\[\]]+", path)]
    there: Any = changed
    for part in parents:
        there = there[part]
    if value is GONE:
        del there[last]
    else:
        there[last] = value
    return changed


@pytest.mark.parametrize("token", sorted(RESOURCES))
def test_every_type_has_a_sample_that_awss_model_takes(token: str) -> None:
    assert reasons(token, VALID[token]) == []


@pytest.mark.parametrize("token", sorted(RESOURCES))
def test_every_type_has_a_property_whose_wrong_value_awss_model_refuses_by_its_name(token: str) -> None:
    found = {name: reasons(token, VALID[token] | {name: {"colour": [{}]}}) for name in VALID[token]}
    assert any(len(said) == 1 and said[0].startswith(name) for name, said in found.items()), found


@pytest.mark.parametrize(
    ("token", "edit"),
    [pytest.param(token, edit, id=f"{token.rpartition(':')[2]}-{edit.path}") for token, edits in REFUSED.items() for edit in edits],
)
def test_a_refused_edit_names_exactly_its_property(token: str, edit: Edit) -> None:
    found = reasons(token, edited(VALID[token], edit.path, edit.value))
    assert len(found) == 1, found
    named = edit.named or edit.path
    assert re.match(re.escape(named) + r"(: | is missing: )", found[0]), f"{named} must be what the refusal starts with: {found[0]}"
    assert edit.says in found[0]


@pytest.mark.parametrize("token", sorted(RESOURCES))
def test_a_property_that_no_entry_accounts_for_is_refused_by_name(token: str) -> None:
    found = reasons(token, VALID[token] | {"colour": "blue"})
    assert len(found) == 1
    assert found[0].startswith("colour: the local cloud doesn't know where")
    assert "local/provider/services/" in found[0]


@pytest.mark.parametrize(
    ("token", "path"),
    [
        ("aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration", "rules[0].expiration.colour"),
        ("aws:wafv2/webAcl:WebAcl", "rules[1].statement.rateBasedStatement.scopeDownStatement.colour"),
        ("aws:dynamodb/table:Table", "serverSideEncryption.colour"),
        ("aws:budgets/budget:Budget", "notifications[0].colour"),
    ],
)
def test_a_nested_property_is_no_different(token: str, path: str) -> None:
    found = reasons(token, edited(VALID[token], path, "blue"))
    assert [reason.split(":")[0] for reason in found] == [path]


def test_a_misspelt_property_is_told_its_neighbour() -> None:
    assert "did you mean `cidrBlock`?" in reasons("aws:ec2/vpc:Vpc", {"cidrBlok": "10.0.0.0/16"})[0]


def test_an_unknown_type_is_refused_by_name() -> None:
    assert "aws:glue/job:Job" not in RESOURCES
    assert "doesn't know aws:glue/job:Job" in unknown_type("aws:glue/job:Job")


@pytest.mark.parametrize("token", sorted(RESOURCES))
def test_unknown_values_count_as_given(token: str) -> None:
    unknown: dict[str, Any] = dict.fromkeys(VALID[token], UNKNOWN_MARK)
    assert reasons(token, unknown) == []


def test_an_unknown_value_inside_is_not_judged_and_its_neighbours_are() -> None:
    task = "aws:ecs/service:Service"
    edit = edited(VALID[task], "networkConfiguration", {"subnets": [UNKNOWN_MARK], "assignPublicIp": "perhaps"})
    assert [reason.split(":")[0] for reason in reasons(task, edit)] == ["networkConfiguration.assignPublicIp"]


def test_nulls_are_left_out() -> None:
    assert reasons("aws:ec2/vpc:Vpc", VALID["aws:ec2/vpc:Vpc"] | {"instanceTenancy": None}) == []


def test_a_secret_is_judged_and_never_shown() -> None:
    inputs = struct(VALID["aws:sns/topic:Topic"])
    inputs.fields["name"].CopyFrom(secret(encode(["hunter2"])))
    found = checked(RESOURCES["aws:sns/topic:Topic"], inputs, Settings(REGION))[1]
    assert len(found) == 1
    assert found[0].startswith("name: [secret] is refused")
    assert "hunter2" not in found[0]


def test_a_secret_inside_keeps_what_holds_it_from_being_shown() -> None:
    inputs = struct({"name": "x", "dashboardName": "x", "dashboardBody": "{}"})
    inputs.fields["dashboardName"].CopyFrom(encode({"a": "b"}))
    inputs.fields["dashboardName"].struct_value.fields["a"].CopyFrom(secret(encode("hunter2")))
    found = checked(RESOURCES["aws:cloudwatch/dashboard:Dashboard"], inputs, Settings(REGION))[1]
    assert "hunter2" not in " ".join(found)


def test_a_secret_comes_back_as_a_secret() -> None:
    inputs = struct(VALID["aws:sns/topic:Topic"])
    inputs.fields["displayName"].CopyFrom(secret(encode("hunter2")))
    marks = Secrets()
    decode(checked(RESOURCES["aws:sns/topic:Topic"], inputs, Settings(REGION, {"A": "b"}))[0], marks)
    assert marks.paths == {("displayName",)}


def test_policy_documents_may_be_objects() -> None:
    document: dict[str, Any] = {"Version": "2012-10-17", "Statement": []}
    assert reasons("aws:s3/bucketPolicy:BucketPolicy", {"bucket": "evolution-artifacts-dev", "policy": document}) == []


def made_of(token: str, tags: dict[str, str] | None, defaults: dict[str, str]) -> dict[str, Any]:
    properties = {name: value for name, value in VALID[token].items() if name != "tags"} | ({} if tags is None else {"tags": tags})
    return decode(checked(RESOURCES[token], struct(properties), Settings(REGION, defaults))[0])


@pytest.mark.parametrize("token", sorted(token for token, resource in RESOURCES.items() if resource.tags and not resource.schema.framework))
def test_default_tags_stand_beside_the_tags_of_a_program(token: str) -> None:
    """Source: pulumi-aws 7, provider/tags.go."""
    bare = made_of(token, None, {"Project": "evolution-system"})
    assert (bare.get("tags"), bare["tagsAll"]) == (None, {"Project": "evolution-system"})
    tagged = made_of(token, TAGS, {"Project": "x", "Purpose": "weaker"})
    assert (tagged["tags"], tagged["tagsAll"]) == (TAGS, {"Project": "x", **TAGS}), "explicit tags win"


@pytest.mark.parametrize("token", sorted(token for token, resource in RESOURCES.items() if resource.schema.framework or not resource.tags))
def test_default_tags_stay_out_of_the_inputs_of_the_others(token: str) -> None:
    made = made_of(token, None, {"Project": "evolution-system"})
    assert made.keys() & {"tags", "tagsAll"} == set()


@pytest.mark.parametrize("token", sorted(RESOURCES))
def test_the_providers_region_is_an_input_wherever_there_is_one(token: str) -> None:
    """Source: pulumi-aws 7, provider/region.go."""
    assert made_of(token, None, {}).get("region") == (VALID[token].get("region", REGION) if "region" in sdk_inputs(token) else None)


def test_default_tags_are_judged_like_any_tags() -> None:
    inputs = struct(VALID["aws:iam/role:Role"])
    assert [
        reason.split(":")[0] for reason in checked(RESOURCES["aws:iam/role:Role"], inputs, Settings(REGION, {"Autonomy": "85%"}))[1]
    ] == ["tags.Autonomy"]


def test_unknown_tags_stay_unknown() -> None:
    inputs = struct({"cidrBlock": "10.0.0.0/16", "tags": UNKNOWN_MARK})
    merged, found = checked(RESOURCES["aws:ec2/vpc:Vpc"], inputs, Settings(REGION, {"Project": "x"}))
    assert found == []
    assert merged.fields["tags"].string_value == UNKNOWN_MARK
    assert merged.fields["tagsAll"].string_value == UNKNOWN_MARK


def test_one_unknown_tag_makes_all_tags_unknown() -> None:
    """Source: pulumi-aws 7, provider/tags.go, mergeTags."""
    inputs = struct({"cidrBlock": "10.0.0.0/16", "tags": {"Owner": UNKNOWN_MARK}})
    merged, _ = checked(RESOURCES["aws:ec2/vpc:Vpc"], inputs, Settings(REGION, {"Project": "x"}))
    assert merged.fields["tagsAll"].string_value == UNKNOWN_MARK


ODD: list[Any] = [
    "text",
    1,
    1.5,
    True,
    [],
    ["text"],
    [UNKNOWN_MARK],
    [["text"]],
    {},
    {"a": "b"},
    {"a": UNKNOWN_MARK},
    [{}],
    [{"a": 1}],
    UNKNOWN_MARK,
]


@pytest.mark.parametrize("token", sorted(RESOURCES))
def test_no_value_makes_the_check_fall_over(token: str) -> None:
    """A value of the wrong kind is a refusal or is taken; a traceback is neither."""
    for name in VALID[token]:
        for odd in ODD:
            for reason in reasons(token, VALID[token] | {name: odd}):
                assert re.match(r"[a-zA-Z]+", reason), f"{name}={odd!r}: {reason}"


@pytest.mark.parametrize("token", ["aws:budgets/budget:Budget", "aws:ecs/service:Service", "aws:cloudwatch/metricAlarm:MetricAlarm"])
def test_nor_does_one_inside(token: str) -> None:
    for name, value in VALID[token].items():
        holder: Any = cast(list[Any], value)[0] if isinstance(value, list) else value
        if isinstance(holder, dict):
            for inner in cast(dict[str, Any], holder):
                for odd in ODD:
                    reasons(token, edited(VALID[token], f"{name}[0].{inner}" if isinstance(value, list) else f"{name}.{inner}", odd))
