"""Writes policy/approved again, from what the program plans (make approve): for each committed stack, and at the table's corners."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast, get_args

import yaml

from account.policies import PLACEHOLDER
from adapter import folders_of
from approval import FOLDER, read
from components.environment import DISPOSABLE_STACK, KEY, Environment, InterfaceEndpoint, Region
from components.naming import Names
from defaults import effective
from documents import DocumentKind, Statement
from duties import Duty
from limits import TierLimits, configured
from local.previews import ROOT
from local.previews import UNKNOWN as UNKNOWN_TEXT
from local.projects import ACCOUNT, SYSTEM, Project
from local.provider.assets import ARCHIVE, SIGNATURE
from local.provider.wire import decode, sdk_version
from make_account_grants import account_grants_of
from make_approved import as_text, grants_of, listed_of, shape_of
from make_duties import as_lines, duties_of
from operations import planned as planning
from operations.permissions import roles, statements
from plain import UNKNOWN, Plain
from rule import Reference, Resource, Stack
from rules.account.approved import held
from tests import in_process
from tests.account.tables import ALL_ON, THERE_ALREADY, account_table
from tests.plans import documented_defaults

IMAGE = "sha256:" + "0123456789abcdef" * 4

CORNER = "corner"
"""A stack whose name is in no text of AWS's own."""

STACKS = ("dev", "staging", "prod")

PROFILES = {"us": "us.anthropic.claude-sonnet-4-6", "eu": "eu.anthropic.claude-sonnet-4-6", "ap": "apac.anthropic.claude-sonnet-4-6"}


def table_of(stack: str) -> dict[str, Any]:
    """A committed stack's table."""
    return yaml.safe_load((ROOT / f"Pulumi.{stack}.yaml").read_text(encoding="utf-8"))["config"][KEY]


def tables() -> Iterator[dict[str, Any]]:
    """prod's table with each row at its ends that changes what is granted or made."""
    prod = {**table_of("prod"), "engine_image_digest": IMAGE}

    def table(**rows: Any) -> dict[str, Any]:
        """With these rows; of a table in it, those that are named."""
        changed: dict[str, Any] = copy.deepcopy(prod)
        for row, value in rows.items():
            changed[row] = {**changed[row], **value} if isinstance(changed.get(row), dict) else value
        return changed

    yield table(network={"interface_endpoints": [], "availability_zones": 2, "nat_gateways": 1})
    yield table(network={"interface_endpoints": list(get_args(InterfaceEndpoint)), "availability_zones": 6, "nat_gateways": 6})
    yield table(
        alerts={"emails": ["oncall@example.com", "lead@example.com"], "monthly_budget_usd": 500, "guardrail_interventions": 15},
        reserve_concurrency=False,
    )
    yield table(evolution_task="maze", engine={"strategy": "cma-es"}, monitor_task={"cpu": 512, "memory": 1024})
    yield table(safety_score_minimum=0.9, instantiation_target_us=2)
    yield table(model_invocation_logging="account")
    for image in (IMAGE, None):
        for region in get_args(Region):
            yield table(region=region, model_id=PROFILES[region.partition("-")[0]], engine_image_digest=image)
        yield table(model_id="global.anthropic.claude-sonnet-4-6", engine_image_digest=image)


def account_tables() -> Iterator[dict[str, Any]]:
    """The committed account's table with each row at its ends that changes what is made."""
    yield account_table()
    yield account_table(**ALL_ON)
    yield from (account_table(**{row: True}) for row in ALL_ON)
    yield from (account_table(**{row: value}) for row, value in THERE_ALREADY.items())
    yield account_table(**ALL_ON, **THERE_ALREADY, stacks=["dev"])
    yield from (account_table(stacks=stacks) for stacks in (["dev"], ["staging"], ["prod"], ["dev", "prod"]))
    yield account_table(**ALL_ON, region="eu-west-1", administrators=[f"{account_table()['administrators'][0]}{end}" for end in "ab"])


def accounts_elsewhere() -> Iterator[dict[str, Any]]:
    """Tables of an account in another region than its stacks, so that each region is told from the other; with each row that turns on what
    documents let through."""
    for rows in ({}, *({row: True} for row in ALL_ON), ALL_ON):
        yield account_table(**rows, region="eu-west-1")


