"""Check: validates a resource's inputs, and returns them as the policy pack then sees them.

What AWS would refuse is one sentence each, which starts with the property.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from google.protobuf.struct_pb2 import Struct

from local.provider import models, shapes
from local.provider.members import Convert, Json, Member, Path, Wrap
from local.provider.models import Model
from local.provider.request import PreparedRequest, property_name, requests
from local.provider.resource_type import Call, ResourceType
from local.provider.settings import Settings
from local.provider.tags import all_tags, sent
from local.provider.wire import UNKNOWN, Secrets, decode, encode


def unknown_type(token: str) -> str:
    """The refusal of a type that has no entry."""
    return (
        f"the local cloud doesn't know {token}: nothing here can tell whether AWS would take it; "
        "add an entry for it to local/provider/services/ (one module a service, one entry a type), and its row to facts.json"
    )


def checked(resource: ResourceType, inputs: Struct, settings: Settings) -> tuple[Struct, list[str]]:
    """The inputs as the real provider returns them, with `tagsAll` and `region` added, and what AWS would refuse in them.

    Source: pulumi-aws 7, provider/tags.go and region.go.
    """
    asked = sent(resource, inputs, settings.default_tags)
    made = Struct()
    made.CopyFrom(inputs)
    if resource.tags and not resource.schema.framework:
        made.fields["tagsAll"].CopyFrom(all_tags(asked))
    secrets = Secrets({(name,) for name in resource.write_only})
    properties = decode(asked, secrets)
    reasons = [f"{name}: isn't taken here; {why}" for name, why in resource.refused.items() if properties.pop(name, None) is not None]
    region = properties.pop("region", None) if resource.regional else None
    reasons += refusals(resource.calls, properties, secrets)
    if resource.validate is not None and not reasons:
        reasons += [f"{shown_path(path)}: {why}" for path, why in resource.validate(properties)]
    if resource.regional and region is None:
        made.fields["region"].CopyFrom(encode(settings.region))
    elif region is not None and not isinstance(region, str):
        reasons.append("region: must be a region's name, such as us-east-1")
    return made, reasons


def refusals(calls: Sequence[Call], properties: Mapping[str, Any], secrets: Secrets) -> list[str]:
    """Why AWS would refuse these properties; empty if it wouldn't. No secret is repeated."""
    found: dict[tuple[str, str], str] = {}  # a fault may be in several requests, and is reported once
    for call, request in requests(calls, properties):
        for origin, why in request.refusals:
            found.setdefault((shown_path(origin), why), f"{shown_path(origin)}: {why}")
        service, _, operation = call.operation.partition(":")
        model = models.load(service)
        top = model.input_of(operation)
        for fault in shapes.faults(model, top, request.parameters):
            said = f"AWS's model for {call.operation} says {fault.says}"
            if fault.missing is not None:
                wanted = _wanted(call, request, model, top, fault.path, fault.missing)
                found.setdefault((shown_path(wanted), "missing"), f"{shown_path(wanted)} is missing: {said}; write `{wanted[-1]}`")
            else:
                origin = _origin(request, fault.path)
                value = "[secret]" if secrets.touch(origin) else _shown(fault.value)
                found.setdefault((shown_path(origin), fault.says), f"{shown_path(origin)}: {value} is refused: {said}")
    return list(found.values())


def _wanted(call: Call, request: PreparedRequest, model: Model, shape: str, path: Path, member: str) -> Path:
    """The property of a missing member."""
    for depth in range(len(path) + 1):
        body = model.shape(shape)
        rest = ".".join(map(str, (*path[depth:], member)))
        for name, where in (call.structures.get(shape, {}) if depth else call.members).items():
            if _leads_to(where, rest):
                return (*_origin(request, path[:depth]), name)
        if depth < len(path):
            inner = body["members"][path[depth]] if body["type"] == "structure" else body.get("member") or body["value"]
            shape = inner["shape"]
    return (*_origin(request, path), property_name(member))


def _leads_to(where: Member, place: str) -> bool:
    if isinstance(where, Wrap) and not where.member:
        return place in where.make(UNKNOWN)
    target = where if isinstance(where, str) else where.member if isinstance(where, (Convert, Json)) else ""
    return target == place or target.startswith(f"{place}.")


def _origin(request: PreparedRequest, path: Path) -> Path:
    """The property that a place came from, or its nearest parent."""
    for length in range(len(path), 0, -1):
        if path[:length] in request.origins:
            return request.origins[path[:length]]
    return ()


def shown_path(path: Path) -> str:
    """A property's path as Pulumi writes it: `rules[0].filter.prefix`, `tags["a b"]`."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        elif part.replace("_", "").isalnum():
            text += f".{part}" if text else part
        else:
            text += f'["{part}"]'
    return text


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 120 else text[:117] + "..."
