"""A recording monitor for unit tests: runs one layer under Pulumi's mocks and keeps every registration as it was sent."""

# Pulumi's mocks are untyped.
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import pulumi
from google.protobuf.struct_pb2 import Struct
from pulumi.runtime import rpc
from pulumi.runtime.mocks import MockCallArgs, MockMonitor, MockResourceArgs, Mocks, set_mocks

from local.provider.data_sources import invoke
from local.provider.outputs import ACCOUNT as ACCOUNT
from local.provider.outputs import compute
from local.provider.services import RESOURCES

REGION = "us-east-1"


@dataclass(frozen=True, kw_only=True)
class Registered:
    """One resource as the program registered it."""

    type: str
    name: str
    inputs: Mapping[str, Any]
    parent: str
    protect: bool
    retain_on_delete: bool
    ignore_changes: tuple[str, ...]
    replace_on_changes: tuple[str, ...]
    delete_before_replace: bool
    timeouts: tuple[str, str]
    """Of its creation and of its updates; empty where they are the provider's."""

    depends_on: frozenset[str]
    """Names of the resources that it waits for."""


@dataclass
class RegisteredLayer:
    """What one layer registered."""

    resources: list[Registered] = field(default_factory=list[Registered])

    def of(self, kind: str) -> dict[str, Registered]:
        """The resources of a type by name; `kind` is the type's last part, such as `Table`."""
        return {resource.name: resource for resource in self.resources if resource.type.rpartition(":")[2] == kind}

    def only(self, kind: str) -> Registered:
        """The one resource of a type."""
        [resource] = self.of(kind).values()
        return resource


class _Recorder(MockMonitor):
    def __init__(self, mocks: Mocks, layer: RegisteredLayer) -> None:
        super().__init__(mocks)
        self.layer = layer

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 (the protocol's name)
        if request.type != "pulumi:pulumi:Stack":
            self.layer.resources.append(
                Registered(
                    type=request.type,
                    name=request.name,
                    inputs=rpc.deserialize_properties(request.object),
                    parent=request.parent.rpartition("::")[2],
                    protect=request.protect,
                    retain_on_delete=request.retainOnDelete,
                    ignore_changes=tuple(request.ignoreChanges),
                    replace_on_changes=tuple(request.replaceOnChanges),
                    delete_before_replace=request.deleteBeforeReplace,
                    timeouts=(request.customTimeouts.create, request.customTimeouts.update),
                    depends_on=frozenset(urn.rpartition("::")[2] for urn in request.dependencies),
                )
            )
        return super().RegisterResource(request)


class _Answers(Mocks):
    """Answers as AWS does, by the table of the embedded cloud: a type or a lookup that isn't there is refused."""

    def new_resource(self, args: MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        inputs = cast("dict[str, Any]", args.inputs)
        if not args.custom:
            return "", inputs
        identifier, outputs = compute(RESOURCES[args.typ], inputs, REGION)
        return identifier, inputs | outputs

    def call(self, args: MockCallArgs) -> tuple[dict[str, Any], list[tuple[str, str]] | None]:
        arguments = Struct()
        arguments.update(cast("dict[str, Any]", args.args))
        return rpc.deserialize_properties(invoke(args.token, arguments, REGION)), []


def build(layer: Callable[[], object], stack: str = "prod") -> RegisteredLayer:
    """Run the constructor of a layer, and give what it registered."""
    registered = RegisteredLayer()
    answers = _Answers()
    set_mocks(answers, project="evolution-system", stack=stack, preview=False, monitor=_Recorder(answers, registered))
    pulumi.runtime.test(layer)()
    return registered
