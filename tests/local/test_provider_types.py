"""The types' entries against their two sources: Pulumi's SDK, for types and properties, and AWS's models, for operations and members."""

from __future__ import annotations

import importlib
import inspect
import keyword
import typing
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from local.provider import models
from local.provider.data_sources import SOURCES
from local.provider.members import Convert, FirstOf, Json, Local, Member, Members
from local.provider.models import Model
from local.provider.request import request_of, requests
from local.provider.resource_type import Call, ResourceType
from local.provider.services import RESOURCES
from local.provider.wire import UNKNOWN
from tests.local.provider.samples import VALID
from tests.local.test_provider_requests import changes_of

botocore_model: Any = importlib.import_module("botocore.model")  # botocore publishes no types
validator: Any = importlib.import_module("botocore.validate").ParamValidator()
loader: Any = importlib.import_module("botocore.loaders").Loader()

ENTRIES = [pytest.param(resource, id=token) for token, resource in sorted(RESOURCES.items())]


def sdk_class(token: str) -> Any:
    """The SDK's class of a type. The module of `aws:ec2/vpc:Vpc` is `pulumi_aws.ec2`."""
    _, module, name = token.split(":")
    service = module.partition("/")[0]
    # A keyword of Python's has an underscore behind it.
    return getattr(importlib.import_module(f"pulumi_aws.{service}{'_' * keyword.iskeyword(service)}"), name)


def camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


def sdk_inputs(token: str) -> set[str]:
    """The properties that a program can give. The SDK keeps no typed list of them but its initialiser's parameters."""
    internal: Any = sdk_class(token)._internal_init
    parameters = set(inspect.signature(internal).parameters) - {"self", "__self__", "resource_name", "opts", "__props__"}
    return {camel(name) for name in parameters}


def sdk_outputs(token: str) -> set[str]:
    """The properties that a resource has once it is made."""
    members: Mapping[str, Any] = sdk_class(token).__dict__
    return {camel(name) for name, member in members.items() if isinstance(member, property)}


def named_inputs(resource: ResourceType) -> set[str]:
    names = {name for call in resource.calls for name in call.members} | resource.write_only | set(resource.refused)
    schema = resource.schema
    paths = {*schema.force_new, *schema.defaults, *resource.diff_suppress, *resource.read_back}
    return names | {path.partition(".")[0] for path in paths} | ({schema.autoname} if schema.autoname else set())


@pytest.mark.parametrize("resource", ENTRIES)
def test_every_token_is_the_sdks(resource: ResourceType) -> None:
    assert sdk_class(resource.token).pulumi_type == resource.token


@pytest.mark.parametrize("resource", ENTRIES)
def test_every_property_that_an_entry_names_is_one_of_the_sdks(resource: ResourceType) -> None:
    assert named_inputs(resource) - sdk_inputs(resource.token) == set()
    named = {path.partition(".")[0] for path in (*resource.schema.computed, *resource.schema.sets, *resource.schema.suppressed)}
    assert (named | set(resource.outputs)) - sdk_outputs(resource.token) == set()
    assert bool(resource.tags) == ("tags" in sdk_inputs(resource.token))
    assert resource.regional == ("region" in sdk_inputs(resource.token))


@pytest.mark.parametrize("resource", ENTRIES)
def test_every_property_of_the_sdks_is_sent_somewhere_or_refused_on_purpose(resource: ResourceType) -> None:
    lost: set[str] = set()
    for name in sdk_inputs(resource.token) - set(resource.refused) - {"region"}:
        siblings = dict.fromkeys(("cidrIpv4",) if name == "description" and "vpc/" in resource.token else (), UNKNOWN)
        if any(request.refusals for _, request in requests(resource.calls, {**siblings, name: UNKNOWN})):
            lost.add(name)
    assert lost == set(), "map them in the type's entry, or say under `unsupported` what to write"


def test_every_sample_property_is_one_of_the_sdks() -> None:
    assert {token: set(VALID[token]) - sdk_inputs(token) for token in RESOURCES} == {token: set[str]() for token in RESOURCES}


def target_shape(model: Model, shape: str, target: str) -> str:
    """Follow a member's path; KeyError where the model has no such member."""
    for part in target.split("."):
        body = model.shape(shape)
        if body["type"] == "structure":
            shape = body["members"][part]["shape"]
        else:
            assert body["type"] == "map" or part == "0", f"{part} can't stand below a {body['type']}"
            shape = (body["value"] if body["type"] == "map" else body["member"])["shape"]
    return shape


