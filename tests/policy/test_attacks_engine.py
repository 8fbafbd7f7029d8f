"""The same attacks as edits of the real program, through the real engine, with a provider that takes whatever it is given.

The stand-in knows the types of this program and their properties only; the real provider knows all. What it would refuse must reach the
pack here, so that it is the pack that refuses it.
"""

# ruff: noqa: ARG002, N802  # the protocol's names and parameters

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, cast

import grpc
import pulumi
import pytest

from local import plugins, previews
from local.provider.server import Context, Provider
from local.provider.services import RESOURCES
from local.provider.wire import provider_pb2, provider_pb2_grpc
from rules import FAMILIES
from tests import apart
from tests.policy.attacks import Attack
from tests.policy.in_memory import nodes_of, stack_of
from tests.policy.planned import GONE, Edit, edit_at
from tests.policy.samples import findings
from tests.policy.test_attacks_by_rule import THROUGH_ENGINE, attacked, later

pytestmark = pytest.mark.slow

Pair = tuple[str, str]
"""A rule's id, and the name of the resource that it finds a fault in; empty for the stack."""

PROVIDER = "pulumi:providers:aws"

CAPITAL = re.compile(r"[A-Z]")

OPEN_SETTINGS = {"region", "defaultTags"}
"""What the stand-in needs to know of its configuration."""

OPTIONS: Mapping[str, Callable[[Any], pulumi.ResourceOptions]] = {
    "deleteBeforeReplace": lambda value: pulumi.ResourceOptions(delete_before_replace=value),
    "ignoreChanges": lambda value: pulumi.ResourceOptions(ignore_changes=[*value]),
}
"""Paths of edits that are options of a resource."""

FETCHED = "the switch's code from the web"
"""The engine fetches the archive before it asks any pack; no test may use the network."""


class Open(Provider):
    """The stand-in with its catalogue opened: what it would refuse, it takes as it is."""

    def CheckConfig(self, request: provider_pb2.CheckRequest, context: Context) -> provider_pb2.CheckResponse:
        return provider_pb2.CheckResponse(inputs=request.news)

    def Configure(self, request: provider_pb2.ConfigureRequest, context: Context) -> provider_pb2.ConfigureResponse:
        """The program's own provider is the first; nothing that matters here is made by another."""
        if self._settings is not None:
            return provider_pb2.ConfigureResponse(acceptSecrets=True, supportsPreview=True)
        known = provider_pb2.ConfigureRequest()
        for name in OPEN_SETTINGS & request.args.fields.keys():
            known.args.fields[name].CopyFrom(request.args.fields[name])
        return super().Configure(known, context)

    def Check(self, request: provider_pb2.CheckRequest, context: Context) -> provider_pb2.CheckResponse:
        answer = super().Check(request, context)
        if not answer.failures:
            return answer
        for name, value in request.news.fields.items():
            answer.inputs.fields[name].CopyFrom(value)
        return provider_pb2.CheckResponse(inputs=answer.inputs)

    def Create(self, request: provider_pb2.CreateRequest, context: Context) -> provider_pb2.CreateResponse:
        if request.type not in RESOURCES:
            return provider_pb2.CreateResponse(properties=request.properties)
        return super().Create(request, context)


class Attached:
    """Stands for the provider's process: where the engine finds it."""

    def __init__(self, port: int) -> None:
        self.variables = {plugins.ATTACH: f"aws:{port}"}


class Declared(pulumi.CustomResource):
    """A resource of any type."""

    def __init__(self, kind: str, name: str, props: dict[str, Any], opts: pulumi.ResourceOptions) -> None:
        super().__init__(kind, name, props, opts)


class Configured(pulumi.ProviderResource):
    """A provider with any settings."""

    def __init__(self, name: str, props: dict[str, Any]) -> None:
        super().__init__("aws", name, props)


def _edited(value: Any, path: Sequence[str], new: Any) -> Any:
    if isinstance(value, pulumi.Output):
        known = cast("pulumi.Output[Any]", value)
        return known.apply(lambda it: _edited(it, path, new))
    return edit_at(value, path, new)