def planned(stack: str, table: Mapping[str, Any], *, made: bool = False, project: Project = SYSTEM) -> Stack:
    """A stack as the pack sees it at the first preview, or once AWS has made it.

    Raises:
        AssertionError: the stand-in provider refuses it.
    """
    plan = in_process.run(stack, table, None if made else {}, project=project)
    assert not plan.refused, plan.refused
    limits = configured({}).of(stack)
    urns = {name: f"urn:pulumi:{stack}::{project.name}::{step.type}::{name}" for name, step in plan.steps.items()}
    return Stack(
        name=stack,
        project=project.name,
        limits=limits,
        table=json.loads(json.dumps(table)),
        resources=tuple(
            Resource(
                urn=urns[name],
                type=step.type,
                name=name,
                props=effective(step.type, _plain({**step.outputs, **step.inputs})),
                inputs=effective(step.type, _plain(step.inputs)),
                limits=limits,
                protect=step.protect,
                delete_before_replace=step.delete_before_replace,
                ignore_changes=step.ignore_changes,
                dependencies=tuple(urns[one] for one in sorted(step.depends_on) if one in urns),
                references={
                    key: tuple(Reference(urn=urns[one], type=plan.steps[one].type) for one in found if one in urns)
                    for key, found in step.references.items()
                },
            )
            for name, step in sorted(plan.steps.items())
        )
        + tuple(_provider(held, limits) for held in plan.state.values() if held.type == in_process.PROVIDER),
    )


def _provider(held: in_process.Held, limits: TierLimits) -> Resource:
    """The provider, with what the engine adds to its inputs: which version of it the SDK wants."""
    props: dict[str, Plain] = {"version": sdk_version(), **{key: str(value) for key, value in decode(held.inputs).items()}}
    return Resource(urn=held.urn, type=held.type, name=held.urn.rpartition("::")[2], props=props, inputs=props, limits=limits)


def _plain(inputs: Mapping[str, Any]) -> dict[str, Plain]:
    return {key: _known(value) for key, value in inputs.items()}


def _known(value: Any) -> Plain:
    if isinstance(value, dict):
        given = cast("dict[str, Any]", value)
        if given.get(SIGNATURE) == ARCHIVE:
            return [*folders_of({name: file["path"] for name, file in given["assets"].items()})]
        return UNKNOWN if SIGNATURE in given else _plain(given)  # a secret is
    if isinstance(value, list):
        return [_known(one) for one in cast("list[Any]", value)]
    return UNKNOWN if value == UNKNOWN_TEXT else value


def _filled(kind: str) -> dict[str, Plain]:
    """What the provider fills in of a type, other than with nothing: a flag that is off by default is nobody's to switch on."""
    return {name: value for name, value in documented_defaults(kind).items() if value}


def _needed() -> Iterator[tuple[Duty, Statement]]:
    """What roles need of dev with the row that brings kinds of resources there: no other stack may be destroyed, and so deletes them."""
    table: dict[str, Any] = {**table_of(DISPOSABLE_STACK), "engine_image_digest": IMAGE}
    table["network"]["allowed_domains"] = []
    steps = in_process.run(DISPOSABLE_STACK, table, {}).steps
    resources = tuple(
        planning.Resource(type=step.type.split(":")[1], inputs=step.inputs, kept=step.protect, name=name)
        for name, step in steps.items()
        if step.type.startswith("aws:")
    )
    env = Environment.model_validate_json(json.dumps(table))
    plan = planning.Planned(stack=DISPOSABLE_STACK, env=env, resources=resources)
    for role, found in roles(plan, Names(stack=DISPOSABLE_STACK, region=env.region, account=PLACEHOLDER)).items():
        duty = Duty(does=role, stack=DISPOSABLE_STACK, account=PLACEHOLDER)
        yield from ((duty, one) for one in read(json.loads(json.dumps(statements(found))), DocumentKind.IDENTITY))


def approved() -> dict[str, str]:
    """The files' texts by their names. In grants no name of a committed stack may stand: `prod` is in names of AWS's own, too."""
    corners = [planned(CORNER, table) for table in tables()]
    committed, made = (
        [planned(stack, {**table_of(stack), "engine_image_digest": IMAGE}, made=made) for stack in STACKS] for made in (False, True)
    )
    accounts = [planned(ACCOUNT.stack, table, project=ACCOUNT) for table in account_tables()]
    account_made = planned(ACCOUNT.stack, account_table(**ALL_ON), made=True, project=ACCOUNT)
    return {
        "grants.json": as_text(grants_of(corners)),
        "shape.json": as_text(shape_of([*corners, *committed], made, _filled)),
        "account.json": as_text(listed_of(accounts, [account_made], _filled)),
        "account_grants.json": as_text(account_grants_of(planned(ACCOUNT.stack, table, project=ACCOUNT) for table in accounts_elsewhere())),
        "duties.json": as_lines(duties_of([*((duty, one) for account in accounts for _, one, duty in held(account)), *_needed()])),
    }


def main(folder: Path) -> None:
    for name, text in approved().items():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(FOLDER)
