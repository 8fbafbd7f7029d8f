"""The requests that read, change and remove a type, against AWS's models and what the type has: without an emulator."""

from __future__ import annotations

import string
from collections.abc import Iterator
from typing import Any, cast

import pytest

from local.provider import models
from local.provider.resource_type import Call, Request, ResourceType
from local.provider.services import RESOURCES
from tests.local.provider.samples import VALID

ENTRIES = [pytest.param(resource, id=token) for token, resource in sorted(RESOURCES.items())]

ALWAYS_KNOWN = {"id", "account", "region", "each", "added", "removed", "goneTags", "gonePairs", "found"}


def requests_of(resource: ResourceType) -> Iterator[Request]:
    read, tags = resource.read, resource.tags
    sent = [*resource.after_create, *(one for one in resource.deletion if isinstance(one, Request))]
    sent += [call.before for call in resource.changes if call.before]
    sent += [read.request, *read.further.values()] if read else []
    sent += [one for one in (tags.read, tags.untag) if one] if tags else []
    for request in sent:
        yield from (request, request.each[0]) if request.each else (request,)


def changes_of(resource: ResourceType) -> list[Call]:
    return [*resource.changes, *([resource.tags.tag] if resource.tags and resource.tags.tag else [])]


def names_in(template: Any) -> Iterator[str]:
    if isinstance(template, str):
        yield from (name.partition(".")[0] for _, name, _, _ in string.Formatter().parse(template) if name)
    elif isinstance(template, dict):
        for item in cast(dict[str, Any], template).values():
            yield from names_in(item)
    elif isinstance(template, list):
        for item in cast(list[Any], template):
            yield from names_in(item)


@pytest.mark.parametrize("resource", ENTRIES)
def test_every_type_is_read_or_has_a_reason_why_the_emulator_lacks_it(resource: ResourceType) -> None:
    assert (resource.read is None) == bool(resource.not_emulated)


@pytest.mark.parametrize("resource", ENTRIES)
def test_every_request_is_one_of_awss(resource: ResourceType) -> None:
    for request in requests_of(resource):
        service, _, operation = request.operation.partition(":")
        model = models.load(service)
        shape = model.shape(model.input_of(operation))
        assert set(shape.get("required", ())) <= request.parameters.keys() <= shape["members"].keys(), request.operation


@pytest.mark.parametrize("resource", ENTRIES)
def test_every_template_names_what_the_resource_has(resource: ResourceType) -> None:
    inputs = {name for call in resource.calls for name in call.members} | {*resource.schema.force_new} | VALID[resource.token].keys()
    outputs = resource.outputs.keys() | resource.schema.defaults.keys()
    used = {name for request in requests_of(resource) for name in names_in(dict(request.parameters))}
    used |= {name for call in (*resource.calls, *changes_of(resource)) for name in names_in(dict(call.fixed))}
    if resource.read:
        used |= set(names_in(resource.read.path))
        assert resource.read.outputs.keys() <= outputs
    assert used <= inputs | outputs | resource.created.keys() | ALWAYS_KNOWN


@pytest.mark.parametrize("resource", ENTRIES)
def test_only_what_a_call_of_the_creation_changes_or_the_emulator_forgets_has_no_call_for_its_tags(resource: ResourceType) -> None:
    """A change of the environment table changes a tag on everything."""
    forgotten = resource.not_emulated or "agentcore" in resource.token
    changed = any("tags" in call.members for call in (*resource.creation[1:], *changes_of(resource)))
    assert not resource.tags or changed or forgotten
