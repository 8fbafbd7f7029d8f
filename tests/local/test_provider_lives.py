"""How resources go on, against the table that says how they are made and AWS's models: without an emulator."""

from __future__ import annotations

import string
from collections.abc import Iterator
from typing import Any, cast

import pytest

from local.provider import models
from local.provider.catalogue import RESOURCES
from local.provider.life import Ask, Life
from local.provider.lives import LACKING, LIVES
from tests.local.provider.samples import VALID

ENTRIES = [pytest.param(token, life, id=token) for token, life in sorted(LIVES.items())]

OWN_NAMES = {"id", "account", "region", "each", "added", "removed", "goneTags", "gonePairs", "seen"}


def asks(life: Life) -> Iterator[Ask]:
    for ask in (life.look, *life.also.values(), *life.then, *life.remove, *([life.untag] if life.untag else [])):
        yield ask
        if ask.each:
            yield ask.each[0]


def names_in(template: Any) -> Iterator[str]:
    if isinstance(template, str):
        yield from (name.partition(".")[0] for _, name, _, _ in string.Formatter().parse(template) if name)
    elif isinstance(template, dict):
        for item in cast(dict[str, Any], template).values():
            yield from names_in(item)
    elif isinstance(template, list):
        for item in cast(list[Any], template):
            yield from names_in(item)


def test_every_type_has_a_life_or_a_reason_why_the_emulator_lacks_it() -> None:
    assert LIVES.keys() | LACKING.keys() == RESOURCES.keys()
    assert not LIVES.keys() & LACKING.keys()
    assert all(LACKING.values())


@pytest.mark.parametrize(("token", "life"), ENTRIES)
def test_every_request_is_one_of_awss(token: str, life: Life) -> None:
    for ask in asks(life):
        service, _, operation = ask.operation.partition(":")
        model = models.load(service)
        members = model.shape(model.input_of(operation))["members"]
        assert ask.parameters.keys() <= members.keys(), f"{token}: {ask.operation}"
        assert set(model.shape(model.input_of(operation)).get("required", ())) <= ask.parameters.keys(), f"{token}: {ask.operation}"
    for call in life.changes:
        if call.operation:
            service, _, operation = call.operation.partition(":")
            model = models.load(service)
            assert call.fixed.keys() <= model.shape(model.input_of(operation))["members"].keys(), f"{token}: {call.operation}"


@pytest.mark.parametrize(("token", "life"), ENTRIES)
def test_every_template_names_what_the_resource_has(token: str, life: Life) -> None:
    resource = RESOURCES[token]
    inputs = {name for call in resource.calls for name in call.members} | resource.replaces | VALID[token].keys()
    outputs = resource.outputs.keys() | resource.defaults.keys()
    known = inputs | outputs | life.answer.keys() | OWN_NAMES
    used = {name for ask in asks(life) for name in names_in(dict(ask.parameters))} | set(names_in(life.at))
    used |= {name for call in life.changes for name in names_in(dict(call.fixed))}
    assert used <= known
    assert life.outputs.keys() <= outputs


@pytest.mark.parametrize(("token", "life"), ENTRIES)
def test_what_takes_tags_can_change_them(token: str, life: Life) -> None:
    """A change of the environment table changes a tag on everything."""
    calls = [*RESOURCES[token].calls[1:], *life.changes]
    assert RESOURCES[token].tags == any("tags" in call.members for call in calls)
