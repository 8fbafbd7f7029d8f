"""The gRPC service that Pulumi calls. It holds the provider's configuration and nothing else.

With an emulator, resources are really created there, except what the emulator lacks (`not_emulated`).
"""

# ruff: noqa: N802, ARG002  # the protocol's names and parameters

import contextlib
from collections.abc import Generator
from typing import Any, NoReturn

import grpc
from google.protobuf.empty_pb2 import Empty
from google.protobuf.struct_pb2 import Struct

from local.provider import data_sources
from local.provider.check import checked, unknown_type
from local.provider.cloud import Cloud, CloudError
from local.provider.crud import Crud, CrudError
from local.provider.diff import diff, diff_resource
from local.provider.outputs import compute
from local.provider.references import NotMadeError, refuse_unmade
from local.provider.resource_type import ResourceType
from local.provider.services import RESOURCES
from local.provider.settings import Settings, SettingsError, read
from local.provider.tags import all_tags, own, recorded, sent
from local.provider.wire import Secrets, decode, encode, inside, plugin_pb2, provider_pb2, provider_pb2_grpc, sdk_version

Context = grpc.ServicerContext


class Provider(provider_pb2_grpc.ResourceProviderServicer):
    """A provider of every type in services/. Without an emulator, nothing is created: resources are in Pulumi's state alone."""

    def __init__(self, cloud: Cloud | None = None) -> None:
        self._settings: Settings | None = None
        self._cloud = cloud

    def Handshake(self, request: provider_pb2.ProviderHandshakeRequest, context: Context) -> provider_pb2.ProviderHandshakeResponse:
        return provider_pb2.ProviderHandshakeResponse(accept_secrets=True)

    def Attach(self, request: plugin_pb2.PluginAttach, context: Context) -> Empty:
        """Called by Pulumi when it attaches to this process instead of starting one."""
        return Empty()

    def GetPluginInfo(self, request: Empty, context: Context) -> plugin_pb2.PluginInfo:
        return plugin_pb2.PluginInfo(version=sdk_version())

    def GetSchema(self, request: provider_pb2.GetSchemaRequest, context: Context) -> provider_pb2.GetSchemaResponse:
        return provider_pb2.GetSchemaResponse(schema='{"name": "aws"}')

    def Cancel(self, request: Empty, context: Context) -> Empty:
        """Nothing takes long enough to be canceled."""
        return Empty()

    def CheckConfig(self, request: provider_pb2.CheckRequest, context: Context) -> provider_pb2.CheckResponse:
        try:
            read(request.news)
        except SettingsError as error:
            return provider_pb2.CheckResponse(failures=[provider_pb2.CheckFailure(reason=fault) for fault in error.faults])
        return provider_pb2.CheckResponse(inputs=request.news)

    def DiffConfig(self, request: provider_pb2.DiffRequest, context: Context) -> provider_pb2.DiffResponse:
        """With another region, every resource is replaced."""
        old = request.old_inputs if request.HasField("old_inputs") else request.olds
        return diff(decode(old), decode(request.news), force_new={"region"}, ignored={"version"})

    def Configure(self, request: provider_pb2.ConfigureRequest, context: Context) -> provider_pb2.ConfigureResponse:
        try:
            self._settings = read(request.args)
        except SettingsError as error:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, str(error))
        return provider_pb2.ConfigureResponse(acceptSecrets=True, supportsPreview=True)

    def Check(self, request: provider_pb2.CheckRequest, context: Context) -> provider_pb2.CheckResponse:
        settings = self._configured(context)
        resource = RESOURCES.get(_type(request.urn))
        if resource is None:
            return provider_pb2.CheckResponse(failures=[provider_pb2.CheckFailure(reason=unknown_type(_type(request.urn)))])
        inputs, reasons = checked(resource, request.news, settings)
        # The reason holds the property's path: given as a field of its own, Pulumi would print the whole value, too.
        return provider_pb2.CheckResponse(inputs=inputs, failures=[provider_pb2.CheckFailure(reason=reason) for reason in reasons])

    def Diff(self, request: provider_pb2.DiffRequest, context: Context) -> provider_pb2.DiffResponse:
        resource = self._resource(request.urn, context)
        old = decode(request.old_inputs if request.HasField("old_inputs") else request.olds)
        new, state = decode(request.news), decode(request.olds)
        if resource.tags:
            old["tagsAll"] = state.get("tagsAll", old.get("tags") or {})
            new["tagsAll"] = decode(Struct(fields={"all": all_tags(self._asked(resource, request.news, context))}))["all"]
        return diff_resource(resource, old, new, state, request.ignoreChanges)

    def Create(self, request: provider_pb2.CreateRequest, context: Context) -> provider_pb2.CreateResponse:
        resource = self._resource(request.urn, context)
        asked = self._asked(resource, request.properties, context)
        kept = _kept(resource, request.properties, asked)
        if request.preview:  # outputs that are left out are unknown to the program, as with AWS
            return provider_pb2.CreateResponse(properties=kept)
        inputs, region = self._placed(asked, context)
        with _refusals(context):
            self._refuse_unmade(resource, request.urn, inputs, region)
            crud = self._crud(resource, region, inputs)
            identity, outputs = crud.create(inputs) if crud else compute(resource, inputs, region)
        return provider_pb2.CreateResponse(
            id=identity, properties=_read_back(resource, _with(resource, kept, _identified(resource, identity, outputs), region))
        )

    def Read(self, request: provider_pb2.ReadRequest, context: Context) -> provider_pb2.ReadResponse:
        resource = self._resource(request.urn, context)
        if not request.properties.fields:
            context.abort(
                grpc.StatusCode.NOT_FOUND,
                f"{request.id}: the local cloud holds nothing that this stack didn't make, so there is nothing to import or look up",
            )
        state, region = self._placed(recorded(resource, request.properties, request.properties), context)
        crud = self._crud(resource, region, state)
        if crud:
            secrets = Secrets()
            asked = decode(recorded(resource, request.inputs, request.properties), secrets)
            inputs = {name: value for name, value in asked.items() if name != "region" and not secrets.touch((name,))}
            with _refusals(context):
                there = crud.read(request.id, state, inputs)
            if there is None:
                return provider_pb2.ReadResponse()  # no id: it is gone
            changed = {name: there.get(name) for name in inputs.keys() | there.keys() if inputs.get(name) != there.get(name)}
            if resource.tags and "tags" in changed:
                given = decode(request.inputs).get("tags")
                changed["tagsAll"] = changed["tags"] or {}
                changed["tags"] = own(changed["tagsAll"], given or {}, self._configured(context).default_tags) or (
                    None if given is None else {}
                )
            for name, value in changed.items():
                if name != "tagsAll" or not resource.schema.framework:
                    _put(request.inputs, name, value)
                _put(request.properties, name, value)
        return provider_pb2.ReadResponse(id=request.id, properties=request.properties, inputs=request.inputs)

    def Update(self, request: provider_pb2.UpdateRequest, context: Context) -> provider_pb2.UpdateResponse:
        """In a preview, too, the outputs that don't change stay known: otherwise everything that refers to them would seem to change."""
        resource = self._resource(request.urn, context)
        asked = self._asked(resource, request.news, context)
        kept = _kept(resource, request.news, asked)
        inputs, region = self._placed(asked, context)
        before = decode(recorded(resource, request.olds, request.olds))
        crud = None if request.preview else self._crud(resource, region, inputs)
        with _refusals(context):
            if not request.preview:
                self._refuse_unmade(resource, request.urn, inputs, region)
            if crud:
                outputs = crud.update(request.id, before, inputs)
            else:
                _, outputs = compute(resource, inputs, region, identity=request.id, before=before, draw=not request.preview)
        properties = _with(resource, kept, _identified(resource, request.id, outputs), region)
        return provider_pb2.UpdateResponse(properties=properties if request.preview else _read_back(resource, properties))

    def Delete(self, request: provider_pb2.DeleteRequest, context: Context) -> Empty:
        resource = self._resource(request.urn, context)
        state, region = self._placed(request.properties, context)
        crud = self._crud(resource, region, state)
        if crud:
            with _refusals(context):
                crud.delete(request.id, state)
        return Empty()

    def Invoke(self, request: provider_pb2.InvokeRequest, context: Context) -> provider_pb2.InvokeResponse:
        settings = self._configured(context)
        try:
            answer = data_sources.invoke(request.tok, request.args, settings.region)
        except data_sources.InvokeError as error:
            return provider_pb2.InvokeResponse(failures=[provider_pb2.CheckFailure(reason=str(error))])
        response = provider_pb2.InvokeResponse()
        getattr(response, "return").CopyFrom(answer)  # a keyword in Python
        return response

    def _configured(self, context: Context) -> Settings:
        if self._settings is None:
            _abort(context, grpc.StatusCode.FAILED_PRECONDITION, "the provider isn't configured yet; the engine must call Configure first")
        return self._settings

    def _resource(self, urn: str, context: Context) -> ResourceType:
        resource = RESOURCES.get(_type(urn))
        if resource is None:
            _abort(context, grpc.StatusCode.UNIMPLEMENTED, unknown_type(_type(urn)))
        return resource

    def _crud(self, resource: ResourceType, region: str, properties: dict[str, Any]) -> Crud | None:
        """How the resource is managed in the emulator; None if it is in Pulumi's state alone."""
        return Crud(self._cloud, resource, region) if self._cloud and resource.is_emulated(properties) else None

    def _asked(self, resource: ResourceType, inputs: Struct, context: Context) -> Struct:
        """The inputs as they are sent to AWS."""
        return sent(resource, inputs, self._configured(context).default_tags)

    def _refuse_unmade(self, resource: ResourceType, urn: str, inputs: dict[str, Any], region: str) -> None:
        if self._cloud:
            stack = urn.split("::", 1)[0].rpartition(":")[2]
            refuse_unmade(self._cloud, resource, inputs, stack, region)

    def _placed(self, kept: Struct, context: Context) -> tuple[dict[str, Any], str]:
        """The properties as plain data, without the region, and the region: the resource's own, or the provider's."""
        inputs = decode(kept)
        return inputs, str(inputs.pop("region", None) or self._configured(context).region)