def _attacked(edits: Sequence[Edit]) -> None:
    """The program with these edits in it."""
    providers = list[pulumi.ProviderResource]()

    def replace(args: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult | None:
        """Whole properties, before the SDK has seen what their values come from."""
        if isinstance(args.resource, pulumi.ProviderResource):
            providers.append(args.resource)
        own = {
            CAPITAL.sub(r"_\g<0>", edit.path).lower(): edit.value
            for edit in edits
            if edit.resource == args.name and edit.path.isalpha() and edit.path not in OPTIONS
        }
        if not own:
            return None
        props = {**dict(args.props), **{name: None if value == GONE else value for name, value in own.items()}}
        return pulumi.ResourceTransformationResult(props, args.opts)

    def transform(args: pulumi.ResourceTransformArgs) -> pulumi.ResourceTransformResult | None:
        """What is within a property, as it goes to the engine; and options."""
        own = [edit for edit in edits if edit.resource == args.name and (edit.path in OPTIONS or "." in edit.path)]
        own = [edit for edit in own if not edit.path.startswith("tagsAll")]
        if not own:
            return None
        props, opts = dict(cast("dict[str, Any]", args.props)), args.opts
        for edit in own:
            first, *rest = edit.path.split(".")
            if first in OPTIONS:
                opts = pulumi.ResourceOptions.merge(opts, OPTIONS[first](edit.value))
            else:
                props[first] = _edited(props.get(first), rest, edit.value)
        return pulumi.ResourceTransformResult(props, opts)

    pulumi.runtime.register_stack_transformation(replace)
    pulumi.runtime.register_resource_transform(transform)
    previews.run_main()
    for edit in edits:
        if not edit.path:
            props = {key: value for key, value in edit.value.props.items() if key != "tagsAll"}
            if edit.value.type == PROVIDER:
                Configured(edit.resource, props)
            else:
                Declared(edit.value.type, edit.resource, props, pulumi.ResourceOptions(provider=providers[0]))


def _found(edits: Sequence[Edit], place: Path) -> tuple[set[Pair], tuple[str, ...]]:
    """What the pack finds in the program with these edits, and what else the preview says."""
    server = grpc.server(ThreadPoolExecutor(max_workers=8))
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(Open(), server)
    attached = cast("plugins.ProviderProcess", Attached(server.add_insecure_port("127.0.0.1:0")))
    server.start()
    try:
        plan = previews.preview("prod", place=place, provider=attached, program=lambda: _attacked(edits))
    finally:
        server.stop(grace=None)
    return {(one.rule, one.resource) for one in plan.findings}, plan.errors


def _apart(expected: dict[str, set[Pair]], attacks: Sequence[Attack]) -> list[list[Attack]]:
    """Attacks in as few previews as they can be told apart in: none touches a resource in which another one has a finding. What the stack
    lacks, it lacks by itself, for another attack may bring a bad one of it."""
    groups: list[tuple[bool, list[Attack], set[str]]] = []
    for attack in attacks:
        about = {resource for _, resource in expected[attack.name]}
        touched = {edit.resource for edit in attack.edits} | about
        alone = "" in about
        for lacks, together, others in groups:
            if lacks is alone and not others & touched - {""}:
                together.append(attack)
                others |= touched
                break
        else:
            groups.append((alone, [attack], touched))
    return [together for _, together, _ in groups]


def test_the_pack_refuses_each_attack_through_the_real_engine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    prod = stack_of("prod")
    nodes = nodes_of(prod)
    monkeypatch.setenv("PULUMI_CONFIG", json.dumps({"evolution-system:environment": json.dumps(prod.table)}))
    sets = [[one for one in attacks if one.name != FETCHED and not _orders(one)] for attacks in (THROUGH_ENGINE, later("prod", ("tenth",)))]
    attacks = [one for attacks in sets for one in attacks]
    assert len(attacks) > 100
    unknown = {edit.value.type for one in attacks for edit in one.edits if not edit.path} - RESOURCES.keys()
    assert len(unknown) > 10, "types that the stand-in doesn't know must be among them"
    expected = {
        one.name: {(found.rule, found.resource) for found in findings(attacked(nodes, one), families=FAMILIES, judged=nodes)}
        for one in attacks
    }
    missed = list[str]()
    for number, together in enumerate(one for attacks in sets for one in _apart(expected, attacks)):
        found, errors = apart.call(_found, [edit for one in together for edit in one.edits], tmp_path / str(number))
        missed += [
            f"{one.name}: {sorted(expected[one.name] - found)} of preview {number} ({errors})"
            for one in together
            if not expected[one.name] & found
        ]
    assert not missed, "\n".join(missed)


def _orders(attack: Attack) -> bool:
    """Whether it is the order of the program itself, which no transform can make less of."""
    return any(edit.path == "dependsOn" for edit in attack.edits)
