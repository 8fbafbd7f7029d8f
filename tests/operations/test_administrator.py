"""Whether a deployment is an administrator's, by what there is and what is planned."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from local.provider.wire import decode
from local.stackfile import IMAGE_KEY
from operations.account import Account
from operations.administrator import ALWAYS, CALLS, OF_WRITERS, SHOWN, SIGNATURE, WHEN_CHANGED, WHEN_NEW, administrator, withheld
from operations.needs import grants, of_pipeline
from operations.outcome import Outcome
from operations.planned import Planned, Resource
from tests import in_process
from tests.components.tables import env_of
from tests.operations.stubs import stubbed
from tests.rows import with_rows

FIRST: dict[str, object] = {IMAGE_KEY: None}
ACCOUNT = Account(number="0" * 12, region="us-east-1", calls=CALLS, session=None)


@cache
def deployed(image: bool) -> Mapping[str, Mapping[str, Any]]:
    """The inputs of all that prod has, by name."""
    made = in_process.run("prod", with_rows("prod", {} if image else FIRST), preview=False)
    return {name: decode(held.inputs) for name, held in made.state.items()}


def planned(rows: dict[str, object] | None = None, *, after: bool | None = True) -> Planned:
    """Prod's plan with these rows, after it was deployed with an image or, `after=False`, without one; or not at all."""
    there: Mapping[str, Mapping[str, Any]] = {} if after is None else deployed(after)
    steps = in_process.run("prod", with_rows("prod", rows or {}), {}).steps
    resources = tuple(
        Resource(type=step.type.split(":")[1], inputs=step.inputs, before=there.get(name), kept=step.protect, name=name)
        for name, step in steps.items()
    )
    return Planned(stack="prod", env=env_of("prod"), resources=resources)


@cache
def same() -> Planned:
    return planned()


def told(plan: Planned, caller: str = "user/administrator") -> Outcome:
    (one,) = administrator(stubbed(("sts:GetCallerIdentity", {"Arn": f"arn:aws:sts::123456789012:{caller}"})), plan)
    return one


def test_what_is_as_planned_wants_nobody() -> None:
    assert withheld(ACCOUNT, same()) == []
    assert told(same()).kind == "pass"


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        pytest.param({"engine.minimum": 3}, {"evolution-resume"}, id="the bounds, which resume has"),
        pytest.param({"engine.maximum": 50}, {"evolution-resume"}, id="the other one"),
        pytest.param(
            {"model_id": "us.anthropic.claude-opus-4-6-v1"}, {"agentcore-boundary", "agentcore-runtime-role-grants"}, id="a model"
        ),
        pytest.param({"generations": 10, "network.nat_gateways": 1}, set[str](), id="nothing of his"),
    ],
)
def test_a_change_of_a_row_wants_an_administrator_where_no_pipeline_may_make_it(rows: dict[str, object], expected: set[str]) -> None:
    assert set(withheld(ACCOUNT, planned(rows))) == expected


def test_an_administrator_does_the_first_up_and_that_of_the_first_image() -> None:
    first, of_image = planned(after=None), planned(after=False)
    assert {one.name for one in first.new("iam/role")} < set(withheld(ACCOUNT, first))
    assert {one.name for one in of_image.new("iam/role")} < set(withheld(ACCOUNT, of_image))
    shown, _, rest = told(first).text.rpartition(" and ")
    assert (shown.count(","), rest) == (SHOWN - 1, f"{len(withheld(ACCOUNT, first)) - SHOWN} more")


def changed(kind: str, name: str, before: object, now: object = None) -> list[str]:
    """What is withheld once each of a type was recorded with another value, and is planned with this one."""

    def edited(one: Resource) -> Resource:
        if one.type != kind or one.before is None:
            return one
        return replace(one, before={**one.before, name: before}, inputs={**one.inputs, **({name: now} if now else {})})

    return withheld(ACCOUNT, replace(same(), resources=tuple(map(edited, same().resources))))


def test_what_may_write_the_mode_is_an_administrators_and_other_functions_arent() -> None:
    functions = {"evolution-resume", "evolution-safety-switch"}
    assert set(changed("lambda/function", "code", *({SIGNATURE: "archive", "hash": one} for one in "ab"))) == functions
    assert changed("lambda/function", "code", *({SIGNATURE: "archive", "hash": "a", "path": one} for one in "ab")) == []
    assert set(changed("lambda/function", "handler", "another")) == functions
    of_provider = {**deployed(True)["evolution-resume"]["tracingConfig"], "more": 1, "__defaults": ["more"]}
    assert changed("lambda/function", "tracingConfig", of_provider) == []
    assert changed("lambda/function", "tags", {"Purpose": "another"}) == []
    assert changed("iam/policy", "description", "another") == [], "it stays as it is"
    assert changed("kms/key", "description", "another") == []
    assert changed("kms/key", "policy", "{}") == ["security-key"]


def test_every_type_is_known_of_which_a_pipeline_may_not_do_all() -> None:
    plan = planned(after=None)
    names = ACCOUNT.names("prod")
    needed = grants(plan, names)
    kept = {(one.action, one.resources, one.condition) for one in of_pipeline(needed, plan, names)}
    withheld_of = {one.why.partition(":")[0] for one in needed if (one.action, one.resources, one.condition) not in kept}
    assert withheld_of == ALWAYS | WHEN_NEW | WHEN_CHANGED.keys() | OF_WRITERS


def test_it_tells_a_person_and_stops_a_pipeline() -> None:
    plan = planned({"engine.minimum": 3})
    told_one = told(plan)
    assert (told_one.kind, told_one.text) == (
        "person",
        "do the next `up` as an administrator: no pipeline may make or change evolution-resume",
    )
    assert told_one.command.startswith("pulumi up -s prod ")
    assert told(plan, "assumed-role/account-deploy-prod/GitHubActions").kind == "fail"
    assert told(plan, "assumed-role/account-deploy-prod-2/GitHubActions").kind == "person"
    assert told(replace(plan, stack="dev")).kind == "pass"
