"""What the engine would do with each resource of a stack when its table changes, without starting the engine.

`__main__.py` runs under Pulumi's mocks, and the stand-in's own Check, Diff, Create and Update answer, as in a preview. It takes half a
second of one core, where a preview takes four of two. tests/local/test_up.py holds that the engine does what is expected here.
"""

# Pulumi's mocks and protocol are untyped.
# pyright: reportUnknownMemberType=false

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any, NoReturn, cast

import pulumi
from google.protobuf.struct_pb2 import Struct
from pulumi.runtime.mocks import MockMonitor, Mocks, set_mocks
from pulumi.runtime.proto import provider_pb2 as sdk_provider_pb2
from pulumi.runtime.proto import resource_pb2

from local.previews import ROOT, run_main
from local.previews import UNKNOWN as UNKNOWN_TEXT
from local.projects import SYSTEM, Project
from local.provider.server import Provider
from local.provider.services import RESOURCES
from local.provider.wire import UNKNOWN, decode, provider_pb2

PROVIDER = "pulumi:providers:aws"
ELSEWHERE = "the provider's own configuration"
"""In the place of a property, where the provider can't reach what it has made."""


@dataclass(frozen=True, kw_only=True)
class Held:
    """A resource of the state: as Check returned its inputs, and its inputs and outputs as Create did."""

    urn: str
    type: str
    identity: str
    inputs: Struct
    properties: Struct
    protect: bool

    def having(self, **inputs: Any) -> Held:
        """The same as an earlier program made it, with other inputs."""
        made = replace(self, inputs=Struct(), properties=Struct())
        for struct, old in ((made.inputs, self.inputs), (made.properties, self.properties)):
            struct.CopyFrom(old)
            struct.update(inputs)
        return made


@dataclass
class Step:
    """What would be done with one resource.

    Attributes:
        operation: `same`, `create`, `update`, `replace` or `delete`.
        changed, replaces: the inputs that differ, and those of them that force a replacement.
        delete_before_replace: whether the program wants that of it.
        deleted_first: a replacement whose predecessor goes before it is there.
        inputs: as plain data, with UNKNOWN_TEXT for what isn't known yet; a deleted resource's are its old ones.
        outputs: what is known of what AWS computes, and the inputs.
        references: by input, the names of the resources that its value comes from.
        depends_on: the names of these, and of the resources that it only waits for.
    """

    type: str
    operation: str
    protect: bool
    inputs: dict[str, Any]
    outputs: dict[str, Any] = field(default_factory=dict[str, Any])
    changed: tuple[str, ...] = ()
    replaces: tuple[str, ...] = ()
    delete_before_replace: bool = False
    deleted_first: bool = False
    ignore_changes: tuple[str, ...] = ()
    references: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    depends_on: frozenset[str] = frozenset()

    @property
    def is_lost(self) -> bool:
        """Whether what there is of it goes."""
        return self.operation in {"replace", "delete"}


@dataclass
class Planned:
    """The steps by the resources' names, which are unique in this program, and what the provider refused."""

    steps: dict[str, Step] = field(default_factory=dict[str, Step])
    refused: list[str] = field(default_factory=list[str])
    state: dict[str, Held] = field(default_factory=dict[str, Held])

    def changes(self) -> dict[str, str]:
        """The operation by name, of what doesn't stay the same."""
        return {name: step.operation for name, step in self.steps.items() if step.operation != "same"}


State = Mapping[str, Held]


def run(stack: str, table: Mapping[str, object], state: State | None = None, *, preview: bool = True, project: Project = SYSTEM) -> Planned:
    """What the engine would do to a stack whose state is this, when its table is that.

    Args:
        stack: the stack's name, such as `prod`.
        table: its table.
        state: what it holds. Without one, it is brought up.
        preview: what AWS makes is not known yet. Else it is, and the new state is whole.
        project: whose stack it is.
    """
    planned = Planned()

    def program() -> None:
        loop = asyncio.new_event_loop()
        loop.set_default_executor(_AtOnce())
        asyncio.set_event_loop(loop)
        monitor = _Engine(planned, state or {}, preview=preview and state is not None)
        set_mocks(monitor.mocks, project=project.name, stack=stack, preview=monitor.preview, monitor=monitor)
        pulumi.runtime.set_all_config({f"{project.name}:{project.table}": json.dumps(table)})
        pulumi.runtime.test(lambda: run_main(ROOT, project))()
        loop.close()

    # In a thread, because the SDK takes down the whole stack of calls with each resource: those of a test are many.
    with ThreadPoolExecutor(1) as alone:
        alone.submit(program).result()
    for name, held in (state or {}).items():
        if name not in planned.steps and held.type != PROVIDER:
            planned.steps[name] = Step(held.type, "delete", held.protect, _plain(held.inputs))
    return planned