@contextlib.contextmanager
def _refusals(context: Context) -> Generator[None]:
    """Turn the emulator's errors into gRPC errors of one sentence."""
    try:
        yield
    except (CloudError, CrudError, NotMadeError) as error:
        _abort(context, grpc.StatusCode.UNKNOWN, str(error))


def _abort(context: Context, code: grpc.StatusCode, message: str) -> NoReturn:
    context.abort(code, message)
    raise AssertionError("abort always raises")


def _type(urn: str) -> str:
    """The resource's type: `urn:pulumi:stack::project::parent$type::name`, whose name may hold anything."""
    return urn.split("::", 3)[2].rpartition("$")[2]


def _kept(resource: ResourceType, inputs: Struct, asked: Struct) -> Struct:
    """The inputs without the write-only ones, and with `tagsAll`."""
    kept = Struct()
    kept.CopyFrom(inputs)
    for name in resource.write_only & kept.fields.keys():
        del kept.fields[name]
    if resource.tags:
        kept.fields["tagsAll"].CopyFrom(all_tags(asked))
    return kept


def _put(properties: Struct, name: str, value: Any) -> None:
    """Set a property, or remove it if the value is None."""
    if value is None:
        properties.fields.pop(name, None)
    else:
        properties.fields[name].CopyFrom(encode(value))


def _with(resource: ResourceType, kept: Struct, outputs: dict[str, Any], region: str) -> Struct:
    """The inputs with the outputs added, and the region."""
    for name, value in (outputs | ({"region": region} if resource.regional else {})).items():
        if name not in kept.fields:
            kept.fields[name].CopyFrom(encode(value))
    return kept


def _identified(resource: ResourceType, identity: str, outputs: dict[str, Any]) -> dict[str, Any]:
    """The outputs with the id, which every resource of Terraform's older SDK has among its attributes."""
    return outputs if resource.schema.framework else {**outputs, "id": identity}


def _read_back(resource: ResourceType, properties: Struct) -> Struct:
    """The properties as the provider reads them back after a create or an update."""
    for name in resource.read_back.keys() & properties.fields.keys():
        value = inside(properties.fields[name])
        value.CopyFrom(encode(resource.read_back[name](decode(Struct(fields={name: value}))[name])))
    return properties