def targets(member: Member) -> Iterator[str]:
    match member:
        case str():
            yield member
        case Convert() | Json():
            if member.member:
                yield member.member
        case FirstOf():
            yield from member.places.values()
        case Local():
            return


def shapes_below(model: Model, shape: str, seen: set[str]) -> set[str]:
    if shape not in seen:
        seen.add(shape)
        body = model.shape(shape)
        inner: list[Mapping[str, Any]] = [*body.get("members", {}).values(), *(body[key] for key in ("member", "value") if key in body)]
        for one in inner:
            shapes_below(model, one["shape"], seen)
    return seen


def test_every_member_that_an_entry_names_is_in_awss_model() -> None:
    calls = [call for resource in RESOURCES.values() for call in (*resource.calls, *changes_of(resource))]
    for call in (*calls, *(source.call for source in SOURCES.values())):
        assert not request_of(call, dict.fromkeys(call.members, UNKNOWN)).refusals, call.operation
        service, _, operation = call.operation.partition(":")
        model = models.load(service)
        top = model.input_of(operation)
        known = shapes_below(model, top, set())
        places: list[tuple[str, Members]] = [(top, call.members), *call.structures.items(), (top, dict.fromkeys(call.fixed, ""))]
        for shape, members in places:
            assert shape in known, f"{call.operation} has no shape {shape}"
            for name, member in members.items():
                for target in targets(member) if member else [name] if members is not call.members else []:
                    assert target_shape(model, shape, target), f"{call.operation}: {name}"


def test_every_property_of_a_nested_exception_is_one_of_the_sdks() -> None:
    spelled = {camel(name) for token in RESOURCES for name in nested_names(token)}
    named = {name for resource in RESOURCES.values() for call in resource.calls for nested in call.structures.values() for name in nested}
    assert named - spelled == set()


def nested_names(token: str) -> Iterator[str]:
    """The properties of the objects that the SDK's module for a type takes, from their initialisers."""
    inputs = importlib.import_module(f"{sdk_class(token).__module__.rpartition('.')[0]}._inputs")
    for name in dir(inputs):
        candidate = getattr(inputs, name)
        if name.endswith("Args") and isinstance(candidate, type):
            yield from inspect.signature(typing.cast(Any, candidate).__init__).parameters


def test_a_further_call_is_made_only_for_its_own_properties() -> None:
    table = RESOURCES["aws:dynamodb/table:Table"]
    plain = {"name": "evolution-state-dev", "hashKey": "id", "attributes": [{"name": "id", "type": "S"}]}
    assert [call.operation for call, _ in requests(table.calls, plain)] == ["dynamodb:CreateTable"]
    with_ttl = plain | {"ttl": {"enabled": True, "attributeName": "ttl"}}
    further = [(call.operation, request.parameters) for call, request in requests(table.calls, with_ttl)][1:]
    assert further == [
        (
            "dynamodb:UpdateTimeToLive",
            {"TableName": "evolution-state-dev", "TimeToLiveSpecification": {"Enabled": True, "AttributeName": "ttl"}},
        )
    ]


@pytest.mark.parametrize("resource", ENTRIES)
def test_the_requests_are_what_botocore_would_send(resource: ResourceType) -> None:
    """botocore's own validator, which knows types and required members, must find nothing to add."""
    for call, request in requests(resource.calls, VALID[resource.token]):
        service, _, operation = call.operation.partition(":")
        model = botocore_model.ServiceModel(loader.load_service_model(service, "service-2"))
        asked = model.operation_model(operation)
        tokens = dict.fromkeys(asked.idempotent_members, "11111111-2222-4333-8444-555555555555")
        report = validator.validate({**tokens, **known(request.parameters)}, asked.input_shape)
        assert not report.has_errors(), f"{call.operation}: {report.generate_report()}"


def known(value: Any) -> Any:
    """The value with a placeholder for what AWS would give; those are ids, and so text."""
    if value is UNKNOWN:
        return "id-that-aws-gives"
    if isinstance(value, dict):
        return {key: known(item) for key, item in typing.cast(dict[str, Any], value).items()}
    if isinstance(value, list):
        return [known(item) for item in typing.cast(list[Any], value)]
    return value


def test_requests_do_not_share_what_an_entry_fixes() -> None:
    call = Call("ec2:CreateTags", {"tags": "Tags"}, {"Resources": ["vpc-1"]})
    first, second = (next(iter(requests((call,), {"tags": {"a": "b"}})))[1] for _ in range(2))
    first.parameters["Resources"].append("vpc-2")
    assert second.parameters["Resources"] == ["vpc-1"] == call.fixed["Resources"]
