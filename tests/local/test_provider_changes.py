"""What the provider takes for a difference, and what an update, a read and a delete answer."""

from __future__ import annotations

from typing import Any, cast

import grpc
import pytest
from google.protobuf.empty_pb2 import Empty

from local.provider.services import RESOURCES
from local.provider.wire import decode, provider_pb2
from tests.local.provider.samples import ACCOUNT, VALID
from tests.local.provider.talk import REGION, UNKNOWN_MARK, create, struct, urn
from tests.local.test_provider_fidelity import REPLACING

RUNTIME = "aws:bedrock/agentcoreAgentRuntime:AgentcoreAgentRuntime"


def diff(provider: Any, token: str, old: dict[str, Any], new: dict[str, Any]) -> Any:
    identity, state = create(provider, token, old)
    return provider.Diff(
        provider_pb2.DiffRequest(urn=urn(token), id=identity, olds=struct(state), old_inputs=struct(old), news=struct(new))
    )


def test_the_same_inputs_are_no_difference(provider: Any) -> None:
    for token, properties in VALID.items():
        assert diff(provider, token, properties, properties).changes == provider_pb2.DiffResponse.DIFF_NONE


def test_a_difference_that_aws_takes_in_place_is_an_update(provider: Any) -> None:
    token = "aws:cloudwatch/metricAlarm:MetricAlarm"
    answer = diff(provider, token, VALID[token], VALID[token] | {"threshold": 0.9})
    assert (list(answer.diffs), list(answer.replaces), answer.deleteBeforeReplace) == (["threshold"], [], False)


FENCE = ("bedrock", "bedrockmodel", "route53", "xray")
"""The modules of what stands around the agents."""


def another(value: Any) -> Any:
    """A value of the same kind that means something else."""
    match value:
        case bool():
            return not value
        case int() | float():
            return value + 1
        case str():
            return f"{value}x"
        case list():
            return [another(one) for one in cast("list[Any]", value)]
        case _:
            return {name: another(one) for name, one in value.items()}


@pytest.mark.parametrize("token", [one for one in sorted(REPLACING) if one.split(":")[1].partition("/")[0] in FENCE])
def test_each_change_of_the_fence_is_made_in_place_but_what_the_provider_replaces(provider: Any, token: str) -> None:
    for name, value in VALID[token].items():
        changed = {name: another(value)} if another(value) != value else {name: None}
        answer = diff(provider, token, VALID[token], VALID[token] | changed)
        assert name in answer.diffs
        assert list(answer.replaces) == ([name] if name in REPLACING[token] else []), name


@pytest.mark.parametrize(
    ("token", "edit", "deletes_first"),
    [
        pytest.param("aws:dynamodb/table:Table", {"hashKey": "generation"}, True, id="named by the program"),
        pytest.param("aws:cloudwatch/metricAlarm:MetricAlarm", {"name": "another"}, True, id="and renamed"),
        pytest.param("aws:cloudwatch/compositeAlarm:CompositeAlarm", {"alarmName": "another"}, False, id="never named by the provider"),
        pytest.param("aws:bedrock/agentcoreGateway:AgentcoreGateway", {"authorizerType": "CUSTOM_JWT"}, False, id="of the framework"),
        pytest.param("aws:ecr/lifecyclePolicy:LifecyclePolicy", {"policy": "{}"}, True, id="marked so by the provider"),
        pytest.param("aws:ec2/subnet:Subnet", {"cidrBlock": "10.0.9.0/24"}, False, id="without a name"),
    ],
)
def test_what_is_replaced_goes_first_where_the_provider_would_have_named_it(
    provider: Any, token: str, edit: dict[str, Any], deletes_first: bool
) -> None:
    answer = diff(provider, token, VALID[token], VALID[token] | edit)
    assert (list(answer.replaces), answer.deleteBeforeReplace) == (list(edit), deletes_first)


def test_only_the_version_of_a_write_only_secret_counts(provider: Any) -> None:
    """The password is drawn anew at every preview."""
    token = "aws:secretsmanager/secretVersion:SecretVersion"
    again = VALID[token] | {"secretStringWo": "another"}
    assert diff(provider, token, VALID[token], again).changes == provider_pb2.DiffResponse.DIFF_NONE
    assert list(diff(provider, token, VALID[token], again | {"secretStringWoVersion": 2}).replaces) == ["secretStringWoVersion"]