class _AtOnce(ThreadPoolExecutor):
    """Does what it is given at once: the SDK hands each call of its monitor to a thread, and here nothing is waited for."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        done = Future[Any]()
        try:
            done.set_result(fn(*args, **kwargs))
        except BaseException as error:
            done.set_exception(error)
        return done


class _Raise:
    """In the place of what gRPC hands the provider, which only tells it that it has failed."""

    def abort(self, code: object, message: str) -> NoReturn:
        raise AssertionError(f"{code}: {message}")


CONTEXT: Any = _Raise()


class _Engine(MockMonitor):
    """In the engine's place."""

    def __init__(self, planned: Planned, state: State, *, preview: bool) -> None:
        super().__init__(_NoMocks())
        self._planned = planned
        self._state = state
        self.preview = preview
        self._provider = Provider()
        self._lock = threading.Lock()
        self._elsewhere = False

    def Invoke(self, request: Any) -> Any:  # noqa: N802 (the protocol's name)
        answer = self._provider.Invoke(_copied(provider_pb2.InvokeRequest(), request, "tok", "args"), CONTEXT)
        if answer.failures:
            self._planned.refused += [f"{request.tok}: {one.reason}" for one in answer.failures]
        response = resource_pb2.ResourceInvokeResponse()
        getattr(response, "return").CopyFrom(getattr(answer, "return"))
        response.failures.extend(sdk_provider_pb2.CheckFailure(reason=one.reason) for one in answer.failures)
        return response

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802
        urn = self.make_urn(request.parent, request.type, request.name)
        if request.type == PROVIDER:
            self._provider.Configure(provider_pb2.ConfigureRequest(args=request.object), CONTEXT)
            asked = provider_pb2.DiffRequest(urn=urn, news=request.object)
            if made := self._state.get(request.name):
                asked.old_inputs.CopyFrom(made.inputs)
                self._elsewhere = bool(self._provider.DiffConfig(asked, CONTEXT).replaces)
            held = Held(urn=urn, type=PROVIDER, identity="aws", inputs=request.object, properties=request.object, protect=False)
            self._planned.state[request.name] = held
            return resource_pb2.RegisterResourceResponse(urn=urn, id="aws", object=request.object)
        if not request.custom:
            return resource_pb2.RegisterResourceResponse(urn=urn, object=request.object)
        with self._lock:
            held = self._step(urn, request)
        return resource_pb2.RegisterResourceResponse(urn=urn, id=held.identity, object=held.properties)

    def _step(self, urn: str, request: Any) -> Held:
        """Plan one resource, and give it as it then is, as far as that is known."""
        old = self._state.get(request.name)
        answer = self._provider.Check(provider_pb2.CheckRequest(urn=urn, news=_wanted(request, old)), CONTEXT)
        self._planned.refused += [f"{request.name}: {one.reason}" for one in answer.failures]
        step = Step(
            type=request.type,
            operation="create",
            protect=request.protect or (old is not None and old.protect),
            inputs=_plain(answer.inputs),
            delete_before_replace=request.deleteBeforeReplace,
            ignore_changes=tuple(request.ignoreChanges),
            references={
                name: [one.rpartition("::")[2] for one in found.urns] for name, found in request.propertyDependencies.items() if found.urns
            },
            depends_on=frozenset(urn.rpartition("::")[2] for urn in request.dependencies),
        )
        if old and old.urn == urn:
            self._compare(step, old, answer.inputs, request)
        identity, properties = self._made(step, urn, old, answer.inputs)
        step.outputs = _plain(properties)
        held = Held(urn=urn, type=request.type, identity=identity, inputs=answer.inputs, properties=properties, protect=request.protect)
        self._planned.steps[request.name], self._planned.state[request.name] = step, held
        return held

    def _compare(self, step: Step, old: Held, inputs: Struct, request: Any) -> None:
        """Say in the step what becomes of a resource that is there."""
        asked = provider_pb2.DiffRequest(
            id=old.identity,
            urn=old.urn,
            olds=old.properties,
            old_inputs=old.inputs,
            news=inputs,
            ignoreChanges=request.ignoreChanges,
        )
        difference = self._provider.Diff(asked, CONTEXT)
        step.changed = tuple(difference.diffs)
        by_option = [name for name in step.changed if name in request.replaceOnChanges]
        step.replaces = (*difference.replaces, *by_option, *([ELSEWHERE] if self._elsewhere else ()))
        step.operation = "replace" if step.replaces else "update" if step.changed else "same"
        first = request.deleteBeforeReplace if request.deleteBeforeReplaceDefined else difference.deleteBeforeReplace
        step.deleted_first = first and bool(step.replaces)

    def _made(self, step: Step, urn: str, old: Held | None, inputs: Struct) -> tuple[str, Struct]:
        """Its id and its properties once the step is done."""
        if old and step.operation == "same":
            return old.identity, old.properties
        if old and step.operation == "update":
            asked = provider_pb2.UpdateRequest(id=old.identity, urn=urn, olds=old.properties, news=inputs, preview=self.preview)
            properties = self._provider.Update(asked, CONTEXT).properties
            for name in () if self.preview else RESOURCES[step.type].unknown_on_update:  # AWS counts its versions
                properties.fields[name].string_value = str(int(properties.fields[name].string_value) + 1)
            return old.identity, properties
        made = self._provider.Create(provider_pb2.CreateRequest(urn=urn, properties=inputs, preview=self.preview), CONTEXT)
        return made.id, made.properties


def _wanted(request: Any, old: Held | None) -> Struct:
    """What the program wants, but for what it leaves to others: that stays as it was."""
    wanted = Struct()
    wanted.CopyFrom(request.object)
    for name in request.ignoreChanges if old else ():
        wanted.fields.pop(name, None)
        if old and name in old.inputs.fields:
            wanted.fields[name].CopyFrom(old.inputs.fields[name])
    return wanted


class _NoMocks(Mocks):
    def call(self, args: Any) -> NoReturn:
        raise AssertionError(args.token)

    def new_resource(self, args: Any) -> NoReturn:
        raise AssertionError(args.typ)


def _copied(message: Any, source: Any, *names: str) -> Any:
    for name in names:
        value = getattr(source, name)
        if isinstance(value, str):
            setattr(message, name, value)
        else:
            getattr(message, name).CopyFrom(value)
    return message


def _plain(inputs: Struct) -> dict[str, Any]:
    return _told(decode(inputs))


def _told(value: Any) -> Any:
    if value is UNKNOWN:
        return UNKNOWN_TEXT
    if isinstance(value, dict):
        return {key: _told(item) for key, item in cast("dict[str, Any]", value).items()}
    if isinstance(value, list):
        return [_told(item) for item in cast("list[Any]", value)]
    return value