def update(
    provider: Any, token: str, old: dict[str, Any], new: dict[str, Any], *, preview: bool = False
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The outputs before and after."""
    identity, made = create(provider, token, old)
    answer = provider.Update(provider_pb2.UpdateRequest(urn=urn(token), id=identity, olds=struct(made), news=struct(new), preview=preview))
    return made, decode(answer.properties)


@pytest.mark.parametrize("preview", [False, True])
@pytest.mark.parametrize("token", sorted(RESOURCES))
def test_an_update_keeps_what_aws_computed(provider: Any, token: str, preview: bool) -> None:
    """In a preview too: an ARN that seemed unknown would make everything that refers to it seem to change."""
    made, updated = update(provider, token, VALID[token], VALID[token], preview=preview)
    moving = RESOURCES[token].unknown_on_update - VALID[token].keys() if preview else frozenset[str]()
    assert updated == {name: value for name, value in made.items() if name not in moving}


def test_what_any_update_may_change_is_not_known_at_its_preview(provider: Any) -> None:
    """An endpoint that is pinned to a runtime's version follows it in the same run, and the plan says so."""
    made, updated = update(provider, RUNTIME, VALID[RUNTIME], VALID[RUNTIME] | {"description": "Others."}, preview=True)
    assert made.keys() - updated.keys() == {"agentRuntimeVersion"}


def test_what_follows_from_an_input_follows_it(provider: Any) -> None:
    token = "aws:kms/alias:Alias"
    other = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/another"
    assert update(provider, token, VALID[token], VALID[token] | {"targetKeyId": other})[1]["targetKeyArn"] == other
    unknown = VALID[token] | {"targetKeyId": UNKNOWN_MARK}
    assert "targetKeyArn" not in update(provider, token, VALID[token], unknown, preview=True)[1]


def test_a_stream_that_is_switched_on_later_gets_its_arn(provider: Any) -> None:
    token = "aws:dynamodb/table:Table"
    plain = {name: value for name, value in VALID[token].items() if not name.startswith("stream")}
    made, updated = update(provider, token, plain, VALID[token])
    assert "streamArn" not in made
    assert updated["streamArn"].startswith(made["arn"] + "/stream/")
    assert "streamArn" not in update(provider, token, plain, VALID[token], preview=True)[1], "only AWS can say"


@pytest.mark.parametrize(
    ("before", "after", "changes"),
    [
        pytest.param(None, {"enabled": True, "attributeName": "ttl"}, True, id="items begin to expire"),
        pytest.param({"enabled": True, "attributeName": "ttl"}, {"enabled": False, "attributeName": "ttl"}, True, id="and cease to"),
        pytest.param({"enabled": True, "attributeName": "ttl"}, None, False, id="what isn't said stays as it is"),
    ],
)
def test_a_table_with_items_that_expire_is_never_replaced(
    provider: Any, before: dict[str, Any] | None, after: dict[str, Any] | None, changes: bool
) -> None:
    token = "aws:dynamodb/table:Table"
    others = {name: value for name, value in VALID[token].items() if name != "ttl"}
    old, new = ({**others, **({"ttl": ttl} if ttl else {})} for ttl in (before, after))
    answer = diff(provider, token, old, new)
    assert (bool(answer.diffs), list(answer.replaces)) == (changes, [])


def test_a_read_returns_the_state_and_an_import_is_refused(provider: Any) -> None:
    token = "aws:sns/topic:Topic"
    _, made = create(provider, token, VALID[token])
    answer = provider.Read(provider_pb2.ReadRequest(urn=urn(token), id="x", properties=struct(made), inputs=struct(VALID[token])))
    assert (answer.id, decode(answer.properties), decode(answer.inputs)) == ("x", made, VALID[token])
    with pytest.raises(grpc.RpcError, match="nothing to import"):
        provider.Read(provider_pb2.ReadRequest(urn=urn(token), id="x"))


def test_a_delete_and_a_cancel_are_answered(provider: Any) -> None:
    assert provider.Delete(provider_pb2.DeleteRequest(urn=urn("aws:sns/topic:Topic"), id="x")) == Empty()
    assert provider.Cancel(Empty()) == Empty()
